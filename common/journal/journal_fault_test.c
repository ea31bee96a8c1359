/* journal_fault_test.c - every single I/O call of a journal's life fails, or is the last one.
 *
 * This program brings its own pwrite, fdatasync, fsync, rename, unlink, ftruncate, open and
 * posix_fallocate, which the linker prefers to libc's.  A script (open, write frames over many
 * segments, register, trim, open with another size of segments) runs in a child; its n-th call
 *
 *     fails with EIO or ENOSPC,
 *     or the process dies before it, half way through it or behind it,
 *     or the power does: then of what was not synced each sector and the last renames may be lost.
 *
 * Afterwards the parent opens the journal and compares it with what was acknowledged.
 */
#include "common/journal/journal_testing.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include "common/journal/journal_format.h"

#define SECTOR 512
#define FRAMES 30
#define CALLS_MAX 2000

enum fault { NONE, FAIL, DIE_BEFORE, DIE_HALF, DIE_BEHIND, POWER_CUT };

static struct {
    enum fault fault;
    int at;       /* the call it happens to, from 1 */
    int error;    /* for FAIL */
    bool no_sync; /* the disk lies: fdatasync and fsync make nothing durable */
    bool scarce;  /* the disk says that nothing is free */
    uint64_t random;
    char dir[PATH_MAX], graveyard[PATH_MAX];
} plan;

static struct shared { /* with the child */
    int calls;
    bool happened;
    uint64_t acknowledged;
} * shared;

static pthread_mutex_t disk = PTHREAD_MUTEX_INITIALIZER;

/* ---- the disk: what was not synced yet ----------------------------------------------------------
 */

struct unsynced { /* bytes written over, or a name changed */
    ino_t inode;
    int fd;
    off_t offset;
    size_t size;
    uint8_t *old;
    char from[PATH_MAX], to[PATH_MAX], saved[PATH_MAX + 16];
};
static struct unsynced writes[CALLS_MAX], names[CALLS_MAX];
static int write_count, name_count, saved_count;

#define REAL(function) ((__typeof__(&function))dlsym(RTLD_NEXT, #function))

static bool
coin(void)
{
    plan.random = plan.random * 6364136223846793005u + 1442695040888963407u;
    return plan.random >> 40 & 1;
}

static ino_t
inode_of(int fd, bool *is_dir)
{
    struct stat info;

    if (fstat(fd, &info) != 0)
        return 0;
    *is_dir = S_ISDIR(info.st_mode);
    return info.st_ino;
}

static void
note_write(int fd, size_t size, off_t offset)
{
    struct unsynced *u = &writes[write_count++];
    bool is_dir;

    *u = (struct unsynced){.inode = inode_of(fd, &is_dir), .offset = offset, .size = size};
    u->fd = dup(fd);
    u->old = calloc(1, size);
    if (pread(u->fd, u->old, size, offset) < 0) /* a file opened only for writing: a new one */
        memset(u->old, 0, size);
}

static void
note_name(const char *from, const char *to)
{
    struct unsynced *u = &names[name_count++];
    const char *lost = to != NULL ? to : from;

    *u = (struct unsynced){0};
    strcpy(u->from, from);
    strcpy(u->to, to != NULL ? to : "");
    snprintf(u->saved, sizeof(u->saved), "%s/%d", plan.graveyard, saved_count++);
    if (link(lost, u->saved) != 0)
        u->saved[0] = '\0'; /* nothing was there to be replaced */
}

static void
now_durable(int fd)
{
    bool is_dir = false;
    ino_t inode = inode_of(fd, &is_dir);
    int kept = 0;

    if (plan.no_sync)
        return;
    if (is_dir) {
        name_count = 0;
        return;
    }
    for (int i = 0; i < write_count; i++)
        if (writes[i].inode != inode)
            writes[kept++] = writes[i];
        else
            close(writes[i].fd), free(writes[i].old);
    write_count = kept;
}

