/* show.h - what people read: tables that align, times, sizes, colours, progress. */
#ifndef FR_FIL_SHOW_H
#define FR_FIL_SHOW_H

#include "services/fil/fil.h"

enum fil_column_kind {
    FIL_COLUMN_TEXT,
    FIL_COLUMN_NUMBER,  /* right-aligned */
    FIL_COLUMN_BYTES,   /* 12.3M */
    FIL_COLUMN_TIME_US, /* microseconds since 1970, or a text with a time in it: local HH:MM:SS,
                           with the day if not today */
    FIL_COLUMN_TIME_MS,
    FIL_COLUMN_SPAN_US, /* a length: 1m30s */
    FIL_COLUMN_SPAN_MS,
    FIL_COLUMN_YES,   /* true: yes, false: no */
    FIL_COLUMN_COUNT, /* how many a list has */
    FIL_COLUMN_LIST,  /* its texts with commas */
};
struct fil_column {
    const char *head; /* NULL ends the table */
    const char *key;  /* of the row; "a.b" looks inside */
    enum fil_column_kind kind;
    size_t width_max; /* longer texts are cut with an ellipsis; 0: never */
};

/* The rows of `items` as a table.  Absent values are shown as "-". */
void fil_table(FILE *out, const json_t *items, const struct fil_column *columns);

/* A list's answer {"items": [...], "more": bool}: as JSON when fil->json, else as a table, with a
 * word when there is nothing or more. `nothing` is what to say of an empty list.  Takes `answer`;
 * returns the exit status. */
int fil_show_list(struct fil *fil, json_t *answer, const struct fil_column *columns,
                  const char *nothing);
/* Any JSON, indented, on stdout.  Takes it. */
int fil_show_json(json_t *json);
/* An object for people: one line per field, nested lists indented.  Takes it. */
int fil_show_object(struct fil *fil, json_t *object);

/* The value as the column shows it; malloc'ed. */
char *fil_cell(const json_t *row, const struct fil_column *column);
/* Columns that a UTF-8 text takes on a terminal (wide characters count as one: good enough to
 * align). */
size_t fil_text_width(const char *text);
/* At most `width` columns of it; control characters become blanks. malloc'ed. */
char *fil_text_cut(const char *text, size_t width);
char *fil_bytes_format(uint64_t bytes, char text[16]);
char *fil_clock_format(int64_t time_us, bool with_millis, char text[32]);

/* A bar on stderr, when that is a terminal: drawn at most ten times a second, wiped at the end. */
struct fil_progress {
    const char *what;
    int64_t drawn_us;
    bool terminal, drawn;
};
void fil_progress_start(struct fil_progress *progress, const char *what);
void fil_progress_at(struct fil_progress *progress, uint64_t done, uint64_t all);
void fil_progress_end(struct fil_progress *progress);

#endif
