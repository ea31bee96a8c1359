/* roster.c - the doors of this configuration: the desk with its agents, the contact form with its
 * brand. */
#include "services/fil/roster.h"

#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* ---- passwords ---- */

/* {} becomes the name. */
static bool
fill_in(const char *pattern, const char *name, char *out, size_t size)
{
    const char *place = strstr(pattern, "{}");
    int length;

    if (place == NULL)
        length = snprintf(out, size, "%s", pattern);
    else
        length = snprintf(out, size, "%.*s%s%s", (int)(place - pattern), pattern, name, place + 2);
    return length >= 0 && (size_t)length < size;
}

/* The same rules as the desk's own reading: relative paths start at the configuration's directory.
 */
static bool
read_secret(const struct fil_install *install, const char *reference, char *out, size_t size)
{
    char path[2 * FIL_PATH_SIZE], config[FIL_PATH_SIZE];
    FILE *file;
    size_t length;

    if (strncmp(reference, "env:", 4) == 0) {
        const char *value = getenv(reference + 4);

        return value != NULL && (size_t)snprintf(out, size, "%s", value) < size;
    }
    if (strncmp(reference, "file:", 5) != 0)
        return false;
    snprintf(config, sizeof(config), "%s", install->config_path);
    if (reference[5] == '/')
        snprintf(path, sizeof(path), "%s", reference + 5);
    else
        snprintf(path, sizeof(path), "%s/%s", dirname(config), reference + 5);
    file = fopen(path, "re");
    if (file == NULL)
        return false;
    length = fread(out, 1, size - 1, file);
    fclose(file);
    out[length] = '\0';
    if (length > 0 && out[length - 1] == '\n')
        out[length - 1] = '\0';
    return true;
}

/* ---- the desk ---- */

static bool
add_agent(const struct fil_install *install, const struct fil_in_force *desk, const char *name,
          const char *password, struct fil_roster *roster)
{
    char path[120], reference[FIL_PATH_SIZE];
    bool known;

    snprintf(path, sizeof(path), "agents.%s.password", name);
    if (fil_in_force_text(desk, path, reference, sizeof(reference)))
        known = read_secret(install, reference, roster->agents[roster->count].password,
                            sizeof(roster->agents[0].password));
    else
        known = fill_in(password, name, roster->agents[roster->count].password,
                        sizeof(roster->agents[0].password));
    if (!known) {
        fil_complain("the password of '%s' (%s) cannot be read", name, reference);
        return false;
    }
    snprintf(roster->agents[roster->count].name, sizeof(roster->agents[0].name), "%s", name);
    roster->count++;
    return true;
}

static bool
find_agents(const struct fil_install *install, const struct fil_in_force *desk, size_t wanted,
            const char *prefix, const char *password, struct fil_roster *roster)
{
    char name[64];

    for (size_t i = 0; roster->count < wanted && roster->count < FIL_ROSTER_MAX; i++) {
        if (!fil_in_force_name(desk, "agents", i, name, sizeof(name)))
            break;
        if (strncmp(name, prefix, strlen(prefix)) == 0 &&
            !add_agent(install, desk, name, password, roster))
            return false;
    }
    if (roster->count >= wanted)
        return true;
    fil_complain(
        "the desk of this configuration knows %zu agents whose names begin with '%s', and %zu "
        "are wanted:\n     add some below desk.agents (and routing.agents), or ask for fewer",
        roster->count, prefix, wanted);
    return false;
}

bool
fil_roster_load(struct fil *fil, size_t wanted, const char *prefix, const char *password,
                struct fil_roster *roster)
{
    const struct fil_install *install = fil_install_get(fil);
    struct fil_in_force *desk;
    char listen[120];
    bool good;

    roster->count = 0;
    if (install == NULL)
        return false;
    if (install->desk[0] == '\0') {
        fil_complain("this configuration has no desk section; give the file of the site");
        return false;
    }
    desk = fil_in_force_new(fil, "desk");
    if (desk == NULL)
        return false;
    good = fil_in_force_text(desk, "listen", listen, sizeof(listen)) &&
           fil_address_parse(listen, &roster->desk);
    if (!good)
        fil_complain("desk.listen is no address");
    good = good && find_agents(install, desk, wanted, prefix, password, roster);
    fil_in_force_free(&desk);
    return good;
}

/* ---- the form ---- */

static const char *
secret_of(const struct fil_install *install, const char *brand)
{
    const struct fr_brand_config *brands = install->options->common->brands.items;

    for (size_t i = 0; i < install->options->common->brands.count; i++)
        if (strcmp(brands[i].name, brand) == 0)
            return brands[i].token_secret;
    return NULL;
}

static bool
find_account(const struct fil_in_force *service, const char *account, struct fil_form *form)
{
    char path[120];

    if (account != NULL)
        snprintf(form->account, sizeof(form->account), "%s", account);
    else if (!fil_in_force_name(service, "accounts", 0, form->account, sizeof(form->account))) {
        fil_complain("channel_webform has no accounts: nobody can write to it");
        return false;
    }
    snprintf(path, sizeof(path), "accounts.%s.brand", form->account);
    if (fil_in_force_text(service, path, form->brand, sizeof(form->brand)))
        return true;
    fprintf(stderr, "fil: channel_webform has no account '%s'; it has:", form->account);
    for (size_t i = 0; fil_in_force_name(service, "accounts", i, path, sizeof(path)); i++)
        fprintf(stderr, " %s", path);
    fputc('\n', stderr);
    return false;
}

bool
fil_form_load(struct fil *fil, const char *account, struct fil_form *form)
{
    const struct fil_install *install = fil_install_get(fil);
    struct fil_in_force *service;
    char listen[120];
    bool good;

    if (install == NULL)
        return false;
    if (install->options == NULL || fil_service_find(install, "channel_webform") == NULL) {
        fil_complain("the contact form is needed: channel_webform must be among `channels` of the "
                     "configuration");
        return false;
    }
    service = fil_in_force_new(fil, "channel_webform");
    if (service == NULL)
        return false;
    good = fil_in_force_text(service, "listen", listen, sizeof(listen)) &&
           fil_address_parse(listen, &form->address);
    if (!good)
        fil_complain("channel_webform.listen is no address");
    good = good && find_account(service, account, form);
    if (good)
        form->token_secret = secret_of(install, form->brand);
    fil_in_force_free(&service);
    return good;
}
