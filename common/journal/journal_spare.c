/* journal_spare.c - a thread that does the slow work on files, so that the writer only writes
 * frames.
 *
 *     next.tmp --zeros, fsync--> next.seg --writer: head, rename--> 000...N.seg
 *                                   ^                                   |
 *                                   +--- in stock <------ trimmed ------+
 *                                           |
 *                                           +--> given back to the disk
 *
 * Really zeros: what posix_fallocate alone leaves are unwritten extents, and the first write into
 * one changes metadata that the sync of a frame would then have to carry.  A recycled segment needs
 * no zeros, its old frames are of another generation.
 *
 * The register is written before anything is recycled or removed, the directory is fsynced before a
 * recycled file is offered as the spare: a file that holds new frames is never found under its old
 * name.
 *
 * The stock (journal_stock.c) is as big as the demand of the last seconds; what exceeds it goes
 * back to the disk in small steps with long rests, because the disk lets frames wait meanwhile.
 * There is no rest when space is scarce: never more in stock than is free beside it.
 */
#include "common/journal/journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>
#include "common/base/log.h"

#define ZEROS_SIZE (1u << 20) /* per write */
#define PAUSE_NS 2000000      /* between two of them, unless in haste: the disk is shared */
#define FULL_RETRY_US 100000  /* after a full disk, look again so much later */
#define REST_FACTOR 9         /* a rest is so much longer than the step of giving back before it */
#define REST_US_MAX 1000000

enum spare_state { SPARE_NONE, SPARE_WANTED, SPARE_MAKING, SPARE_READY };

struct fr_spare {
    char *dir;
    size_t segment_size;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work, done;

    enum spare_state state;
    bool full;               /* the last try found no space */
    struct fr_span retry_at; /* monotonic */
    bool waited_for;         /* by the writer: make haste */
    bool stop;
    bool failed;

    bool dir_dirty; /* a rename wants an fsync of the directory */
    char **names;   /* trimmed */
    size_t name_count;
    struct fr_stock stock; /* the thread's own */
    uint64_t stock_size;   /* what others may know of it */
    struct fr_demand demand;
    bool exceeds;              /* there is something to give back ... */
    struct fr_span rest_until; /* ... at this time, monotonic */
    char *text;                /* the register to write; NULL: none */
    size_t text_size;
    uint64_t asked, answered; /* register texts, counted */
    enum fr_error answer;
};

/* ---- files, without the lock ------------------------------------------------------------------
 */

enum fr_error
fr_dir_sync(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), failed;

    if (fd < 0)
        return FR_IO;
    failed = fsync(fd);
    close(fd);
    return failed ? FR_IO : FR_OK;
}

static void do_register(struct fr_spare *spare);

/* With the lock held: the writer fills several segments a second and will soon wait for the next
 * one; to rest would only make it wait longer. */
static bool
in_demand(const struct fr_spare *spare)
{
    return fr_demand_lately(&spare->demand, fr_time_monotonic()) == FR_STOCK_MAX;
}

/* Between two pieces of a segment there is time for who waits for the register. */
static void
pause_between(struct fr_spare *spare)
{
    bool haste;

    pthread_mutex_lock(&spare->lock);
    if (spare->text != NULL) {
        do_register(spare);
        pthread_cond_broadcast(&spare->done);
    }
    haste = spare->waited_for || in_demand(spare);
    pthread_mutex_unlock(&spare->lock);
    if (!haste)
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
}

static bool
told_to_stop(struct fr_spare *spare)
{
    bool stop;

    pthread_mutex_lock(&spare->lock);
    stop = spare->stop;
    pthread_mutex_unlock(&spare->lock);
    return stop;
}

/* sync_file_range only starts the writing and waits for it piece by piece, so that the fsync at the
 * end finds little to do and holds up nobody else's; that it may not be supported does not matter.
 */
