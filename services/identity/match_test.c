/* match_test.c - keys under which people are found, and which pairs are one person: with the
 * weights that ship. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "services/identity/block.h"
#include "services/identity/match.h"

struct card { /* given, family, birth, line of the address, town, postcode, e-mail */
    const char *given, *family, *birth, *address, *town, *postcode, *email;
};

static void
pack(const struct card *card, struct identity_packed *packed)
{
    packed->size = 0;
    identity_person_add(packed, IDENTITY_GIVEN, card->given);
    identity_person_add(packed, IDENTITY_FAMILY, card->family);
    identity_person_add_birth(packed, card->birth, NULL);
    identity_person_add_address(packed, card->address != NULL ? card->address : "");
    identity_person_add(packed, IDENTITY_LOCALITY, card->town);
    identity_person_add(packed, IDENTITY_POSTCODE, card->postcode);
    identity_person_add(packed, IDENTITY_EMAIL, card->email);
}

static void
match(const struct card *a, const struct card *b, double count, struct identity_likeness *pair)
{
    struct identity_packed one, other;
    struct identity_person person, theirs;
    struct identity_query query = {.person = &person, .prior = identity_prior(10000)};

    pack(a, &one);
    pack(b, &other);
    assert_int_equal(identity_person_read(one.bytes, one.size, &person), FR_OK);
    assert_int_equal(identity_person_read(other.bytes, other.size, &theirs), FR_OK);
    for (int field = 0; field < IDENTITY_FIELD_COUNT; field++)
        for (size_t i = 0; i < person.fields[field].count; i++)
            query.exact[field][i] =
                identity_exact_weight(&identity_weights_default.fields[field], count, 10000);
    identity_match(&identity_weights_default, &query, &theirs, pair);
}

#define ANN "Ann", "Example", "1980-02-01", "1 High Street", "Ambridge", "AB1 2CD"

/* clang-format off */
static const struct {
    const char *claim;
    struct card a, b;
    double count; /* how many of ten thousand have each of the values */
    bool links;
} samples[] = {
    { "the same card is the same person",      { ANN, NULL }, { ANN, NULL }, 2, true },
    { "who moved stays himself",               { ANN, NULL }, { "Ann", "Example", "1980-02-01", "7 Low Road", "Borchester", "ZZ9 9ZZ", NULL }, 2, true },
    { "slips all over do not hide him",        { ANN, NULL }, { "Anm", "Exmaple", "1980-02-10", "1 Hihg St", "Ambrige", "AB1 2CD", NULL }, 2, true },
    { "names that changed places neither",     { ANN, NULL }, { "Example", "Ann", "1980-02-01", "1 High St", "Ambridge", NULL, NULL }, 2, true },
    { "one mailbox and half a name are enough", { "Ann", "Example", NULL, NULL, NULL, NULL, "ann@mail.example" }, { "A", "Example", NULL, NULL, NULL, NULL, "ann@mail.example" }, 2, true },
    { "a name alone is nothing",               { "Ann", "Example", NULL, NULL, NULL, NULL, NULL }, { "Ann", "Example", NULL, NULL, NULL, NULL, NULL }, 2, false },
    { "a common name and town are not enough",      { "Ann", "Example", NULL, NULL, "Ambridge", NULL, NULL }, { "Ann", "Example", NULL, NULL, "Ambridge", NULL, NULL }, 200, false },
    { "a date of birth alone is nothing",      { NULL, NULL, "1980-02-01", NULL, NULL, NULL, NULL }, { NULL, NULL, "1980-02-01", NULL, NULL, NULL, NULL }, 2, false },
    { "a household is not a person",           { ANN, NULL }, { "Bob", "Example", "1978-11-23", "1 High Street", "Ambridge", "AB1 2CD", NULL }, 2, false },
    { "also where no birth is known",          { "Ann", "Example", NULL, "1 High Street", "Ambridge", "AB1 2CD", NULL }, { "Bob", "Example", NULL, "1 High Street", "Ambridge", "AB1 2CD", NULL }, 2, false },
    { "nor where no given name is",            { NULL, "Example", NULL, "1 High Street", "Ambridge", "AB1 2CD", NULL }, { "Ann", "Example", NULL, "1 High Street", "Ambridge", "AB1 2CD", NULL }, 2, false },
    { "nobody's name is nobody",               { NULL, NULL, "1980-02-01", "1 High Street", "Ambridge", "AB1 2CD", NULL }, { NULL, NULL, "1980-02-01", "1 High Street", "Ambridge", "AB1 2CD", NULL }, 2, false },
    { "an address alone is nothing",           { NULL, NULL, NULL, "1 High Street", "Ambridge", "AB1 2CD", NULL }, { NULL, NULL, NULL, "1 High Street", "Ambridge", "AB1 2CD", NULL }, 2, false },
    { "a namesake born elsewhen is another",   { "Ann", "Example", "1980-02-01", NULL, "Ambridge", NULL, NULL }, { "Ann", "Example", "1963-11-28", NULL, "Ambridge", NULL, NULL }, 2, false },
    { "born on one day with another name too", { "Ann", "Example", "1980-02-01", NULL, NULL, NULL, NULL }, { "Joe", "Sample", "1980-02-01", NULL, NULL, NULL, NULL }, 2, false },
};
/* clang-format on */

