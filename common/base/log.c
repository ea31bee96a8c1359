/* log.c - one event, one line, one write(2).
 *
 * A line is at most PIPE_BUF bytes, so that processes which share a pipe never mix theirs; what
 * does not fit is left out whole character by whole character, and the line says so (cut=true).
 */
#include "common/base/log.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include "common/base/slice.h"
#include "common/base/time.h"

#define LINE_SIZE_MAX PIPE_BUF
#define TAIL_SIZE 48 /* kept free for what closes a line */

static struct {
    const char *service;
    enum fr_log_level least;
    enum fr_log_format format;
} settings = {"filrouge", FR_INFO, FR_LOG_AUTO};

struct line {
    size_t size;
    bool cut;
    char bytes[LINE_SIZE_MAX];
};

void
fr_log_init(const char *service, enum fr_log_level least, enum fr_log_format format)
{
    settings.service = service;
    settings.least = least;
    settings.format = format;
    if (format == FR_LOG_AUTO)
        settings.format = isatty(STDERR_FILENO) ? FR_LOG_TEXT : FR_LOG_JSON;
}

static bool
wants_json(void)
{
    if (settings.format == FR_LOG_AUTO) /* fr_log_init() was not called yet */
        return !isatty(STDERR_FILENO);
    return settings.format == FR_LOG_JSON;
}

static const char *
level_name(enum fr_log_level level)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};

    return names[level];
}

/* All or nothing; after the first refusal nothing more, so that a line has one cut and not many. */
static void
put(struct line *line, const char *bytes, size_t size)
{
    if (line->cut || line->size + size > LINE_SIZE_MAX - TAIL_SIZE) {
        line->cut = true;
        return;
    }
    memcpy(line->bytes + line->size, bytes, size);
    line->size += size;
}

