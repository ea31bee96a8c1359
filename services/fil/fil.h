/* fil.h - what every noun of the command line shares: options, the installation, questions to
 * services.
 *
 *     fil NOUN VERB ... --> command (one row per verb, in the noun's own file)
 *                              | asks     ipc://<run>/<journal>.ctl   (ask.h)
 *                              | reads    <state>/<journal>/journal   (source.h)
 *                              | speaks   HTTP and WebSocket          (net.h, websocket.h)
 *
 * fil keeps nothing and decides nothing: whatever it changes, it asks a service to change.
 */
#ifndef FR_FIL_FIL_H
#define FR_FIL_FIL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include "common/stage/options.h"

#define FIL_OK 0
#define FIL_FAILED 1
#define FIL_USAGE 64

struct fil_install;

struct fil {            /* one run of the command */
    const char *config; /* --config, or NULL: looked for */
    const char *run;    /* --run: the directory of the sockets, or NULL: as configured */
    bool json;
    bool colour; /* stdout is a terminal that wants it */
    char program_dir[512];
    struct fil_install *install; /* loaded on demand; see fil_install_get */
};

/* ---- commands ---- */

enum fil_option_type {
    FIL_FLAG, /* bool */
    FIL_TEXT, /* const char * */
    FIL_INT,  /* int64_t */
    FIL_REAL, /* double */
    FIL_SPAN, /* struct fr_span */
    FIL_TEXTS /* struct fil_texts: may be given several times */
};
#define FIL_TEXTS_MAX 64
struct fil_texts {
    const char *items[FIL_TEXTS_MAX];
    size_t count;
};
struct fil_option {
    const char *name; /* "--text"; NULL ends the table */
    enum fil_option_type type;
    size_t offset;     /* in the command's own struct */
    const char *value; /* for the help: "N"; NULL for flags */
    const char *doc;
    const char *usual; /* the value without the option, as text; or NULL */
};
struct fil_command {
    const char *noun, *verb; /* verb NULL: the noun stands alone; noun NULL ends the table */
    const char *args;        /* for the help: "MESSAGE | TICKET" */
    int arg_min, arg_max;    /* arg_max < 0: any number */
    const char *doc;         /* one sentence */
    const char *examples;    /* whole lines */
    const struct fil_option *options; /* or NULL */
    size_t given_size;
    /* `given` is the command's own struct, filled from its options.  Returns the exit status. */
    int (*run)(struct fil *fil, const void *given, int argc, char **argv);
    bool raw; /* everything behind the noun goes to run() unread */
};

int fil_main(int argc, char **argv);

/* One table per noun; fil.c lists them. */
extern const struct fil_command fil_agent_bot_commands[], fil_agent_commands[],
    fil_backup_commands[], fil_bundle_commands[], fil_calendar_commands[], fil_doctor_commands[],
    fil_health_commands[], fil_bench_commands[], fil_check_commands[], fil_clock_commands[],
    fil_config_commands[], fil_conversation_commands[], fil_customer_commands[],
    fil_dead_commands[], fil_identity_commands[], fil_journal_commands[], fil_keys_commands[],
    fil_mail_commands[], fil_metrics_commands[], fil_promise_commands[], fil_queue_commands[],
    fil_routing_commands[], fil_replay_commands[], fil_restore_commands[], fil_run_commands[],
    fil_send_commands[], fil_site_commands[], fil_simulate_commands[], fil_sla_commands[],
    fil_status_commands[], fil_token_commands[], fil_trace_commands[], fil_up_commands[];

/* "fil: ..." on stderr, with a final newline; returns FIL_FAILED. */
int fil_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
