/* place.c - which conversation does a customer's message belong to? */
#include "services/conversations/place.h"

static struct conversations_choice
choice(enum conversations_move move, uint64_t conversation, const char *reason)
{
    return (struct conversations_choice){move, conversation, reason};
}

/* It names a conversation, and has a right to. */
static struct conversations_choice
place_referred(const struct conversations_facts *facts)
{
    if (facts->referred_open || facts->automatic)
        return choice(CONVERSATIONS_JOIN, facts->referred,
                      facts->referred_proven
                          ? "it was sent to the address that we signed for this conversation"
                          : "it answers a message of this conversation, and its customer wrote it");
    if (facts->referred_as_spam)
        return choice(CONVERSATIONS_OPEN, 0, "the conversation that it answers was spam");
    if (fr_time_since(facts->now, facts->referred_at).us <= facts->reopen_for.us)
        return choice(CONVERSATIONS_REOPEN, facts->referred,
                      "it answers this conversation, within the reopening time");
    return choice(CONVERSATIONS_OPEN, 0,
                  "the conversation that it answers ended longer ago than the reopening time");
}

struct conversations_choice
conversations_place(const struct conversations_facts *facts)
{
    if (facts->referred != 0)
        return place_referred(facts);
    if (facts->foreign != 0)
        return choice(CONVERSATIONS_OPEN, 0,
                      "it refers to a conversation that nothing proves its sender to be part of");
    if (facts->open != 0 && facts->open_count > 1)
        return choice(CONVERSATIONS_JOIN, facts->open,
                      "the older of the customer's open conversations, after a merge");
    if (facts->open != 0)
        return choice(CONVERSATIONS_JOIN, facts->open,
                      facts->unverified ? "the open conversation that began unverified too"
                                        : "the customer's open conversation with this brand");
    if (facts->automatic)
        return choice(CONVERSATIONS_OPEN, 0, "a machine wrote it, and it answers nothing of ours");
    if (facts->resolved == 0)
        return choice(CONVERSATIONS_OPEN, 0,
                      facts->unverified ? "unverified: no history is joined on an unproven word"
                                        : "the customer's first conversation with this brand");
    if (facts->resolved_as_spam)
        return choice(CONVERSATIONS_OPEN, 0, "the last conversation was spam");
    if (fr_time_since(facts->now, facts->resolved_at).us <= facts->reopen_for.us)
        return choice(CONVERSATIONS_REOPEN, facts->resolved,
                      "the customer came back within the reopening time");
    return choice(
        CONVERSATIONS_OPEN, 0,
        "nothing open, and the last conversation ended longer ago than the reopening time");
}
