/* apply.c - what each of identity's events writes; nothing is judged here. */
#include "services/identity/key.h"
#include "services/identity/tables.h"

static enum fr_error
count_up(struct fr_tables *tables, size_t field, uint64_t by)
{
    struct identity_totals totals;
    enum fr_error err = identity_totals_get(fr_tables_view(tables), &totals);

    if (err != FR_OK)
        return err;
    *(uint64_t *)((char *)&totals + field) += by;
    return identity_totals_put(tables, &totals);
}
#define COUNT(tables, field) count_up(tables, offsetof(struct identity_totals, field), 1)

/* CustomerCreated.  Writes customers, names. */
enum fr_error
identity_apply_customer_created(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__CustomerCreated *created = fr_body(event);
    const struct identity_customer customer = {.created_us = event->head->time_us, .origins = 1};
    enum fr_error err = identity_customer_put(tables, created->customer_id, &customer);

    if (err == FR_OK && created->name != NULL)
        err = identity_name_put(tables, created->customer_id, created->name);
    return err == FR_OK ? COUNT(tables, customers) : err;
}

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

/* Another customer proved the key: he who had only claimed it goes on as one who claimed it. */
static enum fr_error
dispossess(struct fr_tables *tables, const char *type, const char *value,
           struct identity_key_row *row)
{
    const Fr__IdentityStateHolding *known;
    enum fr_error err = identity_held_get(fr_tables_view(tables), row->holder, type, value,
                                          fr_tables_arena(tables), &known);
    Fr__IdentityStateHolding claim;

    if (err != FR_OK)
        return err;
    claim = *known;
    claim.remembered = true;
    row->claims++;
    err = identity_held_put(tables, row->holder, type, value, &claim);
    return err == FR_OK ? identity_claimer_put(tables, type, value, row->holder) : err;
}

/* The origin had claimed the key before; now it holds it. */
static enum fr_error
forget_claim(struct fr_tables *tables, uint64_t origin, const char *type, const char *value,
             struct identity_key_row *row)
{
    const Fr__IdentityStateHolding *known;
    enum fr_error err = identity_held_get(fr_tables_view(tables), origin, type, value,
                                          fr_tables_arena(tables), &known);

    if (err == FR_NOT_FOUND)
        return FR_OK;
    if (err != FR_OK || !known->remembered)
        return err;
    row->claims--;
    return identity_claimer_del(tables, type, value, origin);
}

/* The group's own memory of what it has: how many proven keys, and the one account or log-in. */
static enum fr_error
strengthen_group(struct fr_tables *tables, const Fr__KeyAttached *attached, bool was_proven)
{
    struct identity_customer root;
    enum fr_error err = FR_OK;

    if (attached->unverified)
        return FR_OK;
    if (identity_key_class(attached->type) == IDENTITY_EXCLUSIVE)
        err =
            identity_exclusive_put(tables, attached->customer_id, attached->type, attached->value);
    if (err != FR_OK || was_proven)
        return err;
    err = identity_customer_get(fr_tables_view(tables), attached->customer_id, &root);
    if (err != FR_OK)
        return err;
    root.strong_keys++;
    return identity_customer_put(tables, attached->customer_id, &root);
}

