/* group.c - a customer as a whole. */
#include "services/identity/group.h"

#include "services/identity/key.h"

/* ---- origins ---- */

struct walk {
    struct fr_arena *arena;
    struct identity_group *group;
    size_t room;
    bool full; /* no memory */
};

static bool
add_origin(void *context, const struct identity_row *row)
{
    struct walk *walk = context;
    struct identity_group *group = walk->group;

    if (group->origin_count == walk->room) {
        uint64_t *more = fr_arena_zalloc(walk->arena, walk->room * 2, sizeof(*more));

        walk->full = more == NULL;
        if (walk->full)
            return false;
        memcpy(more, group->origins, walk->room * sizeof(*more));
        group->origins = more;
        walk->room *= 2;
    }
    group->origins[group->origin_count++] = row->other;
    return true;
}

static enum fr_error
collect_origins(const struct fr_view *view, struct fr_arena *arena, struct identity_group *group)
{
    struct walk walk = {.arena = arena, .group = group, .room = 8};
    enum fr_error err = FR_OK;

    if (group->customer.origins > 8)
        walk.room = group->customer.origins;
    group->origins = fr_arena_zalloc(arena, walk.room, sizeof(*group->origins));
    if (group->origins == NULL)
        return FR_NO_MEMORY;
    group->origins[group->origin_count++] = group->root;
    if (group->customer.origins <= 1)
        return FR_OK;
    for (size_t i = 0; err == FR_OK && i < group->origin_count; i++)
        err = identity_each_child(view, group->origins[i], arena, add_origin, &walk);
    return err == FR_OK && walk.full ? FR_NO_MEMORY : err;
}

/* ---- facts ---- */

const char *
identity_full_name(const Fr__Attributes *said, struct fr_arena *arena)
{
    const char *given = said->given_name, *family = said->family_name;
    size_t size;
    char *both;

    if (said->name != NULL && said->name[0] != '\0')
        return said->name;
    if (given == NULL || given[0] == '\0')
        return family != NULL ? family : "";
    if (family == NULL || family[0] == '\0')
        return given;
    size = strlen(given) + strlen(family) + 2;
    both = fr_arena_alloc(arena, size);
    if (both == NULL)
        return family;
    snprintf(both, size, "%s %s", given, family);
    return both;
}

struct facts { /* while profiles are gone through */
    struct fr_arena *arena;
    struct identity_group *group;
    bool only_proven;
};

static void
take_profile(const struct facts *facts, const Fr__IdentityStateProfile *profile)
{
    struct identity_group *group = facts->group;
    const char *name = identity_full_name(profile->attributes, facts->arena);

    if (facts->only_proven && profile->proven == 0)
        return;
    if (group->name_count < IDENTITY_GROUP_NAMES_MAX) {
        identity_name_fold(name, &group->names[group->name_count]);
        group->name_count += group->names[group->name_count].count > 0;
    }
    if (group->birth_count < IDENTITY_GROUP_NAMES_MAX)
        group->birth_count += identity_birth_parse(profile->attributes->birth_date, NULL,
                                                   &group->births[group->birth_count]);
}

/* What somebody said without proof counts only where nobody proved anything: else a stranger who
 * writes under an address could give its owner another name or date of birth. */
static enum fr_error
collect_profiles(const struct fr_view *view, struct fr_arena *arena, struct identity_group *group)
{
    const Fr__IdentityStateProfiles **all =
        fr_arena_zalloc(arena, group->origin_count, sizeof(const Fr__IdentityStateProfiles *));
    size_t count = 0;
    enum fr_error err = all == NULL ? FR_NO_MEMORY : FR_OK;

    for (size_t i = 0; err == FR_OK && i < group->origin_count; i++) {
        err = identity_profiles_get(view, group->origins[i], arena, &all[i]);
        count += err == FR_OK && all[i] != NULL ? all[i]->n_profiles : 0;
    }
    if (err != FR_OK || count == 0)
        return err;
    if (count > IDENTITY_GROUP_NAMES_MAX)
        count = IDENTITY_GROUP_NAMES_MAX;
    group->names = fr_arena_alloc(arena, count * sizeof(*group->names));
    group->births = fr_arena_zalloc(arena, count, sizeof(*group->births));
    if (group->names == NULL || group->births == NULL)
        return FR_NO_MEMORY;
    for (int proven = 1; proven >= 0; proven--) {
        struct facts facts = {.arena = arena, .group = group, .only_proven = proven};
        size_t names = group->name_count, births = group->birth_count;

        for (size_t i = 0; i < group->origin_count; i++)
            for (size_t n = 0; all[i] != NULL && n < all[i]->n_profiles; n++)
                if (group->name_count < count && group->birth_count < count)
                    take_profile(&facts, all[i]->profiles[n]);
        if (proven == 0 && names > 0) /* only what was missing is taken from the unproven */
            group->name_count = names;
        if (proven == 0 && births > 0)
            group->birth_count = births;
    }
    return FR_OK;
}

enum fr_error
identity_group_load(const struct fr_view *view, struct fr_arena *arena, uint64_t root, bool facts,
                    struct identity_group **out)
{
    struct identity_group *group = fr_arena_zalloc(arena, 1, sizeof(*group));
    size_t room = 0;
    enum fr_error err = group == NULL ? FR_NO_MEMORY : FR_OK;

