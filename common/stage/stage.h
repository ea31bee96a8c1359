/* stage.h - the skeleton that every service shares: read a batch, decide, apply, sync once, let
 * others pull the result.
 *
 *   upstream journals --+                                              +--> readers (wire)
 *   edge, fil (submit) -+--> decide(turn, input) --> fr_emit --> frame +--> callers answered
 *   timers falling due -+         ^ reads                 |     1 sync +--> published(), effects
 *   effect outcomes ----+         |                       v
 *                               tables  <-------------- apply(tables, event)
 *
 * A service is its tables of functions (struct fr_stage) and nothing global: main() calls
 * fr_stage_main. Laws (DESIGN.md 3): decide writes nothing and asks no clock, chance or socket;
 * apply judges nothing and does not see the configuration; whoever outside waits for an answer gets
 * it after the sync.
 */
#ifndef FR_STAGE_STAGE_H
#define FR_STAGE_STAGE_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/base/id.h"
#include "common/base/key.h"
#include "common/base/log.h"
#include "common/base/time.h"
#include "common/calendar/calendar.h"
#include "common/config/config.h"
#include "common/journal/journal.h"
#include "common/store/store.h"
#include "proto/kinds.h"

struct fr_engine;  /* private: one partition's decide and apply, without any I/O of its own */
struct fr_process; /* private: the running service around an engine */

/* ---- what decide and apply see ----------------------------------------------------------------
 */

struct fr_turn {
    const struct fr_view *view; /* the tables, with everything emitted before this input */
    struct fr_time now;     /* stamped once per input; never goes back, also not over restarts */
    struct fr_arena *arena; /* until the turn ends */
    const void *config;     /* the service's own configuration struct, in force now */
    const struct fr_calendars *calendars; /* those of the installation, in force now */
    struct fr_engine *engine;             /* private */
};

struct fr_record {
    const struct fr_record_head *head; /* kind, id, cause, key, brand, route, time */
    struct fr_slice body;
    const char *upstream;     /* the journal it came from; own name for events in apply */
    struct fr_engine *engine; /* private */
    void *message;            /* private: unpacked body, made on demand */
};

/* The unpacked body, borrowed until the turn ends; NULL when it does not decode (or would need more
 * than the turn's memory budget, or holds invalid UTF-8 in a string): answer with fr_reject. */
const void *fr_unpack(struct fr_turn *turn, const struct fr_record *input,
                      const ProtobufCMessageDescriptor *descriptor);
/* In apply: the body of our own event, which decodes because we wrote it (else fr_assert). */
const void *fr_body(const struct fr_record *event);

/* Emit an event: numbered, added to the next frame and applied at once.  Brand and key are the
 * input's, the route is empty.  The kind follows from the message's type (proto/kinds.h). */
enum fr_error fr_emit(struct fr_turn *turn, const struct fr_record *input,
                      const ProtobufCMessage *message);
struct fr_labels {
    uint64_t key;      /* 0: the input's */
    const char *brand; /* NULL: the input's */
    const char *route; /* NULL: none */
};
enum fr_error fr_emit_as(struct fr_turn *turn, const struct fr_record *input,
                         const ProtobufCMessage *message, const struct fr_labels *labels);
/* An event whose body is packed already (the hot path of a relay). */
enum fr_error fr_emit_bytes(struct fr_turn *turn, const struct fr_record *input, uint32_t kind,
                            struct fr_slice body, const struct fr_labels *labels);
/* The id that the next emitted event will have: name what it creates after it. */
uint64_t fr_next_id(const struct fr_turn *turn);

/* Set the input aside, with its bytes and the reason (`fil dead`); counted; the batch goes on.  For
 * a submitted input the caller is told FR_REJECTED with the reason and nothing is kept (he knows
 * what he sent).  Returns FR_OK, so that decide can `return fr_reject(...)`. */
enum fr_error fr_reject(struct fr_turn *turn, const struct fr_record *input, const char *format,
                        ...) __attribute__((format(printf, 3, 4)));

/* Set a submitted input aside as well (`fil dead`): for what the edge answers for already, so that
 * nobody else has it.  Not a refusal: what was emitted stays, and the submitter is told FR_OK. */
enum fr_error fr_set_aside(struct fr_turn *turn, const struct fr_record *input, const char *format,
                           ...) __attribute__((format(printf, 3, 4)));

/* What a submitter gets back once everything is durable (copied).  Last call wins. */
void fr_answer(struct fr_turn *turn, const void *data, size_t size);
void fr_answer_json(struct fr_turn *turn, json_t *answer); /* takes the reference */

void fr_count(const struct fr_turn *turn, int counter, uint64_t by); /* index in stage->counters */

/* Tables: fr_get, fr_scan on turn->view; in apply fr_put, fr_del (store.h).  For a table whose
 * value is a protobuf message: unpacks into the arena (the turn's, or a query's; in apply:
 * fr_tables_arena). */
enum fr_error fr_get_message(const struct fr_view *view, const struct fr_table *table,
                             struct fr_slice key, const ProtobufCMessageDescriptor *descriptor,
                             struct fr_arena *arena, const void **message);
