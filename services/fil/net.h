/* net.h - one TCP connection that never waits: bytes to say, bytes heard. */
#ifndef FR_FIL_NET_H
#define FR_FIL_NET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include "common/base/error.h"
#include "common/base/slice.h"

struct fil_buffer {
    char *bytes;
    size_t size, room;
};

struct fil_net {
    int fd; /* -1: not connected */
    bool connecting;
    struct fil_buffer in, out; /* `in` has a NUL behind its last byte */
    size_t sent;               /* of out */
};

struct fil_address {
    struct sockaddr_storage sockaddr;
    socklen_t size;
    char text[128]; /* HOST:PORT, for the Host header */
};

/* "127.0.0.1:8062", "[::1]:8062", "name:8062", ":8062" (ourselves), or with "http://" before.
 * False: it is none, or the name is not known. */
bool fil_address_parse(const char *text, struct fil_address *out);

void fil_net_init(struct fil_net *net);
void fil_net_close(struct fil_net *net); /* forgets what was said and heard; init'ed again */
void fil_net_fini(struct fil_net *net);
/* FR_OK: on its way.  FR_GONE: refused at once. */
enum fr_error fil_net_connect(struct fil_net *net, const struct fil_address *address);
/* Queued; goes out in fil_net_turn. */
void fil_net_say(struct fil_net *net, const void *data, size_t size);
/* What to poll for. */
short fil_net_events(const struct fil_net *net);
/* Sends and receives what is possible now.  FR_OK; FR_GONE: closed or broken (what was heard before
 * is in `in`). */
enum fr_error fil_net_turn(struct fil_net *net, short revents);
/* The first `size` bytes of what was heard are done with. */
void fil_net_drop(struct fil_net *net, size_t size);

void fil_buffer_add(struct fil_buffer *buffer, const void *data, size_t size);

#endif
