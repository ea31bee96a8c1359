/* tables.c - every table of sla: key layout, get and put; nothing else touches the store. */
#include "services/sla/tables.h"

enum { CONVERSATIONS, OPEN, TARGETS, DUE, PROMISES, REQUESTS, PLACES, BREACHES, TOTALS };

/* clang-format off */
const struct fr_table sla_tables[] = {
    [CONVERSATIONS] = { "conversations", false, "u64 conversation -> struct sla_conversation" },
    [OPEN]          = { "open",          true,  "u64 conversation that is not closed -> nothing" },
    [TARGETS]       = { "targets",       false, "u64 target -> struct sla_target" },
    [DUE]           = { "due",           true,  "i64 deadline, u64 open target -> nothing" },
    [PROMISES]      = { "promises",      true,  "u64 target -> SlaStatePromise" },
    [REQUESTS]      = { "requests",      false, "u64 conversation, str request id -> u64 promise" },
    [PLACES]        = { "places",        false, "u64 conversation -> struct sla_place" },
    [BREACHES]      = { "breaches",      true,  "i64 when it was seen, u64 target -> SlaStateBreach" },
    [TOTALS]        = { "totals",        false, "u8 kind of target -> struct sla_totals" },
    FR_TABLE_END,
};
/* clang-format on */

#define TABLE(number) (&sla_tables[number])
#define NOTHING fr_slice(NULL, 0)

static struct fr_slice
id_key(struct fr_key *key, uint64_t id)
{
    return fr_key_slice(fr_key_u64(fr_key_init(key), id));
}

static struct fr_slice
time_key(struct fr_key *key, int64_t us, uint64_t id)
{
    return fr_key_slice(fr_key_u64(fr_key_i64(fr_key_init(key), us), id));
}

/* A struct by id; zeroes when there is none and `zeroed` says so. */
static enum fr_error
get_struct(const struct fr_view *view, int table, struct fr_slice key, void *out, size_t size,
           bool zeroed)
{
    enum fr_error err = fr_get_copy(view, TABLE(table), key, out, size);

    if (err != FR_NOT_FOUND || !zeroed)
        return err;
    memset(out, 0, size);
    return FR_OK;
}

/* ---- conversations ---- */

enum fr_error
sla_conversation_get(const struct fr_view *view, uint64_t conversation_id,
                     struct sla_conversation *out)
{
    struct fr_key key;

    return get_struct(view, CONVERSATIONS, id_key(&key, conversation_id), out, sizeof(*out), true);
}

enum fr_error
sla_conversation_put(struct fr_tables *tables, uint64_t conversation_id,
                     const struct sla_conversation *row)
{
    struct fr_key key;
    struct fr_slice id = id_key(&key, conversation_id), value;
    bool listed = fr_get(fr_tables_view(tables), TABLE(OPEN), id, &value) == FR_OK;
    enum fr_error err = fr_put(tables, TABLE(CONVERSATIONS), id, fr_slice(row, sizeof(*row)));

    if (err != FR_OK || listed == !row->closed)
        return err;
    return row->closed ? fr_del(tables, TABLE(OPEN), id) : fr_put(tables, TABLE(OPEN), id, NOTHING);
}

enum fr_error
sla_conversation_drop(struct fr_tables *tables, uint64_t conversation_id)
{
    struct fr_key key;
    struct fr_slice id = id_key(&key, conversation_id);
    enum fr_error err = fr_del(tables, TABLE(CONVERSATIONS), id);

    if (err == FR_OK)
        err = fr_del(tables, TABLE(OPEN), id);
    return err == FR_OK ? fr_del(tables, TABLE(PLACES), id) : err;
}

void
sla_open_scan(struct fr_scan *scan, const struct fr_view *view, uint64_t after)
{
    struct fr_key key;

    fr_scan_init(scan, view, TABLE(OPEN), NOTHING, id_key(&key, after + 1));
}

enum fr_error
sla_open_next(struct fr_scan *scan, uint64_t *conversation_id)
{
    struct fr_slice key, value;
    enum fr_error err = fr_scan_next(scan, &key, &value);

    return err == FR_OK ? fr_key_take_u64(&key, conversation_id) : err;
}

/* ---- targets ---- */

