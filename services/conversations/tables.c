/* tables.c - conversations' tables: layouts, get and put. */
#include "services/conversations/tables.h"

#include "common/base/hash.h"

enum {
    CONVERSATIONS,
    OPEN,
    ENTRIES,
    MESSAGES,
    EXTERNALS,
    SAID,
    DELIVERIES,
    CUSTOMERS,
    BY_CUSTOMER,
    IDENTIFIERS,
    REDIRECTS,
    REKEYS,
    TOTALS,
};

#define LAST_MAX 50

/* clang-format off */
const struct fr_table conversations_tables[] = {
    [CONVERSATIONS] = { "conversations", true,  "conversation -> the matter as it stands" },
    [OPEN]          = { "open",          true,  "conversations without an outcome" },
    [ENTRIES]       = { "entries",       true,  "conversation, number -> MessageAdded as journalled" },
    [MESSAGES]      = { "messages",      false, "message -> conversation, number" },
    [EXTERNALS]     = { "externals",     false, "channel, account, external id -> message" },
    [SAID]          = { "said",          false, "conversation, client id -> message" },
    [DELIVERIES]    = { "deliveries",    false, "message -> delivery state, when, why" },
    [CUSTOMERS]     = { "customers",     true,  "customer, brand -> open, last resolved, last agent" },
    [BY_CUSTOMER]   = { "by_customer",   true,  "customer, conversation" },
    [IDENTIFIERS]   = { "identifiers",   true,  "customer, type, value -> is it unverified? whose is it?" },
    [REDIRECTS]     = { "redirects",     false, "merged customer -> the one he is now" },
    [REKEYS]        = { "rekeys",        false, "job -> how far a timeline was gone through" },
    [TOTALS]        = { "totals",        false, "one row: what conversations.stats prints" },
    FR_TABLE_END,
};
/* clang-format on */

static const struct fr_slice mark = {"", 1}; /* a value where the key says it all */

/* ---- keys of rows ---- */

static struct fr_slice
by_id(struct fr_key *key, uint64_t id)
{
    return fr_key_slice(fr_key_u64(fr_key_init(key), id));
}

static struct fr_slice
by_pair(struct fr_key *key, uint64_t a, uint64_t b)
{
    return fr_key_slice(fr_key_u64(fr_key_u64(fr_key_init(key), a), b));
}

static struct fr_slice
by_place(struct fr_key *key, struct conversations_place place)
{
    fr_key_u64(fr_key_init(key), place.conversation);
    return fr_key_slice(fr_key_u32(key, place.number));
}

/* A name from outside may be longer than a key may be: then its beginning and its hash stand for
 * it. */
static void
add_name(struct fr_key *key, const char *name)
{
    size_t size = strlen(name);

    if (size <= 120) {
        fr_key_str(key, name);
        return;
    }
    fr_key_bytes(key, name, 120);
    fr_key_u64(fr_key_u8(key, 0), fr_hash(name, size));
}

static struct fr_slice
by_external(struct fr_key *key, const char *channel, const char *account, const char *external_id)
{
    fr_key_init(key);
    add_name(key, channel);
    add_name(key, account);
    add_name(key, external_id);
    return fr_key_slice(key);
}

static struct fr_slice
by_client(struct fr_key *key, uint64_t conversation, const char *client_id)
{
    fr_key_u64(fr_key_init(key), conversation);
    add_name(key, client_id);
    return fr_key_slice(key);
}

static struct fr_slice
by_brand(struct fr_key *key, uint64_t customer, const char *brand)
{
    return fr_key_slice(fr_key_str(fr_key_u64(fr_key_init(key), customer), brand));
}

static uint64_t
id_at(struct fr_slice key, size_t offset)
{
    struct fr_slice rest = fr_slice((const uint8_t *)key.data + offset, key.size - offset);
    uint64_t id = 0;

    fr_key_take_u64(&rest, &id);
    return id;
}

/* ---- conversations ---- */

