/* delivery.h - does a delivery state tell something new?  Pure.
 *
 *   ACCEPTED -> SENT -> DELIVERED -> READ     in this order; states may be left out
 *            \-> UNCERTAIN, UNDELIVERED       what arrives later may still correct them
 */
#ifndef FR_CONVERSATIONS_DELIVERY_H
#define FR_CONVERSATIONS_DELIVERY_H

#include <stdbool.h>
#include "proto/message.pb-c.h"

/* `known` false: nothing was heard yet, and `old` is not looked at. */
bool conversations_delivery_moves(bool known, Fr__DeliveryState old, Fr__DeliveryState now);

#endif
