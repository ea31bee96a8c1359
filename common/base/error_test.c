/* error_test.c - every outcome has a name of its own, and a false invariant ends the process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/base/error.h"

static void
names_are_there_and_differ(void **state)
{
    (void)state;
    for (int i = 0; i < FR_ERROR_COUNT; i++) {
        assert_string_not_equal(fr_error_name(i), "unknown");
        for (int j = 0; j < i; j++)
            assert_string_not_equal(fr_error_name(i), fr_error_name(j));
    }
    assert_string_equal(fr_error_name(FR_NOT_FOUND), "not_found");
    assert_string_equal(fr_error_name(FR_ERROR_COUNT), "unknown");
    assert_string_equal(fr_error_name((enum fr_error) - 1), "unknown");
}

static void
a_false_invariant_says_where_and_aborts(void **state)
{
    int ends[2], status = 0;
    char line[4096] = "";
    pid_t child;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        signal(SIGABRT, SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        fr_assert(1 + 1 == 2);
        fr_assert(strlen("three") == 3);
        _exit(0);
    }
    close(ends[1]);
    assert_true(read(ends[0], line, sizeof(line) - 1) > 0);
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(line, "\"verb\":\"assert_failed\""));
    assert_non_null(strstr(line, "\"condition\":\"strlen(\\\"three\\\") == 3\""));
    assert_non_null(strstr(line, "error_test.c"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_there_and_differ),
        cmocka_unit_test(a_false_invariant_says_where_and_aborts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
