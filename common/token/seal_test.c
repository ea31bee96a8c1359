/* seal_test.c - tokens of our own: nobody makes them, nobody bends them, and they outlive a
 * restart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "common/token/seal.h"

static char dir[64];

static int
make_dir(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/filrouge-seal-XXXXXX");
    return mkdtemp(dir) == NULL;
}

static int
remove_dir(void **state)
{
    DIR *open_dir = opendir(dir);
    struct dirent *entry;

    (void)state;
    while ((entry = readdir(open_dir)) != NULL)
        unlinkat(dirfd(open_dir), entry->d_name, 0);
    closedir(open_dir);
    return rmdir(dir);
}

static void
path_of(const char *name, char *path, size_t size)
{
    snprintf(path, size, "%s/%s", dir, name);
}

static void
a_token_outlives_a_restart(void **state)
{
    struct fr_seal seal, after;
    char text[FR_SEAL_TEXT_SIZE(8)], path[128];
    uint64_t id = 0x123456789abcdef0, read = 0;
    struct stat status;

    (void)state;
    assert_int_equal(fr_seal_open(dir, "secret", &seal), FR_OK);
    fr_seal_write(&seal, "ticket", fr_slice(&id, sizeof(id)), text);
    assert_int_equal(strlen(text), sizeof(text) - 1);
    assert_int_equal(fr_seal_open(dir, "secret", &after), FR_OK);
    assert_int_equal(fr_seal_read(&after, "ticket", fr_slice_str(text), &read, sizeof(read)),
                     FR_OK);
    assert_true(read == id);
    path_of("secret", path, sizeof(path));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(status.st_size, 32);
}

static void
no_changed_token_is_read(void **state)
{
    struct fr_seal seal;
    char text[FR_SEAL_TEXT_SIZE(8)];
    uint64_t id = 7, read = 99;

    (void)state;
    assert_int_equal(fr_seal_open(dir, "secret", &seal), FR_OK);
    fr_seal_write(&seal, "ticket", fr_slice(&id, sizeof(id)), text);
    for (size_t i = 0; i < sizeof(text) - 1; i++)
        for (int bit = 0; bit < 8; bit++) {
            text[i] ^= (char)(1 << bit);
            assert_int_equal(fr_seal_read(&seal, "ticket", fr_slice(text, sizeof(text) - 1), &read,
                                          sizeof(read)),
                             FR_INVALID);
            text[i] ^= (char)(1 << bit);
        }
    for (size_t cut = 0; cut < sizeof(text) - 1; cut++)
        assert_int_equal(fr_seal_read(&seal, "ticket", fr_slice(text, cut), &read, sizeof(read)),
                         FR_INVALID);
    assert_true(read == 99);
}

/* libsodium's decoder takes bytes that are not ASCII for a '_'. */
static void
a_token_is_written_in_one_way_only(void **state)
{
    struct fr_seal seal;
    char text[FR_SEAL_TEXT_SIZE(8)];
    uint64_t id = UINT64_MAX, read; /* ones: the token begins with _ */

    (void)state;
    assert_int_equal(fr_seal_open(dir, "secret", &seal), FR_OK);
    fr_seal_write(&seal, "ticket", fr_slice(&id, sizeof(id)), text);
    assert_int_equal(text[0], '_');
    text[0] = (char)0xc1;
    assert_int_equal(fr_seal_read(&seal, "ticket", fr_slice_str(text), &read, sizeof(read)),
                     FR_INVALID);
}

static void
a_token_serves_one_purpose_under_one_secret(void **state)
{
    struct fr_seal seal, other;
    char text[FR_SEAL_TEXT_SIZE(8)];
    uint64_t id = 7, read;
    uint32_t shorter;

    (void)state;
    assert_int_equal(fr_seal_open(dir, "secret", &seal), FR_OK);
    assert_int_equal(fr_seal_open(dir, "other", &other), FR_OK);
    fr_seal_write(&seal, "ticket", fr_slice(&id, sizeof(id)), text);
    assert_int_equal(fr_seal_read(&seal, "session", fr_slice_str(text), &read, sizeof(read)),
                     FR_INVALID);
    assert_int_equal(fr_seal_read(&seal, "ticke", fr_slice_str(text), &read, sizeof(read)),
                     FR_INVALID);
    assert_int_equal(fr_seal_read(&other, "ticket", fr_slice_str(text), &read, sizeof(read)),
                     FR_INVALID);
    assert_int_equal(fr_seal_read(&seal, "ticket", fr_slice_str(text), &shorter, sizeof(shorter)),
                     FR_INVALID);
}

static void
a_secret_that_others_may_read_is_refused(void **state)
{
    struct fr_seal seal;
    char path[128];

    (void)state;
    assert_int_equal(fr_seal_open(dir, "secret", &seal), FR_OK);
    path_of("secret", path, sizeof(path));
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(fr_seal_open(dir, "secret", &seal), FR_DENIED);
}

static void
a_secret_that_is_cut_short_is_refused(void **state)
{
    struct fr_seal seal;
    char path[128];

    (void)state;
    assert_int_equal(fr_seal_open(dir, "secret", &seal), FR_OK);
    path_of("secret", path, sizeof(path));
    assert_int_equal(truncate(path, 31), 0);
    assert_int_equal(fr_seal_open(dir, "secret", &seal), FR_CORRUPT);
    assert_int_equal(truncate(path, 33), 0);
    assert_int_equal(fr_seal_open(dir, "secret", &seal), FR_CORRUPT);
}

static void
a_directory_that_is_not_there_is_said(void **state)
{
    struct fr_seal seal;

    (void)state;
    assert_int_equal(fr_seal_open("/tmp/filrouge-seal-that-is-not-there", "secret", &seal), FR_IO);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_token_outlives_a_restart, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(no_changed_token_is_read, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(a_token_is_written_in_one_way_only, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(a_token_serves_one_purpose_under_one_secret, make_dir,
                                        remove_dir),
        cmocka_unit_test_setup_teardown(a_secret_that_others_may_read_is_refused, make_dir,
                                        remove_dir),
        cmocka_unit_test_setup_teardown(a_secret_that_is_cut_short_is_refused, make_dir,
                                        remove_dir),
        cmocka_unit_test(a_directory_that_is_not_there_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
