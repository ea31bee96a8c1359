/* profile.h - an agent as configured, as the record that defines him. */
#ifndef FR_ROUTING_PROFILE_H
#define FR_ROUTING_PROFILE_H

#include "services/routing/look.h"
#include "services/routing/queues.h"

/* Those that the configuration names; at most `max`, each once.  *more: there were others. */
size_t routing_classes_configured(const struct routing_config *config, const char **names,
                                  size_t max, bool *more);

/* *out and what it points to lie in the arena.  Lanes, number and site number are left to others.
 */
enum fr_error routing_profile_of(const struct routing_config *config,
                                 const struct routing_classes *classes,
                                 const struct routing_agent_config *agent, struct fr_arena *arena,
                                 Fr__AgentDefined *out);

#endif
