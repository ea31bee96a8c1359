/* form_test.c - what a submission may hold, and what is said about one that may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <stdio.h>
#include "services/channel_webform/form.h"

struct sent {
    const char *claim;
    enum webform_format format;
    const char *body;
    const char *field, *why; /* why NULL: it is taken */
};

#define J WEBFORM_JSON
#define U WEBFORM_URLENCODED
/* clang-format off */
static const struct sent cases[] = {
    {"a message is enough", J, "{\"message\":\"hello\"}", "", NULL},
    {"a message is enough, from a browser", U, "message=hello", "", NULL},
    {"every field at once", J, "{\"name\":\"Ann\",\"email\":\"ann@mail.example\",\"phone\":\"+49 (30) 123-45.6/7\",\"subject\":\"s\","
     "\"message\":\"m\\nn\",\"language\":\"pt-BR\",\"page\":\"https://shop.example/x?y\",\"complaint\":true,\"id\":\"k\","
     "\"customer_token\":\"a.b\"}", "", NULL},
    {"what was not filled in is not there", U, "name=&email=&phone=&subject=&message=m&language=&page=&complaint=&id=&customer_token=", "", NULL},
    {"an unticked box says nothing", U, "message=m", "", NULL},
    {"a ticked box says on", U, "message=m&complaint=on", "", NULL},
    {"a trailing & is nothing", U, "message=m&", "", NULL},

    {"no message", J, "{}", "message", "is missing"},
    {"no message, from a browser", U, "name=Ann", "message", "is missing"},
    {"nothing at all", U, "", "message", "is missing"},
    {"nothing at all is no JSON", J, "", "", "There is no JSON here."},
    {"blanks are no message", J, "{\"message\":\" \\n\\t \"}", "message", "is empty"},
    {"an empty message", J, "{\"message\":\"\"}", "message", "is missing"},
    {"an unknown field is named", J, "{\"message\":\"m\",\"priority\":\"high\"}", "priority", "is not a field of this form"},
    {"an unknown field is named, from a browser", U, "message=m&priority=high", "priority", "is not a field of this form"},
    {"a field twice", U, "message=m&name=a&name=b", "name", "is there twice"},
    {"a number is no text", J, "{\"message\":5}", "message", "is not a text"},
    {"null is no text", J, "{\"message\":null}", "message", "is not a text"},
    {"complaint is true or false", J, "{\"message\":\"m\",\"complaint\":\"true\"}", "complaint", "is neither true nor false"},
    {"complaint is true or false, from a browser", U, "message=m&complaint=maybe", "complaint", "is neither true nor false"},
    {"no address", J, "{\"message\":\"m\",\"email\":\"ann\"}", "email", "is not an e-mail address"},
    {"two addresses", J, "{\"message\":\"m\",\"email\":\"a@b.c, d@e.f\"}", "email", "is not an e-mail address"},
    {"a header in an address", J, "{\"message\":\"m\",\"email\":\"a@b.c\\nBcc: x@y.z\"}", "email", "holds a control character"},
    {"a name with a line break", J, "{\"message\":\"m\",\"name\":\"A\\nB\"}", "name", "holds a control character"},
    {"a message may not ring the bell", J, "{\"message\":\"m\\u0007\"}", "message", "holds a control character"},
    {"letters are no phone number", J, "{\"message\":\"m\",\"phone\":\"call me\"}", "phone", "is not a phone number"},
    {"a phone number has digits", J, "{\"message\":\"m\",\"phone\":\"+()\"}", "phone", "is not a phone number"},
    {"a page is on the web", J, "{\"message\":\"m\",\"page\":\"javascript:alert(1)\"}", "page", "does not begin with http:// or https://"},
    {"a language is a tag", J, "{\"message\":\"m\",\"language\":\"en_GB\"}", "language", "is not a language tag, like en or pt-BR"},
    {"an id is visible", J, "{\"message\":\"m\",\"id\":\"a b\"}", "id", "may hold visible ASCII characters only"},
    {"not UTF-8", J, "{\"message\":\"\xc3\x28\"}", "", "The JSON is not valid UTF-8."},
    {"not UTF-8, from a browser", U, "message=%C3%28", "", "The form is not well formed, or not in UTF-8."},
    {"an escape that is none", U, "message=%zz", "", "The form is not well formed, or not in UTF-8."},
    {"a NUL in disguise", U, "message=a%00b", "", "The form is not well formed, or not in UTF-8."},
    {"a name alone", U, "message", "", "The form holds a name without a value."},
    {"a list", J, "[\"message\"]", "", "The JSON is not an object."},
    {"an object inside", J, "{\"message\":{\"a\":1}}", "", "The JSON is nested deeper than 1 levels."},
};
/* clang-format on */

