/* decide_action.c - what people decide about customers: each with who and why on record, and each
 * answered with what became of it. */
#include "services/identity/sight.h"

#define TEXT_MAX 500

struct action { /* one on its way */
    struct fr_turn *turn;
    const struct fr_record *input;
    const Fr__IdentityActionAsked *asked;
    const Fr__IdentityStateObservation *seen; /* when an observation was named */
    uint64_t observation;                     /* its id */
    uint64_t origin, root;                    /* of customer or observation */
    uint64_t other_origin, other_root;        /* of other, where one was named */
    struct identity_group *group, *other_group;
    const char *refusal;      /* why it is not done; NULL: it is */
    const char *done;         /* what was done */
    uint64_t customer, apart; /* who it is now; who went apart */
};

/* ---- whom it is about ---- */

static enum fr_error
name_one(struct action *action, bool by_customer, uint64_t customer, bool by_observation,
         uint64_t observation, const Fr__IdentityStateObservation **seen, uint64_t *origin,
         uint64_t *root)
{
    const struct fr_view *view = action->turn->view;
    struct identity_customer row;
    enum fr_error err = FR_OK;

    *origin = customer;
    if (!by_observation && by_customer &&
        identity_customer_get(view, customer, &row) == FR_NOT_FOUND) {
        by_observation = true; /* an id is an id: a person may name either */
        observation = customer;
    }
    if (by_observation) {
        err = identity_observation_get(view, observation, action->turn->arena, seen);
        if (err == FR_OK)
            *origin = (*seen)->origin;
        action->observation = action->observation == 0 ? observation : action->observation;
    } else if (!by_customer) {
        err = FR_NOT_FOUND;
    }
    if (err == FR_OK)
        err = identity_root_get(view, *origin, root, &row);
    if (err == FR_NOT_FOUND) {
        action->refusal = "no customer and no observation has that id (or it is erased)";
        return FR_OK;
    }
    if (err == FR_OK && row.erased)
        action->refusal = "that customer is erased";
    return err;
}

static enum fr_error
name_both(struct action *action)
{
    const Fr__IdentityActionAsked *asked = action->asked;
    bool pair = asked->action == FR__IDENTITY_ACTION__MERGE ||
                asked->action == FR__IDENTITY_ACTION__CONFIRM ||
                asked->action == FR__IDENTITY_ACTION__REJECT ||
                asked->action == FR__IDENTITY_ACTION__LIFT;
    const Fr__IdentityStateObservation *ignored;
    enum fr_error err =
        name_one(action, asked->has_customer_id, asked->customer_id, asked->has_observation_id,
                 asked->observation_id, &action->seen, &action->origin, &action->root);

    if (err == FR_OK && action->refusal == NULL)
        err = identity_group_load(action->turn->view, action->turn->arena, action->root, true,
                                  &action->group);
    if (err != FR_OK || action->refusal != NULL || !pair)
        return err;
    err =
        name_one(action, asked->has_other_id, asked->other_id, asked->has_other_observation_id,
                 asked->other_observation_id, &ignored, &action->other_origin, &action->other_root);
    if (err == FR_OK && action->refusal == NULL)
        err = identity_group_load(action->turn->view, action->turn->arena, action->other_root, true,
                                  &action->other_group);
    return err;
}

static struct identity_link
link_of(const struct action *action, Fr__Reason *reason)
{
    return (struct identity_link){.turn = action->turn,
                                  .input = action->input,
                                  .a = action->root,
                                  .b = action->other_root,
                                  .reason = reason,
                                  .who = action->asked->who,
                                  .why = action->asked->why};
}

/* ---- pairs ---- */

struct pairs { /* suggestions or cannot-links between two groups, as they were made */
    const struct fr_view *view;
    uint64_t root;
    uint64_t a[64], b[64];
    size_t count;
    bool only_open;
};

