/* journal_stock_test.c - what becomes of trimmed segments: used again, kept by demand, given back.
 *
 * This program brings its own clock_gettime, statvfs, unlink, ftruncate, rename and posix_fallocate
 * (the linker prefers them to libc's): they tell another time or less space, and count.
 */
#include "common/journal/journal_testing.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <sys/statvfs.h>
#include <time.h>
#include "common/journal/journal_file.h"

#define FRAMES_IN_SEGMENT 9 /* of fill(), in a small one */
#define SEGMENTS_PER_ROUND 5
#define WAIT_MAX 5000 /* half milliseconds: much less than it takes demand to go by itself */

static _Atomic int64_t clock_ahead_us;
static _Atomic int64_t free_size; /* what the disk says; -1: the truth */
static atomic_bool register_finds_no_space;
static atomic_int zeroed, shortened, removed;

#define REAL(function) ((__typeof__(&function))dlsym(RTLD_NEXT, #function))

/* ---- the calls ----------------------------------------------------------------------------------
 */

int
clock_gettime(clockid_t id, struct timespec *now)
{
    int failed = REAL(clock_gettime)(id, now);

    now->tv_sec += clock_ahead_us / 1000000;
    return failed;
}

int
statvfs(const char *path, struct statvfs *info)
{
    int failed = REAL(statvfs)(path, info);

    if (free_size >= 0)
        info->f_bavail = (fsblkcnt_t)free_size / info->f_frsize;
    return failed;
}

static bool
is_segment(const char *path)
{
    return strstr(path, ".seg") != NULL;
}

int
unlink(const char *path)
{
    removed += is_segment(path);
    return REAL(unlink)(path);
}

int
ftruncate(int fd, off_t size)
{
    shortened++;
    return REAL(ftruncate)(fd, size);
}

int
posix_fallocate(int fd, off_t offset, off_t size)
{
    zeroed++;
    return REAL(posix_fallocate)(fd, offset, size);
}

int
rename(const char *from, const char *to)
{
    if (register_finds_no_space && strstr(from, FR_REGISTER_TMP_NAME) != NULL) {
        register_finds_no_space = false;
        errno = ENOSPC;
        return -1;
    }
    return REAL(rename)(from, to);
}

/* ---- the scene ----------------------------------------------------------------------------------
 */

static void
begin(struct scene *s)
{
    clock_ahead_us = 0;
    free_size = -1;
    register_finds_no_space = false;
    scene_init(s, false);
    scene_open(s);
}

static void
trim(struct scene *s)
{
    assert_int_equal(
        fr_journal_trim(s->journal, UINT64_MAX, (struct fr_time){.unix_us = INT64_C(1) << 50}),
        FR_OK);
}

/* Until what the thread does has come to this; it is given every chance. */
static void
wait_for_stock(struct scene *s, int least, int most)
{
    for (int i = 0; i < WAIT_MAX; i++) {
        int count = stock_files(s);

        if (segment_files(s) == 1 && count >= least && count <= most)
            return;
        usleep(500);
        trim(s);
    }
    fail_msg("%d segments, %d in stock, not %d to %d", segment_files(s), stock_files(s), least,
             most);
}

static void
fill(struct scene *s, int segments)
{
    for (int i = 0; i < segments * FRAMES_IN_SEGMENT; i++)
        put_frame(s->journal, 10, 500);
}

static void
wait_for_spare(struct scene *s)
{
    char path[PATH_MAX];

    fr_file_path(s->dir, FR_SPARE_NAME, path);
    for (int i = 0; i < WAIT_MAX && access(path, F_OK) != 0; i++)
        usleep(500);
    assert_int_equal(access(path, F_OK), 0);
}

/* Leaves one segment, the spare, and the others in stock: 4 after the first round, then more. */
static void
write_and_trim(struct scene *s, int rounds)
{
    for (int i = 0; i < rounds; i++) {
        fill(s, SEGMENTS_PER_ROUND);
        wait_for_spare(s);
        trim(s);
        wait_for_stock(s, SEGMENTS_PER_ROUND - 1, SEGMENTS_PER_ROUND + 2);
    }
}

/* A file in stock, any; its path. */
static void
one_of_stock(struct scene *s, char *path)
{
    DIR *dir = opendir(s->dir);
    struct dirent *entry;

    path[0] = '\0';
    while ((entry = readdir(dir)) != NULL)
        if (strncmp(entry->d_name, "stock-", 6) == 0)
            fr_file_path(s->dir, entry->d_name, path);
    closedir(dir);
    assert_true(path[0] != '\0');
}

