/* apply_pair.c - suggestions, conflicts, cannot-links, repairs and what people asked for. */
#include "services/identity/apply.h"

/* ---- suggestions ---- */

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

/* SuggestionSettled.  Writes suggestions. */
enum fr_error
identity_apply_suggestion_settled(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__SuggestionSettled *settled = fr_body(event);
    const Fr__IdentityStateSuggestion *known;
    Fr__IdentityStateSuggestion suggestion;
    enum fr_error err =
        identity_suggestion_get(fr_tables_view(tables), settled->customer_a, settled->customer_b,
                                fr_tables_arena(tables), &known);

    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err;
    suggestion = *known;
    suggestion.has_state = suggestion.has_settled_us = true;
    suggestion.state = settled->state;
    suggestion.settled_us = event->head->time_us;
    suggestion.who = settled->who;
    suggestion.why = settled->why;
    return identity_suggestion_put(tables, settled->customer_a, settled->customer_b, &suggestion);
}

/* ---- conflicts ---- */

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

/* ConflictSettled.  Writes conflicts. */
enum fr_error
identity_apply_conflict_settled(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__ConflictSettled *settled = fr_body(event);
    const struct identity_conflict name = {
        .kind = settled->kind,
        .a = settled->customer_a,
        .b = settled->has_customer_b ? settled->customer_b : 0,
        .type = settled->key_type != NULL ? settled->key_type : "",
        .value = settled->key_value != NULL ? settled->key_value : "",
    };
    const Fr__IdentityStateConflict *known;
    Fr__IdentityStateConflict conflict;
    enum fr_error err =
        identity_conflict_get(fr_tables_view(tables), &name, fr_tables_arena(tables), &known);

    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err;
    conflict = *known;
    conflict.has_state = conflict.has_settled_us = true;
    conflict.state = settled->state;
    conflict.settled_us = event->head->time_us;
    conflict.who = settled->who;
    conflict.why = settled->why;
    return identity_conflict_put(tables, &name, &conflict);
}

/* CannotLinkLifted.  Writes apart, customers. */
enum fr_error
identity_apply_cannot_link_lifted(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__CannotLinkLifted *lifted = fr_body(event);
    enum fr_error err;

    if (!identity_apart(fr_tables_view(tables), lifted->a, lifted->b))
        return FR_OK;
    err = identity_apart_del(tables, lifted->a, lifted->b);
    if (err == FR_OK)
        err = identity_customer_add(tables, lifted->a, 0, 0, -1);
    return err == FR_OK ? identity_customer_add(tables, lifted->b, 0, 0, -1) : err;
}

/* ---- repairs ---- */

static enum fr_error
go_on(struct fr_tables *tables, const struct fr_record *event, uint64_t repair,
      uint32_t origin_index, uint64_t after, bool done)
{
    const Fr__IdentityStateRepair *known;
    Fr__IdentityStateRepair state;
    enum fr_error err =
        identity_repair_get(fr_tables_view(tables), repair, fr_tables_arena(tables), &known);

    if (err != FR_OK || done)
        return err == FR_OK ? identity_repair_del(tables, repair) : err;
    state = *known;
    state.origin_index = origin_index;
    state.after = after;
    err = identity_repair_put(tables, repair, &state);
    return err == FR_OK ? fr_timer_arm(tables, IDENTITY_REPAIR_TIMER, repair,
                                       (struct fr_time){event->head->time_us})
                        : err;
}

/* RepairAdvanced.  Writes repairs; arms the timer again. */
enum fr_error
identity_apply_repair_advanced(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__RepairAdvanced *advanced = fr_body(event);

    return go_on(tables, event, advanced->repair_id, advanced->origin_index, advanced->after,
                 advanced->done);
}

/* ---- erasing ---- */

struct gone { /* rows of one origin that go, collected before anything is written */
    struct fr_arena *arena;
    struct identity_row *rows;
    size_t count, room;
    bool full;
};

static bool
collect(void *context, const struct identity_row *row)
{
    struct gone *gone = context;
    struct identity_row *copy;

    if (gone->count == gone->room) {
        struct identity_row *more =
            fr_arena_zalloc(gone->arena, gone->room * 2 + 16, sizeof(*more));

        gone->full = more == NULL;
        if (gone->full)
            return false;
        if (gone->count > 0)
            memcpy(more, gone->rows, gone->count * sizeof(*more));
        gone->rows = more;
        gone->room = gone->room * 2 + 16;
    }
    copy = &gone->rows[gone->count++];
    *copy = *row;
    copy->type = fr_arena_strdup(gone->arena, row->type);
    copy->value = fr_arena_strdup(gone->arena, row->value);
    copy->kind = fr_arena_strdup(gone->arena, row->kind);
    return true;
}

typedef enum fr_error walk_fn(const struct fr_view *view, uint64_t origin, struct fr_arena *arena,
                              identity_each_fn *each, void *context);

static enum fr_error
collect_rows(struct fr_tables *tables, uint64_t origin, walk_fn *walk, struct gone *gone)
{
    enum fr_error err;

    *gone = (struct gone){.arena = fr_tables_arena(tables)};
    err = walk(fr_tables_view(tables), origin, gone->arena, collect, gone);
    return err == FR_OK && gone->full ? FR_NO_MEMORY : err;
}

/* Others who hold the key keep it; the names that were seen with it are forgotten, his among them.
 */
