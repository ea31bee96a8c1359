/* decide_forget.c - sessions that were quiet for long enough go, some at a time. */
#include "services/channel_webchat/counters.h"
#include "services/channel_webchat/tables.h"

#define SWEEP_EVERY_S 3600
#define SWEEP_MAX 100 /* sessions of one look */
#define SWEEP_ENTRIES_MAX                                                                          \
    4000 /* and entries in them, about: one look must not hold up the others */
#define DAY_US (86400 * INT64_C(1000000))

/* At start: somebody has to make the first look. */
enum fr_error
webchat_decide_config(struct fr_turn *turn, const struct fr_record *input)
{
    Fr__AddressesForgotten forgotten = FR__ADDRESSES_FORGOTTEN__INIT;
    struct fr_time due;

    if (fr_timer_get(turn->view, WEBCHAT_TIMER_SWEEP, 0, &due) == FR_OK)
        return FR_OK;
    forgotten.again_us = fr_time_add(turn->now, fr_seconds(SWEEP_EVERY_S)).unix_us;
    return fr_emit(turn, input, &forgotten.base);
}

static enum fr_error
entries_of(struct fr_turn *turn, const char *session, size_t *entries)
{
    struct fr_arena_mark mark = fr_arena_mark(turn->arena);
    const Fr__WebchatStateSession *row;
    enum fr_error err = webchat_session_get(turn->view, turn->arena, session, &row);

    if (err == FR_OK)
        *entries += row->count;
    fr_arena_release(turn->arena, mark);
    return err == FR_NOT_FOUND ? FR_CORRUPT : err;
}

/* *more: others wait that are as old. */
static enum fr_error
collect_old(struct fr_turn *turn, char **addresses, size_t *count, bool *more)
{
    const struct webchat_config *config = turn->config;
    int64_t oldest_day = (turn->now.unix_us - config->keep.us) / DAY_US;
    const char *session;
    struct fr_scan scan;
    size_t entries = 0;
    uint32_t day;
    enum fr_error err;

    webchat_session_scan(&scan, turn->view);
    while ((err = webchat_session_next(&scan, &day, &session)) == FR_OK && day < oldest_day) {
        *more = *count == SWEEP_MAX || entries > SWEEP_ENTRIES_MAX;
        if (*more)
            break;
        addresses[*count] = fr_arena_strdup(turn->arena, session);
        err = addresses[*count] == NULL ? FR_NO_MEMORY : entries_of(turn, session, &entries);
        if (err != FR_OK)
            break;
        ++*count;
    }
    fr_scan_fini(&scan);
    return err == FR_NOT_FOUND ? FR_OK : err;
}

/* The timer of the hourly look.
 *
 * Reads ages, sessions.  Emits AddressesForgotten, which also says when the next look is.
 */
enum fr_error
webchat_decide_sweep(struct fr_turn *turn, const struct fr_record *input)
{
    Fr__AddressesForgotten forgotten = FR__ADDRESSES_FORGOTTEN__INIT;
    char *addresses[SWEEP_MAX];
    size_t count = 0;
    bool more = false;
    enum fr_error err = collect_old(turn, addresses, &count, &more);

    if (err != FR_OK)
        return err;
    forgotten.addresses = addresses;
    forgotten.n_addresses = count;
    forgotten.again_us = fr_time_add(turn->now, fr_seconds(more ? 1 : SWEEP_EVERY_S)).unix_us;
    fr_count(turn, WEBCHAT_COUNT_FORGOTTEN, count);
    return fr_emit(turn, input, &forgotten.base);
}
