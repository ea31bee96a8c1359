/* phone.c - the normal form of a telephone number. */
#include "services/identity/phone.h"

#include <strings.h>
#include <unictype.h>
#include <unistr.h>

#define DIGITS_MAX 15 /* ITU-T E.164: country code and national number together */
#define DIGITS_MIN 7  /* below that nobody can be called from abroad */
#define EXTENSION_MAX 7

/* clang-format off */
static const struct identity_region plans[] = {
    /* region, calling code, international, trunk, digits min, max; of regions that share a calling code the
     * first speaks for +code */
    { "US", "1",   "011",  "1",  10, 10 }, { "CA", "1",   "011",  "1",  10, 10 },
    { "GB", "44",  "00",   "0",   9, 10 }, { "IE", "353", "00",   "0",   7, 10 },
    { "FR", "33",  "00",   "0",   9,  9 }, { "DE", "49",  "00",   "0",   5, 13 },
    { "ES", "34",  "00",   "",    9,  9 }, { "IT", "39",  "00",   "",    6, 12 },
    { "PT", "351", "00",   "",    9,  9 }, { "NL", "31",  "00",   "0",   9, 11 },
    { "BE", "32",  "00",   "0",   8,  9 }, { "LU", "352", "00",   "",    4, 11 },
    { "CH", "41",  "00",   "0",   9,  9 }, { "AT", "43",  "00",   "0",   4, 13 },
    { "DK", "45",  "00",   "",    8,  8 }, { "NO", "47",  "00",   "",    8,  8 },
    { "SE", "46",  "00",   "0",   7, 10 }, { "FI", "358", "00",   "0",   5, 12 },
    { "IS", "354", "00",   "",    7,  9 }, { "PL", "48",  "00",   "",    9,  9 },
    { "CZ", "420", "00",   "",    9,  9 }, { "SK", "421", "00",   "0",   9,  9 },
    { "HU", "36",  "00",   "06",  8,  9 }, { "RO", "40",  "00",   "0",   9,  9 },
    { "BG", "359", "00",   "0",   7,  9 }, { "GR", "30",  "00",   "",   10, 10 },
    { "TR", "90",  "00",   "0",  10, 10 }, { "UA", "380", "00",   "0",   9,  9 },
    { "RU", "7",   "810",  "8",  10, 10 }, { "KZ", "7",   "810",  "8",  10, 10 },
    { "MG", "261", "00",   "0",   9,  9 }, { "MU", "230", "00",   "",    7,  8 },
    { "MA", "212", "00",   "0",   9,  9 }, { "DZ", "213", "00",   "0",   8,  9 },
    { "TN", "216", "00",   "",    8,  8 }, { "SN", "221", "00",   "",    9,  9 },
    { "CI", "225", "00",   "",   10, 10 }, { "EG", "20",  "00",   "0",   8, 10 },
    { "NG", "234", "009",  "0",   8, 10 }, { "KE", "254", "000",  "0",   7, 10 },
    { "ZA", "27",  "00",   "0",   9,  9 }, { "IN", "91",  "00",   "0",  10, 10 },
    { "PK", "92",  "00",   "0",   9, 10 }, { "CN", "86",  "00",   "0",  10, 11 },
    { "HK", "852", "001",  "",    8,  8 }, { "SG", "65",  "000",  "",    8,  8 },
    { "JP", "81",  "010",  "0",   9, 10 }, { "KR", "82",  "00",   "0",   8, 11 },
    { "PH", "63",  "00",   "0",   9, 10 }, { "TH", "66",  "001",  "0",   8,  9 },
    { "VN", "84",  "00",   "0",   9, 10 }, { "ID", "62",  "001",  "0",   8, 12 },
    { "MY", "60",  "00",   "0",   8, 10 }, { "AU", "61",  "0011", "0",   9,  9 },
    { "NZ", "64",  "00",   "0",   8, 10 }, { "BR", "55",  "00",   "0",  10, 11 },
    { "MX", "52",  "00",   "01", 10, 10 }, { "AR", "54",  "00",   "0",  10, 11 },
    { "CL", "56",  "00",   "",    9,  9 }, { "CO", "57",  "00",   "0",  10, 10 },
    { "AE", "971", "00",   "0",   8,  9 }, { "SA", "966", "00",   "0",   9,  9 },
    { "IL", "972", "00",   "0",   8,  9 },
};
/* clang-format on */

struct dialled { /* what was typed, read digit by digit */
    bool plus;
    char digits[DIGITS_MAX + 8];
    size_t count;
    char extension[EXTENSION_MAX + 1];
};

static const struct identity_region *
plan_at(const struct fr_config_list *regions, size_t index)
{
    if (index < regions->count)
        return (const struct identity_region *)regions->items + index;
    index -= regions->count;
    return index < sizeof(plans) / sizeof(plans[0]) ? &plans[index] : NULL;
}

static const struct identity_region *
plan_of_region(const struct fr_config_list *regions, const char *region)
{
    const struct identity_region *plan;

    for (size_t i = 0; (plan = plan_at(regions, i)) != NULL; i++)
        if (strcasecmp(plan->region, region) == 0)
            return plan;
    return NULL;
}

static const struct identity_region *
plan_of_code(const struct fr_config_list *regions, const char *digits)
{
    const struct identity_region *plan;

    for (size_t i = 0; (plan = plan_at(regions, i)) != NULL; i++)
        if (strncmp(digits, plan->calling_code, strlen(plan->calling_code)) == 0)
            return plan;
    return NULL;
}

