/* read.c - we read peers' journals: READ goes out, BATCH comes in, ACK gives credit back.
 *
 * Memory is bounded by what we have granted: granted + outstanding + returning == credit at all
 * times, over reconnections too, because a new READ grants only what is not still in the caller's
 * hands.
 */
#include "common/wire/inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "common/base/log.h"

/* ---- asking -----------------------------------------------------------------------------------
 */

static uint32_t
number_of(const struct wire_reading *reading)
{
    return (reading->generation & 0xffff) << 16 | (reading->index + 1);
}

static struct wire_reading *
reading_numbered(struct fr_wire *wire, uint32_t number)
{
    uint32_t index = (number & 0xffff) - 1;

    return index < wire->reading_count ? wire->readings[index] : NULL;
}

/* Says so; the state is set before, because the caller may act on it at once. */
static void
tell_refused(struct wire_reading *reading, struct fr_wire *wire, enum fr_error why,
             const char *detail)
{
    char quoted[256];

    fr_log(FR_WARN, "read_refused", "peer=%s journal=%s error=%s detail=%s", reading->peer,
           reading->journal, fr_error_name(why), fr_log_quote(detail, quoted, sizeof(quoted)));
    if (wire->options.calls.refused != NULL)
        wire->options.calls.refused(wire->options.calls.context, reading->index + 1, why, detail);
}

static void
refused(struct wire_reading *reading, struct fr_wire *wire, enum fr_error why, const char *detail)
{
    reading->state = WIRE_REFUSED;
    tell_refused(reading, wire, why, detail);
}

static void
come_back_later(struct wire_reading *reading, const struct fr_wire *wire)
{
    reading->state = WIRE_WAITING;
    reading->retry_us = wire->now_us + reading->backoff_us;
    reading->backoff_us *= 2;
    if (reading->backoff_us > WIRE_RETRY_MAX_US)
        reading->backoff_us = WIRE_RETRY_MAX_US;
}

/* What arrived for an earlier asking and was not handed over will come again. */
static void
forget_held(struct fr_wire *wire, const struct wire_reading *reading)
{
    for (struct wire_arrival **at = &wire->held; *at != NULL;) {
        struct wire_arrival *arrival = *at;

        if (arrival->reading != reading) {
            at = &arrival->next;
            continue;
        }
        *at = arrival->next;
        wire->held_count--;
        arrival->reading->outstanding -= zmq_msg_size(&arrival->payload);
        zmq_msg_close(&arrival->payload);
        arrival->next = wire->spare;
        wire->spare = arrival;
    }
    wire->held_end = &wire->held;
    while (*wire->held_end != NULL)
        wire->held_end = &(*wire->held_end)->next;
}

/* `lasting`: for records.  Otherwise for nothing: no credit, nothing held; so a reading is ended.
 */
static void
send_read(struct wire_reading *reading, const struct fr_cursor *cursor, bool lasting)
{
    struct wire_link *link = reading->link;
    Fr__Read read = FR__READ__INIT;

    read.reading = number_of(reading);
    read.journal = reading->journal;
    read.incarnation = cursor->incarnation;
    read.seq = cursor->seq;
    read.hash = cursor->hash;
    read.credit = lasting ? (uint64_t)reading->granted : 0;
    read.routes = (char **)reading->routes.list;
    read.n_routes = reading->routes.count;
    read.registered = lasting && (reading->flags & FR_WIRE_REGISTERED) != 0;
    read.frames = (reading->flags & FR_WIRE_FRAMES) != 0;
    if (wire_send(link, WIRE_READ, &read.base, NULL, 0) != FR_OK)
        wire_link_down(link);
}

static void
new_generation(struct wire_reading *reading)
{
    if ((++reading->generation & 0xffff) == 0)
        reading->generation++;
}

