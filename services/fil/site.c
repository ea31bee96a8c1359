/* site.c - fil site: sites under contract, and what is leased to them. */
#include "services/fil/list.h"

/* clang-format off */
static const struct fil_column ls_columns[] = {
    { "SITE",       "site",           FIL_COLUMN_TEXT,   0 },
    { "BRANDS",     "brands",         FIL_COLUMN_LIST,   0 },
    { "LEASES",     "leases_live",    FIL_COLUMN_NUMBER, 0 },
    { "GRANTED",    "leases_granted", FIL_COLUMN_NUMBER, 0 },
    { "LEASE TIME", "lease_time",     FIL_COLUMN_TEXT,   0 },
    { "GRACE",      "offline_grace",  FIL_COLUMN_TEXT,   0 },
    { NULL },
};
static const struct fil_column lease_columns[] = {
    { "LEASE",        "lease_id",        FIL_COLUMN_TEXT,    0 },
    { "CONVERSATION", "conversation_id", FIL_COLUMN_TEXT,    0 },
    { "SITE",         "site",            FIL_COLUMN_TEXT,    0 },
    { "AGENT",        "agent",           FIL_COLUMN_TEXT,    0 },
    { "STATE",        "state",           FIL_COLUMN_TEXT,    0 },
    { "FENCE",        "fence",           FIL_COLUMN_NUMBER,  0 },
    { "GRANTED",      "granted",         FIL_COLUMN_TIME_US, 0 },
    { "RUNS OUT",     "runs_out",        FIL_COLUMN_TIME_US, 0 },
    { NULL },
};
static const struct fil_option lease_options[] = {
    FIL_LIST_LIMIT,
    { "--site",  FIL_TEXT, FIL_LIST_GIVEN(site),  "SITE",  "Only of this site.",         NULL },
    { "--agent", FIL_TEXT, FIL_LIST_GIVEN(agent), "AGENT", "Only of this agent.",        NULL },
    { "--all",   FIL_FLAG, FIL_LIST_GIVEN(all),   NULL,    "Those that ended, too.",     NULL },
    { "--after", FIL_TEXT, FIL_LIST_GIVEN(after), "ID",    "Those behind this one.",     NULL },
    { NULL },
};
/* clang-format on */

static int
run_ls(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)given;
    (void)argc;
    (void)argv;
    return fil_list(fil, "sites", "site.ls", NULL, ls_columns, "no site is under contract");
}

static int
run_show(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)given;
    (void)argc;
    return fil_show_answer(fil, "sites", "site.show", json_pack("{s:s}", "site", argv[0]));
}

static int
run_leases(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return fil_list(fil, "sites", "lease.ls", fil_list_args(given), lease_columns,
                    "nothing is leased");
}

const struct fil_command fil_site_commands[] = {
    {.noun = "site",
     .verb = "ls",
     .doc = "Sites under contract, and how much is leased to them.",
     .examples = "  fil site ls\n",
     .run = run_ls},
    {.noun = "site",
     .verb = "show",
     .args = "SITE",
     .arg_min = 1,
     .arg_max = 1,
     .doc = "One site: contract, agents and their presence.",
     .examples = "  fil site show inhouse\n",
     .run = run_show},
    {.noun = "site",
     .verb = "leases",
     .doc = "Which conversation is leased to whom, with the fencing number.",
     .examples = "  fil site leases --site inhouse --json\n",
     .options = lease_options,
     .given_size = sizeof(struct fil_list_given),
     .run = run_leases},
    {.noun = NULL},
};
