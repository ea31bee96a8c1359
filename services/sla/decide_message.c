/* decide_message.c - what is said starts targets and meets them. */
#include "proto/conversation.pb-c.h"
#include "services/sla/cause.h"
#include "services/sla/counters.h"
#include "services/sla/target.h"

struct said { /* one MessageAdded */
    const struct fr_record *input;
    const Fr__MessageAdded *added;
    struct sla_conversation row;
    struct fr_time at; /* when it was added, never after now */
};

static struct fr_time
no_later(int64_t us, struct fr_time now)
{
    return us != 0 && us < now.unix_us ? (struct fr_time){us} : now;
}

/* ConversationOpened: only a complaint is worth remembering, everything else is asked for when it
 * matters.
 *
 * Reads conversations.  Emits ConversationMarked.
 * Sent twice: it is marked already.
 */
enum fr_error
sla_decide_conversation_opened(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__ConversationOpened *opened =
        fr_unpack(turn, input, &fr__conversation_opened__descriptor);
    Fr__ConversationMarked marked = FR__CONVERSATION_MARKED__INIT;
    struct sla_conversation row;
    enum fr_error err;

    if (opened == NULL)
        return fr_reject(turn, input, "ConversationOpened does not decode");
    if (!opened->complaint)
        return FR_OK;
    err = sla_conversation_get(turn->view, opened->conversation_id, &row);
    if (err != FR_OK || row.complaint)
        return err;
    marked.conversation_id = opened->conversation_id;
    marked.has_complaint = marked.complaint = 1;
    return fr_emit(turn, input, &marked.base);
}

/* ---- a customer's message ---- */

static enum fr_error
arm(struct fr_turn *turn, const struct said *said, const struct sla_policy *policy,
    Fr__TargetKind kind, struct fr_time started, const struct sla_plan *plan)
{
    const struct sla_calendar *calendar = sla_calendar_always();
    Fr__TargetArmed armed = FR__TARGET_ARMED__INIT;
    char promised[FR_TIME_TEXT_SIZE], from[FR_TIME_TEXT_SIZE], due[FR_TIME_TEXT_SIZE];

    armed.target_id = fr_next_id(turn);
    armed.kind = kind;
    armed.conversation_id = said->added->conversation_id;
    armed.customer_id = said->added->customer_id;
    armed.started_us = started.unix_us;
    armed.warn_us = plan->warn.unix_us;
    armed.due_us = plan->due.unix_us;
    armed.policy = (char *)policy->name;
    armed.has_message_id = 1;
    armed.message_id = said->added->entry->message_id;
    fr_span_format(sla_calendar_within(calendar, started, plan->due), promised);
    armed.reason =
        fr_arena_printf(turn->arena, "policy %s: %s within %s (%s): %s + %s = %s", policy->name,
                        sla_target_kind_text(kind), promised, sla_calendar_name(calendar),
                        fr_time_format(started, from), promised, fr_time_format(plan->due, due));
    fr_count(turn, SLA_COUNT_ARMED, 1);
    return armed.reason == NULL ? FR_NO_MEMORY : fr_emit(turn, said->input, &armed.base);
}

/* The clock runs from the oldest unanswered message: while a target is open, later ones change
 * nothing. */
static enum fr_error
heard(struct fr_turn *turn, const struct said *said)
{
    const Fr__Entry *entry = said->added->entry;
    const struct sla_policy *policy =
        sla_policy_for(turn->config, said->input->head->brand, entry->channel, said->row.complaint);
    Fr__TargetKind kind =
        said->row.answered ? FR__TARGET_KIND__NEXT_RESPONSE : FR__TARGET_KIND__FIRST_RESPONSE;
    struct fr_time started =
        no_later(entry->has_received_us ? entry->received_us : entry->at_us, turn->now);
    struct sla_plan plan;

    if (said->row.open != 0)
        return FR_OK;
    if (policy == NULL ||
        sla_target_plan(policy, sla_calendar_always(), kind, started, &plan) != FR_OK) {
        fr_count(turn, SLA_COUNT_NO_POLICY, 1);
        return FR_OK;
    }
    return arm(turn, said, policy, kind, started, &plan);
}

/* ---- our answer ---- */

static enum fr_error
met(struct fr_turn *turn, const struct said *said, const struct sla_target *target)
{
    struct fr_time started = {target->started_us}, due = {target->due_us};
    struct fr_span elapsed = sla_calendar_within(sla_calendar_always(), started, said->at);
    Fr__TargetMet event = FR__TARGET_MET__INIT;
    char took[FR_TIME_TEXT_SIZE], left[FR_TIME_TEXT_SIZE];

    event.target_id = target->target_id;
    event.kind = target->kind;
    event.conversation_id = target->conversation_id;
    event.elapsed_us = elapsed.us;
    event.reason = fr_arena_printf(turn->arena, "answered after %s, %s before the deadline",
                                   fr_span_format(elapsed, took),
                                   fr_span_format(fr_time_since(due, said->at), left));
    fr_count(turn, SLA_COUNT_MET, 1);
    return event.reason == NULL ? FR_NO_MEMORY : fr_emit(turn, said->input, &event.base);
}

static enum fr_error
answered_late(struct fr_turn *turn, const struct said *said, const struct sla_target *target)
{
    struct fr_time due = {target->due_us};
    Fr__TargetAnsweredLate event = FR__TARGET_ANSWERED_LATE__INIT;

    event.target_id = target->target_id;
    event.kind = target->kind;
    event.conversation_id = target->conversation_id;
    event.late_us = sla_calendar_within(sla_calendar_always(), due, said->at).us;
    fr_count(turn, SLA_COUNT_LATE, 1);
    return fr_emit(turn, said->input, &event.base);
}

