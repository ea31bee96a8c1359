/* hear.c - what browsers say, checked field by field. */
#include "services/channel_webchat/hear.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "common/http/http.h"
#include "services/channel_webchat/webchat.h"

#define MESSAGE_SIZE_MAX (64 * 1024)
#define TOKEN_SIZE_MAX 3071
#define PAGE_SIZE_MAX 2000
#define NUMBER_SIZE_MAX 40

/* ---- what may stand in a text ---- */

static bool
is_id(const char *text)
{
    return text[0] != '\0' && strlen(text) <= WEBCHAT_CLIENT_ID_MAX &&
           text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")] ==
               '\0';
}

static bool
is_line(const char *text, size_t size_max)
{
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++)
        if (*c < 0x20 || *c == 0x7f)
            return false;
    return strlen(text) <= size_max;
}

static bool
is_language(const char *text)
{
    return strlen(text) <= 35 &&
           text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-")] ==
               '\0';
}

static bool
is_page(const char *text)
{
    return (strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0) &&
           is_line(text, PAGE_SIZE_MAX);
}

/* Line breaks and tabs are part of what people write; other control characters are not. */
static bool
is_prose(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++)
        if ((*c < 0x20 && *c != '\n' && *c != '\r' && *c != '\t') || *c == 0x7f)
            return false;
    return true;
}

/* ---- faults ---- */

static enum fr_error
blame(struct webchat_fault *fault, const char *code, const char *why)
{
    fault->code = code;
    snprintf(fault->why, sizeof(fault->why), "%s", why);
    return FR_INVALID;
}

static enum fr_error
blame_field(struct webchat_fault *fault, const char *field, const char *why)
{
    fault->code = "malformed";
    snprintf(fault->why, sizeof(fault->why), "%s %s", field, why);
    return FR_INVALID;
}

/* ---- taking fields ---- */

static enum fr_error
take_text(const struct webchat_heard *heard, const char *key, const char **out,
          struct webchat_fault *fault)
{
    const json_t *value = json_object_get(heard->json, key);

    if (value == NULL)
        return FR_OK;
    *out = json_string_value(value);
    return *out != NULL ? FR_OK : blame_field(fault, key, "is not a text");
}

static enum fr_error
take_position(const struct webchat_heard *heard, const char *key, bool required, uint32_t *out,
              struct webchat_fault *fault)
{
    const json_t *value = json_object_get(heard->json, key);
    json_int_t number = json_integer_value(value);

    if (value == NULL)
        return required ? blame_field(fault, key, "is missing") : FR_OK;
    if (!json_is_integer(value) || number < 0 || number > UINT32_MAX)
        return blame_field(fault, key, "is not a position");
    *out = (uint32_t)number;
    return FR_OK;
}

static enum fr_error
read_open(struct webchat_heard *heard, struct webchat_fault *fault)
{
    enum fr_error err = take_text(heard, "session", &heard->session, fault);

    if (err == FR_OK)
        err = take_text(heard, "customer_token", &heard->customer_token, fault);
    if (err == FR_OK)
        err = take_position(heard, "last", false, &heard->last, fault);
    return err;
}

static enum fr_error
check_message(const struct webchat_heard *heard, struct webchat_fault *fault)
{
    char too_long[64];

    if (heard->id == NULL || !is_id(heard->id))
        return blame_field(fault, "id", "must be 1 to 64 letters, digits, - or _");
    strcpy(fault->id, heard->id);
    if (heard->text == NULL)
        return blame_field(fault, "text", "is missing");
    if (strlen(heard->text) > WEBCHAT_TEXT_SIZE_MAX) {
        snprintf(too_long, sizeof(too_long), "A message has at most %d bytes.",
                 WEBCHAT_TEXT_SIZE_MAX);
        return blame(fault, "too_long", too_long);
    }
    if (heard->text[strspn(heard->text, " \t\r\n")] == '\0')
        return blame(fault, "empty", "The message is empty.");
    if (!is_prose(heard->text))
        return blame_field(fault, "text", "holds a control character");
    if (heard->page != NULL && !is_page(heard->page))
        return blame_field(fault, "page", "is no address on the web");
    if (heard->language != NULL && !is_language(heard->language))
        return blame_field(fault, "language", "is not a language tag, like en or pt-BR");
    return FR_OK;
}

static enum fr_error
read_message(struct webchat_heard *heard, struct webchat_fault *fault)
{
    enum fr_error err = take_text(heard, "id", &heard->id, fault);

    if (err == FR_OK)
        err = take_text(heard, "text", &heard->text, fault);
    if (err == FR_OK)
        err = take_text(heard, "page", &heard->page, fault);
    if (err == FR_OK)
        err = take_text(heard, "language", &heard->language, fault);
    return err == FR_OK ? check_message(heard, fault) : err;
}

static enum fr_error
read_identify(struct webchat_heard *heard, struct webchat_fault *fault)
{
    enum fr_error err = take_text(heard, "customer_token", &heard->customer_token, fault);

    if (err == FR_OK && heard->customer_token == NULL)
        return blame_field(fault, "customer_token", "is missing");
    return err;
}

