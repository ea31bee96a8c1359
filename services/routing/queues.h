/* queues.h - which queue takes a task, what it then requires of an agent, and whether an agent
 * fits.
 *
 * Pure: no table, clock or socket, so tests call exactly what production calls.
 */
#ifndef FR_ROUTING_QUEUES_H
#define FR_ROUTING_QUEUES_H

#include "proto/routing.pb-c.h"
#include "services/routing/routing.h"

#define ROUTING_NEED_MAX (2 * ROUTING_SKILL_MAX)

struct routing_need { /* strings are borrowed */
    const char *brand, *channel;
    struct routing_skill
        skills[ROUTING_NEED_MAX]; /* by name, each once, at the highest level asked */
    size_t skill_count;
};

/* The first queue whose conditions hold, or NULL.  A language matches by its primary part: a queue
 * for "de" takes "de-AT".  A task of unknown language is taken by queues that name none. */
const struct routing_queue *routing_queue_for(const struct routing_config *config,
                                              const char *brand, const char *channel,
                                              const char *language);

/* What the queue and the request ask together; queue NULL: nothing but the request's skills,
 * level 1. FR_TOO_BIG: more than ROUTING_SKILL_MAX skills requested, or a name too long. */
enum fr_error routing_need_of(const struct routing_queue *queue, const char *brand,
                              const char *channel, char *const *skills, size_t skill_count,
                              struct routing_need *need);

/* At which condition an agent falls out, in the order in which they are looked at. */
enum routing_fit {
    ROUTING_FITS,
    ROUTING_GONE, /* removed from the configuration */
    ROUTING_OTHER_BRAND,
    ROUTING_NO_CHANNEL, /* he has no capacity for that channel */
    ROUTING_NO_SKILL,
    ROUTING_LOW_LEVEL,
};
/* *weight: what one such task takes of his capacity (when he fits).  *skill: the index in
 * need->skills of the missing one (when it is a skill). */
enum routing_fit routing_fit(const struct routing_need *need, const Fr__AgentDefined *agent,
                             uint32_t *weight, size_t *skill);
/* "ann lacks german" as words: "lacks german", "knows german at level 1, 3 asked"; into text[size].
 */
const char *routing_fit_text(enum routing_fit fit, const struct routing_need *need, size_t skill,
                             char *text, size_t size);

/* A fingerprint of the queues as configured: waiting tasks are gone through when it changes. */
uint64_t routing_queues_stamp(const struct routing_config *config);

#endif
