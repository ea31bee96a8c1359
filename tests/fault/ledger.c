/* ledger.c - two little services for the fault tests: `fault-ledger 1|2 --config FILE`.
 *
 * ledger1 takes numbers from its edge (sender.c), each once (a number sent again is answered and
 * not stored again); every tenth arms a timer that adds 1,000,000 + number.  ledger2 reads ledger1
 * and copies every number, with no deduplication of its own: only cursors keep it from doubling.
 *
 * With $LEDGER_BELLS=N the first number arms N bells at once, four of them for each moment; the
 * second moves every fifth, the third disarms every seventh, and each later number arms a bell of
 * its own.  A bell that rings adds 2,000,000 + its id (check.h tells which must).
 */
#include <signal.h>
#include <stdlib.h>
#include "common/stage/process.h"
#include "common/stage/stage.h"
#include "proto/bench.pb-c.h"
#include "tests/fault/sender.h"

#define ALARM (FR_TIMER_KIND + 1)
#define BELL (FR_TIMER_KIND + 2)
#define POISON                                                                                     \
    13 /* crashes decide of the ledger that $LEDGER_POISON names; "alarm": the alarm of 20 does */

/* clang-format off */
static const struct fr_table tables[] = {
    { "numbers", true, "number -> how often it was added" },
    FR_TABLE_END,
};
/* clang-format on */

static struct fr_slice
row(struct fr_key *key, uint64_t number)
{
    return fr_key_slice(fr_key_u64(fr_key_init(key), number));
}

static enum fr_error
emit_number(struct fr_turn *turn, const struct fr_record *input, uint64_t number, uint64_t bells)
{
    Fr__BenchMessage message = FR__BENCH_MESSAGE__INIT;
    const char *fill = getenv("LEDGER_FILL");

    message.key = number;
    message.sent_us = bells;
    if (fill != NULL) { /* so that a small journal fills up */
        message.filler.len = (size_t)atoi(fill);
        message.filler.data = fr_arena_zalloc(turn->arena, 1, message.filler.len);
    }
    return fr_emit_as(turn, input, &message.base, &(struct fr_labels){.key = number});
}

static void
crash_if_poisoned(uint64_t number, const char *ledger)
{
    const char *poison = getenv("LEDGER_POISON");

    if (number != POISON || poison == NULL)
        return;
    if (strcmp(poison, ledger) == 0)
        abort();
    if (strcmp(poison, "killed") == 0 && strcmp(ledger, "ledger1") == 0)
        raise(SIGKILL); /* as if from outside */
}

static enum fr_error
decide_number(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__BenchMessage *message = fr_unpack(turn, input, &fr__bench_message__descriptor);
    const char *bells = getenv("LEDGER_BELLS");
    struct fr_slice value;
    struct fr_key key;

    if (message == NULL)
        return fr_reject(turn, input, "does not decode");
    crash_if_poisoned(message->key, "ledger1");
    if (fr_get(turn->view, &tables[0], row(&key, message->key), &value) == FR_OK &&
        !fr_sabotage("no_deduplication"))
        return FR_OK;
    return emit_number(turn, input, message->key, bells == NULL ? 0 : strtoull(bells, NULL, 10));
}

static enum fr_error
decide_bell(struct fr_turn *turn, const struct fr_record *input)
{
    return emit_number(turn, input, 2000000 + input->head->key, 0);
}

static enum fr_error
decide_alarm(struct fr_turn *turn, const struct fr_record *input)
{
    const char *poison = getenv("LEDGER_POISON");

    if (input->head->key == 20 && poison != NULL && strcmp(poison, "alarm") == 0)
        abort();
    return emit_number(turn, input, 1000000 + input->head->key, 0);
}

static enum fr_error
decide_copy(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__BenchMessage *message = fr_unpack(turn, input, &fr__bench_message__descriptor);

    if (message == NULL)
        return fr_reject(turn, input, "does not decode");
    crash_if_poisoned(message->key, "ledger2");
    return emit_number(turn, input, message->key, 0);
}

/* Times are the event's: replayed, it arms the same. */
static enum fr_error
arm_bells(struct fr_tables *handle, const struct fr_record *event, uint64_t number, uint64_t bells)
{
    struct fr_time now = {event->head->time_us};
    enum fr_error err = FR_OK;

    if (number > 3)
        return fr_timer_arm(handle, BELL, bells + number,
                            fr_time_add(now, fr_millis((int64_t)(number * 7 % 2000))));
    for (uint64_t id = 1; err == FR_OK && id <= bells; id++) {
        bool late = id % 5 == 0 || id % 7 == 0;

        if (number == 1)
            err = fr_timer_arm(
                handle, BELL, id,
                late ? fr_time_add(now, fr_seconds(3600))
                     : (struct fr_time){now.unix_us + 20000 + (int64_t)(id / 4) * 100});
        else if (number == 2 && id % 5 == 0 && id % 7 != 0)
            err = fr_timer_arm(handle, BELL, id, fr_time_add(now, fr_millis(30)));
        else if (number == 3 && id % 7 == 0)
            err = fr_timer_disarm(handle, BELL, id);
    }
    return err;
}

static enum fr_error
apply_number(struct fr_tables *handle, const struct fr_record *event)
{
    const Fr__BenchMessage *message = fr_body(event);
    uint64_t count = 0;
    struct fr_key key;
    enum fr_error err;

    crash_if_poisoned(message->key, "apply");
    fr_get_copy(fr_tables_view(handle), &tables[0], row(&key, message->key), &count, sizeof(count));
    count++;
    err = fr_put(handle, &tables[0], fr_key_slice(&key), fr_slice(&count, sizeof(count)));
    if (err == FR_OK && message->key % 10 == 0 && message->key < 1000000 &&
        strcmp(event->upstream, "ledger1") == 0)
        err = fr_timer_arm(handle, ALARM, message->key,
                           (struct fr_time){event->head->time_us + 5000});
    if (err == FR_OK && message->sent_us > 0)
        err = arm_bells(handle, event, message->key, message->sent_us);
    return err;
}

static const struct fr_input inputs_1[] = {{FR_BENCH_MESSAGE, FR_LOCAL, decide_number},
                                           {ALARM, FR_TIMER, decide_alarm},
                                           {BELL, FR_TIMER, decide_bell},
                                           {FR_KIND_END, NULL, NULL}};
static const struct fr_input inputs_2[] = {{FR_BENCH_MESSAGE, "ledger1", decide_copy},
                                           {FR_KIND_END, NULL, NULL}};
static const struct fr_event events[] = {{FR_BENCH_MESSAGE, apply_number}, {FR_KIND_END, NULL}};

int
main(int argc, char **argv)
{
    const struct fr_stage stage_1 = {.name = "ledger1",
                                     .tables = tables,
                                     .inputs = inputs_1,
                                     .events = events,
                                     .edge = &fault_sender};
    const struct fr_stage stage_2 = {
        .name = "ledger2", .tables = tables, .inputs = inputs_2, .events = events};

    if (argc < 2)
        return 64;
    return fr_stage_main(argc - 1, argv + 1, atoi(argv[1]) == 2 ? &stage_2 : &stage_1);
}