static enum fr_error
erase_key(struct fr_tables *tables, uint64_t origin, const char *type, const char *value)
{
    static const Fr__IdentityStateNamesSeen nobody = FR__IDENTITY_STATE_NAMES_SEEN__INIT;
    const Fr__IdentityStateHolding *was;
    struct identity_key_row row = {.holders = 0};
    enum fr_error err = identity_key_let_go(tables, origin, type, value, &row, &was);

    if (err == FR_OK)
        err = identity_held_del(tables, origin, type, value);
    if (err != FR_OK || was == NULL)
        return err;
    err = identity_key_get(fr_tables_view(tables), type, value, &row);
    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err;
    if (row.holders == 0 && row.claims == 0)
        return identity_key_del(tables, type, value);
    if (row.names == 0)
        return FR_OK;
    row.names = 0;
    err = identity_names_seen_put(tables, type, value, &nobody);
    return err == FR_OK ? identity_key_put(tables, type, value, &row) : err;
}

static enum fr_error
erase_pairs(struct fr_tables *tables, uint64_t origin)
{
    struct gone gone;
    enum fr_error err = collect_rows(tables, origin, identity_each_suggestion, &gone);

    for (size_t i = 0; err == FR_OK && i < gone.count; i++)
        err = identity_suggestion_del(tables, origin, gone.rows[i].other);
    if (err == FR_OK)
        err = collect_rows(tables, origin, identity_each_conflict, &gone);
    for (size_t i = 0; err == FR_OK && i < gone.count; i++) {
        const struct identity_conflict name = {.kind = gone.rows[i].kind,
                                               .a = origin,
                                               .b = gone.rows[i].other,
                                               .type = gone.rows[i].type,
                                               .value = gone.rows[i].value};

        err = identity_conflict_del(tables, &name);
    }
    if (err == FR_OK)
        err = collect_rows(tables, origin, identity_each_apart, &gone);
    for (size_t i = 0; err == FR_OK && i < gone.count; i++) {
        err = identity_apart_del(tables, origin, gone.rows[i].other);
        if (err == FR_OK)
            err = identity_customer_add(tables, gone.rows[i].other, 0, 0, -1);
    }
    if (err == FR_OK)
        err = collect_rows(tables, origin, identity_each_child, &gone);
    for (size_t i = 0; err == FR_OK && i < gone.count; i++)
        err = identity_child_del(tables, origin, gone.rows[i].other);
    return err;
}

/* What is left is the id, so that it answers "erased". */
static enum fr_error
erase_origin(struct fr_tables *tables, uint64_t origin)
{
    struct identity_customer row;
    struct gone gone;
    enum fr_error err = collect_rows(tables, origin, identity_each_held, &gone);

    for (size_t i = 0; err == FR_OK && i < gone.count; i++)
        err = erase_key(tables, origin, gone.rows[i].type, gone.rows[i].value);
    if (err == FR_OK)
        err = erase_pairs(tables, origin);
    if (err == FR_OK)
        err = identity_name_put(tables, origin, NULL);
    if (err == FR_OK)
        err = identity_profiles_del(tables, origin);
    if (err == FR_OK)
        err = identity_customer_get(fr_tables_view(tables), origin, &row);
    row.erased = 1;
    return err == FR_OK ? identity_customer_put(tables, origin, &row) : err;
}

/* CustomerErased.  Writes customers (the id alone is left), keys, holders, held, claimers,
 * exclusive, names, names_seen, profiles, suggestions, conflicts, apart, children; repairs (its
 * observations go in chunks). */
enum fr_error
identity_apply_customer_erased(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__CustomerErased *erased = fr_body(event);
    Fr__IdentityStateRepair repair = FR__IDENTITY_STATE_REPAIR__INIT;
    enum fr_error err = FR_OK;

    for (size_t i = 0; err == FR_OK && i < erased->n_origins; i++)
        err = erase_origin(tables, erased->origins[i]);
    repair.origins = erased->origins;
    repair.n_origins = erased->n_origins;
    if (err == FR_OK)
        err = identity_repair_put(tables, event->head->id, &repair);
    if (err == FR_OK)
        err = fr_timer_arm(tables, IDENTITY_REPAIR_TIMER, event->head->id,
                           (struct fr_time){event->head->time_us});
    return err == FR_OK ? COUNT(tables, erased) : err;
}

/* ObservationsErased.  Writes observations, seen, imported, repairs; arms the timer again. */
enum fr_error
identity_apply_observations_erased(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__ObservationsErased *erased = fr_body(event);
    enum fr_error err = FR_OK;

    for (size_t i = 0; err == FR_OK && i < erased->n_observations; i++) {
        const Fr__IdentityStateObservation *seen;

        err = identity_observation_get(fr_tables_view(tables), erased->observations[i],
                                       fr_tables_arena(tables), &seen);
        if (err == FR_OK && seen->source != NULL && seen->external_id != NULL)
            err = identity_imported_del(tables, seen->source, seen->external_id);
        if (err == FR_OK || err == FR_NOT_FOUND)
            err = identity_observation_del(tables, erased->observations[i], erased->origin);
    }
    return err == FR_OK
               ? go_on(tables, event, erased->repair_id, erased->origin_index, 0, erased->done)
               : err;
}

/* ---- what people asked for ---- */

/* IdentityActionEnded.  Writes actions. */
enum fr_error
identity_apply_action_ended(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__IdentityActionEnded *ended = fr_body(event);
    Fr__IdentityStateAction action = FR__IDENTITY_STATE_ACTION__INIT;

    action.ended = (Fr__IdentityActionEnded *)ended;
    action.at_us = event->head->time_us;
    return identity_action_put(tables, ended->client_id, &action);
}
