/* sight.c - one observation: its keys looked up, judged, and what follows said. */
#include "services/identity/sight.h"

#define HOLDINGS_MAX 256 /* origins looked at for one key; those of one group count once */

/* ---- reasons (I13) ---- */

static Fr__Reason *
explain(struct identity_sight *sight, const char *rule, const char *text, const char *type,
        const char *value)
{
    size_t at = sight->reason_count;

    if (at == IDENTITY_REASONS_MAX)
        return NULL;
    sight->reasons[at] = identity_reason(rule, text, type, value);
    sight->reason_list[at] = &sight->reasons[at];
    sight->reason_count++;
    return &sight->reasons[at];
}

/* ---- beginning ---- */

void
identity_sight_begin(struct identity_sight *sight, struct fr_turn *turn,
                     const struct fr_record *input, const char *channel, const Fr__Attributes *said,
                     const char *name)
{
    memset(sight, 0, offsetof(struct identity_sight, evidence));
    sight->turn = turn;
    sight->input = input;
    sight->config = turn->config;
    sight->channel = identity_channel_find(turn->config, channel);
    sight->observation = input->head->id;
    sight->said = said;
    sight->count = sight->group_count = sight->reason_count = 0;
    sight->err = FR_OK;
    if (said != NULL) {
        const char *full = identity_full_name(said, turn->arena);

        name = full[0] != '\0' ? full : name;
        identity_birth_parse(said->birth_date, NULL, &sight->birth);
    }
    if (name != NULL && name[0] != '\0')
        identity_name_fold(name, &sight->name);
}

/* ---- looking up ---- */

static bool
same_key_known(struct identity_sight *sight, const char *type, const char *value,
               Fr__Assurance assurance)
{
    for (size_t i = 0; i < sight->count; i++) {
        struct identity_evidence *known = &sight->evidence[i];

        if (strcmp(known->value, value) != 0 || strcmp(known->type, type) != 0)
            continue;
        /* Named twice: the better proof counts, and a proof outweighs a failed attempt. */
        if (assurance == FR__ASSURANCE__VERIFIED || known->assurance == FR__ASSURANCE__FAILED ||
            (assurance == FR__ASSURANCE__NETWORK && known->assurance == FR__ASSURANCE__CLAIMED))
            known->assurance = assurance;
        return true;
    }
    return false;
}

static bool
answer_goes_to(const struct identity_sight *sight, const Fr__Key *seen, const char *normal,
               const char *address)
{
    const char *answers_to = sight->channel->answers_to;
    char answered[IDENTITY_VALUE_SIZE];
    size_t family = strlen(answers_to);
    const char *why;
    bool same_type = strcmp(answers_to, seen->type) == 0 ||
                     (strcmp(answers_to, "social") == 0 && strncmp(seen->type, "social:", 7) == 0);

    return family > 0 && same_type && !sight->channel->live &&
           identity_key_normal(seen->type, address, seen->region, sight->input->head->brand,
                               sight->config, answered, &why) == FR_OK &&
           strcmp(answered, normal) == 0;
}

enum fr_error
identity_sight_take(struct identity_sight *sight, const Fr__Key *seen, const char *address)
{
    char normal[IDENTITY_VALUE_SIZE];
    const char *why, *kept;
    size_t before;
    enum fr_error err;

    if (identity_key_normal(seen->type, seen->value, seen->region, sight->input->head->brand,
                            sight->config, normal, &why) != FR_OK) {
        fr_count(sight->turn, IDENTITY_NO_KEY, 1);
        explain(sight, "I2", why, NULL, NULL);
        return FR_OK;
    }
    kept = fr_arena_strdup(sight->turn->arena, normal);
    if (kept == NULL)
        return FR_NO_MEMORY;
    before = sight->count;
    err = identity_sight_take_normal(sight, seen->type, kept, seen->assurance,
                                     answer_goes_to(sight, seen, normal, address));
    if (sight->count > before)
        sight->evidence[before].raw = seen->value;
    return err;
}

