/* tables_task.c - get and put for tasks and for the lists of those that wait. */
#include "services/routing/tables_private.h"

/* ---- tasks ---- */

enum fr_error
routing_task_get(const struct fr_view *view, uint64_t task_id, struct routing_task *out)
{
    struct fr_key key;

    return fr_get_copy(view, TABLE(TASKS), key64(&key, task_id), out, sizeof(*out));
}

enum fr_error
routing_task_facts(const struct fr_view *view, uint64_t task_id, struct fr_arena *arena,
                   const Fr__RoutingStateTask **out)
{
    struct fr_key key;
    const void *message;

    TRY(fr_get_message(view, TABLE(TASK_FACTS), key64(&key, task_id),
                       &fr__routing_state_task__descriptor, arena, &message));
    *out = message;
    return FR_OK;
}

enum fr_error
routing_task_facts_put(struct fr_tables *tables, uint64_t task_id,
                       const Fr__RoutingStateTask *facts)
{
    struct fr_key key;

    return fr_put_message(tables, TABLE(TASK_FACTS), key64(&key, task_id), &facts->base);
}

/* An id is journal number, incarnation, sequence.  Another incarnation is another story: after a
 * declared restore its sequence numbers are given anew. */
enum fr_error
routing_task_is_old(const struct fr_view *view, uint64_t task_id, bool *old)
{
    struct fr_key key;
    uint64_t newest;
    enum fr_error err =
        fr_get_copy(view, TABLE(SEEN), key32(&key, fr_id_number(task_id)), &newest, sizeof(newest));

    if (err != FR_OK && err != FR_NOT_FOUND)
        return err;
    *old = err == FR_OK && newest - fr_id_seq(newest) == task_id - fr_id_seq(task_id) &&
           task_id <= newest;
    return FR_OK;
}

static enum fr_error
collect_ids(const struct fr_view *view, const struct fr_table *table, struct fr_slice prefix,
            size_t max, uint64_t *ids, size_t *count)
{
    struct fr_slice key, value;
    struct fr_scan scan;

    *count = 0;
    fr_scan_init(&scan, view, table, prefix, NOTHING);
    while (*count < max && fr_scan_next(&scan, &key, &value) == FR_OK) {
        key = fr_slice((const uint8_t *)key.data + prefix.size, key.size - prefix.size);
        if (fr_key_take_u64(&key, &ids[*count]) == FR_OK)
            (*count)++;
    }
    fr_scan_fini(&scan);
    return FR_OK;
}

enum fr_error
routing_tasks_of(const struct fr_view *view, uint64_t conversation_id, size_t max,
                 uint64_t *task_ids, size_t *count)
{
    struct fr_key key;

    return collect_ids(view, TABLE(OF_CONVERSATION), key64(&key, conversation_id), max, task_ids,
                       count);
}

enum fr_error
routing_tasks_with(const struct fr_view *view, uint32_t agent, enum routing_task_state state,
                   size_t max, uint64_t *task_ids, size_t *count)
{
    struct fr_key key;

    fr_key_u8(fr_key_u32(fr_key_init(&key), agent), (uint8_t)state);
    return collect_ids(view, TABLE(OF_AGENT), fr_key_slice(&key), max, task_ids, count);
}

static struct fr_slice
waiting_key(struct fr_key *key, const struct routing_task *task)
{
    struct routing_waiting place = routing_place_of(task);

    if (task->agent != 0)
        fr_key_u32(fr_key_u32(fr_key_init(key), 0), task->agent);
    else
        fr_key_u32(fr_key_init(key), task->lane);
    return fr_key_slice(key_place(key, &place));
}

static struct fr_slice
of_agent_key(struct fr_key *key, const struct routing_task *task)
{
    fr_key_u8(fr_key_u32(fr_key_init(key), task->agent), task->state);
    return fr_key_slice(fr_key_u64(key, task->task_id));
}

/* ---- a lane's first task ---- */

int
routing_place_compare(const struct routing_waiting *a, const struct routing_waiting *b)
{
    if (a->strict != b->strict)
        return a->strict > b->strict ? -1 : 1;
    if (a->order_us != b->order_us)
        return a->order_us < b->order_us ? -1 : 1;
    return (a->task_id > b->task_id) - (a->task_id < b->task_id);
}

