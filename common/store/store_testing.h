/* store_testing.h - what the tests of this room share: a scratch folder, and dice with a seed. */
#ifndef FR_STORE_STORE_TESTING_H
#define FR_STORE_STORE_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "common/store/store.h"

struct scratch {
    char dir[PATH_MAX];   /* ours to remove */
    char store[PATH_MAX]; /* the store's, inside it */
};

static inline void
scratch_init(struct scratch *scratch)
{
    const char *base = getenv("TMPDIR");

    snprintf(scratch->dir, sizeof scratch->dir, "%s/fr_store_XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(scratch->dir));
    assert_true(snprintf(scratch->store, sizeof scratch->store, "%.4000s/tables", scratch->dir) >
                0);
}

static inline void
scratch_path(const struct scratch *scratch, const char *file, char path[PATH_MAX])
{
    assert_true(snprintf(path, PATH_MAX, "%.4000s/%s", scratch->store, file) > 0);
}

static inline void
scratch_fini(const struct scratch *scratch)
{
    static const char *const files[] = {"data.mdb", "lock.mdb", "owner"};
    char path[PATH_MAX];

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        scratch_path(scratch, files[i], path);
        unlink(path);
    }
    rmdir(scratch->store);
    assert_int_equal(rmdir(scratch->dir), 0);
}

/* xorshift64*, Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016. */
static inline uint64_t
dice(uint64_t *state)
{
    uint64_t x = *state;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * 0x2545f4914f6cdd1du;
}

/* FR_SEED repeats a run. */
static inline uint64_t
seed_of_run(void)
{
    const char *text = getenv("FR_SEED");
    uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : (uint64_t)time(NULL) * 2654435761u;

    printf("FR_SEED=%llu\n", (unsigned long long)seed);
    return seed | 1;
}

#endif
