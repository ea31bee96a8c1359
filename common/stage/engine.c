/* engine.c - decide and apply: one input in, its events numbered, applied, or all taken back. */
#include "common/stage/engine.h"

#include <stdlib.h>
#include "proto/stage.pb-c.h"

#define TURN_BLOCK_SIZE (64u << 10)
#define TURN_SIZE_MAX (16u << 20) /* what unpacking one hostile input may cost */
#define LOADED_TELL_MIN 100000    /* timers that take a while to load: said in the log */

/* ---- setting up ---- */

static enum fr_error
index_inputs(struct fr_engine *engine)
{
    const struct fr_input *inputs = engine->stage->inputs;

    engine->roles = calloc(FR_ROLE_MAX, sizeof(*engine->roles));
    if (engine->roles == NULL)
        return FR_NO_MEMORY;
    for (size_t i = 0; inputs[i].kind != FR_KIND_END; i++) {
        int role = fr_engine_role(engine, inputs[i].upstream);

        if (role < 0) {
            fr_assert(engine->role_count < FR_ROLE_MAX && i < UINT8_MAX);
            role = (int)engine->role_count++;
            engine->roles[role].name = inputs[i].upstream;
        }
        if (inputs[i].kind < FR_KIND_SERVICE_MAX)
            engine->roles[role].input_index[inputs[i].kind] = (uint8_t)(i + 1);
    }
    return FR_OK;
}

static void
index_events(struct fr_engine *engine)
{
    const struct fr_event *events = engine->stage->events;

    for (size_t i = 0; events[i].kind != FR_KIND_END; i++) {
        fr_assert(events[i].kind < FR_KIND_SERVICE_MAX && i < UINT8_MAX);
        engine->event_index[events[i].kind] = (uint8_t)(i + 1);
    }
}

/* ---- the timers' order, from their table ---- */

struct places {
    struct fr_timer_place *items;
    size_t count, room;
};

static enum fr_error
keep_place(struct places *places, struct fr_slice key, struct fr_slice value)
{
    struct fr_timer timer = {0};

    if (fr_key_take_u32(&key, &timer.kind) != FR_OK || fr_key_take_u64(&key, &timer.id) != FR_OK ||
        value.size != sizeof(timer.due_us))
        return FR_CORRUPT;
    if (places->count == places->room) {
        size_t room = places->room == 0 ? 1024 : places->room * 2;
        struct fr_timer_place *items = realloc(places->items, room * sizeof(*items));

        if (items == NULL)
            return FR_NO_MEMORY;
        places->items = items;
        places->room = room;
    }
    memcpy(&timer.due_us, value.data, sizeof(timer.due_us));
    places->items[places->count++] = fr_timer_place(timer);
    return FR_OK;
}

static enum fr_error
read_places(struct fr_engine *engine, struct places *places)
{
    const struct fr_view *view;
    struct fr_store_position position;
    struct fr_slice key, value;
    struct fr_scan scan;
    enum fr_error err = fr_store_read_begin(engine->store, &view, &position);

    if (err != FR_OK)
        return err;
    fr_scan_init(&scan, view, &fr_own_tables[FR_OWN_TIMERS], fr_slice(NULL, 0), fr_slice(NULL, 0));
    while (err == FR_OK && (err = fr_scan_next(&scan, &key, &value)) == FR_OK)
        err = keep_place(places, key, value);
    fr_scan_fini(&scan);
    fr_store_read_end(engine->store, &view);
    return err == FR_NOT_FOUND ? FR_OK : err;
}

static enum fr_error
load_timers(struct fr_engine *engine)
{
    struct fr_span begun = fr_time_monotonic();
    struct places places = {0};
    enum fr_error err;

    if (fr_journal_end(engine->journal).seq == 0 || fr_sabotage("timers_not_loaded"))
        return FR_OK; /* nothing has happened yet, and memory tables have no checkpoint to read */
    err = read_places(engine, &places);
    if (err == FR_OK)
        err = fr_timers_fill(&engine->timers, places.items, places.count);
    free(places.items);
    if (err == FR_OK && places.count >= LOADED_TELL_MIN)
        fr_log(FR_INFO, "timers_loaded", "count=%zu took_ms=%lld", places.count,
               (long long)(fr_time_monotonic().us - begun.us) / 1000);
    return err;
}

