/* windows.c - the open WebSockets, by agent. */
#include "services/desk/windows.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include "common/base/hash.h"

#define BUCKET_COUNT 1024

struct waiting { /* an event that waits for the window's snapshot */
    struct waiting *next;
    uint64_t seq;
    size_t size;
    char bytes[];
};

struct window {
    struct window *next_by_agent, *next_by_id;
    uint64_t id, session;
    char agent[DESK_AGENT_SIZE];
    bool joined;
    struct waiting *first, **last;
    size_t waiting_count;
};

struct desk_windows {
    pthread_mutex_t lock;
    atomic_size_t count;
    struct desk_window_sink sink;
    struct window *by_agent[BUCKET_COUNT], *by_id[BUCKET_COUNT];
};

static struct window **
agent_bucket(struct desk_windows *windows, const char *agent)
{
    return &windows->by_agent[fr_hash(agent, strlen(agent)) % BUCKET_COUNT];
}

/* Where the pointer to window `id` stands, or to the NULL at the list's end. */
static struct window **
find(struct desk_windows *windows, uint64_t id)
{
    struct window **at = &windows->by_id[fr_hash(&id, sizeof(id)) % BUCKET_COUNT];

    while (*at != NULL && (*at)->id != id)
        at = &(*at)->next_by_id;
    return at;
}

struct desk_windows *
desk_windows_new(const struct desk_window_sink *sink)
{
    struct desk_windows *windows = calloc(1, sizeof(*windows));

    if (windows == NULL)
        return NULL;
    windows->sink = *sink;
    pthread_mutex_init(&windows->lock, NULL);
    return windows;
}

static void
drop_waiting(struct window *window)
{
    while (window->first != NULL) {
        struct waiting *next = window->first->next;

        free(window->first);
        window->first = next;
    }
    window->last = &window->first;
    window->waiting_count = 0;
}

void
desk_windows_free(struct desk_windows **windows)
{
    struct desk_windows *gone = *windows;

    if (gone == NULL)
        return;
    for (size_t i = 0; i < BUCKET_COUNT; i++)
        while (gone->by_id[i] != NULL) {
            struct window *next = gone->by_id[i]->next_by_id;

            drop_waiting(gone->by_id[i]);
            free(gone->by_id[i]);
            gone->by_id[i] = next;
        }
    pthread_mutex_destroy(&gone->lock);
    free(gone);
    *windows = NULL;
}

static size_t
count_of(struct desk_windows *windows, const char *agent)
{
    size_t count = 0;

    for (struct window *w = *agent_bucket(windows, agent); w != NULL; w = w->next_by_agent)
        count += strcmp(w->agent, agent) == 0;
    return count;
}

enum fr_error
desk_windows_open(struct desk_windows *windows, uint64_t id, const char *agent, uint64_t session)
{
    struct window *window = calloc(1, sizeof(*window)), **bucket;
    enum fr_error err = FR_OK;

    if (window == NULL)
        return FR_NO_MEMORY;
    window->id = id;
    window->session = session;
    memcpy(window->agent, agent, strnlen(agent, DESK_AGENT_SIZE - 1));
    window->last = &window->first;
    pthread_mutex_lock(&windows->lock);
    if (count_of(windows, agent) >= DESK_WINDOW_MAX) {
        err = FR_BUSY;
        free(window);
    } else {
        bucket = agent_bucket(windows, agent);
        window->next_by_agent = *bucket;
        *bucket = window;
        *find(windows, id) = window;
        atomic_fetch_add(&windows->count, 1);
    }
    pthread_mutex_unlock(&windows->lock);
    return err;
}

enum fr_error
desk_windows_close(struct desk_windows *windows, uint64_t id, char *agent, size_t *left)
{
    struct window **at, *gone;

    pthread_mutex_lock(&windows->lock);
    at = find(windows, id);
    gone = *at;
    if (gone != NULL) {
        *at = gone->next_by_id;
        at = agent_bucket(windows, gone->agent);
        while (*at != gone)
            at = &(*at)->next_by_agent;
        *at = gone->next_by_agent;
        atomic_fetch_sub(&windows->count, 1);
        memcpy(agent, gone->agent, DESK_AGENT_SIZE);
        *left = count_of(windows, agent);
    }
    pthread_mutex_unlock(&windows->lock);
    if (gone == NULL)
        return FR_NOT_FOUND;
    drop_waiting(gone);
    free(gone);
    return FR_OK;
}

enum fr_error
desk_windows_agent(struct desk_windows *windows, uint64_t id, char *agent)
{
    struct window *window;

    pthread_mutex_lock(&windows->lock);
    window = *find(windows, id);
    if (window != NULL)
        memcpy(agent, window->agent, DESK_AGENT_SIZE);
    pthread_mutex_unlock(&windows->lock);
    return window == NULL ? FR_NOT_FOUND : FR_OK;
}

size_t
desk_windows_count(struct desk_windows *windows, const char *agent)
{
    size_t count;

    if (atomic_load_explicit(&windows->count, memory_order_relaxed) == 0)
        return 0;
    pthread_mutex_lock(&windows->lock);
    count = count_of(windows, agent);
    pthread_mutex_unlock(&windows->lock);
    return count;
}

size_t
desk_windows_close_session(struct desk_windows *windows, const char *agent, uint64_t session)
{
    size_t count = 0;

    pthread_mutex_lock(&windows->lock);
    for (struct window *w = *agent_bucket(windows, agent); w != NULL; w = w->next_by_agent)
        if (w->session == session && strcmp(w->agent, agent) == 0) {
            windows->sink.close(windows->sink.context, w->id);
            count++;
        }
    pthread_mutex_unlock(&windows->lock);
    return count;
}

void
desk_windows_join(struct desk_windows *windows, uint64_t id, uint64_t seq, struct fr_slice snapshot)
{
    struct window *window;

    pthread_mutex_lock(&windows->lock);
    window = *find(windows, id);
    if (window != NULL) {
        windows->sink.send(windows->sink.context, id, snapshot);
        for (struct waiting *w = window->first; w != NULL; w = w->next)
            if (w->seq >= seq)
                windows->sink.send(windows->sink.context, id, fr_slice(w->bytes, w->size));
        drop_waiting(window);
        window->joined = true;
    }
    pthread_mutex_unlock(&windows->lock);
}

static void
wait_for_snapshot(struct desk_windows *windows, struct window *window, uint64_t seq,
                  struct fr_slice text)
{
    struct waiting *waiting = NULL;

    if (window->waiting_count < DESK_WINDOW_QUEUE_MAX)
        waiting = malloc(sizeof(*waiting) + text.size);
    if (waiting == NULL) {
        windows->sink.close(windows->sink.context, window->id);
        return;
    }
    waiting->next = NULL;
    waiting->seq = seq;
    waiting->size = text.size;
    memcpy(waiting->bytes, text.data, text.size);
    *window->last = waiting;
    window->last = &waiting->next;
    window->waiting_count++;
}

void
desk_windows_publish(struct desk_windows *windows, const char *agent, uint64_t seq,
                     struct fr_slice text)
{
    pthread_mutex_lock(&windows->lock);
    for (struct window *w = *agent_bucket(windows, agent); w != NULL; w = w->next_by_agent) {
        if (strcmp(w->agent, agent) != 0)
            continue;
        if (w->joined)
            windows->sink.send(windows->sink.context, w->id, text);
        else
            wait_for_snapshot(windows, w, seq, text);
    }
    pthread_mutex_unlock(&windows->lock);
}
