/* queues.h - which queue takes a task, where its place is, what it then requires of an agent, and
 * whether an agent fits.
 *
 * Pure: no table, clock or socket, so tests call exactly what production calls.
 */
#ifndef FR_ROUTING_QUEUES_H
#define FR_ROUTING_QUEUES_H

#include "proto/routing.pb-c.h"
#include "proto/routing_state.pb-c.h"
#include "services/routing/routing.h"

#define ROUTING_NEED_MAX (3 * ROUTING_SKILL_MAX) /* the queue's, the request's, the rule's */
#define ROUTING_NEED_SITES 44
#define ROUTING_LANGUAGE_SIZE 12

struct routing_need_site {
    const char *name;
    uint32_t cost;
};
struct routing_need { /* strings are borrowed, but for the language */
    const char *brand, *channel;
    char language[ROUTING_LANGUAGE_SIZE]; /* "de"; "": any will do */
    struct routing_skill
        skills[ROUTING_NEED_MAX]; /* by name, each once, at the highest level asked */
    size_t skill_count;
    struct routing_need_site sites[ROUTING_NEED_SITES]; /* only these; none: all */
    size_t site_count;
    uint32_t class_number;
    int prefer; /* enum routing_prefer */
    bool longest_idle;
};

/* The class of a channel, or its own name. */
const char *routing_class_of(const struct routing_config *config, const char *channel);
const struct routing_class *routing_class_config(const struct routing_config *config,
                                                 const char *channel);

/* The queue that the rule named, else the first whose conditions hold, or NULL.  A language matches
 * by its primary part: a queue for "de" takes "de-AT".  A task of unknown language is taken by
 * queues that name none. */
const struct routing_queue *routing_queue_for(const struct routing_config *config,
                                              const char *brand, const Fr__RoutingStateTask *facts);

/* The head start of a task and its strict class, as its queue, tier, priority and urgency say. */
struct routing_credit {
    struct fr_span credit;
    uint32_t strict;
};
struct routing_credit routing_credit_of(const struct routing_config *config,
                                        const struct routing_queue *queue,
                                        const Fr__RoutingStateTask *facts);

/* How many steps of its queue are in force for a task that came in at `entered`; *next_us is when
 * the next one comes into force, 0: there is none. */
uint32_t routing_step_at(const struct routing_queue *queue, struct fr_time entered,
                         struct fr_time now, int64_t *next_us);

/* What queue, request and rule ask together after `step` steps; queue NULL: the request's skills at
 * level 1.  `class_number` is left 0.  FR_TOO_BIG: more than ROUTING_SKILL_MAX skills requested, or
 * a name too long. */
enum fr_error routing_need_of(const struct routing_config *config,
                              const struct routing_queue *queue, const char *brand,
                              const Fr__RoutingStateTask *facts, uint32_t step,
                              struct routing_need *need);

/* At which condition an agent falls out, in the order in which they are looked at. */
enum routing_fit {
    ROUTING_FITS,
    ROUTING_GONE, /* removed from the configuration */
    ROUTING_OTHER_BRAND,
    ROUTING_NO_CHANNEL, /* he has no capacity for that channel */
    ROUTING_OTHER_SITE,
    ROUTING_OTHER_LANGUAGE,
    ROUTING_NO_SKILL,
    ROUTING_LOW_LEVEL,
};
struct routing_fitting { /* when he fits */
    uint32_t weight;     /* what one such task takes of his room */
    uint32_t rank;       /* lower is preferred, at most ROUTING_RANK_MAX */
    size_t skill;        /* when it is a skill: index in need->skills of the one that he lacks */
};
enum routing_fit routing_fit(const struct routing_need *need, const Fr__AgentDefined *agent,
                             struct routing_fitting *out);
/* "ann lacks german" as words: "lacks german", "knows german at level 1, 3 asked"; into text[size].
 */
const char *routing_fit_text(enum routing_fit fit, const struct routing_need *need, size_t skill,
                             char *text, size_t size);

/* Does that list (none: all) have the language?  By its primary part. */
bool routing_speaks(char *const *languages, size_t count, const char *language);

/* A fingerprint of a queue as configured: its waiting tasks are gone through when it changes. */
uint64_t routing_queue_stamp(const struct routing_config *config,
                             const struct routing_queue *queue);
/* Likewise of a site: NULL is one that is not configured. */
uint64_t routing_site_stamp(const struct routing_site_config *site);

#endif
