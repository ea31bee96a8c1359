/* mime_test.c - structure, its limits, and headers that are broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include "services/channel_email/mime.h"
#include "services/channel_email/mime_sniff.h"
#include "services/channel_email/parse.h"

static struct fr_arena *arena;

static Fr__EmailParsed *
parse(const char *mail)
{
    Fr__EmailParsed *parsed = NULL;
    const char *why = "";

    fr_arena_reset(arena);
    if (email_parse(fr_slice_str(mail), NULL, NULL, arena, &parsed, &why) != FR_OK)
        fail_msg("%s", why);
    return parsed;
}

/* levels multiparts inside one another, parts leaves in the innermost. */
static char *
nested(unsigned levels, unsigned parts)
{
    char *mail = malloc(levels * 100 + parts * 20 + 100), *at = mail;

    at += sprintf(at, "From: ann@mail.example\n");
    for (unsigned i = 0; i < levels; i++)
        at += sprintf(at, "Content-Type: multipart/mixed; boundary=\"b%u.\"\n\n--b%u.\n", i, i);
    at += sprintf(at, "\nx\n");
    for (unsigned i = 1; i < parts; i++)
        at += sprintf(at, "--b%u.\n\nx\n", levels - 1);
    return mail;
}

static enum fr_error
refusal(char *mail, const char **why)
{
    Fr__EmailParsed *parsed;
    enum fr_error err;

    fr_arena_reset(arena);
    err = email_parse(fr_slice_str(mail), NULL, NULL, arena, &parsed, why);
    free(mail);
    return err;
}

static void
limits_refuse_before_anything_is_allocated(void **state)
{
    const char *why = "";
    char *header;

    (void)state;
    assert_int_equal(refusal(nested(10, 1), &why), FR_OK);
    assert_int_equal(refusal(nested(11, 1), &why), FR_TOO_BIG);
    assert_non_null(strstr(why, "deep"));
    assert_int_equal(refusal(nested(1, 199), &why), FR_OK);
    assert_int_equal(refusal(nested(1, 200), &why), FR_TOO_BIG);
    assert_non_null(strstr(why, "parts"));
    header = malloc(70000);
    memset(header, 'x', 69999);
    header[69999] = '\0';
    memcpy(header, "From: ann", 9);
    assert_int_equal(refusal(header, &why), FR_TOO_BIG);
    assert_non_null(strstr(why, "header"));
}

static void
enclosed_mails_are_levels_too(void **state)
{
    char *mail = malloc(20000), *at = mail;
    const char *why = "";

    (void)state;
    at += sprintf(at, "From: ann@mail.example\n");
    for (int i = 0; i < 11; i++)
        at += sprintf(at, "Content-Type: message/rfc822\n\n");
    sprintf(at, "\nx");
    assert_int_equal(refusal(mail, &why), FR_TOO_BIG);
}

static void
nothing_is_no_mail(void **state)
{
    static const char *const no_mails[] = {"", "\n\n\n", "hello", "hello\nthere\n\nyou"};
    const char *why = "";

    (void)state;
    for (size_t i = 0; i < sizeof(no_mails) / sizeof(no_mails[0]); i++) {
        why = "";
        assert_int_equal(refusal(strdup(no_mails[i]), &why), FR_INVALID);
        assert_string_not_equal(why, "");
    }
}

struct shape {
    const char *claim, *mail, *from, *subject, *text;
};

