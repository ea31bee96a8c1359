/* email_test.c - given these mails, when this one comes, then these records follow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "common/stage/given.h"
#include "proto/conversation.pb-c.h"
#include "services/channel_email/counters.h"
#include "services/channel_email/tables.h"
#include "services/channel_email/token.h"

#define SECOND INT64_C(1000000)
#define DAY_S 86400.0

static const char yaml[] =
    "brands: {acme: {title: Acme}}\n"
    "channel_email:\n"
    "  reply_secret: \"env:EMAIL_TEST_SECRET\"\n"
    "  smarthost: {url: \"smtp://127.0.0.1:25\", tls: never}\n"
    "  acknowledge_per_sender: 2\n"
    "  accounts:\n"
    "    support: {brand: acme, address: support@acme.example, title: Acme,\n"
    "      acknowledgement: \"{brand} has your mail about {subject}.\"}\n"
    "    sales: {brand: acme, address: sales@acme.example}\n"
    "  mailboxes:\n"
    "    box: {account: sales, url: \"imap://127.0.0.1:143\", user: u,\n"
    "      password: \"env:EMAIL_TEST_SECRET\"}\n";
static const char secret[] = "0123456789abcdef0123456789abcdef";

static int
setup(void **state)
{
    setenv("EMAIL_TEST_SECRET", secret, 1);
    *state = fr_given_new(&email_stage, yaml);
    return 0;
}

static int
teardown(void **state)
{
    struct fr_given *given = *state;

    assert_true(fr_given_rebuilds(given));
    fr_given_free(&given);
    return 0;
}

/* ---- mails in one line each ---- */

struct mail {                /* what is left out gets the value said beside it */
    const char *account;     /* "support" */
    const char *message_id;  /* "<1@b.example>"; "-": none */
    const char *from;        /* "zoe@b.example" */
    const char *text;        /* "Where is it?" */
    const char *subject;     /* "Parcel" */
    const char *to;          /* none */
    const char *recipient;   /* of the envelope; none */
    const char *reply_to;    /* none */
    const char *references;  /* one id */
    const char *no_auto;     /* why it gets no automatic answer */
    const char *original;    /* of a report: the id that it is about */
    const char *trouble;     /* it was not understood */
    const char *sender;      /* MAIL FROM; unknown */
    Fr__EmailClass class_of; /* EMAIL_MESSAGE */
    bool delayed;            /* of a report */
    Fr__EmailVerdict verdict;
    int64_t date_s; /* 1000 */
    uint8_t bytes;  /* what its SHA-256 begins with; 1 */
    uint32_t uidvalidity, uid;
};

static const char * or (const char *given, const char *otherwise)
{
    return given != NULL ? given : otherwise;
}

static void
fill_report(const struct mail *mail, Fr__EmailParsed *parsed, Fr__EmailReport *report,
            Fr__EmailBounced *bounced, Fr__EmailBounced **list)
{
    fr__email_report__init(report);
    fr__email_bounced__init(bounced);
    bounced->status = "5.1.1";
    bounced->reason = "userunknown";
    bounced->has_delayed = bounced->delayed = mail->delayed;
    list[0] = bounced;
    report->original_message_id = (char *)mail->original;
    report->recipients = list;
    report->n_recipients = 1;
    parsed->report = report;
}

