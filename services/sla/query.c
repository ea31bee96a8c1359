/* query.c - what operators and supervisors ask: what is due, and what was missed. */
#include "services/sla/query.h"

#include "services/sla/cause.h"

json_t *
sla_json_id(uint64_t id)
{
    char text[FR_ID_TEXT_SIZE];

    return id == 0 ? json_null() : json_string(fr_id_format(id, text));
}

json_t *
sla_json_time(int64_t unix_us)
{
    char text[FR_TIME_TEXT_SIZE];

    return unix_us == 0 ? json_null()
                        : json_string(fr_time_format((struct fr_time){unix_us}, text));
}

json_t *
sla_json_span(int64_t us)
{
    char text[FR_TIME_TEXT_SIZE];

    return json_string(fr_span_format((struct fr_span){us}, text));
}

json_t *
sla_json_text(const char *text)
{
    return text == NULL || text[0] == '\0' ? json_null() : json_string(text);
}

size_t
sla_limit_arg(const json_t *args)
{
    json_int_t limit = json_integer_value(json_object_get(args, "limit"));

    return limit > 0 && limit < SLA_ITEM_MAX ? (size_t)limit : SLA_ITEM_MAX;
}

uint64_t
sla_id_arg(const json_t *args, const char *name)
{
    const char *text = json_string_value(json_object_get(args, name));
    uint64_t id;

    return text != NULL && fr_id_parse(fr_slice_str(text), &id) == FR_OK ? id : 0;
}

struct fr_span
sla_span_arg(const json_t *args, const char *name)
{
    const char *text = json_string_value(json_object_get(args, name));
    struct fr_span span = {0};

    if (text != NULL)
        fr_span_parse(fr_slice_str(text), &span);
    return span;
}

const char *
sla_state_text(const struct sla_target *target)
{
    static const char *const texts[] = {"unknown", "open", "met", "breached", "cancelled"};

    return texts[target->state < 5 ? target->state : 0];
}

const char *
sla_place_text(const struct fr_query_turn *turn, uint64_t conversation_id)
{
    struct sla_place place;
    enum fr_error err = sla_place_get(turn->view, conversation_id, &place);
    char *text = sla_cause(turn->arena, err == FR_OK ? &place : NULL, turn->now);

    return text == NULL ? "" : text;
}

json_t *
sla_target_json(const struct sla_target *target)
{
    return json_pack(
        "{s:o, s:o, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:b, "
        "s:b}",
        "target", sla_json_id(target->target_id), "conversation",
        sla_json_id(target->conversation_id), "kind", sla_kind_text((Fr__TargetKind)target->kind),
        "state", sla_state_text(target), "policy", target->policy, "calendar", target->calendar,
        "brand", target->brand, "started", sla_json_time(target->started_us), "promised",
        sla_json_span(target->promised_us), "elapsed", sla_json_span(target->elapsed_us), "next",
        sla_json_time(target->next_us), "due", sla_json_time(target->due_us), "rolled",
        sla_json_time(target->rolled_us), "ended", sla_json_time(target->ended_us), "new_time",
        sla_json_time(target->again_us), "paused", target->paused, "warned", target->warned, "told",
        target->told);
}

/* ---- what is due ---- */

/* Where a list goes on: after that target, which still stands where it stood. */
static void
due_from(const struct fr_query_turn *turn, const json_t *args, struct fr_scan *scan)
{
    uint64_t after = sla_id_arg(args, "after");
    struct sla_target target;

    if (after != 0 && sla_target_get(turn->view, after, &target) == FR_OK)
        sla_due_scan(scan, turn->view, target.due_us, after + 1);
    else
        sla_due_scan(scan, turn->view, 0, 0);
}

static json_t *
answer_due(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    struct fr_span within = sla_span_arg(args, "within");
    size_t limit = sla_limit_arg(args);
    json_t *items = json_array();
    struct fr_scan scan;
    uint64_t target_id;
    bool more = false;

    (void)error;
    due_from(turn, args, &scan);
    while (!more && sla_due_next(&scan, &target_id) == FR_OK) {
        struct sla_target target;
        json_t *item;

        if (sla_target_get(turn->view, target_id, &target) != FR_OK)
            continue;
        if (within.us > 0 && target.due_us > turn->now.unix_us + within.us)
            break;
        more = json_array_size(items) == limit;
        if (more)
            break;
        item = sla_target_json(&target);
        json_object_set_new(item, "left", sla_json_span(target.due_us - turn->now.unix_us));
        json_object_set_new(item, "place",
                            json_string(sla_place_text(turn, target.conversation_id)));
        json_array_append_new(items, item);
    }
    fr_scan_fini(&scan);
    return json_pack("{s:o, s:b}", "items", items, "more", more);
}

