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

static Fr__RoutingStateTask
task_on(const char *channel, const char *language)
{
    Fr__RoutingStateTask facts = FR__ROUTING_STATE_TASK__INIT;

    facts.channel = (char *)channel;
    facts.language = (char *)language;
    facts.preview = "";
    return facts;
}

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
        Fr__RoutingStateTask facts = task_on(row->channel, row->language);
        const struct routing_queue *queue = routing_queue_for(&config, row->brand, &facts);

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
    Fr__RoutingStateTask facts = task_on("any", NULL);

    (void)state;
    assert_string_equal(routing_queue_for(&none, "any", &facts)->name, "all");
}

static void
needs_are_sorted_and_keep_the_higher_level(void **state)
{
    char *requested[] = {"vip", "german", "billing"};
    Fr__RoutingStateTask facts = task_on("channel_webchat", "de-AT");
    struct routing_need need;

    (void)state;
    facts.skills = requested;
    facts.n_skills = 3;
    assert_int_equal(routing_need_of(&config, &queues[0], "acme", &facts, 0, &need), FR_OK);
    assert_string_equal(need.language, "de");
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
    Fr__RoutingStateTask facts = task_on("x", NULL);
    struct routing_need need;

    (void)state;
    facts.skills = many;
    facts.n_skills = 8;
    assert_int_equal(routing_need_of(&config, NULL, "acme", &facts, 0, &need), FR_OK);
    facts.n_skills = 9;
    assert_int_equal(routing_need_of(&config, NULL, "acme", &facts, 0, &need), FR_TOO_BIG);
    facts.skills = lengthy;
    facts.n_skills = 1;
    assert_int_equal(routing_need_of(&config, NULL, "acme", &facts, 0, &need), FR_TOO_BIG);
}

struct fit_case {
    const char *claim;
    const char *brand;     /* that the agent works for; NULL: all */
    uint32_t class_number; /* that he has capacity for */
    uint32_t german;       /* his level; 0: none */
    bool removed;
    enum routing_fit fit;
    const char *text;
};

/* clang-format off */
static const struct fit_case fit_cases[] = {
    { "everything holds",               NULL,    0, 3, false, ROUTING_FITS,        "fits" },
    { "a higher level holds too",       "acme",  0, 5, false, ROUTING_FITS,        "fits" },
    { "a lower level does not",         "acme",  0, 2, false, ROUTING_LOW_LEVEL,   "is below level 3 of skill german" },
    { "a missing skill is never papered over", NULL, 0, 0, false, ROUTING_NO_SKILL,    "lacks skill german" },
    { "another brand's agent",          "other", 0, 5, false, ROUTING_OTHER_BRAND, "does not work for brand acme" },
    { "another channel's agent",        "acme",  1, 5, false, ROUTING_NO_CHANNEL,  "has no capacity for channel_webchat" },
    { "one who is gone",                NULL,    0, 5, true,  ROUTING_GONE,        "is no longer configured" },
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
        Fr__ClassCapacity capacity = FR__CLASS_CAPACITY__INIT, *capacities[] = {&capacity};
        Fr__Skill skill = FR__SKILL__INIT, *skills[] = {&skill};
        char *brands[] = {(char *)row->brand}, text[96];
        struct routing_fitting fitting;

        print_message("  %s\n", row->claim);
        capacity.class_number = row->class_number;
        capacity.weight = 34;
        skill.name = "german";
        skill.level = row->german;
        agent.n_classes = 1;
        agent.classes = capacities;
        agent.n_skills = row->german > 0;
        agent.skills = skills;
        agent.n_brands = row->brand != NULL;
        agent.brands = brands;
        agent.removed = row->removed;
        assert_int_equal(routing_fit(&need, &agent, &fitting), row->fit);
        assert_string_equal(routing_fit_text(row->fit, &need, fitting.skill, text, sizeof(text)),
                            row->text);
        if (row->fit == ROUTING_FITS)
            assert_int_equal(fitting.weight, 34);
        if (row->fit == ROUTING_FITS)
            assert_int_equal(fitting.rank, 5 - row->german);
    }
}

/* ---- relaxation ---- */

