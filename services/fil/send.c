/* send.c - fil send: a customer's message through the contact form, as a shop's page sends it. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "common/token/token.h"
#include "services/fil/reply.h"
#include "services/fil/roster.h"
#include "services/fil/show.h"

#define LOOK_EVERY_MS 200
#define TOKEN_LIFE_S 3600

struct given {
    const char *account, *text, *name, *subject, *email, *login, *token, *id, *to;
    bool wait, complaint;
    struct fr_span patience;
};
#define GIVEN(field) offsetof(struct given, field)
static const struct fil_option options[] = {
    {"--text", FIL_TEXT, GIVEN(text), "TEXT", "What the customer says; - reads it from stdin.",
     NULL},
    {"--account", FIL_TEXT, GIVEN(account), "ACCOUNT", "Which form; else the first one.", NULL},
    {"--to", FIL_TEXT, GIVEN(to), "HOST:PORT", "Where the form is; else as configured.", NULL},
    {"--name", FIL_TEXT, GIVEN(name), "NAME", "What the customer calls himself.", NULL},
    {"--subject", FIL_TEXT, GIVEN(subject), "TEXT", "What it is about, in one line.", NULL},
    {"--email", FIL_TEXT, GIVEN(email), "ADDRESS", "As typed into the form: a claim, no proof.",
     NULL},
    {"--complaint", FIL_FLAG, GIVEN(complaint), NULL, "It is a complaint.", NULL},
    {"--login", FIL_TEXT, GIVEN(login), "LOGIN",
     "Signed in at the shop: a customer token is made with the brand's secret.", NULL},
    {"--token", FIL_TEXT, GIVEN(token), "TOKEN", "Or with this token (fil token sign).", NULL},
    {"--id", FIL_TEXT, GIVEN(id), "ID", "Idempotency key: sent twice, taken once.", NULL},
    {"--wait", FIL_FLAG, GIVEN(wait), NULL, "Wait for the answer, and print it.", NULL},
    {"--for", FIL_SPAN, GIVEN(patience), "SPAN", "How long to try, and to wait.", "60s"},
    {NULL},
};

/* ---- the form's fields ---- */

static void
set(json_t *form, const char *field, const char *value)
{
    if (value != NULL)
        json_object_set_new(form, field, json_string(value));
}

static bool
set_token(json_t *form, const struct given *given, const struct fil_form *door)
{
    struct fr_token token = {.expires_s = fr_time_wall().unix_us / 1000000 + TOKEN_LIFE_S};
    char text[FR_TOKEN_TEXT_SIZE];

    set(form, "customer_token", given->token);
    if (given->login == NULL)
        return true;
    if (door->token_secret == NULL) {
        fil_complain("brand '%s' has no token_secret: its shop signs nobody in", door->brand);
        return false;
    }
    snprintf(token.sub, sizeof(token.sub), "%s", given->login);
    snprintf(token.brand, sizeof(token.brand), "%s", door->brand);
    snprintf(token.name, sizeof(token.name), "%s", given->name != NULL ? given->name : "");
    if (fr_token_sign(&token, door->token_secret, text, sizeof(text)) != FR_OK) {
        fil_complain("--login '%s' cannot stand in a token", given->login);
        return false;
    }
    set(form, "customer_token", text);
    return true;
}

static char *
read_stdin(void)
{
    char *text = calloc(1, 20001);
    size_t size;

    fr_assert(text != NULL);
    size = fread(text, 1, 20000, stdin);
    while (size > 0 && text[size - 1] == '\n')
        text[--size] = '\0';
    return text;
}

static char *
form_body(const struct given *given, const struct fil_form *door)
{
    char random_id[33], *text = NULL, *body;
    unsigned char bytes[16];
    json_t *form = json_object();

    if (strcmp(given->text, "-") == 0)
        text = read_stdin();
    randombytes_buf(bytes, sizeof(bytes));
    sodium_bin2hex(random_id, sizeof(random_id), bytes, sizeof(bytes));
    set(form, "message", text != NULL ? text : given->text);
    set(form, "name", given->name);
    set(form, "subject", given->subject);
    set(form, "email", given->email);
    set(form, "id",
        given->id != NULL ? given->id : random_id); /* so that trying again is harmless */
    set(form, "complaint", given->complaint ? "true" : NULL);
    free(text);
    if (!set_token(form, given, door)) {
        json_decref(form);
        return NULL;
    }
    body = json_dumps(form, JSON_COMPACT);
    json_decref(form);
    if (body == NULL)
        fil_complain("the text is not UTF-8");
    return body;
}

/* ---- sending ---- */

static int
refused(int status, const json_t *answer)
{
    const char *message = json_string_value(json_object_get(answer, "message"));
    const char *field = json_string_value(json_object_get(answer, "field"));

    return fil_complain("the form refused it (%d): %s%s%s", status, field != NULL ? field : "",
                        field != NULL ? " " : "", message != NULL ? message : "");
}

