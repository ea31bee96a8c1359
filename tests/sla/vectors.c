/* vectors.c - judges the calendar by vectors: one JSON object a line, {tz, hours, holidays, breaks,
 * op: add, within or open, t, n or u, out, and where given wall (which then counts) and first}.
 * Usage: sla_vectors FILE.jsonl
 * Prints one line for each that fails and at the end "N passed, N failed". */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/calendar/calendar.h"

static const char *const weekdays[7] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

#define TEXTS_MAX 4000

struct sheet { /* the memory of one vector's calendar */
    struct fr_calendar_config row;
    const char *texts[TEXTS_MAX];
    char times[TEXTS_MAX][12];
    struct fr_calendar_day_config breaks[TEXTS_MAX];
    size_t text_count, time_count;
};

static void
complain(void *context, const char *key, const char *reason)
{
    fprintf(stderr, "%s: %s: %s\n", (const char *)context, key, reason);
}

/* [["09:00", "12:30"], ...] as "09:00-12:30". */
static struct fr_config_list
times_of(struct sheet *sheet, const json_t *pairs)
{
    struct fr_config_list list = {&sheet->texts[sheet->text_count], json_array_size(pairs)};
    const json_t *pair;
    size_t i;

    json_array_foreach(pairs, i, pair)
    {
        char *text = sheet->times[sheet->time_count++];

        snprintf(text, sizeof(sheet->times[0]), "%.5s-%.5s",
                 json_string_value(json_array_get(pair, 0)),
                 json_string_value(json_array_get(pair, 1)));
        sheet->texts[sheet->text_count++] = text;
    }
    return list;
}

static struct fr_calendar *
calendar_of(struct sheet *sheet, const json_t *vector)
{
    const json_t *holidays = json_object_get(vector, "holidays"), *value;
    json_t *breaks = json_object_get(vector, "breaks");
    struct fr_calendar *calendar = NULL;
    const char *date;
    size_t i;

    memset(&sheet->row, 0, sizeof(sheet->row));
    sheet->text_count = sheet->time_count = 0;
    sheet->row.name = "vector";
    sheet->row.zone = json_string_value(json_object_get(vector, "tz"));
    for (i = 0; i < 7; i++)
        sheet->row.hours[i] =
            times_of(sheet, json_object_get(json_object_get(vector, "hours"), weekdays[i]));
    sheet->row.breaks.items = sheet->breaks;
    json_object_foreach(breaks, date, value)
    {
        sheet->breaks[sheet->row.breaks.count++] =
            (struct fr_calendar_day_config){date, times_of(sheet, value)};
    }
    sheet->row.holidays = (struct fr_config_list){&sheet->texts[sheet->text_count], 0};
    json_array_foreach(holidays, i, value)
    {
        sheet->texts[sheet->text_count++] = json_string_value(value);
        sheet->row.holidays.count++;
    }
    fr_calendar_new(&sheet->row, ".", complain,
                    (void *)(uintptr_t)json_string_value(json_object_get(vector, "id")), &calendar);
    return calendar;
}

static struct fr_time
time_of(const json_t *vector, const char *name)
{
    struct fr_time t = {0};

    fr_time_parse(fr_slice_str(json_string_value(json_object_get(vector, name))), &t);
    return t;
}

static bool
right_add(const struct fr_calendar *calendar, const json_t *vector, const char *out)
{
    const json_t *first = json_object_get(vector, "first");
    struct fr_span business = {json_integer_value(json_object_get(vector, "n")) * 60 * 1000000};
    struct fr_calendar_deadline deadline;
    bool never = json_is_null(json_object_get(vector, out)) ||
                 (json_is_string(json_object_get(vector, out)) &&
                  strcmp(json_string_value(json_object_get(vector, out)), "never") == 0);

    if (fr_calendar_add(calendar, time_of(vector, "t"), business, &deadline) != FR_OK)
        return never;
    if (json_is_string(first) && deadline.first.unix_us != time_of(vector, "first").unix_us)
        return false;
    return never ? deadline.rolled.unix_us == 0
                 : deadline.rolled.unix_us == time_of(vector, out).unix_us;
}

static bool
right(const struct fr_calendar *calendar, const json_t *vector)
{
    const char *op = json_string_value(json_object_get(vector, "op"));
    const char *out = json_object_get(vector, "wall") != NULL ? "wall" : "out";
    const json_t *expected = json_object_get(vector, out);

    if (op == NULL || calendar == NULL)
        return false;
    if (strcmp(op, "add") == 0)
        return right_add(calendar, vector, out);
    if (strcmp(op, "within") == 0)
        return fr_calendar_within(calendar, time_of(vector, "t"), time_of(vector, "u")).us ==
               json_integer_value(expected) * 1000000;
    return strcmp(op, "open") == 0 &&
           fr_calendar_open(calendar, time_of(vector, "t")) == json_is_true(expected);
}

static void
judge(FILE *file, size_t *passed, size_t *failed)
{
    struct sheet *sheet = calloc(1, sizeof(*sheet));
    char *line = NULL;
    size_t size = 0;

    fr_assert(sheet != NULL);
    while (getline(&line, &size, file) > 0) {
        json_t *vector = json_loads(line, 0, NULL);
        struct fr_calendar *calendar = vector == NULL ? NULL : calendar_of(sheet, vector);

        if (line[0] == '\n')
            continue;
        if (right(calendar, vector)) {
            (*passed)++;
        } else {
            (*failed)++;
            printf("failed: %s", line);
        }
        fr_calendar_free(&calendar);
        json_decref(vector);
    }
    free(line);
    free(sheet);
}

int
main(int argc, char **argv)
{
    size_t passed = 0, failed = 0;
    FILE *file = argc == 2 ? fopen(argv[1], "re") : NULL;

    if (file == NULL) {
        fprintf(stderr, argc == 2 ? "cannot read %s\n" : "usage: sla_vectors FILE.jsonl\n",
                argc == 2 ? argv[1] : "");
        return 64;
    }
    judge(file, &passed, &failed);
    fclose(file);
    printf("%zu passed, %zu failed\n", passed, failed);
    return failed > 0 || passed == 0;
}
