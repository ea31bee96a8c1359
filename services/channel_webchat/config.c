/* config.c - the chat's knobs, one row each. */
#include "services/channel_webchat/webchat.h"

#define ACCOUNT(field) offsetof(struct webchat_account, field)
#define AT(field) offsetof(struct webchat_config, field)
#define MINUTE_US (60 * INT64_C(1000000))
#define DAY_US (24 * 60 * MINUTE_US)

/* clang-format off */
static const struct fr_config_key account_keys[] = {
    { "name", FR_CONFIG_STRING, ACCOUNT(name), NULL, .required = true, .min = 1, .max = FR_NAME_SIZE - 1,
      .doc = "The account: what the page says in data-account." },
    { "brand", FR_CONFIG_STRING, ACCOUNT(brand), NULL, .required = true, .min = 1, .max = FR_BRAND_SIZE - 1,
      .doc = "Whom the customer talks to; its token_secret checks customer tokens." },
    { "allow_origins", FR_CONFIG_STRINGS, ACCOUNT(allow_origins), NULL, .max = 100,
      .doc = "Pages that may hold the chat (https://shop.example), or \"*\" for any; absent: pages of this service itself." },
    { "greeting", FR_CONFIG_STRING, ACCOUNT(greeting), "", .max = 500,
      .doc = "What stands above the chat." },
    { NULL },
};

const struct fr_config_key webchat_config_keys[] = {
    { "listen", FR_CONFIG_STRING, AT(listen), "127.0.0.1:8061", .min = 1, .max = 100,
      .doc = "Where browsers connect; behind a proxy that does TLS this stays on loopback." },
    { "accounts", FR_CONFIG_MAP, AT(accounts), NULL, .max = 1000, .keys = account_keys,
      .item_size = sizeof(struct webchat_account), .doc = "The chats, by name." },
    { "widget", FR_CONFIG_STRING, AT(widget), NULL, .max = 400,
      .doc = "Folder of the built widget, served at /widget.js; absent: it is served by somebody else." },
    { "pages", FR_CONFIG_STRING, AT(pages), NULL, .max = 400,
      .doc = "Folder of further pages (the demo shop); absent: none." },
    { "demo_tokens", FR_CONFIG_STRING, AT(demo_tokens), NULL, .max = 400,
      .doc = "File with signed tokens of the demo's customers, served at /demo/tokens.json to anybody: never in production." },
    { "session_time", FR_CONFIG_SPAN, AT(session_time), "30d", .min = MINUTE_US, .max = 3650 * DAY_US,
      .doc = "How long a browser may stay away and find its session again." },
    { "keep", FR_CONFIG_SPAN, AT(keep), "90d", .min = DAY_US, .max = 3650 * DAY_US,
      .doc = "How long what was said in a quiet session is kept here; the conversation is kept elsewhere." },
    { "entries_max", FR_CONFIG_INT, AT(entries_max), "2000", .min = 2, .max = 100000,
      .doc = "Entries of one session; then the browser begins another one." },
    { "messages_per_minute", FR_CONFIG_INT, AT(messages_per_minute), "30", .min = 1, .max = 100000,
      .doc = "Messages of one browser window, a third of it at once; over it \"too_fast\"." },
    { "messages_per_minute_of_address", FR_CONFIG_INT, AT(messages_per_minute_of_address), "600", .min = 1, .max = 10000000,
      .doc = "Messages of all windows behind one address (an office), likewise." },
    { "sessions_per_minute_of_address", FR_CONFIG_INT, AT(sessions_per_minute_of_address), "120", .min = 1, .max = 10000000,
      .doc = "New sessions from one address, likewise." },
    { "windows_max", FR_CONFIG_INT, AT(windows_max), "8", .min = 1, .max = 1000,
      .doc = "Open windows of one session." },
    { "session_secret", FR_CONFIG_SECRET, AT(session_secret), NULL,
      .doc = "Key of the session tokens, for installations with a standby; absent: made at the first start and kept in the state folder." },
    { "trusted_proxies", FR_CONFIG_STRING, AT(trusted_proxies), NULL, .max = 1000,
      .doc = "Blank-separated addresses or networks (10.0.0.0/8) of proxies whose X-Forwarded-For is believed." },
    { "connections_max", FR_CONFIG_INT, AT(connections_max), "4096", .min = 1, .max = 100000,
      .doc = "Open connections; over it 503." },
    { "connections_per_address_max", FR_CONFIG_INT, AT(connections_per_address_max), "256", .min = 0, .max = 100000,
      .doc = "Open connections of one address, 0 for no limit; over it 429." },
    { NULL },
};
/* clang-format on */

static bool
is_label(const char *name)
{
    return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-.")] == '\0';
}

static bool
is_origin(const char *origin)
{
    const char *host = strstr(origin, "://");

    return strcmp(origin, "*") == 0 ||
           (host != NULL && host[3] != '\0' && strchr(host + 3, '/') == NULL);
}

static bool
knows_brand(const struct fr_common_config *common, const char *brand)
{
    const struct fr_brand_config *brands = common->brands.items;

    for (size_t i = 0; i < common->brands.count; i++)
        if (strcmp(brands[i].name, brand) == 0)
            return true;
    return false;
}

static void
check_account(struct fr_config *config, const struct fr_common_config *common,
              const struct webchat_account *account)
{
    const char *const *origins = account->allow_origins.items;
    char path[80];

    snprintf(path, sizeof(path), "accounts.%s", account->name);
    if (!is_label(account->name))
        fr_config_complain(config, WEBCHAT_CHANNEL, path,
                           "only lower-case letters, digits, '-', '_' and '.'");
    if (!knows_brand(common, account->brand))
        fr_config_complain(config, WEBCHAT_CHANNEL, path, "brand %s is not among `brands`",
                           account->brand);
    for (size_t i = 0; i < account->allow_origins.count; i++)
        if (!is_origin(origins[i]))
            fr_config_complain(config, WEBCHAT_CHANNEL, path,
                               "%s is no origin, like https://shop.example (no path behind it)",
                               origins[i]);
}

void
webchat_config_check(struct fr_config *config, const void *section)
{
    const struct webchat_config *webchat = section;
    const struct webchat_account *accounts = webchat->accounts.items;
    const struct fr_common_config *common = fr_config_get(config, "");

    if (webchat->session_secret != NULL && strlen(webchat->session_secret) < 32)
        fr_config_complain(config, WEBCHAT_CHANNEL, "session_secret",
                           "has less than 32 characters");
    for (size_t i = 0; i < webchat->accounts.count; i++)
        check_account(config, common, &accounts[i]);
    if (webchat->keep.us < webchat->session_time.us)
        fr_config_complain(
            config, WEBCHAT_CHANNEL, "keep",
            "must not be shorter than session_time: a browser would find its session empty");
}
