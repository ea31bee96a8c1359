/* identity_test.c - given these observations, who is whom?  One line per observation, one per
 * claim.
 *
 * An observation:  a mail a@x.example email=a@x.example:c phone=020...:n
 *   its name, the channel (chat, form, mail, sms; `signin` is a chat's VisitorIdentified), the
 * address that an answer goes to, and keys as type=value:assurance (v, n, c or f).  "brand:" before
 * the channel names another brand. An expectation: a=b one customer; a!=b two; a~b suggested; a!~b
 * not suggested; a? unverified; a! not; created=2, merged=1, suggested=0, exclusive_key=1,
 * spoof_suspect=1: so many events in all.
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
                           "  channels:\n"
                           "    channel_chat: {live: true}\n"
                           "    channel_form: {live: false}\n"
                           "    channel_mail: {answers_to: email}\n"
                           "    channel_sms: {answers_to: phone}\n"
                           "  fan_out: 3\n"
                           "  own_keys: [{type: email, value: support@filrouge.example}]\n";

/* clang-format off */
static const struct story {
    const char *claim, *observations, *expected;
} stories[] = {
    { "I1: the same proven key is the same customer",
      "a chat s1 device=d1:v\nb chat s1 device=d1:v",
      "a=b a! b! created=1 merged=0 suggested=0" },
    { "I1: another proven key is another customer",
      "a chat s1 device=d1:v\nb chat s2 device=d2:v",
      "a!=b created=2" },
    { "I1: without any key everybody is a customer apart, unverified",
      "a form t1\nb form t2",
      "a!=b a? b? created=2" },
    { "I2: spelling does not make two people",
      "a mail x email=Ann@Mail.example:v\nb mail x email=ann@mail.EXAMPLE:v",
      "a=b" },
    { "I2: a log-in means something within its brand only",
      "a chat s1 login=ann:v\nb other:chat s2 login=ann:v",
      "a!=b" },
    { "I2: one person may have a log-in at each brand",
      "a chat s1 login=ann:v email=ann@x.example:v\nb other:chat s2 login=annie:v email=ann@x.example:v",
      "a=b exclusive_key=0" },
    { "I2: an e-mail address is the same person at every brand",
      "a mail x email=ann@x.example:v\nb other:mail x email=ann@x.example:v",
      "a=b" },
    { "I2: a new log-in on a device of another account is another customer",
      "a chat s1 device=d1:v login=ann:v\nb chat s1 device=d1:v login=bob:v",
      "a!=b exclusive_key=1 merged=0" },
    { "I2: the conflict is said once, not with every message",
      "a chat s1 device=d1:v login=ann:v\nb chat s1 device=d1:v login=bob:v\nc chat s1 device=d1:v login=bob:v\nd chat s1 device=d1:v login=bob:v",
      "a!=b b=c c=d exclusive_key=1" },
    { "I7: a device of two accounts picks neither",
      "a chat s1 device=d1:v login=ann:v\nb chat s1 device=d1:v login=bob:v\nc chat s1 device=d1:v",
      "c!=a c!=b a~c b~c" },
    { "I2: a second account never joins a customer who has one",
      "a chat s1 account=1:v\nb chat s1 account=1:v email=a@x.example:v\nc chat s2 account=2:v email=a@x.example:v",
      "a=b a!=c exclusive_key=1" },
    { "I2: our own address and noreply are nobody's key",
      "a mail support@filrouge.example email=support@filrouge.example:v\nb mail support@filrouge.example email=support@filrouge.example:v\nc mail n email=noreply@x.example:v",
      "a!=b a? b? c?" },
    { "I2: a key of unknown type gives nothing",
      "a chat s1 fingerprint=f1:v\nb chat s2 fingerprint=f1:v",
      "a!=b a?" },
    { "I2: a handle is no key, the platform's number is one",
      "a chat s1 social:x=@ann:v\nb chat s2 social:x=@ann:v\nc chat s3 social:x=77:v\nd chat s4 social:x=77:v",
      "a!=b c=d" },
    { "I2: numbers of two platforms are two people",
      "a chat s1 social:x=77:v\nb chat s2 social:y=77:v",
      "a!=b" },
    { "I3: a key named twice counts by its better proof",
      "a mail x email=ann@x.example:v\nb chat s1 email=ann@x.example:c email=ANN@x.example:v",
      "a=b b!" },
    { "I3: the order in which keys are named does not matter",
      "a chat s1 device=d1:v\nb chat s2 login=ann:v\nc chat s1 device=d1:v login=ann:v\nd chat s1 login=ann:v device=d1:v",
      "a=b c=d merged=1" },
    { "I4: what a network vouches for leads to its holder",
      "a sms +442079460001 phone=+442079460001:n\nb sms x phone=00442079460001:n",
      "a=b a! b!" },
    { "I4: a claim attaches, unverified, where the answer goes to that very key",
      "a mail ann@x.example email=ann@x.example:v\nb mail Ann@X.example email=ann@x.example:c",
      "a=b a! b? suggested=0" },
    { "I4: a claim of another address than the answer goes to only suggests",
      "a mail ann@x.example email=ann@x.example:v\nb mail bob@x.example email=ann@x.example:c",
      "a!=b a~b b?" },
    { "I4: on a live channel a claim only suggests",
      "a mail ann@x.example email=ann@x.example:v\nb chat s1 device=d1:v email=ann@x.example:c",
      "a!=b a~b b! suggested=1" },
    { "I4: a claim in a web form, answered on a ticket page, only suggests",
      "a mail ann@x.example email=ann@x.example:v\nb form t1 email=ann@x.example:c",
      "a!=b a~b b?" },
    { "I4: the suggestion is made once",
      "a mail ann@x.example email=ann@x.example:v\nb chat s1 device=d1:v email=ann@x.example:c\nc chat s1 device=d1:v email=ann@x.example:c",
      "b=c suggested=1" },
    { "I4: a channel that nobody described counts as live",
      "a mail ann@x.example email=ann@x.example:v\nb fax ann@x.example email=ann@x.example:c",
      "a!=b a~b" },
    { "I4: who claims to be the same unknown person twice is suggested",
      "a form t1 email=ann@x.example:c\nb form t2 email=ann@x.example:c",
      "a!=b a~b" },
    { "I4: a key claimed by more than fan_out customers is no hint any more",
      "a form t1 email=all@x.example:c\nb form t2 email=all@x.example:c\nc form t3 email=all@x.example:c\nd form t4 email=all@x.example:c\ne form t5 email=all@x.example:c",
      "a~b a~c b~c a!~e b!~e d!~e" },
    { "I4: an unknown claimed address starts an unverified customer, and the next mail finds him",
      "a mail ann@x.example email=ann@x.example:c\nb mail ann@x.example email=ann@x.example:c",
      "a=b a? b?" },
    { "I4: proof makes an unverified customer a proven one",
      "a mail ann@x.example email=ann@x.example:c\nb mail ann@x.example email=ann@x.example:v\nc chat s1 device=d1:v email=ann@x.example:v",
      "a=b b=c a? b! created=1" },
    { "I4: failed authentication never attaches",
      "a mail ann@x.example email=ann@x.example:v\nb mail ann@x.example email=ann@x.example:f",
      "a!=b b? a~b spoof_suspect=1" },
    { "I4: failed twice is apart twice, and both are suspect",
      "a mail ann@x.example email=ann@x.example:v\nb mail ann@x.example email=ann@x.example:f\nc mail ann@x.example email=ann@x.example:f",
      "a!=b a!=c b!=c spoof_suspect=2" },
    { "I4: a failed key does not come in by another claim beside it",
      "a mail ann@x.example email=ann@x.example:v\nb mail bob@x.example email=bob@x.example:v\nc mail bob@x.example email=ann@x.example:f email=bob@x.example:c",
      "c!=a c!=b c? spoof_suspect=1" },
    { "I4: a failed key beside a proven one is a conflict, not another customer",
      "a mail ann@x.example email=ann@x.example:v\nb chat s1 login=bob:v\nc chat s1 login=bob:v email=ann@x.example:f",
      "c=b c! spoof_suspect=1 a~b" },
    { "I5: one observation with verified keys of both merges",
      "a chat s1 device=d1:v\nb chat s2 login=ann:v\nc chat s1 device=d1:v login=ann:v",
      "a=b b=c merged=1 created=2" },
    { "I5: signing in without a word merges too",
      "a chat s1 device=d1:v\nb chat s2 login=ann:v\nc signin s1 device=d1:v login=ann:v\nd chat s1 device=d1:v",
      "a=b b=c c=d merged=1" },
    { "I5: three customers at once",
      "a chat s1 device=d1:v\nb chat s2 login=ann:v\nc mail x email=ann@x.example:v\nd chat s1 login=ann:v device=d1:v email=ann@x.example:v",
      "a=b b=c c=d merged=2" },
    { "I5: merged twice over, every old id leads to the same customer",
      "a chat s1 device=d1:v\nb chat s2 device=d2:v\nc chat s3 device=d3:v\nd chat x device=d2:v device=d3:v\ne chat x device=d1:v device=d3:v",
      "a=b b=c c=d d=e merged=2" },
    { "I5: a network's word does not merge",
      "a sms +442079460001 phone=+442079460001:n\nb chat s1 login=ann:v\nc chat s1 login=ann:v phone=+442079460001:n",
      "a!=b b=c a~b merged=0" },
    { "I5: a claim does not merge",
      "a mail ann@x.example email=ann@x.example:v\nb chat s1 login=ann:v\nc chat s1 login=ann:v email=ann@x.example:c",
      "a!=b b=c merged=0" },
    { "I5: a claim that is remembered does not link when another proves the key",
      "a chat s1 login=ann:v email=e@x.example:c\nb mail e@x.example email=e@x.example:v",
      "a!=b a~b merged=0" },
    { "I5: nor does one that attached because the answer went there",
      "a mail e@x.example login=ann:v email=e@x.example:c\nb mail e@x.example email=e@x.example:v\nc mail e@x.example email=e@x.example:v",
      "a!=b b=c a~b merged=0" },
    { "I5: who had only claimed a key is not merged with who proves it",
      "a mail e@x.example email=e@x.example:c\nb chat s1 login=ann:v\nc chat s1 login=ann:v email=e@x.example:v\nd mail e@x.example email=e@x.example:v",
      "a!=b b=c c=d a~b merged=0" },
    { "I6: two accounts never merge, whatever else they share",
      "a chat s1 login=ann:v\nb chat s2 login=bob:v email=b@x.example:v\nc chat s1 login=ann:v email=b@x.example:v",
      "a!=b a=c exclusive_key=1 merged=0" },
    { "I6: a chain cannot smuggle two accounts together",
      "a chat s1 login=ann:v device=d1:v\nb chat s2 login=bob:v device=d2:v\nc chat s3 email=c@x.example:v\nd chat x email=c@x.example:v device=d1:v\ne chat x email=c@x.example:v device=d2:v",
      "a=c c=d a!=b exclusive_key=1" },
    { "I6: different accounts and a shared e-mail address, at once",
      "a chat s1 account=1:v login=ann:v\nb chat s2 account=2:v\nc chat s3 login=ann:v account=2:v",
      "a!=b exclusive_key=1 merged=0" },
    { "I6: a merge that one account forbids does not keep the others from merging",
      "a chat s1 login=ann:v\nb chat s2 device=d2:v\nc chat s3 login=bob:v email=b@x.example:v\nd chat x login=ann:v device=d2:v email=b@x.example:v",
      "a=b a=d a!=c merged=1 exclusive_key=1" },
    { "a sign-in with nothing known creates the customer that the next message finds",
      "a signin s1 device=d1:v login=ann:v\nb chat s1 device=d1:v",
      "a=b created=1" },
};
/* clang-format on */

