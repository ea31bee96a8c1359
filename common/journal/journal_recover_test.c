/* journal_recover_test.c - what a crash or a bad disk leaves, and what opening makes of it. */
#include "common/journal/journal_testing.h"

#include <sys/file.h>
#include "common/journal/journal_format.h"

/* ---- torn ends ---------------------------------------------------------------------------------
 */

struct image { /* the one segment of a small journal, and where its last frame lies */
    char path[PATH_MAX];
    uint8_t *bytes;
    size_t last_offset, last_end, last_frame_end;
};

/* `frames` frames of three records; the last also carries a cursor. */
static void
make_image(struct scene *s, struct image *image, size_t frames)
{
    struct fr_cursor cursor = cursor_of("sla", 3, 33);
    struct fr_journal_stats stats;
    const struct fr_frame_head *frame;
    uint64_t before;

    scene_init(s, false);
    scene_open(s);
    for (size_t i = 0; i + 1 < frames; i++)
        put_frame(s->journal, 3, 50 + i);
    fr_journal_stats(s->journal, &stats);
    before = stats.bytes;
    fr_journal_set_cursor(s->journal, &cursor);
    put_frame(s->journal, 3, 77);
    fr_journal_stats(s->journal, &stats);
    fr_journal_free(&s->journal);
    assert_true(segment_file(s, 0, image->path));
    image->bytes = malloc(SMALL_SEGMENT);
    file_read(image->path, image->bytes, SMALL_SEGMENT, 0);
    image->last_offset = FR_SEGMENT_HEAD_SIZE + before;
    image->last_end = FR_SEGMENT_HEAD_SIZE + stats.bytes;
    frame = (const void *)(image->bytes + image->last_offset + sizeof(struct fr_slot));
    image->last_frame_end = image->last_offset + sizeof(struct fr_slot) + frame->size;
}

/* After the cut: what was there is there, and the journal goes on. */
static void
check_goes_on(struct scene *s, uint64_t end, size_t at)
{
    scene_open(s);
    if (fr_journal_end(s->journal).seq != end)
        fail_msg("cut at byte %zu: the end is %llu, not %llu", at,
                 (unsigned long long)fr_journal_end(s->journal).seq, (unsigned long long)end);
    put_frame(s->journal, 2, 20);
    scene_reopen(s);
    assert_int_equal(read_all(s->journal), end + 2);
    assert_int_equal(fr_journal_verify(s->journal, NULL, NULL, NULL, 0), FR_OK);
    fr_journal_free(&s->journal);
}

static void
a_torn_end_is_cut_off_wherever_it_tore(void **state)
{
    enum { ZEROS, GARBAGE, SHORT, WAYS };
    struct scene s;
    struct image image;

    (void)state;
    make_image(&s, &image, 3);
    for (size_t at = image.last_offset; at < image.last_end; at++) {
        int way = (int)(at % WAYS);
        size_t whole = way == SHORT ? image.last_end : image.last_frame_end;

        if (way == GARBAGE && at >= image.last_frame_end)
            continue; /* a sector is written whole: with the frame's end comes its padding */
        file_write(image.path, image.bytes, SMALL_SEGMENT, 0);
        for (size_t i = at; way != SHORT && i < image.last_end; i++) {
            uint8_t byte = way == ZEROS ? 0 : (uint8_t)roll(&s, 256);

            if (way == GARBAGE && i == at)
                byte = (uint8_t)~image.bytes[i];
            file_write(image.path, &byte, 1, i);
            whole = byte != image.bytes[i] && i < image.last_frame_end ? SIZE_MAX : whole;
        }
        if (way == SHORT) {
            assert_int_equal(truncate(image.path, (off_t)at), 0);
            whole = SIZE_MAX;
        }
        check_goes_on(&s, whole == SIZE_MAX ? 6 : 9, at);
    }
    free(image.bytes);
    scene_fini(&s);
}