/* A service that is busy or just starting is tried again: the same id makes that harmless. */
static json_t *
post(const struct fil_form *door, const char *body, struct fr_span patience)
{
    int64_t until_us = fr_time_monotonic().us + patience.us;
    char path[100];

    snprintf(path, sizeof(path), "/form/%s", door->account);
    for (;;) {
        int status = 0;
        json_t *answer = NULL;
        enum fr_error err = fil_http_ask(&door->address, "POST", path, NULL, body, fr_seconds(10),
                                         &status, &answer);

        if (err == FR_OK && (status == 201 || status == 200) && answer != NULL)
            return answer;
        if (err == FR_OK && status != 503 && status != 429 && status != 504) {
            refused(status, answer);
            json_decref(answer);
            return NULL;
        }
        json_decref(answer);
        if (fr_time_monotonic().us >= until_us) {
            fil_complain(err == FR_OK ? "the form at %s is busy"
                                      : "nobody answers at %s: start it with 'fil up'",
                         door->address.text);
            return NULL;
        }
        usleep(LOOK_EVERY_MS * 1000);
    }
}

/* ---- the answer ---- */

static json_t *
look(const struct fil_form *door, const char *ticket)
{
    char path[600];
    int status = 0;
    json_t *answer = NULL;

    snprintf(path, sizeof(path), "/form/answer?ticket=%s", ticket);
    if (fil_http_ask(&door->address, "GET", path, NULL, NULL, fr_seconds(10), &status, &answer) !=
            FR_OK ||
        status != 200) {
        json_decref(answer);
        return NULL;
    }
    return answer;
}

static bool
is_answered(const json_t *ticket)
{
    const char *state = json_string_value(json_object_get(ticket, "state"));

    return state != NULL && strcmp(state, "answered") == 0;
}

static void
print_answers(const json_t *ticket)
{
    const json_t *answer;
    size_t i;

    json_array_foreach(json_object_get(ticket, "answers"), i, answer)
    {
        const char *author = json_string_value(json_object_get(answer, "author"));
        char *text = fil_text_cut(json_string_value(json_object_get(answer, "text")), SIZE_MAX);

        printf("answer   %s%s%s\n", author != NULL ? author : "", author != NULL ? ": " : "", text);
        free(text);
    }
}

static int
await_answer(struct fil *fil, const struct given *given, const struct fil_form *door, json_t *sent)
{
    const char *ticket = json_string_value(json_object_get(sent, "ticket"));
    int64_t until_us = fr_time_monotonic().us + given->patience.us;

    while (fr_time_monotonic().us < until_us) {
        json_t *seen = look(door, ticket);

        if (is_answered(seen)) {
            if (fil->json) {
                json_object_set(sent, "answers", json_object_get(seen, "answers"));
                json_object_set(sent, "state", json_object_get(seen, "state"));
            } else {
                print_answers(seen);
            }
            json_decref(seen);
            return FIL_OK;
        }
        json_decref(seen);
        usleep(LOOK_EVERY_MS * 1000);
    }
    return fil_complain("nobody has answered in time; 'fil trace %s' shows where it is",
                        json_string_value(json_object_get(sent, "id")));
}

static void
print_sent(const json_t *sent)
{
    printf("message  %s\nticket   %s\n", json_string_value(json_object_get(sent, "id")),
           json_string_value(json_object_get(sent, "ticket")));
    fflush(stdout);
}

static int
run_send(struct fil *fil, const void *given_options, int argc, char **argv)
{
    const struct given *given = given_options;
    struct fil_form door;
    int status = FIL_OK;
    json_t *sent;
    char *body;

    (void)argc;
    (void)argv;
    if (given->text == NULL) {
        fil_complain("what does the customer say? --text TEXT");
        return FIL_USAGE;
    }
    if (!fil_form_load(fil, given->account, &door))
        return FIL_FAILED;
    if (given->to != NULL && !fil_address_parse(given->to, &door.address))
        return fil_complain("--to: '%s' is no HOST:PORT", given->to);
    body = form_body(given, &door);
    if (body == NULL)
        return FIL_FAILED;
    sent = post(&door, body, given->patience);
    free(body);
    if (sent == NULL)
        return FIL_FAILED;
    if (!fil->json)
        print_sent(sent);
    if (given->wait)
        status = await_answer(fil, given, &door, sent);
    if (fil->json)
        fil_show_json(json_incref(sent));
    json_decref(sent);
    return status;
}

const struct fil_command fil_send_commands[] = {
    {.noun = "send",
     .doc = "A customer's message through the contact form; returns when it is durable.",
     .examples = "  fil send --text 'My order has not arrived'\n"
                 "  fil send --text 'And now?' --login eve --name 'Eve Adams' --wait\n"
                 "  echo 'A long story' | fil send --text - --json\n",
     .options = options,
     .given_size = sizeof(struct given),
     .run = run_send},
    {.noun = NULL},
};
