/* place.h - which conversation does a customer's message belong to?  Pure. */
#ifndef FR_CONVERSATIONS_PLACE_H
#define FR_CONVERSATIONS_PLACE_H

#include "services/conversations/conversations.h"

struct conversations_facts {
    uint64_t open;     /* the oldest open conversation of the customer and brand; 0: none */
    size_t open_count; /* more than one only after customers were merged */
    uint64_t resolved; /* the one resolved last; 0: none */
    struct fr_time resolved_at;
    bool resolved_as_spam;
    bool unverified;   /* the message: it only meets conversations that began unverified too */
    bool automatic;    /* the message: a machine wrote it, nobody waits for an answer */
    uint64_t referred; /* the conversation that it answers, by right (refer.h); 0: none */
    bool referred_proven, referred_open, referred_as_spam;
    struct fr_time referred_at; /* when that one was resolved */
    uint64_t foreign; /* a conversation that it answers or quotes without right; 0: none */
    struct fr_time now;
    struct fr_span reopen_for;
};

enum conversations_move { CONVERSATIONS_JOIN, CONVERSATIONS_REOPEN, CONVERSATIONS_OPEN };

struct conversations_choice {
    enum conversations_move move;
    uint64_t conversation; /* 0 with OPEN */
    const char *reason;    /* constant */
};

struct conversations_choice conversations_place(const struct conversations_facts *facts);

#endif