void
fr_engine_move(struct fr_engine *engine, struct fr_store *store)
{
    engine->store = store;
    engine->tables = fr_store_tables(store);
    engine->turn.view = fr_tables_view(engine->tables);
    fr_tables_set_context(engine->tables, engine);
}

enum fr_error
fr_engine_init(struct fr_engine *engine, const struct fr_stage *stage, struct fr_journal *journal,
               struct fr_store *store, const void *config)
{
    enum fr_error err;

    *engine = (struct fr_engine){.stage = stage, .journal = journal};
    engine->name = fr_journal_name(journal);
    fr_engine_move(engine, store);
    engine->apply_arena = fr_arena_new(TURN_BLOCK_SIZE, TURN_SIZE_MAX);
    engine->turn.arena = fr_arena_new(TURN_BLOCK_SIZE, TURN_SIZE_MAX);
    engine->turn.config = config;
    engine->turn.engine = engine;
    if (engine->apply_arena == NULL || engine->turn.arena == NULL)
        return FR_NO_MEMORY;
    index_events(engine);
    err = index_inputs(engine);
    if (err != FR_OK)
        return err;
    return load_timers(engine);
}

void
fr_engine_fini(struct fr_engine *engine)
{
    fr_timers_fini(&engine->timers);
    fr_arena_free(&engine->apply_arena);
    fr_arena_free(&engine->turn.arena);
    free(engine->roles);
    free(engine->answer);
    engine->roles = NULL;
    engine->answer = NULL;
}