#define OBSERVATIONS_MAX 8

struct telling { /* one story on its way */
    const struct story *story;
    struct fr_given *given;
    uint64_t customers[26];
    bool unverified[26];
    unsigned created, merged, suggested, exclusive_key, spoof_suspect;
};

static Fr__Assurance
assurance_of(char letter)
{
    return letter == 'v'   ? FR__ASSURANCE__VERIFIED
           : letter == 'n' ? FR__ASSURANCE__NETWORK
           : letter == 'f' ? FR__ASSURANCE__FAILED
                           : FR__ASSURANCE__CLAIMED;
}

static void
count_events(struct telling *telling)
{
    for (size_t i = 0; i < fr_given_count(telling->given); i++) {
        const Fr__ConflictFound *conflict = fr_given_body(telling->given, i, FR_CONFLICT_FOUND);

        if (conflict != NULL) {
            telling->exclusive_key += strcmp(conflict->kind, "exclusive_key") == 0;
            telling->spoof_suspect += strcmp(conflict->kind, "spoof_suspect") == 0;
            assert_true(conflict->n_reasons > 0);
        }
    }
    telling->created += (unsigned)fr_given_count_of(telling->given, FR_CUSTOMER_CREATED);
    telling->merged += (unsigned)fr_given_count_of(telling->given, FR_CUSTOMERS_MERGED);
    telling->suggested += (unsigned)fr_given_count_of(telling->given, FR_SUGGESTION_MADE);
}