enum fr_error
identity_sight_take_normal(struct identity_sight *sight, const char *type, const char *value,
                           Fr__Assurance assurance, bool answers)
{
    if (same_key_known(sight, type, value, assurance))
        return FR_OK;
    if (sight->count == IDENTITY_KEYS_MAX) {
        explain(sight, "I2", "more keys than one observation is allowed: not judged", NULL, NULL);
        return FR_OK;
    }
    sight->evidence[sight->count++] = (struct identity_evidence){.type = type,
                                                                 .value = value,
                                                                 .raw = value,
                                                                 .class = identity_key_class(type),
                                                                 .assurance = assurance,
                                                                 .answers = answers};
    return FR_OK;
}

/* What this very observation brought leaves with it. */
static bool
brought_along(const struct identity_sight *sight, const struct identity_evidence *key,
              uint64_t origin)
{
    const Fr__IdentityStateHolding *held;

    return sight->moving_from != 0 && origin == sight->moving_from &&
           identity_held_get(sight->turn->view, origin, key->type, key->value, sight->turn->arena,
                             &held) == FR_OK &&
           held->has_observation_id && held->observation_id == sight->observation;
}

/* Of several origins of one customer who hold the key, the proven one stands for all, and the
 * oldest of those. */
static enum fr_error
add_holder(const struct identity_sight *sight, struct identity_evidence *key,
           const struct identity_holding *holding)
{
    struct identity_customer root;
    uint64_t id = 0;
    enum fr_error err = identity_root_get(sight->turn->view, holding->origin, &id, &root);
    struct identity_holder *at = key->holders;

    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_CORRUPT : err;
    if (brought_along(sight, key, holding->origin))
        return FR_OK;
    while (at < key->holders + key->holder_count && at->root != id)
        at++;
    if (at == key->holders + key->holder_count) {
        if (key->holder_count == IDENTITY_HOLDERS_MAX)
            return FR_OK;
        key->holder_count++;
        *at = (struct identity_holder){
            .root = id, .root_created_us = root.created_us, .root_strong_keys = root.strong_keys};
    } else if (holding->unverified || !at->unverified) {
        return FR_OK;
    }
    at->origin = holding->origin;
    at->assurance = (Fr__Assurance)holding->assurance;
    at->unverified = holding->unverified;
    return FR_OK;
}

static enum fr_error
look_up_holders(struct identity_sight *sight, struct identity_evidence *key,
                const struct identity_key_row *row)
{
    struct identity_holding *all,
        only = {.origin = row->holder, .assurance = row->assurance, .unverified = row->unverified};
    size_t count = 1;
    enum fr_error err = FR_OK;

    if (row->holders == 0)
        return FR_OK;
    key->holders =
        fr_arena_zalloc(sight->turn->arena,
                        row->holders < IDENTITY_HOLDERS_MAX ? row->holders : IDENTITY_HOLDERS_MAX,
                        sizeof(*key->holders));
    if (key->holders == NULL)
        return FR_NO_MEMORY;
    all = &only;
    if (row->holders > 1) {
        all = fr_arena_zalloc(sight->turn->arena, HOLDINGS_MAX, sizeof(*all));
        if (all == NULL)
            return FR_NO_MEMORY;
        err = identity_holders(sight->turn->view, key->type, key->value, all, HOLDINGS_MAX, &count);
    }
    for (size_t i = 0; err == FR_OK && i < count; i++)
        err = add_holder(sight, key, &all[i]);
    return err;
}

/* I7: does the observation's name fit one of those seen with this key? */
static enum fr_error
look_up_names(struct identity_sight *sight, struct identity_evidence *key,
              const struct identity_key_row *row)
{
    const Fr__IdentityStateNamesSeen *seen = NULL;
    enum fr_error err = FR_OK;

    if (sight->name.count == 0 || sight->moving_from != 0 ||
        !(identity_strong(key->assurance) || key->answers))
        return FR_OK;
    if (row->names > 0)
        err = identity_names_seen_get(sight->turn->view, key->type, key->value, sight->turn->arena,
                                      &seen);
    key->new_name = err == FR_OK;
    for (size_t i = 0; err == FR_OK && seen != NULL && key->new_name && i < seen->n_names; i++) {
        struct identity_name one;

        identity_name_fold(seen->names[i], &one);
        key->new_name =
            identity_names_compare(&one, &sight->name, NULL) == IDENTITY_NAMES_INCOMPATIBLE;
    }
    key->turns_shared = key->new_name && !key->shared && row->names >= sight->config->fan_out;
    key->shared = key->shared || key->turns_shared;
    return err;
}

