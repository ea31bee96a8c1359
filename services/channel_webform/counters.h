/* counters.h - one row per counter: name and a sentence that an operator understands. */
#ifndef FR_WEBFORM_COUNTERS_H
#define FR_WEBFORM_COUNTERS_H

/* clang-format off */
#define WEBFORM_COUNTERS(X) \
    X(WEBFORM_COUNT_TAKEN,     "filrouge_webform_submissions_total",          "Forms taken and acknowledged.") \
    X(WEBFORM_COUNT_REPEATED,  "filrouge_webform_repeated_total",             "Forms sent again under the same idempotency key and stored once.") \
    X(WEBFORM_COUNT_CONFLICT,  "filrouge_webform_key_conflicts_total",        "Forms refused because their idempotency key had been used for something else.") \
    X(WEBFORM_COUNT_MALFORMED, "filrouge_webform_malformed_total",            "Forms refused because a field or the whole was wrong.") \
    X(WEBFORM_COUNT_TOKEN_NO,  "filrouge_webform_tokens_refused_total",       "Forms refused for a customer token that was forged, foreign or expired.") \
    X(WEBFORM_COUNT_ORIGIN_NO, "filrouge_webform_origins_refused_total",      "Forms refused because of the page they came from.") \
    X(WEBFORM_COUNT_BUSY,      "filrouge_webform_busy_total",                 "Forms answered with 503 because the service was under pressure.") \
    X(WEBFORM_COUNT_TICKET_NO, "filrouge_webform_tickets_refused_total",      "Looks at a ticket that is forged or forgotten.") \
    X(WEBFORM_COUNT_ANSWERS,   "filrouge_webform_answers_total",              "Answers kept for their ticket.") \
    X(WEBFORM_COUNT_NOWHERE,   "filrouge_webform_answers_undeliverable_total", "Answers for a ticket that is not there any more.") \
    X(WEBFORM_COUNT_POSTED,    "filrouge_webform_posts_delivered_total",      "Answers that an answer_url took.") \
    X(WEBFORM_COUNT_POST_FAIL, "filrouge_webform_posts_failed_total",         "Tries to post an answer that failed.") \
    X(WEBFORM_COUNT_POST_LOST, "filrouge_webform_posts_given_up_total",       "Answers that no answer_url took; they still wait at their ticket.") \
    X(WEBFORM_COUNT_FORGOTTEN, "filrouge_webform_tickets_forgotten_total",    "Tickets deleted because they were older than `keep`.")
/* clang-format on */

#define WEBFORM_COUNTER_ENUM(number, name, help) number,
enum webform_counter { WEBFORM_COUNTERS(WEBFORM_COUNTER_ENUM) };
#undef WEBFORM_COUNTER_ENUM

#endif
