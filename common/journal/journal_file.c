/* journal_file.c - frames into segment files: one write and one fdatasync each.
 *
 *     00000000000000000001.seg  ...  00000000000000917223.seg   next.seg    register   owner
 *     trimmed when passed            written here          --->  the spare
 *
 * A segment's every byte was written before its first frame, so that fdatasync has data to write
 * and no metadata.  A switch to the next segment is cheap as well: the spare's head is written and
 * synced, and the rename that gives it its name need not be durable, because at open a spare whose
 * head continues the journal is taken for what it is (journal_recover.c).
 */
#include "common/journal/journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "common/base/log.h"

#define SPARE_WANTED_AT                                                                            \
    4 /* when one part in so many of a segment is used, the next is prepared                       \
       */
#define DISK_ASKED_EVERY_US 1000000

enum fr_error
fr_file_add(struct fr_file *file, const struct fr_segment *segment)
{
    if (file->segment_count == file->segment_max) {
        size_t max = file->segment_max * 2 + 16;
        struct fr_segment *segments = realloc(file->segments, max * sizeof(*segments));

        if (segments == NULL)
            return FR_NO_MEMORY;
        file->segments = segments;
        file->segment_max = max;
    }
    file->segments[file->segment_count++] = *segment;
    return FR_OK;
}

/* Random, so that no slot of any former life of the file can pass for one of this life. */
static uint64_t
new_generation(void)
{
    uint64_t generation = 0;

    while (generation == 0)
        if (getrandom(&generation, sizeof(generation), 0) != sizeof(generation))
            generation =
                (uint64_t)fr_time_wall().unix_us * 0x9e3779b97f4a7c15u ^ (uint64_t)getpid();
    return generation;
}

static struct fr_segment
next_segment(const struct fr_journal *journal, uint32_t incarnation)
{
    const struct fr_file *file = fr_file_of(journal);
    struct fr_segment next = {.head = {.size = file->segment_size,
                                       .generation = new_generation(),
                                       .base_seq = journal->end.seq + 1,
                                       .base_number = journal->end.number + 1,
                                       .hash_before = journal->end.hash,
                                       .time_before_us = journal->end.time_us,
                                       .incarnation = incarnation}};

    if (file->segment_count > 0) {
        next.head.previous_generation = fr_file_last(file)->head.generation;
        next.twin = fr_file_last(file)->head.base_seq == next.head.base_seq;
    }
    return next;
}

/* Does the last segment hold no frame yet?  Then the new one takes its place and its name. */
static bool
last_is_empty(const struct fr_journal *journal)
{
    const struct fr_file *file = fr_file_of(journal);

    return file->segment_count > 0 &&
           fr_file_last(file)->head.base_number == journal->end.number + 1;
}

/* Writes the head into the spare.  It gets a sync of its own, one for a whole segment: shared with
 * the first frame's, a power cut could keep that frame and lose the head, and opening could not
 * tell this from damage. */
static enum fr_error
head_the_spare(struct fr_journal *journal, struct fr_segment *next, int *out)
{
    char path[PATH_MAX];
    enum fr_error err;
    int fd = open(fr_file_path(fr_file_of(journal)->dir, FR_SPARE_NAME, path), O_RDWR | O_CLOEXEC);

    if (fd < 0)
        return FR_IO;
    err = fr_segment_write(fd, &next->head, journal);
    if (err == FR_OK && fdatasync(fd) != 0)
        err = FR_IO;
    if (err == FR_OK)
        *out = fd;
    else
        close(fd);
    return err;
}

static enum fr_error
rename_spare(const struct fr_file *file, const struct fr_segment *next)
{
    char from[PATH_MAX], to[PATH_MAX];

    fr_file_path(file->dir, FR_SPARE_NAME, from);
    fr_segment_path(file->dir, next, to);
    return rename(from, to) == 0 ? FR_OK : fr_error_of(errno);
}

