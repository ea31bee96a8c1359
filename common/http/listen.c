/* listen.c - the listening socket, and who comes in by it.
 *
 * We listen ourselves and not through a libwebsockets vhost: its listener leaves descriptors open
 * over exec, cannot say whether an address is in use or wrong, and can only hang up where a limit
 * deserves a 503 or 429.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "common/base/log.h"
#include "common/http/private.h"

#define BACKLOG 1024
#define ACCEPT_MAX 64 /* of one turn, so that those who are here already are served too */

/* "127.0.0.1:8080", "[::1]:8080", ":8080" */
static bool
parse(const char *text, struct sockaddr_in6 *address)
{
    const char *colon = strrchr(text, ':');
    char *end;
    unsigned long port;

    if (colon == NULL || colon[1] < '0' || colon[1] > '9')
        return false;
    port = strtoul(colon + 1, &end, 10);
    if (*end != '\0' || port > 65535)
        return false;
    *address = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    if (colon == text)
        return true; /* in6addr_any */
    if (memchr(text, ':', (size_t)(colon - text)) != NULL && text[0] != '[')
        return false; /* an IPv6 address wants its brackets, or its last group is taken for the port
                       */
    return fr_http_address_parse(text, (size_t)(colon - text), &address->sin6_addr);
}

/* A machine without IPv6 has only the IPv4 form of an address. */
static socklen_t
to_v4(const struct sockaddr_in6 *six, struct sockaddr_in *four)
{
    *four = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = six->sin6_port};
    if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
        memcpy(&four->sin_addr, &six->sin6_addr.s6_addr[12], sizeof(four->sin_addr));
    return sizeof(*four);
}

static enum fr_error
bind_and_listen(int fd, const struct sockaddr *address, socklen_t size)
{
    static const int on = 1, off = 0;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (address->sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (bind(fd, address, size) == 0 && listen(fd, BACKLOG) == 0)
        return FR_OK;
    switch (errno) {
    case EADDRINUSE:
        return FR_EXISTS;
    case EADDRNOTAVAIL:
        return FR_INVALID;
    case EACCES:
        return FR_DENIED;
    default:
        return FR_IO;
    }
}

enum fr_error
fr_http_listen(struct fr_http *http, const char *address)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = KEY_LISTEN};
    struct sockaddr_storage bound;
    socklen_t size = sizeof(bound);
    struct sockaddr_in6 six;
    struct sockaddr_in four;
    bool any, v4;
    enum fr_error err;

    if (address == NULL || !parse(address, &six))
        return FR_INVALID;
    any = IN6_IS_ADDR_UNSPECIFIED(&six.sin6_addr);
    v4 = IN6_IS_ADDR_V4MAPPED(&six.sin6_addr);
    http->listen_fd = -1;
    if (!v4)
        http->listen_fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (http->listen_fd < 0 && (v4 || any)) {
        http->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        v4 = true;
    }
    if (http->listen_fd < 0)
        return v4 ? FR_IO : FR_INVALID;
    err = v4 ? bind_and_listen(http->listen_fd, (struct sockaddr *)&four, to_v4(&six, &four))
             : bind_and_listen(http->listen_fd, (struct sockaddr *)&six, sizeof(six));
    if (err != FR_OK)
        return err;
    getsockname(http->listen_fd, (struct sockaddr *)&bound, &size);
    http->port = ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port
                                                   : ((struct sockaddr_in *)&bound)->sin_port);
    http->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return epoll_ctl(http->epoll, EPOLL_CTL_ADD, http->listen_fd, &event) == 0 ? FR_OK : FR_IO;
}

static void
from_v4(const struct sockaddr_in *four, struct sockaddr_in6 *six)
{
    *six = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = four->sin_port};
    six->sin6_addr.s6_addr[10] = six->sin6_addr.s6_addr[11] = 0xff;
    memcpy(&six->sin6_addr.s6_addr[12], &four->sin_addr, sizeof(four->sin_addr));
}

/* No descriptor is left: without this the caller would wait unseen and epoll would never rest. */
static void
turn_away(struct fr_http *http)
{
    int fd;

    close(http->spare_fd);
    fd = accept(http->listen_fd, NULL, NULL);
    if (fd >= 0)
        close(fd);
    http->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    COUNT(http, refused_connections, 1);
    if (http->complained.us == 0 || http->now.us - http->complained.us >= fr_seconds(10).us) {
        http->complained = http->now;
        fr_log(FR_ERROR, "refused", "what=connection why=descriptors");
    }
}

void
fr_http_accept(struct fr_http *http)
{
    static const int on = 1;

    for (int i = 0; i < ACCEPT_MAX && http->listen_fd >= 0; i++) {
        struct sockaddr_storage from = {0};
        socklen_t size = sizeof(from);
        struct sockaddr_in6 six;
        int fd =
            accept4(http->listen_fd, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE)
                turn_away(http);
            else if (errno != ECONNABORTED && errno != EINTR)
                return;
            continue;
        }
        if (from.ss_family == AF_INET)
            from_v4((struct sockaddr_in *)&from, &six);
        else
            memcpy(&six, &from, sizeof(six));
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        fr_http_connection_open(http, fd, &six);
    }
}

void
fr_http_listen_end(struct fr_http *http)
{
    if (http->listen_fd >= 0)
        close(http->listen_fd);
    if (http->spare_fd >= 0)
        close(http->spare_fd);
    http->listen_fd = http->spare_fd = -1;
}
