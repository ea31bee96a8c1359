/* decide_repair.c - work that a single turn must not do at once: observations that came through a
 * key which turned out to be shared, and those of erased customers.  A timer brings the next chunk.
 */
#include "services/identity/sight.h"

#define CHUNK 64 /* observations per turn */

struct repair { /* one chunk */
    struct fr_turn *turn;
    const struct fr_record *input;
    const Fr__IdentityStateRepair *state;
    uint64_t id, origin;
};

/* ---- a shared key ---- */

static const Fr__Reason *
leading(const Fr__IdentityStateObservation *seen)
{
    for (size_t i = 0; i < seen->n_reasons; i++)
        if (seen->reasons[i]->led)
            return seen->reasons[i];
    return NULL;
}

static bool
holds(const struct repair *repair, uint64_t origin, const Fr__Reason *key)
{
    const Fr__IdentityStateHolding *held;

    return identity_held_get(repair->turn->view, origin, key->key_type, key->key_value,
                             repair->turn->arena, &held) == FR_OK &&
           !held->remembered && !held->former;
}

/* What led it here leads here no more: the shared key itself, or one that went away with it. */
static bool
lost_its_lead(const struct repair *repair, uint64_t id, const Fr__IdentityStateObservation *seen)
{
    const Fr__Reason *lead = leading(seen);
    struct identity_customer origin;

    if (lead == NULL ||
        identity_customer_get(repair->turn->view, repair->origin, &origin) != FR_OK ||
        origin.first_observation == id)
        return false; /* the origin was created for it: it is at home */
    if (strcmp(lead->key_type, repair->state->type) == 0 &&
        strcmp(lead->key_value, repair->state->value) == 0)
        return true;
    return !holds(repair, repair->origin, lead);
}

static enum fr_error
see_again(const struct repair *repair, uint64_t id, const Fr__IdentityStateObservation *seen,
          bool moving, struct identity_sight *sight)
{
    enum fr_error err = FR_OK;

    identity_sight_begin(sight, repair->turn, repair->input,
                         seen->channel != NULL ? seen->channel : "import", seen->attributes, NULL);
    sight->observation = id;
    sight->moving_from = moving ? repair->origin : 0;
    for (size_t i = 0; err == FR_OK && i < seen->n_reasons; i++) {
        const Fr__Reason *key = seen->reasons[i];

        if (key->key_type != NULL && key->has_assurance)
            err = identity_sight_take_normal(sight, key->key_type, key->key_value, key->assurance,
                                             key->answered);
    }
    return err == FR_OK ? identity_sight_judge(sight) : err;
}

static enum fr_error
move(const struct repair *repair, uint64_t id, struct identity_sight *sight)
{
    Fr__ObservationMoved moved = FR__OBSERVATION_MOVED__INIT;
    struct identity_customer root;
    uint64_t from = 0;
    enum fr_error err = identity_root_get(repair->turn->view, repair->origin, &from, &root);

    if (err == FR_OK && sight->verdict.origin == repair->origin)
        return FR_OK; /* another key of its own leads it back */
    if (err == FR_OK)
        err = identity_sight_follow(sight);
    if (err != FR_OK)
        return err;
    moved.observation_id = id;
    moved.from_customer = from;
    moved.from_origin = repair->origin;
    moved.to_customer = sight->customer;
    moved.to_origin = sight->origin;
    moved.unverified = sight->verdict.unverified;
    moved.reasons = sight->reason_list;
    moved.n_reasons = sight->reason_count;
    fr_count(repair->turn, IDENTITY_MOVED, 1);
    err = identity_say(repair->turn, repair->input, sight->customer, &moved.base);
    return err == FR_OK ? identity_sight_finish(sight) : err;
}

static enum fr_error
judge_again(const struct repair *repair, uint64_t id)
{
    const Fr__IdentityStateObservation *seen;
    struct identity_sight sight;
    bool moving;
    enum fr_error err =
        identity_observation_get(repair->turn->view, id, repair->turn->arena, &seen);

    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err;
    moving = lost_its_lead(repair, id, seen);
    if (!moving && seen->n_reasons < 2)
        return FR_OK;
    err = see_again(repair, id, seen, moving, &sight);
    if (err != FR_OK)
        return err;
    /* It stays; but what it proves may join two whom the shared key alone had held together. */
    return moving ? move(repair, id, &sight) : identity_sight_merge(&sight);
}

/* ---- suggestions that stood on the shared key alone ---- */

struct shaky {
    const Fr__IdentityStateRepair *state;
    uint64_t others[64];
    size_t count;
};

