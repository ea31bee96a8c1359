/* cas.c - files named by what they hold.  See cas.h. */
#include "services/channel_email/cas.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PIECE_SIZE 65536
#define NEW_PREFIX ".new-"
#define NEW_AGE_S                                                                                  \
    3600 /* what a crash left behind; another process may be writing a younger one                 \
          */

struct email_cas {
    int dir;
    atomic_uint names; /* of new files, unique within the process */
};

static enum fr_error
trouble(void)
{
    return errno == ENOSPC || errno == EDQUOT ? FR_FULL : FR_IO;
}

static void
remove_leftovers(int dir)
{
    int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copy < 0 ? NULL : fdopendir(copy);
    struct dirent *entry;

    while (list != NULL && (entry = readdir(list)) != NULL) {
        struct stat info;

        if (strncmp(entry->d_name, NEW_PREFIX, strlen(NEW_PREFIX)) == 0 &&
            fstatat(dir, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
            time(NULL) - info.st_mtime > NEW_AGE_S)
            unlinkat(dir, entry->d_name, 0);
    }
    if (list != NULL)
        closedir(list);
    else if (copy >= 0)
        close(copy);
}

enum fr_error
email_cas_open(const char *dir, struct email_cas **cas)
{
    struct email_cas *made;

    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return trouble();
    made = calloc(1, sizeof(*made));
    if (made == NULL)
        return FR_NO_MEMORY;
    made->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (made->dir < 0) {
        free(made);
        return FR_IO;
    }
    remove_leftovers(made->dir);
    *cas = made;
    return FR_OK;
}

void
email_cas_close(struct email_cas **cas)
{
    if (*cas == NULL)
        return;
    close((*cas)->dir);
    free(*cas);
    *cas = NULL;
}

void
email_cas_path(const uint8_t sha256[EMAIL_SHA256_SIZE], char path[EMAIL_CAS_PATH_SIZE])
{
    char hex[EMAIL_SHA256_SIZE * 2 + 1];

    sodium_bin2hex(hex, sizeof(hex), sha256, EMAIL_SHA256_SIZE);
    snprintf(path, EMAIL_CAS_PATH_SIZE, "%.2s/%s", hex, hex + 2);
}

struct writing { /* a file that has no name yet */
    int fd;
    char name[64];
    crypto_hash_sha256_state hash;
};

static enum fr_error
begin(struct email_cas *cas, struct writing *writing)
{
    snprintf(writing->name, sizeof(writing->name), NEW_PREFIX "%d-%u", (int)getpid(),
             atomic_fetch_add(&cas->names, 1));
    unlinkat(cas->dir, writing->name, 0); /* of an earlier process with our number */
    writing->fd =
        openat(cas->dir, writing->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    crypto_hash_sha256_init(&writing->hash);
    return writing->fd < 0 ? trouble() : FR_OK;
}

static enum fr_error
add(struct writing *writing, const void *data, size_t size)
{
    const char *at = data;

    crypto_hash_sha256_update(&writing->hash, data, size);
    while (size > 0) {
        ssize_t done = write(writing->fd, at, size);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return trouble();
        at += done;
        size -= (size_t)done;
    }
    return FR_OK;
}

static void
give_up(struct email_cas *cas, struct writing *writing)
{
    close(writing->fd);
    unlinkat(cas->dir, writing->name, 0);
}

static enum fr_error
sync_folder(struct email_cas *cas, const char *name)
{
    int fd = openat(cas->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed = fd < 0 || fsync(fd) != 0;

    if (fd >= 0)
        close(fd);
    return failed ? trouble() : FR_OK;
}

/* Bytes first, then the name, then the folder that holds the name. */
static enum fr_error
finish(struct email_cas *cas, struct writing *writing, const uint8_t sha256[EMAIL_SHA256_SIZE])
{
    char path[EMAIL_CAS_PATH_SIZE], folder[3];
    bool fresh;

    email_cas_path(sha256, path);
    memcpy(folder, path, 2);
    folder[2] = '\0';
    fresh = mkdirat(cas->dir, folder, 0700) == 0;
    if ((!fresh && errno != EEXIST) || fsync(writing->fd) != 0 ||
        renameat(cas->dir, writing->name, cas->dir, path) != 0) {
        enum fr_error err = trouble();

        give_up(cas, writing);
        return err;
    }
    close(writing->fd);
    if (sync_folder(cas, folder) != FR_OK || (fresh && sync_folder(cas, ".") != FR_OK))
        return FR_IO;
    return FR_OK;
}

/* Is it there already, whole?  Then it is only made young again. */
static bool
there(struct email_cas *cas, const uint8_t sha256[EMAIL_SHA256_SIZE], uint64_t size)
{
    char path[EMAIL_CAS_PATH_SIZE];
    struct stat info;

    email_cas_path(sha256, path);
    return fstatat(cas->dir, path, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode) &&
           (uint64_t)info.st_size == size && utimensat(cas->dir, path, NULL, 0) == 0;
}

enum fr_error
email_cas_put(struct email_cas *cas, struct fr_slice bytes, uint8_t sha256[EMAIL_SHA256_SIZE])
{
    struct writing writing;
    enum fr_error err;

    crypto_hash_sha256(sha256, bytes.data, bytes.size);
    if (there(cas, sha256, bytes.size))
        return FR_OK;
    err = begin(cas, &writing);
    if (err != FR_OK)
        return err;
    err = add(&writing, bytes.data, bytes.size);
    if (err != FR_OK) {
        give_up(cas, &writing);
        return err;
    }
    return finish(cas, &writing, sha256);
}

static enum fr_error
copy(struct writing *writing, int fd, uint64_t offset, uint64_t size)
{
    char piece[PIECE_SIZE];

    while (size > 0) {
        size_t want = size < sizeof(piece) ? (size_t)size : sizeof(piece);
        ssize_t got = pread(fd, piece, want, (off_t)offset);
        enum fr_error err;

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return FR_IO;
        if (got == 0)
            return FR_CORRUPT;
        err = add(writing, piece, (size_t)got);
        if (err != FR_OK)
            return err;
        offset += (uint64_t)got;
        size -= (uint64_t)got;
    }
    return FR_OK;
}

/* Written and hashed even where the store seems to have it: what is claimed must be true. */
enum fr_error
email_cas_put_file(struct email_cas *cas, int fd, uint64_t offset, uint64_t size,
                   const uint8_t sha256[EMAIL_SHA256_SIZE])
{
    uint8_t found[EMAIL_SHA256_SIZE];
    struct writing writing;
    enum fr_error err = begin(cas, &writing);

    if (err != FR_OK)
        return err;
    err = copy(&writing, fd, offset, size);
    crypto_hash_sha256_final(&writing.hash, found);
    if (err == FR_OK && sodium_memcmp(found, sha256, sizeof(found)) != 0)
        err = FR_CORRUPT;
    if (err != FR_OK || there(cas, sha256, size)) {
        give_up(cas, &writing);
        return err;
    }
    return finish(cas, &writing, sha256);
}

enum fr_error
email_cas_get(struct email_cas *cas, const uint8_t sha256[EMAIL_SHA256_SIZE], int *fd,
              uint64_t *size)
{
    char path[EMAIL_CAS_PATH_SIZE];
    struct stat info;
    int opened;

    email_cas_path(sha256, path);
    opened = openat(cas->dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (opened < 0)
        return errno == ENOENT ? FR_NOT_FOUND : FR_IO;
    if (fstat(opened, &info) != 0) {
        close(opened);
        return FR_IO;
    }
    *fd = opened;
    *size = (uint64_t)info.st_size;
    return FR_OK;
}

enum fr_error
email_cas_remove(struct email_cas *cas, const uint8_t sha256[EMAIL_SHA256_SIZE])
{
    char path[EMAIL_CAS_PATH_SIZE];

    email_cas_path(sha256, path);
    if (unlinkat(cas->dir, path, 0) != 0)
        return errno == ENOENT ? FR_NOT_FOUND : FR_IO;
    return FR_OK;
}

static DIR *
open_folder(int dir, const char *name)
{
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);

    if (list == NULL && fd >= 0)
        close(fd);
    return list;
}

/* "ab" and the other 62 digits as 32 bytes; false: somebody else's file. */
static bool
named(const char *folder, const char *file, uint8_t sha256[EMAIL_SHA256_SIZE])
{
    char hex[EMAIL_SHA256_SIZE * 2 + 1];
    size_t size;

    if (strlen(folder) != 2 || strlen(file) != EMAIL_SHA256_SIZE * 2 - 2)
        return false;
    memcpy(hex, folder, 2);
    memcpy(hex + 2, file, sizeof(hex) - 2);
    return sodium_hex2bin(sha256, EMAIL_SHA256_SIZE, hex, sizeof(hex) - 1, NULL, &size, NULL) ==
               0 &&
           size == EMAIL_SHA256_SIZE;
}

static enum fr_error
walk_folder(DIR *list, const char *folder,
            enum fr_error (*each)(void *, const uint8_t *, uint64_t, int64_t), void *context)
{
    enum fr_error err = FR_OK;
    struct dirent *entry;

    while (err == FR_OK && (entry = readdir(list)) != NULL) {
        uint8_t sha256[EMAIL_SHA256_SIZE];
        struct stat info;

        if (named(folder, entry->d_name, sha256) &&
            fstatat(dirfd(list), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0)
            err = each(context, sha256, (uint64_t)info.st_size, info.st_mtime);
    }
    return err;
}

enum fr_error
email_cas_walk(struct email_cas *cas,
               enum fr_error (*each)(void *context, const uint8_t sha256[EMAIL_SHA256_SIZE],
                                     uint64_t size, int64_t modified_s),
               void *context)
{
    enum fr_error err = FR_OK;

    for (unsigned i = 0; i < 256 && err == FR_OK; i++) {
        char folder[3];
        DIR *list;

        snprintf(folder, sizeof(folder), "%02x", i);
        list = open_folder(cas->dir, folder);
        if (list == NULL)
            continue;
        err = walk_folder(list, folder, each, context);
        closedir(list);
    }
    return err;
}
