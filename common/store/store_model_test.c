/* store_model_test.c - random work on a store and on a plain array beside it: they must agree. */
#include "common/store/store_testing.h"

#include <string.h>

#define KEY_COUNT 900
#define VALUE_SIZE_MAX 300
#define STEP_COUNT 200000

static const struct fr_table tables[] = {
    {"ordered", true, "any key to any value"},
    {"plain", false, "any key to any value"},
    FR_TABLE_END,
};

struct cell {
    bool live;
    uint32_t seed; /* of the value's bytes */
    uint32_t size;
};

struct model { /* keys are sorted, so a cell's index is its rank */
    struct cell cells[2][KEY_COUNT];
};

struct run {
    struct scratch scratch;
    struct fr_store *store;
    struct fr_key keys[KEY_COUNT];
    struct model now, marked, frozen, committed;
    bool has_mark, under_way;
    uint64_t seq, frozen_seq, committed_seq;
    uint64_t dice;
};

static size_t
pick(struct run *run, size_t count)
{
    return (size_t)(dice(&run->dice) % count);
}

static int
compare_keys(const void *a, const void *b)
{
    return fr_slice_compare(fr_key_slice(a), fr_key_slice(b));
}

/* Few letters and many lengths, so that keys are prefixes of one another, with the bytes that
 * trip up naive code: 0x00 and 0xff. */
static void
make_keys(struct run *run)
{
    static const uint8_t letters[] = {0x00, 'a', 'b', 0xff};
    size_t count = 0;

    while (count < KEY_COUNT) {
        struct fr_key key = {.size = 1 + pick(run, 12)};
        bool known = false;

        for (size_t i = 0; i < key.size; i++)
            key.bytes[i] = letters[pick(run, i < 9 && key.size > 9 ? 1 : sizeof letters)];
        for (size_t i = 0; i < count && !known; i++)
            known = compare_keys(&run->keys[i], &key) == 0;
        if (!known)
            run->keys[count++] = key;
    }
    qsort(run->keys, KEY_COUNT, sizeof run->keys[0], compare_keys);
}

static void
fill(const struct cell *cell, uint8_t bytes[VALUE_SIZE_MAX])
{
    uint64_t state = cell->seed | 1;

    for (size_t i = 0; i < cell->size; i++)
        bytes[i] = (uint8_t)(dice(&state) >> 32);
}

static bool
cell_is(const struct cell *cell, struct fr_slice value)
{
    uint8_t bytes[VALUE_SIZE_MAX];

    fill(cell, bytes);
    return cell->live && fr_slice_equal(value, fr_slice(bytes, cell->size));
}

struct comparison {
    const struct run *run;
    const struct model *model;
    size_t at[2];
    bool differs;
};

static void
compare_row(void *context, const struct fr_table *table, struct fr_slice key, struct fr_slice value)
{
    struct comparison *c = context;
    size_t t = (size_t)(table - tables), *at = &c->at[t];

    while (*at < KEY_COUNT && !c->model->cells[t][*at].live)
        ++*at;
    if (*at == KEY_COUNT || !fr_slice_equal(fr_key_slice(&c->run->keys[*at]), key) ||
        !cell_is(&c->model->cells[t][*at], value))
        c->differs = true;
    else
        ++*at;
}

static bool
store_equals(const struct run *run, const struct model *model)
{
    struct comparison c = {run, model, {0, 0}, false};

    assert_int_equal(fr_store_dump(run->store, compare_row, &c), FR_OK);
    for (size_t t = 0; t < 2; t++)
        while (c.at[t] < KEY_COUNT)
            c.differs |= model->cells[t][c.at[t]++].live;
    return !c.differs;
}

static void
open_store(struct run *run)
{
    struct fr_store_options options = {.dir = run->scratch.store,
                                       .tables = tables,
                                       .map_size_first = 1 << 20,
                                       .map_size_max = 64 << 20,
                                       .dirty_size_max = 1 << 20};
    struct fr_store_position position;

    assert_int_equal(fr_store_open(&options, &run->store, &position), FR_OK);
    assert_int_equal(position.seq, run->committed_seq);
}

