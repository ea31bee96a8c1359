/* own.c - the stage's own tables: dead inputs, timers, effects to do, attempts, clock; and how its
 * own records change them. */
#include "common/stage/engine.h"

#include "proto/stage.pb-c.h"

/* clang-format off */
const struct fr_table fr_own_tables[] = {
    [FR_OWN_DEAD]     = { "stage.dead",     true,  "id of the InputRejected record -> that record, head and body" },
    [FR_OWN_TIMERS]   = { "stage.timers",   false, "kind, id -> due time in microseconds" },
    [FR_OWN_EFFECTS]  = { "stage.effects",  true,  "kind, id -> tries begun, body of what is to be done" },
    [FR_OWN_ATTEMPTS] = { "stage.attempts", false, "upstream, seq, fingerprint -> tries begun while careful" },
    [FR_OWN_CLOCK]    = { "stage.clock",    false, "\"clock\" -> which steady clock, bus time - it" },
    FR_TABLE_END,
};
/* clang-format on */

static struct fr_slice
kind_and_id(struct fr_key *key, uint32_t kind, uint64_t id)
{
    return fr_key_slice(fr_key_u64(fr_key_u32(fr_key_init(key), kind), id));
}

/* ---- timers ---- */

enum fr_error
fr_timer_get(const struct fr_view *view, uint32_t kind, uint64_t id, struct fr_time *due)
{
    struct fr_key key;

    return fr_get_copy(view, &fr_own_tables[FR_OWN_TIMERS], kind_and_id(&key, kind, id), due,
                       sizeof(*due));
}

/* The order in memory and the table say the same, timer by timer; both are taken back together. */
static enum fr_error
leave_order(struct fr_engine *engine, uint32_t kind, uint64_t id, struct fr_time due)
{
    enum fr_error err =
        fr_timers_remove(&engine->timers, (struct fr_timer){due.unix_us, id, kind, 0});

    fr_assert(err != FR_NOT_FOUND);
    return err;
}

enum fr_error
fr_timer_arm(struct fr_tables *tables, uint32_t kind, uint64_t id, struct fr_time due)
{
    struct fr_engine *engine = fr_tables_context(tables);
    struct fr_time before;
    struct fr_key key;
    enum fr_error err = fr_timer_get(engine->turn.view, kind, id, &before);

    fr_assert(kind >= FR_TIMER_KIND);
    if (err == FR_OK && before.unix_us == due.unix_us)
        return FR_OK;
    if (err == FR_OK)
        err = leave_order(engine, kind, id, before);
    else if (err == FR_NOT_FOUND)
        err = FR_OK;
    if (err == FR_OK)
        err = fr_put(tables, &fr_own_tables[FR_OWN_TIMERS], kind_and_id(&key, kind, id),
                     fr_slice(&due, sizeof(due)));
    if (err == FR_OK)
        err = fr_timers_add(&engine->timers, (struct fr_timer){due.unix_us, id, kind, 0});
    return err;
}

enum fr_error
fr_timer_disarm(struct fr_tables *tables, uint32_t kind, uint64_t id)
{
    struct fr_engine *engine = fr_tables_context(tables);
    struct fr_time due;
    struct fr_key key;
    enum fr_error err = fr_timer_get(engine->turn.view, kind, id, &due);

    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err;
    err = leave_order(engine, kind, id, due);
    if (err == FR_OK && !fr_sabotage("timer_kept_in_table"))
        err = fr_del(tables, &fr_own_tables[FR_OWN_TIMERS], kind_and_id(&key, kind, id));
    return err;
}

static enum fr_error
apply_timer_fired(struct fr_engine *engine, const struct fr_record *event)
{
    const Fr__TimerFired *fired = fr_body(event);

    return fr_timer_disarm(engine->tables, fired->kind, fired->id);
}

/* ---- effects ---- */

enum fr_error
fr_effect_put(struct fr_tables *tables, uint32_t kind, uint64_t id, struct fr_slice body)
{
    struct fr_own_effect head = {0};
    uint8_t *value = fr_arena_alloc(fr_tables_arena(tables), sizeof(head) + body.size);
    struct fr_key key;

    if (value == NULL)
        return FR_NO_MEMORY;
    ((struct fr_engine *)fr_tables_context(tables))->effects_put++;
    memcpy(value, &head, sizeof(head));
    if (body.size > 0)
        memcpy(value + sizeof(head), body.data, body.size);
    return fr_put(tables, &fr_own_tables[FR_OWN_EFFECTS], kind_and_id(&key, kind, id),
                  fr_slice(value, sizeof(head) + body.size));
}

enum fr_error
fr_effect_done(struct fr_tables *tables, uint32_t kind, uint64_t id)
{
    struct fr_key key;

    return fr_del(tables, &fr_own_tables[FR_OWN_EFFECTS], kind_and_id(&key, kind, id));
}