static void
come(struct fr_given *given, const struct mail *mail)
{
    static uint8_t sha256[32];
    Fr__EmailArrived arrived = FR__EMAIL_ARRIVED__INIT;
    Fr__EmailParsed parsed = FR__EMAIL_PARSED__INIT;
    Fr__EmailAddress from = FR__EMAIL_ADDRESS__INIT, reply = from, to = from;
    Fr__EmailAddress *from_list[] = {&from}, *reply_list[] = {&reply}, *to_list[] = {&to};
    Fr__EmailAuthentication authentication = FR__EMAIL_AUTHENTICATION__INIT;
    Fr__EmailPlace place = FR__EMAIL_PLACE__INIT;
    Fr__EmailReport report;
    Fr__EmailBounced bounced, *bounced_list[1];
    char *references[] = {(char *)mail->references}, *no_auto[] = {(char *)mail->no_auto};
    char *recipients[] = {(char *)mail->recipient};

    sha256[0] = mail->bytes != 0 ? mail->bytes : 1;
    arrived.account = (char *) or (mail->account, "support");
    arrived.way = mail->uid != 0 ? FR__EMAIL_WAY__BY_IMAP : FR__EMAIL_WAY__BY_LMTP;
    arrived.received_us = FR_GIVEN_EPOCH_S * SECOND;
    arrived.sha256.data = sha256;
    arrived.sha256.len = 32;
    arrived.envelope_from = (char *)mail->sender;
    arrived.recipients = recipients;
    arrived.n_recipients = mail->recipient != NULL;
    if (mail->uid != 0) {
        place.mailbox = "box";
        place.uidvalidity = mail->uidvalidity;
        place.uid = mail->uid;
        arrived.place = &place;
    }
    from.address = (char *) or (mail->from, "zoe@b.example");
    from.name = "Zoe";
    reply.address = (char *)mail->reply_to;
    to.address = (char *)mail->to;
    parsed.from = from_list;
    parsed.n_from = 1;
    parsed.reply_to = reply_list;
    parsed.n_reply_to = mail->reply_to != NULL;
    parsed.to = to_list;
    parsed.n_to = mail->to != NULL;
    parsed.message_id = (char *) or (mail->message_id, "<1@b.example>");
    if (strcmp(parsed.message_id, "-") == 0)
        parsed.message_id = NULL;
    parsed.subject = (char *) or (mail->subject, "Parcel");
    parsed.text = (char *) or (mail->text, "Where is it?");
    parsed.visible = parsed.text;
    parsed.has_date_us = true;
    parsed.date_us = (mail->date_s != 0 ? mail->date_s : 1000) * SECOND;
    parsed.class_ = mail->class_of != 0 ? mail->class_of : FR__EMAIL_CLASS__EMAIL_MESSAGE;
    parsed.references = parsed.threading = references;
    parsed.n_references = parsed.n_threading = mail->references != NULL;
    parsed.no_autoanswer = no_auto;
    parsed.n_no_autoanswer = mail->no_auto != NULL;
    authentication.verdict = mail->verdict != 0 ? mail->verdict : FR__EMAIL_VERDICT__AUTH_NONE;
    parsed.authentication = &authentication;
    if (mail->class_of == FR__EMAIL_CLASS__EMAIL_BOUNCE ||
        mail->class_of == FR__EMAIL_CLASS__EMAIL_COMPLAINT)
        fill_report(mail, &parsed, &report, &bounced, bounced_list);
    if (mail->trouble != NULL)
        arrived.trouble = (char *)mail->trouble;
    else
        arrived.parsed = &parsed;
    fr_given_input(given, FR_LOCAL, 0, "acme", &arrived.base);
}

static void
ask_to_send(struct fr_given *given, uint64_t message, const char *to, const char *in_reply_to)
{
    Fr__OutboundRequested request = FR__OUTBOUND_REQUESTED__INIT;

    request.message_id = message;
    request.conversation_id = 77;
    request.customer_id = 5;
    request.channel = EMAIL_CHANNEL;
    request.account = "support";
    request.address = (char *)to;
    request.text = "On its way.";
    request.direction = FR__DIRECTION__TO_CUSTOMER;
    request.at_us = FR_GIVEN_EPOCH_S * SECOND;
    request.author = "Ann";
    request.subject = "Parcel";
    request.in_reply_to = (char *)in_reply_to;
    fr_given_input(given, "conversations", 77, "acme", &request.base);
}

static void
tried(struct fr_given *given, uint64_t message, Fr__EmailResult result, bool broken_off)
{
    Fr__EmailTried outcome = FR__EMAIL_TRIED__INIT;

    outcome.message_id = message;
    outcome.result = result;
    outcome.reason = "so it was said";
    outcome.has_broken_off = outcome.broken_off = broken_off;
    fr_given_input(given, FR_LOCAL, message, NULL, &outcome.base);
}

static const Fr__MessageReceived *
received(struct fr_given *given)
{
    return fr_given_find(given, FR_MESSAGE_RECEIVED);
}

static int
delivery(struct fr_given *given) /* the state that was told; 0: none */
{
    const Fr__DeliveryChanged *changed = fr_given_find(given, FR_DELIVERY_CHANGED);

    return changed == NULL ? 0 : (int)changed->state;
}

/* ---- what comes ---- */

