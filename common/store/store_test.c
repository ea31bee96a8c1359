/* store_test.c - the promises of store.h, one by one. */
#include "common/store/store_testing.h"

#include <lmdb.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "common/store/store_private.h"

static const struct fr_table own_tables[] = {
    {"ordered", true, "text to text"},
    {"plain", false, "text to text"},
    FR_TABLE_END,
};
static const struct fr_table stage_tables[] = {
    {"timers", true, "text to text"},
    FR_TABLE_END,
};
#define ORDERED (&own_tables[0])
#define PLAIN (&own_tables[1])
#define TIMERS (&stage_tables[0])

struct fixture {
    struct scratch scratch;
    struct fr_store *store;
    struct fr_tables *tables;
    const struct fr_view *view;
    struct fr_store_position position;
};

static uint32_t oldest; /* layout that can be rebuilt */

static enum fr_error
try_open_layout(struct fixture *f, const char *dir, uint32_t layout)
{
    struct fr_store_options options = {.dir = dir,
                                       .layout = layout,
                                       .layout_oldest = oldest,
                                       .tables = own_tables,
                                       .more_tables = stage_tables,
                                       .map_size_first = 1 << 20,
                                       .map_size_max = 64 << 20,
                                       .dirty_size_max = 1 << 20};
    enum fr_error err = fr_store_open(&options, &f->store, &f->position);

    if (err == FR_OK) {
        f->tables = fr_store_tables(f->store);
        f->view = fr_tables_view(f->tables);
    }
    return err;
}

static enum fr_error
try_open(struct fixture *f, const char *dir)
{
    return try_open_layout(f, dir, 1);
}

static int
set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    scratch_init(&f->scratch);
    assert_int_equal(try_open(f, f->scratch.store), FR_OK);
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;

    fr_store_free(&f->store);
    scratch_fini(&f->scratch);
    free(f);
    return 0;
}

static void
reopen(struct fixture *f)
{
    fr_store_free(&f->store);
    assert_null(f->store);
    assert_int_equal(try_open(f, f->scratch.store), FR_OK);
}

static void
put(struct fixture *f, const struct fr_table *table, const char *key, const char *value)
{
    assert_int_equal(fr_put(f->tables, table, fr_slice_str(key), fr_slice_str(value)), FR_OK);
}

static void
del(struct fixture *f, const struct fr_table *table, const char *key)
{
    assert_int_equal(fr_del(f->tables, table, fr_slice_str(key)), FR_OK);
}

/* `value` NULL: the key must not be there. */
static void
expect_in(const struct fr_view *view, const struct fr_table *table, const char *key,
          const char *value)
{
    struct fr_slice found = {&found, 77};
    enum fr_error err = fr_get(view, table, fr_slice_str(key), &found);

    if (value == NULL) {
        assert_int_equal(err, FR_NOT_FOUND);
        assert_true(found.data == &found && found.size == 77);
    } else {
        assert_int_equal(err, FR_OK);
        assert_true(fr_slice_equal(found, fr_slice_str(value)));
    }
}

static void
expect(struct fixture *f, const struct fr_table *table, const char *key, const char *value)
{
    expect_in(f->view, table, key, value);
}

static void
checkpoint(struct fixture *f, uint64_t seq)
{
    assert_int_equal(fr_store_checkpoint(f->store, (struct fr_store_position){2, seq, seq * 31}),
                     FR_OK);
}

static void
a_put_is_seen_at_once_and_a_del_hides_it(void **state)
{
    struct fixture *f = *state;

    expect(f, PLAIN, "k", NULL);
    put(f, PLAIN, "k", "one");
    expect(f, PLAIN, "k", "one");
    expect(f, ORDERED, "k", NULL); /* tables are apart */
    expect(f, TIMERS, "k", NULL);
    put(f, TIMERS, "k", "tick");
    put(f, PLAIN, "k", "");
    expect(f, PLAIN, "k", "");
    del(f, PLAIN, "k");
    expect(f, PLAIN, "k", NULL);
    del(f, PLAIN, "never there");
    expect(f, TIMERS, "k", "tick");
}

