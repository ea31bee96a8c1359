/* identity.c - the whole service on one screen: what it hears, what it says, what it answers. */
#include "services/identity/identity.h"

#include "services/identity/counters.h"
#include "services/identity/tables.h"

/* clang-format off */
static const struct fr_input inputs[] = {
    { FR_MESSAGE_RECEIVED,      "channel", identity_decide_message_received     }, /* whose word is it? */
    { FR_VISITOR_IDENTIFIED,    "channel", identity_decide_visitor_identified   }, /* somebody signed in */
    { FR_OBSERVATION_IMPORTED,  FR_LOCAL,  identity_decide_observation_imported }, /* a register knows somebody */
    { FR_IDENTITY_ACTION_ASKED, FR_LOCAL,  identity_decide_action               }, /* an operator decides */
    { FR_IDENTITY_ACTION_ASKED, "sites",   identity_decide_action               }, /* an agent decides */
    { FR_OBSERVATIONS_IMPORTED, FR_LOCAL,  identity_decide_observations_imported }, /* and many more */
    { FR_ALIKE_LINK_ASKED,      FR_LOCAL,  identity_decide_alike_link_asked     }, /* an operator de-duplicates */
    { IDENTITY_REPAIR_TIMER,    FR_TIMER,  identity_decide_repair               }, /* the next chunk */
    { FR_KIND_END,              NULL,      NULL                                 },
};
static const struct fr_event events[] = {
    { FR_CUSTOMER_CREATED,      identity_apply_customer_created     },
    { FR_KEY_ATTACHED,          identity_apply_key_attached         },
    { FR_KEY_DETACHED,          identity_apply_key_detached         },
    { FR_KEY_REMEMBERED,        identity_apply_key_remembered       },
    { FR_KEY_SHARED,            identity_apply_key_shared           },
    { FR_CUSTOMERS_MERGED,      identity_apply_customers_merged     },
    { FR_CUSTOMERS_SPLIT,       identity_apply_customers_split      },
    { FR_MESSAGE_IDENTIFIED,    identity_apply_message_identified   },
    { FR_VISITOR_RECOGNIZED,    identity_apply_visitor_recognized   },
    { FR_OBSERVATION_RESOLVED,  identity_apply_observation_resolved },
    { FR_OBSERVATION_MOVED,     identity_apply_observation_moved    },
    { FR_SUGGESTION_MADE,       identity_apply_suggestion_made      },
    { FR_SUGGESTION_SETTLED,    identity_apply_suggestion_settled   },
    { FR_CONFLICT_FOUND,        identity_apply_conflict_found       },
    { FR_CONFLICT_SETTLED,      identity_apply_conflict_settled     },
    { FR_CANNOT_LINK_LIFTED,    identity_apply_cannot_link_lifted   },
    { FR_CUSTOMER_ERASED,       identity_apply_customer_erased      },
    { FR_OBSERVATIONS_ERASED,   identity_apply_observations_erased  },
    { FR_REPAIR_ADVANCED,       identity_apply_repair_advanced      },
    { FR_IDENTITY_ACTION_ENDED, identity_apply_action_ended         },
    { FR_KIND_END,              NULL                                },
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
    .layout = 2,
    .inputs = inputs,
    .events = events,
    .queries = identity_queries,
    .counters = counters,
};