static void
each_form_is_taken_or_blamed_on_its_field(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct webform_fault fault;
        struct webform_form form;
        enum fr_error err =
            webform_form_read(fr_slice_str(cases[i].body), cases[i].format, &form, &fault);

        if (cases[i].why == NULL) {
            if (err != FR_OK)
                fail_msg("%s: %s %s", cases[i].claim, fault.field, fault.why);
            webform_form_fini(&form);
        } else if (err != FR_INVALID || strcmp(fault.field, cases[i].field) != 0 ||
                   strcmp(fault.why, cases[i].why) != 0) {
            fail_msg("%s: %s, \"%s\" %s", cases[i].claim, fr_error_name(err), fault.field,
                     fault.why);
        }
    }
}

static void
broken_json_is_placed(void **state)
{
    struct webform_fault fault;
    struct webform_form form;

    (void)state;
    assert_int_equal(webform_form_read(fr_slice_str("{\"message\": \"m\"\n,}"), J, &form, &fault),
                     FR_INVALID);
    assert_non_null(strstr(fault.why, "Line 2"));
    assert_int_equal(
        webform_form_read(fr_slice_str("{\"message\":\"m\",\"message\":\"n\"}"), J, &form, &fault),
        FR_INVALID);
    assert_non_null(strstr(fault.why, "duplicate"));
}

static void
what_a_browser_sends_is_decoded(void **state)
{
    struct webform_fault fault;
    struct webform_form form;

    (void)state;
    assert_int_equal(
        webform_form_read(
            fr_slice_str("message=a+b%0D%0Ac%26d&name=%C3%9Cnal&complaint=on&email=a%2Bb%40c.d"), U,
            &form, &fault),
        FR_OK);
    assert_string_equal(form.text[WEBFORM_MESSAGE], "a b\nc&d");
    assert_string_equal(form.text[WEBFORM_NAME], "Ünal");
    assert_string_equal(form.text[WEBFORM_EMAIL], "a+b@c.d");
    assert_null(form.text[WEBFORM_PHONE]);
    assert_true(form.complaint);
    webform_form_fini(&form);
}

/* At the limit it is taken, one byte over it is not; and a long unknown name is cut between
 * characters. */
static void
every_field_has_its_limit(void **state)
{
    static const struct {
        const char *field, *before, *after;
        size_t limit;
    } limits[] = {
        {"name", "", "", 200},          {"subject", "", "", 200},
        {"message", "", "", 16384},     {"id", "", "", 128},
        {"email", "", "@b.c", 254},     {"customer_token", "", "", 3071},
        {"page", "https://", "", 2000}, {"language", "", "", 35},
    };
    static char body[20000];

    (void)state;
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
        for (size_t over = 0; over < 2; over++) {
            size_t fill =
                limits[i].limit + over - strlen(limits[i].before) - strlen(limits[i].after);
            bool other = strcmp(limits[i].field, "message") != 0;
            struct webform_fault fault;
            struct webform_form form;
            enum fr_error err;
            int size = snprintf(body, sizeof(body), "%s%s=%s", other ? "message=m&" : "",
                                limits[i].field, limits[i].before);

            memset(body + size, 'a', fill);
            strcpy(body + size + fill, limits[i].after);
            err = webform_form_read(fr_slice_str(body), U, &form, &fault);
            assert_int_equal(err, over == 0 ? FR_OK : FR_INVALID);
            if (over == 0)
                webform_form_fini(&form);
            else
                assert_string_equal(fault.field, limits[i].field);
        }
}

static void
a_long_stranger_is_cut_between_characters(void **state)
{
    struct webform_fault fault;
    struct webform_form form;
    char body[400] = "message=m&";

    (void)state;
    for (int i = 0; i < 60; i++)
        strcat(body, "é");
    strcat(body, "=1");
    assert_int_equal(webform_form_read(fr_slice_str(body), U, &form, &fault), FR_INVALID);
    assert_true(fr_utf8_valid(fr_slice_str(fault.field)));
    assert_int_equal(strlen(fault.field), 66);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_is_taken_or_blamed_on_its_field),
        cmocka_unit_test(broken_json_is_placed),
        cmocka_unit_test(what_a_browser_sends_is_decoded),
        cmocka_unit_test(every_field_has_its_limit),
        cmocka_unit_test(a_long_stranger_is_cut_between_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
