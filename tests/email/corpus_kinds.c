/* corpus_kinds.c - bounce.expect.jsonl, lists, thread, reply and signature. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "services/channel_email/parse.h"
#include "services/channel_email/charset_text.h"
#include "services/channel_email/reply.h"
#include "services/channel_email/signature.h"
#include "services/channel_email/thread.h"
#include "tests/email/corpus.h"

/* Our class in the words of the expectations. */
static const char *
class_name(const Fr__EmailParsed *parsed)
{
    switch (parsed->class_) {
    case FR__EMAIL_CLASS__EMAIL_BOUNCE:
        return "bounce";
    case FR__EMAIL_CLASS__EMAIL_COMPLAINT:
        return "complaint";
    case FR__EMAIL_CLASS__EMAIL_AUTOREPLY:
    case FR__EMAIL_CLASS__EMAIL_VACATION:
        return "autoreply";
    case FR__EMAIL_CLASS__EMAIL_RECEIPT:
        return "delivered";
    default:
        return "none";
    }
}

static void
count_class(struct corpus *corpus, const char *expected, const char *found)
{
    bool bounce = strcmp(expected, "bounce") == 0 || strcmp(expected, "complaint") == 0;
    bool found_bounce = strcmp(found, "bounce") == 0 || strcmp(found, "complaint") == 0;
    bool automatic = strcmp(expected, "autoreply") == 0;
    bool found_automatic = strcmp(found, "autoreply") == 0;

    corpus->true_bounces += bounce && strcmp(expected, found) == 0;
    corpus->false_bounces += found_bounce && strcmp(expected, found) != 0;
    corpus->missed_bounces += bounce && strcmp(expected, found) != 0;
    corpus->true_automatic += automatic && found_automatic;
    corpus->false_automatic += !automatic && found_automatic;
    corpus->missed_automatic += automatic && !found_automatic;
}

/* A status that the collection made up (x.0.9nn) stands nowhere in the mail. */
static bool
real_status(const char *status)
{
    return status[0] != '\0' && strncmp(status + 1, ".0.9", 4) != 0;
}

static void
judge_recipient(struct corpus *corpus, const char *file, json_t *one,
                const Fr__EmailBounced *recipient)
{
    const char *status = corpus_text(one, "status"), *smtp = corpus_text(one, "smtp");
    const char *reason = corpus_text(one, "reason");
    bool hard = json_is_true(json_object_get(one, "hard"));

    if (real_status(status))
        corpus_judge(corpus, "bounce status",
                     recipient->status != NULL && strcmp(status, recipient->status) == 0, file,
                     status, recipient->status);
    if (smtp[0] != '\0')
        corpus_judge(corpus, "bounce smtp",
                     recipient->smtp != NULL && strcmp(smtp, recipient->smtp) == 0, file, smtp,
                     recipient->smtp);
    corpus_judge(corpus, "bounce reason",
                 recipient->reason != NULL && strcmp(reason, recipient->reason) == 0, file, reason,
                 fr_arena_printf(corpus->arena, "%s: %s",
                                 recipient->reason == NULL ? "" : recipient->reason,
                                 recipient->diagnostic == NULL ? "" : recipient->diagnostic));
    corpus_judge(corpus, "bounce hard", hard == (recipient->hard != 0), file,
                 hard ? "hard" : "soft", reason);
}

static void
judge_bounce(struct corpus *corpus, json_t *line)
{
    const char *file = corpus_text(line, "file"), *expected = corpus_text(line, "class");
    const Fr__EmailParsed *parsed = corpus_parse(corpus, "bounce", file);
    const char *found = parsed == NULL ? "refused" : class_name(parsed);
    json_t *recipients = json_object_get(line, "recipients");
    char numbers[2][16];
    size_t have = parsed == NULL || parsed->report == NULL ? 0 : parsed->report->n_recipients;

    corpus_judge(corpus, "bounce class", strcmp(expected, found) == 0, file, expected, found);
    count_class(corpus, expected, found);
    if (strcmp(expected, "bounce") != 0 || recipients == NULL)
        return;
    snprintf(numbers[0], sizeof(numbers[0]), "%zu", json_array_size(recipients));
    snprintf(numbers[1], sizeof(numbers[1]), "%zu", have);
    corpus_judge(corpus, "bounce recipients", json_array_size(recipients) == have, file, numbers[0],
                 numbers[1]);
    for (size_t i = 0; i < json_array_size(recipients) && i < have; i++)
        judge_recipient(corpus, file, json_array_get(recipients, i), parsed->report->recipients[i]);
}

void
corpus_bounces(struct corpus *corpus)
{
    corpus_lines(corpus, "bounce.expect.jsonl", judge_bounce);
}

/* ---- threads ------------------------------------------------------------------------------------
 */

