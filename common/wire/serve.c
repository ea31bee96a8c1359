/* serve.c - peers read our journal: READ and ACK come in, BATCH goes out.
 *
 * Records leave as they are stored: the message points into the journal's memory, and ZeroMQ's I/O
 * thread lets go of it when the last byte is with the kernel.
 */
#include "common/wire/inside.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "common/base/log.h"

#define EMPTY_STEPS_MAX 64 /* stretches without a wanted record that one pass may walk over */

bool
wire_routes_set(struct wire_routes *routes, const char *const *list, size_t count)
{
    if (count > FR_WIRE_ROUTE_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (strlen(list[i]) >= FR_ROUTE_SIZE)
            return false;
        snprintf(routes->text[i], FR_ROUTE_SIZE, "%s", list[i]);
        routes->list[i] = routes->text[i];
    }
    routes->count = count;
    return true;
}

/* ---- what may be read -------------------------------------------------------------------------
 */

static bool
key_allows(const struct wire_key *key, const char *route)
{
    for (size_t i = 0; i < key->route_count; i++) {
        if (strcmp(key->routes[i], route) == 0)
            return true;
    }
    return false;
}

/* By tcp: some routes, each beside the key.  Everything, and whole frames, only with "*". */
static bool
allowed(const struct wire_link *link, const Fr__Read *read)
{
    if (link->key == NULL || link->key->everything)
        return true;
    if (read->n_routes == 0 || read->frames)
        return false;
    for (size_t i = 0; i < read->n_routes; i++) {
        if (!key_allows(link->key, read->routes[i]))
            return false;
    }
    return true;
}

/* ---- servings ---------------------------------------------------------------------------------
 */

/* The generation (the number's high half) tells a new READ of the same reading from the one before.
 */
static bool
same_reading(uint32_t a, uint32_t b)
{
    return (a & 0xffff) == (b & 0xffff);
}

static void
end_serving(struct wire_serving **at)
{
    struct wire_serving *serving = *at;

    *at = serving->next;
    fr_reader_free(&serving->reader);
    free(serving);
}

void
wire_serve_end(struct wire_link *link)
{
    while (link->servings != NULL)
        end_serving(&link->servings);
}

static void
end_reading(struct wire_link *link, uint32_t number)
{
    for (struct wire_serving **at = &link->servings; *at != NULL; at = &(*at)->next) {
        if (same_reading((*at)->number, number)) {
            end_serving(at);
            return;
        }
    }
}

static struct wire_serving *
new_serving(struct wire_link *link, const Fr__Read *read)
{
    struct wire_serving *serving;
    unsigned count = 0;

    for (serving = link->servings; serving != NULL; serving = serving->next)
        count++;
    if (count >= WIRE_SERVING_MAX || (serving = calloc(1, sizeof(*serving))) == NULL)
        return NULL;
    serving->link = link;
    serving->number = read->reading;
    serving->registered = read->registered;
    serving->frames = read->frames;
    serving->credit = (int64_t)read->credit;
    serving->sent_seq = read->seq;
    serving->sent_us = link->wire->now_us;
    wire_routes_set(&serving->routes, (const char *const *)read->routes, read->n_routes);
    return serving;
}

/* A serving that cannot go on; it is freed. */
static void
give_up(struct wire_serving *serving, enum fr_error why)
{
    struct wire_link *link = serving->link;

    fr_log(FR_WARN, "reading_refused", "peer=%s error=%s sent_seq=%llu", link->peer,
           fr_error_name(why), (unsigned long long)serving->sent_seq);
    wire_link_error(link, why, serving->number, "the journal cannot be read on from here");
    end_reading(link, serving->number);
}

/* ---- sending ----------------------------------------------------------------------------------
 */

/* ZeroMQ's I/O thread: the last byte was handed to the kernel, or the peer is gone. */
static void
let_go(void *data, void *hint)
{
    (void)data;
    fr_hold_release(hint);
}

/* Several pieces share one hold. */
struct shared_hold {
    atomic_uint count;
    struct fr_hold *hold;
};

static void
let_go_shared(void *data, void *hint)
{
    struct shared_hold *shared = hint;

    (void)data;
    if (atomic_fetch_sub(&shared->count, 1) != 1)
        return;
    fr_hold_release(shared->hold);
    free(shared);
}

/* A frame may be bigger than a ZeroMQ frame is allowed to be: it goes as parts of one message, so
 * that the limit on what a peer can make us allocate stays the same for everybody. */
