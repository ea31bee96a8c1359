/* routing.c - the service as tables: what it reads, what it writes. */
#include "services/routing/counters.h"
#include "services/routing/waits.h"

/* clang-format off */
static const struct fr_input inputs[] = {
    { FR_TASK_REQUESTED,         "conversations", routing_decide_wait_requested        }, /* find an agent, or wait */
    { FR_TASK_WITHDRAWN,         "conversations", routing_decide_wait_withdrawn        }, /* the need is gone */
    { FR_CONVERSATION_CLASSIFIED, "conversations", routing_decide_conversation_classified }, /* its tasks move */
    { FR_CONVERSATION_RESOLVED,  "conversations", routing_decide_conversation_resolved }, /* likewise, for all it needed */
    { FR_CONVERSATION_REKEYED,   "conversations", routing_decide_conversation_rekeyed  }, /* another customer's now */
    { FR_MESSAGE_ADDED,          "conversations", routing_decide_message_added         }, /* falls silent, wakes */
    { FR_AGENT_PRESENCE,         "sites",         routing_decide_agent_presence        }, /* serve him, or take back */
    { FR_OFFER_ANSWERED,         "sites",         routing_decide_wait_answered         }, /* his, or somebody else's */
    { FR_WORK_FINISHED,          "sites",         routing_decide_work_finished         }, /* room for another */
    { FR_LEASE_ENDED,            "sites",         routing_decide_lease_ended           }, /* it ran out: others may have it */
    { FR_SITE_SILENT,            "sites",         routing_decide_site_silent           }, /* take back, now and after a grace */
    { FR_SITE_HEARD,             "sites",         routing_decide_site_heard            }, /* it works again */
    { FR_WAIT_CHOICE_MADE,       "conversations", routing_decide_wait_choice_made      }, /* call him back, in his place */
    { FR_TARGET_WARNED,          "sla",           routing_decide_target_warned         }, /* move up */
    { FR_AGENT_SET_AWAY,         FR_LOCAL,        routing_decide_agent_set_away        }, /* by a supervisor */
    { FR_TASK_PRIORITIZED,       FR_LOCAL,        routing_decide_task_prioritized      }, /* likewise */
    { FR_SITE_RECALLED,          FR_LOCAL,        routing_decide_site_recalled         }, /* likewise */
    { FR_WRAP_UP_DONE,           FR_LOCAL,        routing_decide_wrap_up_done          }, /* ready before his time is over */
    { ROUTING_TIMER_OFFER,       FR_TIMER,        routing_decide_offer_due             }, /* nobody answered */
    { ROUTING_TIMER_OPEN,        FR_TIMER,        routing_decide_task_due              }, /* held long enough for one */
    { ROUTING_TIMER_AGAIN,       FR_TIMER,        routing_decide_task_due              }, /* ask those who declined */
    { ROUTING_TIMER_RELAX,       FR_TIMER,        routing_decide_task_due              }, /* less is asked of an agent */
    { ROUTING_TIMER_PARKED,      FR_TIMER,        routing_decide_task_due              }, /* what its customer was told */
    { ROUTING_TIMER_WRAP,        FR_TIMER,        routing_decide_wrap_due              }, /* his notes are written */
    { ROUTING_TIMER_IDLE,        FR_TIMER,        routing_decide_idle_due              }, /* the customer is silent */
    { ROUTING_TIMER_AGENT,       FR_TIMER,        routing_decide_agent_due             }, /* his definition changed */
    { ROUTING_TIMER_GRACE,       FR_TIMER,        routing_decide_grace_due             }, /* he was removed long ago */
    { ROUTING_TIMER_QUEUE,       FR_TIMER,        routing_decide_queue_due             }, /* next slice of its tasks */
    { ROUTING_TIMER_HOURS,       FR_TIMER,        routing_decide_queue_hours_due       }, /* it opens or closes */
    { ROUTING_TIMER_SITE,        FR_TIMER,        routing_decide_site_due              }, /* next slice of its agents */
    { ROUTING_TIMER_SITE_HOURS,  FR_TIMER,        routing_decide_site_hours_due        }, /* it opens or closes */
    { ROUTING_TIMER_SITE_GRACE,  FR_TIMER,        routing_decide_site_grace_due        }, /* silent for too long */
    { ROUTING_TIMER_CONTRACT,    FR_TIMER,        routing_decide_contract_due          }, /* its next interval begins */
    { ROUTING_TIMER_MATCH,       FR_TIMER,        routing_decide_match_due             }, /* a site works again */
    { ROUTING_TIMER_LANE,        FR_TIMER,        routing_decide_lane_due              }, /* nobody needs it */
    { ROUTING_TIMER_WAIT,        FR_TIMER,        routing_decide_wait_due              }, /* tell them what has changed */
    { FR_KIND_ANY,               FR_CONFIG,       routing_decide_config                }, /* who is new, changed, gone */
    { FR_KIND_END,               NULL,            NULL                                 },
};
static const struct fr_event events[] = {
    { FR_AGENT_DEFINED,        routing_apply_agent_defined        },
    { FR_AGENT_STATE_CHANGED,  routing_apply_agent_state_changed  },
    { FR_CAPACITY_CLASS_NAMED, routing_apply_capacity_class_named },
    { FR_QUEUE_NAMED,          routing_apply_queue_named          },
    { FR_QUEUE_CHANGED,        routing_apply_queue_changed        },
    { FR_SITE_CHANGED,         routing_apply_site_changed         },
    { FR_MATCHES_TRIED,        routing_apply_matches_tried        },
    { FR_LANE_OPENED,          routing_apply_lane_opened          },
    { FR_LANE_CHANGED,         routing_apply_lane_changed         },
    { FR_LANE_CLOSED,          routing_apply_lane_closed          },
    { FR_TASK_QUEUED,          routing_apply_wait_task_queued     },
    { FR_TASK_PARKED,          routing_apply_task_parked          },
    { FR_TASK_OFFERED,         routing_apply_task_offered         },
    { FR_TASK_RAISED,          routing_apply_task_raised          },
    { FR_TASK_REKEYED,         routing_apply_task_rekeyed         },
    { FR_TASK_ENDED,           routing_apply_wait_task_ended      },
    { FR_TASK_IDLED,           routing_apply_task_idled           },
    { FR_TASK_WOKEN,           routing_apply_task_woken           },
    { FR_WRAP_UP_ENDED,        routing_apply_wrap_up_ended        },
    { FR_OFFER_ACCEPTED,       routing_apply_offer_accepted       },
    { FR_OFFER_DECLINED,       routing_apply_offer_declined       },
    { FR_OFFER_EXPIRED,        routing_apply_offer_expired        },
    { FR_OFFER_RESCINDED,      routing_apply_offer_rescinded      },
    { FR_OFFER_ANSWER_REFUSED, routing_apply_nothing              },
    { FR_WAIT_ESTIMATED,       routing_apply_wait_estimated       },
    { FR_WAIT_ENDED,           routing_apply_wait_ended           },
    { FR_WAITS_LOOKED_AT,      routing_apply_waits_looked_at      },
    { FR_TASK_DEFERRED,        routing_apply_task_deferred        },
    { FR_KIND_END,             NULL                               },
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
    .layout = 2,
    .layout_oldest = 2, /* 0.1 knew no numbers of sites, queues and channel classes */
};
