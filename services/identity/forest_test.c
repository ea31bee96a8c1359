/* forest_test.c - random observations, merges, unmerges and erasures against a naive model.
 *
 * The model keeps arrays and looks at everything for every question: who holds a key, who is in a
 * group, which cannot-links stand.  It caches nothing, so nothing of it can be stale.  After each
 * step every observation must belong to the same customers there and here, and the tables must
 * rebuild from the journal at the end.
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

#define STEPS 120
#define ROUNDS 40
#define KEYS 30
#define KEYS_MAX 3
#define NOBODY (-1)

static const char yaml[] = "identity: {fan_out: 30, channels: {channel_chat: {live: true}}}";

struct model {
    int parent[STEPS], merged_at[STEPS], origin_count; /* origins, oldest first */
    bool erased[STEPS];
    int holder[KEYS];
    int observed[STEPS], observation_count; /* origin of each observation */
    bool apart[STEPS][STEPS];
    int clock;
};

struct play {
    struct model model;
    struct fr_given *given;
    uint64_t observations[STEPS];
    uint32_t dice;
    unsigned merges, splits, vetoes, erasures;
};

static uint32_t
next(struct play *play)
{
    play->dice = play->dice * 1664525u + 1013904223u;
    return play->dice >> 16;
}

/* ---- the model ---- */

static int
root(const struct model *model, int origin)
{
    while (model->parent[origin] != NOBODY)
        origin = model->parent[origin];
    return origin;
}

static bool
kept_apart(const struct model *model, int a, int b)
{
    for (int i = 0; i < model->origin_count; i++)
        for (int j = 0; j < model->origin_count; j++)
            if (model->apart[i][j] && root(model, i) == root(model, a) &&
                root(model, j) == root(model, b))
                return true;
    return false;
}

static void
join(struct model *model, int a, int b)
{
    int older = root(model, a), younger = root(model, b);

    if (older > younger) {
        int swap = older;

        older = younger;
        younger = swap;
    }
    model->parent[younger] = older;
    model->merged_at[younger] = ++model->clock;
}

static void
model_observe(struct play *play, const int *keys, int count)
{
    struct model *model = &play->model;
    int lead = NOBODY;

    for (int i = 0; i < count && lead == NOBODY; i++)
        lead = model->holder[keys[i]];
    if (lead == NOBODY) {
        lead = model->origin_count++;
        model->parent[lead] = NOBODY;
    }
    for (int i = 0; i < count; i++) {
        int holder = model->holder[keys[i]];

        if (holder == NOBODY)
            model->holder[keys[i]] = lead;
        else if (root(model, holder) != root(model, lead)) {
            if (kept_apart(model, holder, lead))
                play->vetoes++;
            else
                join(model, holder, lead);
        }
    }
    model->observed[model->observation_count++] = lead;
}

static void
model_merge(struct model *model, int a, int b)
{
    if (model->erased[a] || model->erased[b] || root(model, a) == root(model, b))
        return;
    for (int i = 0; i < model->origin_count; i++)
        for (int j = 0; j < model->origin_count; j++)
            if ((root(model, i) == root(model, a) && root(model, j) == root(model, b)) ||
                (root(model, i) == root(model, b) && root(model, j) == root(model, a)))
                model->apart[i][j] = false;
    join(model, a, b);
}

static void
model_unmerge(struct play *play, int origin)
{
    struct model *model = &play->model;
    int top, parent;

    if (model->erased[origin])
        return;
    if (model->parent[origin] == NOBODY) {
        int latest = NOBODY;

        for (int i = 0; i < model->origin_count; i++)
            if (model->parent[i] == origin &&
                (latest == NOBODY || model->merged_at[i] > model->merged_at[latest]))
                latest = i;
        if (latest == NOBODY)
            return;
        origin = latest;
    }
    top = root(model, origin);
    parent = model->parent[origin];
    model->parent[origin] = NOBODY;
    model->apart[origin][top] = model->apart[top][origin] = true;
    model->apart[origin][parent] = model->apart[parent][origin] = true;
    play->splits++;
}

static void
model_erase(struct play *play, int origin)
{
    struct model *model = &play->model;
    int top = root(model, origin);

    play->erasures += !model->erased[origin];
    for (int i = 0; i < model->origin_count; i++) {
        if (root(model, i) != top)
            continue;
        model->erased[i] = true;
        for (int k = 0; k < KEYS; k++)
            if (model->holder[k] == i)
                model->holder[k] = NOBODY;
        for (int j = 0; j < model->origin_count; j++)
            model->apart[i][j] = model->apart[j][i] = false;
    }
}

/* ---- the service ---- */