enum fr_error
fr_file_switch(struct fr_journal *journal, uint32_t incarnation)
{
    struct fr_file *file = fr_file_of(journal);
    bool replaces = last_is_empty(journal);
    struct fr_segment next = next_segment(journal, incarnation);
    enum fr_error err;
    int fd = -1;

    if (replaces) {
        next.twin = fr_file_last(file)->twin;
        next.head.previous_generation = fr_file_last(file)->head.previous_generation;
    } else if (file->segment_count >= file->segment_limit) {
        return FR_FULL;
    }
    err = fr_spare_wait(file->spare);
    if (err == FR_OK)
        err = head_the_spare(journal, &next, &fd);
    if (err == FR_OK && !replaces)
        err = fr_file_add(file, &next);
    if (err != FR_OK)
        return err;
    err = rename_spare(file, &next);
    if (err != FR_OK) {
        close(fd);
        file->segment_count -= replaces ? 0 : 1;
        return err;
    }
    if (replaces) {
        fr_segment_fini(fr_file_last(file));
        *fr_file_last(file) = next;
    }
    fr_spare_taken(file->spare, file->segment_count < file->segment_limit);
    if (file->fd >= 0)
        close(file->fd);
    file->fd = fd;
    file->offset = FR_SEGMENT_HEAD_SIZE;
    file->disk_asked = (struct fr_span){0};
    return FR_OK;
}

static enum fr_error
file_write(struct fr_journal *journal, struct fr_slot *slot, size_t slot_size)
{
    struct fr_file *file = fr_file_of(journal);
    const struct fr_frame_head *frame = (const struct fr_frame_head *)(slot + 1);
    struct fr_segment *last = fr_file_last(file);
    enum fr_error err;

    if (fr_spare_failed(file->spare))
        return FR_IO;
    if (file->offset + slot_size > last->head.size ||
        frame->incarnation != last->head.incarnation) {
        err = fr_file_switch(journal, frame->incarnation);
        if (err != FR_OK)
            return err;
        last = fr_file_last(file);
    }
    *slot = (struct fr_slot){.magic = FR_SLOT_MAGIC, .generation = last->head.generation};
    err = fr_write_all(file->fd, slot, slot_size, file->offset);
    if (err != FR_OK)
        return err;
    if (fdatasync(file->fd) != 0)
        return FR_IO; /* whatever errno says: what is on the disk is now unknown */
    journal->stats.syncs++;
    fr_segment_mark(last, frame, file->offset);
    file->offset += slot_size;
    if (file->offset > last->head.size / SPARE_WANTED_AT &&
        file->segment_count < file->segment_limit)
        fr_spare_want(file->spare);
    return FR_OK;
}

static void
file_close(struct fr_journal *journal)
{
    struct fr_file *file = fr_file_of(journal);

    if (file == NULL)
        return;
    fr_spare_free(&file->spare);
    fr_place_fini(&file->scrub);
    fr_place_fini(&file->end);
    for (size_t i = 0; i < file->segment_count; i++)
        fr_segment_fini(&file->segments[i]);
    free(file->segments);
    if (file->fd >= 0)
        close(file->fd);
    if (file->owner_fd >= 0)
        close(file->owner_fd);
    free(file->dir);
    free(file);
    journal->state = NULL;
}

/* Only a new segment says so: the first frame of the new incarnation goes into it, and until then
 * it is the (empty) last one.  Its size does not matter much. */
enum fr_error
fr_journal_new_incarnation(const char *dir, const char *name)
{
    struct fr_journal_options options = {
        .dir = dir, .name = name, .segment_size = FR_FIRST_SEGMENT_SIZE};
    struct fr_journal *journal = NULL;
    enum fr_error err = fr_journal_open(&options, &journal, NULL, 0);

    if (err != FR_OK)
        return err;
    err = fr_file_switch(journal, journal->incarnation + 1);
    if (err == FR_OK && fdatasync(fr_file_of(journal)->fd) != 0)
        err = FR_IO;
    if (err == FR_OK)
        err = fr_dir_sync(dir);
    fr_journal_free(&journal);
    return err;
}

/* ---- keeping, trimming, pressure --------------------------------------------------------------
 */

static enum fr_error
file_keep_register(struct fr_journal *journal)
{
    char text[FR_REGISTER_TEXT_SIZE];
    size_t size = fr_register_print(&journal->readers, journal->name, journal->start.seq + 1, text);

    return fr_spare_keep_register(fr_file_of(journal)->spare, text, size);
}