enum fr_error
conversations_get(const struct fr_view *view, uint64_t conversation, struct fr_arena *arena,
                  const conversations_matter **matter)
{
    const void *message;
    struct fr_key key;
    enum fr_error err =
        fr_get_message(view, &conversations_tables[CONVERSATIONS], by_id(&key, conversation),
                       &fr__conversations_state_conversation__descriptor, arena, &message);

    if (err == FR_OK)
        *matter = message;
    return err;
}

enum fr_error
conversations_put(struct fr_tables *tables, uint64_t conversation,
                  const conversations_matter *matter)
{
    struct fr_key key;

    return fr_put_message(tables, &conversations_tables[CONVERSATIONS], by_id(&key, conversation),
                          &matter->base);
}

enum fr_error
conversations_open_put(struct fr_tables *tables, uint64_t conversation)
{
    struct fr_key key;

    return fr_put(tables, &conversations_tables[OPEN], by_id(&key, conversation), mark);
}

enum fr_error
conversations_open_del(struct fr_tables *tables, uint64_t conversation)
{
    struct fr_key key;

    return fr_del(tables, &conversations_tables[OPEN], by_id(&key, conversation));
}

/* ---- messages and their names ---- */

enum fr_error
conversations_message_get(const struct fr_view *view, uint64_t message,
                          struct conversations_place *place)
{
    struct fr_key key;

    return fr_get_copy(view, &conversations_tables[MESSAGES], by_id(&key, message), place,
                       sizeof(*place));
}

enum fr_error
conversations_message_put(struct fr_tables *tables, uint64_t message,
                          struct conversations_place place)
{
    struct fr_key key;

    return fr_put(tables, &conversations_tables[MESSAGES], by_id(&key, message),
                  fr_slice(&place, sizeof(place)));
}

enum fr_error
conversations_external_get(const struct fr_view *view, const char *channel, const char *account,
                           const char *external_id, uint64_t *message)
{
    struct fr_key key;

    return fr_get_copy(view, &conversations_tables[EXTERNALS],
                       by_external(&key, channel, account, external_id), message, sizeof(*message));
}

enum fr_error
conversations_external_put(struct fr_tables *tables, const char *channel, const char *account,
                           const char *external_id, uint64_t message)
{
    struct fr_key key;

    return fr_put(tables, &conversations_tables[EXTERNALS],
                  by_external(&key, channel, account, external_id),
                  fr_slice(&message, sizeof(message)));
}

enum fr_error
conversations_external_del(struct fr_tables *tables, const char *channel, const char *account,
                           const char *external_id)
{
    struct fr_key key;

    return fr_del(tables, &conversations_tables[EXTERNALS],
                  by_external(&key, channel, account, external_id));
}

bool
conversations_said(const struct fr_view *view, uint64_t conversation, const char *client_id)
{
    struct fr_slice value;
    struct fr_key key;

    return fr_get(view, &conversations_tables[SAID], by_client(&key, conversation, client_id),
                  &value) == FR_OK;
}

enum fr_error
conversations_said_put(struct fr_tables *tables, uint64_t conversation, const char *client_id,
                       uint64_t message)
{
    struct fr_key key;

    return fr_put(tables, &conversations_tables[SAID], by_client(&key, conversation, client_id),
                  fr_slice(&message, sizeof(message)));
}

/* ---- entries and deliveries ---- */

enum fr_error
conversations_entry_get(const struct fr_view *view, struct conversations_place place,
                        struct fr_arena *arena, Fr__Entry **entry, const char **reason)
{
    const Fr__ConversationsStateDelivery *delivery;
    const Fr__MessageAdded *added;
    const void *message;
    struct fr_key key;
    enum fr_error err = fr_get_message(view, &conversations_tables[ENTRIES], by_place(&key, place),
                                       &fr__message_added__descriptor, arena, &message);

