/* timers.c - who has waited long enough: queues of equal patience, and a heap of later calls.
 *
 * Every request moves its connection between three queues, so that must cost next to nothing:
 * libwebsockets keeps one sorted list of all timeouts and walks it at each insertion.  One timerfd
 * in the epoll set wakes the loop for whichever is due first; at rest it is not armed at all.
 */
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "common/http/private.h"

static void
unlink_deadline(struct timers *timers, struct deadline *deadline)
{
    if (deadline->patience == WAIT_NONE)
        return;
    if (deadline->previous != NULL)
        deadline->previous->next = deadline->next;
    else
        timers->first[deadline->patience] = deadline->next;
    if (deadline->next != NULL)
        deadline->next->previous = deadline->previous;
    else
        timers->last[deadline->patience] = deadline->previous;
    deadline->patience = WAIT_NONE;
}

void
fr_http_wait(struct fr_http *http, struct deadline *deadline, enum patience patience)
{
    struct timers *timers = &http->timers;

    unlink_deadline(timers, deadline);
    if (patience == WAIT_NONE)
        return;
    deadline->patience = patience;
    deadline->due_us = http->now.us + timers->span_us[patience];
    deadline->next = NULL;
    deadline->previous = timers->last[patience];
    if (deadline->previous != NULL)
        deadline->previous->next = deadline;
    else
        timers->first[patience] = deadline;
    timers->last[patience] = deadline;
}

struct deadline *
fr_http_due(struct fr_http *http)
{
    for (enum patience patience = WAIT_NONE + 1; patience < PATIENCE_COUNT; patience++) {
        struct deadline *first = http->timers.first[patience];

        if (first != NULL && first->due_us <= http->now.us)
            return first;
    }
    return NULL;
}

static bool
sooner(const struct later *a, const struct later *b)
{
    return a->due_us < b->due_us || (a->due_us == b->due_us && a->seq < b->seq);
}

bool
fr_http_later_add(struct fr_http *http, struct fr_span due, void (*function)(void *), void *context)
{
    struct timers *timers = &http->timers;
    struct later later = {due.us, timers->later_seq++, function, context};
    size_t i = timers->later_count;

    if (i == timers->later_capacity) {
        size_t capacity = timers->later_capacity == 0 ? 16 : 2 * timers->later_capacity;
        struct later *grown = reallocarray(timers->later, capacity, sizeof(*grown));

        if (grown == NULL)
            return false;
        timers->later = grown;
        timers->later_capacity = capacity;
    }
    timers->later_count++;
    for (; i > 0 && sooner(&later, &timers->later[(i - 1) / 2]); i = (i - 1) / 2)
        timers->later[i] = timers->later[(i - 1) / 2];
    timers->later[i] = later;
    return true;
}

bool
fr_http_later_due(struct fr_http *http, struct later *later)
{
    struct timers *timers = &http->timers;
    struct later last;
    size_t i = 0;

    if (timers->later_count == 0 || timers->later[0].due_us > http->now.us)
        return false;
    *later = timers->later[0];
    last = timers->later[--timers->later_count];
    for (;;) {
        size_t child = 2 * i + 1;

        if (child + 1 < timers->later_count &&
            sooner(&timers->later[child + 1], &timers->later[child]))
            child++;
        if (child >= timers->later_count || !sooner(&timers->later[child], &last))
            break;
        timers->later[i] = timers->later[child];
        i = child;
    }
    timers->later[i] = last;
    return true;
}

void
fr_http_timers_arm(struct fr_http *http)
{
    struct timers *timers = &http->timers;
    int64_t due_us = timers->later_count > 0 ? timers->later[0].due_us : INT64_MAX;
    struct itimerspec when = {0};

    for (enum patience patience = WAIT_NONE + 1; patience < PATIENCE_COUNT; patience++)
        if (timers->first[patience] != NULL && timers->first[patience]->due_us < due_us)
            due_us = timers->first[patience]->due_us;
    if (http->stop_due.us != 0 && http->stop_due.us < due_us)
        due_us = http->stop_due.us;
    /* Too early a ring costs one turn of the loop; so a later due time is left to that turn. */
    if (due_us == INT64_MAX || (timers->armed_us != 0 && timers->armed_us <= due_us))
        return;
    when.it_value.tv_sec = due_us / 1000000;
    when.it_value.tv_nsec = due_us % 1000000 * 1000 + 1;
    timers->armed_us = due_us;
    timerfd_settime(timers->fd, TFD_TIMER_ABSTIME, &when, NULL);
}

void
fr_http_timers_fired(struct fr_http *http)
{
    uint64_t count;

    if (read(http->timers.fd, &count, sizeof(count)) == sizeof(count))
        http->timers.armed_us = 0;
}
