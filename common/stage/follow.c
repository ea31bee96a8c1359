/* follow.c - the standby: the same program, which only applies.
 *
 * It reads whole frames of its primary, stores them as they are and applies them; started without
 * --follow on the same state it goes on where the primary's copy ends.
 */
#include "common/stage/process.h"

#define RETRY_FULL_US 1000000

struct following {
    struct fr_process *process;
    uint32_t reading;
    enum fr_error failed;
    struct fr_span full_since; /* monotonic; 0: there is room */
};

static void
on_frame(void *context, uint32_t reading, struct fr_slice frame)
{
    struct following *following = context;
    struct fr_process *process = following->process;

    (void)reading;
    if (following->failed != FR_OK || following->full_since.us != 0)
        return; /* it comes again when we ask again */
    following->failed = fr_journal_append_frame(process->journal, frame);
    if (following->failed == FR_FULL) {
        fr_log(FR_ERROR, "disk_full", "journal=%s next=\"free space; it goes on by itself\"",
               process->name);
        following->failed = FR_OK;
        following->full_since = fr_time_monotonic();
        return;
    }
    if (following->failed == FR_EXISTS) { /* sent again after a broken link */
        following->failed = FR_OK;
        return;
    }
    if (following->failed == FR_OK)
        following->failed = fr_process_apply_frame(process, frame);
}

static void
on_cursor(void *context, uint32_t reading, struct fr_cursor *cursor)
{
    struct following *following = context;

    (void)reading;
    *cursor = fr_journal_end(following->process->journal);
}

static void
on_refused(void *context, uint32_t reading, enum fr_error why, const char *detail)
{
    struct following *following = context;
    char quoted[300];

    (void)reading;
    if (why == FR_BUSY || why == FR_NOT_FOUND)
        return; /* the wire says so, and asks again by itself */
    fr_log(FR_ERROR, "primary_refused", "error=%s detail=%s", fr_error_name(why),
           fr_log_quote(detail, quoted, sizeof(quoted)));
    following->failed = why;
}

static void
read_primary(struct following *following)
{
    struct fr_process *process = following->process;

    following->reading = fr_wire_read(process->wire, process->name, process->name, NULL, 0,
                                      FR_WIRE_REGISTERED | FR_WIRE_FRAMES);
}

static void
follow_turn(struct following *following)
{
    struct fr_process *process = following->process;
    int fds[2] = {process->signals, fr_store_fd(process->store)};
    enum fr_error polled = fr_wire_poll(process->wire, fr_millis(100), 64, fds, 2);
    uint64_t end_seq = fr_journal_end(process->journal).seq;

    atomic_store(&process->tick_us, fr_time_monotonic().us);
    fr_process_signal_check(process);
    process->engine.turn.now = fr_clock_now(&process->clock); /* retention goes by it */
    if (following->full_since.us != 0 &&
        fr_time_monotonic().us - following->full_since.us >= RETRY_FULL_US) {
        following->full_since.us = 0;
        fr_wire_stop_reading(process->wire, following->reading);
        read_primary(following);
    }
    if (atomic_exchange(&process->end_seq, end_seq) != end_seq)
        fr_wire_durable(process->wire, following->reading, end_seq);
    fr_commit_housekeeping(process, polled == FR_AGAIN);
    if (fr_time_monotonic().us - process->last_snapshot.us >= 100000)
        fr_snapshot_take(process);
}

static enum fr_error
connect_primary(struct following *following, const char *primary, char *complaint,
                size_t complaint_size)
{
    struct fr_process *process = following->process;
    const struct fr_stage_options *stage = &process->options->stage;
    char own[FR_NAME_SIZE + 16];
    struct fr_wire_options options = {
        .name = own,
        .secret_key = stage->secret_key,
        .public_key = stage->public_key,
        .credit = (size_t)stage->credit,
        .calls = {
            .context = following, .frame = on_frame, .refused = on_refused, .cursor = on_cursor}};
    const char *key;
    char endpoint[200];
    enum fr_error err;

    snprintf(own, sizeof(own), "%.25s.standby", process->name);
    err = fr_wire_new(&options, &process->wire, complaint, complaint_size);
    if (err != FR_OK)
        return err;
    fr_options_endpoint(process->options->common, process->name, endpoint, sizeof(endpoint), &key);
    err = fr_wire_dial(process->wire, process->name, primary, key);
    read_primary(following);
    return err;
}

enum fr_error
fr_follow(struct fr_process *process, const char *primary)
{
    struct following following = {.process = process, .failed = FR_OK};
    char complaint[256] = "", quoted[300];
    enum fr_error err;

    process->following = true;
    pthread_mutex_init(&process->snapshot.lock, NULL);
    err = fr_mailbox_init(&process->mailbox);
    if (err == FR_OK)
        err = connect_primary(&following, primary, complaint, sizeof(complaint));
    if (err == FR_OK)
        err = fr_control_start(process);
    if (err == FR_OK)
        err = fr_admin_start(process);
    if (err != FR_OK) {
        fr_log(FR_ERROR, "start_failed", "error=%s why=%s", fr_error_name(err),
               fr_log_quote(complaint, quoted, sizeof(quoted)));
        fr_control_stop(process);
        fr_admin_stop(process);
        return err;
    }
    fr_mailbox_close(&process->mailbox); /* a standby takes nothing */
    fr_snapshot_take(process);
    atomic_store(&process->ready, true);
    fr_log(FR_INFO, "following", "primary=%s seq=%llu", primary,
           (unsigned long long)fr_journal_end(process->journal).seq);
    while (!process->stopping && following.failed == FR_OK)
        follow_turn(&following);
    if (following.failed != FR_OK)
        fr_log(FR_ERROR, "following_ended", "error=%s next=\"rebuild from a copy of the primary\"",
               fr_error_name(following.failed));
    fr_control_stop(process);
    fr_admin_stop(process);
    if (following.failed == FR_OK) {
        struct fr_cursor at = fr_journal_end(process->journal);

        return fr_store_checkpoint(
            process->store,
            (struct fr_store_position){fr_journal_incarnation(process->journal), at.seq, at.hash});
    }
    return following.failed;
}
