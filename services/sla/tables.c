/* tables.c - every table of sla: key layout, get and put; nothing else touches the store. */
#include "services/sla/tables.h"

enum { CONVERSATIONS, TARGETS, DUE, PLACES, BREACHES, TOTALS };

/* clang-format off */
const struct fr_table sla_tables[] = {
    [CONVERSATIONS] = { "conversations", false, "u64 conversation -> struct sla_conversation" },
    [TARGETS]       = { "targets",       false, "u64 target -> struct sla_target" },
    [DUE]           = { "due",           true,  "i64 deadline, u64 open target -> nothing" },
    [PLACES]        = { "places",        false, "u64 conversation -> struct sla_place" },
    [BREACHES]      = { "breaches",      true,  "i64 when it was seen, u64 target -> TargetBreached" },
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

/* ---- conversations ---- */

enum fr_error
sla_conversation_get(const struct fr_view *view, uint64_t conversation_id,
                     struct sla_conversation *out)
{
    struct fr_key key;
    enum fr_error err =
        fr_get_copy(view, TABLE(CONVERSATIONS), id_key(&key, conversation_id), out, sizeof(*out));

    if (err != FR_NOT_FOUND)
        return err;
    memset(out, 0, sizeof(*out));
    return FR_OK;
}

enum fr_error
sla_conversation_put(struct fr_tables *tables, uint64_t conversation_id,
                     const struct sla_conversation *row)
{
    struct fr_key key;

    return fr_put(tables, TABLE(CONVERSATIONS), id_key(&key, conversation_id),
                  fr_slice(row, sizeof(*row)));
}

/* ---- targets ---- */

enum fr_error
sla_target_get(const struct fr_view *view, uint64_t target_id, struct sla_target *out)
{
    struct fr_key key;

    return fr_get_copy(view, TABLE(TARGETS), id_key(&key, target_id), out, sizeof(*out));
}

enum fr_error
sla_target_put(struct fr_tables *tables, const struct sla_target *target)
{
    struct fr_slice due;
    struct fr_key key;
    enum fr_error err = fr_put(tables, TABLE(TARGETS), id_key(&key, target->target_id),
                               fr_slice(target, sizeof(*target)));

    if (err != FR_OK)
        return err;
    due = time_key(&key, target->due_us, target->target_id);
    return target->state == SLA_OPEN ? fr_put(tables, TABLE(DUE), due, NOTHING)
                                     : fr_del(tables, TABLE(DUE), due);
}

void
sla_due_scan(struct fr_scan *scan, const struct fr_view *view)
{
    fr_scan_init(scan, view, TABLE(DUE), NOTHING, NOTHING);
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

/* ---- places ---- */

enum fr_error
sla_place_get(const struct fr_view *view, uint64_t conversation_id, struct sla_place *out)
{
    struct fr_key key;

    return fr_get_copy(view, TABLE(PLACES), id_key(&key, conversation_id), out, sizeof(*out));
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
sla_breach_put(struct fr_tables *tables, int64_t at_us, const Fr__TargetBreached *breach)
{
    struct fr_key key;

    return fr_put_message(tables, TABLE(BREACHES), time_key(&key, at_us, breach->target_id),
                          &breach->base);
}

void
sla_breach_scan(struct fr_scan *scan, const struct fr_view *view)
{
    fr_scan_init_back(scan, view, TABLE(BREACHES), NOTHING, NOTHING);
}

enum fr_error
sla_breach_next(struct fr_scan *scan, struct fr_arena *arena, int64_t *at_us,
                const Fr__TargetBreached **breach)
{
    struct fr_slice key, value;
    enum fr_error err = fr_scan_next(scan, &key, &value);

    if (err == FR_OK)
        err = fr_key_take_i64(&key, at_us);
    if (err != FR_OK)
        return err;
    *breach = fr_unpack_in(arena, &fr__target_breached__descriptor, value);
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
    enum fr_error err = fr_get_copy(view, TABLE(TOTALS), kind_key(&key, kind), out, sizeof(*out));

    if (err != FR_NOT_FOUND)
        return err;
    memset(out, 0, sizeof(*out));
    return FR_OK;
}

enum fr_error
sla_totals_put(struct fr_tables *tables, Fr__TargetKind kind, const struct sla_totals *row)
{
    struct fr_key key;

    return fr_put(tables, TABLE(TOTALS), kind_key(&key, kind), fr_slice(row, sizeof(*row)));
}
