/* tidy_test.c - what is old goes from a store, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>
#include "services/channel_email/tidy.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void
put(struct email_cas *cas, const char *dir, const char *text, int64_t modified_s,
    uint8_t sha256[EMAIL_SHA256_SIZE])
{
    struct timespec times[2] = {{.tv_sec = modified_s}, {.tv_sec = modified_s}};
    char path[EMAIL_CAS_PATH_SIZE], whole[200];

    assert_int_equal(email_cas_put(cas, fr_slice_str(text), sha256), FR_OK);
    email_cas_path(sha256, path);
    snprintf(whole, sizeof(whole), "%s/%s", dir, path);
    assert_int_equal(utimensat(0, whole, times, 0), 0);
}

static bool
is_there(struct email_cas *cas, const uint8_t sha256[EMAIL_SHA256_SIZE])
{
    uint64_t size;
    int fd;

    if (email_cas_get(cas, sha256, &fd, &size) != FR_OK)
        return false;
    close(fd);
    return true;
}

static void
test_what_is_old_goes_and_nothing_else(void **state)
{
    uint8_t old[EMAIL_SHA256_SIZE], young[EMAIL_SHA256_SIZE], again[EMAIL_SHA256_SIZE];
    char dir[] = "/tmp/filrouge-tidy-XXXXXX", command[100];
    struct email_cas *cas;

    (void)state;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(email_cas_open(dir, &cas), FR_OK);
    put(cas, dir, "old", 1000, old);
    put(cas, dir, "young", 3000, young);
    put(cas, dir, "came again", 1000, again);
    assert_int_equal(email_cas_put(cas, fr_slice_str("came again"), again), FR_OK);
    assert_int_equal(email_tidy_store(cas, 2000), 1);
    assert_false(is_there(cas, old));
    assert_true(is_there(cas, young) && is_there(cas, again));
    assert_int_equal(email_tidy_store(cas, 2000), 0);
    email_cas_close(&cas);
    snprintf(command, sizeof(command), "rm -r %s", dir);
    assert_int_equal(system(command), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_what_is_old_goes_and_nothing_else)};

    return cmocka_run_group_tests_name("tidy", tests, NULL, NULL);
}
