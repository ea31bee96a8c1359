/* webchat_test.c - given, when, then: whose session it is, what is said in it, and what is told of
 * it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "common/stage/given.h"
#include "services/channel_webchat/tables.h"

#define CONVERSATION 0x300
#define DAY 86400.0
#define ONE "11111111111111111111111111111111"
#define TWO "22222222222222222222222222222222"
#define SPARE "33333333333333333333333333333333"

static const char yaml[] = "brands: {acme: {title: Acme}}\n"
                           "channel_webchat:\n"
                           "  keep: 30d\n"
                           "  session_time: 30d\n"
                           "  entries_max: 5\n"
                           "  accounts:\n"
                           "    shop: {brand: acme, allow_origins: ['https://shop.example']}\n";

static struct fr_given *
given(void)
{
    return fr_given_new(&webchat_stage, yaml);
}

static void
finish(struct fr_given *g)
{
    assert_true(fr_given_rebuilds(g));
    fr_given_free(&g);
}

/* ---- what happens ---- */

/* The position, or 0 when it was rejected. */
static uint32_t
say_at(struct fr_given *g, const char *account, const char *session, const char *id,
       const char *text)
{
    Fr__MessageReceived message = FR__MESSAGE_RECEIVED__INIT;
    char external_id[WEBCHAT_EXTERNAL_ID_SIZE];
    uint32_t position = 0;

    message.channel = WEBCHAT_CHANNEL;
    message.account = (char *)account;
    message.address = (char *)session;
    message.external_id = (char *)webchat_external_id(session, id, external_id);
    message.text = (char *)text;
    message.received_us = 5000;
    assert_int_equal(fr_given_input(g, FR_LOCAL, 0, "acme", &message.base), FR_OK);
    if (fr_given_rejected(g)[0] == '\0') {
        assert_int_equal(fr_given_answer(g).size, sizeof(position));
        memcpy(&position, fr_given_answer(g).data, sizeof(position));
    }
    return position;
}

static uint32_t
say(struct fr_given *g, const char *session, const char *id, const char *text)
{
    return say_at(g, "shop", session, id, text);
}

static void
answer(struct fr_given *g, const char *session, uint64_t message_id, Fr__Direction direction)
{
    Fr__OutboundRequested request = FR__OUTBOUND_REQUESTED__INIT;

    request.message_id = message_id;
    request.conversation_id = CONVERSATION;
    request.customer_id = 0x200;
    request.channel = WEBCHAT_CHANNEL;
    request.account = "shop";
    request.address = (char *)session;
    request.text = "It is on its way.";
    request.direction = direction;
    request.at_us = 7000;
    request.author = "Bob";
    assert_int_equal(fr_given_input(g, "conversations", CONVERSATION, "acme", &request.base),
                     FR_OK);
}

struct proof { /* what the shop's token said */
    const char *login, *number, *email, *name;
    bool email_verified;
};

static json_t *
ask(struct fr_given *g, const char *session, uint32_t after, const struct proof *proof)
{
    Fr__AnswersAsked asked = FR__ANSWERS_ASKED__INIT;
    Fr__Key keys[3], *list[3] = {&keys[0], &keys[1], &keys[2]};
    const char *const types[3] = {"login", "account", "email"};

    asked.address = (char *)session;
    asked.account = "shop";
    asked.has_after = true;
    asked.after = after;
    if (proof != NULL) {
        const char *const values[3] = {proof->login, proof->number, proof->email};

        for (int i = 0; i < 3; i++)
            if (values[i] != NULL) {
                Fr__Key *key = list[asked.n_keys++];

                fr__key__init(key);
                key->type = (char *)types[i];
                key->value = (char *)values[i];
                key->assurance = i < 2 || proof->email_verified ? FR__ASSURANCE__VERIFIED
                                                                : FR__ASSURANCE__CLAIMED;
            }
        asked.keys = list;
        asked.name = (char *)proof->name;
        asked.spare = SPARE;
    }
    assert_int_equal(fr_given_input(g, FR_LOCAL, 0, "acme", &asked.base), FR_OK);
    if (fr_given_rejected(g)[0] != '\0')
        return NULL;
    return json_loadb(fr_given_answer(g).data, fr_given_answer(g).size, 0, NULL);
}

static void
see(struct fr_given *g, const char *session, uint32_t delivered, uint32_t read)
{
    Fr__AnswersSeen seen = FR__ANSWERS_SEEN__INIT;

    seen.address = (char *)session;
    seen.delivered = delivered;
    seen.read = read;
    assert_int_equal(fr_given_input(g, FR_LOCAL, 0, "acme", &seen.base), FR_OK);
}

