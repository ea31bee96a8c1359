/* matter.c - one conversation while an input about it is judged. */
#include "services/sla/matter.h"

#include "services/sla/counters.h"
#include "services/sla/say.h"

static int64_t
no_later(int64_t us, struct fr_time now)
{
    return us != 0 && us < now.unix_us ? us : now.unix_us;
}

enum fr_error
sla_matter_begin(struct sla_matter *matter, struct fr_turn *turn, const struct fr_record *input,
                 uint64_t conversation_id, int64_t at_us)
{
    *matter = (struct sla_matter){.turn = turn,
                                  .input = input,
                                  .config = turn->config,
                                  .conversation_id = conversation_id,
                                  .at_us = no_later(at_us, turn->now)};
    return sla_matter_reload(matter);
}

enum fr_error
sla_matter_reload(struct sla_matter *matter)
{
    return sla_conversation_get(matter->turn->view, matter->conversation_id, &matter->row);
}

enum fr_error
sla_matter_say(const struct sla_matter *matter, const ProtobufCMessage *message)
{
    const struct fr_labels labels = {.key = matter->conversation_id,
                                     .brand =
                                         matter->row.brand[0] == '\0' ? NULL : matter->row.brand};

    return fr_emit_as(matter->turn, matter->input, message, &labels);
}

/* ---- what it is ---- */

#define MARK(field)                                                                                \
    if (after->field != before->field) {                                                           \
        marked.has_##field = 1;                                                                    \
        marked.field = after->field;                                                               \
        news = true;                                                                               \
    }
#define MARK_TEXT(field)                                                                           \
    if (strcmp(after->field, before->field) != 0) {                                                \
        marked.field = (char *)after->field;                                                       \
        news = true;                                                                               \
    }

static bool
same_tags(const struct sla_conversation *a, const struct sla_conversation *b)
{
    return a->tag_count == b->tag_count && memcmp(a->tags, b->tags, sizeof(a->tags)) == 0;
}

enum fr_error
sla_matter_mark(struct sla_matter *matter, const struct sla_conversation *after)
{
    const struct sla_conversation *before = &matter->row;
    Fr__ConversationMarked marked = FR__CONVERSATION_MARKED__INIT;
    char *tags[SLA_TAGS_MAX];
    enum fr_error err;
    bool news = false;

    marked.conversation_id = matter->conversation_id;
    MARK(complaint)
    MARK(answered)
    MARK(closed)
    MARK(customer_id)
    MARK(opened_us)
    MARK_TEXT(channel)
    MARK_TEXT(language)
    MARK_TEXT(tier)
    MARK(priority)
    MARK(waiting)
    MARK(unanswered_us)
    MARK(unanswered_id)
    MARK(last_message_us)
    MARK(last_reply_us)
    MARK(complained_us)
    MARK(acknowledged)
    MARK(record)
    MARK(message_id)
    MARK(first_us)
    MARK(first_id)
    MARK(forget_us)
    if (!same_tags(after, before)) {
        for (size_t i = 0; i < after->tag_count; i++)
            tags[i] = (char *)after->tags[i];
        marked.has_tagged = marked.tagged = 1;
        marked.tags = tags;
        marked.n_tags = after->tag_count;
        news = true;
    }
    if (!news)
        return FR_OK;
    err = sla_matter_say(matter, &marked.base);
    return err == FR_OK ? sla_matter_reload(matter) : err;
}

/* ---- what is promised for it ---- */

/* What a reply meets; the conversation itself is met by its end. */
enum fr_error
sla_matter_answered(struct sla_matter *matter, Fr__TargetKind kind)
{
    struct sla_target target;
    enum fr_error err;

    if (matter->row.open[kind] == 0)
        return FR_OK;
    err = sla_target_get(matter->turn->view, matter->row.open[kind], &target);
    if (err == FR_OK)
        err = sla_say_answered(matter, &target, NULL);
    return err == FR_OK ? sla_matter_reload(matter) : err;
}

enum fr_error
sla_matter_cancel(struct sla_matter *matter, Fr__TargetKind kind, const char *why)
{
    struct sla_target target;
    enum fr_error err;

    if (matter->row.open[kind] == 0)
        return FR_OK;
    err = sla_target_get(matter->turn->view, matter->row.open[kind], &target);
    if (err == FR_OK && target.state == SLA_OPEN)
        err = sla_say_cancelled(matter, &target, why);
    return err == FR_OK ? sla_matter_reload(matter) : err;
}

