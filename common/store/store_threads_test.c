/* store_threads_test.c - query threads beside a writer that checkpoints and grows the map. */
#include "common/store/store_testing.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define READER_COUNT 3
#define ACCOUNT_COUNT 200
#define TOTAL 1000000

static const struct fr_table tables[] = {
    {"accounts", true, "number to amount"},
    {"ballast", false, "number to bytes, so that the map must grow"},
    FR_TABLE_END,
};

struct bench {
    struct fr_store *store;
    atomic_bool stop;
    atomic_uint views;
};

/* Amounts move between accounts, never in or out: a view that mixes two states shows another sum.
 */
static void *
read_sums(void *context)
{
    struct bench *bench = context;

    while (!atomic_load(&bench->stop)) {
        struct fr_slice all = {NULL, 0}, key, value;
        struct fr_store_position position;
        const struct fr_view *view;
        struct fr_scan scan;
        int64_t sum = 0, amount;

        assert_int_equal(fr_store_read_begin(bench->store, &view, &position), FR_OK);
        fr_scan_init(&scan, view, &tables[0], all, all);
        while (fr_scan_next(&scan, &key, &value) == FR_OK) {
            assert_int_equal(value.size, sizeof amount);
            memcpy(&amount, value.data, sizeof amount);
            sum += amount;
        }
        assert_int_equal(sum, position.seq == 0 ? 0 : TOTAL);
        fr_store_read_end(bench->store, &view);
        atomic_fetch_add(&bench->views, 1);
    }
    return NULL;
}

static void
add(struct fr_tables *to, uint32_t account, int64_t change)
{
    struct fr_key made;
    struct fr_slice key = fr_key_slice(fr_key_u32(fr_key_init(&made), account));
    int64_t amount = 0;

    fr_get_copy(fr_tables_view(to), &tables[0], key, &amount, sizeof amount);
    amount += change;
    assert_int_equal(fr_put(to, &tables[0], key, fr_slice(&amount, sizeof amount)), FR_OK);
}

static void
grow_ballast(struct fr_tables *to, uint32_t step)
{
    static const uint8_t zeros[2000];
    struct fr_key made;

    assert_int_equal(fr_put(to, &tables[1], fr_key_slice(fr_key_u32(fr_key_init(&made), step)),
                            fr_slice(zeros, sizeof zeros)),
                     FR_OK);
}

static void
write_and_checkpoint(struct bench *bench, uint64_t seed)
{
    struct fr_tables *to = fr_store_tables(bench->store);
    struct fr_store_position done;

    add(to, 0, TOTAL);
    for (uint32_t step = 1; step <= 20000; step++) {
        int64_t amount = (int64_t)(dice(&seed) % 1000);
        enum fr_error err;

        add(to, (uint32_t)(dice(&seed) % ACCOUNT_COUNT), -amount);
        add(to, (uint32_t)(dice(&seed) % ACCOUNT_COUNT), amount);
        if (step % 4 == 0)
            grow_ballast(to, step);
        err = fr_store_tick(bench->store, &done);
        assert_true(err == FR_OK || err == FR_AGAIN || err == FR_NOT_FOUND);
        if (step % 100 > 0)
            continue;
        while (fr_store_freeze(bench->store, (struct fr_store_position){1, step, step}) ==
               FR_AGAIN) {
            struct pollfd ready = {.fd = fr_store_fd(bench->store), .events = POLLIN};

            poll(&ready, 1, 1000);
            fr_store_tick(bench->store, &done);
        }
    }
    assert_int_equal(fr_store_checkpoint(bench->store, (struct fr_store_position){1, 1, 1}), FR_OK);
}

static void
every_view_is_one_consistent_state(void **state)
{
    struct scratch scratch;
    struct bench bench = {0};
    struct fr_store_position position;
    struct fr_store_stats stats;
    pthread_t readers[READER_COUNT];

    (void)state;
    scratch_init(&scratch);
    struct fr_store_options options = {.dir = scratch.store,
                                       .tables = tables,
                                       .map_size_first = 1 << 20,
                                       .map_size_max = 256 << 20,
                                       .dirty_size_max = 16 << 20};
    assert_int_equal(fr_store_open(&options, &bench.store, &position), FR_OK);
    for (int i = 0; i < READER_COUNT; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_sums, &bench), 0);
    write_and_checkpoint(&bench, seed_of_run());
    atomic_store(&bench.stop, true);
    for (int i = 0; i < READER_COUNT; i++)
        assert_int_equal(pthread_join(readers[i], NULL), 0);
    fr_store_stats(bench.store, &stats);
    assert_true(stats.map_size > 2 << 20); /* it did grow under the readers */
    assert_true(stats.checkpoints > 5 && atomic_load(&bench.views) > 100);
    fr_store_free(&bench.store);
    scratch_fini(&scratch);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_view_is_one_consistent_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