static void
put(struct run *run, size_t t, size_t k)
{
    uint8_t bytes[VALUE_SIZE_MAX];
    struct cell *cell = &run->now.cells[t][k];

    *cell = (struct cell){true, (uint32_t)dice(&run->dice),
                          (uint32_t)(pick(run, 8) == 0 ? pick(run, VALUE_SIZE_MAX) : 16)};
    fill(cell, bytes);
    assert_int_equal(fr_put(fr_store_tables(run->store), &tables[t], fr_key_slice(&run->keys[k]),
                            fr_slice(bytes, cell->size)),
                     FR_OK);
}

static void
del(struct run *run, size_t t, size_t k)
{
    run->now.cells[t][k].live = false;
    assert_int_equal(fr_del(fr_store_tables(run->store), &tables[t], fr_key_slice(&run->keys[k])),
                     FR_OK);
}

static void
get(struct run *run, size_t t, size_t k)
{
    struct fr_slice value;
    enum fr_error err = fr_get(fr_tables_view(fr_store_tables(run->store)), &tables[t],
                               fr_key_slice(&run->keys[k]), &value);

    if (run->now.cells[t][k].live)
        assert_true(err == FR_OK && cell_is(&run->now.cells[t][k], value));
    else
        assert_int_equal(err, FR_NOT_FOUND);
}

static bool
has_prefix(const struct fr_key *key, struct fr_slice prefix)
{
    return key->size >= prefix.size && memcmp(key->bytes, prefix.data, prefix.size) == 0;
}

/* A scan, up or down, over a random prefix from a random key, for a random number of steps. */
static void
scan(struct run *run)
{
    const struct fr_key *prefix_of = &run->keys[pick(run, KEY_COUNT)];
    struct fr_slice prefix = fr_slice(prefix_of->bytes, pick(run, prefix_of->size + 1));
    bool back = pick(run, 2) == 0, whole = pick(run, 2) == 0;
    struct fr_slice from = fr_key_slice(&run->keys[pick(run, KEY_COUNT)]);
    size_t limit = pick(run, 4) == 0 ? SIZE_MAX : pick(run, 30);
    struct fr_scan walk;
    long step = back ? -1 : 1;

    if (whole)
        from = fr_slice(NULL, 0);
    (back ? fr_scan_init_back : fr_scan_init)(&walk, fr_tables_view(fr_store_tables(run->store)),
                                              &tables[0], prefix, from);
    for (long k = back ? KEY_COUNT - 1 : 0; k >= 0 && k < KEY_COUNT; k += step) {
        struct fr_slice wanted = fr_key_slice(&run->keys[k]), key, value;
        int order = whole ? 0 : fr_slice_compare(wanted, from) * (int)step;

        if (!run->now.cells[0][k].live || order < 0 || !has_prefix(&run->keys[k], prefix))
            continue;
        if (limit-- == 0) {
            fr_scan_fini(&walk);
            return;
        }
        assert_int_equal(fr_scan_next(&walk, &key, &value), FR_OK);
        assert_true(fr_slice_equal(key, wanted));
        assert_true(cell_is(&run->now.cells[0][k], value));
    }
    for (int i = 0; i < 2; i++) {
        struct fr_slice key, value;

        assert_int_equal(fr_scan_next(&walk, &key, &value), FR_NOT_FOUND);
    }
}