/* Sectors reach the disk in any order: the last ones may be there and the first missing. */
static void
a_frame_whose_first_sectors_are_missing_is_cut_off(void **state)
{
    static const uint8_t zeros[4 * FR_SECTOR];
    struct scene s;
    struct image image;
    size_t last;

    (void)state;
    make_image(&s, &image, 2);
    scene_open(&s);
    put_frame(s.journal, 3, 1000);
    fr_journal_free(&s.journal);
    last = image.last_end;
    for (size_t missing = 1; missing <= 4; missing++) {
        file_read(image.path, image.bytes, SMALL_SEGMENT, 0);
        file_write(image.path, zeros, missing * FR_SECTOR, last);
        scene_open(&s);
        assert_int_equal(fr_journal_end(s.journal).seq, 6);
        fr_journal_free(&s.journal);
        file_read(image.path, image.bytes + last, 8 * FR_SECTOR, last);
        for (size_t i = 0; i < 8 * FR_SECTOR; i++)
            assert_int_equal(image.bytes[last + i],
                             0); /* nothing stale may follow the next frame */
        scene_open(&s);
        put_frame(s.journal, 3, 1000);
        fr_journal_free(&s.journal);
    }
    free(image.bytes);
    scene_fini(&s);
}

/* ---- damage ------------------------------------------------------------------------------------
 */

/* Where the complaint puts the damage. */
static long
complained_offset(const struct scene *s, const char *path)
{
    const char *offset = strstr(s->complaint, ": offset ");

    assert_non_null(strstr(s->complaint, path));
    assert_non_null(offset);
    return strtol(offset + strlen(": offset "), NULL, 10);
}

/* The frame in the slot at `offset` of the image. */
static const struct fr_frame_head *
frame_at(const struct image *image, size_t offset)
{
    return (const void *)(image->bytes + offset + sizeof(struct fr_slot));
}

/* Flips one bit and asks: opening must name it, or, in padding that nobody reads, verifying. */
static void
flip_and_ask(struct scene *s, const struct image *image, size_t at, bool padding, long named)
{
    enum fr_error err;

    file_flip(image->path, at, (unsigned)(at % 8));
    err = scene_try_open(s);
    if (padding) {
        assert_int_equal(err, FR_OK);
        err = fr_journal_verify(s->journal, NULL, NULL, s->complaint, sizeof(s->complaint));
        fr_journal_free(&s->journal);
    }
    if (err != FR_CORRUPT)
        fail_msg("byte %zu was flipped and the answer is %s", at, fr_error_name(err));
    assert_int_equal(complained_offset(s, image->path), named);
    file_flip(image->path, at, (unsigned)(at % 8));
}

static void
a_flipped_bit_before_the_last_frame_is_named(void **state)
{
    struct scene s;
    struct image image;

    (void)state;
    make_image(&s, &image, 4);
    for (size_t at = 0; at < FR_SEGMENT_HEAD_SIZE; at += 5)
        flip_and_ask(&s, &image, at, false, 0);
    for (size_t slot = FR_SEGMENT_HEAD_SIZE, next; slot < image.last_offset; slot = next) {
        size_t frame_size = frame_at(&image, slot)->size;

        next = slot + fr_slot_size(frame_size);
        for (size_t at = slot; at < next; at++)
            flip_and_ask(&s, &image, at, at >= slot + sizeof(struct fr_slot) + frame_size,
                         (long)slot);
    }
    scene_open(&s); /* the file is as it was */
    assert_int_equal(read_all(s.journal), 12);
    free(image.bytes);
    scene_fini(&s);
}

static void
a_lost_sector_before_the_last_frame_is_named(void **state)
{
    static const uint8_t zeros[FR_SECTOR];
    struct scene s;
    struct image image;

    (void)state;
    make_image(&s, &image, 6);
    for (size_t at = FR_SEGMENT_HEAD_SIZE; at < image.last_offset; at += FR_SECTOR) {
        file_write(image.path, zeros, FR_SECTOR, at);
        assert_int_equal(scene_try_open(&s), FR_CORRUPT);
        assert_true(complained_offset(&s, image.path) <= (long)at);
        file_write(image.path, image.bytes, SMALL_SEGMENT, 0);
    }
    free(image.bytes);
    scene_fini(&s);
}

static void
many_segments(struct scene *s, size_t frames)
{
    scene_init(s, false);
    scene_open(s);
    for (size_t i = 0; i < frames; i++)
        put_frame(s->journal, i % 7 + 1, i * 61 % 900);
}

/* A flip in a segment that is closed: open reads only its head, so whoever comes there must notice.
 */
