/* customer.c - fil customer: who it is, and why we think so. */
#include <stdlib.h>
#include <string.h>
#include "services/fil/list.h"

/* clang-format off */
static const struct fil_column ls_columns[] = {
    { "CUSTOMER",    "customer_id",    FIL_COLUMN_TEXT,    0  },
    { "NAME",        "name",           FIL_COLUMN_TEXT,    30 },
    { "SINCE",       "created_us",     FIL_COLUMN_TIME_US, 0  },
    { "ORIGINS",     "origins",        FIL_COLUMN_NUMBER,  0  },
    { "PROVEN KEYS", "proven_keys",    FIL_COLUMN_NUMBER,  0  },
    { "NOW",         "merged_into_id", FIL_COLUMN_TEXT,    0  },
    { NULL },
};
static const struct fil_column key_columns[] = {
    { "KEY",     "type",      FIL_COLUMN_TEXT,    0  },
    { "VALUE",   "value",     FIL_COLUMN_TEXT,    40 },
    { "WORTH",   "assurance", FIL_COLUMN_TEXT,    0  },
    { "SEEN",    "last_us",   FIL_COLUMN_TIME_US, 0  },
    { "CHANNEL", "channel",   FIL_COLUMN_TEXT,    0  },
    { "ORIGIN",  "origin_id", FIL_COLUMN_TEXT,    0  },
    { NULL },
};
static const struct fil_column matter_columns[] = {
    { "CONVERSATION", "conversation_id", FIL_COLUMN_TEXT,    0  },
    { "OPENED",       "opened_us",       FIL_COLUMN_TIME_US, 0  },
    { "CHANNEL",      "channel",         FIL_COLUMN_TEXT,    0  },
    { "STATE",        "state",           FIL_COLUMN_TEXT,    0  },
    { "OUTCOME",      "outcome",         FIL_COLUMN_TEXT,    0  },
    { "ENTRIES",      "entry_count",     FIL_COLUMN_NUMBER,  0  },
    { "LAST AGENT",   "last_agent",      FIL_COLUMN_TEXT,    0  },
    { NULL },
};

static const struct fil_option ls_options[] = {
    FIL_LIST_LIMIT,
    { "--after", FIL_TEXT, FIL_LIST_GIVEN(after), "ID", "Those behind this one.", NULL },
    { NULL },
};
static const struct fil_option show_options[] = {
    { "--brand",  FIL_TEXT, FIL_LIST_GIVEN(brand),  "BRAND",   "Whose customer, where a key alone does not say.", NULL },
    { "--region", FIL_TEXT, FIL_LIST_GIVEN(region), "COUNTRY", "Of a phone number without its country code.",     NULL },
    { NULL },
};
/* clang-format on */

static int
run_ls(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return fil_list(fil, "identity", "customer.ls", fil_list_args(given), ls_columns,
                    "there are no customers yet");
}

static void
print_part(json_t *answer, const char *part, const struct fil_column *columns)
{
    const json_t *list = json_object_get(answer, part);

    if (json_array_size(list) == 0)
        return;
    putchar('\n');
    fil_table(stdout, list, columns);
}

/* His conversations are kept by another service; without it the rest is shown all the same. */
static void
add_timeline(struct fil *fil, json_t *answer)
{
    const char *id = json_string_value(json_object_get(answer, "customer_id"));
    json_t *timeline =
        fil_ask(fil, "conversations", "customer.timeline",
                json_pack("{s:s, s:i}", "customer", id != NULL ? id : "", "limit", 50));

    if (timeline == NULL)
        return;
    json_object_set(answer, "conversations", json_object_get(timeline, "items"));
    json_decref(timeline);
}

static int
run_show(struct fil *fil, const void *given, int argc, char **argv)
{
    json_t *args = fil_list_args(given), *answer;
    struct fil_column name = {"", "name", FIL_COLUMN_TEXT, 60},
                      id = {"", "customer_id", FIL_COLUMN_TEXT, 0};
    char *text;

    if (argc == 1) {
        json_object_set_new(args, "customer", json_string(argv[0]));
    } else {
        json_object_set_new(args, "type", json_string(argv[0]));
        json_object_set_new(args, "value", json_string(argv[1]));
    }
    answer = fil_ask(fil, "identity", "customer.show", args);
    if (answer == NULL)
        return FIL_FAILED;
    add_timeline(fil, answer);
    if (fil->json)
        return fil_show_json(answer);
    text = fil_cell(answer, &id);
    printf("customer %s", text);
    free(text);
    text = fil_cell(answer, &name);
    printf("  %s\n", text);
    free(text);
    print_part(answer, "keys", key_columns);
    print_part(answer, "conversations", matter_columns);
    if (json_array_size(json_object_get(answer, "suggestions")) > 0 ||
        json_array_size(json_object_get(answer, "conflicts")) > 0)
        printf("\n%zu suggestions and %zu conflicts: --json shows them\n",
               json_array_size(json_object_get(answer, "suggestions")),
               json_array_size(json_object_get(answer, "conflicts")));
    json_decref(answer);
    return FIL_OK;
}

const struct fil_command fil_customer_commands[] = {
    {.noun = "customer",
     .verb = "ls",
     .doc = "Customers in the order in which they were created.",
     .examples = "  fil customer ls --limit 20\n",
     .options = ls_options,
     .given_size = sizeof(struct fil_list_given),
     .run = run_ls},
    {.noun = "customer",
     .verb = "show",
     .args = "CUSTOMER | TYPE VALUE",
     .arg_min = 1,
     .arg_max = 2,
     .doc = "One customer: keys with what they are worth, and all conversations.",
     .examples = "  fil customer show 2a51000000000003\n"
                 "  fil customer show login eve --brand acme\n"
                 "  fil customer show email eve@shop.example --json\n",
     .options = show_options,
     .given_size = sizeof(struct fil_list_given),
     .run = run_show},
    {.noun = NULL},
};
