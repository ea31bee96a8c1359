/* journal_file.h - the files of a journal on disk and who handles them.  Private to the file
 * backend.
 *
 *     journal_file.c     writes frames, switches segments, trims        (the writer's thread)
 *     journal_recover.c  finds the segments at open                     (once)
 *     journal_end.c      finds the end, cuts off a torn frame; follows another's end
 *     journal_segment.c  segment heads, marks, whole reads and writes
 *     journal_place.c    reads frames anywhere                          (readers, verify, scrub)
 *     journal_verify.c   reads everything
 *     journal_copy.c     copies everything, up to a frame
 *     journal_spare.c    prepares segments, keeps the register          (a thread of its own)
 *     journal_stock.c    trimmed segments, to be used again             (that thread)
 */
#ifndef FR_JOURNAL_FILE_H
#define FR_JOURNAL_FILE_H

#include <limits.h>
#include "common/journal/journal_backend.h"

#define FR_SPARE_NAME "next.seg"     /* the segment to come: all of it written once */
#define FR_SPARE_TMP_NAME "next.tmp" /* the same while it is being written */
#define FR_REGISTER_NAME "register"
#define FR_REGISTER_TMP_NAME "register.tmp"
#define FR_OWNER_NAME "owner"
#define FR_FIRST_SEGMENT_SIZE (FR_FRAME_SIZE_MAX + (64u << 10)) /* of a new journal, at most */

/* ---- journal_segment.c ------------------------------------------------------------------------
 */

struct fr_mark { /* a frame from which a search may start */
    uint64_t seq, number, offset;
};

struct fr_segment {
    struct fr_segment_head head;
    bool twin; /* begins at the same seq as the one before it, which has no record */
    struct fr_mark *marks;
    size_t mark_count, mark_max;
};

/* A path in the journal's directory; text[PATH_MAX], returns text. */
const char *fr_file_path(const char *dir, const char *name, char *text);
const char *fr_segment_path(const char *dir, const struct fr_segment *segment, char *text);
/* "00000000000000000042.seg", a twin "00000000000000000042-17.seg" with its base number. */
const char *fr_segment_name(const struct fr_segment *segment, char *text);

/* FR_CORRUPT when the head is not whole, FR_VERSION, FR_NOT_FOUND, FR_IO.  cursors[FR_CURSOR_MAX]
 * may be NULL. */
enum fr_error fr_segment_read(const char *path, struct fr_segment_head *head,
                              struct fr_cursor *cursors);
/* Is the file no longer there, or used again for another segment? */
bool fr_segment_is_gone(const char *dir, const struct fr_segment *segment);
/* Fills in magic, layout, cursors and crc.  FR_FULL, FR_IO. */
enum fr_error fr_segment_write(int fd, struct fr_segment_head *head,
                               const struct fr_journal *journal);

void fr_segment_mark(struct fr_segment *segment, const struct fr_frame_head *frame,
                     uint64_t offset);
void fr_segment_fini(struct fr_segment *segment);

/* All bytes, or FR_FULL (no space), FR_IO. */
enum fr_error fr_write_all(int fd, const void *data, size_t size, uint64_t offset);
/* *size: how much was there.  FR_IO. */
enum fr_error fr_read_all(int fd, void *data, size_t *size, uint64_t offset);
/* FR_FULL for want of space, else FR_IO. */
enum fr_error fr_error_of(int error);

/* ---- the journal's files ----------------------------------------------------------------------
 */

struct fr_spare;

struct fr_file {
    char *dir;
    int owner_fd;
    struct fr_segment *segments; /* oldest first; the last one is written */
    size_t segment_count, segment_max;
    int fd;          /* of the last segment */
    uint64_t offset; /* of the next slot in it */
    size_t segment_size;
    uint64_t segment_limit; /* how many may be in use at a time */
    struct fr_spare *spare;
    uint64_t disk_free;        /* bytes, as asked last */
    struct fr_span disk_asked; /* monotonic; 0: ask again */
    struct fr_place scrub;     /* where fr_journal_scrub goes on */
    struct fr_bound scrubbed;  /* up to there */
    struct fr_place end;       /* read_only: where the owner's next frame will appear */
};

static inline struct fr_file *
fr_file_of(const struct fr_journal *journal)
{
    return journal->state;
}

static inline struct fr_segment *
fr_file_last(const struct fr_file *file)
{
    return &file->segments[file->segment_count - 1];
}

/* Takes the segment's marks.  FR_NO_MEMORY. */
enum fr_error fr_file_add(struct fr_file *file, const struct fr_segment *segment);
/* The spare becomes the last segment, of this incarnation, and begins after the journal's end. */
enum fr_error fr_file_switch(struct fr_journal *journal, uint32_t incarnation);
struct fr_bound fr_segment_start(const struct fr_segment *segment);

/* ---- journal_place.c --------------------------------------------------------------------------
 */

/* The frame at the place, which lies in `segment` and ends before `limit`: head checked, place not
 * moved. FR_CORRUPT when none is there; FR_IO; FR_NO_MEMORY. */
enum fr_error fr_place_peek(struct fr_journal *journal, struct fr_place *place,
                            const struct fr_segment *segment, uint64_t limit,
                            const struct fr_frame_head **frame);
/* `size` bytes at the place's offset, borrowed until the place is used again; NULL with *err. */
const uint8_t *fr_place_bytes(struct fr_journal *journal, struct fr_place *place, uint64_t limit,
                              size_t size, enum fr_error *err);
/* To the first frame of a segment. */
enum fr_error fr_place_enter(struct fr_file *file, struct fr_place *place,
                             const struct fr_segment *segment);