static void
a_flipped_bit_in_an_old_segment_is_never_served(void **state)
{
    struct scene s;
    char path[PATH_MAX];
    struct stat info;

    (void)state;
    many_segments(&s, 300);
    fr_journal_free(&s.journal);
    assert_true(segment_file(&s, 2, path));
    assert_int_equal(stat(path, &info), 0);
    for (int i = 0; i < 200; i++) {
        size_t at = FR_SEGMENT_HEAD_SIZE + roll(&s, 40000);
        unsigned bit = (unsigned)roll(&s, 8);
        struct fr_cursor start;
        struct fr_reader *reader;
        uint64_t seq = 1;
        enum fr_error err;

        file_flip(path, at, bit);
        scene_open(&s);
        start = fr_journal_start(s.journal);
        assert_int_equal(fr_journal_verify(s.journal, NULL, NULL, s.complaint, sizeof(s.complaint)),
                         FR_CORRUPT);
        assert_in_range(complained_offset(&s, path), FR_SEGMENT_HEAD_SIZE, at);
        do {
            err = fr_journal_scrub(s.journal, 10000, s.complaint, sizeof(s.complaint));
        } while (err == FR_OK);
        assert_int_equal(err, FR_CORRUPT);
        assert_int_equal(fr_reader_new(s.journal, &start, &reader), FR_OK);
        err = drain(reader, 1 << 20, &seq); /* checks every byte that is served */
        assert_true(err == FR_CORRUPT ||
                    (err == FR_END && seq == fr_journal_end(s.journal).seq + 1));
        fr_reader_free(&reader);
        fr_journal_free(&s.journal);
        file_flip(path, at, bit);
    }
    scene_open(&s);
    assert_int_equal(fr_journal_verify(s.journal, NULL, NULL, NULL, 0), FR_OK);
    scene_fini(&s);
}

/* The control of the test above: the damage is there to be seen by who does not check. */
static void
without_its_crc_a_bad_byte_would_be_served(void **state)
{
    struct scene s;
    char path[PATH_MAX];
    uint8_t bytes[2 * FR_SECTOR];
    const struct fr_record_head *record;
    struct fr_reader *reader;
    struct fr_batch batch;
    struct fr_cursor start;
    size_t at = FR_SEGMENT_HEAD_SIZE + FR_RECORDS_OFFSET + sizeof(*record) + 20;

    (void)state;
    scene_init(&s, false);
    scene_open(&s);
    put_frame(s.journal, 1, 500);
    put_frame(s.journal, 40, 1000); /* and a new segment, so that this one is closed */
    put_frame(s.journal, 40, 1000);
    fr_journal_free(&s.journal);
    assert_true(segment_file(&s, 0, path));
    file_flip(path, at, 3);
    file_read(path, bytes, sizeof(bytes), FR_SEGMENT_HEAD_SIZE);
    record = (const void *)(bytes + FR_RECORDS_OFFSET);
    assert_int_equal(fr_record_check(record, record->size, false), FR_OK);
    assert_int_equal(((const uint8_t *)(record + 1))[20], body_byte(1, 20) ^ 8);
    assert_int_equal(fr_record_check(record, record->size, true), FR_CORRUPT);
    scene_open(&s);
    start = fr_journal_start(s.journal);
    assert_int_equal(fr_reader_new(s.journal, &start, &reader), FR_OK);
    assert_int_equal(fr_reader_next(reader, 1 << 20, NULL, 0, &batch), FR_CORRUPT);
    assert_int_equal(fr_reader_next(reader, 1 << 20, NULL, 0, &batch), FR_CORRUPT);
    fr_reader_free(&reader);
    scene_fini(&s);
}

static void
a_missing_segment_is_named(void **state)
{
    struct scene s;
    char path[PATH_MAX];

    (void)state;
    many_segments(&s, 300);
    fr_journal_free(&s.journal);
    assert_true(segment_files(&s) >= 5);
    assert_true(segment_file(&s, 2, path));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(scene_try_open(&s), FR_CORRUPT);
    assert_true(segment_file(&s, 2, path)); /* the one behind the gap */
    assert_int_equal(complained_offset(&s, path), 0);
    scene_fini(&s);
}