static enum fr_error
look_up(struct identity_sight *sight, struct identity_evidence *key)
{
    struct identity_key_row row;
    enum fr_error err = identity_key_get(sight->turn->view, key->type, key->value, &row);

    if (err == FR_NOT_FOUND) {
        memset(&row, 0, sizeof(row));
        row.last_us = sight->turn->now.unix_us;
    } else if (err != FR_OK) {
        return err;
    }
    key->shared = row.shared == IDENTITY_SHARED ||
                  (row.shared == IDENTITY_CLAIMED_BY_MANY && !identity_strong(key->assurance));
    key->crowded = row.claims >= sight->config->fan_out;
    key->dormant = key->class == IDENTITY_LINE &&
                   sight->turn->now.unix_us - row.last_us > sight->config->dormancy.us;
    err = look_up_holders(sight, key, &row);
    return err == FR_OK && key->assurance != FR__ASSURANCE__FAILED ? look_up_names(sight, key, &row)
                                                                   : err;
}

/* ---- what could contradict ---- */

enum fr_error
identity_sight_group(struct identity_sight *sight, uint64_t root, struct identity_group **group)
{
    size_t max = sizeof(sight->groups) / sizeof(sight->groups[0]);
    enum fr_error err;

    for (size_t i = 0; i < sight->group_count; i++)
        if (sight->groups[i]->root == root) {
            *group = sight->groups[i];
            return FR_OK;
        }
    err = identity_group_load(sight->turn->view, sight->turn->arena, root, true, group);
    if (err == FR_OK && sight->group_count < max)
        sight->groups[sight->group_count++] = *group;
    return err;
}

/* The message of a known customer never pays for this, unless it says a name on a line: groups
 * matter where two customers meet, a new account appears, or the person says who he is. */
static bool
groups_matter(const struct identity_sight *sight)
{
    bool says_birth = sight->birth.year != 0, says_name = sight->name.count > 0;
    bool new_account = false, proven = false;
    uint64_t root = 0;

    for (size_t i = 0; i < sight->count; i++) {
        const struct identity_evidence *key = &sight->evidence[i];

        new_account = new_account || (key->class == IDENTITY_EXCLUSIVE && key->holder_count == 0 &&
                                      identity_strong(key->assurance));
        if (key->holder_count == 0)
            continue;
        proven = proven || identity_strong(key->assurance);
        if (says_birth || key->holder_count > 1 || (says_name && key->class == IDENTITY_LINE) ||
            (root != 0 && key->holders[0].root != root))
            return true;
        root = key->holders[0].root;
    }
    return new_account && proven;
}

static enum fr_error
look_at_groups(struct identity_sight *sight)
{
    enum fr_error err = FR_OK;

    for (size_t i = 0; err == FR_OK && i < sight->count; i++)
        for (size_t n = 0; err == FR_OK && n < sight->evidence[i].holder_count; n++) {
            struct identity_holder *holder = &sight->evidence[i].holders[n];
            struct identity_group *group;

            err = identity_sight_group(sight, holder->root, &group);
            if (err != FR_OK)
                break;
            holder->group = group;
            holder->fit = identity_group_name_fit(group, &sight->name);
            holder->birth_differs = identity_group_birth_differs(group, &sight->birth);
        }
    return err;
}

static bool
stands_between(void *context, const struct identity_group *a, const struct identity_group *b)
{
    struct identity_sight *sight = context;
    bool apart = true;
    enum fr_error err = identity_groups_apart(sight->turn->view, sight->turn->arena, a, b, &apart);

    if (err != FR_OK)
        sight->err = err;
    return apart;
}

