/* tables.h - what e-mail remembers: mails by their names, what goes out, how far mailboxes are
 * read.
 *
 *     mails      record              a mail as it was taken (EmailTaken)
 *     names      hash of a name      the mail of that name: the deduplication
 *     sent       message             what goes or went out
 *     cursors    mailbox             how far it has been read
 *     acked      hash                the acknowledgement that somebody got about something
 *     hours      hash                how many acknowledgements in that hour
 */
#ifndef FR_EMAIL_TABLES_H
#define FR_EMAIL_TABLES_H

#include "proto/email_state.pb-c.h"
#include "services/channel_email/email.h"

extern const struct fr_table email_tables[];

/* ---- mails ---- */

enum email_name { EMAIL_NAME_OUTSIDE = 'x', EMAIL_NAME_BYTES = 's' }; /* external_id; sha256 */

struct email_known { /* what a name leads to */
    uint64_t mail;   /* record id of its EmailTaken */
    uint64_t from_hash, text_hash;
    int64_t date_us; /* 0: it had none */
    uint32_t fate;   /* Fr__EmailFate */
    uint32_t spare;
};

enum fr_error email_known_get(const struct fr_view *view, const char *account, enum email_name kind,
                              struct fr_slice name, struct email_known *known);
enum fr_error email_mail_get(const struct fr_view *view, uint64_t mail, struct fr_arena *arena,
                             const Fr__EmailTaken **taken);
/* With its names. */
enum fr_error email_mail_put(struct fr_tables *tables, uint64_t mail, const Fr__EmailTaken *taken,
                             struct fr_slice packed);
enum fr_error email_mail_del(struct fr_tables *tables, uint64_t mail);
/* The same for two mails under one name; 0 for NULL. */
uint64_t email_text_hash(const char *text);

/* Oldest first. */
void email_mail_scan(struct fr_scan *scan, const struct fr_view *view);
enum fr_error email_mail_next(struct fr_scan *scan, struct fr_arena *arena, uint64_t *mail,
                              const Fr__EmailTaken **taken);

/* ---- mailboxes ---- */

/* FR_NOT_FOUND: never read. */
enum fr_error email_cursor_get(const struct fr_view *view, const char *mailbox,
                               struct email_cursor *cursor);
enum fr_error email_cursor_put(struct fr_tables *tables, const char *mailbox,
                               struct email_cursor cursor);

/* ---- what goes out ---- */

enum fr_error email_sent_get(const struct fr_view *view, uint64_t message, struct fr_arena *arena,
                             const Fr__EmailStateSent **sent);
enum fr_error email_sent_put(struct fr_tables *tables, const Fr__EmailStateSent *sent);
enum fr_error email_sent_del(struct fr_tables *tables, uint64_t message);
void email_sent_scan(struct fr_scan *scan, const struct fr_view *view);
enum fr_error email_sent_next(struct fr_scan *scan, struct fr_arena *arena, uint64_t *message,
                              const Fr__EmailStateSent **sent);

/* ---- acknowledgements ---- */

struct email_acked {
    uint64_t message;
    int64_t at_us;
};
enum fr_error email_acked_get(const struct fr_view *view, const char *account, const char *sender,
                              struct fr_slice about, struct email_acked *acked);
enum fr_error email_acked_put(struct fr_tables *tables, const char *account, const char *sender,
                              struct fr_slice about, const struct email_acked *acked);
enum fr_error email_acked_del(struct fr_tables *tables, const char *account, const char *sender,
                              struct fr_slice about);
/* In the hour of that time; sender "": to everybody.  0: none. */
uint32_t email_hour_get(const struct fr_view *view, const char *account, const char *sender,
                        int64_t at_us);
enum fr_error email_hour_put(struct fr_tables *tables, const char *account, const char *sender,
                             int64_t at_us, uint32_t count);
enum fr_error email_hour_del(struct fr_tables *tables, const char *account, const char *sender,
                             int64_t at_us);

#endif
