/* compare.c - levels of agreement, field by field. */
#include "services/identity/compare.h"

#include <ctype.h>
#include <string.h>

#define LETTERS_MAX (IDENTITY_FIELD_SIZE - 1)

/* ---- similarities ---- */

/* How many letters have a partner within half the longer text, and how many of those are out of
 * order. */
static size_t
common_letters(const char *a, size_t a_size, const char *b, size_t b_size, size_t *swapped)
{
    bool a_used[LETTERS_MAX] = {false}, b_used[LETTERS_MAX] = {false};
    size_t longer = a_size > b_size ? a_size : b_size, reach = longer / 2, common = 0, j = 0;

    reach = reach > 0 ? reach - 1 : 0;
    for (size_t i = 0; i < a_size; i++) {
        size_t from = i > reach ? i - reach : 0;
        size_t to = i + reach + 1 < b_size ? i + reach + 1 : b_size;

        for (size_t k = from; k < to; k++)
            if (!b_used[k] && a[i] == b[k]) {
                a_used[i] = b_used[k] = true;
                common++;
                break;
            }
    }
    *swapped = 0;
    for (size_t i = 0; i < a_size; i++) {
        if (!a_used[i])
            continue;
        while (!b_used[j])
            j++;
        *swapped += a[i] != b[j++];
    }
    *swapped /= 2;
    return common;
}

double
identity_jaro_winkler(const char *a, const char *b)
{
    size_t a_size = strnlen(a, LETTERS_MAX), b_size = strnlen(b, LETTERS_MAX), swapped, prefix = 0;
    size_t common = common_letters(a, a_size, b, b_size, &swapped);
    double jaro, m = (double)common;

    if (common == 0)
        return 0;
    jaro = (m / (double)a_size + m / (double)b_size + (m - (double)swapped) / m) / 3;
    while (prefix < 4 && prefix < a_size && prefix < b_size && a[prefix] == b[prefix])
        prefix++;
    return jaro + 0.1 * (double)prefix * (1 - jaro);
}

static size_t
least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t
identity_distance(const char *a, const char *b, size_t most)
{
    size_t rows[3][LETTERS_MAX + 1], *before = rows[0], *last = rows[1], *now = rows[2];
    size_t a_size = strnlen(a, LETTERS_MAX), b_size = strnlen(b, LETTERS_MAX);

    if (a_size > b_size + most || b_size > a_size + most)
        return most + 1;
    for (size_t j = 0; j <= b_size; j++)
        last[j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        size_t *spare = before, best = i;

        now[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], before[j - 2] + 1);
            best = least(best, now[j]);
        }
        if (best > most)
            return most + 1;
        before = last;
        last = now;
        now = spare;
    }
    return least(last[b_size], most + 1);
}

/* ---- levels ---- */

/* Words of a text that stand in another as well, beyond those of one or two letters. */
static bool
shares_a_word(const char *a, const char *b, size_t size_min)
{
    for (const char *word = a; *word != '\0';) {
        size_t size = strcspn(word, " ");

        for (const char *other = b; size >= size_min && *other != '\0';) {
            size_t other_size = strcspn(other, " ");

            if (size == other_size && memcmp(word, other, size) == 0)
                return true;
            other += other_size + (other[other_size] == ' ');
        }
        word += size + (word[size] == ' ');
    }
    return false;
}

static enum identity_level
text_level(const char *a, const char *b, double near, double close)
{
    double alike;

    if (strcmp(a, b) == 0)
        return IDENTITY_LEVEL_EXACT;
    if (strlen(a) > 3 && strlen(b) > 3 && identity_distance(a, b, 1) <= 1)
        return IDENTITY_LEVEL_NEAR;
    alike = identity_jaro_winkler(a, b);
    return alike >= near    ? IDENTITY_LEVEL_NEAR
           : alike >= close ? IDENTITY_LEVEL_CLOSE
                            : IDENTITY_LEVEL_DIFFERS;
}

