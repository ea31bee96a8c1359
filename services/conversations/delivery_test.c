/* delivery_test.c - which word about a delivery is news. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "services/conversations/delivery.h"

#define S(name) FR__DELIVERY_STATE__##name

/* clang-format off */
static const struct {
    const char *claim;
    Fr__DeliveryState old, now;
    bool moves;
} cases[] = {
    { "sent after accepted",                    S(ACCEPTED),    S(SENT),        true  },
    { "delivered may come without sent",        S(ACCEPTED),    S(DELIVERED),   true  },
    { "read after delivered",                   S(DELIVERED),   S(READ),        true  },
    { "the same again is no news",              S(SENT),        S(SENT),        false },
    { "sent after delivered came late",         S(DELIVERED),   S(SENT),        false },
    { "delivered after read came late",         S(READ),        S(DELIVERED),   false },
    { "it can fail after it was sent",          S(SENT),        S(UNDELIVERED), true  },
    { "it cannot fail after it arrived",        S(DELIVERED),   S(UNDELIVERED), false },
    { "an arrival corrects a bounce",           S(UNDELIVERED), S(DELIVERED),   true  },
    { "a bounce settles what was uncertain",    S(UNCERTAIN),   S(UNDELIVERED), true  },
    { "an arrival settles what was uncertain",  S(UNCERTAIN),   S(DELIVERED),   true  },
    { "uncertain after a bounce is no news",    S(UNDELIVERED), S(UNCERTAIN),   false },
};
/* clang-format on */

static void
test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (conversations_delivery_moves(true, cases[i].old, cases[i].now) != cases[i].moves)
            fail_msg("%s", cases[i].claim);
    assert_true(conversations_delivery_moves(false, S(READ), S(ACCEPTED)));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};

    return cmocka_run_group_tests_name("delivery", tests, NULL, NULL);
}
