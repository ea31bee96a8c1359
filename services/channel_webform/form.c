/* form.c - the fields of a submission, from JSON or from a browser's form. */
#include "services/channel_webform/form.h"

#include <stdio.h>
#include <stdlib.h>
#include "common/http/head.h"
#include "common/http/http.h"

/* ---- what may stand in a field ---- */

/* One line: no control characters at all. */
static const char *
line_fault(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++)
        if (*c < 0x20 || *c == 0x7f)
            return "holds a control character";
    return NULL;
}

static const char *
message_fault(const char *text)
{
    bool blank = true;

    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if ((*c < 0x20 && *c != '\n' && *c != '\r' && *c != '\t') || *c == 0x7f)
            return "holds a control character";
        blank = blank && *c <= ' ';
    }
    return blank ? "is empty" : NULL;
}

/* Only what cannot be an address is refused; whether it is one shows when it is written to. */
static const char *
email_fault(const char *text)
{
    const char *at = strrchr(text, '@');

    if (line_fault(text) != NULL)
        return line_fault(text);
    if (at == NULL || at == text || at[1] == '\0' || strpbrk(text, " <>,;") != NULL)
        return "is not an e-mail address";
    return NULL;
}

static const char *
phone_fault(const char *text)
{
    if (text[strspn(text, "+0123456789 ()./-")] != '\0' || strpbrk(text, "0123456789") == NULL)
        return "is not a phone number";
    return NULL;
}

static const char *
language_fault(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
              (*c == '-' && c != text)))
            return "is not a language tag, like en or pt-BR";
    return NULL;
}

static const char *
page_fault(const char *text)
{
    if (strncmp(text, "https://", 8) != 0 && strncmp(text, "http://", 7) != 0)
        return "does not begin with http:// or https://";
    return line_fault(text);
}

static const char *
id_fault(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++)
        if (*c <= 0x20 || *c >= 0x7f)
            return "may hold visible ASCII characters only";
    return NULL;
}

bool
webform_id_valid(const char *id)
{
    return id[0] != '\0' && strlen(id) <= WEBFORM_ID_SIZE_MAX && id_fault(id) == NULL;
}

struct field {
    const char *name;
    size_t size_max; /* bytes */
    const char *(*fault)(const char *text);
};

/* clang-format off */
static const struct field fields[WEBFORM_FIELD_COUNT] = {
    [WEBFORM_NAME]           = { "name",           200,                      line_fault     },
    [WEBFORM_EMAIL]          = { "email",          254,                      email_fault    },
    [WEBFORM_PHONE]          = { "phone",          40,                       phone_fault    },
    [WEBFORM_SUBJECT]        = { "subject",        200,                      line_fault     },
    [WEBFORM_MESSAGE]        = { "message",        WEBFORM_MESSAGE_SIZE_MAX, message_fault  },
    [WEBFORM_LANGUAGE]       = { "language",       35,                       language_fault },
    [WEBFORM_PAGE]           = { "page",           2000,                     page_fault     },
    [WEBFORM_COMPLAINT]      = { "complaint",      5,                        NULL           },
    [WEBFORM_ID]             = { "id",             WEBFORM_ID_SIZE_MAX,      id_fault       },
    [WEBFORM_CUSTOMER_TOKEN] = { "customer_token", 3071,                     line_fault     },
};
/* clang-format on */

/* ---- faults ---- */

static enum fr_error
blame(struct webform_fault *fault, const char *field, const char *why)
{
    size_t size = strlen(field);

    if (size >= sizeof(fault->field)) /* no half character at the end */
        for (size = sizeof(fault->field) - 1;
             size > 0 && ((unsigned char)field[size] & 0xc0) == 0x80;)
            size--;
    memcpy(fault->field, field, size);
    fault->field[size] = '\0';
    snprintf(fault->why, sizeof(fault->why), "%s", why);
    return FR_INVALID;
}

static int
field_of(const char *name)
{
    for (int i = 0; i < WEBFORM_FIELD_COUNT; i++)
        if (strcmp(fields[i].name, name) == 0)
            return i;
    return -1;
}

/* ---- one field ---- */

static enum fr_error
take_complaint(struct webform_form *form, const char *text, struct webform_fault *fault)
{
    static const char *const yes[] = {"true", "1", "on", "yes"}, *const no[] = {"false", "0", "off",
                                                                                "no"};

    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        if (strcmp(text, yes[i]) == 0) {
            form->complaint = true;
            return FR_OK;
        }
        if (strcmp(text, no[i]) == 0)
            return FR_OK;
    }
    return blame(fault, "complaint", "is neither true nor false");
}

