/* counters.h - what identity counts, for /metrics. */
#ifndef FR_IDENTITY_COUNTERS_H
#define FR_IDENTITY_COUNTERS_H

/* clang-format off */
#define IDENTITY_COUNTERS(X) \
    X(IDENTITY_OBSERVATIONS, "filrouge_identity_observations_total",   "Messages and sign-ins that were given to a customer.") \
    X(IDENTITY_CREATED,      "filrouge_identity_customers_total",      "Customers created because an observation fitted nobody known.") \
    X(IDENTITY_MERGED,       "filrouge_identity_merges_total",         "Customers merged because one observation carried verified keys of both.") \
    X(IDENTITY_UNVERIFIED,   "filrouge_identity_unverified_total",     "Observations with nothing proven behind them; agents see them marked.") \
    X(IDENTITY_SUGGESTED,    "filrouge_identity_suggestions_total",    "Pairs of customers that a person should look at.") \
    X(IDENTITY_CONFLICTS,    "filrouge_identity_conflicts_total",      "Evidence that contradicted: other account, failed authentication.") \
    X(IDENTITY_NO_KEY,      "filrouge_identity_unusable_keys_total",  "Identifiers that gave no key: withheld numbers, noreply addresses, our own.") \
    X(IDENTITY_SPLIT,       "filrouge_identity_splits_total",         "Merges taken back, by a person or because a shared key had made them.") \
    X(IDENTITY_SHARED_KEYS, "filrouge_identity_shared_keys_total",    "Keys that neither link nor suggest any more, because too many share them.") \
    X(IDENTITY_MOVED,       "filrouge_identity_moved_total",          "Observations that were resolved again and went to another customer.") \
    X(IDENTITY_ERASED,      "filrouge_identity_erased_total",         "Customers erased on request.") \
    X(IDENTITY_ACTIONS,     "filrouge_identity_actions_total",        "Decisions of people: merges, unmerges, confirmations, rejections, proofs.")
/* clang-format on */

#define IDENTITY_COUNTER_ENUM(id, name, help) id,
enum identity_counter { IDENTITY_COUNTERS(IDENTITY_COUNTER_ENUM) };
#undef IDENTITY_COUNTER_ENUM

#endif
