/* up_test.c - back-off, the shared log, and which services a configuration asks for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "services/fil/backoff.h"
#include "services/fil/check.h"
#include "services/fil/logline.h"

static void
test_back_off(void **state)
{
    struct fil_backoff backoff = {{0}};
    static const int64_t expected[] = {100000,  200000,  400000,   800000,  1600000,
                                       3200000, 6400000, 10000000, 10000000};

    (void)state;
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        assert_int_equal(fil_backoff_ended(&backoff, fr_millis(5)).us, expected[i]);
    assert_int_equal(fil_backoff_ended(&backoff, fr_seconds(30)).us, 100000); /* it was healthy */
    assert_int_equal(fil_backoff_ended(&backoff, fr_seconds(29)).us, 200000);
}

#define NOW INT64_C(1800000000123456) /* 2027-01-15T08:00:00.123456Z */

/* clang-format off */
static const struct {
    const char *claim, *line;
    struct fil_logline_style style;
    const char *shown;
} lines[] = {
    { "an event is one readable line",
      "{\"time\":\"2027-01-15T07:59:58.5Z\",\"level\":\"info\",\"service\":\"routing\",\"verb\":\"offered\",\"agent\":\"ann\",\"why\":\"two words\"}",
      { false, false }, "07:59:58.500 routing offered agent=ann why=\"two words\"\n" },
    { "what is worse than news says so",
      "{\"time\":\"2027-01-15T07:59:58.5Z\",\"level\":\"warn\",\"service\":\"sla\",\"verb\":\"late\"}",
      { false, false }, "07:59:58.500 sla late level=warn\n" },
    { "on a terminal it has a colour instead",
      "{\"time\":\"2027-01-15T07:59:58.5Z\",\"level\":\"warn\",\"service\":\"sla\",\"verb\":\"late\"}",
      { false, true }, "\033[2m07:59:58.500\033[0m sla \033[33mlate\033[0m\n" },
    { "what is no event is shown as it is",
      "desk: abort: state.c:12", { false, false }, "08:00:00.123 desk | desk: abort: state.c:12\n" },
    { "half an event is shown as it is",
      "{\"time\":\"2027", { false, false }, "08:00:00.123 desk | {\"time\":\"2027\n" },
    { "JSON goes out as it came",
      "{\"time\":\"x\"}", { true, false }, "{\"time\":\"x\"}\n" },
    { "in JSON other text is wrapped",
      "abort", { true, false },
      "{\"time\":\"2027-01-15T08:00:00.123456Z\",\"level\":\"error\",\"service\":\"desk\",\"verb\":\"said\",\"text\":\"abort\"}\n" },
    { "a value cannot rewrite the screen",
      "{\"time\":\"2027-01-15T07:59:58.5Z\",\"level\":\"info\",\"service\":\"a\",\"verb\":\"b\",\"c\":\"\\u001b[2J\"}",
      { false, false }, "07:59:58.500 a b c=\\u001b[2J\n" },
};
/* clang-format on */

static void
test_log_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        fil_logline(out, fr_slice_str(lines[i].line), "desk", NOW, lines[i].style);
        fclose(out);
        if (strcmp(text, lines[i].shown) != 0)
            fail_msg("%s: \"%s\"", lines[i].claim, text);
        free(text);
    }
}

static void
test_services(void **state)
{
    static const char *const channels[] = {"channel_webchat", "channel_webform", "channel_webchat"};
    struct fil_service services[FIL_SERVICE_MAX];

    (void)state;
    assert_int_equal(fil_services_of(channels, 3, "tana", services, FIL_SERVICE_MAX), 8);
    assert_string_equal(services[0].name, "channel_webchat");
    assert_string_equal(services[7].name, "desk");
    assert_string_equal(services[7].journal, "desk.tana");
    assert_int_equal(fil_services_of(channels, 1, NULL, services, FIL_SERVICE_MAX), 6);
    assert_int_equal(fil_services_of(channels, 3, "tana", services, 4), 4);
    assert_int_equal(fil_services_of(NULL, 0, "tana", services, FIL_SERVICE_MAX), 1);
    assert_string_equal(services[0].journal, "desk.tana");
}

static void
test_complaints_are_printed_once(void **state)
{
    static const char first[] = "f.yaml:3:1: stat: unknown key\n    stat: x\n    ^\n",
                      second[] = "f.yaml:3:1: stat: unknown key\n    stat: x\n    ^\n"
                                 "f.yaml:9:3: desk.x: unknown key\n      x: 1\n      ^";
    struct fil_seen seen = {.heads = NULL};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    assert_int_equal(fil_check_print_new(&seen, first, out), 1);
    assert_int_equal(fil_check_print_new(&seen, second, out), 1);
    assert_int_equal(fil_check_print_new(&seen, "", out), 0);
    fclose(out);
    assert_string_equal(text, "f.yaml:3:1: stat: unknown key\n    stat: x\n    ^\n"
                              "f.yaml:9:3: desk.x: unknown key\n      x: 1\n      ^\n");
    free(text);
    fil_seen_free(&seen);
}

/* Two names that do share a number are found by trying: 14 bits do not take long. */
static void
test_collisions_are_found(void **state)
{
    char other[32];
    const char *names[] = {"identity", "routing", other, "desk.tana"};
    size_t a, b;

    (void)state;
    snprintf(other, sizeof(other), "sites");
    assert_false(fil_check_collision(names, 4, &a, &b));
    for (int i = 0; fr_id_journal_number(other) != fr_id_journal_number("identity"); i++)
        snprintf(other, sizeof(other), "desk.site%d", i);
    assert_true(fil_check_collision(names, 4, &a, &b));
    assert_int_equal(a, 0);
    assert_int_equal(b, 2);
    snprintf(other, sizeof(other), "identity"); /* the same name twice is one journal */
    assert_false(fil_check_collision(names, 4, &a, &b));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_back_off),
        cmocka_unit_test(test_log_lines),
        cmocka_unit_test(test_services),
        cmocka_unit_test(test_complaints_are_printed_once),
        cmocka_unit_test(test_collisions_are_found),
    };

    return cmocka_run_group_tests_name("up", tests, NULL, NULL);
}