static void
head_is(struct routing_lane *lane, const struct routing_waiting *place)
{
    lane->head_strict = place->strict;
    lane->head_order_us = place->order_us;
    lane->head_task = place->task_id;
}

/* It is in the list already. */
static void
head_add(struct routing_lane *lane, const struct routing_task *task)
{
    struct routing_waiting head = {lane->head_strict, lane->head_order_us, lane->head_task},
                           place = routing_place_of(task);

    if (task->agent == 0 && (head.task_id == 0 || routing_place_compare(&place, &head) < 0))
        head_is(lane, &place);
}

/* It is out of the list already. */
static void
head_take(const struct fr_view *view, struct routing_lane *lane, const struct routing_task *task)
{
    struct routing_waiting next = {0};
    struct fr_scan scan;

    if (lane->head_task != task->task_id)
        return;
    routing_waiting_scan(&scan, view, lane->number, NULL);
    (void)routing_waiting_next(&scan, &next); /* none: all zero */
    fr_scan_fini(&scan);
    head_is(lane, &next);
}

/* ---- lists ---- */

/* A lane that no task needs any more is closed after a while; see LaneClosed. */
static bool
in_lane(const struct routing_task *task)
{
    return task->state == ROUTING_WAITING || task->state == ROUTING_OFFERED;
}

/* Out of the list where its row says that it stands. */
static enum fr_error
unlist(struct fr_tables *tables, const struct routing_task *task)
{
    struct routing_lane lane;
    struct fr_key key;

    TRY(task->state == ROUTING_WAITING ? fr_del(tables, TABLE(WAITING), waiting_key(&key, task))
                                       : fr_del(tables, TABLE(OF_AGENT), of_agent_key(&key, task)));
    if (!in_lane(task))
        return FR_OK;
    TRY(routing_lane_get(fr_tables_view(tables), task->lane, &lane));
    lane.tasks--;
    if (task->state == ROUTING_WAITING) {
        lane.waiting--;
        head_take(fr_tables_view(tables), &lane, task);
    }
    return routing_lane_refresh(tables, &lane);
}

static enum fr_error
enlist(struct fr_tables *tables, const struct routing_task *task)
{
    struct routing_lane lane;
    struct fr_key key;

    TRY(task->state == ROUTING_WAITING
            ? fr_put(tables, TABLE(WAITING), waiting_key(&key, task), NOTHING)
            : fr_put(tables, TABLE(OF_AGENT), of_agent_key(&key, task), NOTHING));
    if (!in_lane(task))
        return FR_OK;
    TRY(routing_lane_get(fr_tables_view(tables), task->lane, &lane));
    lane.tasks++;
    if (task->state == ROUTING_WAITING) {
        lane.waiting++;
        head_add(&lane, task);
    }
    return routing_lane_refresh(tables, &lane);
}

static struct fr_slice
of_conversation_key(struct fr_key *key, const struct routing_task *task)
{
    fr_key_u64(fr_key_init(key), task->conversation_id);
    return fr_key_slice(fr_key_u64(key, task->task_id));
}

static enum fr_error
task_forget(struct fr_tables *tables, const struct routing_task *task)
{
    struct fr_key key;

    if (task->state != ROUTING_WRAPPING) /* else that was done when it came into that state */
        TRY(fr_del(tables, TABLE(OF_CONVERSATION), of_conversation_key(&key, task)));
    TRY(fr_del(tables, TABLE(TASK_FACTS), key64(&key, task->task_id)));
    return fr_del(tables, TABLE(TASKS), key64(&key, task->task_id));
}

static enum fr_error
task_enter(struct fr_tables *tables, const struct routing_task *task)
{
    struct fr_key key;

    TRY(fr_put(tables, TABLE(SEEN), key32(&key, fr_id_number(task->task_id)),
               fr_slice(&task->task_id, sizeof(task->task_id))));
    return fr_put(tables, TABLE(OF_CONVERSATION), of_conversation_key(&key, task), NOTHING);
}

enum fr_error
routing_task_put(struct fr_tables *tables, const struct routing_task *task)
{
    struct fr_key key;

    return fr_put(tables, TABLE(TASKS), key64(&key, task->task_id), fr_slice(task, sizeof(*task)));
}

