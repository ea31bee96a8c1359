/* explain.c - decisions in words, bounded: a few names, and how many more. */
#include "services/routing/explain.h"

#include <stdio.h>
#include "services/routing/refusal.h"

struct words { /* a text that grows and is cut, never overrun */
    char text[640];
    size_t size;
};

static void __attribute__((format(printf, 2, 3))) say(struct words *words, const char *format, ...)
{
    va_list arguments;
    int size;

    va_start(arguments, format);
    size =
        vsnprintf(words->text + words->size, sizeof(words->text) - words->size, format, arguments);
    va_end(arguments);
    if (size > 0)
        words->size += (size_t)size;
    if (words->size >= sizeof(words->text))
        words->size = sizeof(words->text) - 1;
}

static void
say_choice(struct words *words, const struct routing_pick *pick)
{
    const char *name = pick->agent.name;

    switch (pick->why) {
    case ROUTING_MOST_ROOM:
        if (pick->rank > 0)
            say(words, "rank %u: ", pick->rank);
        say(words, pick->longest_idle ? "%s has been idle longest" : "%s has most room", name);
        break;
    case ROUTING_SERVED_LAST:
        say(words, "%s served this customer last and has room", name);
        break;
    case ROUTING_ASKED_AGAIN:
        say(words, "%s is asked again: he let it go, but nobody else is free", name);
        return;
    case ROUTING_EARLIEST:
        say(words, "earliest place among what %s can serve", name);
        break;
    }
    say(words, " (%u of %u used)", pick->agent.used, pick->agent.room);
}

char *
routing_explain_offer(struct fr_turn *turn, const struct routing_place *place,
                      const struct routing_pick *pick)
{
    struct words words = {.size = 0};

    say(&words, "queue %s: ", place->name);
    if (place->step > 0)
        say(&words, "step %u of its relaxation: ", place->step);
    say_choice(&words, pick);
    for (unsigned i = 0; i < pick->runner_count; i++)
        say(&words, "%s %s (%u used)", i == 0 ? "; then" : ",", pick->runners[i].name,
            pick->runners[i].used);
    if (pick->why == ROUTING_MOST_ROOM || pick->why == ROUTING_ASKED_AGAIN) {
        if (pick->stepped_over > 0)
            say(&words, "; %u free but let it go before", pick->stepped_over);
        if (pick->contract_full > 0)
            say(&words, "; %u sites have had their part", pick->contract_full);
    }
    say(&words, "; agents who fit: %u", place->lane.members);
    return fr_arena_strndup(turn->arena, words.text, words.size);
}

/* Why his site keeps him from it; "" when it does not. */
static enum fr_error
site_reason(const struct routing_look *look, const struct routing_agent *agent,
            const struct routing_lane *lane, const char *queue, const char **out)
{
    static const char *const how[] = {
        [ROUTING_ALLOWED] = "",
        [ROUTING_ALLOWED_ONCE] = "",
        [ROUTING_SHARE_TAKEN] = "his site has had its share",
        [ROUTING_VOLUME_TAKEN] = "his site has had its volume",
        [ROUTING_RECALLED] = "his site was recalled of this queue",
    };
    enum routing_allowance allowance = ROUTING_ALLOWED;
    struct routing_site site;
    enum fr_error err = routing_site_get(look->view, agent->site, &site);

    if (err == FR_OK && lane->contracted)
        err = routing_allowance(look, lane->queue, queue, &site, &allowance);
    *out = how[allowance];
    if (err == FR_OK && routing_site_gated(&site))
        *out = site.silent     ? "his site is silent"
               : site.recalled ? "his site was recalled"
                               : "his site is closed";
    return err;
}

static void
full_reason(const struct routing_agent *agent, const struct routing_capacities *capacities,
            uint32_t class_number, char *text, size_t size)
{
    uint32_t weight = capacities->classes[class_number].weight;

    if (agent->used + weight > agent->room && agent->wrapping > 0)
        snprintf(text, size, "full (%u of %u, needs %u), in wrap-up", agent->used, agent->room,
                 weight);
    else if (agent->used + weight > agent->room)
        snprintf(text, size, "full (%u of %u, needs %u)", agent->used, agent->room, weight);
    else
        snprintf(text, size, "has what this does not go together with");
}

