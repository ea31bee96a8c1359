/* tables_lane.c - get and put for lanes: who can serve them, and which of them have something to
 * offer. */
#include <sodium.h>

#include "services/routing/tables_private.h"

enum fr_error
routing_lane_get(const struct fr_view *view, uint32_t number, struct routing_lane *out)
{
    struct fr_key key;

    return fr_get_copy(view, TABLE(LANES), key32(&key, number), out, sizeof(*out));
}

enum fr_error
routing_lane_put(struct fr_tables *tables, const struct routing_lane *lane)
{
    struct fr_key key;

    return fr_put(tables, TABLE(LANES), key32(&key, lane->number), fr_slice(lane, sizeof(*lane)));
}

enum fr_error
routing_lane_facts(const struct fr_view *view, uint32_t number, struct fr_arena *arena,
                   const Fr__RoutingStateLane **out)
{
    struct fr_key key;
    const void *message;

    TRY(fr_get_message(view, TABLE(LANE_FACTS), key32(&key, number),
                       &fr__routing_state_lane__descriptor, arena, &message));
    *out = message;
    return FR_OK;
}

/* The requirement may be longer than a key, so its hash stands for it (BLAKE2b, 256 bits: no two
 * ever meet).  The reason is no part of it. */
static enum fr_error
lane_key(const Fr__RoutingStateLane *facts, struct fr_arena *arena, struct fr_key *key)
{
    Fr__RoutingStateLane need = *facts;
    uint8_t hash[32], *bytes;
    size_t size;

    need.reason = "";
    size = fr__routing_state_lane__get_packed_size(&need);
    bytes = fr_arena_alloc(arena, size + 1);
    if (bytes == NULL)
        return FR_NO_MEMORY;
    fr__routing_state_lane__pack(&need, bytes);
    crypto_generichash(hash, sizeof(hash), bytes, size, NULL, 0);
    fr_key_bytes(fr_key_init(key), hash, sizeof(hash));
    return FR_OK;
}

enum fr_error
routing_lane_find(const struct fr_view *view, const Fr__RoutingStateLane *facts,
                  struct fr_arena *arena, uint32_t *number)
{
    struct fr_key key;

    TRY(lane_key(facts, arena, &key));
    return fr_get_copy(view, TABLE(LANE_KEYS), fr_key_slice(&key), number, sizeof(*number));
}

enum fr_error
routing_lane_number(const struct fr_view *view, uint32_t *number)
{
    struct routing_numbers numbers;
    struct fr_slice key, value;
    struct fr_scan scan;

    TRY(routing_numbers_get(view, &numbers));
    if (numbers.lanes_free == 0) {
        *number = numbers.lanes + 1;
        return *number > ROUTING_LANE_MAX ? FR_FULL : FR_OK;
    }
    fr_scan_init(&scan, view, TABLE(LANES_FREE), NOTHING, NOTHING);
    TRY(fr_scan_next(&scan, &key, &value));
    fr_scan_fini(&scan);
    return fr_key_take_u32(&key, number);
}

static enum fr_error
number_taken(struct fr_tables *tables, uint32_t number)
{
    struct routing_numbers numbers;
    struct fr_key key;

    TRY(routing_numbers_get(fr_tables_view(tables), &numbers));
    if (number > numbers.lanes) {
        numbers.lanes = number;
    } else {
        numbers.lanes_free--;
        TRY(fr_del(tables, TABLE(LANES_FREE), key32(&key, number)));
    }
    return routing_numbers_put(tables, &numbers);
}

static struct routing_set_of
ranked(uint32_t lane, uint32_t rank)
{
    return (struct routing_set_of){ROUTING_RANKED, lane, rank};
}

/* Every agent of one rank is told that he serves the lane. */
static enum fr_error
rank_open(struct fr_tables *tables, struct routing_lane *lane, const Fr__LaneRank *rank)
{
    for (size_t byte = 0; byte < rank->members.len; byte++)
        for (uint32_t bit = 0; bit < 8; bit++)
            if (rank->members.data[byte] >> bit & 1) {
                uint32_t agent = (uint32_t)byte * 8 + bit;

                TRY(routing_set_bit(tables, (struct routing_set_of){ROUTING_SERVES, agent, 0},
                                    lane->number, true));
                lane->members++;
            }
    for (size_t at = 0; at < rank->members.len; at += sizeof(struct routing_chunk)) {
        struct routing_chunk chunk = {0};
        size_t left = rank->members.len - at;

        memcpy(chunk.words, rank->members.data + at, left < sizeof(chunk) ? left : sizeof(chunk));
        TRY(routing_set_put(tables, ranked(lane->number, rank->rank),
                            (uint32_t)(at / sizeof(chunk)), &chunk));
    }
    lane->ranks |= UINT64_C(1) << rank->rank;
    return FR_OK;
}

