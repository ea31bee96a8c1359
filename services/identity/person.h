/* person.h - what an observation says about a person, in comparable form: field by field, folded.
 *
 * Pure.  A person is one record (an import row) or all that a customer ever said: each field may
 * have several values.  The packed form is what the tables keep: candidates are read by the
 * hundred, so it is read in place, without unpacking.
 */
#ifndef FR_IDENTITY_PERSON_H
#define FR_IDENTITY_PERSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "common/base/error.h"
#include "services/identity/birth.h"
#include "services/identity/names.h"

/* clang-format off */
#define IDENTITY_FIELDS(X) /* number in the packed form (never used again), name in YAML, what it is */ \
    X(GIVEN,        0, "given_name",   "Given name or names.")                                     \
    X(FAMILY,       1, "surname",      "Family name.")                                             \
    X(MAIDEN,       2, "maiden_name",  "Family name at birth.")                                    \
    X(SUFFIX,       3, "suffix",       "Generation: Jr, Sr, III.")                                 \
    X(BIRTH,        4, "birth",        "Date of birth, also in part.")                             \
    X(GENDER,       5, "gender",       "Gender, one letter of it.")                                \
    X(HOUSE,        6, "house",        "Number of the house.")                                     \
    X(STREET,       7, "street",       "Street, or post box.")                                     \
    X(UNIT,         8, "unit",         "Flat, or what else stands in a second line of an address.") \
    X(LOCALITY,     9, "locality",     "Town or suburb.")                                          \
    X(POSTCODE,    10, "postcode",     "Postal code.")                                             \
    X(REGION,      11, "region",       "State or province.")                                       \
    X(COUNTY,      12, "county",       "County.")                                                  \
    X(EMAIL,       13, "email",        "E-mail address.")                                          \
    X(PHONE,       14, "phone",        "Telephone number, digits only.")                           \
    X(ORGANISATION,15, "organisation", "Name of a business.")                                      \
    X(BIRTH_PLACE, 16, "birth_place",  "Where the person was born.")                               \
    X(OCCUPATION,  17, "occupation",   "Occupation, or a business's trade.")
/* clang-format on */

#define IDENTITY_FIELD_ENUM(id, number, name, doc) IDENTITY_##id = number,
enum identity_field { IDENTITY_FIELDS(IDENTITY_FIELD_ENUM) IDENTITY_FIELD_COUNT };
#undef IDENTITY_FIELD_ENUM

/* "given_name"; the field of that name, or IDENTITY_FIELD_COUNT. */
const char *identity_field_name(enum identity_field field);
enum identity_field identity_field_find(const char *name);

#define IDENTITY_FIELD_VALUES_MAX 4   /* different values of one field that are kept */
#define IDENTITY_FIELD_SIZE 64        /* bytes of one value, with its NUL; longer ones are cut */
#define IDENTITY_PERSON_SIZE_MAX 2048 /* bytes of a packed person */

struct identity_field_values {
    const char *values[IDENTITY_FIELD_VALUES_MAX]; /* folded, NUL-terminated */
    uint8_t count;
};

struct identity_person { /* borrows from a packed person */
    struct identity_field_values fields[IDENTITY_FIELD_COUNT];
};

struct identity_packed { /* values one after the other: field number, text, NUL */
    uint16_t size;
    bool claimed; /* nobody vouches for any of it */
    char bytes[IDENTITY_PERSON_SIZE_MAX];
};

/* The values inside `bytes`, which must outlive the person.  FR_CORRUPT: not a packed person. */
enum fr_error identity_person_read(const void *bytes, size_t size, struct identity_person *person);

/* Adds what is said about a person to a packed one.  Each folds its raw value by the field's rules,
 * takes names apart and addresses too, leaves out what says nothing (n/a, an impossible date) and
 * what is known already, or does not fit. */
void identity_person_add(struct identity_packed *packed, enum identity_field field,
                         const char *raw);
void identity_person_add_name(struct identity_packed *packed, const char *full_name);
void identity_person_add_birth(struct identity_packed *packed, const char *raw,
                               const char *formats);
void identity_person_add_address(struct identity_packed *packed, const char *line);
/* Everything that `other` says. */
void identity_person_add_packed(struct identity_packed *packed,
                                const struct identity_packed *other);

#endif
