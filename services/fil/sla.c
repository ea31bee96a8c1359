/* sla.c - fil sla: what was promised until when, and what was missed. */
#include "services/fil/list.h"

/* clang-format off */
static const struct fil_column due_columns[] = {
    { "DUE",          "due",          FIL_COLUMN_TIME_US, 0  },
    { "CONVERSATION", "conversation", FIL_COLUMN_TEXT,    0  },
    { "KIND",         "kind",         FIL_COLUMN_TEXT,    0  },
    { "POLICY",       "policy",       FIL_COLUMN_TEXT,    0  },
    { "WARNED",       "warned",       FIL_COLUMN_YES,     0  },
    { "PLACE",        "place",        FIL_COLUMN_TEXT,    60 },
    { NULL },
};
static const struct fil_column breach_columns[] = {
    { "DUE",          "due",          FIL_COLUMN_TIME_US, 0  },
    { "CONVERSATION", "conversation", FIL_COLUMN_TEXT,    0  },
    { "KIND",         "kind",         FIL_COLUMN_TEXT,    0  },
    { "POLICY",       "policy",       FIL_COLUMN_TEXT,    0  },
    { "LATE",         "late",         FIL_COLUMN_TEXT,    0  },
    { "LAY WITH",     "cause_kind",   FIL_COLUMN_TEXT,    0  },
    { "CAUSE",        "cause",        FIL_COLUMN_TEXT,    60 },
    { NULL },
};
static const struct fil_column stats_columns[] = {
    { "KIND",      "kind",          FIL_COLUMN_TEXT,   0 },
    { "OPEN",      "open",          FIL_COLUMN_NUMBER, 0 },
    { "WARNED",    "warned",        FIL_COLUMN_NUMBER, 0 },
    { "MET",       "met",           FIL_COLUMN_NUMBER, 0 },
    { "BREACHED",  "breached",      FIL_COLUMN_NUMBER, 0 },
    { "LATE",      "answered_late", FIL_COLUMN_NUMBER, 0 },
    { "CANCELLED", "cancelled",     FIL_COLUMN_NUMBER, 0 },
    { NULL },
};
struct given {
    int64_t limit;
    const char *within, *since, *after, *before;
};
static const struct fil_option due_options[] = {
    { "--within", FIL_TEXT, offsetof(struct given, within), "SPAN",   "Only those that are due by then: 2h.", NULL },
    { "--limit",  FIL_INT,  offsetof(struct given, limit),  "N",      "At most so many.",                     "50" },
    { "--after",  FIL_TEXT, offsetof(struct given, after),  "TARGET", "Those behind this one.",               NULL },
    { NULL },
};
static const struct fil_option breach_options[] = {
    { "--since",  FIL_TEXT, offsetof(struct given, since),  "SPAN", "Only those of so long: 7d.",             NULL },
    { "--limit",  FIL_INT,  offsetof(struct given, limit),  "N",    "At most so many.",                       "50" },
    { "--before", FIL_TEXT, offsetof(struct given, before), "TIME", "Those seen before then (SEEN of the last one).", NULL },
    { NULL },
};
static const struct fil_column target_columns[] = {
    { "KIND",     "kind",     FIL_COLUMN_TEXT,    0  },
    { "POLICY",   "policy",   FIL_COLUMN_TEXT,    0  },
    { "STARTED",  "started",  FIL_COLUMN_TIME_US, 0  },
    { "DUE",      "due",      FIL_COLUMN_TIME_US, 0  },
    { "VERDICT",  "verdict",  FIL_COLUMN_TEXT,    60 },
    { NULL },
};
static const struct fil_column sum_columns[] = {
    { "FROM",    "from_local", FIL_COLUMN_TEXT, 0 },
    { "TO",      "to_local",   FIL_COLUMN_TEXT, 0 },
    { "COUNTED", "counted",    FIL_COLUMN_TEXT, 0 },
    { "WHAT",    "what",       FIL_COLUMN_TEXT, 0 },
    { NULL },
};
/* clang-format on */

static void
set(json_t *args, const char *name, const char *value)
{
    if (value != NULL)
        json_object_set_new(args, name, json_string(value));
}

