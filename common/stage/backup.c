/* backup.c - what a live backup needs of a service: a copy of its tables, and a journal that is not
 * trimmed meanwhile.
 *
 *   fil backup --backup.begin--> tables copied to <state>/<journal>/copy by a thread of its own
 *              --backup.state--> "copying", then "done" and how far the journal is synced
 *                                (copies the journal's files itself, up to a cut over all services)
 *              --backup.end----> the copy is removed, trimming goes on
 *
 * Who began and went away holds nothing for long: the hold ends LEASE_US after the last question.
 */
#include "common/stage/process.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEASE_US 600000000

enum state { NONE, COPYING, DONE, FAILED };

struct fr_backup {
    struct fr_process *process;
    pthread_mutex_t lock;
    pthread_t thread;
    bool started; /* the thread is to be joined */
    enum state state;
    enum fr_error failed;
    struct fr_store_position position;
};

static void
remove_copy(struct fr_process *process)
{
    static const char *const files[] = {"data.mdb", "lock.mdb"};
    char path[600];

    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof(path), "%s/copy/%s", process->state_dir, files[i]);
        unlink(path);
    }
    snprintf(path, sizeof(path), "%s/copy", process->state_dir);
    rmdir(path);
}

static void *
copy_tables(void *context)
{
    struct fr_backup *backup = context;
    struct fr_process *process = backup->process;
    struct fr_store_position position = {0};
    enum fr_error err = FR_OK;
    char dir[600];

    snprintf(dir, sizeof(dir), "%s/copy", process->state_dir);
    remove_copy(process);
    if (mkdir(dir, 0700) != 0)
        err = errno == ENOSPC ? FR_FULL : FR_IO;
    if (err == FR_OK)
        err = fr_store_copy(process->store, dir, &position);
    pthread_mutex_lock(&backup->lock);
    backup->state = err == FR_OK ? DONE : FAILED;
    backup->failed = err;
    backup->position = position;
    pthread_mutex_unlock(&backup->lock);
    fr_log(err == FR_OK ? FR_INFO : FR_ERROR, "tables_copied", "error=%s seq=%llu",
           fr_error_name(err), (unsigned long long)position.seq);
    return NULL;
}

static void
hold(struct fr_process *process)
{
    atomic_store(&process->hold_until_us, fr_time_monotonic().us + LEASE_US);
}

bool
fr_backup_holds(struct fr_process *process)
{
    int64_t until = atomic_load(&process->hold_until_us);

    return until != 0 && fr_time_monotonic().us < until;
}

static json_t *
state_json(struct fr_backup *backup)
{
    static const char *const names[] = {"none", "copying", "done", "failed"};
    struct fr_process *process = backup->process;
    char dir[600];

    snprintf(dir, sizeof(dir), "%s/copy", process->state_dir);
    return json_pack("{s:{s:s, s:s, s:s, s:s, s:I, s:I}}", "answer", "state", names[backup->state],
                     "error", fr_error_name(backup->failed), "state_dir", process->state_dir,
                     "copy_dir", dir, "tables_seq", (json_int_t)backup->position.seq, "end_seq",
                     (json_int_t)atomic_load(&process->end_seq));
}

static json_t *
busy(const char *message)
{
    return json_pack("{s:s, s:s}", "error", "busy", "message", message);
}

static json_t *
begin_locked(struct fr_backup *backup)
{
    if (backup->state == COPYING || (backup->state == DONE && fr_backup_holds(backup->process)))
        return busy(
            "another backup is under way here; it ends by itself, or 10 minutes after whoever "
            "takes it went away");
    if (backup->started)
        pthread_join(backup->thread, NULL);
    backup->state = COPYING;
    backup->failed = FR_OK;
    hold(backup->process);
    backup->started = pthread_create(&backup->thread, NULL, copy_tables, backup) == 0;
    if (!backup->started) {
        backup->state = FAILED;
        backup->failed = FR_NO_MEMORY;
    }
    return state_json(backup);
}

static json_t *
end_locked(struct fr_backup *backup)
{
    if (backup->state == COPYING)
        return busy("the tables are still being copied");
    atomic_store(&backup->process->hold_until_us, 0);
    remove_copy(backup->process);
    backup->state = NONE;
    return state_json(backup);
}

json_t *
fr_backup_ask(struct fr_process *process, const char *name)
{
    struct fr_backup *backup = process->backup;
    json_t *answer;

    pthread_mutex_lock(&backup->lock);
    if (strcmp(name, "backup.begin") == 0) {
        answer = begin_locked(backup);
    } else if (strcmp(name, "backup.end") == 0) {
        answer = end_locked(backup);
    } else {
        if (backup->state != NONE)
            hold(process);
        answer = state_json(backup);
    }
    pthread_mutex_unlock(&backup->lock);
    return answer;
}

void
fr_backup_start(struct fr_process *process)
{
    struct fr_backup *backup = calloc(1, sizeof(*backup));

    fr_assert(backup != NULL);
    pthread_mutex_init(&backup->lock, NULL);
    backup->process = process;
    process->backup = backup;
    remove_copy(process); /* of one that died with us */
}

void
fr_backup_stop(struct fr_process *process)
{
    struct fr_backup *backup = process->backup;

    if (backup == NULL)
        return;
    process->backup = NULL;
    if (backup->started)
        pthread_join(backup->thread, NULL);
    free(backup);
}
