/* process.h - a running service around an engine; private to the stage room.
 *
 *   take.c     inputs: batches of upstreams, submissions, timers; one by one while careful
 *   commit.c   the sync, and only then: callers answered, edge told, effects begun, readers served;
 *              checkpoints and trimming
 *   submit.c   the mailbox that other threads put inputs into
 *   effects.c  what touches the outside world, on worker threads
 *   control.c  queries and commands over run/<name>.ctl, on worker threads
 *   backup.c   a copy of the tables for a live backup, and no trimming meanwhile
 *   admin.c    /health, /ready, /metrics
 *   snapshot.c what status and metrics are told, copied out by the loop
 *   upstreams.c the journals that we read, and what the wire says about them
 *   follow.c   the standby
 *   watch.c    the clock's steps
 *   crash.c    did we crash, or were we killed?
 *   process.c  start, loop, end
 */
#ifndef FR_STAGE_PROCESS_H
#define FR_STAGE_PROCESS_H

#include <pthread.h>
#include "common/stage/clock.h"
#include "common/stage/engine.h"
#include "common/stage/options.h"
#include "common/wire/wire.h"

#define FR_UPSTREAM_MAX FR_CURSOR_MAX
#define FR_FRAME_FULL                                                                              \
    (1u << 20) /* pending bytes at which the frame is synced before more is taken */
#define FR_ATTEMPT_MAX 3
/* The same where the process did not crash but was killed from outside each time: rather a machine
 * in trouble than an input that is (but one that makes decide run for ever looks like that too). */
#define FR_ATTEMPT_KILLED_MAX 50
/* An upstream that refuses us is asked again, and complained about, this often: the wire itself
 * asks again after a new connection only. */
#define FR_REFUSED_TELL_US 60000000
/* So that it can be set aside whole, in a record with its reason: nobody else has kept it. */
#define FR_SUBMISSION_SIZE_MAX (FR_RECORD_SIZE_MAX - 8192)

struct fr_upstream { /* one journal that we read */
    char journal[FR_NAME_SIZE];
    int role;
    uint32_t reading;
    struct fr_cursor cursor; /* taken into the pending frame */
    uint64_t durable_seq;    /* of it, synced in a frame of ours */
    bool moved;              /* cursor is ahead of what the pending frame says */
    bool up;
    enum fr_error refused, told; /* as it stands; as it was logged */
    struct fr_span told_at;      /* monotonic */
    char route[FR_ROUTE_SIZE];
    uint32_t careful; /* records still to be handled one by one */
};

struct fr_waiting { /* a submission in the mailbox, then waiting for the sync */
    struct fr_waiting *next;
    void (*done)(void *context, const struct fr_outcome *outcome);
    void *context;
    enum fr_error error;
    char *reason; /* malloc'ed; NULL: none */
    void *answer; /* malloc'ed */
    size_t answer_size;
    uint64_t first_id;
    struct fr_record_head head; /* the body follows */
};

struct fr_mailbox {
    pthread_mutex_t lock;
    struct fr_waiting *first, **last;
    size_t count, size;
    _Atomic size_t count_max; /* waiting_max as it is in force */
    int fd;                   /* eventfd: something is in it */
    bool closed;
};

struct fr_taken { /* a batch that arrived and is not wholly taken yet */
    struct fr_wire_batch batch;
    struct fr_slice rest;
    struct fr_upstream *upstream;
};

struct fr_snapshot { /* what the loop lets other threads see of itself, renewed ten times a second
                      */
    pthread_mutex_t lock;
    struct fr_wire_peer_info peers[64];
    struct fr_journal_reader_info readers[64];
    struct fr_journal_stats journal;
    struct fr_store_stats store;
    struct fr_cursor end, cursors[FR_UPSTREAM_MAX];
    enum fr_error refused[FR_UPSTREAM_MAX];
    bool up[FR_UPSTREAM_MAX];
    size_t peer_count, reader_count, upstream_count, timer_count;
    uint64_t first_seq;
    int64_t clock_step_us;
    bool clock_held, stuck, tables_full, journal_corrupt;
};

struct fr_effects;
struct fr_control;
struct fr_admin;
struct fr_backup;

struct fr_process {
    const struct fr_stage *stage;
    struct fr_options *options; /* in force; for other threads: fr_process_hold_options */
    struct fr_options *retired; /* reloaded away, the newest first */
    pthread_mutex_t options_lock;
    const char *config_path;
    char name[FR_NAME_SIZE]; /* the journal's */
    char state_dir[512];
    struct fr_engine engine;
    struct fr_journal *journal;
    struct fr_store *store;
    struct fr_wire *wire;
    struct fr_clock clock;
    uint64_t steady_name;    /* which steady clock this is: of the machine's boot */
    int64_t noted_offset_us; /* of bus time to it, as the journal has it */
    bool clock_noted;        /* in this run */
    struct fr_upstream upstreams[FR_UPSTREAM_MAX];
    size_t upstream_count;
    struct fr_taken *taken; /* ring */
    size_t taken_first, taken_count, taken_room;
    struct fr_mailbox mailbox;
    struct fr_waiting *local;                     /* out of the mailbox, not handled yet */
    struct fr_waiting *unsynced, **unsynced_last; /* handled, to be told after the sync */
    uint32_t careful_local, careful_timers;
    uint32_t attempt_max;        /* tries of an input before it is held to be what ends us */
    struct fr_reader *publisher; /* our own journal, for published() */
    void *edge;
    struct fr_effects *effects;
    struct fr_control *control;
    struct fr_admin *admin;
    struct fr_backup *backup;
    int signals; /* signalfd */
    bool stopping, stuck, following, careful;
    bool tables_full;     /* the last checkpoint found no room */
    bool drop_tables;     /* --rebuild */
    bool journal_corrupt; /* the scrub found damage */
    struct fr_snapshot snapshot;
    struct fr_span last_snapshot;
    uint32_t inputs_in_frame;
    unsigned turn_count;
    struct fr_span last_checkpoint, last_trim, last_cursor_frame; /* monotonic */
    struct fr_store_position checkpointed; /* what the tables' last commit reflects */
    _Atomic int pressure;                  /* enum fr_pressure, or worse while stuck */
    _Atomic bool ready;
    _Atomic bool want_checkpoint;
    _Atomic int64_t tick_us;  /* monotonic time of the loop's last turn */
    _Atomic uint64_t end_seq; /* synced */
    _Atomic uint64_t checkpoint_seq;
    _Atomic int64_t hold_until_us; /* monotonic; a backup needs what might be trimmed; 0: none */
    _Atomic uint64_t busy_answers; /* submissions refused under pressure */
};

