/* error.c - names of the outcomes, and the end of a process whose own invariant is false. */
#include "common/base/error.h"

#include <stdlib.h>
#include "common/base/log.h"

static const char *const names[FR_ERROR_COUNT] = {
    [FR_OK] = "ok",
    [FR_NOT_FOUND] = "not_found",
    [FR_EXISTS] = "exists",
    [FR_END] = "end",
    [FR_AGAIN] = "again",
    [FR_INVALID] = "invalid",
    [FR_REJECTED] = "rejected",
    [FR_TOO_BIG] = "too_big",
    [FR_NO_MEMORY] = "no_memory",
    [FR_BUSY] = "busy",
    [FR_FULL] = "full",
    [FR_IO] = "io",
    [FR_CORRUPT] = "corrupt",
    [FR_TRUNCATED] = "truncated",
    [FR_AHEAD] = "ahead",
    [FR_DIVERGED] = "diverged",
    [FR_DENIED] = "denied",
    [FR_VERSION] = "version",
    [FR_LOCKED] = "locked",
    [FR_GONE] = "gone",
};

const char *
fr_error_name(enum fr_error err)
{
    /* Also for a number that came over the wire and that this version does not know. */
    if ((unsigned)err >= FR_ERROR_COUNT || names[err] == NULL)
        return "unknown";
    return names[err];
}

_Noreturn void
fr_assert_failed(const char *condition, const char *file, int line)
{
    char quoted[512];

    fr_log(FR_ERROR, "assert_failed", "condition=%s file=%s line=%d",
           fr_log_quote(condition, quoted, sizeof(quoted)), file, line);
    abort();
}
