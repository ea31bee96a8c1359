/* identity.h - who is it?  Every observation comes out as exactly one customer, and says why.
 *
 * The rules are I1 to I13 of the identity contract; README.md tells them and draws the flow.
 * The failure that counts is the over-merge: one person's history shown to another.
 */
#ifndef FR_IDENTITY_IDENTITY_H
#define FR_IDENTITY_IDENTITY_H

#include "common/stage/stage.h"
#include "proto/identity.pb-c.h"
#include "services/identity/weights.h"

#define IDENTITY_FAN_OUT_MAX 30 /* of the knob: holders of one key are looked at one by one */
#define IDENTITY_REPAIR_TIMER (FR_TIMER_KIND + 1) /* id: the repair */

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

struct identity_own_key {
    const char *type, *value; /* in normal form */
};

struct identity_config {
    int64_t fan_out;
    struct fr_span dormancy;
    struct identity_matching matching; /* weights of attributes */
    bool one_account_space;
    struct fr_config_list channels;  /* struct identity_channel */
    struct fr_config_list providers; /* struct identity_provider */
    struct fr_config_list nobody;    /* const char *: local parts that are nobody's */
    struct fr_config_list own_keys;  /* struct identity_own_key */
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

struct identity_import { /* what became of a register's row */
    const char *why;     /* constant: why it cannot be taken; NULL: it was */
    bool known;          /* it was imported before: nothing happened */
    bool created;        /* it is a customer of its own */
    uint64_t customer, observation;
};
/* One row of a register.  Emits what its keys and attributes say, and exactly one
 * ObservationResolved; a row whose (source, external_id) is known emits nothing. */
enum fr_error identity_import_row(struct fr_turn *turn, const struct fr_record *input,
                                  const Fr__ObservationImported *row,
                                  struct identity_import *import);

/* ---- decide_import.c ---- */
fr_decide_fn identity_decide_observation_imported;
fr_decide_fn identity_decide_observations_imported; /* decide_import.c */
fr_decide_fn identity_decide_alike_link_asked;      /* follow_alike.c */
fr_decide_fn identity_decide_action;                /* decide_action.c */
fr_decide_fn identity_decide_repair;                /* decide_repair.c */

/* ---- apply.c ---- */
fr_apply_fn identity_apply_customer_created;
fr_apply_fn identity_apply_key_attached;
fr_apply_fn identity_apply_key_detached;
fr_apply_fn identity_apply_key_remembered;
fr_apply_fn identity_apply_customers_merged;
fr_apply_fn identity_apply_customers_split;
fr_apply_fn identity_apply_key_shared;

/* ---- apply_observation.c ---- */
fr_apply_fn identity_apply_message_identified;
fr_apply_fn identity_apply_visitor_recognized;
fr_apply_fn identity_apply_observation_resolved;
fr_apply_fn identity_apply_observation_moved;

/* ---- apply_pair.c ---- */
fr_apply_fn identity_apply_suggestion_made;
fr_apply_fn identity_apply_suggestion_settled;
fr_apply_fn identity_apply_conflict_found;
fr_apply_fn identity_apply_conflict_settled;
fr_apply_fn identity_apply_cannot_link_lifted;
fr_apply_fn identity_apply_customer_erased;
fr_apply_fn identity_apply_observations_erased;
fr_apply_fn identity_apply_repair_advanced;
fr_apply_fn identity_apply_action_ended;

/* ---- query.c, query_list.c ---- */
extern const struct fr_query identity_queries[];

#endif
