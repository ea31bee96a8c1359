/* resolve.h - one observation in, exactly one customer out: rules I3 to I7 and I9.
 *
 * Pure: the caller looks every key up (sight.c), this judges, the caller says what follows.  The
 * order in which the observation names its keys does not matter: they are ranked first.
 */
#ifndef FR_IDENTITY_RESOLVE_H
#define FR_IDENTITY_RESOLVE_H

#include "services/identity/group.h"
#include "services/identity/key.h"

#define IDENTITY_KEYS_MAX                                                                          \
    16 /* per observation; what comes beyond is not judged, and a reason says so */
#define IDENTITY_HOLDERS_MAX                                                                       \
    32 /* customers that hold one key and are looked at; fan_out is below */

struct identity_holder { /* one customer who holds a key */
    uint64_t origin, root;
    int64_t root_created_us;
    uint32_t root_strong_keys;
    Fr__Assurance assurance; /* of the holding */
    bool unverified;         /* it is held by I4 only */
    enum identity_fit fit;   /* of the observation's name with the customer's */
    bool birth_differs;
    const struct identity_group *group; /* NULL where nothing could contradict */
};

struct identity_evidence {          /* one key of the observation, and who holds it today */
    const char *type, *value, *raw; /* value in normal form */
    enum identity_class class;
    Fr__Assurance assurance;
    bool answers;                    /* the answer to this observation goes to this key */
    bool shared;                     /* I7: it neither links nor suggests */
    bool dormant;                    /* I9: it was silent for long enough to have a new owner */
    bool crowded;                    /* claimed by so many that another claim suggests nothing */
    struct identity_holder *holders; /* the oldest first */
    size_t holder_count;
    bool new_name, turns_shared; /* the caller's: what this observation's name does to the key */
};

/* What stands against linking two customers, looked up by the caller. */
typedef bool identity_apart_fn(void *context, const struct identity_group *a,
                               const struct identity_group *b);

struct identity_scene {
    struct identity_evidence *evidence; /* ranked in place */
    size_t count;
    bool named;               /* the observation says a name */
    identity_apart_fn *apart; /* does a cannot-link stand between them? */
    void *context;
};

enum identity_action {
    IDENTITY_NOTHING,             /* held by this customer, or nothing to do */
    IDENTITY_ATTACH,              /* this customer holds it from now on, perhaps beside others */
    IDENTITY_ATTACH_UNVERIFIED,   /* likewise, marked: the answer goes to it */
    IDENTITY_REMEMBER,            /* kept beside the customer; it leads to nobody */
    IDENTITY_TAKE,                /* attach, away from holders who had no proof */
    IDENTITY_REASSIGN,            /* attach, away from holders who are long silent (I9) */
    IDENTITY_REASSIGN_UNVERIFIED, /* likewise, marked */
    IDENTITY_MERGE,               /* its holder joins this customer */
};

struct identity_finding { /* what follows from evidence [same index] */
    enum identity_action action;
    uint64_t origin;           /* ATTACH of a key that this customer has already: who holds it */
    uint64_t survivor, merged; /* MERGE: in this order */
    const char *conflict;      /* kind, or NULL */
    uint32_t against;          /* bit set of holders whom the conflict concerns */
    uint32_t suggest;          /* bit set of holders whom a person should compare */
    const char *rule;          /* "I4" */
    const char *reason;        /* constant */
};

struct identity_verdict {
    uint64_t root;   /* after the merges; 0: a new customer */
    uint64_t origin; /* whose key led there; new keys are put beside it; 0: the new customer */
    bool unverified; /* nothing proven stands behind it */
    const char *rule, *reason; /* why this customer */
    int lead;                  /* index of the evidence that led; -1: none */
    struct identity_finding findings[IDENTITY_KEYS_MAX];
};

/* Ranks the evidence (proven before vouched for before claimed; account and log-in before personal
 * keys before lines; then by value), then judges.  Allocates nothing. */
void identity_resolve(const struct identity_scene *scene, struct identity_verdict *verdict);

/* Vouched for by somebody else than the person himself. */
static inline bool
identity_strong(Fr__Assurance assurance)
{
    return assurance == FR__ASSURANCE__VERIFIED || assurance == FR__ASSURANCE__NETWORK;
}

/* Kinds of conflicts. */
extern const char identity_exclusive_key[], identity_cannot_link[], identity_birth_differs[],
    identity_key_reassigned[], identity_spoof_suspect[];

/* I6: may these two be one?  NULL, or the kind of the conflict. */
const char *identity_veto(const struct identity_group *a, const struct identity_group *b,
                          bool apart);

#endif
