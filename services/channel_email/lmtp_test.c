/* lmtp_test.c - the dialogue: what is said to what, however the bytes are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "services/channel_email/lmtp.h"

struct bench { /* one dialogue, and what its service would have been told */
    struct email_lmtp *lmtp;
    struct email_lmtp_limits limits;
    bool pressed, full;
    int64_t promised;
    char mail[8192];
    size_t mail_size, mails, recipients;
    char sender[400];
};

static bool
on_recipient(void *context, const char *address, unsigned *account)
{
    (void)context;
    *account = 0;
    return strncmp(address, "support", 7) == 0 || strncmp(address, "jos\xc3\xa9", 5) == 0;
}

static bool
on_room(void *context, int64_t bytes)
{
    struct bench *bench = context;

    if (bytes > 0 && bench->full)
        return false;
    bench->promised += bytes;
    return true;
}

static bool
on_pressed(void *context)
{
    return ((struct bench *)context)->pressed;
}

static void
on_mail(void *context, const struct email_lmtp_mail *mail)
{
    struct bench *bench = context;

    assert_true(mail->bytes.size < sizeof(bench->mail));
    if (mail->bytes.size > 0)
        memcpy(bench->mail, mail->bytes.data, mail->bytes.size);
    bench->mail[mail->bytes.size] = '\0';
    bench->mail_size = mail->bytes.size;
    bench->recipients = mail->recipient_count;
    snprintf(bench->sender, sizeof(bench->sender), "%s", mail->sender);
    bench->mails++;
}

static const struct email_lmtp_calls calls = {on_recipient, on_room, on_pressed, on_mail};

static void
begin(struct bench *bench)
{
    *bench = (struct bench){.limits = {"us.example", 2000, 3}};
    bench->lmtp = email_lmtp_new(&calls, bench, &bench->limits);
    assert_non_null(bench->lmtp);
}

static void
end(struct bench *bench)
{
    email_lmtp_free(&bench->lmtp);
    assert_int_equal(bench->promised, 0); /* all room was given back */
}

/* Every mail is answered at once, with one code for all. */
static void
answer(struct bench *bench)
{
    const char *lines[8] = {"250 2.0.0 a", "250 2.0.0 b", "250 2.0.0 c"};

    email_lmtp_answered(bench->lmtp, lines);
}

/* Says it in pieces of `piece` bytes; what the other side answers, codes only: "250 354 250". */
static const char *
talk_bytes(struct bench *bench, const char *bytes, size_t size, size_t piece)
{
    static char codes[4096];
    struct fr_slice out;
    size_t used = 0;
    bool at_line = true;

    for (size_t at = 0; at < size;) {
        size_t take = size - at < piece ? size - at : piece, eaten;

        eaten = email_lmtp_feed(bench->lmtp, fr_slice(bytes + at, take));
        at += eaten;
        if (email_lmtp_waits(bench->lmtp))
            answer(bench);
        else if (eaten < take)
            break; /* over */
    }
    out = email_lmtp_output(bench->lmtp);
    for (size_t i = 0; i < out.size; i++) {
        const char *text = out.data;

        if (at_line) {
            assert_true(used + 5 < sizeof(codes) && i + 3 < out.size);
            memcpy(codes + used, text + i, 3);
            used += 3;
            codes[used++] = text[i + 3] == '-' ? '-' : ' ';
        }
        at_line = text[i] == '\n';
    }
    codes[used > 0 ? used - 1 : 0] = '\0';
    email_lmtp_sent(bench->lmtp, out.size);
    return codes;
}

static const char *
talk(struct bench *bench, const char *words)
{
    return talk_bytes(bench, words, strlen(words), SIZE_MAX);
}

#define HELLO "LHLO mx.example\r\n"
#define GREETED "250-250-250-250-250-250"
#define TO_US "MAIL FROM:<a@b.example>\r\nRCPT TO:<support@us.example>\r\n"

