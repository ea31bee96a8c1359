/* counters.h - what conversations counts, for /metrics. */
#ifndef FR_CONVERSATIONS_COUNTERS_H
#define FR_CONVERSATIONS_COUNTERS_H

/* clang-format off */
#define CONVERSATIONS_COUNTERS(X) \
    X(CONVERSATIONS_OPENED,      "filrouge_conversations_opened_total",      "Conversations opened because nothing open or lately resolved fitted.") \
    X(CONVERSATIONS_REOPENED,    "filrouge_conversations_reopened_total",    "Resolved conversations that went on.") \
    X(CONVERSATIONS_RESOLVED,    "filrouge_conversations_resolved_total",    "Conversations that got their outcome.") \
    X(CONVERSATIONS_RECEIVED,    "filrouge_conversations_received_total",    "Customers' messages added to a conversation.") \
    X(CONVERSATIONS_ANSWERED,    "filrouge_conversations_answers_total",     "Agents' answers sent on the channel that the customer chose.") \
    X(CONVERSATIONS_NOTICES,     "filrouge_conversations_notices_total",     "Customers told that it takes longer than promised, before the promise broke.") \
    X(CONVERSATIONS_SWITCHES,    "filrouge_conversations_switches_total",    "Conversations that went on over another channel.") \
    X(CONVERSATIONS_UNDELIVERED, "filrouge_conversations_undelivered_total", "Answers that could not reach the customer; the matter is open again.") \
    X(CONVERSATIONS_UNSEEN,      "filrouge_conversations_unseen_total",      "Finishes that came after a message which the agent had not seen: the matter stayed open.") \
    X(CONVERSATIONS_CHOICES,     "filrouge_conversations_wait_choices_total", "Customers in line who chose to wait, to help themselves, or to be called back.") \
    X(CONVERSATIONS_REPEATED,    "filrouge_conversations_repeated_total",    "Inputs that arrived once more and were known already.") \
    X(CONVERSATIONS_STALE,       "filrouge_conversations_stale_total",       "Inputs about a task that was over when they arrived.")
/* clang-format on */

#define CONVERSATIONS_COUNTER_ENUM(id, name, help) id,
enum conversations_counter { CONVERSATIONS_COUNTERS(CONVERSATIONS_COUNTER_ENUM) };
#undef CONVERSATIONS_COUNTER_ENUM

#endif