static void
sign_in(struct telling *telling, int name, const char *brand, const char *address, Fr__Key **keys,
        size_t count)
{
    Fr__VisitorIdentified visitor = FR__VISITOR_IDENTIFIED__INIT;
    const Fr__VisitorRecognized *recognized;

    visitor.channel = "channel_chat";
    visitor.account = "shop";
    visitor.address = (char *)address;
    visitor.keys = keys;
    visitor.n_keys = count;
    assert_int_equal(fr_given_input(telling->given, "channel", 0, brand, &visitor.base), FR_OK);
    assert_int_equal(fr_given_count_of(telling->given, FR_VISITOR_RECOGNIZED), 1);
    recognized = fr_given_find(telling->given, FR_VISITOR_RECOGNIZED);
    telling->customers[name] = recognized->customer_id;
    assert_string_equal(recognized->address, address);
}

static void
write_message(struct telling *telling, int name, const char *brand, const char *channel,
              const char *address, Fr__Key **keys, size_t count)
{
    Fr__MessageReceived received = FR__MESSAGE_RECEIVED__INIT;
    const Fr__MessageIdentified *identified;
    char full[40];

    snprintf(full, sizeof(full), "channel_%s", channel);
    received.channel = full;
    received.account = "shop";
    received.external_id = "x";
    received.address = (char *)address;
    received.text = "hello";
    received.keys = keys;
    received.n_keys = count;
    assert_int_equal(fr_given_input(telling->given, "channel", 0, brand, &received.base), FR_OK);
    if (fr_given_count_of(telling->given, FR_MESSAGE_IDENTIFIED) != 1)
        fail_msg("%s: %c was not identified exactly once", telling->story->claim, 'a' + name);
    identified = fr_given_find(telling->given, FR_MESSAGE_IDENTIFIED);
    telling->customers[name] = identified->customer_id;
    telling->unverified[name] = identified->unverified;
    assert_int_equal(identified->message_id, fr_given_input_id(telling->given));
    assert_string_equal(identified->message->text, "hello");
    assert_true(identified->n_reasons > 0);
}

