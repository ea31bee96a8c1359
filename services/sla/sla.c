/* sla.c - the service as tables: what it reads, what it writes. */
#include "services/sla/counters.h"
#include "services/sla/tables.h"

/* clang-format off */
static const struct fr_input inputs[] = {
    { FR_CONVERSATION_OPENED,     "conversations", sla_decide_conversation_opened     }, /* its clock begins */
    { FR_CONVERSATION_CLASSIFIED, "conversations", sla_decide_conversation_classified }, /* another policy? */
    { FR_TASK_REQUESTED,          "conversations", sla_decide_task_requested          },
    { FR_MESSAGE_ADDED,           "conversations", sla_decide_message_added           }, /* starts targets, or meets them */
    { FR_CONVERSATION_RESOLVED,   "conversations", sla_decide_conversation_resolved   }, /* nothing is due any more */
    { FR_CONVERSATION_REOPENED,   "conversations", sla_decide_conversation_reopened   }, /* it goes on */
    { FR_CONVERSATION_REKEYED,    "conversations", sla_decide_conversation_rekeyed    }, /* another customer's now */
    { FR_PROMISE_REQUESTED,       "conversations", sla_decide_promise_requested       }, /* promises... */
    { FR_PROMISE_SETTLED,         "conversations", sla_decide_promise_settled         },
    { FR_PROMISE_REQUESTED,       "routing",       sla_decide_promise_requested       },
    { FR_PROMISE_SETTLED,         "routing",       sla_decide_promise_settled         },
    { FR_PROMISE_REQUESTED,       FR_LOCAL,        sla_decide_promise_requested       },
    { FR_PROMISE_SETTLED,         FR_LOCAL,        sla_decide_promise_settled         },
    { FR_PROMISE_WRITTEN,         "sites",         sla_decide_promise_written         },
    { FR_PROMISE_DONE,            "sites",         sla_decide_promise_done            },
    { FR_TASK_QUEUED,             "routing",       sla_decide_task_queued             }, /* where it lies: the cause... */
    { FR_TASK_PARKED,             "routing",       sla_decide_task_parked             },
    { FR_TASK_OFFERED,            "routing",       sla_decide_task_offered            },
    { FR_OFFER_ACCEPTED,          "routing",       sla_decide_offer_accepted          },
    { FR_TASK_ENDED,              "routing",       sla_decide_task_ended              },
    { SLA_TIMER_TARGET,           FR_TIMER,        sla_decide_target_due              }, /* steps, then the breach */
    { SLA_TIMER_FORGET,           FR_TIMER,        sla_decide_forget_due              },
    { SLA_TIMER_RECOUNT,          FR_TIMER,        sla_decide_recount                 }, /* in slices, after... */
    { FR_KIND_ANY,                FR_CONFIG,       sla_decide_config                  },
    { FR_KIND_END,                NULL,            NULL                               },
};
static const struct fr_event events[] = {
    { FR_TARGET_ARMED,           sla_apply_target_armed           },
    { FR_TARGET_MOVED,           sla_apply_target_moved           },
    { FR_TARGET_WARNED,          sla_apply_target_warned          },
    { FR_TARGET_MET,             sla_apply_target_met             },
    { FR_TARGET_BREACHED,        sla_apply_target_breached        },
    { FR_TARGET_ANSWERED_LATE,   sla_apply_target_answered_late   },
    { FR_TARGET_CANCELLED,       sla_apply_target_cancelled       },
    { FR_TARGET_REKEYED,         sla_apply_target_rekeyed         },
    { FR_SUPERVISOR_ALERTED,     sla_apply_nothing                },
    { FR_PROMISE_MADE,           sla_apply_promise_made           },
    { FR_PROMISE_TOLD,           sla_apply_promise_told           },
    { FR_PROMISE_ENDED,          sla_apply_promise_ended          },
    { FR_CONVERSATION_MARKED,    sla_apply_conversation_marked    },
    { FR_CONVERSATION_FORGOTTEN, sla_apply_conversation_forgotten },
    { FR_PLACE_NOTED,            sla_apply_place_noted            },
    { FR_RECOUNT_STEPPED,        sla_apply_recount_stepped        },
    { FR_KIND_END,               NULL                             },
};

#define COUNTER_ROW(number, name, help) { name, help },
static const struct fr_counter counters[] = { SLA_COUNTERS(COUNTER_ROW) { NULL, NULL } };
/* clang-format on */

const struct fr_stage sla_stage = {
    .name = "sla",
    .config = sla_config_keys,
    .config_size = sizeof(struct sla_config),
    .config_check = sla_config_check,
    .tables = sla_tables,
    .inputs = inputs,
    .events = events,
    .queries = sla_queries,
    .counters = counters,
    .layout = 2,
};
