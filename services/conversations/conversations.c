/* conversations.c - the whole service on one screen: what it hears, what it says, what it answers.
 */
#include "services/conversations/conversations.h"

#include "services/conversations/counters.h"
#include "services/conversations/tables.h"

/* clang-format off */
static const struct fr_input inputs[] = {
    { FR_MESSAGE_IDENTIFIED,    "identity", conversations_decide_message_identified }, /* which matter is it? */
    { FR_CUSTOMERS_MERGED,      "identity", conversations_decide_customers_merged   }, /* two were one */
    { FR_KEY_ATTACHED,          "identity", conversations_decide_key_attached       }, /* to show beside the history */
    { FR_KEY_DETACHED,          "identity", conversations_decide_key_detached       }, /* it is his no more */
    { FR_CUSTOMERS_SPLIT,       "identity", conversations_decide_customers_split    }, /* one is two again */
    { FR_OBSERVATION_MOVED,     "identity", conversations_decide_observation_moved  }, /* it was another's word */
    { FR_CUSTOMER_ERASED,       "identity", conversations_decide_customer_erased    }, /* he is to be forgotten */
    { CONVERSATIONS_REKEY,      FR_TIMER,   conversations_decide_rekey              }, /* the next chunk of that */
    { FR_OFFER_ACCEPTED,        "routing",  conversations_decide_wait_accepted      }, /* an agent has it */
    { FR_TASK_ENDED,            "routing",  conversations_decide_wait_ended         }, /* he has it no more */
    { FR_WAIT_ESTIMATED,        "routing",  conversations_decide_wait_estimated     }, /* tell him how long */
    { FR_WAIT_CHOSEN,           "channel",  conversations_decide_wait_chosen        }, /* he would rather be called back */
    { FR_TASK_PARKED,           "routing",  conversations_decide_task_parked        }, /* tell him until when */
    { FR_AGENT_REPLIED,         "sites",    conversations_decide_agent_replied      }, /* the answer goes out */
    { FR_WORK_FINISHED,         "sites",    conversations_decide_work_finished      }, /* the outcome */
    { FR_TARGET_WARNED,         "sla",      conversations_decide_target_warned      }, /* tell the customer */
    { FR_PROMISE_MADE,          "sla",      conversations_decide_promise_made       },
    { FR_MATTER_MARKED,         "sites",    conversations_decide_matter_marked      }, /* priority, tags, complaint... */
    { FR_MATTER_MARKED,         FR_LOCAL,   conversations_decide_matter_marked      },
    { FR_DELIVERY_CHANGED,      "channel",  conversations_decide_delivery_changed   }, /* did it arrive? */
    { CONVERSATIONS_QUIET,      FR_TIMER,   conversations_decide_quiet              }, /* answered, and silence */
    { CONVERSATIONS_LOOK_AGAIN, FR_TIMER,   conversations_decide_look_again         }, /* still unanswered? */
    { FR_KIND_END,              NULL,       NULL                                    },
};
static const struct fr_event events[] = {
    { FR_CONVERSATION_OPENED,   conversations_apply_opened           },
    { FR_MESSAGE_ADDED,         conversations_apply_message_added    },
    { FR_CHANNEL_SWITCHED,      conversations_apply_channel_switched },
    { FR_TASK_REQUESTED,        conversations_apply_task_requested   },
    { FR_TASK_END_NOTED,        conversations_apply_task_end_noted   },
    { FR_CONVERSATION_ASSIGNED, conversations_apply_assigned         },
    { FR_CONVERSATION_RESOLVED, conversations_apply_resolved         },
    { FR_CONVERSATION_REOPENED, conversations_apply_reopened         },
    { FR_CONVERSATION_REKEYED,  conversations_apply_rekeyed          },
    { FR_CUSTOMER_REKEYED,      conversations_apply_customer_rekeyed },
    { FR_CUSTOMER_PARTED,       conversations_apply_customer_parted  },
    { FR_REKEY_ADVANCED,        conversations_apply_rekey_advanced   },
    { FR_TEXTS_ERASED,          conversations_apply_texts_erased     },
    { FR_IDENTIFIER_NOTED,      conversations_apply_identifier_noted },
    { FR_DELIVERY_NOTED,        conversations_apply_delivery_noted   },
    { FR_CONVERSATION_CLASSIFIED, conversations_apply_classified     },
    { FR_WAIT_TOLD,             conversations_apply_wait_told        },
    { FR_WAIT_CHOICE_MADE,      conversations_apply_wait_choice_made },
    { FR_PROMISE_REQUESTED,     conversations_apply_nothing          },
    { FR_OUTBOUND_REQUESTED,    conversations_apply_nothing          },
    { FR_CONVERSATION_SHARED,   conversations_apply_nothing          },
    { FR_ENTRY_SHARED,          conversations_apply_nothing          },
    { FR_KIND_END,              NULL                                 },
};
#define COUNTER_ROW(id, counter, sentence) { counter, sentence },
static const struct fr_counter counters[] = {
    CONVERSATIONS_COUNTERS(COUNTER_ROW)
    { NULL, NULL },
};
/* clang-format on */

const struct fr_stage conversations_stage = {
    .name = "conversations",
    .config = conversations_config_keys,
    .config_size = sizeof(struct conversations_config),
    .tables = conversations_tables,
    .layout = 2,
    .inputs = inputs,
    .events = events,
    .queries = conversations_queries,
    .counters = counters,
};
