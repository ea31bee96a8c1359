/* zone.c - reads a TZif file (RFC 8536). */
#include "common/calendar/zone.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "common/calendar/zone_rule.h"

enum {
    HEADER_SIZE = 44,
    FILE_SIZE_MAX = 256 * 1024,
    RULE_SIZE_MAX = 128,
    YEAR_LAST = 2200, /* the rule is written out up to here */
};

#define RULE_FIRST_S 0                  /* 1970: nobody asks for what was before */
#define RULE_LAST_S INT64_C(7289654400) /* 2201: nor for what comes then */

struct zone_type { /* what the wall shows during a period */
    int32_t offset_s;
    char abbreviation[ZONE_ABBREVIATION_SIZE];
};
struct zone_step { /* from here on it is that type */
    int64_t at_s;
    size_t type;
};
struct fr_zone {
    struct zone_type *types;
    size_t type_count;
    struct zone_step *steps; /* in order; before the first it is types[0] */
    size_t step_count;
};

struct block { /* one of the two halves of a file: 32-bit times, then 64-bit times */
    uint32_t utc_count, standard_count, leap_count, time_count, type_count, char_count;
    size_t time_size; /* 4 or 8 */
    const uint8_t *data;
};

static uint32_t
u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t
time_at(const struct block *block, size_t index)
{
    const uint8_t *at = block->data + index * block->time_size;

    return block->time_size == 4 ? (int32_t)u32(at)
                                 : (int64_t)((uint64_t)u32(at) << 32 | u32(at + 4));
}

static size_t
block_size(const struct block *block)
{
    return (size_t)block->time_count * (block->time_size + 1) + (size_t)block->type_count * 6 +
           block->char_count + (size_t)block->leap_count * (block->time_size + 4) +
           block->standard_count + block->utc_count;
}

/* The header at `offset`, and whether what it announces is there. */
static bool
read_header(struct fr_slice bytes, size_t offset, size_t time_size, struct block *out)
{
    const uint8_t *at = (const uint8_t *)bytes.data + offset;

    if (bytes.size < offset + HEADER_SIZE || memcmp(at, "TZif", 4) != 0)
        return false;
    *out = (struct block){.utc_count = u32(at + 20),
                          .standard_count = u32(at + 24),
                          .leap_count = u32(at + 28),
                          .time_count = u32(at + 32),
                          .type_count = u32(at + 36),
                          .char_count = u32(at + 40),
                          .time_size = time_size,
                          .data = at + HEADER_SIZE};
    if (out->time_count > FILE_SIZE_MAX || out->type_count > 256 || out->char_count > 4096 ||
        out->leap_count > 4096 || out->standard_count > 256 || out->utc_count > 256)
        return false;
    return bytes.size - offset - HEADER_SIZE >= block_size(out);
}

static bool
read_type(const struct block *block, size_t index, struct zone_type *out)
{
    const uint8_t *types = block->data + block->time_count * (block->time_size + 1);
    const uint8_t *at = types + index * 6;
    const char *names = (const char *)types + block->type_count * 6;
    size_t name = at[5], size;

    if (name >= block->char_count)
        return false;
    size = strnlen(names + name, block->char_count - name);
    if (size >= sizeof(out->abbreviation))
        size = sizeof(out->abbreviation) - 1;
    out->offset_s = (int32_t)u32(at);
    memcpy(out->abbreviation, names + name, size);
    return out->offset_s > -FR_DAY_SECONDS * 2 && out->offset_s < FR_DAY_SECONDS * 2;
}

static bool
read_steps(const struct block *block, struct fr_zone *zone)
{
    const uint8_t *kinds = block->data + block->time_count * block->time_size;

    for (size_t i = 0; i < block->time_count; i++) {
        struct zone_step step = {time_at(block, i), kinds[i]};

        if (step.type >= block->type_count || (i > 0 && step.at_s <= zone->steps[i - 1].at_s))
            return false;
        zone->steps[zone->step_count++] = step;
    }
    return true;
}

static void
add_step(struct fr_zone *zone, int64_t at_s, size_t type)
{
    struct zone_step *last = zone->step_count > 0 ? &zone->steps[zone->step_count - 1] : NULL;

    if (last != NULL && at_s <= last->at_s) { /* two changes at once: the later one holds */
        if (at_s == last->at_s)
            last->type = type;
        return;
    }
    zone->steps[zone->step_count++] = (struct zone_step){at_s, type};
}

/* The rule, written out year by year after what the file lists. */
static void
append_rule(struct fr_zone *zone, const struct zone_rule *rule)
{
    size_t standard = zone->type_count++, summer = zone->type_count++;
    int64_t last = zone->step_count > 0 ? zone->steps[zone->step_count - 1].at_s : RULE_FIRST_S;
    int year;

    if (last < RULE_FIRST_S)
        last = RULE_FIRST_S;
    if (last > RULE_LAST_S) /* a file that lists more than anybody asks for */
        last = RULE_LAST_S;
    year = fr_date_of_days(last / FR_DAY_SECONDS).year;

    zone->types[standard].offset_s = rule->standard_s;
    zone->types[summer].offset_s = rule->summer_s;
    memcpy(zone->types[standard].abbreviation, rule->standard, ZONE_ABBREVIATION_SIZE);
    memcpy(zone->types[summer].abbreviation, rule->summer, ZONE_ABBREVIATION_SIZE);
    if (!rule->changes && zone->step_count == 0)
        add_step(zone, last, standard);
    for (; rule->changes && year <= YEAR_LAST; year++) {
        int64_t up = zone_change_at(&rule->to_summer, year, rule->standard_s);
        int64_t down = zone_change_at(&rule->to_standard, year, rule->summer_s);

        if (up > last && up < down)
            add_step(zone, up, summer);
        if (down > last)
            add_step(zone, down, standard);
        if (up > last && up >= down)
            add_step(zone, up, summer);
    }
}

