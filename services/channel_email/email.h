/* email.h - e-mail: mails become messages, answers become mails that thread at the customer's.
 *
 *   an MTA --LMTP--> lmtp_server --+                                      +--> MessageReceived
 *   a mailbox <--IMAP-- poll ------+--> intake --> decide_arrived --------+--> DeliveryChanged
 *                                       (parser child)                          (a bounce)
 *   conversations --OutboundRequested--> decide_answer --> EmailQueued --> send --SMTP--> smarthost
 */
#ifndef FR_EMAIL_EMAIL_H
#define FR_EMAIL_EMAIL_H

#include "common/stage/stage.h"
#include "proto/email.pb-c.h"

#define EMAIL_CHANNEL "channel_email"
#define EMAIL_EFFECT_SEND 1u                  /* id: message_id; body: EmailQueued */
#define EMAIL_EFFECT_REREAD 2u                /* id: record; body: EmailArrived, set aside */
#define EMAIL_TIMER_SEND (FR_TIMER_KIND + 1)  /* id: message_id */
#define EMAIL_TIMER_SWEEP (FR_TIMER_KIND + 2) /* id: 0 */

#define EMAIL_ADDRESS_SIZE 321    /* 64 @ 255 and a NUL: RFC 5321, 4.5.3.1 */
#define EMAIL_QUOTE_SIZE_MAX 8192 /* bytes of a mail that are kept for quoting it */

extern const struct fr_stage email_stage; /* channel_email.c */
extern const struct fr_edge email_edge;   /* edge.c */

/* ---- configuration (config.c) ---- */

enum email_tls { EMAIL_TLS_ALWAYS, EMAIL_TLS_TRY, EMAIL_TLS_NEVER }; /* STARTTLS */

struct email_smarthost { /* where mail is handed over */
    const char *url;     /* smtp://host:port or smtps://; NULL: the service's own */
    const char *user;    /* or NULL */
    const char *password;
    int tls; /* enum email_tls */
};
struct email_account { /* one address of one brand */
    const char *name;
    const char *brand;
    const char *address;
    struct fr_config_list aliases; /* const char *: further addresses that are this account's */
    const char *title;             /* {brand}; NULL: the brand's name */
    const char *from;              /* the name before the address, with {agent} and {brand} */
    const char *region;            /* or NULL */
    const char *signature;         /* "" or text; {agent} and {brand} are filled in */
    const char *separator;         /* before a token in the local part; "": no tokens */
    const char *acknowledgement;   /* "" or what is sent when a mail came; {brand} and {subject} */
    bool quote;
    struct email_smarthost smarthost;
};
struct email_mailbox { /* polled by IMAP */
    const char *name;
    const char *account;
    const char *url; /* imap://host:port or imaps:// */
    const char *user;
    const char *password;
    const char *folder;
    int tls; /* enum email_tls */
    struct fr_span every;
};
struct email_config {
    const char *listen; /* LMTP: "unix:PATH" or "127.0.0.1:2424"; "": none */
    const char *peers;  /* addresses that may connect over TCP, blank-separated */
    const char *hostname;
    const char *reply_secret;               /* NULL only where there are no accounts */
    struct fr_config_list trusted_authserv; /* const char * */
    struct fr_config_list accounts;         /* struct email_account */
    struct fr_config_list mailboxes;        /* struct email_mailbox */
    struct email_smarthost smarthost;
    const char *ca_file; /* or NULL: the system's */
    int64_t size_max, memory_max;
    int64_t connections_max, recipients_max, parsers;
    struct fr_span idle_timeout, mail_timeout, send_timeout;
    struct fr_span retry_first, give_up_after, keep;
    struct fr_span acknowledge_again;
    int64_t acknowledge_per_sender, acknowledge_per_account; /* in one hour */
    const char *parser;                                      /* program; NULL: beside ours */
};
extern const struct fr_config_key email_config_keys[];
fr_config_check_fn email_config_check;
const struct email_account *email_account_find(const struct email_config *config, const char *name);
static inline const char *
email_brand_title(const struct email_account *account)
{
    return account->title != NULL ? account->title : account->brand;
}

/* ---- decide ---- */

fr_decide_fn email_decide_arrived;  /* decide_arrived.c: a mail came */
fr_decide_fn email_decide_asked;    /* how far has this mailbox been read? */
fr_decide_fn email_decide_outbound; /* decide_answer.c: an answer is to go out */
fr_decide_fn email_decide_tried;    /* it did, or not */
fr_decide_fn email_decide_due;      /* another try */
fr_decide_fn email_decide_config;   /* decide_forget.c: the first look for what may be forgotten */
fr_decide_fn email_decide_sweep;

struct email_cursor { /* what a poller gets back: everything up to uid has been read */
    uint32_t uidvalidity, uid;
};

/* ---- apply (apply.c) ---- */

fr_apply_fn email_apply_taken;
fr_apply_fn email_apply_mailbox_read;
fr_apply_fn email_apply_queued;
fr_apply_fn email_apply_tried;
fr_apply_fn email_apply_due;
fr_apply_fn email_apply_retried;
fr_apply_fn email_apply_reread;
fr_apply_fn email_apply_forgotten;

/* ---- the rest ---- */

extern const struct fr_query email_queries[]; /* query.c */

/* send.c: one try to hand a mail to the smarthost. */
enum fr_error email_send(const void *config, uint64_t id, struct fr_slice body, unsigned attempt,
                         struct fr_arena *arena, struct fr_slice *outcome);

/* intake.c: bytes that were set aside are read once more. */
enum fr_error email_reread(const void *config, uint64_t id, struct fr_slice body, unsigned attempt,
                           struct fr_arena *arena, struct fr_slice *outcome);

#endif
