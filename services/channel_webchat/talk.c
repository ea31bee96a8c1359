/* talk.c - what browsers say: checked, counted, and handed to the stage.  On the loop's thread. */
#include <stdlib.h>
#include <strings.h>
#include "services/channel_webchat/counters.h"
#include "services/channel_webchat/edge.h"
#include "services/channel_webchat/hear.h"

#define FAULTS_MAX 20 /* then the connection is closed */
#define SIGN_INS_PER_MINUTE 12

struct talk { /* one message on its way; the guests' lock is held */
    struct webchat_edge *edge;
    struct webchat_guest *guest;
    const struct webchat_config *config;
    const struct webchat_door *door;
    const struct webchat_heard *heard;
};

static void
refuse(const struct talk *talk, int counter, const char *code, const char *message, const char *id,
       struct fr_span wait)
{
    const struct webchat_error error = {.code = code,
                                        .message = message,
                                        .id = id,
                                        .retry_ms = wait.us == 0 ? 0 : wait.us / 1000 + 1};

    fr_process_count(talk->edge->process, counter, 1);
    webchat_tell_error(talk->edge, talk->guest->id, &error);
}

static void
refuse_fault(const struct talk *talk, const char *code, const char *message, const char *id)
{
    refuse(talk, WEBCHAT_COUNT_MALFORMED, code, message, id, (struct fr_span){0});
    if (++talk->guest->faults > FAULTS_MAX)
        fr_ws_close(talk->edge->http, talk->guest->id, 1008, "too many faults");
}

static bool
is_slow_enough(const struct talk *talk, struct webchat_rate *rate, int64_t per_minute,
               const char *id)
{
    struct fr_span wait;

    if (webchat_rate_take(rate, per_minute, fr_time_monotonic(), &wait))
        return true;
    refuse(talk, WEBCHAT_COUNT_TOO_FAST, "too_fast", "That is too fast; it will be tried again.",
           id, wait);
    return false;
}

/* ---- open ---- */

/* The session that he has, or a new one. */
static bool
choose_session(const struct talk *talk, char session[WEBCHAT_SESSION_SIZE])
{
    struct webchat_edge *edge = talk->edge;
    enum fr_error err;

    if (talk->heard->session == NULL) {
        if (!is_slow_enough(talk, &webchat_address_of(&edge->guests, talk->guest->peer)->sessions,
                            talk->config->sessions_per_minute_of_address, ""))
            return false;
        webchat_session_make(session);
        return true;
    }
    err =
        webchat_session_read(&edge->seal, talk->guest->account, fr_slice_str(talk->heard->session),
                             fr_time_wall(), talk->config->session_time, session);
    if (err == FR_OK)
        return true;
    refuse(talk, WEBCHAT_COUNT_SESSION_NO, "session",
           err == FR_GONE ? "The session has expired." : "The session is not one of this chat.", "",
           (struct fr_span){0});
    return false;
}

static bool
check_token(const struct talk *talk, struct fr_token *token)
{
    char message[120];
    const char *why;

    if (fr_token_check(fr_slice_str(talk->heard->customer_token), talk->door->brand->token_secret,
                       talk->door->brand->name, fr_time_wall(), token, &why) == FR_OK)
        return true;
    snprintf(message, sizeof(message), "The customer token %s.", why);
    refuse(talk, WEBCHAT_COUNT_TOKEN_NO, "customer_token", message, "", (struct fr_span){0});
    return false;
}

static void
take_open(const struct talk *talk)
{
    struct webchat_guest *guest = talk->guest;
    char session[WEBCHAT_SESSION_SIZE];
    bool proves = talk->heard->customer_token != NULL;
    struct fr_token token;

    if (guest->state != WEBCHAT_NEW) {
        refuse_fault(talk, "malformed", "The chat is open already.", "");
        return;
    }
    if ((proves && !check_token(talk, &token)) || !choose_session(talk, session))
        return;
    if (webchat_guest_join(&talk->edge->guests, guest, session,
                           (size_t)talk->config->windows_max) != FR_OK) {
        refuse(talk, WEBCHAT_COUNT_TOO_FAST, "too_many_windows",
               "This chat is open in too many windows.", "", (struct fr_span){0});
        return;
    }
    guest->state = WEBCHAT_OPENING;
    if (webchat_ask(talk->edge, guest, talk->heard->last, proves ? &token : NULL, true) == FR_OK)
        return;
    guest->state = WEBCHAT_NEW;
    webchat_guest_join(&talk->edge->guests, guest, "", 0);
    webchat_tell_busy(talk->edge, guest->id, "");
}

