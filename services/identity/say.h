/* say.h - what identity says about customers: each said once, with its reasons.
 *
 * For decide: emits, and reads only whether it was said before.
 */
#ifndef FR_IDENTITY_SAY_H
#define FR_IDENTITY_SAY_H

#include "services/identity/resolve.h"

Fr__Reason identity_reason(const char *rule, const char *text, const char *type, const char *value);
/* Labelled with the customer. */
enum fr_error identity_say(struct fr_turn *turn, const struct fr_record *input, uint64_t customer,
                           const ProtobufCMessage *message);

struct identity_link { /* what is said about two customers */
    struct fr_turn *turn;
    const struct fr_record *input;
    uint64_t a, b; /* any origins of theirs */
    Fr__Reason *reason;
    Fr__Reason **reasons; /* instead, where there are several; or NULL */
    size_t reason_count;
    const char *who, *why; /* a person's, or NULL */
};
/* A person should look at this pair.  Said once, and never again about a pair that was rejected. */
enum fr_error identity_say_suggestion(const struct identity_link *link);
/* Said once per customers, kind and key: a conflict that stands does not repeat with every message.
 */
enum fr_error identity_say_conflict(const struct identity_link *link, const char *kind);
/* The older survives: *survivor is who they are now. */
enum fr_error identity_say_merged(const struct identity_link *link, uint64_t *survivor);
/* The key turns out to be shared: says so, and takes back merges that it made. */
enum fr_error identity_say_shared(struct fr_turn *turn, const struct fr_record *input,
                                  const char *type, const char *value, bool claims_only,
                                  uint32_t holders, uint32_t names);
/* `origin` and all below it leave their group. */
enum fr_error identity_say_split(const struct identity_link *link, uint64_t origin,
                                 bool cannot_link);

#endif
