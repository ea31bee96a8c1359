/* undo.h - what entries held before, so that one input's writes can be taken back.
 *
 * Old values are copied here and entries overwritten in place: a key written at every message stays
 * where it is, and the copy goes to memory that is warm from the message before.
 */
#ifndef FR_STORE_UNDO_H
#define FR_STORE_UNDO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "common/store/memtable.h"

struct fr_undo { /* all zero: not recording */
    bool recording;
    uint8_t *bytes;
    size_t used, room;
    size_t last; /* offset of the last item */
};

/* Forgets what was saved and starts recording. */
void fr_undo_mark(struct fr_undo *undo);
/* Forgets what was saved and stops. */
void fr_undo_stop(struct fr_undo *undo);
void fr_undo_fini(struct fr_undo *undo);

/* Call before the entry is written.  false: out of memory. */
bool fr_undo_save(struct fr_undo *undo, const struct fr_entry *entry);

/* Takes back the last save and returns its entry; NULL when there is none left. */
struct fr_entry *fr_undo_step(struct fr_undo *undo);

#endif
