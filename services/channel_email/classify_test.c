/* classify_test.c - what kind of mail it is, and what a bounce says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include "services/channel_email/bounce.h"
#include "services/channel_email/parse.h"

static struct fr_arena *arena;

#define M FR__EMAIL_CLASS__EMAIL_MESSAGE
#define B FR__EMAIL_CLASS__EMAIL_BOUNCE
#define C FR__EMAIL_CLASS__EMAIL_COMPLAINT
#define A FR__EMAIL_CLASS__EMAIL_AUTOREPLY
#define V FR__EMAIL_CLASS__EMAIL_VACATION
#define L FR__EMAIL_CLASS__EMAIL_LIST
#define O FR__EMAIL_CLASS__EMAIL_OWN
#define R FR__EMAIL_CLASS__EMAIL_RECEIPT

struct judged {
    const char *claim;
    Fr__EmailClass class;
    const char *reasons; /* joined with a blank */
    const char *mail;
};

#define ANN "From: Ann <ann@mail.example>\nTo: help@shop.example\n"
#define DAEMON "From: Mail Delivery System <MAILER-DAEMON@mx.example>\n"
#define REPORT(type)                                                                               \
    "Content-Type: multipart/report; report-type=" type "; boundary=b\n\n--b\n\nThe words.\n--b\n"

/* clang-format off */
static const struct judged cases[] = {
    { "a person", M, "", ANN "Subject: My jacket\n\nIt is green." },
    { "a person who answers a bounce", M, "", ANN "Subject: Re: Undelivered Mail Returned to Sender\n\nWhat is this?" },
    { "a person who is angry about delivery", M, "", ANN "Subject: Delivery failed\n\nMy parcel could not be delivered. User unknown, says the driver." },
    { "a person who writes about his holidays", M, "", ANN "Subject: Vacation\n\nI booked a vacation, and I am out of office until Monday." },
    { "a person who answers an automatic answer", M, "", ANN "In-Reply-To: <1@shop.example>\nSubject: Re: Automatic reply: x\n\nWhen will you be back?" },
    { "a person who asks about holidays", M, "", ANN "In-Reply-To: <1@shop.example>\nSubject: Urlaub im August\n\nIst noch etwas frei?" },
    { "no means no", M, "", ANN "Auto-Submitted: no\nSubject: x\n\nx" },
    { "away, by a responder that calls itself generated", V, "auto-submitted=auto-generated", ANN "Auto-Submitted: auto-generated\nSubject: Your mail\n\nI am out of office until Monday." },
    { "a ticket system that writes first", M, "auto-submitted=auto-generated", ANN "Auto-Submitted: auto-generated\nSubject: [JIRA] new\n\nx" },
    { "a daemon, whatever it says", B, "sender-localpart=mailer-daemon", DAEMON "Subject: x\n\nx" },
    { "a report for machines", B, "multipart/report", ANN REPORT("delivery-status") "Content-Type: message/delivery-status\n\n"
      "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; ben@b.example\nAction: failed\nStatus: 5.1.1\n--b--\n" },
    { "a report that says delivered", R, "multipart/report", ANN REPORT("delivery-status") "Content-Type: message/delivery-status\n\n"
      "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; ben@b.example\nAction: delivered\nStatus: 2.0.0\n--b--\n" },
    { "somebody has read it", R, "multipart/report", ANN REPORT("disposition-notification") "Content-Type: message/disposition-notification\n\n"
      "Final-Recipient: rfc822; ben@b.example\nDisposition: manual-action/MDN-sent-manually; displayed\n--b--\n" },
    { "exim's own field", B, "x-failed-recipients", ANN "X-Failed-Recipients: ben@b.example\nSubject: Mail delivery failed\n\nx" },
    { "the null sender and its words", B, "null-return-path", "Return-Path: <>\n" ANN "Subject: Unzustellbar: Ihre Bestellung\n\nx" },
    { "a parcel service that wants no answer", M, "null-return-path", "Return-Path: <>\n" ANN "Subject: Your parcel\n\nIt has been delayed, and could not be delivered today." },
    { "qmail, from anywhere", B, "", "From: postmaster-team@mx.example\nSubject: failure notice\n\nHi. This is the qmail-send program at mx.example.\n" },
    { "a complaint for machines", C, "multipart/report", ANN REPORT("feedback-report") "Content-Type: message/feedback-report\n\n"
      "Feedback-Type: abuse\nUser-Agent: x\nVersion: 1\nOriginal-Rcpt-To: ben@b.example\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <1@shop.example>\nSubject: s\n\nx\n--b--\n" },
    { "a complaint in words", C, "", ANN "Subject: complaint about message from 192.0.2.1\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <1@shop.example>\n\nx\n--b--\n" },
    { "an automatic answer", A, "auto-submitted=auto-replied", ANN "Auto-Submitted: auto-replied\nSubject: Re: x\n\nWe have received your mail." },
    { "an automatic answer of somebody away", V, "auto-submitted=auto-replied", ANN "Auto-Submitted: auto-replied\nSubject: Re: x\n\nI am out of office until Monday." },
    { "away, in German, without the field", V, "x-auto-response-suppress", ANN "X-Auto-Response-Suppress: All\nSubject: Automatische Antwort: Ihre Bestellung\n\nIch bin im Urlaub." },
    { "away, in French", V, "", ANN "In-Reply-To: <1@shop.example>\nSubject: Réponse automatique : commande\n\nJe suis en congé." },
    { "an old responder", A, "precedence=auto_reply x-autoreply", ANN "X-Autoreply: yes\nPrecedence: auto_reply\nSubject: x\n\nx" },
    { "a mailing list", L, "precedence=list list-id list-post", ANN "List-Id: <x.lists.example>\nList-Post: <mailto:x@lists.example>\nPrecedence: list\nSubject: x\n\nx" },
    { "a newsletter", L, "list-unsubscribe", ANN "List-Unsubscribe: <mailto:u@news.example>\nSubject: 50 %\n\nx" },
    { "our own mail, by its mark", O, "x-filrouge-loop", ANN "X-Filrouge-Loop: shop-1\nSubject: x\n\nx" },
    { "our own mail, by its id", O, "", ANN "Message-ID: <42@out.shop.example>\nSubject: x\n\nx" },
    { "an id that begins like ours", M, "", ANN "Message-ID: <42@out.shop.example.evil.example>\nSubject: x\n\nx" },
    { "an id that only looks like ours", M, "", ANN "Message-ID: <42@notout.shop.example.evil.example>\nSubject: x\n\nx" },
    { "another installation's mark is not ours", M, "x-filrouge-loop", ANN "X-Filrouge-Loop: shop-2\nSubject: x\n\nx" },
    { "nobody reads there", M, "sender-localpart=noreply", "From: noreply@shop.example\nSubject: x\n\nx" },
};
/* clang-format on */

