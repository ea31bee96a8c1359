/* query.c - what conversations answers: one matter, one customer's timeline, lists, the "ignored".
 */
#include "services/conversations/tables.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 500
#define LOOKED_AT_MAX                                                                              \
    5000 /* rows that one answer looks at: queries are short; "next" goes on from there */

static const char *const state_names[] = {"resolved", "open"};

/* ---- arguments and answers ---- */

static json_t *
json_id(uint64_t id)
{
    char text[FR_ID_TEXT_SIZE];

    return json_string(fr_id_format(id, text));
}

static uint64_t
id_argument(const json_t *args, const char *name)
{
    const char *text = json_string_value(json_object_get(args, name));
    uint64_t id;

    return text != NULL && fr_id_parse(fr_slice_str(text), &id) == FR_OK ? id : 0;
}

static size_t
limit_argument(const json_t *args)
{
    json_int_t limit = json_integer_value(json_object_get(args, "limit"));

    return limit <= 0 ? LIMIT_DEFAULT : limit < LIMIT_MAX ? (size_t)limit : LIMIT_MAX;
}

static json_t *
failed(json_t *partial, enum fr_error err, const char **error)
{
    json_decref(partial);
    *error = fr_error_name(err);
    return NULL;
}

static json_t *
matter_json(uint64_t conversation, const conversations_matter *matter)
{
    json_t *item = fr_message_json(&matter->base);

    if (item == NULL)
        item = json_object();
    json_object_set_new(item, "conversation_id", json_id(conversation));
    json_object_set_new(item, "state", json_string(state_names[matter->open != 0]));
    return item;
}

/* ---- conversation.ls and conversations.ignored ---- */

struct listing {
    const struct fr_query_turn *turn;
    json_t *items;
    size_t limit, looked_at;
    uint64_t next; /* the last one looked at */
    bool more;
    enum fr_error err;
    const char *brand; /* filters; NULL: any */
    int open;          /* 1, 0; -1: any */
    uint64_t customer; /* 0: any */
    bool ignored_only;
    size_t found; /* also when items is NULL: only counted */
};

/* An accepted message without an answer, an outcome, a task, or a moment at which it is looked at
 * again. */
static bool
is_ignored(const conversations_matter *matter)
{
    return matter->open && matter->unanswered_us != 0 && matter->task_id == 0 &&
           matter->look_again_us == 0;
}

static bool
fits(const struct listing *listing, const conversations_matter *matter)
{
    return (listing->brand == NULL || strcmp(listing->brand, matter->brand) == 0) &&
           (listing->open < 0 || listing->open == (matter->open != 0)) &&
           (listing->customer == 0 || listing->customer == matter->customer_id) &&
           (!listing->ignored_only || is_ignored(matter));
}

static bool
add(void *context, uint64_t conversation)
{
    struct listing *listing = context;
    struct fr_arena_mark mark = fr_arena_mark(listing->turn->arena);
    const conversations_matter *matter;

    listing->more = listing->found == listing->limit || listing->looked_at == LOOKED_AT_MAX;
    if (listing->more)
        return false;
    listing->looked_at++;
    listing->next = conversation;
    listing->err =
        conversations_get(listing->turn->view, conversation, listing->turn->arena, &matter);
    if (listing->err != FR_OK)
        return false;
    if (fits(listing, matter)) {
        listing->found++;
        if (listing->items != NULL)
            json_array_append_new(listing->items, matter_json(conversation, matter));
    }
    fr_arena_release(listing->turn->arena, mark);
    return true;
}

/* A customer's conversations, newest first. */
static enum fr_error
walk_customer(struct listing *listing, uint64_t before)
{
    uint64_t *conversations;
    size_t count;
    bool more;
    enum fr_error err =
        conversations_timeline(listing->turn->view, listing->customer, before, LOOKED_AT_MAX,
                               listing->turn->arena, &conversations, &count, &more);

    for (size_t i = 0; err == FR_OK && i < count; i++)
        if (!add(listing, conversations[i]))
            return listing->err;
    listing->more = listing->more || (err == FR_OK && more);
    return err != FR_OK ? err : listing->err;
}

