/* store_full_test.c - a map that grows, a map and a disk that are full, a disk that fails. */
#include "common/store/store_testing.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include "common/store/store_private.h"

#define VALUE_SIZE 1000

static const struct fr_table tables[] = {
    {"rows", true, "number to bytes"},
    FR_TABLE_END,
};

struct fixture {
    struct scratch scratch;
    struct fr_store *store;
    struct fr_store_position position;
};

static void
open_store(struct fixture *f, size_t map_size_max)
{
    struct fr_store_options options = {.dir = f->scratch.store,
                                       .tables = tables,
                                       .map_size_first = 256 << 10,
                                       .map_size_max = map_size_max,
                                       .dirty_size_max = 64 << 20};

    assert_int_equal(fr_store_open(&options, &f->store, &f->position), FR_OK);
}

static void
put_rows(struct fixture *f, uint32_t first, uint32_t end, uint8_t fill)
{
    uint8_t value[VALUE_SIZE];
    struct fr_key key;

    memset(value, fill, sizeof value);
    for (uint32_t i = first; i < end; i++)
        assert_int_equal(fr_put(fr_store_tables(f->store), &tables[0],
                                fr_key_slice(fr_key_u32(fr_key_init(&key), i)),
                                fr_slice(value, sizeof value)),
                         FR_OK);
}

static void
del_rows(struct fixture *f, uint32_t first, uint32_t end)
{
    struct fr_key key;

    for (uint32_t i = first; i < end; i++)
        assert_int_equal(fr_del(fr_store_tables(f->store), &tables[0],
                                fr_key_slice(fr_key_u32(fr_key_init(&key), i))),
                         FR_OK);
}

/* How many rows there are, all of them with bytes `fill`. */
static uint32_t
count_rows(const struct fr_view *view, uint8_t fill)
{
    struct fr_slice all = {NULL, 0}, key, value;
    struct fr_scan scan;
    uint32_t count = 0;

    fr_scan_init(&scan, view, &tables[0], all, all);
    while (fr_scan_next(&scan, &key, &value) == FR_OK) {
        assert_int_equal(value.size, VALUE_SIZE);
        assert_int_equal(((const uint8_t *)value.data)[VALUE_SIZE - 1], fill);
        count++;
    }
    return count;
}

static uint32_t
rows(struct fixture *f, uint8_t fill)
{
    return count_rows(fr_tables_view(fr_store_tables(f->store)), fill);
}

static struct fr_store_position
at(uint64_t seq)
{
    return (struct fr_store_position){1, seq, seq};
}

static void
the_map_grows_by_doubling(void **state)
{
    struct fixture f;
    struct fr_store_stats stats;

    (void)state;
    scratch_init(&f.scratch);
    open_store(&f, 64 << 20);
    fr_store_stats(f.store, &stats);
    assert_true(stats.map_size < 2 << 20);
    put_rows(&f, 0, 4000, 1);
    assert_int_equal(fr_store_checkpoint(f.store, at(1)), FR_OK);
    fr_store_stats(f.store, &stats);
    assert_true(stats.map_size >= 4 << 20);
    assert_true(stats.map_used >= 4000 * VALUE_SIZE && stats.map_used <= stats.map_size);
    assert_int_equal(rows(&f, 1), 4000);
    fr_store_free(&f.store);

    open_store(&f, 64 << 20);
    assert_int_equal(f.position.seq, 1);
    assert_int_equal(rows(&f, 1), 4000);
    fr_store_free(&f.store);
    scratch_fini(&f.scratch);
}

