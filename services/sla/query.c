/* query.c - what operators and supervisors ask: what is due, what was missed, and the arithmetic of
 * it. */
#include "services/sla/cause.h"
#include "services/sla/target.h"

#define ITEM_MAX 1000  /* of one answer */
#define TARGET_MAX 200 /* of one conversation, the newest ones */

static json_t *
id_json(uint64_t id)
{
    char text[FR_ID_TEXT_SIZE];

    return id == 0 ? json_null() : json_string(fr_id_format(id, text));
}

static json_t *
time_json(int64_t unix_us)
{
    char text[FR_TIME_TEXT_SIZE];

    return unix_us == 0 ? json_null()
                        : json_string(fr_time_format((struct fr_time){unix_us}, text));
}

static json_t *
span_json(int64_t us)
{
    char text[FR_TIME_TEXT_SIZE];

    return json_string(fr_span_format((struct fr_span){us}, text));
}

static size_t
limit_arg(const json_t *args)
{
    json_int_t limit = json_integer_value(json_object_get(args, "limit"));

    return limit > 0 && limit < ITEM_MAX ? (size_t)limit : ITEM_MAX;
}

static const char *
state_text(const struct sla_target *target)
{
    static const char *const texts[] = {"unknown", "open", "met", "breached", "cancelled"};

    return texts[target->state < 5 ? target->state : 0];
}

static const char *
cause_text(const struct fr_query_turn *turn, uint64_t conversation_id)
{
    struct sla_place place;
    enum fr_error err = sla_place_get(turn->view, conversation_id, &place);
    char *text = sla_cause(turn->arena, err == FR_OK ? &place : NULL, turn->now);

    return text == NULL ? "" : text;
}

static json_t *
target_json(const struct sla_target *target)
{
    return json_pack("{s:o, s:o, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:b}", "target",
                     id_json(target->target_id), "conversation", id_json(target->conversation_id),
                     "kind", sla_target_kind_text(target->kind), "state", state_text(target),
                     "policy", target->policy, "brand", target->brand, "started",
                     time_json(target->started_us), "warn", time_json(target->warn_us), "due",
                     time_json(target->due_us), "ended", time_json(target->ended_us), "warned",
                     target->warned);
}

/* ---- what is due ---- */

static json_t *
answer_due(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    size_t limit = limit_arg(args);
    json_t *items = json_array();
    struct fr_scan scan;
    uint64_t target_id;
    bool more = false;

    (void)error;
    sla_due_scan(&scan, turn->view);
    while (!more && sla_due_next(&scan, &target_id) == FR_OK) {
        struct sla_target target;
        json_t *item;

        more = json_array_size(items) == limit;
        if (more || sla_target_get(turn->view, target_id, &target) != FR_OK)
            continue;
        item = target_json(&target);
        json_object_set_new(item, "left", span_json(target.due_us - turn->now.unix_us));
        json_object_set_new(item, "place", json_string(cause_text(turn, target.conversation_id)));
        json_array_append_new(items, item);
    }
    fr_scan_fini(&scan);
    return json_pack("{s:o, s:b}", "items", items, "more", more);
}

/* ---- what was missed, the newest first ---- */

static json_t *
breach_json(const struct fr_query_turn *turn, int64_t at_us, const Fr__TargetBreached *breach)
{
    struct sla_target target;
    json_t *item;

    if (sla_target_get(turn->view, breach->target_id, &target) != FR_OK)
        return NULL;
    item = target_json(&target);
    json_object_set_new(item, "seen", time_json(at_us));
    json_object_set_new(item, "cause", json_string(breach->cause));
    json_object_set_new(item, "answered", json_boolean(target.answered));
    json_object_set_new(item, "late", target.answered ? span_json(target.late_us) : json_null());
    return item;
}

static json_t *
answer_breaches(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    const Fr__TargetBreached *breach;
    size_t limit = limit_arg(args);
    json_t *items = json_array();
    struct fr_scan scan;
    bool more = false;
    int64_t at_us;

    (void)error;
    sla_breach_scan(&scan, turn->view);
    while (!more && sla_breach_next(&scan, turn->arena, &at_us, &breach) == FR_OK) {
        more = json_array_size(items) == limit;
        if (!more)
            json_array_append_new(items, breach_json(turn, at_us, breach));
    }
    fr_scan_fini(&scan);
    return json_pack("{s:o, s:b}", "items", items, "more", more);
}

/* ---- the arithmetic of one conversation ---- */

