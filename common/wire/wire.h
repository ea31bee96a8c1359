/* wire.h - links between partitions: either side reads the other's journal.
 *
 *   dials (DEALER)                                       binds (ROUTER)
 *      | --- HELLO who, protocol, schema -------------------> |
 *      | <-- HELLO ------------------------------------------ |
 *      | --- READ journal cursor, credit, routes -----------> |   and the same from right to left:
 *      | <-- BATCH records as stored ------------------------ |   a site behind NAT dials out and
 *      | --- ACK durable seq, credit back ------------------> |   is read over the same link
 *      | <-- ERROR TRUNCATED | AHEAD | DIVERGED | DENIED ... - |
 *      |<--- PING --->|  when there was nothing to say
 *
 * A message is one ZeroMQ frame with a type byte and a protobuf (proto/wire.proto), for BATCH
 * followed by a frame with the records.  Credit is the only flow control: high-water marks are off,
 * because a mark drops.
 *
 * ipc:// and inproc:// peers are whoever the file system lets in, and are believed what they say
 * they are called.  A tcp:// peer is who its CURVE key says (ZAP User-Id, looked at on every
 * message) and may read only the routes that stand beside its key.
 *
 * Threads: all calls from the stage's thread; ZeroMQ's I/O thread does the rest.
 */
#ifndef FR_WIRE_WIRE_H
#define FR_WIRE_WIRE_H

#include <stdbool.h>
#include "common/base/error.h"
#include "common/base/time.h"
#include "common/journal/journal.h"

#define FR_WIRE_PROTOCOL 1
#define FR_WIRE_LISTEN_MAX 4
#define FR_WIRE_ROUTE_MAX 16

struct fr_wire; /* opaque */

struct fr_wire_key {           /* one row of the list of peers that may connect by tcp */
    const char *name;          /* "desk.tana": who the key stands for */
    const char *public_key;    /* Z85, 40 characters */
    const char *const *routes; /* what it may read of us: "site.tana"; none: nothing at all */
    size_t route_count;
};

/* Called during fr_wire_poll.  The records of a batch stay valid until fr_wire_consumed(batch). */
struct fr_wire_batch {
    uint32_t reading; /* the number given to fr_wire_read */
    const char *journal;
    uint32_t incarnation;
    struct fr_slice bytes; /* whole records, checked (sizes and labels; crc when it came by tcp) */
    uint32_t count;
    uint64_t last_seq, last_hash; /* the cursor after it, also when routes left everything out */
    void *message;                /* private: keeps the bytes alive */
};

struct fr_wire_calls {
    void *context;
    /* Records arrived for a reading of ours. */
    void (*batch)(void *context, struct fr_wire_batch *batch);
    /* A whole frame arrived (FR_WIRE_FRAMES). */
    void (*frame)(void *context, uint32_t reading, struct fr_slice frame);
    /* A peer refused or broke a reading of ours: FR_TRUNCATED, FR_AHEAD, FR_DIVERGED, FR_DENIED,
     * FR_VERSION, FR_NOT_FOUND (no such journal).  The wire asks again with back-off by itself
     * after FR_BUSY and FR_NOT_FOUND only. */
    void (*refused)(void *context, uint32_t reading, enum fr_error why, const char *detail);
    /* The cursor from which a reading starts, asked at every (re)connection. */
    void (*cursor)(void *context, uint32_t reading, struct fr_cursor *cursor);
    /* A link came up or went down. */
    void (*link)(void *context, const char *peer, bool up);
    /* A peer read us up to here and has made it durable. */
    void (*acknowledged)(void *context, const char *peer, uint64_t seq);
};

