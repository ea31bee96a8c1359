/* measure.c - what is counted of a run: sums for the figures, bins for the picture. */
#include "services/routing/simulate/run_private.h"

static void
measure(struct run *run, const struct contact *contact, enum sim_sum sum, double by)
{
    if (contact->batch >= 0)
        sim_sums_add(&run->result->sums, contact->class_index + 1, (size_t)contact->batch, sum, by);
}

void
sim_measure_came(struct run *run, const struct contact *contact)
{
    size_t class_index = contact->class_index + 1;

    measure(run, contact, SIM_CAME, 1);
    sim_series_at(&run->result->series, 0, run->now_us)->came++;
    sim_series_at(&run->result->series, class_index, run->now_us)->came++;
}

static void
measure_told(struct run *run, const struct contact *contact, double wait_s)
{
    double error = wait_s - (double)contact->told_p50_us / 1e6;

    if (contact->told_p90_us == 0)
        return;
    measure(run, contact, SIM_TOLD, 1);
    measure(run, contact, SIM_TOLD_ERROR, error);
    measure(run, contact, SIM_TOLD_SQUARE, error * error);
    measure(run, contact, SIM_TOLD_P50, error <= 0);
    measure(run, contact, SIM_TOLD_P90, wait_s * 1e6 <= (double)contact->told_p90_us);
    measure(run, contact, SIM_TOLD_ACTUAL, wait_s);
    measure(run, contact, SIM_TOLD_ACTUAL_SQUARE, wait_s * wait_s);
}

static void
chart(struct run *run, const struct contact *contact, double wait_s, bool within)
{
    for (int i = 0; i < 2; i++) {
        struct sim_bin *bin = sim_series_at(
            &run->result->series, i == 0 ? 0 : contact->class_index + 1, contact->arrived_us);

        bin->done++;
        bin->wait_s += wait_s;
        bin->within += within;
    }
}

void
sim_measure_wait_ends(struct run *run, struct contact *contact, bool served)
{
    double wait_s = (double)(run->now_us - contact->arrived_us) / 1e6;
    bool within = served && run->now_us - contact->arrived_us <= run->config->within.us;

    measure(run, contact, SIM_WAIT_ALL, wait_s);
    measure(run, contact, SIM_WAITED, contact->waited);
    measure(run, contact, served ? SIM_SERVED : SIM_ABANDONED, 1);
    if (contact->waited)
        measure(run, contact, SIM_WAIT_WAITED, wait_s);
    if (served) {
        measure(run, contact, SIM_WAIT_SERVED, wait_s);
        measure(run, contact, SIM_WITHIN, within);
        measure_told(run, contact, wait_s);
    }
    chart(run, contact, wait_s, within);
    if (contact->batch >= 0)
        run->open_measured--;
}

void
sim_measure_waiting(struct run *run, struct contact *contact, bool waits)
{
    if (waits == (contact->state == WAITING))
        return;
    run->waiting[0] += waits ? 1 : -1;
    run->waiting[contact->class_index + 1] += waits ? 1 : -1;
    contact->state = waits ? WAITING : contact->state;
}

/* The same into the bins over time, of which a long quiet takes several. */
static void
chart_time(struct run *run, int64_t until_us)
{
    for (int64_t from = run->now_us; from < until_us;) {
        int64_t end, width;
        double seconds;

        sim_series_at(&run->result->series, 0, from); /* it may widen them */
        width = run->result->series.width_us;
        end = (from / width + 1) * width < until_us ? (from / width + 1) * width : until_us;
        seconds = (double)(end - from) / 1e6;
        for (size_t c = 0; c <= run->scenario->class_count; c++) {
            struct sim_bin *bin = sim_series_at(&run->result->series, c, from);

            bin->time_s += seconds;
            bin->queue_s += seconds * (double)run->waiting[c];
            bin->busy_s += seconds * run->busy;
            bin->present_s += seconds * run->present;
        }
        from = end;
    }
}

void
sim_measure_time(struct run *run, int64_t until_us)
{
    double seconds = (double)(until_us - run->now_us) / 1e6;
    int64_t last_us = run->config->duration.us;
    size_t class_count = run->scenario->class_count + 1;

    chart_time(run, last_us > 0 && until_us > last_us ? last_us : until_us);
    if (seconds > 0 && run->batch >= 0) {
        size_t batch = (size_t)run->batch;

        for (size_t c = 0; c < class_count; c++) {
            sim_sums_add_one(&run->result->sums, c, batch, SIM_QUEUE,
                             seconds * (double)run->waiting[c]);
            sim_sums_add_one(&run->result->sums, c, batch, SIM_TIME, seconds);
        }
        sim_sums_add_one(&run->result->sums, 0, batch, SIM_BUSY, seconds * run->busy);
        sim_sums_add_one(&run->result->sums, 0, batch, SIM_PRESENT, seconds * run->present);
    }
    run->now_us = until_us;
    run->service.engine.turn.now = fr_time_add(run->scenario->start, (struct fr_span){until_us});
}

int32_t
sim_measure_batch(const struct run *run, uint64_t number)
{
    int64_t batches = run->config->batches;
    bool single = run->config->repetitions > 1;

    if (run->config->duration.us > 0) {
        int64_t length = run->config->duration.us - run->warm_us;

        if (run->now_us < run->warm_us || run->now_us >= run->config->duration.us)
            return -1;
        return (int32_t)(single ? run->repetition
                                : (run->now_us - run->warm_us) * batches / length);
    }
    if (number < run->warm_count || number >= run->limit)
        return -1;
    return (int32_t)(single ? (uint64_t)run->repetition
                            : (number - run->warm_count) * (uint64_t)batches /
                                  (run->limit - run->warm_count));
}
