/* ticket.c - GET /form/answer?ticket=...: what became of the message, for whoever holds its ticket.
 *
 * The look goes through the stage, so that it sees what is durable now and can note what was read.
 * While the stage takes nothing (its disk is full), the last checkpoint is shown instead, and
 * nothing is noted.
 */
#include <endian.h>
#include <stdlib.h>
#include "services/channel_webform/counters.h"
#include "services/channel_webform/edge.h"
#include "services/channel_webform/page.h"

static void
refuse_ticket(struct webform_edge *edge, struct fr_http *http, uint64_t request, bool html)
{
    fr_process_count(edge->process, WEBFORM_COUNT_TICKET_NO, 1);
    webform_answer_error(http, request, html, 404, "ticket", "",
                         "There is no such ticket, or it is not kept any more.");
}

static void
answer_html(struct webform_edge *edge, struct fr_http *http, uint64_t request, struct fr_slice text)
{
    const struct webform_doors *doors = atomic_load(&edge->doors);
    json_t *json = json_loadb(text.data, text.size, 0, NULL);
    const char *account = json_string_value(json_object_get(json, "account"));
    const struct webform_door *door = account == NULL ? NULL : webform_door_find(doors, account);
    char *page = webform_page_ticket(json, door == NULL ? "" : door->brand->title);

    if (json == NULL || page == NULL)
        webform_answer_trouble(edge, http, request, true, FR_NO_MEMORY);
    else
        fr_http_answer(http, request, 200, "text/html; charset=utf-8", NULL, fr_slice_str(page));
    free(page);
    json_decref(json);
}

static void
answer_found(struct webform_edge *edge, struct fr_http *http, uint64_t request, bool html,
             struct fr_slice text)
{
    if (html)
        answer_html(edge, http, request, text);
    else
        fr_http_answer(http, request, 200, "application/json", NULL, text);
}

/* On the stage's thread. */
static void
on_outcome(void *context, const struct fr_outcome *outcome)
{
    struct webform_waiting *waiting = context;
    struct webform_edge *edge = waiting->edge;

    if (edge->http == NULL)
        ;
    else if (outcome->error == FR_OK)
        answer_found(edge, edge->http, waiting->request, waiting->html, outcome->answer);
    else if (outcome->error == FR_REJECTED)
        refuse_ticket(edge, edge->http, waiting->request, waiting->html);
    else
        webform_answer_trouble(edge, edge->http, waiting->request, waiting->html, outcome->error);
    free(waiting);
}

static void
answer_from_checkpoint(struct webform_edge *edge, uint64_t request, bool html, uint64_t ticket)
{
    struct fr_store *store = fr_process_store(edge->process);
    struct fr_store_position position;
    const struct fr_view *view;
    json_t *json = NULL;
    enum fr_error err = fr_store_read_begin(store, &view, &position);

    if (err == FR_OK) {
        err = webform_ticket_json(view, edge->arena, ticket, &json);
        fr_store_read_end(store, &view);
        fr_arena_reset(edge->arena);
    }
    if (err == FR_OK) {
        char *text = json_dumps(json, JSON_COMPACT);

        answer_found(edge, edge->http, request, html, fr_slice_str(text));
        free(text);
        json_decref(json);
    } else if (err == FR_NOT_FOUND) {
        refuse_ticket(edge, edge->http, request, html);
    } else {
        webform_answer_trouble(edge, edge->http, request, html, err);
    }
}

void
webform_handle_ticket(void *context, const struct fr_http_request *request)
{
    struct webform_edge *edge = context;
    const char *text = fr_http_query(request, "ticket");
    bool html = webform_accepts_html(request);
    Fr__AnswersAsked asked = FR__ANSWERS_ASKED__INIT;
    struct webform_waiting *waiting;
    char address[FR_ID_TEXT_SIZE];
    uint64_t ticket;
    enum fr_error err;

    webform_enter(edge);
    if (text == NULL ||
        fr_seal_read(&edge->seal, "ticket", fr_slice_str(text), &ticket, sizeof(ticket)) != FR_OK) {
        refuse_ticket(edge, edge->http, request->id, html);
        return;
    }
    ticket = be64toh(ticket);
    asked.address = fr_id_format(ticket, address);
    asked.account = "";
    waiting = webform_wait(edge, request, html);
    if (waiting == NULL)
        return;
    err = fr_submit_message(edge->process, FR_ANSWERS_ASKED, &asked.base, NULL, 0, on_outcome,
                            waiting);
    if (err == FR_OK)
        return;
    free(waiting);
    answer_from_checkpoint(edge, request->id, html, ticket);
}
