/* intake.c - from the bytes of a mail to a durable record. */
#include "services/channel_email/intake.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define READER_BUDGET ((size_t)64 << 20)
#define RECORD_SIZE_MAX (FR_RECORD_SIZE_MAX - 8192) /* what fr_submit takes */

/* ---- what the threads share ---- */

enum fr_error
email_intake_open(struct email_intake *intake, struct fr_process *process,
                  const struct email_config *config)
{
    const char *state = fr_process_state_dir(process);
    char attachments[512];
    enum fr_error err;

    *intake = (struct email_intake){.process = process};
    pthread_mutex_init(&intake->lock, NULL);
    snprintf(attachments, sizeof(attachments), "%s/attachments", state);
    snprintf(intake->mails_dir, sizeof(intake->mails_dir), "%s/mails", state);
    if (sodium_init() < 0)
        return FR_IO;
    err = email_cas_open(attachments, &intake->attachments);
    if (err == FR_OK)
        err = email_cas_open(intake->mails_dir, &intake->mails);
    if (err != FR_OK) {
        fr_log(FR_ERROR, "no_store", "dir=%s error=%s", state, fr_error_name(err));
        return err;
    }
    intake->rules = email_rules_new(config);
    return intake->rules == NULL ? FR_NO_MEMORY : FR_OK;
}

void
email_intake_close(struct email_intake *intake)
{
    email_cas_close(&intake->attachments);
    email_cas_close(&intake->mails);
    email_rules_free(&intake->rules);
}

struct email_rules *
email_intake_rules(struct email_intake *intake)
{
    struct email_rules *rules;

    pthread_mutex_lock(&intake->lock);
    rules = intake->rules;
    rules->holders++;
    pthread_mutex_unlock(&intake->lock);
    return rules;
}

void
email_intake_release(struct email_intake *intake, struct email_rules **rules)
{
    bool last;

    pthread_mutex_lock(&intake->lock);
    last = --(*rules)->holders == 0 && *rules != intake->rules;
    pthread_mutex_unlock(&intake->lock);
    if (last)
        email_rules_free(rules);
    *rules = NULL;
}

void
email_intake_reload(struct email_intake *intake, const struct email_config *config)
{
    struct email_rules *fresh = email_rules_new(config), *old;

    if (fresh == NULL) {
        fr_log(FR_ERROR, "reload_failed", "what=accounts error=%s", fr_error_name(FR_NO_MEMORY));
        return;
    }
    pthread_mutex_lock(&intake->lock);
    old = intake->rules;
    intake->rules = fresh;
    if (old->holders > 0)
        old = NULL;
    pthread_mutex_unlock(&intake->lock);
    email_rules_free(&old);
}

enum fr_error
email_reader_open(struct email_reader *reader, const struct email_config *config)
{
    struct email_child_config child = {.program = config->parser};

    reader->arena = fr_arena_new((size_t)64 << 10, READER_BUDGET);
    return reader->arena == NULL ? FR_NO_MEMORY : email_child_new(&child, &reader->child);
}

void
email_reader_close(struct email_reader *reader)
{
    email_child_free(&reader->child);
    fr_arena_free(&reader->arena);
}

/* ---- outcomes ---- */

static void
one_less(struct email_intake_mail *mail)
{
    bool last;

    pthread_mutex_lock(&mail->lock);
    last = --mail->waiting == 0;
    pthread_mutex_unlock(&mail->lock);
    if (!last)
        return;
    pthread_mutex_destroy(&mail->lock);
    mail->done(mail);
}

struct waiting { /* for one delivery's outcome */
    struct email_intake_mail *mail;
    struct email_delivery *delivery;
};

static void
settle(struct email_delivery *delivery, enum fr_error error, const char *reason)
{
    delivery->error = error;
    snprintf(delivery->reason, sizeof(delivery->reason), "%s", reason == NULL ? "" : reason);
}

/* On the stage's thread, after the sync. */
static void
on_outcome(void *context, const struct fr_outcome *outcome)
{
    struct waiting *waiting = context;
    struct email_intake_mail *mail = waiting->mail;

    settle(waiting->delivery, outcome->error, outcome->reason);
    free(waiting);
    one_less(mail);
}

static void
settle_all(struct email_intake_mail *mail, enum fr_error error, const char *reason)
{
    size_t count = mail->delivery_count;

    for (size_t i = 0; i < count; i++)
        settle(&mail->deliveries[i], error, reason);
    for (size_t i = 0; i < count; i++)
        one_less(mail);
}

