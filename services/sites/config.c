/* config.c - the contracts: which site may work for which brands, and how long a lease lasts. */
#include "services/sites/sites.h"

#include <stdio.h>

/* clang-format off */
static const struct fr_config_key contract_keys[] = {
    { "name", FR_CONFIG_STRING, offsetof(struct sites_contract, name), NULL, .required = true,
      .min = 1, .max = SITES_NAME_SIZE - 1, .doc = "The site; its desk's journal is desk.<name>." },
    { "brands", FR_CONFIG_STRINGS, offsetof(struct sites_contract, brands), NULL, .max = 1000,
      .doc = "Brands that its agents may work for; none: all of them." },
    { "decides_identity", FR_CONFIG_BOOL, offsetof(struct sites_contract, decides_identity), "false",
      .doc = "Whether its supervisors may merge, take apart, verify and erase customers." },
    { "lease_time", FR_CONFIG_SPAN, offsetof(struct sites_contract, lease_time), "8h",
      .min = 60000000, .max = 7 * 86400000000,
      .doc = "How long an accepted task stays with its agent after he last worked on it." },
    { "offline_grace", FR_CONFIG_SPAN, offsetof(struct sites_contract, offline_grace), "60s",
      .min = 0, .max = 86400000000,
      .doc = "How much longer the hub waits before it ends a lease that ran out, so that what was written in "
             "time and held up by a cut of the link still counts." },
    { "silent_after", FR_CONFIG_SPAN, offsetof(struct sites_contract, silent_after), "30s",
      .min = 1000000, .max = 86400000000,
      .doc = "How long the link to the desk may be down before the site counts as silent: what its agents have not accepted "
             "is then offered to others." },
    { NULL },
};

const struct fr_config_key sites_config_keys[] = {
    { "contracts", FR_CONFIG_LIST, offsetof(struct sites_config, contracts), NULL, .max = 40,
      .keys = contract_keys, .item_size = sizeof(struct sites_contract),
      .doc = "One entry for each site; a site without a contract is offered nothing." },
    { "memory", FR_CONFIG_SPAN, offsetof(struct sites_config, memory), "24h",
      .min = 60000000, .max = 30 * 86400000000,
      .doc = "How long an ended lease is remembered, so that late and repeated work of it is recognised." },
    { NULL },
};
/* clang-format on */

static const struct sites_contract *
contracts(const struct sites_config *config, size_t *count)
{
    *count = config->contracts.count;
    return config->contracts.items;
}

/* A name becomes part of a journal's name and of a route. */
static bool
is_label(const char *name)
{
    return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-")] == '\0';
}

static bool
has_desk(const struct fr_common_config *common, const char *site)
{
    for (size_t i = 0; i < common->sites.count; i++)
        if (strcmp(((const char *const *)common->sites.items)[i], site) == 0)
            return true;
    return false;
}

/* A contract for a site whose desk is never read, and a desk that nobody has a contract with, are
 * slips. */
static void
check_desks(struct fr_config *config, const struct sites_config *sites,
            const struct fr_common_config *common)
{
    size_t count;
    const struct sites_contract *all = contracts(sites, &count);
    char path[64];

    if (common == NULL || common->sites.count == 0)
        return;
    for (size_t i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "contracts[%zu].name", i);
        if (!has_desk(common, all[i].name))
            fr_config_complain(config, "sites", path,
                               "'%s' is not among the `desks` of the top level", all[i].name);
    }
    for (size_t i = 0; i < common->sites.count; i++) {
        const char *site = ((const char *const *)common->sites.items)[i];

        if (sites_contract_of(sites, site) == NULL)
            fr_config_complain(config, "sites", "contracts",
                               "no contract for '%s', which stands in `desks` at the top level",
                               site);
    }
}

void
sites_config_check(struct fr_config *config, const void *section)
{
    const struct sites_config *sites = section;
    size_t count;
    const struct sites_contract *all = contracts(sites, &count);
    char path[64];

    check_desks(config, sites, fr_config_get(config, ""));

    for (size_t i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "contracts[%zu].name", i);
        if (!is_label(all[i].name))
            fr_config_complain(config, "sites", path,
                               "'%s': only lower-case letters, digits, - and _", all[i].name);
        for (size_t j = 0; j < i; j++)
            if (strcmp(all[i].name, all[j].name) == 0)
                fr_config_complain(config, "sites", path, "'%s' has a contract already",
                                   all[i].name);
    }
}

const struct sites_contract *
sites_contract_of(const struct sites_config *config, const char *site)
{
    size_t count;
    const struct sites_contract *all = contracts(config, &count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(all[i].name, site) == 0)
            return &all[i];
    return NULL;
}

bool
sites_contract_covers(const struct sites_contract *contract, const char *brand)
{
    const char *const *brands = contract->brands.items;

    if (contract->brands.count == 0)
        return true;
    for (size_t i = 0; i < contract->brands.count; i++)
        if (strcmp(brands[i], brand) == 0)
            return true;
    return false;
}

const char *
sites_site_of_journal(const char *journal)
{
    static const char prefix[] = "desk.";

    if (strncmp(journal, prefix, sizeof(prefix) - 1) != 0 || journal[sizeof(prefix) - 1] == '\0')
        return NULL;
    return journal + sizeof(prefix) - 1;
}
