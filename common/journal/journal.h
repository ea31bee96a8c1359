/* journal.h - what happened: numbered durable records in append-only frames.
 *
 *     frame  := header, records, cursors (how far each upstream was read, when that moved)
 *     record := struct fr_record_head, body (a protobuf message), padding to 8
 *
 * A frame is the unit of durability: it is there whole or it never was.  The journal's hash chain
 * runs from record to record (fr_chain over each record's CRC), so a cursor (incarnation, seq,
 * hash) tells at once whether two copies of a journal agree up to it.
 *
 * Backends beside each other: journal_file.c (segment files), journal_memory.c (tests); one test
 * suite runs against both.
 *
 * Threads: one writer.  Readers (fr_reader) belong to the writer's thread too; another process may
 * read the segment files by fr_journal_open with read_only.
 */
#ifndef FR_JOURNAL_JOURNAL_H
#define FR_JOURNAL_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/base/time.h"

#define FR_NAME_SIZE 40               /* journal and service names, with NUL: [a-z0-9_.-]+ */
#define FR_BRAND_SIZE 16              /* with NUL */
#define FR_ROUTE_SIZE 32              /* with NUL */
#define FR_RECORD_SIZE_MAX (1u << 20) /* head, body, padding: 1 MiB */
#define FR_FRAME_SIZE_MAX (8u << 20)
#define FR_CURSOR_MAX 64 /* upstreams of one journal */

/* As stored, hashed and sent: little endian, 8-byte aligned, readable without unpacking. */
struct fr_record_head {
    uint32_t size;      /* head + body + padding: the step to the next record */
    uint32_t body_size; /* bytes of protobuf behind the head */
    uint64_t hash;      /* fr_chain(hash of seq - 1, seq, crc) */
    uint32_t crc;       /* CRC-32C of everything from `kind` to the body's last byte */
    uint32_t kind;      /* proto/kinds.h */
    uint64_t seq;       /* 1, 2, 3... in its journal */
    int64_t time_us;    /* turn->now of the decision, never before the record before it */
    uint64_t id;        /* base/id.h */
    uint64_t cause;     /* id of the record that caused it; 0: came from outside */
    uint64_t key;       /* customer, conversation, task...: what keeps order; 0: none */
    char brand[FR_BRAND_SIZE];
    char route[FR_ROUTE_SIZE]; /* who should care: "outbound.webchat", "site.inhouse", or "" */
};
_Static_assert(sizeof(struct fr_record_head) == 112, "the stored layout is fixed");

static inline struct fr_slice
fr_record_body(const struct fr_record_head *head)
{
    return fr_slice(head + 1, head->body_size);
}

uint32_t fr_record_crc(const struct fr_record_head *head);

/* Is this a well-formed record within `available` bytes?  Checks sizes, NUL-terminated labels and
 * (when `deep`) the crc.  For bytes that came from a wire or a disk, at any alignment.  FR_CORRUPT.
 */
enum fr_error fr_record_check(const void *data, size_t available, bool deep);

struct fr_cursor {
    char journal[FR_NAME_SIZE];
    uint32_t incarnation;
    uint32_t spare; /* 0 */
    uint64_t seq;   /* the last record taken; 0: from the first one on */
    uint64_t hash;  /* of that record; 0 when seq is 0 */
};
_Static_assert(sizeof(struct fr_cursor) == 64, "the stored layout is fixed");

struct fr_journal; /* opaque */

struct fr_journal_options {
    const char *dir;     /* journal files live here; NULL: the memory backend */
    const char *name;    /* "identity", "desk.tana" */
    bool read_only;      /* another process's journal: no lock, no truncation of a torn end */
    size_t segment_size; /* bytes, allocated and zeroed ahead */
    uint64_t size_max;   /* bytes of all segments together; 0: only the disk limits */
    uint64_t reserve;    /* of size_max (and of the disk's free space) kept for work under way: see
                            fr_journal_pressure */
    struct fr_span retention; /* records younger than this are kept even when every reader passed */
};

/* Opens or creates; verifies the end.  A torn last frame is cut off (logged); a broken one anywhere
 * else: FR_CORRUPT, and `complaint` (complaint_size bytes) says file and offset.  FR_LOCKED,
 * FR_FULL, FR_IO. */
enum fr_error fr_journal_open(const struct fr_journal_options *options, struct fr_journal **out,
                              char *complaint, size_t complaint_size);
void fr_journal_free(struct fr_journal **journal);

