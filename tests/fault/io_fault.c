/* io_fault.c - preloaded: counts the I/O calls on files below $FR_FAULT_DIR and does one thing at
 * one of them.
 *
 *   FR_FAULT_DIR    only descriptors and paths below it count
 *   FR_FAULT_AT     number of the call, from 1; absent: only count
 *   FR_FAULT_HOW    kill_before, kill_after, eio, enospc
 *   FR_FAULT_COUNT  file that receives the number of calls made (for the run that only counts)
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long calls;
static const char *dir, *how, *count_path;
static long at = -1;

__attribute__((constructor)) static void
set_up(void)
{
    dir = getenv("FR_FAULT_DIR");
    how = getenv("FR_FAULT_HOW");
    count_path = getenv("FR_FAULT_COUNT");
    if (getenv("FR_FAULT_AT") != NULL)
        at = atol(getenv("FR_FAULT_AT"));
}

static bool
below(const char *path)
{
    return dir != NULL && path != NULL && strncmp(path, dir, strlen(dir)) == 0;
}

static bool
watched(int fd)
{
    char link[64], path[PATH_MAX];
    ssize_t size;

    if (dir == NULL)
        return false;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    size = readlink(link, path, sizeof(path) - 1);
    if (size < 0)
        return false;
    path[size] = '\0';
    return below(path);
}

static void
die(void)
{
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;)
        pause();
}

enum verdict { GO, FAIL, DIE_AFTER };

static enum verdict
judge(void)
{
    long number = atomic_fetch_add(&calls, 1) + 1;

    if (count_path != NULL && number % 1 == 0) {
        char text[32];
        int size = snprintf(text, sizeof(text), "%ld\n", number);
        int fd = (int)syscall(SYS_openat, AT_FDCWD, count_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

        if (fd >= 0) {
            syscall(SYS_write, fd, text, size);
            syscall(SYS_close, fd);
        }
    }
    if (number != at || how == NULL)
        return GO;
    if (strcmp(how, "kill_before") == 0)
        die();
    if (strcmp(how, "kill_after") == 0)
        return DIE_AFTER;
    errno = strcmp(how, "eio") == 0 ? EIO : ENOSPC;
    return FAIL;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define WRAP(type, name, watch, failed, declaration, arguments)                                    \
    type name declaration                                                                          \
    {                                                                                              \
        static __typeof__(&name) real;                                                             \
        enum verdict verdict = GO;                                                                 \
        type result;                                                                               \
                                                                                                   \
        if (real == NULL)                                                                          \
            real = REAL(name);                                                                     \
        if (watch)                                                                                 \
            verdict = judge();                                                                     \
        if (verdict == FAIL)                                                                       \
            return failed;                                                                         \
        result = real arguments;                                                                   \
        if (verdict == DIE_AFTER)                                                                  \
            die();                                                                                 \
        return result;                                                                             \
    }

WRAP(ssize_t, write, watched(fd), -1, (int fd, const void *data, size_t size), (fd, data, size))
WRAP(ssize_t, pwrite, watched(fd), -1, (int fd, const void *data, size_t size, off_t offset),
     (fd, data, size, offset))
WRAP(ssize_t, pwrite64, watched(fd), -1, (int fd, const void *data, size_t size, off64_t offset),
     (fd, data, size, offset))
WRAP(ssize_t, writev, watched(fd), -1, (int fd, const struct iovec *parts, int count),
     (fd, parts, count))
WRAP(ssize_t, pwritev, watched(fd), -1,
     (int fd, const struct iovec *parts, int count, off_t offset), (fd, parts, count, offset))
WRAP(ssize_t, pwritev64, watched(fd), -1,
     (int fd, const struct iovec *parts, int count, off64_t offset), (fd, parts, count, offset))
WRAP(int, fsync, watched(fd), -1, (int fd), (fd))
WRAP(int, fdatasync, watched(fd), -1, (int fd), (fd))
WRAP(int, ftruncate, watched(fd), -1, (int fd, off_t size), (fd, size))
WRAP(int, ftruncate64, watched(fd), -1, (int fd, off64_t size), (fd, size))
WRAP(int, fallocate, watched(fd), -1, (int fd, int mode, off_t offset, off_t size),
     (fd, mode, offset, size))
WRAP(int, posix_fallocate, watched(fd), errno, (int fd, off_t offset, off_t size),
     (fd, offset, size))
WRAP(int, posix_fallocate64, watched(fd), errno, (int fd, off64_t offset, off64_t size),
     (fd, offset, size))
WRAP(int, rename, below(from), -1, (const char *from, const char *to), (from, to))
WRAP(int, unlink, below(path), -1, (const char *path), (path))
WRAP(int, mkdir, below(path), -1, (const char *path, mode_t mode), (path, mode))
WRAP(int, msync, dir != NULL, -1, (void *memory, size_t size, int flags), (memory, size, flags))

int
renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    enum verdict verdict = watched(from_dir) || below(from) ? judge() : GO;
    int result;

    if (verdict == FAIL)
        return -1;
    result = REAL(renameat)(from_dir, from, to_dir, to);
    if (verdict == DIE_AFTER)
        die();
    return result;
}

int
unlinkat(int in, const char *path, int flags)
{
    enum verdict verdict = watched(in) || below(path) ? judge() : GO;
    int result;

    if (verdict == FAIL)
        return -1;
    result = REAL(unlinkat)(in, path, flags);
    if (verdict == DIE_AFTER)
        die();
    return result;
}

/* Opening counts when it may create or write. */
#define OPEN(name, at_declaration, at_argument, watch)                                             \
    int name(at_declaration const char *path, int flags, ...)                                      \
    {                                                                                              \
        static __typeof__(&name) real;                                                             \
        enum verdict verdict = GO;                                                                 \
        mode_t mode = 0;                                                                           \
        int result;                                                                                \
                                                                                                   \
        if (real == NULL)                                                                          \
            real = REAL(name);                                                                     \
        if ((flags & O_CREAT) != 0) {                                                              \
            va_list more;                                                                          \
                                                                                                   \
            va_start(more, flags);                                                                 \
            mode = (mode_t)va_arg(more, int);                                                      \
            va_end(more);                                                                          \
        }                                                                                          \
        if ((flags & (O_CREAT | O_WRONLY | O_RDWR)) != 0 && (watch))                               \
            verdict = judge();                                                                     \
        if (verdict == FAIL)                                                                       \
            return -1;                                                                             \
        result = real(at_argument path, flags, mode);                                              \
        if (verdict == DIE_AFTER)                                                                  \
            die();                                                                                 \
        return result;                                                                             \
    }
#define NOTHING
#define AT_DECLARATION int in,
#define AT_ARGUMENT in,
OPEN(open, NOTHING, NOTHING, below(path))
OPEN(open64, NOTHING, NOTHING, below(path))
OPEN(openat, AT_DECLARATION, AT_ARGUMENT, below(path) || watched(in))
OPEN(openat64, AT_DECLARATION, AT_ARGUMENT, below(path) || watched(in))
