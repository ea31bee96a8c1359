/* config.c - fil config: what is in force, and what every key means. */
#include <stdlib.h>
#include <string.h>
#include "services/fil/install.h"
#include "services/fil/show.h"
#include "services/fil/tree.h"

static json_t *
node_json(const struct config_node *node)
{
    json_t *json;

    switch (node->kind) {
    case CONFIG_SCALAR:
        return json_string(node->text);
    case CONFIG_SEQUENCE:
        json = json_array();
        for (const struct config_node *child = node->first; child != NULL; child = child->next)
            json_array_append_new(json, node_json(child));
        return json;
    case CONFIG_MAPPING:
        json = json_object();
        for (const struct config_node *child = node->first; child != NULL; child = child->next)
            json_object_set_new(json, child->key, node_json(child));
        return json;
    case CONFIG_ABSENT:
        break;
    }
    return json_null();
}

/* The service's own section: from its name at the beginning of a line to the end. */
static const char *
own_section(const char *text, const char *service)
{
    char head[FR_NAME_SIZE + 2];
    size_t size = (size_t)snprintf(head, sizeof(head), "%s:", service);

    while (text != NULL && *text != '\0') {
        if (strncmp(text, head, size) == 0)
            return text;
        text = strchr(text, '\n');
        text = text != NULL ? text + 1 : NULL;
    }
    return "";
}

static void
add(FILE *out, json_t *all, const char *text, const char *service)
{
    const struct config_node *node;
    struct fil_tree *tree;

    if (all == NULL) {
        fputs(own_section(text, service), out);
        return;
    }
    tree = fil_tree_parse(text);
    node = fil_tree_node(tree, service);
    if (node != NULL)
        json_object_set_new(all, service, node_json(node));
    fil_tree_free(&tree);
}

static void
add_top_level(const struct fil_install *install, json_t *all)
{
    struct fil_tree *tree;
    char *text = NULL;
    size_t size = 0;
    FILE *out;

    if (all == NULL) {
        fr_config_print(install->options->loaded, "", stdout);
        return;
    }
    out = open_memstream(&text, &size);
    fr_assert(out != NULL);
    fr_config_print(install->options->loaded, "", out);
    fclose(out);
    tree = fil_tree_parse(text);
    for (const struct config_node *node = tree != NULL ? tree->root->first : NULL; node != NULL;
         node = node->next)
        json_object_set_new(all, node->key, node_json(node));
    fil_tree_free(&tree);
    free(text);
}

static int
run_show(struct fil *fil, const void *given, int argc, char **argv)
{
    const struct fil_install *install = fil_install_get(fil);
    const struct fil_service *only = NULL;
    json_t *all = fil->json ? json_object() : NULL;
    int failed = 0;

    (void)given;
    if (install == NULL || install->options == NULL)
        return install == NULL ? FIL_FAILED
                               : fil_complain("which file? Name it with --config FILE");
    if (argc > 0 && (only = fil_service_want(install, argv[0])) == NULL)
        return FIL_FAILED;
    if (only == NULL)
        add_top_level(install, all);
    for (size_t i = 0; i < install->service_count; i++) {
        const struct fil_service *service = &install->services[i];
        int status = 0;
        char *text;

        if (only != NULL && only != service)
            continue;
        text = fil_program_output(fil, service->name, "--print-config", &status, NULL);
        if (text == NULL || status != 0)
            failed++;
        else
            add(stdout, all, text, service->name);
        free(text);
    }
    if (all != NULL)
        fil_show_json(all);
    return failed == 0 ? FIL_OK : FIL_FAILED;
}

/* Every key of the top level, of one service, or of all. */
static int
run_reference(struct fil *fil, const void *given, int argc, char **argv)
{
    static const char *const all[] = {"channel_webchat",
                                      "channel_webform",
                                      "channel_email",
                                      "identity",
                                      "conversations",
                                      "routing",
                                      "sla",
                                      "sites",
                                      "desk"};
    const struct fr_config_section top = {
        "", fr_common_keys, sizeof(struct fr_common_config) + sizeof(struct fr_stage_options),
        NULL};
    struct fil without_config = *fil;
    struct fil_install install = {.config_path = "/dev/null"};
    int failed = 0;

    (void)given;
    without_config.install = &install;
    if (argc == 0)
        fr_config_reference(&top, stdout);
    for (size_t i = 0; i < (argc > 0 ? (size_t)argc : sizeof(all) / sizeof(all[0])); i++) {
        int status = 0;
        char *text = fil_program_output(&without_config, argc > 0 ? argv[i] : all[i], "--reference",
                                        &status, NULL);

        if (text == NULL || status != 0)
            failed++;
        else
            printf("%s", text);
        free(text);
    }
    return failed == 0 ? FIL_OK : FIL_FAILED;
}

const struct fil_command fil_config_commands[] = {
    {.noun = "config",
     .verb = "show",
     .args = "[SERVICE]",
     .arg_max = 1,
     .doc = "What is in force, defaults included, as YAML that could be loaded again.",
     .examples = "  fil config show\n  fil config show routing --json\n",
     .run = run_show},
    {.noun = "config",
     .verb = "reference",
     .args = "[SERVICE]",
     .arg_max = 1,
     .doc = "Every key with its type, default, range and meaning, as Markdown.",
     .examples = "  fil config reference\n  fil config reference sla\n",
     .run = run_reference},
    {.noun = NULL},
};
