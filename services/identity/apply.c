/* apply.c - customers and keys: what each event writes; nothing is judged here. */
#include "services/identity/apply.h"

/* CustomerCreated.  Writes customers, names. */
enum fr_error
identity_apply_customer_created(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__CustomerCreated *created = fr_body(event);
    const struct identity_customer customer = {.created_us = event->head->time_us,
                                               .first_observation = created->observation_id,
                                               .origins = 1};
    enum fr_error err = identity_customer_put(tables, created->customer_id, &customer);

    if (err == FR_OK && created->name != NULL)
        err = identity_name_put(tables, created->customer_id, created->name);
    return err == FR_OK ? COUNT(tables, customers) : err;
}

/* ---- keys ---- */

/* The row of a key as it is; a new one for a key that was never seen. */
static enum fr_error
key_row(struct fr_tables *tables, const char *type, const char *value, int64_t now_us,
        struct identity_key_row *row)
{
    enum fr_error err = identity_key_get(fr_tables_view(tables), type, value, row);

    if (err != FR_NOT_FOUND)
        return err;
    memset(row, 0, sizeof(*row));
    row->first_us = row->last_us = now_us;
    return FR_OK;
}

static bool
holds(const Fr__IdentityStateHolding *held)
{
    return held != NULL && !held->remembered && !held->former;
}

static enum fr_error
held_before(struct fr_tables *tables, uint64_t origin, const char *type, const char *value,
            const Fr__IdentityStateHolding **held)
{
    enum fr_error err = identity_held_get(fr_tables_view(tables), origin, type, value,
                                          fr_tables_arena(tables), held);

    if (err == FR_NOT_FOUND)
        *held = NULL;
    return err == FR_NOT_FOUND ? FR_OK : err;
}

/* A proven key more, or less: what the groups above it know of themselves. */
static enum fr_error
strengthen(struct fr_tables *tables, uint64_t origin, const char *type, const char *value, int by)
{
    enum fr_error err = identity_customer_add(tables, origin, 0, by, 0);

    if (err != FR_OK || identity_key_class(type) != IDENTITY_EXCLUSIVE)
        return err;
    return by > 0 ? identity_exclusive_put(tables, origin, type, value)
                  : identity_exclusive_del(tables, origin, type, value);
}

/* KeyAttached.  Writes keys, holders, held, claimers, exclusive, customers. */
enum fr_error
identity_apply_key_attached(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__KeyAttached *attached = fr_body(event);
    uint64_t origin = attached->has_origin ? attached->origin : attached->customer_id;
    const struct identity_holding holder = {.origin = origin,
                                            .assurance = (uint8_t)attached->assurance,
                                            .unverified = attached->unverified};
    const char *type = attached->type, *value = attached->value;
    Fr__IdentityStateHolding holding = FR__IDENTITY_STATE_HOLDING__INIT;
    const Fr__IdentityStateHolding *before;
    struct identity_key_row row;
    enum fr_error err = key_row(tables, type, value, event->head->time_us, &row);

    if (err == FR_OK)
        err = held_before(tables, origin, type, value, &before);
    if (err != FR_OK)
        return err;
    if (before != NULL && before->remembered) {
        row.claims--;
        err = identity_claimer_del(tables, type, value, origin);
    }
    row.holders += !holds(before);
    row.last_us = event->head->time_us;
    if (row.holder == 0 || origin <= row.holder) {
        row.holder = origin;
        row.assurance = holder.assurance;
        row.unverified = holder.unverified;
    }
    holding.assurance = attached->assurance;
    holding.unverified = attached->unverified;
    holding.first_us = before != NULL ? before->first_us : event->head->time_us;
    holding.raw = before != NULL && before->raw != NULL ? before->raw : attached->raw;
    holding.has_observation_id = attached->has_observation_id || before != NULL;
    holding.observation_id = before != NULL && before->has_observation_id
                                 ? before->observation_id
                                 : attached->observation_id;
    holding.reasons = attached->reasons;
    holding.n_reasons = attached->n_reasons;
    if (err == FR_OK)
        err = identity_key_put(tables, type, value, &row);
    if (err == FR_OK)
        err = identity_holder_put(tables, type, value, &holder);
    if (err == FR_OK)
        err = identity_held_put(tables, origin, type, value, &holding);
    if (err == FR_OK && !attached->unverified && !(holds(before) && !before->unverified))
        err = strengthen(tables, origin, type, value, 1);
    return err == FR_OK && !holds(before) ? COUNT(tables, keys) : err;
}

