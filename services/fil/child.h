/* child.h - one supervised service: its process, its log, when it is started again. */
#ifndef FR_FIL_CHILD_H
#define FR_FIL_CHILD_H

#include <sys/types.h>
#include "services/fil/backoff.h"
#include "services/fil/install.h"
#include "services/fil/logline.h"

enum fil_child_state {
    FIL_CHILD_WAITING, /* to be started at `start_us` */
    FIL_CHILD_RUNNING,
    FIL_CHILD_REFUSED,  /* its configuration is wrong: started again when the file has changed */
    FIL_CHILD_STOPPING, /* asked to end */
    FIL_CHILD_ENDED,    /* for good */
};

struct fil_child {
    struct fil_service service;
    char program[FIL_PATH_SIZE];
    enum fil_child_state state;
    bool ready;
    bool leaving; /* not in the configuration any more */
    pid_t pid;
    int log;                                /* -1: none */
    int64_t started_us, start_us, asked_us; /* monotonic */
    struct fil_backoff backoff;
    unsigned restarts;
    void *question; /* ZeroMQ socket: is it ready? */
    bool question_open;
    size_t line_size;
    bool line_too_long;
    char line[8192];
};

struct fil_children; /* up.c */

void fil_child_init(struct fil_child *child, const struct fil_service *service, const char *program,
                    int64_t now_us);
/* FR_IO: it could not be started (said in the log); it waits like one that ended. */
enum fr_error fil_child_start(struct fil_child *child, const char *config, int64_t now_us);
/* Reads what it has to say, a line at a time; false: its end of the pipe is closed. */
bool fil_child_read_log(struct fil_child *child, struct fil_logline_style style);
/* waitpid() said `status`.  Decides what happens next and says so in the log. */
void fil_child_ended(struct fil_child *child, int status, const char *config, int64_t now_us,
                     bool draining);
void fil_child_signal(const struct fil_child *child, int signal);

/* Asks its control socket whether it is ready, without waiting; ready is set when the answer is
 * there. */
void fil_child_ask_ready(struct fil_child *child, void *zmq_context, const char *run);
void fil_child_hear_ready(struct fil_child *child);
void fil_child_stop_asking(struct fil_child *child);

#endif
