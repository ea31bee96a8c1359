/* query_check.c - what the configuration cannot do, and what it states about waiting: skills that
 * nobody has, queues that nobody serves, hours that never overlap, credit that would starve.
 *
 * The bound.  Among tasks of one strict class nobody is overtaken by a task that arrived later than
 * its own arrival plus the difference of their credits.  So if the agents of a queue finish its
 * work at rate m, and V tasks with more credit arrive per second while its own are served, a task
 * with no credit that finds q others before it waits at most
 *
 *     q/m + C * V/m          C: the greatest credit that anything which its agents serve may have
 *
 * because only those overtake it which arrive within C after it; after that it is served before
 * every new arrival.  V/m < 1 or not: the wait is bounded by the credit and not by the load of
 * others.  What is printed is C itself, and where it exceeds the shortest promise that is usual (an
 * hour), a warning. A higher strict class has no such bound: there the load itself decides.
 */
#include "services/routing/query_private.h"

#include "common/calendar/calendar.h"
#include "services/routing/hours.h"
#include "services/routing/survey.h"

#define STARVES_US (INT64_C(3600) * 1000000)
#define WEEK_US (INT64_C(7) * 86400 * 1000000)

struct findings {
    struct routing_look look;
    json_t *items;
    size_t wrong;
};

static void
find_out(struct findings *f, const char *level, const char *what, const char *name,
         const char *text)
{
    f->wrong += strcmp(level, "ok") != 0;
    json_array_append_new(f->items, json_pack("{s:s, s:s, s:s, s:s}", "level", level, "what", what,
                                              "name", name, "text", text != NULL ? text : ""));
}

/* ---- who serves a queue ---- */

/* A task as plain as the queue's conditions allow. */
static void
plainest(const struct routing_queue *queue, const struct fr_config_list *channels,
         Fr__RoutingStateTask *facts)
{
    fr__routing_state_task__init(facts);
    facts->preview = "";
    facts->channel =
        (char *)(queue->channels.count > 0 ? ((const char *const *)queue->channels.items)[0]
                 : channels->count > 0     ? ((const char *const *)channels->items)[0]
                                           : "");
    if (queue->languages.count > 0)
        facts->language = ((char **)queue->languages.items)[0];
    if (queue->tiers.count > 0)
        facts->tier = ((char **)queue->tiers.items)[0];
}

static enum fr_error
survey_step(struct findings *f, const struct routing_queue *queue, const char *brand,
            const Fr__RoutingStateTask *facts, uint32_t step, struct routing_need *need,
            struct routing_survey *survey)
{
    enum fr_error err = routing_need_of(f->look.config, queue, brand, facts, step, need);

    if (err == FR_OK)
        err = routing_class_number(f->look.view, routing_class_of(f->look.config, facts->channel),
                                   &need->class_number);
    return err != FR_OK ? err : routing_survey(&f->look, need, survey);
}

static void
check_served(struct findings *f, const struct routing_queue *queue, const char *brand)
{
    const struct fr_config_list none = {0};
    const char *reason = "";
    Fr__RoutingStateTask facts;

    plainest(queue, &none, &facts);
    for (uint32_t step = 0; step <= queue->relax.count; step++) {
        struct routing_survey survey;
        struct routing_need need;

        if (survey_step(f, queue, brand, &facts, step, &need, &survey) != FR_OK)
            return;
        if (survey.member_count > 0) {
            if (step > 0)
                find_out(f, "note", "served only after relaxation", queue->name,
                         fr_arena_printf(f->look.arena, "brand %s: %s; step %u helps", brand,
                                         reason, step));
            return;
        }
        if (step == 0)
            reason = routing_survey_reason(&survey, f->look.arena);
    }
    find_out(f, "wrong", "queue that nobody serves", queue->name,
             fr_arena_printf(f->look.arena, "brand %s: %s", brand, reason));
}

