/* partition_test.c - random observations against a naive recomputation of who is whom.
 *
 * Naive: two observations are one person when a chain of observations leads from one to the other
 * over verified keys (I5); computed from scratch by labels that spread until nothing changes.  The
 * service sees them one by one, in several orders, with claims thrown in, and must find the same
 * partition.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include "common/stage/given.h"
#include "proto/identity.pb-c.h"
#include "services/identity/tables.h"

#define OBSERVATIONS 60
#define KEYS_MAX 4
#define ROUNDS 60

static const char yaml[] =
    "identity: {channels: {channel_chat: {live: true}, channel_mail: {answers_to: email}}}";

struct observation {
    unsigned key_count;
    unsigned keys[KEYS_MAX]; /* numbers; type_of and value_of name them */
    Fr__Assurance assurances[KEYS_MAX];
    unsigned label;    /* the naive partition */
    uint64_t customer; /* the service's */
    bool proven;
};

static uint32_t
next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

/* Accounts come in only where the test wants vetoes. */
static const char *
type_of(unsigned key)
{
    static const char *const types[] = {"email", "device", "forum", "social:x", "login"};

    return types[key % 5];
}

static void
value_of(unsigned key, char *value, size_t size)
{
    snprintf(value, size, key % 5 == 0 ? "k%u@x.example" : "k%u", key);
}

static void
make(struct observation *observations, unsigned key_space, bool logins, bool claims, uint32_t *seed)
{
    for (unsigned i = 0; i < OBSERVATIONS; i++) {
        struct observation *o = &observations[i];

        memset(o, 0, sizeof(*o));
        o->key_count = 1 + next(seed) % KEYS_MAX;
        for (unsigned k = 0; k < o->key_count; k++) {
            do
                o->keys[k] = next(seed) % key_space;
            while (!logins && o->keys[k] % 5 == 4);
            o->assurances[k] =
                claims && next(seed) % 3 == 0 ? FR__ASSURANCE__CLAIMED : FR__ASSURANCE__VERIFIED;
            o->proven = o->proven || o->assurances[k] == FR__ASSURANCE__VERIFIED;
        }
    }
}

static bool
share_proof(const struct observation *a, const struct observation *b)
{
    for (unsigned i = 0; i < a->key_count; i++)
        for (unsigned j = 0; j < b->key_count; j++)
            if (a->keys[i] == b->keys[j] && a->assurances[i] == FR__ASSURANCE__VERIFIED &&
                b->assurances[j] == FR__ASSURANCE__VERIFIED)
                return true;
    return false;
}

static void
label_naively(struct observation *observations)
{
    bool changed = true;

    for (unsigned i = 0; i < OBSERVATIONS; i++)
        observations[i].label = i;
    while (changed) {
        changed = false;
        for (unsigned i = 0; i < OBSERVATIONS; i++)
            for (unsigned j = 0; j < OBSERVATIONS; j++)
                if (observations[i].label > observations[j].label &&
                    share_proof(&observations[i], &observations[j])) {
                    observations[i].label = observations[j].label;
                    changed = true;
                }
    }
}

static void
send(struct fr_given *given, struct observation *o)
{
    char values[KEYS_MAX][32];
    Fr__MessageReceived received = FR__MESSAGE_RECEIVED__INIT;
    const Fr__MessageIdentified *identified;
    Fr__Key keys[KEYS_MAX], *list[KEYS_MAX];

    for (unsigned k = 0; k < o->key_count; k++) {
        fr__key__init(&keys[k]);
        value_of(o->keys[k], values[k], sizeof(values[k]));
        keys[k].type = (char *)type_of(o->keys[k]);
        keys[k].value = values[k];
        keys[k].assurance = o->assurances[k];
        list[k] = &keys[k];
    }
    received.channel = o->proven ? "channel_chat" : "channel_mail";
    received.account = received.external_id = "x";
    received.address = values[0];
    received.text = "hello";
    received.keys = list;
    received.n_keys = o->key_count;
    assert_int_equal(fr_given_input(given, "channel", 0, "acme", &received.base), FR_OK);
    assert_int_equal(fr_given_count_of(given, FR_MESSAGE_IDENTIFIED), 1);
    identified = fr_given_find(given, FR_MESSAGE_IDENTIFIED);
    o->customer = identified->customer_id;
}

static uint64_t
root_of(const struct fr_given *given, uint64_t origin)
{
    struct identity_customer customer;
    uint64_t root = 0;

    assert_int_equal(identity_root_get(fr_given_view(given), origin, &root, &customer), FR_OK);
    return root;
}