/* KeyRemembered.  Writes keys, held, claimers. */
enum fr_error
identity_apply_key_remembered(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__KeyRemembered *claim = fr_body(event);
    uint64_t origin = claim->has_origin ? claim->origin : claim->customer_id;
    Fr__IdentityStateHolding holding = FR__IDENTITY_STATE_HOLDING__INIT;
    struct identity_key_row row;
    enum fr_error err = key_row(tables, claim->type, claim->value, event->head->time_us, &row);

    row.claims++;
    row.last_us = event->head->time_us;
    holding.assurance = claim->has_assurance ? claim->assurance : FR__ASSURANCE__CLAIMED;
    holding.unverified = true;
    holding.remembered = true;
    holding.first_us = event->head->time_us;
    holding.raw = claim->raw;
    holding.has_observation_id = claim->has_observation_id;
    holding.observation_id = claim->observation_id;
    holding.reasons = claim->reasons;
    holding.n_reasons = claim->n_reasons;
    if (err == FR_OK)
        err = identity_key_put(tables, claim->type, claim->value, &row);
    if (err == FR_OK)
        err = identity_held_put(tables, origin, claim->type, claim->value, &holding);
    if (err == FR_OK)
        err = identity_claimer_put(tables, claim->type, claim->value, origin);
    return err == FR_OK ? COUNT(tables, claims) : err;
}

/* The oldest of those who are left speaks for the key. */
static enum fr_error
next_holder(struct fr_tables *tables, const char *type, const char *value,
            struct identity_key_row *row)
{
    struct identity_holding first = {.origin = 0};
    size_t count;
    enum fr_error err = identity_holders(fr_tables_view(tables), type, value, &first, 1, &count);

    row->holder = first.origin;
    row->assurance = first.assurance;
    row->unverified = first.unverified;
    return err;
}

enum fr_error
identity_key_let_go(struct fr_tables *tables, uint64_t origin, const char *type, const char *value,
                    struct identity_key_row *row, const Fr__IdentityStateHolding **was)
{
    enum fr_error err = held_before(tables, origin, type, value, was);

    if (err == FR_OK)
        err = identity_key_get(fr_tables_view(tables), type, value, row);
    if (err != FR_OK || *was == NULL || (*was)->former)
        return err == FR_NOT_FOUND ? FR_OK : err;
    if ((*was)->remembered) {
        row->claims--;
        err = identity_claimer_del(tables, type, value, origin);
    } else {
        row->holders--;
        err = identity_holder_del(tables, type, value, origin);
        if (err == FR_OK && !(*was)->unverified)
            err = strengthen(tables, origin, type, value, -1);
        if (err == FR_OK && row->holder == origin)
            err = next_holder(tables, type, value, row);
    }
    return err == FR_OK ? identity_key_put(tables, type, value, row) : err;
}

/* KeyDetached.  Writes keys, holders, held, claimers, exclusive, customers. */
enum fr_error
identity_apply_key_detached(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__KeyDetached *detached = fr_body(event);
    const char *type = detached->type, *value = detached->value;
    const Fr__IdentityStateHolding *was;
    Fr__IdentityStateHolding left;
    struct identity_key_row row;
    enum fr_error err = identity_key_let_go(tables, detached->origin, type, value, &row, &was);

    if (err != FR_OK || was == NULL)
        return err;
    left = *was;
    if (detached->how == FR__KEY_END__MOVED)
        return identity_held_del(tables, detached->origin, type, value);
    if (detached->how == FR__KEY_END__REASSIGNED) {
        left.has_former = left.former = true;
        return identity_held_put(tables, detached->origin, type, value, &left);
    }
    left.remembered = true;
    row.claims++;
    err = identity_held_put(tables, detached->origin, type, value, &left);
    if (err == FR_OK)
        err = identity_key_put(tables, type, value, &row);
    return err == FR_OK ? identity_claimer_put(tables, type, value, detached->origin) : err;
}

