/* poll.c - hosted mailboxes are read by IMAP: a thread for each, one mail after the other. */
#include "services/channel_email/poll.h"

#include <stdlib.h>
#include <time.h>
#include "services/channel_email/counters.h"
#include "services/channel_email/imap.h"

#define WINDOW                                                                                     \
    400 /* UIDs asked for at once: libcurl cuts answers that are longer than some KiB              \
         */
#define REST_MAX_S 600

struct waiter { /* for an outcome that comes on another thread */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool done;
    enum fr_error error;
    struct email_cursor cursor;
};

struct poller {
    struct email_pollers *all;
    struct email_mailbox mailbox; /* its own copy */
    struct fr_arena *texts;
    struct email_imap *imap;
    struct email_reader reader;
    struct email_cursor cursor;
    unsigned failures; /* in a row */
    pthread_t thread;
    bool started;
};

struct email_pollers {
    struct email_intake *intake;
    uint64_t size_max;
    _Atomic bool stopping;
    pthread_mutex_t lock;
    pthread_cond_t stop;
    size_t count;
    struct poller rows[];
};

/* ---- waiting ---- */

static void
waiter_init(struct waiter *waiter)
{
    *waiter = (struct waiter){.done = false};
    pthread_mutex_init(&waiter->lock, NULL);
    pthread_cond_init(&waiter->changed, NULL);
}

static void
tell(struct waiter *waiter, enum fr_error error, const struct email_cursor *cursor)
{
    pthread_mutex_lock(&waiter->lock);
    waiter->done = true;
    waiter->error = error;
    if (cursor != NULL)
        waiter->cursor = *cursor;
    pthread_cond_signal(&waiter->changed);
    pthread_mutex_unlock(&waiter->lock);
}

static enum fr_error
wait_for(struct waiter *waiter)
{
    pthread_mutex_lock(&waiter->lock);
    while (!waiter->done)
        pthread_cond_wait(&waiter->changed, &waiter->lock);
    pthread_mutex_unlock(&waiter->lock);
    pthread_mutex_destroy(&waiter->lock);
    pthread_cond_destroy(&waiter->changed);
    return waiter->error;
}

/* Returns true when it is time to end. */
static bool
rest(struct poller *poller, struct fr_span span)
{
    struct email_pollers *all = poller->all;
    struct timespec until;
    int64_t us = span.us;

    clock_gettime(CLOCK_REALTIME, &until);
    us += until.tv_nsec / 1000;
    until.tv_sec += us / 1000000;
    until.tv_nsec = us % 1000000 * 1000;
    pthread_mutex_lock(&all->lock);
    while (!atomic_load(&all->stopping) &&
           pthread_cond_timedwait(&all->stop, &all->lock, &until) == 0)
        continue;
    pthread_mutex_unlock(&all->lock);
    return atomic_load(&all->stopping);
}

/* ---- where did we stop? ---- */

static void
on_cursor(void *context, const struct fr_outcome *outcome)
{
    struct email_cursor cursor = {0};

    if (outcome->error == FR_OK && outcome->answer.size == sizeof(cursor))
        memcpy(&cursor, outcome->answer.data, sizeof(cursor));
    tell(context, outcome->error, &cursor);
}

static enum fr_error
ask_cursor(struct poller *poller)
{
    Fr__MailboxAsked asked = FR__MAILBOX_ASKED__INIT;
    struct waiter waiter;
    enum fr_error err;

    asked.mailbox = (char *)poller->mailbox.name;
    waiter_init(&waiter);
    err = fr_submit_message(poller->all->intake->process, FR_MAILBOX_ASKED, &asked.base, NULL, 0,
                            on_cursor, &waiter);
    if (err != FR_OK)
        tell(&waiter, err, NULL);
    err = wait_for(&waiter);
    if (err == FR_OK)
        poller->cursor = waiter.cursor;
    return err;
}

/* ---- one mail ---- */

static void
on_taken(struct email_intake_mail *mail)
{
    tell(mail->context, mail->deliveries[0].error, NULL);
}