/* ---- the rest, in an open chat ---- */

static void
submit_message(const struct talk *talk)
{
    const struct webchat_heard *heard = talk->heard;
    struct webchat_waiting *waiting = calloc(1, sizeof(*waiting));
    Fr__MessageReceived message = FR__MESSAGE_RECEIVED__INIT;
    char external_id[WEBCHAT_EXTERNAL_ID_SIZE];
    enum fr_error err = FR_BUSY;

    if (waiting != NULL) {
        *waiting = (struct webchat_waiting){talk->edge, talk->guest->id, false, ""};
        strcpy(waiting->client_id, heard->id);
        message.channel = WEBCHAT_CHANNEL;
        message.account = talk->guest->account;
        message.address = talk->guest->session;
        message.external_id =
            (char *)webchat_external_id(talk->guest->session, heard->id, external_id);
        message.text = (char *)heard->text;
        message.page = (char *)heard->page;
        message.language = (char *)heard->language;
        message.received_us = fr_time_wall().unix_us;
        err = fr_submit_message(talk->edge->process, FR_MESSAGE_RECEIVED, &message.base,
                                talk->door->brand->name, 0, webchat_on_said, waiting);
    }
    if (err != FR_OK) {
        free(waiting);
        webchat_tell_busy(talk->edge, talk->guest->id, heard->id);
    }
}

static void
take_message(const struct talk *talk)
{
    struct webchat_address *address = webchat_address_of(&talk->edge->guests, talk->guest->peer);

    if (is_slow_enough(talk, &talk->guest->messages, talk->config->messages_per_minute,
                       talk->heard->id) &&
        is_slow_enough(talk, &address->messages, talk->config->messages_per_minute_of_address,
                       talk->heard->id))
        submit_message(talk);
}

static void
take_identify(const struct talk *talk)
{
    struct fr_token token;

    if (!is_slow_enough(talk, &talk->guest->sign_ins, SIGN_INS_PER_MINUTE, "") ||
        !check_token(talk, &token))
        return;
    if (webchat_ask(talk->edge, talk->guest, talk->guest->sent, &token, true) != FR_OK)
        webchat_tell_busy(talk->edge, talk->guest->id, "");
}

/* What it says again, and what it cannot have seen, is not worth a record. */
static void
take_seen(const struct talk *talk)
{
    struct webchat_guest *guest = talk->guest;
    Fr__AnswersSeen seen = FR__ANSWERS_SEEN__INIT;

    seen.address = guest->session;
    seen.delivered = talk->heard->delivered < guest->sent ? talk->heard->delivered : guest->sent;
    seen.read = talk->heard->read < seen.delivered ? talk->heard->read : seen.delivered;
    if (seen.delivered <= guest->told_delivered && seen.read <= guest->told_read)
        return;
    if (fr_submit_message(talk->edge->process, FR_ANSWERS_SEEN, &seen.base, talk->door->brand->name,
                          0, NULL, NULL) != FR_OK)
        return; /* it will say more later, or say it again when it comes back */
    guest->told_delivered = seen.delivered;
    guest->told_read = seen.read;
}

/* Counted with the sign-ins: nobody does either more than a few times a minute. */
static void
take_choice(const struct talk *talk)
{
    const struct webchat_heard *heard = talk->heard;
    struct webchat_waiting *waiting;
    Fr__WaitChosen chosen = FR__WAIT_CHOSEN__INIT;
    enum fr_error err = FR_BUSY;

    if (!is_slow_enough(talk, &talk->guest->sign_ins, SIGN_INS_PER_MINUTE, ""))
        return;
    chosen.address = talk->guest->session;
    chosen.choice = strcmp(heard->choice, "wait") == 0           ? FR__WAIT_CHOICE__KEEP_WAITING
                    : strcmp(heard->choice, "self_service") == 0 ? FR__WAIT_CHOICE__SELF_SERVICE
                                                                 : FR__WAIT_CHOICE__CALL_ME_BACK;
    chosen.has_from_us = chosen.has_to_us = heard->from_ms > 0;
    chosen.from_us = heard->from_ms * 1000;
    chosen.to_us = heard->to_ms * 1000;
    chosen.number = (char *)heard->number;
    waiting = calloc(1, sizeof(*waiting));
    if (waiting != NULL) {
        *waiting = (struct webchat_waiting){talk->edge, talk->guest->id, false, ""};
        err = fr_submit_message(talk->edge->process, FR_WAIT_CHOSEN, &chosen.base,
                                talk->door->brand->name, 0, webchat_on_chosen, waiting);
    }
    if (err != FR_OK) {
        free(waiting);
        webchat_tell_busy(talk->edge, talk->guest->id, "");
    }
}

