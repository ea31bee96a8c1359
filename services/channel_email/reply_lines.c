/* reply_lines.c - the looks of single lines; the words are in reply_words.h. */
#include "services/channel_email/reply_lines.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>
#include <strings.h>
#include "services/channel_email/reply_words.h"

#define VERB_LAST 30 /* bytes behind the verb of most languages: "(a):", "het volgende:" */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct fr_slice
trimmed(struct fr_slice line)
{
    const char *data = line.data;

    while (line.size > 0 && isspace((unsigned char)data[0])) {
        data++;
        line.size--;
    }
    while (line.size > 0 && isspace((unsigned char)data[line.size - 1]))
        line.size--;
    return fr_slice(data, line.size);
}

/* ASCII letters folded; what is beyond ASCII must match as it stands. */
static const char *
find(struct fr_slice line, const char *word)
{
    size_t size = strlen(word);
    const char *data = line.data;

    for (size_t i = 0; i + size <= line.size; i++)
        if (tolower((unsigned char)data[i]) == tolower((unsigned char)word[0]) &&
            strncasecmp(data + i, word, size) == 0)
            return data + i;
    return NULL;
}

bool
email_line_has(struct fr_slice line, const char *const *words, size_t word_count)
{
    for (size_t i = 0; i < word_count; i++)
        if (find(line, words[i]) != NULL)
            return true;
    return false;
}

/* Of UTF-8: is the byte a part of a word? */
static bool
is_word(unsigned char c)
{
    return isalnum(c) || c >= 0x80;
}

unsigned
email_line_role(struct fr_slice line)
{
    const char *data;
    unsigned roles = 0;

    line = trimmed(line);
    data = line.data;
    while (line.size > 0 && (*data == '*' || *data == '_' || *data == '|')) {
        data++;
        line.size--;
    }
    for (size_t i = 0; i < COUNT(header_names); i++) {
        size_t size = strlen(header_names[i].name), at = size;

        if (line.size <= size || strncasecmp(data, header_names[i].name, size) != 0)
            continue;
        while (at < line.size &&
               (data[at] == ' ' || data[at] == '*' || data[at] == '\t' ||
                (unsigned char)data[at] == 0xc2 || (unsigned char)data[at] == 0xa0))
            at++; /* blanks and markup, no-break space too */
        if (at < line.size &&
            (data[at] == ':' || (line.size - at >= 3 && memcmp(data + at, "\xef\xbc\x9a", 3) == 0)))
            roles |= header_names[i].roles;
    }
    return roles;
}

bool
email_line_quoted(struct fr_slice line)
{
    const char *data = line.data;
    size_t i = 0;

    while (i < line.size && i < 3 && data[i] == ' ')
        i++;
    if (i < line.size && data[i] == '>')
        return true;
    for (i = 0; i < line.size && i < 3 && isupper((unsigned char)data[i]); i++)
        ;
    return i > 0 && i < line.size && data[i] == '>';
}

bool
email_line_barred(struct fr_slice line)
{
    const char *data = line.data;

    return line.size > 0 && data[0] == '|' && (line.size == 1 || data[1] == ' ');
}

static size_t
run_of(struct fr_slice line, bool from_end)
{
    const char *data = line.data;
    size_t size = 0;

    while (size < line.size) {
        char c = data[from_end ? line.size - 1 - size : size];

        if (strchr("-_=*#", c) == NULL)
            break;
        size++;
    }
    return size;
}

bool
email_line_divider(struct fr_slice line, bool *sure)
{
    size_t before, after;

    line = trimmed(line);
    before = run_of(line, false);
    after = before == line.size ? 0 : run_of(line, true);
    *sure = email_line_has(line, divider_words, COUNT(divider_words));
    if (*sure && line.size <= 120 &&
        (before >= 2 || after >= 2 || ((const char *)line.data)[line.size - 1] == ':'))
        return true;
    *sure = false;
    return before >= 3 && after >= 3 && line.size - before - after >= 3 && line.size <= 120;
}

static bool
has_address(struct fr_slice line)
{
    const char *data = line.data;

    for (size_t i = 1; i + 1 < line.size; i++)
        if (data[i] == '@' && is_word((unsigned char)data[i - 1]) &&
            is_word((unsigned char)data[i + 1]))
            return true;
    return false;
}

static unsigned
digits_in(struct fr_slice line)
{
    const char *data = line.data;
    unsigned count = 0;

    for (size_t i = 0; i < line.size; i++)
        count += isdigit((unsigned char)data[i]) != 0;
    return count;
}

