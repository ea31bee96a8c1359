/* cut.h - which frames of all journals belong together: a consistent moment of the whole bus.
 *
 * A service's frame says how far it had read others (its cursors).  Journals that are copied one
 * after the other show moments that never were: one that has read what the other has not said yet.
 * The cut is the longest prefix of each journal in which nobody has read beyond another's prefix.
 * A frame reads only what was synced before it, so any cut by the clock is such a prefix, and the
 * longest one loses next to nothing (Chandy and Lamport, "Distributed Snapshots", 1985, on what
 * makes a cut consistent).
 */
#ifndef FR_FIL_CUT_H
#define FR_FIL_CUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fil_cut_cursor { /* in a frame: how far another journal had been read */
    size_t journal;     /* index; journals outside the cut are left out */
    uint64_t seq;
};
struct fil_cut_frame {
    uint64_t number;   /* of the frame */
    uint64_t last_seq; /* of the last record up to and with it */
    size_t cursor_first, cursor_count;
};
struct fil_cut_journal {
    uint64_t base_number, base_seq; /* before the first of `frames`: belongs to every cut */
    struct fil_cut_frame *frames;   /* malloc'ed, ascending */
    size_t frame_count, frame_max;
    struct fil_cut_cursor *cursors; /* malloc'ed */
    size_t cursor_count, cursor_max;
    size_t kept; /* fil_cut: so many of the frames are in it */
};

void fil_cut_add(struct fil_cut_journal *journal, uint64_t number, uint64_t last_seq);
/* Of the frame added last. */
void fil_cut_add_cursor(struct fil_cut_journal *journal, size_t of, uint64_t seq);
/* Sets each journal's `kept`. */
void fil_cut(struct fil_cut_journal *journals, size_t count);
/* The last frame and record of the cut. */
uint64_t fil_cut_number(const struct fil_cut_journal *journal);
uint64_t fil_cut_seq(const struct fil_cut_journal *journal);
void fil_cut_fini(struct fil_cut_journal *journal);

#endif
