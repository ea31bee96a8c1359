/* say.c - what identity says about customers: each said once, with its reasons. */
#include "services/identity/say.h"

#include "services/identity/counters.h"

#define HOLDINGS_MAX 256

Fr__Reason
identity_reason(const char *rule, const char *text, const char *type, const char *value)
{
    Fr__Reason reason = FR__REASON__INIT;

    reason.rule = (char *)rule;
    reason.text = (char *)text;
    reason.key_type = (char *)type;
    reason.key_value = (char *)value;
    return reason;
}

enum fr_error
identity_say(struct fr_turn *turn, const struct fr_record *input, uint64_t customer,
             const ProtobufCMessage *message)
{
    const struct fr_labels labels = {.key = customer};

    return fr_emit_as(turn, input, message, &labels);
}

/* ---- suggestions and conflicts ---- */

struct two { /* customers as they are now */
    uint64_t a, b;
    struct identity_customer a_row, b_row;
};

static enum fr_error
look_up_two(const struct identity_link *link, struct two *two)
{
    enum fr_error err = identity_root_get(link->turn->view, link->a, &two->a, &two->a_row);

    two->b = 0;
    return err == FR_OK && link->b != 0
               ? identity_root_get(link->turn->view, link->b, &two->b, &two->b_row)
               : err;
}

static enum fr_error
decided_already(const struct identity_link *link, const struct two *two, bool *already)
{
    const struct fr_view *view = link->turn->view;
    const Fr__IdentityStateSuggestion *known;
    struct identity_group *a, *b;
    struct identity_decided pair;
    enum fr_error err = identity_suggestion_get(view, two->a, two->b, link->turn->arena, &known);

    *already = err == FR_OK && (identity_suggestion_state(known) == FR__SUGGESTION_STATE__OPEN ||
                                identity_suggestion_state(known) == FR__SUGGESTION_STATE__REJECTED);
    if (*already || (err != FR_OK && err != FR_NOT_FOUND))
        return err;
    if (two->a_row.origins == 1 && two->b_row.origins == 1 &&
        (two->a_row.cannot_links == 0 || two->b_row.cannot_links == 0))
        return FR_OK;
    err = identity_group_load(view, link->turn->arena, two->a, false, &a);
    if (err == FR_OK)
        err = identity_group_load(view, link->turn->arena, two->b, false, &b);
    if (err == FR_OK)
        err = identity_groups_decided(view, link->turn->arena, a, b, &pair);
    *already = err == FR_OK && (pair.open || pair.settled);
    return err;
}

enum fr_error
identity_say_suggestion(const struct identity_link *link)
{
    Fr__SuggestionMade suggestion = FR__SUGGESTION_MADE__INIT;
    Fr__Reason *reasons[] = {link->reason};
    struct two two;
    bool already;
    enum fr_error err = look_up_two(link, &two);

    if (err != FR_OK || two.b == 0 || two.a == two.b || two.a_row.erased || two.b_row.erased)
        return err;
    err = decided_already(link, &two, &already);
    if (err != FR_OK || already)
        return err;
    suggestion.customer_a = two.a;
    suggestion.customer_b = two.b;
    suggestion.reasons = link->reasons != NULL ? link->reasons : reasons;
    suggestion.n_reasons = link->reasons != NULL ? link->reason_count : 1;
    fr_count(link->turn, IDENTITY_SUGGESTED, 1);
    return identity_say(link->turn, link->input, two.a, &suggestion.base);
}

