/* tables.c - every table of sites: key layout, get and put; nothing else touches the store. */
#include "services/sites/tables.h"

enum { AGENTS, LEASES, MATTERS, OFFERS, TAKEN, ENDED, TOTALS, LINKS };

/* clang-format off */
const struct fr_table sites_tables[] = {
    [AGENTS]  = { "agents",  true,  "agent -> struct sites_agent" },
    [LEASES]  = { "leases",  true,  "u64 lease -> struct sites_lease" },
    [MATTERS] = { "matters", false, "u64 conversation -> struct sites_matter" },
    [OFFERS]  = { "offers",  false, "u64 offer -> u64 lease" },
    [TAKEN]   = { "taken",   true,  "u64 lease, client id -> nothing" },
    [ENDED]   = { "ended",   true,  "i64 microseconds when it may be forgotten, u64 lease -> nothing" },
    [TOTALS]  = { "totals",  false, "site -> struct sites_totals" },
    [LINKS]   = { "links",   true,  "site -> struct sites_link" },
    FR_TABLE_END,
};
/* clang-format on */

#define TABLE(number) (&sites_tables[number])

static struct fr_slice
id_key(struct fr_key *key, uint64_t id)
{
    return fr_key_slice(fr_key_u64(fr_key_init(key), id));
}

static struct fr_slice
text_key(struct fr_key *key, const char *text)
{
    return fr_key_slice(fr_key_str(fr_key_init(key), text));
}

/* ---- agents ---- */

enum fr_error
sites_agent_get(const struct fr_view *view, const char *agent, struct sites_agent *out)
{
    struct fr_key key;

    return fr_get_copy(view, TABLE(AGENTS), text_key(&key, agent), out, sizeof(*out));
}

enum fr_error
sites_agent_put(struct fr_tables *tables, const char *agent, const struct sites_agent *row)
{
    struct fr_key key;

    return fr_put(tables, TABLE(AGENTS), text_key(&key, agent), fr_slice(row, sizeof(*row)));
}

void
sites_agent_scan(struct fr_scan *scan, const struct fr_view *view)
{
    fr_scan_init(scan, view, TABLE(AGENTS), fr_slice(NULL, 0), fr_slice(NULL, 0));
}

enum fr_error
sites_agent_next(struct fr_scan *scan, const char **agent, struct sites_agent *out)
{
    struct fr_slice key, value;
    enum fr_error err = fr_scan_next(scan, &key, &value);

    if (err != FR_OK)
        return err;
    if (value.size != sizeof(*out))
        return FR_CORRUPT;
    memcpy(out, value.data, sizeof(*out));
    return fr_key_take_str(&key, agent);
}

/* ---- leases ---- */

bool
sites_lease_is_live(const struct sites_lease *lease)
{
    return lease->state != SITES_ENDED;
}

enum fr_error
sites_lease_get(const struct fr_view *view, uint64_t lease_id, struct sites_lease *out)
{
    struct fr_key key;

    return fr_get_copy(view, TABLE(LEASES), id_key(&key, lease_id), out, sizeof(*out));
}

enum fr_error
sites_lease_put(struct fr_tables *tables, const struct sites_lease *lease)
{
    struct fr_key key;

    return fr_put(tables, TABLE(LEASES), id_key(&key, lease->lease_id),
                  fr_slice(lease, sizeof(*lease)));
}

enum fr_error
sites_lease_of(const struct fr_view *view, uint64_t conversation_id, struct sites_lease *out)
{
    struct sites_matter matter;
    enum fr_error err = sites_matter_get(view, conversation_id, &matter);

    return err != FR_OK ? err : sites_lease_get(view, matter.lease_id, out);
}

void
sites_lease_scan(struct fr_scan *scan, const struct fr_view *view, uint64_t after)
{
    struct fr_key key;

    fr_scan_init(scan, view, TABLE(LEASES), fr_slice(NULL, 0),
                 after == 0 ? fr_slice(NULL, 0) : id_key(&key, after + 1));
}

