/* desk.c - the service as tables: what it reads, what it writes. */
#include "services/desk/desk.h"
#include "services/desk/counters.h"
#include "services/desk/tables.h"

/* clang-format off */
static const struct fr_input inputs[] = {
    { FR_LEASE_GRANTED,       "sites",  desk_decide_relay        }, /* an offer */
    { FR_LEASE_CONFIRMED,     "sites",  desk_decide_relay        }, /* it is ours */
    { FR_LEASE_ENDED,         "sites",  desk_decide_relay        },
    { FR_CONVERSATION_SHARED, "sites",  desk_decide_relay        }, /* customer and history */
    { FR_ENTRY_SHARED,        "sites",  desk_decide_relay        }, /* something new, or a tick */
    { FR_AGENT_REPLIED,       "sites",  desk_decide_relay        }, /* the hub has our reply */
    { FR_WORK_REFUSED,        "sites",  desk_decide_relay        }, /* or will not take it */
    { FR_ROSTER_SHARED,       "sites",  desk_decide_relay        },
    { FR_PRESENCE_SHARED,     "sites",  desk_decide_relay        },
    { FR_PROMISE_MADE,        "sites",  desk_decide_relay        }, /* what I have promised */
    { FR_PROMISE_ENDED,       "sites",  desk_decide_relay        },
    { FR_SUPERVISOR_ALERTED,  "sites",  desk_decide_relay        },
    { FR_PRESENCE_CHOSEN,     FR_LOCAL, desk_decide_presence     }, /* what agents do */
    { FR_OFFER_CHOSEN,        FR_LOCAL, desk_decide_offer        },
    { FR_REPLY_WRITTEN,       FR_LOCAL, desk_decide_reply        },
    { FR_WORK_DONE,           FR_LOCAL, desk_decide_done         },
    { FR_PROMISE_WRITTEN,     FR_LOCAL, desk_decide_promise      },
    { FR_PROMISE_DONE,        FR_LOCAL, desk_decide_promise_done },
    { FR_MATTER_MARKED,       FR_LOCAL, desk_decide_mark         },
    { FR_IDENTITY_ACTION_ASKED, FR_LOCAL, desk_decide_identity   }, /* who is whom */
    { FR_IDENTITY_ACTION_ENDED, "sites", desk_decide_relay       }, /* what became of that */
    { FR_REFUSAL_SEEN,        FR_LOCAL, desk_decide_refusal_seen },
    { FR_STATE_ASKED,         FR_LOCAL, desk_decide_asked        }, /* a window opens */
    { FR_KIND_END,            NULL,     NULL                     },
};
static const struct fr_event events[] = {
    { FR_LEASE_GRANTED,       desk_apply_lease_granted       },
    { FR_LEASE_CONFIRMED,     desk_apply_lease_confirmed     },
    { FR_LEASE_ENDED,         desk_apply_lease_ended         },
    { FR_CONVERSATION_SHARED, desk_apply_conversation_shared },
    { FR_ENTRY_SHARED,        desk_apply_entry_shared        },
    { FR_AGENT_REPLIED,       desk_apply_agent_replied       },
    { FR_WORK_REFUSED,        desk_apply_work_refused        },
    { FR_ROSTER_SHARED,       desk_apply_roster_shared       },
    { FR_PRESENCE_SHARED,     desk_apply_presence_shared     },
    { FR_PRESENCE_CHOSEN,     desk_apply_presence_chosen     },
    { FR_OFFER_CHOSEN,        desk_apply_offer_chosen        },
    { FR_REPLY_WRITTEN,       desk_apply_reply_written       },
    { FR_WORK_DONE,           desk_apply_work_done           },
    { FR_REFUSAL_SEEN,        desk_apply_refusal_seen        },
    { FR_PROMISE_MADE,        desk_apply_promise_made        },
    { FR_PROMISE_ENDED,       desk_apply_promise_ended       },
    { FR_SUPERVISOR_ALERTED,  desk_apply_supervisor_alerted  },
    { FR_PROMISE_WRITTEN,     desk_apply_promise_written     },
    { FR_PROMISE_DONE,        desk_apply_promise_done        },
    { FR_MATTER_MARKED,       desk_apply_matter_marked       },
    { FR_IDENTITY_ACTION_ASKED, desk_apply_identity_asked    },
    { FR_IDENTITY_ACTION_ENDED, desk_apply_identity_ended    },
    { FR_KIND_END,            NULL                           },
};

#define COUNTER_ROW(number, name, help) { name, help },
static const struct fr_counter counters[] = { DESK_COUNTERS(COUNTER_ROW) { NULL, NULL } };
/* clang-format on */

static const char *
route(const void *config, const char *upstream_role)
{
    return strcmp(upstream_role, "sites") == 0 ? ((const struct desk_config *)config)->route : NULL;
}

static const char *
journal_name(const void *config)
{
    return ((const struct desk_config *)config)->journal;
}

const struct fr_stage desk_stage = {
    .name = "desk",
    .config = desk_config_keys,
    .config_size = sizeof(struct desk_config),
    .config_check = desk_config_check,
    .tables = desk_tables,
    .inputs = inputs,
    .events = events,
    .queries = desk_queries,
    .counters = counters,
    .edge = &desk_edge,
    .route = route,
    .journal_name = journal_name,
    .layout = 2,
};
