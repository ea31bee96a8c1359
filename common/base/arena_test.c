/* arena_test.c - the arena keeps its budget, its alignment and what lies below a mark. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <time.h>
#include "common/base/arena.h"

static void
the_budget_is_kept(void **state)
{
    struct fr_arena *arena = fr_arena_new(64, 160);

    (void)state;
    assert_non_null(fr_arena_alloc(arena, 100));
    assert_int_equal(fr_arena_used(arena), 112);
    assert_null(fr_arena_alloc(arena, 49));
    assert_non_null(fr_arena_alloc(arena, 48));
    assert_null(fr_arena_alloc(arena, 0)); /* also nothing takes a place */
    assert_null(fr_arena_strdup(arena, ""));
    fr_arena_reset(arena);
    assert_int_equal(fr_arena_used(arena), 0);
    assert_non_null(fr_arena_alloc(arena, 160));
    fr_arena_free(&arena);
    assert_null(arena);
    fr_arena_free(&arena);
}

static void
sizes_that_overflow_are_refused(void **state)
{
    struct fr_arena *arena = fr_arena_new(64, SIZE_MAX);

    (void)state;
    assert_null(fr_arena_alloc(arena, SIZE_MAX));
    assert_null(fr_arena_alloc(arena, SIZE_MAX - 15));
    assert_null(fr_arena_zalloc(arena, SIZE_MAX / 2, 3));
    assert_null(fr_arena_strndup(arena, "", SIZE_MAX));
    assert_int_equal(fr_arena_used(arena), 0);
    fr_arena_free(&arena);
}

static void
copies_end_with_nul(void **state)
{
    struct fr_arena *arena = fr_arena_new(32, 100000);
    char *long_text;

    (void)state;
    assert_string_equal(fr_arena_strdup(arena, "hello"), "hello");
    assert_string_equal(fr_arena_strndup(arena, "hello", 4), "hell");
    assert_string_equal(fr_arena_strndup(arena, NULL, 0), "");
    assert_string_equal(fr_arena_printf(arena, "%s-%d", "a", 7), "a-7");
    long_text = fr_arena_printf(arena, "%5000d", 1); /* larger than a block */
    assert_int_equal(strlen(long_text), 5000);
    fr_arena_free(&arena);
}

static void
the_first_block_stays_over_resets(void **state)
{
    struct fr_arena *arena = fr_arena_new(256, 100000);
    void *first = fr_arena_alloc(arena, 16);

    (void)state;
    for (int turn = 0; turn < 3; turn++) {
        for (int i = 0; i < 50; i++)
            fr_arena_alloc(arena, 100);
        fr_arena_reset(arena);
        assert_ptr_equal(fr_arena_alloc(arena, 16), first);
    }
    fr_arena_free(&arena);
}

#define LIVE_MAX 400

struct model { /* the naive version: remembers every piece and what was written into it */
    struct {
        uint8_t *memory;
        size_t size;
        uint8_t fill;
    } live[LIVE_MAX];
    size_t count;
    struct {
        struct fr_arena_mark mark;
        size_t count;
    } marks[8];
    size_t mark_count;
};

static void
allocate(struct model *model, struct fr_arena *arena)
{
    size_t size = rand() % (rand() % 4 ? 60 : 600), before = fr_arena_used(arena);
    uint8_t *memory;

    if (model->count == LIVE_MAX)
        return;
    memory = rand() % 2 ? fr_arena_alloc(arena, size) : fr_arena_zalloc(arena, size, 1);
    if (memory == NULL) {
        assert_true(before + size + 16 > 50000);
        return;
    }
    assert_int_equal((uintptr_t)memory % 16, 0);
    memset(memory, rand(), size);
    model->live[model->count].memory = memory;
    model->live[model->count].size = size;
    model->live[model->count++].fill = size > 0 ? memory[0] : 0;
}

static void
nothing_live_was_touched(const struct model *model)
{
    for (size_t i = 0; i < model->count; i++)
        for (size_t k = 0; k < model->live[i].size; k++)
            assert_int_equal(model->live[i].memory[k], model->live[i].fill);
}

static void
random_use_agrees_with_a_model(void **state)
{
    struct fr_arena *arena = fr_arena_new(512, 50000);
    unsigned seed = (unsigned)time(NULL);
    struct model model = {.count = 0};

    (void)state;
    print_message("seed %u\n", seed);
    srand(seed);
    for (int round = 0; round < 20000; round++) {
        int dice = rand() % 100;

        if (dice < 80) {
            allocate(&model, arena);
        } else if (dice < 88 && model.mark_count < 8) {
            model.marks[model.mark_count].mark = fr_arena_mark(arena);
            model.marks[model.mark_count++].count = model.count;
        } else if (dice < 98 && model.mark_count > 0) {
            model.mark_count = (size_t)rand() % model.mark_count; /* some marks are skipped */
            model.count = model.marks[model.mark_count].count;
            fr_arena_release(arena, model.marks[model.mark_count].mark);
        } else if (dice == 99) {
            fr_arena_reset(arena);
            model.count = model.mark_count = 0;
        }
        if (round % 16 == 0)
            nothing_live_was_touched(&model);
    }
    fr_arena_free(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_budget_is_kept),
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(copies_end_with_nul),
        cmocka_unit_test(the_first_block_stays_over_resets),
        cmocka_unit_test(random_use_agrees_with_a_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
