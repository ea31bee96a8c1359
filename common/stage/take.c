/* take.c - inputs into the pending frame: what upstreams sent, what was submitted, what fell due.
 *
 * After an unclean end the stage is careful: it handles one input per frame and makes the attempt
 * durable first, so that an input which crashes decide is known by name at the next start and is
 * set aside at the third.  It stays careful for as many inputs of each source as one frame can
 * hold, because the one that crashed it was among them.
 */
#include "common/stage/process.h"

#include <stdlib.h>
#include <unistd.h>
#include "common/base/hash.h"
#include "proto/stage.pb-c.h"

static bool
frame_full(const struct fr_process *process)
{
    return process->stuck ||
           process->inputs_in_frame >= (uint32_t)process->options->stage.batch_max ||
           fr_journal_pending_size(process->journal) >= FR_FRAME_FULL ||
           fr_store_dirty_full(process->store);
}

static void
stamp(struct fr_process *process)
{
    process->engine.turn.now = fr_clock_now(&process->clock);
}

/* ---- one input, whatever becomes of it ---- */

/* Trouble that is not the input's fault has another name than trouble that is. */
static bool
state_in_doubt(enum fr_error err)
{
    return err == FR_IO || err == FR_CORRUPT;
}

static void
set_aside(struct fr_process *process, const struct fr_record_head *head, const char *upstream,
          const char *reason)
{
    enum fr_error err = fr_engine_set_aside(&process->engine, head, upstream, reason);

    fr_log(FR_ERROR, "set_aside", "upstream=%s seq=%llu kind=%s reason=\"%s\"", upstream,
           (unsigned long long)head->seq, fr_kind_name(head->kind), reason);
    if (err != FR_OK)
        fr_process_give_up(process, "set an input aside", err);
}

/* decide said an error: the input's events have been taken back.  Tried three times, then set
 * aside. */
static enum fr_error
handle(struct fr_process *process, int role, const struct fr_record_head *head,
       const char *upstream)
{
    enum fr_error err = FR_OK;
    char reason[80];

    for (int attempt = 0; attempt < FR_ATTEMPT_MAX; attempt++) {
        err = fr_engine_input(&process->engine, role, head, upstream);
        if (err == FR_OK || err == FR_NOT_FOUND)
            return err;
        if (state_in_doubt(err))
            fr_process_give_up(process, "read the tables", err);
    }
    snprintf(reason, sizeof(reason), "decide failed %d times: %s", FR_ATTEMPT_MAX,
             fr_error_name(err));
    if (!process->engine.submitted)
        set_aside(process, head, upstream, reason);
    process->engine.rejected = true;
    snprintf(process->engine.reason, sizeof(process->engine.reason), "%s", reason);
    return FR_OK;
}

/* ---- careful: the attempt is durable before the handler runs ---- */

static void
note_attempt(struct fr_process *process, const struct fr_record_head *head, const char *upstream,
             uint64_t fingerprint, uint32_t attempt)
{
    Fr__HandlingAttempted tried = FR__HANDLING_ATTEMPTED__INIT;
    enum fr_error err;

    tried.upstream = (char *)upstream;
    tried.upstream_seq = head->seq;
    tried.fingerprint = fingerprint;
    tried.attempt = attempt;
    err = fr_engine_own(&process->engine, NULL, &tried.base);
    if (err != FR_OK)
        fr_process_give_up(process, "note an attempt", err);
}

/* The attempt must be on disk before the handler runs, however long a full disk makes us wait. */
static void
commit_surely(struct fr_process *process)
{
    for (fr_commit(process); process->stuck && !process->stopping; fr_commit(process)) {
        atomic_store(&process->tick_us, fr_time_monotonic().us);
        usleep(200000);
        fr_process_signal_check(process);
    }
}

static enum fr_error
handle_carefully(struct fr_process *process, int role, const struct fr_record_head *head,
                 const char *upstream, uint64_t fingerprint)
{
    uint32_t attempts =
        fr_own_attempts(process->engine.turn.view, upstream, head->seq, fingerprint);
    enum fr_error err = FR_OK;

    if (attempts >= FR_ATTEMPT_MAX) {
        char reason[80];

        snprintf(reason, sizeof(reason), "decide crashed the process %u times", attempts);
        set_aside(process, head, upstream, reason);
        process->engine.rejected = true;
        snprintf(process->engine.reason, sizeof(process->engine.reason), "%s", reason);
    } else {
        note_attempt(process, head, upstream, fingerprint, attempts + 1);
        commit_surely(process);
        stamp(process);
        err = handle(process, role, head, upstream);
    }
    note_attempt(process, head, upstream, fingerprint, 0);
    return err;
}

/* ---- upstreams ---- */

