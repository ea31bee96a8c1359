/* delivery.c - does a delivery state tell something new? */
#include "services/conversations/delivery.h"

/* Late words are ignored when they say less than is known: SENT after DELIVERED, but not DELIVERED
 * after UNDELIVERED (a bounce can be wrong, an arrival cannot). */
static int
rank(Fr__DeliveryState state)
{
    switch (state) {
    case FR__DELIVERY_STATE__ACCEPTED:
        return 1;
    case FR__DELIVERY_STATE__SENT:
        return 2;
    case FR__DELIVERY_STATE__UNCERTAIN:
        return 3;
    case FR__DELIVERY_STATE__UNDELIVERED:
        return 4;
    case FR__DELIVERY_STATE__DELIVERED:
        return 5;
    case FR__DELIVERY_STATE__READ:
        return 6;
    default:
        return 0;
    }
}

bool
conversations_delivery_moves(bool known, Fr__DeliveryState old, Fr__DeliveryState now)
{
    return !known || rank(now) > rank(old);
}
