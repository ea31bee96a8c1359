/* reply.c - rules on the order of lines: where does the reply stand?  See reply.h. */
#include "services/channel_email/reply.h"

#include <ctype.h>
#include <string.h>
#include "services/channel_email/charset_text.h"
#include "services/channel_email/reply_lines.h"

#define ATTRIBUTION_LINES_MAX 4
#define HEADER_LINES_MAX 14 /* of a copied header, folded lines counted */
#define DATE_TO_SUBJECT (EMAIL_ROLE_DATE | EMAIL_ROLE_TO | EMAIL_ROLE_SUBJECT)
#define SIGNATURE_STRONG_MAX 25 /* lines with text below "-- " */
#define SIGNATURE_WEAK_MAX 8    /* below a rule that may be a heading's, too */

enum kind { BLANK, TEXT, QUOTED, ATTRIBUTION, HEADER, DIVIDER, SIGNATURE, DROPPED };

struct line {
    struct fr_slice text; /* without its line end */
    enum kind kind;
    unsigned roles;
};

struct mail {
    struct line *lines;
    size_t count;
    size_t end; /* lines from here on are folded */
};

static bool
is_blank(struct fr_slice line)
{
    const char *at = line.data, *end = at + line.size;

    while (line.size > 0 && at < end) {
        uint32_t code = email_utf8_next(&at, end);

        if (code > 0x20 && code != 0xa0 && code != 0x3000)
            return false;
    }
    return true;
}

static enum fr_error
split(struct fr_arena *arena, const char *text, struct mail *mail)
{
    size_t count = 1;

    for (const char *c = text; *c != '\0'; c++)
        count += *c == '\n';
    mail->lines = fr_arena_zalloc(arena, count, sizeof(*mail->lines));
    if (mail->lines == NULL)
        return FR_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        struct line *line = &mail->lines[i];
        const char *stop = strchrnul(text, '\n');

        line->text = fr_slice(text, (size_t)(stop - text));
        while (line->text.size > 0 && text[line->text.size - 1] == '\r')
            line->text.size--;
        line->kind = is_blank(line->text) ? BLANK : email_line_quoted(line->text) ? QUOTED : TEXT;
        if (line->kind == TEXT)
            line->roles = email_line_role(line->text);
        text = stop + (*stop == '\n');
    }
    mail->count = mail->end = count;
    return FR_OK;
}

static size_t
next_filled(const struct mail *mail, size_t i)
{
    while (i < mail->count && mail->lines[i].kind == BLANK)
        i++;
    return i;
}

/* Two or more lines with a bar are a quote; one may be a table or an ornament. */
static void
mark_barred(struct mail *mail)
{
    for (size_t i = 0; i + 1 < mail->count; i++)
        if (email_line_barred(mail->lines[i].text) && email_line_barred(mail->lines[i + 1].text))
            mail->lines[i].kind = mail->lines[i + 1].kind = QUOTED;
}

/* "... <ann@mail.example" broken before its ">": what looks like a quote is the rest of the
 * address. */
static bool
inside_address(const char *joined, size_t size)
{
    const char *open = memrchr(joined, '<', size), *close = memrchr(joined, '>', size);

    return open != NULL && (close == NULL || close < open);
}

/* "On ... wrote:", over up to four lines. */
static size_t
attribution_at(const struct mail *mail, size_t i)
{
    char joined[512];
    size_t size = 0;

    for (size_t n = 0; n < ATTRIBUTION_LINES_MAX && i + n < mail->count; n++) {
        const struct line *line = &mail->lines[i + n];
        size_t follows = next_filled(mail, i + n + 1);
        bool quote = follows < mail->count && mail->lines[follows].kind == QUOTED;

        if ((line->kind != TEXT && !(line->kind == QUOTED && inside_address(joined, size))) ||
            size + line->text.size + 2 > sizeof(joined))
            return 0;
        if (size > 0)
            joined[size++] = ' ';
        memcpy(joined + size, line->text.data, line->text.size);
        size += line->text.size;
        if (!inside_address(joined, size) && email_line_attribution(fr_slice(joined, size), quote))
            return n + 1;
    }
    return 0;
}

/* Does an attribution that begins here also begin one line later?  Then this line is the end of
 * what was written before it, unless the line looks like the beginning of one itself. */
static bool
begins_later(const struct mail *mail, size_t i, size_t lines)
{
    const char *data = mail->lines[i].text.data;
    struct fr_slice first = mail->lines[i].text;
    unsigned digits = 0;

    if (lines < 2 || attribution_at(mail, i + 1) == 0)
        return false;
    for (size_t c = 0; c < first.size; c++)
        digits += isdigit((unsigned char)data[c]) != 0;
    return digits < 3;
}

