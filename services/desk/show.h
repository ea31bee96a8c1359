/* show.h - leases, conversations, entries and replies as the JSON that the desk's page reads.
 *
 * Pure: from records to JSON.  Ids are 16 hex digits, times milliseconds since 1970 UTC (names end
 * in _ms), enums their lower-case names; absent fields are left out.  README.md has the table of
 * all of it.
 */
#ifndef FR_DESK_SHOW_H
#define FR_DESK_SHOW_H

#include <jansson.h>
#include "services/desk/tables.h"
#include "proto/desk.pb-c.h"

json_t *desk_show_id(uint64_t id);
json_t *desk_show_offer(uint64_t lease_id, const char *brand, const Fr__TaskOffered *offer,
                        Fr__DeskLeaseState state);
json_t *desk_show_entry(const Fr__Entry *entry);
/* Without its entries when with_entries is false: the snapshot adds those that the desk keeps. */
json_t *desk_show_conversation(const Fr__ConversationShared *conversation, bool with_entries);
json_t *desk_show_pending(const struct desk_reply_key *key, const char *text, bool note,
                          int64_t written_us, bool taken);
json_t *desk_show_refusal(uint64_t refusal_id, const Fr__WorkRefused *refusal);
json_t *desk_show_promise(const Fr__PromiseMade *made);
json_t *desk_show_alert(const Fr__SupervisorAlerted *alerted);
/* What he chose, what the hub believes, and why. */
json_t *desk_show_presence(const Fr__DeskStateAgent *agent);
const char *desk_show_state(Fr__AgentState state);

/* One of our own records as the event that the agent's windows are told.  NULL: nothing to tell. */
json_t *desk_show_event(const struct fr_record_head *head, const void *body);

/* "solved" and the like.  False: none of them. */
bool desk_read_outcome(const char *text, Fr__Outcome *out);

#endif