struct fr_wire_options {
    const char *name;           /* who we are: the journal's name */
    struct fr_journal *journal; /* what we let others read; may be NULL (a pure reader like fil) */
    const char *listen[FR_WIRE_LISTEN_MAX]; /* endpoints to bind; NULL: none */
    const char *secret_key; /* Z85 CURVE secret key; required when any endpoint is tcp */
    const char *public_key;
    const struct fr_wire_key *keys; /* for tcp listeners; copied */
    size_t key_count;
    size_t credit;         /* bytes a peer may have under way to us per reading; 0: 4 MiB */
    size_t batch_size_max; /* bytes per BATCH, 0: 256 KiB; a ZeroMQ frame is at most 1 MiB */
    struct fr_wire_calls calls;
};

enum fr_error fr_wire_new(const struct fr_wire_options *options, struct fr_wire **out,
                          char *complaint, size_t complaint_size);
void fr_wire_free(struct fr_wire **wire);

/* Dial a peer and keep dialling.  `server_key` (Z85) is required for tcp. */
enum fr_error fr_wire_dial(struct fr_wire *wire, const char *peer, const char *endpoint,
                           const char *server_key);

#define FR_WIRE_REGISTERED 1u /* the owner keeps its records until we have acknowledged them */
#define FR_WIRE_FRAMES 2u     /* whole frames: a standby */
/* Read `journal` of `peer` (dialled by us, or one that will dial us): a number for the reading. */
uint32_t fr_wire_read(struct fr_wire *wire, const char *peer, const char *journal,
                      const char *const *routes, size_t route_count, unsigned flags);
void fr_wire_stop_reading(struct fr_wire *wire, uint32_t reading);
/* Ask again after a refusal was dealt with (cursor() is called). */
void fr_wire_retry(struct fr_wire *wire, uint32_t reading);

/* The batch's inputs have been taken into a frame (not yet synced): its bytes are released, its
 * credit goes back with the next ACK. */
void fr_wire_consumed(struct fr_wire *wire, struct fr_wire_batch *batch);
/* Everything up to `seq` of that reading is durable with us. ACKs are sent when a quarter of the
 * credit waits or 50 ms have passed. */
void fr_wire_durable(struct fr_wire *wire, uint32_t reading, uint64_t seq);

/* New records were synced: serve whoever waits and has credit. */
void fr_wire_publish(struct fr_wire *wire);
/* Stop (true) or resume taking batches in: what is under way stays in ZeroMQ's queues, bounded by
 * credit. */
void fr_wire_hold(struct fr_wire *wire, bool hold);

/* Handle what has arrived, at most `message_max` messages; waits at most `wait` (0: not at all), or
 * until something arrives, or until one of extra_fds[0 .. extra_count - 1] is readable.  FR_OK:
 * something was handled; FR_AGAIN: nothing. */
enum fr_error fr_wire_poll(struct fr_wire *wire, struct fr_span wait, unsigned message_max,
                           const int *extra_fds, size_t extra_count);

struct fr_wire_peer_info {
    char name[FR_NAME_SIZE];
    bool dialled, up;
    uint64_t bytes_in, bytes_out, records_in, records_out;
    uint64_t read_seq;     /* of us, acknowledged; 0: it does not read us */
    struct fr_span silent; /* since its last word */
};
size_t fr_wire_peers(const struct fr_wire *wire, struct fr_wire_peer_info *infos, size_t info_max);

/* What was not let in, since the start: for metrics and tests. */
struct fr_wire_counters {
    uint64_t keys_refused; /* tcp connections without a key that we know */
    uint64_t denied;       /* claimed names and routing ids, foreign routes */
    uint64_t invalid;      /* messages that break the grammar, forged readings, overdrawn credit */
    uint64_t stale;        /* batches of an earlier asking; harmless */
    uint64_t broken;       /* batches whose records are damaged or do not follow; asked for again */
};
struct fr_wire_counters fr_wire_counters(const struct fr_wire *wire);

/* A new CURVE key pair, Z85 with NUL (41 bytes each). */
void fr_wire_new_keys(char public_key[41], char secret_key[41]);
/* Only ipc://, tcp://, inproc:// with something behind. */
bool fr_wire_endpoint_valid(const char *endpoint);

#endif
