/* sla.c - the service as tables: what it reads, what it writes. */
#include "services/sla/counters.h"
#include "services/sla/tables.h"

/* clang-format off */
static const struct fr_input inputs[] = {
    { FR_CONVERSATION_OPENED,   "conversations", sla_decide_conversation_opened   }, /* is it a complaint? */
    { FR_MESSAGE_ADDED,         "conversations", sla_decide_message_added         }, /* starts a target, or meets it */
    { FR_CONVERSATION_RESOLVED, "conversations", sla_decide_conversation_resolved }, /* nothing is due any more */
    { FR_CONVERSATION_REKEYED,  "conversations", sla_decide_conversation_rekeyed  }, /* another customer's now */
    { FR_TASK_QUEUED,           "routing",       sla_decide_task_queued           }, /* where it lies: the cause... */
    { FR_TASK_PARKED,           "routing",       sla_decide_task_parked           },
    { FR_TASK_OFFERED,          "routing",       sla_decide_task_offered          },
    { FR_OFFER_ACCEPTED,        "routing",       sla_decide_offer_accepted        },
    { FR_TASK_ENDED,            "routing",       sla_decide_task_ended            },
    { SLA_TIMER_TARGET,         FR_TIMER,        sla_decide_target_due            }, /* warn, then breach */
    { FR_KIND_END,              NULL,            NULL                             },
};
static const struct fr_event events[] = {
    { FR_TARGET_ARMED,         sla_apply_target_armed         },
    { FR_TARGET_WARNED,        sla_apply_target_warned        },
    { FR_TARGET_MET,           sla_apply_target_met           },
    { FR_TARGET_BREACHED,      sla_apply_target_breached      },
    { FR_TARGET_ANSWERED_LATE, sla_apply_target_answered_late },
    { FR_TARGET_CANCELLED,     sla_apply_target_cancelled     },
    { FR_TARGET_REKEYED,       sla_apply_target_rekeyed       },
    { FR_CONVERSATION_MARKED,  sla_apply_conversation_marked  },
    { FR_PLACE_NOTED,          sla_apply_place_noted          },
    { FR_KIND_END,             NULL                           },
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
};
