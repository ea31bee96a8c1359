/* hear_fuzz.c - any bytes as a message of a browser: understood with every promise kept, or blamed.
 */
#include <stdlib.h>
#include "services/channel_webchat/hear.h"
#include "services/channel_webchat/webchat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct webchat_fault fault;
    struct webchat_heard heard;

    if (webchat_hear(fr_slice(data, size), &heard, &fault) != FR_OK) {
        fr_assert(fault.code[0] != '\0' && fault.why[0] != '\0');
        return 0;
    }
    if (heard.type == WEBCHAT_MESSAGE) {
        char external_id[WEBCHAT_EXTERNAL_ID_SIZE];

        fr_assert(heard.text != NULL && strlen(heard.text) <= WEBCHAT_TEXT_SIZE_MAX);
        webchat_external_id("0123456789abcdef0123456789abcdef", heard.id, external_id);
        fr_assert(strcmp(strchr(external_id, ':') + 1, heard.id) == 0);
    }
    webchat_heard_fini(&heard);
    return 0;
}
