/* tables.h - what sites remembers: agents and their sites, leases, and what was taken under each.
 *
 * Values are fixed structs, copied whole, every byte of them set, so that tables rebuilt from the
 * journal are equal byte for byte.
 */
#ifndef FR_SITES_TABLES_H
#define FR_SITES_TABLES_H

#include "services/sites/sites.h"

extern const struct fr_table sites_tables[];

struct sites_agent {
    char site[SITES_NAME_SIZE];
    uint8_t removed;
    uint32_t state; /* enum Fr__AgentState as last shared; 0: never */
};
_Static_assert(sizeof(struct sites_agent) == 32, "no hidden padding");

enum sites_lease_state {
    SITES_OFFERED = 1,
    SITES_ACCEPTED, /* the desk said yes, routing has not answered yet */
    SITES_DECLINED, /* the desk said no, likewise */
    SITES_HELD,
    SITES_FINISHED, /* the agent is done, routing has not ended the task yet */
    SITES_ENDED,    /* remembered, so that late and repeated work is recognised */
};

struct sites_lease {
    uint64_t lease_id, fence, offer_id, task_id, conversation_id;
    int64_t granted_us;
    int64_t worked_us;   /* confirmed, or the last reply; 0: not yet */
    int64_t runs_out_us; /* as the desk was told; 0: not yet */
    int64_t forget_us;   /* ended ones; 0: live */
    uint32_t state;      /* enum sites_lease_state */
    char brand[FR_BRAND_SIZE];
    char site[SITES_NAME_SIZE];
    char agent[SITES_AGENT_SIZE];
    char ended[49]; /* why, cut to fit */
};
_Static_assert(sizeof(struct sites_lease) == 232, "no hidden padding");

struct sites_matter {  /* one per conversation, for ever: fences never go back */
    uint64_t fence;    /* of the newest lease */
    uint64_t lease_id; /* the newest lease, live or not */
};

struct sites_link {   /* to a site's desk */
    int64_t since_us; /* up or down */
    uint32_t number;  /* from 1 */
    uint8_t up, silent;
    uint8_t spare[2];
    char site[SITES_NAME_SIZE];
    uint8_t spare_more[5];
};
_Static_assert(sizeof(struct sites_link) == 48, "no hidden padding");

enum fr_error sites_link_get(const struct fr_view *view, const char *site, struct sites_link *out);
enum fr_error sites_link_put(struct fr_tables *tables, const struct sites_link *link);
/* By number, from 1 on; FR_NOT_FOUND: no more. */
enum fr_error sites_link_at(const struct fr_view *view, uint32_t number, struct sites_link *out);

struct sites_totals { /* one per site */
    uint64_t granted, ended;
};

enum fr_error sites_agent_get(const struct fr_view *view, const char *agent,
                              struct sites_agent *out);
enum fr_error sites_agent_put(struct fr_tables *tables, const char *agent,
                              const struct sites_agent *row);

enum fr_error sites_lease_get(const struct fr_view *view, uint64_t lease_id,
                              struct sites_lease *out);
enum fr_error sites_lease_put(struct fr_tables *tables, const struct sites_lease *lease);
/* The newest lease of a conversation, live or ended.  FR_NOT_FOUND: none, or forgotten. */
enum fr_error sites_lease_of(const struct fr_view *view, uint64_t conversation_id,
                             struct sites_lease *out);
/* By the offer that it was granted for. */
enum fr_error sites_lease_of_offer(const struct fr_view *view, uint64_t offer_id,
                                   struct sites_lease *out);
enum fr_error sites_offer_put(struct fr_tables *tables, uint64_t offer_id, uint64_t lease_id);
bool sites_lease_is_live(const struct sites_lease *lease);

enum fr_error sites_matter_get(const struct fr_view *view, uint64_t conversation_id,
                               struct sites_matter *out);
enum fr_error sites_matter_put(struct fr_tables *tables, uint64_t conversation_id,
                               const struct sites_matter *row);

/* Client ids taken under a lease. */
enum fr_error sites_taken_get(const struct fr_view *view, uint64_t lease_id, const char *client_id);
enum fr_error sites_taken_put(struct fr_tables *tables, uint64_t lease_id, const char *client_id);

/* Ended leases in the order in which they may be forgotten. */
enum fr_error sites_ended_put(struct fr_tables *tables, int64_t forget_us, uint64_t lease_id);
/* The first one: FR_NOT_FOUND when there is none. */
enum fr_error sites_ended_first(const struct fr_view *view, int64_t *forget_us);
/* Leases with forget_us <= until_us, at most `max`; *count of them into lease_ids. */
enum fr_error sites_ended_until(const struct fr_view *view, int64_t until_us, size_t max,
                                uint64_t *lease_ids, size_t *count);
/* Removes an ended lease with its client ids, its offer and its place among the ended ones. */
enum fr_error sites_lease_forget(struct fr_tables *tables, uint64_t lease_id);

enum fr_error sites_totals_get(const struct fr_view *view, const char *site,
                               struct sites_totals *out); /* zeroes when there are none */
enum fr_error sites_totals_put(struct fr_tables *tables, const char *site,
                               const struct sites_totals *row);

/* Walking, for queries: leases behind `after` (0: from the first), agents by name. */
enum fr_error sites_lease_next(struct fr_scan *scan, struct sites_lease *out);
void sites_lease_scan(struct fr_scan *scan, const struct fr_view *view, uint64_t after);
enum fr_error sites_agent_next(struct fr_scan *scan, const char **agent, struct sites_agent *out);
void sites_agent_scan(struct fr_scan *scan, const struct fr_view *view);

#endif
