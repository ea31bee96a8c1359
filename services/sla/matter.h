/* matter.h - one conversation while an input about it is judged: what it is, and what is promised
 * for it.
 *
 *     sla_matter_begin     what we remember of it
 *     sla_matter_mark      something about it is different now        -> ConversationMarked
 *     sla_matter_answered  somebody said or did what a target asks    -> TargetMet, ...
 *     sla_matter_follow    the targets follow from what it is now     -> TargetArmed, TargetMoved,
 * ...
 */
#ifndef FR_SLA_MATTER_H
#define FR_SLA_MATTER_H

#include "services/sla/policy.h"

struct sla_matter {
    struct fr_turn *turn;
    const struct fr_record *input;
    const struct sla_config *config;
    uint64_t conversation_id;
    int64_t at_us; /* when it happened, never after now */
    bool recount;  /* the configuration may be another one than it was */
    struct sla_conversation row;
};

/* at_us 0: now. */
enum fr_error sla_matter_begin(struct sla_matter *matter, struct fr_turn *turn,
                               const struct fr_record *input, uint64_t conversation_id,
                               int64_t at_us);
enum fr_error sla_matter_reload(struct sla_matter *matter);
/* Emits what differs, if anything does, and reloads. */
enum fr_error sla_matter_mark(struct sla_matter *matter, const struct sla_conversation *after);
/* Any event of it. */
enum fr_error sla_matter_say(const struct sla_matter *matter, const ProtobufCMessage *message);

/* The target that runs for that kind, if any, is answered at matter->at_us: met, or late. */
enum fr_error sla_matter_answered(struct sla_matter *matter, Fr__TargetKind kind);
enum fr_error sla_matter_cancel(struct sla_matter *matter, Fr__TargetKind kind, const char *why);
enum fr_error sla_matter_follow(struct sla_matter *matter);

#endif
