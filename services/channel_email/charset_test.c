/* charset_test.c - labels, missing labels, wrong labels; encoded words as they are sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <string.h>
#include "services/channel_email/charset.h"
#include "services/channel_email/charset_text.h"

struct decoding {
    const char *claim, *label, *otherwise, *bytes, *expected;
};

/* clang-format off */
static const struct decoding cases[] = {
    { "UTF-8 as it is", "utf-8", NULL, "Gr\xc3\xbc\xc3\x9f" "e", "Grüße" },
    { "iso-8859-1 is windows-1252, as everybody means it", "iso-8859-1", NULL, "\x93quoted\x94 \x80 5", "“quoted” € 5" },
    { "a label in quotes and capitals", "\"ISO-8859-1\"", NULL, "\xfc", "ü" },
    { "cp1251 without its name's windows", "cp1251", NULL, "\xcf\xf0\xe8\xe2\xe5\xf2", "Привет" },
    { "KOI8-R", "koi8-r", NULL, "\xf0\xd2\xc9\xd7\xc5\xd4", "Привет" },
    { "gb2312 is gb18030", "gb2312", NULL, "\xc4\xe3\xba\xc3", "你好" },
    { "Big5", "big5", NULL, "\xa7\x41\xa6\x6e", "你好" },
    { "Korean", "ks_c_5601-1987", NULL, "\xbe\xc8\xb3\xe7", "안녕" },
    { "Shift_JIS", "x-sjis", NULL, "\x83\x63\x81\x5b\x83\x8b", "ツール" },
    { "ISO-2022-JP with the characters of NEC", "iso-2022-jp", NULL, "\x1b$B-!\x1b(B1\x1b$B8)\x1b(B", "①1県" },
    { "ISO-2022-JP with half-width kana", "iso-2022-jp", NULL, "\x1b(I1\x1b(B", "ｱ" },
    { "Shift_JIS under the label of ISO-2022-JP", "iso-2022-jp", NULL, "\x83\x63", "ツ" },
    { "UTF-7", "utf-7", NULL, "Gr+APwA3w-e", "Grüße" },
    { "no label, valid UTF-8", NULL, NULL, "Gr\xc3\xbc\xc3\x9f" "e", "Grüße" },
    { "no label, something else", NULL, NULL, "Gr\xfc\xdf" "e", "Grüße" },
    { "no label, but one is likely", NULL, "koi8-r", "\xf0\xd2\xc9\xd7\xc5\xd4", "Привет" },
    { "an unknown label", "x-unknown", NULL, "Gr\xfc\xdf" "e", "Grüße" },
    { "us-ascii that is not", "us-ascii", NULL, "Gr\xc3\xbc\xc3\x9f" "e", "Grüße" },
    { "utf-8 that is latin 1", "utf-8", NULL, "Gr\xfc\xdf" "e", "Grüße" },
    { "utf-8 with one broken byte keeps the rest", "utf-8", NULL, "\xc3\xbc\xff\xc3\x9f", "ü\xef\xbf\xbdß" },
    { "a byte order mark is no text", "utf-8", NULL, "\xef\xbb\xbf" "a", "a" },
    { "windows-1258 gives back the letter that it held", "windows-1258", NULL, "me", "me" },
    { "line ends become LF", NULL, NULL, "a\r\nb\rc\n", "a\nb\nc\n" },
    { "control characters are dropped", NULL, NULL, "a\x1b[31m\x07" "b\tc", "a[31mb\tc" },
    { "hebrew with direction in its name", "iso-8859-8-i", NULL, "\xf9\xec\xe5\xed", "שלום" },
    { "turkish", "iso-8859-9", NULL, "\xfe", "ş" },
};