static bool
somebody_has(const struct routing_config *config, const struct routing_skill *skill)
{
    const struct routing_agent_config *agents = config->agents.items;

    for (size_t a = 0; a < config->agents.count; a++) {
        const struct routing_skill *own = agents[a].skills.items;

        for (size_t i = 0; i < agents[a].skills.count; i++)
            if (strcmp(own[i].name, skill->name) == 0 && own[i].level >= skill->level)
                return true;
    }
    return false;
}

static void
check_skills(struct findings *f, const struct routing_queue *queue)
{
    const struct routing_skill *skills = queue->skills.items;

    for (size_t i = 0; i < queue->skills.count; i++)
        if (!somebody_has(f->look.config, &skills[i]))
            find_out(f, "wrong", "skill that nobody has", skills[i].name,
                     fr_arena_printf(f->look.arena, "queue %s asks for it at level %d", queue->name,
                                     (int)skills[i].level));
}

/* ---- hours ---- */

/* Do two calendars have a minute in common within a week from now? */
static bool
overlap(const struct findings *f, const char *one, const char *other)
{
    const struct fr_calendar *a = one != NULL ? fr_calendars_find(f->look.calendars, one) : NULL;
    const struct fr_calendar *b =
        other != NULL ? fr_calendars_find(f->look.calendars, other) : NULL;
    struct fr_time at = f->look.now, end = {f->look.now.unix_us + WEEK_US};
    struct fr_calendar_interval open;

    if (a == NULL || b == NULL)
        return true;
    while (fr_calendar_next(a, &at, end, &open) == FR_OK)
        if (fr_calendar_within(b, open.start, open.end).us > 0)
            return true;
    return false;
}

static bool
served_by(const struct routing_need *need, const char *site)
{
    for (size_t i = 0; i < need->site_count; i++)
        if (strcmp(need->sites[i].name, site) == 0)
            return true;
    return need->site_count == 0;
}

static void
check_hours(struct findings *f, const struct routing_queue *queue)
{
    const struct routing_agent_config *agents = f->look.config->agents.items;
    const struct fr_config_list none = {0};
    Fr__RoutingStateTask facts;
    struct routing_need need;
    bool any = false;

    plainest(queue, &none, &facts);
    if (queue->calendar == NULL || f->look.calendars == NULL ||
        routing_need_of(f->look.config, queue, "", &facts, (uint32_t)queue->relax.count, &need) !=
            FR_OK)
        return;
    for (size_t i = 0; i < f->look.config->agents.count && !any; i++) {
        const struct routing_site_config *site = routing_site_named(f->look.config, agents[i].site);

        any = served_by(&need, agents[i].site) &&
              overlap(f, queue->calendar, site != NULL ? site->calendar : NULL);
    }
    if (!any)
        find_out(f, "wrong", "hours that never overlap", queue->name,
                 fr_arena_printf(f->look.arena,
                                 "within the next 7 days no site that serves it is open while "
                                 "calendar %s is",
                                 queue->calendar));
}

/* ---- credit ---- */

static int64_t
greatest(const struct fr_config_list *grades, int64_t *strict)
{
    const struct routing_grade *rows = grades->items;
    int64_t most = 0;

    for (size_t i = 0; i < grades->count; i++) {
        if (rows[i].credit.us > most)
            most = rows[i].credit.us;
        if (rows[i].strict > *strict)
            *strict = rows[i].strict;
    }
    return most;
}

static bool
same_agents(const struct routing_survey *a, const struct routing_survey *b)
{
    for (size_t byte = 0; byte < a->rank_size && byte < b->rank_size; byte++) {
        uint8_t left = 0, right = 0;

        for (uint32_t rank = 0; rank <= ROUTING_RANK_MAX; rank++) {
            left |= a->ranks[rank] != NULL ? a->ranks[rank][byte] : 0;
            right |= b->ranks[rank] != NULL ? b->ranks[rank][byte] : 0;
        }
        if ((left & right) != 0)
            return true;
    }
    return false;
}

