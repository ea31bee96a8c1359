/* decide_agent.c - what agents do: they take a conversation, answer, finish, or lose it. */
#include "proto/routing.pb-c.h"
#include "proto/site.pb-c.h"
#include "services/conversations/say.h"

/* Loads the conversation that an input names; *gone: handled already (rejected). */
static enum fr_error
begin(struct conversations_talk *talk, struct fr_turn *turn, const struct fr_record *input,
      uint64_t conversation, bool *gone)
{
    char id[FR_ID_TEXT_SIZE];
    enum fr_error err = conversations_talk_begin(talk, turn, input, conversation);

    *gone = err == FR_NOT_FOUND;
    if (*gone)
        return fr_reject(turn, input, "names conversation %s, which does not exist",
                         fr_id_format(conversation, id));
    return err;
}

/* OfferAccepted: an agent has it now; his site gets the customer's history.
 *
 * Reads conversations, entries, by_customer, identifiers.  Emits ConversationAssigned and
 * ConversationShared (route site.<site>).
 * Sent twice: the agent has it already.  Late (resolved meanwhile): routing hears of the end
 * itself.
 */
enum fr_error
conversations_decide_offer_accepted(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__OfferAccepted *accepted = fr_unpack(turn, input, &fr__offer_accepted__descriptor);
    Fr__ConversationAssigned assigned = FR__CONVERSATION_ASSIGNED__INIT;
    struct conversations_talk talk;
    bool gone;
    enum fr_error err;

    if (accepted == NULL)
        return fr_reject(turn, input, "OfferAccepted does not decode");
    err = begin(&talk, turn, input, accepted->conversation_id, &gone);
    if (err != FR_OK || gone)
        return err;
    if (!talk.matter->open || talk.matter->task_id != accepted->task_id) {
        fr_count(turn, CONVERSATIONS_STALE, 1);
        return FR_OK;
    }
    if (talk.matter->agent != NULL && strcmp(talk.matter->agent, accepted->agent) == 0) {
        fr_count(turn, CONVERSATIONS_REPEATED, 1);
        return FR_OK;
    }
    assigned.conversation_id = talk.conversation;
    assigned.task_id = accepted->task_id;
    assigned.agent = accepted->agent;
    assigned.site = accepted->site;
    err = conversations_say(&talk, &assigned.base, NULL);
    if (err == FR_OK)
        err = conversations_talk_reload(&talk);
    return err == FR_OK ? conversations_say_history(&talk) : err;
}

/* TaskEnded: routing ended the task.  After an end of ours it only confirms.  Otherwise the agent
 * has it no more (his site fell silent, he left); his own WorkFinished may still be on its way by
 * another journal, so we look again in a moment before anybody else is asked.
 *
 * Reads conversations.  Emits TaskEndNoted.
 * Sent twice: the task is not this conversation's task any more.
 */
enum fr_error
conversations_decide_task_ended(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__TaskEnded *ended = fr_unpack(turn, input, &fr__task_ended__descriptor);
    const struct conversations_config *config = turn->config;
    Fr__TaskEndNoted noted = FR__TASK_END_NOTED__INIT;
    struct conversations_talk talk;
    bool gone;
    enum fr_error err;

    if (ended == NULL)
        return fr_reject(turn, input, "TaskEnded does not decode");
    err = begin(&talk, turn, input, ended->conversation_id, &gone);
    if (err != FR_OK || gone)
        return err;
    if (!talk.matter->open || talk.matter->task_id != ended->task_id)
        return FR_OK;
    noted.task_id = ended->task_id;
    noted.conversation_id = talk.conversation;
    noted.reason = ended->reason;
    noted.has_look_again_us = true;
    noted.look_again_us = fr_time_add(turn->now, config->look_again).unix_us;
    return conversations_say(&talk, &noted.base, NULL);
}

/* Since when something of the customer's waits that came after what the agent had seen; 0: nothing
 * does.  The hub may have heard the customer before it hears an agent who could not have read him.
 */
static int64_t
unseen_since(struct conversations_talk *talk, bool has_seen, uint64_t seen_message_id)
{
    Fr__Entry *newest;

    if (!has_seen || talk->matter->unanswered_us == 0 ||
        conversations_last_entry(talk->turn->view, talk->conversation, talk->matter->entry_count,
                                 FR__DIRECTION__FROM_CUSTOMER, talk->turn->arena, &newest) != FR_OK)
        return 0;
    return newest->message_id == seen_message_id ? 0 : newest->at_us;
}

