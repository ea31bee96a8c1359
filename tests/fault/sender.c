/* sender.c - numbers from outside, and a pipe for those that were acknowledged. */
#include "tests/fault/sender.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include "common/stage/process.h"
#include "proto/bench.pb-c.h"

struct sender {
    struct fr_process *process;
    pthread_t thread;
    _Atomic bool stop;
    int acks;
    uint64_t count;
};

struct pending {
    struct sender *sender;
    uint64_t number;
};

static void
acknowledged(void *context, const struct fr_outcome *outcome)
{
    struct pending *pending = context;

    if (outcome->error == FR_OK && pending->sender->acks >= 0) {
        ssize_t written = write(pending->sender->acks, &pending->number, sizeof(pending->number));

        (void)written;
    }
    free(pending);
}

/* With a retention of nothing, what is trimmed before the first reader has come is gone for it. */
static void
wait_for_reader(struct sender *sender)
{
    struct fr_snapshot *snapshot = &sender->process->snapshot;
    size_t count = 0;

    while (getenv("LEDGER_WAIT_READER") != NULL && count == 0 && !sender->stop) {
        usleep(1000);
        pthread_mutex_lock(&snapshot->lock);
        count = snapshot->reader_count;
        pthread_mutex_unlock(&snapshot->lock);
    }
}

static void *
send_numbers(void *context)
{
    struct sender *sender = context;
    const char *skip = getenv("LEDGER_SKIP");

    wait_for_reader(sender);

    for (uint64_t n = 1; n <= sender->count && !sender->stop;) {
        Fr__BenchMessage message = FR__BENCH_MESSAGE__INIT;
        struct pending *pending;

        if (skip != NULL && skip[n - 1] == 'x') {
            n++;
            continue;
        }
        pending = malloc(sizeof(*pending));
        fr_assert(pending != NULL);
        *pending = (struct pending){sender, n};
        message.key = n;
        if (fr_submit_message(sender->process, FR_BENCH_MESSAGE, &message.base, NULL, n,
                              acknowledged, pending) == FR_OK) {
            n++;
            if (n % 4 == 0)
                usleep(200); /* several frames, of several sizes */
            continue;
        }
        free(pending);
        usleep(1000);
    }
    return NULL;
}

static enum fr_error
start(struct fr_process *process, const void *config, void **state)
{
    struct sender *sender = calloc(1, sizeof(*sender));
    const char *count = getenv("LEDGER_COUNT"), *acks = getenv("LEDGER_ACKS");

    (void)config;
    fr_assert(sender != NULL);
    sender->process = process;
    sender->count = count == NULL ? 0 : strtoull(count, NULL, 10);
    sender->acks = acks == NULL ? -1 : atoi(acks);
    *state = sender;
    return pthread_create(&sender->thread, NULL, send_numbers, sender) == 0 ? FR_OK : FR_IO;
}

static void
stop(void *state)
{
    struct sender *sender = state;

    sender->stop = true;
    pthread_join(sender->thread, NULL);
    free(sender);
}

const struct fr_edge fault_sender = {.start = start, .stop = stop};
