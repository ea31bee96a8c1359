/* decide.c - an observation arrives: look its keys up, let resolve.c judge, say what follows. */
#include "services/identity/counters.h"
#include "services/identity/follow_alike.h"
#include "services/identity/resolve.h"

struct sight { /* one observation on its way through decide */
    struct fr_turn *turn;
    const struct fr_record *input;
    const struct identity_config *config;
    const struct identity_channel *channel;
    const char *name;
    struct identity_evidence evidence[IDENTITY_KEYS_MAX];
    size_t count;
    struct identity_verdict verdict;
    uint64_t customer, origin;                     /* what it resolved to */
    Fr__Reason reasons[2 * IDENTITY_KEYS_MAX + 2]; /* of the observation as a whole */
    Fr__Reason *reason_list[2 * IDENTITY_KEYS_MAX + 2];
    size_t reason_count;
};

/* ---- reasons (I13) ---- */

static Fr__Reason
reason_of(const char *rule, const char *text, const char *type, const char *value)
{
    Fr__Reason reason = FR__REASON__INIT;

    reason.rule = (char *)rule;
    reason.text = (char *)text;
    reason.key_type = (char *)type;
    reason.key_value = (char *)value;
    return reason;
}

static void
explain(struct sight *sight, const char *rule, const char *text, const char *type,
        const char *value)
{
    size_t at = sight->reason_count;

    if (at == sizeof(sight->reasons) / sizeof(sight->reasons[0]))
        return;
    sight->reasons[at] = reason_of(rule, text, type, value);
    sight->reason_list[at] = &sight->reasons[at];
    sight->reason_count++;
}

/* ---- looking up ---- */

static bool
same_key_known(struct sight *sight, const char *type, const char *value, Fr__Assurance assurance)
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
answer_goes_to(const struct sight *sight, const struct identity_evidence *key, const char *address,
               const Fr__Key *as_seen)
{
    char normal[IDENTITY_VALUE_SIZE];
    const char *why;

    return key->assurance == FR__ASSURANCE__CLAIMED && !sight->channel->live &&
           strcmp(sight->channel->answers_to, key->type) == 0 &&
           identity_key_normal(key->type, address, as_seen->region, sight->input->head->brand,
                               sight->config, normal, &why) == FR_OK &&
           strcmp(normal, key->value) == 0;
}

static enum fr_error
look_up_holder(const struct sight *sight, struct identity_evidence *key)
{
    struct identity_customer root;
    struct identity_key_row row;
    enum fr_error err = identity_key_get(sight->turn->view, key->type, key->value, &row);

    if (err == FR_NOT_FOUND || (err == FR_OK && row.holder == 0))
        return FR_OK;
    if (err == FR_OK)
        err = identity_root_get(sight->turn->view, row.holder, &key->root, &root);
    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_CORRUPT : err;
    key->origin = row.holder;
    key->root_created_us = root.created_us;
    key->root_strong_keys = root.strong_keys;
    key->unverified = row.unverified;
    key->held = (Fr__Assurance)row.assurance;
    return FR_OK;
}

static enum fr_error
take_key(struct sight *sight, const Fr__Key *seen, const char *address)
{
    struct identity_evidence *key = &sight->evidence[sight->count];
    char normal[IDENTITY_VALUE_SIZE];
    const char *why;

    if (identity_key_normal(seen->type, seen->value, seen->region, sight->input->head->brand,
                            sight->config, normal, &why) != FR_OK) {
        fr_count(sight->turn, IDENTITY_NO_KEY, 1);
        explain(sight, "I2", why, NULL, NULL);
        return FR_OK;
    }
    if (same_key_known(sight, seen->type, normal, seen->assurance))
        return FR_OK;
    if (sight->count == IDENTITY_KEYS_MAX) {
        explain(sight, "I2", "more keys than one observation is allowed: not judged", NULL, NULL);
        return FR_OK;
    }
    *key = (struct identity_evidence){.type = seen->type,
                                      .raw = seen->value,
                                      .class = identity_key_class(seen->type),
                                      .assurance = seen->assurance};
    key->value = fr_arena_strdup(sight->turn->arena, normal);
    if (key->value == NULL)
        return FR_NO_MEMORY;
    key->answers = answer_goes_to(sight, key, address, seen);
    sight->count++;
    return look_up_holder(sight, key);
}

static bool
strong(const struct identity_evidence *key)
{
    return key->assurance == FR__ASSURANCE__VERIFIED || key->assurance == FR__ASSURANCE__NETWORK;
}

