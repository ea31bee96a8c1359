/* webform_test.c - given, when, then: what the form takes, keeps, posts and forgets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "common/stage/given.h"
#include "services/channel_webform/tables.h"
#include "proto/conversation.pb-c.h"

#define CONVERSATION 0x300
#define DAY 86400.0

static const char yaml[] = "brands: {acme: {title: Acme}}\n"
                           "channel_webform:\n"
                           "  keep: 30d\n"
                           "  answer_tries: 3\n"
                           "  accounts:\n"
                           "    contact: {brand: acme}\n"
                           "    posted: {brand: acme, answer_url: 'http://shop.example/answers'}\n";

static struct fr_given *
given(void)
{
    return fr_given_new(&webform_stage, yaml);
}

static void
finish(struct fr_given *g)
{
    assert_true(fr_given_rebuilds(g));
    fr_given_free(&g);
}

static double said_at; /* seconds: received_us of what is submitted next */

static struct webform_taken
submit(struct fr_given *g, const char *account, const char *id, const char *text)
{
    Fr__MessageReceived message = FR__MESSAGE_RECEIVED__INIT;
    struct webform_taken taken = {.ticket = 0};

    message.channel = WEBFORM_CHANNEL;
    message.account = (char *)account;
    message.external_id = (char *)id;
    message.address = "";
    message.text = (char *)text;
    message.received_us = (int64_t)((FR_GIVEN_EPOCH_S + said_at) * 1e6);
    assert_int_equal(fr_given_input(g, FR_LOCAL, 0, "acme", &message.base), FR_OK);
    if (fr_given_rejected(g)[0] == '\0') {
        assert_int_equal(fr_given_answer(g).size, sizeof(taken));
        memcpy(&taken, fr_given_answer(g).data, sizeof(taken));
    }
    return taken;
}

static void
answer(struct fr_given *g, uint64_t ticket, uint64_t message_id, const char *text)
{
    Fr__OutboundRequested request = FR__OUTBOUND_REQUESTED__INIT;
    char address[FR_ID_TEXT_SIZE];

    request.message_id = message_id;
    request.conversation_id = CONVERSATION;
    request.customer_id = 0x200;
    request.channel = WEBFORM_CHANNEL;
    request.account = "contact";
    request.address = fr_id_format(ticket, address);
    request.text = (char *)text;
    request.direction = FR__DIRECTION__TO_CUSTOMER;
    request.at_us = 1;
    request.author = "Bob";
    assert_int_equal(fr_given_input(g, "conversations", CONVERSATION, "acme", &request.base),
                     FR_OK);
}

static json_t *
look(struct fr_given *g, uint64_t ticket)
{
    Fr__AnswersAsked asked = FR__ANSWERS_ASKED__INIT;
    char address[FR_ID_TEXT_SIZE];

    asked.address = fr_id_format(ticket, address);
    asked.account = "";
    assert_int_equal(fr_given_input(g, FR_LOCAL, 0, NULL, &asked.base), FR_OK);
    if (fr_given_rejected(g)[0] != '\0')
        return NULL;
    return json_loadb(fr_given_answer(g).data, fr_given_answer(g).size, 0, NULL);
}

static void
outcome(struct fr_given *g, uint64_t message_id, bool again, Fr__DeliveryState state)
{
    Fr__AnswerTried tried = FR__ANSWER_TRIED__INIT;

    tried.message_id = message_id;
    tried.again = again;
    tried.state = state;
    tried.reason = "answer_url said something";
    assert_int_equal(fr_given_input(g, FR_LOCAL, message_id, NULL, &tried.base), FR_OK);
}

static const Fr__DeliveryChanged *
delivery(struct fr_given *g)
{
    const Fr__DeliveryChanged *changed = fr_given_find(g, FR_DELIVERY_CHANGED);

    assert_non_null(changed);
    assert_true(changed->conversation_id == CONVERSATION);
    return changed;
}

/* ---- submissions ---- */

