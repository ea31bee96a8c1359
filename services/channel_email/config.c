/* config.c - e-mail's knobs, one row each. */
#include "services/channel_email/email.h"

#include "services/channel_email/token.h"

#define ACCOUNT(field) offsetof(struct email_account, field)
#define MAILBOX(field) offsetof(struct email_mailbox, field)
#define HOST(field) offsetof(struct email_smarthost, field)
#define AT(field) offsetof(struct email_config, field)
#define SECOND INT64_C(1000000)
#define DAY (86400 * SECOND)
#define MIB (INT64_C(1) << 20)

/* clang-format off */
static const struct fr_config_key smarthost_keys[] = {
    { "url", FR_CONFIG_STRING, HOST(url), NULL, .min = 8, .max = 300,
      .doc = "Where mail is handed over: smtp://host:port, or smtps:// for TLS from the first byte." },
    { "user", FR_CONFIG_STRING, HOST(user), NULL, .max = 200, .doc = "Log-in there; absent: none." },
    { "password", FR_CONFIG_SECRET, HOST(password), NULL, .doc = "Its password." },
    { "tls", FR_CONFIG_CHOICE, HOST(tls), "always", .choices = "always|try|never",
      .doc = "STARTTLS: without it nothing is sent, or is sent all the same, or it is not asked for (loopback only)." },
    { NULL },
};
static const struct fr_config_key account_keys[] = {
    { "name", FR_CONFIG_STRING, ACCOUNT(name), NULL, .required = true, .min = 1, .max = FR_NAME_SIZE - 1,
      .doc = "The account." },
    { "brand", FR_CONFIG_STRING, ACCOUNT(brand), NULL, .required = true, .min = 1, .max = FR_BRAND_SIZE - 1,
      .doc = "Whom the customer writes to." },
    { "address", FR_CONFIG_STRING, ACCOUNT(address), NULL, .required = true, .min = 3, .max = 200,
      .doc = "Where customers write to, and what our answers come from: support@acme.example." },
    { "aliases", FR_CONFIG_STRINGS, ACCOUNT(aliases), NULL, .max = 100,
      .doc = "Further addresses whose mail is this account's; answers come from `address`." },
    { "title", FR_CONFIG_STRING, ACCOUNT(title), NULL, .max = 100,
      .doc = "What customers call the brand; {brand} everywhere. Absent: the brand's name." },
    { "from", FR_CONFIG_STRING, ACCOUNT(from), "{brand}", .min = 1, .max = 100,
      .doc = "The name before the address in From: \"{brand}\", or \"{agent} ({brand})\"." },
    { "region", FR_CONFIG_STRING, ACCOUNT(region), NULL, .min = 2, .max = 2,
      .doc = "Country of phone numbers that are written without its code (DE)." },
    { "signature", FR_CONFIG_STRING, ACCOUNT(signature), "", .max = 4000,
      .doc = "Stands below every answer; {agent} and {brand} are filled in." },
    { "separator", FR_CONFIG_STRING, ACCOUNT(separator), "+", .max = 1,
      .doc = "What the MTA takes for the beginning of an address extension (postfix: recipient_delimiter); a signed "
             "token follows it in Reply-To, and proves which conversation a reply belongs to. Empty: no token." },
    { "acknowledgement", FR_CONFIG_STRING, ACCOUNT(acknowledgement), "", .max = 8000,
      .doc = "Sent when a mail came, to people only, and not again within acknowledge_again; {brand} and {subject} are "
             "filled in. Empty: nothing is sent." },
    { "quote", FR_CONFIG_BOOL, ACCOUNT(quote), "true",
      .doc = "Whether the mail that is answered is quoted below the answer." },
    { "smarthost", FR_CONFIG_SECTION, ACCOUNT(smarthost), .keys = smarthost_keys,
      .doc = "Where this account's mail is handed over, when not at the service's own smarthost." },
    { NULL },
};
static const struct fr_config_key mailbox_keys[] = {
    { "name", FR_CONFIG_STRING, MAILBOX(name), NULL, .required = true, .min = 1, .max = FR_NAME_SIZE - 1,
      .doc = "The mailbox; its place is kept under that name, so it should not change." },
    { "account", FR_CONFIG_STRING, MAILBOX(account), NULL, .required = true, .min = 1, .max = FR_NAME_SIZE - 1,
      .doc = "Whose mail lies there." },
    { "url", FR_CONFIG_STRING, MAILBOX(url), NULL, .required = true, .min = 8, .max = 300,
      .doc = "imaps://host:port, or imap:// for STARTTLS." },
    { "user", FR_CONFIG_STRING, MAILBOX(user), NULL, .required = true, .min = 1, .max = 200, .doc = "Log-in there." },
    { "password", FR_CONFIG_SECRET, MAILBOX(password), NULL, .required = true, .doc = "Its password." },
    { "folder", FR_CONFIG_STRING, MAILBOX(folder), "INBOX", .min = 1, .max = 200, .doc = "What is read." },
    { "tls", FR_CONFIG_CHOICE, MAILBOX(tls), "always", .choices = "always|try|never",
      .doc = "STARTTLS with imap://, as for a smarthost." },
    { "every", FR_CONFIG_SPAN, MAILBOX(every), "30s", .min = SECOND / 5, .max = DAY,
      .doc = "How long after a look the next one is." },
    { NULL },
};