enum fr_error
identity_sight_judge(struct identity_sight *sight)
{
    const struct identity_scene scene = {.evidence = sight->evidence,
                                         .count = sight->count,
                                         .named = sight->name.count > 0,
                                         .apart = stands_between,
                                         .context = sight};
    enum fr_error err = FR_OK;

    for (size_t i = 0; err == FR_OK && i < sight->count; i++)
        err = look_up(sight, &sight->evidence[i]);
    if (err == FR_OK && groups_matter(sight))
        err = look_at_groups(sight);
    if (err != FR_OK)
        return err;
    identity_resolve(&scene, &sight->verdict);
    return sight->err;
}

/* ---- what follows ---- */

static enum fr_error
create(struct identity_sight *sight)
{
    Fr__CustomerCreated created = FR__CUSTOMER_CREATED__INIT;
    Fr__Reason why = identity_reason(sight->verdict.rule, sight->verdict.reason, NULL, NULL);
    Fr__Reason *reasons[] = {&why};

    sight->customer = sight->origin = fr_next_id(sight->turn);
    created.customer_id = sight->customer;
    if (sight->said != NULL)
        created.name = (char *)identity_full_name(sight->said, sight->turn->arena);
    if (created.name != NULL && created.name[0] == '\0')
        created.name = NULL;
    created.reasons = reasons;
    created.n_reasons = 1;
    created.has_observation_id = sight->observation != 0;
    created.observation_id = sight->observation;
    fr_count(sight->turn, IDENTITY_CREATED, 1);
    return identity_say(sight->turn, sight->input, sight->customer, &created.base);
}

enum fr_error
identity_sight_merge(struct identity_sight *sight)
{
    enum fr_error err = FR_OK;

    for (size_t i = 0; err == FR_OK && i < sight->count; i++) {
        const struct identity_finding *found = &sight->verdict.findings[i];
        const struct identity_evidence *lead, *key = &sight->evidence[i];
        Fr__CustomersMerged merged = FR__CUSTOMERS_MERGED__INIT;
        Fr__Reason one, other, *reasons[] = {&one, &other};

        if (found->action != IDENTITY_MERGE)
            continue;
        lead = &sight->evidence[sight->verdict.lead];
        one = identity_reason(found->rule, found->reason, lead->type, lead->value);
        other = identity_reason(found->rule, found->reason, key->type, key->value);
        merged.survivor = found->survivor;
        merged.merged = found->merged;
        merged.reasons = reasons;
        merged.n_reasons = 2;
        fr_count(sight->turn, IDENTITY_MERGED, 1);
        err = identity_say(sight->turn, sight->input, found->survivor, &merged.base);
    }
    return err;
}

static enum fr_error
attach(const struct identity_sight *sight, size_t index, bool unverified)
{
    const struct identity_finding *found = &sight->verdict.findings[index];
    const struct identity_evidence *key = &sight->evidence[index];
    Fr__KeyAttached attached = FR__KEY_ATTACHED__INIT;
    Fr__Reason why = identity_reason(found->rule, found->reason, key->type, key->value);
    Fr__Reason *reasons[] = {&why};
    /* A key that is only proven better stays with the origin that brought it. */
    uint64_t origin = found->origin != 0 ? found->origin : sight->origin;

    attached.customer_id = sight->customer;
    attached.type = (char *)key->type;
    attached.value = (char *)key->value;
    attached.raw = (char *)key->raw;
    attached.assurance = key->assurance;
    attached.unverified = unverified;
    attached.has_origin = origin != sight->customer;
    attached.origin = origin;
    attached.has_observation_id = found->origin == 0;
    attached.observation_id = sight->observation;
    attached.reasons = reasons;
    attached.n_reasons = 1;
    return identity_say(sight->turn, sight->input, sight->customer, &attached.base);
}