/* A queue: the first keys (or the last) are found by scan and deleted one by one. */
static void
drain(struct run *run)
{
    bool back = pick(run, 2) == 0;

    for (size_t left = pick(run, 120); left > 0; left--) {
        struct fr_scan walk;
        struct fr_slice key, value, all = {NULL, 0};
        long k = back ? KEY_COUNT - 1 : 0;

        while (k >= 0 && k < KEY_COUNT && !run->now.cells[0][k].live)
            k += back ? -1 : 1;
        (back ? fr_scan_init_back : fr_scan_init)(
            &walk, fr_tables_view(fr_store_tables(run->store)), &tables[0], all, all);
        if (k < 0 || k == KEY_COUNT) {
            assert_int_equal(fr_scan_next(&walk, &key, &value), FR_NOT_FOUND);
            return;
        }
        assert_int_equal(fr_scan_next(&walk, &key, &value), FR_OK);
        fr_scan_fini(&walk);
        assert_true(fr_slice_equal(key, fr_key_slice(&run->keys[k])));
        del(run, 0, (size_t)k);
        if (pick(run, 20) == 0)
            put(run, 0, pick(run, KEY_COUNT));
    }
}

static void
freeze(struct run *run)
{
    struct fr_store_position position = {1, ++run->seq, run->seq * 7};
    enum fr_error err = fr_store_freeze(run->store, position);

    assert_int_equal(err, run->under_way ? FR_AGAIN : FR_OK);
    if (err != FR_OK)
        return;
    run->frozen = run->now;
    run->frozen_seq = run->seq;
    run->under_way = true;
    run->has_mark = false;
}

static void
tick(struct run *run)
{
    struct fr_store_position position;
    enum fr_error err = fr_store_tick(run->store, &position);

    if (!run->under_way) {
        assert_int_equal(err, FR_NOT_FOUND);
    } else if (err == FR_OK) {
        assert_int_equal(position.seq, run->frozen_seq);
        run->committed = run->frozen;
        run->committed_seq = run->frozen_seq;
        run->under_way = false;
    } else {
        assert_int_equal(err, FR_AGAIN);
    }
}

/* Closing loses what was not frozen and nothing else. */
static void
reopen(struct run *run)
{
    fr_store_free(&run->store);
    if (run->under_way) {
        run->committed = run->frozen;
        run->committed_seq = run->frozen_seq;
    }
    run->now = run->committed;
    run->under_way = run->has_mark = false;
    open_store(run);
    assert_true(store_equals(run, &run->now));
}

static void
mark_or_undo(struct run *run)
{
    if (run->has_mark && pick(run, 2) == 0) {
        fr_store_undo(run->store);
        run->now = run->marked;
    } else {
        fr_store_mark(run->store);
        run->marked = run->now;
        run->has_mark = true;
    }
}

static void
step(struct run *run)
{
    size_t t = pick(run, 2), k = pick(run, KEY_COUNT), what = pick(run, 1000);

    if (what < 350)
        put(run, t, k);
    else if (what < 500)
        del(run, t, k);
    else if (what < 750)
        get(run, t, k);
    else if (what < 850)
        scan(run);
    else if (what < 940)
        mark_or_undo(run);
    else if (what < 945)
        drain(run);
    else if (what < 960)
        freeze(run);
    else if (what < 998)
        tick(run);
    else if (what < 999)
        assert_true(store_equals(run, &run->now));
    else
        reopen(run);
}

static void
a_store_agrees_with_an_array(void **state)
{
    struct run *run = calloc(1, sizeof *run);
    struct cell *cell;

    (void)state;
    assert_non_null(run);
    run->dice = seed_of_run();
    scratch_init(&run->scratch);
    make_keys(run);
    open_store(run);
    for (size_t i = 0; i < STEP_COUNT; i++)
        step(run);
    put(run, 1, 7);
    assert_true(store_equals(run, &run->now));

    /* Negative control: the comparison sees one byte, one missing row and one row too many. */
    cell = &run->now.cells[1][7];
    cell->seed ^= 2;
    assert_true(cell->size == 0 || !store_equals(run, &run->now));
    cell->seed ^= 2;
    cell->live = false;
    assert_false(store_equals(run, &run->now));
    del(run, 1, 7);
    cell->live = true;
    assert_false(store_equals(run, &run->now));

    fr_store_free(&run->store);
    scratch_fini(&run->scratch);
    free(run);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_store_agrees_with_an_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
