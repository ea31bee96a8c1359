/* config.c - the form's knobs, one row each. */
#include "services/channel_webform/webform.h"

#define ACCOUNT(field) offsetof(struct webform_account, field)
#define AT(field) offsetof(struct webform_config, field)
#define DAY_US (86400 * INT64_C(1000000))

/* clang-format off */
static const struct fr_config_key account_keys[] = {
    { "name", FR_CONFIG_STRING, ACCOUNT(name), NULL, .required = true, .min = 1, .max = FR_NAME_SIZE - 1,
      .doc = "The account: forms are posted to /form/<name>." },
    { "brand", FR_CONFIG_STRING, ACCOUNT(brand), NULL, .required = true, .min = 1, .max = FR_BRAND_SIZE - 1,
      .doc = "Whom the customer writes to; its token_secret checks customer tokens." },
    { "allow_origins", FR_CONFIG_STRINGS, ACCOUNT(allow_origins), NULL, .max = 100,
      .doc = "Pages that may post here from a browser (https://shop.example); absent: any." },
    { "answer_url", FR_CONFIG_STRING, ACCOUNT(answer_url), NULL, .min = 8, .max = 1000,
      .doc = "Answers are also posted here as JSON, with Idempotency-Key; absent: they wait at the ticket." },
    { "region", FR_CONFIG_STRING, ACCOUNT(region), NULL, .min = 2, .max = 2,
      .doc = "Country of phone numbers that are typed without its code (DE)." },
    { NULL },
};

const struct fr_config_key webform_config_keys[] = {
    { "listen", FR_CONFIG_STRING, AT(listen), "127.0.0.1:8062", .min = 1, .max = 100,
      .doc = "Where forms are posted; behind a proxy that does TLS this stays on loopback." },
    { "accounts", FR_CONFIG_MAP, AT(accounts), NULL, .max = 1000, .keys = account_keys,
      .item_size = sizeof(struct webform_account), .doc = "The forms, by name." },
    { "public_url", FR_CONFIG_STRING, AT(public_url), "", .max = 400,
      .doc = "What customers reach this service by (https://help.example); stands before status_url." },
    { "keep", FR_CONFIG_SPAN, AT(keep), "90d", .min = DAY_US, .max = 3650 * DAY_US,
      .doc = "How long a ticket, its answers and its idempotency key are kept." },
    { "answer_tries", FR_CONFIG_INT, AT(answer_tries), "10", .min = 1, .max = 30,
      .doc = "How often an answer is posted before it is given up: after 5s, 10s, 20s... at most an hour." },
    { "answer_timeout", FR_CONFIG_SPAN, AT(answer_timeout), "10s", .min = 100000, .max = 60000000,
      .doc = "How long an answer_url may take." },
    { "ticket_secret", FR_CONFIG_SECRET, AT(ticket_secret), NULL,
      .doc = "Key of the tickets, for installations with a standby; absent: made at the first start and kept in the state folder." },
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
is_web(const char *url)
{
    return strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0;
}

static bool
is_label(const char *name)
{
    return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-.")] == '\0';
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

void
webform_config_check(struct fr_config *config, const void *section)
{
    const struct webform_config *webform = section;
    const struct fr_common_config *common = fr_config_get(config, "");
    const struct webform_account *accounts = webform->accounts.items;
    char path[80];

    if (webform->public_url[0] != '\0' &&
        (!is_web(webform->public_url) ||
         webform->public_url[strlen(webform->public_url) - 1] == '/'))
        fr_config_complain(config, WEBFORM_CHANNEL, "public_url",
                           "must begin with http:// or https:// and must not end with /");
    if (webform->ticket_secret != NULL && strlen(webform->ticket_secret) < 32)
        fr_config_complain(config, WEBFORM_CHANNEL, "ticket_secret", "has less than 32 characters");
    for (size_t i = 0; i < webform->accounts.count; i++) {
        snprintf(path, sizeof(path), "accounts.%s", accounts[i].name);
        if (!is_label(accounts[i].name) || strcmp(accounts[i].name, "answer") == 0)
            fr_config_complain(
                config, WEBFORM_CHANNEL, path,
                "only lower-case letters, digits, '-', '_' and '.', and not \"answer\"");
        if (!knows_brand(common, accounts[i].brand))
            fr_config_complain(config, WEBFORM_CHANNEL, path, "brand %s is not among `brands`",
                               accounts[i].brand);
        if (accounts[i].answer_url != NULL && !is_web(accounts[i].answer_url))
            fr_config_complain(config, WEBFORM_CHANNEL, path,
                               "answer_url must begin with http:// or https://");
    }
}

const struct webform_account *
webform_account_find(const struct webform_config *config, const char *name)
{
    const struct webform_account *accounts = config->accounts.items;

    for (size_t i = 0; i < config->accounts.count; i++)
        if (strcmp(accounts[i].name, name) == 0)
            return &accounts[i];
    return NULL;
}
