/* authres.c - one field is: authserv-id [version]; method=result [reason] ptype.property=value ...;
 * ... */
#include "services/channel_email/authres.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "services/channel_email/address.h"
#include "services/channel_email/charset.h"

#define WORD_MAX 256
#define FIELDS_READ_MAX 20

struct words { /* of one field, comments taken out */
    const char *at;
};

struct finding { /* one method's result */
    char method[32], result[32];
    char domain[WORD_MAX]; /* of header.d, header.i, smtp.mailfrom or header.from */
    bool has_header_from;
};

/* Blank space and (comments). */
static void
skip_aside(struct words *words)
{
    for (int depth = 0; *words->at != '\0'; words->at++) {
        if (*words->at == '(' && depth < 20)
            depth++;
        else if (*words->at == ')' && depth > 0)
            depth--;
        else if (depth == 0 && !isspace((unsigned char)*words->at))
            return;
    }
}

/* Up to one of = ; and blank space; lower case. */
static size_t
read_word(struct words *words, char *out, size_t out_size)
{
    size_t size = 0;
    char quote = '\0';

    skip_aside(words);
    if (*words->at == '"')
        quote = *words->at++;
    while (*words->at != '\0' && (quote != '\0' ? *words->at != quote
                                                : strchr("=;(", *words->at) == NULL &&
                                                      !isspace((unsigned char)*words->at))) {
        if (size + 1 < out_size)
            out[size++] = (char)tolower((unsigned char)*words->at);
        words->at++;
    }
    if (quote != '\0' && *words->at == quote)
        words->at++;
    out[size] = '\0';
    skip_aside(words);
    return size;
}

static void
keep_domain(struct finding *finding, const char *value)
{
    const char *mark = strrchr(value, '@');

    strncpy(finding->domain, mark == NULL ? value : mark + 1, WORD_MAX - 1);
    finding->domain[WORD_MAX - 1] = '\0';
}

/* The next "method=result prop=value..." up to its semicolon; false: no more. */
static bool
read_finding(struct words *words, struct finding *finding)
{
    char name[WORD_MAX], value[WORD_MAX];

    *finding = (struct finding){0};
    while (*words->at == ';' || isspace((unsigned char)*words->at))
        words->at++;
    if (*words->at == '\0')
        return false;
    while (*words->at != '\0' && *words->at != ';') {
        size_t size = read_word(words, name, sizeof(name));

        if (*words->at != '=') {
            if (size == 0 && *words->at != '\0' && *words->at != ';')
                words->at++;
            continue;
        }
        words->at++;
        read_word(words, value, sizeof(value));
        if (finding->method[0] == '\0') {
            memcpy(finding->method, name, sizeof(finding->method) - 1);
            memcpy(finding->result, value, sizeof(finding->result) - 1);
            finding->method[strcspn(finding->method, "/")] = '\0';
        } else if (strcmp(name, "header.d") == 0 || strcmp(name, "smtp.mailfrom") == 0 ||
                   strcmp(name, "header.from") == 0 ||
                   (strcmp(name, "header.i") == 0 && finding->domain[0] == '\0') ||
                   (strcmp(name, "smtp.helo") == 0 && finding->domain[0] == '\0')) {
            keep_domain(finding, value);
        }
    }
    return true;
}

static bool
below(const char *domain, const char *parent)
{
    size_t size = strlen(domain), parent_size = strlen(parent);

    return strchr(parent, '.') != NULL && size > parent_size &&
           domain[size - parent_size - 1] == '.' &&
           strcasecmp(domain + size - parent_size, parent) == 0;
}

static bool
aligned(const char *domain, const char *from)
{
    return domain[0] != '\0' &&
           (strcasecmp(domain, from) == 0 || below(domain, from) || below(from, domain));
}

/* The better result stays; an aligned one is better than any other. */
static void
keep_method(struct fr_arena *arena, char **result, protobuf_c_boolean *was_aligned,
            const struct finding *finding, bool is_aligned)
{
    bool pass = strcmp(finding->result, "pass") == 0;
    bool better = *result == NULL || (is_aligned && pass) ||
                  (!*was_aligned && (is_aligned || (pass && strcmp(*result, "pass") != 0)));

    if (!better || (*was_aligned && *result != NULL && strcmp(*result, "pass") == 0))
        return;
    *result = fr_arena_strdup(arena, finding->result);
    *was_aligned = is_aligned;
}

static void
take_finding(Fr__EmailAuthentication *all, const struct finding *finding, const char *from,
             struct fr_arena *arena)
{
    bool is_aligned = aligned(finding->domain, from);