static void
a_del_also_hides_what_is_stored(void **state)
{
    struct fixture *f = *state;

    put(f, PLAIN, "k", "one");
    checkpoint(f, 1);
    expect(f, PLAIN, "k", "one");
    del(f, PLAIN, "k");
    expect(f, PLAIN, "k", NULL);
    checkpoint(f, 2);
    expect(f, PLAIN, "k", NULL);
    reopen(f);
    expect(f, PLAIN, "k", NULL);
}

static void
keys_and_values_have_limits(void **state)
{
    struct fixture *f = *state;
    struct fr_key key = {.size = FR_KEY_SIZE_MAX};
    char *big = calloc(1, FR_VALUE_SIZE_MAX + 1);
    struct fr_slice value = fr_slice("v", 1), found;

    assert_non_null(big);
    memset(key.bytes, 'k', FR_KEY_SIZE_MAX);
    assert_int_equal(fr_put(f->tables, PLAIN, fr_key_slice(&key), value), FR_OK);
    checkpoint(f, 1);
    assert_int_equal(fr_get(f->view, PLAIN, fr_key_slice(&key), &found), FR_OK);
    fr_key_u8(&key, 1);
    assert_int_equal(fr_put(f->tables, PLAIN, fr_key_slice(&key), value), FR_TOO_BIG);
    assert_int_equal(fr_del(f->tables, PLAIN, fr_key_slice(&key)), FR_TOO_BIG);
    assert_int_equal(fr_get(f->view, PLAIN, fr_key_slice(&key), &found), FR_TOO_BIG);
    assert_int_equal(fr_put(f->tables, PLAIN, fr_slice(NULL, 0), value), FR_INVALID);
    assert_int_equal(
        fr_put(f->tables, PLAIN, fr_slice_str("k"), fr_slice(big, FR_VALUE_SIZE_MAX + 1)),
        FR_TOO_BIG);
    expect(f, PLAIN, "k", NULL);
    free(big);
}

static void
a_copy_must_have_the_exact_size(void **state)
{
    struct fixture *f = *state;
    uint32_t value = 7;

    put(f, PLAIN, "k", "1234");
    assert_int_equal(fr_get_copy(f->view, PLAIN, fr_slice_str("k"), &value, 3), FR_CORRUPT);
    assert_int_equal(fr_get_copy(f->view, PLAIN, fr_slice_str("k"), &value, 5), FR_CORRUPT);
    assert_int_equal(fr_get_copy(f->view, PLAIN, fr_slice_str("x"), &value, 4), FR_NOT_FOUND);
    assert_int_equal(value, 7);
    assert_int_equal(fr_get_copy(f->view, PLAIN, fr_slice_str("k"), &value, 4), FR_OK);
    assert_memory_equal(&value, "1234", 4);
}

/* Sizes around what fits in place, in a chunk, and in neither. */
static void
values_may_grow_and_shrink(void **state)
{
    static const size_t sizes[] = {3, 100, 8, 70000, 65536, 10, 300000, 5, 2000000, 1, 0, 3000000};
    struct fixture *f = *state;
    char *bytes = malloc(3000000);
    struct fr_slice found;

    assert_non_null(bytes);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            memset(bytes, (int)i, sizes[i]);
            assert_int_equal(fr_put(f->tables, PLAIN, fr_slice_str("k"), fr_slice(bytes, sizes[i])),
                             FR_OK);
            assert_int_equal(fr_get(f->view, PLAIN, fr_slice_str("k"), &found), FR_OK);
            assert_true(fr_slice_equal(found, fr_slice(bytes, sizes[i])));
        }
        checkpoint(f, 1 + (uint64_t)pass);
        assert_int_equal(fr_get(f->view, PLAIN, fr_slice_str("k"), &found), FR_OK);
        assert_true(fr_slice_equal(found, fr_slice(bytes, 3000000)));
    }
    free(bytes);
}

