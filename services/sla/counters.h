/* counters.h - one row per counter: name and a sentence that an operator understands. */
#ifndef FR_SLA_COUNTERS_H
#define FR_SLA_COUNTERS_H

/* clang-format off */
#define SLA_COUNTERS(X) \
    X(SLA_COUNT_ARMED,     "filrouge_sla_targets_armed_total",     "Deadlines set.") \
    X(SLA_COUNT_MOVED,     "filrouge_sla_targets_moved_total",     "Deadlines that changed: paused, resumed, another policy or calendar.") \
    X(SLA_COUNT_WARNED,    "filrouge_sla_targets_warned_total",    "Steps on the way to deadlines: tasks raised, customers told.") \
    X(SLA_COUNT_ALERTS,    "filrouge_sla_alerts_total",            "Steps at which supervisors were alerted.") \
    X(SLA_COUNT_PROMISES,  "filrouge_sla_promises_made_total",     "Call-backs and promises of agents.") \
    X(SLA_COUNT_FORGOTTEN, "filrouge_sla_forgotten_total",         "Conversations whose ended targets were forgotten.") \
    X(SLA_COUNT_MET,       "filrouge_sla_targets_met_total",       "Deadlines kept.") \
    X(SLA_COUNT_BREACHED,  "filrouge_sla_targets_breached_total",  "Deadlines missed.") \
    X(SLA_COUNT_LATE,      "filrouge_sla_targets_late_total",      "Missed deadlines that were answered after all.") \
    X(SLA_COUNT_CANCELLED, "filrouge_sla_targets_cancelled_total", "Deadlines that ended with their conversation.") \
    X(SLA_COUNT_REPEATED,  "filrouge_sla_repeats_total",           "Messages that had counted before and were ignored.") \
    X(SLA_COUNT_NO_POLICY, "filrouge_sla_unpromised_total",        "Customers' messages for which no policy promises an answer.")
/* clang-format on */

#define SLA_COUNTER_ENUM(number, name, help) number,
enum sla_counter { SLA_COUNTERS(SLA_COUNTER_ENUM) };
#undef SLA_COUNTER_ENUM

#endif
