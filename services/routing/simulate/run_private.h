/* run_private.h - what the files of a run share: run.c (the clock, who does what) and measure.c
 * (what is counted of it). */
#ifndef FR_SIMULATE_RUN_PRIVATE_H
#define FR_SIMULATE_RUN_PRIVATE_H

#include "services/routing/simulate/calendar.h"
#include "services/routing/simulate/run.h"
#include "services/routing/simulate/service.h"

enum contact_state { COMING, WAITING, OFFERED, SERVED, GONE };

struct contact {
    int64_t arrived_us, service_us;
    uint64_t offer_id;
    int64_t told_p50_us, told_p90_us; /* 0: nothing was told */
    int32_t batch;                    /* -1: not measured */
    uint32_t class_index;
    uint32_t agent;
    uint8_t state; /* enum contact_state */
    uint8_t waited;
};

struct arrivals { /* of one class */
    struct sim_chance spacing, service, patience;
    int64_t last_us;
};

struct desk { /* an agent at work */
    bool present;
    uint32_t used; /* hundredths of his capacity */
    size_t next_presence;
};

struct run {
    const struct sim_scenario *scenario;
    const struct sim_config *config;
    struct sim_service service;
    struct sim_calendar calendar;
    struct sim_result *result;
    int64_t now_us, warm_us; /* since the start */
    int64_t repetition;      /* from 0 */

    struct contact *contacts; /* by number, from first_contact on */
    uint64_t first_contact, next_contact, contact_room;
    uint64_t limit, warm_count; /* contacts */
    uint64_t open_measured;     /* measured ones that are not done */
    int32_t batch;              /* of what happens now; -1: not measured */
    size_t next_row;

    struct arrivals *arrivals; /* per class */
    uint64_t *waiting;         /* per class, 0: everybody */
    struct desk *desks;
    uint32_t *by_name; /* agents in the order of their names */
    double busy, present;
    void (*progress)(double);
};

/* The contact came, or moved into or out of the line. */
void sim_measure_came(struct run *run, const struct contact *contact);
void sim_measure_waiting(struct run *run, struct contact *contact, bool waits);
/* The wait is over: served, or gone. */
void sim_measure_wait_ends(struct run *run, struct contact *contact, bool served);
/* Up to `until_us` everything stays as it is; then the clock stands there. */
void sim_measure_time(struct run *run, int64_t until_us);
/* Which batch does what happens now belong to?  By contacts, or by time when the scenario has a
 * duration; -1: it is not measured. */
int32_t sim_measure_batch(const struct run *run, uint64_t number);

#endif