struct want {           /* a target that the matter asks for */
    int64_t started_us; /* 0: none */
    uint64_t message_id;
};

static struct want
want_of(const struct sla_conversation *row, Fr__TargetKind kind)
{
    static const struct want none = {0, 0};
    const struct want first = {row->first_us, row->first_id};

    if (row->closed)
        return none;
    switch (kind) {
    case FR__TARGET_KIND__FIRST_RESPONSE:
        return row->answered ? none : first;
    case FR__TARGET_KIND__NEXT_RESPONSE:
        return row->answered ? (struct want){row->unanswered_us, row->unanswered_id} : none;
    case FR__TARGET_KIND__ACKNOWLEDGEMENT:
        if (row->acknowledged)
            return none;
        return row->complaint ? (struct want){row->complained_us, row->first_id} : first;
    case FR__TARGET_KIND__PERIODIC_UPDATE:
        return (struct want){row->last_reply_us, 0};
    case FR__TARGET_KIND__RESOLUTION:
        return (struct want){row->opened_us, 0};
    case FR__TARGET_KIND__CHANNEL_CLOSES:
        return row->unanswered_us == 0 ? none
                                       : (struct want){row->last_message_us, row->message_id};
    default:
        return none;
    }
}

/* What had elapsed when the matter ended, and goes on counting when it is open again; false: its
 * time was over then, and that verdict stands. */
static bool
carry_over(struct sla_matter *matter, Fr__TargetKind kind, int64_t *carried_us)
{
    struct sla_target before;

    *carried_us = 0;
    if (kind != FR__TARGET_KIND__RESOLUTION || matter->row.resolution == 0 ||
        sla_target_get(matter->turn->view, matter->row.resolution, &before) != FR_OK)
        return true;
    *carried_us = before.elapsed_us;
    return before.state != SLA_BREACHED;
}

static enum fr_error
begin(struct sla_matter *matter, Fr__TargetKind kind, const struct want *want,
      const struct sla_offer *offer, bool paused)
{
    struct sla_target target = {.conversation_id = matter->conversation_id,
                                .kind = kind,
                                .message_id = want->message_id,
                                .started_us = want->started_us,
                                .paused = paused,
                                .state = SLA_OPEN};
    int64_t carried_us;

    if (!carry_over(matter, kind, &carried_us))
        return FR_OK;
    target.since_us = carried_us > 0 ? matter->at_us : want->started_us;
    target.elapsed_us = carried_us;
    return sla_say_armed(matter, &target, offer);
}

static enum fr_error
go_on(struct sla_matter *matter, Fr__TargetKind kind, const struct want *want,
      const struct sla_offer *offer, bool paused)
{
    struct sla_target target;
    enum fr_error err = sla_target_get(matter->turn->view, matter->row.open[kind], &target);

    if (err != FR_OK || target.state != SLA_OPEN)
        return err;
    if (target.due_us != 0 && target.due_us < matter->at_us)
        return sla_say_breached(matter, &target);
    if (want->started_us == 0)
        return sla_say_cancelled(matter, &target, "nothing waits for it any more");
    if (offer->within_us == 0)
        return sla_say_cancelled(matter, &target, "no policy promises it any more");
    if (kind == FR__TARGET_KIND__CHANNEL_CLOSES && want->started_us > target.started_us)
        return sla_say_restarted(matter, &target, want->started_us);
    return sla_say_moved(matter, &target, offer, paused);
}

enum fr_error
sla_matter_follow(struct sla_matter *matter)
{
    const struct sla_policy *policy = sla_policy_for(matter->config, &matter->row);
    enum fr_error err = FR_OK;

    for (int number = 1; err == FR_OK && number <= SLA_KIND_COUNT; number++) {
        Fr__TargetKind kind = (Fr__TargetKind)number;
        struct want want = want_of(&matter->row, kind);
        bool runs = matter->row.open[kind] != 0;
        struct sla_offer offer;
        bool paused;

        if (sla_kind_is_promise(kind) || (!runs && want.started_us == 0))
            continue;
        offer = sla_policy_offer(matter->config, policy, kind, &matter->row);
        paused = sla_policy_pauses(policy, kind, matter->row.waiting);
        if (runs)
            err = go_on(matter, kind, &want, &offer, paused);
        else if (offer.within_us > 0)
            err = begin(matter, kind, &want, &offer, paused);
        if (err == FR_OK)
            err = sla_matter_reload(matter);
    }
    return err;
}