static void
test_a_mail_becomes_a_message(void **state)
{
    const Fr__MessageReceived *message;

    come(*state, &(struct mail){.references = "<0@b.example>"});
    message = received(*state);
    assert_non_null(message);
    assert_string_equal(message->channel, "channel_email");
    assert_string_equal(message->account, "support");
    assert_string_equal(message->external_id, "<1@b.example>");
    assert_string_equal(message->address, "zoe@b.example");
    assert_string_equal(message->subject, "Parcel");
    assert_int_equal(message->n_keys, 1);
    assert_int_equal(message->keys[0]->assurance, FR__ASSURANCE__CLAIMED);
    assert_string_equal(message->refers_to[0], "<0@b.example>");
    assert_false(message->has_writer);
    assert_false(message->has_proven_conversation);
}

static void
test_only_a_trusted_word_changes_what_a_from_is_worth(void **state)
{
    come(*state, &(struct mail){.verdict = FR__EMAIL_VERDICT__AUTH_PASS});
    assert_int_equal(received(*state)->keys[0]->assurance, FR__ASSURANCE__VERIFIED);
    come(*state, &(struct mail){.message_id = "<2@b>", .verdict = FR__EMAIL_VERDICT__AUTH_FAIL});
    assert_int_equal(received(*state)->keys[0]->assurance, FR__ASSURANCE__FAILED);
}

static void
test_answers_go_to_reply_to_which_proves_nothing(void **state)
{
    come(*state,
         &(struct mail){.reply_to = "other@c.example", .verdict = FR__EMAIL_VERDICT__AUTH_PASS});
    assert_string_equal(received(*state)->address, "other@c.example");
    assert_int_equal(received(*state)->n_keys, 2);
    assert_int_equal(received(*state)->keys[1]->assurance, FR__ASSURANCE__CLAIMED);
}

static void
test_the_same_mail_again_is_no_other(void **state)
{
    come(*state, &(struct mail){0});
    come(*state, &(struct mail){.bytes = 2}); /* by another way: other Received lines */
    assert_int_equal(fr_given_count(*state), 0);
    come(*state, &(struct mail){.text = "with a footer of a list", .bytes = 3});
    assert_int_equal(fr_given_count(*state), 0);
    come(*state, &(struct mail){.date_s = 2000, .bytes = 4}); /* sent again by its author */
    assert_int_equal(fr_given_count(*state), 0);
    come(*state, &(struct mail){.account = "sales"}); /* to another account it is */
    assert_non_null(received(*state));
}

static void
test_one_message_id_for_many_mails_loses_none(void **state)
{
    come(*state, &(struct mail){0});
    come(*state, &(struct mail){.text = "Another one", .date_s = 2000, .bytes = 2});
    assert_non_null(received(*state));
    assert_string_not_equal(received(*state)->external_id, "<1@b.example>");
    come(*state, &(struct mail){.text = "Another one", .date_s = 2000, .bytes = 3});
    assert_int_equal(fr_given_count(*state), 0);
    come(*state, &(struct mail){.from = "eve@c.example", .bytes = 4}); /* nobody takes it away */
    assert_non_null(received(*state));
}

static void
test_without_message_id_the_bytes_tell(void **state)
{
    come(*state, &(struct mail){.message_id = "-"});
    assert_true(strncmp(received(*state)->external_id, "sha256:01", 9) == 0);
    come(*state, &(struct mail){.message_id = "-"});
    assert_int_equal(fr_given_count(*state), 0);
    come(*state, &(struct mail){.message_id = "-", .bytes = 2});
    assert_non_null(received(*state));
}

static void
test_the_mailbox_moves_with_its_mail(void **state)
{
    struct email_cursor cursor = {0};
    const Fr__EmailTaken *taken;

    come(*state, &(struct mail){.account = "sales", .uidvalidity = 9, .uid = 4});
    taken = fr_given_find(*state, FR_EMAIL_TAKEN);
    assert_int_equal(taken->place->uid, 4);
    assert_int_equal(email_cursor_get(fr_given_view(*state), "box", &cursor), FR_OK);
    assert_true(cursor.uidvalidity == 9 && cursor.uid == 4);
    come(*state,
         &(struct mail){.account = "sales", .uidvalidity = 9, .uid = 4}); /* after a crash */
    assert_int_equal(fr_given_count(*state), 0);
    come(*state, &(struct mail){.account = "sales", .uidvalidity = 9, .uid = 5}); /* a copy of it */
    assert_int_equal(fr_given_count(*state), 1);
    assert_non_null(fr_given_find(*state, FR_MAILBOX_READ));
}

