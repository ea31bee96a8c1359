/* explain.c - decisions in words, bounded: a few names, and how many more. */
#include "services/routing/explain.h"

#include <stdio.h>

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
        say(words, "%s has most room (%u of 100 used)", name, pick->agent.used);
        break;
    case ROUTING_SERVED_LAST:
        say(words, "%s served this customer last and has room (%u of 100 used)", name,
            pick->agent.used);
        break;
    case ROUTING_ASKED_AGAIN:
        say(words, "%s is asked again: he let it go, but nobody else is free", name);
        break;
    case ROUTING_EARLIEST:
        say(words, "earliest place among what %s can serve (%u of 100 used)", name,
            pick->agent.used);
        break;
    }
}

char *
routing_explain_offer(struct fr_turn *turn, const struct routing_place *place,
                      const struct routing_pick *pick)
{
    struct words words = {.size = 0};

    say(&words, "queue %s: ", place->queue);
    say_choice(&words, pick);
    for (unsigned i = 0; i < pick->runner_count; i++)
        say(&words, "%s %s (%u used)", i == 0 ? "; then" : ",", pick->runners[i].name,
            pick->runners[i].used);
    if (pick->stepped_over > 0)
        say(&words, "; %u free but let it go before", pick->stepped_over);
    say(&words, "; agents who fit: %u", place->lane.members);
    return fr_arena_strndup(turn->arena, words.text, words.size);
}

enum fr_error
routing_explain_agent(const struct fr_view *view, struct fr_time now,
                      const struct routing_agent *agent, uint32_t weight,
                      const struct routing_task *task, char *text, size_t size)
{
    int64_t again_us = 0;
    enum fr_error err = FR_NOT_FOUND;

    if (task->refusals > 0)
        err = routing_refusal_get(view, task->task_id, agent->number, &again_us);
    if (err != FR_OK && err != FR_NOT_FOUND)
        return err;
    if (agent->removed)
        snprintf(text, size, "removed");
    else if (agent->state != FR__AGENT_STATE__AVAILABLE)
        snprintf(text, size, agent->state == FR__AGENT_STATE__AWAY ? "away" : "offline");
    else if (!routing_has_room(agent, weight))
        snprintf(text, size, "full (%u of 100, needs %u)", agent->used, weight);
    else if (err == FR_OK && again_us > now.unix_us)
        snprintf(text, size, "let it go");
    else
        snprintf(text, size, "free");
    return FR_OK;
}

static enum fr_error
say_members(struct words *words, struct fr_turn *turn, const struct routing_place *place,
            const struct routing_task *task)
{
    struct routing_member members[ROUTING_NAMED];
    size_t count;
    enum fr_error err =
        routing_lane_members(turn->view, place->lane.number, ROUTING_NAMED, members, &count);

    for (size_t i = 0; err == FR_OK && i < count; i++) {
        struct routing_agent agent;
        char why[64];

        err = routing_agent_get(turn->view, members[i].number, &agent);
        if (err == FR_OK)
            err = routing_explain_agent(turn->view, turn->now, &agent, members[i].weight, task, why,
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
    struct words words = {.size = 0};

    say(&words, "queue %s: none of %u agents who fit is free", place->queue, place->lane.members);
    if (say_members(&words, turn, place, task) != FR_OK)
        return NULL;
    return fr_arena_strndup(turn->arena, words.text, words.size);
}

const char *
routing_explain_preferred(struct fr_turn *turn, const char *name, enum routing_preferred verdict)
{
    static const char *const how[] = {
        [ROUTING_PREFERRED_FREE] = "is free",
        [ROUTING_PREFERRED_BUSY] = "is busy",
        [ROUTING_PREFERRED_AWAY] = "is not at work",
        [ROUTING_PREFERRED_UNFIT] = "cannot serve this",
    };

    if (verdict == ROUTING_NOBODY)
        return "";
    return fr_arena_printf(turn->arena, "; %.*s, who served this customer last, %s",
                           ROUTING_AGENT_SIZE - 1, name, how[verdict]);
}