    if (err != FR_OK)
        return err;
    group->root = root;
    err = identity_customer_get(view, root, &group->customer);
    if (err == FR_OK)
        err = collect_origins(view, arena, group);
    if (err == FR_OK && facts)
        err = collect_profiles(view, arena, group);
    for (size_t i = 0; err == FR_OK && facts && i < group->origin_count; i++)
        err = identity_exclusives(view, group->origins[i], arena, &group->exclusives,
                                  &group->exclusive_count, &room);
    *out = group;
    return err;
}

/* ---- names ---- */

enum identity_fit
identity_group_name_fit(const struct identity_group *group, const struct identity_name *name)
{
    enum identity_fit fit = IDENTITY_FIT_UNKNOWN;

    for (size_t i = 0; name->count > 0 && i < group->name_count; i++) {
        enum identity_names names = identity_names_compare(&group->names[i], name, NULL);

        if (names == IDENTITY_NAMES_COMPATIBLE || names == IDENTITY_NAMES_SAME)
            return IDENTITY_FITS;
        if (names == IDENTITY_NAMES_INCOMPATIBLE)
            fit = IDENTITY_DIFFERS;
    }
    return fit;
}

enum identity_fit
identity_groups_name_fit(const struct identity_group *a, const struct identity_group *b)
{
    enum identity_fit fit = IDENTITY_FIT_UNKNOWN;

    for (size_t i = 0; i < b->name_count; i++) {
        enum identity_fit one = identity_group_name_fit(a, &b->names[i]);

        if (one == IDENTITY_FITS)
            return IDENTITY_FITS;
        if (one == IDENTITY_DIFFERS)
            fit = IDENTITY_DIFFERS;
    }
    return fit;
}

/* ---- dates of birth ---- */

bool
identity_group_birth_differs(const struct identity_group *group, const struct identity_birth *birth)
{
    for (size_t i = 0; i < group->birth_count; i++)
        if (!identity_births_differ(&group->births[i], birth))
            return false;
    return group->birth_count > 0 && birth->year != 0;
}

bool
identity_groups_birth_differ(const struct identity_group *a, const struct identity_group *b)
{
    for (size_t i = 0; i < b->birth_count; i++)
        if (!identity_group_birth_differs(a, &b->births[i]))
            return false;
    return b->birth_count > 0;
}

/* ---- exclusive values ---- */

bool
identity_values_exclude(const char *type_a, const char *value_a, const char *type_b,
                        const char *value_b)
{
    return strcmp(type_a, type_b) == 0 && strcmp(value_a, value_b) != 0 &&
           fr_slice_equal(identity_key_space(value_a), identity_key_space(value_b));
}

bool
identity_group_excludes(const struct identity_group *group, const char *type, const char *value)
{
    for (size_t i = 0; i < group->exclusive_count; i++)
        if (identity_values_exclude(group->exclusives[i].type, group->exclusives[i].value, type,
                                    value))
            return true;
    return false;
}

bool
identity_groups_exclude(const struct identity_group *a, const struct identity_group *b)
{
    for (size_t i = 0; i < b->exclusive_count; i++)
        if (identity_group_excludes(a, b->exclusives[i].type, b->exclusives[i].value))
            return true;
    return false;
}

/* ---- what people decided about a pair ---- */

struct search { /* among the rows of one origin */
    const struct fr_view *view;
    uint64_t root; /* whom we look for */
    bool apart;
    struct identity_decided *pair;
    enum fr_error err;
};

static bool
leads_there(struct search *search, uint64_t other)
{
    struct identity_customer customer;
    uint64_t root = 0;

    search->err = identity_root_get(search->view, other, &root, &customer);
    return search->err == FR_OK && root == search->root;
}

static bool
find_apart(void *context, const struct identity_row *row)
{
    struct search *search = context;

    search->apart = leads_there(search, row->other);
    return !search->apart && search->err == FR_OK;
}

enum fr_error
identity_groups_apart(const struct fr_view *view, struct fr_arena *arena,
                      const struct identity_group *a, const struct identity_group *b, bool *apart)
{
    struct search search = {.view = view, .root = b->root};
    enum fr_error err = FR_OK;

    if (a->customer.cannot_links > 0 && b->customer.cannot_links > 0)
        for (size_t i = 0; err == FR_OK && !search.apart && i < a->origin_count; i++) {
            err = identity_each_apart(view, a->origins[i], arena, find_apart, &search);
            err = err == FR_OK ? search.err : err;
        }
    *apart = search.apart;
    return err;
}

static bool
look_at_suggestion(void *context, const struct identity_row *row)
{
    const Fr__IdentityStateSuggestion *suggestion = (const void *)row->state;
    struct search *search = context;

    if (!leads_there(search, row->other))
        return search->err == FR_OK;
    if (identity_suggestion_state(suggestion) == FR__SUGGESTION_STATE__REJECTED)
        search->pair->settled = true;
    if (identity_suggestion_state(suggestion) == FR__SUGGESTION_STATE__OPEN) {
        search->pair->open = true;
        search->pair->a = row->id;
        search->pair->b = row->other;
    }
    return true;
}

enum fr_error
identity_groups_decided(const struct fr_view *view, struct fr_arena *arena,
                        const struct identity_group *a, const struct identity_group *b,
                        struct identity_decided *pair)
{
    struct search search = {.view = view, .root = b->root, .pair = pair};
    bool apart;
    enum fr_error err = identity_groups_apart(view, arena, a, b, &apart);

    *pair = (struct identity_decided){.settled = apart};
    for (size_t i = 0; err == FR_OK && i < a->origin_count; i++) {
        err = identity_each_suggestion(view, a->origins[i], arena, look_at_suggestion, &search);
        err = err == FR_OK ? search.err : err;
    }
    pair->open = pair->open && !pair->settled;
    return err;
}
