/* target.c - what counts as a promise, and what as a broken one. */
#include "services/sla/target.h"

static bool
holds(const struct fr_config_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(((const char *const *)list->items)[i], name) == 0)
            return true;
    return list->count == 0;
}

const struct sla_policy *
sla_policy_for(const struct sla_config *config, const char *brand, const char *channel,
               bool complaint)
{
    const struct sla_policy *policies = config->policies.items;

    for (size_t i = 0; i < config->policies.count; i++) {
        const struct sla_policy *policy = &policies[i];

        if (policy->complaint == (complaint ? SLA_NO_COMPLAINTS : SLA_ONLY_COMPLAINTS))
            continue;
        if (holds(&policy->brands, brand) && holds(&policy->channels, channel))
            return policy;
    }
    return NULL;
}

/* The part of the promised time after which a warning is due. */
static struct fr_span
until_warning(const struct sla_policy *policy, struct fr_span promised)
{
    struct fr_span span = {promised.us / 100 * policy->warn_at_percent};

    if (policy->warn_before.us > 0)
        span.us = promised.us - policy->warn_before.us;
    return span.us > 0 ? span : fr_seconds(0);
}

enum fr_error
sla_target_plan(const struct sla_policy *policy, const struct sla_calendar *calendar,
                Fr__TargetKind kind, struct fr_time started, struct sla_plan *out)
{
    struct fr_span promised =
        kind == FR__TARGET_KIND__FIRST_RESPONSE ? policy->first_response : policy->next_response;
    struct sla_plan plan;
    enum fr_error err;

    if (promised.us == 0)
        return FR_NOT_FOUND;
    err = sla_calendar_add(calendar, started, promised, &plan.due);
    plan.warn = plan.due;
    if (err == FR_OK && (policy->warn_before.us > 0 || policy->warn_at_percent > 0))
        err = sla_calendar_add(calendar, started, until_warning(policy, promised), &plan.warn);
    if (err == FR_OK)
        *out = plan;
    return err;
}

bool
sla_target_in_time(struct fr_time due, struct fr_time answered)
{
    return answered.unix_us <= due.unix_us;
}

const char *
sla_target_kind_text(Fr__TargetKind kind)
{
    return kind == FR__TARGET_KIND__FIRST_RESPONSE ? "first response" : "next response";
}
