/* config.c - policies as operators write them. */
#include <stdio.h>

#include "services/sla/policy.h"

#define POLICY(field) offsetof(struct sla_policy, field)
#define GOAL(field) offsetof(struct sla_goal, field)
#define STEP(field) offsetof(struct sla_step, field)
#define TOP(field) offsetof(struct sla_config, field)
#define YEAR_US (INT64_C(366) * 86400000000)
#define SECTION "sla"

/* clang-format off */
static const struct fr_config_key goal_keys[] = {
    { "kind", FR_CONFIG_STRING, GOAL(kind), NULL, .required = true, .min = 1, .max = 31,
      .doc = "first_response, next_response, acknowledgement, periodic_update or resolution." },
    { "within", FR_CONFIG_SPAN, GOAL(within), NULL, .required = true, .min = 1000000, .max = YEAR_US,
      .doc = "How long it may take, in open time of its calendar." },
    { "calendar", FR_CONFIG_STRING, GOAL(calendar), NULL, .min = 1, .max = SLA_NAME_SIZE - 1,
      .doc = "The calendar that it is counted on; absent: the policy's; 24/7: every hour counts." },
    { "priority", FR_CONFIG_INT, GOAL(priority), "-1000", .min = -1000, .max = 1000,
      .doc = "For conversations of this priority and above; the row with the highest one that fits counts." },
    { NULL },
};
static const struct fr_config_key step_keys[] = {
    { "at", FR_CONFIG_STRING, STEP(at), NULL, .required = true, .min = 1, .max = 31,
      .doc = "When: 75% of the promised time, due-15m, due, due+1h; in open time of the target's calendar." },
    { "do", FR_CONFIG_STRINGS, STEP(actions), NULL, .required = true, .min = 1, .max = 4,
      .doc = "raise (the task's priority), widen (who may take it), alert (a supervisor), tell (the customer: once per promise)." },
    { "for", FR_CONFIG_STRINGS, STEP(kinds), NULL, .max = 8,
      .doc = "Only for these targets (first_response, channel_closes...); none: for all of them." },
    { NULL },
};
static const struct fr_config_key policy_keys[] = {
    { "name", FR_CONFIG_STRING, POLICY(name), NULL, .required = true, .min = 1, .max = SLA_NAME_SIZE - 1,
      .doc = "The policy, as it is named in every explanation." },
    { "brands", FR_CONFIG_STRINGS, POLICY(brands), NULL, .max = 1000, .doc = "Brands that it holds for; none: all of them." },
    { "channels", FR_CONFIG_STRINGS, POLICY(channels), NULL, .max = 24,
      .doc = "Channel services that it holds for (channel_webchat); none: all of them." },
    { "tiers", FR_CONFIG_STRINGS, POLICY(tiers), NULL, .max = 100, .doc = "Tiers of customers that it holds for; none: all of them." },
    { "tags", FR_CONFIG_STRINGS, POLICY(tags), NULL, .max = 100,
      .doc = "It holds for conversations with any of these tags; none: for all of them." },
    { "languages", FR_CONFIG_STRINGS, POLICY(languages), NULL, .max = 100,
      .doc = "Languages of customers that it holds for (fr also means fr-CA); none: all of them." },
    { "complaint", FR_CONFIG_CHOICE, POLICY(complaint), "any", .choices = "any|yes|no",
      .doc = "yes: only for complaints; no: only for what is none." },
    { "calendar", FR_CONFIG_STRING, POLICY(calendar), "24/7", .min = 1, .max = SLA_NAME_SIZE - 1,
      .doc = "The calendar whose open time counts, by its name under `calendars`; 24/7: every hour counts." },
    { "first_response", FR_CONFIG_SPAN, POLICY(first_response), "0", .min = 0, .max = YEAR_US,
      .doc = "How soon the first message of a conversation is answered; 0: not promised." },
    { "next_response", FR_CONFIG_SPAN, POLICY(next_response), "0", .min = 0, .max = YEAR_US,
      .doc = "How soon every later message is answered, counted from the oldest unanswered one; 0: not promised." },
    { "acknowledgement", FR_CONFIG_SPAN, POLICY(acknowledgement), "0", .min = 0, .max = YEAR_US,
      .doc = "How soon the customer hears that his message or complaint is here: any answer, or a notice; 0: not promised." },
    { "periodic_update", FR_CONFIG_SPAN, POLICY(periodic_update), "0", .min = 0, .max = YEAR_US,
      .doc = "How long we may say nothing while the matter is open, counted from our last answer; 0: not promised." },
    { "resolution", FR_CONFIG_SPAN, POLICY(resolution), "0", .min = 0, .max = YEAR_US,
      .doc = "How soon the matter is done, counted from its beginning; 0: not promised." },
    { "targets", FR_CONFIG_LIST, POLICY(goals), NULL, .max = 100, .keys = goal_keys, .item_size = sizeof(struct sla_goal),
      .doc = "The same with a calendar or a priority of their own." },
    { "steps", FR_CONFIG_LIST, POLICY(steps), NULL, .max = 12, .keys = step_keys, .item_size = sizeof(struct sla_step),
      .doc = "What happens along the way to a deadline." },
    { "warn_before", FR_CONFIG_SPAN, POLICY(warn_before), "0", .min = 0, .max = YEAR_US,
      .doc = "One step that raises the task and tells the customer, so long before the deadline; or use warn_at_percent." },
    { "warn_at_percent", FR_CONFIG_INT, POLICY(warn_at_percent), "0", .min = 0, .max = 99,
      .doc = "The same as a part of the promised time; 0, with warn_before 0 and no steps: no warning." },
    { "pause_for", FR_CONFIG_STRINGS, POLICY(pauses), NULL, .max = 2,
      .doc = "customer: resolution and periodic_update stand still while we wait for him; third_party: resolution does." },
    { "bots_count", FR_CONFIG_BOOL, POLICY(bots_count), "false",
      .doc = "Whether a bot's answer is a first response." },
    { "again_after", FR_CONFIG_SPAN, POLICY(again_after), "0", .min = 0, .max = YEAR_US,
      .doc = "The new time that a customer is told is so long after the deadline, in open time; 0: the promised time once more." },
    { NULL },
};
static const struct fr_config_key window_keys[] = {
    { "channel", FR_CONFIG_STRING, offsetof(struct sla_window, channel), NULL, .min = 1, .max = SLA_NAME_SIZE - 1,
      .doc = "The channel service." },
    { "after", FR_CONFIG_SPAN, offsetof(struct sla_window, after), "24h", .min = 60000000, .max = YEAR_US,
      .doc = "How long after the customer's last message it takes an answer." },
    { NULL },
};
const struct fr_config_key sla_config_keys[] = {
    { "policies", FR_CONFIG_LIST, TOP(policies), NULL, .max = 1000,
      .keys = policy_keys, .item_size = sizeof(struct sla_policy),
      .doc = "Policies in order: the first whose conditions hold applies. None: nothing is promised." },
    { "channel_closes", FR_CONFIG_MAP, TOP(windows), NULL, .max = 24, .keys = window_keys, .item_size = sizeof(struct sla_window),
      .doc = "Channels that take no answer any more some time after the customer's last message: a target of its own." },
    { "promise_steps", FR_CONFIG_LIST, TOP(promise_steps), "[{at: due-15m, do: [raise, alert, tell]}, {at: due, do: [alert]}]", .max = 12,
      .keys = step_keys, .item_size = sizeof(struct sla_step),
      .doc = "What happens along the way of call-backs and agents' own promises." },
    { "promise_again", FR_CONFIG_SPAN, TOP(promise_again), "2h", .min = 1000000, .max = YEAR_US,
      .doc = "The new time that a customer is told when such a promise is about to break: so long after it, in open time of promise_calendar." },
    { "promise_calendar", FR_CONFIG_STRING, TOP(promise_calendar), "24/7", .min = 1, .max = SLA_NAME_SIZE - 1,
      .doc = "The calendar of new times for promises, and whose wall their times are shown on." },
    { "keep_for", FR_CONFIG_SPAN, TOP(keep_for), "2160h", .min = 1000000, .max = INT64_C(10) * YEAR_US,
      .doc = "How long the ended targets of a conversation stay after its end (fil sla explain); breaches stay for ever." },
    { NULL },
};
/* clang-format on */

