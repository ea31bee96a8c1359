/* head_fuzz.c - any bytes as a request's head and as a chunked body: refused, or what was promised.
 */
#include <stdlib.h>
#include <string.h>
#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/http/chunked.h"
#include "common/http/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_head(const uint8_t *data, size_t size)
{
    char *text = malloc(size == 0 ? 1 : size);
    struct head head;
    const char *path;

    memcpy(text, data, size);
    if (fr_http_head_parse(text, size, &head) == 0) {
        path = text + head.path;
        fr_assert(path[0] == '/' || strcmp(path, "*") == 0);
        fr_assert(strstr(path, "//") == NULL && strstr(path, "/../") == NULL &&
                  strstr(path, "/./") == NULL);
        fr_assert(fr_utf8_valid(fr_slice_str(path)));
        fr_assert(!(head.chunked && head.content_length >= 0));
        for (unsigned i = 0; i < head.header_count; i++)
            fr_assert(strpbrk(text + head.headers[i].value, "\r\n") == NULL);
    }
    free(text);
}

static void
try_chunks(const uint8_t *data, size_t size)
{
    struct chunked chunked = {0};
    char body[256], *text = malloc(size == 0 ? 1 : size);
    size_t body_size = 0, used = size;

    memcpy(text, data, size);
    if (fr_http_chunked_feed(&chunked, text, &used, body, &body_size, sizeof(body)) == 0)
        fr_assert(used == size || chunked.state == CHUNK_END);
    fr_assert(used <= size && body_size <= sizeof(body));
    free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_head(data, size);
    try_chunks(data, size);
    return 0;
}