const struct fr_config_key email_config_keys[] = {
    { "listen", FR_CONFIG_STRING, AT(listen), "", .max = 100,
      .doc = "Where an MTA delivers by LMTP: unix:PATH or 127.0.0.1:2424; empty: nowhere." },
    { "peers", FR_CONFIG_STRING, AT(peers), "127.0.0.1 ::1", .max = 1000,
      .doc = "Blank-separated addresses of MTAs that may connect over TCP: whoever connects is believed." },
    { "hostname", FR_CONFIG_STRING, AT(hostname), "localhost", .min = 1, .max = 200,
      .doc = "What we call ourselves in LMTP and SMTP." },
    { "reply_secret", FR_CONFIG_SECRET, AT(reply_secret), NULL,
      .doc = "Signs the tokens in our addresses and Message-IDs: 32 characters at least. With another one, replies to "
             "older mail are recognized by their sender only." },
    { "trusted_authserv", FR_CONFIG_STRINGS, AT(trusted_authserv), NULL, .max = 20,
      .doc = "Names that our own MTA writes into Authentication-Results (RFC 8601): only those are believed." },
    { "accounts", FR_CONFIG_MAP, AT(accounts), NULL, .max = 1000, .keys = account_keys,
      .item_size = sizeof(struct email_account), .doc = "Addresses that customers write to, by name." },
    { "mailboxes", FR_CONFIG_MAP, AT(mailboxes), NULL, .max = 100, .keys = mailbox_keys,
      .item_size = sizeof(struct email_mailbox), .doc = "Hosted mailboxes that are read by IMAP, by name." },
    { "smarthost", FR_CONFIG_SECTION, AT(smarthost), .keys = smarthost_keys,
      .doc = "Where mail is handed over." },
    { "ca_file", FR_CONFIG_STRING, AT(ca_file), NULL, .max = 400,
      .doc = "Certificates that smarthosts and IMAP servers are checked against; absent: the system's." },
    { "size_max", FR_CONFIG_SIZE, AT(size_max), "25MiB", .min = 64 * 1024, .max = 25 * MIB,
      .doc = "Largest mail that is taken; over it 552." },
    { "memory_max", FR_CONFIG_SIZE, AT(memory_max), "256MiB", .min = 26 * MIB, .max = 65536 * MIB,
      .doc = "Bytes of mails that may be under way at once; over it 452, and the MTA comes again." },
    { "connections_max", FR_CONFIG_INT, AT(connections_max), "100", .min = 1, .max = 10000,
      .doc = "LMTP connections; over it 421." },
    { "recipients_max", FR_CONFIG_INT, AT(recipients_max), "100", .min = 1, .max = 1000,
      .doc = "Recipients of one mail; over it 452, and the MTA sends the rest separately." },
    { "parsers", FR_CONFIG_INT, AT(parsers), "2", .min = 1, .max = 64,
      .doc = "Processes that read mails of LMTP side by side; each mailbox has one of its own." },
    { "idle_timeout", FR_CONFIG_SPAN, AT(idle_timeout), "5m", .min = SECOND / 10, .max = DAY,
      .doc = "How long an LMTP connection may say nothing." },
    { "mail_timeout", FR_CONFIG_SPAN, AT(mail_timeout), "15m", .min = SECOND / 10, .max = DAY,
      .doc = "How long one mail may take from DATA to its last byte." },
    { "send_timeout", FR_CONFIG_SPAN, AT(send_timeout), "10m", .min = SECOND, .max = DAY,
      .doc = "How long one try to hand over a mail may take (RFC 5321, 4.5.3.2 asks for patience)." },
    { "retry_first", FR_CONFIG_SPAN, AT(retry_first), "1m", .min = SECOND / 10, .max = DAY,
      .doc = "How long after a failed try the next one is; twice that after the second, and so on up to two hours." },
    { "give_up_after", FR_CONFIG_SPAN, AT(give_up_after), "5d", .min = SECOND, .max = 30 * DAY,
      .doc = "How long a mail is tried; then it is undelivered, and the agent is told." },
    { "keep", FR_CONFIG_SPAN, AT(keep), "400d", .min = DAY, .max = 3650 * DAY,
      .doc = "How long a mail is recognized when it comes again, a reply by what it refers to, and attachments and mails "
             "that were set aside are kept as files." },
    { "acknowledge_again", FR_CONFIG_SPAN, AT(acknowledge_again), "7d", .min = SECOND, .max = 365 * DAY,
      .doc = "A sender gets one acknowledgement per conversation in this time." },
    { "acknowledge_per_sender", FR_CONFIG_INT, AT(acknowledge_per_sender), "3", .min = 1, .max = 1000,
      .doc = "And at most so many in an hour, whatever he writes about; over it none." },
    { "acknowledge_per_account", FR_CONFIG_INT, AT(acknowledge_per_account), "1000", .min = 1, .max = 1000000,
      .doc = "Acknowledgements of one account in an hour, to everybody; over it none." },
    { "parser", FR_CONFIG_STRING, AT(parser), NULL, .max = 400,
      .doc = "The program that reads mails; absent: filrouge-email-parser beside this one." },
    { NULL },
};
/* clang-format on */

