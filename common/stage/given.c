/* given.c - the bench for decide and apply: memory journal, memory tables, a clock that the test
 * moves. */
#include "common/stage/given.h"

#include <stdlib.h>
#include "common/stage/engine.h"
#include "common/base/hash.h"
#include "common/stage/options.h"

struct fr_given {
    struct fr_engine engine;
    struct fr_options *options;
    struct fr_journal *journal;
    struct fr_store *store;
    struct fr_arena *arena;
    struct fr_time now;
    uint64_t input_id, next_input_id, last_seq;
    uint64_t input_seq;
    const struct fr_record_head **events; /* copies in arena */
    size_t event_count, event_room;
};

static void
open_state(const struct fr_stage *stage, struct fr_journal **journal, struct fr_store **store)
{
    struct fr_journal_options journal_options = {.name = stage->name, .segment_size = 1 << 20};
    struct fr_store_options store_options = {
        .tables = stage->tables, .more_tables = fr_own_tables, .dirty_size_max = SIZE_MAX / 2};
    struct fr_store_position position;
    char complaint[256] = "";

    fr_assert(fr_journal_open(&journal_options, journal, complaint, sizeof(complaint)) == FR_OK);
    fr_assert(fr_store_open(&store_options, store, &position) == FR_OK);
}

/* Syncs what the last input emitted and keeps copies of the service's own events. */
static void
collect(struct fr_given *given)
{
    struct fr_cursor from = fr_journal_end(given->journal);
    struct fr_reader *reader;
    struct fr_batch batch;

    if (fr_journal_pending(given->journal) == 0)
        return;
    fr_assert(fr_journal_sync(given->journal) == FR_OK);
    fr_assert(fr_reader_new(given->journal, &from, &reader) == FR_OK);
    while (fr_reader_next(reader, 1 << 20, NULL, 0, &batch) == FR_OK) {
        struct fr_slice rest = batch.bytes;
        const struct fr_record_head *head;

        while ((head = fr_records_next(&rest)) != NULL) {
            void *copy;

            if (fr_own_kind(head->kind))
                continue;
            if (given->event_count == given->event_room) {
                given->event_room = given->event_room * 2 + 64;
                given->events = realloc(given->events, given->event_room * sizeof(*given->events));
                fr_assert(given->events != NULL);
            }
            copy = fr_arena_alloc(given->arena, head->size);
            fr_assert(copy != NULL);
            memcpy(copy, head, head->size);
            given->events[given->event_count++] = copy;
        }
        fr_hold_release(batch.hold);
    }
    fr_reader_free(&reader);
}

static void
forget_events(struct fr_given *given)
{
    given->event_count = 0;
    fr_arena_reset(given->arena);
}

struct fr_given *
fr_given_new(const struct fr_stage *stage, const char *yaml)
{
    struct fr_given *given = calloc(1, sizeof(*given));

    fr_assert(given != NULL);
    fr_assert(fr_options_parse(stage, yaml, strlen(yaml), stderr, &given->options) == FR_OK);
    given->arena = fr_arena_new(1 << 16, (size_t)256 << 20);
    fr_assert(given->arena != NULL);
    open_state(stage, &given->journal, &given->store);
    fr_assert(fr_engine_init(&given->engine, stage, given->journal, given->store,
                             given->options->service) == FR_OK);
    given->now.unix_us = FR_GIVEN_EPOCH_S * INT64_C(1000000);
    given->engine.turn.now = given->now;
    given->next_input_id = 0;
    given->engine.turn.calendars = given->options->calendars;
    fr_engine_config(&given->engine, given->options->service);
    collect(given);
    return given;
}

void
fr_given_reload(struct fr_given *given, const char *yaml)
{
    struct fr_options *retired = given->options;

    forget_events(given);
    fr_assert(fr_options_parse(given->engine.stage, yaml, strlen(yaml), stderr, &given->options) ==
              FR_OK);
    given->engine.turn.now = given->now;
    given->engine.turn.calendars = given->options->calendars;
    fr_engine_config(&given->engine, given->options->service);
    fr_options_free(&retired);
    collect(given);
}

void
fr_given_free(struct fr_given **given)
{
    if (*given == NULL)
        return;
    fr_engine_fini(&(*given)->engine);
    fr_store_free(&(*given)->store);
    fr_journal_free(&(*given)->journal);
    fr_options_free(&(*given)->options);
    fr_arena_free(&(*given)->arena);
    free((*given)->events);
    free(*given);
    *given = NULL;
}

