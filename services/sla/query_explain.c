/* query_explain.c - the arithmetic of one conversation's targets, interval by interval. */
#include "services/sla/query.h"
#include "services/sla/say.h"

#define TARGET_MAX 200  /* of one conversation, the newest ones */
#define INTERVAL_MAX 60 /* of one stretch */

static const char *
verdict_text(const struct fr_query_turn *turn, const struct sla_target *target)
{
    char span[FR_TIME_TEXT_SIZE];

    switch ((enum sla_state)target->state) {
    case SLA_OPEN:
        if (target->paused)
            return "open, its clock is paused";
        if (target->due_us == 0)
            return "open, and never due: its calendar does not open long enough";
        fr_span_format((struct fr_span){target->due_us - turn->now.unix_us}, span);
        return fr_arena_printf(turn->arena, "open, %s left", span);
    case SLA_MET:
        if (target->due_us == 0)
            return "met, while its clock was paused";
        fr_span_format((struct fr_span){target->due_us - target->ended_us}, span);
        return fr_arena_printf(turn->arena, "met, %s before the deadline", span);
    case SLA_BREACHED:
        if (!target->answered)
            return "breached, not answered";
        fr_span_format((struct fr_span){target->late_us}, span);
        return fr_arena_printf(turn->arena, "breached, answered %s late", span);
    case SLA_CANCELLED:
        return "cancelled";
    }
    return "unknown";
}

/* Each step of the sum, as somebody would write it on paper. */
static const char *
arithmetic_text(const struct fr_query_turn *turn, const struct sla_target *target)
{
    char from[FR_TIME_TEXT_SIZE], to[FR_TIME_TEXT_SIZE], promised[FR_TIME_TEXT_SIZE];
    char next[FR_TIME_TEXT_SIZE] = "nothing", carried[FR_TIME_TEXT_SIZE];

    fr_time_format((struct fr_time){target->since_us}, from);
    fr_time_format((struct fr_time){target->due_us}, to);
    fr_span_format((struct fr_span){target->promised_us}, promised);
    fr_span_format((struct fr_span){target->elapsed_us}, carried);
    if (target->next_us != 0)
        fr_time_format((struct fr_time){target->next_us}, next);
    if (target->paused || target->due_us == 0)
        return fr_arena_printf(turn->arena, "%s of %s have elapsed on calendar %s", carried,
                               promised, target->calendar);
    if (target->stretch_count == 0 && target->since_us == target->started_us)
        return fr_arena_printf(turn->arena, "%s + %s on calendar %s = due %s; next step at %s",
                               from, promised, target->calendar, to, next);
    return fr_arena_printf(turn->arena, "%s promised on calendar %s, started again at %s = due %s",
                           promised, target->calendar, from, to);
}

static void
add_line(json_t *lines, const struct fr_calendar *wall, int64_t from_us, int64_t to_us,
         int64_t counted_us, const char *what)
{
    char from[FR_CALENDAR_TEXT_SIZE], to[FR_CALENDAR_TEXT_SIZE];

    json_array_append_new(
        lines,
        json_pack("{s:o, s:o, s:s, s:s, s:o, s:I, s:s}", "from", sla_json_time(from_us), "to",
                  sla_json_time(to_us), "from_local",
                  fr_calendar_format(wall, (struct fr_time){from_us}, from), "to_local",
                  fr_calendar_format(wall, (struct fr_time){to_us}, to), "counted",
                  sla_json_span(counted_us), "counted_us", (json_int_t)counted_us, "what", what));
}

/* The open intervals that the calendar counts between two instants. */
static void
add_intervals(json_t *lines, const struct fr_calendar *calendar, int64_t from_us, int64_t to_us)
{
    struct fr_time at = {from_us}, to = {to_us};
    struct fr_calendar_interval interval;
    int64_t rest_us;

    for (int i = 0; i < INTERVAL_MAX; i++) {
        if (fr_calendar_next(calendar, &at, to, &interval) != FR_OK)
            return;
        add_line(lines, calendar, interval.start.unix_us, interval.end.unix_us,
                 interval.end.unix_us - interval.start.unix_us, "open");
    }
    rest_us = fr_calendar_within(calendar, at, to).us;
    if (rest_us > 0)
        add_line(lines, calendar, at.unix_us, to_us, rest_us, "and further openings");
}

