/* submit.c - POST /form/<account>: from a request to a durable record, and only then an answer. */
#include <endian.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include "common/token/token.h"
#include "services/channel_webform/counters.h"
#include "services/channel_webform/edge.h"
#include "services/channel_webform/form.h"

#define KEY_MAX 5
#define ADDRESS_SIZE 640 /* of a status_url */

/* ---- who may, and in which format ---- */

static bool
origin_allowed(const struct fr_http_request *request, const struct webform_account *account)
{
    const char *const *origins = account->allow_origins.items;
    const char *origin = fr_http_header(request, "origin");

    if (origin == NULL || account->allow_origins.count == 0)
        return true;
    for (size_t i = 0; i < account->allow_origins.count; i++)
        if (strcmp(origins[i], origin) == 0)
            return true;
    return false;
}

/* The media type, whatever parameters follow; a charset other than UTF-8 shows in the bytes. */
static bool
format_of(const struct fr_http_request *request, enum webform_format *format)
{
    const char *type = fr_http_header(request, "content-type");
    size_t size = type == NULL ? 0 : strcspn(type, "; \t");

    if (size == 16 && strncasecmp(type, "application/json", size) == 0)
        *format = WEBFORM_JSON;
    else if (size == 33 && strncasecmp(type, "application/x-www-form-urlencoded", size) == 0)
        *format = WEBFORM_URLENCODED;
    else
        return false;
    return true;
}

/* ---- the outcome ---- */

static void
answer_ticket(const struct webform_waiting *waiting, const struct webform_taken *taken)
{
    struct webform_edge *edge = waiting->edge;
    const struct webform_config *config = atomic_load(&edge->doors)->config;
    uint64_t payload = htobe64(taken->ticket);
    char ticket[WEBFORM_TICKET_SIZE], id[FR_ID_TEXT_SIZE], url[ADDRESS_SIZE];
    char headers[ADDRESS_SIZE + 16], body[ADDRESS_SIZE + 128];
    int size;

    fr_seal_write(&edge->seal, "ticket", fr_slice(&payload, sizeof(payload)), ticket);
    snprintf(url, sizeof(url), "%s/form/answer?ticket=%s", config->public_url, ticket);
    snprintf(headers, sizeof(headers), "location: %s", url);
    if (waiting->html) {
        fr_http_answer(edge->http, waiting->request, 303, NULL, headers, fr_slice(NULL, 0));
        return;
    }
    size = snprintf(body, sizeof(body), "{\"id\":\"%s\",\"ticket\":\"%s\",\"status_url\":\"%s\"}",
                    fr_id_format(taken->ticket, id), ticket, url);
    fr_http_answer(edge->http, waiting->request, taken->repeated ? 200 : 201, "application/json",
                   headers, fr_slice(body, (size_t)size));
}

/* On the stage's thread, after the sync. */
static void
on_outcome(void *context, const struct fr_outcome *outcome)
{
    struct webform_waiting *waiting = context;
    struct webform_edge *edge = waiting->edge;

    if (edge->http == NULL) {
        /* stopped: the connection is gone, and the sender will ask again */
    } else if (outcome->error == FR_OK && outcome->answer.size == sizeof(struct webform_taken)) {
        struct webform_taken taken;

        memcpy(&taken, outcome->answer.data, sizeof(taken));
        answer_ticket(waiting, &taken);
    } else if (outcome->error == FR_REJECTED) {
        webform_answer_error(edge->http, waiting->request, waiting->html, 422, "conflict", "",
                             outcome->reason);
    } else {
        webform_answer_trouble(edge, edge->http, waiting->request, waiting->html, outcome->error);
    }
    free(waiting);
}

/* ---- from form to record ---- */

struct draft { /* a record being made; its texts are the form's and the token's */
    Fr__MessageReceived message;
    Fr__Key keys[KEY_MAX];
    Fr__Key *key_list[KEY_MAX];
    char random_id[33];
};

static void
add_key(struct draft *draft, const char *type, const char *value, bool verified, const char *region)
{
    Fr__Key *key = &draft->keys[draft->message.n_keys];

    fr_assert(draft->message.n_keys < KEY_MAX);
    fr__key__init(key);
    key->type = (char *)type;
    key->value = (char *)value;
    key->assurance = verified ? FR__ASSURANCE__VERIFIED : FR__ASSURANCE__CLAIMED;
    key->region = (char *)region;
    draft->key_list[draft->message.n_keys++] = key;
}

static void
add_keys(struct draft *draft, const struct webform_form *form, const struct fr_token *token,
         const struct webform_account *account)
{
    const char *email = form->text[WEBFORM_EMAIL];

    draft->message.keys = draft->key_list;
    if (token->sub[0] != '\0')
        add_key(draft, "login", token->sub, true, NULL);
    if (token->account[0] != '\0')
        add_key(draft, "account", token->account, true, NULL);
    if (token->email[0] != '\0')
        add_key(draft, "email", token->email, token->email_verified, NULL);
    if (email != NULL && strcmp(email, token->email) != 0)
        add_key(draft, "email", email, false, NULL);
    if (form->text[WEBFORM_PHONE] != NULL)
        add_key(draft, "phone", form->text[WEBFORM_PHONE], false, account->region);
}

/* Without a name for it from the sender every submission is another one. */
static const char *
make_id(struct draft *draft)
{
    unsigned char bytes[16];

    randombytes_buf(bytes, sizeof(bytes));
    return sodium_bin2hex(draft->random_id, sizeof(draft->random_id), bytes, sizeof(bytes));
}

