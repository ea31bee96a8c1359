/* say.h - what decide functions say, in the form in which everybody else reads it. */
#ifndef FR_CONVERSATIONS_SAY_H
#define FR_CONVERSATIONS_SAY_H

#include "services/conversations/counters.h"
#include "services/conversations/tables.h"

struct conversations_talk { /* one input about one conversation */
    struct fr_turn *turn;
    const struct fr_record *input;
    const struct conversations_config *config;
    uint64_t conversation;
    const conversations_matter *matter; /* as it was before the input, unless reloaded */
    const char *brand;
};

/* Loads the conversation into *talk.  FR_NOT_FOUND: there is none with that id. */
enum fr_error conversations_talk_begin(struct conversations_talk *talk, struct fr_turn *turn,
                                       const struct fr_record *input, uint64_t conversation);
/* What was emitted since is in the matter afterwards. */
enum fr_error conversations_talk_reload(struct conversations_talk *talk);

/* Any event of this conversation; `route` NULL: none. */
enum fr_error conversations_say(const struct conversations_talk *talk,
                                const ProtobufCMessage *message, const char *route);

/* MessageAdded; quiet_us 0: no timer follows. */
enum fr_error conversations_say_added(const struct conversations_talk *talk, Fr__Entry *entry,
                                      int64_t quiet_us, const char *reason);
/* The same for an answer; unanswered_us: since when a message waits that its author had not seen.
 */
enum fr_error conversations_say_answered(const struct conversations_talk *talk, Fr__Entry *entry,
                                         int64_t quiet_us, int64_t unanswered_us,
                                         const char *reason);
/* OutboundRequested on the channel of the customer's last message. */
enum fr_error conversations_say_outbound(const struct conversations_talk *talk,
                                         const Fr__Entry *entry);
/* EntryShared to a site; nothing when `site` is NULL or empty. */
enum fr_error conversations_say_shared(const struct conversations_talk *talk, const char *site,
                                       Fr__Entry *entry);
/* ConversationShared to the site that has it. */
enum fr_error conversations_say_history(const struct conversations_talk *talk);
/* TaskRequested; `text` is what the agent is shown the beginning of. */
enum fr_error conversations_say_task(const struct conversations_talk *talk, const char *text,
                                     int64_t arrived_us);
enum fr_error conversations_say_resolved(const struct conversations_talk *talk, Fr__Outcome outcome,
                                         const char *agent, const char *note, const char *reason);
enum fr_error conversations_say_reopened(const struct conversations_talk *talk, const char *reason);

#endif
