/* config.c - identity's knobs, one row each. */
#include "services/identity/identity.h"

#include "services/identity/key.h"

#define AT(field) offsetof(struct identity_config, field)

/* clang-format off */
static const struct fr_config_key channel_keys[] = {
    { "name", FR_CONFIG_STRING, offsetof(struct identity_channel, name), NULL, .required = true,
      .min = 1, .max = 39, .doc = "The channel service, for instance channel_webchat." },
    { "live", FR_CONFIG_BOOL, offsetof(struct identity_channel, live), "false",
      .doc = "Whether the person talks with us now (chat, voice): what he claims there only suggests." },
    { "answers_to", FR_CONFIG_STRING, offsetof(struct identity_channel, answers_to), "", .max = 48,
      .doc = "Type of the key that an answer is sent to (email, phone, social for every platform...): a claim of that very key attaches, "
             "unverified. Empty when answers go to a session or a ticket page." },
    { NULL },
};
static const struct fr_config_key provider_keys[] = {
    { "domain", FR_CONFIG_STRING, offsetof(struct identity_provider, domain), NULL, .required = true,
      .min = 3, .max = 253, .doc = "The provider's domain, in lower case." },
    { "same_as", FR_CONFIG_STRING, offsetof(struct identity_provider, same_as), "", .max = 189,
      .doc = "The domain under which both are kept." },
    { "drop_dots", FR_CONFIG_BOOL, offsetof(struct identity_provider, drop_dots), "false",
      .doc = "Whether dots in the local part mean nothing there." },
    { "drop_tag", FR_CONFIG_BOOL, offsetof(struct identity_provider, drop_tag), "false",
      .doc = "Whether what follows a + reaches the same mailbox there." },
    { NULL },
};
static const struct fr_config_key own_key_keys[] = {
    { "type", FR_CONFIG_STRING, offsetof(struct identity_own_key, type), NULL, .required = true,
      .min = 1, .max = 48, .doc = "email or phone." },
    { "value", FR_CONFIG_STRING, offsetof(struct identity_own_key, value), NULL, .required = true,
      .min = 1, .max = 254, .doc = "The address in its normal form: lower case, +44..." },
    { NULL },
};

const struct fr_config_key identity_config_keys[] = {
    { "fan_out", FR_CONFIG_INT, AT(fan_out), "5", .min = 1, .max = IDENTITY_FAN_OUT_MAX,
      .doc = "A key that more customers hold than this, or that came with more names, is shared: it neither links nor suggests." },
    { "dormancy", FR_CONFIG_SPAN, AT(dormancy), "90d", .min = INT64_C(3600000000),
      .doc = "A telephone line or device that was silent for longer and comes back with another name has a new owner." },
    { "matching", FR_CONFIG_SECTION, AT(matching), NULL, .keys = identity_matching_keys,
      .doc = "How what is said of people is weighed: for suggestions, and for what an operator imports." },
    { "one_account_space", FR_CONFIG_BOOL, AT(one_account_space), "false",
      .doc = "Whether customer numbers and log-ins name the same person at every brand." },
    { "channels", FR_CONFIG_MAP, AT(channels),
      "{channel_webchat: {live: true}, channel_webform: {live: false}, channel_voice: {live: true},"
      " channel_email: {answers_to: email}, channel_sms: {answers_to: phone}, channel_social: {answers_to: social}}",
      .keys = channel_keys, .item_size = sizeof(struct identity_channel), .max = 64,
      .doc = "What a claim is worth on each channel; one that is not named counts as live." },
    { "mail_providers", FR_CONFIG_MAP, AT(providers),
      "{gmail.com: {drop_dots: true, drop_tag: true},"
      " googlemail.com: {same_as: gmail.com, drop_dots: true, drop_tag: true},"
      " outlook.com: {drop_tag: true}, outlook.fr: {drop_tag: true}, outlook.de: {drop_tag: true},"
      " hotmail.co.uk: {drop_tag: true}, hotmail.fr: {drop_tag: true}, live.co.uk: {drop_tag: true},"
      " live.fr: {drop_tag: true}, hotmail.com: {drop_tag: true}, live.com: {drop_tag: true},"
      " icloud.com: {drop_tag: true}, fastmail.com: {drop_tag: true}, fastmail.fm: {drop_tag: true},"
      " proton.me: {drop_tag: true}, protonmail.com: {drop_tag: true}}",
      .keys = provider_keys, .item_size = sizeof(struct identity_provider), .max = 500,
      .doc = "Providers where several spellings reach one mailbox; elsewhere dots and +tags are kept." },
    { "nobody", FR_CONFIG_STRINGS, AT(nobody),
      "[noreply, donotreply, dontreply, mailerdaemon, postmaster, bounce, bounces, none, noemail, nomail, na, noone,"
      " notprovided, notavailable, notapplicable, unknown, anonymous, nobody, \"null\", undefined]",
      .max = 200,
      .doc = "Local parts of e-mail addresses that name no person, in lower case without - _ and dots." },
    { "own_keys", FR_CONFIG_LIST, AT(own_keys), NULL,
      .keys = own_key_keys, .item_size = sizeof(struct identity_own_key), .max = 500,
      .doc = "Our own addresses and numbers: they are nobody's key." },
    { NULL },
};
/* clang-format on */

static void
check_own_keys(struct fr_config *config, const struct identity_config *identity)
{
    const struct identity_own_key *own = identity->own_keys.items;
    struct identity_config others =
        *identity; /* without the list itself, which would refuse them all */

    others.own_keys.count = 0;
    for (size_t i = 0; i < identity->own_keys.count; i++) {
        char normal[IDENTITY_VALUE_SIZE], path[40];
        const char *why;

        snprintf(path, sizeof(path), "own_keys[%zu].value", i);
        if (identity_key_normal(own[i].type, own[i].value, "", "", &others, normal, &why) != FR_OK)
            fr_config_complain(config, "identity", path, "%s", why);
        else if (strcmp(normal, own[i].value) != 0)
            fr_config_complain(config, "identity", path, "write it in its normal form, %s", normal);
    }
}

/* Two rows that contradict each other, and values that could never match anything. */
void
identity_config_check(struct fr_config *config, const void *section)
{
    const struct identity_config *identity = section;
    const struct identity_channel *channels = identity->channels.items;
    char path[40];

    identity_matching_check(config, "matching", &identity->matching);
    for (size_t i = 0; i < identity->channels.count; i++) {
        snprintf(path, sizeof(path), "channels.%.20s", channels[i].name);
        if (channels[i].answers_to[0] == '\0')
            continue;
        if (strcmp(channels[i].answers_to, "social") != 0 &&
            identity_key_class(channels[i].answers_to) == IDENTITY_UNKNOWN)
            fr_config_complain(config, "identity", path, "answers_to names no type of key");
        else if (channels[i].live)
            fr_config_complain(config, "identity", path,
                               "on a live channel a claim only suggests: answers_to must be empty");
    }
    check_own_keys(config, identity);
}

const struct identity_channel *
identity_channel_find(const struct identity_config *config, const char *name)
{
    static const struct identity_channel stranger = {.name = "", .live = true, .answers_to = ""};
    const struct identity_channel *channels = config->channels.items;

    for (size_t i = 0; i < config->channels.count; i++)
        if (strcmp(channels[i].name, name) == 0)
            return &channels[i];
    return &stranger;
}
