/* alike_test.c - what is said of people leads to suggestions, in import mode to links, and nothing
 * of it outlives an erasure: real decide and apply. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "common/stage/given.h"
#include "proto/identity.pb-c.h"
#include "services/identity/follow_alike.h"
#include "services/identity/tables.h"

static uint64_t
row(struct fr_given *given, const char *name, const char *birth, const char *street, bool link,
    const char *account)
{
    Fr__ObservationImported import = FR__OBSERVATION_IMPORTED__INIT;
    Fr__Attributes said = FR__ATTRIBUTES__INIT;
    const Fr__ObservationResolved *resolved;
    Fr__Key key = FR__KEY__INIT, *keys[] = {&key};

    said.name = (char *)name;
    said.birth_date = (char *)birth;
    said.street = (char *)street;
    said.city = street != NULL ? (char *)"Ambridge" : NULL;
    key.type = (char *)"account";
    key.value = (char *)account;
    key.assurance = FR__ASSURANCE__VERIFIED;
    import.attributes = &said;
    import.keys = keys;
    import.n_keys = account != NULL;
    import.has_link_alike = true;
    import.link_alike = link;
    assert_int_equal(fr_given_input(given, "local", 0, "shop", &import.base), FR_OK);
    resolved = fr_given_find(given, FR_OBSERVATION_RESOLVED);
    assert_non_null(resolved);
    return resolved->customer_id;
}

static uint64_t
chat(struct fr_given *given, const char *name, const char *birth, const char *street)
{
    Fr__MessageReceived message = FR__MESSAGE_RECEIVED__INIT;
    Fr__Attributes said = FR__ATTRIBUTES__INIT;
    const Fr__MessageIdentified *identified;
    static int count;
    char external[24];

    snprintf(external, sizeof(external), "m%d", ++count);
    said.name = (char *)name;
    said.birth_date = (char *)birth;
    said.street = (char *)street;
    said.city = street != NULL ? (char *)"Ambridge" : NULL;
    message.channel = (char *)"channel_webchat";
    message.account = (char *)"shop-chat";
    message.external_id = external;
    message.address = external;
    message.text = (char *)"Hello";
    message.attributes = &said;
    assert_int_equal(fr_given_input(given, "channel", 0, "shop", &message.base), FR_OK);
    identified = fr_given_find(given, FR_MESSAGE_IDENTIFIED);
    assert_non_null(identified);
    return identified->customer_id;
}

static uint64_t
now(struct fr_given *given, uint64_t customer)
{
    struct identity_customer known;
    uint64_t root;

    assert_int_equal(identity_root_get(fr_given_view(given), customer, &root, &known), FR_OK);
    return root;
}

static void
act(struct fr_given *given, Fr__IdentityAction action, uint64_t customer)
{
    Fr__IdentityActionAsked asked = FR__IDENTITY_ACTION_ASKED__INIT;
    static int count;
    char client[24];

    snprintf(client, sizeof(client), "c%d", ++count);
    asked.action = action;
    asked.who = (char *)"ann";
    asked.why = (char *)"a test";
    asked.client_id = client;
    asked.has_customer_id = true;
    asked.customer_id = customer;
    assert_int_equal(fr_given_input(given, "local", 0, "shop", &asked.base), FR_OK);
}

static void
ask_link(struct fr_given *given, uint64_t customer)
{
    Fr__AlikeLinkAsked asked = FR__ALIKE_LINK_ASKED__INIT;

    asked.customer_id = customer;
    asked.who = (char *)"ann";
    asked.why = (char *)"shops joined";
    assert_int_equal(fr_given_input(given, "local", 0, "shop", &asked.base), FR_OK);
    assert_string_equal(fr_given_rejected(given), "");
}

static void
end(struct fr_given **given)
{
    assert_true(fr_given_rebuilds(*given));
    fr_given_free(given);
}

#define ANN "Ann Example", "1980-02-01", "1 High Street"

static void
a_register_suggests_until_it_is_told_to_link(void **state)
{
    struct fr_given *given = fr_given_new(&identity_stage, "");
    const Fr__SuggestionMade *made;
    const Fr__CustomersMerged *merged;
    uint64_t first, second, third;

    (void)state;
    first = row(given, ANN, false, NULL);
    second = row(given, ANN, false, NULL);
    assert_true(first != second);
    made = fr_given_find(given, FR_SUGGESTION_MADE);
    assert_non_null(made);
    assert_string_equal(made->reasons[0]->rule, "I8");
    assert_true(made->reasons[0]->weight > 10 && made->n_reasons > 4); /* each field's part */
    third = row(given, "Anne Exampel", "1980-02-01", "1 High St.", true, NULL);
    merged = fr_given_find(given, FR_CUSTOMERS_MERGED);
    assert_non_null(merged);
    assert_string_equal(merged->reasons[0]->rule, "import");
    assert_int_equal(now(given, third), first);
    assert_int_equal(now(given, second), first); /* the row brought both together */
    end(&given);
}

static void
a_name_alone_suggests_nothing(void **state)
{
    struct fr_given *given = fr_given_new(&identity_stage, "");

    (void)state;
    row(given, "Ann Example", NULL, NULL, false, NULL);
    row(given, "Ann Example", NULL, NULL, true, NULL);
    assert_null(fr_given_find(given, FR_SUGGESTION_MADE));
    assert_null(fr_given_find(given, FR_CUSTOMERS_MERGED));
    end(&given);
}