#define MAILS_MAX 5000

struct folder {
    struct email_threaded mails[MAILS_MAX];
    json_t *lines[MAILS_MAX];
    size_t count;
    struct fr_arena *arena; /* outlives the parser's */
};

static struct folder folder;

static void
keep(const Fr__EmailParsed *parsed, json_t *line)
{
    struct email_threaded *mail = &folder.mails[folder.count];
    size_t count = parsed->n_references > 0 ? parsed->n_references : parsed->n_in_reply_to > 0;
    char **ids = parsed->n_references > 0 ? parsed->references : parsed->in_reply_to;
    char **copy = fr_arena_zalloc(folder.arena, count + 1, sizeof(*copy));

    for (size_t i = 0; i < count; i++)
        copy[i] = fr_arena_strdup(folder.arena, ids[i]);
    *mail = (struct email_threaded){
        .message_id =
            parsed->message_id == NULL ? NULL : fr_arena_strdup(folder.arena, parsed->message_id),
        .references = copy,
        .reference_count = count,
        .subject = parsed->subject == NULL ? NULL : fr_arena_strdup(folder.arena, parsed->subject),
    };
    folder.lines[folder.count++] = json_incref(line);
}

static void
read_listed(struct corpus *corpus, json_t *line)
{
    const Fr__EmailParsed *parsed = corpus_parse(corpus, "lists", corpus_text(line, "file"));

    corpus_judge(corpus, "list parsed", parsed != NULL, corpus_text(line, "file"), "a mail", "");
    if (parsed == NULL || folder.count == MAILS_MAX)
        return;
    count_class(corpus, "none", class_name(parsed));
    keep(parsed, line);
}

static void
judge_listed(struct corpus *corpus, size_t i)
{
    const struct email_threaded *mail = &folder.mails[i];
    const char *file = corpus_text(folder.lines[i], "file");
    const char *expected = corpus_text(folder.lines[i], "parent");
    const char *found =
        mail->parent == EMAIL_NO_PARENT ? "" : folder.mails[mail->parent].message_id;
    bool together = true;

    corpus_judge(corpus, "list parent", strcmp(expected, found) == 0, file, expected, found);
    for (size_t n = 0; n < folder.count; n++)
        together &= (folder.mails[n].root == mail->root) ==
                    (strcmp(corpus_text(folder.lines[n], "thread"),
                            corpus_text(folder.lines[i], "thread")) == 0);
    corpus_judge(corpus, "list thread", together, file, corpus_text(folder.lines[i], "thread"),
                 "another set of mails");
}

static void
folder_reset(void)
{
    for (size_t i = 0; i < folder.count; i++)
        json_decref(folder.lines[i]);
    folder.count = 0;
    fr_arena_reset(folder.arena);
}

void
corpus_lists(struct corpus *corpus)
{
    folder.arena = fr_arena_new(1024 * 1024, 256u * 1024 * 1024);
    if (folder.arena == NULL || !corpus_lines(corpus, "lists.expect.jsonl", read_listed))
        return;
    if (email_thread(folder.arena, folder.mails, folder.count) != FR_OK)
        return;
    fr_arena_reset(corpus->arena);
    for (size_t i = 0; i < folder.count; i++)
        judge_listed(corpus, i);
    folder_reset();
}

/* Mails of an mbox, as corpus_parse reads them from a file of their own. */
static void
read_mbox(struct corpus *corpus, const char *path, unsigned max)
{
    size_t size;
    char *bytes = corpus_read(corpus, path, &size), *at = bytes;

    for (unsigned n = 0; bytes != NULL && at < bytes + size && n < max; n++) {
        char *next = strstr(at, "\nFrom "), *end = next == NULL ? bytes + size : next + 1;
        Fr__EmailParsed *parsed;
        const char *why;

        fr_arena_reset(corpus->arena);
        if (email_parse(fr_slice(at, (size_t)(end - at)), NULL, NULL, corpus->arena, &parsed,
                        &why) == FR_OK)
            keep(parsed, json_null());
        at = end;
    }
    free(bytes);
}

/* RFC 5256: (1 2) is a chain, (1 (2)(3)) two answers. */
static void
print_thread(struct email_text *out, size_t mail)
{
    size_t children = 0;
    char number[24];

    snprintf(number, sizeof(number), "%zu", mail + 1);
    email_text_add(out, number);
    for (size_t i = 0; i < folder.count; i++)
        children += folder.mails[i].parent == mail;
    if (children > 0)
        email_text_add(out, " ");
    for (size_t i = 0; i < folder.count; i++) {
        if (folder.mails[i].parent != mail)
            continue;
        email_text_add(out, children > 1 ? "(" : "");
        print_thread(out, i);
        email_text_add(out, children > 1 ? ")" : "");
    }
}

