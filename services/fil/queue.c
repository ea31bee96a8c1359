/* queue.c - fil queue: what waits, since when, and why it is where it is. */
#include "services/fil/list.h"

/* clang-format off */
static const struct fil_column ls_columns[] = {
    { "QUEUE",       "queue",       FIL_COLUMN_TEXT,    0  },
    { "WAITING",     "waiting",     FIL_COLUMN_NUMBER,  0  },
    { "PARKED",      "parked",      FIL_COLUMN_NUMBER,  0  },
    { "OLDEST",      "oldest",      FIL_COLUMN_TIME_US, 0  },
    { "AGENTS FREE", "agents_free", FIL_COLUMN_NUMBER,  0  },
    { "NOBODY",      "nobody",      FIL_COLUMN_TEXT,    60 },
    { NULL },
};
static const struct fil_column task_columns[] = {
    { "TASK",         "task",         FIL_COLUMN_TEXT,    0  },
    { "CONVERSATION", "conversation", FIL_COLUMN_TEXT,    0  },
    { "STATE",        "state",        FIL_COLUMN_TEXT,    0  },
    { "ARRIVED",      "arrived",      FIL_COLUMN_TIME_US, 0  },
    { "CHANNEL",      "channel",      FIL_COLUMN_TEXT,    0  },
    { "AGENT",        "agent",        FIL_COLUMN_TEXT,    0  },
    { "RAISED",       "raised",       FIL_COLUMN_YES,     0  },
    { "PREVIEW",      "preview",      FIL_COLUMN_TEXT,    50 },
    { NULL },
};
static const struct fil_option options[] = {
    FIL_LIST_LIMIT,
    { NULL },
};
/* clang-format on */

static int
run_ls(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return fil_list(fil, "routing", "queue.ls", fil_list_args(given), ls_columns,
                    "there are no queues");
}

static int
run_show(struct fil *fil, const void *given, int argc, char **argv)
{
    json_t *args = fil_list_args(given);

    (void)argc;
    json_object_set_new(args, "queue", json_string(argv[0]));
    return fil_list(fil, "routing", "queue.show", args, task_columns, "nothing waits there");
}

static int
run_explain(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)given;
    (void)argc;
    return fil_show_answer(fil, "routing", "routing.explain", json_pack("{s:s}", "task", argv[0]));
}

struct move_given {
    int64_t priority;
    const char *tier, *reason;
};
#define MOVE(field) offsetof(struct move_given, field)
/* clang-format off */
static const struct fil_option move_options[] = {
    { "--priority", FIL_INT,  MOVE(priority), "N",    "Its priority from now on.", "0" },
    { "--tier",     FIL_TEXT, MOVE(tier),     "TIER", "Its customer's tier, for this task.", NULL },
    { "--reason",   FIL_TEXT, MOVE(reason),   "TEXT", "For the record.", NULL },
    { NULL },
};
/* clang-format on */

static int
run_move(struct fil *fil, const void *given, int argc, char **argv)
{
    const struct move_given *move = given;
    json_t *message = json_pack("{s:s, s:I}", "task_id", argv[0], "priority", move->priority);
    json_t *answer;

    (void)argc;
    if (move->tier != NULL)
        json_object_set_new(message, "tier", json_string(move->tier));
    if (move->reason != NULL)
        json_object_set_new(message, "reason", json_string(move->reason));
    answer = fil_tell(fil, "routing", "TaskPrioritized", message);
    if (answer == NULL)
        return FIL_FAILED;
    json_decref(answer);
    if (!fil->json)
        printf("moved; see: fil routing explain %s\n", argv[0]);
    return FIL_OK;
}

const struct fil_command fil_queue_commands[] = {
    {.noun = "queue",
     .verb = "ls",
     .doc = "Every queue: how much waits, since when, and who is free.",
     .examples = "  fil queue ls\n",
     .options = options,
     .given_size = sizeof(struct fil_list_given),
     .run = run_ls},
    {.noun = "queue",
     .verb = "show",
     .args = "QUEUE",
     .arg_min = 1,
     .arg_max = 1,
     .doc = "One queue with its waiting tasks in order.",
     .examples = "  fil queue show support --json\n",
     .options = options,
     .given_size = sizeof(struct fil_list_given),
     .run = run_show},
    {.noun = "queue",
     .verb = "explain",
     .args = "TASK",
     .arg_min = 1,
     .arg_max = 1,
     .doc = "Why a task is where it is: at which condition each agent falls out.",
     .examples = "  fil queue explain 05d900000000000a\n",
     .run = run_explain},
    {.noun = "queue",
     .verb = "move",
     .args = "TASK",
     .arg_min = 1,
     .arg_max = 1,
     .doc = "Give a waiting task another priority: it alone moves.",
     .examples = "  fil queue move 05d900000000000a --priority 90 --reason 'hospital'\n",
     .options = move_options,
     .given_size = sizeof(struct move_given),
     .run = run_move},
    {.noun = NULL},
};