static void
test_a_renumbered_mailbox_doubles_nothing(void **state)
{
    struct email_cursor cursor = {0};

    come(*state, &(struct mail){.account = "sales", .uidvalidity = 9, .uid = 4});
    come(*state,
         &(struct mail){
             .account = "sales", .message_id = "-", .bytes = 2, .uidvalidity = 9, .uid = 5});
    assert_string_equal(received(*state)->external_id, "box/9/5");
    come(*state, &(struct mail){.account = "sales", .uidvalidity = 10, .uid = 1});
    assert_null(received(*state));
    come(*state,
         &(struct mail){
             .account = "sales", .message_id = "-", .bytes = 2, .uidvalidity = 10, .uid = 2});
    assert_null(received(*state));
    email_cursor_get(fr_given_view(*state), "box", &cursor);
    assert_true(cursor.uidvalidity == 10 && cursor.uid == 2);
}

static void
test_what_cannot_be_read_is_set_aside_and_the_rest_goes_on(void **state)
{
    struct email_cursor cursor = {0};

    come(*state,
         &(struct mail){
             .account = "sales", .trouble = "evil", .bytes = 2, .uidvalidity = 9, .uid = 4});
    assert_null(received(*state));
    assert_int_equal(((const Fr__EmailTaken *)fr_given_find(*state, FR_EMAIL_TAKEN))->fate,
                     FR__EMAIL_FATE__EMAIL_SET_ASIDE);
    email_cursor_get(fr_given_view(*state), "box", &cursor);
    assert_int_equal(cursor.uid, 4);
    come(*state, &(struct mail){.account = "sales", .uidvalidity = 9, .uid = 5});
    assert_non_null(received(*state));
    /* `fil dead retry` hands the same input in again: its bytes are read once more. */
    come(*state,
         &(struct mail){
             .account = "sales", .trouble = "evil", .bytes = 2, .uidvalidity = 9, .uid = 4});
    assert_non_null(fr_given_find(*state, FR_EMAIL_RETRIED));
    /* A renumbered mailbox shows it again: it is known. */
    come(*state,
         &(struct mail){
             .account = "sales", .trouble = "evil", .bytes = 2, .uidvalidity = 10, .uid = 1});
    assert_int_equal(fr_given_count(*state), 1);
    assert_non_null(fr_given_find(*state, FR_MAILBOX_READ));
    come(*state, &(struct mail){.account = "sales",
                                .trouble = "evil",
                                .bytes = 2,
                                .uidvalidity = 9,
                                .uid = 4}); /* and a retry is one still */
    assert_non_null(fr_given_find(*state, FR_EMAIL_RETRIED));
}

/* ---- about ours ---- */

static void
test_a_signed_address_proves_the_conversation(void **state)
{
    struct email_account account = {
        .name = "support", .address = "support@acme.example", .separator = "+"};
    char address[EMAIL_ADDRESS_SIZE];

    email_token_address(secret, EMAIL_TOKEN_REPLY, &account, 77, address);
    come(*state, &(struct mail){.to = address});
    assert_true(received(*state)->proven_conversation == 77);
    come(*state, &(struct mail){.message_id = "<2@b>", .recipient = address});
    assert_true(received(*state)->proven_conversation == 77);
    address[12] = address[12] == '1' ? '2' : '1';
    come(*state, &(struct mail){.message_id = "<3@b>", .to = address});
    assert_false(received(*state)->has_proven_conversation);
}

