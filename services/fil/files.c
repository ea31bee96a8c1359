/* files.c - copying folders durably, with a sum of every file. */
#include "services/fil/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "services/fil/fil.h"

#define STEP_SIZE (1u << 20)
#define DEPTH_MAX 8

static bool
complain(const char *path)
{
    fil_complain("%s: %s", path, strerror(errno));
    return false;
}

bool
fil_make_dir(const char *path)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST || complain(path);
}

bool
fil_dir_is_empty(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    bool empty = true;

    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            empty = false;
    if (dir != NULL)
        closedir(dir);
    return empty;
}

bool
fil_sync_dir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;

    if (!good)
        complain(path);
    if (fd >= 0)
        close(fd);
    return good;
}

static bool
sync_parent(const char *path)
{
    char parent[PATH_MAX];
    char *slash;

    snprintf(parent, sizeof(parent), "%s", path);
    slash = strrchr(parent, '/');
    if (slash == NULL)
        return fil_sync_dir(".");
    slash[slash == parent ? 1 : 0] = '\0';
    return fil_sync_dir(parent);
}

bool
fil_move(const char *from, const char *to)
{
    return (rename(from, to) == 0 || complain(to)) && sync_parent(from) && sync_parent(to);
}

/* ---- one file ---- */

static bool
write_all(int fd, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, data, size);

        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            data += written;
            size -= (size_t)written;
        }
    }
    return true;
}

/* Zeros are not written: the last segment of a journal is mostly that. */
static bool
write_or_skip(int fd, const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] == 0 && memcmp(data, data + 1, size - 1) == 0)
        return lseek(fd, (off_t)size, SEEK_CUR) >= 0;
    return write_all(fd, data, size);
}

static bool
pass_on(int from, int to, crypto_hash_sha256_state *hash, uint64_t *size)
{
    uint8_t *buffer = malloc(STEP_SIZE);
    ssize_t got;

    fr_assert(buffer != NULL);
    *size = 0;
    while ((got = read(from, buffer, STEP_SIZE)) > 0 || (got < 0 && errno == EINTR)) {
        if (got < 0)
            continue;
        crypto_hash_sha256_update(hash, buffer, (size_t)got);
        *size += (uint64_t)got;
        if (to >= 0 && !write_or_skip(to, buffer, (size_t)got)) {
            got = -1;
            break;
        }
    }
    free(buffer);
    return got == 0;
}

static void
finish_sum(crypto_hash_sha256_state *hash, char sum[FIL_SUM_SIZE])
{
    unsigned char bytes[crypto_hash_sha256_BYTES];

    crypto_hash_sha256_final(hash, bytes);
    sodium_bin2hex(sum, FIL_SUM_SIZE, bytes, sizeof(bytes));
}

bool
fil_sum_file(const char *path, char sum[FIL_SUM_SIZE], uint64_t *size)
{
    crypto_hash_sha256_state hash;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool good;

    crypto_hash_sha256_init(&hash);
    good = fd >= 0 && pass_on(fd, -1, &hash, size);
    if (!good)
        complain(path);
    if (fd >= 0)
        close(fd);
    finish_sum(&hash, sum);
    return good;
}

bool
fil_copy_file(const char *from, const char *to, char sum[FIL_SUM_SIZE], uint64_t *size)
{
    crypto_hash_sha256_state hash;
    struct stat status;
    int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), out;
    bool good;

    if (in < 0 || fstat(in, &status) != 0) {
        if (in >= 0)
            close(in);
        return complain(from);
    }
    out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, status.st_mode & 0700);
    crypto_hash_sha256_init(&hash);
    good = out >= 0 && pass_on(in, out, &hash, size) && ftruncate(out, (off_t)*size) == 0 &&
           fsync(out) == 0;
    if (!good)
        complain(to);
    close(in);
    if (out >= 0)
        close(out);
    finish_sum(&hash, sum);
    return good;
}

/* ---- many ---- */

struct walk {
    char root[PATH_MAX];
    bool (*skip)(const char *name);
    fil_file_fn *each;
    void *context;
};

static bool walk_below(struct walk *walk, const char *relative, int depth);

static bool
walk_entry(struct walk *walk, const char *relative, const char *name, int depth)
{
    char path[2 * PATH_MAX], below[PATH_MAX];
    struct stat status;

    if (depth == 0 && walk->skip != NULL && walk->skip(name))
        return true;
    snprintf(below, sizeof(below), "%.3000s%s%.255s", relative, relative[0] != '\0' ? "/" : "",
             name);
    snprintf(path, sizeof(path), "%s/%s", walk->root, below);
    if (lstat(path, &status) != 0)
        return errno == ENOENT || complain(path);
    if (S_ISDIR(status.st_mode))
        return walk_below(walk, below, depth + 1);
    return !S_ISREG(status.st_mode) || walk->each(walk->context, below);
}

static bool
walk_below(struct walk *walk, const char *relative, int depth)
{
    char path[2 * PATH_MAX];
    struct dirent **entries;
    bool good = true;
    int count;

    snprintf(path, sizeof(path), "%s/%s", walk->root, relative);
    if (depth > DEPTH_MAX) {
        fil_complain("%s: too deep", path);
        return false;
    }
    count = scandir(path, &entries, NULL, alphasort);
    if (count < 0)
        return complain(path);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;

        if (good && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
            good = walk_entry(walk, relative, name, depth);
        free(entries[i]);
    }
    free(entries);
    return good;
}

bool
fil_walk(const char *dir, bool (*skip)(const char *name), fil_file_fn *each, void *context)
{
    struct walk walk = {.skip = skip, .each = each, .context = context};

    snprintf(walk.root, sizeof(walk.root), "%s", dir);
    return walk_below(&walk, "", 0);
}

bool
fil_remove_all(const char *path)
{
    char below[PATH_MAX];
    struct dirent *entry;
    struct stat status;
    bool good = true;
    DIR *dir = opendir(path);

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(below, sizeof(below), "%.3000s/%s", path, entry->d_name);
        if (lstat(below, &status) == 0 && S_ISDIR(status.st_mode))
            good &= fil_remove_all(below);
        else if (unlink(below) != 0)
            good = complain(below);
    }
    if (dir != NULL)
        closedir(dir);
    return (rmdir(path) == 0 || errno == ENOENT || complain(path)) && good;
}
