/* apply.c - what the hub's records mean for the tables; judges nothing. */
#include "services/desk/tables.h"

/* LeaseGranted.  Writes leases, agent_leases, newest. */
enum fr_error
desk_apply_lease_granted(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__LeaseGranted *granted = fr_body(event);
    Fr__DeskStateLease lease = FR__DESK_STATE_LEASE__INIT;

    lease.fence = granted->fence;
    lease.state = FR__DESK_LEASE_STATE__DESK_OFFERED;
    lease.brand = (char *)event->head->brand;
    lease.offer = granted->offer;
    return desk_lease_put(tables, granted->lease_id, &lease);
}

/* LeaseConfirmed.  Writes leases (held). */
enum fr_error
desk_apply_lease_confirmed(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__LeaseConfirmed *confirmed = fr_body(event);
    const Fr__DeskStateLease *lease;
    enum fr_error err = desk_lease_get(fr_tables_view(tables), fr_tables_arena(tables),
                                       confirmed->lease_id, &lease);

    if (err != FR_OK)
        return err;
    Fr__DeskStateLease held = *lease;
    if (held.state != FR__DESK_LEASE_STATE__DESK_FINISHED) /* a renewed one may be */
        held.state = FR__DESK_LEASE_STATE__DESK_HELD;
    held.has_runs_out_us = confirmed->has_runs_out_us;
    held.runs_out_us = confirmed->runs_out_us;
    return desk_lease_update(tables, confirmed->lease_id, &held);
}

/* Replies that the hub took are its to show; what it has not taken is still waited for: it comes
 * back as taken or as refused. */
static enum fr_error
drop_taken_replies(struct fr_tables *tables, const char *agent, uint64_t conversation_id)
{
    struct fr_arena *arena = fr_tables_arena(tables);

    for (;;) {
        struct fr_scan scan;
        struct desk_reply_key key;
        const Fr__DeskStateReply *reply;
        enum fr_error err;

        desk_replies(&scan, fr_tables_view(tables), agent, conversation_id);
        do
            err = desk_replies_next(&scan, arena, &key, &reply);
        while (err == FR_OK && !reply->taken);
        fr_scan_fini(&scan);
        if (err == FR_OK)
            err = desk_reply_del(tables, agent, &key);
        if (err != FR_OK)
            return err == FR_NOT_FOUND ? FR_OK : err;
    }
}

/* LeaseEnded.  Removes the lease, and with it the conversation, unless a newer lease has taken that
 * over. */
enum fr_error
desk_apply_lease_ended(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__LeaseEnded *ended = fr_body(event);
    const struct fr_view *view = fr_tables_view(tables);
    struct fr_arena *arena = fr_tables_arena(tables);
    const Fr__DeskStateLease *lease, *other;
    uint64_t conversation_id, newest;
    enum fr_error err = desk_lease_get(view, arena, ended->lease_id, &lease);

    if (err != FR_OK)
        return err;
    conversation_id = lease->offer->conversation_id;
    err = desk_lease_del(tables, ended->lease_id, lease);
    if (err == FR_OK)
        err = drop_taken_replies(tables, lease->offer->agent, conversation_id);
    if (err == FR_OK)
        err = desk_lease_of(view, arena, conversation_id, &newest, &other);
    return err == FR_NOT_FOUND ? desk_conversation_del(tables, conversation_id) : err;
}

/* An entry that names the client id of a reply under way is what it has become. */
static enum fr_error
drop_reply_of(struct fr_tables *tables, const char *agent, uint64_t conversation_id,
              const Fr__Entry *entry)
{
    struct desk_reply_key key = {conversation_id, entry->client_id};

    if (entry->client_id == NULL || strlen(entry->client_id) >= DESK_CLIENT_ID_SIZE)
        return FR_OK; /* no desk gave it */
    return desk_reply_del(tables, agent, &key);
}

/* ConversationShared.  Writes conversations, and its entries anew. */
enum fr_error
desk_apply_conversation_shared(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__ConversationShared *shared = fr_body(event);
    Fr__PastConversation *now = NULL;
    enum fr_error err = desk_conversation_del(tables, shared->conversation_id);

    for (size_t i = 0; i < shared->n_history && now == NULL; i++)
        if (shared->history[i]->conversation_id == shared->conversation_id)
            now = shared->history[i];
    for (size_t i = 0; now != NULL && i < now->n_entries && err == FR_OK; i++) {
        err = desk_entry_put(tables, shared->conversation_id, now->entries[i]);
        if (err == FR_OK)
            err = drop_reply_of(tables, shared->agent, shared->conversation_id, now->entries[i]);
    }
    if (now != NULL)
        now->n_entries = 0; /* they stand in entries; the message is this function's own copy */
    return err != FR_OK ? err : desk_conversation_put(tables, shared);
}

