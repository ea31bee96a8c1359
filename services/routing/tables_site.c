/* tables_site.c - get and put for queues, sites, channel classes and contracts. */
#include "services/routing/tables_private.h"

/* ---- queues ---- */

enum fr_error
routing_queue_row_get(const struct fr_view *view, uint32_t number, struct routing_queue_row *out)
{
    struct fr_key key;

    return fr_get_copy(view, TABLE(QUEUES), key32(&key, number), out, sizeof(*out));
}

enum fr_error
routing_queue_row_by_name(const struct fr_view *view, const char *name,
                          struct routing_queue_row *out)
{
    struct fr_key key;
    uint32_t number;

    TRY(fr_get_copy(view, TABLE(QUEUE_NAMES), key_text(&key, name), &number, sizeof(number)));
    return routing_queue_row_get(view, number, out);
}

static enum fr_error
queue_named(struct fr_tables *tables, const struct routing_queue_row *row)
{
    struct routing_numbers numbers;
    struct fr_key key;

    TRY(routing_numbers_get(fr_tables_view(tables), &numbers));
    if (row->number <= numbers.queues)
        return FR_OK;
    numbers.queues = row->number;
    TRY(routing_numbers_put(tables, &numbers));
    return fr_put(tables, TABLE(QUEUE_NAMES), key_text(&key, row->name),
                  fr_slice(&row->number, sizeof(row->number)));
}

/* What its lanes know of it. */
static enum fr_error
lanes_follow(struct fr_tables *tables, const struct routing_queue_row *row)
{
    const struct fr_view *view = fr_tables_view(tables);
    struct routing_numbers numbers;

    TRY(routing_numbers_get(view, &numbers));
    for (uint32_t index = 0; index < routing_chunk_count(numbers.lanes); index++) {
        struct routing_chunk chunk;

        TRY(routing_set_get(view, (struct routing_set_of){ROUTING_OF_QUEUE, row->number, 0}, index,
                            &chunk));
        for (uint32_t bit = routing_chunk_next(&chunk, 0); bit < ROUTING_CHUNK_BITS;
             bit = routing_chunk_next(&chunk, bit + 1)) {
            struct routing_lane lane;

            TRY(routing_lane_get(view, index * ROUTING_CHUNK_BITS + bit, &lane));
            lane.closed = row->closed;
            lane.contracted = row->contracted;
            TRY(routing_lane_refresh(tables, &lane));
        }
    }
    return FR_OK;
}

enum fr_error
routing_queue_row_put(struct fr_tables *tables, const struct routing_queue_row *row)
{
    struct routing_queue_row before;
    struct fr_key key;
    enum fr_error err = routing_queue_row_get(fr_tables_view(tables), row->number, &before);

    if (err != FR_OK && err != FR_NOT_FOUND)
        return err;
    if (err == FR_NOT_FOUND)
        TRY(queue_named(tables, row));
    else if (before.closed != row->closed || before.contracted != row->contracted)
        TRY(lanes_follow(tables, row));
    return fr_put(tables, TABLE(QUEUES), key32(&key, row->number), fr_slice(row, sizeof(*row)));
}

/* ---- sites ---- */

enum fr_error
routing_site_get(const struct fr_view *view, uint32_t number, struct routing_site *out)
{
    struct fr_key key;

    return fr_get_copy(view, TABLE(SITES), key32(&key, number), out, sizeof(*out));
}

enum fr_error
routing_site_by_name(const struct fr_view *view, const char *name, struct routing_site *out)
{
    struct fr_key key;
    uint32_t number;

    TRY(fr_get_copy(view, TABLE(SITE_NAMES), key_text(&key, name), &number, sizeof(number)));
    return routing_site_get(view, number, out);
}

static enum fr_error
site_named(struct fr_tables *tables, const struct routing_site *site)
{
    struct routing_numbers numbers;
    struct fr_key key;

    TRY(routing_numbers_get(fr_tables_view(tables), &numbers));
    if (site->number > numbers.sites)
        numbers.sites = site->number;
    TRY(routing_numbers_put(tables, &numbers));
    return fr_put(tables, TABLE(SITE_NAMES), key_text(&key, site->name),
                  fr_slice(&site->number, sizeof(site->number)));
}

