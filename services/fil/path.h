/* path.h - the way of a message through the services, out of all their records.  Pure.
 *
 * A record names its cause, so what follows from a message is found from record to record.  What an
 * agent does has no cause (it comes from outside), but bears the conversation as its key: it
 * belongs to the way of every message of that conversation that came before it.
 */
#ifndef FR_FIL_PATH_H
#define FR_FIL_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fil_step { /* one record of one journal */
    uint64_t id, cause, key, seq;
    int64_t time_us;
    uint32_t kind;
    uint16_t journal; /* the caller's number for it */
    bool wanted;      /* out */
    uint32_t depth;   /* out: how many causes it has before it */
    int64_t
        order_us; /* out: its time, but never before its cause's (clocks of two machines differ) */
};

/* Marks the steps on the way of the message whose record is `message`; `customer_kind` is the kind
 * of records with which customers' messages begin, and conversations have ids with the journal
 * number `conversations`. Returns how many. */
size_t fil_path_of_message(struct fil_step *steps, size_t count, uint64_t message,
                           uint32_t customer_kind, uint16_t conversations);
/* Marks everything of a conversation: its records, what caused them and what follows from them. */
size_t fil_path_of_conversation(struct fil_step *steps, size_t count, uint64_t conversation);

/* Moves the wanted ones to the front, in the order in which they are told: by time, causes before
 * effects. Returns how many. */
size_t fil_path_order(struct fil_step *steps, size_t count);

#endif