static enum fr_error
hand_in(struct poller *poller, struct email_rules *rules, const Fr__EmailPlace *place,
        const struct email_imap_mail *fetched, unsigned account)
{
    struct email_delivery delivery = {.account = account};
    struct waiter waiter;
    struct email_intake_mail mail = {.intake = poller->all->intake,
                                     .rules = rules,
                                     .bytes = fetched->bytes,
                                     .way = FR__EMAIL_WAY__BY_IMAP,
                                     .received = fr_time_wall(),
                                     .place = place,
                                     .deliveries = &delivery,
                                     .delivery_count = 1,
                                     .done = on_taken,
                                     .context = &waiter};

    if (fetched->size > fetched->bytes.size)
        mail.trouble = "it is larger than size_max: only its beginning was kept";
    waiter_init(&waiter);
    email_intake_take(&mail, &poller->reader);
    return wait_for(&waiter);
}

static bool
find_account(const struct email_rules *rules, const char *name, unsigned *account)
{
    for (size_t i = 0; i < rules->account_count; i++)
        if (strcmp(rules->accounts[i].name, name) == 0) {
            *account = (unsigned)i;
            return true;
        }
    return false;
}

/* Durable when it returns FR_OK. */
static enum fr_error
read_one(struct poller *poller, uint32_t uidvalidity, uint32_t uid)
{
    Fr__EmailPlace place = FR__EMAIL_PLACE__INIT;
    struct email_imap_mail fetched;
    struct email_rules *rules;
    unsigned account;
    enum fr_error err = email_imap_fetch(poller->imap, uidvalidity, uid, &fetched);

    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err; /* somebody deleted it meanwhile */
    place.mailbox = (char *)poller->mailbox.name;
    place.uidvalidity = uidvalidity;
    place.uid = uid;
    rules = email_intake_rules(poller->all->intake);
    err = find_account(rules, poller->mailbox.account, &account)
              ? hand_in(poller, rules, &place, &fetched, account)
              : FR_GONE;
    email_intake_release(poller->all->intake, &rules);
    return err;
}

/* ---- one look ---- */

static enum fr_error
read_window(struct poller *poller, uint32_t uidvalidity, uint32_t first, uint32_t last)
{
    uint32_t uids[WINDOW];
    size_t count;
    enum fr_error err = email_imap_search(poller->imap, first, last, uids, WINDOW, &count);

    for (size_t i = 0; err == FR_OK && i < count; i++) {
        if (atomic_load(&poller->all->stopping))
            return FR_GONE;
        err = read_one(poller, uidvalidity, uids[i]);
        if (err == FR_OK)
            poller->cursor = (struct email_cursor){uidvalidity, uids[i]};
    }
    return err;
}

static enum fr_error
look(struct poller *poller)
{
    uint32_t uidvalidity, uidnext;
    uint64_t first;
    enum fr_error err = email_imap_status(poller->imap, &uidvalidity, &uidnext);

    if (err != FR_OK)
        return err;
    if (uidvalidity != poller->cursor.uidvalidity && poller->cursor.uidvalidity != 0) {
        fr_process_count(poller->all->intake->process, EMAIL_COUNT_VALIDITY, 1);
        fr_log(FR_WARN, "mailbox_renumbered", "mailbox=%s before=%u now=%u next=\"read it again\"",
               poller->mailbox.name, poller->cursor.uidvalidity, uidvalidity);
    }
    first = uidvalidity == poller->cursor.uidvalidity ? (uint64_t)poller->cursor.uid + 1 : 1;
    for (; err == FR_OK && first < uidnext; first += WINDOW) {
        uint64_t last = first + WINDOW - 1;

        err = read_window(poller, uidvalidity, (uint32_t)first,
                          last < uidnext ? (uint32_t)last : uidnext - 1);
    }
    return err;
}

