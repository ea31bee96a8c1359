/* submit.c - the mailbox through which other threads give inputs to the stage. */
#include "common/stage/process.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define WAITING_SIZE_MAX ((size_t)64 << 20)

enum fr_error
fr_mailbox_init(struct fr_mailbox *mailbox)
{
    *mailbox = (struct fr_mailbox){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    mailbox->last = &mailbox->first;
    pthread_mutex_init(&mailbox->lock, NULL);
    return mailbox->fd < 0 ? FR_IO : FR_OK;
}

static void
ring(struct fr_mailbox *mailbox)
{
    uint64_t one = 1;
    ssize_t written = write(mailbox->fd, &one, sizeof(one));

    (void)written; /* full means that it is readable already */
}

static enum fr_error
put(struct fr_process *process, struct fr_waiting *waiting)
{
    struct fr_mailbox *mailbox = &process->mailbox;
    size_t size = sizeof(*waiting) + waiting->head.body_size;
    enum fr_error err = FR_OK;
    bool first;

    pthread_mutex_lock(&mailbox->lock);
    first = mailbox->first == NULL;
    if (mailbox->closed) {
        err = FR_GONE;
    } else if (mailbox->count >= atomic_load_explicit(&mailbox->count_max, memory_order_relaxed) ||
               mailbox->size + size > WAITING_SIZE_MAX) {
        err = FR_BUSY;
    } else {
        *mailbox->last = waiting;
        mailbox->last = &waiting->next;
        mailbox->count++;
        mailbox->size += size;
    }
    pthread_mutex_unlock(&mailbox->lock);
    if (err == FR_OK && first)
        ring(mailbox);
    return err;
}

enum fr_error
fr_submit_forced(struct fr_process *process, const struct fr_submission *submission)
{
    struct fr_waiting *waiting;
    enum fr_error err;

    if (submission->body.size > FR_SUBMISSION_SIZE_MAX ||
        (submission->brand != NULL && strlen(submission->brand) >= FR_BRAND_SIZE))
        return FR_TOO_BIG;
    waiting = calloc(1, sizeof(*waiting) + submission->body.size + 8);
    if (waiting == NULL)
        return FR_BUSY;
    waiting->done = submission->done;
    waiting->context = submission->context;
    waiting->head.kind = submission->kind;
    waiting->head.key = submission->key;
    waiting->head.body_size = (uint32_t)submission->body.size;
    waiting->head.size =
        (uint32_t)(sizeof(waiting->head) + ((submission->body.size + 7) & ~(size_t)7));
    if (submission->brand != NULL)
        memcpy(waiting->head.brand, submission->brand, strlen(submission->brand));
    if (submission->body.size > 0)
        memcpy(&waiting->head + 1, submission->body.data, submission->body.size);
    err = put(process, waiting);
    if (err != FR_OK)
        free(waiting);
    return err;
}

enum fr_error
fr_submit(struct fr_process *process, const struct fr_submission *submission)
{
    enum fr_error err = FR_BUSY;

    if (atomic_load_explicit(&process->pressure, memory_order_relaxed) == FR_PRESSURE_NONE)
        err = fr_submit_forced(process, submission);
    if (err == FR_BUSY)
        atomic_fetch_add_explicit(&process->busy_answers, 1, memory_order_relaxed);
    return err;
}

enum fr_error
fr_submit_message(struct fr_process *process, uint32_t kind, const ProtobufCMessage *message,
                  const char *brand, uint64_t key, void (*done)(void *, const struct fr_outcome *),
                  void *context)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    struct fr_submission submission = {
        .kind = kind, .key = key, .brand = brand, .done = done, .context = context};
    uint8_t *body;
    enum fr_error err;

    if (size > FR_RECORD_SIZE_MAX)
        return FR_TOO_BIG;
    body = malloc(size + 1);
    if (body == NULL)
        return FR_BUSY;
    protobuf_c_message_pack(message, body);
    submission.body = fr_slice(body, size);
    err = fr_submit(process, &submission);
    free(body);
    return err;
}

struct fr_waiting *
fr_mailbox_take(struct fr_mailbox *mailbox)
{
    struct fr_waiting *all;
    uint64_t rings;
    ssize_t got = read(mailbox->fd, &rings, sizeof(rings));

    (void)got;
    pthread_mutex_lock(&mailbox->lock);
    all = mailbox->first;
    mailbox->first = NULL;
    mailbox->last = &mailbox->first;
    mailbox->count = 0;
    mailbox->size = 0;
    pthread_mutex_unlock(&mailbox->lock);
    return all;
}

void
fr_waiting_finish(struct fr_waiting *waiting)
{
    const struct fr_outcome outcome = {.error = waiting->error,
                                       .reason = waiting->reason == NULL ? "" : waiting->reason,
                                       .answer = fr_slice(waiting->answer, waiting->answer_size),
                                       .first_id = waiting->first_id};

    if (waiting->done != NULL)
        waiting->done(waiting->context, &outcome);
    free(waiting->reason);
    free(waiting->answer);
    free(waiting);
}

void
fr_mailbox_close(struct fr_mailbox *mailbox)
{
    struct fr_waiting *waiting, *next;

    pthread_mutex_lock(&mailbox->lock);
    mailbox->closed = true;
    pthread_mutex_unlock(&mailbox->lock);
    for (waiting = fr_mailbox_take(mailbox); waiting != NULL; waiting = next) {
        next = waiting->next;
        waiting->error = FR_GONE;
        fr_waiting_finish(waiting);
    }
}
