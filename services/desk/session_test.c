/* session_test.c - sessions cannot be forged, passwords are checked whole, keys stay private. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "services/desk/login.h"
#include "services/desk/session.h"

static const struct fr_time now = {1800000000000000};

static const char *
credential_of(const void *context, const char *agent)
{
    return strcmp(agent, "ann") == 0 ? context : NULL;
}

static enum fr_error
read_as(const struct desk_secret *secret, const char *token, const char *credential,
        struct fr_time at)
{
    struct desk_session session;

    return desk_session_read(secret, token, at, credential_of, credential, &session);
}

static void
a_session_says_who_it_is_until_it_expires(void **state)
{
    struct desk_secret secret = {{1}};
    struct desk_session made, read;
    struct fr_time expires = fr_time_add(now, fr_seconds(100));
    char token[DESK_SESSION_SIZE];

    (void)state;
    desk_session_make(&secret, "ann", "hash", expires, &made, token);
    assert_int_equal(desk_session_read(&secret, token, now, credential_of, "hash", &read), FR_OK);
    assert_string_equal(read.agent, "ann");
    assert_int_equal(read.nonce, made.nonce);
    assert_int_equal(read.expires.unix_us, expires.unix_us);
    assert_int_equal(read_as(&secret, token, "hash", fr_time_add(now, fr_seconds(99))), FR_OK);
    assert_int_equal(read_as(&secret, token, "hash", expires), FR_GONE);
}

static void
a_session_ends_with_its_password_its_key_or_its_agent(void **state)
{
    struct desk_secret secret = {{1}}, other = {{2}};
    struct desk_session made;
    char token[DESK_SESSION_SIZE];

    (void)state;
    desk_session_make(&secret, "ann", "hash", fr_time_add(now, fr_seconds(100)), &made, token);
    assert_int_equal(read_as(&secret, token, "another hash", now), FR_INVALID);
    assert_int_equal(read_as(&other, token, "hash", now), FR_INVALID);
    desk_session_make(&secret, "gone", "hash", fr_time_add(now, fr_seconds(100)), &made, token);
    assert_int_equal(read_as(&secret, token, "hash", now), FR_INVALID);
}

static void
no_changed_character_is_let_through(void **state)
{
    struct desk_secret secret = {{1}};
    struct desk_session made;
    char token[DESK_SESSION_SIZE], forged[DESK_SESSION_SIZE];

    (void)state;
    desk_session_make(&secret, "ann", "hash", fr_time_add(now, fr_seconds(100)), &made, token);
    for (size_t i = 0; token[i] != '\0'; i++)
        for (const char *c = "AQgw-_.z09 "; *c != '\0'; c++) {
            memcpy(forged, token, sizeof(forged));
            if (forged[i] == *c)
                continue;
            forged[i] = *c;
            assert_int_equal(read_as(&secret, forged, "hash", now), FR_INVALID);
        }
    for (size_t size = strlen(token); size-- > 0;) {
        memcpy(forged, token, size);
        forged[size] = '\0';
        assert_int_equal(read_as(&secret, forged, "hash", now), FR_INVALID);
    }
    snprintf(forged, sizeof(forged), "%sA", token);
    assert_int_equal(read_as(&secret, forged, "hash", now), FR_INVALID);
    memset(forged, 'A', sizeof(forged) - 1);
    forged[sizeof(forged) - 1] = '\0';
    assert_int_equal(read_as(&secret, forged, "hash", now), FR_INVALID);
    assert_int_equal(read_as(&secret, ".", "hash", now), FR_INVALID);
}

static void
the_key_is_made_once_kept_private_and_refused_when_it_is_not(void **state)
{
    const char *root = getenv("TMPDIR");
    char dir[300], path[400];
    struct desk_secret first, second;
    struct stat info;
    int fd;

    (void)state;
    snprintf(dir, sizeof(dir), "%s/desk-session-XXXXXX", root == NULL ? "/tmp" : root);
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/session.key", dir);
    assert_int_equal(desk_secret_load(dir, &first), FR_OK);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(desk_secret_load(dir, &second), FR_OK);
    assert_memory_equal(first.key, second.key, sizeof(first.key));

    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(desk_secret_load(dir, &second), FR_DENIED);
    assert_int_equal(chmod(path, 0600), 0);
    fd = open(path, O_WRONLY | O_TRUNC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "short", 5), 5);
    close(fd);
    assert_int_equal(desk_secret_load(dir, &second), FR_CORRUPT);
    unlink(path);
    rmdir(dir);
}

struct password_case {
    const char *claim, *credential, *password;
    bool hash, right;
};

static void
only_the_whole_password_is_right(void **state)
{
    char hash[crypto_pwhash_STRBYTES];
    const struct password_case cases[] = {
        {"a plain one", "correct horse", "correct horse", false, true},
        {"a hashed one", hash, "correct horse", true, true},
        {"a wrong one", "correct horse", "correct hors", false, false},
        {"a wrong one against a hash", hash, "correct horse ", true, false},
        {"the hash itself", hash, hash, true, false},
        {"nothing for an unknown name", "", "", false, false},
        {"anything for an unknown name", "", "x", false, false},
        {"no hash at all", "", "x", true, false},
        {"a broken hash", "$argon2id$", "x", true, false},
    };

    (void)state;
    assert_int_equal(crypto_pwhash_str(hash, "correct horse", 13, crypto_pwhash_OPSLIMIT_MIN,
                                       crypto_pwhash_MEMLIMIT_MIN),
                     0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct desk_try attempt = {.credential_is_hash = cases[i].hash};

        snprintf(attempt.credential, sizeof(attempt.credential), "%s", cases[i].credential);
        snprintf(attempt.password, sizeof(attempt.password), "%s", cases[i].password);
        if (desk_login_verify(&attempt) != cases[i].right)
            fail_msg("%s", cases[i].claim);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_says_who_it_is_until_it_expires),
        cmocka_unit_test(a_session_ends_with_its_password_its_key_or_its_agent),
        cmocka_unit_test(no_changed_character_is_let_through),
        cmocka_unit_test(the_key_is_made_once_kept_private_and_refused_when_it_is_not),
        cmocka_unit_test(only_the_whole_password_is_right),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
