/* given.h - for tests of decide and apply: given these events, when this arrives, then these
 * events.
 *
 * Runs a service's real decide and apply over a memory journal and memory tables; no process, no
 * socket, no clock but the one that the test moves.
 *
 *     struct fr_given *g = fr_given_new(&routing_stage, "routing: {...}");
 *     fr_given_at(g, 1000);                                       seconds since the test's epoch
 *     fr_given_input(g, "conversations", 7, "acme", &task.base);  decide and apply, timers due
 * before fire first assert_int_equal(fr_given_count(g), 1);                     events caused by
 * the last input offered = fr_given_body(g, 0, FR_TASK_OFFERED); assert_true(fr_given_rebuilds(g));
 * journal replayed == tables
 */
#ifndef FR_STAGE_GIVEN_H
#define FR_STAGE_GIVEN_H

#include "common/stage/stage.h"

#define FR_GIVEN_EPOCH_S 1800000000 /* 2027-01-15T08:00:00Z: second 0 of every test */

struct fr_given;

/* The YAML holds top level and sections, "" is allowed; a bad one fails the test.  The FR_CONFIG
 * input is fed at once. */
struct fr_given *fr_given_new(const struct fr_stage *stage, const char *yaml);
void fr_given_free(struct fr_given **given);

/* Another configuration, as a reload brings it: the FR_CONFIG input is fed at once.  A bad one
 * fails the test. */
void fr_given_reload(struct fr_given *given, const char *yaml);

/* Move the clock (never back): timers that fall due on the way fire one by one, in order, at their
 * due time. */
void fr_given_at(struct fr_given *given, double seconds);

/* One input from `upstream` (a role of the inputs table; the journal name is the same).  Events it
 * emits are kept until the next input.  Returns decide's error. */
enum fr_error fr_given_input(struct fr_given *given, const char *upstream, uint64_t key,
                             const char *brand, const ProtobufCMessage *message);
/* The id that the input record above had (cause of its events), and one to give to the next: 0 =
 * automatic. */
uint64_t fr_given_input_id(const struct fr_given *given);
void fr_given_next_input_id(struct fr_given *given, uint64_t id);

/* Events since the last fr_given_input or fr_given_at (whichever came last), the stage's own
 * records left out. */
size_t fr_given_count(const struct fr_given *given);
const struct fr_record_head *fr_given_event(const struct fr_given *given, size_t index);
/* Body of event `index`, NULL when it is of another kind; borrowed until the next input. */
const void *fr_given_body(const struct fr_given *given, size_t index, uint32_t kind);
/* The first event of that kind among them, or NULL. */
const void *fr_given_find(const struct fr_given *given, uint32_t kind);
size_t fr_given_count_of(const struct fr_given *given, uint32_t kind);
/* Reason of the last fr_reject, "" when the last input was taken; the last fr_answer. */
const char *fr_given_rejected(const struct fr_given *given);
struct fr_slice fr_given_answer(const struct fr_given *given);

const struct fr_view *fr_given_view(const struct fr_given *given);
struct fr_arena *fr_given_arena(const struct fr_given *given);
/* Ask one of the service's queries; NULL args: {}. New reference or NULL. */
json_t *fr_given_query(struct fr_given *given, const char *name, const json_t *args);

/* Replays the journal through apply into fresh tables: are they the same, key for key?  Prints the
 * first difference. */
bool fr_given_rebuilds(struct fr_given *given);
/* Prints kinds and JSON of the last events on stderr: for a failing test. */
void fr_given_print(const struct fr_given *given);

#endif
