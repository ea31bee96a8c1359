/* zap.c - the thread that ZeroMQ asks who a CURVE key is (RFC 27, ZAP).
 *
 * The answer is the User-Id: the name beside the key.  It travels with every message of that
 * connection, and is the only name that a tcp peer has.  An unknown key gets 400 and no
 * conversation.
 */
#include "common/wire/zap.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>
#include "common/wire/inside.h"

#define ENDPOINT "inproc://zeromq.zap.01"
#define PART_SIZE_MAX 256u
#define PART_COUNT 7u /* version, request id, domain, address, identity, mechanism, key */

struct wire_zap {
    void *socket; /* the thread's own, once it runs */
    const struct wire_key *keys;
    size_t key_count;
    pthread_t thread;
};

struct request {
    char parts[PART_COUNT][PART_SIZE_MAX];
    size_t sizes[PART_COUNT];
    unsigned count;
};

/* false: the context is ending. */
static bool
receive(void *socket, struct request *request)
{
    int more = 1;
    size_t more_size = sizeof(more);

    for (request->count = 0; more; request->count++) {
        unsigned at = request->count < PART_COUNT ? request->count : PART_COUNT - 1;
        int size = zmq_recv(socket, request->parts[at], PART_SIZE_MAX, 0);

        if (size < 0) {
            if (errno != EINTR)
                return false;
            request->count--; /* a signal: the same part again */
            continue;
        }
        request->sizes[at] = (size_t)size;
        if (zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &more_size) != 0)
            return false;
    }
    return true;
}

static bool
part_is(const struct request *request, unsigned part, const char *text)
{
    return request->sizes[part] == strlen(text) &&
           memcmp(request->parts[part], text, request->sizes[part]) == 0;
}

static const struct wire_key *
key_of(const struct wire_zap *zap, const struct request *request)
{
    if (request->count != PART_COUNT || !part_is(request, 0, "1.0") ||
        !part_is(request, 2, WIRE_ZAP_DOMAIN) || !part_is(request, 5, "CURVE") ||
        request->sizes[6] != sizeof(zap->keys->public_key))
        return NULL;
    for (size_t i = 0; i < zap->key_count; i++) {
        if (memcmp(zap->keys[i].public_key, request->parts[6], sizeof(zap->keys[i].public_key)) ==
            0)
            return &zap->keys[i];
    }
    return NULL;
}

static bool
say(void *socket, const void *data, size_t size, int flags)
{
    int sent;

    do
        sent = zmq_send(socket, data, size, flags);
    while (sent < 0 && errno == EINTR);
    return sent >= 0;
}

static bool
answer(void *socket, const struct request *request, const struct wire_key *key)
{
    const char *status = key == NULL ? "400" : "200";
    const char *text = key == NULL ? "unknown key" : "OK";
    const char *name = key == NULL ? "" : key->name;
    size_t id_size = request->count > 1 ? request->sizes[1] : 0;

    if (id_size > PART_SIZE_MAX)
        id_size = PART_SIZE_MAX;
    return say(socket, "1.0", 3, ZMQ_SNDMORE) &&
           say(socket, request->parts[1], id_size, ZMQ_SNDMORE) &&
           say(socket, status, 3, ZMQ_SNDMORE) && say(socket, text, strlen(text), ZMQ_SNDMORE) &&
           say(socket, name, strlen(name), ZMQ_SNDMORE) && say(socket, "", 0, 0);
}

static void *
run(void *data)
{
    struct wire_zap *zap = data;
    struct request request;

    while (receive(zap->socket, &request)) {
        const struct wire_key *key = key_of(zap, &request);

        if (!answer(zap->socket, &request, key))
            break;
    }
    zmq_close(zap->socket);
    return NULL;
}

enum fr_error
wire_zap_new(void *context, const struct wire_key *keys, size_t key_count, struct wire_zap **out)
{
    struct wire_zap *zap = calloc(1, sizeof(*zap));
    int linger = 0;

    if (zap == NULL)
        return FR_NO_MEMORY;
    zap->keys = keys;
    zap->key_count = key_count;
    zap->socket = zmq_socket(context, ZMQ_REP);
    /* Bound before any listener is: a CURVE server without a ZAP handler lets everybody in. */
    if (zap->socket == NULL || zmq_setsockopt(zap->socket, ZMQ_LINGER, &linger, sizeof(linger)) ||
        zmq_bind(zap->socket, ENDPOINT) != 0 || pthread_create(&zap->thread, NULL, run, zap) != 0) {
        if (zap->socket != NULL)
            zmq_close(zap->socket);
        free(zap);
        return FR_IO;
    }
    *out = zap;
    return FR_OK;
}

void
wire_zap_free(struct wire_zap **zap)
{
    if (*zap == NULL)
        return;
    pthread_join((*zap)->thread, NULL);
    free(*zap);
    *zap = NULL;
}
