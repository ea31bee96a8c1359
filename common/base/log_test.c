/* log_test.c - what a line looks like, in both forms, and what cannot break it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "common/base/log.h"

static char caught[1 << 20]; /* what was written to stderr */

struct capture {
    int file, stderr_fd;
};

static struct capture
capture_start(void)
{
    struct capture capture = {.file = memfd_create("stderr", MFD_CLOEXEC),
                              .stderr_fd = dup(STDERR_FILENO)};

    dup2(capture.file, STDERR_FILENO);
    return capture;
}

static void
capture_stop(struct capture capture)
{
    ssize_t size;

    dup2(capture.stderr_fd, STDERR_FILENO);
    close(capture.stderr_fd);
    size = pread(capture.file, caught, sizeof(caught) - 1, 0);
    assert_true(size >= 0);
    caught[size] = '\0';
    close(capture.file);
}

/* The line without its time, which stands in front. */
static const char *
line_of(enum fr_log_format format, const char *text)
{
    struct capture capture = capture_start();

    fr_log_init("routing", FR_INFO, format);
    fr_log(FR_INFO, "offered", "%s", text);
    capture_stop(capture);
    return caught + (format == FR_LOG_JSON ? strlen("{\"time\":\"2027-03-14T09:26:53.589793Z\",")
                                           : strlen("09:26:53.589 "));
}

#define HEAD "\"level\":\"info\",\"service\":\"routing\",\"verb\":\"offered\""