static enum fr_error
read_seen(struct webchat_heard *heard, struct webchat_fault *fault)
{
    enum fr_error err = take_position(heard, "delivered", true, &heard->delivered, fault);

    return err == FR_OK ? take_position(heard, "read", true, &heard->read, fault) : err;
}

static enum fr_error
take_ms(const struct webchat_heard *heard, const char *key, int64_t *out,
        struct webchat_fault *fault)
{
    const json_t *value = json_object_get(heard->json, key);
    json_int_t number = json_integer_value(value);

    if (value == NULL)
        return FR_OK;
    if (!json_is_integer(value) || number <= 0 || number > INT64_C(100000000000000))
        return blame_field(fault, key, "is not a time");
    *out = number;
    return FR_OK;
}

static enum fr_error
check_choice(const struct webchat_heard *heard, struct webchat_fault *fault)
{
    bool calls = heard->choice != NULL && strcmp(heard->choice, "call_back") == 0;

    if (heard->choice == NULL || (!calls && strcmp(heard->choice, "wait") != 0 &&
                                  strcmp(heard->choice, "self_service") != 0))
        return blame_field(fault, "choice", "must be wait, self_service or call_back");
    if (calls != (heard->from_ms > 0 && heard->to_ms > 0))
        return blame_field(fault, "from", "and to belong to call_back");
    if (heard->number != NULL &&
        (!calls || strlen(heard->number) > NUMBER_SIZE_MAX || heard->number[0] == '\0' ||
         heard->number[strspn(heard->number, "0123456789+-/(). ")] != '\0'))
        return blame_field(fault, "number", "is not a telephone number");
    return FR_OK;
}

static enum fr_error
read_choose(struct webchat_heard *heard, struct webchat_fault *fault)
{
    enum fr_error err = take_text(heard, "choice", &heard->choice, fault);

    if (err == FR_OK)
        err = take_text(heard, "number", &heard->number, fault);
    if (err == FR_OK)
        err = take_ms(heard, "from", &heard->from_ms, fault);
    if (err == FR_OK)
        err = take_ms(heard, "to", &heard->to_ms, fault);
    return err == FR_OK ? check_choice(heard, fault) : err;
}

/* ---- the message ---- */

struct type {
    const char *name, *fields;
    enum fr_error (*read)(struct webchat_heard *heard, struct webchat_fault *fault);
};

/* clang-format off */
static const struct type types[] = {
    [WEBCHAT_OPEN]     = { "open",     "type session last customer_token", read_open     },
    [WEBCHAT_MESSAGE]  = { "message",  "type id text page language",       read_message  },
    [WEBCHAT_IDENTIFY] = { "identify", "type customer_token",              read_identify },
    [WEBCHAT_SEEN]     = { "seen",     "type delivered read",              read_seen     },
    [WEBCHAT_CHOOSE]   = { "choose",   "type choice from to number",       read_choose   },
};
/* clang-format on */
#define TYPE_COUNT (sizeof(types) / sizeof(types[0]))

static enum fr_error
read_type(struct webchat_heard *heard, struct webchat_fault *fault)
{
    const char *name = json_string_value(json_object_get(heard->json, "type"));
    char why[160];

    for (size_t i = 0; name != NULL && i < TYPE_COUNT; i++)
        if (strcmp(types[i].name, name) == 0) {
            heard->type = (enum webchat_type)i;
            if (!fr_json_known(heard->json, types[i].fields, why, sizeof(why)))
                return blame(fault, "malformed", why);
            return types[i].read(heard, fault);
        }
    return blame_field(fault, "type", "must be open, message, identify, seen or choose");
}

static enum fr_error
check_tokens(const struct webchat_heard *heard, struct webchat_fault *fault)
{
    if (heard->session != NULL && !is_line(heard->session, 128))
        return blame_field(fault, "session", "is not well formed");
    if (heard->customer_token != NULL && !is_line(heard->customer_token, TOKEN_SIZE_MAX))
        return blame_field(fault, "customer_token", "is not well formed");
    return FR_OK;
}

enum fr_error
webchat_hear(struct fr_slice text, struct webchat_heard *heard, struct webchat_fault *fault)
{
    char why[160];
    enum fr_error err;

    *heard = (struct webchat_heard){.json = NULL};
    *fault = (struct webchat_fault){.code = ""};
    heard->json = fr_json_read(text, MESSAGE_SIZE_MAX, 1, why, sizeof(why));
    if (heard->json == NULL)
        return blame(fault, "malformed", why);
    err = read_type(heard, fault);
    if (err == FR_OK)
        err = check_tokens(heard, fault);
    if (err != FR_OK)
        webchat_heard_fini(heard);
    return err;
}

void
webchat_heard_fini(struct webchat_heard *heard)
{
    json_decref(heard->json);
    heard->json = NULL;
}
