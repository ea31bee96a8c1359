/* person.c - packing what is said about a person, field by field, and reading it back in place. */
#include "services/identity/person.h"

#include <ctype.h>
#include <string.h>
#include "services/identity/address.h"

#define IDENTITY_FIELD_NAME(id, number, name, doc) [number] = name,
static const char *const field_names[] = {IDENTITY_FIELDS(IDENTITY_FIELD_NAME)};
#undef IDENTITY_FIELD_NAME

const char *
identity_field_name(enum identity_field field)
{
    return field < IDENTITY_FIELD_COUNT ? field_names[field] : "";
}

enum identity_field
identity_field_find(const char *name)
{
    for (int i = 0; i < IDENTITY_FIELD_COUNT; i++)
        if (strcmp(field_names[i], name) == 0)
            return (enum identity_field)i;
    return IDENTITY_FIELD_COUNT;
}

enum fr_error
identity_person_read(const void *bytes, size_t size, struct identity_person *person)
{
    const char *at = bytes, *end = at + size;

    memset(person, 0, sizeof(*person));
    while (at < end) {
        unsigned field = (unsigned char)*at++;
        const char *stop = memchr(at, '\0', (size_t)(end - at));
        struct identity_field_values *values;

        if (stop == NULL || field >= IDENTITY_FIELD_COUNT)
            return FR_CORRUPT;
        values = &person->fields[field];
        if (values->count < IDENTITY_FIELD_VALUES_MAX)
            values->values[values->count++] = at;
        at = stop + 1;
    }
    return FR_OK;
}

/* A value in its final form: unless it is there, or there is no room. */
static void
put(struct identity_packed *packed, enum identity_field field, const char *value)
{
    struct identity_person person;
    size_t size = strnlen(value, IDENTITY_FIELD_SIZE - 1);
    struct identity_field_values *known;

    if (size == 0 || identity_person_read(packed->bytes, packed->size, &person) != FR_OK)
        return;
    known = &person.fields[field];
    for (size_t i = 0; i < known->count; i++)
        if (strncmp(known->values[i], value, size) == 0 && known->values[i][size] == '\0')
            return;
    if (known->count == IDENTITY_FIELD_VALUES_MAX ||
        packed->size + size + 2 > IDENTITY_PERSON_SIZE_MAX)
        return;
    packed->bytes[packed->size++] = (char)field;
    memcpy(packed->bytes + packed->size, value, size);
    packed->size = (uint16_t)(packed->size + size);
    packed->bytes[packed->size++] = '\0';
}

/* What forms and exports write into a field that nobody filled in. */
static bool
says_nothing(const char *folded)
{
    static const char *const nothings[] = {
        "n a",       "na",       "none",      "null",          "nil",
        "unknown",   "unk",      "not known", "missing",       "nan",
        "xxx",       "no data",  "unbekannt", "not available", "not applicable",
        "undefined", "not given"};

    for (size_t i = 0; i < sizeof(nothings) / sizeof(nothings[0]); i++)
        if (strcmp(nothings[i], folded) == 0)
            return true;
    return false;
}

/* Given names or a surname: the words of one, without titles, in the order they were written. */
static void
add_name_part(struct identity_packed *packed, enum identity_field field, const char *raw)
{
    struct identity_name name;
    char joined[IDENTITY_NAME_SIZE];
    size_t used = 0;

    identity_name_fold(raw, &name);
    for (size_t i = 0; i < name.count; i++) {
        if (field == IDENTITY_FAMILY && name.words[i].particle && name.count > 1)
            continue;
        if (used > 0)
            joined[used++] = ' ';
        memcpy(joined + used, identity_name_word(&name, i), name.words[i].size);
        used += name.words[i].size;
    }
    joined[used] = '\0';
    if (name.generation != 0)
        put(packed, IDENTITY_SUFFIX, (char[]){(char)('0' + name.generation), '\0'});
    /* Doe is what registers write for people whose name they do not know. */
    if (!says_nothing(joined) && !(field == IDENTITY_FAMILY && strcmp(joined, "doe") == 0))
        put(packed, field, joined);
}

static void
add_suffix(struct identity_packed *packed, const char *folded)
{
    char text[IDENTITY_FIELD_SIZE + 4] = "x ";
    struct identity_name name;

    memcpy(text + 2, folded, strlen(folded) + 1);
    identity_name_fold(text, &name); /* a generation counts only behind a name */
    put(packed, IDENTITY_SUFFIX,
        name.generation != 0 ? (char[]){(char)('0' + name.generation), '\0'} : folded);
}