/* "ext. 12", "x12", "#12", ";ext=12" behind the number; anything else there is not understood. */
static bool
take_extension(const char *text, struct dialled *dialled)
{
    static const char *const marks[] = {";ext=", "extension", "extn", "ext", "x", "#"};
    size_t count = 0;

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (strncasecmp(text, marks[i], strlen(marks[i])) != 0)
            continue;
        text += strlen(marks[i]);
        text += strspn(text, " .:=");
        for (; *text >= '0' && *text <= '9' && count < EXTENSION_MAX; text++)
            dialled->extension[count++] = *text;
        dialled->extension[count] = '\0';
        return count > 0 && text[strspn(text, " .")] == '\0';
    }
    return false;
}

static bool
is_separator(ucs4_t c)
{
    return c == '-' || c == '.' || c == '(' || c == ')' || c == '/' || c == '[' || c == ']' ||
           c == '~' || c == 0xad || (c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0x3000 ||
           c == 0xff0d || uc_is_property_white_space(c) ||
           uc_is_general_category(
               c, UC_FORMAT); /* marks of writing direction come with copy and paste */
}

static bool
read_dialled(const char *raw, struct dialled *dialled)
{
    const uint8_t *at = (const uint8_t *)raw, *end = at + strlen(raw);

    memset(dialled, 0, sizeof(*dialled));
    while (at < end) {
        ucs4_t c;
        int size = u8_mbtouc(&c, at, (size_t)(end - at));
        int digit = uc_decimal_value(c);

        if (digit >= 0) {
            if (dialled->count >= sizeof(dialled->digits) - 1)
                return false;
            dialled->digits[dialled->count++] = (char)('0' + digit);
        } else if ((c == '+' || c == 0xff0b) && dialled->count == 0 && !dialled->plus) {
            dialled->plus = true;
        } else if (!is_separator(c)) {
            return dialled->count > 0 && take_extension((const char *)at, dialled);
        }
        at += size;
    }
    return dialled->count > 0;
}

static bool
possible(const struct identity_region *plan, size_t count)
{
    return count >= (size_t)plan->digits_min && count <= (size_t)plan->digits_max;
}

static bool
starts_with(const char *text, const char *prefix)
{
    return prefix[0] != '\0' && strncmp(text, prefix, strlen(prefix)) == 0;
}

/* The national number without its trunk prefix: 020 7946 0000, and +44 (0)20 7946 0000 alike.  As
 * often as it is there, so that a normal form is its own normal form.  NULL: no number of that plan
 * has so many digits. */
static const char *
significant(const struct identity_region *plan, const char *national)
{
    size_t trunk = strlen(plan->trunk);

    while (starts_with(national, plan->trunk) && possible(plan, strlen(national) - trunk))
        national += trunk;
    return possible(plan, strlen(national)) ? national : NULL;
}

static enum fr_error
from_abroad(const char *digits, const struct fr_config_list *regions, const char **code,
            const char **national, const char **why)
{
    const struct identity_region *plan = plan_of_code(regions, digits);

    *code = "";
    *national = digits; /* a plan that we do not know: taken as it is */
    if (plan != NULL) {
        *code = plan->calling_code;
        *national = significant(plan, digits + strlen(plan->calling_code));
    }
    *why = "its calling code has no numbers of that length";
    if (*national == NULL || strlen(*code) + strlen(*national) > DIGITS_MAX ||
        strlen(*code) + strlen(*national) < DIGITS_MIN || digits[0] == '0')
        return FR_INVALID;
    return FR_OK;
}

static enum fr_error
from_home(const char *digits, const struct identity_region *plan, const char **code,
          const char **national, const char **why)
{
    *code = plan->calling_code;
    *national = significant(plan, digits);
    /* 447700900123: written with the calling code, and only so it has a possible length. */
    if (*national == NULL && starts_with(digits, plan->calling_code))
        *national = significant(plan, digits + strlen(plan->calling_code));
    *why = strlen(digits) < (size_t)plan->digits_min
               ? "a short code reaches a service, not a person"
               : "its region has no numbers of that length";
    return *national == NULL ? FR_INVALID : FR_OK;
}

enum fr_error
identity_phone(const char *raw, const char *region, const struct fr_config_list *regions,
               char out[IDENTITY_VALUE_SIZE], const char **why)
{
    const struct identity_region *home;
    const char *digits, *code, *national;
    struct dialled dialled;
    enum fr_error err;

    if (strncasecmp(raw, "tel:", 4) == 0)
        raw += 4;
    *why = "it is not a telephone number";
    if (!read_dialled(raw, &dialled))
        return FR_INVALID;
    digits = dialled.digits;
    *why = "only zeros: the number was withheld";
    if (strspn(digits, "0") == dialled.count)
        return FR_INVALID;
    home = region == NULL ? NULL : plan_of_region(regions, region);
    if (dialled.plus) {
        err = from_abroad(digits, regions, &code, &national, why);
    } else if (home == NULL) {
        *why = "a national number, and its channel account has no default region";
        return FR_INVALID;
    } else if (starts_with(digits, home->international)) {
        err = from_abroad(digits + strlen(home->international), regions, &code, &national, why);
    } else {
        err = from_home(digits, home, &code, &national, why);
    }
    if (err == FR_OK)
        snprintf(out, IDENTITY_VALUE_SIZE, "+%s%s%s%s", code, national,
                 dialled.extension[0] != '\0' ? ";ext=" : "", dialled.extension);
    return err;
}
