/* form_fuzz.c - any bytes as a submission: taken with every promise kept, or blamed on something.
 */
#include <stdlib.h>
#include "services/channel_webform/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct webform_fault fault;
    struct webform_form form;

    if (size == 0)
        return 0;
    if (webform_form_read(fr_slice(data + 1, size - 1),
                          data[0] % 2 == 0 ? WEBFORM_JSON : WEBFORM_URLENCODED, &form,
                          &fault) != FR_OK) {
        fr_assert(fault.why[0] != '\0');
        return 0;
    }
    fr_assert(form.text[WEBFORM_MESSAGE] != NULL);
    for (int i = 0; i < WEBFORM_FIELD_COUNT; i++)
        fr_assert(form.text[i] == NULL ||
                  (form.text[i][0] != '\0' && fr_utf8_valid(fr_slice_str(form.text[i])) &&
                   strlen(form.text[i]) <= WEBFORM_MESSAGE_SIZE_MAX));
    fr_assert(form.text[WEBFORM_ID] == NULL || webform_id_valid(form.text[WEBFORM_ID]));
    webform_form_fini(&form);
    return 0;
}
