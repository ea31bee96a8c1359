/* identity_look.c - fil identity explain, suggestions, conflicts, shared, export. */
#include <stdlib.h>
#include <string.h>
#include "services/fil/identity_act.h"

/* clang-format off */
static const struct fil_column reason_columns[] = {
    { "RULE",   "rule",      FIL_COLUMN_TEXT,   0  },
    { "KEY",    "key_type",  FIL_COLUMN_TEXT,   0  },
    { "VALUE",  "key_value", FIL_COLUMN_TEXT,   40 },
    { "WORTH",  "assurance", FIL_COLUMN_TEXT,   0  },
    { "LED",    "led",       FIL_COLUMN_YES,    0  },
    { "WEIGHT", "weight",    FIL_COLUMN_TEXT,   0  },
    { "WHY",    "text",      FIL_COLUMN_TEXT,   80 },
    { NULL },
};
static const struct fil_column merge_columns[] = {
    { "ORIGIN", "origin_id", FIL_COLUMN_TEXT,    0  },
    { "INTO",   "parent_id", FIL_COLUMN_TEXT,    0  },
    { "WHEN",   "at_us",     FIL_COLUMN_TIME_US, 0  },
    { "WHO",    "who",       FIL_COLUMN_TEXT,    20 },
    { "WHY",    "why",       FIL_COLUMN_TEXT,    60 },
    { NULL },
};
static const struct fil_column suggestion_columns[] = {
    { "CUSTOMER", "customer_a_id", FIL_COLUMN_TEXT,    0  },
    { "NAME",     "name_a",        FIL_COLUMN_TEXT,    24 },
    { "AND",      "customer_b_id", FIL_COLUMN_TEXT,    0  },
    { "NAME",     "name_b",        FIL_COLUMN_TEXT,    24 },
    { "SINCE",    "at_us",         FIL_COLUMN_TIME_US, 0  },
    { "STATE",    "state",         FIL_COLUMN_TEXT,    0  },
    { "WHY",      "first",         FIL_COLUMN_TEXT,    60 },
    { NULL },
};
static const struct fil_column conflict_columns[] = {
    { "KIND",     "kind",          FIL_COLUMN_TEXT,    0  },
    { "CUSTOMER", "customer_a_id", FIL_COLUMN_TEXT,    0  },
    { "AND",      "customer_b_id", FIL_COLUMN_TEXT,    0  },
    { "KEY",      "type",          FIL_COLUMN_TEXT,    0  },
    { "VALUE",    "value",         FIL_COLUMN_TEXT,    30 },
    { "SINCE",    "at_us",         FIL_COLUMN_TIME_US, 0  },
    { "STATE",    "state",         FIL_COLUMN_TEXT,    0  },
    { "WHY",      "first",         FIL_COLUMN_TEXT,    50 },
    { NULL },
};
static const struct fil_column shared_columns[] = {
    { "KEY",     "type",    FIL_COLUMN_TEXT,    0  },
    { "VALUE",   "value",   FIL_COLUMN_TEXT,    50 },
    { "HOLDERS", "holders", FIL_COLUMN_NUMBER,  0  },
    { "CLAIMS",  "claims",  FIL_COLUMN_NUMBER,  0  },
    { "NAMES",   "names",   FIL_COLUMN_NUMBER,  0  },
    { "FIRST",   "first_us", FIL_COLUMN_TIME_US, 0 },
    { "LAST",    "last_us", FIL_COLUMN_TIME_US, 0  },
    { NULL },
};
const struct fil_option fil_pairs_options[] = {
    FIL_LIST_LIMIT,
    { "--after",    FIL_TEXT, FIL_LIST_GIVEN(after),    "PLACE", "Those behind it (`after` of the page before, in --json).", NULL },
    { "--customer", FIL_TEXT, FIL_LIST_GIVEN(customer), "ID",    "Only of this customer.",                                   NULL },
    { "--all",      FIL_FLAG, FIL_LIST_GIVEN(all),      NULL,    "Also those that somebody settled.",                        NULL },
    { NULL },
};
const struct fil_option fil_page_options[] = {
    FIL_LIST_LIMIT,
    { "--after", FIL_TEXT, FIL_LIST_GIVEN(after), "PLACE", "Those behind it (`after` of the page before, in --json).", NULL },
    { NULL },
};
/* clang-format on */

/* ---- why this customer? ---- */