static const struct decoding words[] = {
    { "plain", NULL, NULL, "Hello there", "Hello there" },
    { "folded", NULL, NULL, "Hello\r\n there", "Hello there" },
    { "Q", NULL, NULL, "=?iso-8859-1?Q?Gr=FC=DFe_an_alle?=", "Grüße an alle" },
    { "B", NULL, NULL, "=?UTF-8?B?R3LDvMOfZQ==?=", "Grüße" },
    { "blanks between words are not text", NULL, NULL, "=?utf-8?Q?a?=\r\n =?utf-8?Q?b?=", "ab" },
    { "blanks beside words are", NULL, NULL, "x =?utf-8?Q?a?= y", "x a y" },
    { "split inside a character", NULL, NULL, "=?utf-8?Q?Gr=C3?= =?utf-8?Q?=BC=C3?= =?utf-8?Q?=9Fe?=", "Grüße" },
    { "split inside a character, base64", NULL, NULL, "=?utf-8?B?R3LD?= =?utf-8?B?vMOfZQ==?=", "Grüße" },
    { "no blanks around it", NULL, NULL, "Re:=?utf-8?Q?=C3=BC?=ber", "Re:über" },
    { "blanks inside it", NULL, NULL, "=?utf-8?Q?Gr=C3=BC=C3=9Fe an alle?=", "Grüße an alle" },
    { "a language after the charset", NULL, NULL, "=?utf-8*de?Q?=C3=BC?=", "ü" },
    { "its end is missing", NULL, NULL, "=?utf-8?Q?abc", "=?utf-8?Q?abc" },
    { "an unknown charset is guessed", NULL, NULL, "=?x-none?Q?Gr=FC=DFe?=", "Grüße" },
    { "no such encoding", NULL, NULL, "=?utf-8?X?abc?=", "=?utf-8?X?abc?=" },
    { "raw UTF-8", NULL, NULL, "Gr\xc3\xbc\xc3\x9f" "e", "Grüße" },
    { "raw bytes in the charset of the text", NULL, "windows-1251", "\xcf\xf0\xe8", "При" },
    { "a line end hidden in a word is no line end", NULL, NULL, "=?utf-8?Q?a=0D=0ABcc:_x?=", "a Bcc: x" },
    { "a NUL hidden in a word is dropped", NULL, NULL, "=?utf-8?Q?a=00b?=", "ab" },
    { "empty", NULL, NULL, "=?utf-8?Q?" "?=", "" },
};
/* clang-format on */

static void
texts_are_decoded(void **state)
{
    struct fr_arena *arena = fr_arena_new(65536, 16 * 1024 * 1024);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *text = email_charset_decode(arena, fr_slice_str(cases[i].bytes), cases[i].label,
                                          cases[i].otherwise, 1000, NULL);

        if (strcmp(text, cases[i].expected) != 0)
            print_error("%s\n", cases[i].claim);
        assert_string_equal(text, cases[i].expected);
    }
    fr_arena_free(&arena);
}

static void
words_are_decoded(void **state)
{
    struct fr_arena *arena = fr_arena_new(65536, 16 * 1024 * 1024);

    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        char *text = email_words_decode(arena, fr_slice_str(words[i].bytes), words[i].otherwise);

        if (strcmp(text, words[i].expected) != 0)
            print_error("%s\n", words[i].claim);
        assert_string_equal(text, words[i].expected);
    }
    fr_arena_free(&arena);
}

static void
too_long_is_cut_between_characters_and_said(void **state)
{
    struct fr_arena *arena = fr_arena_new(65536, 16 * 1024 * 1024);
    struct email_charset_notes notes;
    char *text = email_charset_decode(arena, fr_slice_str("\xc3\xbc\xc3\xbc\xc3\xbc"), "utf-8",
                                      NULL, 5, &notes);

    (void)state;
    assert_string_equal(text, "üü");
    assert_true(notes.cut);
    text = email_charset_decode(arena, fr_slice_str("\xfc\xfc\xfc"), "latin1", NULL, 5, &notes);
    assert_string_equal(text, "üü");
    assert_true(notes.cut);
    fr_arena_free(&arena);
}

static void
what_was_guessed_or_broken_is_said(void **state)
{
    struct fr_arena *arena = fr_arena_new(65536, 16 * 1024 * 1024);
    struct email_charset_notes notes;

    (void)state;
    email_charset_decode(arena, fr_slice_str("\xfc"), "x-none", NULL, 9, &notes);
    assert_true(notes.guessed && !notes.broken);
    email_charset_decode(arena, fr_slice_str("\xff\xff"), "shift_jis", NULL, 9, &notes);
    assert_true(notes.broken && !notes.guessed);
    email_charset_decode(arena, fr_slice_str("plain"), "utf-8", NULL, 9, &notes);
    assert_true(!notes.broken && !notes.guessed && !notes.cut);
    fr_arena_free(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_decoded),
        cmocka_unit_test(words_are_decoded),
        cmocka_unit_test(too_long_is_cut_between_characters_and_said),
        cmocka_unit_test(what_was_guessed_or_broken_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
