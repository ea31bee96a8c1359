/* names.c - folding names and saying whether two of them can be one person's. */
#include "services/identity/names.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#define RAW_MAX 512 /* bytes of a name that are looked at */

/* Letters that no normal form takes apart. */
static const struct {
    ucs4_t letter;
    const char *written;
} letters[] = {
    {0x00e6, "ae"}, {0x0153, "oe"}, {0x00f8, "o"}, {0x0142, "l"},  {0x0111, "d"},
    {0x00f0, "d"},  {0x00fe, "th"}, {0x0131, "i"}, {0x0127, "h"},  {0x0167, "t"},
    {0x0138, "k"},  {0x014b, "n"},  {0x0180, "b"}, {0x1e9e, "ss"}, {0x00df, "ss"},
};

static const char *const particles =
    " de del della der den di da dos das du la le les van von vom zu zum zur af av ter ten te bin "
    "ibn bint abu al el ";
/* What people and programs write instead of a name; each word of a name being one makes it none. */
static const char *const no_names =
    " test tester testing na none null nil unknown unbekannt inconnu anonymous anonym anonyme anon "
    "noname nobody nemo name user guest visitor customer client caller kunde gast admin "
    "administrator webmaster postmaster undefined undisclosed private privat withheld restricted "
    "unavailable blocked wireless mobile whatsapp facebook instagram deleted asdf qwerty foo bar "
    "dummy sample lastname firstname surname forename no nn not given provided available "
    "applicable "
    "keine angabe baby boy girl infant newborn ";

enum title { NO_TITLE, ANY_TITLE, HER_TITLE, HIS_TITLE };
static const struct {
    const char *word;
    enum title title;
} titles[] = {
    {"mr", HIS_TITLE},       {"mister", HIS_TITLE},    {"sir", HIS_TITLE},
    {"herr", HIS_TITLE},     {"monsieur", HIS_TITLE},  {"senor", HIS_TITLE},
    {"signor", HIS_TITLE},   {"mrs", HER_TITLE},       {"ms", HER_TITLE},
    {"miss", HER_TITLE},     {"frau", HER_TITLE},      {"madame", HER_TITLE},
    {"mme", HER_TITLE},      {"mlle", HER_TITLE},      {"senora", HER_TITLE},
    {"signora", HER_TITLE},  {"dame", HER_TITLE},      {"lady", HER_TITLE},
    {"mx", ANY_TITLE},       {"dr", ANY_TITLE},        {"doctor", ANY_TITLE},
    {"prof", ANY_TITLE},     {"professor", ANY_TITLE}, {"rev", ANY_TITLE},
    {"reverend", ANY_TITLE}, {"lord", HIS_TITLE},      {"hon", ANY_TITLE},
};
static const struct {
    const char *word;
    uint8_t generation;
} generations[] = {
    {"sr", 1}, {"senior", 1}, {"jr", 2},  {"jnr", 2}, {"junior", 2},
    {"ii", 2}, {"2nd", 2},    {"iii", 3}, {"3rd", 3}, {"iv", 4},
};
static const char *const after_names = " phd md esq mba bsc msc obe mbe cbe dds rn cpa ";

/* ---- folding ---- */

static bool
is_among(const char *list, const char *word)
{
    size_t size = strlen(word);

    for (const char *found = list; size > 0 && (found = strstr(found, word)) != NULL; found++)
        if (found[-1] == ' ' && found[size] == ' ')
            return true;
    return false;
}

static const char *
written_out(ucs4_t letter)
{
    for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
        if (letters[i].letter == letter)
            return letters[i].written;
    return NULL;
}

static bool
joins_letters(ucs4_t c) /* O'Brien is one word */
{
    return c == '\'' || c == 0x2019 || c == 0x2018 || c == 0x02bc || c == 0x00b4 || c == '`';
}

