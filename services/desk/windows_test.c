/* windows_test.c - each window hears everything after its snapshot once, in order, and nobody
 * else's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "services/desk/windows.h"

#define HEARD_MAX 200000

struct bench {
    struct desk_windows *windows;
    char *heard; /* "1:text 2:text " in the order in which it was sent */
    size_t size;
    uint64_t closed[8];
    size_t closed_count;
};

static void
send_text(void *context, uint64_t id, struct fr_slice text)
{
    struct bench *bench = context;

    bench->size +=
        (size_t)snprintf(bench->heard + bench->size, HEARD_MAX - bench->size, "%llu:%.*s ",
                         (unsigned long long)id, (int)text.size, (const char *)text.data);
    assert_true(bench->size < HEARD_MAX);
}

static void
close_window(void *context, uint64_t id)
{
    struct bench *bench = context;

    if (bench->closed_count < 8)
        bench->closed[bench->closed_count++] = id;
}

static int
fresh(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    struct desk_window_sink sink = {send_text, close_window, bench};

    assert_non_null(bench);
    bench->heard = calloc(1, HEARD_MAX);
    bench->windows = desk_windows_new(&sink);
    *state = bench;
    return 0;
}

static int
done(void **state)
{
    struct bench *bench = *state;

    desk_windows_free(&bench->windows);
    free(bench->heard);
    free(bench);
    return 0;
}

static void
publish(struct bench *bench, const char *agent, uint64_t seq, const char *text)
{
    desk_windows_publish(bench->windows, agent, seq, fr_slice_str(text));
}

static void
what_comes_before_the_snapshot_waits_and_what_it_knows_is_left_out(void **state)
{
    struct bench *bench = *state;

    assert_int_equal(desk_windows_open(bench->windows, 1, "ann", 7), FR_OK);
    publish(bench, "ann", 10, "known");
    publish(bench, "ann", 11, "new");
    publish(bench, "ann", 12, "newer");
    assert_string_equal(bench->heard, "");
    desk_windows_join(bench->windows, 1, 11, fr_slice_str("snapshot"));
    publish(bench, "ann", 13, "newest");
    assert_string_equal(bench->heard, "1:snapshot 1:new 1:newer 1:newest ");
}

static void
every_window_of_the_agent_hears_it_and_no_other(void **state)
{
    struct bench *bench = *state;

    desk_windows_open(bench->windows, 1, "ann", 7);
    desk_windows_open(bench->windows, 2, "bob", 8);
    desk_windows_open(bench->windows, 3, "ann", 7);
    for (uint64_t id = 1; id <= 3; id++)
        desk_windows_join(bench->windows, id, 0, fr_slice_str("s"));
    bench->size = 0;
    publish(bench, "bob", 1, "b");
    publish(bench, "nobody", 2, "n");
    assert_string_equal(bench->heard, "2:b ");
    bench->size = 0;
    publish(bench, "ann", 3, "a");
    assert_true(strcmp(bench->heard, "1:a 3:a ") == 0 || strcmp(bench->heard, "3:a 1:a ") == 0);
}

static void
a_closed_window_hears_nothing_and_is_counted_out(void **state)
{
    struct bench *bench = *state;
    char agent[DESK_AGENT_SIZE];
    size_t left = 99;

    desk_windows_open(bench->windows, 1, "ann", 7);
    desk_windows_open(bench->windows, 2, "ann", 7);
    publish(bench, "ann", 1, "waits");
    assert_int_equal(desk_windows_close(bench->windows, 1, agent, &left), FR_OK);
    assert_string_equal(agent, "ann");
    assert_int_equal(left, 1);
    assert_int_equal(desk_windows_close(bench->windows, 1, agent, &left), FR_NOT_FOUND);
    desk_windows_join(bench->windows, 1, 0, fr_slice_str("s")); /* its snapshot comes too late */
    assert_string_equal(bench->heard, "");
    assert_int_equal(desk_windows_count(bench->windows, "ann"), 1);
    assert_int_equal(desk_windows_close(bench->windows, 2, agent, &left), FR_OK);
    assert_int_equal(left, 0);
    assert_int_equal(desk_windows_count(bench->windows, "ann"), 0);
}

static void
windows_and_waiting_events_are_bounded(void **state)
{
    struct bench *bench = *state;

    for (uint64_t id = 1; id <= DESK_WINDOW_MAX; id++)
        assert_int_equal(desk_windows_open(bench->windows, id, "ann", 7), FR_OK);
    assert_int_equal(desk_windows_open(bench->windows, 99, "ann", 7), FR_BUSY);
    assert_int_equal(desk_windows_open(bench->windows, 99, "bob", 7), FR_OK);
    for (uint64_t seq = 1; seq <= DESK_WINDOW_QUEUE_MAX; seq++)
        publish(bench, "bob", seq, "x");
    assert_int_equal(bench->closed_count, 0);
    publish(bench, "bob", DESK_WINDOW_QUEUE_MAX + 1, "x");
    assert_int_equal(bench->closed_count, 1);
    assert_int_equal(bench->closed[0], 99);
}

static void
signing_out_closes_the_windows_of_that_session_only(void **state)
{
    struct bench *bench = *state;

    desk_windows_open(bench->windows, 1, "ann", 7);
    desk_windows_open(bench->windows, 2, "ann", 8);
    desk_windows_open(bench->windows, 3, "bob", 7);
    assert_int_equal(desk_windows_close_session(bench->windows, "ann", 7), 1);
    assert_int_equal(bench->closed_count, 1);
    assert_int_equal(bench->closed[0], 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            what_comes_before_the_snapshot_waits_and_what_it_knows_is_left_out, fresh, done),
        cmocka_unit_test_setup_teardown(every_window_of_the_agent_hears_it_and_no_other, fresh,
                                        done),
        cmocka_unit_test_setup_teardown(a_closed_window_hears_nothing_and_is_counted_out, fresh,
                                        done),
        cmocka_unit_test_setup_teardown(windows_and_waiting_events_are_bounded, fresh, done),
        cmocka_unit_test_setup_teardown(signing_out_closes_the_windows_of_that_session_only, fresh,
                                        done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
