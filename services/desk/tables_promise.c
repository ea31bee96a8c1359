/* tables_promise.c - what agents have promised, and what supervisors are told of. */
#include "services/desk/tables.h"
#include "services/desk/tables_private.h"

static struct fr_slice
agent_id_key(struct fr_key *key, const char *agent, uint64_t id)
{
    return fr_key_slice(fr_key_u64(fr_key_str(fr_key_init(key), agent), id));
}

static void
scan_of(struct fr_scan *scan, const struct fr_view *view, int table, const char *agent)
{
    struct fr_key key;

    fr_scan_init(scan, view, TABLE(table), desk_text_key(&key, agent), fr_slice(NULL, 0));
}

/* ---- promises ---- */

enum fr_error
desk_promise_get(const struct fr_view *view, const char *agent, uint64_t promise_id)
{
    struct fr_slice value;
    struct fr_key key;

    return fr_get(view, TABLE(DESK_PROMISES), agent_id_key(&key, agent, promise_id), &value);
}

enum fr_error
desk_promise_put(struct fr_tables *tables, const char *agent, const Fr__PromiseMade *promise)
{
    struct fr_key key;

    return fr_put_message(tables, TABLE(DESK_PROMISES),
                          agent_id_key(&key, agent, promise->promise_id), &promise->base);
}

enum fr_error
desk_promise_del(struct fr_tables *tables, const char *agent, uint64_t promise_id)
{
    struct fr_key key;

    return fr_del(tables, TABLE(DESK_PROMISES), agent_id_key(&key, agent, promise_id));
}

void
desk_promises(struct fr_scan *scan, const struct fr_view *view, const char *agent)
{
    scan_of(scan, view, DESK_PROMISES, agent);
}

enum fr_error
desk_promises_next(struct fr_scan *scan, struct fr_arena *arena, const Fr__PromiseMade **promise)
{
    struct fr_slice key, value;
    enum fr_error err = fr_scan_next(scan, &key, &value);

    if (err != FR_OK)
        return err;
    *promise = fr_unpack_in(arena, &fr__promise_made__descriptor, value);
    return *promise == NULL ? FR_CORRUPT : FR_OK;
}

/* ---- alerts ---- */

enum fr_error
desk_alert_get(const struct fr_view *view, const char *agent, uint64_t target_id)
{
    struct fr_slice value;
    struct fr_key key;

    return fr_get(view, TABLE(DESK_ALERTS), agent_id_key(&key, agent, target_id), &value);
}

/* How many there are, and the oldest: ids grow. */
static enum fr_error
alerts_count(const struct fr_view *view, const char *agent, size_t *count, uint64_t *oldest)
{
    struct fr_slice key, value;
    struct fr_scan scan;
    const char *name;
    enum fr_error err;

    *count = 0;
    desk_alerts(&scan, view, agent);
    while ((err = fr_scan_next(&scan, &key, &value)) == FR_OK)
        if ((*count)++ == 0 && fr_key_take_str(&key, &name) == FR_OK)
            fr_key_take_u64(&key, oldest);
    fr_scan_fini(&scan);
    return err == FR_NOT_FOUND ? FR_OK : err;
}

enum fr_error
desk_alert_put(struct fr_tables *tables, const char *agent, const Fr__SupervisorAlerted *alert)
{
    const struct fr_view *view = fr_tables_view(tables);
    uint64_t oldest = 0;
    struct fr_key key;
    size_t count;
    enum fr_error err = alerts_count(view, agent, &count, &oldest);

    if (err == FR_OK && count >= DESK_ALERT_MAX &&
        desk_alert_get(view, agent, alert->target_id) != FR_OK)
        err = desk_alert_del(tables, agent, oldest);
    if (err != FR_OK)
        return err;
    return fr_put_message(tables, TABLE(DESK_ALERTS), agent_id_key(&key, agent, alert->target_id),
                          &alert->base);
}

enum fr_error
desk_alert_del(struct fr_tables *tables, const char *agent, uint64_t target_id)
{
    struct fr_key key;

    return fr_del(tables, TABLE(DESK_ALERTS), agent_id_key(&key, agent, target_id));
}

void
desk_alerts(struct fr_scan *scan, const struct fr_view *view, const char *agent)
{
    scan_of(scan, view, DESK_ALERTS, agent);
}

enum fr_error
desk_alerts_next(struct fr_scan *scan, struct fr_arena *arena, const Fr__SupervisorAlerted **alert)
{
    struct fr_slice key, value;
    enum fr_error err = fr_scan_next(scan, &key, &value);

    if (err != FR_OK)
        return err;
    *alert = fr_unpack_in(arena, &fr__supervisor_alerted__descriptor, value);
    return *alert == NULL ? FR_CORRUPT : FR_OK;
}
