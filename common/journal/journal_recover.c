/* journal_recover.c - at open: which segments are there, and do they belong together?
 *
 * What a crash can leave, and what becomes of it:
 *
 *     next.tmp, register.tmp             half made: removed
 *     next.seg that continues the end    its rename was not durable yet: it is the last segment
 *     last segment without a whole head  its first frame was never synced: it is the spare again
 *     half a frame at the end            never acknowledged: cut off (journal_end.c)
 *     a segment below register's first   trimmed, but not yet removed: removed
 *
 * Everything else is damage, and said: with file and offset, and FR_CORRUPT.
 */
#include "common/journal/journal_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "common/base/log.h"

struct recovery {
    struct fr_journal *journal;
    struct fr_file *file;
    struct fr_complaint complaint;
    bool registered;                         /* the register is there */
    uint64_t trimmed_below;                  /* by the register */
    struct fr_cursor cursors[FR_CURSOR_MAX]; /* of the last segment's head */
    bool spare_ready;
};

static enum fr_error
complain_io(struct recovery *r, const char *what, const char *path)
{
    return fr_complain_io(r->complaint, what, path);
}

/* ---- directory, owner, register ---------------------------------------------------------------
 */

static enum fr_error
make_dir(struct recovery *r)
{
    const char *dir = r->file->dir;
    char parent[PATH_MAX];

    if (mkdir(dir, 0750) != 0)
        return errno == EEXIST ? FR_OK : complain_io(r, "cannot create", dir);
    return fr_dir_sync(fr_file_path(dir, "..", parent));
}

static enum fr_error
lock(struct recovery *r)
{
    char path[PATH_MAX];

    fr_file_path(r->file->dir, FR_OWNER_NAME, path);
    r->file->owner_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (r->file->owner_fd < 0)
        return complain_io(r, "cannot open", path);
    if (flock(r->file->owner_fd, LOCK_EX | LOCK_NB) == 0)
        return FR_OK;
    if (errno != EWOULDBLOCK)
        return complain_io(r, "cannot lock", path);
    fr_complain(r->complaint, "%s: another process owns this journal", path);
    return FR_LOCKED;
}

