/* list.c - the nouns that only ask one service and show what it says. */
#include "services/fil/list.h"

static void
set(json_t *args, const char *name, const char *value)
{
    if (value != NULL)
        json_object_set_new(args, name, json_string(value));
}

json_t *
fil_list_args(const struct fil_list_given *given)
{
    json_t *args = json_object();

    if (given->limit > 0)
        json_object_set_new(args, "limit", json_integer(given->limit));
    if (given->all)
        json_object_set_new(args, "all", json_true());
    set(args, "after", given->after);
    set(args, "state", given->state);
    set(args, "brand", given->brand);
    set(args, "customer", given->customer);
    set(args, "site", given->site);
    set(args, "agent", given->agent);
    set(args, "type", given->type);
    set(args, "region", given->region);
    return args;
}

int
fil_list(struct fil *fil, const char *journal, const char *query, json_t *args,
         const struct fil_column *columns, const char *nothing)
{
    json_t *answer = fil_ask(fil, journal, query, args);

    if (answer == NULL)
        return FIL_FAILED;
    return fil_show_list(fil, answer, columns, nothing);
}

int
fil_show_answer(struct fil *fil, const char *journal, const char *query, json_t *args)
{
    json_t *answer = fil_ask(fil, journal, query, args);

    return answer != NULL ? fil_show_object(fil, answer) : FIL_FAILED;
}
