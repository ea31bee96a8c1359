/* block.c - composing the keys under which a person is looked for. */
#include "services/identity/block.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define PART_SIZE 24

enum part {
    NO_PART,
    GIVEN_START, /* three letters */
    GIVEN_SOUND,
    FAMILY_START, /* four letters */
    FAMILY_SOUND,
    ANY_SOUND, /* of the given name and of the surname: order does not matter */
    BIRTH,
    BIRTH_YEAR,
    BIRTH_DAY, /* month and day: the year was misread */
    POSTCODE,
    HOUSE,
    STREET_START, /* the first word, six letters */
    LOCALITY_START,
    EMAIL_LOCAL,
    EMAIL_START, /* three letters */
    EMAIL_DOMAIN,
    PHONE,
    ORGANISATION_START,
    ORGANISATION_SOUND,
    PLACE_OR_TRADE, /* birth place, six letters */
};

/* clang-format off */
static const struct {
    char name;
    enum part parts[3];
} families[] = {
    { 'a', { BIRTH } },
    { 'b', { GIVEN_START, FAMILY_START } },
    { 'c', { GIVEN_SOUND, FAMILY_SOUND } }, /* swapped names too: see sort_sounds */
    { 'd', { ANY_SOUND, POSTCODE } },
    { 'e', { HOUSE, STREET_START } },
    { 'f', { ANY_SOUND, BIRTH_YEAR } },
    { 'g', { ANY_SOUND, BIRTH_DAY } },
    { 'h', { EMAIL_LOCAL } },
    { 'i', { PHONE } },
    { 'j', { ANY_SOUND, LOCALITY_START } },
    { 'k', { EMAIL_START, EMAIL_DOMAIN } },
    { 'l', { ORGANISATION_START } },
    { 'm', { ORGANISATION_SOUND, LOCALITY_START } },
    { 'n', { FAMILY_START, PLACE_OR_TRADE } },
};
/* clang-format on */

void
identity_sound(const char *word, char out[5])
{
    static const char groups[] = "01230120022455012623010202"; /* a to z; 0: not written */
    size_t used = 0;
    char last = '0';

    for (const char *c = word; *c != '\0' && used < 4; c++) {
        char group;

        if (*c < 'a' || *c > 'z') {
            if ((unsigned char)*c >= 0x80 && used == 0)
                out[used++] = *c; /* other scripts: their first byte has to do */
            continue;
        }
        group = groups[*c - 'a'];
        if (used == 0)
            out[used++] = *c;
        else if (group != '0' && group != last)
            out[used++] = group;
        if (*c != 'h' && *c != 'w')
            last = group;
    }
    out[used] = '\0';
}

static void
start_of(const char *text, size_t letters, char out[PART_SIZE])
{
    size_t used = 0;

    for (; *text != '\0' && used < letters; text++)
        if (*text != ' ')
            out[used++] = *text;
    out[used] = '\0';
}

static void
first_word(const char *text, size_t letters, char out[PART_SIZE])
{
    size_t size = strcspn(text, " ");

    snprintf(out, PART_SIZE, "%.*s", (int)(size < letters ? size : letters), text);
}

static enum identity_field
field_of(enum part part)
{
    switch (part) {
    case GIVEN_START:
    case GIVEN_SOUND:
        return IDENTITY_GIVEN;
    case FAMILY_START:
    case FAMILY_SOUND:
    case ANY_SOUND:
        return IDENTITY_FAMILY;
    case BIRTH:
    case BIRTH_YEAR:
    case BIRTH_DAY:
        return IDENTITY_BIRTH;
    case POSTCODE:
        return IDENTITY_POSTCODE;
    case HOUSE:
        return IDENTITY_HOUSE;
    case STREET_START:
        return IDENTITY_STREET;
    case LOCALITY_START:
        return IDENTITY_LOCALITY;
    case EMAIL_LOCAL:
    case EMAIL_START:
    case EMAIL_DOMAIN:
        return IDENTITY_EMAIL;
    case PHONE:
        return IDENTITY_PHONE;
    case ORGANISATION_START:
    case ORGANISATION_SOUND:
        return IDENTITY_ORGANISATION;
    case PLACE_OR_TRADE:
        return IDENTITY_BIRTH_PLACE;
    case NO_PART:
        break;
    }
    return IDENTITY_FIELD_COUNT;
}

