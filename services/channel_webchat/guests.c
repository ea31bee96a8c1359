/* guests.c - two chained hash tables over the same windows. */
#include "services/channel_webchat/guests.h"

#include <sodium.h>
#include <stdlib.h>
#include "common/base/hash.h"

static struct webchat_guest **
id_bucket(struct webchat_guests *guests, uint64_t id)
{
    return &guests->by_id[fr_hash(&id, sizeof(id)) % WEBCHAT_BUCKETS];
}

static struct webchat_guest **
session_bucket(struct webchat_guests *guests, const char *session)
{
    return &guests->by_session[fr_hash(session, strlen(session)) % WEBCHAT_BUCKETS];
}

void
webchat_guests_init(struct webchat_guests *guests)
{
    memset(guests, 0, sizeof(*guests));
    pthread_mutex_init(&guests->lock, NULL);
    randombytes_buf(guests->key, sizeof(guests->key));
}

void
webchat_guests_fini(struct webchat_guests *guests)
{
    for (size_t i = 0; i < WEBCHAT_BUCKETS; i++)
        while (guests->by_id[i] != NULL)
            webchat_guest_remove(guests, guests->by_id[i]->id);
    pthread_mutex_destroy(&guests->lock);
}

struct webchat_guest *
webchat_guest_add(struct webchat_guests *guests, uint64_t id, const char *account, const char *peer)
{
    struct webchat_guest **bucket = id_bucket(guests, id), *guest = calloc(1, sizeof(*guest));

    if (guest == NULL)
        return NULL;
    guest->id = id;
    snprintf(guest->account, sizeof(guest->account), "%s", account);
    snprintf(guest->peer, sizeof(guest->peer), "%s", peer);
    guest->next_by_id = *bucket;
    *bucket = guest;
    guests->count++;
    return guest;
}

struct webchat_guest *
webchat_guest_find(struct webchat_guests *guests, uint64_t id)
{
    struct webchat_guest *guest = *id_bucket(guests, id);

    while (guest != NULL && guest->id != id)
        guest = guest->next_by_id;
    return guest;
}

static void
leave(struct webchat_guests *guests, struct webchat_guest *guest)
{
    struct webchat_guest **at = session_bucket(guests, guest->session);

    if (guest->session[0] == '\0')
        return;
    while (*at != guest)
        at = &(*at)->next_by_session;
    *at = guest->next_by_session;
    guest->next_by_session = NULL;
    guest->session[0] = '\0';
}

void
webchat_guest_remove(struct webchat_guests *guests, uint64_t id)
{
    struct webchat_guest **at = id_bucket(guests, id), *guest;

    while (*at != NULL && (*at)->id != id)
        at = &(*at)->next_by_id;
    guest = *at;
    if (guest == NULL)
        return;
    *at = guest->next_by_id;
    leave(guests, guest);
    free(guest);
    guests->count--;
}

/* ---- sessions ---- */

static struct webchat_guest *
from_here(struct webchat_guest *guest, const char *session)
{
    while (guest != NULL && strcmp(guest->session, session) != 0)
        guest = guest->next_by_session;
    return guest;
}

struct webchat_guest *
webchat_guest_first(struct webchat_guests *guests, const char *session)
{
    return from_here(*session_bucket(guests, session), session);
}

struct webchat_guest *
webchat_guest_next(const struct webchat_guest *guest)
{
    return from_here(guest->next_by_session, guest->session);
}

enum fr_error
webchat_guest_join(struct webchat_guests *guests, struct webchat_guest *guest, const char *session,
                   size_t windows_max)
{
    struct webchat_guest **bucket = session_bucket(guests, session);
    size_t count = 0;

    leave(guests, guest);
    if (session[0] == '\0')
        return FR_OK;
    for (struct webchat_guest *other = webchat_guest_first(guests, session); other != NULL;
         other = webchat_guest_next(other))
        count++;
    if (count >= windows_max)
        return FR_BUSY;
    snprintf(guest->session, sizeof(guest->session), "%s", session);
    guest->next_by_session = *bucket;
    *bucket = guest;
    return FR_OK;
}

/* ---- addresses ---- */

struct webchat_address *
webchat_address_of(struct webchat_guests *guests, const char *peer)
{
    uint64_t hash;

    crypto_shorthash((unsigned char *)&hash, (const unsigned char *)peer, strlen(peer),
                     guests->key);
    return &guests->addresses[hash % WEBCHAT_BUCKETS];
}