static void
observe(struct play *play)
{
    Fr__MessageReceived received = FR__MESSAGE_RECEIVED__INIT;
    const Fr__MessageIdentified *identified;
    Fr__Key keys[KEYS_MAX], *list[KEYS_MAX];
    int numbers[KEYS_MAX], count = 0, wanted = 1 + (int)(next(play) % KEYS_MAX);
    char values[KEYS_MAX][32];

    for (int number = 0; number < KEYS && count < wanted; number++) /* ascending: the rank */
        if ((int)(next(play) % (unsigned)(KEYS - number)) < wanted - count)
            numbers[count++] = number;
    for (int i = 0; i < count; i++) {
        snprintf(values[i], sizeof(values[i]), "board/%02d", numbers[i]);
        fr__key__init(&keys[i]);
        keys[i].type = (char *)"forum";
        keys[i].value = values[i];
        keys[i].assurance = FR__ASSURANCE__VERIFIED;
        list[i] = &keys[i];
    }
    received.channel = (char *)"channel_chat";
    received.account = received.external_id = received.address = received.text = (char *)"x";
    received.keys = list;
    received.n_keys = (size_t)count;
    fr_given_input(play->given, "channel", 0, "acme", &received.base);
    identified = fr_given_find(play->given, FR_MESSAGE_IDENTIFIED);
    assert_non_null(identified);
    play->merges += (unsigned)fr_given_count_of(play->given, FR_CUSTOMERS_MERGED);
    play->observations[play->model.observation_count] = identified->message_id;
    model_observe(play, numbers, count);
}

static void
act(struct play *play, Fr__IdentityAction action, int one, int other)
{
    static unsigned number;
    Fr__IdentityActionAsked asked = FR__IDENTITY_ACTION_ASKED__INIT;
    char client_id[32];

    snprintf(client_id, sizeof(client_id), "%u", ++number);
    asked.action = action;
    asked.who = asked.why = (char *)"test";
    asked.client_id = client_id;
    asked.has_lift = asked.lift = true;
    asked.has_observation_id = true;
    asked.observation_id = play->observations[one];
    asked.has_other_observation_id = other >= 0;
    asked.other_observation_id = other >= 0 ? play->observations[other] : 0;
    fr_given_input(play->given, FR_LOCAL, 0, "acme", &asked.base);
}

static void
step(struct play *play)
{
    struct model *model = &play->model;
    int count = model->observation_count;
    int one = count > 0 ? (int)(next(play) % (unsigned)count) : 0;
    int other = count > 0 ? (int)(next(play) % (unsigned)count) : 0;
    unsigned what = count < 3 ? 0 : next(play) % 20;

    if (what < 12) {
        observe(play);
    } else if (what < 15) {
        act(play, FR__IDENTITY_ACTION__MERGE, one, other);
        model_merge(model, model->observed[one], model->observed[other]);
    } else if (what < 19) {
        act(play, FR__IDENTITY_ACTION__UNMERGE, one, NOBODY);
        model_unmerge(play, model->observed[one]);
    } else if (!model->erased[model->observed[one]]) {
        act(play, FR__IDENTITY_ACTION__ERASE, one, NOBODY);
        model_erase(play, model->observed[one]);
    }
}

/* ---- comparing ---- */

/* 0: erased. */
static uint64_t
customer_of(const struct play *play, int observation)
{
    struct fr_arena *arena = fr_given_arena(play->given);
    const Fr__IdentityStateObservation *seen;
    struct identity_customer row;
    uint64_t top = 0;

    if (identity_observation_get(fr_given_view(play->given), play->observations[observation], arena,
                                 &seen) != FR_OK)
        return 0;
    assert_int_equal(identity_root_get(fr_given_view(play->given), seen->origin, &top, &row),
                     FR_OK);
    return row.erased ? 0 : top;
}

static void
compare(const struct play *play, uint32_t seed)
{
    const struct model *model = &play->model;
    uint64_t found[STEPS];

    for (int i = 0; i < model->observation_count; i++) {
        found[i] = customer_of(play, i);
        if ((found[i] == 0) != model->erased[model->observed[i]])
            fail_msg("seed %u: observation %d is %s", seed, i, found[i] == 0 ? "gone" : "there");
        for (int j = 0; j < i; j++) {
            bool here = found[i] != 0 && found[i] == found[j];
            bool there = !model->erased[model->observed[i]] &&
                         root(model, model->observed[i]) == root(model, model->observed[j]);

            if (here != there)
                fail_msg("seed %u, after %d observations: %d and %d are %s in the model", seed,
                         model->observation_count, j, i, there ? "one" : "two");
        }
    }
}

static void
test_random_lives(void **state)
{
    const char *given_seed = getenv("FR_SEED");
    uint32_t seed =
        given_seed != NULL ? (uint32_t)strtoul(given_seed, NULL, 10) : (uint32_t)time(NULL);
    unsigned merges = 0, splits = 0, vetoes = 0, erasures = 0;

    (void)state;
    print_message("seed %u\n", seed);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct play *play = calloc(1, sizeof(*play));

        play->dice = seed + round;
        play->given = fr_given_new(&identity_stage, yaml);
        for (int k = 0; k < KEYS; k++)
            play->model.holder[k] = NOBODY;
        for (int i = 0; i < STEPS; i++) {
            fr_given_at(play->given, i);
            step(play);
            compare(play, seed + round);
        }
        fr_given_at(play->given, STEPS);
        if (round % 4 == 0)
            assert_true(fr_given_rebuilds(play->given));
        merges += play->merges;
        splits += play->splits;
        vetoes += play->vetoes;
        erasures += play->erasures;
        fr_given_free(&play->given);
        free(play);
    }
    print_message("%u merges by evidence, %u unmerges, %u vetoes, %u erasures\n", merges, splits,
                  vetoes, erasures);
    assert_true(merges > 0 && splits > 0 && vetoes > 0 && erasures > 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_lives),
    };

    return cmocka_run_group_tests_name("forest", tests, NULL, NULL);
}
