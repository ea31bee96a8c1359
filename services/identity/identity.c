/* identity.c - the whole service on one screen: what it hears, what it says, what it answers. */
#include "services/identity/identity.h"

#include "services/identity/counters.h"
#include "services/identity/tables.h"

/* clang-format off */
static const struct fr_input inputs[] = {
    { FR_MESSAGE_RECEIVED,   "channel", identity_decide_message_received   }, /* whose word is it? */
    { FR_VISITOR_IDENTIFIED, "channel", identity_decide_visitor_identified }, /* somebody signed in */
    { FR_OBSERVATION_IMPORTED, FR_LOCAL, identity_decide_observation_imported }, /* a register knows somebody */
    { FR_ALIKE_LINK_ASKED,   FR_LOCAL,  identity_decide_alike_link_asked   }, /* an operator de-duplicates */
    { FR_KIND_END,           NULL,      NULL                               },
};
static const struct fr_event events[] = {
    { FR_CUSTOMER_CREATED,   identity_apply_customer_created   },
    { FR_KEY_ATTACHED,       identity_apply_key_attached       },
    { FR_KEY_REMEMBERED,     identity_apply_key_remembered     },
    { FR_CUSTOMERS_MERGED,   identity_apply_customers_merged   },
    { FR_SUGGESTION_MADE,    identity_apply_suggestion_made    },
    { FR_CONFLICT_FOUND,     identity_apply_conflict_found     },
    { FR_MESSAGE_IDENTIFIED, identity_apply_message_identified },
    { FR_VISITOR_RECOGNIZED, identity_apply_visitor_recognized },
    { FR_OBSERVATION_RESOLVED, identity_apply_observation_resolved },
    { FR_KIND_END,           NULL                              },
};
#define COUNTER_ROW(id, counter, sentence) { counter, sentence },
static const struct fr_counter counters[] = {
    IDENTITY_COUNTERS(COUNTER_ROW)
    { NULL, NULL },
};
/* clang-format on */

const struct fr_stage identity_stage = {
    .name = "identity",
    .config = identity_config_keys,
    .config_size = sizeof(struct identity_config),
    .config_check = identity_config_check,
    .tables = identity_tables,
    .inputs = inputs,
    .events = events,
    .queries = identity_queries,
    .counters = counters,
};
