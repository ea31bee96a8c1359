/* bots.c - a room full of scripted agents, run by one loop. */
#include "services/fil/bots.h"

void
fil_bots_start(struct fil_bots *bots, const struct fil_bot_options *options)
{
    for (bots->count = 0; bots->count < bots->roster.count; bots->count++) {
        struct fil_bot_options own = *options;

        own.desk = bots->roster.desk;
        own.name = bots->roster.agents[bots->count].name;
        own.password = bots->roster.agents[bots->count].password;
        bots->bots[bots->count] = fil_bot_new(&own);
    }
}

void
fil_bots_free(struct fil_bots *bots)
{
    for (size_t i = 0; i < bots->count; i++) {
        fil_bot_sign_out(bots->bots[i]);
        fil_bot_free(&bots->bots[i]);
    }
    bots->count = 0;
}

void
fil_bots_wait(const struct fil_bots *bots, struct pollfd *polled, int64_t *due_us)
{
    for (size_t i = 0; i < bots->count; i++) {
        struct fil_bot_wait wait = fil_bot_wait(bots->bots[i]);

        polled[i] = (struct pollfd){wait.fd, wait.events, 0};
        if (wait.due_us < *due_us)
            *due_us = wait.due_us;
    }
}

void
fil_bots_turn(struct fil_bots *bots, const struct pollfd *polled, int64_t now_us)
{
    for (size_t i = 0; i < bots->count; i++)
        if (polled[i].revents != 0 || fil_bot_wait(bots->bots[i]).due_us <= now_us)
            fil_bot_turn(bots->bots[i], polled[i].revents, now_us);
}

static size_t
count_state(const struct fil_bots *bots, enum fil_bot_state state)
{
    size_t count = 0;

    for (size_t i = 0; i < bots->count; i++)
        count += fil_bot_state(bots->bots[i]) == state;
    return count;
}

size_t
fil_bots_here(const struct fil_bots *bots)
{
    return count_state(bots, FIL_BOT_HERE);
}

size_t
fil_bots_refused(const struct fil_bots *bots)
{
    return count_state(bots, FIL_BOT_REFUSED);
}

size_t
fil_bots_holding(const struct fil_bots *bots)
{
    size_t count = 0;

    for (size_t i = 0; i < bots->count; i++)
        count += fil_bot_stats(bots->bots[i]).holding;
    return count;
}