static bool
collect_pair(void *context, const struct identity_row *row)
{
    struct pairs *pairs = context;
    struct identity_customer other;
    uint64_t root = 0;

    if (pairs->only_open &&
        identity_suggestion_state((const void *)row->state) != FR__SUGGESTION_STATE__OPEN)
        return true;
    if (identity_root_get(pairs->view, row->other, &root, &other) != FR_OK || root != pairs->root)
        return true;
    pairs->a[pairs->count] = row->id;
    pairs->b[pairs->count++] = row->other;
    return pairs->count < sizeof(pairs->a) / sizeof(pairs->a[0]);
}

static enum fr_error
find_suggestions(const struct action *action, struct pairs *pairs)
{
    enum fr_error err = FR_OK;

    *pairs =
        (struct pairs){.view = action->turn->view, .root = action->other_root, .only_open = true};
    for (size_t i = 0; err == FR_OK && i < action->group->origin_count; i++)
        err = identity_each_suggestion(action->turn->view, action->group->origins[i],
                                       action->turn->arena, collect_pair, pairs);
    return err;
}

static enum fr_error
settle_suggestions(const struct action *action, const struct pairs *pairs,
                   Fr__SuggestionState state)
{
    enum fr_error err = FR_OK;

    for (size_t i = 0; err == FR_OK && i < pairs->count; i++) {
        Fr__SuggestionSettled settled = FR__SUGGESTION_SETTLED__INIT;

        settled.customer_a = pairs->a[i];
        settled.customer_b = pairs->b[i];
        settled.state = state;
        settled.who = action->asked->who;
        settled.why = action->asked->why;
        err = identity_say(action->turn, action->input, pairs->a[i], &settled.base);
    }
    return err;
}

static enum fr_error
lift_between(const struct action *action, size_t *lifted)
{
    struct pairs pairs = {.view = action->turn->view, .root = action->other_root};
    enum fr_error err = FR_OK;

    for (size_t i = 0; err == FR_OK && i < action->group->origin_count; i++)
        err = identity_each_apart(action->turn->view, action->group->origins[i],
                                  action->turn->arena, collect_pair, &pairs);
    for (size_t i = 0; err == FR_OK && i < pairs.count; i++) {
        Fr__CannotLinkLifted event = FR__CANNOT_LINK_LIFTED__INIT;

        event.a = pairs.a[i];
        event.b = pairs.b[i];
        event.who = action->asked->who;
        event.why = action->asked->why;
        err = identity_say(action->turn, action->input, action->root, &event.base);
    }
    *lifted = pairs.count;
    return err;
}

/* ---- merge, confirm, reject, lift ---- */

/* A person may say that dates of birth were mistyped; two accounts stay two, whoever says so. */
static enum fr_error
merge(struct action *action)
{
    Fr__Reason reason = identity_reason("I6", "a person wanted to merge them", NULL, NULL);
    struct identity_link link = link_of(action, &reason);
    struct pairs suggestions;
    size_t lifted = 0;
    bool apart;
    enum fr_error err = identity_groups_apart(action->turn->view, action->turn->arena,
                                              action->group, action->other_group, &apart);

    action->customer = action->root;
    if (err != FR_OK || action->root == action->other_root) {
        action->done = "they are one customer already";
        return err;
    }
    if (identity_groups_exclude(action->group, action->other_group)) {
        action->refusal = "they have different accounts or log-ins: two customers for certain";
        return identity_say_conflict(&link, identity_exclusive_key);
    }
    if (apart && !action->asked->lift) {
        action->refusal = "a person said that they are not one: lift that first";
        return FR_OK;
    }
    err = find_suggestions(action, &suggestions);
    if (err == FR_OK && apart)
        err = lift_between(action, &lifted);
    if (err == FR_OK)
        err = settle_suggestions(action, &suggestions, FR__SUGGESTION_STATE__CONFIRMED);
    reason.rule = (char *)"I10";
    reason.text = (char *)"a person said that they are one customer";
    action->done = "merged";
    return err == FR_OK ? identity_say_merged(&link, &action->customer) : err;
}

