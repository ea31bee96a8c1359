/* alike.h - which customers may be the same person as this one, by what is said of them?
 *
 *     person -> blocks -> origins -> customers -> each weighed as a whole -> best first
 *
 * A customer is compared by all values that any of its origins has, the best of each field, and
 * joins another only if the mean over all pairs of their origins holds as well and no veto stands:
 * a chain of good pairs does not carry strangers into one customer. Which origins make up a
 * customer is the caller's to say, so that tests and benchmarks need no forest.
 */
#ifndef FR_IDENTITY_ALIKE_H
#define FR_IDENTITY_ALIKE_H

#include "services/identity/index.h"
#include "services/identity/match.h"

#define IDENTITY_MEMBERS_MAX 16      /* origins of one customer that are compared */
#define IDENTITY_CANDIDATES_MAX 1024 /* origins looked at for one person */

struct identity_forest { /* who belongs to whom */
    void *context;
    enum fr_error (*root)(void *context, uint64_t origin, uint64_t *root);
    /* Up to `max` origins of the customer, any order that does not change by itself. */
    enum fr_error (*members)(void *context, uint64_t root, uint64_t *origins, size_t max,
                             size_t *count);
};

enum identity_alike_verdict {
    IDENTITY_ALIKE_NOT,     /* no more than chance, or contradicted */
    IDENTITY_ALIKE_SUGGEST, /* a person should look (I8) */
    IDENTITY_ALIKE_LINK,    /* enough for import mode */
};

struct identity_alike { /* one customer that may be the same person */
    uint64_t root;
    double weight;  /* bits, best of each field */
    double mean;    /* bits, over pairs of origins */
    size_t members; /* that were compared */
    struct identity_likeness likeness;
    enum identity_alike_verdict verdict;
    const char *reason; /* constant: what the verdict rests on, or what speaks against a link */
    bool by_rule;       /* I8 itself asks for a person's look */
    bool claimed;       /* nobody vouches for what is said of one of them: no link */
};

struct identity_alike_look {
    const struct fr_view *view;
    const struct identity_weights *weights;
    struct identity_forest forest;
    size_t candidates; /* out: origins that were compared */
};

/* Customers that may be the same person as the customer of `origin`, looked for under the origin's
 * own keys: verdict SUGGEST or LINK, best first, at most `max`.  FR_NO_MEMORY; errors of the
 * tables. */
enum fr_error identity_alike_find(struct identity_alike_look *look, uint64_t origin,
                                  struct identity_alike *found, size_t max, size_t *count);

/* The same for a person who is not in the tables: `person` is compared as a customer of one origin.
 */
enum fr_error identity_alike_person(struct identity_alike_look *look,
                                    const struct identity_packed *person,
                                    struct identity_alike *found, size_t max, size_t *count);

#endif
