/* token.c - fil token: what a brand's shop signs for a customer who is signed in there. */
#include <stdlib.h>
#include <string.h>
#include "common/token/token.h"
#include "services/fil/install.h"
#include "services/fil/show.h"

struct given {
    const char *brand, *sub, *name, *account, *email;
    bool email_verified;
    struct fr_span ttl;
};
#define GIVEN(field) offsetof(struct given, field)
static const struct fil_option options[] = {
    {"--brand", FIL_TEXT, GIVEN(brand), "BRAND", "Whose shop signs; else the only brand.", NULL},
    {"--sub", FIL_TEXT, GIVEN(sub), "LOGIN", "The customer's log-in at the shop.", NULL},
    {"--name", FIL_TEXT, GIVEN(name), "NAME", "What the shop calls him.", NULL},
    {"--account", FIL_TEXT, GIVEN(account), "NUMBER", "Customer number.", NULL},
    {"--email", FIL_TEXT, GIVEN(email), "ADDRESS", "His address, as the shop has it.", NULL},
    {"--email-verified", FIL_FLAG, GIVEN(email_verified), NULL, "The shop has checked the address.",
     NULL},
    {"--ttl", FIL_SPAN, GIVEN(ttl), "SPAN", "How long it is good for.", "1h"},
    {NULL},
};

static const struct fr_brand_config *
find_brand(const struct fil_install *install, const char *name)
{
    const struct fr_brand_config *brands = install->options->common->brands.items;
    size_t count = install->options->common->brands.count;

    if (name == NULL && count == 1)
        return brands;
    for (size_t i = 0; i < count && name != NULL; i++)
        if (strcmp(brands[i].name, name) == 0)
            return &brands[i];
    fprintf(stderr, "fil: which brand? --brand is one of:");
    for (size_t i = 0; i < count; i++)
        fprintf(stderr, " %s", brands[i].name);
    fputc('\n', stderr);
    return NULL;
}

static void
copy(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text != NULL ? text : "");
}

static int
run_sign(struct fil *fil, const void *given_options, int argc, char **argv)
{
    const struct given *given = given_options;
    const struct fil_install *install = fil_install_get(fil);
    const struct fr_brand_config *brand;
    struct fr_token token = {.email_verified = given->email_verified};
    char text[FR_TOKEN_TEXT_SIZE];

    (void)argc;
    (void)argv;
    if (given->sub == NULL) {
        fil_complain("who is signed in? --sub LOGIN");
        return FIL_USAGE;
    }
    if (install == NULL || install->options == NULL)
        return install == NULL ? FIL_FAILED
                               : fil_complain("the brand's secret is needed: --config FILE");
    brand = find_brand(install, given->brand);
    if (brand == NULL)
        return FIL_FAILED;
    if (brand->token_secret == NULL)
        return fil_complain("brands.%s.token_secret is not set: there is nothing to sign with",
                            brand->name);
    copy(token.sub, sizeof(token.sub), given->sub);
    copy(token.brand, sizeof(token.brand), brand->name);
    copy(token.name, sizeof(token.name), given->name);
    copy(token.account, sizeof(token.account), given->account);
    copy(token.email, sizeof(token.email), given->email);
    token.expires_s = (fr_time_wall().unix_us + given->ttl.us) / 1000000;
    if (fr_token_sign(&token, brand->token_secret, text, sizeof(text)) != FR_OK)
        return fil_complain("this cannot be signed: is everything UTF-8 and of reasonable length?");
    if (fil->json)
        return fil_show_json(json_pack("{s:s, s:s, s:s, s:I}", "token", text, "brand", brand->name,
                                       "sub", token.sub, "expires", (json_int_t)token.expires_s));
    puts(text);
    return FIL_OK;
}

const struct fil_command fil_token_commands[] = {
    {.noun = "token",
     .verb = "sign",
     .doc = "A customer token, as the brand's shop makes them for its pages.",
     .examples = "  fil token sign --brand acme --sub eve --name 'Eve Adams'\n"
                 "  fil token sign --brand acme --sub eve --ttl 5m --json | jq -r .token\n",
     .options = options,
     .given_size = sizeof(struct given),
     .run = run_sign},
    {.noun = NULL},
};
