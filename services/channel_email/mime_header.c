/* mime_header.c - header fields as they stand, for every reader of ours: no decoding, no copy. */
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "services/channel_email/charset_text.h"
#include "services/channel_email/mime.h"

/* The length of a field's name at the beginning of the line; 0: this is no field. */
static size_t
name_size(const char *line, const char *end)
{
    const char *c = line;

    while (c<end && * c> 32 && *c < 127 && *c != ':')
        c++;
    if (c == line)
        return 0;
    for (size_t size = (size_t)(c - line); c < end; c++) {
        if (*c == ':')
            return size;
        if (*c != ' ' && *c != '\t') /* blanks before the colon are old, and come */
            return 0;
    }
    return 0;
}

struct fields {
    struct email_field *list;
    size_t count;
    bool open;   /* the field before may be continued */
    bool broken; /* a line was left out */
};

static void
take_line(struct fields *fields, const char *line, const char *end)
{
    size_t size = name_size(line, end);

    if (line < end && (*line == ' ' || *line == '\t')) {
        fields->broken |= !fields->open;
        if (fields->open) {
            struct email_field *last = &fields->list[fields->count - 1];

            last->value.size = (size_t)(end - (const char *)last->value.data);
        }
        return;
    }
    fields->open = size > 0 && fields->count < EMAIL_FIELDS_MAX;
    fields->broken |= size == 0;
    if (fields->open) {
        const char *value = (const char *)memchr(line + size, ':', (size_t)(end - line) - size) + 1;

        fields->list[fields->count++] = (struct email_field){
            {line, size},
            {value, (size_t)(end - value)},
        };
    }
}

bool
email_header_line(const char *line, const char *end)
{
    return name_size(line, end) > 0;
}

struct email_header
email_header_read(struct fr_arena *arena, struct fr_slice bytes)
{
    const char *at = bytes.data, *end = email_slice_end(bytes);
    struct fields fields = {fr_arena_alloc(arena, EMAIL_FIELDS_MAX * sizeof(*fields.list)), 0,
                            false, false};

    if (fields.list == NULL)
        return (struct email_header){0};
    while (bytes.size > 0 && at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        const char *line_end = stop == NULL ? end : stop;
        const char *next = stop == NULL ? end : stop + 1;

        if (line_end > at && line_end[-1] == '\r')
            line_end--;
        if (line_end == at) {
            at = next;
            break;
        }
        take_line(&fields, at, line_end);
        at = next;
    }
    return (struct email_header){fields.list, fields.count,
                                 fr_slice(at, bytes.size == 0 ? 0 : (size_t)(end - at)),
                                 fields.broken};
}

struct fr_slice
email_mime_field(const struct email_mime *mime, const char *name)
{
    size_t size = strlen(name);

    for (size_t i = 0; i < mime->header.count; i++)
        if (mime->header.fields[i].name.size == size &&
            strncasecmp(mime->header.fields[i].name.data, name, size) == 0)
            return mime->header.fields[i].value;
    return fr_slice("", 0);
}
