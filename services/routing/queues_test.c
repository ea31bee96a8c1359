/* queues_test.c - which queue takes a task, what it requires, and who fits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "services/routing/queues.h"

static const char *acme[] = {"acme"}, *chat[] = {"channel_webchat"}, *german[] = {"de"};
static struct routing_skill asked[] = {{"german", 3}, {"billing", 1}};
static struct routing_queue queues[] = {
    {.name = "german", .languages = {german, 1}, .skills = {asked, 2}},
    {.name = "chat", .brands = {acme, 1}, .channels = {chat, 1}},
    {.name = "acme", .brands = {acme, 1}},
};
static const struct routing_config config = {.queues = {queues, 3}};

struct queue_case {
    const char *claim, *brand, *channel, *language;
    const char *queue; /* NULL: none */
};

/* clang-format off */
static const struct queue_case queue_cases[] = {
    { "all conditions of the first hold",          "acme",  "channel_webchat", "de",    "german" },
    { "a language takes its regional forms",       "other", "channel_webform", "de-AT", "german" },
    { "case of a language does not matter",        "other", "channel_webform", "DE",    "german" },
    { "a longer word is another language",         "acme",  "channel_webchat", "den",   "chat"   },
    { "an unknown language is not German",         "acme",  "channel_webchat", NULL,    "chat"   },
    { "one condition that fails leads to the next","acme",  "channel_webform", "fr",    "acme"   },
    { "nobody takes another brand",                "other", "channel_webchat", "fr",    NULL     },
};
/* clang-format on */

static void
the_first_queue_that_holds_takes_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(queue_cases) / sizeof(queue_cases[0]); i++) {
        const struct queue_case *row = &queue_cases[i];
        const struct routing_queue *queue =
            routing_queue_for(&config, row->brand, row->channel, row->language);

        print_message("  %s\n", row->claim);
        assert_int_equal(queue != NULL, row->queue != NULL);
        if (queue != NULL)
            assert_string_equal(queue->name, row->queue);
    }
}

static void
without_queues_one_takes_everything(void **state)
{
    const struct routing_config none = {.away_after = 2};

    (void)state;
    assert_string_equal(routing_queue_for(&none, "any", "any", NULL)->name, "all");
}

static void
needs_are_sorted_and_keep_the_higher_level(void **state)
{
    char *requested[] = {"vip", "german", "billing"};
    struct routing_need need;

    (void)state;
    assert_int_equal(routing_need_of(&queues[0], "acme", "channel_webchat", requested, 3, &need),
                     FR_OK);
    assert_int_equal(need.skill_count, 3);
    assert_string_equal(need.skills[0].name, "billing");
    assert_string_equal(need.skills[1].name, "german");
    assert_int_equal(need.skills[1].level, 3);
    assert_string_equal(need.skills[2].name, "vip");
}

static void
too_many_or_too_long_skills_are_refused(void **state)
{
    char *many[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};
    char *lengthy[] = {"a-skill-with-a-name-of-24"};
    struct routing_need need;

    (void)state;
    assert_int_equal(routing_need_of(NULL, "acme", "x", many, 8, &need), FR_OK);
    assert_int_equal(routing_need_of(NULL, "acme", "x", many, 9, &need), FR_TOO_BIG);
    assert_int_equal(routing_need_of(NULL, "acme", "x", lengthy, 1, &need), FR_TOO_BIG);
}

struct fit_case {
    const char *claim;
    const char *brand;   /* that the agent works for; NULL: all */
    const char *channel; /* that he has capacity for */
    uint32_t german;     /* his level; 0: none */
    bool removed;
    enum routing_fit fit;
    const char *text;
};

/* clang-format off */
static const struct fit_case fit_cases[] = {
    { "everything holds",               NULL,    "*",               3, false, ROUTING_FITS,        "fits" },
    { "a higher level holds too",       "acme",  "channel_webchat", 5, false, ROUTING_FITS,        "fits" },
    { "a lower level does not",         "acme",  "*",               2, false, ROUTING_LOW_LEVEL,   "is below level 3 of skill german" },
    { "a missing skill is never papered over", NULL, "*",           0, false, ROUTING_NO_SKILL,    "lacks skill german" },
    { "another brand's agent",          "other", "*",               5, false, ROUTING_OTHER_BRAND, "does not work for brand acme" },
    { "another channel's agent",        "acme",  "channel_webform", 5, false, ROUTING_NO_CHANNEL,  "has no capacity for channel_webchat" },
    { "one who is gone",                NULL,    "*",               5, true,  ROUTING_GONE,        "is no longer configured" },
};
/* clang-format on */

