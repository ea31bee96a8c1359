/* policy.c - which policy holds, what it promises, and its steps on the way. */
#include "services/sla/policy.h"

#include <stdlib.h>
#include "common/base/hash.h"

static const char *
name_at(const struct fr_config_list *list, size_t index)
{
    return ((const char *const *)list->items)[index];
}

static bool
holds(const struct fr_config_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(name_at(list, i), name) == 0)
            return true;
    return list->count == 0;
}

/* "fr" also serves fr-CA. */
static bool
speaks(const struct fr_config_list *list, const char *language)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *wanted = name_at(list, i);
        size_t size = strlen(wanted);

        if (strncmp(wanted, language, size) == 0 &&
            (language[size] == '\0' || language[size] == '-'))
            return true;
    }
    return list->count == 0;
}

static bool
tagged(const struct fr_config_list *list, const struct sla_conversation *row)
{
    for (size_t i = 0; i < row->tag_count; i++)
        if (list->count > 0 && holds(list, row->tags[i]))
            return true;
    return list->count == 0;
}

const struct sla_policy *
sla_policy_for(const struct sla_config *config, const struct sla_conversation *row)
{
    const struct sla_policy *policies = config->policies.items;

    for (size_t i = 0; i < config->policies.count; i++) {
        const struct sla_policy *policy = &policies[i];

        if (policy->complaint == (row->complaint ? SLA_NO_COMPLAINTS : SLA_ONLY_COMPLAINTS))
            continue;
        if (holds(&policy->brands, row->brand) && holds(&policy->channels, row->channel) &&
            holds(&policy->tiers, row->tier) && speaks(&policy->languages, row->language) &&
            tagged(&policy->tags, row))
            return policy;
    }
    return NULL;
}

const struct sla_policy *
sla_policy_by_name(const struct sla_config *config, const char *name)
{
    const struct sla_policy *policies = config->policies.items;

    for (size_t i = 0; i < config->policies.count; i++)
        if (strcmp(policies[i].name, name) == 0)
            return &policies[i];
    return NULL;
}

static int64_t
short_form(const struct sla_policy *policy, Fr__TargetKind kind)
{
    switch (kind) {
    case FR__TARGET_KIND__FIRST_RESPONSE:
        return policy->first_response.us;
    case FR__TARGET_KIND__NEXT_RESPONSE:
        return policy->next_response.us;
    case FR__TARGET_KIND__ACKNOWLEDGEMENT:
        return policy->acknowledgement.us;
    case FR__TARGET_KIND__PERIODIC_UPDATE:
        return policy->periodic_update.us;
    case FR__TARGET_KIND__RESOLUTION:
        return policy->resolution.us;
    default:
        return 0;
    }
}

static struct sla_offer
window_offer(const struct sla_config *config, const struct sla_policy *policy, const char *channel)
{
    const struct sla_window *windows = config->windows.items;

    for (size_t i = 0; i < config->windows.count; i++)
        if (strcmp(windows[i].channel, channel) == 0)
            return (struct sla_offer){policy == NULL ? "channel" : policy->name, "24/7",
                                      windows[i].after.us};
    return (struct sla_offer){"", "24/7", 0};
}

struct sla_offer
sla_policy_offer(const struct sla_config *config, const struct sla_policy *policy,
                 Fr__TargetKind kind, const struct sla_conversation *row)
{
    const struct sla_goal *goals = policy == NULL ? NULL : policy->goals.items;
    struct sla_offer offer = {"", "24/7", 0};
    int64_t best = INT64_MIN;

    if (kind == FR__TARGET_KIND__CHANNEL_CLOSES)
        return window_offer(config, policy, row->channel);
    if (policy == NULL)
        return offer;
    offer = (struct sla_offer){policy->name, policy->calendar, short_form(policy, kind)};
    for (size_t i = 0; i < policy->goals.count; i++) {
        if (strcmp(goals[i].kind, sla_kind_name(kind)) != 0 || goals[i].priority > row->priority ||
            goals[i].priority < best)
            continue;
        best = goals[i].priority;
        offer.within_us = goals[i].within.us;
        offer.calendar = goals[i].calendar == NULL ? policy->calendar : goals[i].calendar;
    }
    return offer;
}