/* ---- submitting ---- */

static void
fill(const struct email_intake_mail *mail, const struct email_delivery *delivery,
     Fr__EmailArrived *arrived)
{
    arrived->account = (char *)mail->rules->accounts[delivery->account].name;
    arrived->way = mail->way;
    arrived->received_us = mail->received.unix_us;
    arrived->sha256.data = (uint8_t *)mail->sha256;
    arrived->sha256.len = EMAIL_SHA256_SIZE;
    arrived->size = mail->bytes.size;
    arrived->place = (Fr__EmailPlace *)mail->place;
    arrived->recipients = (char **)delivery->recipients;
    arrived->n_recipients = delivery->recipient_count;
    arrived->envelope_from = (char *)mail->sender;
}

static void
submit(struct email_intake_mail *mail, struct email_delivery *delivery,
       const Fr__EmailArrived *content)
{
    const char *brand = mail->rules->accounts[delivery->account].brand;
    struct waiting *waiting = malloc(sizeof(*waiting));
    Fr__EmailArrived arrived = *content;
    enum fr_error err = FR_NO_MEMORY;

    if (waiting != NULL) {
        *waiting = (struct waiting){mail, delivery};
        fill(mail, delivery, &arrived);
        err = fr_submit_message(mail->intake->process, FR_EMAIL_ARRIVED, &arrived.base, brand, 0,
                                on_outcome, waiting);
    }
    if (err == FR_OK)
        return;
    free(waiting);
    settle(delivery, err, "");
    one_less(mail);
}

/* The mail may be done, and gone, as soon as the last one is submitted. */
static void
submit_all(struct email_intake_mail *mail, const Fr__EmailArrived *content)
{
    size_t count = mail->delivery_count;

    for (size_t i = 0; i < count; i++)
        submit(mail, &mail->deliveries[i], content);
}

/* ---- one mail ---- */

/* Its bytes are kept under their name, and the record says where. */
static enum fr_error
keep_raw(struct email_intake_mail *mail, struct fr_arena *arena, Fr__EmailArrived *arrived)
{
    char path[EMAIL_CAS_PATH_SIZE];
    enum fr_error err = email_cas_put(mail->intake->mails, mail->bytes, mail->sha256);

    if (err != FR_OK)
        return err;
    email_cas_path(mail->sha256, path);
    arrived->raw_path = fr_arena_printf(arena, "%s/%s", mail->intake->mails_dir, path);
    return arrived->raw_path == NULL ? FR_NO_MEMORY : FR_OK;
}

/* What agents never see stays out of the journals. */
static void
lighten(const Fr__EmailParsed *whole, Fr__EmailParsed *light)
{
    *light = *whole;
    light->html = NULL;
    light->html_text = NULL;
}

static enum fr_error
understand(struct fr_slice bytes, const Fr__EmailOptions *options, struct email_cas *attachments,
           struct email_reader *reader, Fr__EmailParsed *parsed, Fr__EmailArrived *arrived)
{
    const Fr__EmailParsed *whole;
    const char *why = NULL;
    enum fr_error err =
        email_child_parse(reader->child, bytes, options, attachments, reader->arena, &whole, &why);

    if (err == FR_IO || err == FR_FULL)
        return err;
    if (err == FR_OK) {
        lighten(whole, parsed);
        arrived->parsed = parsed;
        if (fr__email_arrived__get_packed_size(arrived) <= RECORD_SIZE_MAX - 65536)
            return FR_OK;
        arrived->parsed = NULL;
        why = "what it says does not fit into a record";
    }
    arrived->trouble = (char *)(why != NULL ? why : fr_error_name(err));
    return FR_OK;
}

void
email_intake_take(struct email_intake_mail *mail, struct email_reader *reader)
{
    struct email_intake *intake = mail->intake;
    Fr__EmailOptions options = mail->rules->options;
    Fr__EmailArrived arrived = FR__EMAIL_ARRIVED__INIT;
    Fr__EmailParsed parsed;
    enum fr_error err;

    pthread_mutex_init(&mail->lock, NULL);
    mail->waiting = mail->delivery_count;
    crypto_hash_sha256(mail->sha256, mail->bytes.data, mail->bytes.size);
    options.envelope_from = (char *)mail->sender;
    arrived.account = "";
    arrived.trouble = (char *)mail->trouble;
    err = mail->trouble != NULL
              ? FR_OK
              : understand(mail->bytes, &options, intake->attachments, reader, &parsed, &arrived);
    if (err == FR_OK && arrived.parsed == NULL)
        err = keep_raw(mail, reader->arena, &arrived);
    if (err != FR_OK) {
        fr_log(FR_ERROR, "mail_not_taken", "error=%s next=\"the sender is told to come again\"",
               fr_error_name(err));
        settle_all(mail, FR_BUSY, fr_error_name(err));
    } else {
        submit_all(mail, &arrived);
    }
    fr_arena_reset(reader->arena);
}