static json_t *
answer_of(struct listing *listing, enum fr_error err, const char **error)
{
    json_t *answer;

    err = err != FR_OK ? err : listing->err;
    if (err != FR_OK)
        return failed(listing->items, err, error);
    answer = json_pack("{s:o, s:b}", "items", listing->items, "more", listing->more);
    if (listing->more)
        json_object_set_new(answer, "next", json_id(listing->next));
    return answer;
}

static json_t *
conversation_ls(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    const char *state = json_string_value(json_object_get(args, "state"));
    struct listing listing = {.turn = turn,
                              .items = json_array(),
                              .limit = limit_argument(args),
                              .brand = json_string_value(json_object_get(args, "brand")),
                              .open = -1};
    uint64_t after = id_argument(args, "after"), customer = id_argument(args, "customer");
    enum fr_error err;

    if (state != NULL && strcmp(state, "open") != 0 && strcmp(state, "resolved") != 0) {
        json_decref(listing.items);
        *error = "state is open or resolved";
        return NULL;
    }
    if (state != NULL)
        listing.open = strcmp(state, "open") == 0;
    if (customer != 0) {
        uint64_t now = conversations_redirect_get(turn->view, customer);

        for (listing.customer = customer; now != 0;
             now = conversations_redirect_get(turn->view, listing.customer))
            listing.customer = now;
        err = walk_customer(&listing, after);
    } else {
        err = conversations_each(turn->view, listing.open == 1, after, add, &listing);
    }
    return answer_of(&listing, err, error);
}

static json_t *
customer_timeline(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    if (id_argument(args, "customer") == 0) {
        *error = "say which customer: \"customer\" (an id)";
        return NULL;
    }
    return conversation_ls(turn, args, error);
}

static json_t *
conversations_ignored(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    struct listing listing = {.turn = turn,
                              .items = json_array(),
                              .limit = limit_argument(args),
                              .open = 1,
                              .ignored_only = true};

    return answer_of(
        &listing, conversations_each(turn->view, true, id_argument(args, "after"), add, &listing),
        error);
}

/* ---- conversation.show and message.find ---- */

static json_t *
entry_json(const struct fr_query_turn *turn, struct conversations_place place, enum fr_error *err)
{
    const Fr__ConversationsStateDelivery *delivery;
    const char *reason;
    Fr__Entry *entry;
    json_t *item;

    *err = conversations_entry_get(turn->view, place, turn->arena, &entry, &reason);
    if (*err != FR_OK)
        return NULL;
    item = fr_message_json(&entry->base);
    if (item == NULL)
        item = json_object();
    json_object_set_new(item, "number", json_integer(place.number));
    json_object_set_new(item, "reason", json_string(reason));
    if (entry->has_delivery && conversations_delivery_get(turn->view, entry->message_id,
                                                          turn->arena, &delivery) == FR_OK) {
        json_object_set_new(item, "delivery_at_us", json_integer(delivery->at_us));
        if (delivery->reason != NULL)
            json_object_set_new(item, "delivery_reason", json_string(delivery->reason));
    }
    return item;
}

static json_t *
conversation_show(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    const json_t *after = json_object_get(args, "after");
    uint64_t conversation = id_argument(args, "conversation");
    struct conversations_place place = {.conversation = conversation};
    size_t limit = limit_argument(args);
    const conversations_matter *matter;
    json_t *answer, *entries;
    enum fr_error err = conversations_get(turn->view, conversation, turn->arena, &matter);

    if (err == FR_NOT_FOUND) {
        *error = "no conversation has that id";
        return NULL;
    }
    if (err != FR_OK)
        return failed(NULL, err, error);
    if (json_is_integer(after) && json_integer_value(after) >= 0)
        place.number = (uint32_t)json_integer_value(after) + 1;
    answer = matter_json(conversation, matter);
    entries = json_array();
    json_object_set_new(answer, "entries", entries);
    for (; err == FR_OK && place.number < matter->entry_count && limit > 0; limit--) {
        struct fr_arena_mark mark = fr_arena_mark(turn->arena);
        json_t *item = entry_json(turn, place, &err);

        if (item != NULL)
            json_array_append_new(entries, item);
        fr_arena_release(turn->arena, mark);
        place.number++;
    }
    json_object_set_new(answer, "more", json_boolean(place.number < matter->entry_count));
    return err == FR_OK ? answer : failed(answer, err, error);
}