/* Accounts and log-ins of the holders matter only where they can contradict: two holders, or a
 * value that nobody holds yet.  The message of a known customer never pays for this. */
static enum fr_error
look_up_exclusives(struct sight *sight)
{
    uint64_t root = 0;
    bool needed = false;

    for (size_t i = 0; i < sight->count; i++) {
        const struct identity_evidence *key = &sight->evidence[i];

        if (!strong(key))
            continue;
        needed = needed || (key->class == IDENTITY_EXCLUSIVE && key->root == 0) ||
                 (key->root != 0 && root != 0 && key->root != root);
        root = key->root != 0 ? key->root : root;
    }
    for (size_t i = 0; needed && i < sight->count; i++) {
        struct identity_evidence *key = &sight->evidence[i];
        struct identity_exclusive *all;
        enum fr_error err;

        if (!strong(key) || key->root == 0)
            continue;
        err = identity_exclusives(sight->turn->view, key->root, sight->turn->arena, &all,
                                  &key->exclusive_count);
        if (err != FR_OK)
            return err;
        key->exclusives = all;
    }
    return FR_OK;
}

/* ---- saying what follows ---- */

static enum fr_error
say(const struct sight *sight, uint64_t customer, const ProtobufCMessage *message)
{
    const struct fr_labels labels = {.key = customer};

    return fr_emit_as(sight->turn, sight->input, message, &labels);
}

static enum fr_error
create(struct sight *sight)
{
    Fr__CustomerCreated created = FR__CUSTOMER_CREATED__INIT;
    Fr__Reason why = reason_of(sight->verdict.rule, sight->verdict.reason, NULL, NULL);
    Fr__Reason *reasons[] = {&why};

    sight->customer = sight->origin = fr_next_id(sight->turn);
    created.customer_id = sight->customer;
    created.name = (char *)sight->name;
    created.reasons = reasons;
    created.n_reasons = 1;
    fr_count(sight->turn, IDENTITY_CREATED, 1);
    return say(sight, sight->customer, &created.base);
}

static enum fr_error
merge(struct sight *sight, size_t index)
{
    const struct identity_finding *found = &sight->verdict.findings[index];
    const struct identity_evidence *lead = &sight->evidence[sight->verdict.lead];
    const struct identity_evidence *key = &sight->evidence[index];
    Fr__CustomersMerged merged = FR__CUSTOMERS_MERGED__INIT;
    Fr__Reason one = reason_of(found->rule, found->reason, lead->type, lead->value);
    Fr__Reason other = reason_of(found->rule, found->reason, key->type, key->value);
    Fr__Reason *reasons[] = {&one, &other};

    merged.survivor = found->survivor;
    merged.merged = found->merged;
    merged.reasons = reasons;
    merged.n_reasons = 2;
    fr_count(sight->turn, IDENTITY_MERGED, 1);
    return say(sight, found->survivor, &merged.base);
}

static enum fr_error
attach(const struct sight *sight, size_t index, bool unverified)
{
    const struct identity_finding *found = &sight->verdict.findings[index];
    const struct identity_evidence *key = &sight->evidence[index];
    Fr__KeyAttached attached = FR__KEY_ATTACHED__INIT;
    Fr__Reason why = reason_of(found->rule, found->reason, key->type, key->value);
    Fr__Reason *reasons[] = {&why};
    /* A key that is only proven better stays with the origin that brought it. */
    uint64_t origin =
        found->action == IDENTITY_ATTACH && key->origin != 0 ? key->origin : sight->origin;

    attached.customer_id = sight->customer;
    attached.type = (char *)key->type;
    attached.value = (char *)key->value;
    attached.raw = (char *)key->raw;
    attached.assurance = key->assurance;
    attached.unverified = unverified;
    attached.has_origin = origin != sight->customer;
    attached.origin = origin;
    attached.reasons = reasons;
    attached.n_reasons = 1;
    return say(sight, sight->customer, &attached.base);
}

/* A person should look at this pair.  Said once. */
static enum fr_error
suggest(const struct sight *sight, uint64_t other, size_t index)
{
    const struct identity_finding *found = &sight->verdict.findings[index];
    const struct identity_evidence *key = &sight->evidence[index];
    Fr__SuggestionMade suggestion = FR__SUGGESTION_MADE__INIT;
    Fr__Reason why = reason_of(found->rule, found->reason, key->type, key->value);
    Fr__Reason *reasons[] = {&why};

    if (other == 0 || other == sight->customer ||
        identity_suggested(sight->turn->view, sight->customer, other))
        return FR_OK;
    suggestion.customer_a = sight->customer;
    suggestion.customer_b = other;
    suggestion.reasons = reasons;
    suggestion.n_reasons = 1;
    fr_count(sight->turn, IDENTITY_SUGGESTED, 1);
    return say(sight, sight->customer, &suggestion.base);
}

