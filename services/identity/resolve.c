/* resolve.c - one observation in, exactly one customer out. */
#include "services/identity/resolve.h"

const char identity_exclusive_key[] = "exclusive_key";
const char identity_cannot_link[] = "cannot_link";
const char identity_birth_differs[] = "birth_date";
const char identity_key_reassigned[] = "key_reassigned";
const char identity_spoof_suspect[] = "spoof_suspect";

struct matter { /* the observation, and the customer as he takes shape */
    const struct identity_scene *scene;
    const struct identity_evidence *evidence;
    size_t count;
    struct identity_verdict *verdict;
    int64_t root_created_us;
    bool verified; /* a verified key of this observation is the customer's */
    const struct identity_holder *members[IDENTITY_KEYS_MAX]; /* whose groups are one now */
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
    return identity_strong(evidence->assurance);
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

/* ---- holders ---- */

/* A proof is not weakened by those who hold the key by I4 only. */
static bool
counts(const struct identity_evidence *key, const struct identity_holder *holder)
{
    return !strong(key) || !holder->unverified;
}

/* A line key with another name is a household; a person's key with another date of birth is
 * father and son.  An account or a log-in is its customer's whatever is said beside it. */
static bool
contradicted(const struct identity_evidence *key, const struct identity_holder *holder)
{
    if (key->class == IDENTITY_EXCLUSIVE)
        return false;
    return holder->birth_differs ||
           (key->class == IDENTITY_LINE && holder->fit == IDENTITY_DIFFERS);
}

static size_t
holders_that_count(const struct identity_evidence *key)
{
    size_t count = 0;

    for (size_t i = 0; i < key->holder_count; i++)
        count += counts(key, &key->holders[i]);
    return count;
}

/* The one customer that this key leads to, or NULL: its only holder unless he is contradicted; of
 * several the one whom the name picks (I7). */
static const struct identity_holder *
leads_to(const struct identity_evidence *key)
{
    const struct identity_holder *only = NULL, *picked = NULL;
    size_t total = holders_that_count(key), fitting = 0;

    for (size_t i = 0; !key->shared && i < key->holder_count; i++) {
        const struct identity_holder *holder = &key->holders[i];

        if (!counts(key, holder) || contradicted(key, holder))
            continue;
        only = holder;
        if (holder->fit == IDENTITY_FITS) {
            picked = holder;
            fitting++;
        }
    }
    if (total == 1)
        return only;
    return fitting == 1 ? picked : NULL;
}

/* Last resort of a proven key: who holds it by I4 and has nothing proven at all never was more than
 * this key.  Had he anything else, the claim would link (I5). */
static const struct identity_holder *
leads_to_shell(const struct identity_evidence *key)
{
    const struct identity_holder *picked = NULL;
    size_t fitting = 0;

    for (size_t i = 0; !key->shared && i < key->holder_count; i++) {
        const struct identity_holder *holder = &key->holders[i];

        if (!holder->unverified || holder->root_strong_keys != 0 || contradicted(key, holder) ||
            (key->holder_count > 1 && holder->fit != IDENTITY_FITS))
            continue;
        picked = holder;
        fitting++;
    }
    return fitting == 1 ? picked : NULL;
}

/* ---- exclusive values: an account or a log-in has one value per customer (and brand) ---- */

/* Do the accounts and log-ins proven in this observation speak against that holder? */
static bool
observation_excludes(const struct matter *matter, const struct identity_holder *holder)
{
    for (size_t i = 0; holder->group != NULL && i < matter->count; i++) {
        const struct identity_evidence *own = &matter->evidence[i];

        if (strong(own) && own->class == IDENTITY_EXCLUSIVE && !own->shared &&
            identity_group_excludes(holder->group, own->type, own->value))
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
        if (matter->members[i]->group != NULL &&
            identity_group_excludes(matter->members[i]->group, value->type, value->value))
            return true;
    for (size_t i = 0; i < index; i++)
        if (matter->evidence[i].class == IDENTITY_EXCLUSIVE && strong(&matter->evidence[i]) &&
            matter->verdict->findings[i].conflict == NULL &&
            identity_values_exclude(matter->evidence[i].type, matter->evidence[i].value,
                                    value->type, value->value))
            return true;
    return false;
}

/* ---- vetoes (I6) ---- */

const char *
identity_veto(const struct identity_group *a, const struct identity_group *b, bool apart)
{
    if (apart)
        return identity_cannot_link;
    if (identity_groups_exclude(a, b))
        return identity_exclusive_key;
    return identity_groups_birth_differ(a, b) ? identity_birth_differs : NULL;
}

/* Checked against everybody who belongs to the customer already, so that a chain cannot smuggle two
 * accounts together. */
static const char *
vetoed(const struct matter *matter, const struct identity_holder *other)
{
    if (observation_excludes(matter, other))
        return identity_exclusive_key;
    for (size_t i = 0; i < matter->member_count; i++) {
        const struct identity_group *member = matter->members[i]->group;
        const char *kind;

        if (member == NULL || other->group == NULL)
            continue;
        kind = identity_veto(member, other->group,
                             matter->scene->apart(matter->scene->context, member, other->group));
        if (kind != NULL)
            return kind;
    }
    return other->birth_differs ? identity_birth_differs : NULL;
}

/* Of the customer as he is, or of the observation where he is new, with that holder. */
static enum identity_fit
names_with(const struct matter *matter, const struct identity_holder *other)
{
    enum identity_fit fit = other->fit;

    for (size_t i = 0; fit == IDENTITY_FIT_UNKNOWN && i < matter->member_count; i++)
        if (matter->members[i]->group != NULL && other->group != NULL)
            fit = identity_groups_name_fit(matter->members[i]->group, other->group);
    return fit;
}

/* ---- who leads ---- */

static int
strong_lead(const struct matter *matter, const struct identity_holder **who)
{
    int conflicting = -1;

    for (size_t i = 0; i < matter->count && strong(&matter->evidence[i]); i++) {
        const struct identity_holder *holder = leads_to(&matter->evidence[i]);

        if (holder == NULL)
            continue;
        *who = holder;
        if (!observation_excludes(matter, holder))
            return (int)i;
        if (conflicting < 0 && matter->evidence[i].class == IDENTITY_EXCLUSIVE)
            conflicting = (int)i; /* two accounts at once: the first names its customer directly */
    }
    if (conflicting >= 0) {
        *who = leads_to(&matter->evidence[conflicting]);
        return conflicting;
    }
    for (size_t i = 0; i < matter->count && strong(&matter->evidence[i]); i++)
        if ((*who = leads_to_shell(&matter->evidence[i])) != NULL)
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
        if (matter->evidence[i].assurance == FR__ASSURANCE__CLAIMED &&
            matter->evidence[i].answers && !matter->evidence[i].shared)
            return (int)i;
    return -1;
}

static void
follow(struct matter *matter, int index, const struct identity_holder *holder)
{
    matter->verdict->lead = index;
    if (holder == NULL)
        return;
    matter->verdict->root = holder->root;
    matter->verdict->origin = holder->origin;
    matter->root_created_us = holder->root_created_us;
    matter->verified = matter->evidence[index].assurance == FR__ASSURANCE__VERIFIED;
    matter->members[matter->member_count++] = holder;
}

static void
say(struct identity_verdict *verdict, bool unverified, const char *rule, const char *reason)
{
    verdict->unverified = unverified;
    verdict->rule = rule;
    verdict->reason = reason;
}

static void
choose_claimed(struct matter *matter, int lead)
{
    const struct identity_evidence *key = &matter->evidence[lead];
    const struct identity_holder *holder = leads_to(key);

    follow(matter, lead, holder);
    if (holder != NULL)
        say(matter->verdict, true, "I4",
            "a claimed key that this customer holds, and the answer goes to that key");
    else if (key->holder_count == 0)
        say(matter->verdict, true, "I4",
            "a claimed key that leads to nobody known; the answer goes to that key");
    else
        say(matter->verdict, true, "I7",
            "a claimed key of others: what is said of the person picks none of them");
}

static void
choose(struct matter *matter)
{
    const struct identity_holder *holder = NULL;
    int lead = strong_lead(matter, &holder);

    if (lead >= 0) {
        follow(matter, lead, holder);
        say(matter->verdict, false, "I4",
            matter->verified ? "a verified key that this customer holds"
                             : "a key vouched for by its network, which this customer holds");
    } else if (any(matter, 0, 1)) {
        say(matter->verdict, false, "I1", "proven keys that lead to nobody known: a new customer");
    } else if (any(matter, 3, 3)) {
        say(matter->verdict, true, "I4", "authentication was tried and failed: a customer apart");
    } else if ((lead = claimed_lead(matter)) >= 0) {
        choose_claimed(matter, lead);
    } else {
        say(matter->verdict, true, "I1",
            "nothing proven and no key that an answer goes to: a new customer");
    }
}

/* ---- what follows for each key ---- */

static const struct identity_holder *
member_holding(const struct matter *matter, const struct identity_evidence *key)
{
    for (size_t i = 0; i < key->holder_count; i++)
        for (size_t m = 0; m < matter->member_count; m++)
            if (matter->members[m]->root == key->holders[i].root)
                return &key->holders[i];
    return NULL;
}

static struct identity_finding
finding(enum identity_action action, const char *rule, const char *reason)
{
    return (struct identity_finding){.action = action, .rule = rule, .reason = reason};
}

/* Holders of the key whom a person should compare: not those whom a name rules out on a line. */
static uint32_t
worth_a_look(const struct identity_evidence *key)
{
    uint32_t bits = 0;

    for (size_t i = 0; i < key->holder_count; i++)
        if (!(key->class == IDENTITY_LINE && key->holders[i].fit == IDENTITY_DIFFERS) &&
            (!key->holders[i].birth_differs || key->holders[i].fit == IDENTITY_FITS))
            bits |= UINT32_C(1) << i;
    return bits;
}

static uint32_t
all_holders(const struct identity_evidence *key)
{
    return key->holder_count == 0 ? 0 : UINT32_MAX >> (32 - key->holder_count);
}

static bool
all_differ(const struct identity_evidence *key)
{
    for (size_t i = 0; i < key->holder_count; i++)
        if (key->holders[i].fit != IDENTITY_DIFFERS)
            return false;
    return key->holder_count > 0;
}

/* I5: the older survives. */
static struct identity_finding
merge(struct matter *matter, const struct identity_holder *other)
{
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
    matter->members[matter->member_count++] = other;
    return found;
}

static const char *
veto_reason(const char *kind)
{
    if (kind == identity_cannot_link)
        return "a person said that these two are not one";
    if (kind == identity_birth_differs)
        return "the customers have different dates of birth";
    return "the customers have different accounts or log-ins";
}

/* The veto leaves a conflict and, where the names agree, a suggestion.  What is no account of the
 * other's is held by both from now on: it tells neither from the other. */
static struct identity_finding
veto(const struct matter *matter, const struct identity_evidence *key,
     const struct identity_holder *other, const char *kind)
{
    bool held_by_both = kind != identity_cannot_link && key->class != IDENTITY_EXCLUSIVE;
    struct identity_finding found =
        finding(held_by_both ? IDENTITY_ATTACH : IDENTITY_NOTHING, "I6", veto_reason(kind));

    found.conflict = kind;
    found.against = UINT32_C(1) << (other - key->holders);
    if (names_with(matter, other) == IDENTITY_FITS)
        found.suggest = found.against;
    return found;
}

/* Has this observation something that tells its person from those who hold the key? */
static bool
stands_apart(const struct matter *matter, const struct identity_evidence *key)
{
    bool fits = false, contradicts = true;

    if (matter->member_count > 0)
        return true;
    for (size_t i = 0; i < matter->count; i++)
        if (&matter->evidence[i] != key && strong(&matter->evidence[i]) &&
            !matter->evidence[i].shared && matter->evidence[i].holder_count == 0)
            return true;
    for (size_t i = 0; i < key->holder_count; i++) {
        fits =
            fits || (key->holders[i].fit == IDENTITY_FITS && !contradicted(key, &key->holders[i]));
        contradicts = contradicts && key->holders[i].birth_differs;
    }
    return (matter->scene->named && !fits) || contradicts;
}

/* The first of the holders who are out of the question for another reason than a name. */
static void
note_contradictions(const struct matter *matter, const struct identity_evidence *key,
                    struct identity_finding *found)
{
    for (size_t i = 0; i < key->holder_count; i++) {
        const char *kind = observation_excludes(matter, &key->holders[i]) ? identity_exclusive_key
                           : key->holders[i].birth_differs                ? identity_birth_differs
                                                                          : NULL;

        if (kind == NULL || !counts(key, &key->holders[i]))
            continue;
        if (found->conflict == NULL)
            found->conflict = kind;
        if (found->conflict == kind)
            found->against |= UINT32_C(1) << i;
        if (key->holders[i].fit != IDENTITY_FITS)
            found->suggest &= ~(UINT32_C(1) << i);
    }
}

/* Held by others, and it leads to none of them: a household, a new owner, or nobody can tell. */
static struct identity_finding
judge_undecided(const struct matter *matter, const struct identity_evidence *key, bool proven)
{
    struct identity_finding found;

    if (key->class == IDENTITY_LINE && all_differ(key)) {
        if (!key->dormant)
            return finding(proven ? IDENTITY_ATTACH : IDENTITY_ATTACH_UNVERIFIED, "I7",
                           "a line with another name: several persons share it");
        found = finding(proven ? IDENTITY_REASSIGN : IDENTITY_REASSIGN_UNVERIFIED, "I9",
                        "another name on a line that was silent for long: it has a new owner");
        found.conflict = identity_key_reassigned;
        found.against = all_holders(key);
        return found;
    }
    found = finding(IDENTITY_REMEMBER, "I7", "others hold it, and nothing picks one of them");
    if (stands_apart(matter, key))
        found.action = proven ? IDENTITY_ATTACH : IDENTITY_ATTACH_UNVERIFIED;
    found.suggest = worth_a_look(key);
    note_contradictions(matter, key, &found);
    return found;
}

static struct identity_finding
judge_exclusive(const struct matter *matter, const struct identity_evidence *key)
{
    struct identity_finding found =
        finding(IDENTITY_NOTHING, "I2", "this customer has another account or log-in");

    found.conflict = identity_exclusive_key;
    found.against = all_holders(key);
    for (size_t i = 0; i < key->holder_count; i++)
        if (names_with(matter, &key->holders[i]) == IDENTITY_FITS)
            found.suggest |= UINT32_C(1) << i;
    return found;
}

static struct identity_finding
judge_other(struct matter *matter, const struct identity_evidence *key,
            const struct identity_holder *other)
{
    const char *kind = vetoed(matter, other);
    struct identity_finding found;

    if (kind != NULL)
        return veto(matter, key, other, kind);
    if (key->class == IDENTITY_LINE && names_with(matter, other) == IDENTITY_DIFFERS)
        return finding(IDENTITY_ATTACH, "I7", "a line with another name: several persons share it");
    if (!matter->verified || key->assurance != FR__ASSURANCE__VERIFIED) {
        found = finding(IDENTITY_NOTHING, "I5", "a network's word is not enough to merge");
        found.suggest = UINT32_C(1) << (other - key->holders);
        return found;
    }
    return merge(matter, other);
}

static struct identity_finding
judge_strong(struct matter *matter, size_t index)
{
    const struct identity_evidence *key = &matter->evidence[index];
    const struct identity_holder *other = member_holding(matter, key);
    struct identity_finding found;

    if (other != NULL) {
        matter->verified = matter->verified || key->assurance == FR__ASSURANCE__VERIFIED;
        found = finding(IDENTITY_NOTHING, "I4", "this customer holds the key");
        if (strength(key->assurance) < strength(other->assurance) || other->unverified) {
            found = finding(IDENTITY_ATTACH, "I3", "this customer's key is proven better now");
            found.origin = other->origin;
        }
        return found;
    }
    if (key->shared)
        return finding(IDENTITY_NOTHING, "I7", "too many share it: it neither links nor suggests");
    if (key->class == IDENTITY_EXCLUSIVE && customer_excludes(matter, index))
        return judge_exclusive(matter, key);
    if (key->holder_count == 0)
        return finding(IDENTITY_ATTACH, "I4", "a proven key that nobody held");
    if (holders_that_count(key) == 0) {
        found = finding(IDENTITY_TAKE, "I5", "proven here; the other customer had only claimed it");
        found.suggest = worth_a_look(key);
        return found;
    }
    other = leads_to(key);
    return other != NULL ? judge_other(matter, key, other) : judge_undecided(matter, key, true);
}

static struct identity_finding
judge_claimed(const struct matter *matter, size_t index)
{
    const struct identity_evidence *key = &matter->evidence[index];
    struct identity_finding found =
        finding(IDENTITY_REMEMBER, "I4", "only claimed: it is remembered and leads to nobody");

    if (member_holding(matter, key) != NULL)
        return finding(IDENTITY_NOTHING, "I4", "this customer holds the key");
    if (key->shared)
        return finding(IDENTITY_NOTHING, "I7", "too many share it: it neither links nor suggests");
    if (key->answers && key->holder_count == 0 && !any(matter, 3, 3))
        return finding(IDENTITY_ATTACH_UNVERIFIED, "I4", "claimed, and the answer goes to it");
    if (matter->verdict->lead == (int)index)
        return judge_undecided(matter, key, false);
    if (key->holder_count > 0) {
        found.reason = "claimed, and held by another customer";
        found.suggest = key->crowded ? 0 : worth_a_look(key);
    }
    return found;
}

static struct identity_finding
judge_failed(const struct matter *matter, size_t index)
{
    const struct identity_evidence *key = &matter->evidence[index];
    struct identity_finding found;

    if (member_holding(matter, key) != NULL)
        return finding(IDENTITY_NOTHING, "I4", "failed here, though this customer holds the key");
    found = finding(IDENTITY_NOTHING, "I4", "authentication was tried for this key and failed");
    found.conflict = identity_spoof_suspect;
    found.against = all_holders(key);
    found.suggest = key->shared ? 0 : found.against;
    return found;
}

void
identity_resolve(const struct identity_scene *scene, struct identity_verdict *verdict)
{
    struct matter matter = {
        .scene = scene, .evidence = scene->evidence, .count = scene->count, .verdict = verdict};

    memset(verdict, 0, sizeof(*verdict));
    verdict->lead = -1;
    rank(scene->evidence, scene->count);
    choose(&matter);
    for (size_t i = 0; i < scene->count; i++) {
        if (strong(&scene->evidence[i]))
            verdict->findings[i] = judge_strong(&matter, i);
        else if (scene->evidence[i].assurance == FR__ASSURANCE__CLAIMED)
            verdict->findings[i] = judge_claimed(&matter, i);
        else
            verdict->findings[i] = judge_failed(&matter, i);
    }
}
