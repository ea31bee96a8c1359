/* config.c - policies as operators write them. */
#include <stdio.h>

#include "services/sla/sla.h"

#define POLICY(field) offsetof(struct sla_policy, field)

/* clang-format off */
static const struct fr_config_key policy_keys[] = {
    { "name", FR_CONFIG_STRING, POLICY(name), NULL, .required = true, .min = 1, .max = SLA_NAME_SIZE - 1,
      .doc = "The policy, as it is named in every explanation." },
    { "brands", FR_CONFIG_STRINGS, POLICY(brands), NULL, .max = 1000, .doc = "Brands that it holds for; none: all of them." },
    { "channels", FR_CONFIG_STRINGS, POLICY(channels), NULL, .max = 24,
      .doc = "Channel services that it holds for (channel_webchat); none: all of them." },
    { "complaint", FR_CONFIG_CHOICE, POLICY(complaint), "any", .choices = "any|yes|no",
      .doc = "yes: only for complaints; no: only for what is none." },
    { "first_response", FR_CONFIG_SPAN, POLICY(first_response), "0", .min = 0, .max = 366 * 86400000000,
      .doc = "How soon the first message of a conversation is answered; 0: not promised." },
    { "next_response", FR_CONFIG_SPAN, POLICY(next_response), "0", .min = 0, .max = 366 * 86400000000,
      .doc = "How soon every later message is answered, counted from the oldest unanswered one; 0: not promised." },
    { "warn_before", FR_CONFIG_SPAN, POLICY(warn_before), "0", .min = 0, .max = 366 * 86400000000,
      .doc = "How long before the deadline the task is raised and the customer told; or use warn_at_percent." },
    { "warn_at_percent", FR_CONFIG_INT, POLICY(warn_at_percent), "0", .min = 0, .max = 99,
      .doc = "The same as a part of the promised time; 0, with warn_before 0: no warning." },
    { NULL },
};
const struct fr_config_key sla_config_keys[] = {
    { "policies", FR_CONFIG_LIST, offsetof(struct sla_config, policies), NULL, .max = 1000,
      .keys = policy_keys, .item_size = sizeof(struct sla_policy),
      .doc = "Policies in order: the first whose conditions hold applies. None: nothing is promised." },
    { NULL },
};
/* clang-format on */

static bool
names(const struct fr_config_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(((const char *const *)list->items)[i], name) == 0)
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

    for (size_t i = 0; common->brands.count > 0 && i < policy->brands.count; i++) {
        const char *brand = ((const char *const *)policy->brands.items)[i];

        snprintf(path, sizeof(path), "policies[%zu].brands", index);
        if (!is_brand(common, brand))
            fr_config_complain(config, "sla", path,
                               "'%s' is not among the brands named at the top level", brand);
    }
    for (size_t i = 0; common->channels.count > 0 && i < policy->channels.count; i++) {
        const char *channel = ((const char *const *)policy->channels.items)[i];

        snprintf(path, sizeof(path), "policies[%zu].channels", index);
        if (!names(&common->channels, channel))
            fr_config_complain(config, "sla", path,
                               "'%s' is not among the channels named at the top level", channel);
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
            fr_config_complain(config, "sla", path, "there is a policy '%s' already", policy->name);
    if (policy->first_response.us == 0 && policy->next_response.us == 0)
        fr_config_complain(config, "sla", path,
                           "it promises nothing: set first_response or next_response");
    snprintf(path, sizeof(path), "policies[%zu].warn_before", index);
    if (policy->warn_before.us > 0 && policy->warn_at_percent > 0)
        fr_config_complain(config, "sla", path, "set this or warn_at_percent, not both");
    if (too_short(policy->first_response, policy->warn_before) ||
        too_short(policy->next_response, policy->warn_before))
        fr_config_complain(config, "sla", path,
                           "a warning that long before would come with the message itself");
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
}
