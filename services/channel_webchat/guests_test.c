/* guests_test.c - windows come, change sessions and go; an array beside it must agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <sodium.h>
#include "services/channel_webchat/guests.h"

#define GUEST_COUNT 200
#define SESSION_COUNT 20
#define WINDOWS_MAX 6

static struct webchat_guests guests;

struct naive {
    bool present;
    int session; /* -1: none */
};

static void
session_name(int number, char session[WEBCHAT_SESSION_SIZE])
{
    snprintf(session, WEBCHAT_SESSION_SIZE, "%032x", (unsigned)number);
}

static size_t
naive_windows(const struct naive *naive, int session)
{
    size_t count = 0;

    for (int i = 0; i < GUEST_COUNT; i++)
        count += naive[i].present && naive[i].session == session;
    return count;
}

static void
compare(const struct naive *naive)
{
    for (int i = 0; i < GUEST_COUNT; i++)
        assert_true((webchat_guest_find(&guests, (uint64_t)i) != NULL) == naive[i].present);
    for (int s = 0; s < SESSION_COUNT; s++) {
        char session[WEBCHAT_SESSION_SIZE];
        size_t count = 0;

        session_name(s, session);
        for (struct webchat_guest *guest = webchat_guest_first(&guests, session); guest != NULL;
             guest = webchat_guest_next(guest)) {
            assert_true(naive[guest->id].present && naive[guest->id].session == s);
            count++;
        }
        assert_true(count == naive_windows(naive, s));
    }
}

static void
step(struct naive *naive, unsigned draw)
{
    int id = (int)(draw >> 8) % GUEST_COUNT, s = (int)(draw >> 16) % SESSION_COUNT;
    char session[WEBCHAT_SESSION_SIZE];

    session_name(s, session);
    if (!naive[id].present) {
        assert_non_null(webchat_guest_add(&guests, (uint64_t)id, "shop", "127.0.0.1"));
        naive[id] = (struct naive){true, -1};
    } else if (draw % 5 == 0) {
        webchat_guest_remove(&guests, (uint64_t)id);
        naive[id] = (struct naive){false, -1};
    } else if (draw % 5 == 1) {
        assert_int_equal(
            webchat_guest_join(&guests, webchat_guest_find(&guests, (uint64_t)id), "", WINDOWS_MAX),
            FR_OK);
        naive[id].session = -1;
    } else {
        enum fr_error err;

        naive[id].session = -1;
        err = webchat_guest_join(&guests, webchat_guest_find(&guests, (uint64_t)id), session,
                                 WINDOWS_MAX);
        assert_int_equal(err, naive_windows(naive, s) < WINDOWS_MAX ? FR_OK : FR_BUSY);
        if (err == FR_OK)
            naive[id].session = s;
    }
}

static void
agrees_with_an_array(void **state)
{
    static struct naive naive[GUEST_COUNT];
    unsigned seed = 20261121, draw = seed;

    (void)state;
    print_message("seed %u\n", seed);
    webchat_guests_init(&guests);
    for (int i = 0; i < 20000; i++) {
        draw = draw * 1664525u + 1013904223u;
        step(naive, draw >> 4);
        if (i % 200 == 0)
            compare(naive);
    }
    compare(naive);
    webchat_guests_fini(&guests);
    assert_true(guests.count == 0);
}

static void
an_address_keeps_its_row(void **state)
{
    (void)state;
    webchat_guests_init(&guests);
    assert_ptr_equal(webchat_address_of(&guests, "192.0.2.1"),
                     webchat_address_of(&guests, "192.0.2.1"));
    webchat_guests_fini(&guests);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_an_array),
        cmocka_unit_test(an_address_keeps_its_row),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
