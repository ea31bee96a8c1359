/* link_test.c - given, when, then: a link that stays down makes its site silent, once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "services/sites/play.h"

static void
linked(struct fr_given *g, const char *site, bool up)
{
    Fr__SiteLinked said = FR__SITE_LINKED__INIT;

    said.site = (char *)site;
    said.up = up;
    fr_given_input(g, FR_LOCAL, 0, NULL, &said.base);
}

static void
a_link_that_stays_down_makes_its_site_silent(void **state)
{
    struct fr_given *g;
    const Fr__SiteSilent *silent;

    (void)state;
    make_stage();
    g = given();
    linked(g, "tana", false);
    linked(g, "inhouse", false);
    linked(g, "inhouse", true);
    fr_given_at(g, 29);
    assert_int_equal(fr_given_count(g), 0);
    linked(g, "tana", false);
    assert_int_equal(fr_given_count(g), 0); /* sent twice: the time does not begin anew */
    fr_given_at(g, 31);
    silent = fr_given_find(g, FR_SITE_SILENT);
    assert_non_null(silent);
    assert_string_equal(silent->site, "tana");
    assert_int_equal(fr_given_count_of(g, FR_SITE_SILENT), 1);
    fr_given_at(g, 1000);
    assert_int_equal(fr_given_count(g), 0);
    linked(g, "tana", true);
    assert_int_equal(fr_given_count_of(g, FR_SITE_HEARD), 1);
    linked(g, "tana", true);
    assert_int_equal(fr_given_count(g), 0);
    linked(g, "tana", false);
    fr_given_at(g, 1020);
    linked(g, "tana", true); /* in time: nobody has to know */
    assert_int_equal(fr_given_count_of(g, FR_SITE_HEARD), 0);
    fr_given_at(g, 2000);
    assert_int_equal(fr_given_count(g), 0);
    linked(g, "stranger", true);
    assert_string_not_equal(fr_given_rejected(g), "");
    assert_true(fr_given_rebuilds(g));
    fr_given_free(&g);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_that_stays_down_makes_its_site_silent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
