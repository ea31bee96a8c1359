/* backoff.c - how long to wait before a child that ended is started again. */
#include "services/fil/backoff.h"

#define FIRST_US 100000
#define MOST_US 10000000
#define HEALTHY_US 30000000

struct fr_span
fil_backoff_ended(struct fil_backoff *backoff, struct fr_span lived)
{
    if (lived.us >= HEALTHY_US || backoff->next.us == 0)
        backoff->next.us = FIRST_US;
    else if (backoff->next.us < MOST_US / 2)
        backoff->next.us *= 2;
    else
        backoff->next.us = MOST_US;
    return backoff->next;
}
