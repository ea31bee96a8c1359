/* identity.h - who is it?  Every observation comes out as exactly one customer, and says why.
 *
 * The rules are I1 to I5 and I13 of the identity contract; README.md tells them and draws the flow.
 * The failure that counts is the over-merge: one person's history shown to another.
 */
#ifndef FR_IDENTITY_IDENTITY_H
#define FR_IDENTITY_IDENTITY_H

#include "common/stage/stage.h"
#include "services/identity/weights.h"

extern const struct fr_stage identity_stage; /* identity.c */

/* ---- configuration (config.c) ---- */

struct identity_channel {   /* what a claim is worth there */
    const char *name;       /* the channel service's name */
    bool live;              /* the person talks with us now: a claim only suggests (I4) */
    const char *answers_to; /* type of the key that an answer goes to; "" when it goes to no key */
};

struct identity_provider { /* a mail provider's own idea of which addresses are one mailbox */
    const char *domain;    /* as an A-label, lower case */
    const char *same_as;   /* "" or the domain that stands for both */
    bool drop_dots;
    bool drop_tag;
};

struct identity_region {            /* one numbering plan; see phone.h */
    const char *region;             /* ISO 3166 alpha 2 */
    const char *calling_code;       /* "44" */
    const char *international;      /* "00" */
    const char *trunk;              /* "0", or "" */
    int64_t digits_min, digits_max; /* of a national number without its trunk prefix */
};

struct identity_own_key {
    const char *type, *value; /* in normal form */
};

struct identity_config {
    int64_t fan_out;
    struct identity_matching matching; /* weights of attributes */
    bool one_account_space;
    struct fr_config_list channels;      /* struct identity_channel */
    struct fr_config_list providers;     /* struct identity_provider */
    struct fr_config_list nobody;        /* const char *: local parts that are nobody's */
    struct fr_config_list phone_regions; /* struct identity_region: before the built-in ones */
    struct fr_config_list own_keys;      /* struct identity_own_key */
};

extern const struct fr_config_key identity_config_keys[];
fr_config_check_fn identity_config_check;

/* The row of that channel; for a stranger a row that is live and answers to nothing: the safe side.
 */
const struct identity_channel *identity_channel_find(const struct identity_config *config,
                                                     const char *name);

/* ---- decide.c ---- */
fr_decide_fn identity_decide_message_received;
fr_decide_fn identity_decide_visitor_identified;
fr_decide_fn identity_decide_observation_imported;

/* ---- follow_alike.c ---- */
fr_decide_fn identity_decide_alike_link_asked;

/* ---- apply.c ---- */
fr_apply_fn identity_apply_customer_created;
fr_apply_fn identity_apply_key_attached;
fr_apply_fn identity_apply_key_remembered;
fr_apply_fn identity_apply_customers_merged;
fr_apply_fn identity_apply_suggestion_made;
fr_apply_fn identity_apply_conflict_found;
fr_apply_fn identity_apply_message_identified;
fr_apply_fn identity_apply_visitor_recognized;
fr_apply_fn identity_apply_observation_resolved;

/* ---- query.c ---- */
extern const struct fr_query identity_queries[];

#endif
