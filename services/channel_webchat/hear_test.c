/* hear_test.c - what a browser may say, and what is said about the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <stdio.h>
#include "services/channel_webchat/hear.h"

struct said {
    const char *claim, *text, *code, *why; /* code NULL: it is understood */
};

/* clang-format off */
static const struct said cases[] = {
    {"a first visit", "{\"type\":\"open\"}", NULL, NULL},
    {"coming back", "{\"type\":\"open\",\"session\":\"abc\",\"last\":7,\"customer_token\":\"a.b\"}", NULL, NULL},
    {"a message", "{\"type\":\"message\",\"id\":\"m-1_A\",\"text\":\"hello\\nyou\",\"page\":\"https://shop.example/\",\"language\":\"en\"}", NULL, NULL},
    {"signing in", "{\"type\":\"identify\",\"customer_token\":\"a.b\"}", NULL, NULL},
    {"showing", "{\"type\":\"seen\",\"delivered\":4294967295,\"read\":0}", NULL, NULL},

    {"choosing to wait", "{\"type\":\"choose\",\"choice\":\"wait\"}", NULL, NULL},
    {"choosing a call-back", "{\"type\":\"choose\",\"choice\":\"call_back\",\"from\":1800000000000,\"to\":1800007200000,\"number\":\"+49 (30) 123-45/6\"}", NULL, NULL},

    {"nothing", "", "malformed", "There is no JSON here."},
    {"no type", "{}", "malformed", "type must be open, message, identify, seen or choose"},
    {"a type of its own", "{\"type\":\"shout\"}", "malformed", "type must be open, message, identify, seen or choose"},
    {"a field of another type", "{\"type\":\"open\",\"text\":\"hello\"}", "malformed", "The key \"text\" is not known here."},
    {"an unknown field", "{\"type\":\"message\",\"id\":\"1\",\"text\":\"hello\",\"to\":\"bob\"}", "malformed", "The key \"to\" is not known here."},
    {"an object inside", "{\"type\":\"message\",\"id\":\"1\",\"text\":{}}", "malformed", "The JSON is nested deeper than 1 levels."},
    {"a list", "[]", "malformed", "The JSON is not an object."},
    {"no id", "{\"type\":\"message\",\"text\":\"hello\"}", "malformed", "id must be 1 to 64 letters, digits, - or _"},
    {"an id that would part two fields", "{\"type\":\"message\",\"id\":\"a:b\",\"text\":\"hello\"}", "malformed", "id must be 1 to 64 letters, digits, - or _"},
    {"no text", "{\"type\":\"message\",\"id\":\"1\"}", "malformed", "text is missing"},
    {"a number for a text", "{\"type\":\"message\",\"id\":\"1\",\"text\":1}", "malformed", "text is not a text"},
    {"blanks", "{\"type\":\"message\",\"id\":\"1\",\"text\":\" \\n\"}", "empty", "The message is empty."},
    {"a bell", "{\"type\":\"message\",\"id\":\"1\",\"text\":\"\\u0007\"}", "malformed", "text holds a control character"},
    {"a page that is a script", "{\"type\":\"message\",\"id\":\"1\",\"text\":\"x\",\"page\":\"javascript:1\"}", "malformed", "page is no address on the web"},
    {"a position below nothing", "{\"type\":\"seen\",\"delivered\":-1,\"read\":0}", "malformed", "delivered is not a position"},
    {"a position with a fraction", "{\"type\":\"seen\",\"delivered\":1,\"read\":0.5}", "malformed", "read is not a position"},
    {"a position that does not fit", "{\"type\":\"open\",\"last\":4294967296}", "malformed", "last is not a position"},
    {"half of what was seen", "{\"type\":\"seen\",\"delivered\":1}", "malformed", "read is missing"},
    {"signing in as nobody", "{\"type\":\"identify\"}", "malformed", "customer_token is missing"},
    {"choosing something else", "{\"type\":\"choose\",\"choice\":\"leave\"}", "malformed", "choice must be wait, self_service or call_back"},
    {"a call-back at no time", "{\"type\":\"choose\",\"choice\":\"call_back\"}", "malformed", "from and to belong to call_back"},
    {"waiting from a time on", "{\"type\":\"choose\",\"choice\":\"wait\",\"from\":1,\"to\":2}", "malformed", "from and to belong to call_back"},
    {"a time that is a text", "{\"type\":\"choose\",\"choice\":\"call_back\",\"from\":\"1\",\"to\":2}", "malformed", "from is not a time"},
    {"a number that is a name", "{\"type\":\"choose\",\"choice\":\"call_back\",\"from\":1,\"to\":2,\"number\":\"Bob\"}", "malformed", "number is not a telephone number"},
    {"a session with a line break", "{\"type\":\"open\",\"session\":\"a\\nb\"}", "malformed", "session is not well formed"},
};
/* clang-format on */

static void
each_message_is_understood_or_blamed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct webchat_fault fault;
        struct webchat_heard heard;
        enum fr_error err = webchat_hear(fr_slice_str(cases[i].text), &heard, &fault);

        if (cases[i].code == NULL) {
            if (err != FR_OK)
                fail_msg("%s: %s %s", cases[i].claim, fault.code, fault.why);
            webchat_heard_fini(&heard);
        } else if (err != FR_INVALID || strcmp(fault.code, cases[i].code) != 0 ||
                   strcmp(fault.why, cases[i].why) != 0) {
            fail_msg("%s: %s, %s %s", cases[i].claim, fr_error_name(err), fault.code, fault.why);
        }
    }
}

/* The browser has to know which of its messages is meant. */
static void
a_fault_names_its_message(void **state)
{
    static char text[9000];
    struct webchat_fault fault;
    struct webchat_heard heard;

    (void)state;
    for (size_t size = 8191; size <= 8193; size++) {
        size_t begin;
        enum fr_error err;

        memset(text, 'a', sizeof(text));
        begin = (size_t)sprintf(text, "{\"type\":\"message\",\"id\":\"m1\",\"text\":\"");
        text[begin] = 'a';
        strcpy(text + begin + size, "\"}");
        err = webchat_hear(fr_slice_str(text), &heard, &fault);
        assert_int_equal(err, size <= 8192 ? FR_OK : FR_INVALID);
        if (err == FR_OK) {
            assert_int_equal(strlen(heard.text), size);
            webchat_heard_fini(&heard);
        } else {
            assert_string_equal(fault.code, "too_long");
            assert_string_equal(fault.id, "m1");
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_message_is_understood_or_blamed),
        cmocka_unit_test(a_fault_names_its_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