static enum fr_error
detach(const struct identity_sight *sight, const struct identity_evidence *key,
       const struct identity_holder *holder, uint64_t origin, Fr__KeyEnd how, Fr__Reason *why)
{
    Fr__KeyDetached detached = FR__KEY_DETACHED__INIT;
    Fr__Reason *reasons[] = {why};

    detached.customer_id = holder->root;
    detached.origin = origin;
    detached.type = (char *)key->type;
    detached.value = (char *)key->value;
    detached.how = how;
    detached.reasons = reasons;
    detached.n_reasons = 1;
    return identity_say(sight->turn, sight->input, holder->root, &detached.base);
}

/* The key goes away from everybody who holds it: all origins of each holder. */
static enum fr_error
take_away(const struct identity_sight *sight, size_t index, Fr__KeyEnd how)
{
    const struct identity_finding *found = &sight->verdict.findings[index];
    const struct identity_evidence *key = &sight->evidence[index];
    Fr__Reason why = identity_reason(found->rule, found->reason, key->type, key->value);
    struct identity_holding all[HOLDINGS_MAX];
    size_t count;
    enum fr_error err =
        identity_holders(sight->turn->view, key->type, key->value, all, HOLDINGS_MAX, &count);

    for (size_t i = 0; err == FR_OK && i < count; i++) {
        struct identity_holder holder = {.origin = all[i].origin};
        struct identity_customer root;

        err = identity_root_get(sight->turn->view, all[i].origin, &holder.root, &root);
        if (err == FR_OK)
            err = detach(sight, key, &holder, all[i].origin, how, &why);
    }
    return err;
}

static enum fr_error
remember(const struct identity_sight *sight, size_t index)
{
    const struct identity_finding *found = &sight->verdict.findings[index];
    const struct identity_evidence *key = &sight->evidence[index];
    Fr__KeyRemembered remembered = FR__KEY_REMEMBERED__INIT;
    Fr__Reason why = identity_reason(found->rule, found->reason, key->type, key->value);
    Fr__Reason *reasons[] = {&why};
    const Fr__IdentityStateHolding *holding;
    enum fr_error err = identity_held_get(sight->turn->view, sight->origin, key->type, key->value,
                                          sight->turn->arena, &holding);

    if (err != FR_NOT_FOUND)
        return err; /* remembered already */
    remembered.customer_id = sight->customer;
    remembered.type = (char *)key->type;
    remembered.value = (char *)key->value;
    remembered.raw = (char *)key->raw;
    remembered.has_origin = sight->origin != sight->customer;
    remembered.origin = sight->origin;
    remembered.has_observation_id = true;
    remembered.observation_id = sight->observation;
    remembered.has_assurance = key->assurance != FR__ASSURANCE__CLAIMED;
    remembered.assurance = key->assurance;
    remembered.reasons = reasons;
    remembered.n_reasons = 1;
    return identity_say(sight->turn, sight->input, sight->customer, &remembered.base);
}

/* ---- what a person should look at ---- */

static struct identity_link
link_to(const struct identity_sight *sight, uint64_t other, Fr__Reason *reason)
{
    return (struct identity_link){.turn = sight->turn,
                                  .input = sight->input,
                                  .a = sight->customer,
                                  .b = other,
                                  .reason = reason};
}

static enum fr_error
point_out(const struct identity_sight *sight, size_t index)
{
    const struct identity_finding *found = &sight->verdict.findings[index];
    const struct identity_evidence *key = &sight->evidence[index];
    Fr__Reason why = identity_reason(found->rule, found->reason, key->type, key->value);
    enum fr_error err = FR_OK;

    if (found->conflict != NULL && found->against == 0) {
        struct identity_link alone = link_to(sight, 0, &why);

        return identity_say_conflict(&alone, found->conflict);
    }
    for (size_t i = 0; err == FR_OK && i < key->holder_count; i++) {
        struct identity_link link = link_to(sight, key->holders[i].root, &why);
        uint32_t bit = UINT32_C(1) << i;

        if ((found->against & bit) != 0)
            err = identity_say_conflict(&link, found->conflict);
        if (err == FR_OK && (found->suggest & bit) != 0 && i < (size_t)sight->config->fan_out)
            err = identity_say_suggestion(&link);
    }
    return err;
}