/* The stretches that ended, and the openings that the present one is made of. */
static json_t *
sum_json(const struct fr_query_turn *turn, const struct sla_target *target)
{
    const struct fr_calendar *calendar = sla_calendar(turn->calendars, target->calendar);
    json_t *lines = json_array();
    int64_t end_us = target->state == SLA_OPEN || target->state == SLA_BREACHED ? target->due_us
                                                                                : target->ended_us;

    for (size_t i = 0; i < target->stretch_count; i++) {
        const struct sla_stretch *stretch = &target->stretches[i];
        const char *what =
            fr_arena_printf(turn->arena, "counted by calendar %s", stretch->calendar);

        add_line(lines, sla_calendar(turn->calendars, stretch->calendar), stretch->from_us,
                 stretch->to_us, stretch->counted_us,
                 stretch->merged   ? "several earlier stretches, added up"
                 : stretch->paused ? "paused"
                 : what == NULL    ? "counted"
                                   : what);
    }
    if (target->paused)
        add_line(lines, calendar, target->since_us,
                 target->ended_us != 0 ? target->ended_us : turn->now.unix_us, 0, "paused");
    else
        add_intervals(lines, calendar, target->since_us, end_us);
    return lines;
}

static json_t *
targets_json(const struct fr_query_turn *turn, uint64_t newest)
{
    json_t *items = json_array();
    uint64_t target_id = newest;
    struct sla_target target;

    while (target_id != 0 && json_array_size(items) < TARGET_MAX &&
           sla_target_get(turn->view, target_id, &target) == FR_OK) {
        json_t *item = sla_target_json(&target);
        const char *arithmetic = arithmetic_text(turn, &target);
        const char *verdict = verdict_text(turn, &target);

        json_object_set_new(item, "arithmetic", json_string(arithmetic == NULL ? "" : arithmetic));
        json_object_set_new(item, "verdict", json_string(verdict == NULL ? "" : verdict));
        json_object_set_new(item, "sum", sum_json(turn, &target));
        json_array_append_new(items, item);
        target_id = target.previous;
    }
    return items;
}

static json_t *
facts_json(const struct sla_conversation *row)
{
    static const char *const waiting[] = {"", "us", "the customer", "a third party"};
    json_t *tags = json_array();

    for (size_t i = 0; i < row->tag_count; i++)
        json_array_append_new(tags, json_string(row->tags[i]));
    return json_pack("{s:s, s:s, s:o, s:o, s:i, s:o, s:s, s:b}", "brand", row->brand, "channel",
                     row->channel, "language", sla_json_text(row->language), "tier",
                     sla_json_text(row->tier), "priority", (int)row->priority, "tags", tags,
                     "waiting_for", waiting[row->waiting < 4 ? row->waiting : 0], "closed",
                     row->closed);
}

json_t *
sla_answer_explain(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    uint64_t conversation_id = sla_id_arg(args, "conversation");
    const struct sla_policy *policy;
    struct sla_conversation row;

    *error = "give the conversation's id, up to 16 hexadecimal digits";
    if (conversation_id == 0)
        return NULL;
    *error = "the tables could not be read";
    if (sla_conversation_get(turn->view, conversation_id, &row) != FR_OK)
        return NULL;
    policy = sla_policy_for(turn->config, &row);
    return json_pack("{s:o, s:o, s:b, s:b, s:o, s:o, s:s, s:o}", "conversation",
                     sla_json_id(conversation_id), "customer", sla_json_id(row.customer_id),
                     "complaint", row.complaint, "answered", row.answered, "policy",
                     sla_json_text(policy == NULL ? NULL : policy->name), "facts", facts_json(&row),
                     "place", sla_place_text(turn, conversation_id), "targets",
                     targets_json(turn, row.newest));
}