static uint64_t
size_on_disk(struct scene *s)
{
    DIR *dir = opendir(s->dir);
    struct dirent *entry;
    struct stat info;
    uint64_t size = 0;

    while ((entry = readdir(dir)) != NULL)
        if (is_segment(entry->d_name) && fstatat(dirfd(dir), entry->d_name, &info, 0) == 0)
            size += (uint64_t)info.st_size;
    closedir(dir);
    return size;
}

/* ---- the claims ---------------------------------------------------------------------------------
 */

static void
under_load_segments_go_round_and_nothing_is_removed(void **state)
{
    struct scene s;
    int zeroed_before, removed_before;

    (void)state;
    begin(&s);
    write_and_trim(&s, 3);
    zeroed_before = zeroed;
    removed_before = removed + shortened;
    write_and_trim(&s, 10);
    assert_int_equal(zeroed, zeroed_before);
    assert_int_equal(removed + shortened, removed_before);
    assert_int_equal(read_all(s.journal), 13 * SEGMENTS_PER_ROUND * FRAMES_IN_SEGMENT * 10);
    assert_int_equal(fr_journal_verify(s.journal, NULL, NULL, NULL, 0), FR_OK);
    scene_reopen(&s);
    assert_int_equal(read_all(s.journal), 13 * SEGMENTS_PER_ROUND * FRAMES_IN_SEGMENT * 10);
    scene_fini(&s);
}

static void
the_stock_goes_back_in_steps_when_demand_has_gone(void **state)
{
    struct scene s;
    struct fr_journal_stats stats;
    int shortened_before;

    (void)state;
    begin(&s);
    write_and_trim(&s, 2);
    usleep(20000);
    trim(&s);
    assert_true(stock_files(&s) >= SEGMENTS_PER_ROUND - 1); /* not before */
    shortened_before = shortened;
    clock_ahead_us = FR_DEMAND_US + 1000000;
    wait_for_stock(&s, 0, 0);
    assert_true(shortened - shortened_before >= 3 * (SEGMENTS_PER_ROUND - 1));
    do { /* what is written, and the next */
        usleep(500);
        fr_journal_stats(s.journal, &stats);
    } while (stats.size > 2 * SMALL_SEGMENT);
    fill(&s, 3);
    read_all(s.journal);
    scene_fini(&s);
}

static void
what_a_former_run_left_is_used_again(void **state)
{
    struct scene s;
    int zeroed_before, removed_before, count;

    (void)state;
    begin(&s);
    write_and_trim(&s, 2);
    fr_journal_free(&s.journal);
    count = stock_files(&s);
    zeroed_before = zeroed;
    removed_before = removed + shortened;
    scene_open(&s);
    fill(&s, SEGMENTS_PER_ROUND - 2);
    assert_true(stock_files(&s) < count);
    assert_int_equal(zeroed, zeroed_before);
    assert_int_equal(removed + shortened, removed_before);
    read_all(s.journal);
    scene_fini(&s);
}

static off_t
size_of(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 ? info.st_size : -1;
}

static void
leftovers_of_another_size_are_removed_or_cut_to_it(void **state)
{
    static const struct {
        off_t size, becomes; /* -1: nothing */
    } cases[] = {{0, -1}, {1000, -1}, {SMALL_SEGMENT / 2, -1}, {2 * SMALL_SEGMENT, SMALL_SEGMENT}};
    struct scene s;
    char path[PATH_MAX], name[PATH_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin(&s);
        write_and_trim(&s, 1);
        fr_journal_free(&s.journal);
        one_of_stock(&s, path);
        assert_int_equal(truncate(path, cases[i].size), 0);
        fr_file_path(s.dir, "stock-none.seg", name); /* not ours: left alone */
        close(open(name, O_CREAT | O_RDWR, 0600));
        scene_open(&s);
        for (int wait = 0; size_of(path) != cases[i].becomes && wait < WAIT_MAX; wait++) {
            trim(&s);
            usleep(500);
        }
        assert_int_equal(size_of(path), cases[i].becomes);
        assert_int_equal(size_of(name), 0);
        assert_true(stock_files(&s) > 3); /* the others are still there */
        fill(&s, SEGMENTS_PER_ROUND);
        read_all(s.journal);
        scene_fini(&s);
    }
}

/* With another size configured, what is in stock is no segment any more. */
static void
segments_have_the_size_that_is_configured(void **state)
{
    struct scene s;
    char path[PATH_MAX];

    (void)state;
    begin(&s);
    write_and_trim(&s, 2);
    fr_journal_free(&s.journal);
    s.options.segment_size = 2 * SMALL_SEGMENT;
    scene_open(&s);
    fill(&s, 6);
    for (int i = 1; segment_file(&s, i, path); i++)
        assert_int_equal(size_of(path), 2 * SMALL_SEGMENT);
    assert_true(segment_files(&s) > 2);
    scene_fini(&s);
}

