/* engine.h - one partition's decide and apply over a journal and tables; private to the stage room,
 * and for those who run a service on a clock of their own (routing's simulator).
 *
 * The engine does no I/O of its own and asks no clock: process.c gives it inputs and the time, and
 * syncs the frame that they fill; given.c does the same for tests.
 */
#ifndef FR_STAGE_ENGINE_H
#define FR_STAGE_ENGINE_H

#include <stdatomic.h>
#include "common/stage/stage.h"
#include "common/stage/timers.h"

#define FR_ROLE_MAX 24
#define FR_KIND_SERVICE_MAX 0x1000u /* journalled kinds lie below; timers at FR_TIMER_KIND */
#define FR_ENGINE_COUNTER_MAX 64

struct fr_role { /* one upstream name of the inputs table, and what it leads to */
    const char *name;
    uint8_t
        input_index[FR_KIND_SERVICE_MAX]; /* in stage->inputs, + 1; 0: we do not read that kind */
};

struct fr_engine {
    const struct fr_stage *stage;
    struct fr_journal *journal;
    struct fr_store *store;
    struct fr_tables *tables;
    struct fr_timers timers;
    struct fr_turn turn; /* turn.arena is for decide */
    struct fr_arena *apply_arena;
    const char *name; /* the journal's */

    struct fr_role *roles;
    size_t role_count;
    uint8_t event_index[FR_KIND_SERVICE_MAX]; /* in stage->events, + 1 */

    /* what became of the input under way */
    uint64_t first_id;
    bool rejected, answered;
    bool submitted; /* its sender waits for the outcome: a rejection is told and not kept */
    char reason[256];
    void *answer;
    size_t answer_size, answer_room;

    uint64_t effects_put; /* calls of fr_effect_put: something new may be to do */

    _Atomic uint64_t counters[FR_ENGINE_COUNTER_MAX];
    _Atomic uint64_t inputs, events, rejects;
};

enum fr_error fr_engine_init(struct fr_engine *engine, const struct fr_stage *stage,
                             struct fr_journal *journal, struct fr_store *store,
                             const void *config);
void fr_engine_fini(struct fr_engine *engine);
/* Goes on with another store of the same contents (timers stay as they are): a simulation copies
 * its tables now and then, because in memory every deleted key leaves a mark. */
void fr_engine_move(struct fr_engine *engine, struct fr_store *store);

/* The number of a role in engine->roles, or -1: the service has no input of that upstream. */
int fr_engine_role(const struct fr_engine *engine, const char *name);

/* Is there a decide for that kind from there? */
bool fr_engine_takes(const struct fr_engine *engine, int role, uint32_t kind);
/* One input: decide, and apply what it emits.  FR_OK: taken (engine->rejected tells whether aside);
 * FR_NOT_FOUND: this service does not read that kind from there.  Any other error: everything that
 * the input had emitted is taken back, and the caller decides when to try again. */
enum fr_error fr_engine_input(struct fr_engine *engine, int role, const struct fr_record_head *head,
                              const char *upstream);
/* The FR_CONFIG input. */
enum fr_error fr_engine_config(struct fr_engine *engine, const void *config);
/* The earliest timer that is due at turn.now.  FR_NOT_FOUND: none is. */
enum fr_error fr_engine_timer_due(struct fr_engine *engine, struct fr_timer *timer);
/* Fires it: disarms it and lets decide judge.  FR_NOT_FOUND: none is due. */
enum fr_error fr_engine_timer(struct fr_engine *engine);
/* The head of the input that a timer becomes. */
struct fr_record_head fr_engine_timer_head(const struct fr_timer *timer);

/* A record of the journal applied again: at start and by a standby. */
enum fr_error fr_engine_apply(struct fr_engine *engine, const struct fr_record_head *head);

/* A record was sealed into the frame: count it and apply it (emit.c calls this). */
enum fr_error fr_engine_emitted(struct fr_engine *engine, const struct fr_record_head *head);

/* Emits one of the stage's own records, caused by `input` (NULL: by nobody). */
enum fr_error fr_engine_own(struct fr_engine *engine, const struct fr_record *input,
                            const ProtobufCMessage *message);
/* Set an input aside for a reason of the stage's (it crashed decide three times...). */
enum fr_error fr_engine_set_aside(struct fr_engine *engine, const struct fr_record_head *head,
                                  const char *upstream, const char *reason);

/* The stage's own tables (own.c), beside the service's. */
extern const struct fr_table fr_own_tables[];
enum fr_own_table {
    FR_OWN_DEAD,
    FR_OWN_TIMERS,
    FR_OWN_EFFECTS,
    FR_OWN_ATTEMPTS,
    FR_OWN_CLOCK,
    FR_OWN_TABLE_COUNT
};

struct fr_own_effect { /* value head of a row of FR_OWN_EFFECTS; the body follows */
    uint32_t attempt;  /* tries begun */
    uint32_t spare;
};
struct fr_own_clock { /* the one row of FR_OWN_CLOCK */
    uint64_t steady_name;
    int64_t offset_us; /* bus time - that steady clock */
};
void fr_own_clock(const struct fr_view *view, struct fr_own_clock *noted); /* untouched: none is */
bool fr_own_kind(uint32_t kind); /* is it a record that the stage applies itself? */
enum fr_error fr_own_apply(struct fr_engine *engine, const struct fr_record *event);
uint32_t fr_own_attempts(const struct fr_view *view, const char *upstream, uint64_t seq,
                         uint64_t fingerprint);

/* sabotage: test builds can break one law on purpose, to see the tests notice (negative controls).
 */
#ifdef FR_SABOTAGE
bool fr_sabotage(const char *law);
#else
#define fr_sabotage(law) false
#endif

#endif
