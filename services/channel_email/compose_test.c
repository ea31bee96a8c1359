/* compose_test.c - an answer as a mail: what stands in it, and what never may. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <cmocka.h>
#include "services/channel_email/compose.h"
#include "services/channel_email/queue.h"
#include "services/channel_email/writing.h"
#include "services/channel_email/token.h"

static struct email_account account = {.name = "support",
                                       .brand = "acme",
                                       .title = "Acme",
                                       .from = "{agent} ({brand})",
                                       .address = "support@acme.example",
                                       .separator = "+",
                                       .signature = "Your {agent}"};
static struct fr_arena *arena;

static int
setup(void **state)
{
    (void)state;
    arena = fr_arena_new(4096, 16 << 20);
    return arena == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    (void)state;
    fr_arena_free(&arena);
    return 0;
}

static Fr__EmailQueued
plain_answer(void)
{
    Fr__EmailQueued queued = FR__EMAIL_QUEUED__INIT;

    queued.message_id = 0xabc;
    queued.has_conversation_id = true;
    queued.conversation_id = 0xdef;
    queued.account = "support";
    queued.to = "zoe@customer.example";
    queued.text = "It is on its way.";
    queued.at_us = INT64_C(1800000000000000);
    queued.author = "Ann";
    queued.subject = "Where is it?";
    return queued;
}

static enum fr_error
try_it(const Fr__EmailQueued *queued, const char **mail, const char **why)
{
    const struct email_letter letter = {&account, "0123456789abcdef0123456789abcdef", queued};
    struct fr_slice bytes;
    enum fr_error err = email_compose(&letter, arena, &bytes, why);

    if (err == FR_OK)
        *mail = fr_arena_strndup(arena, bytes.data, bytes.size);
    return err;
}

static const char *
mail_of(const Fr__EmailQueued *queued)
{
    const char *mail, *why = NULL;

    if (try_it(queued, &mail, &why) != FR_OK)
        fail_msg("not composed: %s", why);
    return mail;
}

static void
has(const char *mail, const char *part)
{
    if (strstr(mail, part) == NULL)
        fail_msg("\"%s\" is missing in:\n%s", part, mail);
}

static void
has_not(const char *mail, const char *part)
{
    if (strcasestr(mail, part) != NULL)
        fail_msg("\"%s\" stands in:\n%s", part, mail);
}

static void
test_what_stands_in_an_answer(void **state)
{
    Fr__EmailQueued queued = plain_answer();
    char *references[] = {"<1@customer.example>", "<2@customer.example>"};
    const char *mail;

    (void)state;
    queued.in_reply_to = "<2@customer.example>";
    queued.references = references;
    queued.n_references = 2;
    mail = mail_of(&queued);
    has(mail, "From: \"Ann (Acme)\" <support@acme.example>\r\n");
    has(mail, "To: <zoe@customer.example>\r\n");
    has(mail, "Reply-To: <support+r0000000000000def");
    has(mail, "Subject: Re: Where is it?\r\n");
    has(mail, "Date: Fri, 15 Jan 2027 08:00:00 +0000\r\n");
    has(mail, "Message-ID: <0000000000000abc.");
    has(mail, "In-Reply-To: <2@customer.example>\r\n");
    has(mail, "References: <1@customer.example>\r\n <2@customer.example>\r\n");
    has(mail, "Content-Type: text/plain; charset=utf-8");
    has(mail, "Content-Type: text/html; charset=utf-8");
    has(mail, "It is on its way.");
    has(mail, "\r\n--=20\r\nYour Ann\r\n");
    has_not(mail, "Auto-Submitted");
    has_not(mail, "Precedence");
    for (const char *c = mail; *c != '\0'; c++) /* every line end is CRLF, every byte is ASCII */
        assert_true((*c != '\n' || (c > mail && c[-1] == '\r')) && (unsigned char)*c < 0x80);
}

static void
test_each_try_is_the_same_mail(void **state)
{
    Fr__EmailQueued queued = plain_answer();
    const char *first;

    (void)state;
    first = mail_of(&queued);
    assert_string_equal(first, mail_of(&queued));
}

static void
test_automatic_mail_says_so(void **state)
{
    Fr__EmailQueued queued = plain_answer();
    const struct email_letter letter = {&account, "0123456789abcdef0123456789abcdef", &queued};
    char sender[EMAIL_ADDRESS_SIZE];
    const char *mail;

    (void)state;
    email_envelope_sender(&letter, sender);
    assert_true(strncmp(sender, "support+b0000000000000abc", 25) == 0);
    queued.automatic = true;
    mail = mail_of(&queued);
    has(mail, "Auto-Submitted: auto-generated\r\n");
    has(mail, "X-Auto-Response-Suppress: All\r\n");
    email_envelope_sender(&letter, sender);
    assert_string_equal(sender, "");
    queued.in_reply_to = "<2@customer.example>";
    has(mail_of(&queued), "Auto-Submitted: auto-replied\r\n");
}

