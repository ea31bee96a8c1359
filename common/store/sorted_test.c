/* sorted_test.c - the radix sort gives the order of the keys' bytes. */
#include "common/store/store_testing.h"

#include "common/store/sorted.h"

struct shape {
    const char *claim;
    size_t key_count;
    size_t shared; /* bytes that all keys begin with */
    size_t tail_max;
    uint8_t letters; /* how many different bytes the tail has; 0: all 256 */
};

/* clang-format off */
static const struct shape shapes[] = {
    { "nothing to sort",                          0,     0,  4, 0 },
    { "one key",                                  1,     3,  4, 0 },
    { "few keys",                                 50,    2,  6, 0 },
    { "many keys that differ at once",            20000, 0, 16, 0 },
    { "many keys behind a shared beginning",      20000, 40, 16, 0 },
    { "ties in the first eight bytes",            20000, 0, 12, 2 },
    { "keys that are beginnings of one another",  3000,  5, 10, 1 },
};
/* clang-format on */

static void
fill(struct fr_memtable *memtable, const struct shape *shape, uint64_t *seed)
{
    for (size_t i = 0; i < shape->key_count; i++) {
        struct fr_key key = {.size = shape->shared + 1 + dice(seed) % shape->tail_max};
        struct fr_entry *entry;
        struct fr_slice slice = fr_key_slice(&key);

        memset(key.bytes, 'x', shape->shared);
        for (size_t at = shape->shared; at < key.size; at++)
            key.bytes[at] = (uint8_t)(dice(seed) % (shape->letters ? shape->letters : 256));
        entry = fr_memtable_enter(memtable, 0, slice, fr_memtable_hash(0, slice), 0);
        assert_non_null(entry);
        if (dice(seed) % 10 > 0) /* the others stay absent */
            assert_int_equal(fr_memtable_write(memtable, entry, fr_slice("v", 1)), FR_OK);
    }
}

static void
check(const struct shape *shape, bool ordered, uint64_t *seed)
{
    struct fr_chunk_pool pool = {0};
    struct fr_memtable *memtable = fr_memtable_new(&pool, 1);
    struct fr_sorted sorted;
    size_t live = 0;

    assert_non_null(memtable);
    memtable->tables[0].ordered = ordered;
    fill(memtable, shape, seed);
    assert_int_equal(fr_sorted_init(&sorted, memtable, 0), FR_OK);
    for (size_t i = 1; i < sorted.count; i++)
        assert_true(fr_slice_compare(fr_entry_key(sorted.items[i - 1].entry),
                                     fr_entry_key(sorted.items[i].entry)) < 0);
    for (const struct fr_entry *e = memtable->tables[0].newest; e != NULL; e = e->older)
        live += fr_entry_live(e);
    assert_int_equal(sorted.count, live);
    fr_sorted_fini(&sorted);
    fr_memtable_free(&memtable);
    fr_chunk_trim(&pool, 0);
}

static void
entries_come_in_the_order_of_their_keys(void **state)
{
    uint64_t seed = seed_of_run();

    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        print_message("%s\n", shapes[i].claim);
        check(&shapes[i], false, &seed);
        check(&shapes[i], true, &seed);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_come_in_the_order_of_their_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