static void
mark_attributions(struct mail *mail)
{
    for (size_t i = 0; i < mail->count; i++) {
        size_t lines = mail->lines[i].kind == TEXT ? attribution_at(mail, i) : 0;

        if (lines == 0 || begins_later(mail, i, lines))
            continue;
        for (size_t n = 0; n < lines; n++)
            mail->lines[i + n].kind = ATTRIBUTION;
        i += lines - 1;
    }
}

/* How many lines a copied header has that begins here; 0: none does. */
static size_t
header_at(const struct mail *mail, size_t i, unsigned roles_needed)
{
    unsigned seen = 0, strangers = 0, distinct = 0;
    size_t last = i;

    if ((mail->lines[i].roles &
         (EMAIL_ROLE_FROM | EMAIL_ROLE_SUBJECT | EMAIL_ROLE_DATE | EMAIL_ROLE_TO)) == 0)
        return 0;
    for (size_t n = i; n < mail->count && n < i + HEADER_LINES_MAX; n++) {
        const struct line *line = &mail->lines[n];

        if (line->kind != BLANK && line->kind != TEXT)
            break;
        if (line->roles != 0) {
            seen |= line->roles;
            strangers = 0;
            last = n;
        } else if (++strangers > 2) {
            break;
        }
    }
    for (unsigned bit = 1; bit <= EMAIL_ROLE_REPLY_TO; bit <<= 1)
        distinct += (seen & bit) != 0;
    if (distinct < roles_needed ||
        ((seen & EMAIL_ROLE_FROM) == 0 && (seen & DATE_TO_SUBJECT) != DATE_TO_SUBJECT))
        return 0;
    while (last + 1 < mail->count && mail->lines[last + 1].kind == TEXT &&
           mail->lines[last + 1].text.size > 0 && last + 1 < i + HEADER_LINES_MAX &&
           isspace(*(const unsigned char *)mail->lines[last + 1].text.data))
        last++; /* a folded last line */
    return last + 1 - i;
}

static void
mark_headers(struct mail *mail)
{
    for (size_t i = 0; i < mail->count; i++) {
        size_t lines = 0;
        bool sure;

        if (mail->lines[i].kind != TEXT)
            continue;
        if (email_line_divider(mail->lines[i].text, &sure)) {
            size_t below = next_filled(mail, i + 1);
            size_t header = below < mail->count ? header_at(mail, below, 2) : 0;

            if (!sure && header == 0)
                continue;
            mail->lines[i].kind = DIVIDER;
            lines = header == 0 ? 1 : below + header - i;
        } else {
            lines = header_at(mail, i, 3);
        }
        for (size_t n = mail->lines[i].kind == DIVIDER; n < lines; n++)
            mail->lines[i + n].kind = HEADER;
        i += lines > 0 ? lines - 1 : 0;
    }
}

/* From a signature's rule to the end, or to the next quote: is it short enough to be one? */
static size_t
signature_at(const struct mail *mail, size_t i)
{
    enum email_rule rule = email_line_rule(mail->lines[i].text);
    size_t filled = 0, bytes = 0, n = i + 1;

    if (rule == EMAIL_RULE_NONE)
        return 0;
    for (; n < mail->count; n++) {
        const struct line *line = &mail->lines[n];

        if (line->kind != BLANK && line->kind != TEXT)
            break;
        filled += line->kind == TEXT;
        bytes += line->text.size;
    }
    if (rule == EMAIL_RULE_STRONG)
        return filled <= SIGNATURE_STRONG_MAX ? n - i : 0;
    return filled <= SIGNATURE_WEAK_MAX && bytes <= filled * 70 ? n - i : 0;
}

static bool
text_before(const struct mail *mail, size_t i)
{
    while (i-- > 0)
        if (mail->lines[i].kind == TEXT)
            return true;
    return false;
}

static void
mark_signatures(struct mail *mail)
{
    for (size_t i = 0; i < mail->count; i++) {
        size_t lines;

        if (mail->lines[i].kind != TEXT || !text_before(mail, i))
            continue;
        lines = signature_at(mail, i);
        for (size_t n = 0; n < lines; n++)
            if (mail->lines[i + n].kind == TEXT)
                mail->lines[i + n].kind = SIGNATURE;
        if (lines > 0)
            i += lines - 1;
    }
}

/* The telephone's line, last before the end or before what is folded. */
static void
mark_mobile(struct mail *mail)
{
    bool last = true;

    for (size_t i = mail->count; i-- > 0;) {
        struct line *line = &mail->lines[i];

        if (line->kind == TEXT && last && i > 0 && email_line_mobile(line->text))
            line->kind = SIGNATURE;
        else if (line->kind == TEXT)
            last = false;
        else if (line->kind == ATTRIBUTION || line->kind == HEADER || line->kind == DIVIDER ||
                 line->kind == QUOTED)
            last = true;
    }
}