static void
ask(struct wire_reading *reading, struct wire_link *link)
{
    struct fr_wire *wire = link->wire;
    struct fr_cursor cursor = {0};

    if (link->too_new) {
        if (reading->state != WIRE_REFUSED)
            refused(reading, wire, FR_VERSION, "the peer's records are of a newer schema");
        return;
    }
    forget_held(wire, reading);
    if (wire->options.calls.cursor != NULL)
        wire->options.calls.cursor(wire->options.calls.context, reading->index + 1, &cursor);
    new_generation(reading);
    reading->link = link;
    reading->state = WIRE_ASKED;
    reading->place = (struct wire_place){cursor.seq, cursor.hash, reading->routes.count > 0};
    reading->returning = 0;
    reading->granted = (int64_t)wire->options.credit - (int64_t)reading->outstanding;
    if (reading->granted < 0)
        reading->granted = 0;
    reading->told_us = wire->now_us;
    reading->told_seq = 0; /* the other side may be a new process */
    send_read(reading, &cursor, true);
}

void
wire_read_ask(struct wire_link *link)
{
    struct fr_wire *wire = link->wire;

    for (uint32_t i = 0; i < wire->reading_count && link->up; i++) {
        struct wire_reading *reading = wire->readings[i];

        if (reading->state != WIRE_STOPPED && strcmp(reading->peer, link->peer) == 0 &&
            !(reading->state == WIRE_ASKED && reading->link == link))
            ask(reading, link);
    }
}

void
wire_read_lost(struct wire_link *link)
{
    struct fr_wire *wire = link->wire;

    for (uint32_t i = 0; i < wire->reading_count; i++) {
        struct wire_reading *reading = wire->readings[i];

        if (reading->link != link)
            continue;
        reading->link = NULL;
        if (reading->state == WIRE_ASKED)
            reading->state = WIRE_WAITING;
        reading->retry_us = 0;
    }
}

/* ---- refusals ---------------------------------------------------------------------------------
 */

void
wire_read_refused(struct wire_link *link, const struct wire_message *message)
{
    struct fr_wire *wire = link->wire;
    struct wire_reading *reading = reading_numbered(wire, message->error->reading);

    if (reading == NULL || reading->link != link || reading->state != WIRE_ASKED ||
        number_of(reading) != message->error->reading)
        return;
    if (message->code == FR_BUSY || message->code == FR_NOT_FOUND) {
        come_back_later(reading, wire);
        tell_refused(reading, wire, message->code, message->error->detail);
    } else {
        refused(reading, wire, message->code, message->error->detail);
    }
}

/* The link itself is refused: every reading that goes through it hears it once. */
void
wire_read_denied(struct wire_link *link, enum fr_error why, const char *detail)
{
    struct fr_wire *wire = link->wire;

    for (uint32_t i = 0; i < wire->reading_count; i++) {
        struct wire_reading *reading = wire->readings[i];

        if (reading->state == WIRE_WAITING && strcmp(reading->peer, link->peer) == 0)
            refused(reading, wire, why, detail);
    }
}

/* ---- arrivals ---------------------------------------------------------------------------------
 */

static struct wire_arrival *
new_arrival(struct fr_wire *wire)
{
    struct wire_arrival *arrival = wire->spare;

    if (arrival != NULL)
        wire->spare = arrival->next;
    else
        arrival = malloc(sizeof(*arrival));
    fr_assert(arrival != NULL);
    memset(arrival, 0, sizeof(*arrival));
    return arrival;
}

static void
hand_over(struct fr_wire *wire, struct wire_arrival *arrival)
{
    const struct fr_wire_calls *calls = &wire->options.calls;
    struct wire_reading *reading = arrival->reading;

    arrival->link = &reading->arrivals;
    arrival->next = reading->arrivals;
    if (arrival->next != NULL)
        arrival->next->link = &arrival->next;
    reading->arrivals = arrival;
    if (!arrival->is_frame && calls->batch != NULL) {
        calls->batch(calls->context, &arrival->batch);
        return;
    }
    if (calls->frame != NULL)
        calls->frame(calls->context, reading->index + 1, arrival->batch.bytes);
    fr_wire_consumed(wire, &arrival->batch);
}