/* EntryShared.  Writes entries (added, or its delivery state changed); removes the reply that it
 * was. */
enum fr_error
desk_apply_entry_shared(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__EntryShared *shared = fr_body(event);
    const Fr__DeskStateLease *lease;
    uint64_t lease_id;
    enum fr_error err = desk_lease_of(fr_tables_view(tables), fr_tables_arena(tables),
                                      shared->conversation_id, &lease_id, &lease);

    if (err == FR_OK)
        err = desk_entry_put(tables, shared->conversation_id, shared->entry);
    if (err == FR_OK)
        err = drop_reply_of(tables, lease->offer->agent, shared->conversation_id, shared->entry);
    return err;
}

/* AgentReplied: the hub has it.  Writes replies (taken). */
enum fr_error
desk_apply_agent_replied(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__AgentReplied *replied = fr_body(event);
    struct desk_reply_key key = {replied->conversation_id, replied->client_id};
    const Fr__DeskStateReply *reply;
    enum fr_error err = desk_reply_get(fr_tables_view(tables), fr_tables_arena(tables),
                                       replied->agent, &key, &reply);

    if (err != FR_OK)
        return err;
    Fr__DeskStateReply taken = *reply;
    taken.has_taken = true;
    taken.taken = true;
    return desk_reply_put(tables, replied->agent, &key, &taken);
}

/* A finish that was refused leaves the conversation open, if it is still held. */
static enum fr_error
reopen(struct fr_tables *tables, const Fr__WorkRefused *refused)
{
    const Fr__DeskStateLease *lease;
    uint64_t lease_id;
    enum fr_error err = desk_lease_of(fr_tables_view(tables), fr_tables_arena(tables),
                                      refused->conversation_id, &lease_id, &lease);

    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err;
    if (lease->state != FR__DESK_LEASE_STATE__DESK_FINISHED ||
        strcmp(lease->offer->agent, refused->agent) != 0)
        return FR_OK;
    Fr__DeskStateLease held = *lease;
    held.state = FR__DESK_LEASE_STATE__DESK_HELD;
    return desk_lease_update(tables, lease_id, &held);
}

/* WorkRefused.  Removes the reply that it was about, or takes a finish back; writes refusals. */
enum fr_error
desk_apply_work_refused(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__WorkRefused *refused = fr_body(event);
    struct desk_reply_key key = {refused->conversation_id, refused->client_id};
    const Fr__DeskStateReply *reply;
    enum fr_error err = desk_reply_get(fr_tables_view(tables), fr_tables_arena(tables),
                                       refused->agent, &key, &reply);

    if (err == FR_OK)
        err = desk_reply_del(tables, refused->agent, &key);
    else if (err == FR_NOT_FOUND && refused->client_id[0] != '\0')
        err = reopen(tables, refused);
    if (err != FR_OK && err != FR_NOT_FOUND)
        return err;
    return desk_refusal_put(tables, event->head->id, refused);
}

/* RosterShared.  Writes agents. */
enum fr_error
desk_apply_roster_shared(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__RosterShared *shared = fr_body(event);
    const Fr__AgentDefined *defined = shared->agent;
    Fr__DeskStateAgent agent;
    enum fr_error err =
        desk_agent_get(fr_tables_view(tables), fr_tables_arena(tables), defined->agent, &agent);

    if (err != FR_OK)
        return err;
    agent.title = defined->title;
    agent.has_removed = agent.has_rostered = true;
    agent.removed = defined->removed;
    agent.rostered = true;
    return desk_agent_put(tables, defined->agent, &agent);
}

/* PresenceShared.  Writes agents (what the hub believes). */
enum fr_error
desk_apply_presence_shared(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__PresenceShared *shared = fr_body(event);
    Fr__DeskStateAgent agent;
    enum fr_error err =
        desk_agent_get(fr_tables_view(tables), fr_tables_arena(tables), shared->agent, &agent);

    if (err != FR_OK)
        return err;
    agent.has_state = true;
    agent.state = shared->state;
    agent.reason = shared->reason;
    return desk_agent_put(tables, shared->agent, &agent);
}