static void
a_query_view_holds_growth_up_and_stays_good(void **state)
{
    struct fixture f;
    const struct fr_view *view;
    struct fr_store_position seen, done;
    struct pollfd poll_fd;
    enum fr_error err;

    (void)state;
    scratch_init(&f.scratch);
    open_store(&f, 64 << 20);
    put_rows(&f, 0, 10, 1);
    assert_int_equal(fr_store_checkpoint(f.store, at(1)), FR_OK);
    assert_int_equal(fr_store_read_begin(f.store, &view, &seen), FR_OK);
    put_rows(&f, 0, 4000, 2);
    assert_int_equal(fr_store_freeze(f.store, at(2)), FR_OK);
    poll_fd = (struct pollfd){.fd = fr_store_fd(f.store), .events = POLLIN};
    assert_int_equal(poll(&poll_fd, 1, 20000), 1);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(fr_store_tick(f.store, &done), FR_AGAIN); /* the view is in the way */
        assert_int_equal(count_rows(view, 1), 10);
    }
    assert_int_equal(rows(&f, 2), 4000); /* the writer sees what it wrote */
    fr_store_read_end(f.store, &view);
    assert_int_equal(poll(&poll_fd, 1, 20000), 1); /* its end wakes the writer */
    while ((err = fr_store_tick(f.store, &done)) == FR_AGAIN)
        poll(&poll_fd, 1, 20000);
    assert_int_equal(err, FR_OK);
    assert_int_equal(done.seq, 2);
    assert_int_equal(fr_store_read_begin(f.store, &view, &seen), FR_OK);
    assert_int_equal(seen.seq, 2);
    assert_int_equal(count_rows(view, 2), 4000);
    fr_store_read_end(f.store, &view);
    fr_store_free(&f.store);
    scratch_fini(&f.scratch);
}

static void
a_full_map_loses_nothing_and_recovers_when_something_is_deleted(void **state)
{
    struct fixture f;
    struct fr_store_position done;

    (void)state;
    scratch_init(&f.scratch);
    open_store(&f, 2 << 20);
    put_rows(&f, 0, 500, 1);
    assert_int_equal(fr_store_checkpoint(f.store, at(1)), FR_OK);
    put_rows(&f, 500, 4000, 1);
    assert_int_equal(fr_store_checkpoint(f.store, at(2)), FR_FULL);
    assert_int_equal(rows(&f, 1), 4000);
    assert_int_equal(fr_store_tick(f.store, &done), FR_FULL); /* until the pause is over */
    assert_int_equal(fr_store_freeze(f.store, at(3)), FR_FULL);
    put_rows(&f, 4000, 4010, 1);
    assert_int_equal(fr_store_checkpoint(f.store, at(4)), FR_FULL);
    assert_int_equal(rows(&f, 1), 4010);

    del_rows(&f, 600, 4010);
    assert_int_equal(fr_store_checkpoint(f.store, at(5)), FR_OK);
    assert_int_equal(rows(&f, 1), 600);
    fr_store_free(&f.store);
    open_store(&f, 2 << 20);
    assert_int_equal(f.position.seq, 5);
    assert_int_equal(rows(&f, 1), 600);
    fr_store_free(&f.store);
    scratch_fini(&f.scratch);
}

static void
a_full_map_at_close_leaves_the_last_checkpoint(void **state)
{
    struct fixture f;

    (void)state;
    scratch_init(&f.scratch);
    open_store(&f, 2 << 20);
    put_rows(&f, 0, 500, 1);
    assert_int_equal(fr_store_checkpoint(f.store, at(1)), FR_OK);
    put_rows(&f, 0, 4000, 2);
    assert_int_equal(fr_store_checkpoint(f.store, at(2)), FR_FULL);
    fr_store_free(&f.store);
    open_store(&f, 64 << 20);
    assert_int_equal(f.position.seq, 1);
    assert_int_equal(rows(&f, 1), 500);
    put_rows(&f, 0, 4000, 2); /* what the journal's replay does */
    assert_int_equal(fr_store_checkpoint(f.store, at(2)), FR_OK);
    assert_int_equal(rows(&f, 2), 4000);
    fr_store_free(&f.store);
    scratch_fini(&f.scratch);
}

