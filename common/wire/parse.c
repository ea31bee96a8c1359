/* parse.c - the grammar of a link: what may be said, in bytes, and nothing else. */
#include "common/wire/parse.h"

#include <string.h>
#include "common/base/hash.h"
#include "common/journal/journal.h"
#include "common/wire/wire.h"

static void *
arena_alloc(void *arena, size_t size)
{
    return fr_arena_alloc(arena, size);
}

static void
arena_free(void *arena, void *memory)
{
    (void)arena; /* all at once, by the next reset */
    (void)memory;
}

bool
wire_name_valid(const char *name)
{
    size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.-");

    return size > 0 && size < FR_NAME_SIZE && name[size] == '\0';
}

static const char *
hello_fault(const Fr__Hello *hello)
{
    return wire_name_valid(hello->name) ? NULL : "the name is none";
}

static const char *
read_fault(const Fr__Read *read)
{
    if (read->reading == 0)
        return "reading 0 is the link itself";
    if (!wire_name_valid(read->journal))
        return "the journal's name is none";
    if (read->credit > WIRE_CREDIT_MAX)
        return "more credit than anybody may ask for";
    if (read->n_routes > FR_WIRE_ROUTE_MAX)
        return "too many routes";
    for (size_t i = 0; i < read->n_routes; i++) {
        if (strlen(read->routes[i]) >= FR_ROUTE_SIZE)
            return "a route is too long";
    }
    return read->seq == 0 && read->hash != 0 ? "a hash without a record" : NULL;
}

static const char *
batch_fault(const Fr__Batch *batch)
{
    if (batch->reading == 0)
        return "reading 0 is the link itself";
    return NULL;
}

static const char *
ack_fault(const Fr__Ack *ack)
{
    if (ack->reading == 0)
        return "reading 0 is the link itself";
    return ack->credit > WIRE_CREDIT_MAX ? "more credit than anybody may ask for" : NULL;
}

static const char *
error_fault(const Fr__Error *error, enum fr_error *code)
{
    *code = FR_ERROR_COUNT;
    for (enum fr_error err = FR_NOT_FOUND; err < FR_ERROR_COUNT; err++) {
        if (strcmp(error->code, fr_error_name(err)) == 0)
            *code = err;
    }
    if (*code == FR_ERROR_COUNT)
        return "an error that we do not know";
    return strlen(error->detail) > WIRE_DETAIL_MAX ? "the explanation is too long" : NULL;
}

static const ProtobufCMessageDescriptor *
descriptor_of(enum wire_type type)
{
    switch (type) {
    case WIRE_HELLO:
        return &fr__hello__descriptor;
    case WIRE_READ:
        return &fr__read__descriptor;
    case WIRE_BATCH:
    case WIRE_FRAME:
        return &fr__batch__descriptor;
    case WIRE_ACK:
        return &fr__ack__descriptor;
    case WIRE_PING:
        return &fr__ping__descriptor;
    case WIRE_ERROR:
        return &fr__error__descriptor;
    }
    return NULL;
}

static const char *
message_fault(struct wire_message *message)
{
    switch (message->type) {
    case WIRE_HELLO:
        return hello_fault(message->hello);
    case WIRE_READ:
        return read_fault(message->read);
    case WIRE_BATCH:
    case WIRE_FRAME:
        return batch_fault(message->batch);
    case WIRE_ACK:
        return ack_fault(message->ack);
    case WIRE_PING:
        return NULL;
    case WIRE_ERROR:
        return error_fault(message->error, &message->code);
    }
    return "a type that we do not know";
}

enum fr_error
wire_parse(struct fr_slice header, struct fr_arena *arena, struct wire_message *message,
           const char **what)
{
    ProtobufCAllocator allocator = {arena_alloc, arena_free, arena};
    const ProtobufCMessageDescriptor *descriptor;
    const uint8_t *bytes = header.data;
    void *body;

    if (header.size == 0 || header.size > WIRE_HEADER_SIZE_MAX) {
        *what = "an empty or oversized header";
        return FR_INVALID;
    }
    descriptor = descriptor_of((enum wire_type)bytes[0]);
    if (descriptor == NULL) {
        *what = "a type that we do not know";
        return FR_INVALID;
    }
    fr_arena_reset(arena);
    body = protobuf_c_message_unpack(descriptor, &allocator, header.size - 1, bytes + 1);
    if (body == NULL) {
        *what = "a header that does not decode";
        return FR_INVALID;
    }
    *message = (struct wire_message){.type = (enum wire_type)bytes[0], .hello = body};
    *what = message_fault(message);
    return *what == NULL ? FR_OK : FR_INVALID;
}

size_t
wire_pack(enum wire_type type, const ProtobufCMessage *message, uint8_t *buffer)
{
    fr_assert(protobuf_c_message_get_packed_size(message) < WIRE_HEADER_SIZE_MAX);
    buffer[0] = (uint8_t)type;
    return 1 + protobuf_c_message_pack(message, buffer + 1);
}

/* ---- records ----------------------------------------------------------------------------------
 */

/* One step of the walk: does `head` follow (seq, hash)? */
static const char *
step_fault(const struct fr_record_head *head, uint64_t seq, uint64_t hash, bool filtered)
{
    if (filtered)
        return head->seq > seq ? NULL : "records out of order";
    if (head->seq != seq + 1)
        return "a record is missing";
    if (head->hash != fr_chain(hash, head->seq, head->crc))
        return "the hash chain is broken";
    return NULL;
}

static const char *
end_fault(const Fr__Batch *batch, const struct wire_place *place, uint64_t seq, uint64_t hash)
{
    if (!place->filtered && batch->last_seq != seq)
        return "the batch ends elsewhere than announced";
    if (batch->last_seq < seq)
        return "the batch ends before its last record";
    if (batch->last_seq == seq && batch->last_hash != hash)
        return "the last record's hash is another one";
    return NULL;
}

enum fr_error
wire_records_check(struct fr_slice records, const Fr__Batch *batch, const struct wire_place *place,
                   bool deep, const char **what)
{
    const char *data = records.data;
    uint64_t seq = place->seq, hash = place->hash;
    size_t at = 0;
    uint32_t count = 0;

    while (at < records.size) {
        const struct fr_record_head *head = (const struct fr_record_head *)(data + at);

        if (fr_record_check(head, records.size - at, deep) != FR_OK) {
            *what = "a record is malformed";
            return FR_CORRUPT;
        }
        *what = step_fault(head, seq, hash, place->filtered);
        if (*what != NULL)
            return FR_DIVERGED;
        seq = head->seq;
        hash = head->hash;
        at += head->size;
        count++;
    }
    if (count != batch->count) {
        *what = "not as many records as announced";
        return FR_CORRUPT;
    }
    *what = end_fault(batch, place, seq, hash);
    return *what == NULL ? FR_OK : FR_DIVERGED;
}
