/* session.h - the session token that a browser keeps: which session, at which account, since when.
 */
#ifndef FR_WEBCHAT_SESSION_H
#define FR_WEBCHAT_SESSION_H

#include "common/base/time.h"
#include "common/token/seal.h"
#include "services/channel_webchat/webchat.h"

#define WEBCHAT_SESSION_TOKEN_SIZE FR_SEAL_TEXT_SIZE(24) /* with its NUL */

/* A session that nobody has or can guess: 16 random bytes, in hexadecimal. */
void webchat_session_make(char session[WEBCHAT_SESSION_SIZE]);

void webchat_session_write(const struct fr_seal *seal, const char *account, const char *session,
                           struct fr_time now, char token[WEBCHAT_SESSION_TOKEN_SIZE]);

/* FR_OK; FR_INVALID: not one of ours, or another account's; FR_GONE: older than session_time. */
enum fr_error webchat_session_read(const struct fr_seal *seal, const char *account,
                                   struct fr_slice token, struct fr_time now,
                                   struct fr_span session_time, char session[WEBCHAT_SESSION_SIZE]);

#endif
