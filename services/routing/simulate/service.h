/* service.h - the routing service itself, in memory, on a clock that the simulation moves.
 *
 * Inputs are the records that conversations and sites would send; decide and apply are
 * production's; the events that come out are read from the journal, as sites would read them.
 * Nothing is synced to a disk, what was read is trimmed, and from time to time the tables are
 * copied into fresh ones, because a table in memory keeps a mark for every key that was ever
 * deleted.
 */
#ifndef FR_SIMULATE_SERVICE_H
#define FR_SIMULATE_SERVICE_H

#include "common/stage/engine.h"

struct sim_service {
    struct fr_engine engine;
    struct fr_journal *journal;
    struct fr_store *store;
    struct fr_reader *reader;
    struct fr_batch batch; /* events of the last input, while they are walked through */
    struct fr_slice rest;
    struct fr_record_head *input; /* where inputs are built */
    size_t input_room;
    uint64_t input_seq, inputs_since_copy, timers_fired;
    int conversations, sites; /* roles */
};

/* `config` is borrowed; its agents are defined at once. */
void sim_service_init(struct sim_service *service, const void *config, struct fr_time start);
void sim_service_fini(struct sim_service *service);

/* From FR "conversations" or "sites", at engine.turn.now.  `id` 0: none of importance.  The input
 * must be one that routing takes: a rejection is a bug of the scenario, and ends the run. */
void sim_service_input(struct sim_service *service, int role, uint64_t id, uint64_t key,
                       const char *brand, const ProtobufCMessage *message);
/* Its events, one by one, after an input or a timer; NULL: no more.  Borrowed until the next call
 * of anything here. */
const struct fr_record_head *sim_service_event(struct sim_service *service);
/* The body of an event, in the turn's arena. */
const void *sim_service_body(struct sim_service *service, const struct fr_record_head *event);

/* When the next timer falls due; SIM_FOREVER: none is armed. */
int64_t sim_service_timer(struct sim_service *service);
/* Fires it; the clock must stand there. */
void sim_service_fire(struct sim_service *service);

#endif
