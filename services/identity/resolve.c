/* resolve.c - one observation in, exactly one customer out. */
#include "services/identity/resolve.h"

struct matter { /* the observation, and the customer as he takes shape */
    const struct identity_evidence *evidence;
    size_t count;
    struct identity_verdict *verdict;
    int64_t root_created_us;
    bool lead_verified;
    size_t members[IDENTITY_KEYS_MAX]; /* evidence whose holders' groups are one customer now */
    size_t member_count;
};

/* ---- rank ---- */

static int
strength(Fr__Assurance assurance)
{
    switch (assurance) {
    case FR__ASSURANCE__VERIFIED:
        return 0;
    case FR__ASSURANCE__NETWORK:
        return 1;
    case FR__ASSURANCE__CLAIMED:
        return 2;
    default:
        return 3;
    }
}

static bool
strong(const struct identity_evidence *evidence)
{
    return strength(evidence->assurance) <= 1;
}

static bool
before(const struct identity_evidence *a, const struct identity_evidence *b)
{
    int order = strength(a->assurance) - strength(b->assurance);

    if (order == 0)
        order = (int)a->class - (int)b->class;
    if (order == 0)
        order = strcmp(a->type, b->type);
    if (order == 0)
        order = strcmp(a->value, b->value);
    return order < 0;
}

static void
rank(struct identity_evidence *evidence, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct identity_evidence moved = evidence[i];
        size_t at = i;

        for (; at > 0 && before(&moved, &evidence[at - 1]); at--)
            evidence[at] = evidence[at - 1];
        evidence[at] = moved;
    }
}

/* ---- exclusive values: an account or a log-in has one value per customer (and brand) ---- */

static bool
excludes(const char *type_a, const char *value_a, const char *type_b, const char *value_b)
{
    return strcmp(type_a, type_b) == 0 && strcmp(value_a, value_b) != 0 &&
           fr_slice_equal(identity_key_space(value_a), identity_key_space(value_b));
}

/* Does the holder of `evidence` have a value that excludes this one? */
static bool
holder_excludes(const struct identity_evidence *evidence, const char *type, const char *value)
{
    for (size_t i = 0; i < evidence->exclusive_count; i++)
        if (excludes(evidence->exclusives[i].type, evidence->exclusives[i].value, type, value))
            return true;
    return false;
}

static bool
holders_exclude(const struct identity_evidence *a, const struct identity_evidence *b)
{
    for (size_t i = 0; i < b->exclusive_count; i++)
        if (holder_excludes(a, b->exclusives[i].type, b->exclusives[i].value))
            return true;
    return false;
}

/* Do the accounts and log-ins proven in this observation speak against that holder? */
static bool
observation_excludes(const struct matter *matter, const struct identity_evidence *holder)
{
    for (size_t i = 0; i < matter->count; i++) {
        const struct identity_evidence *own = &matter->evidence[i];

        if (strong(own) && own->class == IDENTITY_EXCLUSIVE &&
            holder_excludes(holder, own->type, own->value))
            return true;
    }
    return false;
}

/* Would this value contradict what the observation proved before it, or any member of the customer?
 */
static bool
customer_excludes(const struct matter *matter, size_t index)
{
    const struct identity_evidence *value = &matter->evidence[index];

    for (size_t i = 0; i < matter->member_count; i++)
        if (holder_excludes(&matter->evidence[matter->members[i]], value->type, value->value))
            return true;
    for (size_t i = 0; i < index; i++)
        if (matter->evidence[i].class == IDENTITY_EXCLUSIVE && strong(&matter->evidence[i]) &&
            matter->verdict->findings[i].action != IDENTITY_EXCLUDE &&
            excludes(matter->evidence[i].type, matter->evidence[i].value, value->type,
                     value->value))
            return true;
    return false;
}

/* The veto of I5, checked against everybody who belongs to the customer already, so that a chain
 * cannot smuggle two accounts together. */
