/* log.h - one line per event: JSON on stderr, `service verb key=value` when stderr is a terminal.
 *
 *     fr_log(FR_INFO, "offered", "conversation=%s agent=%s waited_ms=%d", ...);
 *
 * The verb is a word, the rest are key=value pairs separated by blanks; a value with blanks or
 * quotes is written with %s inside double quotes and is escaped by fr_log_quote().  Thread safe:
 * one write(2) per line.
 */
#ifndef FR_BASE_LOG_H
#define FR_BASE_LOG_H

#include "common/base/arena.h"

enum fr_log_level { FR_DEBUG, FR_INFO, FR_WARN, FR_ERROR };
enum fr_log_format { FR_LOG_AUTO, FR_LOG_TEXT, FR_LOG_JSON };

/* Once, before the first line.  `service` is borrowed for the life of the process. */
void fr_log_init(const char *service, enum fr_log_level least, enum fr_log_format format);

void fr_log(enum fr_log_level level, const char *verb, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* `text` as a double-quoted value, control characters escaped, at most `size - 1` bytes; for use as
 * a %s argument.  Returns buffer. */
const char *fr_log_quote(const char *text, char *buffer, size_t size);

#endif
