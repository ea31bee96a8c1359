/* world.h - a directory with two ledgers in it, which are started, ended and judged. */
#ifndef FR_FAULT_WORLD_H
#define FR_FAULT_WORLD_H

#include <stdbool.h>
#include <sys/types.h>
#include "tests/fault/check.h"

#define NUMBERS_MAX (CHECK_NUMBER_MAX - 1)

struct world {
    char dir[256], state[300], config[300], preload[512], ledger[512];
    const char *sabotage;
    const char *stage_options; /* added to the configuration's `stage`, or NULL */
    int numbers;               /* how many ledger1 is sent */
    int bells;                 /* how many timers ledger1 arms at once (ledger.c) */
    int batch_max;             /* inputs per frame */
    const char *clock_file;    /* libfaketime's file with the wall clock's offset, or NULL */
    bool fake_steady;          /* it fakes the steady clocks as well */
    const char *retention;     /* of both journals; what is trimmed cannot be checked */
    int stage;                 /* which one suffers */
    bool acknowledged[CHECK_NUMBER_MAX];
    int acks; /* our end of the pipe; -1: none */
};

struct fault {       /* io_fault.c */
    const char *how; /* NULL: only count */
    long at;
    const char *count_path; /* or NULL */
};

/* Fills in the programs from $FR_BUILD_DIR; false when it is not set. */
bool world_init(struct world *world, int numbers, const char *sabotage);
void world_fresh(struct world *world);
void world_remove(const char *path);

pid_t world_start(struct world *world, int stage, const struct fault *fault);
/* Reads acknowledgements for at most wait_ms; false when the writer has gone. */
bool world_read_acks(struct world *world, int wait_ms);
bool world_all_acknowledged(const struct world *world);
/* Has it ended?  Then *pid becomes 0. */
bool world_ended(pid_t *pid);
void world_finish(pid_t *pid, int signal_number);
/* Everything acknowledged, copied, and every alarm rung. */
bool world_settled(struct world *world);
/* Both run, restarted when they end, until settled; false when patience ends. */
bool world_run_to_the_end(struct world *world, pid_t *pids);

/* Dump, rebuild, dump again: the same? */
bool world_same_dump(const struct world *world, int stage);
/* Each number exactly once by the tables of a stage: where the journal was trimmed. */
unsigned world_tables_breaches(const struct world *world, int stage);
unsigned world_breaches(struct world *world, bool in_time);

#endif
