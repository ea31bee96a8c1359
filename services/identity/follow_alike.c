/* follow_alike.c - suggestions and links from what is said of people. */
#include "services/identity/follow_alike.h"

#include "services/identity/say.h"

#define LINKS_MAX 8       /* customers that one observation may join by what it says */
#define SUGGESTIONS_MAX 5 /* that one observation makes by what it says: more help nobody */
#define FOUND_MAX 16
#define REASONS_MAX (IDENTITY_FIELD_COUNT + 1)

/* ---- customers as the tables have them ---- */

static enum fr_error
root_of(void *context, uint64_t origin, uint64_t *root)
{
    struct identity_forest_of *of = context;
    struct identity_customer customer;

    return identity_root_get(of->view, origin, root, &customer);
}

struct walk {
    uint64_t *origins;
    size_t count, max;
};

static bool
take_child(void *context, const struct identity_row *row)
{
    struct walk *walk = context;

    if (walk->count < walk->max)
        walk->origins[walk->count++] = row->other;
    return walk->count < walk->max;
}

static enum fr_error
members_of(void *context, uint64_t root, uint64_t *origins, size_t max, size_t *count)
{
    struct identity_forest_of *of = context;
    struct identity_customer customer;
    struct walk walk = {origins, 1, max};
    enum fr_error err = identity_customer_get(of->view, root, &customer);

    origins[0] = root;
    for (size_t i = 0; err == FR_OK && customer.origins > 1 && i < walk.count; i++)
        err = identity_each_child(of->view, origins[i], of->arena, take_child, &walk);
    *count = walk.count;
    return err;
}

struct identity_forest
identity_forest(struct identity_forest_of *of)
{
    return (struct identity_forest){of, root_of, members_of};
}

/* ---- reasons (I13): what it rests on, and each field's part ---- */

struct reasons {
    Fr__Reason list[REASONS_MAX];
    Fr__Reason *pointers[REASONS_MAX];
    size_t count;
};

static void
add_reason(struct reasons *reasons, const char *rule, const char *text, const char *field,
           double weight)
{
    Fr__Reason *reason = &reasons->list[reasons->count];

    fr__reason__init(reason);
    reason->rule = (char *)rule;
    reason->text = (char *)text;
    reason->key_type = (char *)field;
    reason->has_weight = true;
    reason->weight = weight;
    reasons->pointers[reasons->count++] = reason;
}

static void
explain(const struct identity_alike *found, const char *rule, struct reasons *reasons)
{
    static const char *const levels[] = {"the same", "a slip apart", "alike", "another"};

    reasons->count = 0;
    add_reason(reasons, rule, found->reason, NULL, found->weight);
    for (int field = 0; field < IDENTITY_FIELD_COUNT; field++)
        if (found->likeness.level[field] < IDENTITY_LEVEL_MISSING)
            add_reason(reasons, rule, levels[found->likeness.level[field]],
                       identity_field_name((enum identity_field)field),
                       (double)found->likeness.bits[field]);
}

/* ---- what stands against a link ---- */

/* I6, against whole groups. */
static enum fr_error
excluded(struct fr_turn *turn, uint64_t a, uint64_t b, bool *answer)
{
    struct identity_group *ours, *theirs;
    struct identity_decided decided;
    enum fr_error err = identity_group_load(turn->view, turn->arena, a, true, &ours);

    if (err == FR_OK)
        err = identity_group_load(turn->view, turn->arena, b, true, &theirs);
    if (err == FR_OK)
        err = identity_groups_decided(turn->view, turn->arena, ours, theirs, &decided);
    *answer = err == FR_OK && (decided.settled || identity_groups_exclude(ours, theirs));
    return err;
}

/* ---- saying it ---- */

static enum fr_error
link_customers(struct fr_turn *turn, const struct fr_record *input, uint64_t a,
               const struct identity_alike *found, const struct identity_alike_order *order)
{
    struct reasons reasons;
    struct identity_link link = {.turn = turn,
                                 .input = input,
                                 .a = a,
                                 .b = found->root,
                                 .reasons = reasons.pointers,
                                 .who = order->who,
                                 .why = order->why};
    uint64_t survivor;

    explain(found, "import", &reasons);
    link.reason_count = reasons.count;
    return identity_say_merged(&link, &survivor);
}

/* ---- what stands against a suggestion ----
 *
 * A contradiction is no likeness, however much else agrees: a household, father and son.  A slip of
 * the pen is none: a day or a month miswritten in the same year, a letter in a name. */

static bool
one_slip_apart(const struct identity_birth *a, const struct identity_birth *b)
{
    if (a->year != b->year || a->month == 0 || b->month == 0)
        return false;
    return a->month == b->month || a->day == b->day || (a->month == b->day && a->day == b->month);
}

static bool
births_contradict(const struct identity_group *a, const struct identity_group *b)
{
    if (!identity_groups_birth_differ(a, b))
        return false;
    for (size_t i = 0; i < a->birth_count; i++)
        for (size_t j = 0; j < b->birth_count; j++)
            if (one_slip_apart(&a->births[i], &b->births[j]))
                return false;
    return true;
}

static bool
names_contradict(const struct identity_group *a, const struct identity_group *b,
                 const struct identity_alike *found)
{
    return identity_groups_name_fit(a, b) == IDENTITY_DIFFERS &&
           (found->likeness.level[IDENTITY_GIVEN] > IDENTITY_LEVEL_NEAR ||
            found->likeness.level[IDENTITY_FAMILY] > IDENTITY_LEVEL_NEAR);
}

