/* routing.c - fil routing: why a task is where it is, what the configuration cannot do, and work
 * that is taken back from a site. */
#include <stdlib.h>
#include <string.h>

#include "services/fil/list.h"

/* clang-format off */
static const struct fil_column agent_columns[] = {
    { "AGENT",  "agent",  FIL_COLUMN_TEXT,   0  },
    { "SITE",   "site",   FIL_COLUMN_TEXT,   0  },
    { "FITS",   "fits",   FIL_COLUMN_YES,    0  },
    { "RANK",   "rank",   FIL_COLUMN_NUMBER, 0  },
    { "USED",   "used",   FIL_COLUMN_NUMBER, 0  },
    { "OF",     "room",   FIL_COLUMN_NUMBER, 0  },
    { "NEEDS",  "weight", FIL_COLUMN_NUMBER, 0  },
    { "WHY",    "why",    FIL_COLUMN_TEXT,   70 },
    { NULL },
};
static const struct fil_column next_columns[] = {
    { "AT",   "at",   FIL_COLUMN_TIME_US, 0 },
    { "WHAT", "what", FIL_COLUMN_TEXT,    0 },
    { NULL },
};
static const struct fil_column check_columns[] = {
    { "LEVEL", "level", FIL_COLUMN_TEXT, 0 },
    { "WHAT",  "what",  FIL_COLUMN_TEXT, 0 },
    { "NAME",  "name",  FIL_COLUMN_TEXT, 0 },
    { "TEXT",  "text",  FIL_COLUMN_TEXT, 0 },
    { NULL },
};
static const struct fil_column site_columns[] = {
    { "SITE",   "site",   FIL_COLUMN_TEXT,    0 },
    { "STATE",  "state",  FIL_COLUMN_TEXT,    0 },
    { "AGENTS", "agents", FIL_COLUMN_NUMBER,  0 },
    { "CHANGES","next",   FIL_COLUMN_TIME_US, 0 },
    { NULL },
};
static const struct fil_column contract_columns[] = {
    { "  QUEUE",  "queue",   FIL_COLUMN_TEXT,    0 },
    { "SHARE %",  "share",   FIL_COLUMN_NUMBER,  0 },
    { "VOLUME",   "volume",  FIL_COLUMN_NUMBER,  0 },
    { "PER",      "per",     FIL_COLUMN_TEXT,    0 },
    { "ARRIVED",  "arrived", FIL_COLUMN_NUMBER,  0 },
    { "TAKEN",    "taken",   FIL_COLUMN_NUMBER,  0 },
    { "STATE",    "state",   FIL_COLUMN_TEXT,    0 },
    { NULL },
};
/* clang-format on */

/* ---- explain ---- */

static const char *
text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "-";
}

static void
print_skills(const json_t *requires)
{
    const json_t *skill;
    size_t index;

    json_array_foreach(json_object_get(requires, "needs"), index, skill)
        printf("%s%s >= %lld", index == 0 ? "" : ", ", text_of(skill, "name"),
               (long long)json_integer_value(json_object_get(skill, "level")));
    if (json_array_size(json_object_get(requires, "needs")) == 0)
        printf("none");
}

static void
print_head(const json_t *answer)
{
    const json_t *position = json_object_get(answer, "position");
    const json_t *requires = json_object_get(answer, "requires");

    printf("task      %s  %s", text_of(answer, "task"), text_of(answer, "state"));
    if (json_is_string(json_object_get(answer, "agent")))
        printf(", %s", text_of(answer, "agent"));
    printf("\nplace     %lld before it in queue %s: %s\n",
           (long long)json_integer_value(json_object_get(position, "before")),
           text_of(requires, "queue"), text_of(position, "why"));
    printf("requires  brand %s, %s, language %s, skills ", text_of(requires, "brand"),
           text_of(requires, "channel"),
           text_of(requires, "language")[0] != '\0' ? text_of(requires, "language") : "any");
    print_skills(requires);
    printf(" (step %lld)\n\n", (long long)json_integer_value(json_object_get(answer, "step")));
}

static int
run_explain(struct fil *fil, const void *given, int argc, char **argv)
{
    json_t *answer =
        fil_ask(fil, "routing", "routing.explain", json_pack("{s:s}", "task", argv[0]));

    (void)given;
    (void)argc;
    if (answer == NULL)
        return FIL_FAILED;
    if (fil->json)
        return fil_show_json(answer);
    print_head(answer);
    fil_table(stdout, json_object_get(answer, "agents"), agent_columns);
    printf("\n");
    fil_table(stdout, json_object_get(answer, "next"), next_columns);
    json_decref(answer);
    return FIL_OK;
}

/* ---- check ---- */

