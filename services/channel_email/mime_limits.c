/* mime_limits.c - one walk over the lines of a mail that counts what GMime would allocate for.
 *
 * It follows the structure as GMime does: a header, its boundary, delimiter lines, enclosed mails.
 * Where the two could disagree (a boundary hidden in an odd encoding) the limits of the child's
 * process stand behind it.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "services/channel_email/mime.h"
#include "services/channel_email/parse.h"

#define CONTENT_TYPE_MAX 2048

struct level {
    const char *boundary; /* in the mail; NULL for an enclosed mail */
    size_t size;
};

struct walk {
    const char *at, *end;
    struct level levels[EMAIL_LEVELS_MAX];
    unsigned level_count, part_count;
    bool in_header;
    size_t header_size;
    const char *type_from,
        *type_to; /* the Content-Type field of this header, folded lines and all */
    bool in_type; /* its last line was the line before */
};

static bool
begins_with(const char *at, const char *end, const char *word)
{
    size_t size = strlen(word);

    return (size_t)(end - at) >= size && strncasecmp(at, word, size) == 0;
}

/* The value of boundary= in a Content-Type field. */
static bool
find_boundary(const char *from, const char *to, struct level *level)
{
    for (const char *at = from; at + 9 < to; at++) {
        const char *value;

        if (!begins_with(at, to, "boundary"))
            continue;
        for (value = at + 8; value < to && isspace((unsigned char)*value); value++)
            ;
        if (value < to && *value == '*') /* RFC 2231: boundary*=, boundary*0= */
            for (; value < to && *value != '='; value++)
                ;
        if (value >= to || *value != '=')
            continue;
        for (value++; value < to && isspace((unsigned char)*value); value++)
            ;
        if (value < to && *value == '"') {
            const char *stop = memchr(value + 1, '"', (size_t)(to - value - 1));

            *level = (struct level){value + 1, (size_t)((stop == NULL ? to : stop) - value - 1)};
        } else {
            const char *stop = value;

            while (stop < to && *stop != ';' && !isspace((unsigned char)*stop))
                stop++;
            *level = (struct level){value, (size_t)(stop - value)};
        }
        return level->size > 0;
    }
    return false;
}

static enum fr_error
push(struct walk *walk, struct level level, const char **why)
{
    if (walk->level_count == EMAIL_LEVELS_MAX) {
        *why = "parts inside one another more than 10 deep";
        return FR_TOO_BIG;
    }
    walk->levels[walk->level_count++] = level;
    return FR_OK;
}

static enum fr_error
begin_header(struct walk *walk, const char **why)
{
    if (++walk->part_count > EMAIL_PARTS_MAX) {
        *why = "more than 200 parts";
        return FR_TOO_BIG;
    }
    walk->in_header = true;
    walk->in_type = false;
    walk->header_size = 0;
    walk->type_from = walk->type_to = NULL;
    return FR_OK;
}

/* The empty line behind a header: what comes is a multipart, a mail, or a leaf. */
static enum fr_error
end_header(struct walk *walk, const char **why)
{
    struct level level = {NULL, 0};
    const char *from = walk->type_from, *to = walk->type_to;
    enum fr_error err;

    walk->in_header = false;
    if (from == NULL)
        return FR_OK;
    for (from += strlen("content-type:"); from < to && isspace((unsigned char)*from); from++)
        ;
    if (begins_with(from, to, "multipart/") && find_boundary(from, to, &level))
        return push(walk, level, why);
    if (begins_with(from, to, "message/rfc822") || begins_with(from, to, "message/global") ||
        begins_with(from, to, "message/news")) {
        err = push(walk, level, why);
        return err == FR_OK ? begin_header(walk, why) : err;
    }
    return FR_OK;
}

static enum fr_error
header_line(struct walk *walk, const char *line, const char *line_end, const char **why)
{
    bool folded = line < line_end && (*line == ' ' || *line == '\t');

    walk->header_size += (size_t)(walk->at - line);
    if (walk->header_size > EMAIL_HEADER_MAX) {
        *why = "a header of more than 64 KiB";
        return FR_TOO_BIG;
    }
    if (line == line_end)
        return end_header(walk, why);
    if (folded && walk->in_type)
        walk->type_to = line_end;
    else if (!folded)
        walk->in_type = begins_with(line, line_end, "content-type:");
    if (!folded && walk->in_type && walk->type_from == NULL) {
        walk->type_from = line;
        walk->type_to = line_end;
    }
    return FR_OK;
}

/* A line that begins with --: does it delimit a part of any multipart that is open? */
static enum fr_error
delimiter_line(struct walk *walk, const char *line, const char *line_end, const char **why)
{
    for (unsigned i = walk->level_count; i-- > 0;) {
        const struct level *level = &walk->levels[i];
        const char *behind = line + 2 + level->size;

        if (level->boundary == NULL || behind > line_end ||
            memcmp(line + 2, level->boundary, level->size) != 0)
            continue;
        if (line_end - behind >= 2 && behind[0] == '-' && behind[1] == '-') {
            walk->level_count = i;
            walk->in_header = false;
            return FR_OK;
        }
        walk->level_count = i + 1;
        return begin_header(walk, why);
    }
    return FR_OK;
}

enum fr_error
email_mime_limits(struct fr_slice mail, const char **why)
{
    struct walk walk = {.at = mail.data, .in_header = true, .part_count = 1};
    enum fr_error err = FR_OK;

    if (mail.size > EMAIL_SIZE_MAX) {
        *why = "a mail of more than 25 MiB";
        return FR_TOO_BIG;
    }
    walk.end = walk.at + mail.size;
    while (err == FR_OK && walk.at < walk.end) {
        const char *line = walk.at;
        const char *stop = memchr(line, '\n', (size_t)(walk.end - line));
        const char *line_end = stop == NULL ? walk.end : stop;

        walk.at = stop == NULL ? walk.end : stop + 1;
        if (line_end > line && line_end[-1] == '\r')
            line_end--;
        if (line_end - line > 2 && line[0] == '-' && line[1] == '-')
            err = delimiter_line(&walk, line, line_end, why);
        else if (walk.in_header)
            err = header_line(&walk, line, line_end, why);
    }
    return err;
}