/* ---- what follows ---- */

/* "from id seq, ..." of the entries, and the session's member `key`. */
static const char *
entries_of(json_t *json)
{
    static char text[1024];
    json_t *entry;
    size_t i;

    text[0] = '\0';
    json_array_foreach(json_object_get(json, "entries"), i, entry)
    {
        sprintf(text + strlen(text), "%s%s %s %d", i == 0 ? "" : ", ",
                json_string_value(json_object_get(entry, "from")),
                json_string_value(json_object_get(entry, "id")),
                (int)json_integer_value(json_object_get(entry, "seq")));
    }
    json_decref(json);
    return text;
}

static void
assert_session(json_t *json, const char *session, bool reset, bool signed_in)
{
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "session")), session);
    assert_int_equal(json_is_true(json_object_get(json, "reset")), reset);
    assert_int_equal(json_is_true(json_object_get(json, "signed_in")), signed_in);
    json_decref(json);
}

static const Fr__Key *
key_of(Fr__Key **keys, size_t count, const char *type)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(keys[i]->type, type) == 0)
            return keys[i];
    return NULL;
}

/* States told for message_id, in order, like "READ". */
static size_t
count_state(struct fr_given *g, uint64_t message_id, Fr__DeliveryState delivery)
{
    size_t count = 0;

    for (size_t i = 0; i < fr_given_count(g); i++) {
        const Fr__DeliveryChanged *changed = fr_given_body(g, i, FR_DELIVERY_CHANGED);

        count += changed != NULL && changed->message_id == message_id &&
                 changed->state == delivery && changed->conversation_id == CONVERSATION;
    }
    return count;
}

/* ---- writing ---- */

static void
what_an_anonymous_visitor_writes_carries_only_his_device(void **state)
{
    struct fr_given *g = given();
    const Fr__MessageReceived *message;

    (void)state;
    assert_int_equal(say(g, ONE, "m1", "hello"), 1);
    assert_int_equal(fr_given_count(g), 1);
    message = fr_given_body(g, 0, FR_MESSAGE_RECEIVED);
    assert_int_equal(message->n_keys, 1);
    assert_string_equal(message->keys[0]->type, "device");
    assert_string_equal(message->keys[0]->value, ONE);
    assert_int_equal(message->keys[0]->assurance, FR__ASSURANCE__VERIFIED);
    assert_string_equal(message->address, ONE);
    assert_string_equal(message->external_id, ONE ":m1");
    assert_int_equal(message->position, 1);
    assert_string_equal(fr_given_event(g, 0)->brand, "acme");
    finish(g);
}

static void
what_is_sent_twice_is_said_once(void **state)
{
    struct fr_given *g = given();

    (void)state;
    assert_int_equal(say(g, ONE, "m1", "hello"), 1);
    assert_int_equal(say(g, ONE, "m2", "are you there?"), 2);
    assert_int_equal(say(g, ONE, "m1", "hello"), 1);
    assert_int_equal(fr_given_count(g), 0);
    assert_int_equal(say(g, TWO, "m1", "hello"), 1); /* another browser's m1 is another message */
    assert_int_equal(fr_given_count(g), 1);
    finish(g);
}

static void
a_session_is_of_one_account(void **state)
{
    struct fr_given *g = given();

    (void)state;
    say(g, ONE, "m1", "hello");
    assert_int_equal(say_at(g, "other", ONE, "m2", "hello"), 0);
    assert_string_equal(fr_given_rejected(g), "this session belongs to another account");
    assert_int_equal(fr_given_count(g), 0);
    finish(g);
}

static void
a_full_session_takes_no_more_but_keeps_answers(void **state)
{
    struct fr_given *g = given();
    char id[16];

    (void)state;
    for (int i = 1; i <= 5; i++) {
        snprintf(id, sizeof(id), "m%d", i);
        assert_int_equal(say(g, ONE, id, "hello"), i);
    }
    assert_int_equal(say(g, ONE, "m6", "hello"), 0);
    assert_string_equal(fr_given_rejected(g), webchat_session_full);
    assert_int_equal(say(g, ONE, "m5", "hello"), 5);
    answer(g, ONE, 0x501, FR__DIRECTION__TO_CUSTOMER);
    assert_int_equal(count_state(g, 0x501, FR__DELIVERY_STATE__ACCEPTED), 1);
    finish(g);
}

/* ---- coming back ---- */

