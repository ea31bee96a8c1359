/* people.c - fields of a mapping and the attributes they become. */
#include "common/records/people.h"

#include <stddef.h>
#include <string.h>

const char *const fr_people_fields[] = {
    "given_name", "surname", "full_name", "maiden_name",  "suffix",      "birth",      "gender",
    "house",      "street",  "unit",      "address",      "locality",    "postcode",   "region",
    "county",     "email",   "phone",     "organisation", "birth_place", "occupation", NULL,
};

/* In the same order. */
static const char *const attributes[] = {
    "given_name", "family_name", "name",  "maiden_name",  "suffix",      "birth_date", "gender",
    "house",      "street",      "unit",  "street",       "city",        "postcode",   "state",
    "county",     "email",       "phone", "organisation", "birth_place", "occupation",
};

const char *
fr_people_attribute(const char *field)
{
    for (size_t i = 0; fr_people_fields[i] != NULL; i++)
        if (strcmp(fr_people_fields[i], field) == 0)
            return attributes[i];
    return NULL;
}
