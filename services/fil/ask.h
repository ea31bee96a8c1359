/* ask.h - a question to a running service over its control socket (common/stage/control.c). */
#ifndef FR_FIL_ASK_H
#define FR_FIL_ASK_H

#include "services/fil/install.h"

struct fil_asked {
    enum fr_error error; /* FR_GONE: nobody listens there; FR_AGAIN: no answer in time */
    char code[32];       /* the service's own word for it: "not_found" */
    char message[512];
};

/* The answer (new reference), or NULL with *asked filled; nothing is printed.  Takes args (may be
 * NULL). */
json_t *fil_ask_quietly(struct fil *fil, const char *journal, const char *query, json_t *args,
                        struct fr_span patience, struct fil_asked *asked);
/* The same; trouble is printed with what to do about it. */
json_t *fil_ask(struct fil *fil, const char *journal, const char *query, json_t *args);

/* A record submitted as a person's word: {"submit": record, "message": {...}}.  What the service
 * answered once it is durable (new reference); NULL after saying why it was not taken.  Takes
 * message. */
json_t *fil_tell(struct fil *fil, const char *journal, const char *record, json_t *message);
/* The same with nothing printed.  asked->code "busy": come back; "rejected": message says why. */
json_t *fil_tell_quietly(struct fil *fil, const char *journal, const char *record, json_t *message,
                         struct fr_span patience, struct fil_asked *asked);

/* What went wrong and what to do about it, on stderr. */
void fil_say_trouble(const char *journal, const struct fil_asked *asked);

/* Does anybody listen on that path? */
bool fil_socket_alive(const char *path);
/* ipc path of a journal's control socket; false: too long for a socket. */
bool fil_control_path(const char *run, const char *journal, char *path, size_t size);

#endif