static void
fire_until(struct fr_given *given, int64_t until_us)
{
    struct fr_timer first;

    while (fr_timers_first(&given->engine.timers, &first) && first.due_us <= until_us) {
        if (first.due_us > given->now.unix_us)
            given->now.unix_us = first.due_us;
        given->engine.turn.now = given->now;
        fr_assert(fr_engine_timer(&given->engine) == FR_OK);
        collect(given);
    }
}

void
fr_given_at(struct fr_given *given, double seconds)
{
    int64_t until_us = FR_GIVEN_EPOCH_S * INT64_C(1000000) + (int64_t)(seconds * 1e6);

    fr_assert(until_us >= given->now.unix_us);
    forget_events(given);
    fire_until(given, until_us);
    given->now.unix_us = until_us;
    given->engine.turn.now = given->now;
}

enum fr_error
fr_given_input(struct fr_given *given, const char *upstream, uint64_t key, const char *brand,
               const ProtobufCMessage *message)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    struct fr_record_head *head = calloc(1, sizeof(*head) + size + 8);
    int role = fr_engine_role(&given->engine, upstream);
    enum fr_error err;

    fr_assert(head != NULL && role >= 0);
    forget_events(given);
    head->kind = fr_kind_of(message->descriptor);
    head->seq = ++given->input_seq;
    head->id = given->next_input_id != 0 ? given->next_input_id
                                         : fr_id_make(fr_id_journal_number(upstream), 1, head->seq);
    given->next_input_id = 0;
    given->input_id = head->id;
    head->key = key;
    head->time_us = given->now.unix_us;
    head->body_size = (uint32_t)size;
    head->size = (uint32_t)(sizeof(*head) + ((size + 7) & ~(size_t)7));
    if (brand != NULL)
        snprintf(head->brand, sizeof(head->brand), "%s", brand);
    protobuf_c_message_pack(message, (uint8_t *)(head + 1));
    given->engine.turn.now = given->now;
    err = fr_engine_input(&given->engine, role, head, given->engine.roles[role].name);
    collect(given);
    free(head);
    return err;
}

uint64_t
fr_given_input_id(const struct fr_given *given)
{
    return given->input_id;
}

void
fr_given_next_input_id(struct fr_given *given, uint64_t id)
{
    given->next_input_id = id;
}

size_t
fr_given_count(const struct fr_given *given)
{
    return given->event_count;
}

const struct fr_record_head *
fr_given_event(const struct fr_given *given, size_t index)
{
    fr_assert(index < given->event_count);
    return given->events[index];
}

const void *
fr_given_body(const struct fr_given *given, size_t index, uint32_t kind)
{
    const struct fr_record_head *head = fr_given_event(given, index);

    if (head->kind != kind)
        return NULL;
    return fr_unpack_in(given->arena, fr_kind_descriptor(kind), fr_record_body(head));
}

const void *
fr_given_find(const struct fr_given *given, uint32_t kind)
{
    for (size_t i = 0; i < given->event_count; i++)
        if (given->events[i]->kind == kind)
            return fr_given_body(given, i, kind);
    return NULL;
}

size_t
fr_given_count_of(const struct fr_given *given, uint32_t kind)
{
    size_t count = 0;

    for (size_t i = 0; i < given->event_count; i++)
        count += given->events[i]->kind == kind;
    return count;
}

const char *
fr_given_rejected(const struct fr_given *given)
{
    return given->engine.rejected ? given->engine.reason : "";
}

struct fr_slice
fr_given_answer(const struct fr_given *given)
{
    return fr_slice(given->engine.answer, given->engine.answer_size);
}

const struct fr_view *
fr_given_view(const struct fr_given *given)
{
    return given->engine.turn.view;
}

struct fr_arena *
fr_given_arena(const struct fr_given *given)
{
    return given->arena;
}

json_t *
fr_given_query(struct fr_given *given, const char *name, const json_t *args)
{
    const struct fr_query_turn turn = {.view = fr_given_view(given),
                                       .arena = given->arena,
                                       .config = given->options->service,
                                       .calendars = given->options->calendars,
                                       .now = given->now};
    json_t *none = json_object(), *answer = NULL;
    const char *error = NULL;

    for (const struct fr_query *query = given->engine.stage->queries;
         query != NULL && query->name != NULL; query++)
        if (strcmp(query->name, name) == 0)
            answer = query->answer(&turn, args != NULL ? args : none, &error);
    if (answer == NULL && error != NULL)
        fprintf(stderr, "%s: %s\n", name, error);
    json_decref(none);
    return answer;
}

