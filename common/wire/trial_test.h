/* trial_test.h - what the tests of this room share: two sides that write down what happens to them.
 */
#ifndef FR_WIRE_TRIAL_TEST_H
#define FR_WIRE_TRIAL_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "common/base/log.h"
#include "common/wire/wire.h"

#define TRIAL_PATIENCE 20 /* seconds until a test that waits for something gives up */
#define TRIAL_READING_MAX 4

static inline uint64_t
trial_dice(uint64_t *seed)
{
    uint64_t x = *seed += 0x9e3779b97f4a7c15u;

    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* One side: its journal, its wire, and all that it was told. */
struct trial_side {
    struct fr_journal *journal;
    struct fr_wire *wire;
    bool keeps; /* batches are not consumed at once but kept in `kept` */
    struct fr_wire_batch *kept[4096];
    size_t kept_count, kept_size;
    char *bytes; /* all records that arrived, one behind the other */
    size_t size;
    uint64_t count, frames;
    struct fr_cursor cursors[TRIAL_READING_MAX + 1]; /* by number of the reading */
    enum fr_error refused;
    unsigned refused_count, up_count, down_count;
    uint64_t acknowledged;
    struct fr_journal *copy; /* a standby's */
};

static inline void
trial_batch(void *context, struct fr_wire_batch *batch)
{
    struct trial_side *side = context;

    side->bytes = realloc(side->bytes, side->size + batch->bytes.size + 1);
    memcpy(side->bytes + side->size, batch->bytes.data, batch->bytes.size);
    side->size += batch->bytes.size;
    side->count += batch->count;
    side->cursors[batch->reading].seq = batch->last_seq;
    side->cursors[batch->reading].hash = batch->last_hash;
    side->cursors[batch->reading].incarnation = batch->incarnation;
    fr_wire_durable(side->wire, batch->reading, batch->last_seq);
    if (side->keeps) {
        fr_assert(side->kept_count < 4096);
        side->kept[side->kept_count++] = batch;
        side->kept_size += batch->bytes.size;
    } else {
        fr_wire_consumed(side->wire, batch);
    }
}

static inline void
trial_frame(void *context, uint32_t reading, struct fr_slice frame)
{
    struct trial_side *side = context;
    struct fr_cursor end;

    side->frames++;
    assert_int_equal(fr_journal_append_frame(side->copy, frame), FR_OK);
    assert_int_equal(fr_journal_sync(side->copy), FR_OK);
    end = fr_journal_end(side->copy);
    side->cursors[reading] = end;
}

static inline void
trial_refused(void *context, uint32_t reading, enum fr_error why, const char *detail)
{
    struct trial_side *side = context;

    (void)reading;
    (void)detail;
    side->refused = why;
    side->refused_count++;
}

static inline void
trial_cursor(void *context, uint32_t reading, struct fr_cursor *cursor)
{
    *cursor = ((struct trial_side *)context)->cursors[reading];
}

static inline void
trial_link(void *context, const char *peer, bool up)
{
    struct trial_side *side = context;

    (void)peer;
    side->up_count += up;
    side->down_count += !up;
}

static inline void
trial_acknowledged(void *context, const char *peer, uint64_t seq)
{
    (void)peer;
    ((struct trial_side *)context)->acknowledged = seq;
}

static inline struct fr_journal *
trial_journal(const char *dir, const char *name)
{
    struct fr_journal_options options = {.dir = dir, .name = name, .segment_size = 16u << 20};
    struct fr_journal *journal = NULL;
    char complaint[256] = "";

    if (fr_journal_open(&options, &journal, complaint, sizeof(complaint)) != FR_OK)
        fail_msg("journal %s: %s", name, complaint);
    return journal;
}

/* Opens side->wire; what is not given (calls, journal) is the side's own. */
static inline void
trial_open(struct trial_side *side, struct fr_wire_options options)
{
    char complaint[256] = "";

    options.journal = side->journal;
    options.calls = (struct fr_wire_calls){.context = side,
                                           .batch = trial_batch,
                                           .frame = trial_frame,
                                           .refused = trial_refused,
                                           .cursor = trial_cursor,
                                           .link = trial_link,
                                           .acknowledged = trial_acknowledged};
    if (fr_wire_new(&options, &side->wire, complaint, sizeof(complaint)) != FR_OK)
        fail_msg("wire %s: %s", options.name, complaint);
}

static inline void
trial_consume(struct trial_side *side)
{
    for (size_t i = 0; i < side->kept_count; i++)
        fr_wire_consumed(side->wire, side->kept[i]);
    side->kept_count = side->kept_size = 0;
}

static inline void
trial_close(struct trial_side *side)
{
    fr_wire_free(&side->wire);
    fr_journal_free(&side->journal);
    fr_journal_free(&side->copy);
    free(side->bytes);
    memset(side, 0, sizeof(*side));
}

/* One record with a body of that size; the next frame takes it. */
static inline void
trial_write(struct fr_journal *journal, size_t body_size, const char *route)
{
    struct fr_record_head *head = fr_journal_reserve(journal, body_size);
    uint64_t seed;

    assert_non_null(head);
    seed = head->seq;
    head->kind = 0x0e01;
    head->key = head->seq;
    head->time_us = (int64_t)head->seq;
    snprintf(head->route, sizeof(head->route), "%s", route);
    for (size_t i = 0; i < body_size; i += 8)
        memcpy((char *)(head + 1) + i, &(uint64_t){trial_dice(&seed)},
               body_size - i < 8 ? body_size - i : 8);
    fr_journal_seal(journal, head, body_size);
}

/* `count` records in one frame, synced and published. */
static inline void
trial_publish(struct trial_side *side, unsigned count, size_t body_size, const char *route)
{
    for (unsigned i = 0; i < count; i++)
        trial_write(side->journal, body_size, route);
    assert_int_equal(fr_journal_sync(side->journal), FR_OK);
    if (side->wire != NULL)
        fr_wire_publish(side->wire);
}

/* Both sides run until the condition holds; a test that waits in vain says for what. */
#define trial_until(a, b, condition)                                                               \
    do {                                                                                           \
        int64_t trial_end = fr_time_monotonic().us + TRIAL_PATIENCE * 1000000ll;                   \
        while (!(condition)) {                                                                     \
            trial_turn(a);                                                                         \
            trial_turn(b);                                                                         \
            if (fr_time_monotonic().us > trial_end)                                                \
                fail_msg("waited in vain for: %s", #condition);                                    \
        }                                                                                          \
    } while (0)

static inline void
trial_turn(struct trial_side *side)
{
    if (side != NULL && side->wire != NULL)
        fr_wire_poll(side->wire, fr_millis(1), 100, NULL, 0);
}

/* Both sides run for a while in which something must not happen. */
static inline void
trial_while(struct trial_side *a, struct trial_side *b, int milliseconds)
{
    int64_t end = fr_time_monotonic().us + milliseconds * 1000ll;

    while (fr_time_monotonic().us < end) {
        trial_turn(a);
        trial_turn(b);
    }
}

/* What arrived is what is stored, byte for byte, from the first record on. */
static inline void
trial_assert_same(const struct trial_side *reader, struct fr_journal *journal, uint64_t first_seq,
                  const char *route)
{
    struct fr_slice rest = fr_slice(reader->bytes, reader->size);
    const struct fr_record_head *stored;
    uint64_t seq = first_seq, end = fr_journal_end(journal).seq;

    for (; seq <= end; seq++) {
        assert_int_equal(fr_journal_get(journal, seq, &stored), FR_OK);
        if (route != NULL && strcmp(stored->route, route) != 0)
            continue;
        assert_true(rest.size >= stored->size);
        assert_memory_equal(rest.data, stored, stored->size);
        rest = fr_slice((const char *)rest.data + stored->size, rest.size - stored->size);
    }
    assert_int_equal(rest.size, 0);
}

/* A folder of our own for sockets and journals. */
static inline char *
trial_folder(void)
{
    static char folder[200];
    const char *base = getenv("TMPDIR");

    snprintf(folder, sizeof(folder), "%s/fr-wire-XXXXXX", base == NULL ? "/tmp" : base);
    assert_non_null(mkdtemp(folder));
    return folder;
}

static inline void
trial_folder_remove(const char *folder)
{
    char command[300];

    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}

#endif
