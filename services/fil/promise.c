/* promise.c - fil promise: call-backs and agents' own deadlines, told to customers. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "services/fil/list.h"

struct given { /* of make */
    const char *by, *from, *what, *owner, *site, *told, *channel, *address, *id;
    bool tell;
};
struct listed {
    int64_t limit;
    const char *owner, *before;
    bool open;
};
struct kept {
    const char *by, *note;
    bool cancel;
};

/* clang-format off */
static const struct fil_column columns[] = {
    { "PROMISE",      "promise",      FIL_COLUMN_TEXT, 0  },
    { "KIND",         "kind",         FIL_COLUMN_TEXT, 0  },
    { "STATE",        "state",        FIL_COLUMN_TEXT, 0  },
    { "DUE",          "due_local",    FIL_COLUMN_TEXT, 0  },
    { "OWNER",        "owner",        FIL_COLUMN_TEXT, 0  },
    { "CONVERSATION", "conversation", FIL_COLUMN_TEXT, 0  },
    { "TOLD",         "told",         FIL_COLUMN_COUNT, 0 },
    { "WHAT",         "what",         FIL_COLUMN_TEXT, 50 },
    { NULL },
};
static const struct fil_option ls_options[] = {
    { "--limit",  FIL_INT,  offsetof(struct listed, limit),  "N",       "At most so many.",        "50" },
    { "--open",   FIL_FLAG, offsetof(struct listed, open),   NULL,      "Only those that are not over.", NULL },
    { "--owner",  FIL_TEXT, offsetof(struct listed, owner),  "AGENT",   "Only this agent's.",      NULL },
    { "--before", FIL_TEXT, offsetof(struct listed, before), "PROMISE", "Those made before this one.", NULL },
    { NULL },
};
static const struct fil_option make_options[] = {
    { "--due",     FIL_TEXT, offsetof(struct given, by),      "WHEN",    "By when: 2027-04-02T15:00:00Z, or a length from now: 2h.", NULL },
    { "--from",    FIL_TEXT, offsetof(struct given, from),    "WHEN",    "A call-back: its window begins then.", NULL },
    { "--what",    FIL_TEXT, offsetof(struct given, what),    "TEXT",    "What is promised, for agents.", NULL },
    { "--owner",   FIL_TEXT, offsetof(struct given, owner),   "AGENT",   "Who keeps it.", NULL },
    { "--site",    FIL_TEXT, offsetof(struct given, site),    "SITE",    "Where he works: it is shown at that site's desk.", NULL },
    { "--tell",    FIL_FLAG, offsetof(struct given, tell),    NULL,      "Tell the customer in his conversation.", NULL },
    { "--told",    FIL_TEXT, offsetof(struct given, told),    "TEXT",    "What he has been told already.", NULL },
    { "--channel", FIL_TEXT, offsetof(struct given, channel), "CHANNEL", "Where he was told.", NULL },
    { "--address", FIL_TEXT, offsetof(struct given, address), "NUMBER",  "A call-back: the number.", NULL },
    { "--request", FIL_TEXT, offsetof(struct given, id),      "ID",      "Your own name for it: made once, however often you ask.", NULL },
    { NULL },
};
static const struct fil_option keep_options[] = {
    { "--note",   FIL_TEXT, offsetof(struct kept, note),   "TEXT", "How it went.", NULL },
    { "--by",     FIL_TEXT, offsetof(struct kept, by),     "NAME", "Who says so.", "operator" },
    { "--cancel", FIL_FLAG, offsetof(struct kept, cancel), NULL,   "It is not needed any more.", NULL },
    { NULL },
};
/* clang-format on */

static int
run_ls(struct fil *fil, const void *options, int argc, char **argv)
{
    const struct listed *given = options;
    json_t *args = json_pack("{s:I}", "limit", (json_int_t)given->limit);

    (void)argc;
    (void)argv;
    if (given->open)
        json_object_set_new(args, "open", json_true());
    if (given->owner != NULL)
        json_object_set_new(args, "owner", json_string(given->owner));
    if (given->before != NULL)
        json_object_set_new(args, "before", json_string(given->before));
    return fil_list(fil, "sla", "promise.ls", args, columns, "nothing was promised");
}

static int
run_show(struct fil *fil, const void *options, int argc, char **argv)
{
    (void)options;
    (void)argc;
    return fil_show_answer(fil, "sla", "promise.show", json_pack("{s:s}", "promise", argv[0]));
}

