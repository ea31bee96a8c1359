/* journal_segment.c - segment heads, marks, and reads and writes that do all of it or say why not.
 */
#include "common/journal/journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>
#include "common/base/hash.h"

#define MARK_STEP (1u << 20) /* bytes of a segment between two marks */

const char *
fr_file_path(const char *dir, const char *name, char *text)
{
    int size = snprintf(text, PATH_MAX, "%s/%s", dir, name);

    fr_assert(size > 0 && size < PATH_MAX); /* fr_file_open refused longer directories */
    return text;
}

const char *
fr_segment_name(const struct fr_segment *segment, char *text)
{
    if (segment->twin)
        snprintf(text, NAME_MAX, "%020" PRIu64 "-%" PRIu64 ".seg", segment->head.base_seq,
                 segment->head.base_number);
    else
        snprintf(text, NAME_MAX, "%020" PRIu64 ".seg", segment->head.base_seq);
    return text;
}

const char *
fr_segment_path(const char *dir, const struct fr_segment *segment, char *text)
{
    char name[NAME_MAX];

    return fr_file_path(dir, fr_segment_name(segment, name), text);
}

enum fr_error
fr_error_of(int error)
{
    return error == ENOSPC || error == EDQUOT ? FR_FULL : FR_IO;
}

enum fr_error
fr_write_all(int fd, const void *data, size_t size, uint64_t offset)
{
    const char *from = data;

    while (size > 0) {
        ssize_t done = pwrite(fd, from, size, (off_t)offset);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return done == 0 ? FR_IO : fr_error_of(errno);
        from += done;
        size -= (size_t)done;
        offset += (uint64_t)done;
    }
    return FR_OK;
}

enum fr_error
fr_read_all(int fd, void *data, size_t *size, uint64_t offset)
{
    size_t want = *size, have = 0;

    while (have < want) {
        ssize_t done = pread(fd, (char *)data + have, want - have, (off_t)(offset + have));

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return FR_IO;
        if (done == 0)
            break;
        have += (size_t)done;
    }
    *size = have;
    return FR_OK;
}

/* ---- heads ------------------------------------------------------------------------------------
 */

/* head and cursors as they lie in the file */
struct image {
    struct fr_segment_head head;
    struct fr_cursor cursors[FR_CURSOR_MAX];
};
_Static_assert(sizeof(struct image) == FR_SEGMENT_HEAD_SIZE, "no gaps");

static uint32_t
image_crc(const struct image *image)
{
    size_t from = offsetof(struct fr_segment_head, layout);

    return fr_crc32c(0, (const char *)image + from, sizeof(*image) - from);
}

static enum fr_error
image_check(const struct image *image)
{
    const struct fr_segment_head *head = &image->head;

    if (head->magic != FR_SEGMENT_MAGIC || head->crc != image_crc(image))
        return FR_CORRUPT;
    if (head->layout != FR_LAYOUT)
        return FR_VERSION;
    if (head->base_seq == 0 || head->base_number == 0 || head->cursor_count > FR_CURSOR_MAX ||
        head->name[FR_NAME_SIZE - 1] != '\0')
        return FR_CORRUPT;
    for (uint32_t i = 0; i < head->cursor_count; i++)
        if (image->cursors[i].journal[FR_NAME_SIZE - 1] != '\0')
            return FR_CORRUPT;
    return FR_OK;
}

enum fr_error
fr_segment_read(const char *path, struct fr_segment_head *head, struct fr_cursor *cursors)
{
    struct image image;
    size_t size = sizeof(image);
    enum fr_error err;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOENT ? FR_NOT_FOUND : FR_IO;
    err = fr_read_all(fd, &image, &size, 0);
    close(fd);
    if (err == FR_OK)
        err = size == sizeof(image) ? image_check(&image) : FR_CORRUPT;
    if (err != FR_OK)
        return err;
    *head = image.head;
    if (cursors != NULL)
        memcpy(cursors, image.cursors, sizeof(image.cursors));
    return FR_OK;
}

bool
fr_segment_is_gone(const char *dir, const struct fr_segment *segment)
{
    struct fr_segment_head head;
    char path[PATH_MAX];
    enum fr_error err = fr_segment_read(fr_segment_path(dir, segment, path), &head, NULL);

    return err == FR_NOT_FOUND || (err == FR_OK && head.generation != segment->head.generation);
}

enum fr_error
fr_segment_write(int fd, struct fr_segment_head *head, const struct fr_journal *journal)
{
    struct image image = {.head = *head};

    image.head.magic = FR_SEGMENT_MAGIC;
    image.head.layout = FR_LAYOUT;
    strcpy(image.head.name, journal->name);
    for (size_t i = 0; i < journal->upstream_count; i++)
        if (journal->upstreams[i].known)
            image.cursors[image.head.cursor_count++] = journal->upstreams[i].synced;
    image.head.crc = image_crc(&image);
    *head = image.head;
    return fr_write_all(fd, &image, sizeof(image), 0);
}

/* ---- marks ------------------------------------------------------------------------------------
 */

/* Frames come here in their order, from the writer or from searches that began at a mark; a mark
 * that finds no memory is only missed. */
void
fr_segment_mark(struct fr_segment *segment, const struct fr_frame_head *frame, uint64_t offset)
{
    uint64_t last = segment->mark_count > 0 ? segment->marks[segment->mark_count - 1].offset
                                            : FR_SEGMENT_HEAD_SIZE;

    if (offset < last + MARK_STEP)
        return;
    if (segment->mark_count == segment->mark_max) {
        size_t max = segment->mark_max * 2 + 16;
        struct fr_mark *marks = realloc(segment->marks, max * sizeof(*marks));

        if (marks == NULL)
            return;
        segment->marks = marks;
        segment->mark_max = max;
    }
    segment->marks[segment->mark_count++] =
        (struct fr_mark){.seq = frame->first_seq, .number = frame->number, .offset = offset};
}

void
fr_segment_fini(struct fr_segment *segment)
{
    free(segment->marks);
    segment->marks = NULL;
    segment->mark_count = segment->mark_max = 0;
}

struct fr_bound
fr_segment_start(const struct fr_segment *segment)
{
    return (struct fr_bound){.seq = segment->head.base_seq - 1,
                             .hash = segment->head.hash_before,
                             .number = segment->head.base_number - 1,
                             .time_us = segment->head.time_before_us};
}
