/* lmtp.c - the dialogue of LMTP: one state, one line or a piece of a mail at a time. */
#include "services/channel_email/lmtp.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include "common/base/error.h"
#include "services/channel_email/lmtp_data.h"

enum state {
    HELLO,     /* before LHLO */
    READY,     /* between mails */
    ADDRESSED, /* MAIL was said, and perhaps some RCPT */
    DATA,      /* the mail itself */
    WAITING,   /* it is whole */
    OVER,
};

struct email_lmtp {
    const struct email_lmtp_calls *calls;
    const struct email_lmtp_limits *limits;
    void *context;
    enum state state;
    unsigned mistakes, refused;
    size_t line_size;
    bool line_too_long;
    char line[EMAIL_LMTP_LINE_MAX + 1];
    char sender[EMAIL_LMTP_PATH_MAX + 1];
    bool utf8; /* SMTPUTF8 was said */
    struct email_lmtp_recipient *recipients;
    size_t recipient_count, recipient_room;
    struct email_lmtp_data data;
    uint64_t promised; /* of memory, by calls->room */
    char *out;
    size_t out_start, out_end, out_room;
};

/* ---- replies ---- */

static void say(struct email_lmtp *lmtp, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
say(struct email_lmtp *lmtp, const char *format, ...)
{
    char line[600];
    va_list arguments;
    int size;

    va_start(arguments, format);
    size = vsnprintf(line, sizeof(line) - 2, format, arguments);
    va_end(arguments);
    if (size > (int)sizeof(line) - 3)
        size = (int)sizeof(line) - 3;
    memcpy(line + size, "\r\n", 2);
    size += 2;
    if (lmtp->out_end + (size_t)size > lmtp->out_room) {
        size_t room = lmtp->out_room * 2 + sizeof(line);
        char *more = realloc(lmtp->out, room);

        fr_assert(more != NULL);
        lmtp->out = more;
        lmtp->out_room = room;
    }
    memcpy(lmtp->out + lmtp->out_end, line, (size_t)size);
    lmtp->out_end += (size_t)size;
    lmtp->refused += line[0] == '5';
}

/* A command that was wrong: after many of them somebody is guessing. */
static void
refuse(struct email_lmtp *lmtp, const char *line)
{
    say(lmtp, "%s", line);
    if (++lmtp->mistakes < EMAIL_LMTP_MISTAKES_MAX)
        return;
    say(lmtp, "421 4.7.0 %s too many mistakes", lmtp->limits->hostname);
    lmtp->state = OVER;
}

void
email_lmtp_greet(struct email_lmtp *lmtp, const char *why)
{
    if (why == NULL) {
        say(lmtp, "220 %s LMTP Filrouge", lmtp->limits->hostname);
        return;
    }
    say(lmtp, "%s", why);
    lmtp->state = OVER;
}

/* ---- one mail ---- */

static void
forget_mail(struct email_lmtp *lmtp)
{
    if (lmtp->promised > 0)
        lmtp->calls->room(lmtp->context, -(int64_t)lmtp->promised);
    lmtp->promised = 0;
    lmtp->recipient_count = 0;
    lmtp->utf8 = false;
    email_lmtp_data_fini(&lmtp->data);
    if (lmtp->state != HELLO)
        lmtp->state = READY;
}

static bool
more_room(void *context, size_t bytes)
{
    struct email_lmtp *lmtp = context;

    if (!lmtp->calls->room(lmtp->context, (int64_t)bytes))
        return false;
    lmtp->promised += bytes;
    return true;
}

/* ---- MAIL and RCPT ---- */

static bool
is_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text >= 0x80)
            return false;
    return true;
}

/* "FROM:<a@b> PARAMETERS": the path into `path`, *rest behind it.  A source route (RFC 5321,
 * appendix C) is left out.  NULL, or what is wrong. */