/* Others who claimed this key.  Beyond fan_out of them it is no hint any more (a public computer, a
 * typo that many make), so nobody is suggested. */
static enum fr_error
suggest_claimers(const struct sight *sight, size_t index)
{
    const struct identity_evidence *key = &sight->evidence[index];
    uint64_t origins[101]; /* fan_out is at most 100 */
    struct identity_key_row row;
    size_t count;
    enum fr_error err = identity_key_get(sight->turn->view, key->type, key->value, &row);

    if (err == FR_NOT_FOUND || (err == FR_OK && row.claims == 0))
        return FR_OK;
    if (err != FR_OK || row.claims > sight->config->fan_out)
        return err;
    err = identity_claimers(sight->turn->view, key->type, key->value, origins, 101, &count);
    for (size_t i = 0; err == FR_OK && i < count; i++) {
        struct identity_customer customer;
        uint64_t root;

        err = identity_root_get(sight->turn->view, origins[i], &root, &customer);
        if (err == FR_OK)
            err = suggest(sight, root, index);
    }
    return err;
}

static enum fr_error
remember(const struct sight *sight, size_t index)
{
    const struct identity_finding *found = &sight->verdict.findings[index];
    const struct identity_evidence *key = &sight->evidence[index];
    Fr__KeyRemembered remembered = FR__KEY_REMEMBERED__INIT;
    Fr__Reason why = reason_of(found->rule, found->reason, key->type, key->value);
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
    remembered.reasons = reasons;
    remembered.n_reasons = 1;
    err = say(sight, sight->customer, &remembered.base);
    return err == FR_OK ? suggest_claimers(sight, index) : err;
}

/* Said once per customer, kind and key: a conflict that stands does not repeat with every message.
 */
static enum fr_error
conflict(const struct sight *sight, const char *kind, uint64_t other, size_t index)
{
    const struct identity_finding *found = &sight->verdict.findings[index];
    const struct identity_evidence *key = &sight->evidence[index];
    const struct identity_conflict name = {
        .kind = kind, .a = sight->customer, .b = other, .type = key->type, .value = key->value};
    Fr__ConflictFound event = FR__CONFLICT_FOUND__INIT;
    Fr__Reason why = reason_of(found->rule, found->reason, key->type, key->value);
    Fr__Reason *reasons[] = {&why};

    if (identity_conflict_known(sight->turn->view, &name))
        return FR_OK;
    event.kind = (char *)kind;
    event.customer_a = sight->customer;
    event.has_customer_b = other != 0;
    event.customer_b = other;
    event.key_type = (char *)key->type;
    event.key_value = (char *)key->value;
    event.reasons = reasons;
    event.n_reasons = 1;
    fr_count(sight->turn, IDENTITY_CONFLICTS, 1);
    return say(sight, sight->customer, &event.base);
}

static enum fr_error
follow(struct sight *sight, size_t index)
{
    const struct identity_evidence *key = &sight->evidence[index];
    enum fr_error err = FR_OK;

    switch (sight->verdict.findings[index].action) {
    case IDENTITY_NOTHING:
    case IDENTITY_MERGE: /* done before everything else */
        return FR_OK;
    case IDENTITY_ATTACH:
        err = attach(sight, index, false);
        return err == FR_OK ? suggest_claimers(sight, index) : err;
    case IDENTITY_ATTACH_UNVERIFIED:
        err = attach(sight, index, true);
        return err == FR_OK ? suggest_claimers(sight, index) : err;
    case IDENTITY_REMEMBER:
        return remember(sight, index);
    case IDENTITY_SUGGEST:
        err = remember(sight, index);
        return err == FR_OK ? suggest(sight, key->root, index) : err;
    case IDENTITY_TAKE: /* the old holder becomes one of those who claimed it */
        err = attach(sight, index, false);
        return err == FR_OK ? suggest_claimers(sight, index) : err;
    case IDENTITY_POINT_OUT:
        return suggest(sight, key->root, index);
    case IDENTITY_EXCLUDE:
        return conflict(sight, "exclusive_key", key->root, index);
    case IDENTITY_SUSPECT:
        err = conflict(sight, "spoof_suspect", key->root, index);
        return err == FR_OK ? suggest(sight, key->root, index) : err;
    }
    return err;
}