static void
test_nothing_breaks_a_header(void **state)
{
    static const char *const bad[] = {"a\r\nBcc: x@y.example", "a\nb", "a\rb", "\x01"};
    static const char *const addresses[] = {"a@b.example\r\nBcc: x@y.example", "a@b.example\n",
                                            "a@b.example, c@d.example", "a"};
    const char *mail, *why;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        Fr__EmailQueued subject = plain_answer(), author = plain_answer(), to = plain_answer();

        subject.subject = (char *)bad[i];
        author.author = (char *)bad[i];
        to.to = (char *)addresses[i];
        assert_int_equal(try_it(&subject, &mail, &why), FR_INVALID);
        assert_int_equal(try_it(&author, &mail, &why), FR_INVALID);
        assert_int_equal(try_it(&to, &mail, &why), FR_INVALID);
    }
}

static void
test_references_of_strangers_are_no_way_in(void **state)
{
    Fr__EmailQueued queued = plain_answer();
    char *references[] = {"<1@a.example>\r\nBcc: <x@y.example>", "<2@b.example>", "no id", "<>"};
    const char *mail;

    (void)state;
    queued.in_reply_to = "<x@y.example> Bcc: z";
    queued.references = references;
    queued.n_references = 4;
    mail = mail_of(&queued);
    has_not(mail, "Bcc");
    has_not(mail, "In-Reply-To");
    has(mail, "References: <2@b.example>\r\n");
    has_not(mail, "no id");
}

static void
test_any_script_is_written(void **state)
{
    Fr__EmailQueued queued = plain_answer();
    const char *mail;

    (void)state;
    queued.subject = "Bestellung f\xc3\xbcr J\xc3\xb6rg \xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e "
                     "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e";
    queued.author = "J\xc3\xb6rg";
    queued.text = "\xe2\x82\xac 5 = \xc3\xa4\n.dot\nFrom here";
    mail = mail_of(&queued);
    has(mail, "Subject: =?UTF-8?Q?Re=3A_Bestellung_f=C3=BCr_J=C3=B6rg_");
    has(mail, "From: =?UTF-8?Q?J=C3=B6rg_=28Acme=29?= <");
    has(mail, "=E2=82=AC 5 =3D =C3=A4\r\n=2Edot\r\n=46rom here");
    for (const char *line = mail; line != NULL; line = strstr(line, "\r\n")) {
        line += line == mail ? 0 : 2;
        assert_true(strcspn(line, "\r") <= 200); /* no line comes near 998 */
    }
}

static void
test_the_html_part_shows_text_and_nothing_else(void **state)
{
    struct email_writing html = {.arena = arena};

    (void)state;
    email_writing_html(&html,
                       fr_slice_str("<script>a & \"b\"</script>\nsee https://x.example/?a=1&b=2. "
                                    "javascript:alert(1) http://y.example/<b>"));
    assert_string_equal(html.bytes,
                        "&lt;script&gt;a &amp; &quot;b&quot;&lt;/script&gt;<br>\nsee "
                        "<a href=\"https://x.example/?a=1&amp;b=2\">https://x.example/?a=1&amp;b=2"
                        "</a>. javascript:alert(1) <a href=\"http://y.example/\">http://y.example/"
                        "</a>&lt;b&gt;");
}

static void
test_what_is_answered_is_quoted(void **state)
{
    Fr__EmailQueued queued = plain_answer();
    const char *mail;

    (void)state;
    has_not(mail_of(&queued), "wrote:");
    queued.quote_author = "Zoe";
    queued.quote_text = "First line\n> older\n";
    queued.quote_us = INT64_C(1800000000000000);
    mail = mail_of(&queued);
    has(mail, "On Fri, 15 Jan 2027 08:00:00 +0000, Zoe wrote:\r\n\r\n> First line\r\n>> older\r\n");
    has(mail, "<blockquote");
}

static void
test_quoted_printable_keeps_its_lines_short(void **state)
{
    struct email_writing text = {.arena = arena};
    char source[3000];

    (void)state;
    for (size_t i = 0; i < sizeof(source); i++)
        source[i] = (char)(i % 7 == 0 ? 0xc3 : i % 11 == 0 ? ' ' : 'x');
    email_writing_quoted_printable(&text, fr_slice(source, sizeof(source)));
    for (const char *line = text.bytes; line != NULL; line = strstr(line, "\r\n")) {
        line += line == text.bytes ? 0 : 2;
        assert_true(strcspn(line, "\r") <= 76);
    }
}

static void
test_bare_subjects(void **state)
{
    (void)state;
    assert_string_equal(email_bare_subject("Re: AW: Fwd: Hello"), "Hello");
    assert_string_equal(email_bare_subject("RE : Hello"), "RE : Hello");
    assert_string_equal(email_bare_subject("Regarding: x"), "Regarding: x");
    assert_string_equal(email_bare_subject("  re:re:x"), "x");
    assert_string_equal(email_bare_subject(""), "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_stands_in_an_answer),
        cmocka_unit_test(test_each_try_is_the_same_mail),
        cmocka_unit_test(test_automatic_mail_says_so),
        cmocka_unit_test(test_nothing_breaks_a_header),
        cmocka_unit_test(test_references_of_strangers_are_no_way_in),
        cmocka_unit_test(test_any_script_is_written),
        cmocka_unit_test(test_the_html_part_shows_text_and_nothing_else),
        cmocka_unit_test(test_what_is_answered_is_quoted),
        cmocka_unit_test(test_quoted_printable_keeps_its_lines_short),
        cmocka_unit_test(test_bare_subjects),
    };

    return cmocka_run_group_tests_name("compose", tests, setup, teardown);
}