enum fr_error
identity_say_conflict(const struct identity_link *link, const char *kind)
{
    Fr__ConflictFound event = FR__CONFLICT_FOUND__INIT;
    const Fr__IdentityStateConflict *known;
    Fr__Reason *reasons[] = {link->reason};
    struct identity_conflict name = {.kind = kind, .type = "", .value = ""};
    struct two two;
    enum fr_error err = look_up_two(link, &two);

    if (err != FR_OK || two.a == two.b)
        return err;
    name.a = two.a;
    name.b = two.b;
    if (link->reason->key_type != NULL) {
        name.type = link->reason->key_type;
        name.value = link->reason->key_value;
    }
    err = identity_conflict_get(link->turn->view, &name, link->turn->arena, &known);
    if (err != FR_NOT_FOUND)
        return err;
    event.kind = (char *)kind;
    event.customer_a = two.a;
    event.has_customer_b = two.b != 0;
    event.customer_b = two.b;
    event.key_type = link->reason->key_type;
    event.key_value = link->reason->key_value;
    event.reasons = reasons;
    event.n_reasons = 1;
    fr_count(link->turn, IDENTITY_CONFLICTS, 1);
    return identity_say(link->turn, link->input, two.a, &event.base);
}

/* ---- merges and splits ---- */

enum fr_error
identity_say_merged(const struct identity_link *link, uint64_t *survivor)
{
    Fr__CustomersMerged merged = FR__CUSTOMERS_MERGED__INIT;
    Fr__Reason *reasons[] = {link->reason};
    struct two two;
    bool b_is_older;
    enum fr_error err = look_up_two(link, &two);

    if (err != FR_OK)
        return err;
    b_is_older = two.b_row.created_us < two.a_row.created_us ||
                 (two.b_row.created_us == two.a_row.created_us && two.b < two.a);
    *survivor = b_is_older ? two.b : two.a;
    if (two.a == two.b)
        return FR_OK;
    merged.survivor = *survivor;
    merged.merged = b_is_older ? two.a : two.b;
    merged.reasons = link->reasons != NULL ? link->reasons : reasons;
    merged.n_reasons = link->reasons != NULL ? link->reason_count : 1;
    merged.who = (char *)link->who;
    merged.why = (char *)link->why;
    fr_count(link->turn, IDENTITY_MERGED, 1);
    return identity_say(link->turn, link->input, *survivor, &merged.base);
}

enum fr_error
identity_say_split(const struct identity_link *link, uint64_t origin, bool cannot_link)
{
    struct fr_turn *turn = link->turn;
    Fr__CustomersSplit split = FR__CUSTOMERS_SPLIT__INIT;
    Fr__Reason *reasons[] = {link->reason};
    struct identity_customer row, root_row;
    struct identity_group *below;
    uint64_t apart[2], root = 0;
    enum fr_error err = identity_customer_get(turn->view, origin, &row);

    if (err == FR_OK)
        err = identity_root_get(turn->view, origin, &root, &root_row);
    if (err == FR_OK)
        err = identity_group_load(turn->view, turn->arena, origin, false, &below);
    if (err != FR_OK || row.parent == 0)
        return err;
    apart[0] = root;
    apart[1] = row.parent;
    split.origin = origin;
    split.parent = row.parent;
    split.from_customer = root;
    split.origins = below->origins;
    split.n_origins = below->origin_count;
    split.apart_from = apart;
    split.n_apart_from = cannot_link ? 1 + (root != row.parent) : 0;
    split.reasons = reasons;
    split.n_reasons = 1;
    split.who = (char *)link->who;
    split.why = (char *)link->why;
    fr_count(turn, IDENTITY_SPLIT, 1);
    return identity_say(turn, link->input, origin, &split.base);
}

/* ---- shared keys (I7) ---- */

struct links { /* merges that one key made, and the origins whose observations are judged again */
    struct fr_arena *arena;
    const char *type, *value;
    uint64_t *children, *origins;
    size_t child_count, child_room, origin_count, origin_room;
    enum fr_error err;
};

static enum fr_error
push(struct fr_arena *arena, uint64_t **list, size_t *count, size_t *room, uint64_t id)
{
    for (size_t i = 0; i < *count; i++)
        if ((*list)[i] == id)
            return FR_OK;
    if (*count == *room) {
        uint64_t *more = fr_arena_zalloc(arena, *room * 2 + 16, sizeof(*more));

        if (more == NULL)
            return FR_NO_MEMORY;
        if (*count > 0)
            memcpy(more, *list, *count * sizeof(*more));
        *list = more;
        *room = *room * 2 + 16;
    }
    (*list)[(*count)++] = id;
    return FR_OK;
}