unsigned
wire_read_release_held(struct fr_wire *wire, unsigned message_max)
{
    unsigned released = 0;

    while (!wire->hold && wire->held != NULL && released < message_max) {
        struct wire_arrival *arrival = wire->held;

        wire->held = arrival->next;
        wire->held_count--;
        if (wire->held == NULL)
            wire->held_end = &wire->held;
        hand_over(wire, arrival);
        released++;
    }
    return released;
}

/* The pieces of a frame in one buffer. */
static void
join(struct wire_incoming *incoming, zmq_msg_t *whole)
{
    size_t size = 0, at = 0;

    for (unsigned i = 0; i < incoming->payload_count; i++)
        size += zmq_msg_size(&incoming->payload[i]);
    fr_assert(zmq_msg_init_size(whole, size) == 0);
    for (unsigned i = 0; i < incoming->payload_count; i++) {
        memcpy((char *)zmq_msg_data(whole) + at, zmq_msg_data(&incoming->payload[i]),
               zmq_msg_size(&incoming->payload[i]));
        at += zmq_msg_size(&incoming->payload[i]);
    }
}

static void
take_payload(struct wire_incoming *incoming, zmq_msg_t *payload)
{
    if (incoming->payload_count > 1) {
        join(incoming, payload);
        return;
    }
    zmq_msg_init(payload);
    if (incoming->payload_count == 1)
        zmq_msg_move(payload, &incoming->payload[0]);
}

static size_t
payload_size(struct wire_incoming *incoming)
{
    size_t size = 0;

    for (unsigned i = 0; i < incoming->payload_count; i++)
        size += zmq_msg_size(&incoming->payload[i]);
    return size;
}

/* May this peer send us so much for this reading?  One record, or frame, more than granted: what is
 * bigger than the rest of the credit has to come through too. */
static const char *
arrival_fault(const struct wire_reading *reading, const struct wire_message *message, size_t size)
{
    bool frames = (reading->flags & FR_WIRE_FRAMES) != 0;
    size_t grace = frames ? FR_FRAME_SIZE_MAX : FR_RECORD_SIZE_MAX;

    if (frames != (message->type == WIRE_FRAME))
        return "records where frames were asked for, or the reverse";
    if (size > 0 && reading->granted <= 0)
        return "more than its credit";
    return (int64_t)size > reading->granted + (int64_t)grace ? "more than its credit" : NULL;
}

static enum fr_error
check(const struct wire_reading *reading, const struct wire_message *message, struct fr_slice bytes,
      const char **what)
{
    struct fr_frame_view view;

    if (message->type == WIRE_BATCH)
        return wire_records_check(bytes, message->batch, &reading->place, reading->link->tcp, what);
    *what = "a malformed frame";
    return fr_frame_open(bytes, &view) == FR_OK && view.record_count == message->batch->count
               ? FR_OK
               : FR_CORRUPT;
}

/* Damaged on the way, or a gap: nothing of it was handed over, and asking again from the cursor
 * heals what can be healed. */
static void
broken(struct wire_reading *reading, struct fr_wire *wire, const char *what)
{
    wire->counters.broken++;
    wire_grumble(wire, reading->peer, what);
    come_back_later(reading, wire);
}

