/* tidy.c - attachments and mails that were set aside go when they are older than `keep`. */
#include "services/channel_email/tidy.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include "services/channel_email/counters.h"

#define LOOK_EVERY_S 3600
#define REMOVED_AT_ONCE 1000 /* of one look through a store; then it is looked through again */

struct email_tidy {
    struct email_intake *intake;
    _Atomic int64_t keep_us;
    pthread_mutex_t lock;
    pthread_cond_t stop;
    bool stopping;
    pthread_t thread;
};

struct found { /* names of what is too old: removed only after the walk */
    int64_t before_s;
    size_t count;
    uint8_t names[REMOVED_AT_ONCE][EMAIL_SHA256_SIZE];
};

static enum fr_error
look_at(void *context, const uint8_t sha256[EMAIL_SHA256_SIZE], uint64_t size, int64_t modified_s)
{
    struct found *found = context;

    (void)size;
    if (modified_s >= found->before_s)
        return FR_OK;
    memcpy(found->names[found->count++], sha256, EMAIL_SHA256_SIZE);
    return found->count < REMOVED_AT_ONCE ? FR_OK : FR_END;
}

size_t
email_tidy_store(struct email_cas *cas, int64_t before_s)
{
    struct found *found = malloc(sizeof(*found));
    enum fr_error err = FR_END;
    size_t removed = 0;

    while (found != NULL && err == FR_END) {
        *found = (struct found){.before_s = before_s};
        err = email_cas_walk(cas, look_at, found);
        for (size_t i = 0; i < found->count; i++)
            removed += email_cas_remove(cas, found->names[i]) == FR_OK;
        if (found->count > 0 && removed == 0)
            break; /* a store that cannot be written to */
    }
    free(found);
    return removed;
}

static void
look(struct email_tidy *tidy)
{
    int64_t before_s = (fr_time_wall().unix_us - atomic_load(&tidy->keep_us)) / 1000000;
    size_t attachments = email_tidy_store(tidy->intake->attachments, before_s);
    size_t mails = email_tidy_store(tidy->intake->mails, before_s);

    if (attachments + mails == 0)
        return;
    fr_log(FR_INFO, "files_removed", "attachments=%zu mails=%zu reason=\"older than keep\"",
           attachments, mails);
    fr_process_count(tidy->intake->process, EMAIL_COUNT_FORGOTTEN, attachments + mails);
}

static void *
work(void *context)
{
    struct email_tidy *tidy = context;
    struct timespec until;

    pthread_mutex_lock(&tidy->lock);
    while (!tidy->stopping) {
        pthread_mutex_unlock(&tidy->lock);
        look(tidy);
        pthread_mutex_lock(&tidy->lock);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += LOOK_EVERY_S;
        while (!tidy->stopping && pthread_cond_timedwait(&tidy->stop, &tidy->lock, &until) == 0)
            continue;
    }
    pthread_mutex_unlock(&tidy->lock);
    return NULL;
}

void
email_tidy_reload(struct email_tidy *tidy, const struct email_config *config)
{
    atomic_store(&tidy->keep_us, config->keep.us);
}

enum fr_error
email_tidy_start(struct email_intake *intake, const struct email_config *config,
                 struct email_tidy **out)
{
    struct email_tidy *tidy = calloc(1, sizeof(*tidy));

    if (tidy == NULL)
        return FR_NO_MEMORY;
    tidy->intake = intake;
    email_tidy_reload(tidy, config);
    pthread_mutex_init(&tidy->lock, NULL);
    pthread_cond_init(&tidy->stop, NULL);
    if (pthread_create(&tidy->thread, NULL, work, tidy) != 0) {
        free(tidy);
        return FR_NO_MEMORY;
    }
    *out = tidy;
    return FR_OK;
}

void
email_tidy_stop(struct email_tidy **out)
{
    struct email_tidy *tidy = *out;

    if (tidy == NULL)
        return;
    pthread_mutex_lock(&tidy->lock);
    tidy->stopping = true;
    pthread_cond_signal(&tidy->stop);
    pthread_mutex_unlock(&tidy->lock);
    pthread_join(tidy->thread, NULL);
    free(tidy);
    *out = NULL;
}
