/* metrics.c - fil metrics: a service's Prometheus page, without HTTP. */
#include "services/fil/ask.h"
#include "services/fil/show.h"

static int
run_metrics(struct fil *fil, const void *given, int argc, char **argv)
{
    const struct fil_install *install = fil_install_get(fil);
    const struct fil_service *service;
    json_t *answer;

    (void)given;
    (void)argc;
    if (install == NULL || (service = fil_service_want(install, argv[0])) == NULL)
        return FIL_FAILED;
    answer = fil_ask(fil, service->journal, "metrics", NULL);
    if (answer == NULL)
        return FIL_FAILED;
    if (fil->json)
        return fil_show_json(
            json_pack("{s:s, s:o}", "service", service->journal, "metrics", answer));
    fputs(json_string_value(answer), stdout);
    json_decref(answer);
    return FIL_OK;
}

const struct fil_command fil_metrics_commands[] = {
    {.noun = "metrics",
     .args = "SERVICE",
     .arg_min = 1,
     .arg_max = 1,
     .doc = "A service's metrics, as Prometheus reads them.",
     .examples = "  fil metrics routing | promtool check metrics\n"
                 "  fil metrics desk | grep rejected\n",
     .run = run_metrics},
    {.noun = NULL},
};
