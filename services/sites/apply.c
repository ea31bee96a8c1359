/* apply.c - what each record of ours means for the tables; judges nothing. */
#include "services/sites/tables.h"

#include "proto/desk.pb-c.h"
#include "proto/site.pb-c.h"

static void
copy_text(char *to, size_t size, const char *text)
{
    memset(to, 0, size);
    memcpy(to, text, strnlen(text, size - 1));
}

/* LeaseGranted.  Writes leases (added), matters (its fence), offers, totals. */
enum fr_error
sites_apply_lease_granted(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__LeaseGranted *granted = fr_body(event);
    const Fr__TaskOffered *offer = granted->offer;
    struct sites_matter matter = {.fence = granted->fence, .lease_id = granted->lease_id};
    struct sites_lease lease;
    struct sites_totals totals;
    enum fr_error err;

    memset(&lease, 0, sizeof(lease));
    lease.lease_id = granted->lease_id;
    lease.fence = granted->fence;
    lease.offer_id = offer->offer_id;
    lease.task_id = offer->task_id;
    lease.conversation_id = offer->conversation_id;
    lease.granted_us = event->head->time_us;
    lease.state = SITES_OFFERED;
    copy_text(lease.brand, sizeof(lease.brand), event->head->brand);
    copy_text(lease.site, sizeof(lease.site), offer->site);
    copy_text(lease.agent, sizeof(lease.agent), offer->agent);

    err = sites_lease_put(tables, &lease);
    if (err == FR_OK)
        err = sites_matter_put(tables, lease.conversation_id, &matter);
    if (err == FR_OK)
        err = sites_offer_put(tables, lease.offer_id, lease.lease_id);
    if (err == FR_OK)
        err = sites_totals_get(fr_tables_view(tables), lease.site, &totals);
    if (err != FR_OK)
        return err;
    totals.granted++;
    return sites_totals_put(tables, lease.site, &totals);
}

/* LeaseConfirmed.  Writes leases (held, until when), and the lease's timer. */
enum fr_error
sites_apply_lease_confirmed(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__LeaseConfirmed *confirmed = fr_body(event);
    struct sites_lease lease;
    enum fr_error err = sites_lease_get(fr_tables_view(tables), confirmed->lease_id, &lease);

    if (err != FR_OK)
        return err;
    if (lease.state != SITES_FINISHED) /* a renewed one may be */
        lease.state = SITES_HELD;
    if (lease.worked_us == 0)
        lease.worked_us = event->head->time_us;
    lease.runs_out_us = confirmed->runs_out_us;
    err = sites_lease_put(tables, &lease);
    if (err != FR_OK)
        return err;
    return fr_timer_arm(tables, SITES_TIMER_LEASE, lease.lease_id,
                        (struct fr_time){confirmed->ends_us});
}

/* LeaseEnded.  Writes leases (ended), ended, totals, the lease's timer (off) and the one that
 * forgets. */
enum fr_error
sites_apply_lease_ended(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__LeaseEnded *ended = fr_body(event);
    const struct fr_view *view = fr_tables_view(tables);
    struct sites_lease lease;
    struct sites_totals totals;
    int64_t first_us;
    enum fr_error err = sites_lease_get(view, ended->lease_id, &lease);

    if (err != FR_OK)
        return err;
    lease.state = SITES_ENDED;
    lease.forget_us = ended->forget_us;
    copy_text(lease.ended, sizeof(lease.ended), ended->reason);
    err = sites_lease_put(tables, &lease);
    if (err == FR_OK)
        err = fr_timer_disarm(tables, SITES_TIMER_LEASE, lease.lease_id);
    if (err == FR_OK)
        err = sites_ended_put(tables, lease.forget_us, lease.lease_id);
    if (err == FR_OK)
        err = sites_totals_get(view, lease.site, &totals);
    if (err != FR_OK)
        return err;
    totals.ended++;
    err = sites_totals_put(tables, lease.site, &totals);
    if (err == FR_OK)
        err = sites_ended_first(view, &first_us);
    if (err != FR_OK || first_us != lease.forget_us)
        return err; /* the timer stands at an earlier one */
    return fr_timer_arm(tables, SITES_TIMER_FORGET, 0, (struct fr_time){first_us});
}

/* LeasesForgotten.  Removes them from leases, offers, taken and ended; writes the timer for the
 * next one. */
enum fr_error
sites_apply_leases_forgotten(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__LeasesForgotten *forgotten = fr_body(event);
    int64_t first_us;
    enum fr_error err = FR_OK;

    for (size_t i = 0; i < forgotten->n_lease_id && err == FR_OK; i++)
        err = sites_lease_forget(tables, forgotten->lease_id[i]);
    if (err == FR_OK)
        err = sites_ended_first(fr_tables_view(tables), &first_us);
    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err;
    return fr_timer_arm(tables, SITES_TIMER_FORGET, 0, (struct fr_time){first_us});
}

/* RosterShared.  Writes agents.  To the site that he left it says that he is removed, and the
 * record that follows puts him where he is now. */
