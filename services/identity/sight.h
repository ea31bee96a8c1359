/* sight.h - one observation on its way through decide: its keys looked up, judged, and what follows
 * said.
 *
 *     begin -> take each key (normal form, holders) -> look -> resolve.c -> follow -> the one event
 *
 * Reads tables and emits; writes nothing.
 */
#ifndef FR_IDENTITY_SIGHT_H
#define FR_IDENTITY_SIGHT_H

#include "services/identity/counters.h"
#include "services/identity/say.h"

#define IDENTITY_REASONS_MAX (2 * IDENTITY_KEYS_MAX + 2)

struct identity_sight {
    struct fr_turn *turn;
    const struct fr_record *input;
    const struct identity_config *config;
    const struct identity_channel *channel;
    const Fr__Attributes *said; /* NULL: nothing */
    uint64_t observation;
    uint64_t moving_from; /* the origin that this observation is taken out of; 0: it is new */
    struct identity_name name;
    struct identity_birth birth;
    struct identity_evidence evidence[IDENTITY_KEYS_MAX];
    size_t count;
    struct identity_group *groups[64]; /* loaded so far */
    size_t group_count;
    struct identity_verdict verdict;
    uint64_t customer, origin;                /* what it resolved to */
    Fr__Reason reasons[IDENTITY_REASONS_MAX]; /* of the observation as a whole */
    Fr__Reason *reason_list[IDENTITY_REASONS_MAX];
    size_t reason_count;
    enum fr_error err; /* of a look-up inside resolve */
};

/* `said` may be NULL, `name` (what a channel knows without attributes) too. */
void identity_sight_begin(struct identity_sight *sight, struct fr_turn *turn,
                          const struct fr_record *input, const char *channel,
                          const Fr__Attributes *said, const char *name);
/* One key as a channel saw it; `address` is where the answer goes. */
enum fr_error identity_sight_take(struct identity_sight *sight, const Fr__Key *seen,
                                  const char *address);
/* One key in normal form. */
enum fr_error identity_sight_take_normal(struct identity_sight *sight, const char *type,
                                         const char *value, Fr__Assurance assurance, bool answers);
/* Looks up what could contradict, and judges. */
enum fr_error identity_sight_judge(struct identity_sight *sight);
/* Emits what follows up to the observation's own event: sight->customer and reason_list are then
 * set. */
enum fr_error identity_sight_follow(struct identity_sight *sight);
/* Emits what follows from the observation's having been added: keys that turn out to be shared,
 * people who look alike. */
enum fr_error identity_sight_finish(struct identity_sight *sight);
/* All merges that the verdict says, and nothing else. */
enum fr_error identity_sight_merge(struct identity_sight *sight);

/* A group, loaded once per turn. */
enum fr_error identity_sight_group(struct identity_sight *sight, uint64_t root,
                                   struct identity_group **group);

#endif