/* ---- what was missed, the newest first ---- */

static const char *
cause_name(const Fr__TargetBreached *breach)
{
    static const char *const names[] = {"unknown", "queue", "agent", "site", "calendar"};

    return names[breach->has_cause_kind && breach->cause_kind <= 4 ? breach->cause_kind : 0];
}

static json_t *
breach_json(int64_t at_us, const Fr__SlaStateBreach *row)
{
    const Fr__TargetBreached *breach = row->breach;
    const Fr__TargetBrief *brief = breach->target;

    return json_pack(
        "{s:o, s:o, s:s, s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:b, s:o, "
        "s:b}",
        "target", sla_json_id(breach->target_id), "conversation",
        sla_json_id(breach->conversation_id), "kind", sla_kind_text(breach->kind), "state",
        "breached", "policy", sla_json_text(brief == NULL ? NULL : brief->policy), "calendar",
        sla_json_text(brief == NULL ? NULL : brief->calendar), "brand", row->brand, "started",
        sla_json_time(brief == NULL ? 0 : brief->started_us), "due", sla_json_time(breach->due_us),
        "seen", sla_json_time(at_us), "cause_kind", cause_name(breach), "cause", breach->cause,
        "queue", sla_json_text(breach->queue), "agent", sla_json_text(breach->agent), "site",
        sla_json_text(breach->site), "answered", row->has_late_us, "late",
        row->has_late_us ? sla_json_span(row->late_us) : json_null(), "told",
        brief != NULL && brief->told);
}

static json_t *
answer_breaches(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    struct fr_time before = {0}, since = {0};
    const char *text = json_string_value(json_object_get(args, "before"));
    struct fr_span span = sla_span_arg(args, "since");
    size_t limit = sla_limit_arg(args);
    json_t *items = json_array();
    const Fr__SlaStateBreach *breach;
    struct fr_scan scan;
    bool more = false;
    int64_t at_us;

    (void)error;
    if (span.us > 0)
        since.unix_us = turn->now.unix_us - span.us;
    if (text != NULL)
        fr_time_parse(fr_slice_str(text), &before);
    sla_breach_scan(&scan, turn->view, before.unix_us, sla_id_arg(args, "before_target"));
    while (!more && sla_breach_next(&scan, turn->arena, &at_us, &breach) == FR_OK) {
        if (at_us < since.unix_us)
            break;
        more = json_array_size(items) == limit;
        if (!more)
            json_array_append_new(items, breach_json(at_us, breach));
    }
    fr_scan_fini(&scan);
    return json_pack("{s:o, s:b}", "items", items, "more", more);
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
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "kind", sla_kind_text(kind),
                     "armed", (json_int_t)totals.armed, "open", (json_int_t)(totals.armed - ended),
                     "warned", (json_int_t)totals.warned, "met", (json_int_t)totals.met, "breached",
                     (json_int_t)totals.breached, "answered_late", (json_int_t)totals.late,
                     "cancelled", (json_int_t)totals.cancelled);
}

static json_t *
answer_stats(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    json_t *items = json_array();

    (void)args;
    (void)error;
    for (int kind = 1; kind <= SLA_KIND_COUNT; kind++)
        json_array_append_new(items, totals_json(turn, (Fr__TargetKind)kind));
    return json_pack("{s:o, s:b}", "items", items, "more", 0);
}

/* clang-format off */
const struct fr_query sla_queries[] = {
    { "sla.due",      "[--within SPAN] [--limit N] [--after TARGET]", "Open deadlines, the next one first, and where each lies.", answer_due },
    { "sla.breaches", "[--since SPAN] [--limit N] [--before TIME]",   "Missed deadlines, the newest first, each with its cause.", answer_breaches },
    { "sla.explain",  "CONVERSATION", "Every target of one conversation with its arithmetic and verdict.", sla_answer_explain  },
    { "sla.stats",    "",             "How many deadlines were set, kept, missed and cancelled, by kind.", answer_stats        },
    { "promise.ls",   "[--open] [--owner AGENT] [--limit N] [--before PROMISE]", "Call-backs and agents' promises, the newest first.", sla_answer_promises },
    { "promise.show", "PROMISE",      "One promise: owner, deadline, what the customer was told, what became of it.", sla_answer_promise },
    { NULL, NULL, NULL, NULL },
};
/* clang-format on */