/* A quoted line that was broken in two on the way: short, and quotes above and below it. */
static void
mark_wrapped(struct mail *mail)
{
    for (size_t i = 1; i + 1 < mail->count; i++)
        if (mail->lines[i].kind == TEXT && mail->lines[i - 1].kind == QUOTED &&
            mail->lines[i + 1].kind == QUOTED && mail->lines[i - 1].text.size >= 66 &&
            mail->lines[i].text.size < 40)
            mail->lines[i].kind = QUOTED;
}

/* The end of the quote that begins at `i` (blank lines and attributions inside it belong to it). */
static size_t
quote_end(const struct mail *mail, size_t i)
{
    size_t end = i;

    for (; i < mail->count; i++) {
        if (mail->lines[i].kind == QUOTED)
            end = i + 1;
        else if (mail->lines[i].kind != BLANK && mail->lines[i].kind != ATTRIBUTION)
            break;
    }
    return end;
}

static bool
any_of(const struct mail *mail, size_t from, enum kind kind)
{
    for (size_t i = from; i < mail->end; i++)
        if (mail->lines[i].kind == kind)
            return true;
    return false;
}

static void
drop(struct mail *mail, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        mail->lines[i].kind = DROPPED;
}

/* An attribution at `i`.  Returns where to go on. */
static size_t
judge_attribution(struct mail *mail, size_t i, bool before)
{
    size_t below = i, end;

    while (below < mail->count && mail->lines[below].kind == ATTRIBUTION)
        below++;
    end = below;
    below = next_filled(mail, below);
    if (below >= mail->count || mail->lines[below].kind != QUOTED) {
        if (before) { /* what was said before follows without any mark */
            mail->end = i;
            return mail->end;
        }
        drop(mail, i, end);
        return end;
    }
    end = quote_end(mail, below);
    if (!any_of(mail, end, TEXT)) {
        if (before)
            mail->end = i;
        return mail->end;
    }
    if (!before && !any_of(mail, next_filled(mail, end), QUOTED)) {
        drop(mail, i, end); /* the whole quote first, then the reply */
        return end;
    }
    drop(mail, i, below); /* answers between the quotes: these are what they refer to */
    return end;
}

/* From the top: the first thing that was said before ends the reply, if there is a reply above. */
static void
find_end(struct mail *mail)
{
    bool before = false;

    for (size_t i = 0; i < mail->end;) {
        switch (mail->lines[i].kind) {
        case TEXT:
            before = true;
            i++;
            break;
        case ATTRIBUTION:
            i = judge_attribution(mail, i, before);
            break;
        case HEADER:
        case DIVIDER:
            if (before)
                mail->end = i;
            else
                mail->lines[i].kind = DROPPED;
            i++;
            break;
        default:
            i++;
        }
    }
}

/* Quotes, rules and blank lines that nothing follows. */
static void
drop_tail(struct mail *mail)
{
    bool text = false;

    for (size_t i = 0; i < mail->end; i++)
        text |= mail->lines[i].kind == TEXT;
    while (text && mail->end > 0) {
        const struct line *line = &mail->lines[mail->end - 1];

        if (line->kind == TEXT && email_line_rule(line->text) == EMAIL_RULE_NONE)
            return;
        mail->end--;
    }
}

static const char *
trim_ends(char *text)
{
    size_t size;

    while (text[0] == '\n')
        text++;
    size = strlen(text);
    while (size > 0 && isspace((unsigned char)text[size - 1]))
        text[--size] = '\0';
    return text;
}

static const char *
compose(struct fr_arena *arena, const struct mail *mail, bool signature)
{
    struct email_text text = email_text(arena, SIZE_MAX / 4);

    for (size_t i = 0; i < (signature ? mail->count : mail->end); i++) {
        enum kind kind = mail->lines[i].kind;

        if (signature ? kind != SIGNATURE : kind == SIGNATURE || kind == DROPPED)
            continue;
        email_text_add_slice(&text, mail->lines[i].text);
        email_text_put(&text, '\n');
    }
    return text.data == NULL ? "" : trim_ends(text.data);
}

enum fr_error
email_reply_trim(struct fr_arena *arena, const char *text, struct email_reply *reply)
{
    struct mail mail = {0};
    char *whole = fr_arena_strdup(arena, text);

    *reply = (struct email_reply){.visible = whole == NULL ? text : trim_ends(whole)};
    if (split(arena, text, &mail) != FR_OK)
        return FR_NO_MEMORY;
    mark_barred(&mail);
    mark_attributions(&mail);
    mark_headers(&mail);
    mark_signatures(&mail);
    mark_wrapped(&mail);
    mark_mobile(&mail);
    find_end(&mail);
    drop_tail(&mail);
    text = compose(arena, &mail, false);
    if (!is_blank(fr_slice_str(text)))
        reply->visible = text;
    text = compose(arena, &mail, true);
    if (text[0] != '\0')
        reply->signature = text;
    return FR_OK;
}
