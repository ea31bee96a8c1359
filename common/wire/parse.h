/* parse.h - the grammar of a link: what may be said, in bytes, and nothing else.
 *
 * Pure: no socket and no state, so that the fuzzer calls exactly what production calls.
 */
#ifndef FR_WIRE_PARSE_H
#define FR_WIRE_PARSE_H

#include <stdbool.h>
#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/base/slice.h"
#include "proto/wire.pb-c.h"

#define WIRE_HEADER_SIZE_MAX 2048u          /* type byte and protobuf */
#define WIRE_PARSE_BUDGET (16u * 1024)      /* memory that one header may take when unpacked */
#define WIRE_CREDIT_MAX (64u * 1024 * 1024) /* bytes under way that one reader may ask for */
#define WIRE_DETAIL_MAX 200u                /* characters of an Error's explanation */

enum wire_type {
    WIRE_HELLO = 'H',
    WIRE_READ = 'R',
    WIRE_BATCH = 'B',
    WIRE_FRAME = 'F', /* a Batch whose payload is one whole journal frame */
    WIRE_ACK = 'A',
    WIRE_PING = 'P',
    WIRE_ERROR = 'E',
};

struct wire_message {
    enum wire_type type;
    union { /* borrowed from the arena */
        const Fr__Hello *hello;
        const Fr__Read *read;
        const Fr__Batch *batch; /* also for WIRE_FRAME */
        const Fr__Ack *ack;
        const Fr__Ping *ping;
        const Fr__Error *error;
    };
    enum fr_error code; /* of an Error */
};

/* A header that says something: known type, decodes within the budget, every name, count and
 * size within its limits.  Resets the arena.  FR_OK or FR_INVALID with *what in a few words. */
enum fr_error wire_parse(struct fr_slice header, struct fr_arena *arena,
                         struct wire_message *message, const char **what);

/* Into buffer[WIRE_HEADER_SIZE_MAX]; returns the size.  What we say ourselves always fits. */
size_t wire_pack(enum wire_type type, const ProtobufCMessage *message, uint8_t *buffer);

/* Where a reader stands, and what he asked for. */
struct wire_place {
    uint64_t seq, hash;
    bool filtered; /* by routes: sequence numbers have gaps */
};

/* Are the records of a BATCH what can follow `place`?  Whole records, as many as announced, in
 * order; and without a filter not one missing, by number and by hash chain.  `deep`: the checksum
 * of each. FR_OK, FR_CORRUPT (malformed), FR_DIVERGED (well-formed, but does not follow); *what
 * says why. */
enum fr_error wire_records_check(struct fr_slice records, const Fr__Batch *batch,
                                 const struct wire_place *place, bool deep, const char **what);

/* A journal's or service's name: [a-z0-9_.-]+, shorter than FR_NAME_SIZE. */
bool wire_name_valid(const char *name);

#endif