static const char *
read_path(const char *text, const char *word, char path[EMAIL_LMTP_PATH_MAX + 1], const char **rest)
{
    size_t word_size = strlen(word), size = 0;
    bool quoted = false;

    if (strncasecmp(text, word, word_size) != 0)
        return "501 5.5.4 syntax: MAIL FROM:<address> or RCPT TO:<address>";
    text += word_size;
    text += strspn(text, " ");
    if (*text++ != '<')
        return "501 5.1.7 an address stands in <>";
    if (*text == '@' && strchr(text, ':') != NULL)
        text = strchr(text, ':') + 1;
    for (; *text != '\0' && (quoted || *text != '>'); text++) {
        if (size == EMAIL_LMTP_PATH_MAX)
            return "501 5.1.7 the address is too long";
        if (*text == '"')
            quoted = !quoted;
        if ((unsigned char)*text < ' ' || *text == 0x7f || (*text == ' ' && !quoted))
            return "501 5.1.7 the address holds what no address may hold";
        path[size++] = *text;
        if (quoted && *text == '\\' && text[1] != '\0' && size < EMAIL_LMTP_PATH_MAX)
            path[size++] = *++text;
    }
    if (*text != '>' || (text[1] != '\0' && text[1] != ' '))
        return "501 5.1.7 an address stands in <>";
    path[size] = '\0';
    *rest = text + 1;
    return NULL;
}

static const char *
read_parameter(struct email_lmtp *lmtp, const char *parameter, size_t size)
{
    if (size > 5 && strncasecmp(parameter, "SIZE=", 5) == 0) {
        uint64_t bytes = 0;

        for (size_t i = 5; i < size; i++) {
            if (parameter[i] < '0' || parameter[i] > '9' || size > 20)
                return "501 5.5.4 SIZE is a number";
            bytes = bytes * 10 + (uint64_t)(parameter[i] - '0');
        }
        return bytes > lmtp->limits->size_max ? "552 5.3.4 the mail is larger than we take" : NULL;
    }
    if ((size == 9 && strncasecmp(parameter, "BODY=7BIT", 9) == 0) ||
        (size == 13 && strncasecmp(parameter, "BODY=8BITMIME", 13) == 0))
        return NULL;
    if (size == 8 && strncasecmp(parameter, "SMTPUTF8", 8) == 0) {
        lmtp->utf8 = true;
        return NULL;
    }
    return "555 5.5.4 unknown parameter";
}

static const char *
read_parameters(struct email_lmtp *lmtp, const char *rest)
{
    const char *wrong = NULL;

    while (wrong == NULL && rest[strspn(rest, " ")] != '\0') {
        size_t size;

        rest += strspn(rest, " ");
        size = strcspn(rest, " ");
        wrong = read_parameter(lmtp, rest, size);
        rest += size;
    }
    return wrong;
}

static const char *
check_characters(const struct email_lmtp *lmtp, const char *path)
{
    if (is_ascii(path))
        return NULL;
    if (!lmtp->utf8)
        return "553 5.6.7 an address that is not ASCII needs SMTPUTF8";
    return fr_utf8_valid(fr_slice_str(path)) ? NULL : "553 5.6.7 the address is not UTF-8";
}

static void
mail_from(struct email_lmtp *lmtp, const char *rest)
{
    const char *wrong;

    if (lmtp->state != READY) {
        refuse(lmtp,
               lmtp->state == HELLO ? "503 5.5.1 say LHLO first" : "503 5.5.1 one mail at a time");
        return;
    }
    if (lmtp->calls->pressed(lmtp->context)) {
        say(lmtp, "451 4.3.2 we cannot take mail right now, please come again");
        return;
    }
    lmtp->utf8 = false;
    wrong = read_path(rest, "FROM:", lmtp->sender, &rest);
    if (wrong == NULL)
        wrong = read_parameters(lmtp, rest);
    if (wrong == NULL)
        wrong = check_characters(lmtp, lmtp->sender);
    if (wrong != NULL) {
        refuse(lmtp, wrong);
        return;
    }
    lmtp->state = ADDRESSED;
    say(lmtp, "250 2.1.0 ok");
}

static struct email_lmtp_recipient *
one_more(struct email_lmtp *lmtp)
{
    if (lmtp->recipient_count == lmtp->recipient_room) {
        size_t room = lmtp->recipient_room == 0 ? 4 : 2 * lmtp->recipient_room;
        void *more = realloc(lmtp->recipients, room * sizeof(*lmtp->recipients));

        if (more == NULL)
            return NULL;
        lmtp->recipients = more;
        lmtp->recipient_room = room;
    }
    return &lmtp->recipients[lmtp->recipient_count];
}

