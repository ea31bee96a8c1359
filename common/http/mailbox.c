/* mailbox.c - how other threads speak to the loop: one locked list, one wake-up per sleep.
 *
 * A thread that answers a batch of requests wakes the loop once: `asleep` is set before the loop
 * looks into the box for the last time, and only who clears it calls lws_cancel_service().
 */
#include <stdlib.h>
#include "common/http/private.h"

struct letter *
fr_http_letter_new(enum letter_kind kind, uint64_t id, size_t size)
{
    struct letter *letter = malloc(sizeof(*letter) + size);

    if (letter == NULL)
        return NULL;
    *letter = (struct letter){.kind = kind, .id = id};
    return letter;
}

void
fr_http_letters_init(struct letters *letters)
{
    letters->first = NULL;
    letters->last = &letters->first;
}

void
fr_http_letters_add(struct letters *letters, struct letter *letter)
{
    letter->next = NULL;
    *letters->last = letter;
    letters->last = &letter->next;
}

struct letter *
fr_http_letters_take(struct letters *letters)
{
    struct letter *letter = letters->first;

    if (letter != NULL) {
        letters->first = letter->next;
        if (letters->first == NULL)
            letters->last = &letters->first;
    }
    return letter;
}

bool
fr_http_mailbox_init(struct mailbox *mailbox, uint32_t slot_count)
{
    pthread_mutex_init(&mailbox->lock, NULL);
    fr_http_letters_init(&mailbox->letters);
    mailbox->sockets = calloc(slot_count, sizeof(*mailbox->sockets));
    return mailbox->sockets != NULL;
}

void
fr_http_mailbox_fini(struct mailbox *mailbox)
{
    struct letter *letter;

    while ((letter = fr_http_letters_take(&mailbox->letters)) != NULL)
        free(letter);
    free(mailbox->sockets);
    pthread_mutex_destroy(&mailbox->lock);
}

/* With the lock held. */
static void
add(struct mailbox *mailbox, struct letter *letter)
{
    fr_http_letters_add(&mailbox->letters, letter);
    atomic_store(&mailbox->filled, true);
}

/* With the lock held: the loop may end at any time, and then there is nobody to wake any more. */
static void
wake(struct fr_http *http)
{
    if (!http->mailbox.closed && atomic_exchange(&http->mailbox.asleep, false) &&
        !pthread_equal(pthread_self(), http->thread))
        lws_cancel_service(http->lws);
}

void
fr_http_post(struct fr_http *http, struct letter *letter)
{
    pthread_mutex_lock(&http->mailbox.lock);
    add(&http->mailbox, letter);
    wake(http);
    pthread_mutex_unlock(&http->mailbox.lock);
}

void
fr_http_mailbox_close(struct mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    mailbox->closed = true;
    pthread_mutex_unlock(&mailbox->lock);
}

void
fr_http_mailbox_grab(struct mailbox *mailbox, struct letters *letters)
{
    fr_http_letters_init(letters);
    if (!atomic_load(&mailbox->filled))
        return;
    pthread_mutex_lock(&mailbox->lock);
    if (mailbox->letters.first != NULL) {
        *letters = mailbox->letters;
        fr_http_letters_init(&mailbox->letters);
    }
    atomic_store(&mailbox->filled, false);
    pthread_mutex_unlock(&mailbox->lock);
}

void
fr_http_mailbox_socket(struct mailbox *mailbox, uint32_t slot, uint64_t id)
{
    pthread_mutex_lock(&mailbox->lock);
    mailbox->sockets[slot] = (struct mailbox_socket){.id = id};
    pthread_mutex_unlock(&mailbox->lock);
}

void
fr_http_mailbox_sent(struct mailbox *mailbox, uint32_t slot, size_t size)
{
    pthread_mutex_lock(&mailbox->lock);
    if (mailbox->sockets[slot].id != 0)
        mailbox->sockets[slot].queued -= size;
    pthread_mutex_unlock(&mailbox->lock);
}

/* The queue's limit is judged here, in the sender's thread, because the sender wants to know. */
static enum fr_error
enter(struct fr_http *http, struct letter *letter)
{
    struct mailbox_socket *socket;
    struct letter *close;
    enum fr_error err = FR_OK;

    pthread_mutex_lock(&http->mailbox.lock);
    socket = &http->mailbox.sockets[letter->id & SLOT_MASK];
    if (socket->id != letter->id) {
        err = FR_GONE;
    } else if (letter->kind == LETTER_CLOSE) {
        socket->id = 0;
        add(&http->mailbox, letter);
    } else if (letter->text.size > http->options.send_queue_size_max - socket->queued) {
        err = FR_BUSY;
        close = fr_http_letter_new(LETTER_CLOSE, letter->id, sizeof("too slow"));
        if (close != NULL) {
            close->close.code = 1013; /* try again later */
            close->close.at_once = true;
            memcpy(close->bytes, "too slow", sizeof("too slow"));
            socket->id = 0;
            add(&http->mailbox, close);
        }
    } else {
        socket->queued += letter->text.size;
        add(&http->mailbox, letter);
    }
    if (err != FR_GONE)
        wake(http);
    pthread_mutex_unlock(&http->mailbox.lock);
    return err;
}

static enum fr_error
post_to_socket(struct fr_http *http, struct letter *letter)
{
    enum fr_error err;

    if ((letter->id & SLOT_MASK) >= http->slot_count) {
        free(letter);
        return FR_GONE;
    }
    err = enter(http, letter);
    if (err != FR_OK)
        free(letter);
    return err;
}

enum fr_error
fr_ws_send(struct fr_http *http, uint64_t id, struct fr_slice text)
{
    struct letter *letter = fr_http_letter_new(LETTER_TEXT, id, LWS_PRE + text.size);

    if (letter == NULL)
        return FR_BUSY;
    letter->text.size = text.size;
    if (text.size > 0)
        memcpy(letter->bytes + LWS_PRE, text.data, text.size);
    return post_to_socket(http, letter);
}

void
fr_ws_close(struct fr_http *http, uint64_t id, int code, const char *reason)
{
    size_t size = reason == NULL ? 0 : strlen(reason);
    struct letter *letter = fr_http_letter_new(LETTER_CLOSE, id, size + 1);

    if (letter == NULL)
        return;
    letter->close.code = code;
    memcpy(letter->bytes, reason == NULL ? "" : reason, size + 1);
    post_to_socket(http, letter);
}

void
fr_http_call(struct fr_http *http, void (*call)(void *context), void *context)
{
    fr_http_call_later(http, (struct fr_span){0}, call, context);
}

void
fr_http_call_later(struct fr_http *http, struct fr_span delay, void (*call)(void *context),
                   void *context)
{
    struct letter *letter = fr_http_letter_new(LETTER_CALL, 0, 0);

    fr_assert(letter != NULL); /* a call that is lost in silence would be worse than a restart */
    letter->call.function = call;
    letter->call.context = context;
    if (delay.us > 0)
        letter->call.due.us = fr_time_monotonic().us + delay.us;
    fr_http_post(http, letter);
}