static bool
made_by_key(void *context, const struct identity_row *row)
{
    const Fr__IdentityStateMerge *merge = (const void *)row->state;
    struct links *links = context;

    if (merge->who != NULL)
        return true; /* a person's word stands */
    for (size_t i = 0; i < merge->n_reasons; i++) {
        const Fr__Reason *reason = merge->reasons[i];

        if (reason->key_type == NULL || strcmp(reason->key_type, links->type) != 0 ||
            strcmp(reason->key_value, links->value) != 0)
            continue;
        links->err = push(links->arena, &links->children, &links->child_count, &links->child_room,
                          row->other);
        break;
    }
    return links->err == FR_OK;
}

static enum fr_error
look_at_holder(const struct fr_view *view, struct links *links, uint64_t origin)
{
    size_t known = links->child_count;
    struct identity_customer row;
    struct identity_group *group;
    uint64_t root = 0;
    enum fr_error err = identity_root_get(view, origin, &root, &row);

    if (err == FR_OK)
        err = identity_group_load(view, links->arena, root, false, &group);
    for (size_t i = 0; err == FR_OK && i < group->origin_count; i++) {
        err = identity_each_child(view, group->origins[i], links->arena, made_by_key, links);
        err = err == FR_OK ? links->err : err;
    }
    if (err == FR_OK && links->child_count == known)
        return push(links->arena, &links->origins, &links->origin_count, &links->origin_room,
                    origin);
    for (size_t i = 0; err == FR_OK && i < group->origin_count; i++)
        err = push(links->arena, &links->origins, &links->origin_count, &links->origin_room,
                   group->origins[i]);
    return err;
}

static enum fr_error
find_links(const struct fr_view *view, struct links *links)
{
    struct identity_holding *holders =
        fr_arena_zalloc(links->arena, HOLDINGS_MAX, sizeof(*holders));
    size_t count = 0;
    enum fr_error err = holders == NULL ? FR_NO_MEMORY
                                        : identity_holders(view, links->type, links->value, holders,
                                                           HOLDINGS_MAX, &count);

    for (size_t i = 0; err == FR_OK && i < count; i++)
        err = look_at_holder(view, links, holders[i].origin);
    return err;
}

static enum fr_error
find_claimers(const struct fr_view *view, struct links *links)
{
    links->origins = fr_arena_zalloc(links->arena, HOLDINGS_MAX, sizeof(*links->origins));
    return links->origins == NULL
               ? FR_NO_MEMORY
               : identity_claimers(view, links->type, links->value, links->origins, HOLDINGS_MAX,
                                   &links->origin_count);
}

enum fr_error
identity_say_shared(struct fr_turn *turn, const struct fr_record *input, const char *type,
                    const char *value, bool claims_only, uint32_t holders, uint32_t names)
{
    struct links links = {.arena = turn->arena, .type = type, .value = value};
    Fr__KeyShared shared = FR__KEY_SHARED__INIT;
    Fr__Reason why = identity_reason("I7",
                                     claims_only ? "more customers claim it than fan_out allows"
                                                 : "more customers hold it, or more names were "
                                                   "seen with it, than fan_out allows",
                                     type, value);
    Fr__Reason *reasons[] = {&why};
    enum fr_error err =
        claims_only ? find_claimers(turn->view, &links) : find_links(turn->view, &links);

    shared.type = (char *)type;
    shared.value = (char *)value;
    shared.claims_only = claims_only;
    shared.holders = holders;
    shared.names = names;
    shared.origins = links.origins;
    shared.n_origins = links.origin_count;
    shared.reasons = reasons;
    shared.n_reasons = 1;
    fr_count(turn, IDENTITY_SHARED_KEYS, 1);
    if (err == FR_OK)
        err = fr_emit(turn, input, &shared.base);
    for (size_t i = 0; err == FR_OK && i < links.child_count; i++) {
        const struct identity_link link = {.turn = turn, .input = input, .reason = &why};

        err = identity_say_split(&link, links.children[i], false);
    }
    return err;
}
