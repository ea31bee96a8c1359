/* tables.c - leases, agents and what they did; conversations are in tables_talk.c. */
#include "services/desk/tables.h"
#include "services/desk/tables_private.h"

/* clang-format off */
const struct fr_table desk_tables[] = {
    [DESK_LEASES]        = { "leases",        true,  "u64 lease -> DeskStateLease" },
    [DESK_NEWEST]        = { "newest",        false, "u64 conversation -> u64 its newest lease here" },
    [DESK_AGENT_LEASES]  = { "agent_leases",  true,  "agent, u64 lease -> nothing" },
    [DESK_CONVERSATIONS] = { "conversations", true,  "u64 conversation -> ConversationShared without this conversation's entries" },
    [DESK_ENTRIES]       = { "entries",       true,  "u64 conversation, u64 place -> Entry" },
    [DESK_PLACES]        = { "places",        true,  "u64 conversation, u64 message -> u64 place of its entry" },
    [DESK_REPLIES]       = { "replies",       true,  "agent, u64 conversation, client id -> DeskStateReply" },
    [DESK_REFUSALS]      = { "refusals",      true,  "agent, u64 refusal -> WorkRefused" },
    [DESK_PROMISES]      = { "promises",      true,  "agent, u64 promise -> PromiseMade" },
    [DESK_ALERTS]        = { "alerts",        true,  "agent, u64 target -> SupervisorAlerted" },
    [DESK_AGENTS]        = { "agents",        true,  "agent -> DeskStateAgent" },
    [DESK_DONE]          = { "done",          false, "agent, client id -> u32 its place in the ring" },
    [DESK_DONE_RING]     = { "done_ring",     false, "agent, u32 place -> client id" },
    FR_TABLE_END,
};
/* clang-format on */

/* ---- leases ---- */

static struct fr_slice
agent_lease_key(struct fr_key *key, const char *agent, uint64_t lease_id)
{
    return fr_key_slice(fr_key_u64(fr_key_str(fr_key_init(key), agent), lease_id));
}

enum fr_error
desk_lease_get(const struct fr_view *view, struct fr_arena *arena, uint64_t lease_id,
               const Fr__DeskStateLease **lease)
{
    struct fr_key key;

    return fr_get_message(view, TABLE(DESK_LEASES), desk_id_key(&key, lease_id),
                          &fr__desk_state_lease__descriptor, arena, (const void **)lease);
}

enum fr_error
desk_lease_update(struct fr_tables *tables, uint64_t lease_id, const Fr__DeskStateLease *lease)
{
    struct fr_key key;

    return fr_put_message(tables, TABLE(DESK_LEASES), desk_id_key(&key, lease_id), &lease->base);
}

enum fr_error
desk_lease_put(struct fr_tables *tables, uint64_t lease_id, const Fr__DeskStateLease *lease)
{
    struct fr_key key;
    enum fr_error err = desk_lease_update(tables, lease_id, lease);

    if (err == FR_OK)
        err = fr_put(tables, TABLE(DESK_AGENT_LEASES),
                     agent_lease_key(&key, lease->offer->agent, lease_id), fr_slice(NULL, 0));
    if (err == FR_OK)
        err = fr_put(tables, TABLE(DESK_NEWEST), desk_id_key(&key, lease->offer->conversation_id),
                     fr_slice(&lease_id, sizeof(lease_id)));
    return err;
}

static enum fr_error
newest_get(const struct fr_view *view, uint64_t conversation_id, uint64_t *lease_id)
{
    struct fr_key key;

    return fr_get_copy(view, TABLE(DESK_NEWEST), desk_id_key(&key, conversation_id), lease_id,
                       sizeof(*lease_id));
}

enum fr_error
desk_lease_del(struct fr_tables *tables, uint64_t lease_id, const Fr__DeskStateLease *lease)
{
    struct fr_key key;
    uint64_t newest;
    enum fr_error err = fr_del(tables, TABLE(DESK_LEASES), desk_id_key(&key, lease_id));

    if (err == FR_OK)
        err = fr_del(tables, TABLE(DESK_AGENT_LEASES),
                     agent_lease_key(&key, lease->offer->agent, lease_id));
    if (err == FR_OK)
        err = newest_get(fr_tables_view(tables), lease->offer->conversation_id, &newest);
    if (err == FR_OK && newest == lease_id)
        err = fr_del(tables, TABLE(DESK_NEWEST), desk_id_key(&key, lease->offer->conversation_id));
    return err == FR_NOT_FOUND ? FR_OK : err;
}