static enum fr_error
mark_answered(struct fr_turn *turn, const struct said *said)
{
    Fr__ConversationMarked marked = FR__CONVERSATION_MARKED__INIT;

    if (said->row.answered)
        return FR_OK;
    marked.conversation_id = said->added->conversation_id;
    marked.has_answered = marked.answered = 1;
    return fr_emit(turn, said->input, &marked.base);
}

/* The verdict is the deadline's: an answer after it is late even if the timer has not fired yet. */
static enum fr_error
spoke(struct fr_turn *turn, const struct said *said)
{
    struct sla_target target;
    enum fr_error err;

    if (said->row.open == 0)
        return mark_answered(turn, said);
    err = sla_target_get(turn->view, said->row.open, &target);
    if (err != FR_OK)
        return err;
    if (target.state == SLA_OPEN && sla_target_in_time((struct fr_time){target.due_us}, said->at))
        return met(turn, said, &target);
    if (target.state == SLA_OPEN)
        err = sla_say_breached(turn, said->input, &target);
    return err != FR_OK ? err : answered_late(turn, said, &target);
}

/* Record ids of one journal grow, so what is not newer than what counted last has counted, or was
 * overtaken. */
static bool
counted(const struct said *said)
{
    uint64_t id = said->input->head->id, last = said->row.record;
    bool same_journal = last != 0 && id - fr_id_seq(id) == last - fr_id_seq(last);

    return (same_journal && id <= last) ||
           (said->row.armed_by != 0 && said->row.armed_by == said->added->entry->message_id);
}

/* MessageAdded: from the customer it starts a target, unless one runs; to the customer it meets it.
 * Notes between colleagues and notices of the system do neither.
 *
 * Reads conversations, targets.  Emits TargetArmed; TargetMet; TargetAnsweredLate, after
 * TargetBreached when nobody had noticed yet; or ConversationMarked. Sent twice: the conversation
 * remembers the newest record that counted; older ones are ignored.
 */
enum fr_error
sla_decide_message_added(struct fr_turn *turn, const struct fr_record *input)
{
    struct said said = {.input = input};
    Fr__Direction direction;
    enum fr_error err;

    said.added = fr_unpack(turn, input, &fr__message_added__descriptor);
    if (said.added == NULL)
        return fr_reject(turn, input, "MessageAdded does not decode");
    direction = said.added->entry->direction;
    if (direction != FR__DIRECTION__FROM_CUSTOMER && direction != FR__DIRECTION__TO_CUSTOMER)
        return FR_OK;
    said.at = no_later(input->head->time_us, turn->now);
    err = sla_conversation_get(turn->view, said.added->conversation_id, &said.row);
    if (err != FR_OK)
        return err;
    if (counted(&said)) {
        fr_count(turn, SLA_COUNT_REPEATED, 1);
        return FR_OK;
    }
    return direction == FR__DIRECTION__FROM_CUSTOMER ? heard(turn, &said) : spoke(turn, &said);
}

/* ---- the end, and a new owner ---- */

static enum fr_error
cancel(struct fr_turn *turn, const struct fr_record *input, const struct sla_target *target,
       const char *why)
{
    Fr__TargetCancelled cancelled = FR__TARGET_CANCELLED__INIT;

    cancelled.target_id = target->target_id;
    cancelled.kind = target->kind;
    cancelled.conversation_id = target->conversation_id;
    cancelled.reason = fr_arena_printf(turn->arena, "the conversation was resolved: %s", why);
    fr_count(turn, SLA_COUNT_CANCELLED, 1);
    return cancelled.reason == NULL ? FR_NO_MEMORY : fr_emit(turn, input, &cancelled.base);
}

/* ConversationResolved: what was open is cancelled; what was breached stays so, but waits no
 * longer.
 *
 * Reads conversations, targets.  Emits TargetCancelled or ConversationMarked.
 * Sent twice: nothing is open any more.
 */
enum fr_error
sla_decide_conversation_resolved(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__ConversationResolved *resolved =
        fr_unpack(turn, input, &fr__conversation_resolved__descriptor);
    Fr__ConversationMarked marked = FR__CONVERSATION_MARKED__INIT;
    struct sla_conversation row;
    struct sla_target target;
    enum fr_error err;

    if (resolved == NULL)
        return fr_reject(turn, input, "ConversationResolved does not decode");
    err = sla_conversation_get(turn->view, resolved->conversation_id, &row);
    if (err != FR_OK || row.open == 0)
        return err;
    err = sla_target_get(turn->view, row.open, &target);
    if (err != FR_OK)
        return err;
    if (target.state == SLA_OPEN)
        return cancel(turn, input, &target, resolved->reason);
    marked.conversation_id = resolved->conversation_id;
    marked.has_closed = marked.closed = 1;
    return fr_emit(turn, input, &marked.base);
}

/* ConversationRekeyed: the promise follows the conversation to the customer whom it belongs to now;
 * started, elapsed and due stay as they are.
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
    struct sla_conversation row;
    enum fr_error err;

    if (rekeyed == NULL)
        return fr_reject(turn, input, "ConversationRekeyed does not decode");
    err = sla_conversation_get(turn->view, rekeyed->conversation_id, &row);
    if (err != FR_OK || row.newest == 0 || row.customer_id == rekeyed->to_customer)
        return err;
    event.conversation_id = rekeyed->conversation_id;
    event.customer_id = rekeyed->to_customer;
    return fr_emit(turn, input, &event.base);
}
