/* survey.h - all agents, looked at for one requirement: who could serve it, and if nobody, at which
 * condition everybody falls out.  Only done when a lane opens, or has lost its last agent. */
#ifndef FR_ROUTING_SURVEY_H
#define FR_ROUTING_SURVEY_H

#include "services/routing/look.h"
#include "services/routing/queues.h"

struct routing_survey {
    const struct routing_need *need;
    size_t member_count, agent_count;
    uint8_t *ranks[ROUTING_RANK_MAX + 1]; /* bits of agents by rank; NULL: none; in the arena */
    size_t rank_size;                     /* bytes of each */
    bool some_for_brand, some_on_channel, some_at_site, some_speak;
    bool some_with[ROUTING_NEED_MAX]; /* some agent has that skill at its level */
};

enum fr_error routing_survey(const struct routing_look *look, const struct routing_need *need,
                             struct routing_survey *out);
/* The first condition that fails for every agent; "" when somebody fits; NULL: out of memory. */
const char *routing_survey_reason(const struct routing_survey *survey, struct fr_arena *arena);

#endif