static void
who_comes_back_gets_what_he_missed_in_order(void **state)
{
    struct fr_given *g = given();

    (void)state;
    say(g, ONE, "m1", "hello");
    answer(g, ONE, 0x501, FR__DIRECTION__TO_CUSTOMER);
    answer(g, ONE, 0x502, FR__DIRECTION__NOTICE);
    say(g, ONE, "m2", "thank you");
    assert_string_equal(entries_of(ask(g, ONE, 0, NULL)),
                        "customer m1 1, agent 0000000000000501 2, notice 0000000000000502 3, "
                        "customer m2 4");
    assert_string_equal(entries_of(ask(g, ONE, 2, NULL)),
                        "notice 0000000000000502 3, customer m2 4");
    assert_string_equal(entries_of(ask(g, ONE, 4, NULL)), "");
    assert_string_equal(entries_of(ask(g, TWO, 0, NULL)), "");
    assert_int_equal(fr_given_count(g), 0);
    finish(g);
}

static void
a_browser_that_remembers_more_than_we_do_begins_again(void **state)
{
    struct fr_given *g = given();
    json_t *json;

    (void)state;
    say(g, ONE, "m1", "hello");
    json = ask(g, ONE, 7, NULL);
    assert_session(json_incref(json), ONE, true, false);
    assert_string_equal(entries_of(json), "customer m1 1");
    finish(g);
}

static void
much_is_handed_out_in_several_answers(void **state)
{
    struct fr_given *g = fr_given_new(
        &webchat_stage, "brands: {acme: {}}\nchannel_webchat: {accounts: {shop: {brand: acme, "
                        "allow_origins: ['*']}}}\n");
    char id[16];
    json_t *json;

    (void)state;
    for (int i = 1; i <= 250; i++) {
        snprintf(id, sizeof(id), "m%d", i);
        say(g, ONE, id, "hello");
    }
    for (uint32_t after = 0; after < 250; after += 100) {
        size_t expected = after == 200 ? 50 : 100;

        json = ask(g, ONE, after, NULL);
        assert_int_equal(json_array_size(json_object_get(json, "entries")), expected);
        assert_int_equal(json_integer_value(json_object_get(json, "last")), 250);
        json_decref(json);
    }
    fr_given_free(&g);
}

/* ---- signing in ---- */

static const struct proof ann = {"ann", "C-1", "ann@mail.example", "Ann", true};
static const struct proof bob = {.login = "bob"};

static void
who_signs_in_is_told_to_identity_once(void **state)
{
    struct fr_given *g = given();
    const Fr__VisitorIdentified *identified;

    (void)state;
    assert_session(ask(g, ONE, 0, &ann), ONE, false, true);
    assert_int_equal(fr_given_count(g), 1);
    identified = fr_given_body(g, 0, FR_VISITOR_IDENTIFIED);
    assert_string_equal(identified->address, ONE);
    assert_string_equal(identified->name, "Ann");
    assert_int_equal(identified->n_keys, 4);
    assert_string_equal(key_of(identified->keys, 4, "login")->value, "ann");
    assert_string_equal(key_of(identified->keys, 4, "account")->value, "C-1");
    assert_int_equal(key_of(identified->keys, 4, "email")->assurance, FR__ASSURANCE__VERIFIED);
    assert_string_equal(key_of(identified->keys, 4, "device")->value, ONE);
    assert_session(ask(g, ONE, 0, &ann), ONE, false, true);
    assert_int_equal(fr_given_count(g), 0);
    finish(g);
}

static void
what_he_writes_then_carries_his_keys(void **state)
{
    struct fr_given *g = given();
    const Fr__MessageReceived *message;
    struct proof unchecked = ann;

    (void)state;
    unchecked.email_verified = false;
    json_decref(ask(g, ONE, 0, &unchecked));
    say(g, ONE, "m1", "hello");
    message = fr_given_find(g, FR_MESSAGE_RECEIVED);
    assert_string_equal(message->name, "Ann");
    assert_int_equal(message->n_keys, 4);
    assert_string_equal(key_of(message->keys, 4, "login")->value, "ann");
    assert_int_equal(key_of(message->keys, 4, "login")->assurance, FR__ASSURANCE__VERIFIED);
    assert_int_equal(key_of(message->keys, 4, "email")->assurance, FR__ASSURANCE__CLAIMED);
    assert_string_equal(key_of(message->keys, 4, "device")->value, ONE);
    finish(g);
}

static void
what_he_wrote_before_he_signed_in_stays_his(void **state)
{
    struct fr_given *g = given();

    (void)state;
    say(g, ONE, "m1", "hello");
    assert_string_equal(entries_of(ask(g, ONE, 0, &ann)), "customer m1 1");
    finish(g);
}

