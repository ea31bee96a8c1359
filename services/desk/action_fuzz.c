/* action_fuzz.c - any bytes at all as an action and as a session token. */
#include <stdlib.h>
#include "common/http/http.h"
#include "services/desk/action.h"
#include "services/desk/session.h"

static const char *
credential_of(const void *context, const char *agent)
{
    (void)agent;
    return context;
}

static void
read_token(const uint8_t *data, size_t size)
{
    static const struct desk_secret secret = {{1}};
    struct desk_session session;
    char *text = malloc(size + 1);

    fr_assert(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    /* Nobody guesses a signature. */
    fr_assert(desk_session_read(&secret, text, (struct fr_time){0}, credential_of, "x", &session) !=
              FR_OK);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct desk_agent_config agent = {.name = "ann", .title = "Ann"};
    static struct fr_arena *arena;
    char message[DESK_MESSAGE_SIZE] = "";
    struct desk_action action;
    json_t *json;

    if (arena == NULL)
        arena = fr_arena_new(1 << 16, 1 << 20);
    fr_arena_reset(arena);
    json = fr_json_read(fr_slice(data, size), 65536, 3, message, sizeof(message));
    if (json != NULL && desk_action_read(json, NULL, &agent, arena, &action, message) == FR_OK) {
        const ProtobufCMessageDescriptor *type = fr_kind_descriptor(action.kind);

        fr_assert(type != NULL && fr_unpack_in(arena, type, action.body) != NULL);
        fr_assert(action.id[0] != '\0');
    } else {
        fr_assert(message[0] != '\0');
    }
    json_decref(json);
    read_token(data, size);
    return 0;
}