enum fr_error
sites_lease_next(struct fr_scan *scan, struct sites_lease *out)
{
    struct fr_slice key, value;
    enum fr_error err = fr_scan_next(scan, &key, &value);

    if (err != FR_OK)
        return err;
    if (value.size != sizeof(*out))
        return FR_CORRUPT;
    memcpy(out, value.data, sizeof(*out));
    return FR_OK;
}

enum fr_error
sites_lease_of_offer(const struct fr_view *view, uint64_t offer_id, struct sites_lease *out)
{
    struct fr_key key;
    uint64_t lease_id;
    enum fr_error err =
        fr_get_copy(view, TABLE(OFFERS), id_key(&key, offer_id), &lease_id, sizeof(lease_id));

    return err != FR_OK ? err : sites_lease_get(view, lease_id, out);
}

enum fr_error
sites_offer_put(struct fr_tables *tables, uint64_t offer_id, uint64_t lease_id)
{
    struct fr_key key;

    return fr_put(tables, TABLE(OFFERS), id_key(&key, offer_id),
                  fr_slice(&lease_id, sizeof(lease_id)));
}

/* ---- conversations, as far as fences go ---- */

enum fr_error
sites_matter_get(const struct fr_view *view, uint64_t conversation_id, struct sites_matter *out)
{
    struct fr_key key;

    return fr_get_copy(view, TABLE(MATTERS), id_key(&key, conversation_id), out, sizeof(*out));
}

enum fr_error
sites_matter_put(struct fr_tables *tables, uint64_t conversation_id, const struct sites_matter *row)
{
    struct fr_key key;

    return fr_put(tables, TABLE(MATTERS), id_key(&key, conversation_id),
                  fr_slice(row, sizeof(*row)));
}

/* ---- what was taken under a lease ---- */

static struct fr_slice
taken_key(struct fr_key *key, uint64_t lease_id, const char *client_id)
{
    return fr_key_slice(fr_key_str(fr_key_u64(fr_key_init(key), lease_id), client_id));
}

enum fr_error
sites_taken_get(const struct fr_view *view, uint64_t lease_id, const char *client_id)
{
    struct fr_key key;
    struct fr_slice value;

    return fr_get(view, TABLE(TAKEN), taken_key(&key, lease_id, client_id), &value);
}

enum fr_error
sites_taken_put(struct fr_tables *tables, uint64_t lease_id, const char *client_id)
{
    struct fr_key key;

    return fr_put(tables, TABLE(TAKEN), taken_key(&key, lease_id, client_id), fr_slice(NULL, 0));
}

/* The scan may not run over a table that changes: one key is found, copied and removed at a time,
 * each time from the front, which is where the next one stands. */
static enum fr_error
taken_clear(struct fr_tables *tables, uint64_t lease_id)
{
    for (;;) {
        struct fr_scan scan;
        struct fr_key prefix, copy;
        struct fr_slice found, value;
        enum fr_error err;

        fr_scan_init(&scan, fr_tables_view(tables), TABLE(TAKEN), id_key(&prefix, lease_id),
                     fr_slice(NULL, 0));
        err = fr_scan_next(&scan, &found, &value);
        if (err == FR_NOT_FOUND)
            return FR_OK;
        if (err == FR_OK)
            fr_key_bytes(fr_key_init(&copy), found.data, found.size);
        fr_scan_fini(&scan);
        if (err == FR_OK)
            err = fr_del(tables, TABLE(TAKEN), fr_key_slice(&copy));
        if (err != FR_OK)
            return err;
    }
}

/* ---- ended leases, oldest first ---- */

static struct fr_slice
ended_key(struct fr_key *key, int64_t forget_us, uint64_t lease_id)
{
    return fr_key_slice(fr_key_u64(fr_key_i64(fr_key_init(key), forget_us), lease_id));
}

enum fr_error
sites_ended_put(struct fr_tables *tables, int64_t forget_us, uint64_t lease_id)
{
    struct fr_key key;

    return fr_put(tables, TABLE(ENDED), ended_key(&key, forget_us, lease_id), fr_slice(NULL, 0));
}