/* clang-format off */
static const struct shape shapes[] = {
    { "an ordinary mail", "From: a@b.example\nSubject: s\n\nt", "a@b.example", "s", "t" },
    { "CRLF", "From: a@b.example\r\nSubject: s\r\n\r\nt\r\n", "a@b.example", "s", "t\n" },
    { "the line of a mailbox before it", "From a@b.example Mon Aug  3 10:12:00 2026\nFrom: a@b.example\nSubject: s\n\nt", "a@b.example", "s", "t" },
    { "blank lines before it", "\r\n \nFrom: a@b.example\nSubject: s\n\nt", "a@b.example", "s", "t" },
    { "words of a program before it", "--- forwarded by x ---\nFrom: a@b.example\nSubject: s\n\nt", "a@b.example", "s", "t" },
    { "a line that is no field", "From: a@b.example\nthis is not a field\nSubject: s\n\nt", "a@b.example", "s", "t" },
    { "a blank before the colon", "From : a@b.example\nSubject\t: s\n\nt", "a@b.example", "s", "t" },
    { "names in capitals", "FROM: a@b.example\nSUBJECT: s\n\nt", "a@b.example", "s", "t" },
    { "no empty line and no body", "From: a@b.example\nSubject: s", "a@b.example", "s", "" },
    { "two Content-Types: the first counts", "From: a@b.example\nContent-Type: text/plain; charset=koi8-r\nContent-Type: text/html\nSubject: s\n\n\xf4<b>", "a@b.example", "s", "Т<b>" },
    { "no sender, but one to answer", "Reply-To: a@b.example\nSubject: s\n\nt", "a@b.example", "s", "t" },
    { "two senders, one without a domain", "From: [??????]\nFrom: a@b.example\nSubject: s\n\nt", "a@b.example", "s", "t" },
    { "a folded subject", "From: a@b.example\nSubject: a\n b\n\tc\n\nt", "a@b.example", "a b c", "t" },
    { "quoted-printable", "From: a@b.example\nSubject: s\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=C3=BC=\nber", "a@b.example", "s", "über" },
    { "base64", "From: a@b.example\nSubject: s\nContent-Transfer-Encoding: base64\n\ndA==\n", "a@b.example", "s", "t" },
    { "an encoding that does not exist", "From: a@b.example\nSubject: s\nContent-Transfer-Encoding: 9bit\n\nt", "a@b.example", "s", "t" },
    { "HTML alone", "From: a@b.example\nSubject: s\nContent-Type: text/html\n\n<p>a</p><p>b</p>", "a@b.example", "s", "a\n\nb" },
    { "plain is preferred", "From: a@b.example\nSubject: s\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\nplain\n--b\nContent-Type: text/html\n\n<p>html</p>\n--b--\n", "a@b.example", "s", "plain" },
    { "a plain part that says nothing", "From: a@b.example\nSubject: s\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\n \n--b\nContent-Type: text/html\n\n<p>html</p>\n--b--\n", "a@b.example", "s", "html" },
    { "two texts", "From: a@b.example\nSubject: s\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n--b--\n", "a@b.example", "s", "one\n\ntwo" },
    { "a boundary that is never there", "From: a@b.example\nSubject: s\nContent-Type: multipart/mixed; boundary=b\n\nt", "a@b.example", "s", "" },
    { "a last delimiter that is missing", "From: a@b.example\nSubject: s\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nt", "a@b.example", "s", "t" },
};
/* clang-format on */