/* The failure that counts: one person's words shown to another. */
static void
another_customer_in_the_same_browser_gets_another_session(void **state)
{
    struct fr_given *g = given();
    const Fr__VisitorIdentified *identified;
    json_t *json;

    (void)state;
    json_decref(ask(g, ONE, 0, &ann));
    say(g, ONE, "m1", "I have a private question");
    json = ask(g, ONE, 0, &bob);
    assert_session(json_incref(json), SPARE, true, true);
    assert_string_equal(entries_of(json), "");
    identified = fr_given_find(g, FR_VISITOR_IDENTIFIED);
    assert_string_equal(identified->address, SPARE);
    assert_int_equal(identified->n_keys, 2);
    assert_string_equal(key_of(identified->keys, 2, "login")->value, "bob");
    assert_string_equal(key_of(identified->keys, 2, "device")->value, SPARE);
    say(g, SPARE, "m1", "and so have I");
    assert_string_equal(
        key_of(((const Fr__MessageReceived *)fr_given_find(g, FR_MESSAGE_RECEIVED))->keys, 2,
               "login")
            ->value,
        "bob");
    assert_string_equal(entries_of(ask(g, ONE, 0, &ann)), "customer m1 1"); /* Ann finds hers */
    finish(g);
}

static void
without_a_proof_a_session_keeps_its_owner(void **state)
{
    struct fr_given *g = given();

    (void)state;
    json_decref(ask(g, ONE, 0, &ann));
    assert_session(ask(g, ONE, 0, NULL), ONE, false, true);
    assert_int_equal(fr_given_count(g), 0);
    finish(g);
}

static void
what_the_shop_learned_since_is_told_again(void **state)
{
    struct fr_given *g = given();
    struct proof married = ann;

    (void)state;
    json_decref(ask(g, ONE, 0, &ann));
    married.name = "Ann Miller";
    json_decref(ask(g, ONE, 0, &married));
    assert_int_equal(fr_given_count_of(g, FR_VISITOR_IDENTIFIED), 1);
    married.email = NULL;
    json_decref(ask(g, ONE, 0, &married));
    assert_int_equal(fr_given_count_of(g, FR_VISITOR_IDENTIFIED), 1);
    json_decref(ask(g, ONE, 0, &married));
    assert_int_equal(fr_given_count(g), 0);
    finish(g);
}

/* ---- answers ---- */

static void
an_answer_is_kept_once_and_accepted(void **state)
{
    struct fr_given *g = given();
    const Fr__AnswerKept *kept;

    (void)state;
    say(g, ONE, "m1", "hello");
    answer(g, ONE, 0x501, FR__DIRECTION__TO_CUSTOMER);
    kept = fr_given_body(g, 0, FR_ANSWER_KEPT);
    assert_int_equal(kept->position, 2);
    assert_string_equal(kept->author, "Bob");
    assert_int_equal(count_state(g, 0x501, FR__DELIVERY_STATE__ACCEPTED), 1);
    answer(g, ONE, 0x501, FR__DIRECTION__TO_CUSTOMER);
    assert_int_equal(fr_given_count(g), 0);
    finish(g);
}

static void
an_answer_to_no_session_is_undelivered(void **state)
{
    struct fr_given *g = given();

    (void)state;
    answer(g, ONE, 0x501, FR__DIRECTION__TO_CUSTOMER);
    assert_int_equal(fr_given_count(g), 1);
    assert_int_equal(count_state(g, 0x501, FR__DELIVERY_STATE__UNDELIVERED), 1);
    finish(g);
}

static void
delivered_and_read_are_told_once_each(void **state)
{
    struct fr_given *g = given();

    (void)state;
    say(g, ONE, "m1", "hello");
    answer(g, ONE, 0x501, FR__DIRECTION__TO_CUSTOMER);
    answer(g, ONE, 0x502, FR__DIRECTION__NOTICE);
    see(g, ONE, 2, 0);
    assert_int_equal(count_state(g, 0x501, FR__DELIVERY_STATE__DELIVERED), 1);
    assert_int_equal(fr_given_count_of(g, FR_DELIVERY_CHANGED), 1); /* his own words need no tick */
    see(g, ONE, 2, 0);
    assert_int_equal(fr_given_count(g), 0);
    see(g, ONE, 3, 2);
    assert_int_equal(count_state(g, 0x501, FR__DELIVERY_STATE__READ), 1);
    assert_int_equal(count_state(g, 0x502, FR__DELIVERY_STATE__DELIVERED), 1);
    assert_int_equal(fr_given_count_of(g, FR_DELIVERY_CHANGED), 2);
    see(g, ONE, 3, 3);
    assert_int_equal(count_state(g, 0x502, FR__DELIVERY_STATE__READ), 1);
    see(g, ONE, 1, 1); /* another window, which is behind */
    assert_int_equal(fr_given_count(g), 0);
    finish(g);
}

