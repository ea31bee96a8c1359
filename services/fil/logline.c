/* logline.c - one line of a service's log, as it reaches the terminal. */
#include "services/fil/logline.h"

#include <jansson.h>
#include <string.h>
#include <time.h>
#include "common/base/time.h"

#define DIM "\033[2m"
#define BOLD "\033[1m"
#define YELLOW "\033[33m"
#define RED "\033[31m"
#define PLAIN "\033[0m"

static void
print_time(FILE *out, int64_t time_us, bool colour)
{
    time_t seconds = (time_t)(time_us / 1000000);
    struct tm then;

    gmtime_r(&seconds, &then);
    fprintf(out, "%s%02d:%02d:%02d.%03d%s ", colour ? DIM : "", then.tm_hour, then.tm_min,
            then.tm_sec, (int)(time_us / 1000 % 1000), colour ? PLAIN : "");
}

static const char *
level_colour(const char *level, bool colour)
{
    if (!colour || level == NULL)
        return "";
    if (strcmp(level, "error") == 0)
        return RED;
    return strcmp(level, "warn") == 0 ? YELLOW : BOLD;
}

/* In quotes when it would not be read as one word; control characters escaped. */
static void
print_value(FILE *out, const char *value)
{
    bool quoted = value[0] == '\0' || strpbrk(value, " =\"\t\n") != NULL;

    if (quoted)
        fputc('"', out);
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\')
            fprintf(out, "\\%c", *value);
        else if ((unsigned char)*value < 0x20 || *value == 0x7f)
            fprintf(out, "\\u%04x", (unsigned char)*value);
        else
            fputc(*value, out);
    }
    if (quoted)
        fputc('"', out);
}

static bool
is_frame(const char *key)
{
    return strcmp(key, "time") == 0 || strcmp(key, "level") == 0 || strcmp(key, "service") == 0 ||
           strcmp(key, "verb") == 0;
}

static void
print_pairs(FILE *out, json_t *line, bool colour)
{
    const char *key;
    json_t *value;

    json_object_foreach(line, key, value)
    {
        if (is_frame(key) || !json_is_string(value))
            continue;
        fprintf(out, " %s%s=%s", colour ? DIM : "", key, colour ? PLAIN : "");
        print_value(out, json_string_value(value));
    }
}

static bool
print_event(FILE *out, struct fr_slice text, struct fil_logline_style style)
{
    json_t *line = json_loadb(text.data, text.size, 0, NULL);
    const char *verb = json_string_value(json_object_get(line, "verb"));
    const char *service = json_string_value(json_object_get(line, "service"));
    const char *time = json_string_value(json_object_get(line, "time"));
    const char *level = json_string_value(json_object_get(line, "level"));
    struct fr_time at;

    if (verb == NULL || service == NULL || time == NULL ||
        fr_time_parse(fr_slice_str(time), &at) != FR_OK) {
        json_decref(line);
        return false;
    }
    print_time(out, at.unix_us, style.colour);
    fprintf(out, "%s %s%s%s", service, level_colour(level, style.colour), verb,
            style.colour ? PLAIN : "");
    print_pairs(out, line, style.colour);
    if (!style.colour && level != NULL && (level[0] == 'w' || level[0] == 'e'))
        fprintf(out, " level=%s", level);
    fputc('\n', out);
    json_decref(line);
    return true;
}

static void
wrap(FILE *out, struct fr_slice text, const char *service, int64_t now_us)
{
    char time[FR_TIME_TEXT_SIZE];
    json_t *line = json_pack("{s:s, s:s, s:s, s:s, s:s%}", "time",
                             fr_time_format((struct fr_time){now_us}, time), "level", "error",
                             "service", service, "verb", "said", "text", text.data, text.size);

    if (line == NULL) /* not UTF-8 */
        line = json_pack("{s:s, s:s, s:s, s:s, s:i}", "time",
                         fr_time_format((struct fr_time){now_us}, time), "level", "error",
                         "service", service, "verb", "said", "bytes", (int)text.size);
    json_dumpf(line, out, JSON_COMPACT);
    fputc('\n', out);
    json_decref(line);
}

void
fil_logline(FILE *out, struct fr_slice line, const char *service, int64_t now_us,
            struct fil_logline_style style)
{
    bool looks_like_json = line.size > 0 && *(const char *)line.data == '{';

    if (style.json) {
        if (looks_like_json)
            fprintf(out, "%.*s\n", (int)line.size, (const char *)line.data);
        else
            wrap(out, line, service, now_us);
        return;
    }
    if (looks_like_json && print_event(out, line, style))
        return;
    print_time(out, now_us, style.colour);
    fprintf(out, "%s | %.*s\n", service, (int)line.size, (const char *)line.data);
}
