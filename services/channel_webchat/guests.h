/* guests.h - the browser windows that are connected now: by connection, and by session.
 *
 * Only in memory: what must not be forgotten is in the tables.  The HTTP loop and the stage meet
 * here, so everything below is called with `lock` held, but for init and fini.
 */
#ifndef FR_WEBCHAT_GUESTS_H
#define FR_WEBCHAT_GUESTS_H

#include <netinet/in.h>
#include <pthread.h>
#include "services/channel_webchat/rate.h"
#include "services/channel_webchat/webchat.h"

enum webchat_guest_state {
    WEBCHAT_NEW,     /* has not said who it is */
    WEBCHAT_OPENING, /* has, and waits for the answer */
    WEBCHAT_OPENED,
};

struct webchat_guest { /* one window */
    uint64_t id;       /* the connection's */
    char account[FR_NAME_SIZE];
    char peer[INET6_ADDRSTRLEN];
    char session[WEBCHAT_SESSION_SIZE]; /* "" while new */
    enum webchat_guest_state state;
    bool asking;        /* an answer is under way; what is published meanwhile waits for it */
    bool wait_told;     /* how long it takes, since it opened: the answer to that may be older */
    uint32_t sent;      /* it has got everything up to this position */
    uint32_t published; /* and this is how much there is, as far as we heard */
    uint32_t told_delivered, told_read; /* what it said last of what it has seen */
    struct webchat_rate messages, sign_ins;
    unsigned faults;
    struct webchat_guest *next_by_id, *next_by_session;
};

#define WEBCHAT_BUCKETS 4096

struct webchat_address { /* addresses share a row when their hashes agree: memory stays bounded */
    struct webchat_rate messages, sessions;
};

struct webchat_guests {
    pthread_mutex_t lock;
    struct webchat_guest *by_id[WEBCHAT_BUCKETS], *by_session[WEBCHAT_BUCKETS];
    struct webchat_address addresses[WEBCHAT_BUCKETS];
    unsigned char key[16]; /* of the hash of addresses, so that nobody can choose his neighbours */
    size_t count;
};

void webchat_guests_init(struct webchat_guests *guests);
void webchat_guests_fini(struct webchat_guests *guests);

/* NULL: no memory. */
struct webchat_guest *webchat_guest_add(struct webchat_guests *guests, uint64_t id,
                                        const char *account, const char *peer);
struct webchat_guest *webchat_guest_find(struct webchat_guests *guests, uint64_t id);
void webchat_guest_remove(struct webchat_guests *guests, uint64_t id);

/* From whatever session it was in to that one ("": to none).  FR_BUSY: windows_max are there
 * already; it is then in none. */
enum fr_error webchat_guest_join(struct webchat_guests *guests, struct webchat_guest *guest,
                                 const char *session, size_t windows_max);
/* The first window of a session, and the next one; NULL: no more. */
struct webchat_guest *webchat_guest_first(struct webchat_guests *guests, const char *session);
struct webchat_guest *webchat_guest_next(const struct webchat_guest *guest);

struct webchat_address *webchat_address_of(struct webchat_guests *guests, const char *peer);

#endif
