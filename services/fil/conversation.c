/* conversation.c - fil conversation: what was said, and what became of it. */
#include <stdlib.h>
#include <string.h>
#include "services/fil/list.h"

/* clang-format off */
static const struct fil_column ls_columns[] = {
    { "CONVERSATION", "conversation_id", FIL_COLUMN_TEXT,    0  },
    { "OPENED",       "opened_us",       FIL_COLUMN_TIME_US, 0  },
    { "BRAND",        "brand",           FIL_COLUMN_TEXT,    0  },
    { "CHANNEL",      "channel",         FIL_COLUMN_TEXT,    0  },
    { "CUSTOMER",     "customer_name",   FIL_COLUMN_TEXT,    24 },
    { "STATE",        "state",           FIL_COLUMN_TEXT,    0  },
    { "OUTCOME",      "outcome",         FIL_COLUMN_TEXT,    0  },
    { "WAITS SINCE",  "unanswered_us",   FIL_COLUMN_TIME_US, 0  },
    { "AGENT",        "agent",           FIL_COLUMN_TEXT,    0  },
    { "ENTRIES",      "entry_count",     FIL_COLUMN_NUMBER,  0  },
    { NULL },
};
static const struct fil_column entry_columns[] = {
    { "TIME",     "at_us",     FIL_COLUMN_TIME_US, 0  },
    { "WHO",      "direction", FIL_COLUMN_TEXT,    0  },
    { "NAME",     "author",    FIL_COLUMN_TEXT,    20 },
    { "CHANNEL",  "channel",   FIL_COLUMN_TEXT,    0  },
    { "DELIVERY", "delivery",  FIL_COLUMN_TEXT,    0  },
    { "TEXT",     "text",      FIL_COLUMN_TEXT,    90 },
    { NULL },
};
static const struct fil_option ls_options[] = {
    FIL_LIST_LIMIT,
    { "--state",    FIL_TEXT, FIL_LIST_GIVEN(state),    "STATE", "open or resolved.",                     NULL },
    { "--brand",    FIL_TEXT, FIL_LIST_GIVEN(brand),    "BRAND", "Only of this brand.",                   NULL },
    { "--customer", FIL_TEXT, FIL_LIST_GIVEN(customer), "ID",    "Only of this customer, newest first.",  NULL },
    { "--after",    FIL_TEXT, FIL_LIST_GIVEN(after),    "ID",    "Those behind this one.",                NULL },
    { NULL },
};
static const struct fil_option limit_options[] = {
    FIL_LIST_LIMIT,
    { NULL },
};
struct marked {
    const char *priority, *waiting, *tier, *complaint;
    struct fil_texts tags, no_tags;
};
static const struct fil_option mark_options[] = {
    { "--priority",  FIL_TEXT,  offsetof(struct marked, priority),  "N",    "0 is ordinary; higher is more urgent.",             NULL },
    { "--complaint", FIL_TEXT,  offsetof(struct marked, complaint), "yes|no", "Whether it is a complaint.",                       NULL },
    { "--waiting",   FIL_TEXT,  offsetof(struct marked, waiting),   "WHOM", "For whom it waits: us, customer or third-party.",   NULL },
    { "--tier",      FIL_TEXT,  offsetof(struct marked, tier),      "TIER", "The customer's tier.",                              NULL },
    { "--tag",       FIL_TEXTS, offsetof(struct marked, tags),      "TAG",  "Add a tag; may be given several times.",            NULL },
    { "--no-tag",    FIL_TEXTS, offsetof(struct marked, no_tags),   "TAG",  "Take a tag away.",                                  NULL },
    { NULL },
};
/* clang-format on */

static json_t *
texts_json(const struct fil_texts *texts)
{
    json_t *list = json_array();

    for (size_t i = 0; i < texts->count; i++)
        json_array_append_new(list, json_string(texts->items[i]));
    return list;
}

static bool
set_waiting(json_t *message, const char *whom)
{
    static const char *const names[][2] = {
        {"us", "US"}, {"customer", "THE_CUSTOMER"}, {"third-party", "A_THIRD_PARTY"}};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(whom, names[i][0]) == 0) {
            json_object_set_new(message, "waiting", json_string(names[i][1]));
            return true;
        }
    fil_complain("--waiting %s: say us, customer or third-party", whom);
    return false;
}

