/* rules.c - a copy of what the edge's threads must know of the configuration. */
#include "services/channel_email/rules.h"

#include <stdlib.h>

void
email_loop_name(const char *secret, char text[EMAIL_LOOP_SIZE])
{
    char token[EMAIL_TOKEN_SIZE];

    email_token_write(secret == NULL ? "" : secret, EMAIL_TOKEN_LOOP, "", 0, token);
    memcpy(text, token + EMAIL_TOKEN_SIZE - EMAIL_LOOP_SIZE, EMAIL_LOOP_SIZE);
}

static char *
copy(struct email_rules *rules, const char *text)
{
    char *own = fr_arena_strdup(rules->arena, text);

    fr_assert(own != NULL); /* the arena is bounded far above any configuration */
    return own;
}

static char **
copy_list(struct email_rules *rules, const struct fr_config_list *list)
{
    const char *const *from = list->items;
    char **to = fr_arena_zalloc(rules->arena, list->count + 1, sizeof(*to));

    fr_assert(to != NULL);
    for (size_t i = 0; i < list->count; i++)
        to[i] = copy(rules, from[i]);
    return to;
}

static void
copy_account(struct email_rules *rules, struct email_account *to, const struct email_account *from)
{
    to->name = copy(rules, from->name);
    to->brand = copy(rules, from->brand);
    to->address = copy(rules, from->address);
    to->separator = copy(rules, from->separator);
    to->aliases.items = copy_list(rules, &from->aliases);
    to->aliases.count = from->aliases.count;
}

/* Everything by which the parser knows our own mail. */
static void
make_options(struct email_rules *rules, const struct email_config *config)
{
    char **domains = fr_arena_zalloc(rules->arena, rules->account_count + 1, sizeof(*domains));
    char **addresses = fr_arena_zalloc(rules->arena, rules->account_count + 1, sizeof(*addresses));
    char loop[EMAIL_LOOP_SIZE], domain[EMAIL_ADDRESS_SIZE];

    fr_assert(domains != NULL && addresses != NULL);
    fr__email_options__init(&rules->options);
    for (size_t i = 0; i < rules->account_count; i++) {
        email_message_id_domain(&rules->accounts[i], domain);
        domains[i] = copy(rules, domain);
        addresses[i] = (char *)rules->accounts[i].address;
    }
    email_loop_name(config->reply_secret, loop);
    rules->options.trusted_authserv = copy_list(rules, &config->trusted_authserv);
    rules->options.n_trusted_authserv = config->trusted_authserv.count;
    rules->options.own_id_domains = domains;
    rules->options.n_own_id_domains = rules->account_count;
    rules->options.own_addresses = addresses;
    rules->options.n_own_addresses = rules->account_count;
    rules->options.own_loop = copy(rules, loop);
}

struct email_rules *
email_rules_new(const struct email_config *config)
{
    const struct email_account *accounts = config->accounts.items;
    struct email_rules *rules = calloc(1, sizeof(*rules));

    if (rules == NULL)
        return NULL;
    rules->arena = fr_arena_new(16 << 10, (size_t)256 << 20);
    if (rules->arena == NULL) {
        free(rules);
        return NULL;
    }
    rules->account_count = config->accounts.count;
    rules->accounts =
        fr_arena_zalloc(rules->arena, rules->account_count + 1, sizeof(*rules->accounts));
    fr_assert(rules->accounts != NULL);
    for (size_t i = 0; i < rules->account_count; i++)
        copy_account(rules, &rules->accounts[i], &accounts[i]);
    make_options(rules, config);
    return rules;
}

void
email_rules_free(struct email_rules **rules)
{
    if (*rules == NULL)
        return;
    fr_arena_free(&(*rules)->arena);
    free(*rules);
    *rules = NULL;
}

bool
email_rules_account(const struct email_rules *rules, const char *address, unsigned *account)
{
    struct fr_slice extra;

    for (size_t i = 0; i < rules->account_count; i++)
        if (email_account_has(&rules->accounts[i], address, &extra)) {
            *account = (unsigned)i;
            return true;
        }
    return false;
}
