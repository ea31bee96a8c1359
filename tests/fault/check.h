/* check.h - are the journals and tables of the two ledgers what was promised? */
#ifndef FR_FAULT_CHECK_H
#define FR_FAULT_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

#define CHECK_NUMBER_MAX 2048
#define CHECK_BELL_MAX 8192

struct check_counts { /* how often each number, alarm and bell stands in a journal */
    uint32_t numbers[CHECK_NUMBER_MAX];
    uint32_t alarms[CHECK_NUMBER_MAX];
    uint32_t bells[CHECK_BELL_MAX];
    uint64_t records;
    uint64_t early; /* timers that fired before their time */
    uint64_t back;  /* records that are older than the one before them */
    int64_t last_us;
};

/* Reads the journal of `name` below `state`; false with a line on stderr when it cannot be read
 * whole. */
bool check_read(const char *state, const char *name, struct check_counts *counts);

/* The last sequence number there, 0 when it cannot be read. */
uint64_t check_end(const char *state, const char *name);

/* How often bell `id` must ring when `bells` were armed at once and `numbers` sent (ledger.c). */
uint32_t check_bell_times(uint64_t id, uint64_t bells, uint64_t numbers);
/* All that must have rung have; and, for breaches: none rang too often. */
bool check_bells_rung(const struct check_counts *counts, uint64_t bells, uint64_t numbers);
unsigned check_bells(const struct check_counts *counts, uint64_t bells, uint64_t numbers,
                     const char *name);

/* Each acknowledged number exactly once in ledger1 and ledger2, each tenth's alarm likewise. Tells
 * every breach on stderr (at most ten) and returns how many there were. */
unsigned check_exactly_once(const struct check_counts *counts, const bool *acknowledged,
                            uint64_t count, const char *name);

#endif