static void
test_a_bounce_finds_its_mail(void **state)
{
    const Fr__DeliveryChanged *changed;
    char id[EMAIL_MESSAGE_ID_SIZE];

    ask_to_send(*state, 500, "zoe@b.example", NULL);
    changed = fr_given_find(*state, FR_DELIVERY_CHANGED);
    snprintf(id, sizeof(id), "%s", changed->external_id);
    come(*state, &(struct mail){.message_id = "<d@mx>",
                                .from = "mailer-daemon@mx.example",
                                .class_of = FR__EMAIL_CLASS__EMAIL_BOUNCE,
                                .original = id,
                                .delayed = true});
    assert_null(fr_given_find(*state, FR_DELIVERY_CHANGED)); /* still being tried */
    come(*state, &(struct mail){.message_id = "<e@mx>",
                                .from = "mailer-daemon@mx.example",
                                .class_of = FR__EMAIL_CLASS__EMAIL_BOUNCE,
                                .original = id});
    changed = fr_given_find(*state, FR_DELIVERY_CHANGED);
    assert_non_null(changed);
    assert_int_equal(changed->state, FR__DELIVERY_STATE__UNDELIVERED);
    assert_true(changed->message_id == 500 && changed->conversation_id == 77);
    assert_non_null(strstr(changed->reason, "userunknown"));
    assert_null(received(*state));
}

static void
test_a_bounce_finds_its_mail_by_the_address_it_went_to(void **state)
{
    struct email_account account = {
        .name = "support", .address = "support@acme.example", .separator = "+"};
    char address[EMAIL_ADDRESS_SIZE];

    ask_to_send(*state, 500, "zoe@b.example", NULL);
    email_token_address(secret, EMAIL_TOKEN_BOUNCE, &account, 500, address);
    come(*state, &(struct mail){.message_id = "<e@mx>",
                                .recipient = address,
                                .class_of = FR__EMAIL_CLASS__EMAIL_BOUNCE});
    assert_int_equal(delivery(*state), FR__DELIVERY_STATE__UNDELIVERED);
}

static void
test_a_bounce_of_unknown_mail_is_shown_to_people(void **state)
{
    come(*state, &(struct mail){.class_of = FR__EMAIL_CLASS__EMAIL_BOUNCE,
                                .original = "<x@elsewhere.example>"});
    assert_int_equal(received(*state)->writer, FR__WRITER__BOUNCE);
}

static void
test_our_own_mail_is_not_a_customers(void **state)
{
    char id[EMAIL_MESSAGE_ID_SIZE];

    ask_to_send(*state, 500, "zoe@b.example", NULL);
    snprintf(
        id, sizeof(id), "%s",
        ((const Fr__DeliveryChanged *)fr_given_find(*state, FR_DELIVERY_CHANGED))->external_id);
    come(*state, &(struct mail){.message_id = id, .from = "support@acme.example"});
    assert_int_equal(fr_given_count(*state), 1);
    assert_non_null(fr_given_find(*state, FR_EMAIL_TAKEN));
}

/* ---- acknowledgements ---- */

static bool
acknowledged(struct fr_given *given)
{
    return fr_given_find(given, FR_EMAIL_QUEUED) != NULL;
}

static void
test_a_person_is_acknowledged_once(void **state)
{
    const Fr__EmailQueued *queued;

    come(*state, &(struct mail){0});
    queued = fr_given_find(*state, FR_EMAIL_QUEUED);
    assert_non_null(queued);
    assert_string_equal(queued->text, "Acme has your mail about Parcel.");
    assert_true(queued->automatic && queued->acknowledgement);
    assert_string_equal(queued->in_reply_to, "<1@b.example>");
    come(*state, &(struct mail){.message_id = "<2@b>", .references = "<1@b.example>"});
    assert_non_null(received(*state));
    assert_false(acknowledged(*state)); /* the same matter */
    for (int day = 1; day <= 6; day++)
        fr_given_at(*state, day * DAY_S);
    fr_given_at(*state, 6.9 * DAY_S);
    come(*state, &(struct mail){.message_id = "<3@b>", .references = "<1@b.example>"});
    assert_false(acknowledged(*state));
    fr_given_at(*state, 7.1 * DAY_S);
    come(*state, &(struct mail){.message_id = "<4@b>", .references = "<1@b.example>"});
    assert_true(acknowledged(*state));
}

static void
test_acknowledgements_have_a_cap(void **state)
{
    come(*state, &(struct mail){.message_id = "<1@b>"});
    assert_true(acknowledged(*state));
    come(*state, &(struct mail){.message_id = "<2@b>"});
    assert_true(acknowledged(*state)); /* another matter */
    come(*state, &(struct mail){.message_id = "<3@b>"});
    assert_false(acknowledged(*state)); /* too many matters */
    come(*state, &(struct mail){.message_id = "<4@c>", .from = "yan@c.example"});
    assert_true(acknowledged(*state));
    fr_given_at(*state, 3601);
    come(*state, &(struct mail){.message_id = "<5@b>"});
    assert_true(acknowledged(*state));
}

