/* id.h - a 64-bit name for every record and for every thing that a record created.
 *
 * Ids are not random, because decide may not throw dice: the id of a record is where it stands,
 *
 *     63            50 49    44 43                                   0
 *     | journal number | incarn. | sequence number in the journal     |
 *
 * and a thing (customer, conversation, task, offer...) is named by the record that created it.  The
 * journal number comes from the journal's name (14 bits of its hash; `fil check` refuses a
 * configuration in which two names collide); the incarnation is the journal's, modulo 64.
 * 2^44 records at 100,000/s last five years without a pause.
 */
#ifndef FR_BASE_ID_H
#define FR_BASE_ID_H

#include <stdint.h>
#include "common/base/error.h"
#include "common/base/slice.h"

#define FR_ID_TEXT_SIZE 17

/* 14 bits from the journal's name, never 0. */
uint16_t fr_id_journal_number(const char *journal_name);

uint64_t fr_id_make(uint16_t journal_number, uint32_t incarnation, uint64_t seq);
uint16_t fr_id_number(uint64_t id);
uint64_t fr_id_seq(uint64_t id);

/* 16 lower-case hexadecimal digits into text[FR_ID_TEXT_SIZE]; returns text. */
char *fr_id_format(uint64_t id, char *text);

/* 1 to 16 hexadecimal digits.  FR_INVALID otherwise. */
enum fr_error fr_id_parse(struct fr_slice text, uint64_t *out);

#endif
