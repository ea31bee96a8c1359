/* tables_wait.c - get and put for what customers in line were told, and for how lines move. */
#include "services/routing/tables_private.h"
#include "services/routing/waits.h"

enum fr_error
routing_told_get(const struct fr_view *view, uint64_t task_id, struct routing_told *out)
{
    struct fr_key key;

    return fr_get_copy(view, TABLE(TOLD), key64(&key, task_id), out, sizeof(*out));
}

enum fr_error
routing_told_put(struct fr_tables *tables, uint64_t task_id, const struct routing_told *told)
{
    struct fr_key key;

    return fr_put(tables, TABLE(TOLD), key64(&key, task_id), fr_slice(told, sizeof(*told)));
}

enum fr_error
routing_told_del(struct fr_tables *tables, uint64_t task_id)
{
    struct fr_key key;

    return fr_del(tables, TABLE(TOLD), key64(&key, task_id));
}

/* Numbers of lanes are given anew, and what was learned of a line should outlive a quiet night.
 * Lanes of one queue, brand and channel that differ in skills alone share it. */
static struct fr_slice
flow_key(struct fr_key *key, const Fr__RoutingStateLane *lane)
{
    fr_key_str(fr_key_str(fr_key_init(key), lane->queue), lane->brand);
    return fr_key_slice(fr_key_str(key, lane->channel));
}

enum fr_error
routing_flow_get(const struct fr_view *view, const Fr__RoutingStateLane *lane,
                 struct routing_flow *out)
{
    struct fr_key key;
    enum fr_error err = fr_get_copy(view, TABLE(FLOWS), flow_key(&key, lane), out, sizeof(*out));

    if (err == FR_NOT_FOUND)
        *out = (struct routing_flow){0};
    return err == FR_NOT_FOUND ? FR_OK : err;
}

enum fr_error
routing_flow_put(struct fr_tables *tables, const Fr__RoutingStateLane *lane,
                 const struct routing_flow *flow)
{
    struct fr_key key;

    return fr_put(tables, TABLE(FLOWS), flow_key(&key, lane), fr_slice(flow, sizeof(*flow)));
}
