/* action_test.c - what browsers may say, and what is said to them when they may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "common/http/http.h"
#include "services/desk/action.h"
#include "services/desk/show.h"

static const struct desk_agent_config ann = {.name = "ann", .title = "Ann B."};

static enum fr_error
read_text(const char *text, const char *name, struct fr_arena *arena, struct desk_action *action,
          char *message)
{
    json_t *json = fr_json_read(fr_slice_str(text), 65536, 3, message, DESK_MESSAGE_SIZE);
    enum fr_error err = FR_INVALID;

    if (json != NULL)
        err = desk_action_read(json, name, &ann, arena, action, message);
    json_decref(json);
    return err;
}

struct malformed_case {
    const char *text, *message;
};

static void
malformed_actions_are_told_what_is_wrong(void **state)
{
    static const struct malformed_case cases[] = {
        {"{}", "\"id\" is missing"},
        {"{\"id\":1}", "\"id\" must be a text"},
        {"{\"id\":\"\"}", "\"id\" must be 1 to 64 letters, digits or - _ . :"},
        {"{\"id\":\"a b\"}", "\"id\" must be 1 to 64 letters, digits or - _ . :"},
        {"{\"id\":\"c\"}", "\"action\" is missing"},
        {"{\"id\":\"c\",\"action\":7}", "\"action\" must be a text"},
        {"{\"id\":\"c\",\"action\":\"dance\"}", "\"action\" is none that we know"},
        {"{\"id\":\"c\",\"action\":\"presence\"}", "\"state\" is missing"},
        {"{\"id\":\"c\",\"action\":\"presence\",\"state\":\"offline\"}",
         "\"state\" must be \"available\" or \"away\""},
        {"{\"id\":\"c\",\"action\":\"accept\"}", "\"offer\" is missing"},
        {"{\"id\":\"c\",\"action\":\"accept\",\"offer\":5}", "\"offer\" must be a text"},
        {"{\"id\":\"c\",\"action\":\"accept\",\"offer\":\"xyz\"}", "\"offer\" is not an id"},
        {"{\"id\":\"c\",\"action\":\"accept\",\"offer\":\"00000000000000001\"}",
         "\"offer\" is too long"},
        {"{\"id\":\"c\",\"action\":\"reply\",\"conversation\":\"1\"}", "\"text\" is missing"},
        {"{\"id\":\"c\",\"action\":\"reply\",\"conversation\":\"1\",\"text\":[]}",
         "\"text\" must be a text"},
        {"{\"id\":\"c\",\"action\":\"finish\",\"conversation\":\"1\"}", "\"outcome\" is missing"},
        {"{\"id\":\"c\",\"action\":\"finish\",\"conversation\":\"1\",\"outcome\":\"won\"}",
         "\"outcome\" is none that we know"},
        {"{\"id\":\"c\",\"action\":\"dismiss\"}", "\"refusal\" is missing"},
    };
    struct fr_arena *arena = fr_arena_new(1 << 16, 1 << 20);
    struct desk_action action;
    char message[DESK_MESSAGE_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        message[0] = '\0';
        assert_int_equal(read_text(cases[i].text, NULL, arena, &action, message), FR_INVALID);
        if (strcmp(message, cases[i].message) != 0)
            fail_msg("%s: %s", cases[i].text, message);
    }
    fr_arena_free(&arena);
}

static void
what_is_no_json_object_of_known_members_is_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "[]",
        "\"text\"",
        "{\"id\":\"c\",\"id\":\"d\",\"action\":\"dismiss\",\"refusal\":\"1\"}",
        "{\"id\":\"c\",\"action\":\"dismiss\",\"refusal\":\"1\",\"agent\":\"bob\"}",
        "{\"id\":\"c\",\"action\":\"reply\",\"conversation\":\"1\",\"text\":\"x\",\"fence\":9}",
        "{\"id\":\"c\",\"action\":\"reply\",\"conversation\":\"1\",\"text\":\"a\\u0000b\"}",
        "{\"id\":\"c\",\"action\":\"reply\",\"conversation\":\"1\",\"text\":\"\xff\"}",
        "{\"id\":\"c\",\"action\":{\"a\":{\"b\":{\"c\":{}}}}}",
        "{\"id\":\"c\",\"action\":\"dismiss\",\"refusal\":\"1\"} and more",
    };
    struct fr_arena *arena = fr_arena_new(1 << 16, 1 << 20);
    struct desk_action action;
    char message[DESK_MESSAGE_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        message[0] = '\0';
        if (read_text(cases[i], NULL, arena, &action, message) == FR_OK)
            fail_msg("%s: taken", cases[i]);
        assert_string_not_equal(message, "");
    }
    fr_arena_free(&arena);
}

static void
the_record_names_the_agent_of_the_session_and_nothing_the_browser_may_not_know(void **state)
{
    struct fr_arena *arena = fr_arena_new(1 << 16, 1 << 20);
    struct desk_action action;
    char message[DESK_MESSAGE_SIZE] = "";

    (void)state;
    assert_int_equal(read_text("{\"id\":\"c1\",\"action\":\"note\",\"conversation\":\"0b\","
                               "\"text\":\"caf\\u00e9\"}",
                               NULL, arena, &action, message),
                     FR_OK);
    assert_int_equal(action.kind, FR_REPLY_WRITTEN);
    assert_string_equal(action.id, "c1");
    const Fr__ReplyWritten *written =
        fr_unpack_in(arena, &fr__reply_written__descriptor, action.body);
    assert_string_equal(written->agent, "ann");
    assert_string_equal(written->agent_title, "Ann B.");
    assert_string_equal(written->text, "café");
    assert_int_equal(written->conversation_id, 0xb);
    assert_int_equal(written->lease_id, 0);
    assert_int_equal(written->fence, 0);
    assert_true(written->note);

    assert_int_equal(read_text("{\"id\":\"c2\",\"offer\":\"ff\",\"reason\":\"busy\"}", "decline",
                               arena, &action, message),
                     FR_OK);
    const Fr__OfferChosen *chosen = fr_unpack_in(arena, &fr__offer_chosen__descriptor, action.body);
    assert_false(chosen->accepted);
    assert_int_equal(chosen->lease_id, 0xff);
    assert_string_equal(chosen->reason, "busy");

    assert_int_equal(read_text("{\"id\":\"c3\",\"action\":\"accept\",\"offer\":\"ff\"}", "decline",
                               arena, &action, message),
                     FR_INVALID);
    assert_string_equal(message, "\"action\" is another one than the path says");
    fr_arena_free(&arena);
}

static void
outcomes_have_the_names_that_entries_are_shown_with(void **state)
{
    static const char *const names[] = {"solved", "answered",      "no_answer_needed",
                                        "spam",   "customer_left", "not_deliverable"};
    Fr__Outcome outcome;

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_true(desk_read_outcome(names[i], &outcome));
        assert_int_equal(outcome, i + 1);
    }
    assert_false(desk_read_outcome("", &outcome));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_actions_are_told_what_is_wrong),
        cmocka_unit_test(what_is_no_json_object_of_known_members_is_refused),
        cmocka_unit_test(
            the_record_names_the_agent_of_the_session_and_nothing_the_browser_may_not_know),
        cmocka_unit_test(outcomes_have_the_names_that_entries_are_shown_with),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