enum fr_error
routing_task_move(struct fr_tables *tables, const struct routing_task *before,
                  const struct routing_task *after)
{
    struct fr_key key;

    if (before != NULL)
        TRY(unlist(tables, before));
    if (after == NULL)
        return task_forget(tables, before);
    if (before == NULL)
        TRY(task_enter(tables, after));
    if (after->state == ROUTING_WRAPPING)
        TRY(fr_del(tables, TABLE(OF_CONVERSATION), of_conversation_key(&key, after)));
    TRY(enlist(tables, after));
    return routing_task_put(tables, after);
}

void
routing_waiting_scan(struct fr_scan *scan, const struct fr_view *view, uint32_t lane,
                     const struct routing_waiting *from)
{
    struct fr_key prefix, start;

    fr_key_u32(fr_key_init(&prefix), lane);
    start = prefix;
    if (from != NULL)
        key_place(&start, from);
    fr_scan_init(scan, view, TABLE(WAITING), fr_key_slice(&prefix), fr_key_slice(&start));
}

void
routing_held_scan(struct fr_scan *scan, const struct fr_view *view, uint32_t agent)
{
    struct fr_key prefix;

    fr_scan_init(scan, view, TABLE(WAITING), key32_32(&prefix, 0, agent), NOTHING);
}

enum fr_error
routing_waiting_next(struct fr_scan *scan, struct routing_waiting *out)
{
    struct fr_slice key, value;
    uint32_t lane;

    TRY(fr_scan_next(scan, &key, &value));
    TRY(fr_key_take_u32(&key, &lane));
    if (lane == 0)
        TRY(fr_key_take_u32(&key, &lane)); /* the agent for whom it is held */
    return take_place(&key, out);
}

/* ---- refusals ---- */

static struct fr_slice
refusal_key(struct fr_key *key, uint64_t task_id, uint32_t agent)
{
    return fr_key_slice(fr_key_u32(fr_key_u64(fr_key_init(key), task_id), agent));
}

enum fr_error
routing_refusal_get(const struct fr_view *view, uint64_t task_id, uint32_t agent, int64_t *again_us)
{
    struct fr_key key;

    return fr_get_copy(view, TABLE(REFUSALS), refusal_key(&key, task_id, agent), again_us,
                       sizeof(*again_us));
}

enum fr_error
routing_refusal_put(struct fr_tables *tables, uint64_t task_id, uint32_t agent, int64_t again_us)
{
    struct fr_key key;

    return fr_put(tables, TABLE(REFUSALS), refusal_key(&key, task_id, agent),
                  fr_slice(&again_us, sizeof(again_us)));
}

enum fr_error
routing_refusal_next(const struct fr_view *view, uint64_t task_id, struct fr_time now,
                     int64_t *again_us)
{
    int64_t earliest = INT64_MAX, at;
    struct fr_slice key, value;
    struct fr_scan scan;
    struct fr_key prefix;

    fr_scan_init(&scan, view, TABLE(REFUSALS), key64(&prefix, task_id), NOTHING);
    while (fr_scan_next(&scan, &key, &value) == FR_OK) {
        fr_assert(value.size == sizeof(at));
        memcpy(&at, value.data, sizeof(at));
        if (at > now.unix_us && at < earliest)
            earliest = at;
    }
    fr_scan_fini(&scan);
    if (earliest == INT64_MAX)
        return FR_NOT_FOUND;
    *again_us = earliest;
    return FR_OK;
}

/* A few at a time: while a scan is open nothing may be deleted. */
enum fr_error
routing_refusals_drop(struct fr_tables *tables, uint64_t task_id)
{
    uint32_t agents[32];
    size_t count;

    do {
        struct fr_slice key, value;
        struct fr_scan scan;
        struct fr_key prefix;

        count = 0;
        fr_scan_init(&scan, fr_tables_view(tables), TABLE(REFUSALS), key64(&prefix, task_id),
                     NOTHING);
        while (count < 32 && fr_scan_next(&scan, &key, &value) == FR_OK) {
            key = fr_slice((const uint8_t *)key.data + 8, key.size - 8);
            TRY(fr_key_take_u32(&key, &agents[count++]));
        }
        fr_scan_fini(&scan);
        for (size_t i = 0; i < count; i++)
            TRY(fr_del(tables, TABLE(REFUSALS), refusal_key(&prefix, task_id, agents[i])));
    } while (count == 32);
    return FR_OK;
}