static void
steps_count_from_entry_and_add_up(void **state)
{
    static const char *near[] = {"inhouse"}, *far[] = {"tana"};
    struct routing_step steps[] = {{.after = {30000000}, .level = 2},
                                   {.after = {60000000}, .add_sites = {far, 1}},
                                   {.after = {120000000}, .any_skill = true, .any_site = true}};
    struct routing_queue queue = {
        .name = "q", .skills = {asked, 2}, .sites = {near, 1}, .relax = {steps, 3}};
    const struct routing_config one = {.queues = {&queue, 1}};
    static const struct {
        int64_t after_s;
        uint32_t step;
        int64_t next_s;
        size_t skills, sites;
        int64_t german;
    } rows[] = {{0, 0, 30, 2, 1, 3},
                {29, 0, 30, 2, 1, 3},
                {30, 1, 60, 2, 1, 2},
                {60, 2, 120, 2, 2, 2},
                {500, 3, 0, 0, 0, 0}};
    Fr__RoutingStateTask facts = task_on("x", "de");

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct fr_time entered = {1000000}, now = {1000000 + rows[i].after_s * 1000000};
        struct routing_need need;
        int64_t next_us;

        assert_int_equal(routing_step_at(&queue, entered, now, &next_us), rows[i].step);
        assert_int_equal(next_us, rows[i].next_s != 0 ? 1000000 + rows[i].next_s * 1000000 : 0);
        assert_int_equal(routing_need_of(&one, &queue, "acme", &facts, rows[i].step, &need), FR_OK);
        assert_int_equal(need.skill_count, rows[i].skills);
        assert_int_equal(need.site_count, rows[i].sites);
        assert_string_equal(need.language, "de"); /* anybody, but he speaks it */
        if (need.skill_count > 0)
            assert_int_equal(need.skills[1].level, rows[i].german);
    }
}

/* ---- credit ---- */

static void
credits_add_up_and_the_highest_strict_class_counts(void **state)
{
    struct routing_tier tiers[] = {{"gold", {120000000}}};
    struct routing_grade priorities[] = {{.from = 10, .credit = {30000000}},
                                         {.from = 90, .credit = {60000000}, .strict = 2}};
    struct routing_grade urgencies[] = {{.from = 1, .credit = {5000000}}};
    struct routing_queue queue = {.name = "q", .credit = {1000000}, .strict = 1};
    const struct routing_config all = {.tiers = {tiers, 1},
                                       .priorities = {priorities, 2},
                                       .urgencies = {urgencies, 1},
                                       .queues = {&queue, 1}};
    Fr__RoutingStateTask facts = task_on("x", NULL);
    Fr__RuleResult rule = FR__RULE_RESULT__INIT;
    struct routing_credit credit;

    (void)state;
    credit = routing_credit_of(&all, &queue, &facts);
    assert_int_equal(credit.credit.us, 1000000);
    assert_int_equal(credit.strict, 1);
    facts.tier = "gold";
    facts.has_priority = facts.has_urgency = 1;
    facts.priority = 89;
    facts.urgency = 7;
    credit = routing_credit_of(&all, &queue, &facts);
    assert_int_equal(credit.credit.us, 156000000);
    facts.priority = 90;
    credit = routing_credit_of(&all, &queue, &facts);
    assert_int_equal(credit.credit.us, 186000000);
    assert_int_equal(credit.strict, 2);
    facts.rule = &rule; /* what the rule says comes before what the request says */
    rule.has_priority = 1;
    rule.priority = 0;
    rule.tier = "none";
    credit = routing_credit_of(&all, &queue, &facts);
    assert_int_equal(credit.credit.us, 6000000);
    assert_int_equal(credit.strict, 1);
}

static void
the_stamp_changes_with_the_queues(void **state)
{
    struct routing_queue changed[3];
    struct routing_config other = {.queues = {changed, 3}};
    struct routing_skill lower[] = {{"german", 2}, {"billing", 1}};

    (void)state;
    memcpy(changed, queues, sizeof(changed));
    assert_true(routing_queue_stamp(&other, &changed[2]) ==
                routing_queue_stamp(&config, &queues[2]));
    changed[0].skills.items = lower;
    assert_false(routing_queue_stamp(&other, &changed[2]) ==
                 routing_queue_stamp(&config, &queues[2]));
    changed[0] = queues[0];
    changed[1].brands.count = 0;
    assert_false(routing_queue_stamp(&other, &changed[2]) ==
                 routing_queue_stamp(&config, &queues[2]));
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
        cmocka_unit_test(steps_count_from_entry_and_add_up),
        cmocka_unit_test(credits_add_up_and_the_highest_strict_class_counts),
        cmocka_unit_test(the_stamp_changes_with_the_queues),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
