/* json_fuzz.c - any bytes as JSON: taken or refused with a sentence, and what was taken can be
 * sent. */
#include <stdlib.h>
#include "common/base/error.h"
#include "common/http/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char message[128] = "";
    json_t *value = fr_json_read(fr_slice(data, size), 4096, 8, message, sizeof(message));
    char *text;

    if (value == NULL) {
        fr_assert(message[0] != '\0' && fr_utf8_valid(fr_slice_str(message)));
        return 0;
    }
    fr_assert(json_is_object(value) && size <= 4096);
    if (!fr_json_known(value, "a text name", message, sizeof(message)))
        fr_assert(fr_utf8_valid(fr_slice_str(message)));
    text = json_dumps(value, JSON_COMPACT);
    fr_assert(text != NULL);
    free(text);
    json_decref(value);
    return 0;
}
