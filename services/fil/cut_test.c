/* cut_test.c - the cut is consistent, and no longer one is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "services/fil/cut.h"

#define JOURNALS 4
#define ROUNDS 2000

static uint64_t seed = 20261121;

static uint64_t
roll(uint64_t sides)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (seed >> 33) % sides;
}

static bool
consistent(const struct fil_cut_journal *journals, size_t count)
{
    for (size_t j = 0; j < count; j++)
        for (size_t f = 0; f < journals[j].kept; f++)
            for (size_t c = 0; c < journals[j].frames[f].cursor_count; c++) {
                const struct fil_cut_cursor *cursor =
                    &journals[j].cursors[journals[j].frames[f].cursor_first + c];

                if (cursor->seq > fil_cut_seq(&journals[cursor->journal]))
                    return false;
            }
    return true;
}

static void
whoever_has_read_too_much_is_cut_shorter_and_so_are_those_who_read_him(void **state)
{
    struct fil_cut_journal journals[3] = {{.base_seq = 10, .base_number = 5}};

    (void)state;
    fil_cut_add(&journals[1], 1, 4);
    fil_cut_add_cursor(&journals[1], 0, 10);
    fil_cut_add(&journals[1], 2, 8);
    fil_cut_add_cursor(&journals[1], 0, 11); /* journal 0 ends with 10 */
    fil_cut_add(&journals[2], 1, 1);
    fil_cut_add_cursor(&journals[2], 1, 4);
    fil_cut_add(&journals[2], 2, 1); /* cursors alone */
    fil_cut_add_cursor(&journals[2], 1, 5);
    fil_cut(journals, 3);
    assert_int_equal(fil_cut_number(&journals[0]), 5);
    assert_int_equal(fil_cut_seq(&journals[1]), 4);
    assert_int_equal(fil_cut_number(&journals[2]), 1);
    for (int i = 0; i < 3; i++)
        fil_cut_fini(&journals[i]);
}

/* Frames are written in real time; each reads what others had synced by then.  Every journal was
 * looked at at another moment after `all_copied`. */
static void
write_bus(struct fil_cut_journal *journals, size_t *seen_at_copy)
{
    uint64_t seq[JOURNALS] = {0}, number[JOURNALS] = {0};
    size_t ends[JOURNALS], steps = 50 + roll(100);

    memset(journals, 0, sizeof(*journals) * JOURNALS);
    for (size_t j = 0; j < JOURNALS; j++)
        ends[j] = steps - roll(20);
    for (size_t step = 0; step < steps; step++) {
        size_t j = roll(JOURNALS), other = roll(JOURNALS);

        seq[j] += roll(4);
        number[j]++;
        if (step < ends[j]) {
            fil_cut_add(&journals[j], number[j], seq[j]);
            fil_cut_add_cursor(&journals[j], other, seq[other]);
        }
        if (step == steps - 20)
            for (size_t k = 0; k < JOURNALS; k++)
                seen_at_copy[k] = journals[k].frame_count;
    }
}

static void
the_cut_is_consistent_longest_and_holds_what_was_there_at_the_copy(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct fil_cut_journal journals[JOURNALS];
        size_t seen[JOURNALS] = {0};

        write_bus(journals, seen);
        fil_cut(journals, JOURNALS);
        if (!consistent(journals, JOURNALS))
            fail_msg("round %d is not consistent", round);
        for (size_t j = 0; j < JOURNALS; j++) {
            assert_true(journals[j].kept >= seen[j]);
            if (journals[j].kept < journals[j].frame_count) {
                journals[j].kept++;
                if (consistent(journals, JOURNALS))
                    fail_msg("round %d: journal %zu could be longer", round, j);
                journals[j].kept--;
            }
        }
        for (size_t j = 0; j < JOURNALS; j++)
            fil_cut_fini(&journals[j]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_has_read_too_much_is_cut_shorter_and_so_are_those_who_read_him),
        cmocka_unit_test(the_cut_is_consistent_longest_and_holds_what_was_there_at_the_copy),
    };

    printf("seed %llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