static void
json_table(void **state)
{
    static const struct {
        const char *claim, *text, *line;
    } cases[] = {
        {"pairs", "agent=12 waited_ms=840", HEAD ",\"agent\":\"12\",\"waited_ms\":\"840\"}\n"},
        {"nothing", "", HEAD "}\n"},
        {"an empty value", "a= b=\"\"", HEAD ",\"a\":\"\",\"b\":\"\"}\n"},
        {"quotes hold blanks together", "t=\"a b=c\" n=1", HEAD ",\"t\":\"a b=c\",\"n\":\"1\"}\n"},
        {"escapes of a quoted value stay", "t=\"a\\\"b\\n\"", HEAD ",\"t\":\"a\\\"b\\n\"}\n"},
        {"an escape that JSON lacks is escaped", "t=\"a\\x\"", HEAD ",\"t\":\"a\\\\x\"}\n"},
        {"a bare backslash is escaped", "t=a\\n", HEAD ",\"t\":\"a\\\\n\"}\n"},
        {"an open quote is a character", "t=\"ab", HEAD ",\"t\":\"\\\"ab\"}\n"},
        {"a newline in a bare value cannot end the line", "t=a\nb=c", HEAD ",\"t\":\"a\\nb=c\"}\n"},
        {"a word alone is true", "late agent=1", HEAD ",\"late\":\"true\",\"agent\":\"1\"}\n"},
        {"bytes that are no UTF-8 are marked", "t=a\xff\xc3", HEAD ",\"t\":\"a\\ufffd\\ufffd\"}\n"},
        {"UTF-8 stays", "t=caf\xc3\xa9", HEAD ",\"t\":\"caf\xc3\xa9\"}\n"},
        {"a control character is written out", "t=a\x01", HEAD ",\"t\":\"a\\u0001\"}\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *line = line_of(FR_LOG_JSON, cases[i].text);

        if (strcmp(line, cases[i].line) != 0)
            fail_msg("%s: %s", cases[i].claim, line);
    }
}

static void
text_reads_as_it_was_written(void **state)
{
    (void)state;
    assert_string_equal(line_of(FR_LOG_TEXT, "agent=12 t=\"a b\""),
                        "routing offered agent=12 t=\"a b\"\n");
    assert_string_equal(line_of(FR_LOG_TEXT, ""), "routing offered\n");
    assert_string_equal(line_of(FR_LOG_TEXT, "t=\x1b[2Jb\nc"), "routing offered t=?[2Jb?c\n");
}

static void
a_long_line_is_cut_and_says_so(void **state)
{
    char text[3 * PIPE_BUF];
    struct capture capture;

    (void)state;
    memset(text, 'x', sizeof(text));
    memcpy(text, "a=1 t=", 6);
    text[sizeof(text) - 1] = '\0';
    line_of(FR_LOG_JSON, text);
    assert_in_range(strlen(caught), PIPE_BUF - 100, PIPE_BUF);
    assert_non_null(strstr(caught, "xx\",\"cut\":\"true\"}\n"));
    line_of(FR_LOG_TEXT, text);
    assert_in_range(strlen(caught), PIPE_BUF - 100, PIPE_BUF);
    assert_non_null(strstr(caught, "xx cut=true\n"));

    memset(text, 'n', sizeof(text) - 1); /* a name that does not fit is left out with its value */
    line_of(FR_LOG_JSON, text);
    assert_non_null(strstr(caught, HEAD ",\"cut\":\"true\"}\n"));

    capture = capture_start(); /* and the level still fits behind the longest text */
    fr_log_init("routing", FR_INFO, FR_LOG_TEXT);
    fr_log(FR_ERROR, "offered", "%s", text);
    capture_stop(capture);
    assert_non_null(strstr(caught, "nn level=error cut=true\n"));
    assert_in_range(strlen(caught), PIPE_BUF - 100, PIPE_BUF);
}

/* Two bytes a character, then one of one byte: it would fit where the last of two did not. */
static void
nothing_small_slips_in_behind_a_cut(void **state)
{
    char text[PIPE_BUF];

    (void)state;
    for (size_t shift = 0; shift < 2; shift++) {
        size_t size = 2 + shift;

        memcpy(text, "t=a", 3);
        for (; size < PIPE_BUF - 4; size += 2)
            memcpy(text + size, "\xc3\xa9", 2);
        strcpy(text + size, "z");
        line_of(FR_LOG_JSON, text);
        assert_non_null(strstr(caught, "\xc3\xa9\",\"cut\":\"true\"}\n"));
    }
}

static void
levels_below_the_least_are_silent_and_errno_stays(void **state)
{
    struct capture capture = capture_start();

    (void)state;
    fr_log_init("routing", FR_WARN, FR_LOG_TEXT);
    fr_log(FR_INFO, "offered", "agent=1");
    errno = EDOM;
    fr_log(FR_WARN, "late", "agent=2");
    assert_int_equal(errno, EDOM);
    capture_stop(capture);
    assert_null(strstr(caught, "offered"));
    assert_string_equal(caught + strlen("09:26:53.589 "), "routing late agent=2 level=warn\n");
}

static void
quoting_fits_its_buffer(void **state)
{
    static const struct {
        const char *text;
        size_t size;
        const char *quoted;
    } cases[] = {
        {"plain", 20, "\"plain\""},
        {"say \"hi\"\n", 20, "\"say \\\"hi\\\"\\n\""},
        {"abcdef", 6, "\"abc\""},
        {"ab\"def", 6, "\"ab\""},    /* half an escape is none */
        {"ab\xc3\xa9", 6, "\"ab\""}, /* nor is half a character */
        {"", 3, "\"\""},
        {"a", 2, ""},
        {NULL, 20, "\"\""},
    };
    char buffer[20];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(fr_log_quote(cases[i].text, buffer, cases[i].size), cases[i].quoted);
}

#define LINES_EACH 400

static void *
write_lines(void *name)
{
    for (int i = 0; i < LINES_EACH; i++)
        fr_log(FR_INFO, "said", "who=%s", (const char *)name);
    return NULL;
}

static void
threads_do_not_mix_their_lines(void **state)
{
    static char *const names[] = {"aaaaaaaa", "bbbbbbbb", "cccccccc", "dddddddd"};
    struct capture capture = capture_start();
    pthread_t threads[4];
    int counts[4] = {0};

    (void)state;
    fcntl(STDERR_FILENO, F_SETFL, O_APPEND); /* as a pipe does: each write lands at the end */
    fr_log_init("routing", FR_INFO, FR_LOG_TEXT);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, names[i]), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    capture_stop(capture);
    for (char *rest = caught, *line; (line = strsep(&rest, "\n")) != NULL && *line != '\0';) {
        const char *who = strstr(line, "routing said who=");

        assert_non_null(who);
        who += strlen("routing said who=");
        assert_in_range(who[0], 'a', 'd');
        assert_string_equal(who, names[who[0] - 'a']);
        counts[who[0] - 'a']++;
    }
    for (int i = 0; i < 4; i++)
        assert_int_equal(counts[i], LINES_EACH);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_table),
        cmocka_unit_test(text_reads_as_it_was_written),
        cmocka_unit_test(a_long_line_is_cut_and_says_so),
        cmocka_unit_test(nothing_small_slips_in_behind_a_cut),
        cmocka_unit_test(levels_below_the_least_are_silent_and_errno_stays),
        cmocka_unit_test(quoting_fits_its_buffer),
        cmocka_unit_test(threads_do_not_mix_their_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
