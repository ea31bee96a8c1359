/* classify.h - what kind of mail is it, and may it be answered by a machine?
 *
 * Rules over the header first (RFC 3834, RFC 2919, RFC 3464, RFC 5965), then over the words that
 * programs without those headers use.  No rule looks at the language of the person who wrote.
 */
#ifndef FR_EMAIL_CLASSIFY_H
#define FR_EMAIL_CLASSIFY_H

#include "services/channel_email/mime.h"
#include "proto/email_parsed.pb-c.h"

struct email_evidence { /* what the judgement is made from; all borrowed */
    const struct email_mime *mime;
    const Fr__EmailOptions *options; /* never NULL */
    const char *from;                /* first address, or "" */
    const char *subject;             /* decoded, never NULL */
    const char *message_id;          /* or NULL */
    const char *text;                /* the whole text, never NULL */
};

/* The class; EMAIL_BOUNCE is only a candidate until bounce.h has read the report. */
Fr__EmailClass email_classify(const struct email_evidence *evidence, struct fr_arena *arena);

/* Reasons not to answer automatically, in `reasons`; returns how many.  At most
 * EMAIL_REASONS_MAX. */
#define EMAIL_REASONS_MAX 24
size_t email_no_autoanswer(const struct email_evidence *evidence, struct fr_arena *arena,
                           const char **reasons);

/* mailer-daemon@, postmaster@ and the like: a program that carries mail speaks. */
bool email_from_daemon(const char *address);

/* MAIL FROM:<> by the envelope, or by a Return-Path: <> that the last MTA left. */
bool email_null_sender(const struct email_evidence *evidence);

#endif
