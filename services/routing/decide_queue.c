/* decide_queue.c - queues open and close; lanes that nobody needs are closed. */
#include "services/routing/place.h"
#include "services/routing/sites.h"

void
routing_queue_record(const struct routing_queue_row *row, Fr__QueueChanged *out)
{
    fr__queue_changed__init(out);
    out->number = row->number;
    out->closed = row->closed;
    out->walk = row->walking;
    out->reason = "";
    out->has_next_us = out->has_contracted = out->has_stamp = 1;
    out->next_us = row->next_us;
    out->contracted = row->contracted;
    out->stamp = row->stamp;
    out->has_from_strict = out->has_from_order_us = out->has_from_task_id = 1;
    out->from_strict = row->walk.strict;
    out->from_order_us = row->walk.order_us;
    out->from_task_id = row->walk.task_id;
}

void
routing_queue_hours(const struct fr_turn *turn, const char *name, Fr__QueueChanged *changed)
{
    const struct routing_queue *queue = routing_queue_named(turn->config, name);
    struct routing_hours hours =
        routing_hours_at(turn->calendars, queue != NULL ? queue->calendar : NULL, turn->now);

    changed->closed = hours.closed;
    changed->next_us = hours.next.unix_us;
}

enum fr_error
routing_say_queue(struct fr_turn *turn, const struct fr_record *input, Fr__QueueChanged *changed)
{
    const struct fr_labels labels = {.brand = ""};

    return fr_emit_as(turn, input, &changed->base, &labels);
}

void
routing_queue_walk(Fr__QueueChanged *changed)
{
    changed->walk = true;
    changed->from_strict = 255;
    changed->from_order_us = INT64_MIN;
    changed->from_task_id = 0;
}

/* The queue opens or closes.
 *
 * Reads the queue.  Emits QueueChanged; its waiting tasks are gone through in their order, and
 * parked or tried.
 */
enum fr_error
routing_decide_queue_hours_due(struct fr_turn *turn, const struct fr_record *input)
{
    struct routing_queue_row row;
    Fr__QueueChanged changed;
    enum fr_error err = routing_queue_row_get(turn->view, (uint32_t)input->head->key, &row);

    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err;
    routing_queue_record(&row, &changed);
    routing_queue_hours(turn, row.name, &changed);
    changed.reason = changed.closed ? "outside of its hours" : "open";
    if (changed.closed != row.closed)
        routing_queue_walk(&changed);
    return routing_say_queue(turn, input, &changed);
}

/* ---- its tasks, a slice a turn ---- */

struct slice { /* the first of all its lanes together: a sorted list that overflows at its end */
    struct routing_waiting places[ROUTING_SLICE];
    size_t count;
};

static bool
slice_add(struct slice *slice, const struct routing_waiting *place)
{
    size_t at = slice->count;

    while (at > 0 && routing_place_compare(place, &slice->places[at - 1]) < 0)
        at--;
    if (at == ROUTING_SLICE)
        return false;
    if (slice->count < ROUTING_SLICE)
        slice->count++;
    memmove(&slice->places[at + 1], &slice->places[at],
            (slice->count - 1 - at) * sizeof(slice->places[0]));
    slice->places[at] = *place;
    return true;
}

static void
slice_of_lane(const struct fr_view *view, uint32_t lane, const struct routing_waiting *from,
              struct slice *slice)
{
    struct routing_waiting place;
    struct fr_scan scan;

    routing_waiting_scan(&scan, view, lane, from);
    while (routing_waiting_next(&scan, &place) == FR_OK && slice_add(slice, &place))
        ;
    fr_scan_fini(&scan);
}

static enum fr_error
slice_of_queue(const struct fr_view *view, const struct routing_queue_row *row, struct slice *slice)
{
    struct routing_numbers numbers;
    enum fr_error err = routing_numbers_get(view, &numbers);

    slice->count = 0;
    for (uint32_t index = 0; err == FR_OK && index < routing_chunk_count(numbers.lanes); index++) {
        struct routing_chunk chunk;

        err = routing_set_get(view, (struct routing_set_of){ROUTING_OF_QUEUE, row->number, 0},
                              index, &chunk);
        for (uint32_t bit = routing_chunk_next(&chunk, 0); err == FR_OK && bit < ROUTING_CHUNK_BITS;
             bit = routing_chunk_next(&chunk, bit + 1))
            slice_of_lane(view, index * ROUTING_CHUNK_BITS + bit, &row->walk, slice);
    }
    return err;
}

/* The next slice of a queue that opens, closes or was configured anew.
 *
 * Reads its lanes, their waiting tasks.  Emits TaskOffered, TaskQueued or TaskParked for each task
 * that has to move, in the order of their places; QueueChanged: how far we came.
 */
enum fr_error
routing_decide_queue_due(struct fr_turn *turn, const struct fr_record *input)
{
    struct routing_queue_row row;
    Fr__QueueChanged changed;
    struct slice slice;
    enum fr_error err = routing_queue_row_get(turn->view, (uint32_t)input->head->key, &row);

    if (err != FR_OK || !row.walking)
        return err == FR_NOT_FOUND ? FR_OK : err;
    err = slice_of_queue(turn->view, &row, &slice);
    for (size_t i = 0; err == FR_OK && i < slice.count; i++)
        err = routing_place_if_moved(turn, input, slice.places[i].task_id);
    if (err != FR_OK)
        return err;
    routing_queue_record(&row, &changed);
    changed.walk = slice.count == ROUTING_SLICE;
    changed.reason = "its waiting tasks were gone through";
    if (changed.walk) {
        changed.from_strict = slice.places[slice.count - 1].strict;
        changed.from_order_us = slice.places[slice.count - 1].order_us;
        changed.from_task_id = slice.places[slice.count - 1].task_id + 1;
    }
    return routing_say_queue(turn, input, &changed);
}

/* No task has needed this lane for `lane_idle`.
 *
 * Reads the lane.  Emits LaneClosed, unless one needs it again.
 */
enum fr_error
routing_decide_lane_due(struct fr_turn *turn, const struct fr_record *input)
{
    const struct fr_labels labels = {.brand = ""};
    Fr__LaneClosed closed = FR__LANE_CLOSED__INIT;
    struct routing_lane lane;
    enum fr_error err = routing_lane_get(turn->view, (uint32_t)input->head->key, &lane);

    if (err != FR_OK || lane.tasks > 0)
        return err == FR_NOT_FOUND ? FR_OK : err;
    closed.lane = lane.number;
    return fr_emit_as(turn, input, &closed.base, &labels);
}
