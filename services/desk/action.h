/* action.h - what a browser asks for, as JSON, and the record that it becomes.
 *
 *     {"action":"presence","id":"c1","state":"available"}
 *     {"action":"accept","id":"c2","offer":"00a1..."}     decline likewise, with "reason" if he
 * likes
 *     {"action":"reply","id":"c3","conversation":"00b2...","text":"..."}    note likewise
 *     {"action":"finish","id":"c4","conversation":"00b2...","outcome":"solved","note":"..."}
 *     {"action":"dismiss","id":"c5","refusal":"00c3..."}
 *     {"action":"identity","id":"c6","do":"merge","customer":"00d4...","other":"00e5...",
 *      "why":"..."}      do: merge, unmerge, confirm, reject, lift, verify, erase; for supervisors
 *
 * Pure.  The id is made by the browser and is what makes sending twice harmless.  Who acts is never
 * part of it.
 */
#ifndef FR_DESK_ACTION_H
#define FR_DESK_ACTION_H

#include <jansson.h>
#include "services/desk/desk.h"

#define DESK_MESSAGE_SIZE 256 /* a sentence for the sender */

struct desk_action {
    uint32_t kind;
    char id[DESK_CLIENT_ID_SIZE];
    struct fr_slice body; /* packed; in the caller's arena */
};

/* Reads the action in `json`; its name is `name`, or the member "action" when that is NULL.
 * FR_INVALID with a sentence in message[DESK_MESSAGE_SIZE]: unknown action, missing, unknown or
 * wrongly typed member, id of no shape of ours; out->id is then the id if it could be read, else
 * "". */
enum fr_error desk_action_read(const json_t *json, const char *name,
                               const struct desk_agent_config *agent, struct fr_arena *arena,
                               struct desk_action *out, char *message);

#endif