    if (err != FR_OK)
        return err;
    added = message;
    *entry = added->entry;
    if (reason != NULL)
        *reason = added->reason;
    if (added->entry->direction != FR__DIRECTION__TO_CUSTOMER &&
        added->entry->direction != FR__DIRECTION__NOTICE)
        return FR_OK;
    err = conversations_delivery_get(view, added->entry->message_id, arena, &delivery);
    if (err == FR_OK) {
        added->entry->has_delivery = true;
        added->entry->delivery = delivery->state;
    }
    return err == FR_NOT_FOUND ? FR_OK : err;
}

enum fr_error
conversations_entry_put(struct fr_tables *tables, struct conversations_place place,
                        struct fr_slice message_added)
{
    struct fr_key key;

    return fr_put(tables, &conversations_tables[ENTRIES], by_place(&key, place), message_added);
}

enum fr_error
conversations_last_entry(const struct fr_view *view, uint64_t conversation, uint32_t entry_count,
                         Fr__Direction direction, struct fr_arena *arena, Fr__Entry **entry)
{
    struct conversations_place place = {.conversation = conversation, .number = entry_count};

    for (int i = 0; i < LAST_MAX && place.number > 0; i++) {
        enum fr_error err;

        place.number--;
        err = conversations_entry_get(view, place, arena, entry, NULL);
        if (err != FR_OK || (*entry)->direction == direction)
            return err;
    }
    return FR_NOT_FOUND;
}

enum fr_error
conversations_delivery_get(const struct fr_view *view, uint64_t message, struct fr_arena *arena,
                           const Fr__ConversationsStateDelivery **delivery)
{
    const void *found;
    struct fr_key key;
    enum fr_error err =
        fr_get_message(view, &conversations_tables[DELIVERIES], by_id(&key, message),
                       &fr__conversations_state_delivery__descriptor, arena, &found);

    if (err == FR_OK)
        *delivery = found;
    return err;
}

enum fr_error
conversations_delivery_put(struct fr_tables *tables, uint64_t message,
                           const Fr__ConversationsStateDelivery *delivery)
{
    struct fr_key key;

    return fr_put_message(tables, &conversations_tables[DELIVERIES], by_id(&key, message),
                          &delivery->base);
}

/* ---- customers ---- */

enum fr_error
conversations_customer_get(const struct fr_view *view, uint64_t customer, const char *brand,
                           struct fr_arena *arena, const conversations_customer **row)
{
    const void *found;
    struct fr_key key;
    enum fr_error err =
        fr_get_message(view, &conversations_tables[CUSTOMERS], by_brand(&key, customer, brand),
                       &fr__conversations_state_customer__descriptor, arena, &found);

    if (err == FR_OK)
        *row = found;
    return err;
}

enum fr_error
conversations_customer_put(struct fr_tables *tables, uint64_t customer, const char *brand,
                           const conversations_customer *row)
{
    struct fr_key key;

    return fr_put_message(tables, &conversations_tables[CUSTOMERS], by_brand(&key, customer, brand),
                          &row->base);
}

enum fr_error
conversations_customer_del(struct fr_tables *tables, uint64_t customer, const char *brand)
{
    struct fr_key key;

    return fr_del(tables, &conversations_tables[CUSTOMERS], by_brand(&key, customer, brand));
}

enum fr_error
conversations_brands(const struct fr_view *view, uint64_t customer, struct fr_arena *arena,
                     const char ***brands, size_t *count)
{
    enum { BRANDS_MAX = 256 };
    const char **list = fr_arena_zalloc(arena, BRANDS_MAX, sizeof(*list));
    struct fr_slice key, value;
    struct fr_key prefix;
    struct fr_scan scan;
    enum fr_error err = list == NULL ? FR_NO_MEMORY : FR_OK;

    *count = 0;
    fr_scan_init(&scan, view, &conversations_tables[CUSTOMERS], by_id(&prefix, customer),
                 fr_slice(NULL, 0));
    while (err == FR_OK && *count < BRANDS_MAX &&
           (err = fr_scan_next(&scan, &key, &value)) == FR_OK) {
        list[*count] = fr_arena_strdup(arena, (const char *)key.data + 8);
        if (list[(*count)++] == NULL)
            err = FR_NO_MEMORY;
    }
    fr_scan_fini(&scan);
    *brands = list;
    return err == FR_NOT_FOUND ? FR_OK : err;
}