static json_t *
message_find(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    const char *channel = json_string_value(json_object_get(args, "channel"));
    const char *account = json_string_value(json_object_get(args, "account"));
    const char *external = json_string_value(json_object_get(args, "external_id"));
    uint64_t message = id_argument(args, "message");
    const conversations_matter *matter;
    struct conversations_place place;
    enum fr_error err = FR_OK;
    json_t *entry;

    if (message == 0 && (channel == NULL || account == NULL || external == NULL)) {
        *error = "say which message: \"message\" (an id), or \"channel\", \"account\" and "
                 "\"external_id\"";
        return NULL;
    }
    if (message == 0)
        err = conversations_external_get(turn->view, channel, account, external, &message);
    if (err == FR_OK)
        err = conversations_message_get(turn->view, message, &place);
    if (err == FR_NOT_FOUND) {
        *error = "no conversation has that message";
        return NULL;
    }
    if (err == FR_OK)
        err = conversations_get(turn->view, place.conversation, turn->arena, &matter);
    if (err != FR_OK)
        return failed(NULL, err, error);
    entry = entry_json(turn, place, &err);
    if (entry == NULL)
        return failed(NULL, err, error);
    return json_pack("{s:o, s:o, s:o, s:s, s:o}", "message_id", json_id(message), "conversation_id",
                     json_id(place.conversation), "customer_id", json_id(matter->customer_id),
                     "state", state_names[matter->open != 0], "entry", entry);
}

/* ---- conversations.stats ---- */

static json_t *
outcomes_json(const struct conversations_totals *totals)
{
    json_t *outcomes = json_object();

    for (unsigned i = 0; i < fr__outcome__descriptor.n_values; i++) {
        const ProtobufCEnumValue *outcome = &fr__outcome__descriptor.values[i];

        json_object_set_new(outcomes, outcome->name,
                            json_integer((json_int_t)totals->outcomes[outcome->value & 7]));
    }
    return outcomes;
}

static json_t *
conversations_stats(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    struct listing listing = {.turn = turn, .limit = SIZE_MAX, .open = 1, .ignored_only = true};
    struct conversations_totals totals;
    enum fr_error err = conversations_totals_get(turn->view, &totals);
    json_int_t open = (json_int_t)(totals.opened + totals.reopened - totals.resolved);

    (void)args;
    if (err == FR_OK)
        err = conversations_each(turn->view, true, 0, add, &listing);
    err = err != FR_OK ? err : listing.err;
    if (err != FR_OK)
        return failed(NULL, err, error);
    /* "ignored" covers the first 5,000 open ones; conversations.ignored pages through all. */
    return json_pack("{s:I, s:I, s:I, s:I, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b}",
                     "opened", (json_int_t)totals.opened, "reopened", (json_int_t)totals.reopened,
                     "resolved", (json_int_t)totals.resolved, "open", open, "outcomes",
                     outcomes_json(&totals), "received", (json_int_t)totals.received, "answers",
                     (json_int_t)totals.answers, "notes", (json_int_t)totals.notes, "notices",
                     (json_int_t)totals.notices, "switches", (json_int_t)totals.switches,
                     "undelivered", (json_int_t)totals.undelivered, "rekeyed",
                     (json_int_t)totals.rekeyed, "ignored", (json_int_t)listing.found,
                     "ignored_more", listing.more);
}

/* clang-format off */
const struct fr_query conversations_queries[] = {
    { "conversation.ls",       "[state] [customer] [brand] [limit] [after]",  "Conversations; of a customer newest first, else in the order of their ids.", conversation_ls       },
    { "conversation.show",     "conversation [limit] [after]",                "One conversation: entries with their reasons, state, outcome.",             conversation_show     },
    { "customer.timeline",     "customer [state] [brand] [limit] [after]",    "All conversations of a customer, newest first.",                            customer_timeline     },
    { "message.find",          "message | channel account external_id",       "Where a message is, by our name or the outside world's.",                   message_find          },
    { "conversations.stats",   "",                                            "Totals, outcomes, and how many accepted messages are ignored (none).",      conversations_stats   },
    { "conversations.ignored", "[limit] [after]",                             "Open conversations with an unanswered message and nobody asked: none.",     conversations_ignored },
    { NULL, NULL, NULL, NULL },
};
/* clang-format on */
