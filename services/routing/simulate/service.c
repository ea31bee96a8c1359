/* service.c - the routing service itself, in memory, on a clock that the simulation moves. */
#include "services/routing/simulate/service.h"

#include <stdio.h>
#include <stdlib.h>
#include "services/routing/routing.h"
#include "services/routing/simulate/chance.h"

#define COPY_AFTER 60000 /* inputs: then the marks of deleted keys outnumber what lives */
#define TRIM_EVERY 1024  /* inputs */

static void
must(enum fr_error err, const char *what)
{
    if (err == FR_OK)
        return;
    fprintf(stderr, "simulate: %s: %s\n", what, fr_error_name(err));
    exit(1);
}

static void
open_store(struct fr_store **store)
{
    const struct fr_store_options options = {.tables = routing_stage.tables,
                                             .more_tables = fr_own_tables,
                                             .dirty_size_max = SIZE_MAX / 2};
    struct fr_store_position position;

    must(fr_store_open(&options, store, &position), "tables");
}

void
sim_service_init(struct sim_service *service, const void *config, struct fr_time start)
{
    const struct fr_journal_options options = {.name = routing_stage.name, .segment_size = 1 << 20};
    struct fr_cursor from;
    char complaint[256] = "";

    *service = (struct sim_service){.input_room = 4096};
    service->input = calloc(1, service->input_room);
    fr_assert(service->input != NULL);
    must(fr_journal_open(&options, &service->journal, complaint, sizeof(complaint)), "journal");
    from = fr_journal_end(service->journal);
    must(fr_reader_new(service->journal, &from, &service->reader), "journal");
    open_store(&service->store);
    must(fr_engine_init(&service->engine, &routing_stage, service->journal, service->store, config),
         "engine");
    service->conversations = fr_engine_role(&service->engine, "conversations");
    service->sites = fr_engine_role(&service->engine, "sites");
    service->engine.turn.now = start;
    must(fr_engine_config(&service->engine, config), "configuration");
    must(fr_journal_sync(service->journal), "journal");
}

void
sim_service_fini(struct sim_service *service)
{
    if (service->batch.hold != NULL)
        fr_hold_release(service->batch.hold);
    fr_reader_free(&service->reader);
    fr_engine_fini(&service->engine);
    fr_store_free(&service->store);
    fr_journal_free(&service->journal);
    free(service->input);
}

/* ---- fresh tables ---- */

static void
copy_row(void *context, const struct fr_table *table, struct fr_slice key, struct fr_slice value)
{
    must(fr_put(fr_store_tables(context), table, key, value), "copying tables");
}

static void
copy_tables(struct sim_service *service)
{
    struct fr_store *fresh;

    open_store(&fresh);
    must(fr_store_dump(service->store, copy_row, fresh), "copying tables");
    fr_engine_move(&service->engine, fresh);
    fr_store_free(&service->store);
    service->store = fresh;
    service->inputs_since_copy = 0;
}

/* ---- inputs ---- */

static struct fr_record_head *
input_head(struct sim_service *service, size_t body_size)
{
    size_t size = sizeof(struct fr_record_head) + ((body_size + 7) & ~(size_t)7);

    if (size > service->input_room) {
        service->input_room = 2 * size;
        service->input = realloc(service->input, service->input_room);
        fr_assert(service->input != NULL);
    }
    *service->input =
        (struct fr_record_head){.size = (uint32_t)size, .body_size = (uint32_t)body_size};
    return service->input;
}

/* The frame becomes readable; what was read before is given back. */
static void
publish(struct sim_service *service)
{
    if (service->batch.hold != NULL)
        fr_hold_release(service->batch.hold);
    service->batch = (struct fr_batch){.count = 0};
    service->rest = fr_slice(NULL, 0);
    if (fr_journal_pending(service->journal) > 0)
        must(fr_journal_sync(service->journal), "journal");
    if (service->input_seq % TRIM_EVERY == 0)
        must(fr_journal_trim(service->journal, UINT64_MAX, service->engine.turn.now), "journal");
}

void
sim_service_input(struct sim_service *service, int role, uint64_t id, uint64_t key,
                  const char *brand, const ProtobufCMessage *message)
{
    struct fr_engine *engine = &service->engine;
    size_t size = protobuf_c_message_get_packed_size(message);
    struct fr_record_head *head = input_head(service, size);

    if (service->inputs_since_copy++ >= COPY_AFTER)
        copy_tables(service);
    head->kind = fr_kind_of(message->descriptor);
    head->seq = ++service->input_seq;
    head->id = id != 0 ? id : head->seq;
    head->key = key;
    head->time_us = engine->turn.now.unix_us;
    if (brand != NULL)
        snprintf(head->brand, sizeof(head->brand), "%s", brand);
    protobuf_c_message_pack(message, (uint8_t *)(head + 1));
    must(fr_engine_input(engine, role, head, engine->roles[role].name), fr_kind_name(head->kind));
    if (engine->rejected) {
        fprintf(stderr, "simulate: routing sets %s aside: %s\n", fr_kind_name(head->kind),
                engine->reason);
        exit(1);
    }
    publish(service);
}

int64_t
sim_service_timer(struct sim_service *service)
{
    struct fr_timer first;

    return fr_timers_first(&service->engine.timers, &first) ? first.due_us : SIM_FOREVER;
}

void
sim_service_fire(struct sim_service *service)
{
    enum fr_error err = fr_engine_timer(&service->engine);

    if (err != FR_NOT_FOUND) /* that one had been disarmed, and is gone */
        must(err, "timer");
    service->timers_fired += err == FR_OK;
    publish(service);
}

/* ---- events ---- */

const struct fr_record_head *
sim_service_event(struct sim_service *service)
{
    const struct fr_record_head *event = fr_records_next(&service->rest);

    while (event == NULL) {
        if (service->batch.hold != NULL)
            fr_hold_release(service->batch.hold);
        service->batch = (struct fr_batch){.count = 0};
        if (fr_reader_next(service->reader, 1 << 20, NULL, 0, &service->batch) != FR_OK)
            return NULL;
        service->rest = service->batch.bytes;
        event = fr_records_next(&service->rest);
    }
    return event;
}

const void *
sim_service_body(struct sim_service *service, const struct fr_record_head *event)
{
    const void *body = fr_unpack_in(service->engine.turn.arena, fr_kind_descriptor(event->kind),
                                    fr_record_body(event));

    fr_assert(body != NULL);
    return body;
}