/* clang-format off */
static const struct {
    const char *claim, *said, *heard, *mail; /* mail: the last whole one, NULL: none */
} cases[] = {
    { "a mail is taken", HELLO TO_US "DATA\r\nSubject: x\r\n\r\nhello\r\n.\r\n",
      GREETED " 250 250 354 250", "Subject: x\r\n\r\nhello\r\n" },
    { "each recipient gets an answer of his own", HELLO TO_US "RCPT TO:<support2@us.example>\r\nDATA\r\nx\r\n.\r\n",
      GREETED " 250 250 250 354 250 250", "x\r\n" },
    { "a stranger's mailbox is refused, the other one is not", HELLO TO_US "RCPT TO:<zoe@us.example>\r\nDATA\r\nx\r\n.\r\n",
      GREETED " 250 250 550 354 250", "x\r\n" },
    { "without a recipient there is no DATA (RFC 2033, 4.2)", HELLO "MAIL FROM:<a@b.example>\r\nRCPT TO:<zoe@x.example>\r\nDATA\r\n",
      GREETED " 250 550 503", NULL },
    { "SMTP is told what this is", "EHLO x\r\nHELO x\r\n", "500 500", NULL },
    { "nothing before LHLO", TO_US, "503 503", NULL },
    { "stuffed dots are taken out", HELLO TO_US "DATA\r\n..a\r\n.b\r\n...\r\nc.\r\n.\r\n",
      GREETED " 250 250 354 250", ".a\r\nb\r\n..\r\nc.\r\n" },
    { "a mail may be empty", HELLO TO_US "DATA\r\n.\r\n", GREETED " 250 250 354 250", "" },
    { "smuggling: LF . CRLF ends no mail", HELLO TO_US "DATA\r\na\n.\r\nMAIL FROM:<x@y.example>\r\n.\r\n",
      GREETED " 250 250 354 250", "a\n.\r\nMAIL FROM:<x@y.example>\r\n" },
    { "smuggling: CRLF . LF ends no mail", HELLO TO_US "DATA\r\na\r\n.\nb\r\n.\r\n",
      GREETED " 250 250 354 250", "a\r\n\nb\r\n" },
    { "smuggling: CR . CR ends no mail", HELLO TO_US "DATA\r\na\r.\rb\r\n.\r\n",
      GREETED " 250 250 354 250", "a\r.\rb\r\n" },
    { "smuggling: CRLF . CR x ends no mail", HELLO TO_US "DATA\r\n.\rx\r\n.\r\n",
      GREETED " 250 250 354 250", "\rx\r\n" },
    { "a command with a bare LF ends the connection", HELLO "NOOP\nNOOP\r\nNOOP\r\n", GREETED " 500 421", NULL },
    { "a bare CR too", HELLO "NOOP\rNOOP\r\n", GREETED " 500 421", NULL },
    { "two mails in one breath", HELLO TO_US "DATA\r\n1\r\n.\r\n" TO_US "DATA\r\n2\r\n.\r\nQUIT\r\n",
      GREETED " 250 250 354 250 250 250 354 250 221", "2\r\n" },
    { "RSET forgets the recipients", HELLO TO_US "RSET\r\nDATA\r\n", GREETED " 250 250 250 503", NULL },
    { "LHLO does, too", HELLO TO_US HELLO "DATA\r\n", GREETED " 250 250 " GREETED " 503", NULL },
    { "one MAIL at a time", HELLO TO_US "MAIL FROM:<c@d.example>\r\n", GREETED " 250 250 503", NULL },
    { "the null sender", HELLO "MAIL FROM:<>\r\nRCPT TO:<support@us.example>\r\nDATA\r\n.\r\n", GREETED " 250 250 354 250", "" },
    { "parameters", HELLO "MAIL FROM:<a@b.example> SIZE=1999 BODY=8BITMIME SMTPUTF8\r\n", GREETED " 250", NULL },
    { "a size that is announced is refused at once", HELLO "MAIL FROM:<a@b.example> SIZE=2001\r\n", GREETED " 552", NULL },
    { "a size that no integer holds as well", HELLO "MAIL FROM:<a@b.example> SIZE=99999999999999999999\r\n", GREETED " 501", NULL },
    { "an unknown parameter", HELLO "MAIL FROM:<a@b.example> RET=FULL\r\n", GREETED " 555", NULL },
    { "too many recipients are sent again", HELLO TO_US "RCPT TO:<support@us.example>\r\nRCPT TO:<support@us.example>\r\n"
      "RCPT TO:<support@us.example>\r\n", GREETED " 250 250 250 250 452", NULL },
    { "UTF-8 needs SMTPUTF8", HELLO "MAIL FROM:<jos\xc3\xa9@b.example>\r\nMAIL FROM:<jos\xc3\xa9@b.example> SMTPUTF8\r\n"
      "RCPT TO:<jos\xc3\xa9@us.example>\r\n", GREETED " 553 250 250", NULL },
    { "Latin-1 is no address", HELLO "MAIL FROM:<jos\xe9@b.example> SMTPUTF8\r\n", GREETED " 553", NULL },
    { "a source route is left out", HELLO "MAIL FROM:<@x.example,@y.example:a@b.example>\r\n", GREETED " 250", NULL },
    { "an address without <>", HELLO "MAIL FROM:a@b.example\r\n", GREETED " 501", NULL },
    { "an address with a control character", HELLO "MAIL FROM:<a\x01@b.example>\r\n", GREETED " 501", NULL },
    { "a quoted local part may hold >", HELLO "MAIL FROM:<\"a>b\"@c.example>\r\n", GREETED " 250", NULL },
    { "words are known in any case", "lhlo x\r\nmail from:<a@b.example>\r\nrcpt to:<support@us.example>\r\n", GREETED " 250 250", NULL },
    { "what nobody knows", HELLO "BDAT 5 LAST\r\nEXPN x\r\nVRFY a\r\n", GREETED " 500 500 252", NULL },
};
/* clang-format on */