enum fr_error
desk_lease_of(const struct fr_view *view, struct fr_arena *arena, uint64_t conversation_id,
              uint64_t *lease_id, const Fr__DeskStateLease **lease)
{
    enum fr_error err = newest_get(view, conversation_id, lease_id);

    return err != FR_OK ? err : desk_lease_get(view, arena, *lease_id, lease);
}

void
desk_agent_leases(struct fr_scan *scan, const struct fr_view *view, const char *agent)
{
    struct fr_key key;

    fr_scan_init(scan, view, TABLE(DESK_AGENT_LEASES), desk_text_key(&key, agent),
                 fr_slice(NULL, 0));
}

enum fr_error
desk_agent_leases_next(struct fr_scan *scan, uint64_t *lease_id)
{
    struct fr_slice key, value;
    const char *agent;
    enum fr_error err = fr_scan_next(scan, &key, &value);

    if (err == FR_OK)
        err = fr_key_take_str(&key, &agent);
    return err != FR_OK ? err : fr_key_take_u64(&key, lease_id);
}

/* ---- agents ---- */

enum fr_error
desk_agent_get(const struct fr_view *view, struct fr_arena *arena, const char *agent,
               Fr__DeskStateAgent *out)
{
    struct fr_key key;
    const Fr__DeskStateAgent *row;
    enum fr_error err =
        fr_get_message(view, TABLE(DESK_AGENTS), desk_text_key(&key, agent),
                       &fr__desk_state_agent__descriptor, arena, (const void **)&row);

    if (err == FR_NOT_FOUND) {
        fr__desk_state_agent__init(out);
        return FR_OK;
    }
    if (err == FR_OK)
        *out = *row;
    return err;
}

enum fr_error
desk_agent_put(struct fr_tables *tables, const char *agent, const Fr__DeskStateAgent *row)
{
    struct fr_key key;

    return fr_put_message(tables, TABLE(DESK_AGENTS), desk_text_key(&key, agent), &row->base);
}

void
desk_agents(struct fr_scan *scan, const struct fr_view *view)
{
    fr_scan_init(scan, view, TABLE(DESK_AGENTS), fr_slice(NULL, 0), fr_slice(NULL, 0));
}

enum fr_error
desk_agents_next(struct fr_scan *scan, struct fr_arena *arena, const char **agent,
                 const Fr__DeskStateAgent **row)
{
    struct fr_slice key, value;
    enum fr_error err = fr_scan_next(scan, &key, &value);

    if (err != FR_OK)
        return err;
    *row = fr_unpack_in(arena, &fr__desk_state_agent__descriptor, value);
    return *row == NULL ? FR_CORRUPT : fr_key_take_str(&key, agent);
}

/* ---- actions done ---- */

static struct fr_slice
done_key(struct fr_key *key, const char *agent, const char *client_id)
{
    return fr_key_slice(fr_key_str(fr_key_str(fr_key_init(key), agent), client_id));
}

enum fr_error
desk_done_get(const struct fr_view *view, const char *agent, const char *client_id)
{
    struct fr_key key;
    struct fr_slice value;

    return fr_get(view, TABLE(DESK_DONE), done_key(&key, agent, client_id), &value);
}

/* Drops what stood at this place of the agent's ring. */
static enum fr_error
done_clear(struct fr_tables *tables, const char *agent, struct fr_slice place)
{
    struct fr_key key;
    struct fr_slice old;
    char client_id[DESK_CLIENT_ID_SIZE] = "";
    enum fr_error err = fr_get(fr_tables_view(tables), TABLE(DESK_DONE_RING), place, &old);

    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err;
    memcpy(client_id, old.data, old.size < sizeof(client_id) ? old.size : sizeof(client_id) - 1);
    return fr_del(tables, TABLE(DESK_DONE), done_key(&key, agent, client_id));
}