/* Keys to evidence to verdict to events, up to the point where the customer is known. */
static enum fr_error
resolve(struct sight *sight, Fr__Key **keys, size_t key_count, const char *address)
{
    enum fr_error err = FR_OK;

    for (size_t i = 0; err == FR_OK && i < key_count; i++)
        err = take_key(sight, keys[i], address);
    if (err == FR_OK)
        err = look_up_exclusives(sight);
    if (err != FR_OK)
        return err;
    identity_resolve(sight->evidence, sight->count, &sight->verdict);
    sight->customer = sight->verdict.root;
    sight->origin = sight->verdict.origin;
    if (sight->customer == 0)
        err = create(sight);
    for (size_t i = 0; err == FR_OK && i < sight->count; i++)
        if (sight->verdict.findings[i].action == IDENTITY_MERGE)
            err = merge(sight, i);
    for (size_t i = 0; err == FR_OK && i < sight->count; i++)
        err = follow(sight, i);
    if (err == FR_OK && sight->verdict.lead < 0)
        explain(sight, sight->verdict.rule, sight->verdict.reason, NULL, NULL);
    for (size_t i = 0; err == FR_OK && i < sight->count; i++) {
        const struct identity_finding *found = &sight->verdict.findings[i];
        bool led = (int)i == sight->verdict.lead;

        explain(sight, led ? sight->verdict.rule : found->rule,
                led ? sight->verdict.reason : found->reason, sight->evidence[i].type,
                sight->evidence[i].value);
    }
    fr_count(sight->turn, IDENTITY_OBSERVATIONS, 1);
    fr_count(sight->turn, IDENTITY_UNVERIFIED, sight->verdict.unverified);
    return err;
}

static void
begin(struct sight *sight, struct fr_turn *turn, const struct fr_record *input, const char *channel,
      const char *name)
{
    sight->turn = turn;
    sight->input = input;
    sight->config = turn->config;
    sight->channel = identity_channel_find(turn->config, channel);
    sight->name = name != NULL && name[0] != '\0' ? name : NULL;
    sight->count = sight->reason_count = 0;
}

/* I8: what he says of himself may be what another customer says; a name alone never is. */
static enum fr_error
suggest_alike(const struct sight *sight, const Fr__Attributes *said)
{
    static const struct identity_alike_order order = {.link = false};
    uint64_t customer;

    return said == NULL
               ? FR_OK
               : identity_follow_alike(sight->turn, sight->input, sight->origin, &order, &customer);
}

/* MessageReceived: who said it?
 *
 * Reads keys, customers; exclusive and claimers only where they can matter.  Emits CustomerCreated,
 * CustomersMerged, KeyAttached, KeyRemembered, SuggestionMade, ConflictFound as it follows, and
 * exactly one MessageIdentified.
 * Sent twice: the channel writes it once per external id; another copy would resolve to the same
 * customer under the same message_id, by which conversations knows it.
 */
enum fr_error
identity_decide_message_received(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__MessageReceived *received = fr_unpack(turn, input, &fr__message_received__descriptor);
    Fr__MessageIdentified identified = FR__MESSAGE_IDENTIFIED__INIT;
    struct sight sight;
    enum fr_error err;

    if (received == NULL)
        return fr_reject(turn, input, "MessageReceived does not decode");
    begin(&sight, turn, input, received->channel, received->name);
    err = resolve(&sight, received->keys, received->n_keys, received->address);
    if (err != FR_OK)
        return err;
    identified.customer_id = sight.customer;
    identified.has_origin = sight.origin != sight.customer;
    identified.origin = sight.origin;
    identified.unverified = sight.verdict.unverified;
    identified.message = (Fr__MessageReceived *)received;
    identified.message_id = input->head->id;
    identified.reasons = sight.reason_list;
    identified.n_reasons = sight.reason_count;
    err = say(&sight, sight.customer, &identified.base);
    return err == FR_OK ? suggest_alike(&sight, received->attributes) : err;
}

/* VisitorIdentified: somebody proved who he is without saying anything.
 *
 * Reads and emits as above, and exactly one VisitorRecognized instead of MessageIdentified.
 * Sent twice: nothing is attached twice; the channel hears the same answer again.
 */