/* Plain ASCII, the common case: lower case, words joined with one blank. */
static size_t
fold_ascii(const char *raw, size_t raw_size, char *out, size_t size)
{
    size_t used = 0;
    bool gap = false;

    for (size_t i = 0; i < raw_size; i++) {
        unsigned char c = (unsigned char)raw[i];

        if (joins_letters(c))
            continue;
        if (!isalnum(c)) {
            gap = used > 0;
            continue;
        }
        if (used + 3 > size)
            break;
        if (gap)
            out[used++] = ' ';
        gap = false;
        out[used++] = (char)tolower(c);
    }
    out[used] = '\0';
    return used;
}

static size_t
fold_unicode(const char *raw, size_t raw_size, char *out, size_t size)
{
    uint8_t buffer[8 * RAW_MAX], *folded;
    size_t folded_size = sizeof(buffer), used = 0;
    bool gap = false;

    out[0] = '\0';
    folded = u8_casefold((const uint8_t *)raw, raw_size, NULL, UNINORM_NFKD, buffer, &folded_size);
    if (folded == NULL)
        return 0;
    for (size_t i = 0; i < folded_size;) {
        uint8_t letter[8];
        const char *written;
        ucs4_t c;
        int step = u8_mbtouc(&c, folded + i, folded_size - i), bytes;

        i += (size_t)step;
        if (uc_is_general_category(c, UC_MARK) || joins_letters(c))
            continue;
        if (!uc_is_general_category(c, UC_LETTER) &&
            !uc_is_general_category(c, UC_DECIMAL_DIGIT_NUMBER)) {
            gap = used > 0;
            continue;
        }
        written = written_out(c);
        bytes = written != NULL ? (int)strlen(written) : u8_uctomb(letter, c, sizeof(letter));
        if (bytes < 0 || used + (size_t)bytes + 2 > size)
            break;
        if (gap)
            out[used++] = ' ';
        gap = false;
        memcpy(out + used, written != NULL ? (const void *)written : letter, (size_t)bytes);
        used += (size_t)bytes;
    }
    if (folded != buffer)
        free(folded);
    out[used] = '\0';
    return used;
}

static size_t
fold(const char *raw, size_t raw_size, char *out, size_t size)
{
    out[0] = '\0';
    for (size_t i = 0; i < raw_size; i++)
        if ((unsigned char)raw[i] >= 0x80)
            return u8_check((const uint8_t *)raw, raw_size) != NULL
                       ? 0
                       : fold_unicode(raw, raw_size, out, size);
    return fold_ascii(raw, raw_size, out, size);
}

/* The size of raw, cut at a letter's edge where it is too long. */
static size_t
raw_size_of(const char *raw)
{
    size_t size = strnlen(raw, RAW_MAX + 1);

    if (size <= RAW_MAX)
        return size;
    for (size = RAW_MAX; size > 0 && ((unsigned char)raw[size] & 0xc0) == 0x80; size--)
        ;
    return size;
}

size_t
identity_fold_text(const char *raw, char *out, size_t size)
{
    out[0] = '\0';
    return raw == NULL ? 0 : fold(raw, raw_size_of(raw), out, size);
}

/* ---- from text to words ---- */

static enum title
title_of(const char *word)
{
    for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
        if (strcmp(titles[i].word, word) == 0)
            return titles[i].title;
    return NO_TITLE;
}

static uint8_t
generation_of(const char *word)
{
    for (size_t i = 0; i < sizeof(generations) / sizeof(generations[0]); i++)
        if (strcmp(generations[i].word, word) == 0)
            return generations[i].generation;
    return 0;
}

static void
take_title(struct identity_name *name, enum title title)
{
    name->titled = true;
    if (title == HER_TITLE)
        name->gender = IDENTITY_FEMALE;
    if (title == HIS_TITLE)
        name->gender = IDENTITY_MALE;
}

static bool
has_digit(const char *word)
{
    return strpbrk(word, "0123456789") != NULL;
}