static void
shapes_are_understood(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        Fr__EmailParsed *parsed = parse(shapes[i].mail);
        const char *from = parsed->n_from == 0 ? "" : parsed->from[0]->address;
        const char *subject = parsed->subject == NULL ? "" : parsed->subject;

        if (strcmp(from, shapes[i].from) != 0 || strcmp(subject, shapes[i].subject) != 0 ||
            strcmp(parsed->text, shapes[i].text) != 0) {
            print_error("%s: [%s] [%s] [%s]\n", shapes[i].claim, from, subject, parsed->text);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

/* How mail programs quote in HTML. */
/* clang-format off */
static const struct { const char *claim, *html; } replies[] = {
    { "Gmail", "<div dir=\"ltr\">It is green.</div><br><div class=\"gmail_quote\"><div dir=\"ltr\" class=\"gmail_attr\">On Mon, Aug 3, 2026 at 10:12 AM Shop &lt;<a href=\"mailto:help@shop.example\">help@shop.example</a>&gt; wrote:<br></div><blockquote class=\"gmail_quote\"><div>Is it red?</div></blockquote></div>" },
    { "Outlook", "<html><head><style>p{}</style></head><body><div><p>It is green.<o:p></o:p></p><div style='border:none;border-top:solid #E1E1E1 1.0pt'><p><b>From:</b> Shop &lt;help@shop.example&gt;<br><b>Sent:</b> Monday, August 3, 2026 10:12 AM<br><b>To:</b> Ann<br><b>Subject:</b> Your jacket</p></div><p>Is it red?</p></div></body></html>" },
    { "Outlook on the web", "<div>It is green.</div><hr tabindex=\"-1\"><div id=\"divRplyFwdMsg\"><font><b>Von:</b> Shop &lt;help@shop.example&gt;<br><b>Gesendet:</b> Montag, 3. August 2026 10:12<br><b>An:</b> Ann<br><b>Betreff:</b> Jacke</font></div><div>Ist sie rot?</div>" },
    { "Apple Mail", "<body>It is green.<br><div><br><blockquote type=\"cite\"><div>On 3 Aug 2026, at 10:12, Shop &lt;help@shop.example&gt; wrote:</div><br><div>Is it red?</div></blockquote></div></body>" },
    { "Thunderbird", "<p>It is green.</p><div class=\"moz-cite-prefix\">Am 03.08.2026 um 10:12 schrieb Shop:<br></div><blockquote type=\"cite\" cite=\"mid:1@shop.example\">Is it red?</blockquote>" },
    { "a telephone", "<div>It is green.</div><div><br></div><div>Sent from my iPhone</div><div><br><blockquote>On 3 Aug 2026, at 10:12, Shop wrote:<br><br>Is it red?</blockquote></div>" },
};
/* clang-format on */

static void
replies_in_html_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
        char mail[2048];
        Fr__EmailParsed *parsed;

        snprintf(mail, sizeof(mail), "From: a@b.example\nContent-Type: text/html\n\n%s",
                 replies[i].html);
        parsed = parse(mail);
        if (strcmp(parsed->visible, "It is green.") != 0)
            fail_msg("%s: [%s] of [%s]", replies[i].claim, parsed->visible, parsed->text);
    }
}

struct file {
    const char *claim, *header, *name;
};

/* clang-format off */
static const struct file files[] = {
    { "a name", "Content-Disposition: attachment; filename=a.txt", "a.txt" },
    { "a name of the type", "Content-Type: application/pdf; name=\"a b.pdf\"", "a b.pdf" },
    { "RFC 2231", "Content-Disposition: attachment; filename*=utf-8''%C3%BCber.txt", "über.txt" },
    { "RFC 2231, in pieces", "Content-Disposition: attachment; filename*0=\"a-long-\";\n filename*1=\"name.txt\"", "a-long-name.txt" },
    { "RFC 2231, in pieces and encoded", "Content-Disposition: attachment; filename*0*=iso-8859-1''%FC;\n filename*1=\"ber.txt\"", "über.txt" },
    { "encoded words, against the rules", "Content-Disposition: attachment; filename=\"=?utf-8?Q?=C3=BCber.txt?=\"", "über.txt" },
    { "folders are not part of it", "Content-Disposition: attachment; filename=\"../../etc/passwd\"", "passwd" },
    { "nor are those of others", "Content-Disposition: attachment; filename=\"C:\\\\Users\\\\ann\\\\a.txt\"", "a.txt" },
    { "nor hidden names", "Content-Disposition: attachment; filename=\"..\"", "part-1.txt" },
    { "no name at all", "Content-Disposition: attachment", "part-1.txt" },
    { "described", "Content-Disposition: attachment\nContent-Description: The bill", "The bill.txt" },
    { "text written backwards to deceive", "Content-Disposition: attachment; filename*=utf-8''a%E2%80%AEtxt.exe", "atxt.exe" },
};
/* clang-format on */

static void
names_of_attachments(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char mail[1024];
        Fr__EmailParsed *parsed;

        snprintf(mail, sizeof(mail), "From: a@b.example\n%s\n\nx", files[i].header);
        parsed = parse(mail);
        if (parsed->n_attachments != 1)
            fail_msg("%s: no attachment", files[i].claim);
        if (strcmp(parsed->attachments[0]->name, files[i].name) != 0)
            fail_msg("%s: %s", files[i].claim, parsed->attachments[0]->name);
    }
}

