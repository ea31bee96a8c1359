/* wait.c - what browsers are told of a wait, as JSON. */
#include "services/channel_webchat/webchat.h"

/* What is left of a length that was told at `at_us`; never less than nothing. */
static json_int_t
seconds_left(int64_t us, int64_t at_us, struct fr_time now)
{
    int64_t left_us = us - (now.unix_us - at_us);

    return left_us > 0 ? left_us / 1000000 : 0;
}

static const char *
choice_name(const Fr__WaitTold *told)
{
    static const char *const names[] = {
        [FR__WAIT_CHOICE__KEEP_WAITING] = "wait",
        [FR__WAIT_CHOICE__SELF_SERVICE] = "self_service",
        [FR__WAIT_CHOICE__CALL_ME_BACK] = "call_back",
    };

    if (!told->has_choice || told->choice < FR__WAIT_CHOICE__KEEP_WAITING ||
        told->choice > FR__WAIT_CHOICE__CALL_ME_BACK)
        return NULL;
    return names[told->choice];
}

json_t *
webchat_wait_json(const Fr__WaitTold *told, struct fr_time now)
{
    json_t *json, *windows;

    if (told == NULL || told->over)
        return json_null();
    windows = json_array();
    for (size_t i = 0; i < told->n_windows; i++)
        json_array_append_new(
            windows, json_pack("{s:I, s:I}", "from", (json_int_t)(told->windows[i]->from_us / 1000),
                               "to", (json_int_t)(told->windows[i]->to_us / 1000)));
    json = json_pack("{s:o, s:s*, s:s*}", "windows", windows, "choice", choice_name(told),
                     "self_service", told->self_service);
    if (told->has_position) {
        json_object_set_new(json, "position", json_integer(told->position));
        json_object_set_new(json, "p50_s",
                            json_integer(seconds_left(told->p50_us, told->at_us, now)));
        json_object_set_new(json, "p90_s",
                            json_integer(seconds_left(told->p90_us, told->at_us, now)));
    }
    if (told->has_from_us && told->has_to_us) {
        json_object_set_new(json, "from", json_integer(told->from_us / 1000));
        json_object_set_new(json, "to", json_integer(told->to_us / 1000));
    }
    return json;
}
