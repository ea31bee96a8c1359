/* effects.c - what touches the outside world: recorded, tried by a worker thread, its outcome an
 * input.
 *
 *   apply: fr_effect_put --> table stage.effects
 *   next frame:  EffectBegun (counts the try) --> synced --> a worker's queue --> perform()
 *   outcome: submitted as an input --> its apply calls fr_effect_done
 *
 * The try is durable before it is made, so after a crash perform() is told how often it may have
 * happened before.  A worker whose outcome finds the mailbox full waits with it.  What failed, or
 * whose outcome was not taken, rests before it is begun again, and holds no worker meanwhile.
 */
#include "common/stage/process.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "proto/stage.pb-c.h"

#define BEGIN_MAX 256 /* tries begun per frame */
#define IN_HAND_MAX 1024
#define LOOK_EVERY_US 100000

struct job {
    struct job *next;
    uint64_t id;
    uint32_t kind, attempt;
    int64_t rests_until_us; /* monotonic; 0: it does not rest */
    size_t size;
    uint8_t body[];
};

struct fr_effects {
    struct fr_process *process;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct job *first, **last;       /* for the workers */
    struct job *begun, **begun_last; /* their EffectBegun waits for the sync */
    uint64_t seen;                   /* changes of the table when it was last looked through */
    int64_t looked_us;               /* when those that rest were last looked through */
    size_t resting_count;
    _Atomic uint64_t let_go; /* jobs that left the workers: some may have to be begun again */
    struct job **in_hand;    /* ids that a worker has or will have: not begun twice */
    size_t in_hand_count;
    pthread_t *workers;
    size_t worker_count, started_count;
    bool stopping;
    _Atomic bool abandon; /* stopping, and outcomes find no room: they are tried again next time */
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

/* 2, 4... seconds, then once a minute. */
static void
rest(struct fr_effects *effects, struct job *job)
{
    int64_t seconds = job->attempt < 6 ? INT64_C(1) << job->attempt : 60;

    pthread_mutex_lock(&effects->lock);
    job->rests_until_us = fr_time_monotonic().us + seconds * 1000000;
    effects->resting_count++;
    pthread_mutex_unlock(&effects->lock);
}

struct outcome_told {
    struct fr_effects *effects;
    struct job *job;
};

/* On the stage's thread, when the outcome is durable (or was refused: then the effect is still to
 * do, and if it were begun again at once the world would see it as fast as we can). */
static void
outcome_done(void *context, const struct fr_outcome *outcome)
{
    struct outcome_told *told = context;

    if (outcome->error == FR_OK || outcome->error == FR_GONE) {
        let_go(told->effects, told->job);
    } else {
        char quoted[300];

        fr_log(FR_ERROR, "effect_outcome_refused", "effect=%llx error=%s reason=%s next=retry",
               (unsigned long long)told->job->id, fr_error_name(outcome->error),
               fr_log_quote(outcome->reason, quoted, sizeof(quoted)));
        rest(told->effects, told->job);
    }
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
    while ((err = fr_submit_forced(effects->process, &submission)) == FR_BUSY &&
           !atomic_load(&effects->abandon))
        usleep(20000);
    if (err == FR_OK)
        return;
    fr_log(FR_ERROR, "effect_outcome_lost", "effect=%llx error=%s next=retry",
           (unsigned long long)job->id, fr_error_name(err));
    free(told);
    rest(effects, job);
}

static void
perform(struct fr_effects *effects, struct job *job, struct fr_arena *arena)
{
    const struct fr_effect_kind *row = effect_kind(effects->process, job->kind);
    struct fr_options *options = fr_process_hold_options(effects->process);
    struct fr_slice outcome = {NULL, 0};
    enum fr_error err = row->perform(options->service, job->id, fr_slice(job->body, job->size),
                                     job->attempt, arena, &outcome);

    fr_process_release_options(effects->process, options);
    if (err == FR_OK) {
        submit_outcome(effects, job, row->outcome_kind, outcome);
        return;
    }
    fr_log(FR_WARN, "effect_failed", "effect=%llx attempt=%u error=%s next=retry",
           (unsigned long long)job->id, job->attempt, fr_error_name(err));
    rest(effects, job);
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

/* Those that have rested are let go, and so found again in the table. */
static void
wake_rested(struct fr_effects *effects)
{
    int64_t now_us = fr_time_monotonic().us;

    if (now_us - effects->looked_us < LOOK_EVERY_US)
        return;
    effects->looked_us = now_us;
    pthread_mutex_lock(&effects->lock);
    for (size_t i = 0; effects->resting_count > 0 && i < effects->in_hand_count;) {
        struct job *job = effects->in_hand[i];

        if (job->rests_until_us == 0 || job->rests_until_us > now_us) {
            i++;
            continue;
        }
        effects->in_hand[i] = effects->in_hand[--effects->in_hand_count];
        effects->resting_count--;
        atomic_fetch_add(&effects->let_go, 1);
        free(job);
    }
    pthread_mutex_unlock(&effects->lock);
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
    size_t count = 0, in_hand;

    pthread_mutex_lock(&effects->lock);
    in_hand = effects->in_hand_count; /* others only make it less */
    pthread_mutex_unlock(&effects->lock);
    fr_scan_init(&scan, process->engine.turn.view, &fr_own_tables[FR_OWN_EFFECTS],
                 fr_slice(NULL, 0), fr_slice(NULL, 0));
    while (count < BEGIN_MAX && in_hand + count < IN_HAND_MAX &&
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
    struct job *jobs[BEGIN_MAX];
    uint64_t changes;
    size_t count;

    wake_rested(effects);
    changes = process->engine.effects_put + atomic_load(&effects->let_go);
    if (changes == effects->seen || process->stuck || effects->stopping)
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
    for (; effects->started_count < effects->worker_count; effects->started_count++)
        if (pthread_create(&effects->workers[effects->started_count], NULL, worker, effects) != 0)
            return FR_NO_MEMORY;
    return FR_OK;
}

/* A worker may wait with its outcome for room in the mailbox, which only the loop can make: and the
 * loop is us. */
static void
make_room(struct fr_effects *effects)
{
    struct fr_process *process = effects->process;

    atomic_store(&process->tick_us, fr_time_monotonic().us);
    if (process->wire != NULL && !process->stuck)
        fr_take_submissions(process);
    fr_commit(process);
    fr_commit_housekeeping(process, false);
    if (process->stuck || process->tables_full)
        atomic_store(&effects->abandon, true);
    usleep(2000);
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
    for (size_t i = 0; i < effects->started_count; i++)
        while (pthread_tryjoin_np(effects->workers[i], NULL) == EBUSY)
            make_room(effects);
    process->effects = NULL;
    /* The process ends now; what was in hand is still in the table and is tried again. */
}
