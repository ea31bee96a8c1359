/* reload_test.c - given, when, then: agents and queues that are configured anew while tasks wait.
 */
#include "services/routing/routing_testing.h"

/* clang-format off */
#define QUEUES \
    "  queues:\n" \
    "    - {name: german, languages: [de], skills: [{name: german, level: 2}]}\n" \
    "    - {name: chat, brands: [acme]}\n"
#define ANN         "    ann: {site: inhouse}\n"
#define ANN_GERMAN  "    ann: {site: inhouse, skills: [{name: german, level: 3}]}\n"
#define ANN_AT_TANA "    ann: {site: tana}\n"
#define ANN_OF_TWO  "    ann: {site: inhouse, capacity: [{channel: '*', weight: 50}]}\n"
#define BOB         "    bob: {site: inhouse, capacity: [{channel: '*', weight: 33}]}\n"
#define AGENTS      "  agents:\n"
/* clang-format on */

static const char both[] = "routing:\n" QUEUES AGENTS ANN BOB;

static struct fr_given *g;

static int
setup(void **state)
{
    (void)state;
    g = fr_given_new(testing_stage(), both);
    return 0;
}

static int
teardown(void **state)
{
    bool same = fr_given_rebuilds(g);

    (void)state;
    testing_free(&g);
    return same ? 0 : -1;
}

static void
available(const char *agent)
{
    testing_presence(g, agent, "inhouse", FR__AGENT_STATE__AVAILABLE);
}

static void
request(uint64_t task, const char *brand, const char *language)
{
    Fr__TaskRequested message = testing_request(task, 0);

    message.language = (char *)language;
    testing_send_request(g, &message, brand);
}

/* Timers that are due now fire one by one; what they cause is what is looked at. */
static void
let_timers_fire(double at)
{
    fr_given_at(g, at);
}

static const Fr__TaskOffered *
offer_of(uint64_t task)
{
    for (size_t i = 0; i < fr_given_count(g); i++) {
        const Fr__TaskOffered *offered = fr_given_body(g, i, FR_TASK_OFFERED);

        if (offered != NULL && offered->task_id == task)
            return offered;
    }
    return NULL;
}

/* ---- agents ---- */

static void
the_same_configuration_says_nothing(void **state)
{
    (void)state;
    request(1, "acme", NULL);
    testing_reload(g, both);
    assert_int_equal(fr_given_count(g), 0);
}

static void
agents_are_defined_at_the_first_start(void **state)
{
    const Fr__AgentDefined *profile;
    struct routing_agent ann = testing_agent(g, "ann");

    (void)state;
    assert_int_equal(ann.state, FR__AGENT_STATE__OFFLINE);
    assert_int_equal(routing_profile_get(fr_given_view(g), ann.number, fr_given_arena(g), &profile),
                     FR_OK);
    assert_int_equal(profile->n_classes, 1); /* none was named: all channels are one class */
    assert_int_equal(profile->classes[0]->weight, 100);
}

static void
a_removed_agent_gives_back_what_he_had_not_accepted(void **state)
{
    const Fr__AgentDefined *gone;
    struct routing_agent bob;

    (void)state;
    available("bob");
    request(1, "acme", NULL);
    testing_answer(g, "bob", 1, testing_task(g, 1).offer_id, true);
    request(2, "acme", NULL);
    assert_non_null(offer_of(2));
    available("ann");
    testing_reload(g, "routing:\n" QUEUES AGENTS ANN);
    assert_int_equal(fr_given_count(g), 1);
    gone = fr_given_find(g, FR_AGENT_DEFINED);
    assert_true(gone->removed);
    assert_string_equal(gone->agent, "bob");
    let_timers_fire(1);
    assert_int_equal(fr_given_count_of(g, FR_OFFER_RESCINDED), 1);
    assert_string_equal(offer_of(2)->agent, "ann");
    bob = testing_agent(g, "bob");
    assert_true(bob.removed);
    assert_int_equal(bob.assigned, 1); /* what he accepted is still his */
    testing_presence(g, "bob", "inhouse", FR__AGENT_STATE__AVAILABLE);
    assert_string_equal(fr_given_rejected(g), "AgentPresence names an unknown agent");
    testing_finish(g, "bob", 1);
    assert_int_equal(fr_given_count_of(g, FR_TASK_ENDED), 1);
}