/* Names are lost from the last one back (file systems keep their order), sectors in any order. */
static void
power_cut(void)
{
    while (name_count > 0 && coin()) {
        struct unsynced *u = &names[--name_count];

        if (u->to[0] != '\0')
            REAL(rename)(u->to, u->from);
        if (u->saved[0] != '\0')
            REAL(rename)(u->saved, u->to[0] != '\0' ? u->to : u->from);
    }
    while (write_count > 0) {
        struct unsynced *u = &writes[--write_count];

        for (size_t i = 0; i < u->size; i += SECTOR)
            if (coin() &&
                REAL(pwrite)(u->fd, u->old + i, u->size - i < SECTOR ? u->size - i : SECTOR,
                             u->offset + (off_t)i) < 0)
                _exit(30);
    }
}

/* ---- the calls ----------------------------------------------------------------------------------
 */

/* Enters a call: counts it, makes the fault happen if it is its turn.  True: it must fail. */
static bool
enter(void)
{
    pthread_mutex_lock(&disk);
    if (plan.fault == NONE || ++shared->calls != plan.at)
        return false;
    shared->happened = true;
    if (plan.fault == DIE_BEFORE)
        _exit(99);
    if (plan.fault == FAIL)
        errno = plan.error;
    return plan.fault == FAIL;
}

static bool
is_its_turn(enum fault fault)
{
    return plan.fault == fault && shared->calls == plan.at;
}

static void
leave(void)
{
    int error = errno;

    if (is_its_turn(DIE_BEHIND) || is_its_turn(DIE_HALF))
        _exit(99);
    if (is_its_turn(POWER_CUT)) {
        power_cut();
        _exit(99);
    }
    pthread_mutex_unlock(&disk);
    errno = error;
}

ssize_t
pwrite(int fd, const void *data, size_t size, off_t offset)
{
    ssize_t done = -1;

    if (plan.fault == NONE)
        return REAL(pwrite)(fd, data, size, offset);
    if (!enter()) {
        if (plan.fault == POWER_CUT)
            note_write(fd, size, offset);
        done = REAL(pwrite)(fd, data, is_its_turn(DIE_HALF) ? size / 2 : size, offset);
    }
    leave();
    return done;
}

/* The machine that runs this does not lose power: there is no need to really sync. */
static int
sync_file(int fd)
{
    int failed = enter() ? -1 : 0;

    if (!failed && plan.fault == POWER_CUT && !is_its_turn(POWER_CUT))
        now_durable(fd);
    leave();
    return failed;
}

int
fdatasync(int fd)
{
    return plan.fault == NONE ? 0 : sync_file(fd);
}

int
fsync(int fd)
{
    return plan.fault == NONE ? 0 : sync_file(fd);
}

int
rename(const char *from, const char *to)
{
    int failed = -1;

    if (plan.fault == NONE)
        return REAL(rename)(from, to);
    if (!enter()) {
        if (plan.fault == POWER_CUT)
            note_name(from, to);
        failed = REAL(rename)(from, to);
    }
    leave();
    return failed;
}

int
unlink(const char *path)
{
    int failed = -1;

    if (plan.fault == NONE)
        return REAL(unlink)(path);
    if (!enter()) {
        if (plan.fault == POWER_CUT)
            note_name(path, NULL);
        failed = REAL(unlink)(path);
    }
    leave();
    return failed;
}

/* Only files of no use are cut shorter; how long one of them is after a power cut does not matter.
 */
int
ftruncate(int fd, off_t size)
{
    int failed = -1;

    if (plan.fault == NONE)
        return REAL(ftruncate)(fd, size);
    if (!enter())
        failed = REAL(ftruncate)(fd, size);
    leave();
    return failed;
}

int
statvfs(const char *path, struct statvfs *info)
{
    int failed = REAL(statvfs)(path, info);

    if (plan.scarce)
        info->f_bavail = 0;
    return failed;
}

int
posix_fallocate(int fd, off_t offset, off_t size)
{
    int error = plan.error;

    if (plan.fault == NONE)
        return REAL(posix_fallocate)(fd, offset, size);
    if (!enter())
        error = REAL(posix_fallocate)(fd, offset, size);
    leave();
    return error;
}

int
open(const char *path, int flags, ...)
{
    va_list arguments;
    mode_t mode;
    int fd = -1;

    va_start(arguments, flags);
    mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    if (plan.fault == NONE || strncmp(path, plan.dir, strlen(plan.dir)) != 0)
        return REAL(open)(path, flags, mode);
    if (!enter())
        fd = REAL(open)(path, flags, mode);
    leave();
    return fd;
}

/* ---- the script ---------------------------------------------------------------------------------
 */

