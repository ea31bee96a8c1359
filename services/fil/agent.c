/* agent.c - fil agent: who is there, and what he has. */
#include "services/fil/list.h"

/* clang-format off */
static const struct fil_column columns[] = {
    { "AGENT",    "agent",          FIL_COLUMN_TEXT,    0 },
    { "SITE",     "site",           FIL_COLUMN_TEXT,    0 },
    { "STATE",    "state",          FIL_COLUMN_TEXT,    0 },
    { "SINCE",    "since",          FIL_COLUMN_TIME_US, 0 },
    { "USED",     "used",           FIL_COLUMN_NUMBER,  0 },
    { "OFFERED",  "offered",        FIL_COLUMN_NUMBER,  0 },
    { "ASSIGNED", "assigned",       FIL_COLUMN_NUMBER,  0 },
    { "EXPIRED",  "expired_in_row", FIL_COLUMN_NUMBER,  0 },
    { "IDLE",     "idle_since",     FIL_COLUMN_TIME_US, 0 },
    { NULL },
};
static const struct fil_option options[] = {
    FIL_LIST_LIMIT,
    { "--site", FIL_TEXT, FIL_LIST_GIVEN(site), "SITE", "Only those of this site.",    NULL },
    { "--all",  FIL_FLAG, FIL_LIST_GIVEN(all),  NULL,   "Those who were removed, too.", NULL },
    { NULL },
};
/* clang-format on */

static int
run_ls(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return fil_list(fil, "routing", "agent.ls", fil_list_args(given), columns,
                    "there are no agents");
}

static int
run_show(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)given;
    (void)argc;
    return fil_show_answer(fil, "routing", "agent.show", json_pack("{s:s}", "agent", argv[0]));
}

const struct fil_command fil_agent_commands[] = {
    {.noun = "agent",
     .verb = "ls",
     .doc = "Agents: presence, how much of them is used, what they have.",
     .examples = "  fil agent ls --site inhouse\n",
     .options = options,
     .given_size = sizeof(struct fil_list_given),
     .run = run_ls},
    {.noun = "agent",
     .verb = "show",
     .args = "AGENT",
     .arg_min = 1,
     .arg_max = 1,
     .doc = "One agent: what he can serve, and what he has.",
     .examples = "  fil agent show ann\n",
     .run = run_show},
    {.noun = NULL},
};