static void
a_submission_becomes_one_record_and_its_id_is_the_ticket(void **state)
{
    struct fr_given *g = given();
    struct webform_taken taken = submit(g, "contact", "k1", "hello");
    const Fr__MessageReceived *message = fr_given_body(g, 0, FR_MESSAGE_RECEIVED);
    char address[FR_ID_TEXT_SIZE];

    (void)state;
    assert_int_equal(fr_given_count(g), 1);
    assert_true(taken.ticket == fr_given_event(g, 0)->id);
    assert_true(taken.repeated == 0);
    assert_string_equal(message->address, fr_id_format(taken.ticket, address));
    assert_string_equal(message->external_id, "k1");
    assert_string_equal(fr_given_event(g, 0)->brand, "acme");
    finish(g);
}

static void
sent_twice_it_is_stored_once_and_gets_the_same_ticket(void **state)
{
    struct fr_given *g = given();
    struct webform_taken first = submit(g, "contact", "k1", "hello"), second;

    (void)state;
    fr_given_at(g, 60);
    second = submit(g, "contact", "k1", "hello");
    assert_int_equal(fr_given_count(g), 0);
    assert_true(second.repeated == 1 && second.ticket == first.ticket);
    finish(g);
}

static void
a_key_that_was_used_for_something_else_is_refused(void **state)
{
    struct fr_given *g = given();

    (void)state;
    submit(g, "contact", "k1", "hello");
    submit(g, "contact", "k1", "let me see what this ticket is");
    assert_int_equal(fr_given_count(g), 0);
    assert_string_equal(fr_given_rejected(g),
                        "this idempotency key was used for something else before");
    finish(g);
}

static void
a_key_belongs_to_its_account(void **state)
{
    struct fr_given *g = given();
    struct webform_taken first = submit(g, "contact", "k1", "hello"), second;

    (void)state;
    second = submit(g, "posted", "k1", "something else");
    assert_int_equal(fr_given_count(g), 1);
    assert_true(second.ticket != first.ticket);
    finish(g);
}

/* Every part of what was said counts; when it was said does not. */
static void
the_fingerprint_sees_every_field(void **state)
{
    Fr__Key key = FR__KEY__INIT, *keys[1] = {&key};
    Fr__MessageReceived message = FR__MESSAGE_RECEIVED__INIT;
    char **const texts[] = {&message.text, &message.name, &message.subject, &message.language,
                            &message.page, &key.type,     &key.value};
    uint64_t before;

    (void)state;
    message.keys = keys;
    message.n_keys = 1;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        *texts[i] = "a";
    before = webform_fingerprint(&message);
    message.received_us = 5;
    message.external_id = "k";
    assert_true(webform_fingerprint(&message) == before);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        *texts[i] = "b";
        assert_true(webform_fingerprint(&message) != before);
        *texts[i] = "a";
    }
    message.complaint = true;
    assert_true(webform_fingerprint(&message) != before);
    message.complaint = false;
    key.assurance = FR__ASSURANCE__VERIFIED;
    assert_true(webform_fingerprint(&message) != before);
    key.assurance = FR__ASSURANCE__CLAIMED;
    message.name = "";
    message.subject = "aa"; /* what moves from one field to the next is another form */
    assert_true(webform_fingerprint(&message) != before);
}

/* ---- answers ---- */

static void
an_answer_waits_at_its_ticket_and_is_read_once(void **state)
{
    struct fr_given *g = given();
    uint64_t ticket = submit(g, "contact", "k1", "hello").ticket;
    const Fr__DeliveryChanged *changed;
    json_t *json;

    (void)state;
    json = look(g, ticket);
    assert_string_equal(json_string_value(json_object_get(json, "state")), "received");
    assert_int_equal(fr_given_count(g), 0);
    json_decref(json);

    answer(g, ticket, 0x501, "It is on its way.");
    changed = delivery(g);
    assert_int_equal(changed->state, FR__DELIVERY_STATE__SENT);
    assert_true(changed->message_id == 0x501);

    fr_given_at(g, 100);
    json = look(g, ticket);
    assert_string_equal(json_string_value(json_object_get(json, "state")), "answered");
    assert_int_equal(json_array_size(json_object_get(json, "answers")), 1);
    json_decref(json);
    changed = delivery(g);
    assert_int_equal(changed->state, FR__DELIVERY_STATE__READ);
    assert_true(changed->message_id == 0x501);
    assert_true(changed->at_us == (FR_GIVEN_EPOCH_S + 100) * INT64_C(1000000));

    json_decref(look(g, ticket));
    assert_int_equal(fr_given_count(g), 0);
    finish(g);
}