/* An empty field is an absent one: that is how browsers send what was not filled in. */
static enum fr_error
take_text(struct webform_form *form, int index, const char *text, struct webform_fault *fault)
{
    const struct field *field = &fields[index];
    const char *why;
    char too_long[48];

    if (text[0] == '\0')
        return FR_OK;
    if (strlen(text) > field->size_max) {
        snprintf(too_long, sizeof(too_long), "is longer than %zu bytes", field->size_max);
        return blame(fault, field->name, too_long);
    }
    if (index == WEBFORM_COMPLAINT)
        return take_complaint(form, text, fault);
    why = field->fault(text);
    if (why != NULL)
        return blame(fault, field->name, why);
    form->text[index] = text;
    return FR_OK;
}

static enum fr_error
check_whole(const struct webform_form *form, struct webform_fault *fault)
{
    if (form->text[WEBFORM_MESSAGE] == NULL)
        return blame(fault, "message", "is missing");
    return FR_OK;
}

/* ---- JSON ---- */

static enum fr_error
read_json(struct fr_slice body, struct webform_form *form, struct webform_fault *fault)
{
    char why[160];
    const char *key;
    json_t *value;

    form->json = fr_json_read(body, SIZE_MAX, 1, why, sizeof(why));
    if (form->json == NULL)
        return blame(fault, "", why);
    json_object_foreach(form->json, key, value)
    {
        int index = field_of(key);
        enum fr_error err;

        if (index < 0)
            return blame(fault, key, "is not a field of this form");
        if (index == WEBFORM_COMPLAINT && json_is_boolean(value)) {
            form->complaint = json_is_true(value);
            continue;
        }
        if (!json_is_string(value) || index == WEBFORM_COMPLAINT)
            return blame(fault, key,
                         index == WEBFORM_COMPLAINT ? "is neither true nor false"
                                                    : "is not a text");
        err = take_text(form, index, json_string_value(value), fault);
        if (err != FR_OK)
            return err;
    }
    return FR_OK;
}

/* ---- application/x-www-form-urlencoded ---- */

/* Browsers send every line break of a text field as CR LF; JSON clients send what was typed. */
static void
drop_returns(char *text)
{
    char *out = text;

    for (const char *c = text; *c != '\0'; c++)
        if (!(c[0] == '\r' && c[1] == '\n'))
            *out++ = *c;
    *out = '\0';
}

static enum fr_error
read_pair(struct webform_form *form, char *name, char *value, unsigned *seen,
          struct webform_fault *fault)
{
    int name_size = fr_http_decode(name, strlen(name), true, name);
    int value_size = fr_http_decode(value, strlen(value), true, value);
    int index;

    if (name_size < 0 || value_size < 0 || !fr_utf8_valid(fr_slice(name, (size_t)name_size)) ||
        !fr_utf8_valid(fr_slice(value, (size_t)value_size)))
        return blame(fault, "", "The form is not well formed, or not in UTF-8.");
    index = field_of(name);
    if (index < 0)
        return blame(fault, name, "is not a field of this form");
    if ((*seen & 1u << index) != 0)
        return blame(fault, name, "is there twice");
    *seen |= 1u << index;
    drop_returns(value);
    return take_text(form, index, value, fault);
}

static enum fr_error
read_urlencoded(struct fr_slice body, struct webform_form *form, struct webform_fault *fault)
{
    unsigned seen = 0;
    char *rest;

    if (body.size > 0 && memchr(body.data, '\0', body.size) != NULL)
        return blame(fault, "", "The form holds a NUL.");
    form->bytes = malloc(body.size + 1);
    if (form->bytes == NULL)
        return FR_NO_MEMORY;
    if (body.size > 0)
        memcpy(form->bytes, body.data, body.size);
    form->bytes[body.size] = '\0';
    rest = form->bytes;
    while (rest != NULL && *rest != '\0') {
        char *name = strsep(&rest, "&");
        char *value = strchr(name, '=');
        enum fr_error err;

        if (*name == '\0')
            continue;
        if (value == NULL)
            return blame(fault, "", "The form holds a name without a value.");
        *value++ = '\0';
        err = read_pair(form, name, value, &seen, fault);
        if (err != FR_OK)
            return err;
    }
    return FR_OK;
}

/* ---- the whole ---- */

enum fr_error
webform_form_read(struct fr_slice body, enum webform_format format, struct webform_form *form,
                  struct webform_fault *fault)
{
    enum fr_error err;

    *form = (struct webform_form){.json = NULL};
    *fault = (struct webform_fault){.field = ""};
    err =
        format == WEBFORM_JSON ? read_json(body, form, fault) : read_urlencoded(body, form, fault);
    if (err == FR_OK)
        err = check_whole(form, fault);
    if (err != FR_OK)
        webform_form_fini(form);
    return err;
}

void
webform_form_fini(struct webform_form *form)
{
    json_decref(form->json);
    free(form->bytes);
    form->json = NULL;
    form->bytes = NULL;
}
