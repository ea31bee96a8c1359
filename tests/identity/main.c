/* main.c - identity_run [--rebuild] SCENARIOS.yaml...: plays scenario files through identity's real
 * decide and apply, says what was expected and what was found, and counts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "tests/identity/scenario.h"

struct totals {
    unsigned passed, failed, over_merges, under_merges;
};

static void
judge(const struct document *document, const yaml_node_t *scenario, const struct policy *policy,
      bool rebuild, struct totals *totals)
{
    const char *id = text_of(member(document, scenario, "id"));
    const char *title = text_of(member(document, scenario, "title"));
    const char *trap = text_of(member(document, scenario, "trap"));
    struct verdict verdict = {.over_merges = 0};
    size_t size;

    verdict.out = open_memstream(&verdict.text, &size);
    play(document, scenario, policy, rebuild, &verdict);
    fclose(verdict.out);
    printf("%s %s %s%s%s%s\n", verdict.failed ? "FAIL" : "pass", id != NULL ? id : "(no id)",
           title != NULL ? title : "", trap != NULL ? " [" : "", trap != NULL ? trap : "",
           trap != NULL ? "]" : "");
    fputs(verdict.text, stdout);
    free(verdict.text);
    totals->passed += !verdict.failed;
    totals->failed += verdict.failed;
    totals->over_merges += verdict.over_merges;
    totals->under_merges += verdict.under_merges;
}

static bool
run_document(const struct document *document, bool rebuild, struct totals *totals)
{
    const yaml_node_t *root = yaml_document_get_root_node((yaml_document_t *)&document->yaml);
    const yaml_node_t *scenarios = member(document, root, "scenarios"), *where;
    const char *version = text_of(member(document, root, "version")), *unknown;
    struct policy policy = {.fan_out = 5, .dormancy_days = 90};

    if (root == NULL || root->type != YAML_MAPPING_NODE)
        return complain(document, root, "a scenario file is a mapping with version and scenarios");
    unknown = unknown_member(document, root, "version policy scenarios", &where);
    if (unknown != NULL)
        return complain(document, where, "\"%s\" is not known here", unknown);
    if (version != NULL && strcmp(version, "1") != 0)
        return complain(document, root, "version %s is not known; this runner knows 1", version);
    if (scenarios == NULL || scenarios->type != YAML_SEQUENCE_NODE)
        return complain(document, root, "scenarios: a list is missing");
    if (!read_policy(document, member(document, root, "policy"), &policy))
        return false;
    for (size_t i = 0; i < list_size(scenarios); i++)
        judge(document, list_item(document, scenarios, i), &policy, rebuild, totals);
    return true;
}

static bool
run_file(const char *path, bool rebuild, struct totals *totals)
{
    struct document document = {.path = path};
    FILE *in = fopen(path, "re");
    yaml_parser_t parser;
    bool good = false;

    if (in == NULL) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return false;
    }
    if (!yaml_parser_initialize(&parser)) {
        fclose(in);
        return false;
    }
    yaml_parser_set_input_file(&parser, in);
    if (!yaml_parser_load(&parser, &document.yaml)) {
        fprintf(stderr, "%s:%zu: %s\n", path, parser.problem_mark.line + 1,
                parser.problem != NULL ? parser.problem : "it is not YAML");
    } else {
        good = run_document(&document, rebuild, totals);
        yaml_document_delete(&document.yaml);
    }
    yaml_parser_delete(&parser);
    fclose(in);
    return good;
}

int
main(int argc, char **argv)
{
    bool rebuild = argc > 1 && strcmp(argv[1], "--rebuild") == 0, good = true;
    struct totals totals = {0};

    if (argc < 2 + rebuild) {
        fprintf(stderr,
                "usage: %s [--rebuild] SCENARIOS.yaml...\n"
                "  --rebuild  also replay each journal and compare the tables\n",
                argv[0]);
        return 2;
    }
    for (int i = 1 + rebuild; i < argc; i++)
        good = run_file(argv[i], rebuild, &totals) && good;
    printf("passed %u, failed %u, over-merges %u, under-merges %u\n", totals.passed, totals.failed,
           totals.over_merges, totals.under_merges);
    if (!good)
        return 2;
    return totals.failed > 0;
}
