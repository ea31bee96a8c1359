/* decide_time.c - what time brings: leases run out, ended ones are forgotten. */
#include "services/sites/say.h"

#include "services/sites/counters.h"
#include "proto/site.pb-c.h"

/* A lease runs out: whoever worked on it within the lease time keeps it, else the right to answer
 * ends, so that the conversation may be given to somebody else.
 *
 * Reads leases.  Emits LeaseConfirmed with a later end, or LeaseEnded.
 */
enum fr_error
sites_decide_lease_due(struct fr_turn *turn, const struct fr_record *input)
{
    struct sites_lease lease;
    enum fr_error err = sites_lease_get(turn->view, input->head->key, &lease);

    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err;
    if (lease.state != SITES_HELD && lease.state != SITES_FINISHED)
        return FR_OK;
    const struct sites_contract *contract = sites_contract_of(turn->config, lease.site);
    struct fr_time worked = {lease.worked_us};
    if (contract != NULL && fr_time_add(worked, contract->lease_time).unix_us > turn->now.unix_us)
        return sites_say_confirmed(turn, input, &lease, worked);
    fr_count(turn, SITES_COUNT_RAN_OUT, 1);
    return sites_say_ended(turn, input, &lease, "lease_expired");
}

/* The oldest ended leases have been remembered for long enough.
 *
 * Reads ended.  Emits LeasesForgotten, of at most SITES_FORGET_MAX; apply arms the timer for the
 * rest.
 */
enum fr_error
sites_decide_forget_due(struct fr_turn *turn, const struct fr_record *input)
{
    Fr__LeasesForgotten forgotten = FR__LEASES_FORGOTTEN__INIT;
    uint64_t lease_ids[SITES_FORGET_MAX];
    enum fr_error err;

    err = sites_ended_until(turn->view, turn->now.unix_us, SITES_FORGET_MAX, lease_ids,
                            &forgotten.n_lease_id);
    if (err != FR_OK || forgotten.n_lease_id == 0)
        return err;
    forgotten.lease_id = lease_ids;
    return fr_emit(turn, input, &forgotten.base);
}
