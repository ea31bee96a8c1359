/* check.c - counts what stands in a ledger's journal. */
#include "tests/fault/check.h"

#include <stdio.h>
#include <string.h>
#include "common/journal/journal.h"
#include "proto/bench.pb-c.h"
#include "proto/kinds.h"
#include "proto/stage.pb-c.h"

static void
count_fire(struct check_counts *counts, const struct fr_record_head *head)
{
    struct fr_slice body = fr_record_body(head);
    Fr__TimerFired *fired = fr__timer_fired__unpack(NULL, body.size, body.data);

    if (fired == NULL || head->time_us < fired->due_us)
        counts->early++;
    if (fired != NULL)
        fr__timer_fired__free_unpacked(fired, NULL);
}

static void
count_record(struct check_counts *counts, const struct fr_record_head *head)
{
    struct fr_slice body = fr_record_body(head);
    Fr__BenchMessage *message;

    counts->back += head->time_us < counts->last_us;
    counts->last_us = head->time_us;
    if (head->kind == FR_TIMER_FIRED)
        count_fire(counts, head);
    if (head->kind != FR_BENCH_MESSAGE)
        return;
    message = fr__bench_message__unpack(NULL, body.size, body.data);
    if (message == NULL)
        return;
    counts->records++;
    if (message->key >= 1000000 && message->key < 1000000 + CHECK_NUMBER_MAX)
        counts->alarms[message->key - 1000000]++;
    else if (message->key >= 2000000 && message->key < 2000000 + CHECK_BELL_MAX)
        counts->bells[message->key - 2000000]++;
    else if (message->key < CHECK_NUMBER_MAX)
        counts->numbers[message->key]++;
    fr__bench_message__free_unpacked(message, NULL);
}

bool
check_read(const char *state, const char *name, struct check_counts *counts)
{
    char dir[600], complaint[256] = "";
    struct fr_journal_options options = {.dir = dir, .name = name, .read_only = true};
    struct fr_cursor start = {.incarnation = 1};
    struct fr_journal *journal;
    struct fr_reader *reader;
    struct fr_batch batch;
    enum fr_error err;

    memset(counts, 0, sizeof(*counts));
    snprintf(dir, sizeof(dir), "%s/%s/journal", state, name);
    err = fr_journal_open(&options, &journal, complaint, sizeof(complaint));
    if (err != FR_OK) {
        fprintf(stderr, "%s: %s %s\n", dir, fr_error_name(err), complaint);
        return false;
    }
    snprintf(start.journal, sizeof(start.journal), "%s", name);
    start.incarnation = fr_journal_incarnation(journal);
    err = fr_reader_new(journal, &start, &reader);
    while (err == FR_OK && (err = fr_reader_next(reader, 1 << 20, NULL, 0, &batch)) == FR_OK) {
        struct fr_slice rest = batch.bytes;
        const struct fr_record_head *head;

        while ((head = fr_records_next(&rest)) != NULL)
            count_record(counts, head);
        fr_hold_release(batch.hold);
    }
    if (err != FR_END)
        fprintf(stderr, "%s: reading: %s\n", dir, fr_error_name(err));
    fr_reader_free(&reader);
    fr_journal_free(&journal);
    return err == FR_END;
}

uint64_t
check_end(const char *state, const char *name)
{
    char dir[600], complaint[256] = "";
    struct fr_journal_options options = {.dir = dir, .name = name, .read_only = true};
    struct fr_journal *journal;
    uint64_t seq;

    snprintf(dir, sizeof(dir), "%s/%s/journal", state, name);
    if (fr_journal_open(&options, &journal, complaint, sizeof(complaint)) != FR_OK)
        return 0;
    seq = fr_journal_end(journal).seq;
    fr_journal_free(&journal);
    return seq;
}

static void
tell(unsigned *breaches, const char *name, const char *what, uint64_t number, uint32_t times)
{
    if ((*breaches)++ < 10)
        fprintf(stderr, "%s: %s %llu stands there %u times\n", name, what,
                (unsigned long long)number, times);
}

uint32_t
check_bell_times(uint64_t id, uint64_t bells, uint64_t numbers)
{
    if (id <= bells)
        return id > 0 && id % 7 != 0;
    return id > bells + 3 && id <= bells + numbers;
}

bool
check_bells_rung(const struct check_counts *counts, uint64_t bells, uint64_t numbers)
{
    for (uint64_t id = 1; bells > 0 && id <= bells + numbers; id++)
        if (counts->bells[id] < check_bell_times(id, bells, numbers))
            return false;
    return true;
}

unsigned
check_bells(const struct check_counts *counts, uint64_t bells, uint64_t numbers, const char *name)
{
    unsigned breaches = 0;

    if (counts->early > 0) {
        fprintf(stderr, "%s: %llu timers fired early\n", name, (unsigned long long)counts->early);
        breaches++;
    }
    for (uint64_t id = 1; bells > 0 && id < CHECK_BELL_MAX; id++)
        if (counts->bells[id] != check_bell_times(id, bells, numbers))
            tell(&breaches, name, "bell", id, counts->bells[id]);
    return breaches;
}

unsigned
check_exactly_once(const struct check_counts *counts, const bool *acknowledged, uint64_t count,
                   const char *name)
{
    unsigned breaches = 0;

    for (uint64_t n = 1; n <= count; n++) {
        if (counts->numbers[n] > 1 || (acknowledged[n] && counts->numbers[n] == 0))
            tell(&breaches, name, "number", n, counts->numbers[n]);
        if (n % 10 == 0 && counts->numbers[n] == 1 && counts->alarms[n] != 1)
            tell(&breaches, name, "the alarm of", n, counts->alarms[n]);
    }
    return breaches;
}