/* take.c */
void fr_take_batches(struct fr_process *process);
void fr_take_submissions(struct fr_process *process);
void fr_take_timers(struct fr_process *process);
void fr_take_commands(struct fr_process *process); /* those that need no frame, while stuck */
void fr_take_queue(struct fr_process *process, struct fr_wire_batch *batch);

/* commit.c */
void fr_commit(struct fr_process *process);
void fr_commit_housekeeping(struct fr_process *process, bool idle);
void fr_commit_set_cursors(struct fr_process *process);
/* Exits the process: the disk said EIO, or state cannot be trusted; the next start verifies. */
_Noreturn void fr_process_give_up(struct fr_process *process, const char *what, enum fr_error err);

/* submit.c */
enum fr_error fr_mailbox_init(struct fr_mailbox *mailbox);
void fr_mailbox_close(struct fr_mailbox *mailbox); /* what still waits is told FR_GONE */
struct fr_waiting *fr_mailbox_take(struct fr_mailbox *mailbox);
void fr_waiting_finish(struct fr_waiting *waiting); /* tells and frees */
/* One that passes the pressure check: for the stage's own commands (an operator frees a full disk).
 */
enum fr_error fr_submit_forced(struct fr_process *process, const struct fr_submission *submission);

/* effects.c */
enum fr_error fr_effects_start(struct fr_process *process);
void fr_effects_stop(struct fr_process *process);
void fr_effects_begin(struct fr_process *process);   /* before the sync: records the tries */
void fr_effects_release(struct fr_process *process); /* after it: to the workers */

/* control.c */
enum fr_error fr_control_start(struct fr_process *process);
void fr_control_stop(struct fr_process *process);
void fr_control_checkpointed(struct fr_process *process);
/* Commands that the stage itself handles, submitted as these kinds (take.c runs them). */
#define FR_COMMAND_DEAD_RETRY 0xe001u
#define FR_COMMAND_DEAD_DISCARD 0xe002u
#define FR_COMMAND_FORGET_READER 0xe003u
#define FR_COMMAND_CLOCK_CONFIRM 0xe004u

/* backup.c */
void fr_backup_start(struct fr_process *process);
void fr_backup_stop(struct fr_process *process); /* after the control threads ended */
json_t *fr_backup_ask(struct fr_process *process,
                      const char *name);          /* "backup.begin", any thread */
bool fr_backup_holds(struct fr_process *process); /* nothing may be trimmed */

/* admin.c */
enum fr_error fr_admin_start(struct fr_process *process);
void fr_admin_stop(struct fr_process *process);
char *fr_admin_metrics(struct fr_process *process); /* malloc'ed text */

/* snapshot.c */
void fr_snapshot_take(struct fr_process *process); /* the loop's thread */

/* follow.c */
enum fr_error fr_follow(struct fr_process *process, const char *primary);

/* crash.c */
void fr_crash_watch(void);
bool
fr_crash_was_ours(const char *state_dir); /* the run before; ours will leave word from here on */
void fr_crash_replaying(uint64_t seq, uint32_t kind); /* 0: no longer */

/* watch.c */
void fr_watch_begin(struct fr_process *process, struct fr_time last_journalled);
void fr_watch_clock(struct fr_process *process); /* once per turn */
void
fr_watch_confirm(struct fr_process *process); /* an operator says that the wall clock is right */

/* upstreams.c */
enum fr_error fr_upstreams_find(struct fr_process *process, char *complaint, size_t complaint_size);
enum fr_error fr_upstreams_dial(struct fr_process *process, char *complaint, size_t complaint_size);

/* reload.c */
void fr_process_reload(struct fr_process *process);
/* The configuration in force, which stays while another thread holds it. */
struct fr_options *fr_process_hold_options(struct fr_process *process);
void fr_process_release_options(struct fr_process *process, struct fr_options *options);

/* process.c */
enum fr_error fr_process_open(struct fr_process *process, char *complaint, size_t complaint_size);
enum fr_error fr_process_apply_frame(struct fr_process *process, struct fr_slice frame);
void fr_process_close(struct fr_process *process);
int fr_process_run(struct fr_process *process);
void fr_process_signal_check(struct fr_process *process);

#endif