static enum fr_error
confirm(struct action *action)
{
    struct identity_decided pair;
    enum fr_error err = identity_groups_decided(action->turn->view, action->turn->arena,
                                                action->group, action->other_group, &pair);

    if (err == FR_OK && action->root != action->other_root && !pair.open) {
        action->refusal = "no open suggestion stands between them";
        return FR_OK;
    }
    return err == FR_OK ? merge(action) : err;
}

struct contradictions { /* conflicts between two groups */
    const struct fr_view *view;
    struct fr_arena *arena;
    uint64_t root;
    Fr__ConflictSettled rows[64];
    size_t count;
};

static bool
collect_conflict(void *context, const struct identity_row *row)
{
    const Fr__IdentityStateConflict *conflict = (const void *)row->state;
    struct contradictions *found = context;
    Fr__ConflictSettled *settled = &found->rows[found->count];
    struct identity_customer other;
    uint64_t root = 0;

    if (conflict->has_state || row->other == 0 ||
        identity_root_get(found->view, row->other, &root, &other) != FR_OK || root != found->root)
        return true;
    fr__conflict_settled__init(settled);
    settled->kind = fr_arena_strdup(found->arena, row->kind);
    settled->customer_a = row->id;
    settled->has_customer_b = true;
    settled->customer_b = row->other;
    settled->key_type = fr_arena_strdup(found->arena, row->type);
    settled->key_value = fr_arena_strdup(found->arena, row->value);
    settled->state = FR__SUGGESTION_STATE__REJECTED;
    found->count++;
    return found->count < sizeof(found->rows) / sizeof(found->rows[0]);
}

static enum fr_error
reject(struct action *action)
{
    struct contradictions found = {
        .view = action->turn->view, .arena = action->turn->arena, .root = action->other_root};
    struct pairs suggestions;
    enum fr_error err = find_suggestions(action, &suggestions);

    for (size_t i = 0; err == FR_OK && i < action->group->origin_count; i++)
        err = identity_each_conflict(action->turn->view, action->group->origins[i],
                                     action->turn->arena, collect_conflict, &found);
    if (err == FR_OK &&
        (suggestions.count + found.count == 0 || action->root == action->other_root)) {
        action->refusal = "no open suggestion and no open conflict stands between them";
        return FR_OK;
    }
    if (err == FR_OK)
        err = settle_suggestions(action, &suggestions, FR__SUGGESTION_STATE__REJECTED);
    for (size_t i = 0; err == FR_OK && i < found.count; i++) {
        found.rows[i].who = action->asked->who;
        found.rows[i].why = action->asked->why;
        err = identity_say(action->turn, action->input, action->root, &found.rows[i].base);
    }
    action->customer = action->root;
    action->done = "rejected; the pair is not suggested again";
    return err;
}

static enum fr_error
lift(struct action *action)
{
    size_t lifted;
    enum fr_error err = lift_between(action, &lifted);

    action->customer = action->root;
    if (lifted == 0)
        action->refusal = "no cannot-link stands between them";
    action->done = "lifted; verified evidence may merge them again";
    return err;
}

/* ---- unmerge ---- */

struct latest { /* the last merge under an origin */
    uint64_t origin, merge_id;
};

static bool
later(void *context, const struct identity_row *row)
{
    const Fr__IdentityStateMerge *merge_state = (const void *)row->state;
    struct latest *latest = context;

    if (latest->origin == 0 || merge_state->merge_id >= latest->merge_id) {
        latest->origin = row->other;
        latest->merge_id = merge_state->merge_id;
    }
    return true;
}

/* The origin leaves with all that was merged into it.  A root cannot leave itself: the last who
 * joined it leaves instead. */