enum fr_error
conversations_timeline_put(struct fr_tables *tables, uint64_t customer, uint64_t conversation)
{
    struct fr_key key;

    return fr_put(tables, &conversations_tables[BY_CUSTOMER], by_pair(&key, customer, conversation),
                  mark);
}

enum fr_error
conversations_timeline_del(struct fr_tables *tables, uint64_t customer, uint64_t conversation)
{
    struct fr_key key;

    return fr_del(tables, &conversations_tables[BY_CUSTOMER],
                  by_pair(&key, customer, conversation));
}

enum fr_error
conversations_timeline(const struct fr_view *view, uint64_t customer, uint64_t before, size_t max,
                       struct fr_arena *arena, uint64_t **conversations, size_t *count, bool *more)
{
    uint64_t *list = NULL;
    size_t room = 0, used = 0;
    struct fr_slice key, value;
    struct fr_key prefix, from;
    struct fr_scan scan;
    enum fr_error err = FR_OK;

    *more = false;
    fr_scan_init_back(&scan, view, &conversations_tables[BY_CUSTOMER], by_id(&prefix, customer),
                      before == 0 ? fr_slice(NULL, 0) : by_pair(&from, customer, before - 1));
    while ((err = fr_scan_next(&scan, &key, &value)) == FR_OK) {
        if (used == max) {
            *more = true;
            break;
        }
        if (used == room) {
            uint64_t *bigger = fr_arena_alloc(arena, (room * 2 + 16) * sizeof(*list));

            err = bigger == NULL ? FR_NO_MEMORY : FR_OK;
            if (err != FR_OK)
                break;
            if (used > 0)
                memcpy(bigger, list, used * sizeof(*list));
            list = bigger;
            room = room * 2 + 16;
        }
        list[used++] = id_at(key, 8);
    }
    fr_scan_fini(&scan);
    *conversations = list;
    *count = used;
    return err == FR_NOT_FOUND ? FR_OK : err;
}

/* ---- identifiers and redirects ---- */

static struct fr_slice
by_identifier(struct fr_key *key, uint64_t customer, const struct conversations_identifier *one)
{
    fr_key_u64(fr_key_init(key), customer);
    add_name(key, one->type);
    return fr_key_slice(fr_key_str(key, one->value));
}

enum fr_error
conversations_identifier_put(struct fr_tables *tables, uint64_t customer,
                             const struct conversations_identifier *identifier)
{
    struct fr_key key, value;

    fr_key_u64(fr_key_u8(fr_key_init(&value), identifier->unverified), identifier->origin);
    return fr_put(tables, &conversations_tables[IDENTIFIERS],
                  by_identifier(&key, customer, identifier), fr_key_slice(&value));
}

enum fr_error
conversations_identifier_del(struct fr_tables *tables, uint64_t customer,
                             const struct conversations_identifier *identifier)
{
    struct fr_key key;

    return fr_del(tables, &conversations_tables[IDENTIFIERS],
                  by_identifier(&key, customer, identifier));
}

