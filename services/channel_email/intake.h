/* intake.h - from the bytes of a mail to a durable record: parse in the child, submit, wait.
 *
 * Both ways in use it: the LMTP server's workers and the pollers, each with a child of its own.
 */
#ifndef FR_EMAIL_INTAKE_H
#define FR_EMAIL_INTAKE_H

#include <pthread.h>
#include "services/channel_email/child.h"
#include "services/channel_email/rules.h"

struct email_intake { /* what all threads of the edge share */
    struct fr_process *process;
    struct email_cas *attachments; /* what mails carry, by content */
    struct email_cas *mails;       /* those that were set aside, as they came */
    char mails_dir[512];
    pthread_mutex_t lock;
    struct email_rules *rules; /* in force; take with email_intake_rules */
};

enum fr_error email_intake_open(struct email_intake *intake, struct fr_process *process,
                                const struct email_config *config);
void email_intake_close(struct email_intake *intake);
/* After a reload.  What others hold stays with them. */
void email_intake_reload(struct email_intake *intake, const struct email_config *config);
struct email_rules *email_intake_rules(struct email_intake *intake);
void email_intake_release(struct email_intake *intake, struct email_rules **rules);

/* One thread's tools. */
struct email_reader {
    struct email_child *child;
    struct fr_arena *arena;
};
enum fr_error email_reader_open(struct email_reader *reader, const struct email_config *config);
void email_reader_close(struct email_reader *reader);

#define EMAIL_OUTCOME_SIZE 160

struct email_delivery {      /* for one account */
    unsigned account;        /* in rules->accounts */
    const char **recipients; /* of the envelope; borrowed until the mail is done */
    size_t recipient_count;
    enum fr_error error; /* FR_OK: durable */
    char reason[EMAIL_OUTCOME_SIZE];
};

struct email_intake_mail {
    struct email_intake *intake;
    struct email_rules *rules; /* held by whoever made the mail */
    struct fr_slice bytes;
    Fr__EmailWay way;
    struct fr_time received;
    const char *sender;          /* NULL: unknown */
    const Fr__EmailPlace *place; /* or NULL */
    const char *trouble;         /* it is set aside for this reason, unread; or NULL */
    struct email_delivery *deliveries;
    size_t delivery_count;
    /* Once, when each delivery has its outcome; on the stage's thread, or on the caller's. */
    void (*done)(struct email_intake_mail *mail);
    void *context;
    /* private */
    pthread_mutex_t lock;
    size_t waiting;
    uint8_t sha256[EMAIL_SHA256_SIZE];
};

/* Blocks while the child parses (20 s at most), not for the outcome.  A mail that cannot be
 * understood is kept in `mails` first. */
void email_intake_take(struct email_intake_mail *mail, struct email_reader *reader);

#endif