static void
add_phone(struct identity_packed *packed, const char *raw)
{
    char digits[IDENTITY_FIELD_SIZE];
    size_t used = 0;

    for (const char *c = raw; *c != '\0' && used + 1 < sizeof(digits); c++)
        if (isdigit((unsigned char)*c))
            digits[used++] = *c;
    digits[used] = '\0';
    if (used >= 5 && strspn(digits, "0") != used)
        put(packed, IDENTITY_PHONE, digits);
}

static void
add_email(struct identity_packed *packed, const char *raw)
{
    char text[IDENTITY_FIELD_SIZE];
    size_t used = 0;

    for (const char *c = raw; *c != '\0' && used + 1 < sizeof(text); c++)
        if (!isspace((unsigned char)*c))
            text[used++] = (char)tolower((unsigned char)*c);
    text[used] = '\0';
    if (strchr(text, '@') != NULL && text[0] != '@')
        put(packed, IDENTITY_EMAIL, text);
}

void
identity_person_add_birth(struct identity_packed *packed, const char *raw, const char *formats)
{
    struct identity_birth birth;
    char text[IDENTITY_BIRTH_SIZE];

    if (!identity_birth_parse(raw, formats, &birth))
        return;
    identity_birth_text(&birth, text);
    put(packed, IDENTITY_BIRTH, text);
}

void
identity_person_add(struct identity_packed *packed, enum identity_field field, const char *raw)
{
    char text[IDENTITY_ADDRESS_PART_SIZE];

    if (raw == NULL)
        return;
    switch (field) {
    case IDENTITY_GIVEN:
    case IDENTITY_FAMILY:
    case IDENTITY_MAIDEN:
        add_name_part(packed, field, raw);
        return;
    case IDENTITY_BIRTH:
        identity_person_add_birth(packed, raw, NULL);
        return;
    case IDENTITY_PHONE:
        add_phone(packed, raw);
        return;
    case IDENTITY_EMAIL:
        add_email(packed, raw);
        return;
    default:
        break;
    }
    if (identity_fold_text(raw, text, sizeof(text)) == 0 || says_nothing(text))
        return;
    if (field == IDENTITY_HOUSE || field == IDENTITY_POSTCODE)
        identity_address_number(raw, text);
    else if (field == IDENTITY_STREET || field == IDENTITY_UNIT)
        identity_address_street(raw, text);
    else if (field == IDENTITY_GENDER)
        text[1] = '\0';
    if (field == IDENTITY_SUFFIX)
        add_suffix(packed, text);
    else
        put(packed, field, text);
}

void
identity_person_add_name(struct identity_packed *packed, const char *full_name)
{
    struct identity_name name;
    size_t family;

    identity_name_fold(full_name, &name);
    if (name.count == 0)
        return;
    family = name.count - 1;
    while (family > 1 && name.words[family - 1].particle)
        family--;
    if (name.count == 1) {
        put(packed, name.titled ? IDENTITY_FAMILY : IDENTITY_GIVEN, identity_name_word(&name, 0));
        return;
    }
    for (size_t i = 0; i < name.count; i++) /* folded words, one NUL between: make them one text */
        if (i + 1 != family && i + 1 != name.count)
            name.text[name.words[i].at + name.words[i].size] = ' ';
    add_name_part(packed, IDENTITY_GIVEN, name.text);
    add_name_part(packed, IDENTITY_FAMILY, identity_name_word(&name, family));
    if (name.generation != 0)
        put(packed, IDENTITY_SUFFIX, (char[]){(char)('0' + name.generation), '\0'});
}

void
identity_person_add_address(struct identity_packed *packed, const char *line)
{
    struct identity_address address;

    identity_address_read(line, &address);
    put(packed, IDENTITY_HOUSE, address.house);
    put(packed, IDENTITY_STREET, address.street);
    put(packed, IDENTITY_UNIT, address.unit);
}

void
identity_person_add_packed(struct identity_packed *packed, const struct identity_packed *other)
{
    struct identity_person person;

    if (identity_person_read(other->bytes, other->size, &person) != FR_OK)
        return;
    for (int field = 0; field < IDENTITY_FIELD_COUNT; field++)
        for (size_t i = 0; i < person.fields[field].count; i++)
            put(packed, (enum identity_field)field, person.fields[field].values[i]);
}
