/* query.c - a ticket as JSON: for its owner (decide.c asks), and for `fil`. */
#include "services/channel_webform/tables.h"

#define SHOWN_MAX 100 /* answers of one ticket */

static json_t *
time_json(int64_t us)
{
    char text[FR_TIME_TEXT_SIZE];

    return json_string(fr_time_format((struct fr_time){us}, text));
}

static json_t *
id_json(uint64_t id)
{
    char text[FR_ID_TEXT_SIZE];

    return json_string(fr_id_format(id, text));
}

static json_t *
answer_json(const Fr__AnswerKept *kept)
{
    json_t *json = json_object();

    json_object_set_new(json, "id", id_json(kept->message_id));
    json_object_set_new(json, "at", time_json(kept->at_us));
    json_object_set_new(json, "text", json_string(kept->text));
    if (kept->author != NULL)
        json_object_set_new(json, "author", json_string(kept->author));
    json_object_set_new(json, "notice", json_boolean(kept->direction == FR__DIRECTION__NOTICE));
    return json;
}

/* A notice is no answer. */
static const char *
state_of(const json_t *answers)
{
    json_t *answer;
    size_t i;

    json_array_foreach(answers, i, answer)
    {
        if (!json_is_true(json_object_get(answer, "notice")))
            return "answered";
    }
    return "received";
}

/* Appends one answer; what unpacking it took is given back at once. */
static enum fr_error
add_answer(const struct fr_view *view, struct fr_arena *arena, uint64_t ticket, uint32_t position,
           json_t *answers)
{
    struct fr_arena_mark mark = fr_arena_mark(arena);
    const Fr__WebformStateAnswer *answer;
    enum fr_error err = webform_answer_get(view, arena, ticket, position, &answer);

    if (err == FR_OK)
        json_array_append_new(answers, answer_json(answer->kept));
    fr_arena_release(arena, mark);
    return err;
}

enum fr_error
webform_ticket_json(const struct fr_view *view, struct fr_arena *arena, uint64_t ticket,
                    json_t **out)
{
    struct webform_submission submission;
    enum fr_error err = webform_submission_get(view, ticket, &submission);
    uint32_t first;
    json_t *json, *answers;

    if (err != FR_OK)
        return err;
    answers = json_array();
    first = submission.answer_count > SHOWN_MAX ? submission.answer_count - SHOWN_MAX : 0;
    for (uint32_t position = first + 1; err == FR_OK && position <= submission.answer_count;
         position++)
        err = add_answer(view, arena, ticket, position, answers);
    if (err != FR_OK) {
        json_decref(answers);
        return err;
    }
    json = json_object();
    json_object_set_new(json, "id", id_json(ticket));
    json_object_set_new(json, "account", json_string(submission.account));
    json_object_set_new(json, "state", json_string(state_of(answers)));
    json_object_set_new(json, "received", time_json(submission.received_us));
    json_object_set_new(json, "answers", answers);
    if (first > 0)
        json_object_set_new(json, "answers_left_out", json_integer(first));
    *out = json;
    return FR_OK;
}

static json_t *
show_ticket(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    const char *text = json_string_value(json_object_get(args, "ticket"));
    uint64_t ticket;
    json_t *json = NULL;

    if (text == NULL || fr_id_parse(fr_slice_str(text), &ticket) != FR_OK)
        *error = "a ticket has 16 hexadecimal digits";
    else if (webform_ticket_json(turn->view, turn->arena, ticket, &json) != FR_OK)
        *error = "there is no such ticket";
    return json;
}

/* clang-format off */
const struct fr_query webform_queries[] = {
    { "ticket.show", "TICKET", "A submission and what was answered to it.", show_ticket },
    { NULL, NULL, NULL, NULL },
};
/* clang-format on */