static unsigned
cut_to_pieces(struct fr_slice bytes, struct fr_hold *hold, zmq_msg_t *pieces)
{
    unsigned count = (unsigned)((bytes.size + FR_RECORD_SIZE_MAX - 1) / FR_RECORD_SIZE_MAX);
    struct shared_hold *shared = malloc(sizeof(*shared));

    fr_assert(count >= 1 && count <= WIRE_PAYLOAD_MAX && shared != NULL);
    atomic_init(&shared->count, count);
    shared->hold = hold;
    for (unsigned i = 0; i < count; i++) {
        size_t at = (size_t)i * FR_RECORD_SIZE_MAX;
        size_t size = bytes.size - at < FR_RECORD_SIZE_MAX ? bytes.size - at : FR_RECORD_SIZE_MAX;

        fr_assert(zmq_msg_init_data(&pieces[i], (char *)(uintptr_t)bytes.data + at, size,
                                    let_go_shared, shared) == 0);
    }
    return count;
}

static enum fr_error
send_position(struct wire_serving *serving, enum wire_type type, uint32_t count, zmq_msg_t *payload,
              unsigned payload_count)
{
    struct fr_cursor cursor = fr_reader_cursor(serving->reader);
    Fr__Batch message = FR__BATCH__INIT;
    enum fr_error err;

    message.reading = serving->number;
    message.count = count;
    message.last_seq = cursor.seq;
    message.last_hash = cursor.hash;
    message.incarnation = cursor.incarnation;
    err = wire_send(serving->link, type, &message.base, payload, payload_count);
    serving->sent_seq = cursor.seq;
    serving->sent_us = serving->link->wire->now_us;
    serving->link->records_out += count;
    return err;
}

/* FR_END: no more records.  FR_GONE: the peer has left.  Adds to *sent. */
static enum fr_error
send_records(struct wire_serving *serving, size_t *sent)
{
    size_t size_max = serving->link->wire->options.batch_size_max;
    struct fr_batch batch = {0};
    zmq_msg_t payload;
    enum fr_error err;

    if ((int64_t)size_max > serving->credit)
        size_max = (size_t)serving->credit;
    err = fr_reader_next(serving->reader, size_max, serving->routes.list, serving->routes.count,
                         &batch);
    if (err != FR_OK)
        return err;
    if (batch.count == 0) /* routes left everything out; wire_serve_tick tells the position */
        return FR_OK;
    serving->credit -= (int64_t)batch.bytes.size;
    *sent += batch.bytes.size;
    fr_assert(zmq_msg_init_data(&payload, (void *)(uintptr_t)batch.bytes.data, batch.bytes.size,
                                let_go, batch.hold) == 0);
    return send_position(serving, WIRE_BATCH, batch.count, &payload, 1);
}

static enum fr_error
send_frame(struct wire_serving *serving, size_t *sent)
{
    zmq_msg_t pieces[WIRE_PAYLOAD_MAX];
    struct fr_slice frame;
    struct fr_hold *hold;
    uint32_t count;
    enum fr_error err = fr_reader_next_frame(serving->reader, &frame, &hold);

    if (err != FR_OK)
        return err;
    count = (uint32_t)(fr_reader_cursor(serving->reader).seq - serving->sent_seq);
    serving->credit -= (int64_t)frame.size;
    *sent += frame.size;
    return send_position(serving, WIRE_FRAME, count, pieces, cut_to_pieces(frame, hold, pieces));
}

/* As much as credit and fairness allow.  The serving, or its whole link, may be gone afterwards. */
static void
serve(struct wire_serving *serving)
{
    size_t sent = 0;
    enum fr_error err = FR_OK;

    serving->more = false;
    for (unsigned step = 0; err == FR_OK && serving->credit > 0; step++) {
        if (sent >= WIRE_SERVE_SLICE || step >= EMPTY_STEPS_MAX) {
            serving->more = serving->link->wire->backlog = true;
            return;
        }
        err = serving->frames ? send_frame(serving, &sent) : send_records(serving, &sent);
    }
    if (err == FR_GONE)
        wire_link_down(serving->link);
    else if (err != FR_OK && err != FR_END)
        give_up(serving, err);
}

static void
serve_link(struct wire_link *link, bool only_more)
{
    struct wire_serving *next;

    for (struct wire_serving *serving = link->servings; serving != NULL; serving = next) {
        next = serving->next;
        if (!only_more || serving->more)
            serve(serving);
        if (!link->up)
            return;
    }
}

