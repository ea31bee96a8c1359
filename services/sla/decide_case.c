/* decide_case.c - what the matter is: opened, classified, resolved, reopened, whose it is. */
#include "proto/conversation.pb-c.h"
#include "services/sla/counters.h"
#include "services/sla/matter.h"
#include "services/sla/target.h"

static enum fr_error
mark_and_follow(struct sla_matter *matter, const struct sla_conversation *after)
{
    enum fr_error err = sla_matter_mark(matter, after);

    return err == FR_OK ? sla_matter_follow(matter) : err;
}

/* From when on a complaint waits for its acknowledgement. */
static void
become_complaint(struct sla_conversation *row, int64_t at_us)
{
    if (row->complaint)
        return;
    row->complaint = 1;
    row->complained_us = at_us;
    row->acknowledged = 0;
}

/* ConversationOpened: its clock begins.
 *
 * Reads conversations.  Emits ConversationMarked, TargetArmed (resolution, acknowledgement).
 * Sent twice: it is known already.
 */
enum fr_error
sla_decide_conversation_opened(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__ConversationOpened *opened =
        fr_unpack(turn, input, &fr__conversation_opened__descriptor);
    struct sla_conversation after;
    struct sla_matter matter;
    enum fr_error err;

    if (opened == NULL)
        return fr_reject(turn, input, "ConversationOpened does not decode");
    err = sla_matter_begin(&matter, turn, input, opened->conversation_id, input->head->time_us);
    if (err != FR_OK || matter.row.opened_us != 0)
        return err;
    after = matter.row;
    after.customer_id = opened->customer_id;
    after.opened_us = matter.at_us;
    sla_copy(after.channel, sizeof(after.channel), opened->channel);
    if (opened->complaint)
        become_complaint(&after, matter.at_us);
    return mark_and_follow(&matter, &after);
}

static bool
copy_tags(struct sla_conversation *row, char **tags, size_t count)
{
    memset(row->tags, 0, sizeof(row->tags));
    row->tag_count = 0;
    for (size_t i = 0; i < count && row->tag_count < SLA_TAGS_MAX; i++)
        sla_copy(row->tags[row->tag_count++], SLA_TAG_SIZE, tags[i]);
    return true;
}

/* ConversationClassified: somebody said what it is; policies are looked at again.
 *
 * Reads conversations, targets.  Emits ConversationMarked; TargetArmed, TargetMoved,
 * TargetCancelled as follows from it.  Sent twice: it is so already.
 */
enum fr_error
sla_decide_conversation_classified(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__ConversationClassified *classified =
        fr_unpack(turn, input, &fr__conversation_classified__descriptor);
    struct sla_conversation after;
    struct sla_matter matter;
    enum fr_error err;

    if (classified == NULL)
        return fr_reject(turn, input, "ConversationClassified does not decode");
    err = sla_matter_begin(&matter, turn, input, classified->conversation_id, input->head->time_us);
    if (err != FR_OK)
        return err;
    after = matter.row;
    after.customer_id = classified->customer_id;
    after.priority = classified->priority;
    if (classified->complaint)
        become_complaint(&after, matter.at_us);
    else
        after.complaint = 0;
    copy_tags(&after, classified->tags, classified->n_tags);
    if (classified->tier != NULL)
        sla_copy(after.tier, sizeof(after.tier), classified->tier);
    if (classified->has_waiting)
        after.waiting = classified->waiting;
    return mark_and_follow(&matter, &after);
}

/* TaskRequested: what routing is told of the customer and the matter counts here, too.
 *
 * Reads conversations, targets.  Emits ConversationMarked and what follows from it.
 * Sent twice: it is so already.
 */
enum fr_error
sla_decide_task_requested(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__TaskRequested *task = fr_unpack(turn, input, &fr__task_requested__descriptor);
    struct sla_conversation after;
    struct sla_matter matter;
    enum fr_error err;

    if (task == NULL)
        return fr_reject(turn, input, "TaskRequested does not decode");
    err = sla_matter_begin(&matter, turn, input, task->conversation_id, input->head->time_us);
    if (err != FR_OK)
        return err;
    after = matter.row;
    if (task->has_priority)
        after.priority = task->priority;
    if (task->language != NULL)
        sla_copy(after.language, sizeof(after.language), task->language);
    if (task->tier != NULL)
        sla_copy(after.tier, sizeof(after.tier), task->tier);
    if (memcmp(&after, &matter.row, sizeof(after)) == 0)
        return FR_OK;
    return mark_and_follow(&matter, &after);
}