static int
run_check(struct fil *fil, const void *given, int argc, char **argv)
{
    json_t *answer = fil_ask(fil, "routing", "routing.check", NULL);
    const json_t *row;
    size_t index;
    int status = FIL_OK;

    (void)given;
    (void)argc;
    (void)argv;
    if (answer == NULL)
        return FIL_FAILED;
    json_array_foreach(json_object_get(answer, "items"), index,
                       row) if (strcmp(text_of(row, "level"), "wrong") == 0) status = FIL_FAILED;
    fil_show_list(fil, answer, check_columns, "there are no queues to check");
    return status;
}

/* ---- sites ---- */

static int
run_sites(struct fil *fil, const void *given, int argc, char **argv)
{
    json_t *answer = fil_ask(fil, "routing", "site.ls", NULL);
    const json_t *site;
    size_t index;

    (void)given;
    (void)argc;
    (void)argv;
    if (answer == NULL)
        return FIL_FAILED;
    if (fil->json)
        return fil_show_json(answer);
    fil_table(stdout, json_object_get(answer, "items"), site_columns);
    json_array_foreach(json_object_get(answer, "items"), index,
                       site) if (json_array_size(json_object_get(site, "contracts")) > 0)
    {
        printf("\n%s:\n", text_of(site, "site"));
        fil_table(stdout, json_object_get(site, "contracts"), contract_columns);
    }
    json_decref(answer);
    return FIL_OK;
}

struct recall_given {
    const char *queue, *reason;
    bool assigned;
};
#define RECALL(field) offsetof(struct recall_given, field)

/* clang-format off */
static const struct fil_option recall_options[] = {
    { "--queue",    FIL_TEXT, RECALL(queue),    "QUEUE", "Only of this queue.", NULL },
    { "--assigned", FIL_FLAG, RECALL(assigned), NULL,    "What its agents have accepted comes back, too, after the site's grace.", NULL },
    { "--reason",   FIL_TEXT, RECALL(reason),   "TEXT",  "For the record.", NULL },
    { NULL },
};
/* clang-format on */

static int
tell_recalled(struct fil *fil, const struct recall_given *given, const char *site, bool recalled)
{
    json_t *message = json_pack("{s:s, s:b}", "site", site, "recalled", recalled);
    json_t *answer;

    if (given->queue != NULL)
        json_object_set_new(message, "queue", json_string(given->queue));
    if (given->reason != NULL)
        json_object_set_new(message, "reason", json_string(given->reason));
    if (given->assigned)
        json_object_set_new(message, "assigned", json_true());
    answer = fil_tell(fil, "routing", "SiteRecalled", message);
    if (answer == NULL)
        return FIL_FAILED;
    json_decref(answer);
    if (!fil->json)
        printf("%s %s%s%s\n", site, recalled ? "was recalled" : "may work again",
               given->queue != NULL ? recalled ? " of " : " for " : "",
               given->queue != NULL ? given->queue : "");
    return FIL_OK;
}

static int
run_recall(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)argc;
    return tell_recalled(fil, given, argv[0], true);
}

static int
run_resume(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)argc;
    return tell_recalled(fil, given, argv[0], false);
}

const struct fil_command fil_routing_commands[] = {
    {.noun = "routing",
     .verb = "explain",
     .args = "TASK",
     .arg_min = 1,
     .arg_max = 1,
     .doc = "Why a task is where it is: who is before it, at which condition each agent falls out, "
            "what happens next and when.",
     .examples = "  fil routing explain 05d900000000000a\n",
     .run = run_explain},
    {.noun = "routing",
     .verb = "check",
     .doc = "What the configuration in force cannot do: skills that nobody has, queues that nobody "
            "serves, hours that never overlap; and what bounds each queue's wait.",
     .examples = "  fil routing check\n  fil routing check --json | jq '.items[] | select(.level "
                 "!= \"ok\")'\n",
     .run = run_check},
    {.noun = "routing",
     .verb = "sites",
     .doc = "Sites: open, closed, silent or recalled, and what their contracts have seen.",
     .examples = "  fil routing sites\n",
     .run = run_sites},
    {.noun = "routing",
     .verb = "recall",
     .args = "SITE",
     .arg_min = 1,
     .arg_max = 1,
     .doc = "Take work back from a site: its offers go to others at once.",
     .examples = "  fil routing recall tana --queue support --reason 'their line is bad'\n",
     .options = recall_options,
     .given_size = sizeof(struct recall_given),
     .run = run_recall},
    {.noun = "routing",
     .verb = "resume",
     .args = "SITE",
     .arg_min = 1,
     .arg_max = 1,
     .doc = "Give work to a recalled site again.",
     .examples = "  fil routing resume tana --queue support\n",
     .options = recall_options,
     .given_size = sizeof(struct recall_given),
     .run = run_resume},
    {.noun = NULL},
};