static void
observe(struct telling *telling, char *line)
{
    Fr__Key keys[OBSERVATIONS_MAX], *list[OBSERVATIONS_MAX];
    char *rest = line, *name = strtok_r(rest, " ", &rest), *channel = strtok_r(rest, " ", &rest);
    char *address = strtok_r(rest, " ", &rest), *word, *colon = strchr(channel, ':');
    const char *brand = "acme";
    size_t count = 0;

    if (colon != NULL) {
        *colon = '\0';
        brand = channel;
        channel = colon + 1;
    }
    while ((word = strtok_r(rest, " ", &rest)) != NULL) {
        char *equals = strchr(word, '='), *mark = strrchr(word, ':');

        fr__key__init(&keys[count]);
        keys[count].type = word;
        keys[count].value = equals + 1;
        keys[count].assurance = assurance_of(mark[1]);
        keys[count].region = "GB";
        *equals = *mark = '\0';
        list[count] = &keys[count];
        count++;
    }
    if (strcmp(channel, "signin") == 0)
        sign_in(telling, *name - 'a', brand, address, list, count);
    else
        write_message(telling, *name - 'a', brand, channel, address, list, count);
    count_events(telling);
}

static uint64_t
now_answers_as(const struct telling *telling, char name)
{
    struct identity_customer customer;
    uint64_t root = 0;

    assert_int_equal(identity_root_get(fr_given_view(telling->given),
                                       telling->customers[name - 'a'], &root, &customer),
                     FR_OK);
    return root;
}

static bool
identity_suggested(const struct fr_view *view, uint64_t a, uint64_t b)
{
    struct fr_arena *arena = fr_arena_new(1 << 12, 1 << 20);
    const Fr__IdentityStateSuggestion *suggestion;
    bool found = identity_suggestion_get(view, a, b, arena, &suggestion) == FR_OK &&
                 identity_suggestion_state(suggestion) == FR__SUGGESTION_STATE__OPEN;

    fr_arena_free(&arena);
    return found;
}