static bool
begins(const char *text, const char *one, const char *other)
{
    return strncmp(text, one, strlen(one)) == 0 || strncmp(text, other, strlen(other)) == 0;
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
check_smarthost(struct fr_config *config, const char *path, const struct email_smarthost *host)
{
    if (host->url != NULL && !begins(host->url, "smtp://", "smtps://"))
        fr_config_complain(config, EMAIL_CHANNEL, path, "url must begin with smtp:// or smtps://");
    if ((host->user == NULL) != (host->password == NULL))
        fr_config_complain(config, EMAIL_CHANNEL, path, "user and password go together");
}

static void
check_account(struct fr_config *config, const struct email_config *email,
              const struct email_account *account)
{
    const struct email_account *accounts = email->accounts.items;
    const char *const *aliases = account->aliases.items;
    char path[80];
    struct fr_slice extra;

    snprintf(path, sizeof(path), "accounts.%s", account->name);
    if (!knows_brand(fr_config_get(config, ""), account->brand))
        fr_config_complain(config, EMAIL_CHANNEL, path, "brand %s is not among `brands`",
                           account->brand);
    if (!email_sendable(account->address)) {
        fr_config_complain(config, EMAIL_CHANNEL, path, "address %s is none that mail can go to",
                           account->address);
        return;
    }
    for (size_t i = 0; i < account->aliases.count; i++)
        if (!email_sendable(aliases[i]))
            fr_config_complain(config, EMAIL_CHANNEL, path, "alias %s is none that mail can go to",
                               aliases[i]);
    for (size_t i = 0; &accounts[i] != account; i++)
        if (email_sendable(accounts[i].address) &&
            email_account_has(&accounts[i], account->address, &extra))
            fr_config_complain(config, EMAIL_CHANNEL, path, "address %s is account %s's already",
                               account->address, accounts[i].name);
    if (account->smarthost.url == NULL && email->smarthost.url == NULL)
        fr_config_complain(config, EMAIL_CHANNEL, path,
                           "has no smarthost: answers could not be sent");
    check_smarthost(config, path, &account->smarthost);
}

static void
check_listen(struct fr_config *config, const struct email_config *email)
{
    const char *colon = strrchr(email->listen, ':');

    if (email->listen[0] == '\0')
        return;
    if (strncmp(email->listen, "unix:", 5) == 0) {
        if (email->listen[5] != '/')
            fr_config_complain(config, EMAIL_CHANNEL, "listen", "unix: is followed by a full path");
    } else if (colon == NULL || colon[1] == '\0' ||
               colon[1 + strspn(colon + 1, "0123456789")] != '\0') {
        fr_config_complain(config, EMAIL_CHANNEL, "listen", "must be unix:PATH or ADDRESS:PORT");
    }
}

void
email_config_check(struct fr_config *config, const void *section)
{
    const struct email_config *email = section;
    const struct email_account *accounts = email->accounts.items;
    const struct email_mailbox *mailboxes = email->mailboxes.items;
    char path[80];

    check_listen(config, email);
    check_smarthost(config, "smarthost", &email->smarthost);
    if (email->accounts.count > 0 && email->reply_secret == NULL)
        fr_config_complain(config, EMAIL_CHANNEL, "reply_secret",
                           "is missing: head -c 32 /dev/urandom | base64 makes one");
    if (email->reply_secret != NULL && strlen(email->reply_secret) < 32)
        fr_config_complain(config, EMAIL_CHANNEL, "reply_secret", "has less than 32 characters");
    if (email->keep.us < email->acknowledge_again.us || email->keep.us < email->give_up_after.us)
        fr_config_complain(config, EMAIL_CHANNEL, "keep",
                           "must not be shorter than acknowledge_again and give_up_after");
    for (size_t i = 0; i < email->accounts.count; i++)
        check_account(config, email, &accounts[i]);
    for (size_t i = 0; i < email->mailboxes.count; i++) {
        snprintf(path, sizeof(path), "mailboxes.%s", mailboxes[i].name);
        if (email_account_find(email, mailboxes[i].account) == NULL)
            fr_config_complain(config, EMAIL_CHANNEL, path, "account %s is not among `accounts`",
                               mailboxes[i].account);
        if (!begins(mailboxes[i].url, "imap://", "imaps://"))
            fr_config_complain(config, EMAIL_CHANNEL, path,
                               "url must begin with imap:// or imaps://");
    }
}

const struct email_account *
email_account_find(const struct email_config *config, const char *name)
{
    const struct email_account *accounts = config->accounts.items;

    for (size_t i = 0; i < config->accounts.count; i++)
        if (strcmp(accounts[i].name, name) == 0)
            return &accounts[i];
    return NULL;
}