static void
an_enclosed_mail_is_an_attachment_called_by_its_subject(void **state)
{
    Fr__EmailParsed *parsed =
        parse("From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nSee:\n--b\n"
              "Content-Type: message/rfc822\n\nFrom: c@d.example\nSubject: =?utf-8?Q?=C3=BCber?=\n"
              "Content-Type: multipart/mixed; boundary=i\n\n--i\n\nInside.\n--i--\n\n--b--\n");

    (void)state;
    assert_string_equal(parsed->text, "See:");
    assert_int_equal(parsed->n_attachments, 1);
    assert_string_equal(parsed->attachments[0]->name, "über.eml");
    assert_string_equal(parsed->attachments[0]->type, "message/rfc822");
}

static void
an_invite_is_understood_and_kept(void **state)
{
    Fr__EmailParsed *parsed = parse(
        "From: a@b.example\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\nCome.\n--b\n"
        "Content-Type: text/calendar; method=request; charset=utf-8\n\n"
        "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Paris\r\n"
        "DTSTART:19700101T000000\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:42@b.example\r\n"
        "SUMMARY:A walk\\, and\r\n  a talk\r\nDTSTART;TZID=Europe/Paris:20261121T100000\r\n"
        "BEGIN:VALARM\r\nORGANIZER:alarm\r\nEND:VALARM\r\nLOCATION:Paris\r\nEND:VEVENT\r\n"
        "END:VCALENDAR\r\n--b--\n");

    (void)state;
    assert_int_equal(parsed->n_invites, 1);
    assert_string_equal(parsed->invites[0]->method, "REQUEST");
    assert_string_equal(parsed->invites[0]->uid, "42@b.example");
    assert_string_equal(parsed->invites[0]->summary, "A walk, and a talk");
    assert_string_equal(parsed->invites[0]->start, "20261121T100000");
    assert_string_equal(parsed->invites[0]->time_zone, "Europe/Paris");
    assert_string_equal(parsed->invites[0]->location, "Paris");
    assert_null(parsed->invites[0]->organizer);
    assert_int_equal(parsed->n_attachments, 1);
    assert_string_equal(parsed->attachments[0]->type, "text/calendar");
}

static void
images_in_the_page_are_inline(void **state)
{
    Fr__EmailParsed *parsed =
        parse("From: a@b.example\nContent-Type: multipart/related; boundary=b\n\n--b\n"
              "Content-Type: text/html\n\n<img src=\"cid:one@b.example\">\n--b\n"
              "Content-Type: image/png\nContent-ID: <one@b.example>\n\n\x89PNG\r\n\x1a\n\n--b\n"
              "Content-Type: image/png\nContent-ID: <two@b.example>\n\n\x89PNG\r\n\x1a\n\n--b--\n");

    (void)state;
    assert_int_equal(parsed->n_attachments, 2);
    assert_true(parsed->attachments[0]->inline_image);
    assert_false(parsed->attachments[1]->inline_image);
    assert_string_equal(parsed->attachments[1]->content_id, "two@b.example");
}

struct sniffed {
    const char *bytes, *declared, *name, *type;
};

/* clang-format off */
static const struct sniffed sniffs[] = {
    { "%PDF-1.4", "image/png", "a.png", "application/pdf" },
    { "GIF89a", "application/octet-stream", NULL, "image/gif" },
    { "MZ\x90", "image/jpeg", "holiday.jpg", "application/vnd.microsoft.portable-executable" },
    { "PK\3\4....[Content_Types].xml word/document.xml", NULL, "a.zip", "application/vnd.openxmlformats-officedocument.wordprocessingml.document" },
    { "PK\3\4....", "application/vnd.ms-excel", "a.xls", "application/zip" },
    { "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", NULL, "a.XLS", "application/vnd.ms-excel" },
    { "\x78\x9f\x3e\x22", "application/ms-tnef", "winmail.dat", "application/ms-tnef" },
    { "a,b\n1,2\n", "text/csv", "a.csv", "text/csv" },
    { "<html><script>", "text/plain", "a.txt", "text/html" },
    { "  <svg onload=x>", "image/png", "a.png", "image/svg+xml" },
    { "plain words", "application/pdf", "a.pdf", "text/plain" },
    { "\1\2\3", "text/plain", "a.txt", "application/octet-stream" },
    { "", "image/png", "a.png", "application/octet-stream" },
};
/* clang-format on */