void
fr_wire_publish(struct fr_wire *wire)
{
    for (struct wire_link *link = wire->links; link != NULL; link = link->next) {
        if (link->up)
            serve_link(link, false);
    }
}

unsigned
wire_serve_backlog(struct fr_wire *wire)
{
    if (!wire->backlog)
        return 0;
    wire->backlog = false;
    for (struct wire_link *link = wire->links; link != NULL; link = link->next) {
        if (link->up)
            serve_link(link, true);
    }
    return 1;
}

/* Whoever reads by routes hears now and then where he is, so that he does not hold our segments. */
void
wire_serve_tick(struct wire_link *link)
{
    int64_t now = link->wire->now_us;

    for (struct wire_serving *serving = link->servings; serving != NULL; serving = serving->next) {
        if (now - serving->sent_us < WIRE_MOVED_US ||
            fr_reader_cursor(serving->reader).seq == serving->sent_seq)
            continue;
        if (send_position(serving, WIRE_BATCH, 0, NULL, 0) != FR_OK) {
            wire_link_down(link);
            return;
        }
    }
}

/* ---- READ and ACK -----------------------------------------------------------------------------
 */

static enum fr_error
open_reader(struct wire_link *link, const Fr__Read *read, struct fr_reader **reader)
{
    struct fr_journal *journal = link->wire->options.journal;
    struct fr_cursor from = {
        .incarnation = read->incarnation, .seq = read->seq, .hash = read->hash};
    enum fr_error err;

    if (journal == NULL || strcmp(read->journal, fr_journal_name(journal)) != 0)
        return FR_NOT_FOUND;
    if (!allowed(link, read)) {
        link->wire->counters.denied++;
        return FR_DENIED;
    }
    snprintf(from.journal, sizeof(from.journal), "%s", read->journal);
    err = fr_reader_new(journal, &from, reader);
    if (err == FR_OK && read->registered) {
        err = fr_journal_register(journal, link->peer);
        if (err == FR_EXISTS)
            err = FR_OK;
        if (err != FR_OK)
            fr_reader_free(reader);
    }
    return err;
}

void
wire_serve_read(struct wire_link *link, const Fr__Read *read)
{
    struct fr_reader *reader = NULL;
    struct wire_serving *serving;
    enum fr_error err;

    end_reading(link, read->reading);
    err = open_reader(link, read, &reader);
    if (err == FR_OK && (serving = new_serving(link, read)) != NULL) {
        serving->reader = reader;
        serving->next = link->servings;
        link->servings = serving;
        serve(serving);
        return;
    }
    fr_reader_free(&reader);
    if (err == FR_OK || err == FR_FULL || err == FR_NO_MEMORY)
        err = FR_BUSY;
    fr_log(FR_WARN, "reading_refused", "peer=%s journal=%s seq=%llu error=%s", link->peer,
           read->journal, (unsigned long long)read->seq, fr_error_name(err));
    wire_link_error(link, err, read->reading, "READ cannot be served");
}

/* A peer may read us more than once; what all of its readings have is what it has. */
static void
acknowledge(struct wire_link *link, uint64_t seq)
{
    struct fr_wire *wire = link->wire;

    for (struct wire_serving *serving = link->servings; serving != NULL; serving = serving->next) {
        if (serving->registered && serving->durable_seq < seq)
            seq = serving->durable_seq;
    }
    if (seq == 0)
        return; /* one of them has not said anything yet */
    link->read_seq = seq;
    fr_journal_acknowledge(wire->options.journal, link->peer, seq);
    if (wire->options.calls.acknowledged != NULL)
        wire->options.calls.acknowledged(wire->options.calls.context, link->peer, seq);
}

enum fr_error
wire_serve_ack(struct wire_link *link, const Fr__Ack *ack)
{
    struct wire_serving *serving = link->servings;

    while (serving != NULL && !same_reading(serving->number, ack->reading))
        serving = serving->next;
    if (serving == NULL || serving->number != ack->reading)
        return FR_OK; /* late: the reading was refused or asked for anew meanwhile */
    if (ack->durable_seq > serving->sent_seq ||
        serving->credit + (int64_t)ack->credit > (int64_t)WIRE_CREDIT_MAX)
        return FR_INVALID;
    serving->credit += (int64_t)ack->credit;
    if (ack->durable_seq > serving->durable_seq) {
        serving->durable_seq = ack->durable_seq;
        if (serving->registered)
            acknowledge(link, ack->durable_seq);
        else
            link->read_seq = ack->durable_seq;
    }
    if (ack->credit > 0)
        serve(serving);
    return FR_OK;
}