/* False after saying that it is no length. */
static bool
is_span(const char *option, const char *text)
{
    struct fr_span span;

    if (text == NULL || (fr_span_parse(fr_slice_str(text), &span) == FR_OK && span.us > 0))
        return true;
    fil_complain("%s %s: write a length, 2h or 7d", option, text);
    return false;
}

static json_t *
args_of(const struct given *given)
{
    json_t *args = json_pack("{s:I}", "limit", (json_int_t)given->limit);

    set(args, "within", given->within);
    set(args, "since", given->since);
    set(args, "after", given->after);
    set(args, "before", given->before);
    return args;
}

static int
run_due(struct fil *fil, const void *options, int argc, char **argv)
{
    const struct given *given = options;

    (void)argc;
    (void)argv;
    return is_span("--within", given->within)
               ? fil_list(fil, "sla", "sla.due", args_of(given), due_columns, "nothing is due")
               : FIL_USAGE;
}

static int
run_breaches(struct fil *fil, const void *options, int argc, char **argv)
{
    const struct given *given = options;

    (void)argc;
    (void)argv;
    return is_span("--since", given->since) ? fil_list(fil, "sla", "sla.breaches", args_of(given),
                                                       breach_columns, "nothing was missed")
                                            : FIL_USAGE;
}

static int
run_stats(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)given;
    (void)argc;
    (void)argv;
    return fil_list(fil, "sla", "sla.stats", NULL, stats_columns, "nothing was promised yet");
}

static const char *
text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text == NULL ? "-" : text;
}

static void
print_target(const json_t *target)
{
    printf("%s, policy %s: %s\n  %s\n", text_of(target, "kind"), text_of(target, "policy"),
           text_of(target, "verdict"), text_of(target, "arithmetic"));
    fil_table(stdout, json_object_get(target, "sum"), sum_columns);
    putchar('\n');
}

static int
run_explain(struct fil *fil, const void *given, int argc, char **argv)
{
    json_t *answer =
        fil_ask(fil, "sla", "sla.explain", json_pack("{s:s}", "conversation", argv[0]));
    const json_t *facts, *target;
    size_t i;

    (void)given;
    (void)argc;
    if (answer == NULL)
        return FIL_FAILED;
    if (fil->json)
        return fil_show_json(answer);
    facts = json_object_get(answer, "facts");
    printf("conversation %s of customer %s: policy %s, priority %lld, %s\nit is %s\n\n",
           text_of(answer, "conversation"), text_of(answer, "customer"), text_of(answer, "policy"),
           (long long)json_integer_value(json_object_get(facts, "priority")),
           json_is_true(json_object_get(answer, "complaint")) ? "a complaint" : "no complaint",
           text_of(answer, "place"));
    fil_table(stdout, json_object_get(answer, "targets"), target_columns);
    putchar('\n');
    json_array_foreach(json_object_get(answer, "targets"), i, target) print_target(target);
    json_decref(answer);
    return FIL_OK;
}

const struct fil_command fil_sla_commands[] = {
    {.noun = "sla",
     .verb = "due",
     .doc = "Open deadlines, the next one first, and where each lies.",
     .examples = "  fil sla due --within 2h\n  fil sla due --limit 10 --json\n",
     .options = due_options,
     .given_size = sizeof(struct given),
     .run = run_due},
    {.noun = "sla",
     .verb = "breaches",
     .doc = "Missed deadlines, the newest first, each with its cause.",
     .examples = "  fil sla breaches --since 7d\n"
                 "  fil sla breaches --json | jq -r '.items[].cause_kind' | sort | uniq -c\n",
     .options = breach_options,
     .given_size = sizeof(struct given),
     .run = run_breaches},
    {.noun = "sla",
     .verb = "stats",
     .doc = "How many deadlines were set, kept, missed and cancelled.",
     .examples = "  fil sla stats\n",
     .run = run_stats},
    {.noun = "sla",
     .verb = "explain",
     .args = "CONVERSATION",
     .arg_min = 1,
     .arg_max = 1,
     .doc = "Every target of one conversation, with its arithmetic interval by interval.",
     .examples = "  fil sla explain 05d9000000000007\n",
     .run = run_explain},
    {.noun = NULL},
};