const char *fr_journal_name(const struct fr_journal *journal);
uint16_t fr_journal_number(const struct fr_journal *journal); /* fr_id_journal_number(name) */
uint32_t fr_journal_incarnation(const struct fr_journal *journal);
/* The last synced record (seq 0 when empty), and the first still kept. */
struct fr_cursor fr_journal_end(const struct fr_journal *journal);
/* Just before the first record still kept: where to read from to see everything there is. */
struct fr_cursor fr_journal_start(const struct fr_journal *journal);
uint64_t fr_journal_first_seq(const struct fr_journal *journal);

/* ---- writing: fill a frame, then sync it ------------------------------------------------------
 */

/* The next frame, in a buffer that stays valid until its last holder lets go (readers send from it
 * without copying).  Nothing is visible or durable before fr_journal_sync. */
struct fr_frame_mark {
    size_t size;
    uint64_t seq, hash, route_mask;
    int64_t time_us;
    uint32_t count;
};

/* Room for a record of body_size bytes at the end of the next frame; returns its head with seq, id,
 * and sizes filled and everything else zero; the caller fills the labels and writes the body behind
 * it, then calls fr_journal_seal.  NULL when the frame or record would be too big. */
struct fr_record_head *fr_journal_reserve(struct fr_journal *journal, size_t body_size);
/* Computes crc and hash of the record last reserved.  `body_size` may be smaller than reserved. */
void fr_journal_seal(struct fr_journal *journal, struct fr_record_head *head, size_t body_size);

struct fr_frame_mark fr_journal_mark(const struct fr_journal *journal);
void fr_journal_undo(struct fr_journal *journal, struct fr_frame_mark mark);
uint32_t fr_journal_pending(const struct fr_journal *journal);    /* records in the next frame */
size_t fr_journal_pending_size(const struct fr_journal *journal); /* bytes */

/* The cursor of one upstream, to be part of the next frame (and of all later ones until replaced).
 * A cursor that moved makes the frame worth writing even without records. */
void fr_journal_set_cursor(struct fr_journal *journal, const struct fr_cursor *cursor);
/* The last synced cursor for that upstream, found at open or set and synced since.  FR_NOT_FOUND.
 */
enum fr_error fr_journal_get_cursor(const struct fr_journal *journal, const char *upstream,
                                    struct fr_cursor *cursor);

/* Writes the pending frame and fdatasyncs it.  FR_OK: durable; FR_FULL: nothing was written, the
 * frame is still pending (drop it or try again); FR_IO: unknown: the process must exit and verify.
 */
enum fr_error fr_journal_sync(struct fr_journal *journal);
/* Forgets the pending frame, its records and the cursors set for it: as after the last sync. */
void fr_journal_drop(struct fr_journal *journal);

/* A standby appends a frame exactly as its primary stored it.  FR_EXISTS when it is there already
 * (a standby that comes back is given again the frames without records behind its cursor),
 * FR_DIVERGED when it does not follow or contradicts what is there, FR_CORRUPT when it is not a
 * frame. */
enum fr_error fr_journal_append_frame(struct fr_journal *journal, struct fr_slice frame);

/* ---- reading ----------------------------------------------------------------------------------
 */

struct fr_reader; /* a position in a journal; sees synced frames only */

/* FR_OK; FR_TRUNCATED, FR_AHEAD, FR_DIVERGED as they are described in error.h. */
enum fr_error fr_reader_new(struct fr_journal *journal, const struct fr_cursor *from,
                            struct fr_reader **out);
void fr_reader_free(struct fr_reader **reader);

/* A run of whole records, as stored: one behind the other.  `hold` keeps the memory alive: release
 * it with fr_hold_release, from any thread. */
struct fr_hold; /* reference counted */
struct fr_batch {
    struct fr_slice bytes;
    uint32_t count;
    uint64_t first_seq, last_seq,
        last_hash; /* last_*: the position after it, filtered records included */
    struct fr_hold *hold;
};
void fr_hold_release(struct fr_hold *hold);

/* The next records, at most size_max bytes (at least one record, however big).  With `routes`
 * (route_count > 0) only records whose route is among them (copied together; frames without any are
 * skipped by the route mask in their header); *batch may then be empty (count 0, no hold) and still
 * move the position. FR_END when there is nothing synced beyond; FR_TRUNCATED when trimming
 * overtook the reader; FR_CORRUPT, FR_IO. */
enum fr_error fr_reader_next(struct fr_reader *reader, size_t size_max, const char *const *routes,
                             size_t route_count, struct fr_batch *batch);