/* All its agents at once, 64 a word. */
static enum fr_error
gate_move(struct fr_tables *tables, const struct routing_site *site)
{
    const struct routing_set_of gated = {ROUTING_GATED, 0, 0},
                                at_site = {ROUTING_AT_SITE, site->number, 0};
    const struct fr_view *view = fr_tables_view(tables);
    struct routing_numbers numbers;

    TRY(routing_numbers_get(view, &numbers));
    for (uint32_t index = 0; index < routing_chunk_count(numbers.agents); index++) {
        struct routing_chunk agents, closed;

        TRY(routing_set_get(view, at_site, index, &agents));
        TRY(routing_set_get(view, gated, index, &closed));
        if (routing_site_gated(site))
            routing_chunk_or(&closed, &agents);
        else
            routing_chunk_without(&closed, &agents);
        TRY(routing_set_put(tables, gated, index, &closed));
    }
    return FR_OK;
}

enum fr_error
routing_site_put(struct fr_tables *tables, const struct routing_site *site)
{
    struct routing_site before;
    struct fr_key key;
    enum fr_error err = routing_site_get(fr_tables_view(tables), site->number, &before);

    if (err != FR_OK && err != FR_NOT_FOUND)
        return err;
    if (err == FR_NOT_FOUND)
        TRY(site_named(tables, site));
    else if (routing_site_gated(&before) != routing_site_gated(site))
        TRY(gate_move(tables, site));
    return fr_put(tables, TABLE(SITES), key32(&key, site->number), fr_slice(site, sizeof(*site)));
}

/* ---- channel classes ---- */

enum fr_error
routing_class_number(const struct fr_view *view, const char *name, uint32_t *number)
{
    struct fr_key key;
    enum fr_error err =
        fr_get_copy(view, TABLE(CLASSES), key_text(&key, name), number, sizeof(*number));

    if (err == FR_NOT_FOUND)
        *number = 0;
    return err == FR_NOT_FOUND ? FR_OK : err;
}

enum fr_error
routing_class_put(struct fr_tables *tables, uint32_t number, const char *name)
{
    struct routing_numbers numbers;
    struct fr_key key;

    TRY(routing_numbers_get(fr_tables_view(tables), &numbers));
    numbers.classes = number;
    TRY(routing_numbers_put(tables, &numbers));
    return fr_put(tables, TABLE(CLASSES), key_text(&key, name), fr_slice(&number, sizeof(number)));
}

enum fr_error
routing_classes_get(const struct fr_view *view, struct fr_arena *arena, struct routing_classes *out)
{
    struct fr_slice key, value;
    struct fr_scan scan;
    enum fr_error err = FR_OK;

    *out = (struct routing_classes){.names = {"*"}};
    fr_scan_init(&scan, view, TABLE(CLASSES), NOTHING, NOTHING);
    while (err == FR_OK && fr_scan_next(&scan, &key, &value) == FR_OK) {
        uint32_t number;
        const char *name;

        memcpy(&number, value.data, sizeof(number));
        err = fr_key_take_str(&key, &name);
        if (err == FR_OK && number < ROUTING_CLASS_MAX) {
            out->names[number] = fr_arena_printf(arena, "%s", name);
            out->count++;
            err = out->names[number] == NULL ? FR_NO_MEMORY : FR_OK;
        }
    }
    fr_scan_fini(&scan);
    return err;
}

/* ---- contracts ---- */

enum fr_error
routing_contract_get(const struct fr_view *view, uint32_t queue, uint32_t site,
                     struct routing_contract *out)
{
    struct fr_key key;
    enum fr_error err =
        fr_get_copy(view, TABLE(CONTRACTS), key32_32(&key, queue, site), out, sizeof(*out));

    if (err == FR_NOT_FOUND)
        memset(out, 0, sizeof(*out));
    return err == FR_NOT_FOUND ? FR_OK : err;
}

enum fr_error
routing_contract_put(struct fr_tables *tables, uint32_t queue, uint32_t site,
                     const struct routing_contract *contract)
{
    struct fr_key key;

    return fr_put(tables, TABLE(CONTRACTS), key32_32(&key, queue, site),
                  fr_slice(contract, sizeof(*contract)));
}

enum fr_error
routing_contract_sites(const struct fr_view *view, uint32_t queue, size_t max, uint32_t *sites,
                       size_t *count)
{
    struct fr_slice key, value;
    struct fr_key prefix;
    struct fr_scan scan;
    uint32_t of;

    *count = 0;
    fr_scan_init(&scan, view, TABLE(CONTRACTS), key32(&prefix, queue), NOTHING);
    while (*count < max && fr_scan_next(&scan, &key, &value) == FR_OK)
        if (fr_key_take_u32(&key, &of) == FR_OK && fr_key_take_u32(&key, &sites[*count]) == FR_OK)
            (*count)++;
    fr_scan_fini(&scan);
    return FR_OK;
}
