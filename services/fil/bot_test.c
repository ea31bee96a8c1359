/* bot_test.c - what a scripted agent says at the desk, when, and that he says it again under the
 * same name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "services/fil/bot_work.h"

#define TALK "00b2000000000001"
#define LEASE "00a1000000000001"
#define T0 INT64_C(1000000000)

static int shown;

static void
count_shown(void *context, const char *agent, const char *conversation, const json_t *entry)
{
    (void)context;
    (void)agent;
    (void)conversation;
    (void)entry;
    shown++;
}

static struct fil_bot *
open_bot(void)
{
    struct fil_bot_options options = {.name = "ann",
                                      .password = "x",
                                      .answer = "About {}: yes.",
                                      .think = fr_millis(100),
                                      .wrap_up = fr_millis(50),
                                      .outcome = "solved",
                                      .run = "t",
                                      .calls = {.shown = count_shown}};
    struct fil_bot *bot = fil_bot_new(&options);

    shown = 0;
    bot->step = BOT_OPEN;
    return bot;
}

static void
hear(struct fil_bot *bot, int64_t now_us, const char *text)
{
    json_t *event = json_loads(text, 0, NULL);

    assert_non_null(event);
    bot_hear(bot, event, now_us);
    json_decref(event);
}

/* The next thing that the agent said, or NULL; unmasked again. */
static json_t *
said(struct fil_bot *bot)
{
    static char text[4000];
    unsigned char *bytes = (unsigned char *)bot->net.out.bytes;
    size_t size, head = 2;
    json_t *json;

    if (bot->net.out.size == 0)
        return NULL;
    size = bytes[1] & 0x7f;
    if (size == 126) {
        size = (size_t)bytes[2] << 8 | bytes[3];
        head = 4;
    }
    assert_true(size < sizeof(text));
    for (size_t i = 0; i < size; i++)
        text[i] = (char)(bytes[head + 4 + i] ^ bytes[head + i % 4]);
    bot->net.out.size -= head + 4 + size;
    memmove(bytes, bytes + head + 4 + size, bot->net.out.size);
    json = json_loadb(text, size, 0, NULL);
    assert_non_null(json);
    return json;
}

/* He says this next; its id into id[80]. */
static void
expect(struct fil_bot *bot, const char *action, const char *key, const char *value, char *id)
{
    json_t *json = said(bot);

    if (json == NULL)
        fail_msg("he says nothing instead of %s", action);
    assert_string_equal(json_string_value(json_object_get(json, "action")), action);
    if (key != NULL)
        assert_string_equal(json_string_value(json_object_get(json, key)), value);
    if (id != NULL)
        snprintf(id, 80, "%s", json_string_value(json_object_get(json, "id")));
    json_decref(json);
}

static void
expect_silence(struct fil_bot *bot)
{
    json_t *json = said(bot);

    if (json != NULL)
        fail_msg("he says %s", json_dumps(json, JSON_COMPACT));
}

static void
done(struct fil_bot *bot, int64_t now_us, const char *id)
{
    char text[120];

    snprintf(text, sizeof(text), "{\"done\": \"%s\"}", id);
    hear(bot, now_us, text);
}

#define ENTRY(direction, id, ms, words)                                                            \
    "{\"id\": \"" id "\", \"direction\": \"" direction "\", \"at_ms\": " ms ", \"text\": \"" words \
    "\"}"

static void
take_on(struct fil_bot *bot)
{
    char id[80];

    hear(bot, T0,
         "{\"event\": \"snapshot\", \"agent\": {\"presence\": {\"chosen\": \"offline\"}}, "
         "\"offers\": [], \"conversations\": []}");
    expect(bot, "presence", "state", "available", id);
    done(bot, T0, id);
    hear(bot, T0,
         "{\"event\": \"offer\", \"offer\": \"" LEASE "\", \"conversation\": \"" TALK "\"}");
    expect(bot, "accept", "offer", LEASE, id);
    done(bot, T0, id);
    hear(bot, T0, "{\"event\": \"confirmed\", \"conversation\": \"" TALK "\"}");
    hear(bot, T0,
         "{\"event\": \"conversation\", \"conversation\": \"" TALK
         "\", \"entries\": [" ENTRY("from_customer", "01", "10", "my boots") "], \"history\": []}");
}

static void
test_a_whole_day(void **state)
{
    struct fil_bot *bot = open_bot();
    char id[80];

    (void)state;
    take_on(bot);
    assert_int_equal(shown, 1);
    bot_work(bot, T0 + 99999);
    expect_silence(bot); /* he thinks */
    bot_work(bot, T0 + 100000);
    expect(bot, "reply", "text", "About my boots: yes.", id);
    done(bot, T0 + 110000, id);
    bot_work(bot, T0 + 159999);
    expect_silence(bot);
    bot_work(bot, T0 + 160000);
    expect(bot, "finish", "outcome", "solved", id);
    done(bot, T0 + 160000, id);
    hear(bot, T0 + 170000, "{\"event\": \"offer_ended\", \"conversation\": \"" TALK "\"}");
    assert_int_equal(fil_bot_stats(bot).holding, 0);
    assert_int_equal(fil_bot_stats(bot).finished, 1);
    fil_bot_free(&bot);
}

