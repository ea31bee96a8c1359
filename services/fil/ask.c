/* ask.c - a question to a running service over its control socket. */
#include "services/fil/ask.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#define PATIENCE_S 15 /* a service itself gives up waiting for a submission after 10 */

bool
fil_control_path(const char *run, const char *journal, char *path, size_t size)
{
    int length = snprintf(path, size, "%s/%s.ctl", run, journal);

    return length > 0 && (size_t)length < size &&
           (size_t)length < sizeof(((struct sockaddr_un *)NULL)->sun_path);
}

bool
fil_socket_alive(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool alive;

    if (fd < 0 || strlen(path) >= sizeof(address.sun_path)) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    alive = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    close(fd);
    return alive;
}

__attribute__((format(printf, 4, 5))) static json_t *
trouble(struct fil_asked *asked, enum fr_error error, const char *code, const char *format, ...)
{
    va_list args;

    asked->error = error;
    snprintf(asked->code, sizeof(asked->code), "%s", code);
    va_start(args, format);
    vsnprintf(asked->message, sizeof(asked->message), format, args);
    va_end(args);
    return NULL;
}

/* {"answer": ...}, {"done": true, ...} or {"error": ..., "message": ...}.  Takes `reply`. */
static json_t *
unwrap(json_t *reply, struct fil_asked *asked)
{
    json_t *answer = json_object_get(reply, "answer");
    const char *code = json_string_value(json_object_get(reply, "error"));

    if (code != NULL) {
        const char *message = json_string_value(json_object_get(reply, "message"));

        trouble(asked, FR_REJECTED, code, "%s", message != NULL ? message : code);
        json_decref(reply);
        return NULL;
    }
    if (answer == NULL)
        return reply;
    json_incref(answer);
    json_decref(reply);
    return answer;
}

static json_t *
exchange(void *socket, const char *path, const json_t *request, struct fr_span patience,
         struct fil_asked *asked)
{
    int wait_ms = (int)(patience.us / 1000), linger = 0;
    char endpoint[FIL_PATH_SIZE + 8];
    zmq_msg_t reply;
    json_t *json;
    char *text;

    snprintf(endpoint, sizeof(endpoint), "ipc://%s", path);
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof(linger));
    zmq_setsockopt(socket, ZMQ_RCVTIMEO, &wait_ms, sizeof(wait_ms));
    if (zmq_connect(socket, endpoint) != 0)
        return trouble(asked, FR_IO, "io", "%s: %s", endpoint, zmq_strerror(errno));
    text = json_dumps(request, JSON_COMPACT);
    zmq_send(socket, text, strlen(text), 0);
    free(text);
    zmq_msg_init(&reply);
    if (zmq_msg_recv(&reply, socket, 0) < 0) {
        zmq_msg_close(&reply);
        return trouble(asked, FR_AGAIN, "no_answer", "no answer in time");
    }
    json = json_loadb(zmq_msg_data(&reply), zmq_msg_size(&reply), 0, NULL);
    zmq_msg_close(&reply);
    if (json == NULL)
        return trouble(asked, FR_INVALID, "invalid", "the answer is no JSON");
    return unwrap(json, asked);
}

/* Takes request. */
static json_t *
talk(struct fil *fil, const char *journal, json_t *request, struct fr_span patience,
     struct fil_asked *asked)
{
    const struct fil_install *install = fil_install_get(fil);
    void *context, *socket;
    json_t *answer = NULL;
    char path[FIL_PATH_SIZE];

    *asked = (struct fil_asked){.error = FR_OK};
    if (install == NULL) {
        trouble(asked, FR_NOT_FOUND, "no_config", "there is no configuration");
    } else if (!fil_control_path(install->run, journal, path, sizeof(path))) {
        trouble(asked, FR_TOO_BIG, "too_long", "the path of its socket is too long: %s", path);
    } else if (!fil_socket_alive(path)) {
        trouble(asked, FR_GONE, "not_running", "nobody listens at %s", path);
    } else {
        context = zmq_ctx_new();
        socket = zmq_socket(context, ZMQ_REQ);
        answer = exchange(socket, path, request, patience, asked);
        zmq_close(socket);
        zmq_ctx_term(context);
    }
    json_decref(request);
    return answer;
}

json_t *
fil_ask_quietly(struct fil *fil, const char *journal, const char *query, json_t *args,
                struct fr_span patience, struct fil_asked *asked)
{
    return talk(fil, journal,
                json_pack("{s:s, s:o}", "ask", query, "args", args != NULL ? args : json_object()),
                patience, asked);
}

void
fil_say_trouble(const char *journal, const struct fil_asked *asked)
{
    switch (asked->error) {
    case FR_GONE:
        fil_complain("%s is not running (%s):\n     start it with 'fil up', or say where it runs "
                     "with --config or --run",
                     journal, asked->message);
        break;
    case FR_AGAIN:
        fil_complain("%s does not answer; 'fil status' shows what it is doing", journal);
        break;
    case FR_NOT_FOUND:
        break; /* the configuration: said already */
    default:
        fil_complain("%s: %s", journal, asked->message);
    }
}

json_t *
fil_ask(struct fil *fil, const char *journal, const char *query, json_t *args)
{
    struct fil_asked asked;
    json_t *answer = fil_ask_quietly(fil, journal, query, args, fr_seconds(PATIENCE_S), &asked);

    if (answer == NULL)
        fil_say_trouble(journal, &asked);
    return answer;
}

json_t *
fil_tell_quietly(struct fil *fil, const char *journal, const char *record, json_t *message,
                 struct fr_span patience, struct fil_asked *asked)
{
    return talk(fil, journal, json_pack("{s:s, s:o}", "submit", record, "message", message),
                patience, asked);
}

json_t *
fil_tell(struct fil *fil, const char *journal, const char *record, json_t *message)
{
    struct fil_asked asked;
    json_t *answer =
        fil_tell_quietly(fil, journal, record, message, fr_seconds(PATIENCE_S), &asked);

    if (answer == NULL)
        fil_say_trouble(journal, &asked);
    return answer;
}
