/* journal_copy.c - the files of a journal up to a frame, copied while its owner writes on: backups.
 *
 * Segments are copied as they are, the last one only up to the frame; what would follow stays
 * zeros, so that the copy opens like a journal that ended there.
 */
#include "common/journal/journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define STEP_SIZE (1u << 20)

struct copying {
    struct fr_journal *from;
    const char *dir;
    uint8_t *buffer; /* STEP_SIZE */
    fr_progress_fn *each;
    void *context;
    uint64_t done, all;
};

static enum fr_error
copy_bytes(struct copying *copying, int from, int to, uint64_t end)
{
    for (uint64_t at = 0; at < end;) {
        size_t size = end - at < STEP_SIZE ? (size_t)(end - at) : STEP_SIZE;
        enum fr_error err = fr_read_all(from, copying->buffer, &size, at);

        if (err == FR_OK && size == 0)
            return FR_CORRUPT; /* shorter than its head says */
        if (err == FR_OK)
            err = fr_write_all(to, copying->buffer, size, at);
        if (err != FR_OK)
            return err;
        at += size;
        copying->done += size;
        if (copying->each != NULL)
            copying->each(copying->context, copying->done, copying->all);
    }
    return FR_OK;
}

static enum fr_error
copy_segment(struct copying *copying, const struct fr_segment *segment, uint64_t end)
{
    const char *from_dir = fr_file_of(copying->from)->dir;
    char path[PATH_MAX];
    enum fr_error err = FR_OK;
    int from = open(fr_segment_path(from_dir, segment, path), O_RDONLY | O_CLOEXEC), to;

    if (from < 0)
        return errno == ENOENT ? FR_TRUNCATED : fr_error_of(errno);
    to = open(fr_segment_path(copying->dir, segment, path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
              0600);
    if (to < 0)
        err = fr_error_of(errno);
    if (err == FR_OK)
        err = copy_bytes(copying, from, to, end);
    if (err == FR_OK && (ftruncate(to, (off_t)segment->head.size) != 0 || fsync(to) != 0))
        err = fr_error_of(errno);
    if (to >= 0)
        close(to);
    close(from);
    if (err == FR_OK && fr_segment_is_gone(from_dir, segment))
        err = FR_TRUNCATED; /* trimmed and used again while we read it */
    return err;
}

/* Where frame `number`, which lies in `segment`, ends in it; its head alone for the frame before.
 */
static enum fr_error
end_in(struct fr_journal *from, const struct fr_segment *segment, uint64_t number, uint64_t *end)
{
    const struct fr_frame_head *frame;
    struct fr_place place;
    struct fr_hold *hold;
    enum fr_error err;

    *end = FR_SEGMENT_HEAD_SIZE;
    if (segment->head.base_number > number)
        return FR_OK;
    fr_place_init(&place);
    err = fr_file_locate(from, FR_BY_NUMBER, number, &place);
    if (err == FR_OK)
        err = fr_file_fetch(from, &place, true, &frame, &hold);
    if (err == FR_OK) {
        *end = place.offset;
        fr_hold_release(hold);
    }
    fr_place_fini(&place);
    return err;
}

/* Everybody who reads it, as if he had read nothing of what is kept: how far each one is in the
 * copies of this moment is theirs to say when they come. */
static enum fr_error
copy_register(struct copying *copying)
{
    struct fr_journal *from = copying->from;
    struct fr_register *readers = calloc(1, sizeof(*readers));
    char *text = malloc(FR_REGISTER_TEXT_SIZE), path[PATH_MAX];
    enum fr_error err = readers == NULL || text == NULL ? FR_NO_MEMORY : FR_OK;
    size_t size;
    int fd = -1;

    if (err == FR_OK) {
        for (size_t i = 0; i < from->readers.count; i++) {
            fr_register_add(readers, from->readers.infos[i].name);
            fr_register_acknowledge(readers, from->readers.infos[i].name, from->start.seq);
        }
        size = fr_register_print(readers, from->name, from->start.seq + 1, text);
        fd = open(fr_file_path(copying->dir, FR_REGISTER_NAME, path),
                  O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        err = fd < 0 ? fr_error_of(errno) : fr_write_all(fd, text, size, 0);
        if (err == FR_OK && fsync(fd) != 0)
            err = fr_error_of(errno);
    }
    if (fd >= 0)
        close(fd);
    free(readers);
    free(text);
    return err;
}

static enum fr_error
copy_all(struct copying *copying, uint64_t number)
{
    const struct fr_file *file = fr_file_of(copying->from);
    enum fr_error err = FR_OK;
    size_t count = 0;
    uint64_t end = 0;

    while (count < file->segment_count && file->segments[count].head.base_number <= number + 1)
        count++;
    if (count == 0)
        return number == 0 ? FR_OK : FR_TRUNCATED;
    err = end_in(copying->from, &file->segments[count - 1], number, &end);
    copying->all = end;
    for (size_t i = 0; i + 1 < count; i++)
        copying->all += file->segments[i].head.size;
    for (size_t i = 0; i < count && err == FR_OK; i++)
        err = copy_segment(copying, &file->segments[i],
                           i + 1 < count ? file->segments[i].head.size : end);
    return err;
}

enum fr_error
fr_journal_copy(struct fr_journal *from, uint64_t number, const char *dir,
                void (*each)(void *context, uint64_t done, uint64_t all), void *context)
{
    struct copying copying = {.from = from, .dir = dir, .each = each, .context = context};
    enum fr_error err;

    if (from->backend != &fr_backend_file || number > from->end.number)
        return FR_INVALID;
    copying.buffer = malloc(STEP_SIZE);
    if (copying.buffer == NULL)
        return FR_NO_MEMORY;
    err = copy_all(&copying, number);
    if (err == FR_OK)
        err = copy_register(&copying);
    if (err == FR_OK)
        err = fr_dir_sync(dir);
    free(copying.buffer);
    return err;
}
