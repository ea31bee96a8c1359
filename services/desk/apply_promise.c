/* apply_promise.c - promises and alerts, as the hub told them, and what agents said of them. */
#include "services/desk/tables.h"

#include "proto/desk.pb-c.h"
#include "proto/identity.pb-c.h"

/* Under whose route it stands. */
static const char *
agent_of(const struct fr_record *event)
{
    const char *dot = strchr(event->head->route, '.');

    return dot == NULL ? "" : dot + 1;
}

/* PromiseMade.  Writes promises. */
enum fr_error
desk_apply_promise_made(struct fr_tables *tables, const struct fr_record *event)
{
    return desk_promise_put(tables, agent_of(event), fr_body(event));
}

/* PromiseEnded.  Removes it from promises. */
enum fr_error
desk_apply_promise_ended(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__PromiseEnded *ended = fr_body(event);

    return desk_promise_del(tables, agent_of(event), ended->promise_id);
}

/* SupervisorAlerted.  Writes alerts: one for each target, the newest. */
enum fr_error
desk_apply_supervisor_alerted(struct fr_tables *tables, const struct fr_record *event)
{
    return desk_alert_put(tables, agent_of(event), fr_body(event));
}

/* PromiseWritten, PromiseDone, MatterMarked.  Write done. */
enum fr_error
desk_apply_promise_written(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__PromiseWritten *written = fr_body(event);

    return desk_done_put(tables, written->agent, written->client_id);
}

enum fr_error
desk_apply_promise_done(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__PromiseDone *done = fr_body(event);

    return desk_done_put(tables, done->agent, done->client_id);
}

enum fr_error
desk_apply_matter_marked(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__MatterMarked *marked = fr_body(event);

    return desk_done_put(tables, marked->agent, marked->client_id);
}

/* IdentityActionAsked.  Writes done. */
enum fr_error
desk_apply_identity_asked(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__IdentityActionAsked *asked = fr_body(event);

    return desk_done_put(tables, asked->agent, asked->client_id);
}

/* IdentityActionEnded.  Writes nothing: his windows are told. */
enum fr_error
desk_apply_identity_ended(struct fr_tables *tables, const struct fr_record *event)
{
    (void)tables;
    (void)event;
    return FR_OK;
}
