/* decide_message.c - what is said starts targets and meets them. */
#include "proto/conversation.pb-c.h"
#include "services/sla/counters.h"
#include "services/sla/matter.h"
#include "services/sla/target.h"

#define NOTICE_OF_TARGET "target-"
#define NOTICE_OF_PROMISE "promise-"
#define NOTICE_OF_ARRIVAL "acknowledge-"

static bool
is_about(const Fr__Entry *entry, const char *prefix)
{
    return entry->client_id != NULL && strncmp(entry->client_id, prefix, strlen(prefix)) == 0;
}

/* Record ids of one journal grow, so what is not newer than what counted last has counted, or was
 * overtaken. */
static bool
counted(const struct sla_matter *matter, const Fr__MessageAdded *added)
{
    uint64_t id = matter->input->head->id, last = matter->row.record;
    bool same_journal = last != 0 && id - fr_id_seq(id) == last - fr_id_seq(last);

    return (same_journal && id <= last) ||
           (added->entry->message_id != 0 && (matter->row.message_id == added->entry->message_id ||
                                              matter->row.armed_by == added->entry->message_id));
}

/* ---- a customer's message ---- */

static enum fr_error
heard(struct sla_matter *matter, const Fr__MessageAdded *added)
{
    const Fr__Entry *entry = added->entry;
    int64_t now_us = matter->turn->now.unix_us;
    int64_t said_us = entry->has_received_us ? entry->received_us : entry->at_us;
    int64_t started_us = said_us != 0 && said_us < now_us ? said_us : now_us;
    struct sla_conversation after = matter->row;
    uint64_t newest = matter->row.newest;
    enum fr_error err;

    after.customer_id = added->customer_id;
    after.closed = 0; /* who writes has it open, whatever we heard of it */
    after.forget_us = 0;
    after.record = matter->input->head->id;
    after.message_id = entry->message_id;
    after.last_message_us = started_us > after.last_message_us ? started_us : after.last_message_us;
    sla_copy(after.channel, sizeof(after.channel), entry->channel);
    if (entry->language != NULL)
        sla_copy(after.language, sizeof(after.language), entry->language);
    if (after.waiting == FR__WAITING_FOR__THE_CUSTOMER)
        after.waiting = FR__WAITING_FOR__US;
    if (after.unanswered_us == 0) {
        after.unanswered_us = started_us;
        after.unanswered_id = entry->message_id;
    }
    if (!after.answered && after.first_us == 0) {
        after.first_us = started_us;
        after.first_id = entry->message_id;
    }
    err = sla_matter_mark(matter, &after);
    if (err == FR_OK)
        err = sla_matter_follow(matter);
    if (err == FR_OK && matter->row.newest == newest &&
        matter->row.open[FR__TARGET_KIND__FIRST_RESPONSE] == 0 &&
        matter->row.open[FR__TARGET_KIND__NEXT_RESPONSE] == 0)
        fr_count(matter->turn, SLA_COUNT_NO_POLICY, 1);
    return err;
}

/* ---- our answer ---- */

/* Does the target wait for a message that the answer's author had not seen? */
static bool
not_seen(const struct sla_matter *matter, Fr__TargetKind kind, const Fr__MessageAdded *added)
{
    struct sla_target target;

    return added->has_unanswered_us && added->unanswered_us != 0 && matter->row.open[kind] != 0 &&
           sla_target_get(matter->turn->view, matter->row.open[kind], &target) == FR_OK &&
           target.started_us >= added->unanswered_us;
}

static enum fr_error
meet(struct sla_matter *matter, const Fr__MessageAdded *added, bool counts)
{
    enum fr_error err = FR_OK;

    if (counts)
        err = sla_matter_answered(matter, FR__TARGET_KIND__FIRST_RESPONSE);
    if (err == FR_OK)
        err = sla_matter_answered(matter, FR__TARGET_KIND__ACKNOWLEDGEMENT);
    if (err == FR_OK)
        err = sla_matter_answered(matter, FR__TARGET_KIND__PERIODIC_UPDATE);
    if (err == FR_OK && !not_seen(matter, FR__TARGET_KIND__NEXT_RESPONSE, added))
        err = sla_matter_answered(matter, FR__TARGET_KIND__NEXT_RESPONSE);
    if (err == FR_OK && !not_seen(matter, FR__TARGET_KIND__CHANNEL_CLOSES, added))
        err = sla_matter_answered(matter, FR__TARGET_KIND__CHANNEL_CLOSES);
    return err;
}