static bool
set_facts(json_t *message, const struct marked *marked)
{
    char *end = NULL;

    if (marked->priority != NULL)
        json_object_set_new(message, "priority", json_integer(strtol(marked->priority, &end, 10)));
    if (end != NULL && (end == marked->priority || *end != '\0')) {
        fil_complain("--priority %s: say a number", marked->priority);
        return false;
    }
    if (marked->complaint != NULL && strcmp(marked->complaint, "yes") != 0 &&
        strcmp(marked->complaint, "no") != 0) {
        fil_complain("--complaint %s: say yes or no", marked->complaint);
        return false;
    }
    if (marked->complaint != NULL)
        json_object_set_new(message, "complaint",
                            json_boolean(strcmp(marked->complaint, "yes") == 0));
    if (marked->tier != NULL)
        json_object_set_new(message, "tier", json_string(marked->tier));
    return marked->waiting == NULL || set_waiting(message, marked->waiting);
}

static int
run_mark(struct fil *fil, const void *given, int argc, char **argv)
{
    const struct marked *marked = given;
    json_t *message = json_pack(
        "{s:s, s:s, s:s, s:o, s:o}", "conversation_id", argv[0], "agent", "operator", "client_id",
        "fil", "add_tags", texts_json(&marked->tags), "drop_tags", texts_json(&marked->no_tags));
    json_t *answer;

    (void)argc;
    if (!set_facts(message, marked)) {
        json_decref(message);
        return FIL_USAGE;
    }
    answer = fil_tell(fil, "conversations", "MatterMarked", message);
    return answer == NULL ? FIL_FAILED : fil_show_object(fil, answer);
}

static int
run_ls(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return fil_list(fil, "conversations", "conversation.ls", fil_list_args(given), ls_columns,
                    "there are no such conversations");
}

static int
run_ignored(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return fil_list(fil, "conversations", "conversations.ignored", fil_list_args(given), ls_columns,
                    "nobody is ignored");
}

static int
run_show(struct fil *fil, const void *given, int argc, char **argv)
{
    static const char *const facts[] = {"brand",   "customer_id", "customer_name", "state",
                                        "outcome", "agent",       "last_agent",    "reason"};
    json_t *args = fil_list_args(given), *answer;

    (void)argc;
    json_object_set_new(args, "conversation", json_string(argv[0]));
    answer = fil_ask(fil, "conversations", "conversation.show", args);
    if (answer == NULL)
        return FIL_FAILED;
    if (fil->json)
        return fil_show_json(answer);
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        struct fil_column column = {"", facts[i], FIL_COLUMN_TEXT, 100};
        char *text = fil_cell(answer, &column);

        if (strcmp(text, "-") != 0)
            printf("%-14s %s\n", facts[i], text);
        free(text);
    }
    putchar('\n');
    fil_table(stdout, json_object_get(answer, "entries"), entry_columns);
    if (json_is_true(json_object_get(answer, "more")))
        printf("... and more: --limit N shows N\n");
    json_decref(answer);
    return FIL_OK;
}

const struct fil_command fil_conversation_commands[] = {
    {.noun = "conversation",
     .verb = "ls",
     .doc = "Conversations, with their state and outcome.",
     .examples = "  fil conversation ls --state open\n"
                 "  fil conversation ls --customer 2a51000000000003 --json\n",
     .options = ls_options,
     .given_size = sizeof(struct fil_list_given),
     .run = run_ls},
    {.noun = "conversation",
     .verb = "show",
     .args = "CONVERSATION",
     .arg_min = 1,
     .arg_max = 1,
     .doc = "One conversation: who said what, over which channel, and whether it arrived.",
     .examples = "  fil conversation show 05d9000000000007\n",
     .options = limit_options,
     .given_size = sizeof(struct fil_list_given),
     .run = run_show},
    {.noun = "conversation",
     .verb = "ignored",
     .doc = "Open ones with an unanswered message and nobody asked: there must be none.",
     .examples = "  fil conversation ignored\n",
     .options = limit_options,
     .given_size = sizeof(struct fil_list_given),
     .run = run_ignored},
    {.noun = "conversation",
     .verb = "mark",
     .args = "CONVERSATION",
     .arg_min = 1,
     .arg_max = 1,
     .doc = "Say what it is: priority, tags, complaint, tier, for whom it waits; policies follow.",
     .examples = "  fil conversation mark 05d9000000000007 --priority 2 --tag billing\n"
                 "  fil conversation mark 05d9000000000007 --complaint yes\n"
                 "  fil conversation mark 05d9000000000007 --waiting third-party\n",
     .options = mark_options,
     .given_size = sizeof(struct marked),
     .run = run_mark},
    {.noun = NULL},
};