static void
test_machines_are_not_acknowledged(void **state)
{
    static const Fr__EmailClass classes[] = {
        FR__EMAIL_CLASS__EMAIL_BOUNCE,    FR__EMAIL_CLASS__EMAIL_COMPLAINT,
        FR__EMAIL_CLASS__EMAIL_AUTOREPLY, FR__EMAIL_CLASS__EMAIL_VACATION,
        FR__EMAIL_CLASS__EMAIL_LIST,      FR__EMAIL_CLASS__EMAIL_RECEIPT};
    char id[20];

    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        snprintf(id, sizeof(id), "<%zu@m>", i);
        come(*state, &(struct mail){.message_id = id, .class_of = classes[i]});
        assert_false(acknowledged(*state));
        assert_non_null(received(*state));
        assert_true(received(*state)->has_writer && received(*state)->writer != FR__WRITER__PERSON);
    }
    come(*state, &(struct mail){.message_id = "<a@m>", .no_auto = "Precedence: bulk"});
    assert_false(acknowledged(*state));
    come(*state, &(struct mail){.message_id = "<b@m>", .sender = ""});
    assert_false(acknowledged(*state));
    come(*state, &(struct mail){.message_id = "<c@m>", .from = "sales@acme.example"});
    assert_false(acknowledged(*state));
}

/* ---- what goes out ---- */

static void
test_an_answer_refers_to_what_it_answers(void **state)
{
    const Fr__EmailQueued *queued;

    come(*state, &(struct mail){.subject = "AW: Parcel", .references = "<0@b.example>"});
    ask_to_send(*state, 500, "zoe@b.example", "<1@b.example>");
    queued = fr_given_find(*state, FR_EMAIL_QUEUED);
    assert_string_equal(queued->in_reply_to, "<1@b.example>");
    assert_int_equal(queued->n_references, 2);
    assert_string_equal(queued->references[0], "<0@b.example>");
    assert_string_equal(queued->references[1], "<1@b.example>");
    assert_string_equal(queued->subject, "Parcel");
    assert_string_equal(queued->quote_text, "Where is it?");
    assert_int_equal(delivery(*state), FR__DELIVERY_STATE__ACCEPTED);
    ask_to_send(*state, 500, "zoe@b.example", "<1@b.example>");
    assert_int_equal(fr_given_count(*state), 0);
}

static void
test_where_nothing_can_go_the_agent_is_told(void **state)
{
    ask_to_send(*state, 500, "zoe@b.example\r\nRCPT TO:<eve@c.example>", NULL);
    assert_int_equal(fr_given_count(*state), 1);
    assert_int_equal(delivery(*state), FR__DELIVERY_STATE__UNDELIVERED);
}

static void
test_tries_until_it_is_sent(void **state)
{
    ask_to_send(*state, 500, "zoe@b.example", NULL);
    tried(*state, 500, FR__EMAIL_RESULT__EMAIL_LATER, false);
    assert_int_equal(delivery(*state), 0);
    fr_given_at(*state, 59);
    assert_int_equal(fr_given_count(*state), 0);
    fr_given_at(*state, 61);
    assert_non_null(fr_given_find(*state, FR_EMAIL_DUE));
    tried(*state, 500, FR__EMAIL_RESULT__EMAIL_LATER, false);
    fr_given_at(*state, 179);
    assert_int_equal(fr_given_count(*state), 0); /* twice as long */
    fr_given_at(*state, 182);
    assert_non_null(fr_given_find(*state, FR_EMAIL_DUE));
    tried(*state, 500, FR__EMAIL_RESULT__EMAIL_SENT, false);
    assert_int_equal(delivery(*state), FR__DELIVERY_STATE__SENT);
}

static void
test_after_five_days_it_is_undelivered(void **state)
{
    ask_to_send(*state, 500, "zoe@b.example", NULL);
    for (int day = 1; day <= 4; day++)
        fr_given_at(*state, day * DAY_S);
    fr_given_at(*state, 5 * DAY_S - 1);
    tried(*state, 500, FR__EMAIL_RESULT__EMAIL_LATER, false);
    assert_int_equal(delivery(*state), FR__DELIVERY_STATE__UNDELIVERED);
    assert_false(((const Fr__EmailTried *)fr_given_find(*state, FR_EMAIL_TRIED))->has_again_us);
}

