/* install.c - which services this installation has, and where everything is. */
#include "services/fil/install.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "services/fil/tree.h"

/* Only for the file's top level: fil has no section of its own. */
static const struct fr_stage no_service = {.name = "fil"};

/* ---- the services ---- */

static void
add_service(struct fil_service *out, size_t out_max, size_t *count, const char *name,
            const char *journal)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp(out[i].journal, journal) == 0)
            return;
    if (*count >= out_max)
        return;
    snprintf(out[*count].name, sizeof(out[*count].name), "%s", name);
    snprintf(out[*count].journal, sizeof(out[*count].journal), "%s", journal);
    (*count)++;
}

size_t
fil_services_of(const char *const *channels, size_t channel_count, const char *desk_site,
                struct fil_service *out, size_t out_max)
{
    static const char *const always[] = {"identity", "conversations", "routing", "sla", "sites"};
    bool hub = channel_count > 0 || desk_site == NULL; /* a file with a desk alone is a site's */
    char journal[FR_NAME_SIZE];
    size_t count = 0;

    for (size_t i = 0; i < channel_count; i++)
        add_service(out, out_max, &count, channels[i], channels[i]);
    for (size_t i = 0; hub && i < sizeof(always) / sizeof(always[0]); i++)
        add_service(out, out_max, &count, always[i], always[i]);
    if (desk_site != NULL) {
        snprintf(journal, sizeof(journal), "desk.%s", desk_site);
        add_service(out, out_max, &count, "desk", journal);
    }
    return count;
}

static bool
has_section(const struct fr_config *config, const char *section)
{
    const char **names;
    size_t count = fr_config_top_level(config, &names);

    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], section) == 0)
            return true;
    return false;
}

static void
find_services(struct fil_install *install)
{
    const struct fr_common_config *common = install->options->common;
    char site[FR_NAME_SIZE - 5] = "inhouse"; /* what the desk itself takes when nothing is said */
    bool desk = has_section(install->options->loaded, "desk");

    if (desk) {
        struct fil_tree *tree = fil_tree_load(install->config_path);

        fil_tree_text(tree, "desk.site", site, sizeof(site));
        fil_tree_free(&tree);
        snprintf(install->desk, sizeof(install->desk), "desk.%s", site);
    }
    install->service_count =
        fil_services_of(common->channels.items, common->channels.count, desk ? site : NULL,
                        install->services, FIL_SERVICE_MAX);
}

/* Without a configuration: whoever has a control socket in the directory. */
static void
find_sockets(struct fil_install *install)
{
    DIR *dir = opendir(install->run);
    struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        size_t size = strlen(entry->d_name);
        char journal[FR_NAME_SIZE];
        bool desk;

        if (size < 5 || size - 4 >= sizeof(journal) ||
            strcmp(entry->d_name + size - 4, ".ctl") != 0 ||
            strstr(entry->d_name, ".standby.") != NULL)
            continue;
        memcpy(journal, entry->d_name, size - 4);
        journal[size - 4] = '\0';
        desk = strncmp(journal, "desk.", 5) == 0;
        add_service(install->services, FIL_SERVICE_MAX, &install->service_count,
                    desk ? "desk" : journal, journal);
        if (desk && install->desk[0] == '\0')
            strcpy(install->desk, journal);
    }
    if (dir != NULL)
        closedir(dir);
}

/* ---- loading ---- */

static bool
find_config(struct fil *fil, char path[FIL_PATH_SIZE])
{
    const char *candidates[] = {fil->config, getenv("FILROUGE_CONFIG"), "filrouge.yaml",
                                "/etc/filrouge/filrouge.yaml"};
    char absolute[PATH_MAX];

    for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++) {
        if (candidates[i] == NULL)
            continue;
        if (i >= 2 && access(candidates[i], F_OK) != 0)
            continue; /* only what was named must be there */
        if (realpath(candidates[i], absolute) == NULL) {
            fil_complain("%s: %s", candidates[i], strerror(errno));
            return false;
        }
        if ((size_t)snprintf(path, FIL_PATH_SIZE, "%s", absolute) < FIL_PATH_SIZE)
            return true;
        fil_complain("%s: the path is too long", absolute);
        return false;
    }
    path[0] = '\0';
    return true;
}

static struct fil_install *
load(struct fil *fil)
{
    struct fil_install *install = calloc(1, sizeof(*install));

    fr_assert(install != NULL);
    if (!find_config(fil, install->config_path)) {
        free(install);
        return NULL;
    }
    if (install->config_path[0] == '\0' && fil->run == NULL) {
        fil_complain("there is no configuration: name one with --config FILE or $FILROUGE_CONFIG,\n"
                     "     or give the directory of a running system's sockets with --run DIR");
        free(install);
        return NULL;
    }
    if (install->config_path[0] != '\0') {
        if (fr_options_load(&no_service, install->config_path, stderr, &install->options) !=
            FR_OK) {
            free(install);
            return NULL;
        }
        install->state = install->options->common->state;
        install->run = install->options->common->run;
        find_services(install);
    }
    if (fil->run != NULL)
        install->run = fil->run;
    if (install->options == NULL)
        find_sockets(install);
    return install;
}

const struct fil_install *
fil_install_get(struct fil *fil)
{
    if (fil->install == NULL)
        fil->install = load(fil);
    return fil->install;
}

const struct fil_install *
fil_install_again(struct fil *fil)
{
    struct fil_install *fresh = load(fil);

    if (fresh == NULL)
        return NULL;
    fil_install_free(&fil->install);
    fil->install = fresh;
    return fresh;
}

void
fil_install_free(struct fil_install **install)
{
    if (*install == NULL)
        return;
    fr_options_free(&(*install)->options);
    free(*install);
    *install = NULL;
}

/* ---- finding one ---- */

const struct fil_service *
fil_service_find(const struct fil_install *install, const char *name)
{
    for (size_t i = 0; i < install->service_count; i++)
        if (strcmp(install->services[i].journal, name) == 0 ||
            strcmp(install->services[i].name, name) == 0)
            return &install->services[i];
    return NULL;
}

const struct fil_service *
fil_service_want(const struct fil_install *install, const char *name)
{
    const struct fil_service *service = fil_service_find(install, name);

    if (service != NULL)
        return service;
    fprintf(stderr, "fil: there is no service '%s' here; there are:", name);
    for (size_t i = 0; i < install->service_count; i++)
        fprintf(stderr, " %s", install->services[i].journal);
    fputc('\n', stderr);
    return NULL;
}

const struct fil_service *
fil_service_of_id(const struct fil_install *install, uint64_t id)
{
    for (size_t i = 0; i < install->service_count; i++)
        if (fr_id_journal_number(install->services[i].journal) == fr_id_number(id))
            return &install->services[i];
    return NULL;
}