enum fr_error
sites_apply_roster_shared(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__RosterShared *shared = fr_body(event);
    struct sites_agent agent;
    enum fr_error err = sites_agent_get(fr_tables_view(tables), shared->agent->agent, &agent);

    if (err == FR_NOT_FOUND)
        memset(&agent, 0, sizeof(agent));
    else if (err != FR_OK)
        return err;
    copy_text(agent.site, sizeof(agent.site), shared->site);
    agent.removed = shared->agent->removed ? 1 : 0;
    return sites_agent_put(tables, shared->agent->agent, &agent);
}

/* PresenceShared.  Writes agents (state). */
enum fr_error
sites_apply_presence_shared(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__PresenceShared *shared = fr_body(event);
    struct sites_agent agent;
    enum fr_error err = sites_agent_get(fr_tables_view(tables), shared->agent, &agent);

    if (err != FR_OK)
        return err;
    agent.state = (uint32_t)shared->state;
    return sites_agent_put(tables, shared->agent, &agent);
}

/* OfferAnswered.  Writes leases (answered); nothing for an offer that was forbidden and never
 * leased. */
enum fr_error
sites_apply_offer_answered(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__OfferAnswered *answered = fr_body(event);
    struct sites_lease lease;
    enum fr_error err = sites_lease_of_offer(fr_tables_view(tables), answered->offer_id, &lease);

    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err;
    lease.state = answered->accepted ? SITES_ACCEPTED : SITES_DECLINED;
    return sites_lease_put(tables, &lease);
}

/* AgentReplied.  Writes taken (its client id), leases (worked on). */
enum fr_error
sites_apply_agent_replied(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__AgentReplied *replied = fr_body(event);
    struct sites_lease lease;
    enum fr_error err = sites_lease_of(fr_tables_view(tables), replied->conversation_id, &lease);

    if (err != FR_OK)
        return err;
    lease.worked_us = event->head->time_us;
    err = sites_lease_put(tables, &lease);
    return err != FR_OK ? err : sites_taken_put(tables, lease.lease_id, replied->client_id);
}

/* WorkFinished.  Writes leases (finished: routing ends the task, and with that the lease), taken.
 */
enum fr_error
sites_apply_work_finished(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__WorkFinished *finished = fr_body(event);
    struct sites_lease lease;
    enum fr_error err = sites_lease_of(fr_tables_view(tables), finished->conversation_id, &lease);

    if (err != FR_OK)
        return err;
    lease.state = SITES_FINISHED;
    err = sites_lease_put(tables, &lease);
    return err != FR_OK ? err : sites_taken_put(tables, lease.lease_id, finished->client_id);
}

/* The agent was at work on it, and that client id is taken. */
static enum fr_error
take_client_id(struct fr_tables *tables, const struct fr_record *event, uint64_t conversation_id,
               const char *client_id)
{
    struct sites_lease lease;
    enum fr_error err = sites_lease_of(fr_tables_view(tables), conversation_id, &lease);

    if (err != FR_OK)
        return err;
    lease.worked_us = event->head->time_us;
    err = sites_lease_put(tables, &lease);
    return err != FR_OK ? err : sites_taken_put(tables, lease.lease_id, client_id);
}

/* PromiseWritten.  Writes taken (its client id), leases (worked on). */
enum fr_error
sites_apply_promise_written(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__PromiseWritten *written = fr_body(event);

    return take_client_id(tables, event, written->conversation_id, written->client_id);
}

/* MatterMarked.  Likewise. */
enum fr_error
sites_apply_matter_marked(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__MatterMarked *marked = fr_body(event);

    return take_client_id(tables, event, marked->conversation_id, marked->client_id);
}

enum fr_error
sites_apply_nothing(struct fr_tables *tables, const struct fr_record *event)
{
    (void)tables;
    (void)event;
    return FR_OK;
}

/* ---- links ---- */

/* SiteLinked.  Writes links; arms or disarms the timer of its silence. */
enum fr_error
sites_apply_site_linked(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__SiteLinked *linked = fr_body(event);
    struct sites_link link = {.number = linked->number};
    enum fr_error err = sites_link_get(fr_tables_view(tables), linked->site, &link);

    if (err != FR_OK && err != FR_NOT_FOUND)
        return err;
    link.up = linked->up != 0;
    link.since_us = event->head->time_us;
    strncpy(link.site, linked->site, sizeof(link.site) - 1);
    err = sites_link_put(tables, &link);
    if (err != FR_OK)
        return err;
    return linked->has_silent_us ? fr_timer_arm(tables, SITES_TIMER_SILENT, link.number,
                                                (struct fr_time){linked->silent_us})
                                 : fr_timer_disarm(tables, SITES_TIMER_SILENT, link.number);
}

static enum fr_error
set_silent(struct fr_tables *tables, const char *site, bool silent)
{
    struct sites_link link;
    enum fr_error err = sites_link_get(fr_tables_view(tables), site, &link);

    if (err != FR_OK)
        return err;
    link.silent = silent;
    return sites_link_put(tables, &link);
}

/* SiteSilent.  Writes links. */
enum fr_error
sites_apply_site_silent(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__SiteSilent *silent = fr_body(event);

    return set_silent(tables, silent->site, true);
}

/* SiteHeard.  Writes links. */
enum fr_error
sites_apply_site_heard(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__SiteHeard *heard = fr_body(event);

    return set_silent(tables, heard->site, false);
}