static size_t
segments_passed(const struct fr_file *file, uint64_t last_seq, int64_t time_us)
{
    size_t count = 0;

    while (count + 1 < file->segment_count) {
        const struct fr_segment_head *next = &file->segments[count + 1].head;

        if (next->base_seq - 1 > last_seq || next->time_before_us > time_us)
            break;
        count++;
    }
    return count;
}

static char **
names_of(const struct fr_file *file, size_t count)
{
    char **names = calloc(count, sizeof(*names));
    char name[NAME_MAX];

    for (size_t i = 0; names != NULL && i < count; i++) {
        names[i] = strdup(fr_segment_name(&file->segments[i], name));
        fr_assert(names[i] != NULL);
    }
    return names;
}

/* The files are dealt with by the spare's thread; for everybody else they are gone now. */
static enum fr_error
file_trim(struct fr_journal *journal, uint64_t last_seq, int64_t time_us)
{
    struct fr_file *file = fr_file_of(journal);
    size_t count = segments_passed(file, last_seq, time_us), size;
    char text[FR_REGISTER_TEXT_SIZE], **names;

    if (fr_spare_failed(file->spare))
        return FR_IO;
    if (count == 0) {
        fr_spare_look(file->spare);
        return FR_OK;
    }
    names = names_of(file, count);
    if (names == NULL)
        return FR_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        fr_segment_fini(&file->segments[i]);
    file->segment_count -= count;
    memmove(file->segments, file->segments + count, file->segment_count * sizeof(*file->segments));
    journal->start = fr_segment_start(&file->segments[0]);
    size = fr_register_print(&journal->readers, journal->name, journal->start.seq + 1, text);
    file->disk_asked = (struct fr_span){0};
    return fr_spare_discard(file->spare, names, count, text, size);
}

static uint64_t
disk_free(struct fr_file *file)
{
    struct fr_span now = fr_time_monotonic();
    struct statvfs disk;

    if (file->disk_asked.us == 0 || now.us - file->disk_asked.us >= DISK_ASKED_EVERY_US) {
        file->disk_asked = now;
        if (statvfs(file->dir, &disk) == 0)
            file->disk_free = (uint64_t)disk.f_bavail * disk.f_frsize;
    }
    return file->disk_free;
}

/* What can still be written: the rest of this segment and as many more as limit and disk allow.
 * Files in stock are as good as free space. */
static uint64_t
room(struct fr_file *file)
{
    uint64_t rest = fr_file_last(file)->head.size - file->offset;
    uint64_t by_limit =
        file->segment_limit > file->segment_count ? file->segment_limit - file->segment_count : 0;
    uint64_t by_disk =
        disk_free(file) / file->segment_size + fr_spare_size(file->spare) / file->segment_size;
    uint64_t more = by_limit < by_disk ? by_limit : by_disk;

    if (more > UINT64_MAX / 2 / file->segment_size)
        return UINT64_MAX;
    return rest + more * file->segment_size;
}

static enum fr_pressure
file_pressure(struct fr_journal *journal)
{
    uint64_t left;

    if (journal->read_only)
        return FR_PRESSURE_NONE;
    fr_journal_settle(journal);
    left = room(fr_file_of(journal));
    if (left < fr_slot_size(journal->frame_size_max))
        return FR_PRESSURE_FULL;
    return left < journal->reserve ? FR_PRESSURE_INTAKE : FR_PRESSURE_NONE;
}

static void
file_stats(const struct fr_journal *journal, struct fr_journal_stats *stats)
{
    const struct fr_file *file = fr_file_of(journal);

    stats->size = 0;
    for (size_t i = 0; i < file->segment_count; i++)
        stats->size += file->segments[i].head.size;
    if (file->spare != NULL)
        stats->size += fr_spare_size(file->spare);
    stats->segments = (uint32_t)file->segment_count;
}

const struct fr_backend fr_backend_file = {
    .open = fr_file_open,
    .close = file_close,
    .write = file_write,
    .locate = fr_file_locate,
    .fetch = fr_file_fetch,
    .refresh = fr_file_refresh,
    .keep_register = file_keep_register,
    .trim = file_trim,
    .pressure = file_pressure,
    .stats = file_stats,
    .verify = fr_file_verify,
    .scrub = fr_file_scrub,
};