/* KeyAttached.  Writes keys, held, claimers, exclusive, customers. */
enum fr_error
identity_apply_key_attached(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__KeyAttached *attached = fr_body(event);
    uint64_t origin = attached->has_origin ? attached->origin : attached->customer_id;
    Fr__IdentityStateHolding holding = FR__IDENTITY_STATE_HOLDING__INIT;
    struct identity_key_row row;
    bool was_held, was_proven;
    enum fr_error err =
        key_row(tables, attached->type, attached->value, event->head->time_us, &row);

    if (err != FR_OK)
        return err;
    was_held = row.holder == origin;
    was_proven = was_held && !row.unverified;
    if (row.holder != 0 && !was_held)
        err = dispossess(tables, attached->type, attached->value, &row);
    if (err == FR_OK && !was_held)
        err = forget_claim(tables, origin, attached->type, attached->value, &row);
    row.holder = origin;
    row.assurance = (uint8_t)attached->assurance;
    row.unverified = attached->unverified;
    row.last_us = event->head->time_us;
    holding.assurance = attached->assurance;
    holding.unverified = attached->unverified;
    holding.first_us = event->head->time_us;
    holding.raw = attached->raw;
    holding.reasons = attached->reasons;
    holding.n_reasons = attached->n_reasons;
    if (err == FR_OK)
        err = identity_key_put(tables, attached->type, attached->value, &row);
    if (err == FR_OK)
        err = identity_held_put(tables, origin, attached->type, attached->value, &holding);
    if (err == FR_OK)
        err = strengthen_group(tables, attached, was_proven);
    return err == FR_OK && !was_held ? COUNT(tables, keys) : err;
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
    holding.assurance = FR__ASSURANCE__CLAIMED;
    holding.unverified = true;
    holding.remembered = true;
    holding.first_us = event->head->time_us;
    holding.raw = claim->raw;
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

/* CustomersMerged: one parent set, and the survivor's own memory of its group rewritten.
 * Writes customers, children, exclusive. */
enum fr_error
identity_apply_customers_merged(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__CustomersMerged *merged = fr_body(event);
    const struct fr_view *view = fr_tables_view(tables);
    Fr__IdentityStateMerge merge = FR__IDENTITY_STATE_MERGE__INIT;
    struct identity_customer survivor, other;
    struct identity_exclusive *exclusives;
    size_t count;
    enum fr_error err = identity_customer_get(view, merged->survivor, &survivor);

    if (err == FR_OK)
        err = identity_customer_get(view, merged->merged, &other);
    if (err != FR_OK)
        return err;
    survivor.origins += other.origins;
    survivor.strong_keys += other.strong_keys;
    other.parent =
        merged->survivor; /* its own counts stay: they are what an unmerge takes off again */
    merge.at_us = event->head->time_us;
    merge.parent = merged->survivor;
    merge.reasons = merged->reasons;
    merge.n_reasons = merged->n_reasons;
    err = identity_customer_put(tables, merged->survivor, &survivor);
    if (err == FR_OK)
        err = identity_customer_put(tables, merged->merged, &other);
    if (err == FR_OK)
        err = identity_child_put(tables, merged->survivor, merged->merged, &merge);
    if (err == FR_OK)
        err =
            identity_exclusives(view, merged->merged, fr_tables_arena(tables), &exclusives, &count);
    for (size_t i = 0; err == FR_OK && i < count; i++)
        err = identity_exclusive_put(tables, merged->survivor, exclusives[i].type,
                                     exclusives[i].value);
    return err == FR_OK ? COUNT(tables, merges) : err;
}

/* SuggestionMade.  Writes suggestions. */
enum fr_error
identity_apply_suggestion_made(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__SuggestionMade *made = fr_body(event);
    Fr__IdentityStateSuggestion suggestion = FR__IDENTITY_STATE_SUGGESTION__INIT;
    enum fr_error err;

    suggestion.at_us = event->head->time_us;
    suggestion.reasons = made->reasons;
    suggestion.n_reasons = made->n_reasons;
    err = identity_suggestion_put(tables, made->customer_a, made->customer_b, &suggestion);
    return err == FR_OK ? COUNT(tables, suggestions) : err;
}

/* ConflictFound.  Writes conflicts. */
enum fr_error
identity_apply_conflict_found(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__ConflictFound *found = fr_body(event);
    const struct identity_conflict name = {
        .kind = found->kind,
        .a = found->customer_a,
        .b = found->has_customer_b ? found->customer_b : 0,
        .type = found->key_type != NULL ? found->key_type : "",
        .value = found->key_value != NULL ? found->key_value : "",
    };
    Fr__IdentityStateConflict conflict = FR__IDENTITY_STATE_CONFLICT__INIT;
    enum fr_error err;

    conflict.at_us = event->head->time_us;
    conflict.reasons = found->reasons;
    conflict.n_reasons = found->n_reasons;
    err = identity_conflict_put(tables, &name, &conflict);
    return err == FR_OK ? COUNT(tables, conflicts) : err;
}

/* The keys of an observation were seen now; reasons with a key tell which. */
static enum fr_error
touch_keys(struct fr_tables *tables, Fr__Reason **reasons, size_t count, int64_t now_us)
{
    enum fr_error err = FR_OK;

    for (size_t i = 0; err == FR_OK && i < count; i++) {
        struct identity_key_row row;

        if (reasons[i]->key_type == NULL || reasons[i]->key_value == NULL)
            continue;
        err = identity_key_get(fr_tables_view(tables), reasons[i]->key_type, reasons[i]->key_value,
                               &row);
        if (err == FR_NOT_FOUND || (err == FR_OK && row.last_us == now_us)) {
            err = FR_OK; /* a failed key has no row; a new one was written by its own event */
            continue;
        }
        row.last_us = now_us;
        if (err == FR_OK)
            err = identity_key_put(tables, reasons[i]->key_type, reasons[i]->key_value, &row);
    }
    return err;
}

/* What an observation says of the person; a channel may know no more than what he calls himself. */
static const Fr__Attributes *
attributes_of(const Fr__Attributes *given, const char *name, Fr__Attributes *room)
{
    fr__attributes__init(room);
    if (given != NULL)
        *room = *given;
    if (room->name == NULL && room->given_name == NULL && room->family_name == NULL)
        room->name = (char *)name;
    return given != NULL || (room->name != NULL && room->name[0] != '\0') ? room : NULL;
}

static enum fr_error
note_observation(struct fr_tables *tables, const struct fr_record *event, uint64_t origin,
                 uint64_t message, const char *name, const Fr__Attributes *given, bool unverified)
{
    Fr__Attributes room;
    const Fr__Attributes *attributes = attributes_of(given, name, &room);
    const struct identity_observation observation = {.at_us = event->head->time_us};
    struct identity_totals totals;
    enum fr_error err = identity_observation_put(tables, origin, message, observation);

    /* Who proved nothing does not rename the customer. */
    if (err == FR_OK && name != NULL && name[0] != '\0' && !unverified)
        err = identity_name_put(tables, origin, name);
    if (err == FR_OK && attributes != NULL)
        err = identity_profile_count(tables, origin, attributes, !unverified, 1);
    if (err == FR_OK)
        err = identity_totals_get(fr_tables_view(tables), &totals);
    if (err != FR_OK)
        return err;
    totals.observations++;
    totals.unverified += unverified;
    return identity_totals_put(tables, &totals);
}

/* MessageIdentified.  Writes keys (last seen), observations, names. */
enum fr_error
identity_apply_message_identified(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__MessageIdentified *identified = fr_body(event);
    uint64_t origin = identified->has_origin ? identified->origin : identified->customer_id;
    enum fr_error err =
        touch_keys(tables, identified->reasons, identified->n_reasons, event->head->time_us);

    return err != FR_OK ? err
                        : note_observation(tables, event, origin, identified->message_id,
                                           identified->message->name,
                                           identified->message->attributes, identified->unverified);
}

/* VisitorRecognized.  Writes keys (last seen), observations, names. */
enum fr_error
identity_apply_visitor_recognized(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__VisitorRecognized *recognized = fr_body(event);
    uint64_t origin = recognized->has_origin ? recognized->origin : recognized->customer_id;
    enum fr_error err =
        touch_keys(tables, recognized->reasons, recognized->n_reasons, event->head->time_us);

    return err != FR_OK
               ? err
               : note_observation(tables, event, origin, event->head->cause, recognized->name,
                                  recognized->attributes, recognized->unverified);
}

/* ObservationResolved.  Writes keys (last seen), observations, profiles, imported. */
enum fr_error
identity_apply_observation_resolved(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__ObservationResolved *resolved = fr_body(event);
    uint64_t origin = resolved->has_origin ? resolved->origin : resolved->customer_id;
    const struct identity_imported imported = {resolved->observation_id, origin};
    const char *name = resolved->attributes != NULL ? resolved->attributes->name : NULL;
    enum fr_error err =
        touch_keys(tables, resolved->reasons, resolved->n_reasons, event->head->time_us);

    /* A register vouches for what it says of people, also where it has no key of theirs. */
    if (err == FR_OK)
        err = note_observation(tables, event, origin, resolved->observation_id, name,
                               resolved->attributes, false);
    if (err != FR_OK || resolved->source == NULL || resolved->external_id == NULL)
        return err;
    return identity_imported_put(tables, resolved->source, resolved->external_id, &imported);
}
