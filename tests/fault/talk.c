/* talk.c - one request, one answer. */
#include "tests/fault/talk.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

json_t *
talk_bytes(const char *run, const char *name, const void *bytes, size_t size, int part_count,
           int wait_ms)
{
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_REQ);
    char endpoint[400];
    int linger = 0, got;
    static char answer[1 << 20];
    json_t *json = NULL;

    snprintf(endpoint, sizeof(endpoint), "ipc://%s/%s.ctl", run, name);
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof(linger));
    zmq_setsockopt(socket, ZMQ_RCVTIMEO, &wait_ms, sizeof(wait_ms));
    zmq_connect(socket, endpoint);
    for (int i = 0; i < part_count; i++)
        zmq_send(socket, bytes, size, i + 1 < part_count ? ZMQ_SNDMORE : 0);
    got = zmq_recv(socket, answer, sizeof(answer), 0);
    if (got >= 0)
        json = json_loadb(answer, (size_t)got < sizeof(answer) ? (size_t)got : sizeof(answer),
                          JSON_DECODE_ANY, NULL);
    zmq_close(socket);
    zmq_ctx_term(context);
    return json;
}

json_t *
talk(const char *run, const char *name, const char *format, ...)
{
    char text[4096];
    va_list arguments;
    json_t *answer = NULL;
    int size;

    va_start(arguments, format);
    size = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    for (int tries = 0; answer == NULL && tries < 10; tries++)
        answer = talk_bytes(run, name, text, (size_t)size, 1, 2000);
    return answer;
}

bool
talk_failed_with(json_t *answer, const char *error)
{
    const char *text = json_string_value(json_object_get(answer, "error"));
    bool same = answer != NULL && strcmp(text == NULL ? "" : text, error) == 0;

    if (!same) {
        fputs("answered: ", stderr);
        json_dumpf(answer, stderr, JSON_COMPACT | JSON_ENCODE_ANY);
        fputc('\n', stderr);
    }
    json_decref(answer);
    return same;
}