static enum fr_error
unmerge(struct action *action)
{
    Fr__Reason reason =
        identity_reason("I10", "a person said that they are not one customer", NULL, NULL);
    struct identity_link link = link_of(action, &reason);
    struct latest latest = {.origin = action->origin};
    enum fr_error err = FR_OK;

    if (action->origin == action->root) {
        latest.origin = 0;
        err = identity_each_child(action->turn->view, action->root, action->turn->arena, later,
                                  &latest);
    }
    if (err != FR_OK || latest.origin == 0) {
        action->refusal = "nothing was merged into that customer, nor he into another";
        return err;
    }
    action->customer = action->root;
    action->apart = latest.origin;
    action->done = "taken apart; they stay two until the cannot-link is lifted";
    err = identity_say_split(&link, latest.origin, true);
    link.a = action->root;
    link.b = latest.origin;
    return err == FR_OK ? identity_say_conflict(&link, identity_cannot_link) : err;
}

/* ---- verify ---- */

/* Is the observation bound to its customer by something better than this claim? */
static bool
bound_by_proof(const struct action *action, const char *type, const char *value)
{
    for (size_t i = 0; action->seen != NULL && i < action->seen->n_reasons; i++) {
        const Fr__Reason *key = action->seen->reasons[i];

        if (key->has_assurance && identity_strong(key->assurance) &&
            !(strcmp(key->key_type, type) == 0 && strcmp(key->key_value, value) == 0))
            return true;
    }
    return action->seen == NULL || action->group->customer.strong_keys == 0;
}

static enum fr_error
attach_proven(struct action *action, const struct identity_evidence *key, uint64_t origin,
              Fr__Reason *reason)
{
    Fr__KeyAttached attached = FR__KEY_ATTACHED__INIT;
    Fr__Reason *reasons[] = {reason};

    attached.customer_id = action->customer;
    attached.type = (char *)key->type;
    attached.value = (char *)key->value;
    attached.raw = (char *)key->raw;
    attached.assurance = FR__ASSURANCE__VERIFIED;
    attached.has_origin = origin != action->customer;
    attached.origin = origin;
    attached.reasons = reasons;
    attached.n_reasons = 1;
    return identity_say(action->turn, action->input, action->customer, &attached.base);
}

/* The observation itself is proven by that, unless another claim had led it here. */
static enum fr_error
prove_observation(struct action *action, const struct identity_evidence *key)
{
    Fr__ObservationMoved moved = FR__OBSERVATION_MOVED__INIT;
    bool led_by_other = false;

    if (action->seen == NULL || !action->seen->unverified)
        return FR_OK;
    for (size_t i = 0; i < action->seen->n_reasons; i++) {
        Fr__Reason *reason = action->seen->reasons[i];
        bool this_key = reason->key_type != NULL && strcmp(reason->key_type, key->type) == 0 &&
                        strcmp(reason->key_value, key->value) == 0;

        led_by_other = led_by_other || (reason->led && !this_key);
        if (this_key)
            reason->assurance = FR__ASSURANCE__VERIFIED;
    }
    moved.observation_id = action->observation;
    moved.from_customer = moved.to_customer = action->customer;
    moved.from_origin = moved.to_origin = action->seen->origin;
    moved.unverified = led_by_other;
    moved.reasons = action->seen->reasons;
    moved.n_reasons = action->seen->n_reasons;
    return identity_say(action->turn, action->input, action->customer, &moved.base);
}

/* Somebody else holds it by proof. */
static enum fr_error
verify_held(struct action *action, const struct identity_evidence *key,
            const struct identity_holder *holder, Fr__Reason *reason)
{
    struct identity_link link = link_of(action, reason);
    const char *kind;
    bool apart;
    enum fr_error err = identity_groups_apart(action->turn->view, action->turn->arena,
                                              action->group, holder->group, &apart);

    link.b = holder->root;
    kind = err == FR_OK ? identity_veto(action->group, holder->group, apart) : NULL;
    if (err != FR_OK)
        return err;
    if (kind != NULL) {
        action->refusal = "another customer holds it, and they cannot be one";
        return identity_say_conflict(&link, kind);
    }
    if (key->class == IDENTITY_LINE &&
        identity_groups_name_fit(action->group, holder->group) == IDENTITY_DIFFERS)
        return attach_proven(action, key, action->origin, reason);
    if (!bound_by_proof(action, key->type, key->value)) {
        action->done = "another customer holds it, and only a claim stands for this one: suggested";
        return identity_say_suggestion(&link);
    }
    action->done = "proven; he who held it is the same customer";
    link.who = link.why = NULL; /* evidence merges them, as it would have in one observation */
    err = identity_say_merged(&link, &action->customer);
    return err;
}

