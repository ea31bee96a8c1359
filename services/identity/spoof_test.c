/* spoof_test.c - an attacker tries to be somebody else: every key of the victim, typed, forged or
 * refused, over every channel, with and without something of his own.
 *
 * A *disclosure*: what he did counts as the victim's word although nobody proved it, or an answer
 * to it goes anywhere but to the victim's own key; or something of the attacker's leads to the
 * victim afterwards.  There must be none, and no merge by itself; and the victim stays who he was.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "common/stage/given.h"
#include "proto/identity.pb-c.h"
#include "services/identity/tables.h"

static const char yaml[] = "identity:\n"
                           "  one_account_space: true\n"
                           "  channels:\n"
                           "    channel_email: {answers_to: email}\n"
                           "    channel_form: {answers_to: email}\n"
                           "    channel_chat: {live: true}\n"
                           "    channel_voice: {live: true}\n"
                           "    channel_sms: {answers_to: phone}\n"
                           "    channel_social: {answers_to: social}\n"
                           "    channel_forum: {live: false}\n";

struct key {
    const char *type, *value;
    Fr__Assurance assurance;
};

#define V FR__ASSURANCE__VERIFIED
#define N FR__ASSURANCE__NETWORK
#define C FR__ASSURANCE__CLAIMED
#define F FR__ASSURANCE__FAILED

static const struct key victim[] = {
    {"login", "ann", V},          {"account", "17", V}, {"email", "ann@mail.example", V},
    {"social:face", "100001", V}, {"forum", "f/9", V},  {"phone", "+447700900123", V},
    {"device", "ann-session", V},
};
#define VICTIM_KEYS (sizeof(victim) / sizeof(victim[0]))

static const char *const channels[] = {"channel_email", "channel_form",      "channel_chat",
                                       "channel_voice", "channel_sms",       "channel_social",
                                       "channel_forum", "channel_unheard_of"};
/* What the attacker has of his own beside; the last two are only typed. */
static const struct key own[] = {
    {NULL, NULL, C},
    {"device", "eve-session", V},
    {"phone", "+447700900666", N},
    {"login", "eve", V},
    {"email", "eve@mail.example", V},
    {"phone", "+447700900666", C},
    {"email", "eve@mail.example", C},
};
/* Where he wants the answer: to the victim's own key, or to his. */
static const Fr__Assurance forged[] = {C, F};

struct tally {
    unsigned attempts, disclosures, merges, attached;
};

static const Fr__MessageIdentified *
say(struct fr_given *given, const char *channel, const char *address, const struct key *keys,
    size_t count, const char *name)
{
    Fr__MessageReceived received = FR__MESSAGE_RECEIVED__INIT;
    Fr__Key list[4], *pointers[4];

    for (size_t i = 0; i < count; i++) {
        fr__key__init(&list[i]);
        list[i].type = (char *)keys[i].type;
        list[i].value = (char *)keys[i].value;
        list[i].assurance = keys[i].assurance;
        pointers[i] = &list[i];
    }
    received.channel = (char *)channel;
    received.account = received.external_id = received.text = (char *)"x";
    received.address = (char *)address;
    received.keys = pointers;
    received.n_keys = count;
    received.name = (char *)name;
    fr_given_input(given, "channel", 0, "acme", &received.base);
    return fr_given_find(given, FR_MESSAGE_IDENTIFIED);
}

static uint64_t
root_of(struct fr_given *given, uint64_t customer)
{
    struct identity_customer row;
    uint64_t root = 0;

    assert_int_equal(identity_root_get(fr_given_view(given), customer, &root, &row), FR_OK);
    return root;
}

static uint64_t
establish(struct fr_given *given)
{
    uint64_t customer = 0;

    for (size_t i = 0; i < VICTIM_KEYS; i++) {
        const struct key both[] = {victim[0], victim[i]};

        customer = say(given, "channel_chat", "s", both, 2, "Ann Example")->customer_id;
    }
    return customer;
}

