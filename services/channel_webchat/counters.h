/* counters.h - one row per counter: name and a sentence that an operator understands. */
#ifndef FR_WEBCHAT_COUNTERS_H
#define FR_WEBCHAT_COUNTERS_H

/* clang-format off */
#define WEBCHAT_COUNTERS(X) \
    X(WEBCHAT_COUNT_MESSAGES,   "filrouge_webchat_messages_total",              "Messages of customers taken and acknowledged.") \
    X(WEBCHAT_COUNT_REPEATED,   "filrouge_webchat_repeated_total",              "Messages sent again by a browser and stored once.") \
    X(WEBCHAT_COUNT_ANSWERS,    "filrouge_webchat_answers_total",               "Answers and notices kept for a session.") \
    X(WEBCHAT_COUNT_NOWHERE,    "filrouge_webchat_answers_undeliverable_total", "Answers for a session that is not kept any more.") \
    X(WEBCHAT_COUNT_CHOSEN,     "filrouge_webchat_wait_choices_total",          "Customers in line who chose one of what they were offered.") \
    X(WEBCHAT_COUNT_OPENED,     "filrouge_webchat_opened_total",                "Chats that browsers opened or came back to.") \
    X(WEBCHAT_COUNT_IDENTIFIED, "filrouge_webchat_identified_total",            "Sessions whose customer proved who he is.") \
    X(WEBCHAT_COUNT_PARTED,     "filrouge_webchat_parted_total",                "Sessions begun because another customer signed in in the same browser.") \
    X(WEBCHAT_COUNT_FULL,       "filrouge_webchat_full_total",                  "Messages refused because their session was full.") \
    X(WEBCHAT_COUNT_MALFORMED,  "filrouge_webchat_malformed_total",             "Messages of browsers that were not understood.") \
    X(WEBCHAT_COUNT_SESSION_NO, "filrouge_webchat_sessions_refused_total",      "Session tokens that were forged, foreign or expired.") \
    X(WEBCHAT_COUNT_TOKEN_NO,   "filrouge_webchat_tokens_refused_total",        "Customer tokens that were forged, foreign or expired.") \
    X(WEBCHAT_COUNT_ORIGIN_NO,  "filrouge_webchat_origins_refused_total",       "Connections refused because of the page they came from.") \
    X(WEBCHAT_COUNT_TOO_FAST,   "filrouge_webchat_too_fast_total",              "Messages and sessions refused because too many came too fast.") \
    X(WEBCHAT_COUNT_BUSY,       "filrouge_webchat_busy_total",                  "Requests put off because the service was under pressure.") \
    X(WEBCHAT_COUNT_FORGOTTEN,  "filrouge_webchat_sessions_forgotten_total",    "Sessions deleted because they were quiet for longer than `keep`.")
/* clang-format on */

#define WEBCHAT_COUNTER_ENUM(number, name, help) number,
enum webchat_counter { WEBCHAT_COUNTERS(WEBCHAT_COUNTER_ENUM) };
#undef WEBCHAT_COUNTER_ENUM

#endif