void
fr_take_queue(struct fr_process *process, struct fr_wire_batch *batch)
{
    struct fr_upstream *upstream = NULL;
    struct fr_taken *taken;

    for (size_t i = 0; i < process->upstream_count; i++)
        if (process->upstreams[i].reading == batch->reading)
            upstream = &process->upstreams[i];
    if (upstream == NULL) {
        fr_wire_consumed(process->wire, batch);
        return;
    }
    if (process->taken_count == process->taken_room) {
        size_t room = process->taken_room == 0 ? 64 : process->taken_room * 2;
        struct fr_taken *ring = calloc(room, sizeof(*ring));

        fr_assert(ring != NULL);
        for (size_t i = 0; i < process->taken_count; i++)
            ring[i] = process->taken[(process->taken_first + i) % process->taken_room];
        free(process->taken);
        process->taken = ring;
        process->taken_room = room;
        process->taken_first = 0;
    }
    taken = &process->taken[(process->taken_first + process->taken_count++) % process->taken_room];
    *taken = (struct fr_taken){*batch, batch->bytes, upstream};
}

static void
take_record(struct fr_process *process, struct fr_upstream *upstream,
            const struct fr_record_head *head)
{
    const char *name = upstream->journal;
    enum fr_error err;

    if (head->seq <= upstream->cursor.seq)
        return; /* sent again from before our cursor */
    stamp(process);
    /* Only what has a handler can crash it; and two services that noted attempts at each other's
     * notes of attempts would never come to an end. */
    if (upstream->careful > 0 && fr_engine_takes(&process->engine, upstream->role, head->kind)) {
        upstream->careful--;
        err = handle_carefully(process, upstream->role, head, name, 0);
    } else {
        err = handle(process, upstream->role, head, name);
    }
    if (err == FR_OK)
        process->inputs_in_frame++;
    upstream->cursor.seq = head->seq;
    upstream->cursor.hash = head->hash;
    upstream->moved = true;
}

/* True when the batch is used up. */
static bool
take_batch(struct fr_process *process, struct fr_taken *taken)
{
    struct fr_upstream *upstream = taken->upstream;
    const struct fr_record_head *head;

    while (!frame_full(process)) {
        head = fr_records_next(&taken->rest);
        if (head == NULL) {
            if (taken->batch.last_seq > upstream->cursor.seq) { /* what the route left out */
                upstream->cursor.seq = taken->batch.last_seq;
                upstream->cursor.hash = taken->batch.last_hash;
                upstream->moved = true;
            }
            upstream->cursor.incarnation = taken->batch.incarnation;
            return true;
        }
        take_record(process, upstream, head);
    }
    return false;
}

void
fr_take_batches(struct fr_process *process)
{
    while (process->taken_count > 0 && !frame_full(process)) {
        struct fr_taken *taken = &process->taken[process->taken_first];

        if (!take_batch(process, taken))
            return;
        fr_wire_consumed(process->wire, &taken->batch);
        process->taken_first = (process->taken_first + 1) % process->taken_room;
        process->taken_count--;
    }
}

/* ---- submissions ---- */

static void
keep_outcome(struct fr_process *process, struct fr_waiting *waiting)
{
    struct fr_engine *engine = &process->engine;

    waiting->first_id = engine->first_id;
    if (engine->rejected) {
        waiting->error = FR_REJECTED;
        waiting->reason = strdup(engine->reason);
    }
    if (engine->answered && engine->answer_size > 0) {
        waiting->answer = malloc(engine->answer_size);
        fr_assert(waiting->answer != NULL);
        memcpy(waiting->answer, engine->answer, engine->answer_size);
        waiting->answer_size = engine->answer_size;
    }
}

static void
run_dead(struct fr_process *process, struct fr_waiting *waiting, const char *how)
{
    struct fr_engine *engine = &process->engine;
    Fr__DeadEnded ended = FR__DEAD_ENDED__INIT;
    const Fr__InputRejected *rejected;
    struct fr_slice row;
    struct fr_key key;
    struct fr_record_head *kept;

    fr_key_u64(fr_key_init(&key), waiting->head.key);
    if (fr_get(engine->turn.view, &fr_own_tables[FR_OWN_DEAD], fr_key_slice(&key), &row) != FR_OK) {
        waiting->error = FR_NOT_FOUND;
        return;
    }
    kept = malloc(row.size); /* the row goes away below */
    fr_assert(kept != NULL);
    memcpy(kept, row.data, row.size);
    engine->rejected = false;
    ended.dead_id = waiting->head.key;
    ended.how = (char *)how;
    ended.who = "operator";
    if (fr_engine_own(engine, NULL, &ended.base) != FR_OK)
        fr_process_give_up(process, "end a dead input", FR_TOO_BIG);
    rejected = fr_unpack_in(engine->apply_arena, fr_kind_descriptor(FR_INPUT_REJECTED),
                            fr_record_body(kept));
    if (strcmp(how, "retried") == 0 && rejected != NULL &&
        fr_record_check(rejected->record.data, (rejected->record.len + 7) & ~(size_t)7, false) ==
            FR_OK) {
        int role = -1;

        for (size_t i = 0; i < process->upstream_count; i++)
            if (strcmp(process->upstreams[i].journal, rejected->upstream) == 0)
                role = process->upstreams[i].role;
        if (role < 0)
            role = fr_engine_role(engine, rejected->upstream);
        if (role >= 0)
            handle(process, role, (const struct fr_record_head *)(void *)rejected->record.data,
                   rejected->upstream);
        if (engine->rejected)
            waiting->reason = strdup(engine->reason);
        waiting->error = engine->rejected ? FR_REJECTED : FR_OK;
    }
    fr_arena_reset(engine->apply_arena);
    free(kept);
}