enum fr_error
routing_lane_open(struct fr_tables *tables, const Fr__LaneOpened *opened)
{
    Fr__RoutingStateLane facts = FR__ROUTING_STATE_LANE__INIT;
    struct routing_lane lane = {.number = opened->lane,
                                .queue = opened->queue_number,
                                .class_number = (uint8_t)opened->class_number,
                                .closed = opened->closed != 0,
                                .contracted = opened->contracted != 0,
                                .longest_idle = opened->longest_idle != 0,
                                .idle_us = opened->idle_us};
    struct fr_key key;

    facts.queue = opened->queue;
    facts.brand = opened->brand;
    facts.channel = opened->channel;
    facts.n_needs = opened->n_needs;
    facts.needs = opened->needs;
    facts.reason = opened->reason;
    facts.language = opened->language;
    facts.n_sites = opened->n_sites;
    facts.sites = opened->sites;
    facts.has_class_number = facts.has_prefer = facts.has_longest_idle = 1;
    facts.class_number = opened->class_number;
    facts.prefer = opened->prefer;
    facts.longest_idle = opened->longest_idle;
    TRY(number_taken(tables, opened->lane));
    TRY(lane_key(&facts, fr_tables_arena(tables), &key));
    TRY(fr_put(tables, TABLE(LANE_KEYS), fr_key_slice(&key),
               fr_slice(&opened->lane, sizeof(opened->lane))));
    TRY(fr_put_message(tables, TABLE(LANE_FACTS), key32(&key, opened->lane), &facts.base));
    TRY(routing_set_bit(tables, (struct routing_set_of){ROUTING_OF_QUEUE, lane.queue, 0},
                        lane.number, true));
    for (size_t i = 0; i < opened->n_ranks; i++)
        TRY(rank_open(tables, &lane, opened->ranks[i]));
    return routing_lane_put(tables, &lane);
}

/* Out of the sets of everybody who could serve it. */
static enum fr_error
rank_close(struct fr_tables *tables, const struct routing_lane *lane, uint32_t rank)
{
    const struct fr_view *view = fr_tables_view(tables);
    struct routing_numbers numbers;

    TRY(routing_numbers_get(view, &numbers));
    for (uint32_t index = 0; index < routing_chunk_count(numbers.agents); index++) {
        static const struct routing_chunk nobody;
        struct routing_chunk chunk;

        TRY(routing_set_get(view, ranked(lane->number, rank), index, &chunk));
        for (uint32_t bit = routing_chunk_next(&chunk, 0); bit < ROUTING_CHUNK_BITS;
             bit = routing_chunk_next(&chunk, bit + 1))
            TRY(routing_set_bit(
                tables,
                (struct routing_set_of){ROUTING_SERVES, index * ROUTING_CHUNK_BITS + bit, 0},
                lane->number, false));
        TRY(routing_set_put(tables, ranked(lane->number, rank), index, &nobody));
    }
    return FR_OK;
}

enum fr_error
routing_lane_close(struct fr_tables *tables, uint32_t number)
{
    const struct fr_view *view = fr_tables_view(tables);
    const Fr__RoutingStateLane *facts;
    struct routing_numbers numbers;
    struct routing_lane lane;
    struct fr_key key;

    TRY(routing_lane_get(view, number, &lane));
    fr_assert(lane.tasks == 0);
    TRY(routing_lane_facts(view, number, fr_tables_arena(tables), &facts));
    for (uint32_t rank = 0; rank <= ROUTING_RANK_MAX; rank++)
        if (lane.ranks >> rank & 1)
            TRY(rank_close(tables, &lane, rank));
    TRY(routing_set_bit(tables, (struct routing_set_of){ROUTING_OF_QUEUE, lane.queue, 0}, number,
                        false));
    TRY(lane_key(facts, fr_tables_arena(tables), &key));
    TRY(fr_del(tables, TABLE(LANE_KEYS), fr_key_slice(&key)));
    TRY(fr_del(tables, TABLE(LANE_FACTS), key32(&key, number)));
    TRY(fr_del(tables, TABLE(LANES), key32(&key, number)));
    TRY(fr_put(tables, TABLE(LANES_FREE), key32(&key, number), NOTHING));
    TRY(routing_numbers_get(view, &numbers));
    numbers.lanes_free++;
    return routing_numbers_put(tables, &numbers);
}

