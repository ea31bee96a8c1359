/* index.c - keeping and asking the three tables by which people are found who could be meant. */
#include "services/identity/index.h"

#include "services/identity/block.h"
#include "services/identity/tables.h"

#define PERSONS_TERM IDENTITY_FIELD_COUNT /* in terms: how many persons there are */

/* ---- from attributes ---- */

void
identity_person_say(struct identity_packed *packed, const Fr__Attributes *said)
{
    if (said == NULL)
        return;
    identity_person_add(packed, IDENTITY_GIVEN, said->given_name);
    identity_person_add(packed, IDENTITY_FAMILY, said->family_name);
    if (said->given_name == NULL && said->family_name == NULL && said->name != NULL)
        identity_person_add_name(packed, said->name);
    identity_person_add(packed, IDENTITY_MAIDEN, said->maiden_name);
    identity_person_add(packed, IDENTITY_SUFFIX, said->suffix);
    identity_person_add(packed, IDENTITY_BIRTH, said->birth_date);
    identity_person_add(packed, IDENTITY_GENDER, said->gender);
    identity_person_add(packed, IDENTITY_HOUSE, said->house);
    if (said->house != NULL || said->street == NULL)
        identity_person_add(packed, IDENTITY_STREET, said->street);
    else
        identity_person_add_address(packed, said->street);
    identity_person_add(packed, IDENTITY_UNIT, said->unit);
    identity_person_add(packed, IDENTITY_LOCALITY, said->city);
    identity_person_add(packed, IDENTITY_POSTCODE, said->postcode);
    identity_person_add(packed, IDENTITY_REGION, said->state);
    identity_person_add(packed, IDENTITY_COUNTY, said->county);
    identity_person_add(packed, IDENTITY_EMAIL, said->email);
    identity_person_add(packed, IDENTITY_PHONE, said->phone);
    identity_person_add(packed, IDENTITY_ORGANISATION, said->organisation);
    identity_person_add(packed, IDENTITY_BIRTH_PLACE, said->birth_place);
    identity_person_add(packed, IDENTITY_OCCUPATION, said->occupation);
}

bool
identity_attributes_same(const Fr__Attributes *a, const Fr__Attributes *b)
{
    const ProtobufCMessageDescriptor *all = &fr__attributes__descriptor;

    for (unsigned i = 0; i < all->n_fields; i++) { /* each is an optional string */
        const char *x = *(char *const *)((const char *)a + all->fields[i].offset);
        const char *y = *(char *const *)((const char *)b + all->fields[i].offset);

        if (strcmp(x != NULL ? x : "", y != NULL ? y : "") != 0)
            return false;
    }
    return true;
}

enum fr_error
identity_index_profiles(struct fr_tables *tables, uint64_t origin,
                        const Fr__IdentityStateProfiles *profiles)
{
    struct identity_packed packed = {.claimed = true};
    size_t count = profiles == NULL ? 0 : profiles->n_profiles;

    for (size_t i = 0; i < count; i++)
        packed.claimed = packed.claimed && profiles->profiles[i]->proven == 0;
    for (size_t i = 0; i < count; i++) /* what is only claimed does not colour what is proven */
        if (packed.claimed || profiles->profiles[i]->proven > 0)
            identity_person_say(&packed, profiles->profiles[i]->attributes);
    return identity_index_put(tables, origin, &packed);
}

/* ---- persons ---- */

static struct fr_slice
by_origin(struct fr_key *key, uint64_t origin)
{
    return fr_key_slice(fr_key_u64(fr_key_init(key), origin));
}

enum fr_error
identity_index_get(const struct fr_view *view, uint64_t origin, struct identity_packed *packed)
{
    struct fr_key key;
    struct fr_slice value;
    enum fr_error err = fr_get(view, identity_persons_table, by_origin(&key, origin), &value);

    if (err != FR_OK)
        return err;
    if (value.size == 0 || value.size - 1 > sizeof(packed->bytes))
        return FR_CORRUPT;
    packed->claimed = *(const char *)value.data != 0;
    packed->size = (uint16_t)(value.size - 1);
    memcpy(packed->bytes, (const char *)value.data + 1, packed->size);
    return FR_OK;
}

