/* journal_stock.c - trimmed segments that are kept to be written again.
 *
 *     000...N.seg --trimmed--> stock-1.seg  stock-2.seg ... --wanted--> next.seg
 *                                  |
 *                                  +--not wanted--> shorter, shorter, gone
 *
 * A segment taken from here costs two renames; a new one costs writing zeros over its whole size,
 * and a removed one keeps the disk busy with forgetting its blocks (ext4 with `discard`: tens of
 * milliseconds for 16 MiB), for which the syncs of frames have to wait.  So a file goes a step at a
 * time, and who calls may let the disk breathe between two steps.
 *
 * In the array the files of the right size stand last, and the one put in last is taken first: most
 * of it is still in the page cache.
 */
#include "common/journal/journal_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP_SIZE (1u << 20) /* given back at a time: some milliseconds where a discard is slow */

static const char *
path_of(const struct fr_stock *stock, uint64_t number, char *path)
{
    char name[NAME_MAX];

    snprintf(name, sizeof(name), "stock-%" PRIu64 ".seg", number);
    return fr_file_path(stock->dir, name, path);
}

static void
forget(struct fr_stock *stock, size_t index)
{
    stock->size -= stock->files[index].size;
    stock->count--;
    memmove(stock->files + index, stock->files + index + 1,
            (stock->count - index) * sizeof(*stock->files));
}

static bool
make_room(struct fr_stock *stock)
{
    size_t max = stock->max * 2 + 16;
    struct fr_stock_file *files;

    if (stock->count < stock->max)
        return true;
    files = realloc(stock->files, max * sizeof(*files));
    if (files == NULL)
        return false;
    stock->files = files;
    stock->max = max;
    return true;
}

/* make_room said yes. */
static void
add(struct fr_stock *stock, uint64_t number, uint64_t size)
{
    size_t at = size == stock->segment_size ? stock->count : 0;

    memmove(stock->files + at + 1, stock->files + at, (stock->count - at) * sizeof(*stock->files));
    stock->files[at] = (struct fr_stock_file){.number = number, .size = size};
    stock->count++;
    stock->size += size;
    if (stock->last_number < number)
        stock->last_number = number;
}

/* ---- leftovers of a run before this one -------------------------------------------------------
 */

static enum fr_error
adopt(struct fr_stock *stock, const char *name)
{
    char path[PATH_MAX], *end;
    uint64_t number;
    struct stat info;

    if (strncmp(name, "stock-", 6) != 0)
        return FR_OK;
    number = strtoull(name + 6, &end, 10);
    if (end == name + 6 || strcmp(end, ".seg") != 0)
        return FR_OK;
    if (stat(path_of(stock, number, path), &info) != 0)
        return errno == ENOENT ? FR_OK : FR_IO;
    if (!make_room(stock))
        return FR_NO_MEMORY;
    add(stock, number, (uint64_t)info.st_size);
    return FR_OK;
}

enum fr_error
fr_stock_open(struct fr_stock *stock, const char *dir, size_t segment_size)
{
    DIR *list = opendir(dir);
    struct dirent *entry;
    enum fr_error err = FR_OK;

    *stock = (struct fr_stock){.dir = dir, .segment_size = segment_size};
    if (list == NULL)
        return FR_IO;
    while (err == FR_OK && (entry = readdir(list)) != NULL)
        err = adopt(stock, entry->d_name);
    closedir(list);
    if (err != FR_OK)
        fr_stock_close(stock);
    return err;
}

void
fr_stock_close(struct fr_stock *stock)
{
    free(stock->files);
    *stock = (struct fr_stock){0};
}

/* ---- in and out -------------------------------------------------------------------------------
 */

static enum fr_error
remove_path(const char *path)
{
    return unlink(path) == 0 || errno == ENOENT ? FR_OK : fr_error_of(errno);
}

/* Without memory, or on a disk too full for another name, the file is removed instead. */
enum fr_error
fr_stock_put(struct fr_stock *stock, const char *name)
{
    char from[PATH_MAX], to[PATH_MAX];
    struct stat info;

    fr_file_path(stock->dir, name, from);
    if (stat(from, &info) != 0)
        return errno == ENOENT ? FR_OK : FR_IO;
    if (!make_room(stock))
        return remove_path(from);
    if (rename(from, path_of(stock, stock->last_number + 1, to)) != 0)
        return fr_error_of(errno) == FR_FULL ? remove_path(from) : FR_IO;
    add(stock, stock->last_number + 1, (uint64_t)info.st_size);
    return FR_OK;
}

bool
fr_stock_ready(const struct fr_stock *stock)
{
    return stock->count > 0 && stock->files[stock->count - 1].size == stock->segment_size;
}

/* A file that somebody removed by hand is only missed. */
enum fr_error
fr_stock_take(struct fr_stock *stock)
{
    char from[PATH_MAX], to[PATH_MAX];

    fr_file_path(stock->dir, FR_SPARE_NAME, to);
    while (fr_stock_ready(stock)) {
        int failed = rename(path_of(stock, stock->files[stock->count - 1].number, from), to);

        if (failed && errno != ENOENT)
            return fr_error_of(errno);
        forget(stock, stock->count - 1);
        if (!failed)
            return FR_OK;
    }
    return FR_NOT_FOUND;
}

/* ---- giving back ------------------------------------------------------------------------------
 */

bool
fr_stock_exceeds(const struct fr_stock *stock, size_t wanted)
{
    return stock->count > wanted ||
           (stock->count > 0 && stock->files[0].size != stock->segment_size);
}

static enum fr_error
cut_to(const char *path, uint64_t size)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    enum fr_error err = FR_OK;

    if (fd < 0)
        return errno == ENOENT ? FR_OK : fr_error_of(errno);
    if (ftruncate(fd, (off_t)size) != 0)
        err = fr_error_of(errno);
    close(fd);
    return err;
}

/* Small segments go in steps as well. */
static uint64_t
step_size(const struct fr_stock *stock)
{
    return stock->segment_size / 4 < STEP_SIZE ? stock->segment_size / 4 : STEP_SIZE;
}

/* One that is too big may become good on its way. */
enum fr_error
fr_stock_give_back(struct fr_stock *stock)
{
    struct fr_stock_file file = stock->files[0];
    uint64_t step = step_size(stock);
    char path[PATH_MAX];
    enum fr_error err;

    path_of(stock, file.number, path);
    err = file.size <= step ? remove_path(path) : cut_to(path, file.size - step);
    if (err != FR_OK)
        return err;
    forget(stock, 0);
    if (file.size > step)
        add(stock, file.number, file.size - step);
    return FR_OK;
}

enum fr_error
fr_stock_empty(struct fr_stock *stock)
{
    char path[PATH_MAX];
    enum fr_error err = FR_OK;

    while (err == FR_OK && stock->count > 0) {
        err = remove_path(path_of(stock, stock->files[0].number, path));
        if (err == FR_OK)
            forget(stock, 0);
    }
    return err;
}

/* ---- demand -----------------------------------------------------------------------------------
 */

void
fr_demand_note(struct fr_demand *demand, struct fr_span now)
{
    demand->at[demand->count++ % FR_STOCK_MAX] = now;
}

size_t
fr_demand_lately(const struct fr_demand *demand, struct fr_span now)
{
    size_t lately = 0;

    while (lately < demand->count && lately < FR_STOCK_MAX &&
           now.us - demand->at[(demand->count - 1 - lately) % FR_STOCK_MAX].us < FR_DEMAND_US)
        lately++;
    return lately;
}
