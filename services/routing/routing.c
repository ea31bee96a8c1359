/* routing.c - the service as tables: what it reads, what it writes. */
#include "services/routing/counters.h"
#include "services/routing/waits.h"

/* clang-format off */
static const struct fr_input inputs[] = {
    { FR_TASK_REQUESTED,        "conversations", routing_decide_wait_requested        }, /* find an agent, or wait */
    { FR_TASK_WITHDRAWN,        "conversations", routing_decide_wait_withdrawn        }, /* the need is gone */
    { FR_CONVERSATION_RESOLVED, "conversations", routing_decide_conversation_resolved }, /* likewise, for all it needed */
    { FR_CONVERSATION_REKEYED,  "conversations", routing_decide_conversation_rekeyed  }, /* another customer's now */
    { FR_AGENT_PRESENCE,        "sites",         routing_decide_agent_presence        }, /* serve him, or take back */
    { FR_OFFER_ANSWERED,        "sites",         routing_decide_wait_answered         }, /* his, or somebody else's */
    { FR_WORK_FINISHED,         "sites",         routing_decide_work_finished         }, /* room for another */
    { FR_LEASE_ENDED,           "sites",         routing_decide_lease_ended           }, /* it ran out: others may have it */
    { FR_WAIT_CHOICE_MADE,      "conversations", routing_decide_wait_choice_made      }, /* call him back, in his place */
    { FR_TARGET_WARNED,         "sla",           routing_decide_target_warned         }, /* move up */
    { ROUTING_TIMER_OFFER,      FR_TIMER,        routing_decide_offer_due             }, /* nobody answered */
    { ROUTING_TIMER_OPEN,       FR_TIMER,        routing_decide_open_due              }, /* held long enough for one */
    { ROUTING_TIMER_AGAIN,      FR_TIMER,        routing_decide_again_due             }, /* ask those who declined */
    { ROUTING_TIMER_AGENT,      FR_TIMER,        routing_decide_agent_due             }, /* his definition changed */
    { ROUTING_TIMER_LANE,       FR_TIMER,        routing_decide_lane_due              }, /* next slice of its tasks */
    { ROUTING_TIMER_WAIT,       FR_TIMER,        routing_decide_wait_due              }, /* tell them what has changed */
    { FR_KIND_ANY,              FR_CONFIG,       routing_decide_config                }, /* who is new, changed, gone */
    { FR_KIND_END,              NULL,            NULL                                 },
};
static const struct fr_event events[] = {
    { FR_AGENT_DEFINED,        routing_apply_agent_defined       },
    { FR_AGENT_STATE_CHANGED,  routing_apply_agent_state_changed },
    { FR_LANE_OPENED,          routing_apply_lane_opened         },
    { FR_LANE_CHANGED,         routing_apply_lane_changed        },
    { FR_TASK_QUEUED,          routing_apply_task_queued         },
    { FR_TASK_PARKED,          routing_apply_task_parked         },
    { FR_TASK_OFFERED,         routing_apply_task_offered        },
    { FR_TASK_RAISED,          routing_apply_task_raised         },
    { FR_TASK_REKEYED,         routing_apply_task_rekeyed        },
    { FR_TASK_ENDED,           routing_apply_wait_task_ended     },
    { FR_OFFER_ACCEPTED,       routing_apply_offer_accepted      },
    { FR_OFFER_DECLINED,       routing_apply_offer_declined      },
    { FR_OFFER_EXPIRED,        routing_apply_offer_expired       },
    { FR_OFFER_RESCINDED,      routing_apply_offer_rescinded     },
    { FR_OFFER_ANSWER_REFUSED, routing_apply_nothing             },
    { FR_WAIT_ESTIMATED,       routing_apply_wait_estimated      },
    { FR_WAIT_ENDED,           routing_apply_wait_ended          },
    { FR_WAITS_LOOKED_AT,      routing_apply_waits_looked_at     },
    { FR_TASK_DEFERRED,        routing_apply_task_deferred       },
    { FR_KIND_END,             NULL                              },
};

#define COUNTER_ROW(number, name, help) { name, help },
static const struct fr_counter counters[] = { ROUTING_COUNTERS(COUNTER_ROW) { NULL, NULL } };
/* clang-format on */

const struct fr_stage routing_stage = {
    .name = "routing",
    .config = routing_config_keys,
    .config_size = sizeof(struct routing_config),
    .config_check = routing_config_check,
    .tables = routing_tables,
    .inputs = inputs,
    .events = events,
    .queries = routing_queries,
    .counters = counters,
};
