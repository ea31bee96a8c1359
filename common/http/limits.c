/* limits.c - how many connections an address has, and whose X-Forwarded-For is believed. */
#include <arpa/inet.h>
#include <stdlib.h>
#include "common/base/hash.h"
#include "common/http/private.h"

bool
fr_http_address_parse(const char *text, size_t size, struct in6_addr *address)
{
    char copy[INET6_ADDRSTRLEN];
    struct in_addr v4;

    if (size >= 2 && text[0] == '[' && text[size - 1] == ']') {
        text++;
        size -= 2;
    }
    if (size >= sizeof(copy))
        return false;
    memcpy(copy, text, size);
    copy[size] = '\0';
    if (inet_pton(AF_INET, copy, &v4) == 1) {
        memset(address, 0, sizeof(*address));
        address->s6_addr[10] = address->s6_addr[11] = 0xff;
        memcpy(&address->s6_addr[12], &v4, sizeof(v4));
        return true;
    }
    return inet_pton(AF_INET6, copy, address) == 1;
}

static bool
network_parse(const char *text, size_t size, struct network *network)
{
    const char *slash = memchr(text, '/', size);
    size_t address_size = slash == NULL ? size : (size_t)(slash - text);
    bool v4 = memchr(text, ':', address_size) == NULL;
    unsigned bits = 0;

    network->bits = 128;
    if (!fr_http_address_parse(text, address_size, &network->address))
        return false;
    if (slash == NULL)
        return true;
    if (size - address_size < 2 || size - address_size > 4)
        return false;
    for (const char *digit = slash + 1; digit < text + size; digit++) {
        if (*digit < '0' || *digit > '9')
            return false;
        bits = bits * 10 + (unsigned)(*digit - '0');
    }
    network->bits = bits + (v4 ? 96 : 0);
    return network->bits <= 128;
}

enum fr_error
fr_http_limits_init(struct limits *limits, const char *trusted_proxies)
{
    const char *at = trusted_proxies == NULL ? "" : trusted_proxies;

    while (*(at += strspn(at, " \t")) != '\0') {
        size_t size = strcspn(at, " \t");
        struct network *grown =
            reallocarray(limits->proxies, limits->proxy_count + 1, sizeof(*grown));

        if (grown == NULL)
            return FR_NO_MEMORY;
        limits->proxies = grown;
        if (!network_parse(at, size, &grown[limits->proxy_count]))
            return FR_INVALID;
        limits->proxy_count++;
        at += size;
    }
    return FR_OK;
}

void
fr_http_limits_fini(struct limits *limits)
{
    for (size_t i = 0; i < PEER_BUCKET_COUNT; i++) {
        while (limits->buckets[i] != NULL) {
            struct peer *peer = limits->buckets[i];

            limits->buckets[i] = peer->next;
            free(peer);
        }
    }
    free(limits->proxies);
}

static bool
is_in(const struct network *network, const struct in6_addr *address)
{
    unsigned whole = network->bits / 8, rest = network->bits % 8;
    unsigned mask = 0xff00u >> rest & 0xff;

    return memcmp(&network->address, address, whole) == 0 &&
           (rest == 0 || ((network->address.s6_addr[whole] ^ address->s6_addr[whole]) & mask) == 0);
}

bool
fr_http_is_proxy(const struct limits *limits, const struct in6_addr *address)
{
    for (size_t i = 0; i < limits->proxy_count; i++)
        if (is_in(&limits->proxies[i], address))
            return true;
    return false;
}

static struct peer **
bucket(struct limits *limits, const struct in6_addr *address)
{
    return &limits->buckets[fr_hash(address, sizeof(*address)) % PEER_BUCKET_COUNT];
}

struct peer *
fr_http_peer_enter(struct limits *limits, const struct in6_addr *address, unsigned count_max)
{
    struct peer **first = bucket(limits, address), *peer = *first;

    while (peer != NULL && memcmp(&peer->address, address, sizeof(*address)) != 0)
        peer = peer->next;
    if (peer == NULL) {
        peer = calloc(1, sizeof(*peer));
        if (peer == NULL)
            return NULL;
        peer->address = *address;
        peer->next = *first;
        *first = peer;
    } else if (count_max > 0 && peer->count >= count_max) {
        return NULL;
    }
    peer->count++;
    return peer;
}

void
fr_http_peer_leave(struct limits *limits, struct peer **peer)
{
    if (*peer != NULL && --(*peer)->count == 0) {
        struct peer **link = bucket(limits, &(*peer)->address);

        while (*link != *peer)
            link = &(*link)->next;
        *link = (*peer)->next;
        free(*peer);
    }
    *peer = NULL;
}