/* Commands of the stage itself, true when it was one. */
static bool
take_command(struct fr_process *process, struct fr_waiting *waiting)
{
    switch (waiting->head.kind) {
    case FR_COMMAND_DEAD_RETRY:
        run_dead(process, waiting, "retried");
        return true;
    case FR_COMMAND_DEAD_DISCARD:
        run_dead(process, waiting, "discarded");
        return true;
    case FR_COMMAND_FORGET_READER:
        waiting->error = fr_journal_forget(process->journal, (const char *)(&waiting->head + 1));
        return true;
    case FR_COMMAND_CLOCK_CONFIRM:
        fr_clock_confirm(&process->clock);
        return true;
    default:
        return false;
    }
}

static void
take_waiting(struct fr_process *process, struct fr_waiting *waiting)
{
    int role = fr_engine_role(&process->engine, FR_LOCAL);
    enum fr_error err;

    stamp(process);
    waiting->head.time_us = process->engine.turn.now.unix_us;
    if (take_command(process, waiting))
        return;
    if (process->careful_local > 0 && fr_engine_takes(&process->engine, role, waiting->head.kind)) {
        uint64_t fingerprint = fr_hash(&waiting->head.kind, sizeof(waiting->head.kind)) ^
                               fr_hash(&waiting->head + 1, waiting->head.body_size);

        process->careful_local--;
        err = handle_carefully(process, role, &waiting->head, FR_LOCAL, fingerprint);
    } else {
        err = handle(process, role, &waiting->head, FR_LOCAL);
    }
    if (err == FR_NOT_FOUND) {
        waiting->error = FR_INVALID;
        waiting->reason = strdup("this service takes no such input");
        return;
    }
    process->inputs_in_frame++;
    keep_outcome(process, waiting);
}

void
fr_take_submissions(struct fr_process *process)
{
    if (process->local == NULL)
        process->local = fr_mailbox_take(&process->mailbox);
    while (process->local != NULL && !frame_full(process)) {
        struct fr_waiting *waiting = process->local;

        process->local = waiting->next;
        waiting->next = NULL;
        take_waiting(process, waiting);
        if (fr_sabotage("ack_before_sync")) {
            fr_waiting_finish(waiting);
            continue;
        }
        *process->unsynced_last = waiting;
        process->unsynced_last = &waiting->next;
    }
}

/* ---- timers ---- */

/* A timer that crashed decide three times is disarmed and kept among the dead inputs. */
static void
give_up_timer(struct fr_process *process, const struct fr_record_head *head)
{
    Fr__TimerFired fired = FR__TIMER_FIRED__INIT;

    fired.kind = head->kind;
    fired.id = head->key;
    fired.due_us = head->time_us;
    set_aside(process, head, FR_TIMER, "decide crashed the process 3 times at this timer");
    if (fr_engine_own(&process->engine, NULL, &fired.base) != FR_OK)
        fr_process_give_up(process, "disarm a timer", FR_TOO_BIG);
}

static enum fr_error
fire_carefully(struct fr_process *process)
{
    struct fr_record_head head;
    struct fr_timer timer;
    uint64_t fingerprint;
    uint32_t attempts;
    enum fr_error err = fr_engine_timer_due(&process->engine, &timer);

    if (err != FR_OK)
        return err;
    head = fr_engine_timer_head(&timer);
    fingerprint = fr_hash(&timer, sizeof(timer));
    attempts = fr_own_attempts(process->engine.turn.view, FR_TIMER, 0, fingerprint);
    if (attempts >= FR_ATTEMPT_MAX) {
        give_up_timer(process, &head);
    } else {
        note_attempt(process, &head, FR_TIMER, fingerprint, attempts + 1);
        commit_surely(process);
        stamp(process);
        err = fr_engine_timer(&process->engine);
    }
    note_attempt(process, &head, FR_TIMER, fingerprint, 0);
    process->careful_timers--;
    return err;
}

void
fr_take_timers(struct fr_process *process)
{
    if (process->following)
        return;
    stamp(process);
    while (!frame_full(process)) {
        enum fr_error err = process->careful_timers > 0 ? fire_carefully(process)
                                                        : fr_engine_timer(&process->engine);

        if (err == FR_NOT_FOUND)
            return;
        if (state_in_doubt(err))
            fr_process_give_up(process, "fire a timer", err);
        if (err != FR_OK) { /* it stays armed and first; tell, and try again at the next turn */
            fr_log(FR_ERROR, "timer_failed", "error=%s", fr_error_name(err));
            return;
        }
        process->inputs_in_frame++;
        stamp(process);
    }
}