static enum fr_error
apply_effect_begun(struct fr_engine *engine, const struct fr_record *event)
{
    const Fr__EffectBegun *begun = fr_body(event);
    struct fr_own_effect head = {begun->attempt, 0};
    struct fr_slice old;
    struct fr_key key;
    uint8_t *value;
    enum fr_error err = fr_get(engine->turn.view, &fr_own_tables[FR_OWN_EFFECTS],
                               kind_and_id(&key, begun->kind, begun->id), &old);

    if (err == FR_NOT_FOUND)
        return FR_OK;
    if (err != FR_OK)
        return err;
    value = fr_arena_alloc(engine->apply_arena, old.size);
    if (value == NULL)
        return FR_NO_MEMORY;
    memcpy(value, old.data, old.size);
    memcpy(value, &head, sizeof(head));
    return fr_put(engine->tables, &fr_own_tables[FR_OWN_EFFECTS], fr_key_slice(&key),
                  fr_slice(value, old.size));
}

/* ---- dead inputs and attempts ---- */

static enum fr_error
apply_input_rejected(struct fr_engine *engine, const struct fr_record *event)
{
    struct fr_key key;

    return fr_put(engine->tables, &fr_own_tables[FR_OWN_DEAD],
                  fr_key_slice(fr_key_u64(fr_key_init(&key), event->head->id)),
                  fr_slice(event->head, sizeof(*event->head) + event->head->body_size));
}

static enum fr_error
apply_dead_ended(struct fr_engine *engine, const struct fr_record *event)
{
    const Fr__DeadEnded *ended = fr_body(event);
    struct fr_key key;

    return fr_del(engine->tables, &fr_own_tables[FR_OWN_DEAD],
                  fr_key_slice(fr_key_u64(fr_key_init(&key), ended->dead_id)));
}

static struct fr_slice
attempt_key(struct fr_key *key, const char *upstream, uint64_t seq, uint64_t fingerprint)
{
    fr_key_str(fr_key_init(key), upstream);
    return fr_key_slice(fr_key_u64(fr_key_u64(key, seq), fingerprint));
}

uint32_t
fr_own_attempts(const struct fr_view *view, const char *upstream, uint64_t seq,
                uint64_t fingerprint)
{
    uint32_t attempts = 0;
    struct fr_key key;

    fr_get_copy(view, &fr_own_tables[FR_OWN_ATTEMPTS],
                attempt_key(&key, upstream, seq, fingerprint), &attempts, sizeof(attempts));
    return attempts;
}

/* Attempt 0 says that the input was handled after all. */
static enum fr_error
apply_handling_attempted(struct fr_engine *engine, const struct fr_record *event)
{
    const Fr__HandlingAttempted *tried = fr_body(event);
    struct fr_key key;
    struct fr_slice row =
        attempt_key(&key, tried->upstream, tried->upstream_seq, tried->fingerprint);

    if (tried->attempt == 0)
        return fr_del(engine->tables, &fr_own_tables[FR_OWN_ATTEMPTS], row);
    return fr_put(engine->tables, &fr_own_tables[FR_OWN_ATTEMPTS], row,
                  fr_slice(&tried->attempt, sizeof(tried->attempt)));
}

/* ---- the clock ---- */

void
fr_own_clock(const struct fr_view *view, struct fr_own_clock *noted)
{
    fr_get_copy(view, &fr_own_tables[FR_OWN_CLOCK], fr_slice_str("clock"), noted, sizeof(*noted));
}

static enum fr_error
apply_clock_noted(struct fr_engine *engine, const struct fr_record *event)
{
    const Fr__ClockNoted *note = fr_body(event);
    struct fr_own_clock noted = {note->steady_name, note->offset_us};

    return fr_put(engine->tables, &fr_own_tables[FR_OWN_CLOCK], fr_slice_str("clock"),
                  fr_slice(&noted, sizeof(noted)));
}

bool
fr_own_kind(uint32_t kind)
{
    return kind >= FR_INPUT_REJECTED && kind <= FR_CLOCK_NOTED;
}

enum fr_error
fr_own_apply(struct fr_engine *engine, const struct fr_record *event)
{
    switch (event->head->kind) {
    case FR_INPUT_REJECTED:
        return apply_input_rejected(engine, event);
    case FR_DEAD_ENDED:
        return apply_dead_ended(engine, event);
    case FR_HANDLING_ATTEMPTED:
        return apply_handling_attempted(engine, event);
    case FR_TIMER_FIRED:
        return apply_timer_fired(engine, event);
    case FR_EFFECT_BEGUN:
        return apply_effect_begun(engine, event);
    case FR_CLOCK_NOTED:
        return apply_clock_noted(engine, event);
    default:
        return FR_OK; /* started, stopped, clock stepped: for people and for the next start */
    }
}
