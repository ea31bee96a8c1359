/* journal_backend.h - what a backend does and what all of them share.  Private to common/journal.
 *
 *     journal_frame.c    builds the next frame ----> backend->write ----> journal_tail.c
 *     journal_reader.c   takes frames from <---- journal_tail.c, else backend->locate and fetch
 *
 * A backend stores slots and gives them back; what a frame is, how it chains to the one before and
 * who may see it is decided here, once for all of them.
 */
#ifndef FR_JOURNAL_BACKEND_H
#define FR_JOURNAL_BACKEND_H

#include "common/journal/journal_register.h"
#include "common/journal/journal_tail.h"

struct fr_bound {    /* a position between two frames */
    uint64_t seq;    /* of the last record before it */
    uint64_t hash;   /* of that record */
    uint64_t number; /* of the last frame before it */
    int64_t time_us; /* of that record */
};

/* A position in a backend's storage, with what was read ahead there. */
struct fr_place {
    uint64_t number;     /* of the frame that fetch gives next; 0: nowhere */
    uint64_t generation; /* of the segment in which `offset` and `fd` are */
    uint64_t offset;     /* of its slot */
    int fd;
    struct fr_hold *chunk; /* chunk_size bytes of the segment from chunk_offset on */
    uint64_t chunk_offset;
    size_t chunk_size;
};
void fr_place_init(struct fr_place *place);
void fr_place_fini(struct fr_place *place); /* may be used again after it, as after init */

enum fr_place_by { FR_BY_SEQ, FR_BY_NUMBER };

struct fr_complaint { /* where a function says what is wrong, in words */
    char *text;       /* may be NULL */
    size_t size;
};
void fr_complain(struct fr_complaint complaint, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

typedef void fr_progress_fn(void *context, uint64_t done, uint64_t all);

struct fr_backend {
    /* Sets journal->end, start, incarnation, cursors and readers to what is stored. */
    enum fr_error (*open)(struct fr_journal *journal, const struct fr_journal_options *options,
                          struct fr_complaint complaint);
    void (*close)(struct fr_journal *journal);

    /* Makes the slot durable (slot_size bytes, zeros up to a sector); the frame in it follows the
     * end.  Fills in the slot's head.  FR_FULL: nothing written; FR_IO: unknown. */
    enum fr_error (*write)(struct fr_journal *journal, struct fr_slot *slot, size_t slot_size);

    /* For frames that are no longer in the tail.  locate: to the frame with that record or number.
     * fetch: the frame at the place, head checked, records only when `deep`; moves the place on. */
    enum fr_error (*locate)(struct fr_journal *journal, enum fr_place_by by, uint64_t value,
                            struct fr_place *place);
    enum fr_error (*fetch)(struct fr_journal *journal, struct fr_place *place, bool deep,
                           const struct fr_frame_head **frame, struct fr_hold **hold);
    /* read_only: looks for frames that the owner wrote meanwhile and moves the end. */
    enum fr_error (*refresh)(struct fr_journal *journal);

    enum fr_error (*keep_register)(struct fr_journal *journal); /* durably */
    /* Frees whole segments whose last record is at most last_seq and time_us old. */
    enum fr_error (*trim)(struct fr_journal *journal, uint64_t last_seq, int64_t time_us);
    enum fr_pressure (*pressure)(struct fr_journal *journal);
    void (*stats)(const struct fr_journal *journal, struct fr_journal_stats *stats);
    enum fr_error (*verify)(struct fr_journal *journal, fr_progress_fn *each, void *context,
                            struct fr_complaint complaint);
    enum fr_error (*scrub)(struct fr_journal *journal, size_t size_max,
                           struct fr_complaint complaint);
};
extern const struct fr_backend fr_backend_file, fr_backend_memory;

struct fr_pending {                  /* the frame being built */
    struct fr_slot *slot;            /* NULL: not begun */
    struct fr_record_head *reserved; /* not yet sealed */
    struct fr_frame_mark at;         /* its size: bytes of sealed records */
};

struct fr_upstream {
    struct fr_cursor synced, next;
    bool known; /* synced is set */
    bool moved; /* next is for the frame being built */
};

struct fr_journal {
    const struct fr_backend *backend;
    void *state; /* the backend's */
    char name[FR_NAME_SIZE];
    uint16_t number;
    uint32_t incarnation;
    bool read_only;
    bool failed; /* a write or sync failed: what is on the disk is unknown */
    size_t frame_size_max;
    uint64_t size_max, reserve;
    struct fr_span retention;

    struct fr_bound start, end; /* before the first frame that is kept; after the last synced one */
    struct fr_pool *pool;
    struct fr_tail tail;
    struct fr_pending pending;
    struct fr_upstream upstreams[FR_CURSOR_MAX];
    size_t upstream_count;
    struct fr_register readers;
    struct fr_journal_stats stats;
    struct fr_span last_sync; /* monotonic */

    struct fr_place got_place; /* fr_journal_get: where it looked last */
    const struct fr_frame_head *got;
    struct fr_hold *got_hold;
};

/* The frame with record seq, start.seq < seq <= end.seq, checked; *hold is the caller's to release.
 * When it came from storage *place is behind it. */
enum fr_error fr_journal_find(struct fr_journal *journal, uint64_t seq, struct fr_place *place,
                              const struct fr_frame_head **frame, struct fr_hold **hold);
/* hash of record seq in a checked frame that holds it or ends before it. */
uint64_t fr_frame_hash_at(const struct fr_frame_head *frame, uint64_t seq);
/* Does the frame continue after `bound`? */
bool fr_frame_follows(const struct fr_frame_head *frame, const struct fr_bound *bound);
/* The bound behind the frame. */
struct fr_bound fr_frame_bound(const struct fr_frame_head *frame);
/* Cursors that were found in a stored frame or segment head. */
void fr_journal_adopt_cursors(struct fr_journal *journal, const struct fr_cursor *cursors,
                              size_t count);
/* Releases the memory of what was read and written lately; called when the journal is at rest. */
void fr_journal_settle(struct fr_journal *journal);

#endif
