/* address.h - lines of an address in comparable form: number, street, unit.
 *
 * Pure.  Street types are written in one way (Street, St. and st are "st"), numbers without leading
 * zeros, a post box is a street with a number.  English and some of its neighbours; words it does
 * not know stay as they are, so that other countries' addresses still compare with themselves.
 */
#ifndef FR_IDENTITY_ADDRESS_H
#define FR_IDENTITY_ADDRESS_H

#include <stddef.h>

#define IDENTITY_ADDRESS_PART_SIZE 64

struct identity_address { /* each "" when the line has none */
    char house[IDENTITY_ADDRESS_PART_SIZE];
    char street[IDENTITY_ADDRESS_PART_SIZE];
    char unit[IDENTITY_ADDRESS_PART_SIZE];
};

/* "12B High Street, Flat 3" is house 12b, street "high st", unit 3; "Hauptstr. 5" is house 5. */
void identity_address_read(const char *line, struct identity_address *address);

/* A street alone, its type written in the one way. */
void identity_address_street(const char *raw, char out[IDENTITY_ADDRESS_PART_SIZE]);

/* A number or a postal code: folded, no gaps, no leading zeros of a number. */
void identity_address_number(const char *raw, char out[IDENTITY_ADDRESS_PART_SIZE]);

#endif