static void
a_damaged_segment_head_is_named(void **state)
{
    struct scene s;
    char path[PATH_MAX];

    (void)state;
    many_segments(&s, 300);
    fr_journal_free(&s.journal);
    for (int index = -1; index < 3; index++) { /* the last one, too: it holds frames */
        assert_true(segment_file(&s, index, path));
        file_flip(path, 100, 1);
        assert_int_equal(scene_try_open(&s), FR_CORRUPT);
        assert_int_equal(complained_offset(&s, path), 0);
        file_flip(path, 100, 1);
    }
    scene_open(&s);
    scene_fini(&s);
}

static void
a_damaged_register_is_named(void **state)
{
    struct scene s;
    char path[PATH_MAX + 16];

    (void)state;
    scene_init(&s, false);
    scene_open(&s);
    assert_int_equal(fr_journal_register(s.journal, "sla"), FR_OK);
    fr_journal_free(&s.journal);
    snprintf(path, sizeof(path), "%s/register", s.dir);
    for (size_t at = 0; at < 70; at++) {
        file_flip(path, at, (unsigned)(at % 7));
        assert_int_equal(scene_try_open(&s), FR_CORRUPT);
        assert_int_equal(complained_offset(&s, path), 0);
        file_flip(path, at, (unsigned)(at % 7));
    }
    scene_open(&s);
    scene_fini(&s);
}

/* ---- what a crash leaves of files ---------------------------------------------------------------
 */

static void
a_segment_whose_rename_was_lost_is_found(void **state)
{
    struct scene s;
    char path[PATH_MAX], spare[PATH_MAX + 16];
    uint64_t end;

    (void)state;
    many_segments(&s, 300);
    end = fr_journal_end(s.journal).seq;
    fr_journal_free(&s.journal);
    assert_true(segment_file(&s, -1, path));
    snprintf(spare, sizeof(spare), "%s/next.seg", s.dir);
    assert_int_equal(rename(path, spare), 0);
    scene_open(&s);
    assert_int_equal(read_all(s.journal), end);
    put_frame(s.journal, 1, 1);
    scene_reopen(&s);
    assert_int_equal(read_all(s.journal), end + 1);
    scene_fini(&s);
}

static void
a_segment_without_a_head_was_never_begun(void **state)
{
    struct scene s;
    char path[PATH_MAX + 64];
    static uint8_t zeros[SMALL_SEGMENT];
    uint64_t end;
    int fd;

    (void)state;
    for (int torn = 0; torn < 2; torn++) {
        many_segments(&s, 300);
        end = fr_journal_end(s.journal).seq;
        fr_journal_free(&s.journal);
        if (torn) { /* half of a head */
            assert_true(segment_file(&s, -1, path));
            file_read(path, zeros, 256, 0);
        }
        snprintf(path, sizeof(path), "%s/%020llu.seg", s.dir, (unsigned long long)end + 1);
        fd = open(path, O_CREAT | O_RDWR, 0600);
        assert_int_equal(write(fd, zeros, sizeof(zeros)), sizeof(zeros));
        close(fd);
        scene_open(&s);
        assert_int_equal(read_all(s.journal), end);
        for (int i = 0; i < 50; i++)
            put_frame(s.journal, 3, 900);
        scene_reopen(&s);
        assert_int_equal(read_all(s.journal), end + 150);
        scene_fini(&s);
    }
}

static void
segments_left_over_from_a_trim_are_removed(void **state)
{
    struct scene s;
    char path[PATH_MAX], old[PATH_MAX + 8];
    struct fr_time late = {INT64_C(1) << 50};
    uint64_t first;

    (void)state;
    many_segments(&s, 300);
    assert_int_equal(fr_journal_register(s.journal, "sla"), FR_OK);
    assert_true(segment_file(&s, 0, path));
    snprintf(old, sizeof(old), "%s.kept", path);
    assert_int_equal(link(path, old), 0);
    fr_journal_acknowledge(s.journal, "sla", 500);
    assert_int_equal(fr_journal_trim(s.journal, UINT64_MAX, late), FR_OK);
    first = fr_journal_first_seq(s.journal);
    assert_true(first > 1);
    fr_journal_free(&s.journal);
    assert_int_equal(rename(old, path), 0); /* as if its removal had been lost */
    scene_open(&s);
    assert_int_equal(fr_journal_first_seq(s.journal), first);
    assert_int_equal(access(path, F_OK), -1);
    scene_fini(&s);
}

