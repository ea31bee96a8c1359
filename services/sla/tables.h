/* tables.h - what sla remembers: conversations, targets, promises, where each conversation lies,
 * breaches.
 *
 * Values are fixed structs, copied whole, every byte of them set, so that tables rebuilt from the
 * journal are equal byte for byte; promises and breaches are messages.
 */
#ifndef FR_SLA_TABLES_H
#define FR_SLA_TABLES_H

#include "proto/sla.pb-c.h"
#include "proto/sla_state.pb-c.h"
#include "services/sla/clock.h"
#include "services/sla/kinds.h"
#include "services/sla/sla.h"

extern const struct fr_table sla_tables[];

#define SLA_TAGS_MAX 8
#define SLA_TAG_SIZE 24
#define SLA_LANGUAGE_SIZE 16

struct sla_conversation {
    uint64_t customer_id;
    uint64_t newest;     /* the newest target; each names the one before it */
    uint64_t record;     /* the newest record of conversations that counted */
    uint64_t message_id; /* the customer's message that counted last */
    uint64_t armed_by;   /* the customer's message that the newest target counts from */
    uint64_t resolution; /* the newest target of that kind, ended or not */
    uint64_t
        open[SLA_KIND_COUNT + 1]; /* by kind: the target that runs, or was missed and waits; 0 */
    int64_t opened_us;
    int64_t first_us, unanswered_us; /* the oldest message that nobody who counts has answered; that
                                        nothing has answered; 0: none */
    uint64_t first_id, unanswered_id;
    int64_t last_message_us, last_reply_us; /* the customer's newest, ours */
    int64_t complained_us;
    int64_t forget_us;
    int32_t priority;
    uint32_t waiting;  /* enum Fr__WaitingFor; 0: nobody said anything */
    uint32_t promises; /* open ones */
    uint8_t answered;  /* by somebody who counts: from now on it is the next response that counts */
    uint8_t complaint, acknowledged, closed;
    uint32_t tag_count;
    uint32_t spare;
    char brand[FR_BRAND_SIZE];
    char channel[SLA_NAME_SIZE];
    char language[SLA_LANGUAGE_SIZE];
    char tier[SLA_NAME_SIZE];
    char tags[SLA_TAGS_MAX][SLA_TAG_SIZE];
};
_Static_assert(sizeof(struct sla_conversation) == 504, "no hidden padding");

enum sla_state { SLA_OPEN = 1, SLA_MET, SLA_BREACHED, SLA_CANCELLED };

#define SLA_STRETCHES_MAX 8
struct sla_stretch { /* one that has ended */
    int64_t from_us, to_us, counted_us;
    uint8_t paused, merged; /* merged: several older ones, added up */
    uint8_t spare[6];
    char calendar[SLA_NAME_SIZE];
};
_Static_assert(sizeof(struct sla_stretch) == 64, "no hidden padding");

struct sla_target {
    uint64_t target_id, conversation_id, message_id;
    uint64_t previous; /* target of the same conversation; 0: it was the first */
    int64_t started_us;
    int64_t promised_us, elapsed_us, since_us; /* struct sla_clock */
    int64_t due_us, rolled_us;                 /* 0: paused, or never */
    int64_t next_us;                           /* the next step or the deadline; 0: none */
    int64_t again_open_us; /* the new time that the customer was told, in open time; 0: none */
    int64_t again_us;
    int64_t ended_us;   /* met, breached or cancelled; 0: open */
    int64_t late_us;    /* breached and answered: by how much; else 0 */
    uint32_t kind;      /* enum Fr__TargetKind */
    uint32_t steps[16]; /* those done, by name */
    uint8_t step_count;
    uint8_t state; /* enum sla_state: a verdict, never changed once it is not SLA_OPEN */
    uint8_t warned, told, answered, paused, stretch_count;
    uint8_t spare[5];
    char policy[SLA_NAME_SIZE], calendar[SLA_NAME_SIZE];
    char brand[FR_BRAND_SIZE];
    struct sla_stretch stretches[SLA_STRETCHES_MAX]; /* oldest first */
};
_Static_assert(sizeof(struct sla_target) == 792, "no hidden padding");

