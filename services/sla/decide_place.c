/* decide_place.c - where a conversation lies, as routing tells it: the cause of a breach is read
 * from it.
 *
 * Each emits PlaceNoted when that is news.  Sent twice: the row says so already.  The ends of
 * offers are not read: routing always says next where the task is now.
 */
#include "proto/routing.pb-c.h"
#include "services/sla/place.h"

static enum fr_error
note(struct fr_turn *turn, const struct fr_record *input, const Fr__PlaceNoted *noted)
{
    struct sla_place known, news;
    enum fr_error err = sla_place_get(turn->view, noted->conversation_id, &known);

    if (err != FR_OK && err != FR_NOT_FOUND)
        return err;
    sla_place_of(noted, &news);
    if (err == FR_OK && sla_place_same(&known, &news))
        return FR_OK;
    return fr_emit(turn, input, &noted->base);
}

/* TaskQueued: it waits.  Reads places. */
enum fr_error
sla_decide_task_queued(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__TaskQueued *queued = fr_unpack(turn, input, &fr__task_queued__descriptor);
    Fr__PlaceNoted noted = FR__PLACE_NOTED__INIT;

    if (queued == NULL)
        return fr_reject(turn, input, "TaskQueued does not decode");
    noted.conversation_id = queued->conversation_id;
    noted.task_id = queued->task_id;
    noted.place = FR__PLACE__IN_QUEUE;
    noted.queue = queued->queue;
    return note(turn, input, &noted);
}

/* TaskParked: nobody could ever serve it.  Reads places. */
enum fr_error
sla_decide_task_parked(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__TaskParked *parked = fr_unpack(turn, input, &fr__task_parked__descriptor);
    Fr__PlaceNoted noted = FR__PLACE_NOTED__INIT;

    if (parked == NULL)
        return fr_reject(turn, input, "TaskParked does not decode");
    noted.conversation_id = parked->conversation_id;
    noted.task_id = parked->task_id;
    noted.place = parked->closed ? FR__PLACE__IN_PARK_CLOSED : FR__PLACE__IN_PARK;
    noted.why = parked->reason;
    return note(turn, input, &noted);
}

/* TaskOffered: an agent has been asked.  Reads places. */
enum fr_error
sla_decide_task_offered(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__TaskOffered *offered = fr_unpack(turn, input, &fr__task_offered__descriptor);
    Fr__PlaceNoted noted = FR__PLACE_NOTED__INIT;

    if (offered == NULL)
        return fr_reject(turn, input, "TaskOffered does not decode");
    noted.conversation_id = offered->conversation_id;
    noted.task_id = offered->task_id;
    noted.place = FR__PLACE__AT_OFFER;
    noted.queue = offered->queue;
    noted.agent = offered->agent;
    noted.site = offered->site;
    return note(turn, input, &noted);
}

/* OfferAccepted: an agent has it.  Reads places. */
enum fr_error
sla_decide_offer_accepted(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__OfferAccepted *accepted = fr_unpack(turn, input, &fr__offer_accepted__descriptor);
    Fr__PlaceNoted noted = FR__PLACE_NOTED__INIT;

    if (accepted == NULL)
        return fr_reject(turn, input, "OfferAccepted does not decode");
    noted.conversation_id = accepted->conversation_id;
    noted.task_id = accepted->task_id;
    noted.place = FR__PLACE__AT_AGENT;
    noted.agent = accepted->agent;
    noted.site = accepted->site;
    return note(turn, input, &noted);
}

/* TaskEnded: nobody has it, unless another task of the conversation has been noted since.  Reads
 * places. */
enum fr_error
sla_decide_task_ended(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__TaskEnded *ended = fr_unpack(turn, input, &fr__task_ended__descriptor);
    Fr__PlaceNoted noted = FR__PLACE_NOTED__INIT;
    struct sla_place known;
    enum fr_error err;

    if (ended == NULL)
        return fr_reject(turn, input, "TaskEnded does not decode");
    err = sla_place_get(turn->view, ended->conversation_id, &known);
    if (err == FR_NOT_FOUND || (err == FR_OK && known.task_id != ended->task_id))
        return FR_OK;
    if (err != FR_OK)
        return err;
    noted.conversation_id = ended->conversation_id;
    noted.task_id = ended->task_id;
    noted.place = FR__PLACE__NOWHERE;
    return fr_emit(turn, input, &noted.base);
}