static enum fr_error
suggest(struct fr_turn *turn, const struct fr_record *input, uint64_t customer,
        const struct identity_alike *found)
{
    struct reasons reasons;
    struct identity_link link = {
        .turn = turn, .input = input, .a = customer, .b = found->root, .reasons = reasons.pointers};
    struct identity_group *ours, *theirs;
    enum fr_error err = identity_group_load(turn->view, turn->arena, customer, true, &ours);

    if (err == FR_OK)
        err = identity_group_load(turn->view, turn->arena, found->root, true, &theirs);
    if (err != FR_OK || births_contradict(ours, theirs) || names_contradict(ours, theirs, found))
        return err;
    explain(found, "I8", &reasons);
    link.reason_count = reasons.count;
    return identity_say_suggestion(&link);
}

/* ---- following ---- */

/* Links the first that may be linked; *linked says whether there was one. */
static enum fr_error
link_best(struct fr_turn *turn, const struct fr_record *input, uint64_t customer,
          const struct identity_alike *found, size_t count,
          const struct identity_alike_order *order, bool *linked)
{
    enum fr_error err = FR_OK;

    *linked = false;
    for (size_t i = 0; err == FR_OK && i < count && !*linked; i++) {
        bool stands;

        if (found[i].verdict != IDENTITY_ALIKE_LINK || found[i].claimed)
            continue;
        err = excluded(turn, customer, found[i].root, &stands);
        if (err != FR_OK || stands)
            continue;
        err = link_customers(turn, input, customer, &found[i], order);
        *linked = err == FR_OK;
    }
    return err;
}

/* Outside import mode only what I8 names is worth a person's time; in it, all that is nearly
 * enough. */
static bool
worth_suggesting(const struct identity_alike *found, const struct identity_alike_order *order)
{
    return found->verdict == IDENTITY_ALIKE_LINK || order->link || found->by_rule;
}

enum fr_error
identity_follow_alike(struct fr_turn *turn, const struct fr_record *input, uint64_t origin,
                      const struct identity_alike_order *order, uint64_t *customer)
{
    const struct identity_config *config = turn->config;
    struct identity_forest_of of = {turn->view, turn->arena};
    struct identity_weights weights;
    struct identity_alike_look look = {
        .view = turn->view, .weights = &weights, .forest = identity_forest(&of)};
    struct identity_alike found[FOUND_MAX];
    struct identity_customer row;
    size_t count = 0, suggested = 0;
    bool linked = true;
    enum fr_error err = FR_OK;

    identity_weights_from(&config->matching, &weights);
    for (int i = 0; err == FR_OK && linked && i <= LINKS_MAX; i++) {
        err = identity_root_get(turn->view, origin, customer, &row);
        if (err == FR_OK)
            err = identity_alike_find(&look, origin, found, FOUND_MAX, &count);
        linked = false;
        if (err == FR_OK && order->link && i < LINKS_MAX)
            err = link_best(turn, input, *customer, found, count, order, &linked);
    }
    for (size_t i = 0; err == FR_OK && i < count && suggested < SUGGESTIONS_MAX; i++) {
        if (!worth_suggesting(&found[i], order))
            continue;
        err = suggest(turn, input, *customer, &found[i]);
        suggested++;
    }
    return err;
}

const Fr__Attributes *
identity_register_says(struct fr_turn *turn, const Fr__Attributes *said, const char *birth_formats,
                       Fr__Attributes *room)
{
    struct identity_birth birth;
    char text[IDENTITY_BIRTH_SIZE];

    if (said == NULL || said->birth_date == NULL || birth_formats == NULL)
        return said;
    *room = *said;
    room->birth_date = NULL;
    if (identity_birth_parse(said->birth_date, birth_formats, &birth)) {
        identity_birth_text(&birth, text);
        room->birth_date = fr_arena_strdup(turn->arena, text);
    }
    return room;
}

/* AlikeLinkAsked: an operator de-duplicates; this customer is one of many.
 *
 * Reads persons, blocks, terms, customers.  Emits CustomersMerged and SuggestionMade as they
 * follow. Sent twice: what was linked is one customer by then, and nothing is left to link.
 */
enum fr_error
identity_decide_alike_link_asked(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__AlikeLinkAsked *asked = fr_unpack(turn, input, &fr__alike_link_asked__descriptor);
    struct identity_alike_order order = {.link = true};
    struct identity_customer customer;
    char text[FR_ID_TEXT_SIZE];
    uint64_t root;
    enum fr_error err;

    if (asked == NULL)
        return fr_reject(turn, input, "AlikeLinkAsked does not decode");
    if (asked->who[0] == '\0' || asked->why[0] == '\0')
        return fr_reject(turn, input, "say who links customers, and why");
    err = identity_root_get(turn->view, asked->customer_id, &root, &customer);
    if (err == FR_NOT_FOUND)
        return fr_reject(turn, input, "there is no such customer");
    order.who = asked->who;
    order.why = asked->why;
    if (err == FR_OK)
        err = identity_follow_alike(turn, input, asked->customer_id, &order, &root);
    if (err == FR_OK)
        fr_answer_json(turn, json_pack("{s:s}", "customer_id", fr_id_format(root, text)));
    return err;
}
