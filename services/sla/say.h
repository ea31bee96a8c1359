/* say.h - what is said of one target: armed, moved, warned, met, missed, cancelled. */
#ifndef FR_SLA_SAY_H
#define FR_SLA_SAY_H

#include "services/sla/matter.h"

/* The calendar by its name; one that is not declared any more is read as 24/7, and a target that
 * still names it moves to what its policy says now. */
const struct fr_calendar *sla_calendar(const struct fr_calendars *calendars, const char *name);

/* TargetArmed.  `target` says kind, start, what had elapsed; the rest follows from the offer.  On a
 * calendar that never opens it runs without a deadline. */
enum fr_error sla_say_armed(struct sla_matter *matter, struct sla_target *target,
                            const struct sla_offer *offer);
/* TargetMoved, if anything about its clock is different now. */
enum fr_error sla_say_moved(struct sla_matter *matter, const struct sla_target *target,
                            const struct sla_offer *offer, bool paused);
/* TargetMoved: it counts from there now. */
enum fr_error sla_say_restarted(struct sla_matter *matter, const struct sla_target *target,
                                int64_t started_us);
/* TargetMoved: only what comes next is different. */
enum fr_error sla_say_rescheduled(struct sla_matter *matter, const struct sla_target *target);

/* TargetMet; or TargetAnsweredLate, after TargetBreached when nobody had noticed yet. */
enum fr_error sla_say_answered(struct sla_matter *matter, const struct sla_target *target,
                               const char *how);
enum fr_error sla_say_breached(struct sla_matter *matter, const struct sla_target *target);
/* `why` stands after nothing: a whole reason. */
enum fr_error sla_say_cancelled(struct sla_matter *matter, const struct sla_target *target,
                                const char *why);

/* TargetWarned, and SupervisorAlerted when an alert is among the actions. */
struct sla_steps_due {
    uint32_t names[SLA_STEPS_MAX];
    size_t count;
    uint32_t actions;
};
enum fr_error sla_say_warned(struct sla_matter *matter, const struct sla_target *target,
                             const struct sla_steps_due *steps);

/* The steps of the target that have not been done. */
void sla_steps_left(const struct sla_matter *matter, const struct sla_target *target,
                    struct sla_plan *out);
/* When the next of them, or the deadline, is due; 0: nothing comes. */
int64_t sla_next_step(const struct sla_matter *matter, const struct sla_target *target);
/* PromiseEnded, for targets that are promises. */
enum fr_error sla_say_promise_ended(struct sla_matter *matter, const struct sla_target *target,
                                    bool kept, const char *by, const char *note);

#endif
