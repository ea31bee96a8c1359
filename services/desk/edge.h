/* edge.h - the desk's door to browsers; what its files share, and nobody else includes.
 *
 *     browser --HTTP, WebSocket--> edge.c (routes, sessions) --> edge_act.c --fr_submit--> stage
 *     browser <------- windows.c <------- edge_tell.c <------- published(), snapshots ----- stage
 *
 * Threads: handlers run on the HTTP loop's thread; published() and the outcomes of what was
 * submitted on the stage's; verdicts on passwords come from login.c's workers and are handed to the
 * loop.
 */
#ifndef FR_DESK_EDGE_H
#define FR_DESK_EDGE_H

#include <pthread.h>
#include <stdatomic.h>
#include "common/http/http.h"
#include "services/desk/limit.h"
#include "services/desk/login.h"
#include "services/desk/session.h"
#include "services/desk/windows.h"

#define DESK_REVOKED_MAX                                                                           \
    4096 /* sessions signed out and not yet expired; the oldest is forgotten first */
#define DESK_REQUEST_SIZE_MAX 65536
#define DESK_JSON_DEPTH_MAX 3

struct desk_leaving { /* an agent whose last window has closed */
    struct desk_leaving *next;
    char agent[DESK_AGENT_SIZE];
    struct fr_span since; /* monotonic */
};

struct desk_edge {
    struct fr_process *process;
    _Atomic(const struct desk_config *) config; /* replaced by a reload */
    struct fr_http *http;
    struct desk_windows *windows;
    struct desk_login *login;
    struct desk_secret secret;
    pthread_mutex_t ending; /* http ends under it: the admin page may still ask for metrics */
    atomic_bool stopped;
    atomic_size_t open_windows;

    /* the loop's alone */
    struct fr_arena *arena; /* reset for each request */
    struct desk_limit by_name, by_peer;
    uint64_t revoked[DESK_REVOKED_MAX];
    size_t revoked_next;
    struct desk_leaving *leaving;

    struct fr_arena *stage_arena; /* the stage's alone */
};

/* ---- edge.c ---- */

const struct desk_config *desk_edge_config(const struct desk_edge *edge);
/* Who sends this request: FR_OK, or the refusal has been counted. */
enum fr_error desk_edge_session(struct desk_edge *edge, const struct fr_http_request *request,
                                struct desk_session *out);

/* ---- edge_login.c: loop's thread ---- */

void desk_edge_login(void *context, const struct fr_http_request *request);
void desk_edge_logout(void *context, const struct fr_http_request *request);
void desk_edge_tried(void *context, const struct desk_try *finished); /* any thread */

/* ---- edge_act.c: loop's thread ---- */

/* Takes the action in `text` for the agent; the answer goes to the window or to the request (the
 * other is 0). */
void desk_edge_act(struct desk_edge *edge, const char *agent, const char *action_name,
                   struct fr_slice text, uint64_t window, uint64_t request);
/* Asks how things stand, for a window that joins or for a request. */
void desk_edge_ask(struct desk_edge *edge, const char *agent, uint64_t window, uint64_t request);
/* Says that an agent is gone; decide ignores it when he was not here. */
void desk_edge_offline(struct desk_edge *edge, const char *agent, const char *reason);

/* ---- edge_tell.c: stage's thread ---- */

void desk_edge_published(void *state, const struct fr_record *event);

#endif
