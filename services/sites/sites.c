/* sites.c - the service as tables: what it reads, what it writes. */
#include "services/sites/sites.h"
#include "services/sites/counters.h"
#include "services/sites/tables.h"

/* clang-format off */
static const struct fr_input inputs[] = {
    { FR_TASK_OFFERED,         "routing",       sites_decide_task_offered         }, /* lease it, if the contract allows */
    { FR_OFFER_ACCEPTED,       "routing",       sites_decide_offer_accepted       }, /* the lease holds */
    { FR_OFFER_DECLINED,       "routing",       sites_decide_offer_declined       }, /* the lease ends... */
    { FR_OFFER_EXPIRED,        "routing",       sites_decide_offer_expired        },
    { FR_OFFER_RESCINDED,      "routing",       sites_decide_offer_rescinded      },
    { FR_TASK_ENDED,           "routing",       sites_decide_task_ended           },
    { FR_OFFER_ANSWER_REFUSED, "routing",       sites_decide_offer_answer_refused }, /* tell the agent */
    { FR_AGENT_DEFINED,        "routing",       sites_decide_agent_defined        },
    { FR_AGENT_STATE_CHANGED,  "routing",       sites_decide_agent_state_changed  },
    { FR_CONVERSATION_SHARED,  "conversations", sites_decide_conversation_shared  }, /* relay to the lease's site only */
    { FR_ENTRY_SHARED,         "conversations", sites_decide_entry_shared         },
    { FR_PRESENCE_CHOSEN,      "desk",          sites_decide_presence_chosen      }, /* check, then tell the hub */
    { FR_OFFER_CHOSEN,         "desk",          sites_decide_offer_chosen         },
    { FR_REPLY_WRITTEN,        "desk",          sites_decide_reply_written        },
    { FR_WORK_DONE,            "desk",          sites_decide_work_done            },
    { FR_PROMISE_WRITTEN,      "desk",          sites_decide_promise_written      },
    { FR_PROMISE_DONE,         "desk",          sites_decide_promise_done         },
    { FR_MATTER_MARKED,        "desk",          sites_decide_matter_marked        },
    { FR_IDENTITY_ACTION_ASKED, "desk",         sites_decide_identity_asked       }, /* a supervisor: who is whom */
    { FR_IDENTITY_ACTION_ENDED, "identity",     sites_decide_identity_ended       }, /* what became of it */
    { FR_PROMISE_MADE,         "sla",           sites_decide_promise_made         }, /* its owner's desk shows it */
    { FR_PROMISE_ENDED,        "sla",           sites_decide_promise_ended        },
    { FR_SUPERVISOR_ALERTED,   "sla",           sites_decide_supervisor_alerted   },
    { SITES_TIMER_LEASE,       FR_TIMER,        sites_decide_lease_due            },
    { SITES_TIMER_FORGET,      FR_TIMER,        sites_decide_forget_due           },
    { FR_SITE_LINKED,          FR_LOCAL,        sites_decide_site_linked          }, /* the link to a desk came up, went down */
    { SITES_TIMER_SILENT,      FR_TIMER,        sites_decide_silent_due           }, /* and stayed down */
    { FR_KIND_END,             NULL,            NULL                              },
};
static const struct fr_event events[] = {
    { FR_LEASE_GRANTED,       sites_apply_lease_granted    },
    { FR_LEASE_CONFIRMED,     sites_apply_lease_confirmed  },
    { FR_LEASE_ENDED,         sites_apply_lease_ended      },
    { FR_LEASES_FORGOTTEN,    sites_apply_leases_forgotten },
    { FR_ROSTER_SHARED,       sites_apply_roster_shared    },
    { FR_PRESENCE_SHARED,     sites_apply_presence_shared  },
    { FR_OFFER_ANSWERED,      sites_apply_offer_answered   },
    { FR_AGENT_REPLIED,       sites_apply_agent_replied    },
    { FR_WORK_FINISHED,       sites_apply_work_finished    },
    { FR_SITE_LINKED,         sites_apply_site_linked      },
    { FR_SITE_SILENT,         sites_apply_site_silent      },
    { FR_SITE_HEARD,          sites_apply_site_heard       },
    { FR_WORK_REFUSED,        sites_apply_nothing          },
    { FR_AGENT_PRESENCE,      sites_apply_nothing          },
    { FR_CONVERSATION_SHARED, sites_apply_nothing          },
    { FR_PROMISE_WRITTEN,     sites_apply_promise_written  },
    { FR_MATTER_MARKED,       sites_apply_matter_marked    },
    { FR_PROMISE_DONE,        sites_apply_nothing          },
    { FR_PROMISE_MADE,        sites_apply_nothing          },
    { FR_PROMISE_ENDED,       sites_apply_nothing          },
    { FR_SUPERVISOR_ALERTED,  sites_apply_nothing          },
    { FR_ENTRY_SHARED,        sites_apply_nothing          },
    { FR_IDENTITY_ACTION_ASKED, sites_apply_nothing        },
    { FR_IDENTITY_ACTION_ENDED, sites_apply_nothing        },
    { FR_KIND_END,            NULL                         },
};

#define COUNTER_ROW(number, name, help) { name, help },
static const struct fr_counter counters[] = { SITES_COUNTERS(COUNTER_ROW) { NULL, NULL } };
/* clang-format on */

/* Of a desk's journal only what is meant for the hub: the rest is what we told it ourselves. */
static const char *
route(const void *config, const char *upstream_role)
{
    (void)config;
    return strcmp(upstream_role, "desk") == 0 ? "hub" : NULL;
}

const struct fr_stage sites_stage = {
    .name = "sites",
    .config = sites_config_keys,
    .config_size = sizeof(struct sites_config),
    .config_check = sites_config_check,
    .tables = sites_tables,
    .inputs = inputs,
    .events = events,
    .queries = sites_queries,
    .counters = counters,
    .edge = &sites_edge,
    .route = route,
    .layout = 2,
};
