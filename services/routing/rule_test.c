/* rule_test.c - an operator's own function: what it may say, and what it may not do. */
#include "services/routing/rule.h"
#include "services/routing/routing_cases.h"

#include <unistd.h>

#define STEPS 100000
#define MEMORY (1 << 20)

static void
it_has_to_compile_and_to_define_route(void **state)
{
    static const struct {
        const char *source, *trouble; /* NULL: fine */
    } rows[] = {
        {"function route(task) return nil end", NULL},
        {"function route(task", "rule:1: ')' expected near <eof>"},
        {"x = 1", "defines no function route(task)"},
        {"while true do end", "took more than rule_steps instructions"},
        {"t = {} for i = 1, 1e9 do t[i] = 'x' .. i end", "needs more than rule_memory"},
        {"s = ('x'):rep(1e9)", "rule:1: attempt to call a nil value (method 'rep')"},
        {"os.exit(1)", "rule:1: attempt to index a nil value (global 'os')"},
        {"io.write('x')", "rule:1: attempt to index a nil value (global 'io')"},
        {"require 'os'", "rule:1: attempt to call a nil value (global 'require')"},
        {"load('x')", "rule:1: attempt to call a nil value (global 'load')"},
        {"debug.sethook()", "rule:1: attempt to index a nil value (global 'debug')"},
        {"math.random()", "rule:1: attempt to call a nil value (field 'random')"},
        {"('x'):match('x')", "rule:1: attempt to call a nil value (method 'match')"},
        {"pcall(function() while true do end end)",
         "rule:1: attempt to call a nil value (global 'pcall')"},
    };
    char trouble[240];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_message("  %s\n", rows[i].source);
        assert_int_equal(
            routing_rule_check(rows[i].source, STEPS, MEMORY, trouble, sizeof(trouble)),
            rows[i].trouble == NULL);
        if (rows[i].trouble != NULL && strcmp(trouble, rows[i].trouble) != 0 &&
            strstr(trouble, rows[i].trouble) == NULL)
            fail_msg("said: %s", trouble);
    }
}

/* ---- asked when a task comes in ---- */

static char rule_path[] = "/tmp/filrouge-rule-XXXXXX";

static void
house(const char *rule)
{
    char text[1024];
    FILE *file = fopen(rule_path, "w");

    assert_non_null(file);
    fputs(rule, file);
    fclose(file);
    snprintf(text, sizeof(text),
             "routing:\n  rule: 'file:%s'\n  tiers: {gold: {credit: 5m}}\n"
             "  queues: [{name: q}, {name: care, skills: [{name: calm}]}]\n"
             "  agents: {ann: {site: inhouse, skills: [{name: calm}, {name: tax}]}}\n",
             rule_path);
    testing_free(&g);
    g = fr_given_new(testing_stage(), text);
}

static void
its_word_is_kept_with_the_task(void **state)
{
    Fr__TaskRequested complaint = testing_request(2, 0);
    const Fr__TaskQueued *queued;

    (void)state;
    house("function route(task)\n"
          "  if task.complaint and task.brand == 'acme' then\n"
          "    local all = ''\n"
          "    for k, v in pairs({b = 1, a = 2}) do all = all .. k end\n"
          "    return {queue = 'care', tier = 'gold', skills = {'tax'}, note = all}\n"
          "  end\n"
          "end\n");
    fr_given_at(g, 400);
    request(1, 0);
    assert_string_equal(((const Fr__TaskQueued *)fr_given_find(g, FR_TASK_QUEUED))->queue, "q");
    complaint.has_complaint = complaint.complaint = 1;
    testing_send_request(g, &complaint, "acme");
    queued = fr_given_find(g, FR_TASK_QUEUED);
    assert_string_equal(queued->queue, "care");
    assert_int_equal(queued->order_us, testing_us(0) - 300 * SECOND);
    assert_string_equal(queued->rule->note, "ab");
    available("ann");
    assert_offered(2, "ann");
    testing_answer(g, "ann", 2, testing_task(g, 2).offer_id, false); /* it goes back where it was */
    assert_string_equal(((const Fr__TaskQueued *)fr_given_find(g, FR_TASK_QUEUED))->queue, "care");
}

static void
one_that_fails_is_as_good_as_none(void **state)
{
    const Fr__TaskQueued *queued;

    (void)state;
    house("function route(task) return {queue = task.nothing.at_all} end");
    request(1, 0);
    queued = fr_given_find(g, FR_TASK_QUEUED);
    assert_string_equal(queued->queue, "q");
    assert_non_null(strstr(queued->rule->trouble, "attempt to index a nil value"));
    house("function route(task) if task.brand == 'acme' then while true do end end end");
    request(1, 0);
    queued = fr_given_find(g, FR_TASK_QUEUED);
    assert_string_equal(queued->queue, "q");
    assert_non_null(strstr(queued->rule->trouble, "took more than rule_steps"));
}

static int
teardown_own(void **state)
{
    bool same = fr_given_rebuilds(g);

    (void)state;
    testing_free(&g);
    return same ? 0 : -1;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_has_to_compile_and_to_define_route),
        cmocka_unit_test_setup_teardown(its_word_is_kept_with_the_task, setup, teardown_own),
        cmocka_unit_test_setup_teardown(one_that_fails_is_as_good_as_none, setup, teardown_own),
    };
    int file = mkstemp(rule_path), failed;

    assert_true(file >= 0);
    close(file);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(rule_path);
    return failed;
}