enum fr_error
desk_done_put(struct fr_tables *tables, const char *agent, const char *client_id)
{
    struct fr_key ring_key, key;
    Fr__DeskStateAgent row;
    enum fr_error err;

    if (client_id == NULL || client_id[0] == '\0')
        return FR_OK;
    err = desk_agent_get(fr_tables_view(tables), fr_tables_arena(tables), agent, &row);
    if (err != FR_OK)
        return err;
    uint32_t place = row.done_count % DESK_DONE_MAX;
    struct fr_slice ring =
        fr_key_slice(fr_key_u32(fr_key_str(fr_key_init(&ring_key), agent), place));
    row.has_done_count = true;
    row.done_count++;
    err = done_clear(tables, agent, ring);
    if (err == FR_OK)
        err = fr_put(tables, TABLE(DESK_DONE_RING), ring, fr_slice_str(client_id));
    if (err == FR_OK)
        err = fr_put(tables, TABLE(DESK_DONE), done_key(&key, agent, client_id),
                     fr_slice(&place, sizeof(place)));
    return err != FR_OK ? err : desk_agent_put(tables, agent, &row);
}

/* ---- refusals ---- */

void
desk_refusals(struct fr_scan *scan, const struct fr_view *view, const char *agent)
{
    struct fr_key key;

    fr_scan_init(scan, view, TABLE(DESK_REFUSALS), desk_text_key(&key, agent), fr_slice(NULL, 0));
}

enum fr_error
desk_refusals_next(struct fr_scan *scan, struct fr_arena *arena, uint64_t *refusal_id,
                   const Fr__WorkRefused **refusal)
{
    struct fr_slice key, value;
    const char *agent;
    enum fr_error err = fr_scan_next(scan, &key, &value);

    if (err != FR_OK)
        return err;
    *refusal = fr_unpack_in(arena, &fr__work_refused__descriptor, value);
    err = *refusal == NULL ? FR_CORRUPT : fr_key_take_str(&key, &agent);
    return err != FR_OK ? err : fr_key_take_u64(&key, refusal_id);
}

/* How many there are, and the oldest. */
static enum fr_error
refusals_count(struct fr_tables *tables, const char *agent, size_t *count, uint64_t *oldest)
{
    struct fr_arena *arena = fr_tables_arena(tables);
    struct fr_scan scan;
    const Fr__WorkRefused *refusal;
    uint64_t refusal_id;
    enum fr_error err;

    *count = 0;
    desk_refusals(&scan, fr_tables_view(tables), agent);
    for (;;) {
        struct fr_arena_mark mark = fr_arena_mark(arena);

        err = desk_refusals_next(&scan, arena, &refusal_id, &refusal);
        fr_arena_release(arena, mark);
        if (err != FR_OK)
            break;
        if ((*count)++ == 0)
            *oldest = refusal_id;
    }
    fr_scan_fini(&scan);
    return err == FR_NOT_FOUND ? FR_OK : err;
}

enum fr_error
desk_refusal_put(struct fr_tables *tables, uint64_t refusal_id, const Fr__WorkRefused *refusal)
{
    struct fr_key key;
    size_t count;
    uint64_t oldest = 0;
    enum fr_error err = refusals_count(tables, refusal->agent, &count, &oldest);

    if (err == FR_OK && count >= DESK_REFUSAL_MAX)
        err = desk_refusal_del(tables, refusal->agent, oldest);
    if (err != FR_OK)
        return err;
    return fr_put_message(tables, TABLE(DESK_REFUSALS),
                          agent_lease_key(&key, refusal->agent, refusal_id), &refusal->base);
}

enum fr_error
desk_refusal_get(const struct fr_view *view, const char *agent, uint64_t refusal_id)
{
    struct fr_key key;
    struct fr_slice value;

    return fr_get(view, TABLE(DESK_REFUSALS), agent_lease_key(&key, agent, refusal_id), &value);
}

enum fr_error
desk_refusal_del(struct fr_tables *tables, const char *agent, uint64_t refusal_id)
{
    struct fr_key key;

    return fr_del(tables, TABLE(DESK_REFUSALS), agent_lease_key(&key, agent, refusal_id));
}