static const char *
name_at(const struct fr_config_list *list, size_t index)
{
    return ((const char *const *)list->items)[index];
}

static bool
names(const struct fr_config_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(name_at(list, i), name) == 0)
            return true;
    return false;
}

static bool
is_brand(const struct fr_common_config *common, const char *name)
{
    const struct fr_brand_config *brands = common->brands.items;

    for (size_t i = 0; i < common->brands.count; i++)
        if (strcmp(brands[i].name, name) == 0)
            return true;
    return false;
}

static void
check_names(struct fr_config *config, const struct fr_common_config *common,
            const struct sla_policy *policy, size_t index)
{
    char path[64];

    snprintf(path, sizeof(path), "policies[%zu].brands", index);
    for (size_t i = 0; common->brands.count > 0 && i < policy->brands.count; i++)
        if (!is_brand(common, name_at(&policy->brands, i)))
            fr_config_complain(config, SECTION, path,
                               "'%s' is not among the brands named at the top level",
                               name_at(&policy->brands, i));
    snprintf(path, sizeof(path), "policies[%zu].channels", index);
    for (size_t i = 0; common->channels.count > 0 && i < policy->channels.count; i++)
        if (!names(&common->channels, name_at(&policy->channels, i)))
            fr_config_complain(config, SECTION, path,
                               "'%s' is not among the channels named at the top level",
                               name_at(&policy->channels, i));
    snprintf(path, sizeof(path), "policies[%zu].pause_for", index);
    for (size_t i = 0; i < policy->pauses.count; i++)
        if (strcmp(name_at(&policy->pauses, i), "customer") != 0 &&
            strcmp(name_at(&policy->pauses, i), "third_party") != 0)
            fr_config_complain(config, SECTION, path, "'%s' is neither customer nor third_party",
                               name_at(&policy->pauses, i));
}

