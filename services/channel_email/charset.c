/* charset.c - labels to converters, and converters that never give up.  See charset.h. */
#include "services/channel_email/charset.h"

#include <ctype.h>
#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "services/channel_email/charset_text.h"

#define LABEL_SIZE_MAX 48
#define JIS "ISO-2022-JP"

struct alias {
    const char *label, *name; /* lower case; what iconv knows */
};

/* clang-format off */
static const struct alias aliases[] = {
    { "ansi_x3.4-1968", "WINDOWS-1252" }, { "ascii", "WINDOWS-1252" },      { "us-ascii", "WINDOWS-1252" },
    { "iso-8859-1", "WINDOWS-1252" },     { "iso8859-1", "WINDOWS-1252" },  { "iso_8859-1", "WINDOWS-1252" },
    { "latin1", "WINDOWS-1252" },         { "latin-1", "WINDOWS-1252" },    { "iso-8859-1-windows-3.1-latin-1", "WINDOWS-1252" },
    { "iso-8859-9", "WINDOWS-1254" },     { "latin5", "WINDOWS-1254" },
    { "iso-8859-8-i", "ISO-8859-8" },     { "iso-8859-8-e", "ISO-8859-8" }, { "visual", "ISO-8859-8" },
    { "iso-8859-11", "CP874" },           { "tis-620", "CP874" },           { "windows-874", "CP874" },
    { "gb2312", "GB18030" },              { "gbk", "GB18030" },             { "x-gbk", "GB18030" },
    { "gb_2312-80", "GB18030" },          { "gb_2312", "GB18030" },         { "euc-cn", "GB18030" },
    { "cp936", "GB18030" },               { "ms936", "GB18030" },           { "gb18030", "GB18030" },
    { "big5", "BIG5-HKSCS" },             { "big5-hkscs", "BIG5-HKSCS" },   { "cn-big5", "BIG5-HKSCS" },
    { "x-x-big5", "BIG5-HKSCS" },         { "cp950", "BIG5-HKSCS" },
    { "ks_c_5601-1987", "UHC" },          { "ks_c_5601", "UHC" },           { "euc-kr", "UHC" },
    { "korean", "UHC" },                  { "ksc5601", "UHC" },             { "windows-949", "UHC" },
    { "cp949", "UHC" },
    { "shift_jis", "CP932" },             { "shift-jis", "CP932" },         { "sjis", "CP932" },
    { "x-sjis", "CP932" },                { "ms_kanji", "CP932" },          { "windows-31j", "CP932" },
    { "cp932", "CP932" },                 { "euc-jp", "EUC-JP-MS" },        { "x-euc-jp", "EUC-JP-MS" },
    { "cp51932", "EUC-JP-MS" },           { "iso-2022-jp", JIS }, { "cp50220", JIS },
    { "iso-2022-jp-2", JIS }, { "iso-2022-jp-1", JIS }, { "iso-2022-jp-ms", JIS },
    { "iso-2022-kr", "ISO-2022-KR" },     { "iso-2022-cn", "ISO-2022-CN" },
    { "koi8", "KOI8-R" },                 { "koi8-ru", "KOI8-U" },          { "cyrillic", "ISO-8859-5" },
    { "x-mac-roman", "MACINTOSH" },       { "macroman", "MACINTOSH" },      { "mac", "MACINTOSH" },
    { "x-mac-cyrillic", "MAC-CYRILLIC" }, { "x-mac-ce", "MAC-CENTRALEUROPE" },
    { "utf8", "UTF-8" },                  { "utf-8", "UTF-8" },             { "unicode-1-1-utf-8", "UTF-8" },
    { "utf8mb4", "UTF-8" },               { "x-unicode-2-0-utf-8", "UTF-8" },
    { "utf-7", "UTF-7" },                 { "utf7", "UTF-7" },              { "unicode-1-1-utf-7", "UTF-7" },
    { "unicode-2-0-utf-7", "UTF-7" },     { "utf-16", "UTF-16" },           { "utf-16le", "UTF-16LE" },
    { "utf-16be", "UTF-16BE" },           { "ucs-2", "UTF-16" },            { "unicode", "UTF-16" },
    { "utf-32", "UTF-32" },               { "hebrew", "ISO-8859-8" },       { "arabic", "ISO-8859-6" },
    { "greek", "ISO-8859-7" },            { "dos-862", "CP862" },           { "x-windows-949", "UHC" },
};
/* clang-format on */

