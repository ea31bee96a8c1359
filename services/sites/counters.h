/* counters.h - one row per counter: name and a sentence that an operator understands. */
#ifndef FR_SITES_COUNTERS_H
#define FR_SITES_COUNTERS_H

/* clang-format off */
#define SITES_COUNTERS(X) \
    X(SITES_COUNT_GRANTED,   "filrouge_sites_leases_granted_total",  "Offers leased to a site.") \
    X(SITES_COUNT_ENDED,     "filrouge_sites_leases_ended_total",    "Leases that ended, for whatever reason.") \
    X(SITES_COUNT_RAN_OUT,   "filrouge_sites_leases_run_out_total",  "Leases that ran out before the work was done.") \
    X(SITES_COUNT_FORBIDDEN, "filrouge_sites_offers_forbidden_total", "Offers that the site's contract does not allow.") \
    X(SITES_COUNT_REFUSED,   "filrouge_sites_work_refused_total",    "Records of desks that were refused.") \
    X(SITES_COUNT_REPEATED,  "filrouge_sites_work_repeated_total",   "Records of desks that had been taken before and were ignored.") \
    X(SITES_COUNT_REPLIES,   "filrouge_sites_replies_total",         "Replies and notes of agents passed on.") \
    X(SITES_COUNT_WITHHELD,  "filrouge_sites_entries_withheld_total", "Conversation records not relayed because the site holds no lease.") \
    X(SITES_COUNT_SILENT,    "filrouge_sites_silent_total",          "Times that a site fell silent: the link to its desk stayed down.")
/* clang-format on */

#define SITES_COUNTER_ENUM(number, name, help) number,
enum sites_counter { SITES_COUNTERS(SITES_COUNTER_ENUM) };
#undef SITES_COUNTER_ENUM

#endif