static void
check_calendar(struct fr_config *config, const char *path, const char *name)
{
    const struct fr_common_config *common = fr_config_get(config, "");

    if (common != NULL && name != NULL && !fr_calendars_declared(&common->calendar_rows, name))
        fr_config_complain(config, SECTION, path,
                           "there is no calendar '%s' under `calendars` at the top level", name);
}

static void
check_steps(struct fr_config *config, const char *list, const struct fr_config_list *rows)
{
    const struct sla_step *steps = rows->items;

    for (size_t i = 0; i < rows->count; i++) {
        struct fr_span from_due;
        Fr__TargetKind kind;
        int64_t per_mille;
        char path[100];

        snprintf(path, sizeof(path), "%s[%zu].at", list, i);
        if (!sla_step_parse(steps[i].at, &per_mille, &from_due))
            fr_config_complain(config, SECTION, path,
                               "'%s' is no step: write 75%%, due-15m, due or due+1h", steps[i].at);
        snprintf(path, sizeof(path), "%s[%zu].do", list, i);
        for (size_t j = 0; j < steps[i].actions.count; j++)
            if (sla_step_action(name_at(&steps[i].actions, j)) == 0)
                fr_config_complain(config, SECTION, path, "'%s' is not raise, widen, alert or tell",
                                   name_at(&steps[i].actions, j));
        snprintf(path, sizeof(path), "%s[%zu].for", list, i);
        for (size_t j = 0; j < steps[i].kinds.count; j++)
            if (!sla_kind_by_name(name_at(&steps[i].kinds, j), &kind))
                fr_config_complain(config, SECTION, path, "'%s' is no target",
                                   name_at(&steps[i].kinds, j));
    }
}

static void
check_goals(struct fr_config *config, const struct sla_policy *policy, size_t index)
{
    const struct sla_goal *goals = policy->goals.items;

    for (size_t i = 0; i < policy->goals.count; i++) {
        Fr__TargetKind kind;
        char path[100];

        snprintf(path, sizeof(path), "policies[%zu].targets[%zu].kind", index, i);
        if (!sla_kind_by_name(goals[i].kind, &kind) || sla_kind_is_promise(kind) ||
            kind == FR__TARGET_KIND__CHANNEL_CLOSES)
            fr_config_complain(config, SECTION, path, "'%s' is no target of a policy",
                               goals[i].kind);
        snprintf(path, sizeof(path), "policies[%zu].targets[%zu].calendar", index, i);
        check_calendar(config, path, goals[i].calendar);
    }
}

static bool
too_short(struct fr_span promised, struct fr_span warn_before)
{
    return promised.us > 0 && promised.us <= warn_before.us;
}

static void
check_policy(struct fr_config *config, const struct sla_policy *policies, size_t index)
{
    const struct sla_policy *policy = &policies[index];
    char path[64];

    snprintf(path, sizeof(path), "policies[%zu].name", index);
    for (size_t j = 0; j < index; j++)
        if (strcmp(policy->name, policies[j].name) == 0)
            fr_config_complain(config, SECTION, path, "there is a policy '%s' already",
                               policy->name);
    if (policy->first_response.us == 0 && policy->next_response.us == 0 &&
        policy->acknowledgement.us == 0 && policy->periodic_update.us == 0 &&
        policy->resolution.us == 0 && policy->goals.count == 0)
        fr_config_complain(config, SECTION, path,
                           "it promises nothing: set first_response, next_response or targets");
    snprintf(path, sizeof(path), "policies[%zu].warn_before", index);
    if (policy->warn_before.us > 0 && policy->warn_at_percent > 0)
        fr_config_complain(config, SECTION, path, "set this or warn_at_percent, not both");
    if (too_short(policy->first_response, policy->warn_before) ||
        too_short(policy->next_response, policy->warn_before))
        fr_config_complain(config, SECTION, path,
                           "a warning that long before would come with the message itself");
    snprintf(path, sizeof(path), "policies[%zu].calendar", index);
    check_calendar(config, path, policy->calendar);
    check_goals(config, policy, index);
    snprintf(path, sizeof(path), "policies[%zu].steps", index);
    check_steps(config, path, &policy->steps);
}

void
sla_config_check(struct fr_config *config, const void *section)
{
    const struct fr_common_config *common = fr_config_get(config, "");
    const struct sla_config *sla = section;
    const struct sla_policy *policies = sla->policies.items;

    for (size_t i = 0; i < sla->policies.count; i++) {
        check_policy(config, policies, i);
        if (common != NULL)
            check_names(config, common, &policies[i], i);
    }
    check_steps(config, "promise_steps", &sla->promise_steps);
    check_calendar(config, "promise_calendar", sla->promise_calendar);
}
