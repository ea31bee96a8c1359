/* tables_list.c - lists of rows: what belongs to one customer, and whole tables page by page. */
#include "services/identity/tables_private.h"

/* Walks the rows below `id`; `read` fills what it finds behind the id in the key. */
static enum fr_error
each_below(const struct fr_view *view, int table, uint64_t id, struct fr_arena *arena,
           const ProtobufCMessageDescriptor *descriptor,
           void (*read)(struct fr_slice rest, struct identity_row *row), identity_each_fn *each,
           void *context)
{
    struct fr_slice key, value;
    struct fr_key prefix;
    struct fr_scan scan;
    enum fr_error err;

    fr_scan_init(&scan, view, &identity_tables[table], by_id(&prefix, id), fr_slice(NULL, 0));
    while ((err = fr_scan_next(&scan, &key, &value)) == FR_OK) {
        struct identity_row row = {.id = id, .type = "", .value = "", .kind = ""};

        read(fr_slice((const uint8_t *)key.data + 8, key.size - 8), &row);
        row.state = fr_unpack_in(arena, descriptor, value);
        if (row.state == NULL)
            err = FR_CORRUPT;
        if (err != FR_OK || !each(context, &row))
            break;
    }
    fr_scan_fini(&scan);
    return err == FR_NOT_FOUND ? FR_OK : err;
}

static void
read_other(struct fr_slice rest, struct identity_row *row)
{
    fr_key_take_u64(&rest, &row->other);
}

static void
read_key(struct fr_slice rest, struct identity_row *row)
{
    fr_key_take_str(&rest, &row->type);
    fr_key_take_str(&rest, &row->value);
}

static void
read_conflict(struct fr_slice rest, struct identity_row *row)
{
    fr_key_take_str(&rest, &row->kind);
    fr_key_take_str(&rest, &row->type);
    fr_key_take_str(&rest, &row->value);
    fr_key_take_u64(&rest, &row->other);
}

enum fr_error
identity_each_child(const struct fr_view *view, uint64_t parent, struct fr_arena *arena,
                    identity_each_fn *each, void *context)
{
    return each_below(view, TABLE_CHILDREN, parent, arena, &fr__identity_state_merge__descriptor,
                      read_other, each, context);
}

enum fr_error
identity_each_held(const struct fr_view *view, uint64_t origin, struct fr_arena *arena,
                   identity_each_fn *each, void *context)
{
    return each_below(view, TABLE_HELD, origin, arena, &fr__identity_state_holding__descriptor,
                      read_key, each, context);
}

enum fr_error
identity_each_suggestion(const struct fr_view *view, uint64_t customer, struct fr_arena *arena,
                         identity_each_fn *each, void *context)
{
    return each_below(view, TABLE_SUGGESTIONS, customer, arena,
                      &fr__identity_state_suggestion__descriptor, read_other, each, context);
}

enum fr_error
identity_each_conflict(const struct fr_view *view, uint64_t customer, struct fr_arena *arena,
                       identity_each_fn *each, void *context)
{
    return each_below(view, TABLE_CONFLICTS, customer, arena,
                      &fr__identity_state_conflict__descriptor, read_conflict, each, context);
}

enum fr_error
identity_each_apart(const struct fr_view *view, uint64_t origin, struct fr_arena *arena,
                    identity_each_fn *each, void *context)
{
    return each_below(view, TABLE_APART, origin, arena, &fr__identity_state_apart__descriptor,
                      read_other, each, context);
}

enum fr_error
identity_each_customer(const struct fr_view *view, uint64_t after, identity_each_fn *each,
                       void *context)
{
    struct fr_slice key, value;
    struct fr_key from;
    struct fr_scan scan;
    enum fr_error err;

    fr_scan_init(&scan, view, &identity_tables[TABLE_CUSTOMERS], fr_slice(NULL, 0),
                 by_id(&from, after + 1));
    while ((err = fr_scan_next(&scan, &key, &value)) == FR_OK) {
        struct identity_row row = {.type = "", .value = "", .kind = "", .other = last_id(key)};

        if (!each(context, &row))
            break;
    }
    fr_scan_fini(&scan);
    return err == FR_NOT_FOUND ? FR_OK : err;
}

/* ---- whole tables ---- */