/* ConversationResolved: the resolution is there; what else was open is cancelled, what was missed
 * stays so, but waits no longer.  Promises to the customer go on.
 *
 * Reads conversations, targets.  Emits TargetMet (or TargetBreached, TargetAnsweredLate) for the
 * resolution, TargetCancelled, ConversationMarked.  Sent twice: it is closed already.
 */
enum fr_error
sla_decide_conversation_resolved(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__ConversationResolved *resolved =
        fr_unpack(turn, input, &fr__conversation_resolved__descriptor);
    const struct sla_config *config = turn->config;
    struct sla_conversation after;
    struct sla_matter matter;
    enum fr_error err;
    char *why;

    if (resolved == NULL)
        return fr_reject(turn, input, "ConversationResolved does not decode");
    err = sla_matter_begin(&matter, turn, input, resolved->conversation_id, input->head->time_us);
    if (err != FR_OK || matter.row.closed)
        return err;
    why = fr_arena_printf(turn->arena, "the conversation was resolved: %s", resolved->reason);
    if (why == NULL)
        return FR_NO_MEMORY;
    err = sla_matter_answered(&matter, FR__TARGET_KIND__RESOLUTION);
    for (int kind = 1; err == FR_OK && kind <= SLA_KIND_COUNT; kind++)
        err = sla_matter_cancel(&matter, (Fr__TargetKind)kind, why);
    if (err != FR_OK)
        return err;
    after = matter.row;
    after.closed = 1;
    after.first_us = after.unanswered_us = 0;
    after.first_id = after.unanswered_id = 0;
    after.waiting = 0;
    after.forget_us = turn->now.unix_us + config->keep_for.us;
    return sla_matter_mark(&matter, &after);
}

/* ConversationReopened: it goes on where it was.
 *
 * Reads conversations, targets.  Emits ConversationMarked, TargetArmed (the resolution, with what
 * had elapsed; the periodic update).  Sent twice: it is open already.
 */
enum fr_error
sla_decide_conversation_reopened(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__ConversationReopened *reopened =
        fr_unpack(turn, input, &fr__conversation_reopened__descriptor);
    struct sla_conversation after;
    struct sla_matter matter;
    enum fr_error err;

    if (reopened == NULL)
        return fr_reject(turn, input, "ConversationReopened does not decode");
    err = sla_matter_begin(&matter, turn, input, reopened->conversation_id, input->head->time_us);
    if (err != FR_OK || !matter.row.closed)
        return err;
    after = matter.row;
    after.closed = 0;
    after.forget_us = 0;
    after.last_reply_us = 0;
    return mark_and_follow(&matter, &after);
}

/* ConversationRekeyed: what is promised follows the conversation to the customer whom it belongs to
 * now; started, elapsed and due stay as they are, unless another policy holds for it.
 *
 * Reads conversations.  Emits TargetRekeyed.
 * Sent twice: it belongs to him already.
 */
enum fr_error
sla_decide_conversation_rekeyed(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__ConversationRekeyed *rekeyed =
        fr_unpack(turn, input, &fr__conversation_rekeyed__descriptor);
    Fr__TargetRekeyed event = FR__TARGET_REKEYED__INIT;
    struct sla_matter matter;
    enum fr_error err;

    if (rekeyed == NULL)
        return fr_reject(turn, input, "ConversationRekeyed does not decode");
    err = sla_matter_begin(&matter, turn, input, rekeyed->conversation_id, input->head->time_us);
    if (err != FR_OK || matter.row.customer_id == rekeyed->to_customer ||
        (matter.row.opened_us == 0 && matter.row.newest == 0 && matter.row.record == 0))
        return err;
    event.conversation_id = rekeyed->conversation_id;
    event.customer_id = rekeyed->to_customer;
    return sla_matter_say(&matter, &event.base);
}