static enum fr_error
write_zeros(struct fr_spare *spare, int fd, size_t size)
{
    static char zeros[ZEROS_SIZE]; /* const, they would lie in every program, a megabyte each */
    enum fr_error err = FR_OK;

    for (size_t offset = 0; offset < size && err == FR_OK; offset += ZEROS_SIZE) {
        size_t part = size - offset < ZEROS_SIZE ? size - offset : ZEROS_SIZE;

        if (spare != NULL && told_to_stop(spare))
            return FR_GONE;
        err = fr_write_all(fd, zeros, part, offset);
        if (spare == NULL || err != FR_OK || offset + part == size)
            continue;
        (void)sync_file_range(fd, (off_t)offset, (off_t)part,
                              SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
        pause_between(spare);
    }
    return err;
}

static enum fr_error
fill(struct fr_spare *spare, const char *path, size_t size)
{
    enum fr_error err = FR_OK;
    int error, fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

    if (fd < 0)
        return fr_error_of(errno);
    error = posix_fallocate(fd, 0, (off_t)size); /* says at once when there is no space */
    if (error != 0)
        err = fr_error_of(error);
    if (err == FR_OK)
        err = write_zeros(spare, fd, size);
    if (err == FR_OK && fsync(fd) != 0)
        err = FR_IO;
    close(fd);
    return err;
}

static enum fr_error
make(struct fr_spare *spare, const char *dir, size_t size)
{
    char tmp[PATH_MAX], path[PATH_MAX];
    enum fr_error err;

    fr_file_path(dir, FR_SPARE_TMP_NAME, tmp);
    fr_file_path(dir, FR_SPARE_NAME, path);
    err = fill(spare, tmp, size);
    if (err == FR_OK && rename(tmp, path) != 0)
        err = fr_error_of(errno);
    if (err != FR_OK) {
        unlink(tmp); /* half a segment is of no use, and its space may be needed */
        return err;
    }
    return fr_dir_sync(dir);
}

enum fr_error
fr_spare_make(const char *dir, size_t size)
{
    return make(NULL, dir, size);
}

static enum fr_error
write_register(const char *dir, const char *text, size_t size)
{
    char tmp[PATH_MAX], path[PATH_MAX];
    enum fr_error err;
    int fd;

    fr_file_path(dir, FR_REGISTER_TMP_NAME, tmp);
    fr_file_path(dir, FR_REGISTER_NAME, path);
    fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (fd < 0)
        return fr_error_of(errno);
    err = fr_write_all(fd, text, size, 0);
    if (err == FR_OK && fsync(fd) != 0)
        err = FR_IO;
    close(fd);
    if (err == FR_OK && rename(tmp, path) != 0)
        err = fr_error_of(errno);
    if (err != FR_OK) {
        unlink(tmp);
        return err;
    }
    return fr_dir_sync(dir);
}

/* From the stock, if anything is there, else new.  When space is lacking the stock holds only files
 * that are too small. */
static enum fr_error
prepare(struct fr_spare *spare)
{
    enum fr_error err = fr_stock_take(&spare->stock);

    if (err == FR_OK)
        return fr_dir_sync(spare->dir);
    if (err == FR_NOT_FOUND)
        err = make(spare, spare->dir, spare->segment_size);
    if (err == FR_FULL && spare->stock.count > 0) {
        err = fr_stock_empty(&spare->stock);
        if (err == FR_OK)
            err = make(spare, spare->dir, spare->segment_size);
    }
    return err;
}

/* ---- the thread; these are called with the lock held and give it away while they work ----------
 */

static void
settle_failure(struct fr_spare *spare, const char *what, enum fr_error err)
{
    if (err == FR_OK || err == FR_FULL || err == FR_GONE)
        return;
    spare->failed = true;
    fr_log(FR_ERROR, "journal_failed", "dir=%s while=%s", spare->dir, what);
}

/* The register is worth more than the stock. */
static void
do_register(struct fr_spare *spare)
{
    char *text = spare->text;
    size_t size = spare->text_size;
    uint64_t asked = spare->asked;
    enum fr_error err;

    spare->text = NULL;
    pthread_mutex_unlock(&spare->lock);
    err = write_register(spare->dir, text, size);
    if (err == FR_FULL && spare->stock.count > 0 && fr_stock_empty(&spare->stock) == FR_OK)
        err = write_register(spare->dir, text, size);
    free(text);
    pthread_mutex_lock(&spare->lock);
    settle_failure(spare, "writing_register", err);
    spare->stock_size = spare->stock.size;
    spare->answer = err;
    spare->answered = asked;
}

/* Even when the register found no space: an older register holds more than it must, and trimming is
 * what makes space. */
static void
do_discard(struct fr_spare *spare)
{
    char **names = spare->names;
    size_t count = spare->name_count;
    enum fr_error err = FR_OK;

    spare->names = NULL;
    spare->name_count = 0;
    pthread_mutex_unlock(&spare->lock);
    for (size_t i = 0; i < count; i++) {
        if (err == FR_OK)
            err = fr_stock_put(&spare->stock, names[i]);
        free(names[i]);
    }
    free(names);
    if (err == FR_OK)
        err = fr_dir_sync(spare->dir);
    pthread_mutex_lock(&spare->lock);
    settle_failure(spare, "trimming", err);
    spare->stock_size = spare->stock.size;
    spare->full = false;
    if (spare->state == SPARE_NONE && fr_stock_ready(&spare->stock))
        spare->state = SPARE_WANTED; /* it costs next to nothing now */
}

static void
do_dir_sync(struct fr_spare *spare)
{
    enum fr_error err;

    spare->dir_dirty = false;
    pthread_mutex_unlock(&spare->lock);
    err = fr_dir_sync(spare->dir);
    pthread_mutex_lock(&spare->lock);
    settle_failure(spare, "syncing_directory", err);
}

static void
do_prepare(struct fr_spare *spare)
{
    enum fr_error err;

    spare->state = SPARE_MAKING;
    pthread_mutex_unlock(&spare->lock);
    err = prepare(spare);
    pthread_mutex_lock(&spare->lock);
    settle_failure(spare, "preparing_segment", err);
    spare->stock_size = spare->stock.size;
    spare->state = err == FR_OK ? SPARE_READY : SPARE_NONE;
    spare->full = err == FR_FULL;
    if (spare->full) {
        spare->retry_at.us = fr_time_monotonic().us + FULL_RETRY_US;
        fr_log(FR_WARN, "journal_no_space", "dir=%s size=%zu", spare->dir, spare->segment_size);
    }
    spare->waited_for = false;
}

static bool
space_is_scarce(const struct fr_spare *spare)
{
    struct statvfs disk;

    return statvfs(spare->dir, &disk) == 0 &&
           (uint64_t)disk.f_bavail * disk.f_frsize < spare->stock.size;
}

/* How many files the stock should hold. */
static size_t
stock_wanted(const struct fr_spare *spare, bool scarce)
{
    size_t by_demand = fr_demand_lately(&spare->demand, fr_time_monotonic());
    size_t by_size = FR_STOCK_SIZE_MAX / spare->segment_size;

    if (scarce)
        return 0;
    return by_demand < by_size ? by_demand : by_size;
}

/* False: there is nothing to give back, or not yet. */
static bool
do_give_back(struct fr_spare *spare)
{
    bool scarce = spare->stock.count > 0 && space_is_scarce(spare);
    struct fr_span begun = fr_time_monotonic();
    enum fr_error err;
    int64_t took_us, rest_us;

    spare->exceeds = fr_stock_exceeds(&spare->stock, stock_wanted(spare, scarce));
    if (!spare->exceeds || (!scarce && begun.us < spare->rest_until.us))
        return false;
    pthread_mutex_unlock(&spare->lock);
    err = fr_stock_give_back(&spare->stock);
    pthread_mutex_lock(&spare->lock);
    settle_failure(spare, "giving_back", err);
    spare->stock_size = spare->stock.size;
    took_us = fr_time_monotonic().us - begun.us;
    rest_us =
        err == FR_OK && took_us < REST_US_MAX / REST_FACTOR ? took_us * REST_FACTOR : REST_US_MAX;
    spare->rest_until.us = begun.us + took_us + rest_us;
    return true;
}

/* One piece of work; false when there is none. */
static bool
work_once(struct fr_spare *spare)
{
    spare->exceeds = false;
    if (spare->failed)
        return false;
    if (spare->text != NULL)
        do_register(spare);
    else if (spare->names != NULL)
        do_discard(spare);
    else if (spare->dir_dirty)
        do_dir_sync(spare);
    else if (spare->state == SPARE_WANTED && !spare->stop)
        do_prepare(spare);
    else if (spare->stop || !do_give_back(spare))
        return false;
    pthread_cond_broadcast(&spare->done);
    return true;
}

static void
wait_for_work(struct fr_spare *spare)
{
    struct timespec until = {.tv_sec = spare->rest_until.us / 1000000,
                             .tv_nsec = spare->rest_until.us % 1000000 * 1000};

    if (spare->exceeds)
        pthread_cond_timedwait(&spare->work, &spare->lock, &until);
    else
        pthread_cond_wait(&spare->work, &spare->lock);
}

static void *
spare_main(void *argument)
{
    struct fr_spare *spare = argument;

    pthread_mutex_lock(&spare->lock);
    for (;;) {
        if (work_once(spare))
            continue;
        if (spare->stop)
            break;
        wait_for_work(spare);
    }
    pthread_mutex_unlock(&spare->lock);
    return NULL;
}

/* ---- the writer's side ------------------------------------------------------------------------
 */

/* Signals are for the service's own thread. */
static int
start_thread(struct fr_spare *spare)
{
    sigset_t all, before;
    int error;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&spare->thread, NULL, spare_main, spare);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

/* timedwait shall follow the clock that fr_time_monotonic reads. */
static void
init_locks(struct fr_spare *spare)
{
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&spare->lock, NULL);
    pthread_cond_init(&spare->work, &monotonic);
    pthread_cond_init(&spare->done, NULL);
    pthread_condattr_destroy(&monotonic);
}

