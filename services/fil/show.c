/* show.c - what people read: tables that align, times, sizes, progress. */
#include "services/fil/show.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COLUMN_MAX 16
#define DRAW_EVERY_US 100000

/* ---- words ---- */

static bool
starts_character(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

size_t
fil_text_width(const char *text)
{
    size_t width = 0;

    for (; *text != '\0'; text++)
        width += starts_character(*text);
    return width;
}

/* Control characters from customers must not reach the terminal: they could rewrite what is above.
 */
char *
fil_text_cut(const char *text, size_t width)
{
    bool cut = fil_text_width(text) > width;
    char *out = malloc(strlen(text) + 4);
    size_t used = 0, shown = 0;

    fr_assert(out != NULL);
    for (; *text != '\0'; text++) {
        bool starts = starts_character(*text);

        if (cut && starts && shown + 1 == width)
            break;
        shown += starts;
        out[used++] = (unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text;
    }
    if (cut) {
        memcpy(out + used, "\xe2\x80\xa6", 3);
        used += 3;
    }
    out[used] = '\0';
    return out;
}

char *
fil_bytes_format(uint64_t bytes, char text[16])
{
    static const char units[] = "BKMGTP";
    double value = (double)bytes;
    size_t unit = 0;

    while (value >= 1000 && units[unit + 1] != '\0') {
        value /= 1024;
        unit++;
    }
    if (unit == 0)
        snprintf(text, 16, "%" PRIu64 "B", bytes);
    else
        snprintf(text, 16, value < 9.95 ? "%.1f%c" : "%.0f%c", value, units[unit]);
    return text;
}

char *
fil_clock_format(int64_t time_us, bool with_millis, char text[32])
{
    time_t seconds = (time_t)(time_us / 1000000), now = time(NULL);
    struct tm then, today;
    size_t used;

    localtime_r(&seconds, &then);
    localtime_r(&now, &today);
    if (then.tm_year == today.tm_year && then.tm_yday == today.tm_yday)
        used = strftime(text, 32, "%H:%M:%S", &then);
    else
        used = strftime(text, 32, "%Y-%m-%d %H:%M:%S", &then);
    if (with_millis)
        snprintf(text + used, 32 - used, ".%03d", (int)(time_us / 1000 % 1000));
    return text;
}

/* ---- cells ---- */

static const json_t *
look_up(const json_t *row, const char *key)
{
    const char *dot;

    while ((dot = strchr(key, '.')) != NULL) {
        char part[64];

        snprintf(part, sizeof(part), "%.*s", (int)(dot - key), key);
        row = json_object_get(row, part);
        key = dot + 1;
    }
    return json_object_get(row, key);
}

static char *
list_cell(const json_t *list)
{
    char *text = NULL;
    size_t size = 0, i;
    FILE *out = open_memstream(&text, &size);
    json_t *item;

    fr_assert(out != NULL);
    json_array_foreach(list, i, item)
    {
        fprintf(out, "%s%s", i > 0 ? "," : "",
                json_is_string(item) ? json_string_value(item) : "...");
    }
    fclose(out);
    return text;
}

/* Both microseconds and RFC 3339 are in use by the services' answers. */
static char *
time_cell(const json_t *value, int64_t unit_us)
{
    struct fr_time at = {json_integer_value(value) * unit_us};
    char text[32];

    if (json_is_string(value) &&
        fr_time_parse(fr_slice_str(json_string_value(value)), &at) != FR_OK)
        return strdup(json_string_value(value));
    return strdup(at.unix_us == 0 ? "-" : fil_clock_format(at.unix_us, false, text));
}

static char *
number_cell(const json_t *value)
{
    char text[40];

    if (json_is_real(value))
        snprintf(text, sizeof(text), "%.3g", json_real_value(value));
    else
        snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    return strdup(text);
}

static char *
plain_cell(const json_t *value)
{
    if (json_is_string(value))
        return strdup(json_string_value(value));
    if (json_is_number(value))
        return number_cell(value);
    if (json_is_boolean(value))
        return strdup(json_is_true(value) ? "yes" : "no");
    return json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
}

static char *
span_cell(const json_t *value, int64_t unit_us)
{
    char text[FR_TIME_TEXT_SIZE];

    if (!json_is_integer(value))
        return plain_cell(value);
    return strdup(fr_span_format((struct fr_span){json_integer_value(value) * unit_us}, text));
}

static char *
count_cell(const json_t *value)
{
    char text[24];

    snprintf(text, sizeof(text), "%zu", json_array_size(value));
    return strdup(text);
}

char *
fil_cell(const json_t *row, const struct fil_column *column)
{
    const json_t *value = look_up(row, column->key);
    char text[16];

    if (value == NULL || json_is_null(value))
        return strdup("-");
    switch (column->kind) {
    case FIL_COLUMN_BYTES:
        return strdup(fil_bytes_format((uint64_t)json_integer_value(value), text));
    case FIL_COLUMN_TIME_US:
        return time_cell(value, 1);
    case FIL_COLUMN_TIME_MS:
        return time_cell(value, 1000);
    case FIL_COLUMN_SPAN_US:
        return span_cell(value, 1);
    case FIL_COLUMN_SPAN_MS:
        return span_cell(value, 1000);
    case FIL_COLUMN_YES:
        return strdup(json_is_true(value) ? "yes" : "no");
    case FIL_COLUMN_COUNT:
        return count_cell(value);
    case FIL_COLUMN_LIST:
        return list_cell(value);
    case FIL_COLUMN_NUMBER:
    case FIL_COLUMN_TEXT:
        break;
    }
    return plain_cell(value);
}

/* ---- tables ---- */

static bool
to_the_right(const struct fil_column *column)
{
    return column->kind == FIL_COLUMN_NUMBER || column->kind == FIL_COLUMN_BYTES ||
           column->kind == FIL_COLUMN_COUNT || column->kind == FIL_COLUMN_SPAN_US ||
           column->kind == FIL_COLUMN_SPAN_MS;
}

static void
pad(FILE *out, size_t count)
{
    while (count-- > 0)
        fputc(' ', out);
}

static void
print_cell(FILE *out, const struct fil_column *column, const char *text, size_t width, bool last)
{
    size_t own = fil_text_width(text), blanks = own < width ? width - own : 0;

    if (to_the_right(column))
        pad(out, blanks);
    fputs(text, out);
    if (!last)
        pad(out, (to_the_right(column) ? 0 : blanks) + 2);
}

void
fil_table(FILE *out, const json_t *items, const struct fil_column *columns)
{
    size_t column_count = 0, row_count = json_array_size(items), width[COLUMN_MAX];
    char **cells;

    while (columns[column_count].head != NULL)
        column_count++;
    fr_assert(column_count <= COLUMN_MAX);
    cells = calloc(row_count * column_count + 1, sizeof(*cells));
    fr_assert(cells != NULL);
    for (size_t c = 0; c < column_count; c++)
        width[c] = fil_text_width(columns[c].head);
    for (size_t i = 0; i < row_count * column_count; i++) {
        const struct fil_column *column = &columns[i % column_count];
        char *whole = fil_cell(json_array_get(items, i / column_count), column);

        cells[i] = fil_text_cut(whole, column->width_max > 0 ? column->width_max : SIZE_MAX);
        free(whole);
        if (fil_text_width(cells[i]) > width[i % column_count])
            width[i % column_count] = fil_text_width(cells[i]);
    }
    for (size_t c = 0; c < column_count; c++)
        print_cell(out, &columns[c], columns[c].head, width[c], c + 1 == column_count);
    fputc('\n', out);
    for (size_t i = 0; i < row_count * column_count; i++) {
        bool last = (i + 1) % column_count == 0;

        print_cell(out, &columns[i % column_count], cells[i], width[i % column_count], last);
        if (last)
            fputc('\n', out);
        free(cells[i]);
    }
    free(cells);
}

/* ---- answers ---- */

int
fil_show_json(json_t *json)
{
    json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
    putchar('\n');
    json_decref(json);
    return FIL_OK;
}

int
fil_show_list(struct fil *fil, json_t *answer, const struct fil_column *columns,
              const char *nothing)
{
    const json_t *items = json_object_get(answer, "items");

    if (fil->json)
        return fil_show_json(answer);
    if (json_array_size(items) == 0)
        printf("%s\n", nothing);
    else
        fil_table(stdout, items, columns);
    if (json_is_true(json_object_get(answer, "more")))
        printf("... and more: --limit N shows N\n");
    json_decref(answer);
    return FIL_OK;
}

/* Fields whose names end in _us or _ms are times when they are too big to be lengths. */
static void
print_value(const char *key, const json_t *value)
{
    struct fil_column column = {.head = "", .key = "v", .kind = FIL_COLUMN_TEXT};
    size_t size = strlen(key);
    json_t *row = json_pack("{s:O}", "v", value);
    char *text, *clean;

    if (json_is_integer(value) && size > 3 && strcmp(key + size - 3, "_us") == 0)
        column.kind = json_integer_value(value) > INT64_C(1000000000000000) ? FIL_COLUMN_TIME_US
                                                                            : FIL_COLUMN_SPAN_US;
    if (json_is_integer(value) && size > 3 && strcmp(key + size - 3, "_ms") == 0)
        column.kind = json_integer_value(value) > INT64_C(1000000000000) ? FIL_COLUMN_TIME_MS
                                                                         : FIL_COLUMN_SPAN_MS;
    text = fil_cell(row, &column);
    clean = fil_text_cut(text, SIZE_MAX);
    printf("%s\n", clean);
    free(clean);
    free(text);
    json_decref(row);
}

static bool
is_nested(const json_t *value)
{
    return json_is_object(value) ||
           (json_is_array(value) && json_is_object(json_array_get(value, 0)));
}

static void
print_object(const json_t *object, int indent)
{
    const char *key;
    json_t *value, *item;
    size_t i;

    json_object_foreach((json_t *)object, key, value)
    {
        printf("%*s%s:%s", indent, "", key, is_nested(value) ? "" : " ");
        if (json_is_object(value)) {
            putchar('\n');
            print_object(value, indent + 2);
        } else if (json_is_array(value) && json_is_object(json_array_get(value, 0))) {
            putchar('\n');
            json_array_foreach(value, i, item)
            {
                printf("%*s-\n", indent, "");
                print_object(item, indent + 4);
            }
        } else if (json_is_array(value)) {
            char *text = list_cell(value);

            printf("%s\n", text);
            free(text);
        } else {
            print_value(key, value);
        }
    }
}

int
fil_show_object(struct fil *fil, json_t *object)
{
    if (fil->json)
        return fil_show_json(object);
    print_object(object, 0);
    json_decref(object);
    return FIL_OK;
}

/* ---- progress ---- */

void
fil_progress_start(struct fil_progress *progress, const char *what)
{
    *progress = (struct fil_progress){.what = what, .terminal = isatty(STDERR_FILENO)};
}

void
fil_progress_at(struct fil_progress *progress, uint64_t done, uint64_t all)
{
    int64_t now_us = fr_time_monotonic().us;
    double share = all > 0 ? (double)done / (double)all : 0;
    int full;

    if (!progress->terminal || now_us - progress->drawn_us < DRAW_EVERY_US)
        return;
    progress->drawn_us = now_us;
    progress->drawn = true;
    if (share > 1)
        share = 1;
    full = (int)(share * 30);
    fprintf(stderr, "\r%s [%.*s%*s] %3d %%", progress->what, full, "##############################",
            30 - full, "", (int)(share * 100));
}

void
fil_progress_end(struct fil_progress *progress)
{
    if (progress->drawn)
        fprintf(stderr, "\r\033[K");
    progress->drawn = false;
}