static struct fr_span
pause_after(struct poller *poller, enum fr_error err)
{
    int64_t us = poller->mailbox.every.us;

    if (err == FR_OK || err == FR_INVALID) { /* renumbered: the next look sees it */
        poller->failures = 0;
        return poller->mailbox.every;
    }
    fr_process_count(poller->all->intake->process, EMAIL_COUNT_IMAP_FAIL, 1);
    fr_log(FR_WARN, "mailbox_not_read", "mailbox=%s error=%s why=\"%s\" next=retry",
           poller->mailbox.name, fr_error_name(err),
           err == FR_IO ? email_imap_why(poller->imap) : "");
    for (unsigned i = 0; i < poller->failures && us < REST_MAX_S * INT64_C(1000000); i++)
        us *= 2;
    poller->failures++;
    return (struct fr_span){us};
}

static void *
poll_mailbox(void *context)
{
    struct poller *poller = context;

    while (ask_cursor(poller) != FR_OK)
        if (rest(poller, fr_seconds(1)))
            return NULL;
    do {
        enum fr_error err = look(poller);

        if (atomic_load(&poller->all->stopping) || rest(poller, pause_after(poller, err)))
            return NULL;
    } while (true);
}

/* ---- life ---- */

static const char *
own(struct poller *poller, const char *text)
{
    const char *copy = fr_arena_strdup(poller->texts, text);

    fr_assert(copy != NULL);
    return copy;
}

static enum fr_error
start_one(struct poller *poller, const struct email_mailbox *mailbox,
          const struct email_config *config)
{
    const char *ca_file = config->ca_file;
    enum fr_error err;

    poller->texts = fr_arena_new(4096, 1 << 20);
    if (poller->texts == NULL)
        return FR_NO_MEMORY;
    poller->mailbox = *mailbox;
    poller->mailbox.name = own(poller, mailbox->name);
    poller->mailbox.account = own(poller, mailbox->account);
    poller->mailbox.url = own(poller, mailbox->url);
    poller->mailbox.user = own(poller, mailbox->user);
    poller->mailbox.password = own(poller, mailbox->password);
    poller->mailbox.folder = own(poller, mailbox->folder);
    err = email_imap_new(&poller->mailbox, ca_file, poller->all->size_max, &poller->all->stopping,
                         &poller->imap);
    if (err == FR_OK)
        err = email_reader_open(&poller->reader, config);
    if (err == FR_OK && pthread_create(&poller->thread, NULL, poll_mailbox, poller) != 0)
        err = FR_NO_MEMORY;
    poller->started = err == FR_OK;
    return err;
}

enum fr_error
email_pollers_start(struct email_intake *intake, const struct email_config *config,
                    struct email_pollers **out)
{
    const struct email_mailbox *mailboxes = config->mailboxes.items;
    struct email_pollers *all =
        calloc(1, sizeof(*all) + config->mailboxes.count * sizeof(all->rows[0]));
    enum fr_error err = FR_OK;

    if (all == NULL)
        return FR_NO_MEMORY;
    all->intake = intake;
    all->size_max = (uint64_t)config->size_max;
    pthread_mutex_init(&all->lock, NULL);
    pthread_cond_init(&all->stop, NULL);
    for (; err == FR_OK && all->count < config->mailboxes.count; all->count++) {
        all->rows[all->count].all = all;
        err = start_one(&all->rows[all->count], &mailboxes[all->count], config);
    }
    *out = all;
    if (err != FR_OK)
        email_pollers_stop(out);
    return err;
}

void
email_pollers_stop(struct email_pollers **out)
{
    struct email_pollers *all = *out;

    if (all == NULL)
        return;
    pthread_mutex_lock(&all->lock);
    atomic_store(&all->stopping, true);
    pthread_cond_broadcast(&all->stop);
    pthread_mutex_unlock(&all->lock);
    for (size_t i = 0; i < all->count; i++) {
        struct poller *poller = &all->rows[i];

        if (poller->started)
            pthread_join(poller->thread, NULL);
        email_reader_close(&poller->reader);
        email_imap_free(&poller->imap);
        fr_arena_free(&poller->texts);
    }
    free(all);
    *out = NULL;
}