/* The first words: Bob James is Robert. */
static bool
short_form(const char *a, size_t a_size, const char *b, size_t b_size)
{
    char x[IDENTITY_FIELD_SIZE], y[IDENTITY_FIELD_SIZE];

    if (a_size >= sizeof(x) || b_size >= sizeof(y))
        return false;
    memcpy(x, a, a_size);
    memcpy(y, b, b_size);
    x[a_size] = y[b_size] = '\0';
    return identity_nicknames_agree(x, y, NULL);
}

static enum identity_level
given_level(const char *a, const char *b)
{
    size_t a_size = strcspn(a, " "), b_size = strcspn(b, " ");
    enum identity_level level = text_level(a, b, 0.90, 0.78);

    if (level <= IDENTITY_LEVEL_NEAR)
        return level;
    if (a_size == 1 || b_size == 1)
        return a[0] == b[0] ? IDENTITY_LEVEL_CLOSE : IDENTITY_LEVEL_DIFFERS;
    if (short_form(a, a_size, b, b_size))
        return IDENTITY_LEVEL_NEAR;
    if (a_size == b_size && memcmp(a, b, a_size) == 0) /* a second name more */
        return IDENTITY_LEVEL_NEAR;
    return shares_a_word(a, b, 3) ? IDENTITY_LEVEL_CLOSE : level;
}

static enum identity_level
family_level(const char *a, const char *b)
{
    enum identity_level level = text_level(a, b, 0.92, 0.82);

    return level > IDENTITY_LEVEL_NEAR && shares_a_word(a, b, 3) ? IDENTITY_LEVEL_CLOSE : level;
}

/* 1980-02-01: one digit wrong, two neighbours swapped, or day and month for one another is near;
 * two of the three parts, or two digits, is close.  Dates known in part are exact in what both have
 * only if that is everything. */
static enum identity_level
birth_level(const char *a, const char *b)
{
    size_t parts = 0, a_size = strlen(a), b_size = strlen(b), slips;
    size_t size = least(a_size, b_size);

    if (a_size < 10 || b_size < 10)
        return memcmp(a, b, size) != 0 ? (size == 4 ? IDENTITY_LEVEL_DIFFERS : IDENTITY_LEVEL_CLOSE)
                                       : IDENTITY_LEVEL_NEAR;
    if (strcmp(a, b) == 0)
        return IDENTITY_LEVEL_EXACT;
    slips = identity_distance(a, b, 2);
    if (slips <= 1)
        return IDENTITY_LEVEL_NEAR;
    if (memcmp(a, b, 4) == 0 && memcmp(a + 5, b + 8, 2) == 0 && memcmp(a + 8, b + 5, 2) == 0)
        return IDENTITY_LEVEL_NEAR;
    parts = (size_t)(memcmp(a, b, 4) == 0) + (memcmp(a + 5, b + 5, 2) == 0) +
            (memcmp(a + 8, b + 8, 2) == 0);
    return parts == 2 || slips == 2 ? IDENTITY_LEVEL_CLOSE : IDENTITY_LEVEL_DIFFERS;
}

static enum identity_level
number_level(const char *a, const char *b)
{
    if (strcmp(a, b) == 0)
        return IDENTITY_LEVEL_EXACT;
    return identity_distance(a, b, 1) <= 1 && (a[1] != '\0' || b[1] != '\0')
               ? IDENTITY_LEVEL_NEAR
               : IDENTITY_LEVEL_DIFFERS;
}

static enum identity_level
postcode_level(const char *a, const char *b)
{
    size_t same = 0;

    if (strcmp(a, b) == 0)
        return IDENTITY_LEVEL_EXACT;
    if (identity_distance(a, b, 1) <= 1)
        return IDENTITY_LEVEL_NEAR;
    while (a[same] != '\0' && a[same] == b[same])
        same++;
    return same >= 3 || identity_distance(a, b, 2) <= 2 ? IDENTITY_LEVEL_CLOSE
                                                        : IDENTITY_LEVEL_DIFFERS;
}