/* The part of one value; "" when the value is too short to say that much. */
static void
part_of(enum part part, const char *value, char out[PART_SIZE])
{
    size_t size = strlen(value);

    out[0] = '\0';
    switch (part) {
    case GIVEN_START:
        start_of(value, 3, out);
        break;
    case FAMILY_START:
        start_of(value, 4, out);
        break;
    case GIVEN_SOUND:
    case FAMILY_SOUND:
    case ANY_SOUND:
    case ORGANISATION_SOUND:
        identity_sound(value, out);
        break;
    case BIRTH:
        if (size == 10)
            snprintf(out, PART_SIZE, "%s", value);
        break;
    case BIRTH_YEAR:
        snprintf(out, PART_SIZE, "%.4s", value);
        break;
    case BIRTH_DAY:
        if (size == 10)
            snprintf(out, PART_SIZE, "%s", value + 5);
        break;
    case POSTCODE:
    case HOUSE:
        snprintf(out, PART_SIZE, "%.*s", PART_SIZE - 1, value);
        break;
    case STREET_START:
        first_word(value, 6, out);
        break;
    case LOCALITY_START:
    case PLACE_OR_TRADE:
        start_of(value, 5, out);
        break;
    case ORGANISATION_START:
        start_of(value, 6, out);
        break;
    case EMAIL_LOCAL:
        snprintf(out, PART_SIZE, "%.*s", (int)strcspn(value, "@"), value);
        break;
    case EMAIL_START:
        start_of(value, 3, out);
        break;
    case EMAIL_DOMAIN:
        snprintf(out, PART_SIZE, "%.*s", PART_SIZE - 1, value + strcspn(value, "@"));
        break;
    case PHONE:
        snprintf(out, PART_SIZE, "%s", size > 9 ? value + size - 9 : value);
        break;
    case NO_PART:
        break;
    }
}

struct keys {
    char (*list)[IDENTITY_BLOCK_SIZE];
    size_t count;
};

static void
add_key(struct keys *keys, const char *key)
{
    for (size_t i = 0; i < keys->count; i++)
        if (strcmp(keys->list[i], key) == 0)
            return;
    if (keys->count < IDENTITY_BLOCKS_MAX)
        strcpy(keys->list[keys->count++], key);
}

/* Appends the part of every value that the field has, and goes on with the next part. */
static void
compose(const struct identity_person *person, const enum part *parts, size_t left, const char *key,
        struct keys *keys)
{
    bool any = left > 0 && *parts == ANY_SOUND;
    const struct identity_field_values *values;

    if (left == 0 || *parts == NO_PART) {
        add_key(keys, key);
        return;
    }
    for (int turn = 0; turn < (any ? 2 : 1); turn++) {
        values = &person->fields[turn == 1 ? IDENTITY_GIVEN : field_of(*parts)];
        for (size_t i = 0; i < values->count && i < 2; i++) {
            char longer[IDENTITY_BLOCK_SIZE], part[PART_SIZE];

            part_of(*parts, values->values[i], part);
            if (part[0] == '\0')
                continue;
            snprintf(longer, sizeof(longer), "%s:%s", key, part);
            compose(person, parts + 1, left - 1, longer, keys);
        }
    }
}

/* Given name and surname may have changed places: the two sounds in one order. */
static void
sort_sounds(char *key)
{
    char *one = strchr(key, ':') + 1, *other = strchr(one, ':') + 1, copy[PART_SIZE];
    size_t one_size = (size_t)(other - 1 - one), other_size = strlen(other);

    if (strncmp(one, other, one_size) <= 0)
        return;
    memcpy(copy, one, one_size);
    memmove(one, other, other_size);
    one[other_size] = ':';
    memcpy(one + other_size + 1, copy, one_size);
}

size_t
identity_blocks(const struct identity_person *person,
                char keys[IDENTITY_BLOCKS_MAX][IDENTITY_BLOCK_SIZE])
{
    struct keys all = {keys, 0};

    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        size_t first = all.count;

        compose(person, families[i].parts, 3, (char[]){families[i].name, '\0'}, &all);
        for (size_t j = first; families[i].name == 'c' && j < all.count; j++)
            sort_sounds(all.list[j]);
    }
    return all.count;
}