static void
an_agent_falls_out_at_the_first_condition_that_fails(void **state)
{
    const struct routing_need need = {
        .brand = "acme", .channel = "channel_webchat", .skills = {{"german", 3}}, .skill_count = 1};

    (void)state;
    for (size_t i = 0; i < sizeof(fit_cases) / sizeof(fit_cases[0]); i++) {
        const struct fit_case *row = &fit_cases[i];
        Fr__AgentDefined agent = FR__AGENT_DEFINED__INIT;
        Fr__ChannelCapacity capacity = FR__CHANNEL_CAPACITY__INIT, *capacities[] = {&capacity};
        Fr__Skill skill = FR__SKILL__INIT, *skills[] = {&skill};
        char *brands[] = {(char *)row->brand}, text[96];
        uint32_t weight = 0;
        size_t missing = 0;

        print_message("  %s\n", row->claim);
        capacity.channel = (char *)row->channel;
        capacity.weight = 34;
        skill.name = "german";
        skill.level = row->german;
        agent.n_capacity = 1;
        agent.capacity = capacities;
        agent.n_skills = row->german > 0;
        agent.skills = skills;
        agent.n_brands = row->brand != NULL;
        agent.brands = brands;
        agent.removed = row->removed;
        assert_int_equal(routing_fit(&need, &agent, &weight, &missing), row->fit);
        assert_string_equal(routing_fit_text(row->fit, &need, missing, text, sizeof(text)),
                            row->text);
        assert_int_equal(weight, row->fit == ROUTING_FITS ? 34 : 0);
    }
}

static void
a_channels_own_weight_counts_before_the_star(void **state)
{
    const struct routing_need need = {.brand = "acme", .channel = "channel_webform"};
    Fr__ChannelCapacity rows[2] = {FR__CHANNEL_CAPACITY__INIT, FR__CHANNEL_CAPACITY__INIT};
    Fr__ChannelCapacity *order[] = {&rows[0], &rows[1]};
    Fr__AgentDefined agent = FR__AGENT_DEFINED__INIT;
    uint32_t weight;
    size_t skill;

    (void)state;
    rows[0].channel = "*";
    rows[0].weight = 34;
    rows[1].channel = "channel_webform";
    rows[1].weight = 20;
    agent.n_capacity = 2;
    agent.capacity = order;
    for (int turn = 0; turn < 2; turn++) {
        assert_int_equal(routing_fit(&need, &agent, &weight, &skill), ROUTING_FITS);
        assert_int_equal(weight, 20);
        order[0] = &rows[1];
        order[1] = &rows[0];
    }
}

static void
the_stamp_changes_with_the_queues(void **state)
{
    struct routing_queue changed[3];
    struct routing_config other = {.queues = {changed, 3}};
    struct routing_skill lower[] = {{"german", 2}, {"billing", 1}};

    (void)state;
    memcpy(changed, queues, sizeof(changed));
    assert_true(routing_queues_stamp(&other) == routing_queues_stamp(&config));
    changed[0].skills.items = lower;
    assert_false(routing_queues_stamp(&other) == routing_queues_stamp(&config));
    changed[0] = queues[0];
    changed[1].brands.count = 0;
    assert_false(routing_queues_stamp(&other) == routing_queues_stamp(&config));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_queue_that_holds_takes_it),
        cmocka_unit_test(without_queues_one_takes_everything),
        cmocka_unit_test(needs_are_sorted_and_keep_the_higher_level),
        cmocka_unit_test(too_many_or_too_long_skills_are_refused),
        cmocka_unit_test(an_agent_falls_out_at_the_first_condition_that_fails),
        cmocka_unit_test(a_channels_own_weight_counts_before_the_star),
        cmocka_unit_test(the_stamp_changes_with_the_queues),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
