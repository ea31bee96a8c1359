/* html_test.c - what of a page is text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include "services/channel_email/html.h"

struct page {
    const char *claim, *html, *text;
};

/* clang-format off */
static const struct page pages[] = {
    { "text is text", "Hello there", "Hello there" },
    { "blank space is one blank", "Hello \n\t there", "Hello there" },
    { "br ends a line", "a<br>b<BR/>c<br />d", "a\nb\nc\nd" },
    { "paragraphs have an empty line between them", "<p>a</p><p>b</p>", "a\n\nb" },
    { "divs are lines", "<div>a</div><div>b<div>c</div></div>", "a\nb\nc" },
    { "an empty div with a br is one empty line", "<div>a</div><div><br></div><div>b</div>", "a\n\nb" },
    { "list items", "<ul><li>a</li><li>b</li></ul>", "- a\n- b" },
    { "cells have a blank between them, rows a line each", "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc" },
    { "head, style and script are not shown", "<head><title>t</title><style>p{}</style></head><script>x<y</script>a", "a" },
    { "a style that never ends swallows the rest only", "a<style>p{}", "a" },
    { "comments are not shown", "a<!-- b --><!--[if mso]>x<![endif]-->c", "ac" },
    { "a comment that never ends does not swallow the mail", "a<!-- b > c", "a c" },
    { "named characters", "&lt;b&gt; &amp; &euro;&nbsp;5 &Auml;&hellip;", "<b> & € 5 Ä…" },
    { "numbered characters", "&#228;&#xE4;&#8364;&#x1F600;", "ää€😀" },
    { "numbers of windows-1252", "&#150;&#x80;", "–€" },
    { "no semicolon", "a&nbsp b &amp", "a  b &" },
    { "an & is an &", "AT&T &unknown; & x", "AT&T &unknown; & x" },
    { "a < is a <", "1 < 2 <3", "1 < 2 <3" },
    { "no code point is a replacement", "&#0;&#xD800;&#x110000;", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
    { "quotes are marked", "a<blockquote>b<br>c</blockquote>d", "a\n> b\n> c\nd" },
    { "quotes inside quotes", "<blockquote>a<blockquote>b</blockquote>c</blockquote>", "> a\n>> b\n> c" },
    { "the container of a mail program is a quote", "a<div class=\"gmail_quote\">On x wrote:<div>b</div></div><div>c</div>", "a\n> On x wrote:\n> b\nc" },
    { "a > in an attribute", "<a title=\"x > y\">b</a>", "b" },
    { "an attribute that never ends", "<a title=\"x>b</a>c", "bc" },
    { "a tag that never ends", "a<b", "a" },
    { "pre keeps its lines", "<pre>a\n b\n\nc</pre>", "a\n b\n\nc" },
    { "invisible fillers are dropped", "a&shy;b&zwnj;c\xe2\x80\x8b", "abc" },
    { "a rule is a line", "a<hr>b", "a\n____________________\nb" },
    { "unknown tags are nothing", "<o:p>a</o:p><foo>b</foo>", "ab" },
    { "nothing", "", "" },
    { "only tags", "<div><p></p></div>", "" },
};
/* clang-format on */

static void
pages_become_text(void **state)
{
    struct fr_arena *arena = fr_arena_new(65536, 16 * 1024 * 1024);

    (void)state;
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        char *text = email_html_text(arena, pages[i].html, 10000, NULL);

        if (strcmp(text, pages[i].text) != 0)
            print_error("%s\n", pages[i].claim);
        assert_string_equal(text, pages[i].text);
    }
    fr_arena_free(&arena);
}

/* `piece` six hundred thousand times: time must grow with the input and no faster. */
static void
endure(struct fr_arena *arena, const char *piece)
{
    size_t size = strlen(piece), count = 600000;
    char *html = fr_arena_alloc(arena, size * count + 1), *text;
    bool cut;

    for (size_t i = 0; i < count; i++)
        memcpy(html + i * size, piece, size);
    html[size * count] = '\0';
    text = email_html_text(arena, html, 1000, &cut);
    assert_true(strlen(text) <= 1000);
    fr_arena_reset(arena);
}

static void
hostile_pages_cost_no_more_than_others(void **state)
{
    static const char *const pieces[] = {"<!--",    "<!-- >",  "<!-->",  "<div>", "<blockquote>",
                                         "<style",  "<a b=\"", "&",      "&#",    "<a='\">",
                                         "<style>", "<",       "</div>", "<br>"};
    struct fr_arena *arena = fr_arena_new(65536, 64 * 1024 * 1024);

    (void)state;
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
        endure(arena, pieces[i]);
    fr_arena_free(&arena);
}

static void
images_that_are_shown_are_known(void **state)
{
    (void)state;
    assert_true(email_html_shows("<img src=\"cid:logo@shop.example\">", "logo@shop.example"));
    assert_true(email_html_shows("<img src='CID:LOGO@shop.example'>", "logo@shop.example"));
    assert_false(email_html_shows("<img src=\"cid:other@shop.example\">", "logo@shop.example"));
    assert_false(email_html_shows("logo@shop.example", "logo@shop.example"));
    assert_false(email_html_shows("cid:", ""));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_become_text),
        cmocka_unit_test(hostile_pages_cost_no_more_than_others),
        cmocka_unit_test(images_that_are_shown_are_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