static bool
is_bot(const struct conversations_config *config, const char *agent)
{
    for (size_t i = 0; i < config->bots.count; i++)
        if (strcmp(((const char *const *)config->bots.items)[i], agent) == 0)
            return true;
    return false;
}

/* AgentReplied: the answer goes out on the channel that the customer chose; a note stays among
 * colleagues.
 *
 * Reads conversations, entries, said.  Emits MessageAdded, OutboundRequested (route
 * outbound.<channel>; not for a note), EntryShared to the agent's site. Sent twice (a desk repeats
 * itself after a broken link): its client_id is known, and nothing happens.
 */
enum fr_error
conversations_decide_agent_replied(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__AgentReplied *replied = fr_unpack(turn, input, &fr__agent_replied__descriptor);
    const struct conversations_config *config = turn->config;
    struct conversations_talk talk;
    Fr__Entry entry = FR__ENTRY__INIT;
    bool gone;
    enum fr_error err;

    if (replied == NULL)
        return fr_reject(turn, input, "AgentReplied does not decode");
    err = begin(&talk, turn, input, replied->conversation_id, &gone);
    if (err != FR_OK || gone)
        return err;
    if (conversations_said(turn->view, talk.conversation, replied->client_id)) {
        fr_count(turn, CONVERSATIONS_REPEATED, 1);
        return FR_OK;
    }
    entry.message_id = fr_next_id(turn); /* MessageAdded comes first and gives it its name */
    entry.direction = replied->note ? FR__DIRECTION__NOTE : FR__DIRECTION__TO_CUSTOMER;
    entry.channel = talk.matter->channel;
    entry.account = talk.matter->account;
    entry.address = talk.matter->address;
    entry.text = replied->text;
    entry.at_us = turn->now.unix_us;
    entry.author = replied->agent_title != NULL ? replied->agent_title : replied->agent;
    entry.client_id = replied->client_id;
    entry.has_bot = entry.bot = is_bot(config, replied->agent);
    if (replied->note) {
        err = conversations_say_added(&talk, &entry, 0, "a note for colleagues");
    } else {
        fr_count(turn, CONVERSATIONS_ANSWERED, 1);
        err = conversations_say_answered(
            &talk, &entry, fr_time_add(turn->now, config->quiet_after).unix_us,
            unseen_since(&talk, replied->has_seen_message_id, replied->seen_message_id),
            "answered on the channel of the customer's last message");
        if (err == FR_OK)
            err = conversations_say_outbound(&talk, &entry);
    }
    return err == FR_OK ? conversations_say_shared(&talk, replied->site, &entry) : err;
}

/* WorkFinished: the agent says how it ended.
 *
 * Reads conversations, entries.  Emits ConversationResolved; nothing when the customer wrote
 * something meanwhile that the agent had not seen: the matter stays open, and when routing has
 * ended the task the next one is asked for (TaskEnded). Sent twice: it has its outcome already.
 * Late: the task is another agent's now, and his word counts.
 */
enum fr_error
conversations_decide_work_finished(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__WorkFinished *finished = fr_unpack(turn, input, &fr__work_finished__descriptor);
    struct conversations_talk talk;
    bool gone, his;
    enum fr_error err;

    if (finished == NULL)
        return fr_reject(turn, input, "WorkFinished does not decode");
    err = begin(&talk, turn, input, finished->conversation_id, &gone);
    if (err != FR_OK || gone)
        return err;
    /* TaskEnded may have come first by routing's journal: then it was the last task. */
    his = talk.matter->task_id == finished->task_id ||
          (talk.matter->task_id == 0 && talk.matter->last_task_id == finished->task_id);
    if (!talk.matter->open || !his) {
        fr_count(turn, talk.matter->open ? CONVERSATIONS_STALE : CONVERSATIONS_REPEATED, 1);
        return FR_OK;
    }
    if (unseen_since(&talk, finished->has_seen_message_id, finished->seen_message_id) != 0) {
        fr_count(turn, CONVERSATIONS_UNSEEN, 1);
        return FR_OK;
    }
    return conversations_say_resolved(&talk, finished->outcome, finished->agent, finished->note,
                                      "the agent finished it");
}