static Fr__EmailParsed *
parse(const char *mail, const Fr__EmailOptions *options)
{
    Fr__EmailParsed *parsed;
    const char *why;

    fr_arena_reset(arena);
    assert_int_equal(email_parse(fr_slice_str(mail), options, NULL, arena, &parsed, &why), FR_OK);
    return parsed;
}

static void
mails_are_told_apart(void **state)
{
    char *domains[] = {"out.shop.example"};
    Fr__EmailOptions options = FR__EMAIL_OPTIONS__INIT;
    unsigned wrong = 0;

    (void)state;
    options.own_id_domains = domains;
    options.n_own_id_domains = 1;
    options.own_loop = "shop-1";
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        Fr__EmailParsed *parsed = parse(cases[i].mail, &options);
        char reasons[512] = "";

        for (size_t n = 0; n < parsed->n_no_autoanswer; n++) {
            strcat(reasons, n > 0 ? " " : "");
            strcat(reasons, parsed->no_autoanswer[n]);
        }
        if (parsed->class_ != cases[i].class || strcmp(reasons, cases[i].reasons) != 0) {
            print_error("%s: class %d, reasons [%s]\n", cases[i].claim, (int)parsed->class_,
                        reasons);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static void
the_envelope_says_more_than_a_field(void **state)
{
    Fr__EmailOptions options = FR__EMAIL_OPTIONS__INIT;
    Fr__EmailParsed *parsed;

    (void)state;
    options.envelope_from = "";
    parsed = parse(ANN "Subject: Undeliverable: x\n\nx", &options);
    assert_int_equal(parsed->class_, B);
    assert_string_equal(parsed->no_autoanswer[0], "null-return-path");
    options.envelope_from = "ann@mail.example";
    parsed = parse("Return-Path: <>\n" ANN "Subject: Undeliverable: x\n\nx", &options);
    assert_int_equal(parsed->class_, M);
}

struct bounced {
    const char *claim, *mail;
    const char *original; /* message id */
    const char
        *recipients; /* "address status smtp reason hard|soft[ delayed]" each, joined with ; */
};

#define DSN                                                                                        \
    DAEMON "Subject: Undelivered\nContent-Type: multipart/report; report-type=delivery-status; "   \
           "boundary=b\n\n--b\n\nWords.\n"                                                         \
           "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
#define SENT_BACK                                                                                  \
    "--b\nContent-Type: text/rfc822-headers\n\nFrom: help@shop.example\nMessage-ID: "              \
    "<1@shop.example>\nSubject: s\n--b--\n"

/* clang-format off */
static const struct bounced bounces[] = {
    { "one recipient", DSN "Final-Recipient: rfc822; ben@b.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 <ben@b.example>: User unknown\n\n" SENT_BACK,
      "<1@shop.example>", "ben@b.example 5.1.1 550 userunknown hard" },
    { "two recipients", DSN "Final-Recipient: rfc822; <ben@b.example>\nAction: failed\nStatus: 5.2.2\nDiagnostic-Code: smtp; 552 mailbox full\n\n"
      "Final-Recipient: rfc822; cy@c.example\nAction: failed\nStatus: 5.4.4\nDiagnostic-Code: X-Postfix; Host or domain name not found\n\n" SENT_BACK,
      "<1@shop.example>", "ben@b.example 5.2.2 552 mailboxfull soft;cy@c.example 5.4.4 - hostunknown hard" },
    { "delayed is not lost", DSN "Final-Recipient: rfc822; ben@b.example\nAction: delayed\nStatus: 4.4.1\nDiagnostic-Code: smtp; connect to b.example: Connection timed out\n\n" SENT_BACK,
      "<1@shop.example>", "ben@b.example 4.4.1 - expired soft delayed" },
    { "one delivered, one failed", DSN "Final-Recipient: rfc822; ben@b.example\nAction: delivered\nStatus: 2.0.0\n\nFinal-Recipient: rfc822; cy@c.example\nAction: failed\nStatus: 5.1.1\n\n" SENT_BACK,
      "<1@shop.example>", "cy@c.example 5.1.1 - userunknown hard" },
    { "postfix, words only", DAEMON "Subject: Undelivered Mail Returned to Sender\n\nThis is the mail system at host mx.example.\n\n"
      "<ben@b.example>: host mx.b.example[192.0.2.1] said: 550 5.1.1 User\n    unknown (in reply to RCPT TO command)\n\n--- Below this line is a copy of the message.\n\n"
      "Return-Path: <help@shop.example>\nMessage-ID: <2@shop.example>\nSubject: s\n\nx",
      "<2@shop.example>", "ben@b.example 5.1.1 550 userunknown hard" },
    { "qmail", DAEMON "Subject: failure notice\n\nHi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\n\n"
      "<ben@b.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n<cy@c.example>:\nUser is over quota\n\n--- Below this line is a copy of the message.\n\n"
      "Return-Path: <help@shop.example>\nFrom: help@shop.example\nMessage-ID: <3@shop.example>\n\nx",
      "<3@shop.example>", "ben@b.example 5.1.1 - userunknown hard;cy@c.example - - mailboxfull soft" },
    { "exim", DAEMON "X-Failed-Recipients: ben@b.example\nSubject: Mail delivery failed: returning message to sender\n\nThis message was created automatically by mail delivery software.\n\n"
      "  ben@b.example\n    SMTP error from remote mail server after RCPT TO:<ben@b.example>:\n    host mx.b.example [192.0.2.1]: 554 5.7.1 Relay access denied\n\n"
      "------ This is a copy of the message, including all the headers. ------\n\nReturn-path: <help@shop.example>\nMessage-Id: <4@shop.example>\n\nx",
      "<4@shop.example>", "ben@b.example 5.7.1 554 norelaying soft" },
    { "an answer of Exchange", "From: postmaster@b.example\nAuto-Submitted: auto-replied\nIn-Reply-To: <5@shop.example>\nSubject: Unzustellbar: s\nReturn-Path: <>\n\nFehler bei der Nachrichtenzustellung an folgende Empfänger:\n\nben@b.example\n550 5.1.10 RESOLVER.ADR.RecipientNotFound\n",
      "<5@shop.example>", "ben@b.example 5.1.10 550 userunknown hard" },
    { "nobody is named", DAEMON "Subject: Mail failure\n\nYour message was too large.\nmessage too large\n", "", "- - - mesgtoobig soft" },
};
/* clang-format on */

static void
bounces_are_read(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(bounces) / sizeof(bounces[0]); i++) {
        Fr__EmailReport *report = parse(bounces[i].mail, NULL)->report;
        const char *original = report->original_message_id;
        char found[1024] = "";

        for (size_t n = 0; n < report->n_recipients; n++) {
            Fr__EmailBounced *one = report->recipients[n];

            snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s%s %s %s %s %s%s",
                     n > 0 ? ";" : "", one->address == NULL ? "-" : one->address,
                     one->status == NULL ? "-" : one->status, one->smtp == NULL ? "-" : one->smtp,
                     one->reason, one->hard ? "hard" : "soft", one->delayed ? " delayed" : "");
        }
        if (strcmp(found, bounces[i].recipients) != 0 ||
            strcmp(original == NULL ? "" : original, bounces[i].original) != 0) {
            print_error("%s: %s [%s]\n", bounces[i].claim, original, found);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static void
a_bounce_leads_to_its_mail_before_anything_else(void **state)
{
    Fr__EmailParsed *parsed = parse(bounces[0].mail, NULL);

    (void)state;
    assert_true(parsed->n_threading >= 1);
    assert_string_equal(parsed->threading[0], "<1@shop.example>");
}

static void
a_complaint_names_its_mail(void **state)
{
    Fr__EmailParsed *parsed = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (cases[i].class != C)
            continue;
        parsed = parse(cases[i].mail, NULL);
        assert_string_equal(parsed->report->original_message_id, "<1@shop.example>");
    }
    assert_non_null(parsed);
}

struct said {
    const char *diagnostic, *status, *smtp, *reason;
};

/* clang-format off */
static const struct said sayings[] = {
    { "550 5.1.1 User unknown", NULL, NULL, "userunknown" },
    { "452 4.2.2 Mailbox full", NULL, NULL, "mailboxfull" },
    { "554 rejected because of spamhaus", NULL, NULL, "blocked" },
    { "450 4.7.25 cannot find your reverse DNS", NULL, NULL, "requireptr" },
    { "550 SPF check failed", NULL, NULL, "authfailure" },
    { "this is not known to us at all", "5.1.1", NULL, "userunknown" },
    { "", "5.2.3", NULL, "exceedlimit" },
    { NULL, NULL, "552", "mailboxfull" },
    { NULL, NULL, NULL, "undefined" },
};
/* clang-format on */

static void
reasons_are_one_word(void **state)
{
    char status[16], smtp[4];

    (void)state;
    for (size_t i = 0; i < sizeof(sayings) / sizeof(sayings[0]); i++)
        assert_string_equal(
            email_bounce_reason(sayings[i].diagnostic, sayings[i].status, sayings[i].smtp),
            sayings[i].reason);
    assert_true(email_bounce_status("said: 550 5.1.10 x", status));
    assert_string_equal(status, "5.1.10");
    assert_false(email_bounce_status("from 192.0.5.1.1 by 5.1.2.3", status));
    assert_true(email_bounce_smtp("<a@b>: 421-4.7.0 later", smtp));
    assert_string_equal(smtp, "421");
    assert_false(email_bounce_smtp("after 5550 tries in 2450 s", smtp));
}

static int
setup(void **state)
{
    (void)state;
    arena = fr_arena_new(65536, EMAIL_PARSE_BUDGET);
    return arena == NULL;
}

static int
teardown(void **state)
{
    (void)state;
    fr_arena_free(&arena);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mails_are_told_apart),
        cmocka_unit_test(the_envelope_says_more_than_a_field),
        cmocka_unit_test(bounces_are_read),
        cmocka_unit_test(a_bounce_leads_to_its_mail_before_anything_else),
        cmocka_unit_test(a_complaint_names_its_mail),
        cmocka_unit_test(reasons_are_one_word),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
