/* cas_test.c - what is named in the store is whole, and there once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "services/channel_email/cas.h"

static char dir[] = "/tmp/filrouge-cas-test-XXXXXX";
static struct email_cas *cas;

static enum fr_error
count_one(void *context, const uint8_t sha256[EMAIL_SHA256_SIZE], uint64_t size, int64_t modified_s)
{
    (void)sha256;
    (void)size;
    assert_true(modified_s > 0);
    (*(unsigned *)context)++;
    return FR_OK;
}

static unsigned
files(void)
{
    unsigned count = 0;

    assert_int_equal(email_cas_walk(cas, count_one, &count), FR_OK);
    return count;
}

static void
what_was_put_is_got(void **state)
{
    uint8_t sha256[EMAIL_SHA256_SIZE];
    char path[EMAIL_CAS_PATH_SIZE], bytes[8];
    uint64_t size;
    int fd;

    (void)state;
    assert_int_equal(email_cas_put(cas, fr_slice_str("abc"), sha256), FR_OK);
    email_cas_path(sha256, path); /* FIPS 180-2, appendix B.1 */
    assert_string_equal(path, "ba/7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(email_cas_get(cas, sha256, &fd, &size), FR_OK);
    assert_int_equal(size, 3);
    assert_int_equal(read(fd, bytes, sizeof(bytes)), 3);
    assert_memory_equal(bytes, "abc", 3);
    close(fd);
}

static void
the_same_twice_is_one_file_made_young(void **state)
{
    uint8_t sha256[EMAIL_SHA256_SIZE];
    char path[EMAIL_CAS_PATH_SIZE], full[256];
    struct timespec old[2] = {{1000, 0}, {1000, 0}};
    unsigned before = files();
    struct stat info;

    (void)state;
    assert_int_equal(email_cas_put(cas, fr_slice_str("twice"), sha256), FR_OK);
    email_cas_path(sha256, path);
    snprintf(full, sizeof(full), "%s/%s", dir, path);
    assert_int_equal(utimensat(AT_FDCWD, full, old, 0), 0);
    assert_int_equal(email_cas_put(cas, fr_slice_str("twice"), sha256), FR_OK);
    assert_int_equal(files(), before + 1);
    assert_int_equal(stat(full, &info), 0);
    assert_true(info.st_mtime > 1000);
}

/* A file cut short by hand or by a broken disk is not taken for the one that it is named after. */
static void
a_file_cut_short_is_written_again(void **state)
{
    uint8_t sha256[EMAIL_SHA256_SIZE];
    char path[EMAIL_CAS_PATH_SIZE], full[256];
    uint64_t size;
    int fd;

    (void)state;
    assert_int_equal(email_cas_put(cas, fr_slice_str("whole"), sha256), FR_OK);
    email_cas_path(sha256, path);
    snprintf(full, sizeof(full), "%s/%s", dir, path);
    assert_int_equal(truncate(full, 2), 0);
    assert_int_equal(email_cas_put(cas, fr_slice_str("whole"), sha256), FR_OK);
    assert_int_equal(email_cas_get(cas, sha256, &fd, &size), FR_OK);
    assert_int_equal(size, 5);
    close(fd);
}

static void
a_piece_of_a_file_must_be_what_it_is_called(void **state)
{
    uint8_t sha256[EMAIL_SHA256_SIZE], wrong[EMAIL_SHA256_SIZE] = {1};
    unsigned before;
    char name[] = "/tmp/filrouge-cas-piece-XXXXXX";
    int fd = mkstemp(name);

    (void)state;
    unlink(name);
    assert_int_equal(write(fd, "xxabcyy", 7), 7);
    assert_int_equal(email_cas_put(cas, fr_slice_str("abc"), sha256), FR_OK);
    assert_int_equal(email_cas_remove(cas, sha256), FR_OK);
    before = files();
    assert_int_equal(email_cas_put_file(cas, fd, 2, 3, wrong), FR_CORRUPT);
    assert_int_equal(email_cas_put_file(cas, fd, 2, 4, sha256), FR_CORRUPT);
    assert_int_equal(email_cas_put_file(cas, fd, 2, 100, sha256), FR_CORRUPT);
    assert_int_equal(files(), before);
    assert_int_equal(email_cas_put_file(cas, fd, 2, 3, sha256), FR_OK);
    assert_int_equal(files(), before + 1);
    close(fd);
}

static void
what_was_removed_is_gone(void **state)
{
    uint8_t sha256[EMAIL_SHA256_SIZE];
    uint64_t size;
    int fd;

    (void)state;
    assert_int_equal(email_cas_put(cas, fr_slice_str("gone"), sha256), FR_OK);
    assert_int_equal(email_cas_remove(cas, sha256), FR_OK);
    assert_int_equal(email_cas_remove(cas, sha256), FR_NOT_FOUND);
    assert_int_equal(email_cas_get(cas, sha256, &fd, &size), FR_NOT_FOUND);
}

static void
what_a_crash_left_goes_at_the_next_opening(void **state)
{
    char old[256], young[256];
    struct timespec long_ago[2] = {{1000, 0}, {1000, 0}};
    struct email_cas *again;

    (void)state;
    snprintf(old, sizeof(old), "%s/.new-1-1", dir);
    snprintf(young, sizeof(young), "%s/.new-1-2", dir);
    close(open(old, O_CREAT | O_WRONLY, 0600));
    close(open(young, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(utimensat(AT_FDCWD, old, long_ago, 0), 0);
    assert_int_equal(email_cas_open(dir, &again), FR_OK);
    assert_int_not_equal(access(old, F_OK), 0);
    assert_int_equal(access(young, F_OK), 0); /* another process may be writing it */
    unlink(young);
    email_cas_close(&again);
}

static int
setup(void **state)
{
    (void)state;
    return mkdtemp(dir) == NULL || email_cas_open(dir, &cas) != FR_OK;
}

static int
teardown(void **state)
{
    char command[sizeof(dir) + 16];

    (void)state;
    email_cas_close(&cas);
    snprintf(command, sizeof(command), "rm -r %s", dir);
    return system(command);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_is_got),
        cmocka_unit_test(the_same_twice_is_one_file_made_young),
        cmocka_unit_test(a_file_cut_short_is_written_again),
        cmocka_unit_test(a_piece_of_a_file_must_be_what_it_is_called),
        cmocka_unit_test(what_was_removed_is_gone),
        cmocka_unit_test(what_a_crash_left_goes_at_the_next_opening),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