static bool
links(const struct identity_likeness *pair)
{
    return pair->weight >= identity_weights_default.link &&
           pair->personal >= identity_weights_default.personal && pair->veto == NULL;
}

static void
pairs_link_as_claimed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct identity_likeness there, back;

        match(&samples[i].a, &samples[i].b, samples[i].count, &there);
        match(&samples[i].b, &samples[i].a, samples[i].count, &back);
        if (links(&there) != samples[i].links || links(&back) != samples[i].links)
            fail_msg("%s: %.1f bits, %.1f of them personal, back %.1f, veto: %s", samples[i].claim,
                     there.weight, there.personal, back.weight,
                     there.veto != NULL ? there.veto : "none");
    }
}

static void
more_records_ask_for_more_evidence(void **state)
{
    (void)state;
    assert_true(identity_prior(50000) < identity_prior(5000));
    assert_true(identity_prior(10) == identity_prior(1000));
}

static bool
meet(const struct card *a, const struct card *b)
{
    static char ours[IDENTITY_BLOCKS_MAX][IDENTITY_BLOCK_SIZE];
    static char theirs[IDENTITY_BLOCKS_MAX][IDENTITY_BLOCK_SIZE];
    struct identity_packed packed, other;
    struct identity_person person;
    size_t count, their_count;

    pack(a, &packed);
    pack(b, &other);
    assert_int_equal(identity_person_read(packed.bytes, packed.size, &person), FR_OK);
    count = identity_blocks(&person, ours);
    assert_int_equal(identity_person_read(other.bytes, other.size, &person), FR_OK);
    their_count = identity_blocks(&person, theirs);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < their_count; j++)
            if (strcmp(ours[i], theirs[j]) == 0)
                return true;
    return false;
}

static void
any_one_thing_in_common_brings_them_together(void **state)
{
    static const struct card ann = {ANN, "ann@mail.example"};
    static const struct card others[] = {
        {"Joe", "Sample", "1980-02-01", NULL, NULL, NULL, NULL},    /* birth */
        {"Ana", "Exampel", NULL, NULL, NULL, NULL, NULL},           /* sounds */
        {"Exampel", "Ana", NULL, NULL, NULL, NULL, NULL},           /* swapped */
        {"Annabel", "Examiner", NULL, NULL, NULL, NULL, NULL},      /* beginnings */
        {NULL, "Exampel", NULL, NULL, NULL, "AB1 2CD", NULL},       /* name and postcode */
        {NULL, NULL, NULL, "1 High Lane", NULL, NULL, NULL},        /* house and street */
        {"Ana", NULL, "1980-11-30", NULL, NULL, NULL, NULL},        /* name and year */
        {NULL, "Exampel", "1963-02-01", NULL, NULL, NULL, NULL},    /* name and day */
        {NULL, NULL, NULL, NULL, NULL, NULL, "ann@elsewhere.test"}, /* mailbox */
        {"Ana", NULL, NULL, NULL, "Ambridge Green", NULL, NULL},    /* name and town */
        {NULL, NULL, NULL, NULL, NULL, NULL, "anna@mail.example"},  /* host and beginning */
    };
    static const struct card stranger = {"Joe",        "Sample",  "1963-11-28",        "7 Low Road",
                                         "Borchester", "ZZ9 9ZZ", "joe@elsewhere.test"};

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (!meet(&ann, &others[i]))
            fail_msg("card %zu is not found", i);
    assert_false(meet(&ann, &stranger));
}

static void
sounds_are_those_of_soundex(void **state)
{
    static const char *const published[][2] = {{"robert", "r163"},   {"rupert", "r163"},
                                               {"ashcraft", "a261"}, {"tymczak", "t522"},
                                               {"pfister", "p123"},  {"honeyman", "h555"}};
    char out[5];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        identity_sound(published[i][0], out);
        assert_string_equal(out, published[i][1]);
    }
    identity_sound("17", out);
    assert_string_equal(out, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_link_as_claimed),
        cmocka_unit_test(more_records_ask_for_more_evidence),
        cmocka_unit_test(any_one_thing_in_common_brings_them_together),
        cmocka_unit_test(sounds_are_those_of_soundex),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