enum fr_error
identity_all_suggestions(const struct fr_view *view, uint64_t after, uint64_t after_other,
                         struct fr_arena *arena, identity_each_fn *each, void *context)
{
    struct fr_slice key, value;
    struct fr_key from;
    struct fr_scan scan;
    enum fr_error err;

    fr_scan_init(&scan, view, &identity_tables[TABLE_SUGGESTIONS], fr_slice(NULL, 0),
                 by_pair(&from, after, after_other + 1));
    while ((err = fr_scan_next(&scan, &key, &value)) == FR_OK) {
        struct identity_row row = {.type = "", .value = "", .kind = ""};

        fr_key_take_u64(&key, &row.id);
        fr_key_take_u64(&key, &row.other);
        if (row.other < row.id)
            continue;
        row.state = fr_unpack_in(arena, &fr__identity_state_suggestion__descriptor, value);
        if (row.state == NULL)
            err = FR_CORRUPT;
        if (err != FR_OK || !each(context, &row))
            break;
    }
    fr_scan_fini(&scan);
    return err == FR_NOT_FOUND ? FR_OK : err;
}

static void
name_row(struct fr_slice key, char name[IDENTITY_ROW_NAME_SIZE])
{
    const uint8_t *bytes = key.data;
    size_t at = 0;

    for (; at < key.size && 2 * at + 2 < IDENTITY_ROW_NAME_SIZE; at++)
        snprintf(name + 2 * at, 3, "%02x", bytes[at]);
    name[2 * at] = '\0';
}

static int
hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Behind the row of that name: its key with one more byte. */
static struct fr_slice
behind(struct fr_key *key, const char *name)
{
    uint8_t bytes[FR_KEY_SIZE_MAX];
    size_t size = 0;

    if (name[0] == '\0')
        return fr_slice(NULL, 0);
    for (; hex_value(name[0]) >= 0 && hex_value(name[1]) >= 0 && size + 1 < sizeof(bytes);
         name += 2)
        bytes[size++] = (uint8_t)(hex_value(name[0]) * 16 + hex_value(name[1]));
    bytes[size++] = 0;
    return fr_key_slice(fr_key_bytes(fr_key_init(key), bytes, size));
}

enum fr_error
identity_all_conflicts(const struct fr_view *view, const char *after, struct fr_arena *arena,
                       char row_name[IDENTITY_ROW_NAME_SIZE], identity_each_fn *each, void *context)
{
    struct fr_slice key, value;
    struct fr_key from;
    struct fr_scan scan;
    enum fr_error err;

    fr_scan_init(&scan, view, &identity_tables[TABLE_CONFLICTS], fr_slice(NULL, 0),
                 behind(&from, after));
    while ((err = fr_scan_next(&scan, &key, &value)) == FR_OK) {
        struct identity_row row = {.type = "", .value = "", .kind = ""};

        name_row(key, row_name);
        fr_key_take_u64(&key, &row.id);
        read_conflict(key, &row);
        if (row.other != 0 && row.other < row.id)
            continue;
        row.state = fr_unpack_in(arena, &fr__identity_state_conflict__descriptor, value);
        if (row.state == NULL)
            err = FR_CORRUPT;
        if (err != FR_OK || !each(context, &row))
            break;
    }
    fr_scan_fini(&scan);
    return err == FR_NOT_FOUND ? FR_OK : err;
}

enum fr_error
identity_all_shared(const struct fr_view *view, const char *after_type, const char *after_value,
                    identity_each_key_fn *each, void *context)
{
    struct fr_slice key, value;
    struct fr_key from;
    struct fr_scan scan;
    enum fr_error err;

    fr_key_init(&from);
    if (after_type[0] != '\0')
        fr_key_u8(fr_key_str(fr_key_str(&from, after_type), after_value), 0);
    fr_scan_init(&scan, view, &identity_tables[TABLE_SHARED_KEYS], fr_slice(NULL, 0),
                 fr_key_slice(&from));
    while ((err = fr_scan_next(&scan, &key, &value)) == FR_OK) {
        struct identity_key_row row;
        const char *type = "", *text = "";

        fr_key_take_str(&key, &type);
        fr_key_take_str(&key, &text);
        if (identity_key_get(view, type, text, &row) == FR_OK && !each(context, type, text, &row))
            break;
    }
    fr_scan_fini(&scan);
    return err == FR_NOT_FOUND ? FR_OK : err;
}
