/* rule.h - what the rules of the configuration cannot say: an operator's own function in Lua 5.4.
 *
 *     function route(task)                       -- id, brand, channel, language, priority,
 * urgency, if task.complaint and task.tier == "gold" then     -- tier, complaint, skills, preview
 *             return { queue = "care", priority = 80, skills = { "calm" }, note = "gold complaint"
 * } end                                    -- nothing returned: as configured end
 *
 * It is asked once, when the task comes in; the record of that decision holds what it said, so that
 * a replay never asks again.  Each call has a state of its own, an allowance of instructions and of
 * memory, and no way out: no os, io, require, load, debug, collectgarbage, no clock and no dice;
 * pairs() goes by the keys' order.  A rule that fails, or takes too much, is as good as none: the
 * trouble is in the task's record and counted.
 */
#ifndef FR_ROUTING_RULE_H
#define FR_ROUTING_RULE_H

#include "proto/conversation.pb-c.h"
#include "proto/routing.pb-c.h"
#include "services/routing/routing.h"

/* *out: in the arena; NULL when there is no rule, or it said nothing. */
enum fr_error routing_rule_ask(struct fr_turn *turn, const char *brand,
                               const Fr__TaskRequested *request, const Fr__RuleResult **out);

/* Does the file compile, and define `route`?  A sentence into trouble[size] when not. */
bool routing_rule_check(const char *source, int64_t steps, int64_t memory, char *trouble,
                        size_t size);

#endif
