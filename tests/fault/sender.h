/* sender.h - the edge of the services under test: a customer who repeats himself until he is
 * answered.
 *
 * It sends 1 to $LEDGER_COUNT but for those marked in $LEDGER_SKIP (acknowledged before: no
 * customer says again what was taken), and writes each acknowledged number to descriptor
 * $LEDGER_ACKS.
 */
#ifndef FR_FAULT_SENDER_H
#define FR_FAULT_SENDER_H

#include "common/stage/stage.h"

extern const struct fr_edge fault_sender;

#endif