/* An instant, or a length from now. */
static bool
parse_when(const char *option, const char *text, int64_t *us)
{
    struct fr_span span;
    struct fr_time t;

    if (fr_time_parse(fr_slice_str(text), &t) == FR_OK)
        *us = t.unix_us;
    else if (fr_span_parse(fr_slice_str(text), &span) == FR_OK && span.us > 0)
        *us = fr_time_add(fr_time_wall(), span).unix_us;
    else {
        fil_complain("%s %s: write 2027-04-02T15:00:00Z, or a length from now, 2h", option, text);
        return false;
    }
    return true;
}

static void
set(json_t *message, const char *name, const char *value)
{
    if (value != NULL)
        json_object_set_new(message, name, json_string(value));
}

static int
run_make(struct fil *fil, const void *options, int argc, char **argv)
{
    const struct given *given = options;
    int64_t due_us, from_us = 0;
    char own_id[64];
    json_t *message, *answer;

    (void)argc;
    if (given->by == NULL || given->what == NULL)
        return fil_complain("say --due WHEN and --what TEXT");
    if (!parse_when("--due", given->by, &due_us) ||
        (given->from != NULL && !parse_when("--from", given->from, &from_us)))
        return FIL_FAILED;
    snprintf(own_id, sizeof(own_id), "fil-%lld-%d", (long long)fr_time_wall().unix_us,
             (int)getpid());
    message = json_pack(
        "{s:s, s:s, s:s, s:I, s:s, s:b, s:s}", "request_id", given->id != NULL ? given->id : own_id,
        "kind", given->from != NULL ? "CALL_BACK" : "PROMISE_BY_HAND", "conversation_id", argv[0],
        "due_us", (json_int_t)due_us, "what", given->what, "tell", given->tell, "by", "operator");
    if (given->from != NULL)
        json_object_set_new(message, "from_us", json_integer(from_us));
    set(message, "owner", given->owner);
    set(message, "site", given->site);
    set(message, "told", given->told);
    set(message, "told_channel", given->channel);
    set(message, "address", given->address);
    answer = fil_tell(fil, "sla", "PromiseRequested", message);
    return answer == NULL ? FIL_FAILED : fil_show_object(fil, answer);
}

static int
run_keep(struct fil *fil, const void *options, int argc, char **argv)
{
    const struct kept *given = options;
    json_t *message = json_pack("{s:s, s:b, s:s}", "promise_id", argv[0], "kept", !given->cancel,
                                "by", given->by);
    json_t *answer;

    (void)argc;
    set(message, "note", given->note);
    answer = fil_tell(fil, "sla", "PromiseSettled", message);
    return answer == NULL ? FIL_FAILED : fil_show_object(fil, answer);
}

const struct fil_command fil_promise_commands[] = {
    {.noun = "promise",
     .verb = "ls",
     .doc = "Call-backs and agents' promises, the newest first.",
     .examples = "  fil promise ls --open\n  fil promise ls --owner ann --json\n",
     .options = ls_options,
     .given_size = sizeof(struct listed),
     .run = run_ls},
    {.noun = "promise",
     .verb = "show",
     .args = "PROMISE",
     .arg_min = 1,
     .arg_max = 1,
     .doc = "One of them: owner, deadline, what the customer was told on which channel.",
     .examples = "  fil promise show 7f31000000000012\n",
     .run = run_show},
    {.noun = "promise",
     .verb = "make",
     .args = "CONVERSATION",
     .arg_min = 1,
     .arg_max = 1,
     .doc = "Promise the customer of a conversation something by a time.",
     .examples = "  fil promise make 05d9000000000007 --due 2027-04-02T15:00:00Z --what 'an offer' "
                 "--owner ann --tell\n"
                 "  fil promise make 05d9000000000007 --from 1h --due 2h --what 'call about the "
                 "delivery' --address +33142000000\n",
     .options = make_options,
     .given_size = sizeof(struct given),
     .run = run_make},
    {.noun = "promise",
     .verb = "keep",
     .args = "PROMISE",
     .arg_min = 1,
     .arg_max = 1,
     .doc = "Say that it was kept, or that it is not needed any more.",
     .examples = "  fil promise keep 7f31000000000012 --note 'called, all is well'\n"
                 "  fil promise keep 7f31000000000012 --cancel\n",
     .options = keep_options,
     .given_size = sizeof(struct kept),
     .run = run_keep},
    {.noun = NULL},
};
