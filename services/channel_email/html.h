/* html.h - the HTML of a mail as plain text.
 *
 * Our own tokenizer over one state, without recursion and without a tree, because the input is
 * hostile and all that is wanted is the text: blocks become lines, quotes get "> ", what is not
 * shown (head, style, script, comments) is left out.  Time and memory grow with the input, whatever
 * it says.
 */
#ifndef FR_EMAIL_HTML_H
#define FR_EMAIL_HTML_H

#include <stdbool.h>
#include <stdint.h>
#include "common/base/arena.h"

#define EMAIL_HTML_QUOTES_MAX 20 /* nested quotes that are marked; deeper ones look like these */

/* Text of at most `max` bytes; *cut when there was more.  `html` is valid UTF-8.  NULL: the arena
 * is spent. */
char *email_html_text(struct fr_arena *arena, const char *html, size_t max, bool *cut);

/* The characters that &name; stands for, without & and ;.  0: no such name. */
uint32_t email_html_entity(const char *name, size_t size);

/* Does the HTML show the image with this content id (cid:...)? */
bool email_html_shows(const char *html, const char *content_id);

#endif
