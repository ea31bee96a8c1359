/* text.h - the start of a message, and the words of a notice.  Pure. */
#ifndef FR_CONVERSATIONS_TEXT_H
#define FR_CONVERSATIONS_TEXT_H

#include "services/conversations/conversations.h"

#define CONVERSATIONS_PREVIEW_MAX 160 /* characters (code points) */
#define CONVERSATIONS_PREVIEW_SIZE (CONVERSATIONS_PREVIEW_MAX * 4 + 1)

/* The start of `text` on one line: runs of blanks and line ends become one blank, what follows the
 * 160th character is left out, and no character is cut in two.  Returns out. */
char *conversations_preview(const char *text, char out[CONVERSATIONS_PREVIEW_SIZE]);

/* How many bytes of `text` fit into `size_max` without cutting a character. */
size_t conversations_cut(const char *text, size_t size_max);

/* The text for that brand and language (NULL: not known): the row that fits best, a brand counting
 * more than a language; among equals the first.  NULL: no row fits, or its text is empty. */
const char *conversations_notice(const struct fr_config_list *notices, const char *brand,
                                 const char *language);

/* The words for a cause (0: when no new time is known) in that language; "" when there are none. */
const char *conversations_reason(const struct fr_config_list *reasons, int cause,
                                 const char *language);

/* A notice with its words in place: {reason}, {time}, {from}; NULL words: left out.  Arena memory;
 * NULL: the arena is spent. */
struct conversations_words {
    const char *reason, *time, *from;
};
char *conversations_fill(struct fr_arena *arena, const char *text,
                         const struct conversations_words *words);

#endif
