/* tables_task.c - get and put for tasks, for the list of those that wait, and for the list of free
 * agents. */
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
    fr_key_u32(fr_key_u32(fr_key_init(key), task->lane), task->agent);
    return fr_key_slice(fr_key_u64(fr_key_i64(key, task->order_us), task->task_id));
}

static enum fr_error
count_waiting(struct fr_tables *tables, uint32_t number, int change)
{
    struct routing_lane lane;

    TRY(routing_lane_get(fr_tables_view(tables), number, &lane));
    lane.waiting += (uint32_t)change;
    return routing_lane_put(tables, &lane);
}

static struct fr_slice
of_agent_key(struct fr_key *key, const struct routing_task *task)
{
    fr_key_u8(fr_key_u32(fr_key_init(key), task->agent), task->state);
    return fr_key_slice(fr_key_u64(key, task->task_id));
}

/* Out of the list where its row says that it stands. */
static enum fr_error
unlist(struct fr_tables *tables, const struct routing_task *task)
{
    struct fr_key key;

    if (task->state != ROUTING_WAITING)
        return fr_del(tables, TABLE(OF_AGENT), of_agent_key(&key, task));
    TRY(count_waiting(tables, task->lane, -1));
    return fr_del(tables, TABLE(WAITING), waiting_key(&key, task));
}

static enum fr_error
enlist(struct fr_tables *tables, const struct routing_task *task)
{
    struct fr_key key;

    if (task->state != ROUTING_WAITING)
        return fr_put(tables, TABLE(OF_AGENT), of_agent_key(&key, task), NOTHING);
    TRY(count_waiting(tables, task->lane, 1));
    return fr_put(tables, TABLE(WAITING), waiting_key(&key, task), NOTHING);
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
    TRY(enlist(tables, after));
    return fr_put(tables, TABLE(TASKS), key64(&key, after->task_id),
                  fr_slice(after, sizeof(*after)));
}

/* ---- the two lists ---- */

void
routing_waiting_scan(struct fr_scan *scan, const struct fr_view *view, uint32_t lane,
                     uint32_t holder, const struct routing_waiting *from)
{
    struct fr_key prefix, start;

    fr_key_u32(fr_key_u32(fr_key_init(&prefix), lane), holder);
    start = prefix;
    if (from != NULL)
        fr_key_u64(fr_key_i64(&start, from->order_us), from->task_id);
    fr_scan_init(scan, view, TABLE(WAITING), fr_key_slice(&prefix), fr_key_slice(&start));
}

enum fr_error
routing_waiting_next(struct fr_scan *scan, struct routing_waiting *out)
{
    struct fr_slice key, value;
    uint32_t lane, holder;

    TRY(fr_scan_next(scan, &key, &value));
    TRY(fr_key_take_u32(&key, &lane));
    TRY(fr_key_take_u32(&key, &holder));
    TRY(fr_key_take_i64(&key, &out->order_us));
    return fr_key_take_u64(&key, &out->task_id);
}

void
routing_available_scan(struct fr_scan *scan, const struct fr_view *view, uint32_t lane)
{
    struct fr_key key;

    fr_scan_init(scan, view, TABLE(AVAILABLE), key32(&key, lane), NOTHING);
}

enum fr_error
routing_available_next(struct fr_scan *scan, struct routing_candidate *out)
{
    struct fr_slice key, value;
    uint32_t lane;

    TRY(fr_scan_next(scan, &key, &value));
    if (value.size != sizeof(out->number))
        return FR_CORRUPT;
    memcpy(&out->number, value.data, sizeof(out->number));
    TRY(fr_key_take_u32(&key, &lane));
    TRY(fr_key_take_u32(&key, &out->used));
    TRY(fr_key_take_i64(&key, &out->idle_us));
    return fr_key_take_str(&key, &out->name);
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
