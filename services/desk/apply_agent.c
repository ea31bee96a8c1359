/* apply_agent.c - what agents' own records mean for the tables; judges nothing. */
#include "services/desk/tables.h"

#include "proto/desk.pb-c.h"

/* PresenceChosen.  Writes agents (chosen), done. */
enum fr_error
desk_apply_presence_chosen(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__PresenceChosen *chosen = fr_body(event);
    Fr__DeskStateAgent agent;
    enum fr_error err =
        desk_agent_get(fr_tables_view(tables), fr_tables_arena(tables), chosen->agent, &agent);

    if (err != FR_OK)
        return err;
    agent.has_chosen = true;
    agent.chosen = chosen->state;
    err = desk_agent_put(tables, chosen->agent, &agent);
    return err != FR_OK ? err : desk_done_put(tables, chosen->agent, chosen->client_id);
}

static enum fr_error
set_state(struct fr_tables *tables, uint64_t lease_id, Fr__DeskLeaseState state)
{
    const Fr__DeskStateLease *lease;
    enum fr_error err =
        desk_lease_get(fr_tables_view(tables), fr_tables_arena(tables), lease_id, &lease);

    if (err != FR_OK)
        return err;
    Fr__DeskStateLease changed = *lease;
    changed.state = state;
    return desk_lease_update(tables, lease_id, &changed);
}

/* OfferChosen.  Writes leases (accepted or declined), done. */
enum fr_error
desk_apply_offer_chosen(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__OfferChosen *chosen = fr_body(event);
    enum fr_error err = set_state(tables, chosen->lease_id,
                                  chosen->accepted ? FR__DESK_LEASE_STATE__DESK_ACCEPTED
                                                   : FR__DESK_LEASE_STATE__DESK_DECLINED);

    return err != FR_OK ? err : desk_done_put(tables, chosen->agent, chosen->client_id);
}

/* ReplyWritten.  Writes replies (under way), done. */
enum fr_error
desk_apply_reply_written(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__ReplyWritten *written = fr_body(event);
    struct desk_reply_key key = {written->conversation_id, written->client_id};
    Fr__DeskStateReply reply = FR__DESK_STATE_REPLY__INIT;
    enum fr_error err;

    reply.lease_id = written->lease_id;
    reply.text = written->text;
    reply.note = written->note;
    reply.written_us = event->head->time_us;
    err = desk_reply_put(tables, written->agent, &key, &reply);
    return err != FR_OK ? err : desk_done_put(tables, written->agent, written->client_id);
}

/* WorkDone.  Writes leases (finished), done. */
enum fr_error
desk_apply_work_done(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__WorkDone *done = fr_body(event);
    enum fr_error err = set_state(tables, done->lease_id, FR__DESK_LEASE_STATE__DESK_FINISHED);

    return err != FR_OK ? err : desk_done_put(tables, done->agent, done->client_id);
}

/* RefusalSeen.  Removes it from refusals or alerts; writes done. */
enum fr_error
desk_apply_refusal_seen(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__RefusalSeen *seen = fr_body(event);
    enum fr_error err = desk_refusal_del(tables, seen->agent, seen->refusal_id);

    if (err == FR_OK)
        err = desk_alert_del(tables, seen->agent, seen->refusal_id);
    return err != FR_OK ? err : desk_done_put(tables, seen->agent, seen->client_id);
}