static void
take(const struct talk *talk)
{
    if (talk->heard->type != WEBCHAT_OPEN && talk->guest->state != WEBCHAT_OPENED) {
        refuse_fault(talk, "not_open", "Open the chat first.",
                     talk->heard->id == NULL ? "" : talk->heard->id);
        return;
    }
    switch (talk->heard->type) {
    case WEBCHAT_OPEN:
        take_open(talk);
        return;
    case WEBCHAT_MESSAGE:
        take_message(talk);
        return;
    case WEBCHAT_IDENTIFY:
        take_identify(talk);
        return;
    case WEBCHAT_SEEN:
        take_seen(talk);
        return;
    case WEBCHAT_CHOOSE:
        take_choice(talk);
        return;
    }
}

/* ---- the connection ---- */

/* Nobody named: then it is the page that this service serves itself. */
static bool
is_own(const struct fr_http_request *request, const char *origin)
{
    const char *host = fr_http_header(request, "host"), *authority = strstr(origin, "://");

    return host != NULL && authority != NULL && strcasecmp(authority + 3, host) == 0;
}

static bool
origin_allowed(const struct webchat_account *account, const struct fr_http_request *request)
{
    const char *const *origins = account->allow_origins.items;
    const char *origin = fr_http_header(request, "origin");

    if (origin == NULL)
        return true; /* no browser: nobody's page to protect */
    for (size_t i = 0; i < account->allow_origins.count; i++)
        if (strcmp(origins[i], "*") == 0 || strcmp(origins[i], origin) == 0)
            return true;
    return account->allow_origins.count == 0 && is_own(request, origin);
}

static enum fr_error
on_open(void *context, const struct fr_http_request *request, int *status)
{
    struct webchat_edge *edge = context;
    const char *account = fr_http_query(request, "account");
    const struct webchat_door *door;
    struct webchat_guest *guest;

    webchat_enter(edge);
    door = account == NULL ? NULL : webchat_door_find(atomic_load(&edge->doors), account);
    if (door == NULL) {
        *status = 404;
        return FR_NOT_FOUND;
    }
    if (!origin_allowed(door->account, request)) {
        fr_process_count(edge->process, WEBCHAT_COUNT_ORIGIN_NO, 1);
        *status = 403;
        return FR_DENIED;
    }
    pthread_mutex_lock(&edge->guests.lock);
    guest = webchat_guest_add(&edge->guests, request->id, account, request->peer);
    pthread_mutex_unlock(&edge->guests.lock);
    *status = 503;
    return guest == NULL ? FR_NO_MEMORY : FR_OK;
}

static void
on_opened(void *context, uint64_t id)
{
    (void)context;
    (void)id; /* the browser speaks first */
}

static void
on_text(void *context, uint64_t id, struct fr_slice text)
{
    struct webchat_edge *edge = context;
    const struct webchat_doors *doors = atomic_load(&edge->doors);
    struct talk talk = {.edge = edge, .config = doors->config};
    struct webchat_heard heard;
    struct webchat_fault fault;
    enum fr_error err = webchat_hear(text, &heard, &fault);

    pthread_mutex_lock(&edge->guests.lock);
    talk.guest = webchat_guest_find(&edge->guests, id);
    talk.door = talk.guest == NULL ? NULL : webchat_door_find(doors, talk.guest->account);
    talk.heard = &heard;
    if (talk.guest == NULL)
        ; /* it has just gone */
    else if (talk.door == NULL)
        fr_ws_close(edge->http, id, 1008, "this chat is closed");
    else if (err != FR_OK)
        refuse_fault(&talk, fault.code, fault.why, fault.id);
    else
        take(&talk);
    pthread_mutex_unlock(&edge->guests.lock);
    if (err == FR_OK)
        webchat_heard_fini(&heard);
}

static void
on_closed(void *context, uint64_t id)
{
    struct webchat_edge *edge = context;

    pthread_mutex_lock(&edge->guests.lock);
    webchat_guest_remove(&edge->guests, id);
    pthread_mutex_unlock(&edge->guests.lock);
}

/* clang-format off */
const struct fr_ws_handlers webchat_sockets[] = {
    { "/chat/socket", "filrouge.chat.1", on_open, on_opened, on_text, on_closed },
    { NULL, NULL, NULL, NULL, NULL, NULL },
};
/* clang-format on */