static void
undo_takes_back_everything_since_the_mark(void **state)
{
    struct fixture *f = *state;
    char *big = calloc(1, 200001);

    assert_non_null(big);
    memset(big, 'x', 200000);
    put(f, PLAIN, "stored", "s");
    put(f, PLAIN, "stored too", "s2");
    checkpoint(f, 1);
    put(f, PLAIN, "changed", "before");
    put(f, PLAIN, "grown", "before");
    put(f, PLAIN, "deleted", "before");
    put(f, PLAIN, "big", big);
    fr_store_mark(f->store);
    put(f, PLAIN, "changed", "gone");
    fr_store_mark(f->store); /* one mark: the one before is forgotten */
    put(f, PLAIN, "changed", "after 1");
    put(f, PLAIN, "changed", "after 2, longer than the room that was there");
    put(f, PLAIN, "grown", big);
    put(f, PLAIN, "big", "small");
    put(f, PLAIN, "new", "new");
    put(f, PLAIN, "stored", "changed");
    del(f, PLAIN, "stored too");
    del(f, PLAIN, "deleted");
    del(f, PLAIN, "new");
    fr_store_undo(f->store);
    expect(f, PLAIN, "changed", "gone");
    expect(f, PLAIN, "grown", "before");
    expect(f, PLAIN, "deleted", "before");
    expect(f, PLAIN, "big", big);
    expect(f, PLAIN, "new", NULL);
    expect(f, PLAIN, "stored", "s");
    expect(f, PLAIN, "stored too", "s2");
    checkpoint(f, 2);
    reopen(f);
    expect(f, PLAIN, "changed", "gone");
    expect(f, PLAIN, "big", big);
    expect(f, PLAIN, "new", NULL);
    expect(f, PLAIN, "stored", "s");
    free(big);
}

static void
a_checkpoint_survives_and_nothing_later_does(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(f->position.seq, 0);
    put(f, PLAIN, "a", "1");
    put(f, ORDERED, "a", "2");
    put(f, TIMERS, "a", "3");
    checkpoint(f, 41);
    put(f, PLAIN, "a", "later");
    reopen(f);
    assert_int_equal(f->position.incarnation, 2);
    assert_int_equal(f->position.seq, 41);
    assert_int_equal(f->position.hash, 41 * 31);
    expect(f, PLAIN, "a", "1");
    expect(f, ORDERED, "a", "2");
    expect(f, TIMERS, "a", "3");
}

static void
a_checkpoint_runs_beside_the_writer_and_says_when_it_is_done(void **state)
{
    struct fixture *f = *state;
    struct fr_store_position done = {0};
    struct pollfd ready = {.fd = fr_store_fd(f->store), .events = POLLIN};
    struct fr_store_stats stats;

    assert_int_equal(fr_store_tick(f->store, &done), FR_NOT_FOUND);
    put(f, PLAIN, "a", "1");
    put(f, PLAIN, "b", "1");
    fr_store_stats(f->store, &stats);
    assert_int_equal(stats.dirty_count, 2);
    assert_true(stats.dirty_size > 0);
    assert_int_equal(fr_store_freeze(f->store, (struct fr_store_position){1, 5, 5}), FR_OK);
    fr_store_stats(f->store, &stats);
    assert_int_equal(stats.dirty_count, 0);
    expect(f, PLAIN, "a", "1"); /* from the frozen memtable */
    put(f, PLAIN, "a", "2");
    del(f, PLAIN, "b");
    assert_int_equal(poll(&ready, 1, 20000), 1);
    assert_int_equal(fr_store_freeze(f->store, (struct fr_store_position){1, 6, 6}), FR_AGAIN);
    assert_int_equal(fr_store_tick(f->store, &done), FR_OK);
    assert_int_equal(done.seq, 5);
    assert_int_equal(poll(&ready, 1, 0), 0);
    assert_int_equal(fr_store_tick(f->store, &done), FR_NOT_FOUND);
    expect(f, PLAIN, "a", "2");
    expect(f, PLAIN, "b", NULL);
    fr_store_stats(f->store, &stats);
    assert_int_equal(stats.checkpoints, 1);
    reopen(f);
    expect(f, PLAIN, "a", "1");
    expect(f, PLAIN, "b", "1");
}

static void
dirty_is_full_at_its_limit(void **state)
{
    struct fixture *f = *state;
    char value[1001] = "";
    char key[16];

    memset(value, 'v', 1000);
    for (int i = 0; i < 1100; i++) {
        assert_true(i > 900 || !fr_store_dirty_full(f->store));
        snprintf(key, sizeof key, "%d", i);
        put(f, PLAIN, key, value);
    }
    assert_true(fr_store_dirty_full(f->store));
    checkpoint(f, 1);
    assert_false(fr_store_dirty_full(f->store));
}

