/* tables_pair.c - suggestions, conflicts and cannot-links, kept for both customers so that each can
 * show them; work that is done in chunks; what people asked for. */
#include "services/identity/tables_private.h"

/* ---- suggestions ---- */

enum fr_error
identity_suggestion_get(const struct fr_view *view, uint64_t a, uint64_t b, struct fr_arena *arena,
                        const Fr__IdentityStateSuggestion **suggestion)
{
    const void *message;
    struct fr_key key;
    enum fr_error err =
        fr_get_message(view, &identity_tables[TABLE_SUGGESTIONS], by_pair(&key, a, b),
                       &fr__identity_state_suggestion__descriptor, arena, &message);

    if (err == FR_OK)
        *suggestion = message;
    return err;
}

enum fr_error
identity_suggestion_put(struct fr_tables *tables, uint64_t a, uint64_t b,
                        const Fr__IdentityStateSuggestion *suggestion)
{
    struct fr_key key;
    enum fr_error err = fr_put_message(tables, &identity_tables[TABLE_SUGGESTIONS],
                                       by_pair(&key, a, b), &suggestion->base);

    if (err == FR_OK)
        err = fr_put_message(tables, &identity_tables[TABLE_SUGGESTIONS], by_pair(&key, b, a),
                             &suggestion->base);
    return err;
}

enum fr_error
identity_suggestion_del(struct fr_tables *tables, uint64_t a, uint64_t b)
{
    struct fr_key key;
    enum fr_error err = fr_del(tables, &identity_tables[TABLE_SUGGESTIONS], by_pair(&key, a, b));

    return err == FR_OK ? fr_del(tables, &identity_tables[TABLE_SUGGESTIONS], by_pair(&key, b, a))
                        : err;
}

/* ---- conflicts ---- */

enum fr_error
identity_conflict_get(const struct fr_view *view, const struct identity_conflict *conflict,
                      struct fr_arena *arena, const Fr__IdentityStateConflict **state)
{
    const void *message;
    struct fr_key key;
    enum fr_error err = fr_get_message(view, &identity_tables[TABLE_CONFLICTS],
                                       by_conflict(&key, conflict->a, conflict, conflict->b),
                                       &fr__identity_state_conflict__descriptor, arena, &message);

    if (err == FR_OK)
        *state = message;
    return err;
}

enum fr_error
identity_conflict_put(struct fr_tables *tables, const struct identity_conflict *conflict,
                      const Fr__IdentityStateConflict *state)
{
    struct fr_key key;
    enum fr_error err =
        fr_put_message(tables, &identity_tables[TABLE_CONFLICTS],
                       by_conflict(&key, conflict->a, conflict, conflict->b), &state->base);

    if (err == FR_OK && conflict->b != 0)
        err = fr_put_message(tables, &identity_tables[TABLE_CONFLICTS],
                             by_conflict(&key, conflict->b, conflict, conflict->a), &state->base);
    return err;
}

enum fr_error
identity_conflict_del(struct fr_tables *tables, const struct identity_conflict *conflict)
{
    struct fr_key key;
    enum fr_error err = fr_del(tables, &identity_tables[TABLE_CONFLICTS],
                               by_conflict(&key, conflict->a, conflict, conflict->b));

    if (err == FR_OK && conflict->b != 0)
        err = fr_del(tables, &identity_tables[TABLE_CONFLICTS],
                     by_conflict(&key, conflict->b, conflict, conflict->a));
    return err;
}

/* ---- cannot-links ---- */

enum fr_error
identity_apart_put(struct fr_tables *tables, uint64_t a, uint64_t b,
                   const Fr__IdentityStateApart *apart)
{
    struct fr_key key;
    enum fr_error err =
        fr_put_message(tables, &identity_tables[TABLE_APART], by_pair(&key, a, b), &apart->base);

    return err == FR_OK ? fr_put_message(tables, &identity_tables[TABLE_APART], by_pair(&key, b, a),
                                         &apart->base)
                        : err;
}

enum fr_error
identity_apart_del(struct fr_tables *tables, uint64_t a, uint64_t b)
{
    struct fr_key key;
    enum fr_error err = fr_del(tables, &identity_tables[TABLE_APART], by_pair(&key, a, b));

    return err == FR_OK ? fr_del(tables, &identity_tables[TABLE_APART], by_pair(&key, b, a)) : err;
}

bool
identity_apart(const struct fr_view *view, uint64_t a, uint64_t b)
{
    struct fr_slice value;
    struct fr_key key;

    return fr_get(view, &identity_tables[TABLE_APART], by_pair(&key, a, b), &value) == FR_OK;
}

/* ---- repairs ---- */

enum fr_error
identity_repair_get(const struct fr_view *view, uint64_t repair, struct fr_arena *arena,
                    const Fr__IdentityStateRepair **state)
{
    const void *message;
    struct fr_key key;
    enum fr_error err = fr_get_message(view, &identity_tables[TABLE_REPAIRS], by_id(&key, repair),
                                       &fr__identity_state_repair__descriptor, arena, &message);

    if (err == FR_OK)
        *state = message;
    return err;
}

enum fr_error
identity_repair_put(struct fr_tables *tables, uint64_t repair, const Fr__IdentityStateRepair *state)
{
    struct fr_key key;

    return fr_put_message(tables, &identity_tables[TABLE_REPAIRS], by_id(&key, repair),
                          &state->base);
}

enum fr_error
identity_repair_del(struct fr_tables *tables, uint64_t repair)
{
    struct fr_key key;

    return fr_del(tables, &identity_tables[TABLE_REPAIRS], by_id(&key, repair));
}

/* ---- actions ---- */

static struct fr_slice
by_client(struct fr_key *key, const char *client_id)
{
    return fr_key_slice(fr_key_str(fr_key_init(key), client_id));
}

enum fr_error
identity_action_get(const struct fr_view *view, const char *client_id, struct fr_arena *arena,
                    const Fr__IdentityStateAction **action)
{
    const void *message;
    struct fr_key key;
    enum fr_error err =
        fr_get_message(view, &identity_tables[TABLE_ACTIONS], by_client(&key, client_id),
                       &fr__identity_state_action__descriptor, arena, &message);

    if (err == FR_OK)
        *action = message;
    return err;
}

enum fr_error
identity_action_put(struct fr_tables *tables, const char *client_id,
                    const Fr__IdentityStateAction *action)
{
    struct fr_key key;

    return fr_put_message(tables, &identity_tables[TABLE_ACTIONS], by_client(&key, client_id),
                          &action->base);
}
