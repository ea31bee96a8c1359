/* place.c - which conversation does a customer's message belong to? */
#include "services/conversations/place.h"

static struct conversations_choice
choice(enum conversations_move move, uint64_t conversation, const char *reason)
{
    return (struct conversations_choice){move, conversation, reason};
}

struct conversations_choice
conversations_place(const struct conversations_facts *facts)
{
    if (facts->open != 0 && facts->open_count > 1)
        return choice(CONVERSATIONS_JOIN, facts->open,
                      "the older of the customer's open conversations, after a merge");
    if (facts->open != 0)
        return choice(CONVERSATIONS_JOIN, facts->open,
                      facts->unverified ? "the open conversation that began unverified too"
                                        : "the customer's open conversation with this brand");
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
