/* dead_test.c - stretches of dead keys beside a row of flags. */
#include "common/store/store_testing.h"

#include "common/store/dead.h"

#define KEY_COUNT 400

struct row {
    bool alive[KEY_COUNT];
    uint8_t keys[KEY_COUNT][2];
};

static struct fr_slice
key_at(const struct row *row, size_t k)
{
    return fr_slice(row->keys[k], 2);
}

static void
nothing_alive_is_ever_inside_a_stretch(void **state)
{
    struct fr_dead *dead = calloc(1, sizeof *dead);
    struct row row = {0};
    uint64_t seed = seed_of_run();
    size_t found = 0;

    (void)state;
    assert_non_null(dead);
    for (size_t k = 0; k < KEY_COUNT; k++) {
        row.keys[k][0] = (uint8_t)(k / 20);
        row.keys[k][1] = (uint8_t)(k % 20);
    }
    for (int i = 0; i < 20000; i++) {
        size_t k = dice(&seed) % KEY_COUNT, last = k;

        if (dice(&seed) % 3 == 0) {
            row.alive[k] = true;
            fr_dead_cut(dead, key_at(&row, k));
        } else if (dice(&seed) % 2 == 0) {
            row.alive[k] = false;
        } else if (!row.alive[k]) {
            while (last + 1 < KEY_COUNT && !row.alive[last + 1])
                last++;
            fr_dead_add(dead, key_at(&row, k), key_at(&row, last), true);
            assert_non_null(fr_dead_find(dead, key_at(&row, k)));
            assert_non_null(fr_dead_find(dead, key_at(&row, last)));
        }
        k = dice(&seed) % KEY_COUNT;
        if (fr_dead_find(dead, key_at(&row, k)) != NULL) {
            assert_false(row.alive[k]);
            found++;
        }
    }
    assert_true(found > 1000); /* else this run showed nothing */
    free(dead);
}

static void
a_live_key_inside_leaves_both_halves(void **state)
{
    struct fr_dead *dead = calloc(1, sizeof *dead);

    (void)state;
    assert_non_null(dead);
    fr_dead_add(dead, fr_slice_str("b"), fr_slice_str("y"), true);
    fr_dead_cut(dead, fr_slice_str("m"));
    assert_non_null(fr_dead_find(dead, fr_slice_str("l")));
    assert_null(fr_dead_find(dead, fr_slice_str("m")));
    assert_non_null(fr_dead_find(dead, fr_slice_str("n")));
    assert_null(fr_dead_find(dead, fr_slice_str("a")));
    assert_null(fr_dead_find(dead, fr_slice_str("ya")));
    fr_dead_add(dead, fr_slice_str("m"), fr_slice_str("m"), true);
    assert_int_equal(dead->count, 1); /* the halves are one again */
    fr_dead_cut(dead, fr_slice_str("b"));
    assert_null(fr_dead_find(dead, fr_slice_str("b")));
    assert_non_null(fr_dead_find(dead, fr_slice_str("c")));
    free(dead);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_alive_is_ever_inside_a_stretch),
        cmocka_unit_test(a_live_key_inside_leaves_both_halves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