int
fil_run_identity_explain(struct fil *fil, const void *given, int argc, char **argv)
{
    json_t *answer =
        fil_ask(fil, "identity", "identity.explain", json_pack("{s:s}", "observation", argv[0]));
    const json_t *merges;

    (void)given;
    (void)argc;
    if (answer == NULL || fil->json)
        return answer == NULL ? FIL_FAILED : fil_show_json(answer);
    printf("observation %s belongs to customer %s%s\n\n", argv[0],
           json_string_value(json_object_get(answer, "customer_id")),
           json_is_true(json_object_get(answer, "unverified")) ? " (unverified)" : "");
    fil_table(stdout, json_object_get(answer, "reasons"), reason_columns);
    merges = json_object_get(answer, "merges");
    if (json_array_size(merges) > 0) {
        printf("\nit came to %s, which was merged:\n",
               json_string_value(json_object_get(answer, "origin_id")));
        fil_table(stdout, merges, merge_columns);
    }
    json_decref(answer);
    return FIL_OK;
}

/* ---- lists ---- */

/* The first reason stands for all of them in a table; --json has every one. */
static int
show_pairs(struct fil *fil, const void *given, const char *query, const struct fil_column *columns,
           const char *nothing)
{
    json_t *answer = fil_ask(fil, "identity", query, fil_list_args(given)), *row;
    size_t index;

    if (answer == NULL)
        return FIL_FAILED;
    json_array_foreach(json_object_get(answer, "items"), index, row)
    {
        const json_t *first = json_array_get(json_object_get(row, "reasons"), 0);

        if (!fil->json && first != NULL)
            json_object_set(row, "first", json_object_get(first, "text"));
    }
    return fil_show_list(fil, answer, columns, nothing);
}

int
fil_run_identity_suggestions(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return show_pairs(fil, given, "identity.suggestions", suggestion_columns,
                      "nobody is suggested");
}

int
fil_run_identity_conflicts(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return show_pairs(fil, given, "identity.conflicts", conflict_columns, "nothing contradicts");
}

int
fil_run_identity_shared(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return fil_list(fil, "identity", "identity.shared", fil_list_args(given), shared_columns,
                    "no key is shared");
}

/* ---- all we hold on a person ---- */

static json_t *
whole_conversation(struct fil *fil, const char *id)
{
    json_t *whole = NULL, *entries = json_array();
    json_int_t after = -1;
    bool more = true;

    while (more) {
        json_t *args = json_pack("{s:s, s:i}", "conversation", id, "limit", 200), *answer, *last;

        if (after >= 0)
            json_object_set_new(args, "after", json_integer(after));
        answer = fil_ask(fil, "conversations", "conversation.show", args);
        if (answer == NULL) {
            json_decref(whole);
            json_decref(entries);
            return NULL;
        }
        json_array_extend(entries, json_object_get(answer, "entries"));
        last = json_array_get(json_object_get(answer, "entries"),
                              json_array_size(json_object_get(answer, "entries")) - 1);
        more = json_is_true(json_object_get(answer, "more")) && last != NULL;
        after = json_integer_value(json_object_get(last, "number"));
        if (whole == NULL)
            whole = json_incref(answer);
        json_decref(answer);
    }
    json_object_set_new(whole, "entries", entries);
    json_object_del(whole, "more");
    return whole;
}

/* His conversations, whole, in the order of the timeline: newest first. */
static json_t *
all_conversations(struct fil *fil, const char *customer)
{
    json_t *all = json_array(), *row;
    char after[FR_ID_TEXT_SIZE] = "";
    bool more = true;
    size_t index;

    while (more) {
        json_t *args = json_pack("{s:s, s:i}", "customer", customer, "limit", 200), *page;

        if (after[0] != '\0')
            json_object_set_new(args, "after", json_string(after));
        page = fil_ask(fil, "conversations", "customer.timeline", args);
        if (page == NULL) {
            json_decref(all);
            return NULL;
        }
        json_array_foreach(json_object_get(page, "items"), index, row)
        {
            const char *id = json_string_value(json_object_get(row, "conversation_id"));
            json_t *whole = id != NULL ? whole_conversation(fil, id) : NULL;

            if (whole != NULL)
                json_array_append_new(all, whole);
            snprintf(after, sizeof(after), "%s", id != NULL ? id : "");
        }
        more = json_is_true(json_object_get(page, "more")) && index > 0;
        json_decref(page);
    }
    return all;
}

int
fil_run_identity_export(struct fil *fil, const void *given, int argc, char **argv)
{
    json_t *answer =
               fil_ask(fil, "identity", "identity.export", json_pack("{s:s}", "customer", argv[0])),
           *conversations;

    (void)given;
    (void)argc;
    if (answer == NULL)
        return FIL_FAILED;
    conversations =
        all_conversations(fil, json_string_value(json_object_get(answer, "customer_id")));
    if (conversations == NULL) {
        json_decref(answer);
        return fil_complain("without its conversations the export would not be whole");
    }
    json_object_set_new(answer, "conversations", conversations);
    return fil_show_json(answer);
}
