/* store_crash_test.c - a writer killed at any moment leaves exactly the state that its last
 * checkpoint names.
 *
 * Step n of the history is a function of n, so the position found after a kill says what the tables
 * must hold: the same steps up to there, applied to a store in memory.
 */
#include "common/store/store_testing.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define ROUNDS 25
#define KEY_COUNT 3000

static const struct fr_table tables[] = {
    {"ordered", true, "number to text"},
    {"plain", false, "number to text"},
    FR_TABLE_END,
};

static uint64_t
hash_of(uint64_t seq)
{
    return seq * 0x9e3779b97f4a7c15u;
}

/* Every step leaves its own number in "last", so two positions never have the same contents. */
static void
apply(struct fr_tables *to, uint64_t seq)
{
    uint64_t state = hash_of(seq) | 1;
    struct fr_key key;
    char value[400];

    for (int i = 0; i < 3; i++) {
        const struct fr_table *table = &tables[dice(&state) % 2];
        size_t size = dice(&state) % 16 == 0 ? dice(&state) % sizeof value : 40;

        fr_key_u64(fr_key_init(&key), dice(&state) % KEY_COUNT);
        memset(value, (int)(seq & 0xff), sizeof value);
        if (dice(&state) % 4 == 0)
            assert_int_equal(fr_del(to, table, fr_key_slice(&key)), FR_OK);
        else
            assert_int_equal(fr_put(to, table, fr_key_slice(&key), fr_slice(value, size)), FR_OK);
    }
    assert_int_equal(fr_put(to, &tables[1], fr_slice_str("last"), fr_slice(&seq, sizeof seq)),
                     FR_OK);
}

static void
open_store(const char *dir, struct fr_store **store, struct fr_store_position *position)
{
    struct fr_store_options options = {.dir = dir,
                                       .tables = tables,
                                       .map_size_first = 1 << 20,
                                       .map_size_max = 64 << 20,
                                       .dirty_size_max = 1 << 20};

    assert_int_equal(fr_store_open(&options, store, position), FR_OK);
}

/* The child: writes and checkpoints until it is killed. */
static void
write_until_killed(const char *dir)
{
    struct fr_store_position position, done;
    struct fr_store *store;

    open_store(dir, &store, &position);
    for (uint64_t seq = position.seq + 1;; seq++) {
        apply(fr_store_tables(store), seq);
        fr_store_tick(store, &done);
        if (seq % 50 == 0)
            fr_store_freeze(store, (struct fr_store_position){3, seq, hash_of(seq)});
    }
}

/* All rows of a store as one text. */
static void
print_row(void *context, const struct fr_table *table, struct fr_slice key, struct fr_slice value)
{
    fprintf(context, "%s %zu %zu ", table->name, key.size, value.size);
    fwrite(key.data, 1, key.size, context);
    fwrite(value.data, 1, value.size, context);
}

static struct fr_slice
contents(struct fr_store *store)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    assert_int_equal(fr_store_dump(store, print_row, out), FR_OK);
    assert_int_equal(fclose(out), 0);
    return fr_slice(text, size);
}

static bool
same_contents(struct fr_store *a, struct fr_store *b)
{
    struct fr_slice x = contents(a), y = contents(b);
    bool same = fr_slice_equal(x, y);

    free((void *)(uintptr_t)x.data);
    free((void *)(uintptr_t)y.data);
    return same;
}

static void
kill_one(const char *dir, unsigned after_us)
{
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0) {
        write_until_killed(dir);
        _exit(1);
    }
    usleep(after_us);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void
after_a_kill_the_tables_are_what_the_position_says(void **state)
{
    struct scratch scratch;
    struct fr_store *wanted, *found;
    struct fr_store_position position, none;
    uint64_t seed = seed_of_run(), seq = 0;
    int moved = 0;

    (void)state;
    scratch_init(&scratch);
    open_store(NULL, &wanted, &none);
    for (int round = 0; round < ROUNDS; round++) {
        kill_one(scratch.store, (unsigned)(2000 + dice(&seed) % 60000));
        open_store(scratch.store, &found, &position);
        assert_true(position.seq >= seq);
        assert_true(position.seq == 0 || position.hash == hash_of(position.seq));
        moved += position.seq > seq;
        while (seq < position.seq)
            apply(fr_store_tables(wanted), ++seq);
        assert_true(same_contents(found, wanted));
        fr_store_free(&found);
    }
    assert_true(moved > ROUNDS / 2); /* else the kills came too early to show anything */

    /* Negative control: one step more is another state. */
    open_store(scratch.store, &found, &position);
    apply(fr_store_tables(wanted), seq + 1);
    assert_false(same_contents(found, wanted));
    fr_store_free(&found);
    fr_store_free(&wanted);
    scratch_fini(&scratch);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_a_kill_the_tables_are_what_the_position_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
