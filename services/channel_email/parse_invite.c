/* parse_invite.c - what a calendar invite says (RFC 5545), enough to show it: the first VEVENT. */
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "services/channel_email/charset_text.h"
#include "services/channel_email/parse_private.h"

#define VALUE_MAX 1000

/* Lines that begin with a blank continue the one before (RFC 5545, 3.1). */
static char *
unfold(struct fr_arena *arena, const char *text)
{
    char *copy = fr_arena_strdup(arena, text), *out = copy;

    for (const char *c = copy; copy != NULL && *c != '\0'; c++) {
        if (c[0] == '\n' && (c[1] == ' ' || c[1] == '\t')) {
            c++;
            continue;
        }
        *out++ = *c;
    }
    if (copy != NULL)
        *out = '\0';
    return copy;
}

/* "\," and "\n" are characters (RFC 5545, 3.3.11). */
static char *
unescape(struct fr_arena *arena, const char *value, size_t size)
{
    struct email_text text = email_text(arena, VALUE_MAX);
    const char *end = value + size;

    while (value < end) {
        if (*value == '\\' && value + 1 < end) {
            email_text_put(
                &text, value[1] == 'n' || value[1] == 'N' ? ' ' : (unsigned char)value[1] % 128);
            value += 2;
        } else {
            email_text_put(&text, email_utf8_next(&value, end));
        }
    }
    return fr_arena_strdup(arena, email_text_string(&text));
}

/* NAME;PARAMETERS:VALUE */
static void
take_line(Fr__EmailInvite *invite, const char *line, size_t size, struct fr_arena *arena)
{
    const struct {
        const char *name;
        char **value;
    } known[] = {
        {"METHOD", &invite->method},       {"UID", &invite->uid},   {"SUMMARY", &invite->summary},
        {"DTSTART", &invite->start},       {"DTEND", &invite->end}, {"LOCATION", &invite->location},
        {"ORGANIZER", &invite->organizer},
    };
    const char *colon = memchr(line, ':', size), *zone;
    size_t name_size = colon == NULL ? 0 : (size_t)(colon - line);
    const char *semicolon = memchr(line, ';', name_size);
    size_t word_size = semicolon == NULL ? name_size : (size_t)(semicolon - line);

    if (colon == NULL)
        return;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (word_size != strlen(known[i].name) || strncasecmp(line, known[i].name, word_size) != 0)
            continue;
        if (*known[i].value == NULL)
            *known[i].value = unescape(arena, colon + 1, size - name_size - 1);
        zone = memmem(line, name_size, "TZID=", 5);
        if (known[i].value == &invite->start && zone != NULL && invite->time_zone == NULL) {
            size_t zone_size = strcspn(zone + 5, ";:");

            invite->time_zone = unescape(arena, zone + 5, zone_size);
        }
    }
}

Fr__EmailInvite *
email_invite(struct fr_arena *arena, const char *text, const char *method)
{
    Fr__EmailInvite *invite = fr_arena_alloc(arena, sizeof(*invite));
    char *lines = unfold(arena, text), *line;
    bool in_event = false, in_other = false;

    if (invite == NULL || lines == NULL)
        return NULL;
    fr__email_invite__init(invite);
    if (method != NULL)
        invite->method = fr_arena_strdup(arena, method);
    for (line = lines; *line != '\0';) {
        size_t size = strcspn(line, "\n");

        if (strncasecmp(line, "END:VEVENT", 10) == 0)
            break;
        if (strncasecmp(line, "BEGIN:", 6) == 0) {
            in_event |= strncasecmp(line + 6, "VEVENT", 6) == 0;
            in_other = strncasecmp(line + 6, "VEVENT", 6) != 0 &&
                       strncasecmp(line + 6, "VCALENDAR", 9) != 0;
        } else if (strncasecmp(line, "END:", 4) == 0) {
            in_other = false;
        } else if (!in_other && (in_event || strncasecmp(line, "METHOD", 6) == 0)) {
            take_line(invite, line, size, arena);
        }
        line += size + (line[size] == '\n');
    }
    for (char *c = invite->method; c != NULL && *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    return invite;
}