static void
types_are_those_of_the_content(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(sniffs) / sizeof(sniffs[0]); i++)
        assert_string_equal(
            email_sniff(fr_slice_str(sniffs[i].bytes), sniffs[i].declared, sniffs[i].name),
            sniffs[i].type);
}

static void
a_text_too_long_is_cut_and_said(void **state)
{
    size_t size = 2 * EMAIL_TEXT_MAX;
    char *mail = malloc(size + 1);
    Fr__EmailParsed *parsed;

    (void)state;
    memset(mail, 'x', size);
    mail[size] = '\0';
    for (size_t i = 99; i < size; i += 100)
        mail[i] = '\n';
    memcpy(mail, "From: a@b.example\nDate: Mon, 3 Aug 2026 10:12:00 +0200\nMessage-ID: <1@b>\n\n",
           74);
    parsed = parse(mail);
    free(mail);
    assert_true(strlen(parsed->text) <= EMAIL_TEXT_MAX);
    assert_int_equal(parsed->n_warnings, 1);
    assert_non_null(strstr(parsed->warnings[0], "cut"));
    assert_true(fr__email_parsed__get_packed_size(parsed) <= EMAIL_PARSED_MAX);
    assert_int_equal(parsed->date_us, INT64_C(1785744720) * 1000000);
}

/* As much text as there may be, in as many parts as there may be, saying nothing or a lot. */
static void
a_mail_of_nothing_but_text_stays_within_the_budget(void **state)
{
    static const char *const types[] = {"text/plain", "text/html", "text/html; charset=koi8-r",
                                        "text/plain; charset=iso-2022-jp", "text/calendar"};
    static const char fillers[] = " <\xe1 x";
    const unsigned parts = 190;
    size_t each = EMAIL_SIZE_MAX / parts - 200;
    char *mail = malloc(EMAIL_SIZE_MAX + 1000);

    (void)state;
    for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
        char *at = mail + sprintf(mail, "From: a@b.example\nContent-Type: multipart/mixed; "
                                        "boundary=b\n\n");
        Fr__EmailParsed *parsed;
        const char *why;

        for (unsigned i = 0; i < parts; i++) {
            at += sprintf(at, "--b\nContent-Type: %s\n\n", types[t]);
            memset(at, fillers[t], each);
            for (size_t n = 99; n < each; n += 100)
                at[n] = '\n';
            at += each;
            *at++ = '\n';
        }
        fr_arena_reset(arena);
        assert_int_equal(
            email_parse(fr_slice(mail, (size_t)(at - mail)), NULL, NULL, arena, &parsed, &why),
            FR_OK);
    }
    free(mail);
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
        cmocka_unit_test(limits_refuse_before_anything_is_allocated),
        cmocka_unit_test(enclosed_mails_are_levels_too),
        cmocka_unit_test(nothing_is_no_mail),
        cmocka_unit_test(shapes_are_understood),
        cmocka_unit_test(replies_in_html_are_found),
        cmocka_unit_test(names_of_attachments),
        cmocka_unit_test(an_enclosed_mail_is_an_attachment_called_by_its_subject),
        cmocka_unit_test(an_invite_is_understood_and_kept),
        cmocka_unit_test(images_in_the_page_are_inline),
        cmocka_unit_test(types_are_those_of_the_content),
        cmocka_unit_test(a_mail_of_nothing_but_text_stays_within_the_budget),
        cmocka_unit_test(a_text_too_long_is_cut_and_said),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