enum fr_error
conversations_identifiers(const struct fr_view *view, uint64_t customer, size_t max,
                          struct fr_arena *arena, struct conversations_identifier **identifiers,
                          size_t *count)
{
    struct conversations_identifier *list = fr_arena_zalloc(arena, max, sizeof(*list));
    struct fr_slice key, value;
    struct fr_key prefix;
    struct fr_scan scan;
    enum fr_error err = list == NULL ? FR_NO_MEMORY : FR_OK;

    *count = 0;
    fr_scan_init(&scan, view, &conversations_tables[IDENTIFIERS], by_id(&prefix, customer),
                 fr_slice(NULL, 0));
    while (err == FR_OK && *count < max && (err = fr_scan_next(&scan, &key, &value)) == FR_OK) {
        struct conversations_identifier *one = &list[(*count)++];
        const char *type = (const char *)key.data + 8;

        one->type = fr_arena_strdup(arena, type);
        one->value = fr_arena_strdup(arena, type + strlen(type) + 1);
        one->unverified = *(const uint8_t *)value.data != 0;
        one->origin = value.size == 9 ? id_at(value, 1) : customer;
        if (one->type == NULL || one->value == NULL)
            err = FR_NO_MEMORY;
    }
    fr_scan_fini(&scan);
    *identifiers = list;
    return err == FR_NOT_FOUND ? FR_OK : err;
}

uint64_t
conversations_redirect_get(const struct fr_view *view, uint64_t customer)
{
    struct fr_key key;
    uint64_t now = 0;

    if (fr_get_copy(view, &conversations_tables[REDIRECTS], by_id(&key, customer), &now,
                    sizeof(now)) != FR_OK)
        return 0;
    return now;
}

enum fr_error
conversations_redirect_put(struct fr_tables *tables, uint64_t customer, uint64_t now)
{
    struct fr_key key;

    return fr_put(tables, &conversations_tables[REDIRECTS], by_id(&key, customer),
                  fr_slice(&now, sizeof(now)));
}

enum fr_error
conversations_redirect_del(struct fr_tables *tables, uint64_t customer)
{
    struct fr_key key;

    return fr_del(tables, &conversations_tables[REDIRECTS], by_id(&key, customer));
}

enum fr_error
conversations_rekey_get(const struct fr_view *view, uint64_t job, struct fr_arena *arena,
                        const Fr__ConversationsStateRekey **state)
{
    const void *message;
    struct fr_key key;
    enum fr_error err = fr_get_message(view, &conversations_tables[REKEYS], by_id(&key, job),
                                       &fr__conversations_state_rekey__descriptor, arena, &message);

    if (err == FR_OK)
        *state = message;
    return err;
}

enum fr_error
conversations_rekey_put(struct fr_tables *tables, uint64_t job,
                        const Fr__ConversationsStateRekey *state)
{
    struct fr_key key;

    return fr_put_message(tables, &conversations_tables[REKEYS], by_id(&key, job), &state->base);
}

enum fr_error
conversations_rekey_del(struct fr_tables *tables, uint64_t job)
{
    struct fr_key key;

    return fr_del(tables, &conversations_tables[REKEYS], by_id(&key, job));
}

/* ---- totals, and the walk for queries ---- */

enum fr_error
conversations_totals_get(const struct fr_view *view, struct conversations_totals *totals)
{
    enum fr_error err =
        fr_get_copy(view, &conversations_tables[TOTALS], fr_slice("t", 1), totals, sizeof(*totals));

    if (err != FR_NOT_FOUND)
        return err;
    memset(totals, 0, sizeof(*totals));
    return FR_OK;
}

enum fr_error
conversations_totals_put(struct fr_tables *tables, const struct conversations_totals *totals)
{
    return fr_put(tables, &conversations_tables[TOTALS], fr_slice("t", 1),
                  fr_slice(totals, sizeof(*totals)));
}

enum fr_error
conversations_each(const struct fr_view *view, bool open_only, uint64_t after,
                   conversations_each_fn *each, void *context)
{
    struct fr_slice key, value;
    struct fr_key from;
    struct fr_scan scan;
    enum fr_error err;

    fr_scan_init(&scan, view, &conversations_tables[open_only ? OPEN : CONVERSATIONS],
                 fr_slice(NULL, 0), by_id(&from, after + 1));
    while ((err = fr_scan_next(&scan, &key, &value)) == FR_OK)
        if (!each(context, id_at(key, 0)))
            break;
    fr_scan_fini(&scan);
    return err == FR_NOT_FOUND ? FR_OK : err;
}
