/* session.h - who is at the window: a signed token in a cookie, nothing kept on the server.
 *
 *     base64url( version, expires, nonce, agent ) . base64url( HMAC-SHA256 of that and the agent's
 * credential )
 *
 * The credential (password or hash as configured) is part of what is signed, so a changed password
 * ends the sessions that the old one began.  The key is made at the first start and stays in the
 * state directory.
 */
#ifndef FR_DESK_SESSION_H
#define FR_DESK_SESSION_H

#include "services/desk/desk.h"

#define DESK_SESSION_SIZE 256 /* bytes of a token, with NUL */

struct desk_secret {
    uint8_t key[32];
};
struct desk_session {
    char agent[DESK_AGENT_SIZE];
    struct fr_time expires;
    uint64_t nonce; /* names the session: signing out revokes it */
};

/* Reads `dir`/session.key, or makes it (mode 0600, synced).  FR_IO, FR_CORRUPT (wrong size),
 * FR_DENIED (readable by others). */
enum fr_error desk_secret_load(const char *dir, struct desk_secret *out);

/* A new session with a random nonce; the token into text. */
void desk_session_make(const struct desk_secret *secret, const char *agent, const char *credential,
                       struct fr_time expires, struct desk_session *out, char *text);

/* FR_OK; FR_INVALID: no token of ours, or signed with another key or for another credential;
 * FR_GONE: expired. `credential_of` returns the agent's credential, or NULL when there is no such
 * agent. */
enum fr_error
desk_session_read(const struct desk_secret *secret, const char *text, struct fr_time now,
                  const char *(*credential_of)(const void *context, const char *agent),
                  const void *context, struct desk_session *out);

#endif