static enum fr_error
spoke(struct sla_matter *matter, const Fr__MessageAdded *added)
{
    const struct sla_policy *policy = sla_policy_for(matter->config, &matter->row);
    bool counts = !added->entry->bot || (policy != NULL && policy->bots_count);
    int64_t waits_us = added->has_unanswered_us ? added->unanswered_us : 0;
    struct sla_conversation after;
    enum fr_error err = meet(matter, added, counts);

    if (err != FR_OK)
        return err;
    after = matter->row;
    after.record = matter->input->head->id;
    after.last_reply_us = matter->at_us;
    after.acknowledged = 1;
    after.unanswered_us = waits_us;
    after.unanswered_id = waits_us == 0 ? 0 : after.message_id;
    if (after.waiting != FR__WAITING_FOR__A_THIRD_PARTY)
        after.waiting = waits_us == 0 ? FR__WAITING_FOR__THE_CUSTOMER : FR__WAITING_FOR__US;
    if (counts) {
        after.answered = 1;
        after.first_us = 0;
        after.first_id = 0;
    }
    err = sla_matter_mark(matter, &after);
    return err == FR_OK ? sla_matter_follow(matter) : err;
}

/* ---- what the system said ---- */

static enum fr_error
note_told(struct sla_matter *matter, const Fr__Entry *entry, const char *prefix, bool warning)
{
    Fr__PromiseTold told = FR__PROMISE_TOLD__INIT;
    const Fr__SlaStatePromise *promise;
    enum fr_error err;

    if (fr_id_parse(fr_slice_str(entry->client_id + strlen(prefix)), &told.promise_id) != FR_OK)
        return FR_OK;
    err = sla_promise_get(matter->turn->view, told.promise_id, matter->turn->arena, &promise);
    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err;
    for (size_t i = 0; i < promise->n_told; i++)
        if ((promise->told[i]->warning != 0) == warning)
            return FR_OK;
    told.conversation_id = matter->conversation_id;
    told.at_us = matter->at_us;
    told.channel = entry->channel;
    told.text = entry->text;
    told.has_warning = 1;
    told.warning = warning;
    return sla_matter_say(matter, &told.base);
}

static enum fr_error
noticed(struct sla_matter *matter, const Fr__MessageAdded *added)
{
    struct sla_conversation after;
    enum fr_error err;

    if (is_about(added->entry, NOTICE_OF_PROMISE))
        return note_told(matter, added->entry, NOTICE_OF_PROMISE, false);
    if (is_about(added->entry, NOTICE_OF_TARGET))
        return note_told(matter, added->entry, NOTICE_OF_TARGET, true);
    if (!is_about(added->entry, NOTICE_OF_ARRIVAL) || matter->row.acknowledged)
        return FR_OK;
    err = sla_matter_answered(matter, FR__TARGET_KIND__ACKNOWLEDGEMENT);
    if (err != FR_OK)
        return err;
    after = matter->row;
    after.acknowledged = 1;
    return sla_matter_mark(matter, &after);
}

/* MessageAdded: from the customer it starts targets; to the customer it meets them and starts
 * others.  Notes between colleagues do neither; a notice of the system acknowledges, or is what the
 * customer was told of a promise.
 *
 * Reads conversations, targets, promises.  Emits ConversationMarked, TargetArmed, TargetMet,
 * TargetBreached, TargetAnsweredLate, TargetMoved, PromiseTold.
 * Sent twice: the conversation remembers the newest record that counted; older ones are ignored.
 */
enum fr_error
sla_decide_message_added(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__MessageAdded *added = fr_unpack(turn, input, &fr__message_added__descriptor);
    struct sla_matter matter;
    enum fr_error err;

    if (added == NULL)
        return fr_reject(turn, input, "MessageAdded does not decode");
    if (added->entry->direction == FR__DIRECTION__NOTE)
        return FR_OK;
    err = sla_matter_begin(&matter, turn, input, added->conversation_id, input->head->time_us);
    if (err != FR_OK)
        return err;
    if (added->entry->direction == FR__DIRECTION__NOTICE)
        return noticed(&matter, added);
    if (counted(&matter, added)) {
        fr_count(turn, SLA_COUNT_REPEATED, 1);
        return FR_OK;
    }
    return added->entry->direction == FR__DIRECTION__FROM_CUSTOMER ? heard(&matter, added)
                                                                   : spoke(&matter, added);
}
