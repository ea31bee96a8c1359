/* target_test.c - which policy applies, when it warns, and what is in time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "services/sla/target.h"

static const char *acme[] = {"acme"}, *forms[] = {"channel_webform"};
static struct sla_policy policies[] = {
    {.name = "complaints", .complaint = SLA_ONLY_COMPLAINTS, .first_response = {60000000}},
    {.name = "forms",
     .channels = {forms, 1},
     .complaint = SLA_NO_COMPLAINTS,
     .first_response = {3600000000}},
    {.name = "acme", .brands = {acme, 1}, .first_response = {300000000}},
};
static const struct sla_config config = {.policies = {policies, 3}};

struct choice_case {
    const char *claim, *brand, *channel;
    bool complaint;
    const char *policy; /* NULL: none */
};

/* clang-format off */
static const struct choice_case choice_cases[] = {
    { "complaints first",                       "acme",  "channel_webform", true,  "complaints" },
    { "a policy for no complaints skips them",  "acme",  "channel_webform", false, "forms"      },
    { "no condition on complaints takes both",  "acme",  "channel_webchat", false, "acme"       },
    { "a brand that nobody promised anything",  "other", "channel_webchat", false, NULL         },
};
/* clang-format on */

static void
the_first_policy_that_holds_applies(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(choice_cases) / sizeof(choice_cases[0]); i++) {
        const struct choice_case *row = &choice_cases[i];
        const struct sla_policy *policy =
            sla_policy_for(&config, row->brand, row->channel, row->complaint);

        print_message("  %s\n", row->claim);
        assert_int_equal(policy != NULL, row->policy != NULL);
        if (policy != NULL)
            assert_string_equal(policy->name, row->policy);
    }
}

struct plan_case {
    const char *claim;
    int64_t promised_s, warn_before_s, percent;
    int64_t warn_s, due_s; /* from the start */
};

/* clang-format off */
static const struct plan_case plan_cases[] = {
    { "a minute before",                  300,  60,  0, 240, 300 },
    { "at a percentage",                  300,   0, 80, 240, 300 },
    { "neither: no warning",              300,   0,  0, 300, 300 },
    { "longer than the promise: at once",  30,  60,  0,   0,  30 },
};
/* clang-format on */

static void
a_plan_has_its_warning_and_its_deadline(void **state)
{
    const struct fr_time start = {1000000000};

    (void)state;
    for (size_t i = 0; i < sizeof(plan_cases) / sizeof(plan_cases[0]); i++) {
        const struct plan_case *row = &plan_cases[i];
        const struct sla_policy policy = {.next_response = fr_seconds(row->promised_s),
                                          .warn_before = fr_seconds(row->warn_before_s),
                                          .warn_at_percent = row->percent};
        struct sla_plan plan;

        print_message("  %s\n", row->claim);
        assert_int_equal(sla_target_plan(&policy, sla_calendar_always(),
                                         FR__TARGET_KIND__NEXT_RESPONSE, start, &plan),
                         FR_OK);
        assert_int_equal(plan.warn.unix_us, fr_time_add(start, fr_seconds(row->warn_s)).unix_us);
        assert_int_equal(plan.due.unix_us, fr_time_add(start, fr_seconds(row->due_s)).unix_us);
        assert_int_equal(sla_target_plan(&policy, sla_calendar_always(),
                                         FR__TARGET_KIND__FIRST_RESPONSE, start, &plan),
                         FR_NOT_FOUND);
    }
}

static void
the_deadline_itself_is_in_time(void **state)
{
    const struct fr_time due = {300}, before = {299}, after = {301};

    (void)state;
    assert_true(sla_target_in_time(due, before));
    assert_true(sla_target_in_time(due, due));
    assert_false(sla_target_in_time(due, after));
}

static void
time_beyond_all_clocks_is_never(void **state)
{
    const struct fr_time late = {INT64_MAX - 5};
    struct fr_time out = {7};

    (void)state;
    assert_int_equal(sla_calendar_add(sla_calendar_always(), late, fr_seconds(1), &out),
                     FR_NOT_FOUND);
    assert_int_equal(out.unix_us, 7);
}

static void
no_open_time_passes_backwards(void **state)
{
    const struct fr_time early = {100}, late = {250};

    (void)state;
    assert_int_equal(sla_calendar_within(sla_calendar_always(), early, late).us, 150);
    assert_int_equal(sla_calendar_within(sla_calendar_always(), late, early).us, 0);
    assert_int_equal(sla_calendar_within(sla_calendar_always(), late, late).us, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_policy_that_holds_applies),
        cmocka_unit_test(a_plan_has_its_warning_and_its_deadline),
        cmocka_unit_test(the_deadline_itself_is_in_time),
        cmocka_unit_test(time_beyond_all_clocks_is_never),
        cmocka_unit_test(no_open_time_passes_backwards),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
