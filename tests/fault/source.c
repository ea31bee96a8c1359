/* source.c - a journal and a wire, and nothing else. */
#include "tests/fault/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "common/journal/journal.h"
#include "common/wire/wire.h"
#include "proto/bench.pb-c.h"
#include "proto/kinds.h"

struct source {
    struct fr_journal *journal;
    struct fr_wire *wire;
};

struct source *
source_open(const char *dir, const char *run)
{
    struct source *source = calloc(1, sizeof(*source));
    char complaint[300] = "", endpoint[400];
    struct fr_journal_options options = {.dir = dir, .name = "source", .segment_size = 1 << 20};
    struct fr_wire_options wire = {.name = "source", .listen = {endpoint}};
    enum fr_error err;

    fr_assert(source != NULL);
    snprintf(endpoint, sizeof(endpoint), "ipc://%s/source.sock", run);
    err = fr_journal_open(&options, &source->journal, complaint, sizeof(complaint));
    wire.journal = source->journal;
    if (err == FR_OK)
        err = fr_wire_new(&wire, &source->wire, complaint, sizeof(complaint));
    if (err == FR_OK)
        return source;
    fprintf(stderr, "source: %s %s\n", fr_error_name(err), complaint);
    source_close(&source);
    return NULL;
}

void
source_close(struct source **source)
{
    if (*source == NULL)
        return;
    fr_wire_free(&(*source)->wire);
    fr_journal_free(&(*source)->journal);
    free(*source);
    *source = NULL;
}

static void
add(struct source *source, const uint8_t *body, size_t size)
{
    struct fr_record_head *head = fr_journal_reserve(source->journal, size);

    fr_assert(head != NULL);
    head->kind = FR_BENCH_MESSAGE;
    head->time_us = fr_time_wall().unix_us;
    memcpy(head + 1, body, size);
    fr_journal_seal(source->journal, head, size);
    fr_assert(fr_journal_sync(source->journal) == FR_OK);
    fr_wire_publish(source->wire);
}

void
source_add(struct source *source, uint64_t number)
{
    Fr__BenchMessage message = FR__BENCH_MESSAGE__INIT;
    uint8_t body[64];

    message.key = number;
    add(source, body, protobuf_c_message_pack(&message.base, body));
}

void
source_add_broken(struct source *source)
{
    add(source, (const uint8_t *)"\xff\xff\xff broken", 10);
}

void
source_serve(struct source *source, int wait_ms)
{
    struct fr_span begun = fr_time_monotonic();

    while (fr_time_monotonic().us - begun.us < wait_ms * INT64_C(1000))
        fr_wire_poll(source->wire, fr_millis(5), 64, NULL, 0);
}