static enum fr_error
person_put(struct fr_tables *tables, uint64_t origin, const struct identity_packed *packed)
{
    char row[IDENTITY_PERSON_SIZE_MAX + 1];
    struct fr_key key;

    row[0] = packed->claimed;
    memcpy(row + 1, packed->bytes, packed->size);
    return fr_put(tables, identity_persons_table, by_origin(&key, origin),
                  fr_slice(row, (size_t)packed->size + 1));
}

/* ---- terms ---- */

static struct fr_slice
by_term(struct fr_key *key, unsigned field, const char *value)
{
    fr_key_u8(fr_key_init(key), (uint8_t)field);
    if (value != NULL)
        fr_key_str(key, value);
    return fr_key_slice(key);
}

static enum fr_error
term_get(const struct fr_view *view, unsigned field, const char *value, uint32_t *count)
{
    struct fr_key key;
    enum fr_error err =
        fr_get_copy(view, identity_terms_table, by_term(&key, field, value), count, sizeof(*count));

    if (err == FR_NOT_FOUND)
        *count = 0;
    return err == FR_NOT_FOUND ? FR_OK : err;
}

static enum fr_error
term_add(struct fr_tables *tables, unsigned field, const char *value, int by)
{
    struct fr_key key;
    struct fr_slice name = by_term(&key, field, value);
    uint32_t count;
    enum fr_error err = term_get(fr_tables_view(tables), field, value, &count);

    if (err != FR_OK)
        return err;
    count = by < 0 && count == 0 ? 0 : (uint32_t)((int64_t)count + by);
    return count == 0 ? fr_del(tables, identity_terms_table, name)
                      : fr_put(tables, identity_terms_table, name, fr_slice(&count, sizeof(count)));
}

enum fr_error
identity_index_count(const struct fr_view *view, enum identity_field field, const char *value,
                     uint32_t *count, uint32_t *total)
{
    enum fr_error err = term_get(view, field, value, count);

    return err == FR_OK ? term_get(view, field, NULL, total) : err;
}

enum fr_error
identity_index_persons(const struct fr_view *view, uint32_t *count)
{
    return term_get(view, PERSONS_TERM, NULL, count);
}

/* ---- blocks ---- */

static enum fr_error
block_get(const struct fr_view *view, const char *name, uint64_t *origins, size_t *count)
{
    struct fr_key key;
    struct fr_slice value;
    enum fr_error err = fr_get(view, identity_blocks_table,
                               fr_key_slice(fr_key_str(fr_key_init(&key), name)), &value);

    *count = 0;
    if (err == FR_NOT_FOUND)
        return FR_OK;
    if (err != FR_OK)
        return err;
    if (value.size % sizeof(uint64_t) != 0 ||
        value.size > IDENTITY_BLOCK_HOLDERS_MAX * sizeof(uint64_t))
        return FR_CORRUPT;
    *count = value.size / sizeof(uint64_t);
    memcpy(origins, value.data, value.size);
    return FR_OK;
}

static bool
crowded(const uint64_t *origins, size_t count)
{
    return count == 1 && origins[0] == 0;
}

static enum fr_error
block_put(struct fr_tables *tables, const char *name, const uint64_t *origins, size_t count)
{
    struct fr_key key;
    struct fr_slice slice = fr_key_slice(fr_key_str(fr_key_init(&key), name));

    return count == 0 ? fr_del(tables, identity_blocks_table, slice)
                      : fr_put(tables, identity_blocks_table, slice,
                               fr_slice(origins, count * sizeof(*origins)));
}

static enum fr_error
block_add(struct fr_tables *tables, const char *name, uint64_t origin)
{
    uint64_t origins[IDENTITY_BLOCK_HOLDERS_MAX + 1];
    size_t count;
    enum fr_error err = block_get(fr_tables_view(tables), name, origins, &count);

    if (err != FR_OK || crowded(origins, count))
        return err;
    if (count == IDENTITY_BLOCK_HOLDERS_MAX) {
        origins[0] = 0;
        return block_put(tables, name, origins, 1);
    }
    origins[count] = origin;
    return block_put(tables, name, origins, count + 1);
}

