/* tables_observation.c - what was seen and said, and to which origin it belongs. */
#include "services/identity/index.h"
#include "services/identity/tables_private.h"

enum fr_error
identity_observation_get(const struct fr_view *view, uint64_t observation, struct fr_arena *arena,
                         const Fr__IdentityStateObservation **state)
{
    const void *message;
    struct fr_key key;
    enum fr_error err =
        fr_get_message(view, &identity_tables[TABLE_OBSERVED], by_id(&key, observation),
                       &fr__identity_state_observation__descriptor, arena, &message);

    if (err == FR_OK)
        *state = message;
    return err;
}

enum fr_error
identity_observation_put(struct fr_tables *tables, uint64_t observation,
                         const Fr__IdentityStateObservation *state)
{
    struct fr_key key;
    enum fr_error err = fr_put_message(tables, &identity_tables[TABLE_OBSERVED],
                                       by_id(&key, observation), &state->base);

    return err == FR_OK ? fr_put(tables, &identity_tables[TABLE_SEEN],
                                 by_pair(&key, state->origin, observation), fr_slice("", 1))
                        : err;
}

enum fr_error
identity_observation_del(struct fr_tables *tables, uint64_t observation, uint64_t origin)
{
    struct fr_key key;
    enum fr_error err = fr_del(tables, &identity_tables[TABLE_OBSERVED], by_id(&key, observation));

    return err == FR_OK
               ? fr_del(tables, &identity_tables[TABLE_SEEN], by_pair(&key, origin, observation))
               : err;
}

enum fr_error
identity_seen(const struct fr_view *view, uint64_t origin, uint64_t after, uint64_t *observations,
              size_t max, size_t *count)
{
    struct fr_key prefix, from;
    struct fr_slice key, nothing;
    struct fr_scan scan;
    enum fr_error err = FR_OK;

    *count = 0;
    fr_scan_init(&scan, view, &identity_tables[TABLE_SEEN], by_id(&prefix, origin),
                 by_pair(&from, origin, after + 1));
    while (*count < max && (err = fr_scan_next(&scan, &key, &nothing)) == FR_OK)
        observations[(*count)++] = last_id(key);
    fr_scan_fini(&scan);
    return err == FR_NOT_FOUND ? FR_OK : err;
}

/* ---- what was said of a person ---- */

enum fr_error
identity_profiles_get(const struct fr_view *view, uint64_t origin, struct fr_arena *arena,
                      const Fr__IdentityStateProfiles **profiles)
{
    const void *message = NULL;
    struct fr_key key;
    enum fr_error err = fr_get_message(view, &identity_tables[TABLE_PROFILES], by_id(&key, origin),
                                       &fr__identity_state_profiles__descriptor, arena, &message);

    *profiles = err == FR_OK ? message : NULL;
    return err == FR_NOT_FOUND ? FR_OK : err;
}

enum fr_error
identity_profiles_del(struct fr_tables *tables, uint64_t origin)
{
    struct fr_key key;
    enum fr_error err = fr_del(tables, &identity_tables[TABLE_PROFILES], by_id(&key, origin));

    return err == FR_OK ? identity_index_profiles(tables, origin, NULL) : err;
}

enum fr_error
identity_profile_count(struct fr_tables *tables, uint64_t origin, const Fr__Attributes *attributes,
                       bool proven, int by)
{
    Fr__IdentityStateProfile *list[IDENTITY_PROFILES_MAX], one = FR__IDENTITY_STATE_PROFILE__INIT;
    Fr__IdentityStateProfiles changed = FR__IDENTITY_STATE_PROFILES__INIT;
    const Fr__IdentityStateProfiles *known;
    struct fr_key key;
    size_t at = 0, count;
    enum fr_error err =
        identity_profiles_get(fr_tables_view(tables), origin, fr_tables_arena(tables), &known);

    if (err != FR_OK)
        return err;
    count = known != NULL ? known->n_profiles : 0;
    if (count > 0)
        memcpy(list, known->profiles, count * sizeof(list[0]));
    while (at < count && !identity_attributes_same(list[at]->attributes, attributes))
        at++;
    if (at == count && (by < 0 || count == IDENTITY_PROFILES_MAX))
        return FR_OK;
    if (at == count) {
        one.attributes = (Fr__Attributes *)attributes;
        list[count++] = &one;
    }
    list[at]->seen += (uint32_t)by;
    list[at]->proven += proven ? (uint32_t)by : 0;
    if (list[at]->seen == 0)
        list[at] = list[--count];
    changed.profiles = list;
    changed.n_profiles = count;
    by_id(&key, origin);
    err = count > 0 ? fr_put_message(tables, &identity_tables[TABLE_PROFILES], fr_key_slice(&key),
                                     &changed.base)
                    : fr_del(tables, &identity_tables[TABLE_PROFILES], fr_key_slice(&key));
    return err == FR_OK ? identity_index_profiles(tables, origin, &changed) : err;
}

enum fr_error
identity_imported_get(const struct fr_view *view, const char *source, const char *external_id,
                      struct identity_imported *imported)
{
    struct fr_key key;

    return fr_get_copy(view, &identity_tables[TABLE_IMPORTED], by_value(&key, source, external_id),
                       imported, sizeof(*imported));
}

enum fr_error
identity_imported_put(struct fr_tables *tables, const char *source, const char *external_id,
                      const struct identity_imported *imported)
{
    struct fr_key key;

    return fr_put(tables, &identity_tables[TABLE_IMPORTED], by_value(&key, source, external_id),
                  fr_slice(imported, sizeof(*imported)));
}

enum fr_error
identity_imported_del(struct fr_tables *tables, const char *source, const char *external_id)
{
    struct fr_key key;

    return fr_del(tables, &identity_tables[TABLE_IMPORTED], by_value(&key, source, external_id));
}
