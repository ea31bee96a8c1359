/* explain.h - the reasons that routing's events carry: who was considered, and at which condition
 * he fell out. */
#ifndef FR_ROUTING_EXPLAIN_H
#define FR_ROUTING_EXPLAIN_H

#include "services/routing/lanes.h"
#include "services/routing/pick.h"

#define ROUTING_NAMED 3 /* agents named in one reason; the others are counted */

/* Each returns arena memory, or NULL when the arena is spent. */

/* "queue chat: ann has most room (34 of 100 used); then bob (68 used); agents who fit: 12" */
char *routing_explain_offer(struct fr_turn *turn, const struct routing_place *place,
                            const struct routing_pick *pick);
/* "queue chat: none of 12 agents who fit is free: ann full, bob away, cleo let it go; and 9 more"
 */
char *routing_explain_wait(struct fr_turn *turn, const struct routing_place *place,
                           const struct routing_task *task);
/* ", and ann, who served this customer last, is away": to be added to either; "" for nobody. */
const char *routing_explain_preferred(struct fr_turn *turn, const char *name,
                                      enum routing_preferred verdict);

/* One word or two on why he is not free for that task, though he fits: "away", "full (100 of 100,
 * needs 33)", "his site is closed". */
enum fr_error routing_explain_agent(const struct routing_look *look,
                                    const struct routing_agent *agent,
                                    const struct routing_lane *lane, const char *queue,
                                    const struct routing_task *task, char *text, size_t size);

#endif
