/* login.c - checking passwords on worker threads. */
#include "services/desk/login.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

#define WORKER_COUNT 2
#define WAITING_MAX 64 /* more are told to come back */

struct desk_login {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    pthread_t workers[WORKER_COUNT];
    struct desk_try waiting[WAITING_MAX]; /* a ring */
    size_t first, count;
    bool stopping;
    void (*done)(void *context, const struct desk_try *finished);
    void *context;
};

/* Made with libsodium's interactive limits from a password that nobody has: what is verified when
 * there is no hash to verify, so that every try costs the same. */
static const char nobody[crypto_pwhash_STRBYTES] = "$argon2id$v=19$m=65536,t=2,p=1$"
                                                   "c2FsdHNhbHRzYWx0c2FsdA$"
                                                   "Y2FsY3VsYXRlZC1mb3Itbm9ib2R5LWF0LWFsbC4uLi4";

/* Texts of any length compared in time that depends on neither. */
static bool
same_text(const char *a, const char *b)
{
    uint8_t hash_a[crypto_generichash_BYTES], hash_b[crypto_generichash_BYTES];

    crypto_generichash(hash_a, sizeof(hash_a), (const uint8_t *)a, strlen(a), NULL, 0);
    crypto_generichash(hash_b, sizeof(hash_b), (const uint8_t *)b, strlen(b), NULL, 0);
    return sodium_memcmp(hash_a, hash_b, sizeof(hash_a)) == 0;
}

bool
desk_login_verify(const struct desk_try *attempt)
{
    bool hashed = attempt->credential_is_hash && attempt->credential[0] != '\0';
    const char *hash = hashed ? attempt->credential : nobody; /* 128 bytes and more, both */
    bool verified =
        crypto_pwhash_str_verify(hash, attempt->password, strlen(attempt->password)) == 0;

    if (hashed)
        return verified;
    return same_text(attempt->credential, attempt->password) && attempt->credential[0] != '\0';
}

static void *
work(void *context)
{
    struct desk_login *login = context;
    struct desk_try attempt;

    for (;;) {
        pthread_mutex_lock(&login->lock);
        while (login->count == 0 && !login->stopping)
            pthread_cond_wait(&login->filled, &login->lock);
        if (login->stopping) {
            pthread_mutex_unlock(&login->lock);
            return NULL;
        }
        attempt = login->waiting[login->first];
        sodium_memzero(&login->waiting[login->first], sizeof(attempt));
        login->first = (login->first + 1) % WAITING_MAX;
        login->count--;
        pthread_mutex_unlock(&login->lock);

        attempt.right = desk_login_verify(&attempt);
        sodium_memzero(attempt.password, sizeof(attempt.password));
        login->done(login->context, &attempt);
        sodium_memzero(&attempt, sizeof(attempt));
    }
}

enum fr_error
desk_login_start(void (*done)(void *context, const struct desk_try *finished), void *context,
                 struct desk_login **out)
{
    struct desk_login *login = calloc(1, sizeof(*login));

    if (login == NULL)
        return FR_NO_MEMORY;
    login->done = done;
    login->context = context;
    pthread_mutex_init(&login->lock, NULL);
    pthread_cond_init(&login->filled, NULL);
    for (size_t i = 0; i < WORKER_COUNT; i++)
        fr_assert(pthread_create(&login->workers[i], NULL, work, login) == 0);
    *out = login;
    return FR_OK;
}

enum fr_error
desk_login_put(struct desk_login *login, const struct desk_try *attempt)
{
    enum fr_error err = FR_BUSY;

    pthread_mutex_lock(&login->lock);
    if (login->count < WAITING_MAX) {
        login->waiting[(login->first + login->count++) % WAITING_MAX] = *attempt;
        pthread_cond_signal(&login->filled);
        err = FR_OK;
    }
    pthread_mutex_unlock(&login->lock);
    return err;
}

void
desk_login_stop(struct desk_login **login)
{
    struct desk_login *gone = *login;

    if (gone == NULL)
        return;
    pthread_mutex_lock(&gone->lock);
    gone->stopping = true;
    pthread_cond_broadcast(&gone->filled);
    pthread_mutex_unlock(&gone->lock);
    for (size_t i = 0; i < WORKER_COUNT; i++)
        pthread_join(gone->workers[i], NULL);
    pthread_cond_destroy(&gone->filled);
    pthread_mutex_destroy(&gone->lock);
    sodium_memzero(gone, sizeof(*gone));
    free(gone);
    *login = NULL;
}