/* KeyShared.  Writes keys, shared, repairs; arms the repair's timer. */
enum fr_error
identity_apply_key_shared(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__KeyShared *shared = fr_body(event);
    Fr__IdentityStateRepair repair = FR__IDENTITY_STATE_REPAIR__INIT;
    struct identity_key_row row;
    enum fr_error err = key_row(tables, shared->type, shared->value, event->head->time_us, &row);

    row.shared = shared->claims_only ? IDENTITY_CLAIMED_BY_MANY : IDENTITY_SHARED;
    repair.type = shared->type;
    repair.value = shared->value;
    repair.origins = shared->origins;
    repair.n_origins = shared->n_origins;
    repair.has_claims_only = repair.claims_only = shared->claims_only;
    if (err == FR_OK)
        err = identity_key_put(tables, shared->type, shared->value, &row);
    if (err == FR_OK)
        err = identity_repair_put(tables, event->head->id, &repair);
    if (err == FR_OK)
        err = fr_timer_arm(tables, IDENTITY_REPAIR_TIMER, event->head->id,
                           (struct fr_time){event->head->time_us});
    return err == FR_OK ? COUNT(tables, shared) : err;
}

/* ---- the forest ---- */

/* CustomersMerged: one parent link is set.  Writes customers, children. */
enum fr_error
identity_apply_customers_merged(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__CustomersMerged *merged = fr_body(event);
    Fr__IdentityStateMerge merge = FR__IDENTITY_STATE_MERGE__INIT;
    struct identity_customer other;
    enum fr_error err = identity_customer_get(fr_tables_view(tables), merged->merged, &other);

    if (err != FR_OK)
        return err;
    merge.at_us = event->head->time_us;
    merge.has_merge_id = true;
    merge.merge_id = event->head->id;
    merge.parent = merged->survivor;
    merge.reasons = merged->reasons;
    merge.n_reasons = merged->n_reasons;
    merge.who = merged->who;
    merge.why = merged->why;
    other.parent = merged->survivor;
    err = identity_customer_put(tables, merged->merged, &other);
    if (err == FR_OK)
        err = identity_customer_add(tables, merged->survivor, (int)other.origins,
                                    (int)other.strong_keys, (int)other.cannot_links);
    if (err == FR_OK)
        err = identity_child_put(tables, merged->survivor, merged->merged, &merge);
    return err == FR_OK ? COUNT(tables, merges) : err;
}

static enum fr_error
keep_apart(struct fr_tables *tables, const struct fr_record *event, uint64_t a, uint64_t b)
{
    const Fr__CustomersSplit *split = fr_body(event);
    Fr__IdentityStateApart apart = FR__IDENTITY_STATE_APART__INIT;
    enum fr_error err;

    if (identity_apart(fr_tables_view(tables), a, b))
        return FR_OK;
    apart.at_us = event->head->time_us;
    apart.who = split->who;
    apart.why = split->why;
    err = identity_apart_put(tables, a, b, &apart);
    if (err == FR_OK)
        err = identity_customer_add(tables, a, 0, 0, 1);
    return err == FR_OK ? identity_customer_add(tables, b, 0, 0, 1) : err;
}

/* CustomersSplit: one parent link is cleared.  Writes customers, children, apart. */
enum fr_error
identity_apply_customers_split(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__CustomersSplit *split = fr_body(event);
    struct identity_customer origin;
    enum fr_error err = identity_customer_get(fr_tables_view(tables), split->origin, &origin);

    if (err != FR_OK)
        return err;
    origin.parent = 0;
    err = identity_customer_put(tables, split->origin, &origin);
    if (err == FR_OK)
        err = identity_customer_add(tables, split->parent, -(int)origin.origins,
                                    -(int)origin.strong_keys, -(int)origin.cannot_links);
    if (err == FR_OK)
        err = identity_child_del(tables, split->parent, split->origin);
    for (size_t i = 0; err == FR_OK && i < split->n_apart_from; i++)
        err = keep_apart(tables, event, split->origin, split->apart_from[i]);
    return err == FR_OK ? COUNT(tables, splits) : err;
}
