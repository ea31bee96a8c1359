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

enum fr_error
fr_http_limits_init(struct limits *limits, const char *trusted_proxies)
{
    const char *at = trusted_proxies == NULL ? "" : trusted_proxies;

    while (*(at += strspn(at, " \t")) != '\0') {
        size_t size = strcspn(at, " \t");
        struct in6_addr *grown =
            reallocarray(limits->proxies, limits->proxy_count + 1, sizeof(*grown));

        if (grown == NULL)
            return FR_NO_MEMORY;
        limits->proxies = grown;
        if (!fr_http_address_parse(at, size, &grown[limits->proxy_count]))
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

bool
fr_http_is_proxy(const struct limits *limits, const struct in6_addr *address)
{
    for (size_t i = 0; i < limits->proxy_count; i++)
        if (memcmp(&limits->proxies[i], address, sizeof(*address)) == 0)
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