enum fr_error
sla_target_get(const struct fr_view *view, uint64_t target_id, struct sla_target *out)
{
    struct fr_key key;

    return get_struct(view, TARGETS, id_key(&key, target_id), out, sizeof(*out), false);
}

/* When it stands in the list of what is due; 0: not at all. */
static int64_t
listed_at(const struct sla_target *target)
{
    return target != NULL && target->state == SLA_OPEN ? target->due_us : 0;
}

enum fr_error
sla_target_put(struct fr_tables *tables, const struct sla_target *before,
               const struct sla_target *target)
{
    int64_t was_us = listed_at(before), is_us = listed_at(target);
    struct fr_key key;
    enum fr_error err = fr_put(tables, TABLE(TARGETS), id_key(&key, target->target_id),
                               fr_slice(target, sizeof(*target)));

    if (err == FR_OK && was_us != 0 && was_us != is_us)
        err = fr_del(tables, TABLE(DUE), time_key(&key, was_us, target->target_id));
    if (err == FR_OK && is_us != 0 && was_us != is_us)
        err = fr_put(tables, TABLE(DUE), time_key(&key, is_us, target->target_id), NOTHING);
    return err;
}

enum fr_error
sla_target_drop(struct fr_tables *tables, const struct sla_target *target)
{
    struct fr_key key;
    enum fr_error err = fr_del(tables, TABLE(TARGETS), id_key(&key, target->target_id));

    if (err == FR_OK && listed_at(target) != 0)
        err = fr_del(tables, TABLE(DUE), time_key(&key, target->due_us, target->target_id));
    return err;
}

struct sla_clock
sla_target_clock(const struct sla_target *target)
{
    return (struct sla_clock){.promised_us = target->promised_us,
                              .elapsed_us = target->elapsed_us,
                              .since_us = target->since_us,
                              .due_us = target->due_us,
                              .rolled_us = target->rolled_us,
                              .paused = target->paused != 0};
}

void
sla_due_scan(struct fr_scan *scan, const struct fr_view *view, int64_t from_us, uint64_t from_id)
{
    struct fr_key key;

    fr_scan_init(scan, view, TABLE(DUE), NOTHING, time_key(&key, from_us, from_id));
}

enum fr_error
sla_due_next(struct fr_scan *scan, uint64_t *target_id)
{
    struct fr_slice key, value;
    int64_t due_us;
    enum fr_error err = fr_scan_next(scan, &key, &value);

    if (err == FR_OK)
        err = fr_key_take_i64(&key, &due_us);
    return err != FR_OK ? err : fr_key_take_u64(&key, target_id);
}

/* ---- promises ---- */

static struct fr_slice
request_key(struct fr_key *key, uint64_t conversation_id, const char *request_id)
{
    return fr_key_slice(fr_key_str(fr_key_u64(fr_key_init(key), conversation_id), request_id));
}

enum fr_error
sla_promise_get(const struct fr_view *view, uint64_t promise_id, struct fr_arena *arena,
                const Fr__SlaStatePromise **out)
{
    struct fr_key key;
    const void *message;
    enum fr_error err = fr_get_message(view, TABLE(PROMISES), id_key(&key, promise_id),
                                       &fr__sla_state_promise__descriptor, arena, &message);

    if (err == FR_OK)
        *out = message;
    return err;
}

enum fr_error
sla_promise_put(struct fr_tables *tables, uint64_t promise_id, const Fr__SlaStatePromise *promise)
{
    struct fr_key key;
    enum fr_error err =
        fr_put_message(tables, TABLE(PROMISES), id_key(&key, promise_id), &promise->base);

    if (err != FR_OK)
        return err;
    return fr_put(
        tables, TABLE(REQUESTS),
        request_key(&key, promise->promise->conversation_id, promise->promise->request_id),
        fr_slice(&promise_id, sizeof(promise_id)));
}

enum fr_error
sla_promise_drop(struct fr_tables *tables, uint64_t promise_id, const Fr__SlaStatePromise *promise)
{
    struct fr_key key;
    enum fr_error err = fr_del(tables, TABLE(PROMISES), id_key(&key, promise_id));

    if (err != FR_OK)
        return err;
    return fr_del(
        tables, TABLE(REQUESTS),
        request_key(&key, promise->promise->conversation_id, promise->promise->request_id));
}