enum fr_error fr_put_message(struct fr_tables *tables, const struct fr_table *table,
                             struct fr_slice key, const ProtobufCMessage *message);
/* Scratch memory inside apply, freed when the event has been applied. */
struct fr_arena *fr_tables_arena(struct fr_tables *tables);
/* Unpack within an arena's budget, from anywhere (table values in a scan). NULL: does not decode.
 */
const void *fr_unpack_in(struct fr_arena *arena, const ProtobufCMessageDescriptor *descriptor,
                         struct fr_slice bytes);

/* Timers are part of state: one due time per (kind, id).  apply arms and disarms; when one falls
 * due the stage feeds it to decide as an input with upstream FR_TIMER, head->kind the timer's kind
 * and head->key its id; it is disarmed by that, in the same frame, before decide's own events are
 * applied (which may arm it again).  Kinds: FR_TIMER_KIND + a number of the service's own. */
#define FR_TIMER_KIND 0xf000u
enum fr_error fr_timer_arm(struct fr_tables *tables, uint32_t kind, uint64_t id,
                           struct fr_time due);
enum fr_error fr_timer_disarm(struct fr_tables *tables, uint32_t kind, uint64_t id);
enum fr_error fr_timer_get(const struct fr_view *view, uint32_t kind, uint64_t id,
                           struct fr_time *due);

/* Effects touch the world outside.  apply records "to do"; after the sync a worker thread calls
 * perform(); the outcome comes back as a submitted input of `outcome_kind`, whose apply calls
 * fr_effect_done. After a crash everything still to do is performed again, with attempt > 1
 * counting every try ever begun: give the peer the id as idempotency key, or report "uncertain". */
enum fr_error fr_effect_put(struct fr_tables *tables, uint32_t kind, uint64_t id,
                            struct fr_slice body);
enum fr_error fr_effect_done(struct fr_tables *tables, uint32_t kind, uint64_t id);

/* ---- what a service declares ------------------------------------------------------------------
 */

typedef enum fr_error fr_decide_fn(struct fr_turn *turn, const struct fr_record *input);
typedef enum fr_error fr_apply_fn(struct fr_tables *tables, const struct fr_record *event);

#define FR_LOCAL                                                                                   \
    "local" /* submitted by this process's edge or effects, or by `fil` over the control socket */
#define FR_TIMER "timer"
#define FR_CONFIG                                                                                  \
    "config" /* one input (no body, kind FR_KIND_ANY) at start and after each reload: emit what    \
                changed */

struct fr_input {
    uint32_t kind;        /* FR_KIND_END ends the table */
    const char *upstream; /* role: a service's name, "channel" (every configured channel), "desk"
                             (every site's desk), FR_LOCAL, FR_TIMER, FR_CONFIG */
    fr_decide_fn *decide;
};
struct fr_event {
    uint32_t kind;
    fr_apply_fn *apply;
};

struct fr_query_turn;
struct fr_query {     /* asked by `fil` and the desk; answered by worker threads from the last
                         checkpoint */
    const char *name; /* "customer.show"; NULL ends the table */
    const char *args; /* for the help: "CUSTOMER" */
    const char *doc;
    /* The answer (new reference) or NULL with a sentence in *error (constant or in the arena).  A
     * list is
     * {"items": [...], "more": bool}. */
    json_t *(*answer)(const struct fr_query_turn *turn, const json_t *args, const char **error);
};
struct fr_query_turn {
    const struct fr_view *view;
    struct fr_arena *arena;
    const void *config;
    const struct fr_calendars *calendars;
    struct fr_time now;
    struct fr_process *process; /* for fr_process_* below; NULL in tests */
};

struct fr_effect_kind {
    uint32_t kind;         /* FR_KIND_END ends the table */
    uint32_t outcome_kind; /* a FR_LOCAL input */
    /* On a worker thread; may block up to its own time-outs.  Packs the outcome into *outcome
     * (arena memory). */
    enum fr_error (*perform)(const void *config, uint64_t id, struct fr_slice body,
                             unsigned attempt, struct fr_arena *arena, struct fr_slice *outcome);
};

struct fr_counter {
    const char *name; /* "filrouge_routing_offers_total"; NULL ends the table */
    const char *help; /* a sentence that an operator understands */
};

/* An edge serves the outside world (HTTP...) on threads of its own, and meets the stage by
 * fr_submit and published(). */
struct fr_edge {
    enum fr_error (*start)(struct fr_process *process, const void *config, void **state);
    void (*stop)(void *state);
    /* Each own event, once, in order, after its sync; on the stage's thread: hand over and return.
     * Not called for what is replayed at start: those who come back ask from where they were. */
    void (*published)(void *state, const struct fr_record *event);
    void (*reloaded)(void *state, const void *config); /* or NULL */
    /* The link to a peer came up or went down, or NULL; on the stage's thread: hand over and
     * return. At the start none is up, and nothing is said of those that stay down. */
    void (*link)(void *state, const char *peer, bool up);
    /* Extra lines for /metrics (Prometheus text), or NULL; any thread. */
    void (*metrics)(void *state, FILE *out);
};