static bool
another_person(struct identity_sight *sight, const struct identity_evidence *key, uint64_t root,
               enum fr_error *err)
{
    struct identity_group *mine, *other;

    if (key->class != IDENTITY_LINE)
        return false;
    *err = identity_group_load(sight->turn->view, sight->turn->arena, root, true, &other);
    if (*err != FR_OK || other->name_count == 0)
        return false;
    if (sight->name.count > 0)
        return identity_group_name_fit(other, &sight->name) == IDENTITY_DIFFERS;
    *err = identity_group_load(sight->turn->view, sight->turn->arena, sight->customer, true, &mine);
    return *err == FR_OK && identity_groups_name_fit(mine, other) == IDENTITY_DIFFERS;
}

/* Others who claimed this key.  Beyond fan_out of them it is no hint any more (a public computer, a
 * typo that many make), so nobody is suggested. */
static enum fr_error
suggest_claimers(struct identity_sight *sight, size_t index)
{
    const struct identity_finding *found = &sight->verdict.findings[index];
    const struct identity_evidence *key = &sight->evidence[index];
    Fr__Reason why = identity_reason(found->rule, found->reason, key->type, key->value);
    uint64_t origins[IDENTITY_FAN_OUT_MAX + 1];
    struct identity_key_row row;
    size_t count;
    enum fr_error err = identity_key_get(sight->turn->view, key->type, key->value, &row);

    if (err == FR_NOT_FOUND || (err == FR_OK && row.claims == 0))
        return FR_OK;
    if (err != FR_OK || row.claims > sight->config->fan_out || row.shared == IDENTITY_SHARED)
        return err;
    err = identity_claimers(sight->turn->view, key->type, key->value, origins,
                            IDENTITY_FAN_OUT_MAX + 1, &count);
    for (size_t i = 0; err == FR_OK && i < count; i++) {
        struct identity_link link = link_to(sight, 0, &why);
        struct identity_customer customer;

        err = identity_root_get(sight->turn->view, origins[i], &link.b, &customer);
        if (err == FR_OK && link.b != sight->customer &&
            !another_person(sight, key, link.b, &err) && err == FR_OK)
            err = identity_say_suggestion(&link);
    }
    return err;
}

static enum fr_error
follow_key(struct identity_sight *sight, size_t index)
{
    bool news = true;
    enum fr_error err = FR_OK;

    switch (sight->verdict.findings[index].action) {
    case IDENTITY_NOTHING:
    case IDENTITY_MERGE: /* done before everything else */
        news = false;
        break;
    case IDENTITY_ATTACH:
        err = attach(sight, index, false);
        break;
    case IDENTITY_ATTACH_UNVERIFIED:
        err = attach(sight, index, true);
        break;
    case IDENTITY_REMEMBER:
        err = remember(sight, index);
        break;
    case IDENTITY_TAKE: /* the old holder becomes one of those who claimed it */
        err = take_away(sight, index, FR__KEY_END__CLAIM_ONLY);
        if (err == FR_OK)
            err = attach(sight, index, false);
        break;
    case IDENTITY_REASSIGN:
    case IDENTITY_REASSIGN_UNVERIFIED:
        err = take_away(sight, index, FR__KEY_END__REASSIGNED);
        if (err == FR_OK)
            err = attach(sight, index,
                         sight->verdict.findings[index].action == IDENTITY_REASSIGN_UNVERIFIED);
        break;
    }
    if (err == FR_OK)
        err = point_out(sight, index);
    return err == FR_OK && news ? suggest_claimers(sight, index) : err;
}

