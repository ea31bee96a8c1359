/* form.h - the body of a submission, read strictly: what it holds, or what is wrong with it.
 *
 * Pure: no socket, no clock, no configuration; the fuzzer calls exactly what production calls.
 */
#ifndef FR_WEBFORM_FORM_H
#define FR_WEBFORM_FORM_H

#include <jansson.h>
#include <stdbool.h>
#include "common/base/error.h"
#include "common/base/slice.h"

enum webform_field {
    WEBFORM_NAME,
    WEBFORM_EMAIL,
    WEBFORM_PHONE,
    WEBFORM_SUBJECT,
    WEBFORM_MESSAGE,
    WEBFORM_LANGUAGE, /* BCP 47 */
    WEBFORM_PAGE,     /* where on the web the form stood */
    WEBFORM_COMPLAINT,
    WEBFORM_ID, /* the sender's own name for it: the idempotency key */
    WEBFORM_CUSTOMER_TOKEN,
    WEBFORM_FIELD_COUNT
};

#define WEBFORM_MESSAGE_SIZE_MAX 16384 /* bytes */
#define WEBFORM_ID_SIZE_MAX 128

struct webform_form {
    const char
        *text[WEBFORM_FIELD_COUNT]; /* NULL: absent or empty; valid until webform_form_fini */
    bool complaint;
    json_t *json; /* private: what the texts point into */
    char *bytes;  /* private: likewise */
};

struct webform_fault { /* what to tell the sender */
    char field[68];    /* "" when it is the body as a whole */
    char why[200];     /* a sentence */
};

enum webform_format { WEBFORM_JSON, WEBFORM_URLENCODED };

/* FR_OK; FR_INVALID with *fault; FR_NO_MEMORY.  `form` needs webform_form_fini only after FR_OK. */
enum fr_error webform_form_read(struct fr_slice body, enum webform_format format,
                                struct webform_form *form, struct webform_fault *fault);
void webform_form_fini(struct webform_form *form);

/* Is this what an idempotency key may look like: 1 to 128 visible ASCII characters? */
bool webform_id_valid(const char *id);

#endif
