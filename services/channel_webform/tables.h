/* tables.h - what the form remembers: submissions, the keys they came under, and their answers. */
#ifndef FR_WEBFORM_TABLES_H
#define FR_WEBFORM_TABLES_H

#include "services/channel_webform/webform.h"
#include "proto/webform_state.pb-c.h"

extern const struct fr_table webform_tables[];

/* ---- submissions, by ticket ---- */

struct webform_submission { /* as stored; its idempotency key stands behind it */
    int64_t received_us;
    uint64_t fingerprint;
    uint32_t answer_count, read_count; /* read: the first so many of its answers */
    char account[FR_NAME_SIZE];
};

enum fr_error webform_submission_get(const struct fr_view *view, uint64_t ticket,
                                     struct webform_submission *out);
enum fr_error webform_submission_add(struct fr_tables *tables, uint64_t ticket,
                                     const struct webform_submission *submission,
                                     const char *external_id);
enum fr_error webform_submission_update(struct fr_tables *tables, uint64_t ticket,
                                        const struct webform_submission *submission);
/* With its idempotency key; its answers are the caller's to delete. */
enum fr_error webform_submission_del(struct fr_tables *tables, uint64_t ticket);

/* Oldest first. */
void webform_submission_scan(struct fr_scan *scan, const struct fr_view *view);
enum fr_error webform_submission_next(struct fr_scan *scan, uint64_t *ticket,
                                      struct webform_submission *out);

/* The ticket that this idempotency key was given. */
enum fr_error webform_seen_get(const struct fr_view *view, const char *account,
                               const char *external_id, uint64_t *ticket);

/* ---- answers, by ticket and position ---- */

enum fr_error webform_answer_get(const struct fr_view *view, struct fr_arena *arena,
                                 uint64_t ticket, uint32_t position,
                                 const Fr__WebformStateAnswer **out);
enum fr_error webform_answer_put(struct fr_tables *tables, uint64_t ticket,
                                 const Fr__WebformStateAnswer *answer);
enum fr_error webform_answer_del(struct fr_tables *tables, uint64_t ticket, uint32_t position,
                                 uint64_t message_id);
/* Where the answer of that name is kept. */
enum fr_error webform_answer_find(const struct fr_view *view, uint64_t message_id, uint64_t *ticket,
                                  uint32_t *position);

#endif