/* A key that the observation had brought to the origin which it leaves now. */
static enum fr_error
carry_away(struct identity_sight *sight)
{
    enum fr_error err = FR_OK;

    for (size_t i = 0; err == FR_OK && sight->moving_from != 0 && i < sight->count; i++) {
        const struct identity_evidence *key = &sight->evidence[i];
        struct identity_holder holder = {.origin = sight->moving_from};
        struct identity_customer root;
        Fr__Reason why = identity_reason("I7", "it leaves with the observation that had brought it",
                                         key->type, key->value);

        if (!brought_along(sight, key, sight->moving_from))
            continue;
        err = identity_root_get(sight->turn->view, sight->moving_from, &holder.root, &root);
        if (err == FR_OK)
            err = detach(sight, key, &holder, sight->moving_from, FR__KEY_END__MOVED, &why);
    }
    return err;
}

static void
explain_keys(struct identity_sight *sight)
{
    if (sight->verdict.lead < 0)
        explain(sight, sight->verdict.rule, sight->verdict.reason, NULL, NULL);
    for (size_t i = 0; i < sight->count; i++) {
        const struct identity_finding *found = &sight->verdict.findings[i];
        const struct identity_evidence *key = &sight->evidence[i];
        bool led = (int)i == sight->verdict.lead;
        Fr__Reason *reason =
            explain(sight, led ? sight->verdict.rule : found->rule,
                    led ? sight->verdict.reason : found->reason, key->type, key->value);

        if (reason == NULL)
            continue;
        reason->has_assurance = true;
        reason->assurance = key->assurance;
        reason->has_answered = reason->answered = key->answers; /* absent: no */
        reason->has_led = reason->led = led;
        reason->has_new_name = reason->new_name = key->new_name;
    }
}

enum fr_error
identity_sight_follow(struct identity_sight *sight)
{
    enum fr_error err = carry_away(sight);

    sight->customer = sight->verdict.root;
    sight->origin = sight->verdict.origin;
    if (err == FR_OK && sight->customer == 0)
        err = create(sight);
    if (err == FR_OK)
        err = identity_sight_merge(sight);
    for (size_t i = 0; err == FR_OK && i < sight->count; i++)
        err = follow_key(sight, i);
    explain_keys(sight);
    return err;
}

/* ---- what follows from the observation's having been added ---- */

static enum fr_error
count_holders(const struct identity_sight *sight, const struct identity_evidence *key,
              uint32_t *customers)
{
    struct identity_evidence now = {.type = key->type, .value = key->value};
    struct identity_sight look = {.turn = sight->turn};
    struct identity_key_row row;
    enum fr_error err = identity_key_get(sight->turn->view, key->type, key->value, &row);

    if (err == FR_OK)
        err = look_up_holders(&look, &now, &row);
    *customers = (uint32_t)now.holder_count;
    return err;
}

/* I7: more than fan_out customers hold the key, or claim it where nobody holds it; or the name was
 * one too many. */
static enum fr_error
look_for_shared(struct identity_sight *sight, size_t index)
{
    const struct identity_evidence *key = &sight->evidence[index];
    int64_t fan_out = sight->config->fan_out;
    struct identity_key_row row;
    uint32_t customers = 0;
    enum fr_error err = identity_key_get(sight->turn->view, key->type, key->value, &row);

    if (err != FR_OK || row.shared == IDENTITY_SHARED)
        return err == FR_NOT_FOUND ? FR_OK : err;
    if (row.holders > fan_out)
        err = count_holders(sight, key, &customers);
    if (err == FR_OK && (customers > fan_out || key->turns_shared))
        return identity_say_shared(sight->turn, sight->input, key->type, key->value, false,
                                   row.holders, row.names);
    if (err == FR_OK && row.holders == 0 && row.claims > fan_out &&
        row.shared == IDENTITY_NOT_SHARED)
        return identity_say_shared(sight->turn, sight->input, key->type, key->value, true,
                                   row.claims, row.names);
    return err;
}

enum fr_error
identity_sight_finish(struct identity_sight *sight)
{
    enum fr_error err = FR_OK;

    for (size_t i = 0; err == FR_OK && i < sight->count; i++)
        if (sight->evidence[i].turns_shared ||
            sight->verdict.findings[i].action != IDENTITY_NOTHING)
            err = look_for_shared(sight, i);
    return err;
}
