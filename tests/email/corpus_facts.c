/* corpus_facts.c - headers.expect.jsonl and zammad.expect.jsonl: fields, texts, attachments. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "services/channel_email/charset_text.h"
#include "tests/email/corpus.h"

static void
judge_text(struct corpus *corpus, json_t *line, const char *key, const char *kind,
           const char *found)
{
    const char *expected = json_string_value(json_object_get(line, key));

    if (expected == NULL)
        return;
    expected = corpus_fold(corpus, expected);
    found = corpus_fold(corpus, found);
    corpus_judge(corpus, kind, strcmp(expected, found) == 0, corpus_text(line, "file"), expected,
                 found);
}

static char *
joined(struct corpus *corpus, json_t *array)
{
    struct email_text out = email_text(corpus->arena, 65536);
    size_t i;
    json_t *item;

    json_array_foreach(array, i, item)
    {
        email_text_add(&out, json_string_value(item));
        email_text_add(&out, " ");
    }
    return fr_arena_strdup(corpus->arena, email_text_string(&out));
}

static void
judge_list(struct corpus *corpus, json_t *line, const char *key, const char *kind, json_t *found)
{
    json_t *expected = json_object_get(line, key);

    if (expected != NULL)
        corpus_judge(corpus, kind, json_equal(expected, found), corpus_text(line, "file"),
                     joined(corpus, expected), joined(corpus, found));
    json_decref(found);
}

static json_t *
addresses(Fr__EmailAddress **list, size_t count)
{
    json_t *all = json_array();

    for (size_t i = 0; i < count; i++) {
        char lower[1024];
        size_t n = 0;

        for (const char *c = list[i]->address; *c != '\0' && n < sizeof(lower) - 1; c++)
            lower[n++] = (char)tolower((unsigned char)*c);
        lower[n] = '\0';
        json_array_append_new(all, json_string(lower));
    }
    return all;
}

static json_t *
strings(char **list, size_t count)
{
    json_t *all = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(all, json_string(list[i]));
    return all;
}

static size_t
characters(const char *text, size_t max, const char **cut)
{
    const char *at = text, *end = text + strlen(text);
    size_t count = 0;

    while (at < end) {
        if (count == max && cut != NULL)
            *cut = at;
        email_utf8_next(&at, end);
        count++;
    }
    return count;
}

static void
judge_start(struct corpus *corpus, json_t *line, const Fr__EmailParsed *parsed)
{
    const char *expected = json_string_value(json_object_get(line, "text_start"));
    const char *whole = corpus_fold(corpus, parsed->text), *cut = NULL;
    json_t *expected_size = json_object_get(line, "text_norm_chars");
    size_t size = characters(whole, 160, &cut);
    char numbers[2][32];

    if (expected != NULL) {
        const char *start = cut == NULL
                                ? whole
                                : corpus_fold(corpus, fr_arena_strndup(corpus->arena, whole,
                                                                       (size_t)(cut - whole)));

        expected = corpus_fold(corpus, expected);
        corpus_judge(corpus, "header text_start", strcmp(start, expected) == 0,
                     corpus_text(line, "file"), expected, start);
    }
    if (expected_size == NULL)
        return;
    snprintf(numbers[0], sizeof(numbers[0]), "%lld", json_integer_value(expected_size));
    snprintf(numbers[1], sizeof(numbers[1]), "%zu", size);
    corpus_judge(corpus, "header text_norm_chars",
                 (size_t)json_integer_value(expected_size) == size, corpus_text(line, "file"),
                 numbers[0], numbers[1]);
}

/* An expected name of "" means that the sender gave none; ours is made up then.  Zammad's facts
 * give the length of the base64 text where it kept attachments in that form. */
static bool
attachment_fits(const Fr__EmailAttachment *found, const char *name, json_int_t bytes)
{
    json_int_t size = (json_int_t)found->size, encoded = 4 * ((size + 2) / 3);

    return (name[0] == '\0' || strcmp(name, found->name) == 0) &&
           (bytes == size || bytes == encoded);
}

