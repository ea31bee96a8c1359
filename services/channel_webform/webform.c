/* webform.c - the service as tables: what it reads, what it writes. */
#include "services/channel_webform/webform.h"
#include "services/channel_webform/counters.h"
#include "services/channel_webform/tables.h"

/* clang-format off */
static const struct fr_input inputs[] = {
    { FR_MESSAGE_RECEIVED,   FR_LOCAL,        webform_decide_submitted }, /* take it once, give it a ticket */
    { FR_ANSWERS_ASKED,      FR_LOCAL,        webform_decide_asked     }, /* show the ticket, note what was read */
    { FR_OUTBOUND_REQUESTED, "conversations", webform_decide_outbound  }, /* keep the answer, perhaps post it */
    { FR_ANSWER_TRIED,       FR_LOCAL,        webform_decide_tried     }, /* say so, or try again later */
    { WEBFORM_TIMER_POST,    FR_TIMER,        webform_decide_post_due  },
    { WEBFORM_TIMER_SWEEP,   FR_TIMER,        webform_decide_sweep     }, /* forget what is old */
    { FR_KIND_ANY,           FR_CONFIG,       webform_decide_config    },
    { FR_KIND_END,           NULL,            NULL                     },
};
static const struct fr_event events[] = {
    { FR_MESSAGE_RECEIVED,    webform_apply_message_received },
    { FR_ANSWER_KEPT,         webform_apply_answer_kept      },
    { FR_ANSWERS_SEEN,        webform_apply_answers_seen     },
    { FR_ANSWER_TRIED,        webform_apply_answer_tried     },
    { FR_ANSWER_DUE,          webform_apply_answer_due       },
    { FR_ADDRESSES_FORGOTTEN, webform_apply_forgotten        },
    { FR_KIND_END,            NULL                           }, /* DeliveryChanged changes nothing here */
};
static const struct fr_effect_kind effects[] = {
    { WEBFORM_EFFECT_POST, FR_ANSWER_TRIED, webform_post },
    { FR_KIND_END,         0,               NULL         },
};
#define COUNTER_ROW(number, name, help) { name, help },
static const struct fr_counter counters[] = { WEBFORM_COUNTERS(COUNTER_ROW) { NULL, NULL } };
/* clang-format on */

static const char *
route(const void *config, const char *upstream_role)
{
    (void)config;
    return strcmp(upstream_role, "conversations") == 0 ? "outbound." WEBFORM_CHANNEL : NULL;
}

const struct fr_stage webform_stage = {
    .name = WEBFORM_CHANNEL,
    .config = webform_config_keys,
    .config_size = sizeof(struct webform_config),
    .config_check = webform_config_check,
    .tables = webform_tables,
    .inputs = inputs,
    .events = events,
    .queries = webform_queries,
    .effects = effects,
    .counters = counters,
    .edge = &webform_edge,
    .route = route,
    .layout = 2,
};