/* What a former run left in stock was in demand then, and may be again. */
static enum fr_error
open_stock(struct fr_spare *spare)
{
    enum fr_error err = fr_stock_open(&spare->stock, spare->dir, spare->segment_size);

    for (size_t i = 0; err == FR_OK && i < spare->stock.count && i < FR_STOCK_MAX; i++)
        fr_demand_note(&spare->demand, fr_time_monotonic());
    spare->stock_size = spare->stock.size;
    return err;
}

enum fr_error
fr_spare_new(const char *dir, size_t segment_size, bool ready, struct fr_spare **out)
{
    struct fr_spare *spare = calloc(1, sizeof(*spare));
    enum fr_error err;

    if (spare == NULL)
        return FR_NO_MEMORY;
    spare->dir = strdup(dir);
    spare->segment_size = segment_size;
    spare->state = ready ? SPARE_READY : SPARE_NONE;
    init_locks(spare);
    err = spare->dir == NULL ? FR_NO_MEMORY : open_stock(spare);
    if (err == FR_OK && start_thread(spare) != 0)
        err = FR_NO_MEMORY;
    if (err != FR_OK) {
        fr_stock_close(&spare->stock);
        free(spare->dir);
        free(spare);
        return err;
    }
    *out = spare;
    return FR_OK;
}