static void
the_stock_counts_as_free_space(void **state)
{
    struct scene s;

    (void)state;
    begin(&s);
    fr_journal_free(&s.journal);
    s.options.reserve = 8 * SMALL_SEGMENT;
    scene_open(&s);
    free_size = 6 * SMALL_SEGMENT;
    fill(&s, 1);
    assert_int_equal(fr_journal_pressure(s.journal), FR_PRESSURE_INTAKE);
    write_and_trim(&s, 1);
    for (int i = 0; i < WAIT_MAX && fr_journal_pressure(s.journal) != FR_PRESSURE_NONE; i++)
        usleep(500); /* in stock they are at once, counted when their names are durable */
    assert_int_equal(fr_journal_pressure(s.journal), FR_PRESSURE_NONE);
    scene_fini(&s);
}

static void
on_a_full_disk_the_stock_goes_first_and_at_once(void **state)
{
    struct scene s;

    (void)state;
    begin(&s);
    write_and_trim(&s, 2);
    free_size = 2 * SMALL_SEGMENT; /* no more in stock than is free beside it */
    wait_for_stock(&s, 2, 2);
    free_size = 0;
    wait_for_stock(&s, 0, 0);
    fill(&s, 1);
    free_size = -1;
    write_and_trim(&s, 2);
    read_all(s.journal);
    scene_fini(&s);
}

static void
the_register_is_worth_more_than_the_stock(void **state)
{
    struct scene s;

    (void)state;
    begin(&s);
    write_and_trim(&s, 1);
    register_finds_no_space = true;
    assert_int_equal(fr_journal_register(s.journal, "sla"), FR_OK);
    assert_false(register_finds_no_space);
    assert_int_equal(stock_files(&s), 0);
    scene_reopen(&s);
    assert_int_equal(fr_journal_readers(s.journal, NULL, 0), 1);
    scene_fini(&s);
}

static void
the_stock_stays_within_the_journals_size(void **state)
{
    struct scene s;

    (void)state;
    begin(&s);
    fr_journal_free(&s.journal);
    s.options.size_max = 6 * SMALL_SEGMENT;
    scene_open(&s);
    for (int round = 0; round < 60; round++) {
        fill(&s, 1 + (int)roll(&s, 3));
        assert_true(size_on_disk(&s) <= s.options.size_max + SMALL_SEGMENT);
        trim(&s);
        wait_for_stock(&s, 0, 6);
    }
    read_all(s.journal);
    scene_fini(&s);
}

static void
what_somebody_removed_by_hand_is_only_missed(void **state)
{
    struct scene s;
    char path[PATH_MAX];

    (void)state;
    begin(&s);
    write_and_trim(&s, 1);
    while (stock_files(&s) > 0) {
        one_of_stock(&s, path);
        assert_int_equal(unlink(path), 0);
    }
    fill(&s, SEGMENTS_PER_ROUND);
    trim(&s);
    wait_for_stock(&s, 3, SEGMENTS_PER_ROUND);
    read_all(s.journal);
    scene_fini(&s);
}

static void
demand_is_what_was_taken_lately(void **state)
{
    static const struct {
        int taken, every_us, later_us;
        size_t demand;
    } cases[] = {
        {0, 0, 0, 0},
        {1, 0, 0, 1},
        {5, 1000, 0, 5},
        {5, 1000, FR_DEMAND_US - 6000, 5},
        {5, 1000, FR_DEMAND_US + 6000, 0},
        {20, 1000000, 0, 10}, /* one a second: those of the last ten seconds */
        {20, 1000000, 7000000, 3},
        {1000, 1000, 0, FR_STOCK_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fr_demand demand = {0};
        struct fr_span now = {12345};

        for (int n = 0; n < cases[i].taken; n++) {
            now.us += cases[i].every_us;
            fr_demand_note(&demand, now);
        }
        now.us += cases[i].later_us;
        assert_int_equal(fr_demand_lately(&demand, now), cases[i].demand);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(under_load_segments_go_round_and_nothing_is_removed),
        cmocka_unit_test(the_stock_goes_back_in_steps_when_demand_has_gone),
        cmocka_unit_test(what_a_former_run_left_is_used_again),
        cmocka_unit_test(leftovers_of_another_size_are_removed_or_cut_to_it),
        cmocka_unit_test(segments_have_the_size_that_is_configured),
        cmocka_unit_test(the_stock_counts_as_free_space),
        cmocka_unit_test(on_a_full_disk_the_stock_goes_first_and_at_once),
        cmocka_unit_test(the_register_is_worth_more_than_the_stock),
        cmocka_unit_test(the_stock_stays_within_the_journals_size),
        cmocka_unit_test(what_somebody_removed_by_hand_is_only_missed),
        cmocka_unit_test(demand_is_what_was_taken_lately),
    };

    be_quiet();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
