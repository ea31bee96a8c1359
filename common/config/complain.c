/* complain.c - complaints as people and editors like them. */
#include "common/config/complain.h"

#include <stdint.h>
#include <string.h>

#define SHOWN_BEFORE 100 /* characters of a long line that are shown before and after the caret */
#define SHOWN_AFTER 60

/* The size of the line break at p, 0 if there is none.  The same five kinds that libyaml counts. */
static size_t
break_size(const char *p, const char *end)
{
    size_t left = end - p;

    if (left >= 2 && memcmp(p, "\r\n", 2) == 0)
        return 2;
    if (left >= 1 && (*p == '\n' || *p == '\r'))
        return 1;
    if (left >= 2 && memcmp(p, "\xc2\x85", 2) == 0)
        return 2;
    if (left >= 3 && (memcmp(p, "\xe2\x80\xa8", 3) == 0 || memcmp(p, "\xe2\x80\xa9", 3) == 0))
        return 3;
    return 0;
}

static const char *
line_start(const struct config_source *source, size_t line)
{
    const char *p = source->text, *end = source->text + source->size;

    while (p < end && line > 1) {
        size_t size = break_size(p, end);

        line -= size > 0;
        p += size > 0 ? size : 1;
    }
    return p;
}

static const char *
next_character(const char *p, const char *end)
{
    for (p++; p < end && ((unsigned char)*p & 0xc0) == 0x80; p++)
        ;
    return p;
}

static void
show_line_and_caret(const struct config_source *source, struct config_mark mark)
{
    const char *end = source->text + source->size;
    const char *p = line_start(source, mark.line);
    size_t column = 1, first = mark.column > SHOWN_BEFORE ? mark.column - SHOWN_BEFORE : 1;

    for (; column < first && p < end && break_size(p, end) == 0; column++)
        p = next_character(p, end);
    fputs("    ", source->complaints);
    for (; p < end && break_size(p, end) == 0 && column < mark.column + SHOWN_AFTER; column++) {
        const char *next = next_character(p, end);

        /* Tabs would shift the caret, other control characters the whole terminal. */
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            fputc(' ', source->complaints);
        else
            fwrite(p, 1, next - p, source->complaints);
        p = next;
    }
    fprintf(source->complaints, "\n    %*s^\n", (int)(mark.column - first), "");
}

void
config_complain(struct config_source *source, struct config_mark mark, const char *path,
                bool show_line, const char *format, va_list args)
{
    if (++source->complaint_count > CONFIG_COMPLAINTS_MAX || source->complaints == NULL)
        return;
    if (mark.line > 0)
        fprintf(source->complaints, "%s:%zu:%zu: ", source->name, mark.line, mark.column);
    else
        fprintf(source->complaints, "%s: ", source->name);
    if (path[0] != '\0')
        fprintf(source->complaints, "%s: ", path);
    vfprintf(source->complaints, format, args);
    fputc('\n', source->complaints);
    if (mark.line > 0 && show_line)
        show_line_and_caret(source, mark);
}

void
config_complain_end(struct config_source *source)
{
    if (source->complaint_count > CONFIG_COMPLAINTS_MAX && source->complaints != NULL)
        fprintf(source->complaints, "%s: and %zu complaints more\n", source->name,
                source->complaint_count - CONFIG_COMPLAINTS_MAX);
}