static bool
number_holds(const struct telling *telling, const char *word, bool *known)
{
    const struct {
        const char *name;
        unsigned value;
    } numbers[] = {
        {"created=", telling->created},
        {"merged=", telling->merged},
        {"suggested=", telling->suggested},
        {"exclusive_key=", telling->exclusive_key},
        {"spoof_suspect=", telling->spoof_suspect},
    };

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (strncmp(word, numbers[i].name, strlen(numbers[i].name)) == 0) {
            *known = true;
            return (unsigned)atoi(word + strlen(numbers[i].name)) == numbers[i].value;
        }
    *known = false;
    return false;
}

static bool
holds(const struct telling *telling, const char *word)
{
    const struct fr_view *view = fr_given_view(telling->given);
    const char *relation = word + 1;
    bool known, number = number_holds(telling, word, &known);
    char last = word[strlen(word) - 1];

    if (known)
        return number;
    if (strcmp(relation, "?") == 0)
        return telling->unverified[word[0] - 'a'];
    if (strcmp(relation, "!") == 0)
        return !telling->unverified[word[0] - 'a'];
    if (relation[0] == '=')
        return now_answers_as(telling, word[0]) == now_answers_as(telling, last);
    if (strncmp(relation, "!=", 2) == 0)
        return now_answers_as(telling, word[0]) != now_answers_as(telling, last);
    known =
        identity_suggested(view, telling->customers[word[0] - 'a'], telling->customers[last - 'a']);
    return relation[0] == '~' ? known : !known;
}

static void
tell(const struct story *story)
{
    struct telling telling = {.story = story, .given = fr_given_new(&identity_stage, yaml)};
    char *observations = strdup(story->observations), *rest = observations, *line;
    char *expected = strdup(story->expected), *words = expected, *word;

    while ((line = strtok_r(rest, "\n", &rest)) != NULL)
        observe(&telling, line);
    while ((word = strtok_r(words, " ", &words)) != NULL)
        if (!holds(&telling, word)) {
            fr_given_print(telling.given);
            fail_msg("%s: \"%s\" does not hold", story->claim, word);
        }
    if (!fr_given_rebuilds(telling.given))
        fail_msg("%s: does not rebuild", story->claim);
    free(observations);
    free(expected);
    fr_given_free(&telling.given);
}

static void
test_stories(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++)
        tell(&stories[i]);
}

/* The same input once more (its channel repeats itself): same customer, same message_id, nothing
 * new. */
static void
test_sent_twice(void **state)
{
    static const struct story twice = {"sent twice",
                                       "a chat s1 device=d1:v login=ann:v email=x@x.example:c\nb "
                                       "chat s1 device=d1:v login=ann:v email=x@x.example:c",
                                       "a=b created=1 merged=0 suggested=0"};

    (void)state;
    tell(&twice);
}

static void
test_does_not_decode(void **state)
{
    struct fr_given *given = fr_given_new(&identity_stage, yaml);
    Fr__MessageReceived received = FR__MESSAGE_RECEIVED__INIT;

    (void)state;
    received.channel = received.account = received.external_id = received.address = "x";
    received.text = "\xff\xfe";
    fr_given_input(given, "channel", 0, "acme", &received.base);
    assert_int_equal(fr_given_count(given), 0);
    assert_string_equal(fr_given_rejected(given), "MessageReceived does not decode");
    assert_true(fr_given_rebuilds(given));
    fr_given_free(&given);
}

static void
test_bad_configuration_is_named(void **state)
{
    static const struct {
        const char *yaml, *complaint;
    } cases[] = {
        {"identity: {own_keys: [{type: email, value: Support@X.example}]}", "support@x.example"},
        {"identity: {own_keys: [{type: fax, value: x}]}", "not known"},
        {"identity: {channels: {channel_chat: {live: true, answers_to: email}}}", "only suggests"},
        {"identity: {channels: {channel_chat: {answers_to: fax}}}", "no type of key"},
        {"identity: {fan_out: 31}", "30"},
        {"identity: {dormancy: 1s}", "dormancy"},
    };
    static const struct fr_config_section section = {
        "identity", identity_config_keys, sizeof(struct identity_config), identity_config_check};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fr_config *config = NULL;
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        assert_int_equal(fr_config_parse(cases[i].yaml, strlen(cases[i].yaml), "test", &section, 1,
                                         out, &config),
                         FR_INVALID);
        fclose(out);
        if (strstr(text, cases[i].complaint) == NULL)
            fail_msg("%s: said %s", cases[i].yaml, text);
        free(text);
        fr_config_free(&config);
    }
}