enum fr_error
identity_decide_visitor_identified(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__VisitorIdentified *visitor =
        fr_unpack(turn, input, &fr__visitor_identified__descriptor);
    Fr__VisitorRecognized recognized = FR__VISITOR_RECOGNIZED__INIT;
    struct sight sight;
    enum fr_error err;

    if (visitor == NULL)
        return fr_reject(turn, input, "VisitorIdentified does not decode");
    begin(&sight, turn, input, visitor->channel, visitor->name);
    err = resolve(&sight, visitor->keys, visitor->n_keys, visitor->address);
    if (err != FR_OK)
        return err;
    recognized.customer_id = sight.customer;
    recognized.has_origin = sight.origin != sight.customer;
    recognized.origin = sight.origin;
    recognized.has_unverified = sight.verdict.unverified;
    recognized.unverified = sight.verdict.unverified;
    recognized.channel = visitor->channel;
    recognized.account = visitor->account;
    recognized.address = visitor->address;
    recognized.name = (char *)sight.name;
    recognized.attributes = visitor->attributes;
    recognized.has_observation_id = true;
    recognized.observation_id = input->head->id;
    recognized.reasons = sight.reason_list;
    recognized.n_reasons = sight.reason_count;
    err = say(&sight, sight.customer, &recognized.base);
    return err == FR_OK ? suggest_alike(&sight, visitor->attributes) : err;
}

/* A submitter is told who it is. */
static void
answer(struct fr_turn *turn, uint64_t customer, uint64_t observation)
{
    char customer_text[FR_ID_TEXT_SIZE], observation_text[FR_ID_TEXT_SIZE];

    fr_answer_json(turn,
                   json_pack("{s:s, s:s}", "customer_id", fr_id_format(customer, customer_text),
                             "observation_id", fr_id_format(observation, observation_text)));
}

/* The row was imported before: its customer as he is known now. */
static enum fr_error
answer_again(struct fr_turn *turn, const struct identity_imported *imported)
{
    struct identity_customer customer;
    uint64_t root = imported->origin;
    enum fr_error err = identity_root_get(turn->view, imported->origin, &root, &customer);

    if (err == FR_OK)
        answer(turn, root, imported->observation);
    return err;
}

/* ObservationImported: a register's row.  Channel "import": not live, and no answer goes anywhere.
 *
 * Reads and emits as above, imported; exactly one ObservationResolved.
 * Sent twice: (source, external_id) is known, and the answer is given again.
 */
enum fr_error
identity_decide_observation_imported(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__ObservationImported *row =
        fr_unpack(turn, input, &fr__observation_imported__descriptor);
    Fr__ObservationResolved resolved = FR__OBSERVATION_RESOLVED__INIT;
    struct identity_alike_order order = {0};
    struct identity_imported imported;
    struct sight sight;
    Fr__Attributes room;
    const Fr__Attributes *said;
    enum fr_error err = FR_NOT_FOUND;

    if (row == NULL)
        return fr_reject(turn, input, "ObservationImported does not decode");
    if ((row->source == NULL) != (row->external_id == NULL) ||
        (row->source != NULL && strlen(row->source) + strlen(row->external_id) > 400))
        return fr_reject(turn, input,
                         "a row is known by its source and its id there, at most 400 bytes");
    if (row->source != NULL)
        err = identity_imported_get(turn->view, row->source, row->external_id, &imported);
    if (err != FR_NOT_FOUND)
        return err == FR_OK ? answer_again(turn, &imported) : err;
    said = identity_register_says(turn, row->attributes, row->birth_formats, &room);
    begin(&sight, turn, input, "import", said != NULL ? said->name : NULL);
    resolved.observation_id = input->head->id != 0 ? input->head->id : fr_next_id(turn);
    err = resolve(&sight, row->keys, row->n_keys, "");
    if (err != FR_OK)
        return err;
    resolved.customer_id = sight.customer;
    resolved.has_origin = sight.origin != sight.customer;
    resolved.origin = sight.origin;
    resolved.unverified = sight.verdict.unverified;
    resolved.source = row->source;
    resolved.external_id = row->external_id;
    resolved.attributes = (Fr__Attributes *)said;
    resolved.reasons = sight.reason_list;
    resolved.n_reasons = sight.reason_count;
    order.link = row->has_link_alike && row->link_alike;
    err = say(&sight, sight.customer, &resolved.base);
    if (err == FR_OK && said != NULL)
        err = identity_follow_alike(turn, input, sight.origin, &order, &sight.customer);
    answer(turn, sight.customer, resolved.observation_id);
    return err;
}