int
fr_engine_role(const struct fr_engine *engine, const char *name)
{
    for (size_t i = 0; i < engine->role_count; i++)
        if (strcmp(engine->roles[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* ---- one input ---- */

static const struct fr_input *
input_row(const struct fr_engine *engine, int role, uint32_t kind)
{
    const struct fr_input *inputs = engine->stage->inputs;

    if (role < 0)
        return NULL;
    if (kind < FR_KIND_SERVICE_MAX) {
        uint8_t index = engine->roles[role].input_index[kind];

        return index == 0 ? NULL : &inputs[index - 1];
    }
    for (size_t i = 0; inputs[i].kind != FR_KIND_END; i++)
        if (inputs[i].kind == kind && strcmp(inputs[i].upstream, engine->roles[role].name) == 0)
            return &inputs[i];
    return NULL;
}

static void
begin_input(struct fr_engine *engine)
{
    engine->first_id = 0;
    engine->rejected = engine->answered = false;
    engine->reason[0] = '\0';
    engine->answer_size = 0;
}

static enum fr_error
run_decide(struct fr_engine *engine, fr_decide_fn *decide, struct fr_record *record)
{
    struct fr_frame_mark mark = fr_journal_mark(engine->journal);
    enum fr_error err;

    fr_store_mark(engine->store);
    fr_timers_mark(&engine->timers);
    fr_arena_reset(engine->turn.arena);
    begin_input(engine);

    if (record->head->kind >= FR_TIMER_KIND && record->upstream == engine->name) {
        Fr__TimerFired fired = FR__TIMER_FIRED__INIT;

        fired.kind = record->head->kind;
        fired.id = record->head->key;
        fired.due_us = record->head->time_us;
        err = fr_engine_own(engine, record, &fired.base);
    } else {
        err = FR_OK;
    }
    if (err == FR_OK && decide != NULL)
        err = decide(&engine->turn, record);
    if (err != FR_OK) {
        fr_store_undo(engine->store);
        fr_timers_undo(&engine->timers);
        fr_journal_undo(engine->journal, mark);
        begin_input(engine); /* nothing of it may reach whoever waits for the outcome */
        /* An answer that decide let through is no answer of ours: FR_NOT_FOUND would say that
         * nobody takes this input, or that no timer is due, and it would be passed over. */
        return err == FR_NOT_FOUND ? FR_INVALID : err;
    }
    atomic_fetch_add_explicit(&engine->inputs, 1, memory_order_relaxed);
    return FR_OK;
}

bool
fr_engine_takes(const struct fr_engine *engine, int role, uint32_t kind)
{
    return input_row(engine, role, kind) != NULL;
}

enum fr_error
fr_engine_input(struct fr_engine *engine, int role, const struct fr_record_head *head,
                const char *upstream)
{
    const struct fr_input *row = input_row(engine, role, head->kind);
    struct fr_record record = {
        .head = head, .body = fr_record_body(head), .upstream = upstream, .engine = engine};

    if (row == NULL)
        return FR_NOT_FOUND;
    engine->submitted = strcmp(engine->roles[role].name, FR_LOCAL) == 0;
    return run_decide(engine, row->decide, &record);
}

enum fr_error
fr_engine_config(struct fr_engine *engine, const void *config)
{
    struct fr_record_head head = {.size = sizeof(head), .kind = FR_KIND_ANY};
    struct fr_record record = {.head = &head, .upstream = FR_CONFIG, .engine = engine};
    const struct fr_input *row;

    engine->turn.config = config;
    row = input_row(engine, fr_engine_role(engine, FR_CONFIG), FR_KIND_ANY);
    if (row == NULL)
        return FR_NOT_FOUND;
    head.time_us = engine->turn.now.unix_us;
    engine->submitted = false;
    return run_decide(engine, row->decide, &record);
}

struct fr_record_head
fr_engine_timer_head(const struct fr_timer *timer)
{
    return (struct fr_record_head){.size = sizeof(struct fr_record_head),
                                   .kind = timer->kind,
                                   .key = timer->id,
                                   .time_us = timer->due_us};
}

enum fr_error
fr_engine_timer_due(struct fr_engine *engine, struct fr_timer *timer)
{
    struct fr_timer first;
    int64_t now_us = engine->turn.now.unix_us + (fr_sabotage("timer_early") ? 5000 : 0);

    if (!fr_timers_first(&engine->timers, &first) || first.due_us > now_us)
        return FR_NOT_FOUND;
    *timer = first;
    return FR_OK;
}

enum fr_error
fr_engine_timer(struct fr_engine *engine)
{
    struct fr_timer timer;
    struct fr_record_head head;
    struct fr_record record = {.head = &head, .upstream = engine->name, .engine = engine};
    const struct fr_input *row;
    enum fr_error err = fr_engine_timer_due(engine, &timer);

    if (err != FR_OK)
        return err;
    head = fr_engine_timer_head(&timer);
    row = input_row(engine, fr_engine_role(engine, FR_TIMER), head.kind);
    engine->submitted = false;
    /* It leaves the order when TimerFired is applied; after trouble it is the first again. */
    return run_decide(engine, row == NULL ? NULL : row->decide, &record);
}

/* ---- applying ---- */

static enum fr_error
apply_event(struct fr_engine *engine, const struct fr_record *event)
{
    uint32_t kind = event->head->kind;
    struct fr_arena_mark mark = fr_arena_mark(engine->apply_arena);
    enum fr_error err = FR_OK;

    if (fr_own_kind(kind)) {
        err = fr_own_apply(engine, event);
    } else if (kind < FR_KIND_SERVICE_MAX && engine->event_index[kind] != 0) {
        err = engine->stage->events[engine->event_index[kind] - 1].apply(engine->tables, event);
    }
    fr_arena_release(engine->apply_arena, mark);
    return err;
}

enum fr_error
fr_engine_apply(struct fr_engine *engine, const struct fr_record_head *head)
{
    const struct fr_record event = {
        .head = head, .body = fr_record_body(head), .upstream = engine->name, .engine = engine};

    fr_store_mark(engine->store); /* keeps the undo lists short; nothing is taken back here */
    fr_timers_mark(&engine->timers);
    return apply_event(engine, &event);
}

enum fr_error
fr_engine_emitted(struct fr_engine *engine, const struct fr_record_head *head)
{
    const struct fr_record event = {
        .head = head, .body = fr_record_body(head), .upstream = engine->name, .engine = engine};

    if (engine->first_id == 0 && !fr_own_kind(head->kind))
        engine->first_id = head->id;
    atomic_fetch_add_explicit(&engine->events, 1, memory_order_relaxed);
    return apply_event(engine, &event);
}