static void
who_comes_back_is_the_same_agent(void **state)
{
    uint32_t number = testing_agent(g, "bob").number;

    (void)state;
    testing_reload(g, "routing:\n" QUEUES AGENTS ANN);
    testing_reload(g, both);
    assert_int_equal(fr_given_count(g), 1);
    assert_int_equal(testing_agent(g, "bob").number, number);
    assert_false(testing_agent(g, "bob").removed);
    available("bob");
    request(1, "acme", NULL);
    assert_string_equal(offer_of(1)->agent, "bob");
}

static void
more_room_is_filled_at_once(void **state)
{
    (void)state;
    available("ann");
    request(1, "acme", NULL);
    request(2, "acme", NULL);
    testing_answer(g, "ann", 1, testing_task(g, 1).offer_id, true);
    testing_reload(g, "routing:\n" QUEUES AGENTS ANN_OF_TWO BOB);
    assert_int_equal(fr_given_count(g), 1);
    let_timers_fire(1);
    assert_null(offer_of(2)); /* the first still takes the 100 that it was given for */
    testing_finish(g, "ann", 1);
    assert_non_null(offer_of(2));
    request(3, "acme", NULL);
    assert_non_null(offer_of(3));
}

static void
who_changes_his_site_signs_in_again(void **state)
{
    (void)state;
    available("ann");
    request(1, "acme", NULL);
    testing_reload(g, "routing:\n" QUEUES AGENTS ANN_AT_TANA BOB);
    let_timers_fire(1);
    assert_int_equal(fr_given_count_of(g, FR_OFFER_RESCINDED), 1);
    assert_int_equal(testing_agent(g, "ann").state, FR__AGENT_STATE__OFFLINE);
    testing_presence(g, "ann", "tana", FR__AGENT_STATE__AVAILABLE);
    assert_string_equal(offer_of(1)->site, "tana");
}

/* ---- tasks that nobody can serve ---- */

static void
a_missing_skill_is_named(void **state)
{
    const Fr__TaskParked *parked;

    (void)state;
    available("ann");
    request(1, "acme", "de");
    parked = fr_given_find(g, FR_TASK_PARKED);
    assert_non_null(parked);
    assert_string_equal(parked->reason, "none of 2 agents has skill german at level 2 or more");
    assert_true(testing_task(g, 1).parked);
}

static void
a_parked_task_waits_for_whoever_learns_it(void **state)
{
    (void)state;
    available("bob");
    request(1, "acme", "de");
    testing_reload(g, "routing:\n" QUEUES AGENTS ANN_GERMAN BOB);
    assert_int_equal(fr_given_count_of(g, FR_AGENT_DEFINED), 1);
    assert_int_equal(fr_given_count_of(g, FR_LANE_CHANGED), 1);
    let_timers_fire(1);
    assert_int_equal(fr_given_count_of(g, FR_TASK_QUEUED),
                     1); /* parked no longer: ann is offline */
    assert_false(testing_task(g, 1).parked);
    available("ann");
    assert_string_equal(offer_of(1)->agent, "ann");
}

static void
the_last_agent_who_leaves_parks_what_waits(void **state)
{
    const Fr__TaskParked *parked;

    (void)state;
    testing_reload(g, "routing:\n" QUEUES AGENTS ANN_GERMAN BOB);
    request(1, "acme", "de");
    request(2, "acme", "de");
    assert_non_null(fr_given_find(g, FR_TASK_QUEUED));
    testing_reload(g, both);
    let_timers_fire(1);
    assert_int_equal(fr_given_count_of(g, FR_TASK_PARKED), 2);
    parked = fr_given_find(g, FR_TASK_PARKED);
    assert_string_equal(parked->reason, "none of 2 agents has skill german at level 2 or more");
    let_timers_fire(100);
    assert_int_equal(fr_given_count(g), 0);
}

