/* apply_observation.c - what was seen: evidence and attributes, and to which origin they belong. */
#include "services/identity/apply.h"
#include "services/identity/group.h"

/* The name was seen with this key, and fits none of the others. */
static enum fr_error
note_name(struct fr_tables *tables, const Fr__Reason *key, const char *name,
          struct identity_key_row *row)
{
    const Fr__IdentityStateNamesSeen *seen;
    Fr__IdentityStateNamesSeen more = FR__IDENTITY_STATE_NAMES_SEEN__INIT;
    size_t count;
    enum fr_error err = identity_names_seen_get(fr_tables_view(tables), key->key_type,
                                                key->key_value, fr_tables_arena(tables), &seen);

    if (err != FR_OK)
        return err;
    count = seen != NULL ? seen->n_names : 0;
    more.names = fr_arena_zalloc(fr_tables_arena(tables), count + 1, sizeof(*more.names));
    if (more.names == NULL)
        return FR_NO_MEMORY;
    if (count > 0)
        memcpy(more.names, seen->names, count * sizeof(*more.names));
    more.names[count] = (char *)name;
    more.n_names = count + 1;
    row->names = (uint32_t)more.n_names;
    return identity_names_seen_put(tables, key->key_type, key->key_value, &more);
}

/* The keys of an observation were seen now. */
static enum fr_error
touch_keys(struct fr_tables *tables, Fr__Reason **reasons, size_t count, const char *name,
           int64_t now_us)
{
    enum fr_error err = FR_OK;

    for (size_t i = 0; err == FR_OK && i < count; i++) {
        const Fr__Reason *key = reasons[i];
        struct identity_key_row row;

        if (key->key_type == NULL || key->assurance == FR__ASSURANCE__FAILED)
            continue;
        err = identity_key_get(fr_tables_view(tables), key->key_type, key->key_value, &row);
        if (err == FR_NOT_FOUND) { /* nobody holds or claims it: shared before, for instance */
            err = FR_OK;
            continue;
        }
        if (err == FR_OK && key->new_name && name != NULL && name[0] != '\0')
            err = note_name(tables, key, name, &row);
        else if (row.last_us == now_us)
            continue; /* written by its own event */
        row.last_us = now_us;
        if (err == FR_OK)
            err = identity_key_put(tables, key->key_type, key->key_value, &row);
    }
    return err;
}

/* What an observation says of the person; a channel may know no more than what he calls himself. */
static Fr__Attributes *
attributes_of(const Fr__Attributes *given, const char *name, Fr__Attributes *room)
{
    fr__attributes__init(room);
    if (given != NULL)
        *room = *given;
    if (room->name == NULL && room->given_name == NULL && room->family_name == NULL)
        room->name = (char *)name;
    return given != NULL || (room->name != NULL && room->name[0] != '\0') ? room : NULL;
}

/* A register vouches for what it says of people, also where it has no key of theirs. */
static enum fr_error
add_profile(struct fr_tables *tables, const Fr__IdentityStateObservation *seen, int by)
{
    bool vouched_for = !seen->unverified || seen->channel == NULL;

    return seen->attributes == NULL
               ? FR_OK
               : identity_profile_count(tables, seen->origin, seen->attributes, vouched_for, by);
}

static enum fr_error
add(struct fr_tables *tables, uint64_t observation, Fr__IdentityStateObservation *seen)
{
    const char *name = seen->attributes != NULL
                           ? identity_full_name(seen->attributes, fr_tables_arena(tables))
                           : "";
    struct identity_totals totals;
    enum fr_error err = touch_keys(tables, seen->reasons, seen->n_reasons, name, seen->at_us);

    if (err == FR_OK)
        err = identity_observation_put(tables, observation, seen);
    if (err == FR_OK)
        err = add_profile(tables, seen, 1);
    /* Who proved nothing does not rename the customer. */
    if (err == FR_OK && name[0] != '\0' && (!seen->unverified || seen->channel == NULL))
        err = identity_name_put(tables, seen->origin, name);
    if (err == FR_OK)
        err = identity_totals_get(fr_tables_view(tables), &totals);
    if (err != FR_OK)
        return err;
    totals.observations++;
    totals.unverified += (uint64_t)seen->unverified;
    return identity_totals_put(tables, &totals);
}