static void
a_second_open_is_refused(void **state)
{
    struct fixture *f = *state;
    struct fixture other = {0};
    int status;
    pid_t child;

    assert_int_equal(try_open(&other, f->scratch.store), FR_LOCKED);
    assert_null(other.store);
    assert_int_equal(fr_store_drop(f->scratch.store), FR_LOCKED);
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(try_open(&other, f->scratch.store) == FR_LOCKED ? 0 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    put(f, PLAIN, "k", "still ours");
    checkpoint(f, 1);
    reopen(f); /* and the lock goes with its holder */
    expect(f, PLAIN, "k", "still ours");
}

static void
dropped_tables_are_empty(void **state)
{
    struct fixture *f = *state;

    put(f, PLAIN, "k", "v");
    checkpoint(f, 9);
    fr_store_free(&f->store);
    assert_int_equal(fr_store_drop(f->scratch.store), FR_OK);
    assert_int_equal(try_open(f, f->scratch.store), FR_OK);
    assert_int_equal(f->position.seq, 0);
    expect(f, PLAIN, "k", NULL);
    assert_int_equal(fr_store_drop("/nonexistent/never"), FR_OK);
}

static void
a_query_view_sees_the_last_checkpoint_and_nothing_else(void **state)
{
    struct fixture *f = *state;
    const struct fr_view *before, *after;
    struct fr_store_position position;
    struct fr_scan scan;
    struct fr_slice key, value, all = {NULL, 0};

    put(f, PLAIN, "k", "one");
    checkpoint(f, 1);
    put(f, PLAIN, "k", "two");
    assert_int_equal(fr_store_read_begin(f->store, &before, &position), FR_OK);
    assert_int_equal(position.seq, 1);
    expect_in(before, PLAIN, "k", "one");
    checkpoint(f, 2);
    put(f, PLAIN, "k", "three");
    assert_int_equal(fr_store_read_begin(f->store, &after, &position), FR_OK);
    assert_int_equal(position.seq, 2);
    expect_in(before, PLAIN, "k", "one");
    expect_in(after, PLAIN, "k", "two");
    fr_scan_init(&scan, after, PLAIN, all, all); /* any table, for a query */
    assert_int_equal(fr_scan_next(&scan, &key, &value), FR_OK);
    assert_true(fr_slice_equal(value, fr_slice_str("two")));
    assert_int_equal(fr_scan_next(&scan, &key, &value), FR_NOT_FOUND);
    fr_store_read_end(f->store, &before);
    fr_store_read_end(f->store, &after);
    assert_null(before);
    expect(f, PLAIN, "k", "three");
}

/* The keys that a scan finds, as one word. */
static const char *
walk(struct fixture *f, bool back, const char *prefix, const char *from)
{
    static char word[200];
    struct fr_scan scan;
    struct fr_slice key, value;

    word[0] = '\0';
    (back ? fr_scan_init_back : fr_scan_init)(&scan, f->view, ORDERED, fr_slice_str(prefix),
                                              fr_slice_str(from));
    while (fr_scan_next(&scan, &key, &value) == FR_OK) {
        strncat(word, key.data, key.size);
        strcat(word, " ");
    }
    return word;
}

static void
scans_go_both_ways_over_all_layers(void **state)
{
    struct fixture *f = *state;

    put(f, ORDERED, "a1", "stored");
    put(f, ORDERED, "a2", "stored");
    put(f, ORDERED, "b1", "stored");
    put(f, ORDERED, "c1", "stored");
    checkpoint(f, 1);
    put(f, ORDERED, "a3", "frozen");
    put(f, ORDERED, "b0", "frozen");
    del(f, ORDERED, "a1");
    assert_int_equal(fr_store_freeze(f->store, (struct fr_store_position){2, 2, 2}), FR_OK);
    put(f, ORDERED, "a1", "active");
    put(f, ORDERED, "b2", "active");
    del(f, ORDERED, "a2");

    assert_string_equal(walk(f, false, "", ""), "a1 a3 b0 b1 b2 c1 ");
    assert_string_equal(walk(f, true, "", ""), "c1 b2 b1 b0 a3 a1 ");
    assert_string_equal(walk(f, false, "a", ""), "a1 a3 ");
    assert_string_equal(walk(f, true, "a", ""), "a3 a1 ");
    assert_string_equal(walk(f, false, "b", "b1"), "b1 b2 ");
    assert_string_equal(walk(f, true, "b", "b1"), "b1 b0 ");
    assert_string_equal(walk(f, false, "b", "a"), "b0 b1 b2 "); /* from lies before the prefix */
    assert_string_equal(walk(f, true, "b", "c"), "b2 b1 b0 ");
    assert_string_equal(walk(f, false, "b", "c"), "");
    assert_string_equal(walk(f, true, "b", "a"), "");
    assert_string_equal(walk(f, false, "d", ""), "");
    assert_string_equal(walk(f, true, "", "a2"), "a1 ");
}

static void
a_prefix_of_0xff_has_an_end_too(void **state)
{
    struct fixture *f = *state;

    put(f, ORDERED, "\xff", "1");
    put(f, ORDERED, "\xff\xff", "2");
    put(f, ORDERED, "\xfe", "0");
    assert_string_equal(walk(f, true, "\xff", ""), "\xff\xff \xff ");
    assert_string_equal(walk(f, true, "\xff\xff", ""), "\xff\xff ");
    assert_string_equal(walk(f, false, "\xff", ""), "\xff \xff\xff ");
    checkpoint(f, 1);
    assert_string_equal(walk(f, true, "\xff", ""), "\xff\xff \xff ");
    assert_string_equal(walk(f, true, "\xfe", ""), "\xfe ");
}

/* Were it not so, this would walk over five thousand million tombstones. */
static void
a_queue_drained_by_scans_does_not_walk_over_what_is_gone(void **state)
{
    struct fixture *f = *state;
    struct fr_slice all = {NULL, 0}, key, value;
    struct fr_key made;
    uint32_t count = 100000;

    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(fr_put(f->tables, ORDERED, fr_key_slice(fr_key_u32(fr_key_init(&made), i)),
                                fr_slice("v", 1)),
                         FR_OK);
    checkpoint(f, 1);
    for (uint32_t i = 0; i < count; i++) {
        struct fr_scan scan;

        fr_scan_init(&scan, f->view, ORDERED, all, all);
        assert_int_equal(fr_scan_next(&scan, &key, &value), FR_OK);
        assert_true(fr_slice_equal(key, fr_key_slice(fr_key_u32(fr_key_init(&made), i))));
        fr_scan_fini(&scan);
        assert_int_equal(fr_del(f->tables, ORDERED, key), FR_OK);
        if (i == count / 2)
            assert_int_equal(fr_store_freeze(f->store, (struct fr_store_position){2, 2, 2}), FR_OK);
    }
    assert_string_equal(walk(f, false, "", ""), "");
    put(f, ORDERED, "\x01", "back again");
    assert_string_equal(walk(f, false, "", ""), "\x01 ");
}

static void
memory_goes_back_when_nothing_happens(void **state)
{
    struct fixture *f = *state;
    struct fr_store_position done;
    char key[16];

    for (int i = 0; i < 20000; i++) {
        snprintf(key, sizeof key, "%d", i);
        put(f, PLAIN, key, "a value of some length, so that there is more than one chunk of it");
    }
    checkpoint(f, 1);
    assert_true(f->store->pool.count > 1);
    pthread_mutex_lock(&f->store->checkpointer.mutex);
    f->store->checkpointer.rest_due = true; /* what the thread says after some idle seconds */
    pthread_mutex_unlock(&f->store->checkpointer.mutex);
    assert_int_equal(fr_store_tick(f->store, &done), FR_NOT_FOUND);
    assert_true(f->store->pool.count <= 2);
    assert_true(f->store->spare->slot_count <= 4096);
    expect(f, PLAIN, "19999", "a value of some length, so that there is more than one chunk of it");
    put(f, PLAIN, "19999", "new");
    checkpoint(f, 2);
    reopen(f);
    expect(f, PLAIN, "19999", "new");
}

static void
a_store_in_memory_keeps_everything_and_nothing(void **state)
{
    struct fixture f = {0};
    struct fr_store_position done;
    const struct fr_view *view;

    (void)state;
    assert_int_equal(try_open(&f, NULL), FR_OK);
    assert_int_equal(fr_store_fd(f.store), -1);
    put(&f, ORDERED, "a", "1");
    put(&f, PLAIN, "a", "1");
    assert_int_equal(fr_store_freeze(f.store, (struct fr_store_position){1, 3, 3}), FR_OK);
    assert_int_equal(fr_store_tick(f.store, &done), FR_OK);
    assert_int_equal(done.seq, 3);
    assert_int_equal(fr_store_tick(f.store, &done), FR_NOT_FOUND);
    put(&f, ORDERED, "b", "2");
    checkpoint(&f, 4);
    assert_string_equal(walk(&f, false, "", ""), "a b ");
    assert_int_equal(fr_store_read_begin(f.store, &view, &done), FR_OK);
    assert_int_equal(done.seq, 4);
    expect_in(view, PLAIN, "a", "1");
    fr_store_read_end(f.store, &view);
    fr_store_mark(f.store);
    del(&f, ORDERED, "a");
    fr_store_undo(f.store);
    expect(&f, ORDERED, "a", "1");
    fr_store_free(&f.store);
}

static void
the_lock_file_is_allocated_in_full(void **state)
{
    struct fixture *f = *state;
    char path[PATH_MAX];
    struct stat status;

    scratch_path(&f->scratch, "lock.mdb", path);
    assert_int_equal(stat(path, &status), 0);
    assert_true(status.st_size >= 8192);
    assert_true(status.st_blocks * 512 >= status.st_size);
}

/* Rewrites the row with the position behind the store's back. */
static void
spoil_position(const char *dir, size_t offset, uint8_t change)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_val key = {8, "position"}, value;
    uint8_t copy[64];

    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 1), 0);
    assert_int_equal(mdb_env_open(env, dir, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, "fr.checkpoint", 0, &dbi), 0);
    assert_int_equal(mdb_get(txn, dbi, &key, &value), 0);
    assert_true(value.mv_size <= sizeof copy);
    memcpy(copy, value.mv_data, value.mv_size);
    copy[offset] ^= change;
    value.mv_data = copy;
    assert_int_equal(mdb_put(txn, dbi, &key, &value, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static void
a_newer_layout_and_a_spoiled_row_are_refused(void **state)
{
    struct fixture *f = *state;

    checkpoint(f, 1);
    fr_store_free(&f->store);
    spoil_position(f->scratch.store, 8, 0x10); /* the sequence number */
    assert_int_equal(try_open(f, f->scratch.store), FR_CORRUPT);
    spoil_position(f->scratch.store, 8, 0x10);
    spoil_position(f->scratch.store, 0, 0x40); /* the layout's number */
    assert_int_equal(try_open(f, f->scratch.store), FR_VERSION);
    spoil_position(f->scratch.store, 0, 0x40);
    assert_int_equal(try_open(f, f->scratch.store), FR_OK);
    assert_int_equal(f->position.seq, 1);
}

static void
tables_of_an_older_layout_are_told_and_of_a_newer_one_refused(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(f->position.layout, 1);
    checkpoint(f, 1);
    fr_store_free(&f->store);
    assert_int_equal(try_open_layout(f, f->scratch.store, 2), FR_OK);
    assert_int_equal(f->position.layout, 1);
    checkpoint(f, 2);
    fr_store_free(&f->store);
    assert_int_equal(try_open_layout(f, f->scratch.store, 2), FR_OK);
    assert_int_equal(f->position.layout, 2);
    fr_store_free(&f->store);
    assert_int_equal(try_open_layout(f, f->scratch.store, 1), FR_VERSION);
    oldest = 3;
    assert_int_equal(try_open_layout(f, f->scratch.store, 3), FR_VERSION);
    oldest = 2;
    assert_int_equal(try_open_layout(f, f->scratch.store, 3), FR_OK);
    oldest = 0;
}

static void
a_copy_is_the_last_checkpoint_and_opens(void **state)
{
    struct fixture *f = *state, copy = {0};
    struct fr_store_position position;

    put(f, PLAIN, "a", "1");
    checkpoint(f, 7);
    put(f, PLAIN, "b", "2"); /* not in a checkpoint yet */
    scratch_init(&copy.scratch);
    assert_int_equal(mkdir(copy.scratch.store, 0700), 0);
    assert_int_equal(fr_store_copy(f->store, copy.scratch.store, &position), FR_OK);
    assert_int_equal(position.seq, 7);
    assert_int_not_equal(fr_store_copy(f->store, copy.scratch.store, &position), FR_OK);
    assert_int_equal(try_open(&copy, copy.scratch.store), FR_OK);
    assert_int_equal(copy.position.seq, 7);
    expect_in(copy.view, PLAIN, "a", "1");
    expect_in(copy.view, PLAIN, "b", NULL);
    fr_store_free(&copy.store);
    scratch_fini(&copy.scratch);
}

static void
a_file_that_is_not_ours_is_refused(void **state)
{
    struct fixture *f = *state;
    char path[PATH_MAX], garbage[16384];
    FILE *file;

    fr_store_free(&f->store);
    scratch_path(&f->scratch, "data.mdb", path);
    memset(garbage, 'g', sizeof garbage);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(garbage, 1, sizeof garbage, file), sizeof garbage);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(try_open(f, f->scratch.store), FR_CORRUPT);
    assert_null(f->store);
}

static void
append(void *context, const struct fr_table *table, struct fr_slice key, struct fr_slice value)
{
    char *text = context;

    sprintf(text + strlen(text), "%s/%.*s=%.*s ", table->name, (int)key.size,
            (const char *)key.data, (int)value.size, (const char *)value.data);
}

static void
a_dump_has_everything_in_order(void **state)
{
    struct fixture *f = *state;
    char text[500] = "";

    put(f, PLAIN, "b", "1");
    put(f, PLAIN, "d", "1");
    put(f, ORDERED, "z", "1");
    checkpoint(f, 1);
    put(f, PLAIN, "a", "2");
    put(f, PLAIN, "b", "2");
    assert_int_equal(fr_store_freeze(f->store, (struct fr_store_position){2, 2, 2}), FR_OK);
    put(f, PLAIN, "c", "3");
    put(f, PLAIN, "a", "3");
    del(f, PLAIN, "d");
    put(f, TIMERS, "t", "3");
    assert_int_equal(fr_store_dump(f->store, append, text), FR_OK);
    assert_string_equal(text, "ordered/z=1 plain/a=3 plain/b=2 plain/c=3 timers/t=3 ");
}

int
main(void)
{
#define CASE(claim) cmocka_unit_test_setup_teardown(claim, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_put_is_seen_at_once_and_a_del_hides_it),
        CASE(a_del_also_hides_what_is_stored),
        CASE(keys_and_values_have_limits),
        CASE(a_copy_must_have_the_exact_size),
        CASE(values_may_grow_and_shrink),
        CASE(undo_takes_back_everything_since_the_mark),
        CASE(a_checkpoint_survives_and_nothing_later_does),
        CASE(a_checkpoint_runs_beside_the_writer_and_says_when_it_is_done),
        CASE(dirty_is_full_at_its_limit),
        CASE(a_second_open_is_refused),
        CASE(dropped_tables_are_empty),
        CASE(a_query_view_sees_the_last_checkpoint_and_nothing_else),
        CASE(scans_go_both_ways_over_all_layers),
        CASE(a_prefix_of_0xff_has_an_end_too),
        CASE(a_queue_drained_by_scans_does_not_walk_over_what_is_gone),
        CASE(memory_goes_back_when_nothing_happens),
        cmocka_unit_test(a_store_in_memory_keeps_everything_and_nothing),
        CASE(the_lock_file_is_allocated_in_full),
        CASE(a_newer_layout_and_a_spoiled_row_are_refused),
        CASE(tables_of_an_older_layout_are_told_and_of_a_newer_one_refused),
        CASE(a_copy_is_the_last_checkpoint_and_opens),
        CASE(a_file_that_is_not_ours_is_refused),
        CASE(a_dump_has_everything_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