static enum fr_error
take_from_claimers(const struct action *action, const struct identity_evidence *key,
                   Fr__Reason *reason)
{
    Fr__Reason *reasons[] = {reason};
    enum fr_error err = FR_OK;

    for (size_t i = 0; err == FR_OK && i < key->holder_count; i++) {
        Fr__KeyDetached detached = FR__KEY_DETACHED__INIT;

        detached.customer_id = key->holders[i].root;
        detached.origin = key->holders[i].origin;
        detached.type = (char *)key->type;
        detached.value = (char *)key->value;
        detached.how = FR__KEY_END__CLAIM_ONLY;
        detached.reasons = reasons;
        detached.n_reasons = 1;
        err = identity_say(action->turn, action->input, key->holders[i].root, &detached.base);
    }
    return err;
}

static enum fr_error
judge_verified(struct action *action, struct identity_sight *sight)
{
    const struct identity_evidence *key = &sight->evidence[0];
    Fr__Reason reason =
        identity_reason("I3", "a person says that it is proven", key->type, key->value);
    const struct identity_holder *proven = NULL, *mine = NULL;

    action->done = "proven";
    for (size_t i = 0; i < key->holder_count; i++) {
        if (key->holders[i].root == action->root)
            mine = &key->holders[i];
        else if (!key->holders[i].unverified)
            proven = &key->holders[i];
    }
    if (key->shared) {
        action->refusal = "too many share it: it neither links nor suggests";
        return FR_OK;
    }
    if (mine != NULL)
        return attach_proven(action, key, mine->origin, &reason);
    if (key->class == IDENTITY_EXCLUSIVE &&
        identity_group_excludes(action->group, key->type, key->value)) {
        struct identity_link link = link_of(action, &reason);

        link.b = proven != NULL ? proven->root : 0;
        action->refusal = "this customer has another account or log-in";
        return identity_say_conflict(&link, identity_exclusive_key);
    }
    if (proven != NULL) {
        struct identity_group *group;
        struct identity_holder holder = *proven;
        enum fr_error err = identity_sight_group(sight, proven->root, &group);

        holder.group = group;
        return err == FR_OK ? verify_held(action, key, &holder, &reason) : err;
    }
    enum fr_error err = take_from_claimers(action, key, &reason);
    return err == FR_OK ? attach_proven(action, key, action->origin, &reason) : err;
}

static enum fr_error
verify(struct action *action)
{
    const Fr__IdentityActionAsked *asked = action->asked;
    const struct identity_config *config = action->turn->config;
    const char *why = "say which key: its type and its value";
    char normal[IDENTITY_VALUE_SIZE];
    struct identity_sight sight;
    enum fr_error err;

    if (asked->key_type == NULL || asked->key_value == NULL ||
        identity_key_normal(asked->key_type, asked->key_value, asked->key_region,
                            asked->key_brand != NULL ? asked->key_brand
                                                     : action->input->head->brand,
                            config, normal, &why) != FR_OK) {
        action->refusal = why;
        return FR_OK;
    }
    action->customer = action->root;
    identity_sight_begin(&sight, action->turn, action->input, "", NULL, NULL);
    err =
        identity_sight_take_normal(&sight, asked->key_type, normal, FR__ASSURANCE__VERIFIED, false);
    if (err == FR_OK)
        err = identity_sight_judge(&sight);
    if (err == FR_OK)
        err = judge_verified(action, &sight);
    return err == FR_OK && action->refusal == NULL ? prove_observation(action, &sight.evidence[0])
                                                   : err;
}

/* ---- erase ---- */

