/* emit.c - what decide and apply call: unpack, emit, reject, answer, count. */
#include "common/stage/engine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "proto/stage.pb-c.h"

/* ---- unpacking within a budget ---- */

static void *
arena_alloc(void *arena, size_t size)
{
    return fr_arena_alloc(arena, size == 0 ? 1 : size);
}

static void
arena_free(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

static bool texts_valid(const ProtobufCMessage *message);

static bool
member_valid(const ProtobufCFieldDescriptor *field, const void *member)
{
    const void *pointer;

    memcpy(&pointer, member, sizeof(pointer));
    if (pointer == NULL)
        return true;
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return fr_utf8_valid(fr_slice_str(pointer));
    return texts_valid(pointer);
}

/* protobuf-c takes any bytes for a string; we take UTF-8 only.  No message type of ours contains
 * itself, so the depth is that of the .proto files. */
static bool
texts_valid(const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;

    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        const uint8_t *member = (const uint8_t *)message + field->offset;

        if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE)
            continue;
        if (field->label != PROTOBUF_C_LABEL_REPEATED) {
            if (!member_valid(field, member))
                return false;
            continue;
        }
        size_t count =
            *(const size_t *)(const void *)((const uint8_t *)message + field->quantifier_offset);
        const uint8_t *items;

        memcpy(&items, member, sizeof(items));
        for (size_t n = 0; n < count; n++)
            if (!member_valid(field, items + n * sizeof(void *)))
                return false;
    }
    return true;
}

const void *
fr_unpack_in(struct fr_arena *arena, const ProtobufCMessageDescriptor *descriptor,
             struct fr_slice bytes)
{
    ProtobufCAllocator allocator = {arena_alloc, arena_free, arena};

    return protobuf_c_message_unpack(descriptor, &allocator, bytes.size, bytes.data);
}

const void *
fr_unpack(struct fr_turn *turn, const struct fr_record *input,
          const ProtobufCMessageDescriptor *descriptor)
{
    const ProtobufCMessage *message = fr_unpack_in(turn->arena, descriptor, input->body);

    return message != NULL && texts_valid(message) ? message : NULL;
}

const void *
fr_body(const struct fr_record *event)
{
    const ProtobufCMessageDescriptor *descriptor = fr_kind_descriptor(event->head->kind);
    const void *message;

    fr_assert(descriptor != NULL);
    message = fr_unpack_in(event->engine->apply_arena, descriptor, event->body);
    fr_assert(message != NULL);
    return message;
}

/* ---- emitting ---- */

static enum fr_error
copy_label(char *label, size_t size, const char *text)
{
    size_t length = strlen(text);

    if (length >= size)
        return FR_TOO_BIG;
    memcpy(label, text, length);
    return FR_OK;
}

static enum fr_error
fill_head(struct fr_engine *engine, struct fr_record_head *head, const struct fr_record *input,
          uint32_t kind, const struct fr_labels *labels)
{
    enum fr_error err = FR_OK;

    head->kind = kind;
    head->time_us = engine->turn.now.unix_us;
    if (input != NULL) {
        head->cause = input->head->id;
        head->key = input->head->key;
        memcpy(head->brand, input->head->brand, sizeof(head->brand));
    }
    if (labels == NULL)
        return FR_OK;
    if (labels->key != 0)
        head->key = labels->key;
    if (labels->brand != NULL) {
        memset(head->brand, 0, sizeof(head->brand));
        err = copy_label(head->brand, sizeof(head->brand), labels->brand);
    }
    if (err == FR_OK && labels->route != NULL)
        err = copy_label(head->route, sizeof(head->route), labels->route);
    return err;
}

static enum fr_error
emit(struct fr_engine *engine, const struct fr_record *input, uint32_t kind,
     const ProtobufCMessage *message, struct fr_slice bytes, const struct fr_labels *labels)
{
    struct fr_frame_mark mark = fr_journal_mark(engine->journal);
    size_t size = message != NULL ? protobuf_c_message_get_packed_size(message) : bytes.size;
    struct fr_record_head *head = fr_journal_reserve(engine->journal, size);
    enum fr_error err;

    if (head == NULL)
        return FR_TOO_BIG;
    err = fill_head(engine, head, input, kind, labels);
    if (err != FR_OK) {
        fr_journal_undo(engine->journal, mark);
        return err;
    }
    if (message != NULL)
        protobuf_c_message_pack(message, (uint8_t *)(head + 1));
    else if (size > 0)
        memcpy(head + 1, bytes.data, size);
    fr_journal_seal(engine->journal, head, size);
    return fr_engine_emitted(engine, head);
}

enum fr_error
fr_emit_as(struct fr_turn *turn, const struct fr_record *input, const ProtobufCMessage *message,
           const struct fr_labels *labels)
{
    uint32_t kind = fr_kind_of(message->descriptor);

    fr_assert(kind != FR_KIND_END);
    return emit(turn->engine, input, kind, message, fr_slice(NULL, 0), labels);
}

enum fr_error
fr_emit(struct fr_turn *turn, const struct fr_record *input, const ProtobufCMessage *message)
{
    return fr_emit_as(turn, input, message, NULL);
}

enum fr_error
fr_emit_bytes(struct fr_turn *turn, const struct fr_record *input, uint32_t kind,
              struct fr_slice body, const struct fr_labels *labels)
{
    return emit(turn->engine, input, kind, NULL, body, labels);
}