static void
limit_files(rlim_t size)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A limit on the size of files stands in for the disk: the write at the limit comes back short, as
 * the last one on a full disk does. */
static void
fill_the_disk(const struct scratch *scratch)
{
    struct fixture f = {.scratch = *scratch};
    struct fr_store_position done;
    struct pollfd poll_fd;
    enum fr_error err;

    signal(SIGXFSZ, SIG_IGN);
    open_store(&f, 64 << 20);
    put_rows(&f, 0, 100, 1);
    assert_int_equal(fr_store_checkpoint(f.store, at(1)), FR_OK);
    limit_files((1 << 20) + 1234);
    put_rows(&f, 0, 4000, 2);
    assert_int_equal(fr_store_checkpoint(f.store, at(2)), FR_FULL);
    assert_int_equal(rows(&f, 2), 4000);
    put_rows(&f, 4000, 4001, 2);
    limit_files(RLIM_INFINITY);
    poll_fd = (struct pollfd){.fd = fr_store_fd(f.store), .events = POLLIN};
    while ((err = fr_store_tick(f.store, &done)) == FR_FULL || err == FR_AGAIN)
        poll(&poll_fd, 1, 50); /* tick tries again by itself */
    assert_int_equal(err, FR_OK);
    assert_int_equal(done.seq, 2);
    assert_int_equal(rows(&f, 2), 4001);
    fr_store_free(&f.store);
    open_store(&f, 64 << 20);
    assert_int_equal(rows(&f, 2), 4000);
    fr_store_free(&f.store);
}

static void
in_a_child(void (*work)(const struct scratch *))
{
    struct scratch scratch;
    pid_t child;
    int status;

    scratch_init(&scratch);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        work(&scratch);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    scratch_fini(&scratch);
}

static void
a_full_disk_loses_nothing_and_recovers_by_itself(void **state)
{
    (void)state;
    in_a_child(fill_the_disk);
}

static void
a_failing_disk_is_reported_and_never_tried_again(void **state)
{
    struct fixture f;
    struct fr_store_position done;
    uint64_t tried;
    int fd, broken;

    (void)state;
    scratch_init(&f.scratch);
    open_store(&f, 64 << 20);
    put_rows(&f, 0, 100, 1);
    assert_int_equal(fr_store_checkpoint(f.store, at(1)), FR_OK);
    put_rows(&f, 0, 200, 2);

    /* LMDB's descriptor no longer writes. */
    assert_int_equal(mdb_env_get_fd(f.store->env.mdb, &fd), 0);
    broken = open("/dev/null", O_RDONLY);
    assert_true(broken >= 0 && dup2(broken, fd) == fd);
    close(broken);
    assert_int_equal(fr_store_checkpoint(f.store, at(2)), FR_IO);
    assert_int_equal(errno, EBADF);
    tried = f.store->checkpointer.completed;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(fr_store_tick(f.store, &done), FR_IO);
        assert_int_equal(fr_store_freeze(f.store, at(3)), FR_IO);
        assert_int_equal(fr_store_checkpoint(f.store, at(3)), FR_IO);
    }
    assert_int_equal(f.store->checkpointer.completed, tried);
    assert_int_equal(rows(&f, 2), 200); /* reads go on */
    fr_store_free(&f.store);
    open_store(&f, 64 << 20);
    assert_int_equal(f.position.seq, 1);
    assert_int_equal(rows(&f, 1), 100);
    fr_store_free(&f.store);
    scratch_fini(&f.scratch);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_map_grows_by_doubling),
        cmocka_unit_test(a_query_view_holds_growth_up_and_stays_good),
        cmocka_unit_test(a_full_map_loses_nothing_and_recovers_when_something_is_deleted),
        cmocka_unit_test(a_full_map_at_close_leaves_the_last_checkpoint),
        cmocka_unit_test(a_full_disk_loses_nothing_and_recovers_by_itself),
        cmocka_unit_test(a_failing_disk_is_reported_and_never_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