static bool
one_letter_repeated(const char *word)
{
    return strlen(word) > 1 && strspn(word, (char[]){word[0], '\0'}) == strlen(word) &&
           strcmp(word, "oo") != 0;
}

static void
add_word(struct identity_name *name, size_t *used, const char *word)
{
    size_t size = strlen(word);
    struct identity_name_word *added = &name->words[name->count];

    if (name->count == IDENTITY_NAME_WORDS_MAX || *used + size + 1 > IDENTITY_NAME_SIZE)
        return;
    memcpy(name->text + *used, word, size + 1);
    added->at = (uint8_t)*used;
    added->size = (uint8_t)size;
    added->initial = (unsigned char)word[0] < 0xe1 && !has_digit(word) &&
                     u8_mbsnlen((const uint8_t *)word, size) == 1;
    added->particle = name->count > 0 && is_among(particles, word);
    *used += size + 1;
    name->count++;
}

/* Adds the words of a folded text; titles, degrees and generations go where they belong.  `behind`:
 * the text stood behind a comma, where a degree may come first. */
static void
add_words(struct identity_name *name, size_t *used, char *text, bool behind, bool *nobody)
{
    char *rest = text;

    for (char *word; (word = strsep(&rest, " ")) != NULL;) {
        enum title title = title_of(word);
        bool late = behind || name->count > 0;
        uint8_t generation = late ? generation_of(word) : 0;

        if (word[0] == '\0' || (late && is_among(after_names, word)))
            continue;
        if (title != NO_TITLE && name->count == 0) {
            take_title(name, title);
            continue;
        }
        if (generation != 0) {
            name->generation = generation;
            continue;
        }
        if ((has_digit(word) && name->count == 0) || one_letter_repeated(word))
            continue; /* user4711, xxx; but guest 3 is not guest 4 */
        if (!is_among(no_names, word))
            *nobody = false;
        add_word(name, used, word);
    }
}

/* "Ann & Bob", an address, "n/a": text that is nobody's name. */
static bool
is_no_name(const char *raw, const char *folded)
{
    static const char *const joint = " and und et ";
    char copy[IDENTITY_NAME_SIZE], *rest = copy;

    if (strpbrk(raw, "@&<>{}") != NULL || strstr(raw, "://") != NULL)
        return true;
    if (strcmp(folded, "n a") == 0 || strcmp(folded, "n n") == 0 || strcmp(folded, "k a") == 0)
        return true;
    snprintf(copy, sizeof(copy), "%s", folded);
    for (char *word; (word = strsep(&rest, " ")) != NULL;)
        if (is_among(joint, word))
            return true;
    return false;
}

void
identity_name_fold(const char *raw, struct identity_name *name)
{
    char folded[IDENTITY_NAME_SIZE], family[IDENTITY_NAME_SIZE];
    const char *comma;
    size_t used = 0, raw_size;
    bool nobody = true;

    memset(name, 0, sizeof(*name));
    if (raw == NULL)
        return;
    raw_size = raw_size_of(raw);
    if (fold(raw, raw_size, folded, sizeof(folded)) == 0 || is_no_name(raw, folded))
        return;
    comma = memchr(raw, ',', raw_size);
    if (comma != NULL) { /* "Family, Given"; what follows "Given Family," are degrees: no matter */
        fold(raw, (size_t)(comma - raw), family, sizeof(family));
        fold(comma + 1, raw_size - (size_t)(comma + 1 - raw), folded, sizeof(folded));
        add_words(name, &used, folded, true, &nobody);
        add_words(name, &used, family, false, &nobody);
    } else
        add_words(name, &used, folded, false, &nobody);
    if (nobody)
        name->count = 0;
}

/* ---- comparing ---- */

enum agreement { NOTHING, INITIAL, SLIP, SHORT_FORM, EQUAL };