    if (strcmp(finding->method, "dmarc") == 0 && all->dmarc == NULL) {
        /* a result about another domain than the one we see is none */
        if (finding->domain[0] == '\0' || strcasecmp(finding->domain, from) == 0)
            all->dmarc = fr_arena_strdup(arena, finding->result);
    } else if (strcmp(finding->method, "dkim") == 0) {
        all->has_dkim_aligned = 1;
        keep_method(arena, &all->dkim, &all->dkim_aligned, finding, is_aligned);
    } else if (strcmp(finding->method, "spf") == 0) {
        all->has_spf_aligned = 1;
        keep_method(arena, &all->spf, &all->spf_aligned, finding, is_aligned);
    }
}

static bool
is(const char *result, const char *word)
{
    return result != NULL && strcmp(result, word) == 0;
}

static void
judge(Fr__EmailAuthentication *all, const char *from, struct fr_arena *arena)
{
    bool dkim = all->dkim_aligned && is(all->dkim, "pass");
    bool spf = all->spf_aligned && is(all->spf, "pass");
    const char *how;

    all->verdict = FR__EMAIL_VERDICT__AUTH_NONE;
    if (is(all->dmarc, "pass")) {
        all->verdict = FR__EMAIL_VERDICT__AUTH_PASS;
        how = "DMARC passed";
    } else if (is(all->dmarc, "fail")) {
        all->verdict = FR__EMAIL_VERDICT__AUTH_FAIL;
        how = "DMARC failed";
    } else if (dkim || spf) {
        all->verdict = FR__EMAIL_VERDICT__AUTH_PASS;
        how = dkim ? "an aligned DKIM signature passed" : "SPF passed, aligned";
    } else if ((all->dkim_aligned && is(all->dkim, "fail")) ||
               (all->spf_aligned && is(all->spf, "fail"))) {
        all->verdict = FR__EMAIL_VERDICT__AUTH_FAIL;
        how = "DKIM or SPF failed, and nothing aligned passed";
    } else {
        how = "nothing that is aligned passed or failed";
    }
    all->reason = fr_arena_printf(arena, "%s for %s, says %s", how, from,
                                  all->authserv == NULL ? "?" : all->authserv);
}

static bool
trusted(const Fr__EmailOptions *options, const char *authserv)
{
    for (size_t i = 0; i < options->n_trusted_authserv; i++)
        if (strcasecmp(options->trusted_authserv[i], authserv) == 0)
            return true;
    return false;
}

static void
read_field(Fr__EmailAuthentication *all, struct fr_slice raw, const Fr__EmailOptions *options,
           const char *from, struct fr_arena *arena)
{
    char *text = email_words_decode(arena, raw, NULL), authserv[WORD_MAX], version[WORD_MAX];
    struct words words = {text};
    struct finding finding;

    if (text == NULL || read_word(&words, authserv, sizeof(authserv)) == 0 ||
        !trusted(options, authserv))
        return;
    if (all->authserv == NULL)
        all->authserv = fr_arena_strdup(arena, authserv);
    else if (strcasecmp(all->authserv, authserv) != 0)
        return; /* the topmost one is the last MTA, and the one that saw the envelope */
    if (*words.at != ';')
        read_word(&words, version, sizeof(version));
    while (read_finding(&words, &finding))
        if (finding.method[0] != '\0')
            take_finding(all, &finding, from, arena);
}

Fr__EmailAuthentication *
email_authres(const struct email_mime *mime, const Fr__EmailOptions *options, const char *from,
              size_t from_count, struct fr_arena *arena)
{
    Fr__EmailAuthentication *all = fr_arena_alloc(arena, sizeof(*all));
    struct fr_slice slice = email_address_domain(from);
    const char *domain = fr_arena_strndup(arena, slice.data, slice.size);
    unsigned read = 0;

    if (all == NULL || domain == NULL)
        return NULL;
    fr__email_authentication__init(all);
    all->verdict = FR__EMAIL_VERDICT__AUTH_NONE;
    if (from_count != 1 || domain[0] == '\0') {
        all->reason = fr_arena_strdup(arena, "From is not one address with a domain");
        return all;
    }
    for (size_t i = 0; i < mime->header.count && read < FIELDS_READ_MAX; i++) {
        const struct email_field *field = &mime->header.fields[i];

        if (field->name.size != strlen("authentication-results") ||
            strncasecmp(field->name.data, "authentication-results", field->name.size) != 0)
            continue;
        read++;
        read_field(all, field->value, options, domain, arena);
    }
    if (all->authserv == NULL)
        all->reason = fr_arena_strdup(arena, "no Authentication-Results of a trusted server");
    else
        judge(all, domain, arena);
    return all;
}