/* The text between the two newlines after the 64-bit block; empty when there is none. */
static bool
read_rule(struct fr_slice bytes, const struct block *block, struct fr_zone *zone)
{
    const char *at = (const char *)block->data + block_size(block);
    const char *end = (const char *)bytes.data + bytes.size, *newline;
    char text[RULE_SIZE_MAX];
    struct zone_rule rule;

    if (at == end || *at++ != '\n')
        return false;
    newline = memchr(at, '\n', (size_t)(end - at));
    if (newline == NULL || newline - at >= RULE_SIZE_MAX)
        return false;
    if (newline == at)
        return true;
    memcpy(text, at, (size_t)(newline - at));
    text[newline - at] = '\0';
    if (zone_rule_parse(text, &rule) != FR_OK)
        return false;
    append_rule(zone, &rule);
    return true;
}

static bool
read_block(struct fr_slice bytes, const struct block *block, struct fr_zone *zone)
{
    zone->types = calloc(block->type_count + 2, sizeof(*zone->types));
    zone->steps = calloc(block->time_count + 2 + 2 * (YEAR_LAST - 1969), sizeof(*zone->steps));
    fr_assert(zone->types != NULL && zone->steps != NULL);
    for (size_t i = 0; i < block->type_count; i++)
        if (!read_type(block, i, &zone->types[i]))
            return false;
    zone->type_count = block->type_count;
    return read_steps(block, zone) && (block->time_size == 4 || read_rule(bytes, block, zone));
}

enum fr_error
fr_zone_parse(struct fr_slice bytes, struct fr_zone **out)
{
    struct fr_zone *zone;
    struct block block;

    if (!read_header(bytes, 0, 4, &block))
        return FR_CORRUPT;
    if (((const uint8_t *)bytes.data)[4] >= '2' &&
        !read_header(bytes, HEADER_SIZE + block_size(&block), 8, &block))
        return FR_CORRUPT;
    if (block.type_count == 0 || block.leap_count > 0)
        return FR_CORRUPT;
    zone = calloc(1, sizeof(*zone));
    fr_assert(zone != NULL);
    if (!read_block(bytes, &block, zone)) {
        fr_zone_free(&zone);
        return FR_CORRUPT;
    }
    *out = zone;
    return FR_OK;
}

/* Letters, digits, _ + - and single slashes between them: nothing that leaves the directory. */
static bool
is_zone_name(const char *name)
{
    if (name[0] == '\0' || name[0] == '/' || strlen(name) > 100 || strstr(name, "..") != NULL)
        return false;
    return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") ==
           strlen(name);
}

static enum fr_error
parse_stream(FILE *file, struct fr_zone **out)
{
    uint8_t *bytes = malloc(FILE_SIZE_MAX);
    enum fr_error err = FR_IO;
    size_t size;

    fr_assert(bytes != NULL);
    size = fread(bytes, 1, FILE_SIZE_MAX, file);
    if (!ferror(file))
        err = fr_zone_parse(fr_slice(bytes, size), out);
    free(bytes);
    return err;
}

enum fr_error
fr_zone_load(const char *name, struct fr_zone **out)
{
    const char *dir = getenv("TZDIR");
    enum fr_error err;
    char path[600];
    FILE *file;

    if (!is_zone_name(name))
        return FR_NOT_FOUND;
    snprintf(path, sizeof(path), "%s/%s", dir == NULL ? "/usr/share/zoneinfo" : dir, name);
    file = fopen(path, "rbe");
    if (file == NULL)
        return errno == ENOENT || errno == ENOTDIR ? FR_NOT_FOUND : FR_IO;
    err = parse_stream(file, out);
    fclose(file);
    return err;
}

void
fr_zone_free(struct fr_zone **zone)
{
    if (*zone == NULL)
        return;
    free((*zone)->types);
    free((*zone)->steps);
    free(*zone);
    *zone = NULL;
}

struct fr_zone_period
fr_zone_at(const struct fr_zone *zone, int64_t unix_s)
{
    size_t low = 0, high = zone->step_count; /* steps before `low` have begun */
    const struct zone_type *type;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (zone->steps[middle].at_s <= unix_s)
            low = middle + 1;
        else
            high = middle;
    }
    type = &zone->types[low == 0 ? 0 : zone->steps[low - 1].type];
    return (struct fr_zone_period){
        .start_s = low == 0 ? INT64_MIN : zone->steps[low - 1].at_s,
        .end_s = low == zone->step_count ? INT64_MAX : zone->steps[low].at_s,
        .offset_s = type->offset_s,
        .abbreviation = type->abbreviation,
    };
}