static void
an_answer_that_comes_twice_is_kept_once(void **state)
{
    struct fr_given *g = given();
    uint64_t ticket = submit(g, "contact", "k1", "hello").ticket;
    json_t *json;

    (void)state;
    answer(g, ticket, 0x501, "It is on its way.");
    answer(g, ticket, 0x501, "It is on its way.");
    assert_int_equal(fr_given_count(g), 0);
    answer(g, ticket, 0x502, "It has arrived.");
    json = look(g, ticket);
    assert_int_equal(json_array_size(json_object_get(json, "answers")), 2);
    assert_int_equal(fr_given_count_of(g, FR_DELIVERY_CHANGED), 2);
    json_decref(json);
    finish(g);
}

static void
an_answer_to_no_ticket_is_undelivered(void **state)
{
    struct fr_given *g = given();
    Fr__OutboundRequested request = FR__OUTBOUND_REQUESTED__INIT;

    (void)state;
    answer(g, 0x999, 0x501, "Hello?");
    assert_int_equal(fr_given_count(g), 1);
    assert_int_equal(delivery(g)->state, FR__DELIVERY_STATE__UNDELIVERED);
    request.channel = request.account = request.text = "x";
    request.address = "not an address";
    request.conversation_id = CONVERSATION;
    request.direction = FR__DIRECTION__NOTICE;
    fr_given_input(g, "conversations", CONVERSATION, "acme", &request.base);
    assert_int_equal(delivery(g)->state, FR__DELIVERY_STATE__UNDELIVERED);
    finish(g);
}

/* ---- posting ---- */

static const Fr__AnswerKept *
kept(struct fr_given *g)
{
    const Fr__AnswerKept *record = fr_given_find(g, FR_ANSWER_KEPT);

    assert_non_null(record);
    return record;
}

static void
only_an_account_with_an_answer_url_posts(void **state)
{
    struct fr_given *g = given();

    (void)state;
    answer(g, submit(g, "contact", "k1", "hello").ticket, 0x501, "a");
    assert_false(kept(g)->post);
    answer(g, submit(g, "posted", "k1", "hello").ticket, 0x502, "a");
    assert_true(kept(g)->post);
    finish(g);
}

static void
a_post_that_arrived_is_delivered(void **state)
{
    struct fr_given *g = given();

    (void)state;
    answer(g, submit(g, "posted", "k1", "hello").ticket, 0x501, "a");
    outcome(g, 0x501, false, FR__DELIVERY_STATE__DELIVERED);
    assert_int_equal(delivery(g)->state, FR__DELIVERY_STATE__DELIVERED);
    fr_given_at(g, DAY);
    assert_int_equal(fr_given_count_of(g, FR_ANSWER_DUE), 0);
    finish(g);
}

static void
a_post_that_failed_is_tried_again_later_and_given_up_in_the_end(void **state)
{
    struct fr_given *g = given();

    (void)state;
    answer(g, submit(g, "posted", "k1", "hello").ticket, 0x501, "a");
    outcome(g, 0x501, true, FR__DELIVERY_STATE__UNCERTAIN);
    assert_int_equal(fr_given_count(g), 1); /* nothing is said to conversations yet */
    fr_given_at(g, 4.9);
    assert_int_equal(fr_given_count(g), 0);
    fr_given_at(g, 5);
    assert_int_equal(fr_given_count_of(g, FR_ANSWER_DUE), 1);
    outcome(g, 0x501, true, FR__DELIVERY_STATE__UNCERTAIN);
    fr_given_at(g, 14.9);
    assert_int_equal(fr_given_count(g), 0);
    fr_given_at(g, 15);
    assert_int_equal(fr_given_count_of(g, FR_ANSWER_DUE), 1);
    outcome(g, 0x501, true, FR__DELIVERY_STATE__UNCERTAIN);
    assert_int_equal(delivery(g)->state, FR__DELIVERY_STATE__UNCERTAIN);
    assert_string_equal(delivery(g)->reason, "answer_url said something");
    fr_given_at(g, DAY);
    assert_int_equal(fr_given_count_of(g, FR_ANSWER_DUE), 0);
    finish(g);
}