void
fr_spare_free(struct fr_spare **out)
{
    struct fr_spare *spare = *out;

    if (spare == NULL)
        return;
    pthread_mutex_lock(&spare->lock);
    spare->stop = true;
    pthread_cond_signal(&spare->work);
    pthread_mutex_unlock(&spare->lock);
    pthread_join(spare->thread, NULL);
    for (size_t i = 0; i < spare->name_count; i++) /* left over only after a failure */
        free(spare->names[i]);
    free(spare->names);
    free(spare->text);
    fr_stock_close(&spare->stock);
    pthread_cond_destroy(&spare->work);
    pthread_cond_destroy(&spare->done);
    pthread_mutex_destroy(&spare->lock);
    free(spare->dir);
    free(spare);
    *out = NULL;
}

/* With the lock held. */
static bool
may_try(const struct fr_spare *spare)
{
    return !spare->full || fr_time_monotonic().us >= spare->retry_at.us;
}

static void
want(struct fr_spare *spare)
{
    if (spare->state != SPARE_NONE || !may_try(spare))
        return;
    spare->full = false;
    spare->state = SPARE_WANTED;
    pthread_cond_signal(&spare->work);
}

void
fr_spare_want(struct fr_spare *spare)
{
    pthread_mutex_lock(&spare->lock);
    want(spare);
    pthread_mutex_unlock(&spare->lock);
}