static enum fr_error
erase(struct action *action)
{
    Fr__CustomerErased erased = FR__CUSTOMER_ERASED__INIT;

    erased.customer_id = action->root;
    erased.origins = action->group->origins;
    erased.n_origins = action->group->origin_count;
    erased.who = action->asked->who;
    erased.why = action->asked->why;
    action->customer = action->root;
    action->done = "erased";
    fr_count(action->turn, IDENTITY_ERASED, 1);
    return identity_say(action->turn, action->input, action->root, &erased.base);
}

/* ---- the end of it ---- */

static void
answer(struct fr_turn *turn, const Fr__IdentityActionEnded *ended)
{
    fr_answer_json(turn, fr_message_json(&ended->base));
}

static enum fr_error
say_ended(struct action *action)
{
    const Fr__IdentityActionAsked *asked = action->asked;
    Fr__IdentityActionEnded ended = FR__IDENTITY_ACTION_ENDED__INIT;

    ended.client_id = asked->client_id;
    ended.action = asked->action;
    ended.who = asked->who;
    ended.why = asked->why;
    ended.done = action->refusal == NULL;
    ended.reason = (char *)(action->refusal != NULL ? action->refusal : action->done);
    ended.has_customer_id = action->refusal == NULL && action->customer != 0;
    ended.customer_id = action->customer;
    ended.has_other_id = action->refusal == NULL && action->apart != 0;
    ended.other_id = action->apart;
    ended.site = asked->site;
    ended.agent = asked->agent;
    fr_count(action->turn, IDENTITY_ACTIONS, 1);
    answer(action->turn, &ended);
    return identity_say(action->turn, action->input, action->customer, &ended.base);
}

static enum fr_error
do_it(struct action *action)
{
    switch (action->asked->action) {
    case FR__IDENTITY_ACTION__MERGE:
        return merge(action);
    case FR__IDENTITY_ACTION__UNMERGE:
        return unmerge(action);
    case FR__IDENTITY_ACTION__CONFIRM:
        return confirm(action);
    case FR__IDENTITY_ACTION__REJECT:
        return reject(action);
    case FR__IDENTITY_ACTION__VERIFY:
        return verify(action);
    case FR__IDENTITY_ACTION__ERASE:
        return erase(action);
    case FR__IDENTITY_ACTION__LIFT:
        return lift(action);
    default:
        action->refusal = "this version does not know that action";
        return FR_OK;
    }
}

/* IdentityActionAsked: a person decides about customers.
 *
 * Reads whole groups, suggestions, cannot-links, keys.  Emits what the action is made of
 * (CustomersMerged, CustomersSplit, SuggestionSettled, KeyAttached, CustomerErased...), and exactly
 * one IdentityActionEnded, also when it was refused.
 * Sent twice: the client id is known, and the answer is given again.
 */
enum fr_error
identity_decide_action(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__IdentityActionAsked *asked =
        fr_unpack(turn, input, &fr__identity_action_asked__descriptor);
    struct action action = {.turn = turn, .input = input, .asked = asked};
    const Fr__IdentityStateAction *known;
    enum fr_error err;

    if (asked == NULL)
        return fr_reject(turn, input, "IdentityActionAsked does not decode");
    if (asked->client_id[0] == '\0' || strlen(asked->client_id) > 160)
        return fr_reject(turn, input, "client_id: 1 to 160 bytes");
    if (asked->who[0] == '\0' || asked->why[0] == '\0' || strlen(asked->who) > TEXT_MAX ||
        strlen(asked->why) > TEXT_MAX)
        return fr_reject(turn, input, "say who you are and why: both stay on record (500 bytes)");
    err = identity_action_get(turn->view, asked->client_id, turn->arena, &known);
    if (err == FR_OK)
        answer(turn, known->ended);
    if (err != FR_NOT_FOUND)
        return err;
    err = name_both(&action);
    if (err == FR_OK && action.refusal == NULL)
        err = do_it(&action);
    return err == FR_OK ? say_ended(&action) : err;
}