static void
a_post_that_was_refused_is_not_tried_again(void **state)
{
    struct fr_given *g = given();

    (void)state;
    answer(g, submit(g, "posted", "k1", "hello").ticket, 0x501, "a");
    outcome(g, 0x501, false, FR__DELIVERY_STATE__UNDELIVERED);
    assert_int_equal(delivery(g)->state, FR__DELIVERY_STATE__UNDELIVERED);
    fr_given_at(g, DAY);
    assert_int_equal(fr_given_count_of(g, FR_ANSWER_DUE), 0);
    finish(g);
}

/* ---- forgetting ---- */

static bool
is_there(struct fr_given *g, uint64_t ticket)
{
    json_t *json = look(g, ticket);
    bool found = json != NULL;

    json_decref(json);
    return found;
}

static void
what_is_old_is_forgotten_with_everything_that_hangs_on_it(void **state)
{
    struct fr_given *g = given();
    uint64_t old = submit(g, "posted", "k1", "hello").ticket, young;

    (void)state;
    answer(g, old, 0x501, "a");
    outcome(g, 0x501, true, FR__DELIVERY_STATE__UNCERTAIN); /* a try is still to come */
    fr_given_at(g, 4);
    said_at = DAY;
    young = submit(g, "contact", "k2", "hello").ticket;
    said_at = 0;
    fr_given_at(g, 29 * DAY);
    assert_true(is_there(g, old));
    fr_given_at(g, 30 * DAY + 3601);
    assert_false(is_there(g, old));
    assert_string_equal(fr_given_rejected(g), "there is no such ticket any more");
    assert_true(is_there(g, young));
    assert_true(submit(g, "posted", "k1", "hello").repeated == 0);
    outcome(g, 0x501, true, FR__DELIVERY_STATE__UNCERTAIN); /* comes late, finds nothing */
    assert_int_equal(fr_given_count(g), 0);
    finish(g);
}

static void
many_old_tickets_go_in_several_looks(void **state)
{
    struct fr_given *g = given();
    size_t forgotten = 0;

    (void)state;
    for (int i = 0; i < 1200; i++) {
        char id[16];

        snprintf(id, sizeof(id), "k%d", i);
        submit(g, "contact", id, "hello");
    }
    fr_given_at(g, 30 * DAY + 4000);
    for (size_t i = 0; i < fr_given_count(g); i++) {
        const Fr__AddressesForgotten *record = fr_given_body(g, i, FR_ADDRESSES_FORGOTTEN);

        assert_non_null(record);
        assert_true(record->n_addresses <= 500);
        forgotten += record->n_addresses;
    }
    assert_int_equal(forgotten, 1200);
    finish(g);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_submission_becomes_one_record_and_its_id_is_the_ticket),
        cmocka_unit_test(sent_twice_it_is_stored_once_and_gets_the_same_ticket),
        cmocka_unit_test(a_key_that_was_used_for_something_else_is_refused),
        cmocka_unit_test(a_key_belongs_to_its_account),
        cmocka_unit_test(the_fingerprint_sees_every_field),
        cmocka_unit_test(an_answer_waits_at_its_ticket_and_is_read_once),
        cmocka_unit_test(an_answer_that_comes_twice_is_kept_once),
        cmocka_unit_test(an_answer_to_no_ticket_is_undelivered),
        cmocka_unit_test(only_an_account_with_an_answer_url_posts),
        cmocka_unit_test(a_post_that_arrived_is_delivered),
        cmocka_unit_test(a_post_that_failed_is_tried_again_later_and_given_up_in_the_end),
        cmocka_unit_test(a_post_that_was_refused_is_not_tried_again),
        cmocka_unit_test(what_is_old_is_forgotten_with_everything_that_hangs_on_it),
        cmocka_unit_test(many_old_tickets_go_in_several_looks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