/* ae, oe, ue as a, o, u: how people without the key write what others write with two dots. */
static void
without_second_e(const char *word, char out[IDENTITY_NAME_SIZE])
{
    size_t used = 0;

    for (const char *c = word; *c != '\0'; c++)
        if (!(*c == 'e' && c > word && strchr("aou", c[-1]) != NULL && c[1] != '\0'))
            out[used++] = *c;
    out[used] = '\0';
}

static bool
same_spelling(const char *a, const char *b)
{
    char x[IDENTITY_NAME_SIZE], y[IDENTITY_NAME_SIZE];

    if (strcmp(a, b) == 0)
        return true;
    without_second_e(a, x);
    without_second_e(b, y);
    return strcmp(x, y) == 0;
}

/* One letter wrong, missing, too many, or two swapped, behind the first and before the last: Maria
 * and Mario, Paul and Paula are two persons, and a family's names often differ in the first.  Short
 * words are not given that much: Marta is not Maria. */
static bool
slip_of_the_pen(const char *a, const char *b)
{
    size_t a_size = strlen(a), b_size = strlen(b), head = 0, tail = 0, a_rest, b_rest;

    if (a_size < 4 || b_size < 4 || a_size > b_size + 1 || b_size > a_size + 1)
        return false;
    while (head < a_size && head < b_size && a[head] == b[head])
        head++;
    while (tail < a_size - head && tail < b_size - head &&
           a[a_size - 1 - tail] == b[b_size - 1 - tail])
        tail++;
    a_rest = a_size - head - tail;
    b_rest = b_size - head - tail;
    if (head == 0 || tail == 0)
        return false;
    if (a_rest == 2 && b_rest == 2)
        return a[head] == b[head + 1] && a[head + 1] == b[head];
    return a_rest <= 1 && b_rest <= 1 && a_size + b_size > (a_size == b_size ? 11 : 8);
}

static enum agreement
word_agreement(const struct identity_name *a, size_t i, const struct identity_name *b, size_t j,
               const struct identity_nicknames *more)
{
    const char *x = identity_name_word(a, i), *y = identity_name_word(b, j);

    if (has_digit(x) || has_digit(y))
        return strcmp(x, y) == 0 ? EQUAL : NOTHING;
    if (same_spelling(x, y))
        return a->words[i].initial ? INITIAL : EQUAL;
    if (a->words[i].initial || b->words[j].initial)
        return strncmp(x, y, a->words[i].initial ? a->words[i].size : b->words[j].size) == 0
                   ? INITIAL
                   : NOTHING;
    if (identity_nicknames_agree(x, y, more))
        return SHORT_FORM;
    if (!slip_of_the_pen(x, y))
        return NOTHING;
    /* Two names that people have are two names, however near. */
    return identity_nicknames_know(x) && identity_nicknames_know(y) ? NOTHING : SLIP;
}

struct pairing {
    size_t paired, slips, initials;
    bool a_left, b_left; /* words that found no partner, particles aside */
};

/* One to one, the best agreement first. */
static void
pair_words(const struct identity_name *a, const struct identity_name *b,
           const struct identity_nicknames *more, struct pairing *pairing)
{
    enum agreement agreements[IDENTITY_NAME_WORDS_MAX][IDENTITY_NAME_WORDS_MAX];
    bool a_taken[IDENTITY_NAME_WORDS_MAX] = {false}, b_taken[IDENTITY_NAME_WORDS_MAX] = {false};

    *pairing = (struct pairing){0};
    for (size_t i = 0; i < a->count; i++)
        for (size_t j = 0; j < b->count; j++)
            agreements[i][j] = word_agreement(a, i, b, j, more);
    for (int level = EQUAL; level > NOTHING; level--)
        for (size_t i = 0; i < a->count; i++)
            for (size_t j = 0; j < b->count; j++) {
                if (a_taken[i] || b_taken[j] || agreements[i][j] != (enum agreement)level)
                    continue;
                a_taken[i] = b_taken[j] = true;
                pairing->paired++;
                pairing->slips += level == SLIP;
                pairing->initials += level == INITIAL;
            }
    for (size_t i = 0; i < a->count; i++)
        pairing->a_left = pairing->a_left || (!a_taken[i] && !a->words[i].particle);
    for (size_t j = 0; j < b->count; j++)
        pairing->b_left = pairing->b_left || (!b_taken[j] && !b->words[j].particle);
}

