/* journal_testing.h - what the tests of the journal share: records that prove themselves, scratch
 * directories, and readers that check every byte.  Included by *_test.c only. */
#ifndef FR_JOURNAL_TESTING_H
#define FR_JOURNAL_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "common/base/log.h"
#include "common/journal/journal.h"

#define SMALL_SEGMENT (64u << 10)

struct scene { /* a journal under test, on disk or in memory */
    char dir[PATH_MAX];
    struct fr_journal_options options;
    struct fr_journal *journal;
    char complaint[512];
    uint64_t random;
};

/* The damage that these tests do on purpose need not be logged. */
static inline void
be_quiet(void)
{
    fr_log_init("test", (enum fr_log_level)(FR_ERROR + 1), FR_LOG_AUTO);
}

static inline uint64_t
roll(struct scene *scene, uint64_t sides)
{
    scene->random = scene->random * 6364136223846793005u + 1442695040888963407u;
    return (scene->random >> 33) % sides;
}

static inline void
scratch_dir(char *dir)
{
    const char *tmp = getenv("TMPDIR");

    snprintf(dir, PATH_MAX, "%s/fr-journal-XXXXXX", tmp != NULL ? tmp : "/tmp");
    assert_non_null(mkdtemp(dir));
}

static inline void
remove_dir(const char *dir)
{
    char path[PATH_MAX + NAME_MAX + 2];
    struct dirent *entry;
    DIR *open_dir = opendir(dir);

    while (open_dir != NULL && (entry = readdir(open_dir)) != NULL) {
        snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
        if (entry->d_name[0] != '.')
            unlink(path);
    }
    if (open_dir != NULL)
        closedir(open_dir);
    rmdir(dir);
}

static inline enum fr_error
scene_try_open(struct scene *scene)
{
    return fr_journal_open(&scene->options, &scene->journal, scene->complaint,
                           sizeof(scene->complaint));
}

static inline void
scene_open(struct scene *scene)
{
    enum fr_error err = scene_try_open(scene);

    if (err != FR_OK)
        print_error("open: %s: %s\n", fr_error_name(err), scene->complaint);
    assert_int_equal(err, FR_OK);
}

static inline void
scene_reopen(struct scene *scene)
{
    fr_journal_free(&scene->journal);
    scene_open(scene);
}

static inline void
scene_init(struct scene *scene, bool in_memory)
{
    *scene = (struct scene){.options = {.name = "test", .segment_size = SMALL_SEGMENT}};
    scene->random = 1;
    if (!in_memory) {
        scratch_dir(scene->dir);
        scene->options.dir = scene->dir;
    }
}

static inline void
scene_fini(struct scene *scene)
{
    fr_journal_free(&scene->journal);
    if (scene->dir[0] != '\0')
        remove_dir(scene->dir);
}