static void
run_cases(size_t piece)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench bench;
        const char *heard;

        begin(&bench);
        heard = talk_bytes(&bench, cases[i].said, strlen(cases[i].said), piece);
        if (strcmp(heard, cases[i].heard) != 0)
            fail_msg("%s (pieces of %zu): heard %s, expected %s", cases[i].claim, piece, heard,
                     cases[i].heard);
        if ((cases[i].mail != NULL) != (bench.mails > 0) ||
            (cases[i].mail != NULL && strcmp(cases[i].mail, bench.mail) != 0))
            fail_msg("%s (pieces of %zu): the mail is %s", cases[i].claim, piece, bench.mail);
        end(&bench);
    }
}

static void
test_cases(void **state)
{
    (void)state;
    run_cases(SIZE_MAX);
}

static void
test_cases_byte_by_byte(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < 8; piece++)
        run_cases(piece);
}

static void
test_while_a_mail_waits_nothing_else_is_looked_at(void **state)
{
    static const char said[] = HELLO TO_US "DATA\r\nx\r\n.\r\nNOOP\r\n";
    struct bench bench;
    size_t used;

    (void)state;
    begin(&bench);
    used = email_lmtp_feed(bench.lmtp, fr_slice_str(said));
    assert_int_equal(used, sizeof(said) - 1 - 6);
    assert_true(email_lmtp_waits(bench.lmtp));
    assert_int_equal(email_lmtp_feed(bench.lmtp, fr_slice_str("NOOP\r\n")), 0);
    answer(&bench);
    assert_false(email_lmtp_waits(bench.lmtp));
    assert_int_equal(email_lmtp_feed(bench.lmtp, fr_slice_str("NOOP\r\n")), 6);
    end(&bench);
}

static void
test_too_large_a_mail_is_swallowed_and_refused(void **state)
{
    struct bench bench;
    char line[102];

    (void)state;
    begin(&bench);
    memset(line, 'x', 98);
    memcpy(line + 98, "\r\n", 3);
    talk(&bench, HELLO TO_US "RCPT TO:<support@us.example>\r\nDATA\r\n");
    for (int i = 0; i < 21; i++)
        talk(&bench, line);
    assert_string_equal(talk(&bench, ".\r\n"), "552 552");
    assert_int_equal(bench.mails, 0);
    assert_string_equal(talk(&bench, TO_US "DATA\r\nsmall\r\n.\r\n"), "250 250 354 250");
    assert_string_equal(bench.mail, "small\r\n");
    end(&bench);
}

static void
test_without_room_the_sender_comes_again(void **state)
{
    struct bench bench;

    (void)state;
    begin(&bench);
    bench.full = true;
    assert_string_equal(talk(&bench, HELLO TO_US "DATA\r\nx\r\n.\r\n"), GREETED " 250 250 354 452");
    assert_int_equal(bench.mails, 0);
    bench.full = false;
    bench.pressed = true;
    assert_string_equal(talk(&bench, TO_US), "451 503");
    end(&bench);
}

static void
test_a_line_has_an_end(void **state)
{
    struct bench bench;
    char long_line[6000];

    (void)state;
    begin(&bench);
    memset(long_line, 'a', sizeof(long_line));
    memcpy(long_line + sizeof(long_line) - 3, "\r\n", 3);
    assert_string_equal(talk(&bench, long_line), "500");
    assert_string_equal(talk(&bench, HELLO), GREETED);
    assert_string_equal(talk_bytes(&bench, "NO\0OP\r\n", 7, SIZE_MAX), "500");
    end(&bench);
}

static void
test_who_guesses_is_sent_away(void **state)
{
    struct bench bench;

    (void)state;
    begin(&bench);
    for (int i = 1; i < EMAIL_LMTP_MISTAKES_MAX; i++)
        assert_string_equal(talk(&bench, "XYZZY\r\n"), "500");
    assert_string_equal(talk(&bench, "XYZZY\r\n"), "500 421");
    assert_true(email_lmtp_over(bench.lmtp));
    assert_int_equal(email_lmtp_feed(bench.lmtp, fr_slice_str("NOOP\r\n")), 0);
    end(&bench);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_cases_byte_by_byte),
        cmocka_unit_test(test_while_a_mail_waits_nothing_else_is_looked_at),
        cmocka_unit_test(test_too_large_a_mail_is_swallowed_and_refused),
        cmocka_unit_test(test_without_room_the_sender_comes_again),
        cmocka_unit_test(test_a_line_has_an_end),
        cmocka_unit_test(test_who_guesses_is_sent_away),
    };

    return cmocka_run_group_tests_name("lmtp", tests, NULL, NULL);
}