static void
put_str(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

/* What closes the line; this always fits. */
static void
put_tail(struct line *line, const char *text)
{
    size_t size = strlen(text);

    memcpy(line->bytes + line->size, text, size);
    line->size += size;
}

/* The size of the UTF-8 character at p, 0 when its bytes are none. */
static size_t
character_size(const char *p, const char *end)
{
    for (size_t size = 1; size <= 4 && size <= (size_t)(end - p); size++)
        if (fr_utf8_valid(fr_slice(p, size)))
            return size;
    return 0;
}

/* One character as it may stand between double quotes, in JSON and in our text form alike. */
static size_t
escape(const char *p, size_t size, char out[8])
{
    unsigned char c = (unsigned char)*p;

    if (size == 0)
        return (size_t)snprintf(out, 8, "\\ufffd");
    if (c == '"' || c == '\\')
        return (size_t)snprintf(out, 8, "\\%c", c);
    if (c == '\n')
        return (size_t)snprintf(out, 8, "\\n");
    if (c == '\t')
        return (size_t)snprintf(out, 8, "\\t");
    if (c < 0x20 || c == 0x7f)
        return (size_t)snprintf(out, 8, "\\u%04x", c);
    memcpy(out, p, size);
    return size;
}

static void
put_escaped(struct line *line, const char *text, size_t text_size)
{
    const char *end = text + text_size;
    char out[8];

    while (text < end) {
        size_t size = character_size(text, end);

        put(line, out, escape(text, size, out));
        text += size == 0 ? 1 : size;
    }
}

const char *
fr_log_quote(const char *text, char *buffer, size_t size)
{
    const char *end = text == NULL ? NULL : text + strlen(text);
    size_t used = 0;
    char out[8];

    if (size < 3) {
        if (size > 0)
            buffer[0] = '\0';
        return buffer;
    }
    buffer[used++] = '"';
    while (text != NULL && text < end) {
        size_t character = character_size(text, end);
        size_t escaped = escape(text, character, out);

        if (used + escaped > size - 2)
            break;
        memcpy(buffer + used, out, escaped);
        used += escaped;
        text += character == 0 ? 1 : character;
    }
    buffer[used++] = '"';
    buffer[used] = '\0';
    return buffer;
}

/* The end of the value at p: of a quoted one just after its closing quote. */
static const char *
value_end(const char *p, const char *end)
{
    if (p < end && *p == '"') {
        for (p++; p < end && *p != '"'; p++)
            if (*p == '\\' && p + 1 < end)
                p++;
        return p < end ? p + 1 : end;
    }
    while (p < end && *p != ' ')
        p++;
    return p;
}

/* An escape that JSON knows, as fr_log_quote() writes them: its size, else 0. */
static size_t
json_escape_size(const char *p, const char *end)
{
    if (end - p >= 2 && p[0] == '\\' && p[1] != '\0' && strchr("\"\\/bfnrt", p[1]) != NULL)
        return 2;
    if (end - p >= 6 && p[0] == '\\' && p[1] == 'u' && strspn(p + 2, "0123456789abcdefABCDEF") >= 4)
        return 6;
    return 0;
}

/* Escapes inside a quoted value are kept as they are, everything else is escaped. */
static void
put_json_value(struct line *line, const char *p, const char *end)
{
    bool quoted = end - p >= 2 && *p == '"' && end[-1] == '"';

    if (quoted)
        p++, end--;
    while (p < end) {
        size_t size = quoted ? json_escape_size(p, end) : 0;

        if (size > 0) {
            put(line, p, size);
        } else {
            size = character_size(p, end);
            size = size == 0 ? 1 : size;
            put_escaped(line, p, size);
        }
        p += size;
    }
}

/* ,"key":"value" from key=value, or ,"word":"true" from a word that stands alone.  Returns where
 * the next one starts. */
static const char *
put_json_pair(struct line *line, const char *p, const char *end)
{
    const char *name = p, *value, *stop;
    size_t before = line->size;

    while (p < end && *p != '=' && *p != ' ')
        p++;
    value = p < end && *p == '=' ? p + 1 : NULL;
    stop = value == NULL ? p : value_end(value, end);

    put_str(line, ",\"");
    put_escaped(line, name, p - name);
    put_str(line, "\":\"");
    if (line->cut) { /* half a name is no JSON; half a value is */
        line->size = before;
        return end;
    }
    if (value == NULL)
        put_str(line, "true");
    else
        put_json_value(line, value, stop);
    put_tail(line, "\"");
    return stop;
}

static void
build_json(struct line *line, enum fr_log_level level, const char *verb, const char *p,
           const char *end)
{
    char time[FR_TIME_TEXT_SIZE];

    put_str(line, "{\"time\":\"");
    put_str(line, fr_time_format(fr_time_wall(), time));
    put_str(line, "\",\"level\":\"");
    put_str(line, level_name(level));
    put_str(line, "\",\"service\":\"");
    put_escaped(line, settings.service, strlen(settings.service));
    put_str(line, "\",\"verb\":\"");
    put_escaped(line, verb, strlen(verb));
    put_str(line, "\"");
    while (p < end)
        p = *p == ' ' ? p + 1 : put_json_pair(line, p, end);
    put_tail(line, line->cut ? ",\"cut\":\"true\"}\n" : "}\n");
}

static void
build_text(struct line *line, enum fr_log_level level, const char *verb, const char *p,
           const char *end)
{
    char time[FR_TIME_TEXT_SIZE];

    fr_time_format(fr_time_wall(), time);
    put(line, strchr(time, 'T') + 1, strlen("HH:MM:SS.mmm"));
    put_str(line, " ");
    put_str(line, settings.service);
    put_str(line, " ");
    put_str(line, verb);
    if (p < end)
        put_str(line, " ");
    for (; p < end;
         p++) /* what could move the cursor or break the line stands as a question mark */
        put(line, (unsigned char)*p < 0x20 || *p == 0x7f ? "?" : p, 1);
    if (level >= FR_WARN) {
        put_tail(line, " level=");
        put_tail(line, level_name(level));
    }
    put_tail(line, line->cut ? " cut=true\n" : "\n");
}

static void
write_whole(const char *p, size_t size)
{
    while (size > 0) {
        ssize_t written = write(STDERR_FILENO, p, size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) /* nowhere left to say it */
            return;
        p += written;
        size -= (size_t)written;
    }
}

void
fr_log(enum fr_log_level level, const char *verb, const char *format, ...)
{
    int saved_errno = errno;
    char text[LINE_SIZE_MAX];
    struct line line;
    va_list args;
    int size;

    if (level < settings.least)
        return;
    va_start(args, format);
    size = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (size < 0)
        size = 0;
    if ((size_t)size >= sizeof(text)) /* too long for the line as well: put() will notice */
        size = sizeof(text) - 1;
    line.size = 0;
    line.cut = false;
    if (wants_json())
        build_json(&line, level, verb, text, text + size);
    else
        build_text(&line, level, verb, text, text + size);
    write_whole(line.bytes, line.size);
    errno = saved_errno;
}