enum fr_error
sla_request_get(const struct fr_view *view, uint64_t conversation_id, const char *request_id,
                uint64_t *promise_id)
{
    struct fr_key key;

    return get_struct(view, REQUESTS, request_key(&key, conversation_id, request_id), promise_id,
                      sizeof(*promise_id), false);
}

void
sla_promise_scan(struct fr_scan *scan, const struct fr_view *view, uint64_t before)
{
    struct fr_key key;

    fr_scan_init_back(scan, view, TABLE(PROMISES), NOTHING,
                      before == 0 ? NOTHING : id_key(&key, before - 1));
}

enum fr_error
sla_promise_next(struct fr_scan *scan, struct fr_arena *arena, uint64_t *promise_id,
                 const Fr__SlaStatePromise **out)
{
    struct fr_slice key, value;
    enum fr_error err = fr_scan_next(scan, &key, &value);

    if (err == FR_OK)
        err = fr_key_take_u64(&key, promise_id);
    if (err != FR_OK)
        return err;
    *out = fr_unpack_in(arena, &fr__sla_state_promise__descriptor, value);
    return *out == NULL ? FR_CORRUPT : FR_OK;
}

/* ---- places ---- */

enum fr_error
sla_place_get(const struct fr_view *view, uint64_t conversation_id, struct sla_place *out)
{
    struct fr_key key;

    return get_struct(view, PLACES, id_key(&key, conversation_id), out, sizeof(*out), false);
}

enum fr_error
sla_place_put(struct fr_tables *tables, uint64_t conversation_id, const struct sla_place *place)
{
    struct fr_key key;

    return fr_put(tables, TABLE(PLACES), id_key(&key, conversation_id),
                  fr_slice(place, sizeof(*place)));
}

enum fr_error
sla_place_drop(struct fr_tables *tables, uint64_t conversation_id)
{
    struct fr_key key;

    return fr_del(tables, TABLE(PLACES), id_key(&key, conversation_id));
}

/* ---- breaches ---- */

enum fr_error
sla_breach_get(const struct fr_view *view, int64_t at_us, uint64_t target_id,
               struct fr_arena *arena, const Fr__SlaStateBreach **out)
{
    struct fr_key key;
    const void *message;
    enum fr_error err = fr_get_message(view, TABLE(BREACHES), time_key(&key, at_us, target_id),
                                       &fr__sla_state_breach__descriptor, arena, &message);

    if (err == FR_OK)
        *out = message;
    return err;
}

enum fr_error
sla_breach_put(struct fr_tables *tables, int64_t at_us, const Fr__SlaStateBreach *breach)
{
    struct fr_key key;

    return fr_put_message(tables, TABLE(BREACHES), time_key(&key, at_us, breach->breach->target_id),
                          &breach->base);
}

void
sla_breach_scan(struct fr_scan *scan, const struct fr_view *view, int64_t before_us,
                uint64_t before_id)
{
    struct fr_key key;

    fr_scan_init_back(scan, view, TABLE(BREACHES), NOTHING,
                      before_us == 0 ? NOTHING : time_key(&key, before_us, before_id - 1));
}

enum fr_error
sla_breach_next(struct fr_scan *scan, struct fr_arena *arena, int64_t *at_us,
                const Fr__SlaStateBreach **breach)
{
    struct fr_slice key, value;
    enum fr_error err = fr_scan_next(scan, &key, &value);

    if (err == FR_OK)
        err = fr_key_take_i64(&key, at_us);
    if (err != FR_OK)
        return err;
    *breach = fr_unpack_in(arena, &fr__sla_state_breach__descriptor, value);
    return *breach == NULL ? FR_CORRUPT : FR_OK;
}

/* ---- totals ---- */

static struct fr_slice
kind_key(struct fr_key *key, Fr__TargetKind kind)
{
    return fr_key_slice(fr_key_u8(fr_key_init(key), (uint8_t)kind));
}

enum fr_error
sla_totals_get(const struct fr_view *view, Fr__TargetKind kind, struct sla_totals *out)
{
    struct fr_key key;

    return get_struct(view, TOTALS, kind_key(&key, kind), out, sizeof(*out), true);
}

enum fr_error
sla_totals_put(struct fr_tables *tables, Fr__TargetKind kind, const struct sla_totals *row)
{
    struct fr_key key;

    return fr_put(tables, TABLE(TOTALS), kind_key(&key, kind), fr_slice(row, sizeof(*row)));
}
