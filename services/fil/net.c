/* net.c - one TCP connection that never waits. */
#include "services/fil/net.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define HEARD_AT_ONCE (64 << 10)

/* ---- addresses ---- */

bool
fil_address_parse(const char *text, struct fil_address *out)
{
    static const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    char host[100], *port;
    struct addrinfo *found;
    size_t size;

    if (strncmp(text, "http://", 7) == 0)
        text += 7;
    size = strcspn(text, "/");
    if (size >= sizeof(host))
        return false;
    memcpy(host, text, size);
    host[size] = '\0';
    snprintf(out->text, sizeof(out->text), "%s%s", host[0] == ':' ? "127.0.0.1" : "", host);
    snprintf(host, sizeof(host), "%.99s", out->text);
    port = strrchr(host, ':');
    if (port == NULL || port[1] == '\0')
        return false;
    *port++ = '\0';
    if (host[0] == '[' && host[strlen(host) - 1] == ']') {
        memmove(host, host + 1, strlen(host));
        host[strlen(host) - 1] = '\0';
    }
    if (getaddrinfo(host, port, &hints, &found) != 0)
        return false;
    out->size = found->ai_addrlen;
    memcpy(&out->sockaddr, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return true;
}

/* ---- bytes ---- */

void
fil_buffer_add(struct fil_buffer *buffer, const void *data, size_t size)
{
    if (buffer->room - buffer->size < size + 1) {
        buffer->room = buffer->room * 2 + size + 1024;
        buffer->bytes = realloc(buffer->bytes, buffer->room);
        fr_assert(buffer->bytes != NULL);
    }
    if (size > 0)
        memcpy(buffer->bytes + buffer->size, data, size);
    buffer->size += size;
    buffer->bytes[buffer->size] = '\0';
}

/* ---- the connection ---- */

void
fil_net_init(struct fil_net *net)
{
    *net = (struct fil_net){.fd = -1};
}

void
fil_net_close(struct fil_net *net)
{
    if (net->fd >= 0)
        close(net->fd);
    net->fd = -1;
    net->connecting = false;
    net->in.size = net->out.size = net->sent = 0;
}

void
fil_net_fini(struct fil_net *net)
{
    fil_net_close(net);
    free(net->in.bytes);
    free(net->out.bytes);
    fil_net_init(net);
}

enum fr_error
fil_net_connect(struct fil_net *net, const struct fil_address *address)
{
    int one = 1;

    fil_net_close(net);
    net->fd = socket(address->sockaddr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (net->fd < 0)
        return FR_GONE;
    setsockopt(net->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    net->connecting = true;
    if (connect(net->fd, (const struct sockaddr *)&address->sockaddr, address->size) == 0 ||
        errno == EINPROGRESS)
        return FR_OK;
    fil_net_close(net);
    return FR_GONE;
}

void
fil_net_say(struct fil_net *net, const void *data, size_t size)
{
    fil_buffer_add(&net->out, data, size);
}

short
fil_net_events(const struct fil_net *net)
{
    return (short)(POLLIN | (net->connecting || net->sent < net->out.size ? POLLOUT : 0));
}

static enum fr_error
connected(struct fil_net *net)
{
    int error = 0;
    socklen_t size = sizeof(error);

    net->connecting = false;
    getsockopt(net->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error == 0 ? FR_OK : FR_GONE;
}

static enum fr_error
send_some(struct fil_net *net)
{
    while (net->sent < net->out.size) {
        ssize_t n =
            send(net->fd, net->out.bytes + net->sent, net->out.size - net->sent, MSG_NOSIGNAL);

        if (n < 0)
            return errno == EAGAIN || errno == EINTR ? FR_OK : FR_GONE;
        net->sent += (size_t)n;
    }
    net->out.size = net->sent = 0;
    return FR_OK;
}

static enum fr_error
hear_some(struct fil_net *net)
{
    char bytes[HEARD_AT_ONCE];
    ssize_t n = recv(net->fd, bytes, sizeof(bytes), 0);

    if (n == 0)
        return FR_GONE;
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? FR_OK : FR_GONE;
    fil_buffer_add(&net->in, bytes, (size_t)n);
    return FR_OK;
}

enum fr_error
fil_net_turn(struct fil_net *net, short revents)
{
    enum fr_error err = FR_OK;

    if (net->fd < 0)
        return FR_GONE;
    if (net->connecting && (revents & (POLLOUT | POLLERR | POLLHUP)))
        err = connected(net);
    if (err == FR_OK && !net->connecting)
        err = send_some(net);
    if (err == FR_OK && (revents & (POLLIN | POLLHUP | POLLERR)))
        err = hear_some(net);
    return err;
}

void
fil_net_drop(struct fil_net *net, size_t size)
{
    net->in.size -= size;
    memmove(net->in.bytes, net->in.bytes + size, net->in.size + 1);
}
