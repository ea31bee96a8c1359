/* webchat.c - the service as tables: what it reads, what it writes. */
#include "services/channel_webchat/webchat.h"
#include "services/channel_webchat/counters.h"
#include "services/channel_webchat/tables.h"

/* clang-format off */
static const struct fr_input inputs[] = {
    { FR_ANSWERS_ASKED,      FR_LOCAL,        webchat_decide_asked    }, /* how do things stand in my session? */
    { FR_MESSAGE_RECEIVED,   FR_LOCAL,        webchat_decide_said     }, /* take it once, give it its position */
    { FR_ANSWERS_SEEN,       FR_LOCAL,        webchat_decide_seen     }, /* tell the agents */
    { FR_OUTBOUND_REQUESTED, "conversations", webchat_decide_outbound }, /* keep it for the session */
    { FR_WAIT_TOLD,          "conversations", webchat_decide_told     }, /* show how long it takes */
    { FR_WAIT_CHOSEN,        FR_LOCAL,        webchat_decide_chosen   }, /* he would rather be called back */
    { WEBCHAT_TIMER_SWEEP,   FR_TIMER,        webchat_decide_sweep    }, /* forget what is old */
    { FR_KIND_ANY,           FR_CONFIG,       webchat_decide_config   },
    { FR_KIND_END,           NULL,            NULL                    },
};
static const struct fr_event events[] = {
    { FR_MESSAGE_RECEIVED,    webchat_apply_message_received   },
    { FR_VISITOR_IDENTIFIED,  webchat_apply_visitor_identified },
    { FR_ANSWER_KEPT,         webchat_apply_answer_kept        },
    { FR_ANSWERS_SEEN,        webchat_apply_answers_seen       },
    { FR_ADDRESSES_FORGOTTEN, webchat_apply_forgotten          },
    { FR_WAIT_SHOWN,          webchat_apply_wait_shown         },
    { FR_KIND_END,            NULL                             }, /* DeliveryChanged changes nothing here */
};
#define COUNTER_ROW(number, name, help) { name, help },
static const struct fr_counter counters[] = { WEBCHAT_COUNTERS(COUNTER_ROW) { NULL, NULL } };
/* clang-format on */

static const char *
route(const void *config, const char *upstream_role)
{
    (void)config;
    return strcmp(upstream_role, "conversations") == 0 ? "outbound." WEBCHAT_CHANNEL : NULL;
}

const struct fr_stage webchat_stage = {
    .name = WEBCHAT_CHANNEL,
    .config = webchat_config_keys,
    .config_size = sizeof(struct webchat_config),
    .config_check = webchat_config_check,
    .tables = webchat_tables,
    .inputs = inputs,
    .events = events,
    .queries = webchat_queries,
    .counters = counters,
    .edge = &webchat_edge,
    .route = route,
    .layout = 2,
};