/* Threads are listed by the date of their first mail; the expectations have them by position of the
 * mail that arrived last where the mbox says so.  Each side's threads are compared as a set. */
static bool
same_threads(const char *expected, const char *found)
{
    int depth = 0;
    const char *from = expected;

    if (strlen(expected) != strlen(found))
        return false;
    for (const char *c = expected; *c != '\0'; c++) {
        depth += *c == '(';
        if (*c == ')' && --depth == 0) {
            if (memmem(found, strlen(found), from, (size_t)(c - from) + 1) == NULL)
                return false;
            from = c + 1;
        }
    }
    return true;
}

static void
judge_thread(struct corpus *corpus, json_t *line)
{
    const char *expected = corpus_text(line, "threads");
    struct email_text out;
    unsigned mails = 0;

    for (const char *c = expected; *c != '\0'; c += *c != '\0') {
        unsigned long number = strtoul(c, (char **)(uintptr_t)&c, 10);

        mails = number > mails ? (unsigned)number : mails;
    }
    read_mbox(corpus, corpus_text(line, "file"), mails);
    out = email_text(folder.arena, 4096);
    if (email_thread(folder.arena, folder.mails, folder.count) != FR_OK)
        return;
    for (size_t i = 0; i < folder.count; i++) {
        if (folder.mails[i].parent != EMAIL_NO_PARENT)
            continue;
        email_text_add(&out, "(");
        print_thread(&out, i);
        email_text_add(&out, ")");
    }
    corpus_judge(corpus, "thread", same_threads(expected, email_text_string(&out)),
                 corpus_text(line, "file"), expected, email_text_string(&out));
    folder_reset();
}

void
corpus_threads(struct corpus *corpus)
{
    if (folder.arena != NULL)
        corpus_lines(corpus, "thread.expect.jsonl", judge_thread);
}

/* ---- replies and signatures ---------------------------------------------------------------------
 */

static void
judge_reply(struct corpus *corpus, json_t *line)
{
    struct email_reply reply;
    const char *expected, *found, *text;

    fr_arena_reset(corpus->arena);
    text = email_utf8_clean(corpus->arena, fr_slice_str(corpus_text(line, "email")), SIZE_MAX / 4,
                            NULL);
    email_reply_trim(corpus->arena, text, &reply);
    expected = corpus_fold(corpus, corpus_text(line, "reply"));
    found = corpus_fold(corpus, reply.visible);
    corpus_judge(corpus, "visible reply", strcmp(expected, found) == 0, corpus_text(line, "id"),
                 expected, found);
}

void
corpus_replies(struct corpus *corpus)
{
    corpus_lines(corpus, "reply.expect.jsonl", judge_reply);
}

/* signature/<sender>_<n>.txt: mails of one sender have one signature in common. */
static void
judge_sender(struct corpus *corpus, char (*names)[256], size_t from, size_t to)
{
    const char *texts[32];
    size_t count = 0, size;
    const char *common;

    fr_arena_reset(corpus->arena);
    for (size_t i = from; i < to && count < 32; i++) {
        char path[512], *bytes;

        snprintf(path, sizeof(path), "signature/%s", names[i]);
        bytes = corpus_read(corpus, path, &size);
        if (bytes != NULL)
            texts[count++] =
                email_utf8_clean(corpus->arena, fr_slice(bytes, size), SIZE_MAX / 4, NULL);
        free(bytes);
    }
    common = email_signature_common(corpus->arena, texts, count);
    corpus_judge(corpus, "signature found", common != NULL && common[0] != '\0', names[from],
                 "the lines that all mails of the sender end with", common);
    for (size_t i = 0; corpus->verbose && i == 0 && common != NULL; i++)
        fprintf(stderr, "corpus: signature of %s: %.60s...\n", names[from], common);
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

void
corpus_signatures(struct corpus *corpus)
{
    static char names[256][256];
    char path[4096];
    size_t count = 0, from = 0;
    struct dirent *entry;
    DIR *dir;

    snprintf(path, sizeof(path), "%s/signature", corpus->dir);
    dir = opendir(path);
    while (dir != NULL && count < 256 && (entry = readdir(dir)) != NULL)
        if (strstr(entry->d_name, ".txt") != NULL)
            snprintf(names[count++], sizeof(names[0]), "%s", entry->d_name);
    if (dir != NULL)
        closedir(dir);
    qsort(names, count, sizeof(names[0]), by_name);
    for (size_t i = 1; i <= count; i++) {
        const char *mark = strrchr(names[from], '_');
        size_t prefix = mark == NULL ? strlen(names[from]) : (size_t)(mark - names[from]) + 1;

        if (i < count && strncmp(names[i], names[from], prefix) == 0)
            continue;
        judge_sender(corpus, names, from, i);
        from = i;
    }
}
