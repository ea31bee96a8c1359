/* tables_key.c - keys: who holds them, who claims them, which names were seen with them. */
#include "services/identity/tables_private.h"

enum fr_error
identity_key_get(const struct fr_view *view, const char *type, const char *value,
                 struct identity_key_row *row)
{
    struct fr_key key;

    return fr_get_copy(view, &identity_tables[TABLE_KEYS], by_value(&key, type, value), row,
                       sizeof(*row));
}

enum fr_error
identity_key_put(struct fr_tables *tables, const char *type, const char *value,
                 const struct identity_key_row *row)
{
    struct fr_key key;
    enum fr_error err = fr_put(tables, &identity_tables[TABLE_KEYS], by_value(&key, type, value),
                               fr_slice(row, sizeof(*row)));

    if (err == FR_OK && row->shared != IDENTITY_NOT_SHARED)
        err = fr_put(tables, &identity_tables[TABLE_SHARED_KEYS], fr_key_slice(&key),
                     fr_slice(row, sizeof(*row)));
    return err;
}

enum fr_error
identity_key_del(struct fr_tables *tables, const char *type, const char *value)
{
    struct fr_key key;
    enum fr_error err = fr_del(tables, &identity_tables[TABLE_KEYS], by_value(&key, type, value));

    if (err == FR_OK)
        err = fr_del(tables, &identity_tables[TABLE_SHARED_KEYS], fr_key_slice(&key));
    return err == FR_OK ? fr_del(tables, &identity_tables[TABLE_NAMES_SEEN], fr_key_slice(&key))
                        : err;
}

/* ---- holders ---- */

enum fr_error
identity_holder_put(struct fr_tables *tables, const char *type, const char *value,
                    const struct identity_holding *holding)
{
    struct fr_key key;

    return fr_put(tables, &identity_tables[TABLE_HOLDERS],
                  by_claim(&key, type, value, holding->origin),
                  fr_slice(holding, sizeof(*holding)));
}

enum fr_error
identity_holder_del(struct fr_tables *tables, const char *type, const char *value, uint64_t origin)
{
    struct fr_key key;

    return fr_del(tables, &identity_tables[TABLE_HOLDERS], by_claim(&key, type, value, origin));
}

enum fr_error
identity_holders(const struct fr_view *view, const char *type, const char *value,
                 struct identity_holding *holders, size_t max, size_t *count)
{
    struct fr_slice key, found;
    struct fr_key prefix;
    struct fr_scan scan;
    enum fr_error err = FR_OK;

    *count = 0;
    fr_scan_init(&scan, view, &identity_tables[TABLE_HOLDERS], by_value(&prefix, type, value),
                 fr_slice(NULL, 0));
    while (*count < max && (err = fr_scan_next(&scan, &key, &found)) == FR_OK) {
        if (found.size != sizeof(*holders)) {
            err = FR_CORRUPT;
            break;
        }
        memcpy(&holders[(*count)++], found.data, sizeof(*holders));
    }
    fr_scan_fini(&scan);
    return err == FR_NOT_FOUND ? FR_OK : err;
}

/* ---- the same from the customer's side, and claims ---- */

enum fr_error
identity_held_get(const struct fr_view *view, uint64_t origin, const char *type, const char *value,
                  struct fr_arena *arena, const Fr__IdentityStateHolding **holding)
{
    const void *message;
    struct fr_key key;
    enum fr_error err =
        fr_get_message(view, &identity_tables[TABLE_HELD], by_holding(&key, origin, type, value),
                       &fr__identity_state_holding__descriptor, arena, &message);

    if (err == FR_OK)
        *holding = message;
    return err;
}

enum fr_error
identity_held_put(struct fr_tables *tables, uint64_t origin, const char *type, const char *value,
                  const Fr__IdentityStateHolding *holding)
{
    struct fr_key key;

    return fr_put_message(tables, &identity_tables[TABLE_HELD],
                          by_holding(&key, origin, type, value), &holding->base);
}

enum fr_error
identity_held_del(struct fr_tables *tables, uint64_t origin, const char *type, const char *value)
{
    struct fr_key key;

    return fr_del(tables, &identity_tables[TABLE_HELD], by_holding(&key, origin, type, value));
}

enum fr_error
identity_claimer_put(struct fr_tables *tables, const char *type, const char *value, uint64_t origin)
{
    struct fr_key key;

    return fr_put(tables, &identity_tables[TABLE_CLAIMERS], by_claim(&key, type, value, origin),
                  fr_slice("", 1)); /* the key says it all */
}

enum fr_error
identity_claimer_del(struct fr_tables *tables, const char *type, const char *value, uint64_t origin)
{
    struct fr_key key;

    return fr_del(tables, &identity_tables[TABLE_CLAIMERS], by_claim(&key, type, value, origin));
}

enum fr_error
identity_claimers(const struct fr_view *view, const char *type, const char *value,
                  uint64_t *origins, size_t max, size_t *count)
{
    struct fr_slice key, nothing;
    struct fr_key prefix;
    struct fr_scan scan;
    enum fr_error err = FR_OK;

    *count = 0;
    fr_scan_init(&scan, view, &identity_tables[TABLE_CLAIMERS], by_value(&prefix, type, value),
                 fr_slice(NULL, 0));
    while (*count < max && (err = fr_scan_next(&scan, &key, &nothing)) == FR_OK)
        origins[(*count)++] = last_id(key);
    fr_scan_fini(&scan);
    return err == FR_NOT_FOUND ? FR_OK : err;
}

/* ---- names ---- */

enum fr_error
identity_names_seen_get(const struct fr_view *view, const char *type, const char *value,
                        struct fr_arena *arena, const Fr__IdentityStateNamesSeen **seen)
{
    const void *message = NULL;
    struct fr_key key;
    enum fr_error err =
        fr_get_message(view, &identity_tables[TABLE_NAMES_SEEN], by_value(&key, type, value),
                       &fr__identity_state_names_seen__descriptor, arena, &message);

    *seen = err == FR_OK ? message : NULL;
    return err == FR_NOT_FOUND ? FR_OK : err;
}

enum fr_error
identity_names_seen_put(struct fr_tables *tables, const char *type, const char *value,
                        const Fr__IdentityStateNamesSeen *seen)
{
    struct fr_key key;

    return fr_put_message(tables, &identity_tables[TABLE_NAMES_SEEN], by_value(&key, type, value),
                          &seen->base);
}
