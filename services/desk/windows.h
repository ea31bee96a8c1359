/* windows.h - the open WebSockets, by agent; events reach each window once, after its snapshot, in
 * order.
 *
 * A window first asks for a snapshot.  What is published meanwhile waits for it, and is passed on
 * from the sequence number that the snapshot names: nothing is missed and nothing told twice.
 *
 * Threads: the edge's loop opens and closes, the stage's thread publishes and delivers snapshots;
 * one lock.
 */
#ifndef FR_DESK_WINDOWS_H
#define FR_DESK_WINDOWS_H

#include "services/desk/desk.h"

#define DESK_WINDOW_MAX 16 /* windows of one agent; the next one is refused */
#define DESK_WINDOW_QUEUE_MAX                                                                      \
    4096 /* events that wait for a snapshot; over it the window is closed and comes back */

struct desk_windows; /* opaque */

struct desk_window_sink { /* how texts leave: common/http in production */
    void (*send)(void *context, uint64_t id, struct fr_slice text);
    void (*close)(void *context, uint64_t id);
    void *context;
};

struct desk_windows *desk_windows_new(const struct desk_window_sink *sink);
void desk_windows_free(struct desk_windows **windows);

/* FR_BUSY: the agent has DESK_WINDOW_MAX already. */
enum fr_error desk_windows_open(struct desk_windows *windows, uint64_t id, const char *agent,
                                uint64_t session);
/* Whose it was, into agent[DESK_AGENT_SIZE], and how many he has left; FR_NOT_FOUND: it was none of
 * ours. */
enum fr_error desk_windows_close(struct desk_windows *windows, uint64_t id, char *agent,
                                 size_t *left);
/* FR_NOT_FOUND: not open (any more). */
enum fr_error desk_windows_agent(struct desk_windows *windows, uint64_t id, char *agent);
size_t desk_windows_count(struct desk_windows *windows, const char *agent);
/* Asks the sink to close all windows of a session; how many. */
size_t desk_windows_close_session(struct desk_windows *windows, const char *agent,
                                  uint64_t session);

/* The snapshot of a window, which knows everything before `seq`; then what waited. */
void desk_windows_join(struct desk_windows *windows, uint64_t id, uint64_t seq,
                       struct fr_slice snapshot);
/* To every window of the agent. */
void desk_windows_publish(struct desk_windows *windows, const char *agent, uint64_t seq,
                          struct fr_slice text);

#endif
