/* counters.h - one row per counter: name and a sentence that an operator understands. */
#ifndef FR_DESK_COUNTERS_H
#define FR_DESK_COUNTERS_H

/* clang-format off */
#define DESK_COUNTERS(X) \
    X(DESK_COUNT_OFFERS,    "filrouge_desk_offers_total",           "Offers that reached this desk.") \
    X(DESK_COUNT_ACTIONS,   "filrouge_desk_actions_total",          "Actions of agents that were taken.") \
    X(DESK_COUNT_REPEATED,  "filrouge_desk_actions_repeated_total", "Actions sent again under the same id and taken only once.") \
    X(DESK_COUNT_STRAY,     "filrouge_desk_records_stray_total",    "Records of the hub about conversations that nobody here holds.") \
    X(DESK_COUNT_LOGINS,    "filrouge_desk_logins_total",           "Agents who signed in.") \
    X(DESK_COUNT_LOGIN_NO,  "filrouge_desk_logins_refused_total",   "Sign-ins refused: wrong name or password, or too many tries.") \
    X(DESK_COUNT_FORGED,    "filrouge_desk_sessions_refused_total", "Requests with a session that is forged, over or missing.") \
    X(DESK_COUNT_MALFORMED, "filrouge_desk_malformed_total",        "Messages from browsers that were not understood.")
/* clang-format on */

#define DESK_COUNTER_ENUM(number, name, help) number,
enum desk_counter { DESK_COUNTERS(DESK_COUNTER_ENUM) };
#undef DESK_COUNTER_ENUM

#endif
