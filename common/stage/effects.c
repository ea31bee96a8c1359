/* effects.c - what touches the outside world: recorded, tried by a worker thread, its outcome an
 * input.
 *
 *   apply: fr_effect_put --> table stage.effects
 *   next frame:  EffectBegun (counts the try) --> synced --> a worker's queue --> perform()
 *   outcome: submitted as an input --> its apply calls fr_effect_done
 *
 * The try is durable before it is made, so after a crash perform() is told how often it may have
 * happened before.  A worker whose outcome finds the mailbox full waits with it.
 */
#include "common/stage/process.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "proto/stage.pb-c.h"

#define BEGIN_MAX 256 /* tries begun per frame */
#define IN_HAND_MAX 1024

struct job {
    struct job *next;
    uint64_t id;
    uint32_t kind, attempt;
    size_t size;
    uint8_t body[];
};

struct fr_effects {
    struct fr_process *process;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct job *first, **last;       /* for the workers */
    struct job *begun, **begun_last; /* their EffectBegun waits for the sync */
    struct fr_key after;             /* the scan goes on here */
    uint64_t seen;                   /* changes of the table when it was last looked through */
    _Atomic uint64_t let_go; /* jobs that left the workers: some may have to be begun again */
    struct job **in_hand;    /* ids that a worker has or will have: not begun twice */
    size_t in_hand_count;
    pthread_t *workers;
    size_t worker_count;
    bool stopping;
};

static const struct fr_effect_kind *
effect_kind(const struct fr_process *process, uint32_t kind)
{
    for (const struct fr_effect_kind *row = process->stage->effects;
         row != NULL && row->kind != FR_KIND_END; row++)
        if (row->kind == kind)
            return row;
    return NULL;
}

/* ---- workers ---- */

static struct job *
next_job(struct fr_effects *effects)
{
    struct job *job;

    pthread_mutex_lock(&effects->lock);
    while (effects->first == NULL && !effects->stopping)
        pthread_cond_wait(&effects->wake, &effects->lock);
    job = effects->stopping ? NULL : effects->first;
    if (job != NULL) {
        effects->first = job->next;
        if (effects->first == NULL)
            effects->last = &effects->first;
    }
    pthread_mutex_unlock(&effects->lock);
    return job;
}

static void
let_go(struct fr_effects *effects, struct job *job)
{
    pthread_mutex_lock(&effects->lock);
    for (size_t i = 0; i < effects->in_hand_count; i++)
        if (effects->in_hand[i] == job) {
            effects->in_hand[i] = effects->in_hand[--effects->in_hand_count];
            break;
        }
    pthread_mutex_unlock(&effects->lock);
    atomic_fetch_add(&effects->let_go, 1);
    free(job);
}

struct outcome_told {
    struct fr_effects *effects;
    struct job *job;
};

/* On the stage's thread, when the outcome is durable (or was refused: then the effect is still to
 * do). */
static void
outcome_done(void *context, const struct fr_outcome *outcome)
{
    struct outcome_told *told = context;

    if (outcome->error != FR_OK && outcome->error != FR_GONE)
        fr_log(FR_ERROR, "effect_outcome_refused", "effect=%llx error=%s",
               (unsigned long long)told->job->id, fr_error_name(outcome->error));
    let_go(told->effects, told->job);
    free(told);
}

static void
submit_outcome(struct fr_effects *effects, struct job *job, uint32_t kind, struct fr_slice body)
{
    struct outcome_told *told = malloc(sizeof(*told));
    struct fr_submission submission = {
        .kind = kind, .key = job->id, .body = body, .done = outcome_done, .context = told};
    enum fr_error err;

    fr_assert(told != NULL);
    *told = (struct outcome_told){effects, job};
    while ((err = fr_submit_forced(effects->process, &submission)) == FR_BUSY)
        usleep(20000);
    if (err == FR_OK)
        return;
    free(told);
    let_go(effects, job);
}

static void
wait_before_retry(struct fr_effects *effects, int seconds)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += seconds;
    pthread_mutex_lock(&effects->lock);
    while (!effects->stopping &&
           pthread_cond_timedwait(&effects->wake, &effects->lock, &until) != ETIMEDOUT)
        ;
    pthread_mutex_unlock(&effects->lock);
}

static void
perform(struct fr_effects *effects, struct job *job, struct fr_arena *arena)
{
    const struct fr_effect_kind *row = effect_kind(effects->process, job->kind);
    struct fr_slice outcome = {NULL, 0};
    enum fr_error err = row->perform(effects->process->options->service, job->id,
                                     fr_slice(job->body, job->size), job->attempt, arena, &outcome);

    if (err == FR_OK) {
        submit_outcome(effects, job, row->outcome_kind, outcome);
        return;
    }
    fr_log(FR_WARN, "effect_failed", "effect=%llx attempt=%u error=%s next=retry",
           (unsigned long long)job->id, job->attempt, fr_error_name(err));
    wait_before_retry(effects, job->attempt < 6 ? 1 << job->attempt : 60);
    let_go(effects, job);
}

static void *
worker(void *context)
{
    struct fr_effects *effects = context;
    struct fr_arena *arena = fr_arena_new(16 << 10, 16 << 20);
    struct job *job;

    fr_assert(arena != NULL);
    while ((job = next_job(effects)) != NULL) {
        perform(effects, job, arena);
        fr_arena_reset(arena);
    }
    fr_arena_free(&arena);
    return NULL;
}