static void
no_queue_is_a_reason_too_and_a_new_queue_takes_it(void **state)
{
    const Fr__TaskParked *parked;

    (void)state;
    available("ann");
    request(1, "bolt", NULL);
    parked = fr_given_find(g, FR_TASK_PARKED);
    assert_string_equal(parked->reason,
                        "no queue takes brand bolt on channel_webchat in this language");
    testing_reload(g, "routing:\n  queues:\n    - {name: rest}\n" AGENTS ANN BOB);
    let_timers_fire(1);
    assert_string_equal(offer_of(1)->queue, "rest");
    assert_string_equal(offer_of(1)->agent, "ann");
}

static void
a_queue_that_asks_for_less_frees_what_waits(void **state)
{
    (void)state;
    available("bob");
    request(1, "acme", "de");
    testing_reload(g, "routing:\n  queues:\n    - {name: german, languages: [de]}\n"
                      "    - {name: chat, brands: [acme]}\n" AGENTS ANN BOB);
    let_timers_fire(1);
    assert_string_equal(offer_of(1)->agent, "bob");
    assert_string_equal(offer_of(1)->queue, "german");
}

/* More than one slice of tasks, so that the walk has to go on by itself, and in order. */
static void
a_long_queue_is_gone_through_in_slices(void **state)
{
    const uint64_t count = 2 * ROUTING_SLICE + 10;
    struct routing_queue_row queue;
    struct routing_lane lane;

    (void)state;
    for (uint64_t task = 1; task <= count; task++)
        request(task, "acme", "de");
    testing_reload(g, "routing:\n" QUEUES AGENTS ANN_GERMAN BOB);
    let_timers_fire(1);
    assert_int_equal(fr_given_count_of(g, FR_TASK_QUEUED), count);
    assert_int_equal(fr_given_count_of(g, FR_QUEUE_CHANGED), 3);
    assert_int_equal(routing_lane_get(fr_given_view(g), 1, &lane), FR_OK);
    assert_int_equal(lane.waiting, count);
    assert_int_equal(routing_queue_row_by_name(fr_given_view(g), "german", &queue), FR_OK);
    assert_false(queue.walking);
}

/* ---- limits ---- */

static void
too_many_skills_are_set_aside(void **state)
{
    static char *skills[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};
    Fr__TaskRequested message = testing_request(1, 0);

    (void)state;
    message.n_skills = 9;
    message.skills = skills;
    testing_send_request(g, &message, "acme");
    assert_string_equal(fr_given_rejected(g),
                        "the task asks for too many skills, or one with too long a name");
}

static void
a_requested_skill_counts_like_a_configured_one(void **state)
{
    static char *skills[] = {"billing"};
    Fr__TaskRequested message = testing_request(1, 0);
    const Fr__TaskParked *parked;

    (void)state;
    message.n_skills = 1;
    message.skills = skills;
    testing_send_request(g, &message, "acme");
    parked = fr_given_find(g, FR_TASK_PARKED);
    assert_string_equal(parked->reason, "none of 2 agents has skill billing at level 1 or more");
}

struct complaint_case {
    const char *claim, *yaml, *said;
};

/* clang-format off */
static const struct complaint_case complaint_cases[] = {
    { "an unknown brand",   "brands: {acme: {title: Acme}}\nrouting: {queues: [{name: q, brands: [acne]}]}\n",       "'acne' is not among the brands" },
    { "an unknown channel", "channels: [channel_webform]\nrouting: {queues: [{name: q, channels: [fax]}]}\n",        "'fax' is not among the channels" },
    { "an unknown site",    "desks: [inhouse]\nrouting: {agents: {ann: {site: tana}}}\n",                            "'tana' is not among the `desks`" },
    { "a queue twice",      "routing: {queues: [{name: q}, {name: q}]}\n",                                           "there is a queue 'q' already" },
    { "a skill twice",      "routing: {agents: {ann: {site: x, skills: [{name: a}, {name: a}]}}}\n",                 "skill 'a' is there twice" },
    { "a channel twice",    "routing: {agents: {ann: {site: x, capacity: [{channel: a, weight: 1}, {channel: a, weight: 2}]}}}\n", "channel 'a' is there twice" },
    { "no weight at all",   "routing: {agents: {ann: {site: x, capacity: [{channel: a, weight: 0}]}}}\n",            "weight" },
};
/* clang-format on */

