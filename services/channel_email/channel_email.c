/* channel_email.c - the service as tables: what it reads, what it writes. */
#include "services/channel_email/counters.h"
#include "services/channel_email/email.h"
#include "services/channel_email/tables.h"

/* clang-format off */
static const struct fr_input inputs[] = {
    { FR_EMAIL_ARRIVED,      FR_LOCAL,        email_decide_arrived  }, /* is it new, what is it, where does it go? */
    { FR_MAILBOX_ASKED,      FR_LOCAL,        email_decide_asked    }, /* how far has it been read? */
    { FR_OUTBOUND_REQUESTED, "conversations", email_decide_outbound }, /* an answer goes out */
    { FR_EMAIL_TRIED,        FR_LOCAL,        email_decide_tried    }, /* say so, or try again later */
    { EMAIL_TIMER_SEND,      FR_TIMER,        email_decide_due      },
    { EMAIL_TIMER_SWEEP,     FR_TIMER,        email_decide_sweep    }, /* forget what is old */
    { FR_KIND_ANY,           FR_CONFIG,       email_decide_config   },
    { FR_KIND_END,           NULL,            NULL                  },
};
static const struct fr_event events[] = {
    { FR_EMAIL_TAKEN,      email_apply_taken        },
    { FR_MAILBOX_READ,     email_apply_mailbox_read },
    { FR_EMAIL_QUEUED,     email_apply_queued       },
    { FR_EMAIL_TRIED,      email_apply_tried        },
    { FR_EMAIL_DUE,        email_apply_due          },
    { FR_EMAIL_RETRIED,    email_apply_retried      },
    { FR_EMAIL_REREAD,     email_apply_reread       },
    { FR_EMAILS_FORGOTTEN, email_apply_forgotten    },
    { FR_KIND_END,         NULL                     }, /* MessageReceived, DeliveryChanged change nothing here */
};
static const struct fr_effect_kind effects[] = {
    { EMAIL_EFFECT_SEND,   FR_EMAIL_TRIED,   email_send   },
    { EMAIL_EFFECT_REREAD, FR_EMAIL_ARRIVED, email_reread },
    { FR_KIND_END,         0,                NULL         },
};
#define COUNTER_ROW(number, name, help) { name, help },
static const struct fr_counter counters[] = { EMAIL_COUNTERS(COUNTER_ROW) { NULL, NULL } };
/* clang-format on */

static const char *
route(const void *config, const char *upstream_role)
{
    (void)config;
    return strcmp(upstream_role, "conversations") == 0 ? "outbound." EMAIL_CHANNEL : NULL;
}

const struct fr_stage email_stage = {
    .name = EMAIL_CHANNEL,
    .config = email_config_keys,
    .config_size = sizeof(struct email_config),
    .config_check = email_config_check,
    .tables = email_tables,
    .inputs = inputs,
    .events = events,
    .queries = email_queries,
    .effects = effects,
    .counters = counters,
    .edge = &email_edge,
    .route = route,
};