/* Their label is their name, with "iso8859-5", "cp-850" and the like put right. */
static const char *const plain[] = {
    "ISO-8859-2",   "ISO-8859-3",   "ISO-8859-4",   "ISO-8859-5",   "ISO-8859-6",   "ISO-8859-7",
    "ISO-8859-8",   "ISO-8859-10",  "ISO-8859-13",  "ISO-8859-14",  "ISO-8859-15",  "ISO-8859-16",
    "WINDOWS-1250", "WINDOWS-1251", "WINDOWS-1252", "WINDOWS-1253", "WINDOWS-1254", "WINDOWS-1255",
    "WINDOWS-1256", "WINDOWS-1257", "WINDOWS-1258", "KOI8-R",       "KOI8-U",       "CP437",
    "CP737",        "CP775",        "CP850",        "CP852",        "CP855",        "CP857",
    "CP858",        "CP860",        "CP861",        "CP862",        "CP863",        "CP864",
    "CP865",        "CP866",        "CP869",        "HZ-GB-2312",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

unsigned
email_charset_preload(void)
{
    unsigned loaded = 0;

    /* The descriptors stay open for ever on purpose: that is what keeps the modules in memory. */
    for (size_t i = 0; i < COUNT(aliases); i++)
        loaded += iconv_open("UTF-8", aliases[i].name) != (iconv_t)-1;
    for (size_t i = 0; i < COUNT(plain); i++)
        loaded += iconv_open("UTF-8", plain[i]) != (iconv_t)-1;
    return loaded;
}

/* Lower case without quotes and blanks around it; "cp1252", "windows1252" and "iso8859-5" get the
 * form that the tables have. */
static void
tidy(const char *label, char *out)
{
    char lower[LABEL_SIZE_MAX];
    size_t size = 0;

    for (const char *c = label; *c != '\0' && *c != ';' && size < sizeof(lower) - 1; c++)
        if (isalnum((unsigned char)*c) || (size > 0 && strchr("-_.:+", *c) != NULL))
            lower[size++] = (char)tolower((unsigned char)*c);
    lower[size] = '\0';
    if (strncmp(lower, "cp125", 5) == 0 && size == 6)
        snprintf(out, LABEL_SIZE_MAX, "windows-%.4s", lower + 2);
    else if (strncmp(lower, "cp-", 3) == 0)
        snprintf(out, LABEL_SIZE_MAX, "cp%.*s", LABEL_SIZE_MAX - 4, lower + 3);
    else if (strncmp(lower, "ibm", 3) == 0 && isdigit((unsigned char)lower[3]))
        snprintf(out, LABEL_SIZE_MAX, "cp%.*s", LABEL_SIZE_MAX - 4, lower + 3);
    else if (strncmp(lower, "windows", 7) == 0 && isdigit((unsigned char)lower[7]))
        snprintf(out, LABEL_SIZE_MAX, "windows-%.*s", LABEL_SIZE_MAX - 10, lower + 7);
    else if (strncmp(lower, "x-cp125", 7) == 0)
        snprintf(out, LABEL_SIZE_MAX, "windows-%.4s", lower + 4);
    else if (strncmp(lower, "iso8859-", 8) == 0 || strncmp(lower, "iso_8859-", 9) == 0)
        snprintf(out, LABEL_SIZE_MAX, "iso-8859-%.*s", LABEL_SIZE_MAX - 10, strchr(lower, '-') + 1);
    else
        memcpy(out, lower, sizeof(lower));
}

const char *
email_charset_name(const char *label)
{
    char tidied[LABEL_SIZE_MAX];

    if (label == NULL)
        return NULL;
    tidy(label, tidied);
    for (size_t i = 0; i < COUNT(aliases); i++)
        if (strcmp(tidied, aliases[i].label) == 0)
            return aliases[i].name;
    for (size_t i = 0; i < COUNT(plain); i++)
        if (strcasecmp(tidied, plain[i]) == 0)
            return plain[i];
    return NULL;
}

/* Valid UTF-8 with something beyond ASCII; a character cut off at the very end is forgiven. */
static bool
looks_like_utf8(struct fr_slice bytes, bool *any_sequence)
{
    const char *at = bytes.data, *end = email_slice_end(bytes);
    bool beyond = false;

    *any_sequence = false;
    while (bytes.size > 0 && at < end) {
        const char *before = at;
        bool high = (uint8_t)*at >= 0x80;

        if (email_utf8_next(&at, end) == 0xfffd && high && at - before == 1)
            return beyond && end - before < 4;
        if (high)
            beyond = *any_sequence = true;
    }
    return beyond;
}

static bool
is_ascii(struct fr_slice bytes)
{
    const uint8_t *data = bytes.data;

    for (size_t i = 0; i < bytes.size; i++)
        if (data[i] >= 0x80)
            return false;
    return true;
}

/* Everything through the converter; what it does not know becomes U+FFFD, byte by byte. */
static void
convert(iconv_t converter, struct fr_slice bytes, struct email_text *out,
        struct email_charset_notes *notes)
{
    char *in = (char *)(uintptr_t)bytes.data;
    size_t left = bytes.size;

    char piece[1024];

    while (left > 0 && !out->cut) {
        char *end = piece;
        size_t room = sizeof(piece);
        size_t outcome = iconv(converter, &in, &left, &end, &room);
        int why = errno;

        email_text_add_slice(out, fr_slice(piece, (size_t)(end - piece)));
        if (outcome != (size_t)-1 || why == E2BIG)
            continue;
        email_text_put(out, 0xfffd);
        notes->broken = true;
        if (why == EINVAL) /* cut off inside a character */
            return;
        in++;
        left--;
    }
    /* windows-1258 and its like hold a letter back, in case an accent follows */
    in = piece;
    left = sizeof(piece);
    if (iconv(converter, NULL, NULL, &in, &left) != (size_t)-1)
        email_text_add_slice(out, fr_slice(piece, sizeof(piece) - left));
}

/* ISO-2022-JP by its escapes into EUC-JP, whose converter knows the characters that NEC and IBM
 * added (RFC 1468; JIS X 0202).  NULL: arena spent. */
static char *
jis_to_euc(struct fr_arena *arena, struct fr_slice bytes, size_t *size)
{
    const uint8_t *in = bytes.data;
    uint8_t *out = fr_arena_alloc(arena, bytes.size * 3 + 1);
    enum { ASCII, KANJI, KANJI_MORE, KANA } mode = ASCII;
    size_t n = 0;

    for (size_t i = 0; out != NULL && i < bytes.size; i++) {
        bool escape = in[i] == 0x1b && i + 2 < bytes.size;

        if (escape && in[i + 1] == '(') {
            mode = in[i + 2] == 'I' ? KANA : ASCII;
            i += 2;
        } else if (escape && in[i + 1] == '$') {
            bool more = in[i + 2] == '(' && i + 3 < bytes.size;

            mode = more && in[i + 3] == 'D' ? KANJI_MORE : KANJI;
            i += more ? 3 : 2;
        } else if (in[i] <= 0x20 || in[i] >= 0x7f || mode == ASCII) {
            mode = in[i] == '\n' ? ASCII : mode; /* each line begins anew */
            out[n++] = in[i];
        } else if (mode == KANA) {
            out[n++] = 0x8e;
            out[n++] = in[i] | 0x80;
        } else if (i + 1 < bytes.size && in[i + 1] > 0x20 && in[i + 1] < 0x7f) {
            if (mode == KANJI_MORE)
                out[n++] = 0x8f;
            out[n++] = in[i] | 0x80;
            out[n++] = in[++i] | 0x80;
        }
    }
    *size = n;
    return (char *)out;
}

static const char *
choose(struct fr_slice bytes, const char *label, const char *otherwise,
       struct email_charset_notes *notes)
{
    const char *name = email_charset_name(label);
    bool ascii_label = label != NULL && strcasestr(label, "ascii") != NULL;
    bool any_sequence;

    if (name != NULL && !ascii_label) {
        if (strcmp(name, "UTF-8") != 0 || looks_like_utf8(bytes, &any_sequence) || any_sequence)
            return name;
        if (is_ascii(bytes))
            return name;
    }
    notes->guessed = true;
    if (looks_like_utf8(bytes, &any_sequence))
        return "UTF-8";
    name = email_charset_name(otherwise);
    return name != NULL && strcmp(name, "UTF-8") != 0 ? name : "WINDOWS-1252";
}

char *
email_charset_decode(struct fr_arena *arena, struct fr_slice bytes, const char *label,
                     const char *otherwise, size_t max, struct email_charset_notes *notes)
{
    struct email_charset_notes ignored;
    struct email_text raw = email_text(arena, max + max / 8);
    const char *name;
    iconv_t converter;
    char *clean;

    if (notes == NULL)
        notes = &ignored;
    *notes = (struct email_charset_notes){0};
    name = choose(bytes, label, otherwise, notes);
    if (strcmp(name, JIS) == 0 && !is_ascii(bytes)) {
        name =
            "CP932"; /* what Japanese programs mean that send bytes beyond ASCII under that label */
    } else if (strcmp(name, JIS) == 0) {
        size_t size;
        char *euc = jis_to_euc(arena, bytes, &size);

        if (euc == NULL)
            return NULL;
        bytes = fr_slice(euc, size);
        name = "EUC-JP-MS";
    }
    if (strcmp(name, "UTF-8") == 0) {
        const uint8_t *data = bytes.data;

        if (bytes.size >= 3 && data[0] == 0xef && data[1] == 0xbb && data[2] == 0xbf)
            bytes = fr_slice(data + 3, bytes.size - 3);
        if (!fr_utf8_valid(bytes))
            notes->broken = true;
        return email_utf8_clean(arena, bytes, max, &notes->cut);
    }
    converter = iconv_open("UTF-8", name);
    if (converter == (iconv_t)-1) {
        notes->guessed = notes->broken = true;
        return email_utf8_clean(arena, bytes, max, &notes->cut);
    }
    convert(converter, bytes, &raw, notes);
    iconv_close(converter);
    clean = email_utf8_clean(arena, email_text_slice(&raw), max, &notes->cut);
    notes->cut |= raw.cut;
    return clean;
}