/* Old frames stand behind the end of a recycled segment, whole and with good checksums. */
static void
old_frames_in_a_recycled_segment_are_not_taken(void **state)
{
    struct scene s;
    struct fr_time late = {INT64_C(1) << 50};
    struct stat info;
    char path[PATH_MAX];
    ino_t inodes[64];
    int known = 0, recycled = 0;

    (void)state;
    scene_init(&s, false);
    s.options.size_max = 3 * SMALL_SEGMENT;
    scene_open(&s);
    for (int i = 0; i < 400; i++) {
        uint64_t end;

        put_frame(s.journal, 3, 500 + (size_t)(i % 3) * 100);
        end = fr_journal_end(s.journal).seq;
        assert_int_equal(fr_journal_trim(s.journal, UINT64_MAX, late), FR_OK);
        if (i % 5 == 0)
            scene_reopen(&s);
        assert_int_equal(fr_journal_end(s.journal).seq, end);
        assert_true(segment_file(&s, -1, path));
        assert_int_equal(stat(path, &info), 0);
        for (int k = 0; k < known; k++)
            if (inodes[k] == info.st_ino && k + 1 < known)
                recycled++;
        if (known < 64 && (known == 0 || inodes[known - 1] != info.st_ino))
            inodes[known++] = info.st_ino;
    }
    assert_true(recycled > 10);
    assert_int_equal(read_all(s.journal), 1200);
    assert_true(segment_files(&s) <= 3);
    scene_fini(&s);
}

/* A service that only reads: frames with cursors and no records fill segments that begin at the
 * same seq. */
static void
segments_full_of_cursors_do_not_collide(void **state)
{
    struct scene s;
    struct fr_cursor cursor = cursor_of("identity", 0, 5), got;

    (void)state;
    scene_init(&s, false);
    scene_open(&s);
    put_frame(s.journal, 2, 100);
    for (int i = 0; i < 500; i++) {
        cursor.seq++;
        fr_journal_set_cursor(s.journal, &cursor);
        assert_int_equal(fr_journal_sync(s.journal), FR_OK);
    }
    assert_true(segment_files(&s) >= 4);
    scene_reopen(&s);
    assert_int_equal(fr_journal_get_cursor(s.journal, "identity", &got), FR_OK);
    assert_int_equal(got.seq, 500);
    put_frame(s.journal, 2, 100);
    scene_reopen(&s);
    assert_int_equal(read_all(s.journal), 4);
    assert_int_equal(fr_journal_verify(s.journal, NULL, NULL, NULL, 0), FR_OK);
    assert_int_equal(fr_journal_trim(s.journal, 4, (struct fr_time){INT64_C(1) << 50}), FR_OK);
    assert_int_equal(fr_journal_first_seq(s.journal), 3);
    scene_reopen(&s);
    assert_int_equal(fr_journal_get_cursor(s.journal, "identity", &got), FR_OK);
    assert_int_equal(got.seq, 500);
    scene_fini(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_torn_end_is_cut_off_wherever_it_tore),
        cmocka_unit_test(a_frame_whose_first_sectors_are_missing_is_cut_off),
        cmocka_unit_test(a_flipped_bit_before_the_last_frame_is_named),
        cmocka_unit_test(a_lost_sector_before_the_last_frame_is_named),
        cmocka_unit_test(a_flipped_bit_in_an_old_segment_is_never_served),
        cmocka_unit_test(without_its_crc_a_bad_byte_would_be_served),
        cmocka_unit_test(a_missing_segment_is_named),
        cmocka_unit_test(a_damaged_segment_head_is_named),
        cmocka_unit_test(a_damaged_register_is_named),
        cmocka_unit_test(a_segment_whose_rename_was_lost_is_found),
        cmocka_unit_test(a_segment_without_a_head_was_never_begun),
        cmocka_unit_test(segments_left_over_from_a_trim_are_removed),
        cmocka_unit_test(old_frames_in_a_recycled_segment_are_not_taken),
        cmocka_unit_test(segments_full_of_cursors_do_not_collide),
    };

    be_quiet();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