static void
rcpt_to(struct email_lmtp *lmtp, const char *rest)
{
    struct email_lmtp_recipient *recipient;
    const char *wrong;

    if (lmtp->state != ADDRESSED) {
        refuse(lmtp, "503 5.5.1 say MAIL first");
        return;
    }
    recipient = lmtp->recipient_count >= lmtp->limits->recipients_max ? NULL : one_more(lmtp);
    if (recipient == NULL) {
        say(lmtp, "452 4.5.3 too many recipients for one mail, send the rest again");
        return;
    }
    wrong = read_path(rest, "TO:", recipient->address, &rest);
    if (wrong == NULL && rest[strspn(rest, " ")] != '\0')
        wrong = "555 5.5.4 unknown parameter";
    if (wrong == NULL)
        wrong = check_characters(lmtp, recipient->address);
    if (wrong != NULL)
        refuse(lmtp, wrong);
    else if (!lmtp->calls->recipient(lmtp->context, recipient->address, &recipient->account))
        refuse(lmtp, "550 5.1.1 nobody here has that address");
    else {
        lmtp->recipient_count++;
        say(lmtp, "250 2.1.5 ok");
    }
}

/* ---- DATA ---- */

static void
data(struct email_lmtp *lmtp)
{
    if (lmtp->state != ADDRESSED || lmtp->recipient_count == 0) {
        refuse(lmtp, "503 5.5.1 no recipient was accepted"); /* RFC 2033, 4.2 */
        return;
    }
    email_lmtp_data_init(&lmtp->data, lmtp->limits->size_max, more_room, lmtp);
    lmtp->state = DATA;
    say(lmtp, "354 end with <CRLF>.<CRLF>");
}

static void
all_the_same(struct email_lmtp *lmtp, const char *line)
{
    for (size_t i = 0; i < lmtp->recipient_count; i++)
        say(lmtp, "%s", line);
    forget_mail(lmtp);
}

static void
mail_whole(struct email_lmtp *lmtp)
{
    struct email_lmtp_mail mail = {.sender = lmtp->sender,
                                   .recipients = lmtp->recipients,
                                   .recipient_count = lmtp->recipient_count,
                                   .bytes = fr_slice(lmtp->data.bytes, lmtp->data.size)};

    switch (lmtp->data.trouble) {
    case EMAIL_LMTP_DATA_FINE:
        lmtp->state = WAITING;
        lmtp->calls->mail(lmtp->context, &mail);
        break;
    case EMAIL_LMTP_DATA_TOO_BIG:
        all_the_same(lmtp, "552 5.3.4 the mail is larger than we take");
        break;
    case EMAIL_LMTP_DATA_NO_ROOM:
        all_the_same(lmtp, "452 4.3.1 no room for it right now, please come again");
        break;
    }
}

void
email_lmtp_answered(struct email_lmtp *lmtp, const char *const *lines)
{
    fr_assert(lmtp->state == WAITING);
    for (size_t i = 0; i < lmtp->recipient_count; i++)
        say(lmtp, "%s", lines[i]);
    forget_mail(lmtp);
}

/* ---- commands ---- */

static void
lhlo(struct email_lmtp *lmtp)
{
    forget_mail(lmtp);
    lmtp->state = READY;
    say(lmtp, "250-%s", lmtp->limits->hostname);
    say(lmtp, "250-PIPELINING");
    say(lmtp, "250-SIZE %llu", (unsigned long long)lmtp->limits->size_max);
    say(lmtp, "250-8BITMIME");
    say(lmtp, "250-SMTPUTF8");
    say(lmtp, "250 ENHANCEDSTATUSCODES");
}

static bool
is_command(const char *line, const char *word, const char **rest)
{
    size_t size = strlen(word);

    if (strncasecmp(line, word, size) != 0 || (line[size] != '\0' && line[size] != ' '))
        return false;
    *rest = line + size + strspn(line + size, " ");
    return true;
}

static void
command(struct email_lmtp *lmtp, const char *line)
{
    const char *rest;

    if (is_command(line, "LHLO", &rest) && *rest != '\0') {
        lhlo(lmtp);
    } else if (is_command(line, "MAIL", &rest)) {
        mail_from(lmtp, rest);
    } else if (is_command(line, "RCPT", &rest)) {
        rcpt_to(lmtp, rest);
    } else if (is_command(line, "DATA", &rest) && *rest == '\0') {
        data(lmtp);
    } else if (is_command(line, "RSET", &rest)) {
        forget_mail(lmtp);
        say(lmtp, "250 2.0.0 ok");
    } else if (is_command(line, "NOOP", &rest)) {
        say(lmtp, "250 2.0.0 ok");
    } else if (is_command(line, "VRFY", &rest)) {
        say(lmtp, "252 2.5.0 send to it, and see");
    } else if (is_command(line, "QUIT", &rest)) {
        say(lmtp, "221 2.0.0 goodbye");
        lmtp->state = OVER;
    } else if (is_command(line, "HELO", &rest) || is_command(line, "EHLO", &rest)) {
        refuse(lmtp, "500 5.5.1 this is LMTP: say LHLO"); /* RFC 2033, 4.1 */
    } else {
        refuse(lmtp, "500 5.5.2 unknown command");
    }
}