static void
fill(struct draft *draft, const struct webform_form *form, const struct fr_token *token,
     const struct webform_account *account, const char *id)
{
    Fr__MessageReceived *message = &draft->message;
    const char *name = form->text[WEBFORM_NAME];

    fr__message_received__init(message);
    message->channel = WEBFORM_CHANNEL;
    message->account = (char *)account->name;
    message->external_id = (char *)(id != NULL ? id : make_id(draft));
    message->address = ""; /* the ticket, which decide gives */
    message->text = (char *)form->text[WEBFORM_MESSAGE];
    message->received_us = fr_time_wall().unix_us;
    message->name = (char *)(name != NULL || token->name[0] == '\0' ? name : token->name);
    message->subject = (char *)form->text[WEBFORM_SUBJECT];
    message->language = (char *)form->text[WEBFORM_LANGUAGE];
    message->page = (char *)form->text[WEBFORM_PAGE];
    message->has_complaint = message->complaint = form->complaint;
    add_keys(draft, form, token, account);
}

static void
submit(struct webform_edge *edge, const struct fr_http_request *request, bool html,
       const Fr__MessageReceived *message, const char *brand)
{
    struct fr_submission submission = {
        .kind = FR_MESSAGE_RECEIVED, .brand = brand, .done = on_outcome};
    size_t size = fr__message_received__get_packed_size(message);
    enum fr_error err;

    fr_assert(size <= sizeof(edge->packed)); /* no field is larger than the body it came in */
    submission.context = webform_wait(edge, request, html);
    if (submission.context == NULL)
        return;
    fr__message_received__pack(message, edge->packed);
    submission.body = fr_slice(edge->packed, size);
    err = fr_submit(edge->process, &submission);
    if (err == FR_OK)
        return;
    free(submission.context);
    webform_answer_trouble(edge, edge->http, request->id, html, err);
}

/* ---- the request ---- */

struct post { /* one request on its way */
    struct webform_edge *edge;
    const struct fr_http_request *request;
    const struct webform_door *door;
    bool html;
};

static void
refuse(const struct post *post, int counter, int status, const char *code, const char *field,
       const char *message)
{
    fr_process_count(post->edge->process, counter, 1);
    webform_answer_error(post->edge->http, post->request->id, post->html, status, code, field,
                         message);
}

/* From the header or the field; both only if they agree. */
static bool
choose_id(const struct post *post, const struct webform_form *form, const char **id)
{
    const char *header = fr_http_header(post->request, "idempotency-key");
    const char *field = form->text[WEBFORM_ID];

    *id = header != NULL ? header : field;
    if (header != NULL && !webform_id_valid(header)) {
        refuse(post, WEBFORM_COUNT_MALFORMED, 400, "invalid", "Idempotency-Key",
               "must be 1 to 128 visible ASCII characters");
        return false;
    }
    if (header != NULL && field != NULL && strcmp(header, field) != 0) {
        refuse(post, WEBFORM_COUNT_MALFORMED, 400, "invalid", "id",
               "is another one than the header Idempotency-Key");
        return false;
    }
    return true;
}

static bool
check_token(const struct post *post, const struct webform_form *form, struct fr_token *token)
{
    const char *text = form->text[WEBFORM_CUSTOMER_TOKEN], *why;

    if (text == NULL ||
        fr_token_check(fr_slice_str(text), post->door->brand->token_secret, post->door->brand->name,
                       fr_time_wall(), token, &why) == FR_OK)
        return true;
    refuse(post, WEBFORM_COUNT_TOKEN_NO, 401, "customer_token", "customer_token", why);
    return false;
}

static void
take_form(const struct post *post, const struct webform_form *form)
{
    struct fr_token token = {.sub = ""};
    struct draft draft;
    const char *id;

    if (!choose_id(post, form, &id) || !check_token(post, form, &token))
        return;
    fill(&draft, form, &token, post->door->account, id);
    submit(post->edge, post->request, post->html, &draft.message, post->door->brand->name);
}

void
webform_handle_post(void *context, const struct fr_http_request *request)
{
    struct webform_edge *edge = context;
    const struct webform_doors *doors = atomic_load(&edge->doors);
    struct post post = {edge, request, webform_door_find(doors, request->rest), false};
    enum webform_format format;
    struct webform_fault fault;
    struct webform_form form;
    enum fr_error err;

    webform_enter(edge);
    if (post.door == NULL) {
        fr_http_answer_error(edge->http, request->id, 404, "not_found", "There is no such form.");
        return;
    }
    if (!format_of(request, &format)) {
        refuse(&post, WEBFORM_COUNT_MALFORMED, 415, "media_type", "",
               "Send application/json or application/x-www-form-urlencoded.");
        return;
    }
    post.html = format == WEBFORM_URLENCODED && webform_accepts_html(request);
    if (!origin_allowed(request, post.door->account)) {
        refuse(&post, WEBFORM_COUNT_ORIGIN_NO, 403, "origin", "", "This page may not post here.");
        return;
    }
    err = webform_form_read(request->body, format, &form, &fault);
    if (err == FR_INVALID) {
        refuse(&post, WEBFORM_COUNT_MALFORMED, 400, "invalid", fault.field, fault.why);
    } else if (err != FR_OK) {
        webform_answer_trouble(edge, edge->http, request->id, post.html, err);
    } else {
        take_form(&post, &form);
        webform_form_fini(&form);
    }
}