static void
shuffle(unsigned *order, uint32_t *seed)
{
    for (unsigned i = OBSERVATIONS - 1; i > 0; i--) {
        unsigned j = next(seed) % (i + 1), other = order[i];

        order[i] = order[j];
        order[j] = other;
    }
}

static void
compare(const struct fr_given *given, const struct observation *observations, uint32_t seed)
{
    for (unsigned i = 0; i < OBSERVATIONS; i++)
        for (unsigned j = 0; j < i; j++) {
            bool naive = observations[i].label == observations[j].label;
            bool ours = root_of(given, observations[i].customer) ==
                        root_of(given, observations[j].customer);

            if (observations[i].proven && observations[j].proven && naive != ours)
                fail_msg("seed %u: observations %u and %u are %s naively and %s here", seed, i, j,
                         naive ? "one" : "two", ours ? "one" : "two");
        }
}

/* I12: whatever the order, the partition that follows from verified keys is the same. */
static void
run_partition(bool claims)
{
    uint32_t seed = (uint32_t)time(NULL);

    print_message("seed %u\n", seed);
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t round_seed = seed + (uint32_t)round, dice = round_seed;
        struct observation observations[OBSERVATIONS];
        unsigned order[OBSERVATIONS];

        make(observations, 20 + next(&dice) % 200, false, claims, &dice);
        label_naively(observations);
        for (unsigned i = 0; i < OBSERVATIONS; i++)
            order[i] = i;
        for (int again = 0; again < 2; again++) {
            struct fr_given *given = fr_given_new(&identity_stage, yaml);

            for (unsigned i = 0; i < OBSERVATIONS; i++)
                send(given, &observations[order[i]]);
            compare(given, observations, round_seed);
            if (again == 0 && round % 10 == 0)
                assert_true(fr_given_rebuilds(given));
            fr_given_free(&given);
            shuffle(order, &dice);
        }
    }
}

static void
test_verified_keys_alone(void **state)
{
    (void)state;
    run_partition(false);
}

static void
test_claims_change_nothing(void **state)
{
    (void)state;
    run_partition(true);
}

/* Two log-ins never end up with one customer, however the chains run. */
static void
test_logins_stay_apart(void **state)
{
    uint32_t seed = (uint32_t)time(NULL);
    unsigned vetoes = 0;

    (void)state;
    print_message("seed %u\n", seed);
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t dice = seed + (uint32_t)round;
        struct observation observations[OBSERVATIONS];
        struct fr_given *given = fr_given_new(&identity_stage, yaml);
        uint64_t roots[100];
        size_t count = 0;

        make(observations, 60, true, round % 2 == 0, &dice);
        for (unsigned i = 0; i < OBSERVATIONS; i++) {
            send(given, &observations[i]);
            vetoes += (unsigned)fr_given_count_of(given, FR_CONFLICT_FOUND);
        }
        for (unsigned key = 4; key < 60; key += 5) {
            struct identity_key_row row;
            char value[40];

            snprintf(value, sizeof(value), "acme/k%u", key);
            if (identity_key_get(fr_given_view(given), "login", value, &row) == FR_OK &&
                row.holder != 0 && !row.unverified)
                roots[count++] = root_of(given, row.holder);
        }
        for (size_t i = 0; i < count; i++)
            for (size_t j = 0; j < i; j++)
                if (roots[i] == roots[j])
                    fail_msg("seed %u: two log-ins, one customer", seed + (uint32_t)round);
        assert_true(fr_given_rebuilds(given));
        fr_given_free(&given);
    }
    assert_true(vetoes > 0); /* the rare path did run */
}

/* The oldest customer of a group is the one that stays. */
static void
test_the_oldest_survives(void **state)
{
    uint32_t dice = (uint32_t)time(NULL);
    struct observation observations[OBSERVATIONS];
    struct fr_given *given = fr_given_new(&identity_stage, yaml);

    (void)state;
    print_message("seed %u\n", dice);
    make(observations, 40, false, false, &dice);
    for (unsigned i = 0; i < OBSERVATIONS; i++) {
        fr_given_at(given, i);
        send(given, &observations[i]);
    }
    for (unsigned i = 0; i < OBSERVATIONS; i++)
        for (unsigned j = 0; j < OBSERVATIONS; j++)
            if (root_of(given, observations[i].customer) ==
                root_of(given, observations[j].customer))
                assert_true(root_of(given, observations[i].customer) <= observations[j].customer);
    fr_given_free(&given);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verified_keys_alone),
        cmocka_unit_test(test_claims_change_nothing),
        cmocka_unit_test(test_logins_stay_apart),
        cmocka_unit_test(test_the_oldest_survives),
    };

    return cmocka_run_group_tests_name("partition", tests, NULL, NULL);
}
