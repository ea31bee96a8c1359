/* counters.h - one row per counter: name and a sentence that an operator understands. */
#ifndef FR_ROUTING_COUNTERS_H
#define FR_ROUTING_COUNTERS_H

/* clang-format off */
#define ROUTING_COUNTERS(X) \
    X(ROUTING_COUNT_TASKS,     "filrouge_routing_tasks_total",            "Tasks taken in.") \
    X(ROUTING_COUNT_REPEATED,  "filrouge_routing_repeats_total",          "Inputs that had been taken before, or were overtaken by others, and changed nothing.") \
    X(ROUTING_COUNT_OFFERED,   "filrouge_routing_offers_total",           "Offers made to agents.") \
    X(ROUTING_COUNT_ACCEPTED,  "filrouge_routing_offers_accepted_total",  "Offers that the agent accepted.") \
    X(ROUTING_COUNT_DECLINED,  "filrouge_routing_offers_declined_total",  "Offers that the agent declined.") \
    X(ROUTING_COUNT_EXPIRED,   "filrouge_routing_offers_expired_total",   "Offers that nobody answered in time.") \
    X(ROUTING_COUNT_RESCINDED, "filrouge_routing_offers_rescinded_total", "Offers taken back, because the agent left or the task was over.") \
    X(ROUTING_COUNT_REFUSED,   "filrouge_routing_answers_refused_total",  "Answers to offers that had ended already.") \
    X(ROUTING_COUNT_PARKED,    "filrouge_routing_tasks_parked_total",     "Tasks that no agent who is known could ever serve.") \
    X(ROUTING_COUNT_RAISED,    "filrouge_routing_tasks_raised_total",     "Tasks moved up because a promise was about to break.") \
    X(ROUTING_COUNT_SET_AWAY,  "filrouge_routing_agents_set_away_total",  "Times that an agent was set away after offers had expired.") \
    X(ROUTING_COUNT_RULE_TROUBLE, "filrouge_routing_rule_troubles_total", "Tasks whose rule (a Lua function) failed, or took too much; they went on without it.") \
    X(ROUTING_COUNT_SITES_SILENT, "filrouge_routing_sites_silent_total",  "Times that a site fell silent, so that its offers were taken back.") \
    X(ROUTING_COUNT_WAITS_TOLD,   "filrouge_routing_waits_told_total",    "Customers who were told an expected wait.") \
    X(ROUTING_COUNT_WAIT_OFFERED, "filrouge_routing_waits_offered_total", "Of them, who were offered something else than waiting.") \
    X(ROUTING_COUNT_DEFERRED,     "filrouge_routing_tasks_deferred_total", "Tasks that keep their place for a call-back.") \
    X(ROUTING_COUNT_WAITS_KEPT,   "filrouge_routing_waits_ended_total",   "Customers who were told an expected wait, and were served.") \
    X(ROUTING_COUNT_WAITS_IN_P50, "filrouge_routing_waits_in_p50_total",  "Of them, who came by the median that they were told: half, when it is right.") \
    X(ROUTING_COUNT_WAITS_IN_P90, "filrouge_routing_waits_in_p90_total",  "Of them, who came by the P90 that they were told: nine of ten, when it is right.")
/* clang-format on */

#define ROUTING_COUNTER_ENUM(number, name, help) number,
enum routing_counter { ROUTING_COUNTERS(ROUTING_COUNTER_ENUM) };
#undef ROUTING_COUNTER_ENUM

#endif
