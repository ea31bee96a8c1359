/* refusal.h - did that agent let this task go, and may he be asked again? */
#ifndef FR_ROUTING_REFUSAL_H
#define FR_ROUTING_REFUSAL_H

#include "services/routing/look.h"

enum routing_refusal { ROUTING_NEVER_REFUSED, ROUTING_REFUSED_LONG_AGO, ROUTING_REFUSED };

static inline enum fr_error
routing_refusal_of(const struct routing_look *look, const struct routing_task *task, uint32_t agent,
                   enum routing_refusal *out)
{
    int64_t again_us;
    enum fr_error err = FR_NOT_FOUND;

    if (task->refusals > 0)
        err = routing_refusal_get(look->view, task->task_id, agent, &again_us);
    if (err == FR_NOT_FOUND)
        *out = ROUTING_NEVER_REFUSED;
    else if (err == FR_OK)
        *out = again_us <= look->now.unix_us ? ROUTING_REFUSED_LONG_AGO : ROUTING_REFUSED;
    return err == FR_NOT_FOUND ? FR_OK : err;
}

#endif
