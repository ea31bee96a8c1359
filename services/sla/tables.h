/* tables.h - what sla remembers: conversations, targets, where each conversation lies, breaches.
 *
 * Values are fixed structs, copied whole, every byte of them set, so that tables rebuilt from the
 * journal are equal byte for byte.
 */
#ifndef FR_SLA_TABLES_H
#define FR_SLA_TABLES_H

#include "proto/sla.pb-c.h"
#include "services/sla/sla.h"

extern const struct fr_table sla_tables[];

struct sla_conversation {
    uint64_t customer_id;
    uint64_t open;     /* the target that waits for an answer, breached or not; 0: none */
    uint64_t newest;   /* the newest target; each names the one before it */
    uint64_t armed_by; /* message that the newest one counts from */
    uint64_t record;   /* the newest MessageAdded that changed something here */
    uint8_t answered;  /* once at least: from now on it is the next response that counts */
    uint8_t complaint;
    uint8_t spare[6];
};
_Static_assert(sizeof(struct sla_conversation) == 48, "no hidden padding");

enum sla_state { SLA_OPEN = 1, SLA_MET, SLA_BREACHED, SLA_CANCELLED };

struct sla_target {
    uint64_t target_id, conversation_id, message_id;
    uint64_t previous; /* target of the same conversation; 0: it was the first */
    int64_t started_us, warn_us, due_us;
    int64_t ended_us; /* met, breached or cancelled; 0: open */
    int64_t late_us;  /* breached and answered: by how much; else 0 */
    uint32_t kind;    /* enum Fr__TargetKind */
    uint8_t state;    /* enum sla_state: a verdict, never changed once it is not SLA_OPEN */
    uint8_t warned;
    uint8_t answered; /* after the breach */
    uint8_t spare;
    char policy[SLA_NAME_SIZE];
    char brand[FR_BRAND_SIZE];
};
_Static_assert(sizeof(struct sla_target) == 128, "no hidden padding");

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
enum fr_error sla_conversation_put(struct fr_tables *tables, uint64_t conversation_id,
                                   const struct sla_conversation *row);

enum fr_error sla_target_get(const struct fr_view *view, uint64_t target_id,
                             struct sla_target *out);
/* Keeps the list of what is due in step with the row. */
enum fr_error sla_target_put(struct fr_tables *tables, const struct sla_target *target);

/* FR_NOT_FOUND: routing has no task for it. */
enum fr_error sla_place_get(const struct fr_view *view, uint64_t conversation_id,
                            struct sla_place *out);
enum fr_error sla_place_put(struct fr_tables *tables, uint64_t conversation_id,
                            const struct sla_place *place);
enum fr_error sla_place_drop(struct fr_tables *tables, uint64_t conversation_id);

/* Breaches stay for ever. */
enum fr_error sla_breach_put(struct fr_tables *tables, int64_t at_us,
                             const Fr__TargetBreached *breach);

enum fr_error sla_totals_get(const struct fr_view *view, Fr__TargetKind kind,
                             struct sla_totals *out);
enum fr_error sla_totals_put(struct fr_tables *tables, Fr__TargetKind kind,
                             const struct sla_totals *row);

/* Walking: open targets by deadline, breaches from the newest on back. */
void sla_due_scan(struct fr_scan *scan, const struct fr_view *view);
enum fr_error sla_due_next(struct fr_scan *scan, uint64_t *target_id);
void sla_breach_scan(struct fr_scan *scan, const struct fr_view *view);
enum fr_error sla_breach_next(struct fr_scan *scan, struct fr_arena *arena, int64_t *at_us,
                              const Fr__TargetBreached **breach);

#endif