static bool
vetoed(const struct matter *matter, const struct identity_evidence *other)
{
    if (observation_excludes(matter, other))
        return true;
    for (size_t i = 0; i < matter->member_count; i++)
        if (holders_exclude(&matter->evidence[matter->members[i]], other))
            return true;
    return false;
}

/* ---- who leads ---- */

/* A proven key leads to who holds it, unless he holds it by I4 only. */
static bool
leads(const struct identity_evidence *evidence)
{
    return strong(evidence) && evidence->root != 0 && !evidence->unverified;
}

/* Last resort of a proven key: who holds it by I4 and has nothing proven at all never was more than
 * this key.  Had he anything else, the claim would link (I5). */
static bool
leads_to_shell(const struct identity_evidence *evidence)
{
    return strong(evidence) && evidence->root != 0 && evidence->unverified &&
           evidence->root_strong_keys == 0;
}

static int
strong_lead(const struct matter *matter)
{
    int contradicted = -1;

    for (size_t i = 0; i < matter->count; i++) {
        if (!leads(&matter->evidence[i]))
            continue;
        if (!observation_excludes(matter, &matter->evidence[i]))
            return (int)i;
        if (contradicted < 0 && matter->evidence[i].class == IDENTITY_EXCLUSIVE)
            contradicted = (int)i; /* two accounts at once: the first names its customer directly */
    }
    if (contradicted >= 0)
        return contradicted;
    for (size_t i = 0; i < matter->count; i++)
        if (leads_to_shell(&matter->evidence[i]))
            return (int)i;
    return -1;
}

static bool
any(const struct matter *matter, int least, int most)
{
    for (size_t i = 0; i < matter->count; i++)
        if (strength(matter->evidence[i].assurance) >= least &&
            strength(matter->evidence[i].assurance) <= most)
            return true;
    return false;
}

static int
claimed_lead(const struct matter *matter)
{
    for (size_t i = 0; i < matter->count; i++)
        if (matter->evidence[i].assurance == FR__ASSURANCE__CLAIMED && matter->evidence[i].answers)
            return (int)i;
    return -1;
}

static void
follow(struct matter *matter, int index)
{
    const struct identity_evidence *lead = &matter->evidence[index];

    matter->verdict->lead = index;
    matter->verdict->root = lead->root;
    matter->verdict->origin = lead->origin;
    matter->root_created_us = lead->root_created_us;
    matter->lead_verified = lead->assurance == FR__ASSURANCE__VERIFIED;
    if (lead->root != 0)
        matter->members[matter->member_count++] = (size_t)index;
}

static void
say(struct identity_verdict *verdict, bool unverified, const char *rule, const char *reason)
{
    verdict->unverified = unverified;
    verdict->rule = rule;
    verdict->reason = reason;
}

static void
choose(struct matter *matter)
{
    struct identity_verdict *verdict = matter->verdict;
    int lead = strong_lead(matter);

    if (lead >= 0) {
        follow(matter, lead);
        say(verdict, false, "I4",
            matter->lead_verified ? "a verified key that this customer holds"
                                  : "a key vouched for by its network, which this customer holds");
    } else if (any(matter, 0, 1)) {
        say(verdict, false, "I1", "proven keys that lead to nobody known: a new customer");
    } else if (any(matter, 3, 3)) {
        say(verdict, true, "I4", "authentication was tried and failed: a customer apart");
    } else if ((lead = claimed_lead(matter)) >= 0) {
        follow(matter, lead);
        say(verdict, true, "I4",
            matter->verdict->root != 0
                ? "a claimed key that this customer holds, and the answer goes to that key"
                : "a claimed key that leads to nobody known; the answer goes to that key");
    } else {
        say(verdict, true, "I1",
            "nothing proven and no key that an answer goes to: a new customer");
    }
}

/* ---- what follows for each key ---- */

static bool
is_member(const struct matter *matter, const struct identity_evidence *evidence)
{
    for (size_t i = 0; i < matter->member_count; i++)
        if (evidence->root != 0 && matter->evidence[matter->members[i]].root == evidence->root)
            return true;
    return false;
}