static const char *
verdict_text(const struct fr_query_turn *turn, const struct sla_target *target)
{
    char span[FR_TIME_TEXT_SIZE];

    switch ((enum sla_state)target->state) {
    case SLA_OPEN:
        fr_span_format((struct fr_span){target->due_us - turn->now.unix_us}, span);
        return fr_arena_printf(turn->arena, "open, %s left", span);
    case SLA_MET:
        fr_span_format((struct fr_span){target->due_us - target->ended_us}, span);
        return fr_arena_printf(turn->arena, "met, %s before the deadline", span);
    case SLA_BREACHED:
        if (!target->answered)
            return "breached, not answered";
        fr_span_format((struct fr_span){target->late_us}, span);
        return fr_arena_printf(turn->arena, "breached, answered %s late", span);
    case SLA_CANCELLED:
        return "cancelled: the conversation was resolved first";
    }
    return "unknown";
}

/* Each step of the sum, as somebody would write it on paper. */
static const char *
arithmetic_text(const struct fr_query_turn *turn, const struct sla_target *target)
{
    const struct sla_calendar *calendar = sla_calendar_always();
    struct fr_time started = {target->started_us}, due = {target->due_us};
    char from[FR_TIME_TEXT_SIZE], to[FR_TIME_TEXT_SIZE], promised[FR_TIME_TEXT_SIZE];
    char warn[FR_TIME_TEXT_SIZE];

    fr_time_format(started, from);
    fr_time_format(due, to);
    fr_time_format((struct fr_time){target->warn_us}, warn);
    fr_span_format(sla_calendar_within(calendar, started, due), promised);
    return fr_arena_printf(turn->arena, "message of %s + %s on calendar %s = due %s; warning at %s",
                           from, promised, sla_calendar_name(calendar), to, warn);
}

static json_t *
targets_json(const struct fr_query_turn *turn, uint64_t newest)
{
    json_t *items = json_array();
    uint64_t target_id = newest;
    struct sla_target target;

    while (target_id != 0 && json_array_size(items) < TARGET_MAX &&
           sla_target_get(turn->view, target_id, &target) == FR_OK) {
        json_t *item = target_json(&target);
        const char *arithmetic = arithmetic_text(turn, &target);
        const char *verdict = verdict_text(turn, &target);

        json_object_set_new(item, "arithmetic", json_string(arithmetic == NULL ? "" : arithmetic));
        json_object_set_new(item, "verdict", json_string(verdict == NULL ? "" : verdict));
        json_array_append_new(items, item);
        target_id = target.previous;
    }
    return items;
}

static json_t *
answer_explain(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    const char *text = json_string_value(json_object_get(args, "conversation"));
    struct sla_conversation row;
    uint64_t conversation_id;

    *error = "give the conversation's id, up to 16 hexadecimal digits";
    if (text == NULL || fr_id_parse(fr_slice_str(text), &conversation_id) != FR_OK)
        return NULL;
    *error = "the tables could not be read";
    if (sla_conversation_get(turn->view, conversation_id, &row) != FR_OK)
        return NULL;
    return json_pack("{s:o, s:o, s:b, s:b, s:s, s:o}", "conversation", id_json(conversation_id),
                     "customer", id_json(row.customer_id), "complaint", row.complaint, "answered",
                     row.answered, "place", cause_text(turn, conversation_id), "targets",
                     targets_json(turn, row.newest));
}

/* ---- totals ---- */

static json_t *
totals_json(const struct fr_query_turn *turn, Fr__TargetKind kind)
{
    struct sla_totals totals;
    uint64_t ended;

    if (sla_totals_get(turn->view, kind, &totals) != FR_OK)
        return NULL;
    ended = totals.met + totals.breached + totals.cancelled;
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "kind", sla_target_kind_text(kind),
                     "armed", (json_int_t)totals.armed, "open", (json_int_t)(totals.armed - ended),
                     "warned", (json_int_t)totals.warned, "met", (json_int_t)totals.met, "breached",
                     (json_int_t)totals.breached, "answered_late", (json_int_t)totals.late,
                     "cancelled", (json_int_t)totals.cancelled);
}

static json_t *
answer_stats(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    (void)args;
    (void)error;
    return json_pack("{s:[o, o], s:b}", "items", totals_json(turn, FR__TARGET_KIND__FIRST_RESPONSE),
                     totals_json(turn, FR__TARGET_KIND__NEXT_RESPONSE), "more", 0);
}

/* clang-format off */
const struct fr_query sla_queries[] = {
    { "sla.due",      "[--limit N]",  "Open deadlines, the next one first, and where each lies.",          answer_due      },
    { "sla.breaches", "[--limit N]",  "Missed deadlines, the newest first, each with its cause.",          answer_breaches },
    { "sla.explain",  "CONVERSATION", "Every target of one conversation with its arithmetic and verdict.", answer_explain  },
    { "sla.stats",    "",             "How many deadlines were set, kept, missed and cancelled, by kind.", answer_stats    },
    { NULL, NULL, NULL, NULL },
};
/* clang-format on */