static void
what_a_stranger_claims_never_links(void **state)
{
    struct fr_given *given = fr_given_new(&identity_stage, "");
    uint64_t stranger = chat(given, ANN), ann;

    (void)state;
    ann = row(given, ANN, true, NULL);
    assert_int_not_equal(now(given, ann), now(given, stranger));
    assert_non_null(fr_given_find(given, FR_SUGGESTION_MADE)); /* a person may look */
    ask_link(given, ann);
    assert_int_not_equal(now(given, ann), now(given, stranger));
    assert_true(chat(given, ANN) != ann); /* nor does it join when it comes later */
    end(&given);
}

static void
two_accounts_are_two_customers(void **state)
{
    struct fr_given *given = fr_given_new(&identity_stage, "");
    uint64_t first = row(given, ANN, true, "17"), second = row(given, ANN, true, "18");

    (void)state;
    assert_int_not_equal(now(given, first), now(given, second));
    end(&given);
}

static void
who_and_why_are_on_record_and_an_unmerge_stands(void **state)
{
    struct fr_given *given = fr_given_new(&identity_stage, "");
    uint64_t first = row(given, ANN, false, NULL), second = row(given, ANN, false, NULL);
    const Fr__CustomersMerged *merged;

    (void)state;
    ask_link(given, second);
    merged = fr_given_find(given, FR_CUSTOMERS_MERGED);
    assert_non_null(merged);
    assert_string_equal(merged->who, "ann");
    assert_string_equal(merged->why, "shops joined");
    assert_int_equal(now(given, second), first);
    act(given, FR__IDENTITY_ACTION__UNMERGE, second);
    assert_int_equal(now(given, second), second);
    ask_link(given, second);
    ask_link(given, first);
    assert_int_equal(now(given, second), second); /* the cannot-link holds against weights too */
    end(&given);
}

static void
nothing_in_the_index_outlives_an_erasure(void **state)
{
    struct fr_given *given = fr_given_new(&identity_stage, "");
    uint64_t ann = row(given, ANN, false, NULL);
    struct identity_packed packed;
    uint32_t count, total;
    uint64_t bob;

    (void)state;
    assert_int_equal(
        identity_index_count(fr_given_view(given), IDENTITY_FAMILY, "example", &count, &total),
        FR_OK);
    assert_int_equal(count, 1);
    act(given, FR__IDENTITY_ACTION__ERASE, ann);
    fr_given_at(given, 3600); /* erasing goes on in chunks */
    assert_int_equal(identity_index_get(fr_given_view(given), ann, &packed), FR_NOT_FOUND);
    assert_int_equal(
        identity_index_count(fr_given_view(given), IDENTITY_FAMILY, "example", &count, &total),
        FR_OK);
    assert_int_equal(count + total, 0);
    bob = row(given, ANN, true, NULL);
    assert_int_equal(now(given, bob), bob);
    assert_null(fr_given_find(given, FR_SUGGESTION_MADE));
    end(&given);
}

static void
a_crowded_key_is_passed_over_for_others(void **state)
{
    struct fr_given *given = fr_given_new(&identity_stage, "");
    struct identity_packed packed = {0};
    struct identity_person person;
    uint64_t origins[IDENTITY_CANDIDATES_MAX], last = 0;
    size_t count;

    (void)state;
    for (int i = 0; i < IDENTITY_BLOCK_HOLDERS_MAX + 50; i++) { /* all were born on one day */
        char name[32];

        snprintf(name, sizeof(name), "%c%c%c %c%c%cson", 'A' + i % 26, 'a' + i / 26, 'b',
                 'B' + i % 20, 'a' + i % 23, 'a' + i / 23);
        last = row(given, name, "1980-02-01", NULL, false, NULL);
    }
    identity_person_add_birth(&packed, "1980-02-01", NULL);
    assert_int_equal(identity_person_read(packed.bytes, packed.size, &person), FR_OK);
    assert_int_equal(identity_index_find(fr_given_view(given), &person, origins,
                                         IDENTITY_CANDIDATES_MAX, &count),
                     FR_OK);
    assert_int_equal(count, 0);
    assert_int_equal(identity_index_get(fr_given_view(given), last, &packed), FR_OK);
    assert_int_equal(identity_person_read(packed.bytes, packed.size, &person), FR_OK);
    assert_int_equal(identity_index_find(fr_given_view(given), &person, origins,
                                         IDENTITY_CANDIDATES_MAX, &count),
                     FR_OK);
    assert_in_range(count, 1, IDENTITY_BLOCK_HOLDERS_MAX); /* by his name he is found */
    end(&given);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_register_suggests_until_it_is_told_to_link),
        cmocka_unit_test(a_name_alone_suggests_nothing),
        cmocka_unit_test(what_a_stranger_claims_never_links),
        cmocka_unit_test(two_accounts_are_two_customers),
        cmocka_unit_test(who_and_why_are_on_record_and_an_unmerge_stands),
        cmocka_unit_test(nothing_in_the_index_outlives_an_erasure),
        cmocka_unit_test(a_crowded_key_is_passed_over_for_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
