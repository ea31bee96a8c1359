/* cut.c - which frames of all journals belong together. */
#include "services/fil/cut.h"

#include <stdlib.h>
#include "common/base/error.h"

static void *
grow(void *items, size_t *max, size_t size)
{
    *max = *max * 2 + 64;
    items = realloc(items, *max * size);
    fr_assert(items != NULL);
    return items;
}

void
fil_cut_add(struct fil_cut_journal *journal, uint64_t number, uint64_t last_seq)
{
    if (journal->frame_count == journal->frame_max)
        journal->frames = grow(journal->frames, &journal->frame_max, sizeof(*journal->frames));
    journal->frames[journal->frame_count++] = (struct fil_cut_frame){
        .number = number, .last_seq = last_seq, .cursor_first = journal->cursor_count};
}

void
fil_cut_add_cursor(struct fil_cut_journal *journal, size_t of, uint64_t seq)
{
    if (journal->cursor_count == journal->cursor_max)
        journal->cursors = grow(journal->cursors, &journal->cursor_max, sizeof(*journal->cursors));
    journal->cursors[journal->cursor_count++] = (struct fil_cut_cursor){of, seq};
    journal->frames[journal->frame_count - 1].cursor_count++;
}

uint64_t
fil_cut_number(const struct fil_cut_journal *journal)
{
    return journal->kept == 0 ? journal->base_number : journal->frames[journal->kept - 1].number;
}

uint64_t
fil_cut_seq(const struct fil_cut_journal *journal)
{
    return journal->kept == 0 ? journal->base_seq : journal->frames[journal->kept - 1].last_seq;
}

/* Has the frame read nothing that the others' prefixes do not hold? */
static bool
holds(const struct fil_cut_journal *journals, const struct fil_cut_journal *journal,
      const struct fil_cut_frame *frame)
{
    for (size_t i = 0; i < frame->cursor_count; i++) {
        const struct fil_cut_cursor *cursor = &journal->cursors[frame->cursor_first + i];

        if (cursor->seq > fil_cut_seq(&journals[cursor->journal]))
            return false;
    }
    return true;
}

static bool
shorten(const struct fil_cut_journal *journals, struct fil_cut_journal *journal)
{
    for (size_t i = 0; i < journal->kept; i++)
        if (!holds(journals, journal, &journal->frames[i])) {
            journal->kept = i;
            return true;
        }
    return false;
}

/* Prefixes only get shorter, so it ends; and what is taken away could be in no cut. */
void
fil_cut(struct fil_cut_journal *journals, size_t count)
{
    bool changed = true;

    for (size_t i = 0; i < count; i++)
        journals[i].kept = journals[i].frame_count;
    while (changed) {
        changed = false;
        for (size_t i = 0; i < count; i++)
            changed |= shorten(journals, &journals[i]);
    }
}

void
fil_cut_fini(struct fil_cut_journal *journal)
{
    free(journal->frames);
    free(journal->cursors);
    *journal = (struct fil_cut_journal){0};
}
