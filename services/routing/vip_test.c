/* vip_test.c - best customers without end: the others' wait stays within the bound that the credit
 * states. */
#include "services/routing/routing_cases.h"

#define CREDIT_S 120
#define SERVICE_S 10
#define TASKS_MAX_SEEN 2000

static double arrived_at[TASKS_MAX_SEEN + 1];
static bool is_vip[TASKS_MAX_SEEN + 1];

static void
come(uint64_t task, bool vip, double at)
{
    Fr__TaskRequested message = testing_request(task, at);

    message.tier = vip ? "gold" : NULL;
    arrived_at[task] = at;
    is_vip[task] = vip;
    testing_send_request(g, &message, "acme");
}

/* Whom the agent has on offer; 0: nobody. */
static uint64_t
on_offer(void)
{
    uint64_t task = 0;
    size_t count;

    assert_int_equal(routing_tasks_with(fr_given_view(g), testing_agent(g, "ann").number,
                                        ROUTING_OFFERED, 1, &task, &count),
                     FR_OK);
    return count == 1 ? task : 0;
}

/* Two best customers come in the time that one takes, for as long as it lasts; an ordinary one
 * every hundred seconds.  `run` of them: until so many ordinary ones were served. */
static void
the_others_wait_no_longer_than_the_credit_says(void **state)
{
    unsigned ordinary = 0, served_ordinary = 0, vips_before = 0;
    uint64_t task = 0, busy;
    double now = 0, longest_over = 0;

    (void)state;
    testing_free(&g);
    g = fr_given_new(testing_stage(), "routing:\n  offer_time: 1h\n  raise_by: 0s\n"
                                      "  tiers: {gold: {credit: 2m}}\n  queues: [{name: q}]\n"
                                      "  agents: {ann: {site: inhouse}}\n");
    available("ann");
    come(++task, true, 0);
    while (now < 1500) {
        double began = now;

        busy = on_offer();
        assert_true(busy != 0);
        testing_answer(g, "ann", busy, testing_task(g, busy).offer_id, true);
        if (is_vip[busy])
            vips_before++;
        else
            served_ordinary++;
        /* whoever waits on was overtaken by him: then he came no later than the credit after them
         */
        for (uint64_t other = 1; other <= task; other++) {
            struct routing_task row;

            if (is_vip[other] || !is_vip[busy] ||
                routing_task_get(fr_given_view(g), other, &row) != FR_OK ||
                row.state != ROUTING_WAITING)
                continue;
            assert_true(arrived_at[busy] <= arrived_at[other] + CREDIT_S);
        }
        if (!is_vip[busy]) {
            double in_line = 0, over;

            /* first come first served would have let those go before who came before, and the bound
             * adds those who came within the credit */
            for (uint64_t other = 1; other <= task; other++)
                in_line += arrived_at[other] <= arrived_at[busy] + (is_vip[other] ? CREDIT_S : 0);
            over = began - in_line * SERVICE_S;
            longest_over = over > longest_over ? over : longest_over;
        }
        for (int half = 0; half < 2; half++) {
            now += SERVICE_S / 2.0;
            fr_given_at(g, now);
            come(++task, true, now);
            if (ordinary < (unsigned)(now / 100)) {
                ordinary++;
                come(++task, false, now);
            }
        }
        testing_finish(g, "ann", busy);
    }
    print_message("  %u best customers and %u of %u others were served, none later than the credit "
                  "allows\n",
                  vips_before, served_ordinary, ordinary);
    assert_true(longest_over <= SERVICE_S);
    assert_true(served_ordinary >= 6); /* though the others alone would keep her busy twice over */
}

/* fil routing check states that bound. */
static void
the_check_states_the_bound(void **state)
{
    json_t *answer, *row;
    size_t index;
    bool found = false;

    (void)state;
    answer = fr_given_query(g, "routing.check", NULL);
    assert_non_null(answer);
    json_array_foreach(json_object_get(answer, "items"), index,
                       row) if (strcmp(json_string_value(json_object_get(row, "what")), "bound") ==
                                0) found |=
        strstr(json_string_value(json_object_get(row, "text")), "within 7m") != NULL;
    json_decref(answer);
    assert_true(found);
}

static int
house_with_tiers(void **state)
{
    (void)state;
    g = fr_given_new(testing_stage(),
                     "routing:\n  tiers: {gold: {credit: 2m}}\n  queues: [{name: q}]\n"
                     "  agents: {ann: {site: inhouse}}\n");
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_others_wait_no_longer_than_the_credit_says, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_check_states_the_bound, house_with_tiers, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
