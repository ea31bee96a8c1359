/* agent.c - fil agent: who is there, and what he has. */
#include "services/fil/list.h"

/* clang-format off */
static const struct fil_column columns[] = {
    { "AGENT",    "agent",          FIL_COLUMN_TEXT,    0 },
    { "SITE",     "site",           FIL_COLUMN_TEXT,    0 },
    { "STATE",    "state",          FIL_COLUMN_TEXT,    0 },
    { "SINCE",    "since",          FIL_COLUMN_TIME_US, 0 },
    { "USED",     "used",           FIL_COLUMN_NUMBER,  0 },
    { "OF",       "room",           FIL_COLUMN_NUMBER,  0 },
    { "OFFERED",  "offered",        FIL_COLUMN_NUMBER,  0 },
    { "ASSIGNED", "assigned",       FIL_COLUMN_NUMBER,  0 },
    { "WRAP-UP",  "wrapping",       FIL_COLUMN_NUMBER,  0 },
    { "EXPIRED",  "expired_in_row", FIL_COLUMN_NUMBER,  0 },
    { "IDLE SINCE", "idle_since",   FIL_COLUMN_TIME_US, 0 },
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

struct away_given {
    const char *reason;
};
/* clang-format off */
static const struct fil_option away_options[] = {
    { "--reason", FIL_TEXT, offsetof(struct away_given, reason), "TEXT", "What he and others read.", "set away by a supervisor" },
    { NULL },
};
/* clang-format on */

static int
tell(struct fil *fil, const char *record, json_t *message, const char *done)
{
    json_t *answer = fil_tell(fil, "routing", record, message);

    if (answer == NULL)
        return FIL_FAILED;
    json_decref(answer);
    if (!fil->json)
        printf("%s\n", done);
    return FIL_OK;
}

static int
run_set_away(struct fil *fil, const void *given, int argc, char **argv)
{
    const struct away_given *away = given;

    (void)argc;
    return tell(fil, "AgentSetAway",
                json_pack("{s:s, s:s}", "agent", argv[0], "reason", away->reason),
                "away; what he had not accepted goes to others");
}

static int
run_ready(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)given;
    (void)argc;
    return tell(fil, "WrapUpDone", json_pack("{s:s}", "agent", argv[0]), "ready for the next one");
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
    {.noun = "agent",
     .verb = "set-away",
     .args = "AGENT",
     .arg_min = 1,
     .arg_max = 1,
     .doc = "Set an agent away, for all to see; what he has accepted stays his.",
     .examples = "  fil agent set-away ann --reason 'gone for lunch'\n",
     .options = away_options,
     .given_size = sizeof(struct away_given),
     .run = run_set_away},
    {.noun = "agent",
     .verb = "ready",
     .args = "AGENT",
     .arg_min = 1,
     .arg_max = 1,
     .doc = "End an agent's wrap-up before its time is over.",
     .examples = "  fil agent ready ann\n",
     .run = run_ready},
    {.noun = NULL},
};