struct fr_stage {
    const char *name;                   /* the service: "routing"; its section in the YAML */
    const struct fr_config_key *config; /* or NULL */
    size_t config_size;
    fr_config_check_fn *config_check; /* or NULL */
    const struct fr_table *tables;    /* ends with FR_TABLE_END */
    const struct fr_input *inputs;
    const struct fr_event *events;
    const struct fr_query *queries;       /* or NULL */
    const struct fr_effect_kind *effects; /* or NULL */
    const struct fr_counter *counters;    /* or NULL */
    const struct fr_edge *edge;           /* or NULL */
    /* Which routes of an upstream we care for; NULL function or NULL result: all of them.  One
     * label. */
    const char *(*route)(const void *config, const char *upstream_role);
    /* The journal's name when it is not the service's ("desk.tana" from the configuration), or
     * NULL. */
    const char *(*journal_name)(const void *config);
    /* Raised by one when the keys or values of `tables` change: tables of an older layout are
     * dropped and rebuilt from the journal at start, those of a newer one are refused before
     * anything is written.  0 counts as 1. */
    uint32_t layout;
    /* Before it records meant something else to apply: such tables are refused as well, and left as
     * they are.  0: all can be rebuilt. */
    uint32_t layout_oldest;
};

/* The whole life of a service: arguments, configuration, start, loop, drain, exit status.
 *   --config FILE     default $FILROUGE_CONFIG, else /etc/filrouge/filrouge.yaml
 *   --check           configuration only: says what is wrong, exit 1
 *   --print-config    what is in force
 *   --reference       every key of its section, as Markdown
 *   --follow          standby: only apply what the primary (same name) has journalled
 *   --dump            tables as text, key by key, and exit (refused while another process owns
 * them)
 *   --rebuild         drop the tables and replay the journal through apply, then exit
 */
int fr_stage_main(int argc, char **argv, const struct fr_stage *stage);

/* ---- for edges --------------------------------------------------------------------------------
 */

struct fr_outcome {
    enum fr_error error;    /* FR_OK: durable; FR_REJECTED; FR_BUSY: not taken, come back; FR_FULL,
                               FR_GONE (stopping): likewise */
    const char *reason;     /* for FR_REJECTED; else "" */
    struct fr_slice answer; /* what fr_answer gave; borrowed for the call */
    uint64_t first_id;      /* of the first event it caused; 0: none */
};
struct fr_submission {
    uint32_t kind;
    uint64_t key;
    const char *brand;                                             /* NULL: none */
    struct fr_slice body;                                          /* copied */
    void (*done)(void *context, const struct fr_outcome *outcome); /* on the stage's thread, after
                               the sync, exactly once if fr_submit said FR_OK; may be NULL */
    void *context;
};
/* Any thread; never waits.  FR_BUSY: the stage is under pressure (disk reserve reached, or too much
 * waiting): tell the customer to come back (503 with Retry-After, 451). FR_TOO_BIG. */
enum fr_error fr_submit(struct fr_process *process, const struct fr_submission *submission);
enum fr_error fr_submit_message(struct fr_process *process, uint32_t kind,
                                const ProtobufCMessage *message, const char *brand, uint64_t key,
                                void (*done)(void *, const struct fr_outcome *), void *context);
/* A consistent view of the last checkpoint, for an edge's own look-ups that may lag; short. */
struct fr_store *fr_process_store(struct fr_process *process);
const char *fr_process_name(const struct fr_process *process); /* the journal's name */
bool fr_process_ready(const struct fr_process *process);       /* replayed and caught up */
void fr_process_count(struct fr_process *process, int counter, uint64_t by); /* any thread */
/* The installation's top-level facts. */
const char *fr_process_run_dir(const struct fr_process *process);
const char *fr_process_state_dir(const struct fr_process *process); /* of this service */

/* ---- common configuration ----------------------------------------------------------------------
 */

struct fr_common_config { /* top level of the YAML */
    const char *state;    /* directory; one folder per service below it */
    const char *run;      /* directory of the sockets */
    struct fr_config_list
        channels; /* const char *: names of the channel services: the role "channel" */
    struct fr_config_list sites;  /* const char *: key `desks`: names of the sites whose desks
                                     connect: the role "desk" */
    struct fr_config_list brands; /* struct fr_brand_config */
    struct fr_config_list calendar_rows; /* struct fr_calendar_config: key `calendars` */
    struct fr_config_list
        endpoints; /* struct fr_endpoint_config: where services listen if not on run/<name>.sock */
};
struct fr_brand_config {
    const char *name;         /* at most 15 bytes */
    const char *title;        /* what customers read */
    const char *token_secret; /* SECRET: signs customer tokens of this brand's shop; or NULL */
};
struct fr_endpoint_config {
    const char *name;
    const char *endpoint;
    const char *key; /* Z85 public key of the service, for tcp */
};
const struct fr_common_config *fr_process_common(const struct fr_process *process);

#endif