/* MessageIdentified.  Writes observations, seen, keys (last seen), names_seen, profiles, names. */
enum fr_error
identity_apply_message_identified(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__MessageIdentified *identified = fr_body(event);
    Fr__IdentityStateObservation seen = FR__IDENTITY_STATE_OBSERVATION__INIT;
    Fr__Attributes room;

    seen.origin = identified->has_origin ? identified->origin : identified->customer_id;
    seen.at_us = event->head->time_us;
    seen.unverified = identified->unverified;
    seen.reasons = identified->reasons;
    seen.n_reasons = identified->n_reasons;
    seen.channel = identified->message->channel;
    seen.attributes =
        attributes_of(identified->message->attributes, identified->message->name, &room);
    return add(tables, identified->message_id, &seen);
}

/* VisitorRecognized.  Writes as above. */
enum fr_error
identity_apply_visitor_recognized(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__VisitorRecognized *recognized = fr_body(event);
    Fr__IdentityStateObservation seen = FR__IDENTITY_STATE_OBSERVATION__INIT;
    Fr__Attributes room;

    seen.origin = recognized->has_origin ? recognized->origin : recognized->customer_id;
    seen.at_us = event->head->time_us;
    seen.unverified = recognized->unverified;
    seen.reasons = recognized->reasons;
    seen.n_reasons = recognized->n_reasons;
    seen.channel = recognized->channel;
    seen.attributes = attributes_of(recognized->attributes, recognized->name, &room);
    return add(tables,
               recognized->has_observation_id ? recognized->observation_id : event->head->cause,
               &seen);
}

/* ObservationResolved.  Writes as above, imported. */
enum fr_error
identity_apply_observation_resolved(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__ObservationResolved *resolved = fr_body(event);
    uint64_t origin = resolved->has_origin ? resolved->origin : resolved->customer_id;
    const struct identity_imported imported = {resolved->observation_id, origin};
    Fr__IdentityStateObservation seen = FR__IDENTITY_STATE_OBSERVATION__INIT;
    enum fr_error err;

    seen.origin = origin;
    seen.at_us = event->head->time_us;
    seen.unverified = resolved->unverified;
    seen.reasons = resolved->reasons;
    seen.n_reasons = resolved->n_reasons;
    seen.attributes = resolved->attributes;
    seen.source = resolved->source;
    seen.external_id = resolved->external_id;
    err = add(tables, resolved->observation_id, &seen);
    if (err != FR_OK || resolved->source == NULL || resolved->external_id == NULL)
        return err;
    return identity_imported_put(tables, resolved->source, resolved->external_id, &imported);
}

/* ObservationMoved.  Writes observations, seen, profiles of both origins, names. */
enum fr_error
identity_apply_observation_moved(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__ObservationMoved *moved = fr_body(event);
    const Fr__IdentityStateObservation *before;
    Fr__IdentityStateObservation seen;
    const char *name;
    enum fr_error err = identity_observation_get(fr_tables_view(tables), moved->observation_id,
                                                 fr_tables_arena(tables), &before);

    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err;
    err = add_profile(tables, before, -1);
    if (err == FR_OK)
        err = identity_observation_del(tables, moved->observation_id, before->origin);
    seen = *before;
    seen.has_moved_from = moved->to_origin != before->origin || before->has_moved_from;
    if (moved->to_origin != before->origin)
        seen.moved_from = before->origin;
    seen.origin = moved->to_origin;
    seen.unverified = moved->unverified;
    seen.reasons = moved->reasons;
    seen.n_reasons = moved->n_reasons;
    name =
        seen.attributes != NULL ? identity_full_name(seen.attributes, fr_tables_arena(tables)) : "";
    if (err == FR_OK)
        err = identity_observation_put(tables, moved->observation_id, &seen);
    if (err == FR_OK)
        err = add_profile(tables, &seen, 1);
    if (err == FR_OK && name[0] != '\0' && !seen.unverified)
        err = identity_name_put(tables, seen.origin, name);
    return err == FR_OK && moved->to_origin != before->origin ? COUNT(tables, moved) : err;
}
