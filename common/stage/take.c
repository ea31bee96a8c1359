/* take.c - inputs into the pending frame: what upstreams sent, what was submitted, what fell due.
 *
 * After an unclean end the stage is careful: it handles one input per frame and makes the attempt
 * durable first, so that an input which crashes decide is known by name at the next start and is
 * set aside at the third (crash.c tells a crash from a kill).  It stays careful for as many inputs
 * of each source as one frame can hold, because the one that crashed it was among them.
 */
#include "common/stage/process.h"

#include <stdlib.h>
#include <unistd.h>
#include "common/base/hash.h"
#include "proto/stage.pb-c.h"

/* A frame fits into one segment: where those are small, the last input still needs room for what it
 * causes. */
static size_t
full_at(const struct fr_process *process)
{
    size_t quarter = (size_t)process->options->stage.segment_size / 4;

    return quarter < FR_FRAME_FULL ? quarter : FR_FRAME_FULL;
}

static bool
frame_full(const struct fr_process *process)
{
    return process->stuck ||
           process->inputs_in_frame >= (uint32_t)process->options->stage.batch_max ||
           fr_journal_pending_size(process->journal) >= full_at(process) ||
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
        fr_take_commands(process);
        usleep(200000);
        fr_process_signal_check(process);
        fr_journal_trim(process->journal, process->checkpointed.seq, process->engine.turn.now);
    }
}