/* Mac Donald and MacDonald, Jean-Luc and Jeanluc: the same letters with other gaps. */
static bool
same_letters(const struct identity_name *a, const struct identity_name *b)
{
    char x[IDENTITY_NAME_SIZE], y[IDENTITY_NAME_SIZE];
    size_t x_used = 0, y_used = 0;

    if (a->count == b->count)
        return false; /* the pairing saw everything there is to see */
    for (size_t i = 0; i < a->count; i++, x_used += a->words[i - 1].size)
        memcpy(x + x_used, identity_name_word(a, i), a->words[i].size);
    for (size_t j = 0; j < b->count; j++, y_used += b->words[j - 1].size)
        memcpy(y + y_used, identity_name_word(b, j), b->words[j].size);
    return x_used == y_used && memcmp(x, y, x_used) == 0;
}

static size_t
real_words(const struct identity_name *name)
{
    size_t count = 0;

    for (size_t i = 0; i < name->count; i++)
        count += !name->words[i].particle && !name->words[i].initial;
    return count;
}

/* "Mr Smith" and "John": a surname and a given name say nothing about one another. */
static bool
say_different_things(const struct identity_name *a, const struct identity_name *b)
{
    if (a->count != 1 || b->count != 1 || a->titled == b->titled)
        return false;
    return identity_nicknames_know(identity_name_word(a->titled ? b : a, 0));
}

enum identity_names
identity_names_compare(const struct identity_name *a, const struct identity_name *b,
                       const struct identity_nicknames *more)
{
    struct pairing pairing;

    if (real_words(a) + real_words(b) == 0 || a->count == 0 || b->count == 0)
        return IDENTITY_NAMES_UNKNOWN;
    if ((a->count == 1 && a->words[0].initial) || (b->count == 1 && b->words[0].initial))
        return IDENTITY_NAMES_UNKNOWN; /* one letter is no name */
    if (a->generation != 0 && b->generation != 0 && a->generation != b->generation)
        return IDENTITY_NAMES_INCOMPATIBLE;
    if (a->gender != IDENTITY_GENDER_UNKNOWN && b->gender != IDENTITY_GENDER_UNKNOWN &&
        a->gender != b->gender)
        return IDENTITY_NAMES_INCOMPATIBLE;
    if (same_letters(a, b))
        return IDENTITY_NAMES_SAME;
    pair_words(a, b, more, &pairing);
    if ((pairing.a_left && pairing.b_left) || pairing.paired == 0 || pairing.slips > 1)
        return say_different_things(a, b) ? IDENTITY_NAMES_UNKNOWN : IDENTITY_NAMES_INCOMPATIBLE;
    if (pairing.slips + pairing.initials == pairing.paired)
        return IDENTITY_NAMES_UNKNOWN; /* nothing firm among them: "J. S.", "Jhon" */
    if (pairing.a_left || pairing.b_left || pairing.slips > 0 || pairing.initials > 0 ||
        real_words(a) < 2 || real_words(b) < 2)
        return IDENTITY_NAMES_COMPATIBLE;
    return IDENTITY_NAMES_SAME;
}

enum identity_names
identity_names_verdict(const char *a, const char *b, const struct identity_nicknames *more)
{
    struct identity_name x, y;

    identity_name_fold(a, &x);
    identity_name_fold(b, &y);
    return identity_names_compare(&x, &y, more);
}

const char *
identity_names_text(enum identity_names verdict)
{
    static const char *const texts[] = {"unknown", "incompatible", "compatible", "same"};

    return texts[verdict];
}