/* ---- once more ---- */

/* Mapped, not read: it may be larger than what an effect's arena holds. */
static enum fr_error
map_file(const char *path, struct fr_slice *bytes)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    void *data = NULL;

    if (fd < 0)
        return errno == ENOENT ? FR_NOT_FOUND : FR_IO;
    if (fstat(fd, &status) == 0 && status.st_size > 0)
        data = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (data == NULL || data == MAP_FAILED)
        return FR_IO;
    *bytes = fr_slice(data, (size_t)status.st_size);
    return FR_OK;
}

static enum fr_error
pack(const Fr__EmailArrived *arrived, struct fr_arena *arena, struct fr_slice *outcome)
{
    size_t size = fr__email_arrived__get_packed_size(arrived);
    uint8_t *bytes = fr_arena_alloc(arena, size + 1);

    if (bytes == NULL)
        return FR_NO_MEMORY;
    fr__email_arrived__pack(arrived, bytes);
    *outcome = fr_slice(bytes, size);
    return FR_OK;
}

/* The attachments' folder stands beside the folder of the bytes: <state>/mails/ab/cdef... */
static enum fr_error
open_beside(const char *raw_path, struct email_cas **attachments)
{
    static const char folder[] = "/mails/";
    const char *mails = NULL;
    char dir[600];

    for (const char *at = strstr(raw_path, folder); at != NULL; at = strstr(at + 1, folder))
        mails = at;
    if (mails == NULL || mails - raw_path > 500)
        return FR_INVALID;
    snprintf(dir, sizeof(dir), "%.*s/attachments", (int)(mails - raw_path), raw_path);
    return email_cas_open(dir, attachments);
}

static enum fr_error
read_again(const struct email_config *config, const char *raw_path, const char *sender,
           struct fr_slice bytes, struct email_reader *reader, Fr__EmailParsed *parsed,
           Fr__EmailArrived *arrived)
{
    struct email_rules *rules = email_rules_new(config);
    struct email_cas *attachments = NULL;
    enum fr_error err = rules == NULL ? FR_NO_MEMORY : open_beside(raw_path, &attachments);

    if (err == FR_OK) {
        Fr__EmailOptions options = rules->options;

        options.envelope_from = (char *)sender;
        arrived->trouble = NULL;
        err = understand(bytes, &options, attachments, reader, parsed, arrived);
    }
    email_cas_close(&attachments);
    email_rules_free(&rules);
    return err;
}

enum fr_error
email_reread(const void *config, uint64_t id, struct fr_slice body, unsigned attempt,
             struct fr_arena *arena, struct fr_slice *outcome)
{
    const Fr__EmailArrived *kept = fr_unpack_in(arena, &fr__email_arrived__descriptor, body);
    struct email_reader reader = {0};
    struct fr_slice bytes = {NULL, 0};
    Fr__EmailArrived arrived;
    Fr__EmailParsed parsed;
    enum fr_error err;

    (void)id;
    (void)attempt; /* reading twice changes nothing */
    fr_assert(kept != NULL);
    arrived = *kept;
    arrived.has_again = arrived.again = true;
    err = email_reader_open(&reader, config);
    if (err == FR_OK)
        err = kept->raw_path == NULL ? FR_NOT_FOUND : map_file(kept->raw_path, &bytes);
    if (err == FR_OK)
        err = read_again(config, kept->raw_path, kept->envelope_from, bytes, &reader, &parsed,
                         &arrived);
    if (err == FR_NOT_FOUND) {
        arrived.trouble = "its bytes are not kept any more";
        err = FR_OK;
    }
    if (err == FR_OK)
        err = pack(&arrived, arena, outcome);
    if (bytes.size > 0)
        munmap((void *)bytes.data, bytes.size);
    email_reader_close(&reader);
    return err;
}