enum fr_error
routing_explain_agent(const struct routing_look *look, const struct routing_agent *agent,
                      const struct routing_lane *lane, const char *queue,
                      const struct routing_task *task, char *text, size_t size)
{
    struct routing_capacities capacities;
    enum routing_refusal refusal;
    const char *site;
    enum fr_error err = routing_refusal_of(look, task, agent->number, &refusal);

    if (err == FR_OK)
        err = site_reason(look, agent, lane, queue, &site);
    if (err == FR_OK)
        err = routing_capacities_get(look->view, agent->number, &capacities);
    if (err != FR_OK)
        return err;
    if (agent->removed)
        snprintf(text, size, "removed");
    else if (agent->state != FR__AGENT_STATE__AVAILABLE)
        snprintf(text, size, agent->state == FR__AGENT_STATE__AWAY ? "away" : "offline");
    else if (site[0] != '\0')
        snprintf(text, size, "%s", site);
    else if (!routing_is_free(agent, lane->class_number))
        full_reason(agent, &capacities, lane->class_number, text, size);
    else if (refusal == ROUTING_REFUSED)
        snprintf(text, size, "let it go");
    else
        snprintf(text, size, "free");
    return FR_OK;
}

/* Those who are first among its members by number: three names say enough. */
static enum fr_error
some_members(const struct routing_look *look, const struct routing_lane *lane, uint32_t *numbers,
             size_t *count)
{
    struct routing_numbers given;
    enum fr_error err = routing_numbers_get(look->view, &given);

    *count = 0;
    for (uint32_t index = 0; err == FR_OK && index < routing_chunk_count(given.agents); index++) {
        struct routing_chunk all = {0};

        for (uint64_t left = lane->ranks; err == FR_OK && left != 0; left &= left - 1) {
            struct routing_chunk rank;

            err = routing_set_get(look->view,
                                  (struct routing_set_of){ROUTING_RANKED, lane->number,
                                                          (uint32_t)__builtin_ctzll(left)},
                                  index, &rank);
            routing_chunk_or(&all, &rank);
        }
        for (uint32_t bit = routing_chunk_next(&all, 0);
             bit < ROUTING_CHUNK_BITS && *count < ROUTING_NAMED;
             bit = routing_chunk_next(&all, bit + 1))
            numbers[(*count)++] = index * ROUTING_CHUNK_BITS + bit;
        if (*count == ROUTING_NAMED)
            break;
    }
    return err;
}

static enum fr_error
say_members(struct words *words, const struct routing_look *look, const struct routing_place *place,
            const struct routing_task *task)
{
    uint32_t numbers[ROUTING_NAMED];
    size_t count;
    enum fr_error err = some_members(look, &place->lane, numbers, &count);

    for (size_t i = 0; err == FR_OK && i < count; i++) {
        struct routing_agent agent;
        char why[96];

        err = routing_agent_get(look->view, numbers[i], &agent);
        if (err == FR_OK)
            err = routing_explain_agent(look, &agent, &place->lane, place->name, task, why,
                                        sizeof(why));
        if (err == FR_OK)
            say(words, "%s%s %s", i == 0 ? ": " : ", ", agent.name, why);
    }
    if (place->lane.members > count)
        say(words, "; and %zu more", place->lane.members - count);
    return err;
}

char *
routing_explain_wait(struct fr_turn *turn, const struct routing_place *place,
                     const struct routing_task *task)
{
    struct routing_look look = routing_look_of(turn);
    struct words words = {.size = 0};
    char at[FR_TIME_TEXT_SIZE];

    say(&words, "queue %s: ", place->name);
    if (place->step > 0)
        say(&words, "step %u of its relaxation: ", place->step);
    if (place->lane.members == 0)
        say(&words, "nobody fits yet");
    else
        say(&words, "none of %u agents who fit is free", place->lane.members);
    if (say_members(&words, &look, place, task) != FR_OK)
        return NULL;
    if (place->relax_us != 0)
        say(&words, "; less is asked from %s on",
            fr_time_format((struct fr_time){place->relax_us}, at));
    return fr_arena_strndup(turn->arena, words.text, words.size);
}

const char *
routing_explain_preferred(struct fr_turn *turn, const char *name, enum routing_preferred verdict)
{
    static const char *const how[] = {
        [ROUTING_PREFERRED_FREE] = "is free",
        [ROUTING_PREFERRED_BUSY] = "is busy",
        [ROUTING_PREFERRED_LATE] = "has others waiting for him",
        [ROUTING_PREFERRED_SHUT] = "works at a site that may take no more now",
        [ROUTING_PREFERRED_AWAY] = "is not at work",
        [ROUTING_PREFERRED_UNFIT] = "cannot serve this",
    };

    if (verdict == ROUTING_NOBODY)
        return "";
    return fr_arena_printf(turn->arena, "; %.*s, who served this customer last, %s",
                           ROUTING_AGENT_SIZE - 1, name, how[verdict]);
}