bool
sla_policy_pauses(const struct sla_policy *policy, Fr__TargetKind kind, uint32_t waiting)
{
    if (policy == NULL || policy->pauses.count == 0)
        return false;
    if (waiting == FR__WAITING_FOR__THE_CUSTOMER)
        return (kind == FR__TARGET_KIND__RESOLUTION || kind == FR__TARGET_KIND__PERIODIC_UPDATE) &&
               holds(&policy->pauses, "customer");
    return waiting == FR__WAITING_FOR__A_THIRD_PARTY && kind == FR__TARGET_KIND__RESOLUTION &&
           holds(&policy->pauses, "third_party");
}

/* ---- steps ---- */

bool
sla_step_parse(const char *text, int64_t *per_mille, struct fr_span *from_due)
{
    char *end;
    long percent;

    *per_mille = 0;
    from_due->us = 0;
    if (strncmp(text, "due", 3) == 0) {
        if (text[3] == '\0')
            return true;
        if ((text[3] != '-' && text[3] != '+') ||
            fr_span_parse(fr_slice_str(text + 4), from_due) != FR_OK || from_due->us <= 0)
            return false;
        if (text[3] == '-')
            from_due->us = -from_due->us;
        return true;
    }
    percent = strtol(text, &end, 10);
    *per_mille = percent * 10;
    return text[0] >= '1' && text[0] <= '9' && strcmp(end, "%") == 0 && percent <= 99;
}

uint32_t
sla_step_action(const char *name)
{
    static const char *const names[] = {"raise", "widen", "alert", "tell"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i]) == 0)
            return UINT32_C(1) << i;
    return 0;
}

static void
add_step(struct sla_plan *plan, int64_t open_us, uint32_t name, uint32_t actions)
{
    size_t at = plan->count;

    if (at == SLA_STEPS_MAX)
        return;
    while (at > 0 && plan->steps[at - 1].open_us > open_us) {
        plan->steps[at] = plan->steps[at - 1];
        at--;
    }
    plan->steps[at] = (struct sla_plan_step){open_us, name, actions};
    plan->count++;
}

/* A lead as long as the promise itself would come with it: then three quarters of the way. */
static int64_t
before_due(int64_t promised_us, int64_t lead_us)
{
    return lead_us < promised_us ? promised_us - lead_us : promised_us / 4 * 3;
}

static void
add_written(struct sla_plan *plan, const struct sla_step *step, Fr__TargetKind kind,
            int64_t promised_us)
{
    uint32_t name = fr_crc32c(0, step->at, strlen(step->at)), actions = 0;
    struct fr_span from_due;
    int64_t per_mille;

    if (!holds(&step->kinds, sla_kind_name(kind)) ||
        !sla_step_parse(step->at, &per_mille, &from_due))
        return;
    for (size_t i = 0; i < step->actions.count; i++)
        actions |= sla_step_action(name_at(&step->actions, i));
    if (per_mille > 0)
        add_step(plan, promised_us / 1000 * per_mille, name + actions, actions);
    else if (from_due.us < 0)
        add_step(plan, before_due(promised_us, -from_due.us), name + actions, actions);
    else
        add_step(plan, promised_us + from_due.us, name + actions, actions);
}

void
sla_policy_plan(const struct sla_config *config, const struct sla_policy *policy,
                Fr__TargetKind kind, int64_t promised_us, int64_t again_us, struct sla_plan *out)
{
    const struct fr_config_list *list = sla_kind_is_promise(kind) ? &config->promise_steps
                                        : policy == NULL          ? NULL
                                                                  : &policy->steps;
    const struct sla_step *steps = list == NULL ? NULL : list->items;

    out->count = 0;
    for (size_t i = 0; list != NULL && i < list->count; i++)
        add_written(out, &steps[i], kind, promised_us);
    if (!sla_kind_is_promise(kind) && policy != NULL && policy->warn_before.us > 0)
        add_step(out, before_due(promised_us, policy->warn_before.us), 1, SLA_RAISE | SLA_TELL);
    if (!sla_kind_is_promise(kind) && policy != NULL && policy->warn_at_percent > 0)
        add_step(out, promised_us / 100 * policy->warn_at_percent, 2, SLA_RAISE | SLA_TELL);
    if (again_us > 0) /* the new time passes, too: nobody is told twice, but somebody looks */
        add_step(out, again_us, 3, SLA_ALERT);
}