/* A full disk is not the end: trim and try again. */
static enum fr_error
sync_stubbornly(struct scene *s)
{
    struct fr_time late = {INT64_C(1) << 50};
    enum fr_error err = fr_journal_sync(s->journal);

    for (int i = 0; err == FR_FULL && i < 100; i++) {
        usleep(3000);
        err = fr_journal_trim(s->journal, shared->acknowledged / 2, late);
        if (err == FR_OK)
            err = fr_journal_sync(s->journal);
    }
    return err;
}

static enum fr_error
keep_house(struct scene *s, int frame)
{
    struct fr_time late = {INT64_C(1) << 50};
    enum fr_error err = FR_OK;

    if (frame == 5)
        err = fr_journal_register(s->journal, "sla");
    fr_journal_acknowledge(s->journal, "sla", shared->acknowledged / 2);
    if (err == FR_OK && frame % 8 == 7)
        err = fr_journal_trim(s->journal, UINT64_MAX, late);
    return err == FR_FULL ? FR_OK : err;
}

static enum fr_error
write_frames(struct scene *s, int first, int count)
{
    struct fr_cursor cursor = cursor_of("sla", (uint64_t)first, 0);
    enum fr_error err = FR_OK;

    for (int frame = first; err == FR_OK && frame < first + count; frame++) {
        for (int i = 0; i < 3; i++)
            put(s->journal, 700);
        cursor.seq++;
        cursor.hash = fr_journal_end(s->journal).seq + 3;
        fr_journal_set_cursor(s->journal, &cursor);
        err = sync_stubbornly(s);
        if (err == FR_OK) {
            shared->acknowledged = fr_journal_end(s->journal).seq;
            err = keep_house(s, frame);
        }
    }
    return err;
}

/* With bigger segments than before: those in stock are of no use then, and are given back step by
 * step; without rests, as if the disk were full. */
static enum fr_error
open_anew(struct scene *s)
{
    enum fr_error err;

    fr_journal_free(&s->journal);
    s->options.segment_size = 24 << 10;
    plan.scarce = true;
    err = scene_try_open(s);
    for (int i = 0; err == FR_OK && i < 20 && stock_files(s) > 0; i++)
        usleep(200);
    return err;
}

/* 0: went to its end, or was told of trouble as it should be.  The cursor says in its hash at which
 * seq its frame ends. */
static int
script(struct scene *s)
{
    struct fr_cursor cursor = cursor_of("sla", FRAMES + 1, 0);
    enum fr_error err = scene_try_open(s);

    if (err == FR_OK) {
        err = write_frames(s, 0, FRAMES / 2 + 2);
        if (err == FR_OK)
            err = open_anew(s);
    }
    if (s->journal == NULL)
        return err == FR_IO || err == FR_FULL ? 0 : 20 + (int)err;
    if (err == FR_OK)
        err = write_frames(s, FRAMES / 2 + 2, FRAMES / 2 - 2);
    if (err != FR_OK && err != FR_IO)
        return 40 + (int)err;
    if (err == FR_IO) { /* it must not go on over a failed sync */
        fr_journal_set_cursor(s->journal, &cursor);
        if (fr_journal_sync(s->journal) != FR_IO)
            return 60;
    }
    fr_journal_free(&s->journal);
    return 0;
}

static void
run_script(struct scene *s)
{
    int status;
    pid_t child = fork();

    if (child == 0)
        _exit(script(s));
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != 99))
        fail_msg("fault %d at call %d: the script ended with status %x", (int)plan.fault, plan.at,
                 (unsigned)status);
}

/* Nothing acknowledged is lost; cursor and records agree; it is whole, and goes on.  False:
 * something was lost (for the control, which wants to see that). */
static bool
holds_what_was_acknowledged(struct scene *s)
{
    struct fr_cursor cursor;
    uint64_t end;
    bool good = scene_try_open(s) == FR_OK;

    if (!good)
        return false;
    end = fr_journal_end(s->journal).seq;
    good = end >= shared->acknowledged && end <= shared->acknowledged + 3 && end % 3 == 0 &&
           fr_journal_verify(s->journal, NULL, NULL, s->complaint, sizeof(s->complaint)) == FR_OK;
    if (good && end > 0)
        good = fr_journal_get_cursor(s->journal, "sla", &cursor) == FR_OK && cursor.hash == end;
    if (good) {
        read_all(s->journal);
        put_frame(s->journal, 1, 100);
        scene_reopen(s);
        good = read_all(s->journal) == end + 1;
    }
    fr_journal_free(&s->journal);
    return good;
}