/* Waiting is right here: the writer is faster than the disk can take segments, and a frame that is
 * not written yet is back-pressure for everybody before it. */
enum fr_error
fr_spare_wait(struct fr_spare *spare)
{
    enum fr_error err = FR_OK;

    pthread_mutex_lock(&spare->lock);
    want(spare);
    while (spare->state != SPARE_READY && !spare->failed && spare->state != SPARE_NONE) {
        spare->waited_for = true;
        pthread_cond_wait(&spare->done, &spare->lock);
    }
    if (spare->failed)
        err = FR_IO;
    else if (spare->state != SPARE_READY)
        err = FR_FULL;
    pthread_mutex_unlock(&spare->lock);
    return err;
}

void
fr_spare_taken(struct fr_spare *spare, bool another)
{
    pthread_mutex_lock(&spare->lock);
    spare->state = another && in_demand(spare) ? SPARE_WANTED : SPARE_NONE;
    spare->waited_for = false;
    spare->dir_dirty = true;
    fr_demand_note(&spare->demand, fr_time_monotonic());
    pthread_cond_signal(&spare->work);
    pthread_mutex_unlock(&spare->lock);
}

/* With the lock held.  A text not yet written is replaced: the newer one says more. */
static enum fr_error
ask_register(struct fr_spare *spare, const char *text, size_t size)
{
    char *copy = malloc(size);

    if (copy == NULL)
        return FR_NO_MEMORY;
    memcpy(copy, text, size);
    free(spare->text);
    spare->text = copy;
    spare->text_size = size;
    spare->asked++;
    pthread_cond_signal(&spare->work);
    return FR_OK;
}

enum fr_error
fr_spare_keep_register(struct fr_spare *spare, const char *text, size_t size)
{
    enum fr_error err;

    pthread_mutex_lock(&spare->lock);
    err = ask_register(spare, text, size);
    while (err == FR_OK && spare->answered < spare->asked && !spare->failed)
        pthread_cond_wait(&spare->done, &spare->lock);
    if (err == FR_OK)
        err = spare->failed ? FR_IO : spare->answer;
    pthread_mutex_unlock(&spare->lock);
    return err;
}

static enum fr_error
ask_discard(struct fr_spare *spare, char **names, size_t count)
{
    char **all = realloc(spare->names, (spare->name_count + count) * sizeof(*all));

    if (all == NULL)
        return FR_NO_MEMORY;
    memcpy(all + spare->name_count, names, count * sizeof(*all));
    spare->names = all;
    spare->name_count += count;
    free(names);
    return FR_OK;
}

/* Names that find no memory stay as files; the next open finds them below the register's first. */
enum fr_error
fr_spare_discard(struct fr_spare *spare, char **names, size_t name_count, const char *register_text,
                 size_t register_size)
{
    enum fr_error err;

    pthread_mutex_lock(&spare->lock);
    err = ask_register(spare, register_text, register_size);
    if (err == FR_OK)
        err = ask_discard(spare, names, name_count);
    if (err != FR_OK) {
        for (size_t i = 0; i < name_count; i++)
            free(names[i]);
        free(names);
    }
    pthread_mutex_unlock(&spare->lock);
    return err;
}

bool
fr_spare_failed(struct fr_spare *spare)
{
    bool failed;

    pthread_mutex_lock(&spare->lock);
    failed = spare->failed;
    pthread_mutex_unlock(&spare->lock);
    return failed;
}

uint64_t
fr_spare_size(struct fr_spare *spare)
{
    uint64_t size;

    pthread_mutex_lock(&spare->lock);
    size = spare->stock_size + (spare->state == SPARE_READY ? spare->segment_size : 0);
    pthread_mutex_unlock(&spare->lock);
    return size;
}

void
fr_spare_look(struct fr_spare *spare)
{
    pthread_mutex_lock(&spare->lock);
    pthread_cond_signal(&spare->work);
    pthread_mutex_unlock(&spare->lock);
}