static void
test_another_word_is_answered_before_the_end(void **state)
{
    struct fil_bot *bot = open_bot();
    char id[80];

    (void)state;
    take_on(bot);
    bot_work(bot, T0 + 100000);
    expect(bot, "reply", NULL, NULL, id);
    hear(bot, T0 + 105000,
         "{\"event\": \"entry\", \"conversation\": \"" TALK
         "\", \"entry\": " ENTRY("from_customer", "02", "20", "and laces") "}");
    done(bot, T0 + 110000, id);
    bot_work(bot, T0 + 160000);
    expect_silence(bot); /* not the end: he thinks again */
    bot_work(bot, T0 + 210000);
    expect(bot, "reply", "text", "About and laces: yes.", id);
    fil_bot_free(&bot);
}

static void
test_the_same_entry_again_is_no_new_word(void **state)
{
    struct fil_bot *bot = open_bot();
    char id[80];

    (void)state;
    take_on(bot);
    bot_work(bot, T0 + 100000);
    expect(bot, "reply", NULL, NULL, id);
    done(bot, T0 + 110000, id);
    hear(bot, T0 + 120000,
         "{\"event\": \"entry\", \"conversation\": \"" TALK
         "\", \"entry\": " ENTRY("from_customer", "01", "10", "my boots") "}");
    bot_work(bot, T0 + 160000);
    expect(bot, "finish", NULL, NULL, id);
    fil_bot_free(&bot);
}

static void
test_what_was_not_confirmed_is_said_again(void **state)
{
    struct fil_bot *bot = open_bot();
    char first[80], again[80];

    (void)state;
    take_on(bot);
    bot_work(bot, T0 + 100000);
    expect(bot, "reply", NULL, NULL, first);
    bot_say_all_again(bot, T0 + 200000); /* a new window */
    expect(bot, "reply", NULL, NULL, again);
    assert_string_equal(first, again);
    expect_silence(bot);
    bot_work(bot, T0 + 200000 + BOT_SAY_AGAIN_US);
    expect(bot, "reply", NULL, NULL, again); /* the same window, and no answer */
    assert_string_equal(first, again);
    done(bot, T0 + 3000000, first);
    bot_say_all_again(bot, T0 + 3000000);
    expect_silence(bot);
    fil_bot_free(&bot);
}

static void
test_busy_passes_and_refused_does_not(void **state)
{
    struct fil_bot *bot = open_bot();
    char id[80], again[80], text[200];

    (void)state;
    take_on(bot);
    bot_work(bot, T0 + 100000);
    expect(bot, "reply", NULL, NULL, id);
    snprintf(text, sizeof(text), "{\"error\": \"busy\", \"message\": \"\", \"id\": \"%s\"}", id);
    hear(bot, T0 + 110000, text);
    bot_work(bot, T0 + 200000);
    expect_silence(bot);
    bot_work(bot, T0 + 410000);
    expect(bot, "reply", NULL, NULL, again);
    assert_string_equal(id, again);
    snprintf(text, sizeof(text),
             "{\"error\": \"refused\", \"message\": \"not yours yet\", \"id\": \"%s\"}", id);
    hear(bot, T0 + 420000, text);
    bot_work(bot, T0 + 1420000);
    expect(bot, "reply", NULL, NULL, again); /* another one, under another name */
    assert_string_not_equal(id, again);
    fil_bot_free(&bot);
}

static void
test_what_ended_meanwhile_is_let_go(void **state)
{
    struct fil_bot *bot = open_bot();

    (void)state;
    take_on(bot);
    assert_int_equal(fil_bot_stats(bot).holding, 1);
    hear(bot, T0 + 1000,
         "{\"event\": \"snapshot\", \"agent\": {\"presence\": {\"chosen\": \"available\", "
         "\"state\": "
         "\"available\"}}, \"offers\": [], \"conversations\": []}");
    assert_int_equal(fil_bot_stats(bot).holding, 0);
    bot_work(bot, T0 + 200000);
    expect_silence(bot);
    fil_bot_free(&bot);
}

/* He comes back after his own reply was taken: nothing is left to say, so he finishes. */
static void
test_a_snapshot_with_our_answer_in_it(void **state)
{
    struct fil_bot *bot = open_bot();

    (void)state;
    hear(bot, T0,
         "{\"event\": \"snapshot\", \"agent\": {\"presence\": {\"chosen\": \"available\", "
         "\"state\": "
         "\"available\"}}, \"offers\": [], \"conversations\": [{\"conversation\": \"" TALK
         "\", \"offer\": \"" LEASE "\", \"loading\": false, \"entries\": [" ENTRY(
             "from_customer", "01", "10", "boots") ", " ENTRY("to_customer", "02", "20",
                                                              "yes") "]}]}");
    bot_work(bot, T0 + 100000);
    expect(bot, "finish", "conversation", TALK, NULL);
    fil_bot_free(&bot);
}

static void
test_set_away_by_the_hub(void **state)
{
    struct fil_bot *bot = open_bot();

    (void)state;
    hear(bot, T0,
         "{\"event\": \"presence\", \"state\": \"away\", \"reason\": \"two offers expired\"}");
    expect(bot, "presence", "state", "available", NULL);
    hear(bot, T0, "{\"event\": \"presence\", \"state\": \"available\"}");
    expect_silence(bot);
    fil_bot_free(&bot);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_day),
        cmocka_unit_test(test_another_word_is_answered_before_the_end),
        cmocka_unit_test(test_the_same_entry_again_is_no_new_word),
        cmocka_unit_test(test_what_was_not_confirmed_is_said_again),
        cmocka_unit_test(test_busy_passes_and_refused_does_not),
        cmocka_unit_test(test_what_ended_meanwhile_is_let_go),
        cmocka_unit_test(test_a_snapshot_with_our_answer_in_it),
        cmocka_unit_test(test_set_away_by_the_hub),
    };

    return cmocka_run_group_tests_name("bot", tests, NULL, NULL);
}
