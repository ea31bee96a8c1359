/* kinds.c - the targets by name. */
#include "services/sla/kinds.h"

#include <string.h>

/* clang-format off */
static const struct {
    const char *name, *text;
} kinds[SLA_KIND_COUNT + 1] = {
    [0]                                = { "unknown",         "unknown target"    },
    [FR__TARGET_KIND__FIRST_RESPONSE]  = { "first_response",  "first response"    },
    [FR__TARGET_KIND__NEXT_RESPONSE]   = { "next_response",   "next response"     },
    [FR__TARGET_KIND__ACKNOWLEDGEMENT] = { "acknowledgement", "acknowledgement"   },
    [FR__TARGET_KIND__PERIODIC_UPDATE] = { "periodic_update", "periodic update"   },
    [FR__TARGET_KIND__RESOLUTION]      = { "resolution",      "resolution"        },
    [FR__TARGET_KIND__CALL_BACK]       = { "call_back",       "call-back"         },
    [FR__TARGET_KIND__PROMISE_BY_HAND] = { "promise",         "promise"           },
    [FR__TARGET_KIND__CHANNEL_CLOSES]  = { "channel_closes",  "channel closes"    },
};
/* clang-format on */

static size_t
row_of(Fr__TargetKind kind)
{
    return kind >= 1 && kind <= SLA_KIND_COUNT ? (size_t)kind : 0;
}

const char *
sla_kind_text(Fr__TargetKind kind)
{
    return kinds[row_of(kind)].text;
}

const char *
sla_kind_name(Fr__TargetKind kind)
{
    return kinds[row_of(kind)].name;
}

bool
sla_kind_by_name(const char *name, Fr__TargetKind *out)
{
    for (int kind = 1; kind <= SLA_KIND_COUNT; kind++)
        if (strcmp(kinds[kind].name, name) == 0) {
            *out = (Fr__TargetKind)kind;
            return true;
        }
    return false;
}

bool
sla_kind_is_promise(Fr__TargetKind kind)
{
    return kind == FR__TARGET_KIND__CALL_BACK || kind == FR__TARGET_KIND__PROMISE_BY_HAND;
}