void fr_place_advance(struct fr_place *place, const struct fr_frame_head *frame);
/* The segment that holds frame `number`; NULL when it is gone. */
struct fr_segment *fr_file_segment(struct fr_file *file, uint64_t number, uint64_t *limit);

enum fr_error fr_file_locate(struct fr_journal *journal, enum fr_place_by by, uint64_t value,
                             struct fr_place *place);
enum fr_error fr_file_fetch(struct fr_journal *journal, struct fr_place *place, bool deep,
                            const struct fr_frame_head **frame, struct fr_hold **hold);

/* ---- journal_recover.c ------------------------------------------------------------------------
 */

enum fr_error fr_file_open(struct fr_journal *journal, const struct fr_journal_options *options,
                           struct fr_complaint complaint);

/* ---- journal_end.c ----------------------------------------------------------------------------
 */

struct fr_end {     /* what lies behind the last whole frame */
    bool torn;      /* a frame was begun */
    bool dirty;     /* bytes other than zeros, within a frame's reach */
    bool lost;      /* a whole frame: the one before it is damaged */
    bool cut_short; /* the file ends early */
};

/* Moves the journal's end, from the start of the last segment, behind its last whole frame; cuts
 * off a torn one and makes all of it durable (not read_only: then file->end is there). */
enum fr_error fr_end_find(struct fr_journal *journal, struct fr_complaint complaint);
enum fr_error fr_file_refresh(struct fr_journal *journal);
/* errno in words; FR_FULL or FR_IO by it. */
enum fr_error fr_complain_io(struct fr_complaint complaint, const char *what, const char *path);

/* ---- journal_verify.c -------------------------------------------------------------------------
 */

enum fr_error fr_file_verify(struct fr_journal *journal, fr_progress_fn *each, void *context,
                             struct fr_complaint complaint);
enum fr_error fr_file_scrub(struct fr_journal *journal, size_t size_max,
                            struct fr_complaint complaint);

/* ---- journal_stock.c: trimmed segments, to be used again --------------------------------------
 */

#define FR_STOCK_MAX 32                  /* files worth keeping, at most */
#define FR_STOCK_SIZE_MAX (512ull << 20) /* bytes worth keeping, at most */
#define FR_DEMAND_US 10000000            /* as many as were taken in the last so many us */

struct fr_stock {
    const char *dir; /* borrowed */
    size_t segment_size;
    struct fr_stock_file {
        uint64_t number; /* in its name */
        uint64_t size;
    } * files; /* those of another size than segment_size first: of no use */
    size_t count, max;
    uint64_t size; /* of all of them */
    uint64_t last_number;
};

/* Finds what a former run left.  FR_IO, FR_NO_MEMORY. */
enum fr_error fr_stock_open(struct fr_stock *stock, const char *dir, size_t segment_size);
void fr_stock_close(struct fr_stock *stock);
/* The segment file `name` is trimmed.  Durable, and fit to be given back, after fr_dir_sync. */
enum fr_error fr_stock_put(struct fr_stock *stock, const char *name);
/* Is there one to take? */
bool fr_stock_ready(const struct fr_stock *stock);
/* One becomes the spare; it must not be written before fr_dir_sync.  FR_NOT_FOUND, FR_FULL, FR_IO.
 */
enum fr_error fr_stock_take(struct fr_stock *stock);
/* Are there more than `wanted`, or any of no use? */
bool fr_stock_exceeds(const struct fr_stock *stock, size_t wanted);
/* One step towards fewer files; count > 0. */
enum fr_error fr_stock_give_back(struct fr_stock *stock);
/* All of them, at once. */
enum fr_error fr_stock_empty(struct fr_stock *stock);

struct fr_demand { /* when segments were taken: the last FR_STOCK_MAX times, monotonic */
    struct fr_span at[FR_STOCK_MAX];
    uint64_t count;
};

void fr_demand_note(struct fr_demand *demand, struct fr_span now);
/* How many in the last FR_DEMAND_US; no more than FR_STOCK_MAX. */
size_t fr_demand_lately(const struct fr_demand *demand, struct fr_span now);

/* ---- journal_spare.c --------------------------------------------------------------------------
 */

/* Starts the thread.  ready: the spare is there already.  FR_NO_MEMORY, FR_IO. */
enum fr_error fr_spare_new(const char *dir, size_t segment_size, bool ready, struct fr_spare **out);
/* Finishes what was asked for, but not a segment being prepared. */
void fr_spare_free(struct fr_spare **spare);

/* Writes a whole segment of zeros as the spare, at once and in the caller's thread. */
enum fr_error fr_spare_make(const char *dir, size_t size);

void fr_spare_want(struct fr_spare *spare);
/* Waits for the spare: FR_OK, FR_FULL (tries again by itself when asked later), FR_IO. */
enum fr_error fr_spare_wait(struct fr_spare *spare);
/* The caller renamed it away; the directory wants an fsync.  another: there may be one more. */
void fr_spare_taken(struct fr_spare *spare, bool another);
/* Trimmed segments, oldest first: into the stock, after the register was written.  Takes the names.
 */
enum fr_error fr_spare_discard(struct fr_spare *spare, char **names, size_t name_count,
                               const char *register_text, size_t register_size);
/* Writes the register and waits for it. */
enum fr_error fr_spare_keep_register(struct fr_spare *spare, const char *text, size_t size);
/* Did something fail that no later try can mend? */
bool fr_spare_failed(struct fr_spare *spare);
/* Bytes of files that wait to become segments: the spare and the stock. */
uint64_t fr_spare_size(struct fr_spare *spare);
/* A moment to look whether the stock is still wanted; cheap. */
void fr_spare_look(struct fr_spare *spare);

/* fsync of a directory. */
enum fr_error fr_dir_sync(const char *dir);

#endif
