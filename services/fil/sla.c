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
    { "STATE",        "state",        FIL_COLUMN_TEXT,    0  },
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
static const struct fil_option options[] = {
    FIL_LIST_LIMIT,
    { NULL },
};
/* clang-format on */

static int
run_due(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return fil_list(fil, "sla", "sla.due", fil_list_args(given), due_columns, "nothing is due");
}

static int
run_breaches(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return fil_list(fil, "sla", "sla.breaches", fil_list_args(given), breach_columns,
                    "nothing was missed");
}

static int
run_stats(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)given;
    (void)argc;
    (void)argv;
    return fil_list(fil, "sla", "sla.stats", NULL, stats_columns, "nothing was promised yet");
}

static int
run_explain(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)given;
    (void)argc;
    return fil_show_answer(fil, "sla", "sla.explain", json_pack("{s:s}", "conversation", argv[0]));
}

const struct fil_command fil_sla_commands[] = {
    {.noun = "sla",
     .verb = "due",
     .doc = "Open deadlines, the next one first, and where each lies.",
     .examples = "  fil sla due --limit 10\n",
     .options = options,
     .given_size = sizeof(struct fil_list_given),
     .run = run_due},
    {.noun = "sla",
     .verb = "breaches",
     .doc = "Missed deadlines, the newest first, each with its cause.",
     .examples = "  fil sla breaches --json | jq -r '.items[].cause' | sort | uniq -c\n",
     .options = options,
     .given_size = sizeof(struct fil_list_given),
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
     .doc = "Every target of one conversation, with its arithmetic.",
     .examples = "  fil sla explain 05d9000000000007\n",
     .run = run_explain},
    {.noun = NULL},
};