/* The greatest head start that anything has which is served by some of its agents. */
static void
check_credit(struct findings *f, const struct routing_queue *queue, const char *brand)
{
    const struct routing_config *config = f->look.config;
    const struct routing_queue *queues = config->queues.items;
    const struct routing_tier *tiers = config->tiers.items;
    const struct fr_config_list none = {0};
    int64_t strict = 0, personal, most_queue = 0;
    uint32_t last = (uint32_t)queue->relax.count;
    Fr__RoutingStateTask facts;
    struct routing_survey own, other;
    struct routing_need need, other_need;
    char credit[FR_TIME_TEXT_SIZE];
    int64_t tier = 0, bound;

    plainest(queue, &none, &facts);
    if (survey_step(f, queue, brand, &facts, last, &need, &own) != FR_OK)
        return;
    personal = greatest(&config->priorities, &strict) + greatest(&config->urgencies, &strict);
    for (size_t i = 0; i < config->tiers.count; i++)
        tier = tiers[i].credit.us > tier ? tiers[i].credit.us : tier;
    for (size_t i = 0; i < config->queues.count; i++) {
        plainest(&queues[i], &none, &facts);
        if (survey_step(f, &queues[i], brand, &facts, (uint32_t)queues[i].relax.count, &other_need,
                        &other) != FR_OK ||
            (&queues[i] != queue && !same_agents(&own, &other)))
            continue;
        if (queues[i].credit.us > most_queue)
            most_queue = queues[i].credit.us;
        if (queues[i].strict > strict)
            strict = queues[i].strict;
    }
    bound = most_queue + tier + personal - queue->credit.us + config->raise_by.us;
    fr_span_format((struct fr_span){bound > 0 ? bound : 0}, credit);
    find_out(
        f, bound > STARVES_US ? "warning" : "ok",
        bound > STARVES_US ? "credit that would starve" : "bound", queue->name,
        fr_arena_printf(f->look.arena,
                        "a task without any credit is overtaken only by what arrives within %s "
                        "after it, so it waits at most that much longer than first come first "
                        "served would let it",
                        credit));
    if (strict > queue->strict)
        find_out(
            f, "warning", "no bound", queue->name,
            fr_arena_printf(f->look.arena,
                            "strict class %d comes before it, whatever it waits: how long that "
                            "is depends on how much of it there is",
                            (int)strict));
}

/* ---- all of it ---- */

/* One of its brands; of a queue for all of them one that somebody works for. */
static const char *
brand_of(const struct routing_config *config, const struct routing_queue *queue)
{
    const struct routing_agent_config *agents = config->agents.items;
    const char *brand = "";

    if (queue->brands.count > 0)
        return ((const char *const *)queue->brands.items)[0];
    for (size_t i = 0; i < config->agents.count; i++) {
        if (agents[i].brands.count == 0)
            return ""; /* he works for any */
        brand = ((const char *const *)agents[i].brands.items)[0];
    }
    return brand;
}

json_t *
routing_answer_check(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    struct findings f = {routing_look_of_query(turn), json_array(), 0};
    const struct routing_queue *queues = f.look.config->queues.items;

    (void)args;
    (void)error;
    for (size_t i = 0; i < f.look.config->queues.count; i++) {
        struct fr_arena_mark mark = fr_arena_mark(turn->arena);

        check_skills(&f, &queues[i]);
        check_served(&f, &queues[i], brand_of(f.look.config, &queues[i]));
        check_hours(&f, &queues[i]);
        check_credit(&f, &queues[i], brand_of(f.look.config, &queues[i]));
        fr_arena_release(turn->arena, mark);
    }
    return json_pack("{s:o, s:b, s:I}", "items", f.items, "more", 0, "wrong", (json_int_t)f.wrong);
}