enum fr_error
sites_ended_first(const struct fr_view *view, int64_t *forget_us)
{
    struct fr_scan scan;
    struct fr_slice key, value;
    enum fr_error err;

    fr_scan_init(&scan, view, TABLE(ENDED), fr_slice(NULL, 0), fr_slice(NULL, 0));
    err = fr_scan_next(&scan, &key, &value);
    if (err == FR_OK)
        err = fr_key_take_i64(&key, forget_us);
    fr_scan_fini(&scan);
    return err;
}

enum fr_error
sites_ended_until(const struct fr_view *view, int64_t until_us, size_t max, uint64_t *lease_ids,
                  size_t *count)
{
    struct fr_scan scan;
    struct fr_slice key, value;
    enum fr_error err = FR_OK;
    int64_t forget_us;
    size_t found = 0;

    fr_scan_init(&scan, view, TABLE(ENDED), fr_slice(NULL, 0), fr_slice(NULL, 0));
    while (found < max && (err = fr_scan_next(&scan, &key, &value)) == FR_OK) {
        err = fr_key_take_i64(&key, &forget_us);
        if (err != FR_OK || forget_us > until_us)
            break;
        err = fr_key_take_u64(&key, &lease_ids[found]);
        if (err != FR_OK)
            break;
        found++;
    }
    fr_scan_fini(&scan);
    if (err != FR_OK && err != FR_NOT_FOUND)
        return err;
    *count = found;
    return FR_OK;
}

enum fr_error
sites_lease_forget(struct fr_tables *tables, uint64_t lease_id)
{
    struct sites_lease lease;
    struct fr_key key;
    enum fr_error err = sites_lease_get(fr_tables_view(tables), lease_id, &lease);

    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err;
    err = fr_del(tables, TABLE(ENDED), ended_key(&key, lease.forget_us, lease_id));
    if (err == FR_OK)
        err = fr_del(tables, TABLE(OFFERS), id_key(&key, lease.offer_id));
    if (err == FR_OK)
        err = taken_clear(tables, lease_id);
    if (err == FR_OK)
        err = fr_del(tables, TABLE(LEASES), id_key(&key, lease_id));
    return err;
}

/* ---- totals ---- */

enum fr_error
sites_totals_get(const struct fr_view *view, const char *site, struct sites_totals *out)
{
    struct fr_key key;
    enum fr_error err = fr_get_copy(view, TABLE(TOTALS), text_key(&key, site), out, sizeof(*out));

    if (err == FR_NOT_FOUND) {
        memset(out, 0, sizeof(*out));
        err = FR_OK;
    }
    return err;
}

enum fr_error
sites_totals_put(struct fr_tables *tables, const char *site, const struct sites_totals *row)
{
    struct fr_key key;

    return fr_put(tables, TABLE(TOTALS), text_key(&key, site), fr_slice(row, sizeof(*row)));
}

/* ---- links ---- */

enum fr_error
sites_link_get(const struct fr_view *view, const char *site, struct sites_link *out)
{
    struct fr_key key;

    return fr_get_copy(view, TABLE(LINKS), text_key(&key, site), out, sizeof(*out));
}

enum fr_error
sites_link_put(struct fr_tables *tables, const struct sites_link *link)
{
    struct fr_key key;

    return fr_put(tables, TABLE(LINKS), text_key(&key, link->site), fr_slice(link, sizeof(*link)));
}

/* A few sites at most, and only when a link changes. */
enum fr_error
sites_link_at(const struct fr_view *view, uint32_t number, struct sites_link *out)
{
    struct fr_slice key, value, nothing = fr_slice(NULL, 0);
    enum fr_error err = FR_NOT_FOUND;
    struct fr_scan scan;

    fr_scan_init(&scan, view, TABLE(LINKS), nothing, nothing);
    while (err == FR_NOT_FOUND && fr_scan_next(&scan, &key, &value) == FR_OK) {
        fr_assert(value.size == sizeof(*out));
        memcpy(out, value.data, sizeof(*out));
        if (out->number == number)
            err = FR_OK;
    }
    fr_scan_fini(&scan);
    return err;
}