static void
what_is_read_at_once_is_not_told_as_delivered_before(void **state)
{
    struct fr_given *g = given();

    (void)state;
    say(g, ONE, "m1", "hello");
    answer(g, ONE, 0x501, FR__DIRECTION__TO_CUSTOMER);
    see(g, ONE, 2, 2);
    assert_int_equal(fr_given_count_of(g, FR_DELIVERY_CHANGED), 1);
    assert_int_equal(count_state(g, 0x501, FR__DELIVERY_STATE__READ), 1);
    finish(g);
}

static void
nobody_can_have_seen_what_was_not_said(void **state)
{
    struct fr_given *g = given();

    (void)state;
    say(g, ONE, "m1", "hello");
    see(g, ONE, UINT32_MAX, UINT32_MAX);
    answer(g, ONE, 0x501, FR__DIRECTION__TO_CUSTOMER);
    see(g, ONE, 2, 2);
    assert_int_equal(count_state(g, 0x501, FR__DELIVERY_STATE__READ), 1);
    see(g, TWO, 5, 5);
    assert_int_equal(fr_given_count(g), 0);
    finish(g);
}

/* ---- forgetting ---- */

static void
quiet_sessions_are_forgotten_and_others_are_not(void **state)
{
    struct fr_given *g = given();

    (void)state;
    say(g, ONE, "m1", "hello");
    answer(g, ONE, 0x501, FR__DIRECTION__TO_CUSTOMER);
    say(g, TWO, "m1", "hello");
    fr_given_at(g, 20 * DAY);
    say(g, TWO, "m2", "still here");
    fr_given_at(g, 32 * DAY);
    assert_string_equal(entries_of(ask(g, ONE, 0, NULL)), "");
    assert_string_equal(entries_of(ask(g, TWO, 0, NULL)), "customer m1 1, customer m2 2");
    assert_int_equal(say(g, ONE, "m1", "hello again"), 1);
    answer(g, ONE, 0x501, FR__DIRECTION__TO_CUSTOMER);
    assert_int_equal(fr_given_count_of(g, FR_ANSWER_KEPT), 1);
    finish(g);
}

static void
many_quiet_sessions_go_in_several_looks(void **state)
{
    struct fr_given *g = given();
    char session[WEBCHAT_SESSION_SIZE];
    size_t forgotten = 0;

    (void)state;
    for (unsigned i = 0; i < 250; i++) {
        snprintf(session, sizeof(session), "%032x", i);
        say(g, session, "m1", "hello");
    }
    fr_given_at(g, 32 * DAY);
    for (size_t i = 0; i < fr_given_count(g); i++) {
        const Fr__AddressesForgotten *record = fr_given_body(g, i, FR_ADDRESSES_FORGOTTEN);

        assert_true(record->n_addresses <= 100);
        forgotten += record->n_addresses;
    }
    assert_int_equal(forgotten, 250);
    finish(g);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_an_anonymous_visitor_writes_carries_only_his_device),
        cmocka_unit_test(what_is_sent_twice_is_said_once),
        cmocka_unit_test(a_session_is_of_one_account),
        cmocka_unit_test(a_full_session_takes_no_more_but_keeps_answers),
        cmocka_unit_test(who_comes_back_gets_what_he_missed_in_order),
        cmocka_unit_test(a_browser_that_remembers_more_than_we_do_begins_again),
        cmocka_unit_test(much_is_handed_out_in_several_answers),
        cmocka_unit_test(who_signs_in_is_told_to_identity_once),
        cmocka_unit_test(what_he_writes_then_carries_his_keys),
        cmocka_unit_test(what_he_wrote_before_he_signed_in_stays_his),
        cmocka_unit_test(another_customer_in_the_same_browser_gets_another_session),
        cmocka_unit_test(without_a_proof_a_session_keeps_its_owner),
        cmocka_unit_test(what_the_shop_learned_since_is_told_again),
        cmocka_unit_test(an_answer_is_kept_once_and_accepted),
        cmocka_unit_test(an_answer_to_no_session_is_undelivered),
        cmocka_unit_test(delivered_and_read_are_told_once_each),
        cmocka_unit_test(what_is_read_at_once_is_not_told_as_delivered_before),
        cmocka_unit_test(nobody_can_have_seen_what_was_not_said),
        cmocka_unit_test(quiet_sessions_are_forgotten_and_others_are_not),
        cmocka_unit_test(many_quiet_sessions_go_in_several_looks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