static enum fr_error
block_drop(struct fr_tables *tables, const char *name, uint64_t origin)
{
    uint64_t origins[IDENTITY_BLOCK_HOLDERS_MAX];
    size_t count, kept = 0;
    enum fr_error err = block_get(fr_tables_view(tables), name, origins, &count);

    if (err != FR_OK || crowded(origins, count))
        return err;
    for (size_t i = 0; i < count; i++)
        if (origins[i] != origin)
            origins[kept++] = origins[i];
    return block_put(tables, name, origins, kept);
}

/* ---- all of it ---- */

/* Enters the origin under its keys and counts its values (by 1), or takes both back (by -1). */
static enum fr_error
enter(struct fr_tables *tables, uint64_t origin, const struct identity_packed *packed, int by)
{
    char keys[IDENTITY_BLOCKS_MAX][IDENTITY_BLOCK_SIZE];
    struct identity_person person;
    size_t count;
    enum fr_error err = identity_person_read(packed->bytes, packed->size, &person);

    if (err != FR_OK)
        return err;
    count = identity_blocks(&person, keys);
    for (size_t i = 0; err == FR_OK && i < count; i++)
        err = by > 0 ? block_add(tables, keys[i], origin) : block_drop(tables, keys[i], origin);
    for (unsigned field = 0; field < IDENTITY_FIELD_COUNT; field++) {
        const struct identity_field_values *values = &person.fields[field];

        for (size_t i = 0; err == FR_OK && i < values->count; i++)
            err = term_add(tables, field, values->values[i], by);
        if (err == FR_OK && values->count > 0)
            err = term_add(tables, field, NULL, by * values->count);
    }
    return err == FR_OK ? term_add(tables, PERSONS_TERM, NULL, by) : err;
}

enum fr_error
identity_index_put(struct fr_tables *tables, uint64_t origin, const struct identity_packed *packed)
{
    struct identity_packed before;
    enum fr_error err = identity_index_get(fr_tables_view(tables), origin, &before);

    if (err == FR_OK && before.size == packed->size && before.claimed == packed->claimed &&
        memcmp(before.bytes, packed->bytes, packed->size) == 0)
        return FR_OK;
    if (err == FR_OK)
        err = enter(tables, origin, &before, -1);
    if (err != FR_OK && err != FR_NOT_FOUND)
        return err;
    if (packed->size == 0) {
        struct fr_key key;

        return fr_del(tables, identity_persons_table, by_origin(&key, origin));
    }
    err = enter(tables, origin, packed, 1);
    return err == FR_OK ? person_put(tables, origin, packed) : err;
}

/* Adds an origin unless it is there: `seen` is a hash set of 2 * max places, 0 is free. */
static void
collect(uint64_t *seen, size_t places, uint64_t origin, uint64_t *origins, size_t max,
        size_t *count)
{
    size_t at = (size_t)((origin * 0x9e3779b97f4a7c15u) >> 20) % places;

    while (seen[at] != 0 && seen[at] != origin)
        at = (at + 1) % places;
    if (seen[at] == origin || *count == max)
        return;
    seen[at] = origin;
    origins[(*count)++] = origin;
}

enum fr_error
identity_index_find(const struct fr_view *view, const struct identity_person *person,
                    uint64_t *origins, size_t max, size_t *count)
{
    char keys[IDENTITY_BLOCKS_MAX][IDENTITY_BLOCK_SIZE];
    uint64_t holders[IDENTITY_BLOCK_HOLDERS_MAX], *seen = calloc(2 * max, sizeof(*seen));
    size_t key_count = identity_blocks(person, keys), held;
    enum fr_error err = seen == NULL ? FR_NO_MEMORY : FR_OK;

    *count = 0;
    for (size_t i = 0; err == FR_OK && i < key_count; i++) {
        err = block_get(view, keys[i], holders, &held);
        if (err != FR_OK || crowded(holders, held))
            continue;
        for (size_t j = 0; j < held; j++)
            collect(seen, 2 * max, holders[j], origins, max, count);
    }
    free(seen);
    return err;
}