static void
test_refused_is_undelivered_at_once(void **state)
{
    const Fr__DeliveryChanged *changed;

    ask_to_send(*state, 500, "zoe@b.example", NULL);
    tried(*state, 500, FR__EMAIL_RESULT__EMAIL_REFUSED, false);
    changed = fr_given_find(*state, FR_DELIVERY_CHANGED);
    assert_int_equal(changed->state, FR__DELIVERY_STATE__UNDELIVERED);
    assert_string_equal(changed->reason, "refused: so it was said");
}

static void
test_no_answer_to_the_last_byte_is_uncertain_and_sent_again(void **state)
{
    ask_to_send(*state, 500, "zoe@b.example", NULL);
    tried(*state, 500, FR__EMAIL_RESULT__EMAIL_UNKNOWN, false);
    assert_int_equal(delivery(*state), FR__DELIVERY_STATE__UNCERTAIN);
    fr_given_at(*state, 61);
    assert_non_null(fr_given_find(*state, FR_EMAIL_DUE));
    tried(*state, 500, FR__EMAIL_RESULT__EMAIL_SENT, false);
    assert_int_equal(delivery(*state), 0); /* once or twice: that stays unknown */
}

static void
test_a_crash_before_the_outcome_is_uncertain(void **state)
{
    ask_to_send(*state, 500, "zoe@b.example", NULL);
    tried(*state, 500, FR__EMAIL_RESULT__EMAIL_SENT, true);
    assert_int_equal(delivery(*state), FR__DELIVERY_STATE__UNCERTAIN);
    assert_int_equal(fr_given_count_of(*state, FR_DELIVERY_CHANGED), 1);
}

/* ---- what is old ---- */

static void
test_what_is_old_is_forgotten(void **state)
{
    struct email_known known;

    come(*state, &(struct mail){0});
    ask_to_send(*state, 500, "zoe@b.example", NULL);
    tried(*state, 500, FR__EMAIL_RESULT__EMAIL_SENT, false);
    for (int day = 1; day <= 399; day++)
        fr_given_at(*state, day * DAY_S);
    assert_int_equal(email_known_get(fr_given_view(*state), "support", EMAIL_NAME_OUTSIDE,
                                     fr_slice_str("<1@b.example>"), &known),
                     FR_OK);
    fr_given_at(*state, 400.1 * DAY_S);
    assert_int_equal(email_known_get(fr_given_view(*state), "support", EMAIL_NAME_OUTSIDE,
                                     fr_slice_str("<1@b.example>"), &known),
                     FR_NOT_FOUND);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_mail_becomes_a_message),
        CASE(test_only_a_trusted_word_changes_what_a_from_is_worth),
        CASE(test_answers_go_to_reply_to_which_proves_nothing),
        CASE(test_the_same_mail_again_is_no_other),
        CASE(test_one_message_id_for_many_mails_loses_none),
        CASE(test_without_message_id_the_bytes_tell),
        CASE(test_the_mailbox_moves_with_its_mail),
        CASE(test_a_renumbered_mailbox_doubles_nothing),
        CASE(test_what_cannot_be_read_is_set_aside_and_the_rest_goes_on),
        CASE(test_a_signed_address_proves_the_conversation),
        CASE(test_a_bounce_finds_its_mail),
        CASE(test_a_bounce_finds_its_mail_by_the_address_it_went_to),
        CASE(test_a_bounce_of_unknown_mail_is_shown_to_people),
        CASE(test_our_own_mail_is_not_a_customers),
        CASE(test_a_person_is_acknowledged_once),
        CASE(test_acknowledgements_have_a_cap),
        CASE(test_machines_are_not_acknowledged),
        CASE(test_an_answer_refers_to_what_it_answers),
        CASE(test_where_nothing_can_go_the_agent_is_told),
        CASE(test_tries_until_it_is_sent),
        CASE(test_after_five_days_it_is_undelivered),
        CASE(test_refused_is_undelivered_at_once),
        CASE(test_no_answer_to_the_last_byte_is_uncertain_and_sent_again),
        CASE(test_a_crash_before_the_outcome_is_uncertain),
        CASE(test_what_is_old_is_forgotten),
    };

    return cmocka_run_group_tests_name("email", tests, NULL, NULL);
}