/* The next whole frame, header and cursors included, for standbys and for replay at start.  A
 * reader that stands inside a frame is given that frame whole: its first records are known already.
 */
enum fr_error fr_reader_next_frame(struct fr_reader *reader, struct fr_slice *frame,
                                   struct fr_hold **hold);
struct fr_cursor fr_reader_cursor(const struct fr_reader *reader);

/* Inside a frame: its records and cursors. */
struct fr_frame_view {
    struct fr_slice records;
    const struct fr_cursor *cursors;
    uint32_t cursor_count, record_count;
    uint64_t first_seq, last_seq, last_hash;
    uint64_t number; /* frames count 1, 2, 3..., those without records too */
    int64_t time_us;
};
/* Checks everything: sizes, every crc, the chain.  The bytes must be 8-byte aligned (FR_INVALID)
 * and be exactly one frame (FR_CORRUPT). */
enum fr_error fr_frame_open(struct fr_slice frame, struct fr_frame_view *view);

/* Walk the records of a slice: NULL at the end. */
const struct fr_record_head *fr_records_next(struct fr_slice *rest);

/* One record by its sequence number; borrowed until the next call on this journal.  FR_NOT_FOUND,
 * FR_TRUNCATED. */
enum fr_error fr_journal_get(struct fr_journal *journal, uint64_t seq,
                             const struct fr_record_head **record);

/* ---- keeping and trimming ---------------------------------------------------------------------
 */

/* A registered reader holds the journal: what it has not acknowledged is not trimmed.  The register
 * is a small file beside the segments, rewritten when a name is added or removed and before
 * anything is trimmed. */
/* FR_OK also when it is registered already.  A new one holds everything that is still kept.
 * FR_INVALID (the name), FR_TOO_BIG (256 readers), FR_FULL, FR_IO. */
enum fr_error fr_journal_register(struct fr_journal *journal, const char *reader);
void fr_journal_acknowledge(struct fr_journal *journal, const char *reader, uint64_t seq);
enum fr_error fr_journal_forget(struct fr_journal *journal, const char *reader);

struct fr_journal_reader_info {
    char name[FR_NAME_SIZE];
    uint64_t acknowledged;
};
size_t fr_journal_readers(const struct fr_journal *journal, struct fr_journal_reader_info *infos,
                          size_t info_max);

/* Removes (or recycles as the next empty segment) whole segments that every registered reader has
 * passed, that are older than the retention and wholly below `checkpoint_seq` (replay at start
 * needs the rest). */
enum fr_error fr_journal_trim(struct fr_journal *journal, uint64_t checkpoint_seq,
                              struct fr_time now);

enum fr_pressure {
    FR_PRESSURE_NONE,
    FR_PRESSURE_INTAKE, /* the reserve is reached: nothing new from outside, work under way goes on
                         */
    FR_PRESSURE_FULL,   /* not even that: stop reading upstreams */
};
enum fr_pressure fr_journal_pressure(const struct fr_journal *journal);

struct fr_journal_stats {
    uint64_t records, frames, bytes; /* written in this run */
    uint64_t syncs;
    uint64_t size; /* bytes on disk of all segments */
    uint32_t segments;
};
void fr_journal_stats(const struct fr_journal *journal, struct fr_journal_stats *stats);

/* Reads everything again and checks every CRC and the chain.  `each` is told progress in bytes (may
 * be NULL).  FR_CORRUPT with `complaint`. */
enum fr_error fr_journal_verify(struct fr_journal *journal,
                                void (*each)(void *context, uint64_t done, uint64_t all),
                                void *context, char *complaint, size_t complaint_size);
/* One slice of the background scrub, about size_max bytes from where the last one stopped.  FR_END:
 * with this slice everything was read once; the next begins anew. */
enum fr_error fr_journal_scrub(struct fr_journal *journal, size_t size_max, char *complaint,
                               size_t complaint_size);

/* For backups: the files of a journal opened read_only, up to and with frame `number` (0: none),
 * into the empty directory `dir`, made durable; its owner may write on.  The copy keeps who reads
 * the journal, and opens like one that ended with that frame.  FR_TRUNCATED when its owner trimmed
 * what was not copied yet; FR_INVALID beyond the end; FR_FULL, FR_IO. */
enum fr_error fr_journal_copy(struct fr_journal *from, uint64_t number, const char *dir,
                              void (*each)(void *context, uint64_t done, uint64_t all),
                              void *context);

/* A declared restore: a new incarnation begins after the journal's present end.  Journal closed. */
enum fr_error fr_journal_new_incarnation(const char *dir, const char *name);
#endif