static enum fr_error
handle_carefully(struct fr_process *process, int role, const struct fr_record_head *head,
                 const char *upstream, uint64_t fingerprint)
{
    uint32_t attempts =
        fr_own_attempts(process->engine.turn.view, upstream, head->seq, fingerprint);
    enum fr_error err = FR_OK;

    if (attempts >= process->attempt_max) {
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
            const struct fr_record_head *head, uint32_t incarnation)
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
    upstream->cursor.incarnation = incarnation;
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
        take_record(process, upstream, head, taken->batch.incarnation);
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

/* ---- dead inputs ---- */

/* The input in a dead row, whole again; NULL when only its head was kept (it was too big). */
static struct fr_record_head *
kept_input(const Fr__InputRejected *rejected)
{
    struct fr_record_head head, *input;

    if (rejected->record.len < sizeof(head))
        return NULL;
    memcpy(&head, rejected->record.data, sizeof(head));
    if (rejected->record.len != sizeof(head) + head.body_size)
        return NULL;
    input = calloc(1, rejected->record.len + 8); /* a record is followed by zeros up to 8 bytes */
    fr_assert(input != NULL);
    memcpy(input, rejected->record.data, rejected->record.len);
    return input;
}

static int
role_of_journal(const struct fr_process *process, const char *journal)
{
    for (size_t i = 0; i < process->upstream_count; i++)
        if (strcmp(process->upstreams[i].journal, journal) == 0)
            return process->upstreams[i].role;
    return fr_engine_role(&process->engine, journal);
}

static void
answer_waiting(struct fr_waiting *waiting, enum fr_error error, const char *reason)
{
    free(waiting->reason);
    waiting->error = error;
    waiting->reason = strdup(reason);
}

static void
end_dead(struct fr_process *process, uint64_t id, const char *how)
{
    Fr__DeadEnded ended = FR__DEAD_ENDED__INIT;

    ended.dead_id = id;
    ended.how = (char *)how;
    ended.who = "operator";
    if (fr_engine_own(&process->engine, NULL, &ended.base) != FR_OK)
        fr_process_give_up(process, "end a dead input", FR_TOO_BIG);
}

/* What cannot be tried again stays among the dead, and so does what is refused again: it may be all
 * that is left of what a customer said. */
static void
retry_dead(struct fr_process *process, struct fr_waiting *waiting,
           const Fr__InputRejected *rejected)
{
    struct fr_engine *engine = &process->engine;
    struct fr_record_head *input = kept_input(rejected);
    int role = role_of_journal(process, rejected->upstream);

    if (input == NULL) {
        answer_waiting(waiting, FR_INVALID,
                       "only its head was kept, it was too big; it can be discarded");
    } else if (!fr_engine_takes(engine, role, input->kind)) {
        answer_waiting(waiting, FR_INVALID, "this service no longer takes such an input");
    } else {
        end_dead(process, waiting->head.key, "retried");
        handle(process, role, input, rejected->upstream);
        if (engine->rejected) {
            answer_waiting(waiting, FR_REJECTED, engine->reason);
            if (engine->submitted) /* whoever sent it does not wait for it any more */
                set_aside(process, input, rejected->upstream, engine->reason);
        }
    }
    free(input);
}

static void
run_dead(struct fr_process *process, struct fr_waiting *waiting, bool retry)
{
    struct fr_engine *engine = &process->engine;
    const Fr__InputRejected *rejected;
    struct fr_record_head head;
    struct fr_slice row;
    struct fr_key key;

    fr_key_u64(fr_key_init(&key), waiting->head.key);
    if (fr_get(engine->turn.view, &fr_own_tables[FR_OWN_DEAD], fr_key_slice(&key), &row) != FR_OK) {
        answer_waiting(waiting, FR_NOT_FOUND, "no dead input has that id");
        return;
    }
    if (!retry) {
        end_dead(process, waiting->head.key, "discarded");
        return;
    }
    memcpy(&head, row.data, sizeof(head));
    rejected = fr_unpack_in(engine->apply_arena, fr_kind_descriptor(FR_INPUT_REJECTED),
                            fr_slice((const char *)row.data + sizeof(head), head.body_size));
    if (rejected == NULL)
        answer_waiting(waiting, FR_CORRUPT, "the row does not decode");
    else
        retry_dead(process, waiting, rejected);
    fr_arena_reset(engine->apply_arena);
}

/* ---- commands ---- */

static void
forget_reader(struct fr_process *process, struct fr_waiting *waiting)
{
    const char *name = (const char *)(&waiting->head + 1);
    enum fr_error err = fr_journal_forget(process->journal, name);

    if (err == FR_OK)
        fr_log(FR_WARN, "reader_forgotten", "reader=%s", name);
    else
        answer_waiting(waiting, err,
                       err == FR_NOT_FOUND ? "no reader of that name is registered"
                                           : "the register of readers could not be written");
}

/* Commands of the stage itself, true when it was one. */
static bool
take_command(struct fr_process *process, struct fr_waiting *waiting)
{
    switch (waiting->head.kind) {
    case FR_COMMAND_DEAD_RETRY:
        run_dead(process, waiting, true);
        return true;
    case FR_COMMAND_DEAD_DISCARD:
        run_dead(process, waiting, false);
        return true;
    case FR_COMMAND_FORGET_READER:
        forget_reader(process, waiting);
        return true;
    case FR_COMMAND_CLOCK_CONFIRM:
        fr_watch_confirm(process);
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

/* While nothing can be taken: what needs no frame is done all the same, because it may be what
 * makes room (an operator forgets a reader that never comes back).  The rest waits. */
void
fr_take_commands(struct fr_process *process)
{
    struct fr_waiting **at = &process->local;

    while (*at != NULL)
        at = &(*at)->next;
    *at = fr_mailbox_take(&process->mailbox);
    for (at = &process->local; *at != NULL;) {
        struct fr_waiting *waiting = *at;
        uint32_t kind = waiting->head.kind;

        if (kind == FR_COMMAND_DEAD_RETRY || kind == FR_COMMAND_DEAD_DISCARD) {
            answer_waiting(waiting, FR_FULL, "the disk or the tables are full");
        } else if (kind != FR_COMMAND_FORGET_READER && kind != FR_COMMAND_CLOCK_CONFIRM) {
            at = &waiting->next;
            continue;
        } else {
            take_command(process, waiting);
        }
        *at = waiting->next;
        fr_waiting_finish(waiting);
    }
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

/* A timer that decide cannot handle is disarmed and kept among the dead inputs: armed it would stay
 * the first for ever, and no other would fire. */
static void
give_up_timer(struct fr_process *process, const struct fr_timer *timer, const char *reason)
{
    struct fr_record_head head = fr_engine_timer_head(timer);
    Fr__TimerFired fired = FR__TIMER_FIRED__INIT;

    fired.kind = timer->kind;
    fired.id = timer->id;
    fired.due_us = timer->due_us;
    set_aside(process, &head, FR_TIMER, reason);
    if (fr_engine_own(&process->engine, NULL, &fired.base) != FR_OK)
        fr_process_give_up(process, "disarm a timer", FR_TOO_BIG);
}

/* FR_NOT_FOUND: none is due. */
static enum fr_error
fire(struct fr_process *process)
{
    enum fr_error err = FR_OK;
    struct fr_timer timer;
    char reason[80];

    if (fr_engine_timer_due(&process->engine, &timer) != FR_OK)
        return FR_NOT_FOUND;
    for (int attempt = 0; attempt < FR_ATTEMPT_MAX; attempt++) {
        err = fr_engine_timer(&process->engine);
        if (err == FR_OK)
            return FR_OK;
        if (state_in_doubt(err))
            fr_process_give_up(process, "fire a timer", err);
    }
    snprintf(reason, sizeof(reason), "decide failed %d times: %s", FR_ATTEMPT_MAX,
             fr_error_name(err));
    give_up_timer(process, &timer, reason);
    return FR_OK;
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
    if (attempts >= process->attempt_max) {
        char reason[80];

        snprintf(reason, sizeof(reason), "decide crashed the process %u times at this timer",
                 attempts);
        give_up_timer(process, &timer, reason);
    } else {
        note_attempt(process, &head, FR_TIMER, fingerprint, attempts + 1);
        commit_surely(process);
        stamp(process);
        err = fire(process);
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
        if ((process->careful_timers > 0 ? fire_carefully(process) : fire(process)) != FR_OK)
            return;
        process->inputs_in_frame++;
        stamp(process);
    }
}