/* One attempt; then everything that is the attacker's own, and everything that is the victim's. */
static void
attempt(const char *channel, size_t target, Fr__Assurance assurance, const struct key *mine,
        bool answer_to_victim, const char *name, struct tally *tally)
{
    struct fr_given *given = fr_given_new(&identity_stage, yaml);
    struct key keys[2] = {victim[target]};
    const char *address = answer_to_victim     ? victim[target].value
                          : mine->type != NULL ? mine->value
                                               : "elsewhere";
    uint64_t ann = establish(given);
    const Fr__MessageIdentified *told;
    bool disclosed = false;

    keys[0].assurance = assurance;
    if (mine->type != NULL)
        keys[1] = *mine;
    for (int again = 0; again < 2; again++) {
        told = say(given, channel, address, keys, mine->type != NULL ? 2 : 1, name);
        tally->merges += (unsigned)fr_given_count_of(given, FR_CUSTOMERS_MERGED);
        if (root_of(given, told->customer_id) == ann) {
            tally->attached++;
            disclosed = disclosed || !told->unverified || !answer_to_victim;
        }
    }
    for (size_t i = 1; i < sizeof(own) / sizeof(own[0]); i++) {
        struct key proven = own[i];

        proven.assurance = V;
        told = say(given, "channel_chat", "s", &proven, 1, NULL);
        disclosed = disclosed || root_of(given, told->customer_id) == ann;
        tally->merges += (unsigned)fr_given_count_of(given, FR_CUSTOMERS_MERGED);
    }
    for (size_t i = 0; i < VICTIM_KEYS; i++) {
        told = say(given, "channel_chat", "s", &victim[i], 1, NULL);
        if (root_of(given, told->customer_id) != ann)
            fail_msg("%s, %s: the victim lost his own %s", channel, victim[target].type,
                     victim[i].type);
    }
    if (disclosed)
        print_message("disclosure: %s, %s %s, with %s %s, answers %s\n", channel,
                      victim[target].type, assurance == C ? "claimed" : "failed",
                      mine->type != NULL ? mine->type : "nothing",
                      mine->assurance == C ? "typed" : "proven",
                      answer_to_victim ? "to the victim" : "elsewhere");
    tally->attempts++;
    tally->disclosures += disclosed;
    fr_given_free(&given);
}

static void
test_every_way_in(void **state)
{
    static const char *const names[] = {NULL, "Ann Example"};
    struct tally tally = {0};

    (void)state;
    for (size_t c = 0; c < sizeof(channels) / sizeof(channels[0]); c++)
        for (size_t k = 0; k < VICTIM_KEYS; k++)
            for (size_t a = 0; a < sizeof(forged) / sizeof(forged[0]); a++)
                for (size_t o = 0; o < sizeof(own) / sizeof(own[0]); o++)
                    attempt(channels[c], k, forged[a], &own[o], (c + k + a + o) % 2 == 0,
                            names[(k + o) % 2], &tally);
    print_message("%u attempts: %u disclosures, %u automatic merges; %u mails and messages went to "
                  "the victim's own address, unverified\n",
                  tally.attempts, tally.disclosures, tally.merges, tally.attached);
    assert_true(tally.attempts >= 100);
    assert_true(tally.attached > 0); /* the way that is open is open */
    assert_int_equal(tally.disclosures, 0);
    assert_int_equal(tally.merges, 0);
}

/* Guessing at a conversation: session tokens that are made up, and the victim's own in another's
 * mouth without the signature. */
static void
test_guessing_sessions(void **state)
{
    struct fr_given *given = fr_given_new(&identity_stage, yaml);
    uint64_t ann = establish(given);
    char token[32];

    (void)state;
    for (int i = 0; i < 100; i++) {
        struct key guess = {"device", token, i % 2 == 0 ? V : C};

        snprintf(token, sizeof(token), "session-%d", i);
        assert_int_not_equal(
            root_of(given,
                    say(given, "channel_chat", token, &guess, 1, "Ann Example")->customer_id),
            ann);
    }
    for (int i = 0; i < 100; i++) {
        struct key stolen = {"device", "ann-session", i % 2 == 0 ? C : F};

        assert_int_not_equal(
            root_of(given,
                    say(given, "channel_chat", "ann-session", &stolen, 1, NULL)->customer_id),
            ann);
    }
    assert_int_equal(
        root_of(given, say(given, "channel_chat", "s", &victim[6], 1, NULL)->customer_id), ann);
    fr_given_free(&given);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_way_in),
        cmocka_unit_test(test_guessing_sessions),
    };

    return cmocka_run_group_tests_name("spoofing", tests, NULL, NULL);
}