static bool
stands_on_it_alone(void *context, const struct identity_row *row)
{
    const Fr__IdentityStateSuggestion *suggestion = (const void *)row->state;
    struct shaky *shaky = context;

    if (identity_suggestion_state(suggestion) != FR__SUGGESTION_STATE__OPEN ||
        suggestion->n_reasons == 0)
        return true;
    for (size_t i = 0; i < suggestion->n_reasons; i++) {
        const Fr__Reason *reason = suggestion->reasons[i];

        if (reason->key_type == NULL || strcmp(reason->key_type, shaky->state->type) != 0 ||
            strcmp(reason->key_value, shaky->state->value) != 0)
            return true;
    }
    shaky->others[shaky->count++] = row->other;
    return shaky->count < sizeof(shaky->others) / sizeof(shaky->others[0]);
}

static enum fr_error
withdraw_suggestions(const struct repair *repair)
{
    struct shaky shaky = {.state = repair->state};
    enum fr_error err = identity_each_suggestion(repair->turn->view, repair->origin,
                                                 repair->turn->arena, stands_on_it_alone, &shaky);

    for (size_t i = 0; err == FR_OK && i < shaky.count; i++) {
        Fr__SuggestionSettled settled = FR__SUGGESTION_SETTLED__INIT;

        settled.customer_a = repair->origin;
        settled.customer_b = shaky.others[i];
        settled.state = FR__SUGGESTION_STATE__WITHDRAWN;
        settled.why = (char *)"its only key turned out to be shared";
        err = identity_say(repair->turn, repair->input, repair->origin, &settled.base);
    }
    return err;
}

/* ---- one chunk ---- */

static enum fr_error
advance(const struct repair *repair, uint32_t origin_index, uint64_t after)
{
    Fr__RepairAdvanced advanced = FR__REPAIR_ADVANCED__INIT;

    advanced.repair_id = repair->id;
    advanced.origin_index = origin_index;
    advanced.after = after;
    advanced.done = origin_index >= repair->state->n_origins;
    return fr_emit(repair->turn, repair->input, &advanced.base);
}

static enum fr_error
repair_key(const struct repair *repair)
{
    uint64_t observations[CHUNK], after = repair->state->after;
    uint32_t index = repair->state->origin_index;
    size_t count = 0;
    enum fr_error err = FR_OK;

    if (after == 0)
        err = withdraw_suggestions(repair);
    if (err == FR_OK && !repair->state->claims_only)
        err = identity_seen(repair->turn->view, repair->origin, after, observations, CHUNK, &count);
    for (size_t i = 0; err == FR_OK && i < count; i++)
        err = judge_again(repair, observations[i]);
    if (err != FR_OK)
        return err;
    return count == CHUNK ? advance(repair, index, observations[count - 1])
                          : advance(repair, index + 1, 0);
}

static enum fr_error
erase_observations(const struct repair *repair)
{
    Fr__ObservationsErased erased = FR__OBSERVATIONS_ERASED__INIT;
    uint64_t observations[CHUNK];
    size_t count;
    enum fr_error err =
        identity_seen(repair->turn->view, repair->origin, 0, observations, CHUNK, &count);

    erased.repair_id = repair->id;
    erased.origin = repair->origin;
    erased.observations = observations;
    erased.n_observations = count;
    erased.origin_index = repair->state->origin_index + (count < CHUNK);
    erased.done = erased.origin_index >= repair->state->n_origins;
    return err == FR_OK ? fr_emit(repair->turn, repair->input, &erased.base) : err;
}

/* The timer of a repair: its next chunk.
 *
 * Reads repairs, seen, observations.  Emits ObservationMoved with what each needs (as for a new
 * observation), CustomersMerged, SuggestionSettled, and RepairAdvanced; or ObservationsErased.
 * Sent twice: a timer fires once; a repair that is over has no row.
 */
enum fr_error
identity_decide_repair(struct fr_turn *turn, const struct fr_record *input)
{
    struct repair repair = {.turn = turn, .input = input, .id = input->head->key};
    struct identity_customer origin;
    enum fr_error err = identity_repair_get(turn->view, repair.id, turn->arena, &repair.state);

    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err;
    if (repair.state->origin_index >= repair.state->n_origins)
        return advance(&repair, repair.state->origin_index, 0);
    repair.origin = repair.state->origins[repair.state->origin_index];
    if (repair.state->type == NULL)
        return erase_observations(&repair);
    err = identity_customer_get(turn->view, repair.origin, &origin);
    if (err == FR_OK && origin.erased) /* since the repair began */
        return advance(&repair, repair.state->origin_index + 1, 0);
    return err == FR_OK ? repair_key(&repair) : err;
}