static bool
one_run(enum fault fault, int at, int error)
{
    struct scene s;
    bool good;

    scene_init(&s, false);
    s.options.segment_size = 16 << 10;
    s.options.size_max = 8 * s.options.segment_size;
    scratch_dir(plan.graveyard);
    strcpy(plan.dir, s.dir);
    *shared = (struct shared){0};
    plan.at = at;
    plan.error = error;
    plan.random = (uint64_t)at * 7919 + 3;
    plan.fault = fault;
    run_script(&s);
    plan.fault = NONE;
    good = holds_what_was_acknowledged(&s);
    if (!good && !plan.no_sync)
        print_error("fault %d at call %d: acknowledged %llu; %s\n", (int)fault, at,
                    (unsigned long long)shared->acknowledged, s.complaint);
    remove_dir(plan.graveyard);
    scene_fini(&s);
    return good;
}

/* At each call in turn, until the script runs to its end without meeting the fault. */
static int
every_call(enum fault fault, int error)
{
    int lost = 0, at = 1;

    for (; at < CALLS_MAX; at++) {
        lost += !one_run(fault, at, error);
        if (!shared->happened)
            break;
    }
    assert_in_range(at, 100, CALLS_MAX - 1);
    return lost;
}

static void
it_survives_death_before_every_call(void **state)
{
    (void)state;
    assert_int_equal(every_call(DIE_BEFORE, 0), 0);
}

static void
it_survives_death_in_the_middle_of_every_call(void **state)
{
    (void)state;
    assert_int_equal(every_call(DIE_HALF, 0), 0);
}

static void
it_survives_a_power_cut_at_every_call(void **state)
{
    (void)state;
    assert_int_equal(every_call(POWER_CUT, 0), 0);
}

/* The control: on a disk that lies about its syncs, the same check must find losses. */
static void
on_a_disk_that_lies_losses_are_seen(void **state)
{
    (void)state;
    plan.no_sync = true;
    assert_true(every_call(POWER_CUT, 0) > 20);
    plan.no_sync = false;
}

static void
it_survives_an_io_error_in_every_call(void **state)
{
    (void)state;
    assert_int_equal(every_call(FAIL, EIO), 0);
}

static void
it_survives_a_full_disk_in_every_call(void **state)
{
    (void)state;
    assert_int_equal(every_call(FAIL, ENOSPC), 0);
}

/* A killed process leaves frames that only the page cache holds.  Whoever opens serves them, so
 * they must not vanish in a power cut after that. */
static void
what_opening_shows_is_durable(void **state)
{
    struct scene s;
    char path[PATH_MAX];
    uint8_t bytes[2 * SECTOR];

    (void)state;
    scene_init(&s, false);
    scene_open(&s);
    put_frame(s.journal, 1, 700);
    fr_journal_free(&s.journal);
    assert_true(segment_file(&s, 0, path));
    strcpy(plan.dir, s.dir);
    scratch_dir(plan.graveyard);
    plan.at = 0;
    plan.fault = POWER_CUT;
    file_read(path, bytes, sizeof(bytes), FR_SEGMENT_HEAD_SIZE);
    file_write(path, bytes, sizeof(bytes), FR_SEGMENT_HEAD_SIZE);
    assert_int_equal(write_count, 1);
    scene_open(&s);
    assert_int_equal(fr_journal_end(s.journal).seq, 1);
    assert_int_equal(write_count, 0);
    plan.fault = NONE;
    remove_dir(plan.graveyard);
    scene_fini(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_survives_death_before_every_call),
        cmocka_unit_test(it_survives_death_in_the_middle_of_every_call),
        cmocka_unit_test(it_survives_a_power_cut_at_every_call),
        cmocka_unit_test(on_a_disk_that_lies_losses_are_seen),
        cmocka_unit_test(it_survives_an_io_error_in_every_call),
        cmocka_unit_test(it_survives_a_full_disk_in_every_call),
        cmocka_unit_test(what_opening_shows_is_durable),
    };

    be_quiet();
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