/* ---- rebuild ---- */

struct row_hash {
    uint64_t sum;
    size_t count;
    FILE *out;
};

static void
hash_row(void *context, const struct fr_table *table, struct fr_slice key, struct fr_slice value)
{
    struct row_hash *hash = context;

    hash->sum = fr_chain(hash->sum, hash->count++,
                         fr_crc32c(fr_crc32c(0, key.data, key.size), value.data, value.size));
    if (hash->out == NULL)
        return;
    fprintf(hash->out, "%s\t", table->name);
    for (size_t i = 0; i < key.size; i++)
        fprintf(hash->out, "%02x", ((const uint8_t *)key.data)[i]);
    fputc('\t', hash->out);
    for (size_t i = 0; i < value.size; i++)
        fprintf(hash->out, "%02x", ((const uint8_t *)value.data)[i]);
    fputc('\n', hash->out);
}

static char *
dump_text(struct fr_store *store)
{
    char *text = NULL;
    size_t size = 0;
    struct row_hash hash = {.out = open_memstream(&text, &size)};

    fr_assert(hash.out != NULL && fr_store_dump(store, hash_row, &hash) == FR_OK);
    fclose(hash.out);
    return text;
}

static void
print_first_difference(const char *live, const char *rebuilt)
{
    size_t line = 0, i = 0;

    for (; live[i] != '\0' && live[i] == rebuilt[i]; i++)
        if (live[i] == '\n')
            line = i + 1;
    fprintf(stderr, "tables differ:\n live    %.*s\n rebuilt %.*s\n",
            (int)strcspn(live + line, "\n"), live + line, (int)strcspn(rebuilt + line, "\n"),
            rebuilt + line);
}

static void
replay(struct fr_given *given, struct fr_engine *engine)
{
    struct fr_cursor start = {.incarnation = fr_journal_incarnation(given->journal)};
    struct fr_reader *reader;
    struct fr_batch batch;

    snprintf(start.journal, sizeof(start.journal), "%s", fr_journal_name(given->journal));
    fr_assert(fr_reader_new(given->journal, &start, &reader) == FR_OK);
    while (fr_reader_next(reader, 1 << 20, NULL, 0, &batch) == FR_OK) {
        struct fr_slice rest = batch.bytes;
        const struct fr_record_head *head;

        while ((head = fr_records_next(&rest)) != NULL)
            fr_assert(fr_engine_apply(engine, head) == FR_OK);
        fr_hold_release(batch.hold);
    }
    fr_reader_free(&reader);
}

bool
fr_given_rebuilds(struct fr_given *given)
{
    struct fr_journal *journal;
    struct fr_store *store;
    struct fr_engine *engine = calloc(1, sizeof(*engine));
    char *live = dump_text(given->store), *rebuilt;
    bool same;

    fr_assert(engine != NULL);
    open_state(given->engine.stage, &journal, &store);
    fr_assert(fr_engine_init(engine, given->engine.stage, journal, store,
                             given->options->service) == FR_OK);
    replay(given, engine);
    rebuilt = dump_text(store);
    same = strcmp(live, rebuilt) == 0;
    if (!same)
        print_first_difference(live, rebuilt);
    fr_engine_fini(engine);
    free(engine);
    fr_store_free(&store);
    fr_journal_free(&journal);
    free(live);
    free(rebuilt);
    return same;
}

void
fr_given_print(const struct fr_given *given)
{
    for (size_t i = 0; i < given->event_count; i++) {
        const struct fr_record_head *head = given->events[i];
        const ProtobufCMessage *message = fr_given_body(given, i, head->kind);
        json_t *json = fr_message_json(message);
        char *text = json_dumps(json, JSON_COMPACT);

        fprintf(stderr, "%zu %s route=%s key=%llx %s\n", i, fr_kind_name(head->kind), head->route,
                (unsigned long long)head->key, text);
        free(text);
        json_decref(json);
    }
    if (given->engine.rejected)
        fprintf(stderr, "rejected: %s\n", given->engine.reason);
}