static const char *
attachments_text(struct corpus *corpus, const Fr__EmailParsed *parsed)
{
    struct email_text out = email_text(corpus->arena, 4096);

    for (size_t i = 0; i < parsed->n_attachments; i++) {
        const char *one = fr_arena_printf(corpus->arena, "[%s %lld] ", parsed->attachments[i]->name,
                                          (long long)parsed->attachments[i]->size);

        email_text_add(&out, one == NULL ? "" : one);
    }
    return fr_arena_strdup(corpus->arena, email_text_string(&out));
}

/* All that are expected are there, each once. */
static void
judge_attachments(struct corpus *corpus, json_t *line, const char *kind,
                  const Fr__EmailParsed *parsed)
{
    json_t *expected = json_object_get(line, "attachments"), *one;
    bool used[256] = {false}, right = true;
    char *text = json_dumps(expected, JSON_ENCODE_ANY);
    size_t i;

    json_array_foreach(expected, i, one)
    {
        bool is_array = json_is_array(one), found = false;
        const char *name =
            is_array ? json_string_value(json_array_get(one, 0)) : corpus_text(one, "filename");
        json_int_t bytes =
            json_integer_value(is_array ? json_array_get(one, 1) : json_object_get(one, "bytes"));

        for (size_t n = 0; n < parsed->n_attachments && n < 256 && !found; n++)
            if (!used[n] && attachment_fits(parsed->attachments[n], name, bytes))
                found = used[n] = true;
        right &= found;
    }
    if (expected != NULL)
        corpus_judge(corpus, kind, right, corpus_text(line, "file"), text,
                     attachments_text(corpus, parsed));
    free(text);
}

static void
judge_reasons(struct corpus *corpus, json_t *line, const Fr__EmailParsed *parsed)
{
    json_t *expected = json_object_get(line, "no_autoanswer"), *one;
    json_t *found = strings(parsed->no_autoanswer, parsed->n_no_autoanswer);
    bool right = expected == NULL || json_array_size(expected) == parsed->n_no_autoanswer;
    size_t i;

    json_array_foreach(expected, i, one)
    {
        bool there = false;

        for (size_t n = 0; n < parsed->n_no_autoanswer; n++)
            there |= strcmp(json_string_value(one), parsed->no_autoanswer[n]) == 0;
        right &= there;
    }
    if (expected != NULL)
        corpus_judge(corpus, "header no_autoanswer", right, corpus_text(line, "file"),
                     joined(corpus, expected), joined(corpus, found));
    json_decref(found);
}

static void
judge_header(struct corpus *corpus, json_t *line)
{
    static const Fr__EmailParsed nothing = FR__EMAIL_PARSED__INIT;
    const Fr__EmailParsed *parsed = corpus_parse(corpus, "", corpus_text(line, "file"));
    json_t *date = json_object_get(line, "date_unix");

    if (parsed == NULL)
        parsed = &nothing;
    judge_text(corpus, line, "message_id", "header message_id", parsed->message_id);
    judge_text(corpus, line, "in_reply_to", "header in_reply_to",
               parsed->n_in_reply_to > 0 ? parsed->in_reply_to[0] : "");
    judge_list(corpus, line, "references", "header references",
               strings(parsed->references, parsed->n_references));
    judge_list(corpus, line, "from", "header from", addresses(parsed->from, parsed->n_from));
    judge_list(corpus, line, "to", "header to", addresses(parsed->to, parsed->n_to));
    judge_text(corpus, line, "subject", "header subject", parsed->subject);
    if (date != NULL) {
        char numbers[2][32];

        snprintf(numbers[0], sizeof(numbers[0]), "%lld", json_integer_value(date));
        snprintf(numbers[1], sizeof(numbers[1]), "%lld", (long long)(parsed->date_us / 1000000));
        corpus_judge(corpus, "header date_unix", strcmp(numbers[0], numbers[1]) == 0,
                     corpus_text(line, "file"), numbers[0], numbers[1]);
    }
    judge_start(corpus, line, parsed);
    judge_attachments(corpus, line, "header attachments", parsed);
    judge_reasons(corpus, line, parsed);
}

