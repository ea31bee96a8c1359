/* mime_date.c - the Date field (RFC 5322, 3.3), by GMime, which forgives much; we refuse years that
 * no mail was sent in. */
#include <gmime/gmime.h>
#include "services/channel_email/charset.h"
#include "services/channel_email/parse_private.h"

#define YEAR_MIN 1900
#define YEAR_MAX 9999

bool
email_date_parse(struct fr_slice raw, struct fr_arena *arena, int64_t *unix_us)
{
    char *text = raw.size == 0 ? NULL : email_words_decode(arena, raw, NULL);
    GDateTime *date = text == NULL ? NULL : g_mime_utils_header_decode_date(text);
    bool sane;

    if (date == NULL)
        return false;
    sane = g_date_time_get_year(date) >= YEAR_MIN && g_date_time_get_year(date) <= YEAR_MAX;
    if (sane)
        *unix_us = g_date_time_to_unix(date) * 1000000;
    g_date_time_unref(date);
    return sane;
}
