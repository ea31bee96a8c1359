/* phone_test.c - which ways of writing a number are one line, and which are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "services/identity/phone.h"

/* clang-format off */
static const struct {
    const char *claim, *raw, *region, *normal; /* normal NULL: it gives no key */
} samples[] = {
    { "international form stays",                    "+442079460000",             "FR", "+442079460000" },
    { "separators mean nothing",                     "+44 20-7946.0000",          "",   "+442079460000" },
    { "the national form gets its country",          "020 7946 0000",             "GB", "+442079460000" },
    { "the same digits are another line elsewhere",  "020 7946 000",              "FR", "+33207946000" },
    { "00 is + where people dial 00",                "0044 20 7946 0000",         "FR", "+442079460000" },
    { "011 is + in North America",                   "011 44 20 7946 0000",       "US", "+442079460000" },
    { "0011 is + in Australia",                      "0011 44 20 7946 0000",      "AU", "+442079460000" },
    { "the trunk zero in brackets is dropped",       "+44 (0)20 7946 0000",       "",   "+442079460000" },
    { "a national number without its trunk prefix",  "7700 900123",               "GB", "+447700900123" },
    { "a calling code without +",                    "447700900123",              "GB", "+447700900123" },
    { "North America: with 1 and without",           "1 (212) 555-0123",          "US", "+12125550123" },
    { "North America: ten digits",                   "(212) 555-0123",            "US", "+12125550123" },
    { "Italy keeps its zero",                        "06 6982 0000",              "IT", "+390669820000" },
    { "Hungary's trunk prefix is 06",                "06 1 234 5678",             "HU", "+3612345678" },
    { "Russia's trunk prefix is 8",                  "8 (495) 123-45-67",         "RU", "+74951234567" },
    { "Madagascar",                                  "034 12 345 67",             "MG", "+261341234567" },
    { "an extension makes another key",              "+44 20 7946 0000 ext. 12",  "",   "+442079460000;ext=12" },
    { "an extension in RFC 3966 form",               "tel:+442079460000;ext=12",  "",   "+442079460000;ext=12" },
    { "an extension by x",                           "020 7946 0000 x12",         "GB", "+442079460000;ext=12" },
    { "Arabic-Indic digits are digits",              "\xd9\xa0\xd9\xa2\xd9\xa0\xd9\xa7\xd9\xa9\xd9\xa4\xd9\xa6\xd9\xa0\xd9\xa0\xd9\xa0\xd9\xa0", "GB", "+442079460000" },
    { "full-width plus and digits",                  "\xef\xbc\x8b\xef\xbc\x94\xef\xbc\x94\xef\xbc\x92\xef\xbc\x90 7946 0000", "", "+442079460000" },
    { "a no-break space separates",                  "020\xc2\xa0" "7946\xc2\xa0" "0000", "GB", "+442079460000" },
    { "a mark of writing direction is not seen",     "\xe2\x80\xaa+442079460000\xe2\x80\xac", "", "+442079460000" },
    { "a country we have no plan for, as it is",     "+685 12345",                "",   "+68512345" },
    { "region in lower case",                        "020 7946 0000",             "gb", "+442079460000" },
    { "trunk zeros without end are dropped alike",  "+46 0000 946 0000",         "",   "+469460000" },
    { "no default region, no guess",                 "020 7946 0000",             "",   NULL },
    { "an unknown region is none",                   "020 7946 0000",             "ZZ", NULL },
    { "anonymous is nobody",                         "anonymous",                 "GB", NULL },
    { "Restricted is nobody",                        "Restricted",                "GB", NULL },
    { "zeros are a withheld number",                 "0000000000",                "GB", NULL },
    { "an emergency number is nobody's",             "999",                       "GB", NULL },
    { "a short code is nobody's",                    "60600",                     "GB", NULL },
    { "too long for its plan",                       "+33 1 23 45 67 89 01",      "",   NULL },
    { "too short for its plan",                      "+33 1 23 45",               "",   NULL },
    { "longer than any number",                      "+68512345678901234",        "",   NULL },
    { "far longer than any number",                  "12345678901234567890123456789012345678901234567890", "GB", NULL },
    { "letters on the dial are digits",              "0800 FLOWERS",              "GB", "+448003569377" },
    { "a service code is not a number",              "*100#",                     "GB", NULL },
    { "an extension without digits",                 "+442079460000 ext",         "",   NULL },
    { "only an extension",                           "x12",                       "GB", NULL },
    { "a plus sign too many is forgiven",            "++442079460000",            "",   "+442079460000" },
    { "an empty text",                               "",                          "GB", NULL },
    { "a country code never starts with 0",          "+0123456789",               "",   NULL },
};
/* clang-format on */

static void
test_samples(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        char normal[64] = "";
        const char *why = NULL;
        bool given =
            identity_phone(samples[i].raw, samples[i].region, normal, sizeof(normal), &why);

        if (given != (samples[i].normal != NULL) ||
            (given && strcmp(normal, samples[i].normal) != 0))
            fail_msg("%s: %s gave \"%s\" (%s)", samples[i].claim, samples[i].raw, normal,
                     why != NULL ? why : "");
        if (!given)
            assert_non_null(why);
    }
}

static void
test_idempotent(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        char normal[64];
        const char *why;

        if (samples[i].normal == NULL)
            continue;
        assert_true(identity_phone(samples[i].normal, "", normal, sizeof(normal), &why));
        assert_string_equal(normal, samples[i].normal);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_idempotent),
    };

    return cmocka_run_group_tests_name("phone", tests, NULL, NULL);
}