enum fr_error
routing_lane_reason(struct fr_tables *tables, uint32_t number, const char *reason)
{
    const Fr__RoutingStateLane *facts;
    Fr__RoutingStateLane changed;
    struct fr_key key;

    TRY(routing_lane_facts(fr_tables_view(tables), number, fr_tables_arena(tables), &facts));
    changed = *facts;
    changed.reason = (char *)reason;
    return fr_put_message(tables, TABLE(LANE_FACTS), key32(&key, number), &changed.base);
}

enum fr_error
routing_lane_join(struct fr_tables *tables, uint32_t number, uint32_t agent, uint32_t rank)
{
    struct routing_lane lane;

    TRY(routing_lane_get(fr_tables_view(tables), number, &lane));
    TRY(routing_set_bit(tables, (struct routing_set_of){ROUTING_SERVES, agent, 0}, number, true));
    TRY(routing_set_bit(tables, ranked(number, rank), agent, true));
    lane.ranks |= UINT64_C(1) << rank;
    lane.members++;
    return routing_lane_refresh(tables, &lane);
}

enum fr_error
routing_lane_leave(struct fr_tables *tables, uint32_t number, uint32_t agent)
{
    struct routing_lane lane;

    TRY(routing_lane_get(fr_tables_view(tables), number, &lane));
    TRY(routing_set_bit(tables, (struct routing_set_of){ROUTING_SERVES, agent, 0}, number, false));
    for (uint32_t rank = 0; rank <= ROUTING_RANK_MAX; rank++)
        if (lane.ranks >> rank & 1)
            TRY(routing_set_bit(tables, ranked(number, rank), agent, false));
    lane.members--;
    return routing_lane_refresh(tables, &lane);
}

void
routing_lane_scan(struct fr_scan *scan, const struct fr_view *view)
{
    fr_scan_init(scan, view, TABLE(LANES), NOTHING, NOTHING);
}

enum fr_error
routing_lane_next(struct fr_scan *scan, struct routing_lane *out)
{
    return next_copy(scan, out, sizeof(*out));
}

/* ---- which lanes have something to offer ---- */

static bool
ready(const struct routing_lane *lane)
{
    return lane->head_task != 0 && !lane->closed && lane->members > 0;
}

static struct fr_slice
head_key(struct fr_key *key, const struct routing_lane *lane)
{
    struct routing_waiting place = {lane->head_strict, lane->head_order_us, lane->head_task};

    return fr_key_slice(fr_key_u32(key_place(fr_key_init(key), &place), lane->number));
}

enum fr_error
routing_lane_refresh(struct fr_tables *tables, struct routing_lane *lane)
{
    struct routing_lane before;
    struct fr_key key;
    bool was, is = ready(lane), same;

    TRY(routing_lane_get(fr_tables_view(tables), lane->number, &before));
    was = ready(&before);
    same = was == is && before.head_task == lane->head_task &&
           before.head_order_us == lane->head_order_us && before.head_strict == lane->head_strict;
    if (was && !same)
        TRY(fr_del(tables, TABLE(HEADS), head_key(&key, &before)));
    if (is && !same)
        TRY(fr_put(tables, TABLE(HEADS), head_key(&key, lane), NOTHING));
    if (was != is)
        TRY(routing_set_bit(tables, (struct routing_set_of){ROUTING_READY, lane->class_number, 0},
                            lane->number, is));
    return routing_lane_put(tables, lane);
}

void
routing_heads_scan(struct fr_scan *scan, const struct fr_view *view,
                   const struct routing_waiting *from)
{
    struct fr_key key;

    fr_key_init(&key);
    if (from != NULL)
        key_place(&key, from);
    fr_scan_init(scan, view, TABLE(HEADS), NOTHING, fr_key_slice(&key));
}

enum fr_error
routing_heads_next(struct fr_scan *scan, struct routing_waiting *place, uint32_t *lane)
{
    struct fr_slice key, value;

    TRY(fr_scan_next(scan, &key, &value));
    TRY(take_place(&key, place));
    return fr_key_take_u32(&key, lane);
}
