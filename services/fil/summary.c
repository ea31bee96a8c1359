/* summary.c - a record in one line: the few fields that tell the story. */
#include "services/fil/summary.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "services/fil/show.h"
#include "services/fil/source.h"

#define FIELD_MAX 6
#define VALUE_WIDTH 60

/* In the order in which they are said; any kind of record has some of them.  Kinds that come later
 * are summed up without a change here. */
static const char *const telling[] = {
    "text",   "preview", "name",    "agent",   "to_customer", "outcome",  "state", "how",
    "policy", "queue",   "account", "channel", "from",        "to",       "type",  "value",
    "site",   "fence",   "note",    "cause",   "input_kind",  "accepted", "cut",   "reason",
};

static void
add(FILE *out, const char *name, const json_t *value, int count)
{
    char *text = NULL, *cut;

    if (json_is_string(value))
        text = strdup(json_string_value(value));
    else
        text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    cut = fil_text_cut(text, VALUE_WIDTH);
    fprintf(out, strpbrk(cut, " =\"") != NULL || cut[0] == '\0' ? "%s%s=\"%s\"" : "%s%s=%s",
            count > 0 ? " " : "", name, cut);
    free(cut);
    free(text);
}

static int
add_fields(FILE *out, const json_t *body, int count)
{
    for (size_t i = 0; i < sizeof(telling) / sizeof(telling[0]) && count < FIELD_MAX; i++) {
        const json_t *value = json_object_get(body, telling[i]);

        if (value != NULL && !json_is_object(value) && !json_is_array(value))
            add(out, telling[i], value, count++);
    }
    return count;
}

char *
fil_record_summary(const struct fr_record_head *head, char *text)
{
    /* Records about something that is a message of its own: the entry, the offer. */
    static const char *const inner[] = {"entry", "offer", "task"};
    json_t *body = fil_body_json(head);
    FILE *out = fmemopen(text, FIL_SUMMARY_SIZE, "w");
    int count = 0;

    fr_assert(out != NULL);
    text[0] = '\0';
    if (body == NULL && head->body_size > 0)
        fprintf(out, "(%u bytes)", head->body_size);
    for (size_t i = 0; i < sizeof(inner) / sizeof(inner[0]); i++)
        count = add_fields(out, json_object_get(body, inner[i]), count);
    add_fields(out, body, count);
    fclose(out);
    text[FIL_SUMMARY_SIZE - 1] = '\0';
    json_decref(body);
    return text;
}