/* A row of a test table for each backend; `on_disk` and `in_memory` are the runner's. */
#define BOTH(test)                                                                                 \
    {#test " (file)", test, NULL, NULL, (void *)&on_disk},                                         \
    {                                                                                              \
#test " (memory)", test, NULL, NULL, (void *)&in_memory                                    \
    }
#define IN_MEMORY(state) (*(const bool *)*(state))

/* ---- records that prove themselves: everything in them follows from seq and body size
 * ------------ */

static inline uint8_t
body_byte(uint64_t seq, size_t index)
{
    return (uint8_t)(seq * 31 + index * 7 + (index >> 8));
}

static inline const char *
route_of(uint64_t seq)
{
    static const char *const routes[] = {"", "outbound.email", "outbound.webchat", "site.tana"};

    return routes[seq * 7 / 3 % 4];
}

static inline void
fill_record(struct fr_record_head *head, size_t size)
{
    uint8_t *body = (uint8_t *)(head + 1);

    head->kind = (uint32_t)(head->seq % 100 + 1);
    head->time_us = (int64_t)head->seq * 1000;
    head->key = head->seq * 3;
    head->cause = head->id ^ 5;
    strcpy(head->brand, "acme");
    strcpy(head->route, route_of(head->seq));
    for (size_t i = 0; i < size; i++)
        body[i] = body_byte(head->seq, i);
}

static inline void
put(struct fr_journal *journal, size_t size)
{
    struct fr_record_head *head = fr_journal_reserve(journal, size);

    assert_non_null(head);
    fill_record(head, size);
    fr_journal_seal(journal, head, size);
}

/* One frame of `count` records. */
static inline void
put_frame(struct fr_journal *journal, size_t count, size_t size)
{
    for (size_t i = 0; i < count; i++)
        put(journal, size);
    assert_int_equal(fr_journal_sync(journal), FR_OK);
}

static inline void
check_record(const struct fr_record_head *head, uint64_t seq)
{
    const uint8_t *body = fr_record_body(head).data;

    assert_int_equal(fr_record_check(head, head->size, true), FR_OK);
    assert_int_equal(head->seq, seq);
    assert_int_equal(head->key, seq * 3);
    assert_int_equal(head->time_us, (int64_t)seq * 1000);
    assert_string_equal(head->brand, "acme");
    assert_string_equal(head->route, route_of(seq));
    for (size_t i = 0; i < head->body_size; i++)
        if (body[i] != body_byte(seq, i))
            fail_msg("record %llu: byte %zu", (unsigned long long)seq, i);
}

/* Checks a batch whose records are numbered from `seq` on without a gap; returns the next seq. */
static inline uint64_t
check_batch(const struct fr_batch *batch, uint64_t seq)
{
    struct fr_slice rest = batch->bytes;
    const struct fr_record_head *head;
    uint32_t count = 0;

    if (batch->count > 0)
        assert_int_equal(batch->first_seq, seq);
    while ((head = fr_records_next(&rest)) != NULL) {
        check_record(head, seq++);
        count++;
    }
    assert_int_equal(batch->count, count);
    assert_int_equal(batch->last_seq, seq - 1);
    return seq;
}

static inline struct fr_cursor
cursor_of(const char *journal, uint64_t seq, uint64_t hash)
{
    struct fr_cursor cursor = {.incarnation = 1, .seq = seq, .hash = hash};

    strcpy(cursor.journal, journal);
    return cursor;
}

/* Reads on to the end; every record is checked.  Returns what the reader said instead of FR_OK. */
static inline enum fr_error
drain(struct fr_reader *reader, size_t size_max, uint64_t *seq)
{
    struct fr_batch batch;
    enum fr_error err;

    while ((err = fr_reader_next(reader, size_max, NULL, 0, &batch)) == FR_OK) {
        *seq = check_batch(&batch, *seq);
        fr_hold_release(batch.hold);
    }
    return err;
}

/* Everything that is kept, read from the start: returns the last seq. */
static inline uint64_t
read_all(struct fr_journal *journal)
{
    struct fr_cursor start = fr_journal_start(journal);
    struct fr_reader *reader;
    uint64_t seq = start.seq + 1;

    assert_int_equal(fr_reader_new(journal, &start, &reader), FR_OK);
    assert_int_equal(drain(reader, 1 << 20, &seq), FR_END);
    assert_int_equal(fr_reader_cursor(reader).hash, fr_journal_end(journal).hash);
    fr_reader_free(&reader);
    assert_int_equal(seq - 1, fr_journal_end(journal).seq);
    return seq - 1;
}

/* ---- files -------------------------------------------------------------------------------------
 */

/* The n-th segment file by name, from 0; negative: from the end.  False when there is none. */
static inline bool
segment_file(const struct scene *scene, int index, char *path)
{
    struct dirent **entries;
    int count = scandir(scene->dir, &entries, NULL, alphasort), found = 0;
    bool ok = false;

    for (int pass = 0; pass < 2; pass++) {
        int i = 0;

        for (int e = 0; e < count; e++) {
            if (entries[e]->d_name[0] != '0')
                continue;
            if (pass == 0)
                found++;
            else if (i++ == (index < 0 ? found + index : index))
                ok = snprintf(path, PATH_MAX, "%s/%s", scene->dir, entries[e]->d_name) > 0;
        }
    }
    for (int e = 0; e < count; e++)
        free(entries[e]);
    free(entries);
    return ok;
}

static inline int
segment_files(const struct scene *scene)
{
    char path[PATH_MAX];
    int count = 0;

    while (segment_file(scene, count, path))
        count++;
    return count;
}

/* Trimmed segments that are kept for reuse. */
static inline int
stock_files(const struct scene *scene)
{
    DIR *dir = opendir(scene->dir);
    struct dirent *entry;
    int count = 0;

    while (dir != NULL && (entry = readdir(dir)) != NULL)
        count += strncmp(entry->d_name, "stock-", 6) == 0;
    if (dir != NULL)
        closedir(dir);
    return count;
}

static inline void
file_read(const char *path, void *data, size_t size, size_t offset)
{
    int fd = open(path, O_RDONLY);

    assert_true(fd >= 0);
    assert_int_equal(pread(fd, data, size, (off_t)offset), (ssize_t)size);
    close(fd);
}

static inline void
file_write(const char *path, const void *data, size_t size, size_t offset)
{
    int fd = open(path, O_RDWR);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, data, size, (off_t)offset), (ssize_t)size);
    close(fd);
}

static inline void
file_flip(const char *path, size_t offset, unsigned bit)
{
    uint8_t byte;

    file_read(path, &byte, 1, offset);
    byte ^= (uint8_t)(1u << bit);
    file_write(path, &byte, 1, offset);
}

#endif