static bool
same_digits(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (*a != '\0' && !isdigit((unsigned char)*a))
            a++;
        while (*b != '\0' && !isdigit((unsigned char)*b))
            b++;
        if (*a != *b || *a == '\0')
            return *a == *b;
    }
}

/* Addresses of a family are alike because their names are: what tells them apart is often a digit.
 */
static enum identity_level
email_level(const char *a, const char *b)
{
    size_t a_local = (size_t)(strrchr(a, '@') - a), b_local = (size_t)(strrchr(b, '@') - b);
    size_t slips = identity_distance(a, b, 2);

    if (slips == 0)
        return IDENTITY_LEVEL_EXACT;
    if (slips <= 2 && a[0] == b[0] && same_digits(a, b))
        return IDENTITY_LEVEL_NEAR;
    if (a_local == b_local && a_local >= 5 && memcmp(a, b, a_local) == 0)
        return IDENTITY_LEVEL_NEAR;
    return slips <= 2 || identity_jaro_winkler(a, b) >= 0.88 ? IDENTITY_LEVEL_CLOSE
                                                             : IDENTITY_LEVEL_DIFFERS;
}

/* The last nine digits: with and without the country's code it is one number. */
static enum identity_level
phone_level(const char *a, const char *b)
{
    size_t a_size = strlen(a), b_size = strlen(b), slips;

    if (a_size > 9)
        a += a_size - 9;
    if (b_size > 9)
        b += b_size - 9;
    slips = identity_distance(a, b, 1);
    return slips == 0   ? IDENTITY_LEVEL_EXACT
           : slips == 1 ? IDENTITY_LEVEL_NEAR
                        : IDENTITY_LEVEL_DIFFERS;
}

static enum identity_level
organisation_level(const char *a, const char *b)
{
    enum identity_level level = text_level(a, b, 0.93, 0.84);
    size_t a_size = strlen(a), b_size = strlen(b), size = least(a_size, b_size);

    if (level > IDENTITY_LEVEL_NEAR && size >= 4 &&
        (strstr(a, b) != NULL || strstr(b, a) != NULL)) /* "art s" and "art s delicatessen" */
        return IDENTITY_LEVEL_NEAR;
    return level > IDENTITY_LEVEL_CLOSE && shares_a_word(a, b, 5) ? IDENTITY_LEVEL_CLOSE : level;
}

enum identity_level
identity_compare_values(enum identity_field field, const char *a, const char *b)
{
    switch (field) {
    case IDENTITY_GIVEN:
        return given_level(a, b);
    case IDENTITY_FAMILY:
    case IDENTITY_MAIDEN:
        return family_level(a, b);
    case IDENTITY_BIRTH:
        return birth_level(a, b);
    case IDENTITY_HOUSE:
        return number_level(a, b);
    case IDENTITY_POSTCODE:
        return postcode_level(a, b);
    case IDENTITY_EMAIL:
        return email_level(a, b);
    case IDENTITY_PHONE:
        return phone_level(a, b);
    case IDENTITY_ORGANISATION:
        return organisation_level(a, b);
    case IDENTITY_SUFFIX:
    case IDENTITY_GENDER:
        return strcmp(a, b) == 0 ? IDENTITY_LEVEL_EXACT : IDENTITY_LEVEL_DIFFERS;
    case IDENTITY_STREET:
    case IDENTITY_UNIT: {
        enum identity_level level = text_level(a, b, 0.92, 0.82);

        return level > IDENTITY_LEVEL_CLOSE && shares_a_word(a, b, 4) ? IDENTITY_LEVEL_CLOSE
                                                                      : level;
    }
    default:
        return text_level(a, b, 0.90, 0.80);
    }
}