/* A line is whole: `size` bytes without its CRLF. */
static void
whole_line(struct email_lmtp *lmtp)
{
    size_t size = lmtp->line_size;

    lmtp->line_size = 0;
    lmtp->line[size] = '\0';
    if (lmtp->line_too_long) {
        lmtp->line_too_long = false;
        refuse(lmtp, "500 5.5.2 the line is too long");
    } else if (memchr(lmtp->line, '\n', size) != NULL || memchr(lmtp->line, '\r', size) != NULL) {
        say(lmtp, "500 5.5.2 a line ends with CRLF and holds no other CR or LF");
        say(lmtp, "421 4.7.0 %s closing", lmtp->limits->hostname);
        lmtp->state = OVER;
    } else if (memchr(lmtp->line, '\0', size) != NULL) {
        refuse(lmtp, "500 5.5.2 a command holds no NUL");
    } else {
        command(lmtp, lmtp->line);
    }
}

/* Up to the next CRLF; says how many bytes were used. */
static size_t
feed_line(struct email_lmtp *lmtp, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == '\n' && lmtp->line_size > 0 && lmtp->line[lmtp->line_size - 1] == '\r') {
            lmtp->line_size--;
            whole_line(lmtp);
            return i + 1;
        }
        if (lmtp->line_size == EMAIL_LMTP_LINE_MAX) { /* keep the last byte: it may be a CR */
            lmtp->line_too_long = true;
            lmtp->line_size = 0;
        }
        lmtp->line[lmtp->line_size++] = bytes[i];
    }
    return size;
}

size_t
email_lmtp_feed(struct email_lmtp *lmtp, struct fr_slice bytes)
{
    const char *at = bytes.data;
    size_t used = 0;

    while (used < bytes.size && lmtp->state != WAITING && lmtp->state != OVER) {
        if (lmtp->state != DATA) {
            used += feed_line(lmtp, at + used, bytes.size - used);
            continue;
        }
        used += email_lmtp_data_feed(&lmtp->data, at + used, bytes.size - used);
        if (lmtp->data.ended)
            mail_whole(lmtp);
    }
    return used;
}

/* ---- life ---- */

struct email_lmtp *
email_lmtp_new(const struct email_lmtp_calls *calls, void *context,
               const struct email_lmtp_limits *limits)
{
    struct email_lmtp *lmtp = calloc(1, sizeof(*lmtp));

    if (lmtp == NULL)
        return NULL;
    lmtp->calls = calls;
    lmtp->context = context;
    lmtp->limits = limits;
    return lmtp;
}

void
email_lmtp_free(struct email_lmtp **lmtp)
{
    if (*lmtp == NULL)
        return;
    forget_mail(*lmtp);
    free((*lmtp)->recipients);
    free((*lmtp)->out);
    free(*lmtp);
    *lmtp = NULL;
}

struct fr_slice
email_lmtp_output(const struct email_lmtp *lmtp)
{
    return fr_slice(lmtp->out + lmtp->out_start, lmtp->out_end - lmtp->out_start);
}

void
email_lmtp_sent(struct email_lmtp *lmtp, size_t size)
{
    fr_assert(size <= lmtp->out_end - lmtp->out_start);
    lmtp->out_start += size;
    if (lmtp->out_start == lmtp->out_end)
        lmtp->out_start = lmtp->out_end = 0;
}

bool
email_lmtp_waits(const struct email_lmtp *lmtp)
{
    return lmtp->state == WAITING;
}

bool
email_lmtp_in_data(const struct email_lmtp *lmtp)
{
    return lmtp->state == DATA;
}

bool
email_lmtp_idle(const struct email_lmtp *lmtp)
{
    return lmtp->state == HELLO || lmtp->state == READY;
}

bool
email_lmtp_over(const struct email_lmtp *lmtp)
{
    return lmtp->state == OVER;
}

unsigned
email_lmtp_refused(const struct email_lmtp *lmtp)
{
    return lmtp->refused;
}