struct sla_place { /* where routing said last that the conversation lies */
    uint64_t task_id;
    int64_t since_us;
    uint32_t place; /* enum Fr__Place */
    char queue[SLA_NAME_SIZE];
    char agent[SLA_NAME_SIZE];
    char site[SLA_NAME_SIZE];
    char why[100]; /* cut to fit */
};
_Static_assert(sizeof(struct sla_place) == 216, "no hidden padding");

struct sla_totals { /* per kind of target */
    uint64_t armed, warned, met, breached, late, cancelled;
};

/* Zeroes when it is not known yet. */
enum fr_error sla_conversation_get(const struct fr_view *view, uint64_t conversation_id,
                                   struct sla_conversation *out);
/* Keeps the list of those that are not closed in step with the row. */
enum fr_error sla_conversation_put(struct fr_tables *tables, uint64_t conversation_id,
                                   const struct sla_conversation *row);
enum fr_error sla_conversation_drop(struct fr_tables *tables, uint64_t conversation_id);
/* Walks those that are not closed, by id, from the first one after `after`. */
void sla_open_scan(struct fr_scan *scan, const struct fr_view *view, uint64_t after);
enum fr_error sla_open_next(struct fr_scan *scan, uint64_t *conversation_id);

enum fr_error sla_target_get(const struct fr_view *view, uint64_t target_id,
                             struct sla_target *out);
/* Keeps the list of what is due in step with the row; `before` is the row as it was, or NULL. */
enum fr_error sla_target_put(struct fr_tables *tables, const struct sla_target *before,
                             const struct sla_target *target);
enum fr_error sla_target_drop(struct fr_tables *tables, const struct sla_target *target);
struct sla_clock sla_target_clock(const struct sla_target *target);

/* Promises: what is more of them than a target.  FR_NOT_FOUND. */
enum fr_error sla_promise_get(const struct fr_view *view, uint64_t promise_id,
                              struct fr_arena *arena, const Fr__SlaStatePromise **out);
enum fr_error sla_promise_put(struct fr_tables *tables, uint64_t promise_id,
                              const Fr__SlaStatePromise *promise);
enum fr_error sla_promise_drop(struct fr_tables *tables, uint64_t promise_id,
                               const Fr__SlaStatePromise *promise);
/* The promise that was made for that request; FR_NOT_FOUND: none yet. */
enum fr_error sla_request_get(const struct fr_view *view, uint64_t conversation_id,
                              const char *request_id, uint64_t *promise_id);
/* Newest first, from the one before `before` (0: all). */
void sla_promise_scan(struct fr_scan *scan, const struct fr_view *view, uint64_t before);
enum fr_error sla_promise_next(struct fr_scan *scan, struct fr_arena *arena, uint64_t *promise_id,
                               const Fr__SlaStatePromise **out);

/* FR_NOT_FOUND: routing has no task for it. */
enum fr_error sla_place_get(const struct fr_view *view, uint64_t conversation_id,
                            struct sla_place *out);
enum fr_error sla_place_put(struct fr_tables *tables, uint64_t conversation_id,
                            const struct sla_place *place);
enum fr_error sla_place_drop(struct fr_tables *tables, uint64_t conversation_id);

/* Breaches stay for ever. */
enum fr_error sla_breach_get(const struct fr_view *view, int64_t at_us, uint64_t target_id,
                             struct fr_arena *arena, const Fr__SlaStateBreach **out);
enum fr_error sla_breach_put(struct fr_tables *tables, int64_t at_us,
                             const Fr__SlaStateBreach *breach);

enum fr_error sla_totals_get(const struct fr_view *view, Fr__TargetKind kind,
                             struct sla_totals *out);
enum fr_error sla_totals_put(struct fr_tables *tables, Fr__TargetKind kind,
                             const struct sla_totals *row);

/* Walking: open targets by deadline; breaches from that instant (and target) on back, 0: from the
 * newest. */
void sla_due_scan(struct fr_scan *scan, const struct fr_view *view, int64_t from_us,
                  uint64_t from_id);
enum fr_error sla_due_next(struct fr_scan *scan, uint64_t *target_id);
void sla_breach_scan(struct fr_scan *scan, const struct fr_view *view, int64_t before_us,
                     uint64_t before_id);
enum fr_error sla_breach_next(struct fr_scan *scan, struct fr_arena *arena, int64_t *at_us,
                              const Fr__SlaStateBreach **breach);

#endif
