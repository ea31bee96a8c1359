/* edge.c - what the wire sees of the desks: each link that comes up or goes down is said to the
 * stage.
 *
 * The stage may be too busy to take it, and nothing may wait on its thread, so a thread of its own
 * says it until it is taken.  At the start no link is up: so that is said first.
 */
#include "services/sites/sites.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "proto/site.pb-c.h"

#define LINK_MAX 64
#define RETRY_NS 200000000

struct link {
    char site[SITES_NAME_SIZE];
    bool up, unsaid;
};
struct links {
    struct fr_process *process;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    struct link items[LINK_MAX];
    size_t count;
    bool stopping;
};

static void
note(struct links *links, const char *site, bool up)
{
    size_t i = 0;

    while (i < links->count && strcmp(links->items[i].site, site) != 0)
        i++;
    if (i == LINK_MAX || strlen(site) >= SITES_NAME_SIZE)
        return; /* more than there can be contracts */
    if (i == links->count)
        strcpy(links->items[links->count++].site, site);
    links->items[i].up = up;
    links->items[i].unsaid = true;
    pthread_cond_signal(&links->changed);
}

static bool
say(struct links *links, const struct link *link)
{
    Fr__SiteLinked linked = FR__SITE_LINKED__INIT;
    char site[SITES_NAME_SIZE];

    memcpy(site, link->site, sizeof(site));
    linked.site = site;
    linked.up = link->up;
    return fr_submit_message(links->process, FR_SITE_LINKED, &linked.base, NULL, 0, NULL, NULL) ==
           FR_OK;
}

/* Called with the lock; fr_submit never waits, so it may stay locked.  True: all is said. */
static bool
say_all(struct links *links)
{
    bool all = true;

    for (size_t i = 0; i < links->count; i++)
        if (links->items[i].unsaid) {
            links->items[i].unsaid = !say(links, &links->items[i]);
            all &= !links->items[i].unsaid;
        }
    return all;
}

static void *
run(void *context)
{
    struct links *links = context;

    pthread_mutex_lock(&links->lock);
    while (!links->stopping) {
        struct timespec until;

        if (say_all(links)) {
            pthread_cond_wait(&links->changed, &links->lock);
            continue;
        }
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += RETRY_NS;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&links->changed, &links->lock, &until);
    }
    pthread_mutex_unlock(&links->lock);
    return NULL;
}

static enum fr_error
start(struct fr_process *process, const void *section, void **state)
{
    const struct sites_config *config = section;
    const struct sites_contract *contracts = config->contracts.items;
    struct links *links = calloc(1, sizeof(*links));

    if (links == NULL)
        return FR_NO_MEMORY;
    links->process = process;
    pthread_mutex_init(&links->lock, NULL);
    pthread_cond_init(&links->changed, NULL);
    for (size_t i = 0; i < config->contracts.count; i++)
        note(links, contracts[i].name, false);
    if (pthread_create(&links->thread, NULL, run, links) != 0) {
        free(links);
        return FR_NO_MEMORY;
    }
    *state = links;
    return FR_OK;
}

static void
stop(void *state)
{
    struct links *links = state;

    pthread_mutex_lock(&links->lock);
    links->stopping = true;
    pthread_cond_signal(&links->changed);
    pthread_mutex_unlock(&links->lock);
    pthread_join(links->thread, NULL);
    pthread_cond_destroy(&links->changed);
    pthread_mutex_destroy(&links->lock);
    free(links);
}

static void
published(void *state, const struct fr_record *event)
{
    (void)state;
    (void)event;
}

static void
link_changed(void *state, const char *peer, bool up)
{
    struct links *links = state;
    const char *site = sites_site_of_journal(peer);

    if (site == NULL)
        return;
    pthread_mutex_lock(&links->lock);
    note(links, site, up);
    pthread_mutex_unlock(&links->lock);
}

const struct fr_edge sites_edge = {
    .start = start, .stop = stop, .published = published, .link = link_changed};