static void
mistakes_in_the_file_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(complaint_cases) / sizeof(complaint_cases[0]); i++) {
        const struct complaint_case *row = &complaint_cases[i];
        struct fr_options *options = NULL;
        char *text = NULL;
        size_t size = 0;
        FILE *complaints = open_memstream(&text, &size);

        print_message("  %s\n", row->claim);
        assert_int_not_equal(
            fr_options_parse(&routing_stage, row->yaml, strlen(row->yaml), complaints, &options),
            FR_OK);
        fclose(complaints);
        assert_non_null(strstr(text, row->said));
        free(text);
    }
}

/* ---- queries ---- */

static json_t *
asked(const char *query, const char *key, const char *value)
{
    json_t *args = key == NULL ? json_object() : json_pack("{s:s}", key, value);
    json_t *answer = fr_given_query(g, query, args);

    json_decref(args);
    assert_non_null(answer);
    return answer;
}

static void
queues_agents_and_tasks_explain_themselves(void **state)
{
    json_t *answer, *item;

    (void)state;
    fr_given_at(g, 30);
    available("ann");
    request(1, "acme", NULL);
    request(2, "acme", NULL);
    request(3, "acme", "de");
    answer = asked("queue.ls", NULL, NULL);
    assert_int_equal(json_array_size(json_object_get(answer, "items")), 2);
    item = json_array_get(json_object_get(answer, "items"), 1);
    assert_string_equal(json_string_value(json_object_get(item, "queue")), "chat");
    assert_int_equal(json_integer_value(json_object_get(item, "waiting")), 1);
    assert_int_equal(json_integer_value(json_object_get(item, "agents_free")), 0);
    item = json_array_get(json_object_get(answer, "items"), 0);
    assert_int_equal(json_integer_value(json_object_get(item, "parked")), 1);
    json_decref(answer);
    answer = asked("queue.show", "queue", "chat");
    assert_int_equal(json_array_size(json_object_get(answer, "items")), 1);
    json_decref(answer);
    answer = asked("agent.show", "agent", "ann");
    assert_int_equal(json_array_size(json_object_get(answer, "offers")), 1);
    assert_int_equal(json_array_size(json_object_get(answer, "serves")), 1);
    json_decref(answer);
    answer = asked("agent.ls", NULL, NULL);
    assert_int_equal(json_array_size(json_object_get(answer, "items")), 2);
    json_decref(answer);
    answer = asked("routing.explain", "task", "3");
    item = json_array_get(json_object_get(answer, "agents"), 0);
    assert_string_equal(json_string_value(json_object_get(item, "why")), "lacks skill german");
    json_decref(answer);
    answer = asked("routing.explain", "task", "2");
    item = json_array_get(json_object_get(answer, "agents"), 0);
    assert_string_equal(json_string_value(json_object_get(item, "why")),
                        "full (100 of 100, needs 100)");
    json_decref(answer);
    answer = asked("routing.stats", NULL, NULL);
    assert_int_equal(json_integer_value(json_object_get(answer, "offered")), 1);
    assert_int_equal(json_integer_value(json_object_get(answer, "waiting")), 1);
    assert_int_equal(json_integer_value(json_object_get(answer, "parked")), 1);
    json_decref(answer);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(the_same_configuration_says_nothing),
        CASE(agents_are_defined_at_the_first_start),
        CASE(a_removed_agent_gives_back_what_he_had_not_accepted),
        CASE(who_comes_back_is_the_same_agent),
        CASE(more_room_is_filled_at_once),
        CASE(who_changes_his_site_signs_in_again),
        CASE(a_missing_skill_is_named),
        CASE(a_parked_task_waits_for_whoever_learns_it),
        CASE(the_last_agent_who_leaves_parks_what_waits),
        CASE(no_queue_is_a_reason_too_and_a_new_queue_takes_it),
        CASE(a_queue_that_asks_for_less_frees_what_waits),
        CASE(a_long_queue_is_gone_through_in_slices),
        CASE(too_many_skills_are_set_aside),
        CASE(a_requested_skill_counts_like_a_configured_one),
        CASE(mistakes_in_the_file_are_named),
        CASE(queues_agents_and_tasks_explain_themselves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
