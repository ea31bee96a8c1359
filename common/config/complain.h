/* complain.h - a complaint: where, about what, why, and the line itself with a caret below. */
#ifndef FR_CONFIG_COMPLAIN_H
#define FR_CONFIG_COMPLAIN_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define CONFIG_COMPLAINTS_MAX 50 /* more are only counted: somebody loaded the wrong file */

struct config_source { /* the text that is being read */
    const char *name;  /* of the file */
    const char *text;
    size_t size;
    FILE *complaints; /* NULL: count only */
    size_t complaint_count;
};

struct config_mark {
    size_t line, column; /* from 1, in characters; line 0: not in the file */
};

/* "name:line:column: path: reason", the line and a caret.  An empty path is left out.  With
 * show_line false the line stays hidden: it may hold a secret. */
void config_complain(struct config_source *source, struct config_mark mark, const char *path,
                     bool show_line, const char *format, va_list args)
    __attribute__((format(printf, 5, 0)));

/* Says how many complaints were only counted. */
void config_complain_end(struct config_source *source);

#endif
