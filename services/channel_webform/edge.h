/* edge.h - what the files of the edge share: edge.c (life), submit.c (POST), ticket.c (GET).
 *
 * Handlers run on the HTTP loop's thread, outcomes and reloads on the stage's.  What both look at
 * is either constant or one pointer that is swapped (struct webform_doors).
 */
#ifndef FR_WEBFORM_EDGE_H
#define FR_WEBFORM_EDGE_H

#include <pthread.h>
#include <stdatomic.h>
#include "common/http/http.h"
#include "common/token/seal.h"
#include "services/channel_webform/webform.h"

#define WEBFORM_BODY_SIZE_MAX (48 * 1024) /* of a POST; over it 413 */
#define WEBFORM_TICKET_SIZE FR_SEAL_TEXT_SIZE(sizeof(uint64_t))

struct webform_door { /* an account, and what its brand adds to it */
    const struct webform_account *account;
    const struct fr_brand_config *brand;
};
struct webform_doors { /* of one configuration; readers take the pointer once per request */
    const struct webform_config *config;
    size_t count;
    struct webform_door rows[];
};

struct webform_edge {
    struct fr_process *process;
    struct fr_http *http;     /* NULL before the start and after the end */
    pthread_mutex_t starting; /* held until http is set: its thread may be faster than we are */
    pthread_mutex_t ending;   /* held while http goes, and while metrics look at it */
    struct fr_seal seal;
    _Atomic(struct webform_doors *) doors;
    struct webform_doors *retired; /* the ones before; a request may still look at them */
    struct fr_arena *arena;        /* the loop's thread */
    uint8_t packed[WEBFORM_BODY_SIZE_MAX + 4096]; /* likewise: the record being submitted */
};

struct webform_waiting { /* a request whose outcome is not known yet */
    struct webform_edge *edge;
    uint64_t request;
    bool html;
};

/* First of all in a handler: from here on edge->http is set. */
void webform_enter(struct webform_edge *edge);

/* NULL: no such account. */
const struct webform_door *webform_door_find(const struct webform_doors *doors, const char *name);

/* On the loop's thread; NULL: no memory, and the request was answered. */
struct webform_waiting *webform_wait(struct webform_edge *edge,
                                     const struct fr_http_request *request, bool html);
bool webform_accepts_html(const struct fr_http_request *request);

/* {"error", "field" if any, "message"}, or the same as a page.  Any thread. */
void webform_answer_error(struct fr_http *http, uint64_t request, bool html, int status,
                          const char *code, const char *field, const char *message);
/* A submission that did not go through: 503 with Retry-After, or what else it was. */
void webform_answer_trouble(struct webform_edge *edge, struct fr_http *http, uint64_t request,
                            bool html, enum fr_error err);

fr_http_handler webform_handle_post;   /* submit.c: POST /form/<account> */
fr_http_handler webform_handle_ticket; /* ticket.c: GET /form/answer?ticket=... */

#endif