static void
accept_arrival(struct wire_link *link, struct wire_reading *reading,
               const struct wire_message *message, struct wire_incoming *incoming)
{
    struct fr_wire *wire = link->wire;
    struct wire_arrival *arrival = new_arrival(wire);
    struct fr_slice bytes;
    const char *what = NULL;

    take_payload(incoming, &arrival->payload);
    bytes = fr_slice(zmq_msg_data(&arrival->payload), zmq_msg_size(&arrival->payload));
    if (check(reading, message, bytes, &what) != FR_OK) {
        zmq_msg_close(&arrival->payload);
        arrival->next = wire->spare;
        wire->spare = arrival;
        broken(reading, wire, what);
        return;
    }
    reading->backoff_us = WIRE_RETRY_MIN_US;
    reading->place.seq = message->batch->last_seq;
    reading->place.hash = message->batch->last_hash;
    reading->granted -= (int64_t)bytes.size;
    reading->outstanding += bytes.size;
    link->bytes_in += bytes.size;
    link->records_in += message->batch->count;
    arrival->reading = reading;
    arrival->is_frame = message->type == WIRE_FRAME;
    arrival->batch = (struct fr_wire_batch){.reading = reading->index + 1,
                                            .journal = reading->journal,
                                            .incarnation = message->batch->incarnation,
                                            .bytes = bytes,
                                            .count = message->batch->count,
                                            .last_seq = message->batch->last_seq,
                                            .last_hash = message->batch->last_hash,
                                            .message = arrival};
    if (!wire->hold && wire->held == NULL) {
        hand_over(wire, arrival);
        return;
    }
    *wire->held_end = arrival;
    wire->held_end = &arrival->next;
    wire->held_count++;
}

void
wire_read_arrived(struct wire_link *link, const struct wire_message *message,
                  struct wire_incoming *incoming)
{
    struct fr_wire *wire = link->wire;
    struct wire_reading *reading = reading_numbered(wire, message->batch->reading);
    const char *what;

    if (reading == NULL || strcmp(reading->peer, link->peer) != 0) {
        wire->counters.invalid++;
        wire_grumble(wire, link->peer, "records for a reading that is not its own");
        return;
    }
    if (reading->link != link || reading->state != WIRE_ASKED ||
        number_of(reading) != message->batch->reading) {
        wire->counters.stale++;
        return;
    }
    what = arrival_fault(reading, message, payload_size(incoming));
    if (what == NULL && wire->held_count >= WIRE_HELD_MAX)
        what = "more messages than anybody needs for its credit";
    if (what != NULL) {
        wire->counters.invalid++;
        wire_grumble(wire, link->peer, what);
        come_back_later(reading, wire);
        return;
    }
    accept_arrival(link, reading, message, incoming);
}

/* ---- the caller's side ------------------------------------------------------------------------
 */

static void
acknowledge(struct wire_reading *reading)
{
    struct fr_wire *wire = reading->link->wire;
    Fr__Ack ack = FR__ACK__INIT;

    ack.reading = number_of(reading);
    ack.credit = reading->returning;
    ack.durable_seq =
        reading->durable_seq < reading->place.seq ? reading->durable_seq : reading->place.seq;
    reading->granted += (int64_t)reading->returning;
    reading->returning = 0;
    reading->told_seq = reading->durable_seq;
    reading->told_us = wire->now_us;
    if (wire_send(reading->link, WIRE_ACK, &ack.base, NULL, 0) != FR_OK)
        wire_link_down(reading->link);
}

void
fr_wire_consumed(struct fr_wire *wire, struct fr_wire_batch *batch)
{
    struct wire_arrival *arrival = batch->message;
    struct wire_reading *reading = arrival->reading;
    size_t size = zmq_msg_size(&arrival->payload);

    *arrival->link = arrival->next;
    if (arrival->next != NULL)
        arrival->next->link = arrival->link;
    zmq_msg_close(&arrival->payload);
    arrival->next = wire->spare;
    wire->spare = arrival;
    reading->outstanding -= size;
    reading->returning += size;
    if (reading->state == WIRE_ASKED && reading->returning >= wire->options.credit / 4)
        acknowledge(reading);
}

void
fr_wire_durable(struct fr_wire *wire, uint32_t number, uint64_t seq)
{
    struct wire_reading *reading = reading_numbered(wire, number);

    if (reading != NULL && seq > reading->durable_seq)
        reading->durable_seq = seq;
}

