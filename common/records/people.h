/* people.h - the fields that a mapping of people may name, and which attribute each becomes.
 *
 * Only names: what the attributes mean is said where they are declared (proto/message.proto,
 * Attributes), how they are compared in services/identity.
 */
#ifndef FR_RECORDS_PEOPLE_H
#define FR_RECORDS_PEOPLE_H

/* For fr_mapping_load; NULL ends them. */
extern const char *const fr_people_fields[];

/* The attribute that a field becomes: "surname" is family_name; NULL: there is no such field. */
const char *fr_people_attribute(const char *field);

#endif
