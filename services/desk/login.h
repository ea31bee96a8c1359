/* login.h - checking passwords on worker threads: argon2id takes tens of milliseconds on purpose,
 * and must hold up neither the browser connections nor the stage.
 *
 * Every try costs one argon2id verification, whether the name exists or not, so time tells nothing.
 */
#ifndef FR_DESK_LOGIN_H
#define FR_DESK_LOGIN_H

#include "services/desk/desk.h"

struct desk_login; /* opaque */

struct desk_try {
    uint64_t request;
    char agent[DESK_AGENT_SIZE];
    char peer[64];
    char credential[256]; /* as configured; "": there is no such agent */
    bool credential_is_hash;
    char password[256];
    bool right; /* the verdict */
};

/* `done` is called on a worker thread with each finished try, which is the caller's until it
 * returns. */
enum fr_error desk_login_start(void (*done)(void *context, const struct desk_try *finished),
                               void *context, struct desk_login **out);
/* Copies.  FR_BUSY: too many are waiting. */
enum fr_error desk_login_put(struct desk_login *login, const struct desk_try *attempt);
/* Drops what waits, finishes what runs. */
void desk_login_stop(struct desk_login **login);

/* The verdict alone, for tests. */
bool desk_login_verify(const struct desk_try *attempt);

#endif