/* Does it end in a colon (also the wide one), or > before it? */
static bool
ends_in_colon(struct fr_slice line)
{
    const char *data = line.data;

    return line.size > 0 &&
           (data[line.size - 1] == ':' ||
            (line.size >= 3 && memcmp(data + line.size - 3, "\xef\xbc\x9a", 3) == 0));
}

/* The verb, as a word of its own, with at most `behind_max` bytes behind it. */
static bool
says_wrote(struct fr_slice line, long behind_max)
{
    const char *end = (const char *)line.data + line.size;

    for (size_t i = 0; i < COUNT(wrote_words); i++) {
        struct fr_slice rest = line;
        const char *at;

        while ((at = find(rest, wrote_words[i])) != NULL) {
            const char *behind = at + strlen(wrote_words[i]);
            bool whole = ((unsigned char)wrote_words[i][0] >= 0x80 || at == line.data ||
                          !isalnum((unsigned char)at[-1]));

            if (whole && end - behind <= behind_max)
                return true;
            rest = fr_slice(at + 1, (size_t)(end - at - 1));
        }
    }
    return false;
}

/* "12:53" */
static bool
has_clock(struct fr_slice line)
{
    const char *data = line.data;

    for (size_t i = 1; i + 2 < line.size; i++)
        if (data[i] == ':' && isdigit((unsigned char)data[i - 1]) &&
            isdigit((unsigned char)data[i + 1]) && isdigit((unsigned char)data[i + 2]))
            return true;
    return false;
}

/* "2013/7/20 sam <info@x.example>": a date first, an address last, no verb; or with a day of the
 * week before the date, and then also a time of day. */
static bool
dated_address(struct fr_slice line)
{
    const char *data = line.data;
    bool dated = isdigit((unsigned char)data[0]) ||
                 (has_clock(line) && line.size > 2 && data[line.size - 2] == '>');

    return line.size > 12 && dated && digits_in(line) >= 6 && has_address(line) &&
           (data[line.size - 1] == '>' || data[line.size - 1] == ')' || ends_in_colon(line));
}

bool
email_line_attribution(struct fr_slice line, bool quote_follows)
{
    bool evidence;

    line = trimmed(line);
    if (line.size < 5 || line.size > 500)
        return false;
    evidence = digits_in(line) >= 3 || has_address(line);
    if (ends_in_colon(line) && says_wrote(line, VERB_LAST))
        return evidence || quote_follows;
    if (ends_in_colon(line) && says_wrote(line, LONG_MAX)) /* "schrieb Ann <...>:" */
        return has_address(line) || has_clock(line) || (evidence && quote_follows);
    if (quote_follows && evidence && says_wrote(line, VERB_LAST))
        return true;
    return dated_address(line) && (quote_follows || ends_in_colon(line));
}

enum email_rule
email_line_rule(struct fr_slice line)
{
    const char *data;

    line = trimmed(line);
    data = line.data;
    if (line.size == 0)
        return EMAIL_RULE_NONE;
    if (line.size == 2 && memcmp(data, "--", 2) == 0)
        return EMAIL_RULE_STRONG;
    if ((line.size == 3 || line.size == 6) &&
        (memcmp(data, "\xe2\x80\x94", 3) == 0 || memcmp(data, "\xe2\x80\x93", 3) == 0) &&
        memcmp(data + line.size - 3, data, 3) == 0)
        return EMAIL_RULE_STRONG; /* — and –, which phones make of -- */
    if (line.size == 3 && memcmp(data, "\xe1\x90\xa7", 3) == 0)
        return EMAIL_RULE_STRONG; /* ᐧ, which mail trackers leave behind */
    if (line.size < 2 || strchr("-_=~*#+", data[0]) == NULL)
        return EMAIL_RULE_NONE;
    for (size_t i = 1; i < line.size; i++)
        if (data[i] != data[0])
            return EMAIL_RULE_NONE;
    return data[0] == '_' ? EMAIL_RULE_STRONG : EMAIL_RULE_WEAK;
}

bool
email_line_mobile(struct fr_slice line)
{
    const char *data;

    line = trimmed(line);
    while (line.size > 0 && strchr("<([*_-", ((const char *)line.data)[0]) != NULL)
        line = fr_slice((const char *)line.data + 1, line.size - 1);
    data = line.data;
    if (line.size < 8 || line.size > 160)
        return false;
    for (size_t i = 0; i < COUNT(mobile_openings); i++)
        if (line.size >= strlen(mobile_openings[i]) &&
            strncasecmp(data, mobile_openings[i], strlen(mobile_openings[i])) == 0)
            return true;
    return line.size < 90 && email_line_has(line, mobile_devices, COUNT(mobile_devices)) &&
           email_line_has(line, mobile_verbs, COUNT(mobile_verbs));
}