enum fr_error
fr_engine_own(struct fr_engine *engine, const struct fr_record *input,
              const ProtobufCMessage *message)
{
    return emit(engine, input, fr_kind_of(message->descriptor), message, fr_slice(NULL, 0), NULL);
}

uint64_t
fr_next_id(const struct fr_turn *turn)
{
    const struct fr_journal *journal = turn->engine->journal;

    return fr_id_make(fr_journal_number(journal), fr_journal_incarnation(journal),
                      fr_journal_mark(journal).seq + 1);
}

/* ---- setting aside, answering, counting ---- */

enum fr_error
fr_engine_set_aside(struct fr_engine *engine, const struct fr_record_head *head,
                    const char *upstream, const char *reason)
{
    struct fr_record record = {.head = head, .upstream = upstream, .engine = engine};
    Fr__InputRejected rejected = FR__INPUT_REJECTED__INIT;
    size_t size = sizeof(*head) + head->body_size;

    /* A record of nearly the largest size has no room for the reason beside it: its head is kept,
     * and upstream's journal still holds the rest under the same sequence number. */
    if (size > FR_RECORD_SIZE_MAX - 4096)
        size = sizeof(*head);
    rejected.upstream = (char *)upstream;
    rejected.upstream_seq = head->seq;
    rejected.input_kind = head->kind;
    rejected.reason = (char *)reason;
    rejected.record.data = (uint8_t *)head;
    rejected.record.len = size;
    atomic_fetch_add_explicit(&engine->rejects, 1, memory_order_relaxed);
    return fr_engine_own(engine, &record, &rejected.base);
}

/* A reason may quote its input, and may have been cut in the middle of a character. */
static void
keep_utf8(char *text)
{
    if (fr_utf8_valid(fr_slice_str(text)))
        return;
    for (; *text != '\0'; text++)
        if ((unsigned char)*text >= 0x80)
            *text = '?';
}

enum fr_error
fr_reject(struct fr_turn *turn, const struct fr_record *input, const char *format, ...)
{
    struct fr_engine *engine = turn->engine;
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(engine->reason, sizeof(engine->reason), format, arguments);
    va_end(arguments);
    keep_utf8(engine->reason);
    engine->rejected = true;
    if (engine->submitted) {
        atomic_fetch_add_explicit(&engine->rejects, 1, memory_order_relaxed);
        return FR_OK;
    }
    if (input->head->kind >= FR_TIMER_KIND && input->upstream == engine->name)
        return fr_engine_set_aside(engine, input->head, FR_TIMER, engine->reason);
    return fr_engine_set_aside(engine, input->head, input->upstream, engine->reason);
}

enum fr_error
fr_set_aside(struct fr_turn *turn, const struct fr_record *input, const char *format, ...)
{
    char reason[sizeof(turn->engine->reason)];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reason, sizeof(reason), format, arguments);
    va_end(arguments);
    keep_utf8(reason);
    return fr_engine_set_aside(turn->engine, input->head, input->upstream, reason);
}

void
fr_answer(struct fr_turn *turn, const void *data, size_t size)
{
    struct fr_engine *engine = turn->engine;

    if (size > engine->answer_room) {
        void *room = realloc(engine->answer, size);

        fr_assert(room != NULL);
        engine->answer = room;
        engine->answer_room = size;
    }
    if (size > 0)
        memcpy(engine->answer, data, size);
    engine->answer_size = size;
    engine->answered = true;
}

void
fr_answer_json(struct fr_turn *turn, json_t *answer)
{
    char *text = json_dumps(answer, JSON_COMPACT);

    json_decref(answer);
    fr_assert(text != NULL);
    fr_answer(turn, text, strlen(text));
    free(text);
}

void
fr_count(const struct fr_turn *turn, int counter, uint64_t by)
{
    fr_assert(counter >= 0 && counter < FR_ENGINE_COUNTER_MAX);
    atomic_fetch_add_explicit(&turn->engine->counters[counter], by, memory_order_relaxed);
}

/* ---- tables of messages ---- */

struct fr_arena *
fr_tables_arena(struct fr_tables *tables)
{
    struct fr_engine *engine = fr_tables_context(tables);

    return engine->apply_arena;
}

enum fr_error
fr_get_message(const struct fr_view *view, const struct fr_table *table, struct fr_slice key,
               const ProtobufCMessageDescriptor *descriptor, struct fr_arena *arena,
               const void **message)
{
    struct fr_slice value;
    const void *found;
    enum fr_error err = fr_get(view, table, key, &value);

    if (err != FR_OK)
        return err;
    found = fr_unpack_in(arena, descriptor, value);
    if (found == NULL)
        return FR_CORRUPT;
    *message = found;
    return FR_OK;
}

enum fr_error
fr_put_message(struct fr_tables *tables, const struct fr_table *table, struct fr_slice key,
               const ProtobufCMessage *message)
{
    struct fr_arena *arena = fr_tables_arena(tables);
    struct fr_arena_mark mark = fr_arena_mark(arena);
    size_t size = protobuf_c_message_get_packed_size(message);
    void *bytes = fr_arena_alloc(arena, size + 1);
    enum fr_error err = FR_NO_MEMORY;

    if (bytes != NULL) {
        protobuf_c_message_pack(message, bytes);
        err = fr_put(tables, table, key, fr_slice(bytes, size));
    }
    fr_arena_release(arena, mark);
    return err;
}
