/* counters.h - one row per counter: name and a sentence that an operator understands. */
#ifndef FR_EMAIL_COUNTERS_H
#define FR_EMAIL_COUNTERS_H

/* clang-format off */
#define EMAIL_COUNTERS(X) \
    X(EMAIL_COUNT_TAKEN,      "filrouge_email_taken_total",             "Mails that people wrote, taken in.") \
    X(EMAIL_COUNT_MACHINE,    "filrouge_email_automatic_total",         "Auto-replies, list mail, reports and bounces of unknown mail: taken in, nobody waits for an answer.") \
    X(EMAIL_COUNT_RETURNED,   "filrouge_email_returned_total",          "Bounces that were about a mail of ours.") \
    X(EMAIL_COUNT_OWN,        "filrouge_email_own_total",               "Our own mails that came back.") \
    X(EMAIL_COUNT_REPEATED,   "filrouge_email_repeated_total",          "Mails that came again, and were there already.") \
    X(EMAIL_COUNT_SET_ASIDE,  "filrouge_email_set_aside_total",         "Mails that could not be understood: fil dead ls shows them.") \
    X(EMAIL_COUNT_PROVEN,     "filrouge_email_proven_replies_total",    "Mails to an address that was signed for one conversation.") \
    X(EMAIL_COUNT_LMTP_BUSY,  "filrouge_email_lmtp_busy_total",         "LMTP recipients answered with 4xx because of pressure: the MTA comes again.") \
    X(EMAIL_COUNT_LMTP_NO,    "filrouge_email_lmtp_refused_total",      "LMTP commands and mails answered with 5xx.") \
    X(EMAIL_COUNT_CONNECTED,  "filrouge_email_lmtp_connections_total",  "LMTP connections that were taken.") \
    X(EMAIL_COUNT_TURNED_AWAY, "filrouge_email_lmtp_turned_away_total", "LMTP connections answered with 421: too many, or not of `peers`.") \
    X(EMAIL_COUNT_IMAP_FAIL,  "filrouge_email_imap_failures_total",     "Looks into a mailbox that failed: the log says why.") \
    X(EMAIL_COUNT_VALIDITY,   "filrouge_email_imap_renumbered_total",   "Mailboxes that were read again because their UIDVALIDITY had changed.") \
    X(EMAIL_COUNT_QUEUED,     "filrouge_email_queued_total",            "Answers and notices to be sent.") \
    X(EMAIL_COUNT_SENT,       "filrouge_email_sent_total",              "Mails that a smarthost took.") \
    X(EMAIL_COUNT_LATER,      "filrouge_email_deferred_total",          "Tries to send that are made again later.") \
    X(EMAIL_COUNT_LOST,       "filrouge_email_undelivered_total",       "Mails that were refused or given up: the agent is told.") \
    X(EMAIL_COUNT_UNCERTAIN,  "filrouge_email_uncertain_total",         "Mails that may have gone out twice: a try ended without an answer.") \
    X(EMAIL_COUNT_ACKED,      "filrouge_email_acknowledgements_total",  "Acknowledgements to be sent.") \
    X(EMAIL_COUNT_ACK_HELD,   "filrouge_email_acknowledgements_held_total", "Acknowledgements not sent: the sender had one, or the hour's number was reached.") \
    X(EMAIL_COUNT_FORGOTTEN,  "filrouge_email_forgotten_total",         "Mails, attachments and set-aside mails forgotten because they were older than `keep`.")
/* clang-format on */

#define EMAIL_COUNTER_ENUM(number, name, help) number,
enum email_counter { EMAIL_COUNTERS(EMAIL_COUNTER_ENUM) };
#undef EMAIL_COUNTER_ENUM

#endif
