/* resolve.h - one observation in, exactly one customer out: rules I3, I4, I5 and the veto of I2.
 *
 * Pure: the caller looks every key up (decide.c), this judges, the caller emits.  The order in
 * which the observation names its keys does not matter: they are ranked first.
 */
#ifndef FR_IDENTITY_RESOLVE_H
#define FR_IDENTITY_RESOLVE_H

#include "services/identity/key.h"
#include "services/identity/tables.h"

#define IDENTITY_KEYS_MAX                                                                          \
    16 /* per observation; what comes beyond is not judged, and a reason says so */

struct identity_evidence {          /* one key of the observation, and who holds it today */
    const char *type, *value, *raw; /* value in normal form */
    enum identity_class class;
    Fr__Assurance assurance;
    bool answers;          /* the answer to this observation goes to this key */
    uint64_t origin, root; /* its holder; 0: nobody */
    int64_t root_created_us;
    bool unverified;                             /* the holder has it by I4 only */
    Fr__Assurance held;                          /* assurance of the holding */
    uint32_t root_strong_keys;                   /* proven keys of the holder's group */
    const struct identity_exclusive *exclusives; /* accounts and log-ins of the holder's group */
    size_t exclusive_count;
};

enum identity_action {
    IDENTITY_NOTHING,           /* held by this customer, or nothing to do */
    IDENTITY_ATTACH,            /* this customer's from now on, with its assurance */
    IDENTITY_ATTACH_UNVERIFIED, /* likewise, marked: the answer goes to it */
    IDENTITY_REMEMBER,          /* a claim: kept beside the customer */
    IDENTITY_SUGGEST,           /* a claim, and its holder may be the same person */
    IDENTITY_TAKE,              /* attach, away from a holder who had no proof; suggest him */
    IDENTITY_POINT_OUT,         /* vouched for, but held by another: suggest him, attach nothing */
    IDENTITY_MERGE,             /* its holder joins this customer */
    IDENTITY_EXCLUDE,           /* an exclusive value forbids it: conflict exclusive_key */
    IDENTITY_SUSPECT,           /* failed authentication: conflict spoof_suspect */
};

struct identity_finding { /* what follows from evidence [same index] */
    enum identity_action action;
    uint64_t survivor, merged; /* MERGE: in this order */
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

/* Ranks evidence[0 .. count - 1] in place (proven before vouched for before claimed; account and
 * log-in before personal keys before lines; then by value), then judges.  Allocates nothing. */
void identity_resolve(struct identity_evidence *evidence, size_t count,
                      struct identity_verdict *verdict);

#endif