void
corpus_headers(struct corpus *corpus)
{
    corpus_lines(corpus, "headers.expect.jsonl", judge_header);
}

/* Exact up to blank space at line ends and around the whole. */
static const char *
lines_trimmed(struct corpus *corpus, const char *text)
{
    struct email_text out = email_text(corpus->arena, 1024 * 1024);

    for (const char *at = text; *at != '\0';) {
        size_t size = strcspn(at, "\n"), kept = size;

        while (kept > 0 && isspace((unsigned char)at[kept - 1]))
            kept--;
        if (kept > 0 || out.size > 0) {
            email_text_add_slice(&out, fr_slice(at, kept));
            email_text_put(&out, '\n');
        }
        at += size + (at[size] == '\n');
    }
    while (out.size > 0 && out.data[out.size - 1] == '\n')
        out.data[--out.size] = '\0';
    return fr_arena_strdup(corpus->arena, email_text_string(&out));
}

/* What Zammad shows in place of a text that says nothing. */
static bool
stands_for_nothing(const char *expected, const Fr__EmailParsed *parsed)
{
    return strcmp(expected, "no visible content") == 0 &&
           (parsed->text == NULL || parsed->text[strspn(parsed->text, " \t\n")] == '\0');
}

static void
judge_contains(struct corpus *corpus, json_t *line, const Fr__EmailParsed *parsed)
{
    const char *plain = corpus_fold(corpus, parsed->text);
    const char *html = corpus_fold(corpus, parsed->html_text);
    size_t i;
    json_t *snippet;

    json_array_foreach(json_object_get(line, "body_contains"), i, snippet)
    {
        const char *expected = corpus_fold(corpus, json_string_value(snippet));

        corpus_judge(corpus, "zammad body_contains",
                     strstr(plain, expected) != NULL || strstr(html, expected) != NULL ||
                         stands_for_nothing(expected, parsed),
                     corpus_text(line, "file"), expected, plain);
    }
}

static void
judge_zammad(struct corpus *corpus, json_t *line)
{
    static const Fr__EmailParsed nothing = FR__EMAIL_PARSED__INIT;
    const Fr__EmailParsed *parsed = corpus_parse(corpus, "zammad", corpus_text(line, "file"));
    const char *body = json_string_value(json_object_get(line, "body"));
    const Fr__EmailAddress *from;

    if (parsed == NULL)
        parsed = &nothing;
    from = parsed->n_from > 0 ? parsed->from[0] : NULL;
    judge_text(corpus, line, "from_email", "zammad from_email", from == NULL ? "" : from->address);
    judge_text(corpus, line, "from_display_name", "zammad from_display_name",
               from == NULL ? "" : from->name);
    judge_text(corpus, line, "subject", "zammad subject", parsed->subject);
    judge_text(corpus, line, "message_id", "zammad message_id", parsed->message_id);
    judge_text(corpus, line, "content_type", "zammad content_type",
               parsed->html != NULL ? "text/html" : parsed->content_type);
    if (body != NULL) {
        const char *expected = lines_trimmed(corpus, body);
        const char *found = lines_trimmed(corpus, parsed->text == NULL ? "" : parsed->text);

        corpus_judge(corpus, "zammad body",
                     strcmp(expected, found) == 0 || stands_for_nothing(expected, parsed),
                     corpus_text(line, "file"), expected, found);
    }
    judge_contains(corpus, line, parsed);
    judge_attachments(corpus, line, "zammad attachments", parsed);
}

void
corpus_zammad(struct corpus *corpus)
{
    corpus_lines(corpus, "zammad.expect.jsonl", judge_zammad);
}
