/* place.h - the row that a PlaceNoted makes; decide asks it whether anything is new, apply writes
 * it. */
#ifndef FR_SLA_PLACE_H
#define FR_SLA_PLACE_H

#include "services/sla/tables.h"

/* since_us is left 0.  Texts are cut to fit. */
void sla_place_of(const Fr__PlaceNoted *noted, struct sla_place *out);
bool sla_place_same(const struct sla_place *a, const struct sla_place *b); /* since_us aside */

#endif
