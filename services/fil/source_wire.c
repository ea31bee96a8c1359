/* source_wire.c - a journal read over a link, as a reader whom its owner does not wait for. */
#include "services/fil/source_wire.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "common/wire/wire.h"
#include "services/fil/ask.h"

#define FIRST_WAIT_S 3

struct chunk { /* records of one batch, copied */
    struct chunk *next;
    size_t size;
    char bytes[];
};

struct fil_remote {
    char journal[FR_NAME_SIZE];
    struct fr_wire *wire;
    uint32_t reading;
    struct chunk *first, **last, *at_hand;
    struct fr_slice rest; /* of at_hand */
    struct fr_cursor cursor;
    uint64_t first_seq, end_seq, given_seq;
    enum fr_error refused;
};

static void
take_batch(void *context, struct fr_wire_batch *batch)
{
    struct fil_remote *remote = context;
    struct chunk *chunk = malloc(sizeof(*chunk) + batch->bytes.size);

    fr_assert(chunk != NULL);
    chunk->next = NULL;
    chunk->size = batch->bytes.size;
    memcpy(chunk->bytes, batch->bytes.data, batch->bytes.size);
    *remote->last = chunk;
    remote->last = &chunk->next;
    remote->cursor.incarnation = batch->incarnation;
    remote->cursor.seq = batch->last_seq;
    remote->cursor.hash = batch->last_hash;
    fr_wire_consumed(remote->wire, batch);
    fr_wire_durable(remote->wire, batch->reading, batch->last_seq);
}

static void
take_refusal(void *context, uint32_t reading, enum fr_error why, const char *detail)
{
    struct fil_remote *remote = context;

    (void)reading;
    (void)detail;
    if (why != FR_BUSY && why != FR_NOT_FOUND)
        remote->refused = why;
}

static void
give_cursor(void *context, uint32_t reading, struct fr_cursor *cursor)
{
    (void)reading;
    *cursor = ((struct fil_remote *)context)->cursor;
}

static bool
dial(struct fil_remote *remote, const struct fil_install *install, char *complaint,
     size_t complaint_size)
{
    char name[FR_NAME_SIZE], endpoint[300];
    struct fr_wire_options options = {.name = name,
                                      .calls = {.context = remote,
                                                .batch = take_batch,
                                                .refused = take_refusal,
                                                .cursor = give_cursor}};
    const char *key = NULL;

    snprintf(name, sizeof(name), "fil.%d", (int)getpid());
    if (install->options != NULL)
        fr_options_endpoint(install->options->common, remote->journal, endpoint, sizeof(endpoint),
                            &key);
    else
        snprintf(endpoint, sizeof(endpoint), "ipc://%s/%s.sock", install->run, remote->journal);
    if (key != NULL)
        snprintf(endpoint, sizeof(endpoint), "ipc://%s/%s.sock", install->run, remote->journal);
    if (fr_wire_new(&options, &remote->wire, complaint, complaint_size) != FR_OK ||
        fr_wire_dial(remote->wire, remote->journal, endpoint, NULL) != FR_OK)
        return false;
    remote->reading = fr_wire_read(remote->wire, remote->journal, remote->journal, NULL, 0, 0);
    return true;
}

struct fil_remote *
fil_remote_open(struct fil *fil, const char *journal, char *complaint, size_t complaint_size)
{
    struct fil_remote *remote;
    struct fil_asked asked;
    json_t *status =
        fil_ask_quietly(fil, journal, "status", NULL, fr_seconds(FIRST_WAIT_S), &asked);

    if (status == NULL) {
        snprintf(complaint, complaint_size, "%s", asked.message);
        return NULL;
    }
    remote = calloc(1, sizeof(*remote));
    fr_assert(remote != NULL);
    remote->last = &remote->first;
    snprintf(remote->journal, sizeof(remote->journal), "%s", journal);
    snprintf(remote->cursor.journal, sizeof(remote->cursor.journal), "%s", journal);
    remote->first_seq = (uint64_t)json_integer_value(json_object_get(status, "first_seq"));
    remote->end_seq = (uint64_t)json_integer_value(json_object_get(status, "seq"));
    json_decref(status);
    if (!dial(remote, fil_install_get(fil), complaint, complaint_size))
        fil_remote_free(&remote);
    return remote;
}

static void
drop_chunks(struct fil_remote *remote)
{
    while (remote->first != NULL) {
        struct chunk *next = remote->first->next;

        free(remote->first);
        remote->first = next;
    }
    remote->last = &remote->first;
    free(remote->at_hand);
    remote->at_hand = NULL;
    remote->rest = fr_slice(NULL, 0);
}

void
fil_remote_free(struct fil_remote **remote)
{
    if (*remote == NULL)
        return;
    fr_wire_free(&(*remote)->wire);
    drop_chunks(*remote);
    free(*remote);
    *remote = NULL;
}

uint64_t
fil_remote_first(const struct fil_remote *remote)
{
    return remote->first_seq;
}

uint64_t
fil_remote_at(const struct fil_remote *remote)
{
    return remote->given_seq;
}

uint64_t
fil_remote_end(const struct fil_remote *remote)
{
    return remote->end_seq;
}

static bool
next_chunk(struct fil_remote *remote)
{
    free(remote->at_hand);
    remote->at_hand = remote->first;
    if (remote->at_hand == NULL)
        return false;
    remote->first = remote->at_hand->next;
    if (remote->first == NULL)
        remote->last = &remote->first;
    remote->rest = fr_slice(remote->at_hand->bytes, remote->at_hand->size);
    return true;
}

/* What was there when we came is waited for as long as the link needs; beyond it only for `wait`.
 */
enum fr_error
fil_remote_next(struct fil_remote *remote, struct fr_span wait,
                const struct fr_record_head **record)
{
    int64_t until_us = fr_time_monotonic().us + wait.us;

    if (remote->given_seq < remote->end_seq && wait.us < FIRST_WAIT_S * 1000000)
        until_us = fr_time_monotonic().us + FIRST_WAIT_S * 1000000;
    for (;;) {
        const struct fr_record_head *head = fr_records_next(&remote->rest);
        int64_t left_us = until_us - fr_time_monotonic().us;

        if (head != NULL) {
            remote->given_seq = head->seq;
            if (head->seq > remote->end_seq)
                remote->end_seq = head->seq;
            *record = head;
            return FR_OK;
        }
        if (next_chunk(remote))
            continue;
        if (remote->refused != FR_OK)
            return remote->refused;
        if (left_us <= 0)
            return remote->given_seq < remote->end_seq ? FR_IO : FR_END;
        fr_wire_poll(remote->wire, (struct fr_span){left_us < 20000 ? left_us : 20000}, 64, NULL,
                     0);
    }
}

enum fr_error
fil_remote_rewind(struct fil_remote *remote)
{
    drop_chunks(remote);
    remote->cursor.seq = remote->cursor.hash = 0;
    remote->given_seq = 0;
    remote->refused = FR_OK;
    fr_wire_stop_reading(remote->wire, remote->reading);
    remote->reading = fr_wire_read(remote->wire, remote->journal, remote->journal, NULL, 0, 0);
    return FR_OK;
}
