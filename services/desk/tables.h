/* tables.h - what the desk remembers of its leases, conversations and agents.
 *
 * Values are the messages of proto/desk_state.proto, or records of the hub as they came.
 */
#ifndef FR_DESK_TABLES_H
#define FR_DESK_TABLES_H

#include "services/desk/desk.h"
#include "proto/desk_state.pb-c.h"
#include "proto/site.pb-c.h"
#include "proto/sla.pb-c.h"

extern const struct fr_table desk_tables[];

/* ---- leases ---- */

enum fr_error desk_lease_get(const struct fr_view *view, struct fr_arena *arena, uint64_t lease_id,
                             const Fr__DeskStateLease **lease);
/* Also writes the agent's list and which lease is the conversation's newest. */
enum fr_error desk_lease_put(struct fr_tables *tables, uint64_t lease_id,
                             const Fr__DeskStateLease *lease);
enum fr_error desk_lease_update(struct fr_tables *tables, uint64_t lease_id,
                                const Fr__DeskStateLease *lease);
enum fr_error desk_lease_del(struct fr_tables *tables, uint64_t lease_id,
                             const Fr__DeskStateLease *lease);
/* The newest lease of a conversation.  FR_NOT_FOUND: this site holds none. */
enum fr_error desk_lease_of(const struct fr_view *view, struct fr_arena *arena,
                            uint64_t conversation_id, uint64_t *lease_id,
                            const Fr__DeskStateLease **lease);
/* The leases of an agent, oldest first. */
void desk_agent_leases(struct fr_scan *scan, const struct fr_view *view, const char *agent);
enum fr_error desk_agent_leases_next(struct fr_scan *scan, uint64_t *lease_id);

/* ---- conversations and their entries ---- */

/* ConversationShared as it came, but for the entries of this conversation, which stand by
 * themselves. */
enum fr_error desk_conversation_get(const struct fr_view *view, struct fr_arena *arena,
                                    uint64_t conversation_id, const Fr__ConversationShared **out);
enum fr_error desk_conversation_put(struct fr_tables *tables,
                                    const Fr__ConversationShared *conversation);
/* With its entries; FR_OK also when there is none. */
enum fr_error desk_conversation_del(struct fr_tables *tables, uint64_t conversation_id);

/* Adds an entry, or replaces the one of the same message; keeps the newest DESK_ENTRY_MAX. */
enum fr_error desk_entry_put(struct fr_tables *tables, uint64_t conversation_id,
                             const Fr__Entry *entry);
void desk_entries(struct fr_scan *scan, const struct fr_view *view, uint64_t conversation_id);
enum fr_error desk_entries_next(struct fr_scan *scan, struct fr_arena *arena,
                                const Fr__Entry **entry);

/* ---- what agents wrote and nobody has taken yet ---- */

struct desk_reply_key {
    uint64_t conversation_id;
    const char *client_id;
};
enum fr_error desk_reply_get(const struct fr_view *view, struct fr_arena *arena, const char *agent,
                             const struct desk_reply_key *key, const Fr__DeskStateReply **reply);
enum fr_error desk_reply_put(struct fr_tables *tables, const char *agent,
                             const struct desk_reply_key *key, const Fr__DeskStateReply *reply);
enum fr_error desk_reply_del(struct fr_tables *tables, const char *agent,
                             const struct desk_reply_key *key);
/* Those of an agent (conversation_id 0), or of an agent in one conversation, in no order that means
 * anything. */
void desk_replies(struct fr_scan *scan, const struct fr_view *view, const char *agent,
                  uint64_t conversation_id);
enum fr_error desk_replies_next(struct fr_scan *scan, struct fr_arena *arena,
                                struct desk_reply_key *key, const Fr__DeskStateReply **reply);

/* ---- refusals: kept until their author has seen them ---- */

enum fr_error desk_refusal_put(struct fr_tables *tables, uint64_t refusal_id,
                               const Fr__WorkRefused *refusal);
enum fr_error desk_refusal_get(const struct fr_view *view, const char *agent, uint64_t refusal_id);
enum fr_error desk_refusal_del(struct fr_tables *tables, const char *agent, uint64_t refusal_id);
void desk_refusals(struct fr_scan *scan, const struct fr_view *view, const char *agent);
enum fr_error desk_refusals_next(struct fr_scan *scan, struct fr_arena *arena, uint64_t *refusal_id,
                                 const Fr__WorkRefused **refusal);

/* ---- promises of agents, and alerts (tables_promise.c) ---- */

enum fr_error desk_promise_get(const struct fr_view *view, const char *agent, uint64_t promise_id);
enum fr_error desk_promise_put(struct fr_tables *tables, const char *agent,
                               const Fr__PromiseMade *promise);
enum fr_error desk_promise_del(struct fr_tables *tables, const char *agent, uint64_t promise_id);
void desk_promises(struct fr_scan *scan, const struct fr_view *view, const char *agent);
enum fr_error desk_promises_next(struct fr_scan *scan, struct fr_arena *arena,
                                 const Fr__PromiseMade **promise);

/* One for each target; the oldest gives way when there are DESK_ALERT_MAX. */
enum fr_error desk_alert_get(const struct fr_view *view, const char *agent, uint64_t target_id);
enum fr_error desk_alert_put(struct fr_tables *tables, const char *agent,
                             const Fr__SupervisorAlerted *alert);
enum fr_error desk_alert_del(struct fr_tables *tables, const char *agent, uint64_t target_id);
void desk_alerts(struct fr_scan *scan, const struct fr_view *view, const char *agent);
enum fr_error desk_alerts_next(struct fr_scan *scan, struct fr_arena *arena,
                               const Fr__SupervisorAlerted **alert);

/* ---- agents ---- */

/* An agent nobody has heard of yet is one whose fields are all unset: FR_OK. */
enum fr_error desk_agent_get(const struct fr_view *view, struct fr_arena *arena, const char *agent,
                             Fr__DeskStateAgent *out);
enum fr_error desk_agent_put(struct fr_tables *tables, const char *agent,
                             const Fr__DeskStateAgent *row);
void desk_agents(struct fr_scan *scan, const struct fr_view *view);
enum fr_error desk_agents_next(struct fr_scan *scan, struct fr_arena *arena, const char **agent,
                               const Fr__DeskStateAgent **row);

/* Client ids of actions taken: was it one of the agent's last DESK_DONE_MAX?  FR_OK: yes. */
enum fr_error desk_done_get(const struct fr_view *view, const char *agent, const char *client_id);
/* Remembers one (NULL or "": nothing) in place of the oldest. */
enum fr_error desk_done_put(struct fr_tables *tables, const char *agent, const char *client_id);

#endif
