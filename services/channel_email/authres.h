/* authres.h - Authentication-Results (RFC 8601) of an MTA that we trust: is From who it says?
 *
 * Only fields whose authserv-id is in the list count; the trusted MTA must take out foreign fields
 * that bear its name (RFC 8601, 5).  Aligned means in the relaxed sense of RFC 7489, 3.1: the same
 * domain, or one below the other; without a list of public suffixes we do not join siblings.
 */
#ifndef FR_EMAIL_AUTHRES_H
#define FR_EMAIL_AUTHRES_H

#include "services/channel_email/mime.h"
#include "proto/email_parsed.pb-c.h"

/* The verdict over From's domain; `from_count` other than 1 gives AUTH_NONE.  NULL: arena spent. */
Fr__EmailAuthentication *email_authres(const struct email_mime *mime,
                                       const Fr__EmailOptions *options, const char *from,
                                       size_t from_count, struct fr_arena *arena);

#endif