static void
test_customer_show(void **state)
{
    static const struct story story = {
        .claim = "show",
        .observations = "a chat s1 device=d1:v email=ann@x.example:c\n"
                        "b chat s2 login=ann:v\n"
                        "c mail bob@x.example email=bob@x.example:v\n"
                        "d chat s1 device=d1:v login=ann:v email=bob@x.example:c"};
    struct telling telling = {.story = &story, .given = fr_given_new(&identity_stage, yaml)};
    char *observations = strdup(story.observations), *rest = observations, *line;
    json_t *answer, *args;
    char id[FR_ID_TEXT_SIZE];

    (void)state;
    while ((line = strtok_r(rest, "\n", &rest)) != NULL)
        observe(&telling, line);
    args =
        json_pack("{s:s}", "customer", fr_id_format(telling.customers[1], id)); /* the merged id */
    answer = fr_given_query(telling.given, "customer.show", args);
    assert_non_null(answer);
    assert_string_equal(json_string_value(json_object_get(answer, "asked_id")), id);
    fr_id_format(telling.customers[0], id);
    assert_string_equal(json_string_value(json_object_get(answer, "customer_id")), id);
    assert_int_equal(json_array_size(json_object_get(answer, "origins")), 2);
    assert_int_equal(json_array_size(json_object_get(answer, "keys")), 4);
    assert_int_equal(json_array_size(json_object_get(answer, "suggestions")), 1);
    assert_int_equal(json_integer_value(json_object_get(answer, "proven_keys")), 2);
    json_decref(answer);
    json_decref(args);
    args = json_pack("{s:s, s:s, s:s}", "type", "login", "value", "ann", "brand", "acme");
    answer = fr_given_query(telling.given, "customer.show", args);
    assert_string_equal(json_string_value(json_object_get(answer, "customer_id")), id);
    json_decref(answer);
    json_decref(args);
    args = json_pack("{s:s, s:s}", "type", "email", "value", "nobody@x.example");
    assert_null(fr_given_query(telling.given, "customer.show", args));
    json_decref(args);
    assert_null(fr_given_query(telling.given, "customer.show", NULL));
    answer = fr_given_query(telling.given, "identity.stats", NULL);
    assert_int_equal(json_integer_value(json_object_get(answer, "customers")), 2);
    assert_int_equal(json_integer_value(json_object_get(answer, "merges")), 1);
    assert_int_equal(json_integer_value(json_object_get(answer, "observations")), 4);
    json_decref(answer);
    free(observations);
    fr_given_free(&telling.given);
}

static void
test_customer_ls_pages(void **state)
{
    struct telling telling = {.story = &stories[0], .given = fr_given_new(&identity_stage, yaml)};
    json_t *args = json_pack("{s:i}", "limit", 3), *page;
    size_t seen = 0;
    bool more = true;

    (void)state;
    for (int i = 0; i < 10; i++) {
        char line[64];

        snprintf(line, sizeof(line), "a chat s%d device=d%d:v", i, i);
        observe(&telling, line);
    }
    while (more) {
        size_t size;

        page = fr_given_query(telling.given, "customer.ls", args);
        size = json_array_size(json_object_get(page, "items"));
        more = json_is_true(json_object_get(page, "more"));
        assert_true(size > 0 && size <= 3);
        seen += size;
        json_object_set(args, "after",
                        json_object_get(json_array_get(json_object_get(page, "items"), size - 1),
                                        "customer_id"));
        json_decref(page);
    }
    assert_int_equal(seen, 10);
    json_decref(args);
    fr_given_free(&telling.given);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stories),         cmocka_unit_test(test_sent_twice),
        cmocka_unit_test(test_does_not_decode), cmocka_unit_test(test_bad_configuration_is_named),
        cmocka_unit_test(test_customer_show),   cmocka_unit_test(test_customer_ls_pages),
    };

    return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