static struct identity_finding
finding(enum identity_action action, const char *rule, const char *reason)
{
    return (struct identity_finding){.action = action, .rule = rule, .reason = reason};
}

/* I5: the older survives. */
static struct identity_finding
merge(struct matter *matter, size_t index)
{
    const struct identity_evidence *other = &matter->evidence[index];
    struct identity_verdict *verdict = matter->verdict;
    bool other_is_older =
        other->root_created_us < matter->root_created_us ||
        (other->root_created_us == matter->root_created_us && other->root < verdict->root);
    struct identity_finding found =
        finding(IDENTITY_MERGE, "I5", "one observation carries verified keys of both customers");

    found.survivor = other_is_older ? other->root : verdict->root;
    found.merged = other_is_older ? verdict->root : other->root;
    if (other_is_older)
        matter->root_created_us = other->root_created_us;
    verdict->root = found.survivor;
    matter->members[matter->member_count++] = index;
    return found;
}

static struct identity_finding
judge_strong(struct matter *matter, size_t index)
{
    const struct identity_evidence *key = &matter->evidence[index];
    bool better = strength(key->assurance) < strength(key->held) || key->unverified;

    if (is_member(matter, key))
        return better ? finding(IDENTITY_ATTACH, "I3", "this customer's key is proven better now")
                      : finding(IDENTITY_NOTHING, "I4", "this customer holds the key");
    if (key->class == IDENTITY_EXCLUSIVE && customer_excludes(matter, index))
        return finding(IDENTITY_EXCLUDE, "I2", "this customer has another account or log-in");
    if (key->root == 0)
        return finding(IDENTITY_ATTACH, "I4", "a proven key that nobody held");
    if (!leads(key))
        return finding(IDENTITY_TAKE, "I5", "proven here; the other customer had only claimed it");
    if (vetoed(matter, key))
        return finding(IDENTITY_EXCLUDE, "I6", "the customers have different accounts or log-ins");
    if (matter->verdict->root == 0 || !matter->lead_verified ||
        key->assurance != FR__ASSURANCE__VERIFIED)
        return finding(IDENTITY_POINT_OUT, "I5", "a network's word is not enough to merge");
    return merge(matter, index);
}

static struct identity_finding
judge_claimed(const struct matter *matter, size_t index)
{
    const struct identity_evidence *key = &matter->evidence[index];

    if (is_member(matter, key))
        return finding(IDENTITY_NOTHING, "I4", "this customer holds the key");
    if (key->answers && key->root == 0 && !any(matter, 3, 3))
        return finding(IDENTITY_ATTACH_UNVERIFIED, "I4", "claimed, and the answer goes to it");
    if (key->root != 0)
        return finding(IDENTITY_SUGGEST, "I4", "claimed, and held by another customer");
    return finding(IDENTITY_REMEMBER, "I4", "only claimed: it is remembered and leads to nobody");
}

static struct identity_finding
judge_failed(const struct matter *matter, size_t index)
{
    if (is_member(matter, &matter->evidence[index]))
        return finding(IDENTITY_NOTHING, "I4", "failed here, though this customer holds the key");
    return finding(IDENTITY_SUSPECT, "I4", "authentication was tried for this key and failed");
}

void
identity_resolve(struct identity_evidence *evidence, size_t count, struct identity_verdict *verdict)
{
    struct matter matter = {.evidence = evidence, .count = count, .verdict = verdict};

    memset(verdict, 0, sizeof(*verdict));
    verdict->lead = -1;
    rank(evidence, count);
    choose(&matter);
    for (size_t i = 0; i < count; i++) {
        if (strong(&evidence[i]))
            verdict->findings[i] = judge_strong(&matter, i);
        else if (evidence[i].assurance == FR__ASSURANCE__CLAIMED)
            verdict->findings[i] = judge_claimed(&matter, i);
        else
            verdict->findings[i] = judge_failed(&matter, i);
    }
}
