/* refer.h - which conversation does a message name, and may it?
 *
 * By our own signed address, which only those have who got our answer; or by what it answers or
 * quotes, which anybody can write: that counts only where its sender is that conversation's
 * customer, as surely as the conversation is his.
 */
#ifndef FR_CONVERSATIONS_REFER_H
#define FR_CONVERSATIONS_REFER_H

#include "proto/identity.pb-c.h"
#include "services/conversations/place.h"

/* Fills referred..., foreign and automatic of the facts.  Reads externals, messages,
 * conversations. */
enum fr_error conversations_refer(struct fr_turn *turn, const char *brand,
                                  const Fr__MessageIdentified *identified,
                                  struct conversations_facts *facts);

#endif
