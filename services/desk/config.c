/* config.c - the desk's knobs, and which agents may sign in. */
#include "services/desk/desk.h"

#include <stdio.h>

/* clang-format off */
static const struct fr_config_key agent_keys[] = {
    { "name", FR_CONFIG_STRING, offsetof(struct desk_agent_config, name), NULL, .required = true,
      .min = 1, .max = DESK_AGENT_SIZE - 1, .doc = "What he signs in with; the agent's name in routing." },
    { "title", FR_CONFIG_STRING, offsetof(struct desk_agent_config, title), NULL, .max = 100,
      .doc = "What customers and colleagues read; absent: as the hub says, else the name." },
    { "password", FR_CONFIG_SECRET, offsetof(struct desk_agent_config, password), NULL,
      .doc = "The password itself, from a file or an environment variable: file:/etc/filrouge/ann.password" },
    { "password_hash", FR_CONFIG_STRING, offsetof(struct desk_agent_config, password_hash), NULL, .max = 127,
      .doc = "Or its argon2id hash ($argon2id$...), which may stand here." },
    { "supervisor", FR_CONFIG_BOOL, offsetof(struct desk_agent_config, supervisor), "false",
      .doc = "Sees alerts: promises of the brands of this site that are about to break, or have; decides who is whom, where the contract lets the site." },
    { NULL },
};

const struct fr_config_key desk_config_keys[] = {
    { "site", FR_CONFIG_STRING, offsetof(struct desk_config, site), "inhouse", .min = 1, .max = DESK_SITE_SIZE - 1,
      .doc = "Whose desk this is; its journal is desk.<site>." },
    { "listen", FR_CONFIG_STRING, offsetof(struct desk_config, listen), "127.0.0.1:8070", .min = 1, .max = 100,
      .doc = "Where browsers connect; behind a proxy that does TLS this stays on loopback." },
    { "page", FR_CONFIG_STRING, offsetof(struct desk_config, page), NULL, .max = 400,
      .doc = "Folder of the built web page; absent: only the API is served." },
    { "agents", FR_CONFIG_MAP, offsetof(struct desk_config, agents), NULL, .max = 10000, .keys = agent_keys,
      .item_size = sizeof(struct desk_agent_config), .doc = "Who may sign in here." },
    { "session_time", FR_CONFIG_SPAN, offsetof(struct desk_config, session_time), "12h",
      .min = 60000000, .max = 7 * 86400000000, .doc = "After this an agent signs in again." },
    { "away_after", FR_CONFIG_SPAN, offsetof(struct desk_config, away_after), "30s",
      .min = 1000000, .max = 3600000000, .doc = "An agent whose last window has been closed for so long goes offline." },
    { "trusted_proxies", FR_CONFIG_STRING, offsetof(struct desk_config, trusted_proxies), NULL, .max = 1000,
      .doc = "Blank-separated addresses or networks (10.0.0.0/8) of proxies whose X-Forwarded-For is believed." },
    { "secure_cookie", FR_CONFIG_BOOL, offsetof(struct desk_config, secure_cookie), "false",
      .doc = "Send the session cookie over https only; true wherever a proxy does TLS." },
    { NULL },
};
/* clang-format on */

static bool
is_label(const char *name)
{
    return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-.")] == '\0';
}

static void
check_agent(struct fr_config *config, const struct desk_agent_config *agent)
{
    char path[80];

    snprintf(path, sizeof(path), "agents.%s", agent->name);
    if (!is_label(agent->name))
        fr_config_complain(config, "desk", path,
                           "only lower-case letters, digits, '-', '_' and '.'");
    if ((agent->password == NULL) == (agent->password_hash == NULL))
        fr_config_complain(config, "desk", path, "needs either password or password_hash");
    else if (agent->password != NULL && strlen(agent->password) < 8)
        fr_config_complain(config, "desk", path, "the password has less than 8 characters");
    if (agent->password_hash != NULL && strncmp(agent->password_hash, "$argon2id$", 10) != 0)
        fr_config_complain(config, "desk", path, "password_hash must begin with $argon2id$");
}

/* The two names that follow from the site's are made once, here, where the section is still being
 * filled. */
static void
derive(struct desk_config *desk)
{
    snprintf(desk->journal, sizeof(desk->journal), "desk.%s", desk->site);
    snprintf(desk->route, sizeof(desk->route), "site.%s", desk->site);
}

void
desk_config_check(struct fr_config *config, const void *section)
{
    const struct desk_config *desk = section;
    const struct desk_agent_config *agents = desk->agents.items;

    derive((struct desk_config *)section);

    if (strchr(desk->site, '.') != NULL || !is_label(desk->site))
        fr_config_complain(config, "desk", "site", "only lower-case letters, digits, '-' and '_'");
    for (size_t i = 0; i < desk->agents.count; i++)
        check_agent(config, &agents[i]);
}

const struct desk_agent_config *
desk_config_agent(const struct desk_config *config, const char *name)
{
    const struct desk_agent_config *agents = config->agents.items;

    for (size_t i = 0; i < config->agents.count; i++)
        if (strcmp(agents[i].name, name) == 0)
            return &agents[i];
    return NULL;
}