static bool
has_news(const struct wire_reading *reading)
{
    return reading->state == WIRE_ASKED &&
           (reading->returning > 0 || reading->durable_seq > reading->told_seq);
}

void
wire_read_tick(struct fr_wire *wire)
{
    for (uint32_t i = 0; i < wire->reading_count; i++) {
        struct wire_reading *reading = wire->readings[i];
        struct wire_link *link;

        if (has_news(reading) && wire->now_us - reading->told_us >= WIRE_ACK_US)
            acknowledge(reading);
        else if (reading->state == WIRE_WAITING && wire->now_us >= reading->retry_us &&
                 (link = wire_link_of(wire, reading->peer)) != NULL)
            ask(reading, link);
    }
}

bool
wire_read_waits(const struct fr_wire *wire)
{
    for (uint32_t i = 0; i < wire->reading_count; i++) {
        if (has_news(wire->readings[i]))
            return true;
    }
    return false;
}

/* A stopped reading's slot can be taken again when its last batch was given back. */
static struct wire_reading *
free_slot(struct fr_wire *wire)
{
    struct wire_reading *reading;

    for (uint32_t i = 0; i < wire->reading_count; i++) {
        reading = wire->readings[i];
        if (reading->state == WIRE_STOPPED && reading->arrivals == NULL)
            return reading;
    }
    if (wire->reading_count == WIRE_READING_MAX || (reading = calloc(1, sizeof(*reading))) == NULL)
        return NULL;
    reading->index = wire->reading_count;
    wire->readings[wire->reading_count++] = reading;
    return reading;
}

uint32_t
fr_wire_read(struct fr_wire *wire, const char *peer, const char *journal, const char *const *routes,
             size_t route_count, unsigned flags)
{
    struct wire_reading *reading;

    fr_assert(wire_name_valid(peer) && wire_name_valid(journal));
    reading = free_slot(wire);
    fr_assert(reading != NULL);
    *reading = (struct wire_reading){.index = reading->index,
                                     .generation = reading->generation,
                                     .flags = flags,
                                     .backoff_us = WIRE_RETRY_MIN_US};
    fr_assert(wire_routes_set(&reading->routes, routes, route_count));
    snprintf(reading->peer, sizeof(reading->peer), "%s", peer);
    snprintf(reading->journal, sizeof(reading->journal), "%s", journal);
    reading->state =
        WIRE_WAITING; /* fr_wire_poll asks: cursor() is called when the number is known */
    wire->tick_us = 0;
    return reading->index + 1;
}

void
fr_wire_stop_reading(struct fr_wire *wire, uint32_t number)
{
    struct wire_reading *reading = reading_numbered(wire, number);

    if (reading == NULL)
        return;
    forget_held(wire, reading);
    new_generation(reading);
    if (reading->state == WIRE_ASKED)
        send_read(reading, &(struct fr_cursor){0}, false);
    reading->state = WIRE_STOPPED;
    reading->link = NULL;
}

void
fr_wire_retry(struct fr_wire *wire, uint32_t number)
{
    struct wire_reading *reading = reading_numbered(wire, number);

    if (reading == NULL || reading->state != WIRE_REFUSED)
        return;
    reading->state = WIRE_WAITING; /* fr_wire_poll asks: no call comes back from inside this one */
    reading->retry_us = 0;
    wire->tick_us = 0;
}

void
wire_read_free(struct fr_wire *wire)
{
    struct wire_arrival *arrival;

    for (uint32_t i = 0; i < wire->reading_count; i++) {
        forget_held(wire, wire->readings[i]);
        while ((arrival = wire->readings[i]->arrivals) != NULL) {
            wire->readings[i]->state = WIRE_STOPPED;
            fr_wire_consumed(wire, &arrival->batch);
        }
        free(wire->readings[i]);
    }
    while ((arrival = wire->spare) != NULL) {
        wire->spare = arrival->next;
        free(arrival);
    }
}
