/* place.h - what every input ends in: a task finds its agent or its place, a free agent finds his
 * task.
 *
 * All of these judge from turn->view and emit; the view shows each event as soon as it is emitted,
 * so they can be called one after the other.
 */
#ifndef FR_ROUTING_PLACE_H
#define FR_ROUTING_PLACE_H

#include "proto/conversation.pb-c.h"
#include "services/routing/explain.h"

/* A task that has just come in: TaskOffered, TaskQueued or TaskParked.  `rule` is what the
 * operator's rule made of it, or NULL. */
enum fr_error routing_place_new(struct fr_turn *turn, const struct fr_record *input,
                                const Fr__TaskRequested *request, const Fr__RuleResult *rule);
/* A waiting one tries again, from the lane where the configuration in force puts it.  Anything else
 * is left alone. */
enum fr_error routing_place_again(struct fr_turn *turn, const struct fr_record *input,
                                  uint64_t task_id);
/* The same, but nothing is said when it stays where it is. */
enum fr_error routing_place_if_moved(struct fr_turn *turn, const struct fr_record *input,
                                     uint64_t task_id);
/* Several, in the order of their places.  Those that no longer wait are left alone. */
enum fr_error routing_place_all(struct fr_turn *turn, const struct fr_record *input,
                                uint64_t *task_ids, size_t count);
/* Offers him waiting tasks until he is full or none is left. */
enum fr_error routing_serve(struct fr_turn *turn, const struct fr_record *input, uint32_t agent);
/* Tries what waits in the order of places (of one queue; 0: of all), at most `offer_max` offers.
 * For when several agents became free for it together. */
enum fr_error routing_match(struct fr_turn *turn, const struct fr_record *input, uint32_t queue,
                            uint32_t offer_max, uint32_t *offers);

/* His open offers are taken back, and what waited for him alone is anybody's now. */
enum fr_error routing_withdraw_from(struct fr_turn *turn, const struct fr_record *input,
                                    uint32_t agent, const char *reason);
/* What he had accepted is over for him (conversations asks for another agent); at most `max`. */
enum fr_error routing_take_assigned(struct fr_turn *turn, const struct fr_record *input,
                                    uint32_t agent, const char *reason);
/* The task is over; its open offer is rescinded first, and whoever held it gets something else.
 * `wrap_up`: its agent has his queue's time for notes first. */
enum fr_error routing_end(struct fr_turn *turn, const struct fr_record *input, uint64_t task_id,
                          const char *reason, bool wrap_up);

/* Labels of a task's events: its conversation and brand, whoever caused them. */
struct fr_labels routing_labels(const struct routing_task *task);

#endif