static enum fr_error
read_register(struct recovery *r)
{
    char path[PATH_MAX], text[FR_REGISTER_TEXT_SIZE];
    size_t size = sizeof(text);
    enum fr_error err;
    int fd = open(fr_file_path(r->file->dir, FR_REGISTER_NAME, path), O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOENT ? FR_OK : complain_io(r, "cannot open", path);
    err = fr_read_all(fd, text, &size, 0);
    if (err != FR_OK)
        complain_io(r, "cannot read", path);
    close(fd);
    if (err == FR_OK)
        err = fr_register_parse(&r->journal->readers, r->journal->name, &r->trimmed_below, text,
                                size);
    r->registered = err == FR_OK;
    if (err == FR_CORRUPT)
        fr_complain(r->complaint, "%s: offset 0: the register of readers is damaged", path);
    return err;
}

/* ---- segments ---------------------------------------------------------------------------------
 */

static bool
parse_name(const char *name, struct fr_segment *segment)
{
    char again[NAME_MAX];

    *segment = (struct fr_segment){0};
    if (sscanf(name, "%20" SCNu64 "-%20" SCNu64, &segment->head.base_seq,
               &segment->head.base_number) == 2)
        segment->twin = true;
    return strcmp(fr_segment_name(segment, again), name) == 0;
}

static int
by_base(const void *a, const void *b)
{
    const struct fr_segment *x = a, *y = b;

    if (x->head.base_seq != y->head.base_seq)
        return x->head.base_seq < y->head.base_seq ? -1 : 1;
    return (x->twin ? x->head.base_number : 0) < (y->twin ? y->head.base_number : 0) ? -1 : 1;
}

static enum fr_error
list(struct recovery *r)
{
    DIR *dir = opendir(r->file->dir);
    struct dirent *entry;
    struct fr_segment segment;
    enum fr_error err = FR_OK;

    if (dir == NULL)
        return complain_io(r, "cannot list", r->file->dir);
    while (err == FR_OK && (entry = readdir(dir)) != NULL)
        if (parse_name(entry->d_name, &segment))
            err = fr_file_add(r->file, &segment);
    closedir(dir);
    if (r->file->segment_count > 0)
        qsort(r->file->segments, r->file->segment_count, sizeof(segment), by_base);
    return err;
}

/* The head of one segment, which must be what its name says. */
static enum fr_error
read_head(struct recovery *r, struct fr_segment *segment)
{
    struct fr_segment_head head;
    char path[PATH_MAX];
    enum fr_error err =
        fr_segment_read(fr_segment_path(r->file->dir, segment, path), &head, r->cursors);

    if (err == FR_VERSION)
        fr_complain(r->complaint, "%s: written by a newer version", path);
    else if (err == FR_CORRUPT)
        fr_complain(r->complaint, "%s: offset 0: the segment's head is damaged", path);
    else if (err != FR_OK)
        complain_io(r, "cannot read", path);
    if (err != FR_OK)
        return err;
    if (strcmp(head.name, r->journal->name) != 0) {
        fr_complain(r->complaint, "%s: is of journal %s, not %s", path, head.name,
                    r->journal->name);
        return FR_INVALID;
    }
    if (head.base_seq != segment->head.base_seq ||
        (segment->twin && head.base_number != segment->head.base_number)) {
        fr_complain(r->complaint, "%s: offset 0: holds the head of another segment", path);
        return FR_CORRUPT;
    }
    segment->head = head;
    return FR_OK;
}

static enum fr_error
check_link(struct recovery *r, const struct fr_segment *before, const struct fr_segment *segment)
{
    char path[PATH_MAX];

    if (segment->head.previous_generation == before->head.generation &&
        segment->head.base_number > before->head.base_number &&
        segment->head.incarnation >= before->head.incarnation)
        return FR_OK;
    fr_complain(r->complaint, "%s: offset 0: does not continue the segment before it",
                fr_segment_path(r->file->dir, segment, path));
    return FR_CORRUPT;
}

/* Is any whole frame in the file that is not older than its name?  Its head being unreadable, this
 * tells a segment that was never begun from one that is damaged. */
static enum fr_error
holds_frames(struct recovery *r, struct fr_segment *segment, bool *answer)
{
    struct fr_place place;
    struct stat info;
    enum fr_error err;

    fr_place_init(&place);
    *answer = false;
    err = fr_place_enter(r->file, &place, segment);
    if (err == FR_OK && fstat(place.fd, &info) != 0)
        err = FR_IO;
    while (err == FR_OK && !*answer) {
        const struct fr_frame_head *frame;
        const struct fr_slot *slot = (const void *)fr_place_bytes(
            r->journal, &place, (uint64_t)info.st_size, FR_RECORDS_OFFSET, &err);

        if (slot == NULL)
            break;
        if (slot->magic == FR_SLOT_MAGIC) {
            segment->head.generation = slot->generation;
            *answer = fr_place_peek(r->journal, &place, segment, (uint64_t)info.st_size, &frame) ==
                          FR_OK &&
                      frame->first_seq >= segment->head.base_seq;
        }
        place.offset += FR_SECTOR;
    }
    fr_place_fini(&place);
    return err == FR_CORRUPT ? FR_OK : err; /* the file's end */
}

/* The last segment has no head.  If it holds no frame either, it goes back to being the spare. */
static enum fr_error
unbegin_last(struct recovery *r)
{
    struct fr_file *file = r->file;
    char from[PATH_MAX], to[PATH_MAX];
    bool damaged;
    enum fr_error err = holds_frames(r, fr_file_last(file), &damaged);

    if (err != FR_OK)
        return err;
    if (damaged)
        return FR_CORRUPT; /* read_head complained */
    fr_segment_path(file->dir, fr_file_last(file), from);
    file->segment_count--;
    if (r->journal->read_only)
        return FR_OK;
    fr_log(FR_WARN, "journal_segment_unbegun", "journal=%s file=%s", r->journal->name, from);
    if (rename(from, fr_file_path(file->dir, FR_SPARE_NAME, to)) != 0)
        return complain_io(r, "cannot rename", from);
    return FR_OK;
}

static enum fr_error
read_heads(struct recovery *r)
{
    struct fr_file *file = r->file;
    enum fr_error err = FR_OK;

    for (size_t i = 0; err == FR_OK && i < file->segment_count; i++) {
        err = read_head(r, &file->segments[i]);
        if (err == FR_CORRUPT && i + 1 == file->segment_count) {
            err = unbegin_last(r);
            if (err == FR_OK && i > 0) /* for its cursors */
                err = read_head(r, &file->segments[i - 1]);
        } else if (err == FR_OK && i > 0) {
            err = check_link(r, &file->segments[i - 1], &file->segments[i]);
        }
    }
    if (err == FR_OK)
        fr_complain(r->complaint, "%s", "");
    return err;
}

/* A recycled spare still has the head of its former life, which continued an older segment. */
static bool
continues(const struct fr_journal *journal, const struct fr_segment *last,
          const struct fr_segment *spare)
{
    if (strcmp(spare->head.name, journal->name) != 0)
        return false;
    if (last == NULL)
        return spare->head.previous_generation == 0 && spare->head.base_seq == 1;
    return spare->head.previous_generation == last->head.generation &&
           spare->head.base_number > last->head.base_number;
}

/* A spare whose head continues the last segment was in use when the machine stopped. */
static enum fr_error
adopt_spare(struct recovery *r)
{
    struct fr_file *file = r->file;
    struct fr_cursor cursors[FR_CURSOR_MAX];
    struct fr_segment spare = {0};
    const struct fr_segment *last = file->segment_count > 0 ? fr_file_last(file) : NULL;
    char from[PATH_MAX], to[PATH_MAX];
    enum fr_error err =
        fr_segment_read(fr_file_path(file->dir, FR_SPARE_NAME, from), &spare.head, cursors);

    if (err == FR_NOT_FOUND || err == FR_CORRUPT)
        return FR_OK;
    if (err != FR_OK)
        return complain_io(r, "cannot read", from);
    if (!continues(r->journal, last, &spare))
        return FR_OK;
    spare.twin = last != NULL && last->head.base_seq == spare.head.base_seq;
    if (r->journal->read_only) /* the owner is about to rename it: found there when it has */
        return FR_OK;
    if (rename(from, fr_segment_path(file->dir, &spare, to)) != 0)
        return complain_io(r, "cannot rename", from);
    memcpy(r->cursors, cursors, sizeof(cursors));
    return fr_file_add(file, &spare);
}

/* ---- all of it --------------------------------------------------------------------------------
 */

static void
clear_leftovers(struct recovery *r)
{
    char path[PATH_MAX];

    unlink(fr_file_path(r->file->dir, FR_SPARE_TMP_NAME, path));
    unlink(fr_file_path(r->file->dir, FR_REGISTER_TMP_NAME, path));
}

/* Whatever is called the spare now is one, if it has the size that is configured today. */
static void
look_at_spare(struct recovery *r)
{
    char path[PATH_MAX];
    struct stat info;

    fr_file_path(r->file->dir, FR_SPARE_NAME, path);
    if (stat(path, &info) != 0)
        return;
    r->spare_ready = (uint64_t)info.st_size == r->file->segment_size;
    if (!r->spare_ready)
        unlink(path);
}

/* Of twins the names do not tell whether they were trimmed; they stay, which does no harm. */
static enum fr_error
drop_trimmed(struct recovery *r)
{
    struct fr_file *file = r->file;
    const struct fr_segment *segments = file->segments;
    char path[PATH_MAX];
    size_t count = 0;

    while (count + 1 < file->segment_count &&
           segments[count + 1].head.base_seq <= r->trimmed_below &&
           segments[count + 1].head.base_seq > segments[count].head.base_seq)
        count++;
    for (size_t i = 0; i < count && !r->journal->read_only; i++)
        if (unlink(fr_segment_path(file->dir, &segments[i], path)) != 0 && errno != ENOENT)
            return complain_io(r, "cannot remove", path);
    if (count > 0) {
        file->segment_count -= count;
        memmove(file->segments, segments + count, file->segment_count * sizeof(*segments));
    }
    return FR_OK;
}

/* The first segment of a new journal is made while the caller waits: no bigger than one frame
 * needs. */
static enum fr_error
begin_journal(struct recovery *r)
{
    struct fr_file *file = r->file;
    size_t usual = file->segment_size;
    size_t size = usual < FR_FIRST_SEGMENT_SIZE ? usual : FR_FIRST_SEGMENT_SIZE;
    enum fr_error err;

    err = fr_spare_make(file->dir, size);
    if (err == FR_OK)
        err = fr_spare_new(file->dir, usual, true, &file->spare);
    file->segment_size = size;
    if (err == FR_OK)
        err = fr_file_switch(r->journal, r->journal->incarnation);
    file->segment_size = usual;
    if (err == FR_OK && fsync(file->fd) != 0)
        err = FR_IO;
    return err == FR_OK ? FR_OK : complain_io(r, "cannot make the first segment in", file->dir);
}

static enum fr_error
continue_journal(struct recovery *r)
{
    struct fr_journal *journal = r->journal;
    const struct fr_segment *last = fr_file_last(r->file);
    enum fr_error err;

    journal->start = fr_segment_start(&r->file->segments[0]);
    journal->end = fr_segment_start(last);
    journal->incarnation = last->head.incarnation;
    fr_journal_adopt_cursors(journal, r->cursors, last->head.cursor_count);
    err = fr_end_find(journal, r->complaint);
    if (err == FR_OK && !journal->read_only)
        err = fr_spare_new(r->file->dir, r->file->segment_size, r->spare_ready, &r->file->spare);
    return err;
}

static enum fr_error
no_segments(struct recovery *r)
{
    if (r->registered) {
        fr_complain(r->complaint, "%s: holds a register of readers, but no segment", r->file->dir);
        return FR_CORRUPT;
    }
    if (r->journal->read_only) {
        fr_complain(r->complaint, "%s: holds no journal", r->file->dir);
        return FR_NOT_FOUND;
    }
    return begin_journal(r);
}

static enum fr_error
recover(struct recovery *r)
{
    struct fr_file *file = r->file;
    bool writer = !r->journal->read_only;
    enum fr_error err = writer ? make_dir(r) : FR_OK;

    if (err == FR_OK && writer)
        err = lock(r);
    if (err == FR_OK && writer)
        clear_leftovers(r);
    if (err == FR_OK)
        err = list(r);
    if (err == FR_OK)
        err = read_register(r);
    if (err == FR_OK)
        err = drop_trimmed(r);
    if (err == FR_OK)
        err = read_heads(r);
    if (err == FR_OK)
        err = adopt_spare(r);
    if (err == FR_OK && writer)
        look_at_spare(r);
    if (err == FR_OK)
        err = file->segment_count == 0 ? no_segments(r) : continue_journal(r);
    if (err == FR_OK && writer && fr_dir_sync(file->dir) != FR_OK)
        err = complain_io(r, "cannot sync", file->dir);
    return err;
}

enum fr_error
fr_file_open(struct fr_journal *journal, const struct fr_journal_options *options,
             struct fr_complaint complaint)
{
    struct recovery recovery = {.journal = journal, .complaint = complaint};
    struct fr_file *file = calloc(1, sizeof(*file));

    if (file == NULL)
        return FR_NO_MEMORY;
    journal->state = recovery.file = file;
    file->owner_fd = file->fd = -1;
    fr_place_init(&file->scrub);
    fr_place_init(&file->end);
    file->disk_free = UINT64_MAX;
    file->segment_size = options->segment_size;
    file->segment_limit = UINT64_MAX;
    if (options->size_max != 0) /* one to write, one to trim: fewer would never go on */
        file->segment_limit = options->size_max / options->segment_size < 2
                                  ? 2
                                  : options->size_max / options->segment_size;
    if (strlen(options->dir) + NAME_MAX >= PATH_MAX) {
        fr_complain(complaint, "the name of the directory is too long");
        return FR_INVALID;
    }
    file->dir = strdup(options->dir);
    return file->dir == NULL ? FR_NO_MEMORY : recover(&recovery);
}