/* ---- the stage's side ---- */

static bool
is_in_hand(struct fr_effects *effects, uint32_t kind, uint64_t id)
{
    bool found = false;

    pthread_mutex_lock(&effects->lock);
    for (size_t i = 0; i < effects->in_hand_count && !found; i++)
        found = effects->in_hand[i]->kind == kind && effects->in_hand[i]->id == id;
    pthread_mutex_unlock(&effects->lock);
    return found;
}

static struct job *
job_of(uint32_t kind, uint64_t id, struct fr_slice value)
{
    struct fr_own_effect head;
    struct job *job = malloc(sizeof(*job) + value.size);

    fr_assert(job != NULL && value.size >= sizeof(head));
    memcpy(&head, value.data, sizeof(head));
    *job = (struct job){.id = id, .kind = kind, .attempt = head.attempt + 1};
    job->size = value.size - sizeof(head);
    memcpy(job->body, (const uint8_t *)value.data + sizeof(head), job->size);
    return job;
}

static size_t
collect_new(struct fr_effects *effects, struct job **jobs)
{
    struct fr_process *process = effects->process;
    struct fr_slice key, value;
    struct fr_scan scan;
    size_t count = 0;

    fr_scan_init(&scan, process->engine.turn.view, &fr_own_tables[FR_OWN_EFFECTS],
                 fr_slice(NULL, 0), fr_slice(NULL, 0));
    while (count < BEGIN_MAX && effects->in_hand_count + count < IN_HAND_MAX &&
           fr_scan_next(&scan, &key, &value) == FR_OK) {
        uint32_t kind;
        uint64_t id;

        if (fr_key_take_u32(&key, &kind) != FR_OK || fr_key_take_u64(&key, &id) != FR_OK)
            continue;
        if (effect_kind(process, kind) != NULL && !is_in_hand(effects, kind, id))
            jobs[count++] = job_of(kind, id, value);
    }
    fr_scan_fini(&scan);
    return count;
}

void
fr_effects_begin(struct fr_process *process)
{
    struct fr_effects *effects = process->effects;
    uint64_t changes = process->engine.effects_put + atomic_load(&effects->let_go);
    struct job *jobs[BEGIN_MAX];
    size_t count;

    if (changes == effects->seen || process->stuck)
        return;
    effects->seen = changes;
    count = collect_new(effects, jobs);
    for (size_t i = 0; i < count; i++) {
        Fr__EffectBegun begun = FR__EFFECT_BEGUN__INIT;

        begun.kind = jobs[i]->kind;
        begun.id = jobs[i]->id;
        begun.attempt = jobs[i]->attempt;
        if (fr_engine_own(&process->engine, NULL, &begun.base) != FR_OK)
            fr_process_give_up(process, "begin an effect", FR_TOO_BIG);
        *effects->begun_last = jobs[i];
        effects->begun_last = &jobs[i]->next;
        pthread_mutex_lock(&effects->lock);
        effects->in_hand[effects->in_hand_count++] = jobs[i];
        pthread_mutex_unlock(&effects->lock);
    }
}

void
fr_effects_release(struct fr_process *process)
{
    struct fr_effects *effects = process->effects;

    if (effects->begun == NULL)
        return;
    pthread_mutex_lock(&effects->lock);
    *effects->last = effects->begun;
    effects->last = effects->begun_last;
    pthread_cond_broadcast(&effects->wake);
    pthread_mutex_unlock(&effects->lock);
    effects->begun = NULL;
    effects->begun_last = &effects->begun;
}

enum fr_error
fr_effects_start(struct fr_process *process)
{
    struct fr_effects *effects;

    if (process->stage->effects == NULL || process->following)
        return FR_OK;
    effects = calloc(1, sizeof(*effects));
    fr_assert(effects != NULL);
    effects->process = process;
    effects->last = &effects->first;
    effects->begun_last = &effects->begun;
    effects->seen = UINT64_MAX;
    effects->worker_count = (size_t)process->options->stage.effect_workers;
    effects->workers = calloc(effects->worker_count, sizeof(*effects->workers));
    effects->in_hand = calloc(IN_HAND_MAX + BEGIN_MAX, sizeof(*effects->in_hand));
    fr_assert(effects->workers != NULL && effects->in_hand != NULL);
    pthread_mutex_init(&effects->lock, NULL);
    pthread_cond_init(&effects->wake, NULL);
    process->effects = effects;
    for (size_t i = 0; i < effects->worker_count; i++)
        if (pthread_create(&effects->workers[i], NULL, worker, effects) != 0)
            return FR_NO_MEMORY;
    return FR_OK;
}

void
fr_effects_stop(struct fr_process *process)
{
    struct fr_effects *effects = process->effects;

    if (effects == NULL)
        return;
    pthread_mutex_lock(&effects->lock);
    effects->stopping = true;
    pthread_cond_broadcast(&effects->wake);
    pthread_mutex_unlock(&effects->lock);
    for (size_t i = 0; i < effects->worker_count; i++)
        pthread_join(effects->workers[i], NULL);
    process->effects = NULL;
    /* The process ends now; what was in hand is still in the table and is tried again. */
}
