/* bots.h - a room full of scripted agents, run by one loop. */
#ifndef FR_FIL_BOTS_H
#define FR_FIL_BOTS_H

#include <poll.h>
#include "services/fil/bot.h"
#include "services/fil/roster.h"

struct fil_bots {
    struct fil_bot *bots[FIL_ROSTER_MAX];
    size_t count;
    struct fil_roster roster; /* their names live here */
};

/* One for each of `bots->roster`, all like `options` but for name, password and desk. */
void fil_bots_start(struct fil_bots *bots, const struct fil_bot_options *options);
/* Signs all of them out, and lets go. */
void fil_bots_free(struct fil_bots *bots);
/* Fills polled[0 .. count - 1], lowers *due_us. */
void fil_bots_wait(const struct fil_bots *bots, struct pollfd *polled, int64_t *due_us);
void fil_bots_turn(struct fil_bots *bots, const struct pollfd *polled, int64_t now_us);
size_t fil_bots_here(const struct fil_bots *bots);
size_t fil_bots_refused(const struct fil_bots *bots);
size_t fil_bots_holding(const struct fil_bots *bots);

#endif
