/* decide_wait.c - how long it takes: what stands before the customer, and what he chooses. */
#include "services/channel_webchat/counters.h"
#include "services/channel_webchat/tables.h"

/* WaitTold: his windows show it, whoever is listening at the moment; the newest one counts.
 *
 * Reads sessions.  Emits WaitShown (the edge pushes it to the open windows); nothing for a session
 * that is not kept any more.
 * Sent twice: the same is shown again.
 */
enum fr_error
webchat_decide_told(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__WaitTold *told = fr_unpack(turn, input, &fr__wait_told__descriptor);
    Fr__WaitShown shown = FR__WAIT_SHOWN__INIT;
    const Fr__WebchatStateSession *row;
    enum fr_error err;

    if (told == NULL)
        return fr_reject(turn, input, "WaitTold does not decode");
    err = webchat_session_get(turn->view, turn->arena, told->address, &row);
    if (err == FR_NOT_FOUND || (err == FR_OK && strcmp(row->account, told->account) != 0))
        return FR_OK;
    shown.address = told->address;
    shown.told = (Fr__WaitTold *)told;
    return err == FR_OK ? fr_emit(turn, input, &shown.base) : err;
}

/* Was that offered to him? */
static bool
is_offered(const Fr__WaitTold *told, const Fr__WaitChosen *chosen)
{
    switch (chosen->choice) {
    case FR__WAIT_CHOICE__KEEP_WAITING:
        return told->n_windows > 0;
    case FR__WAIT_CHOICE__SELF_SERVICE:
        return told->self_service != NULL;
    case FR__WAIT_CHOICE__CALL_ME_BACK:
        for (size_t i = 0; i < told->n_windows; i++)
            if (told->windows[i]->from_us == chosen->from_us &&
                told->windows[i]->to_us == chosen->to_us)
                return true;
        return false;
    default:
        return false;
    }
}

/* WaitChosen, submitted by the edge: the customer chose one of what stands before him.
 *
 * Reads sessions.  Emits WaitChosen, with the task it is about.
 * Sent twice: emitted twice, and known to conversations.
 */
enum fr_error
webchat_decide_chosen(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__WaitChosen *said = fr_unpack(turn, input, &fr__wait_chosen__descriptor);
    const Fr__WebchatStateSession *row;
    Fr__WaitChosen chosen;
    enum fr_error err;

    if (said == NULL)
        return fr_reject(turn, input, "WaitChosen does not decode");
    err = webchat_session_get(turn->view, turn->arena, said->address, &row);
    if (err == FR_NOT_FOUND || (err == FR_OK && row->wait == NULL))
        return fr_reject(turn, input, "nobody is waited for in this chat");
    if (err != FR_OK)
        return err;
    if (!is_offered(row->wait, said))
        return fr_reject(turn, input, "that is not offered any more");
    chosen = *said;
    chosen.task_id = row->wait->task_id;
    chosen.conversation_id = row->wait->conversation_id;
    fr_count(turn, WEBCHAT_COUNT_CHOSEN, 1);
    return fr_emit(turn, input, &chosen.base);
}
