/* thread_test.c - mails find their conversation by what they name, never by their subject. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include "services/channel_email/thread.h"

#define MAILS_MAX 8
#define NO EMAIL_NO_PARENT

struct mail {
    const char *id, *references[5], *subject;
};

struct story {
    const char *claim;
    struct mail mails[MAILS_MAX]; /* id NULL: the end, unless there is a subject */
    size_t parents[MAILS_MAX];
    const char *threads; /* a letter for each mail: the same letter, the same thread */
};

/* clang-format off */
static const struct story stories[] = {
    { "an answer", {{"<1>", {0}, "a"}, {"<2>", {"<1>"}, "b"}}, {NO, 0}, "aa" },
    { "one subject is nothing in common", {{"<1>", {0}, "a"}, {"<2>", {0}, "Re: a"}}, {NO, NO}, "ab" },
    { "the answer came first", {{"<2>", {"<1>"}, "a"}, {"<1>", {0}, "a"}}, {1, NO}, "aa" },
    { "two answers to a mail that is not there", {{"<2>", {"<1>"}, "a"}, {"<3>", {"<1>"}, "a"}}, {NO, NO}, "aa" },
    { "the last reference is the parent", {{"<1>", {0}, "a"}, {"<2>", {"<1>"}, "a"}, {"<3>", {"<1>", "<2>"}, "a"}}, {NO, 0, 1}, "aaa" },
    { "a gap in the references", {{"<1>", {0}, "a"}, {"<3>", {"<1>", "<2>"}, "a"}}, {NO, 0}, "aa" },
    { "two conversations that a third mail joins", {{"<1>", {0}, "a"}, {"<2>", {0}, "b"}, {"<3>", {"<1>", "<2>"}, "c"}}, {NO, 0, 1}, "aaa" },
    { "itself as its parent", {{"<1>", {"<1>"}, "a"}}, {NO}, "a" },
    { "a circle", {{"<1>", {"<2>"}, "a"}, {"<2>", {"<1>"}, "a"}}, {1, NO}, "aa" },
    { "one id twice, nothing else in common", {{"<1>", {0}, "a"}, {"<1>", {0}, "b"}}, {NO, NO}, "ab" },
    { "one id twice, and the second answers the first", {{"<1>", {0}, "a"}, {"<1>", {0}, "Re: a"}}, {NO, 0}, "aa" },
    { "without an id", {{NULL, {0}, "a"}, {"<2>", {0}, "b"}}, {NO, NO}, "ab" },
};
/* clang-format on */

static void
mails_find_their_thread(void **state)
{
    struct fr_arena *arena = fr_arena_new(65536, 16 * 1024 * 1024);
    unsigned wrong = 0;

    (void)state;
    for (size_t s = 0; s < sizeof(stories) / sizeof(stories[0]); s++) {
        struct email_threaded mails[MAILS_MAX];
        size_t count = strlen(stories[s].threads);

        for (size_t i = 0; i < count; i++) {
            const struct mail *mail = &stories[s].mails[i];

            mails[i] = (struct email_threaded){
                .message_id = mail->id,
                .references = (char *const *)(uintptr_t)mail->references,
                .subject = mail->subject,
            };
            while (mail->references[mails[i].reference_count] != NULL)
                mails[i].reference_count++;
        }
        assert_int_equal(email_thread(arena, mails, count), FR_OK);
        for (size_t i = 0; i < count; i++) {
            bool right = mails[i].parent == stories[s].parents[i];

            for (size_t n = 0; n < count; n++)
                right &= (mails[i].root == mails[n].root) ==
                         (stories[s].threads[i] == stories[s].threads[n]);
            if (!right) {
                print_error("%s: mail %zu, parent %zd, root %zu\n", stories[s].claim, i,
                            (ssize_t)mails[i].parent, mails[i].root);
                wrong++;
            }
        }
    }
    fr_arena_free(&arena);
    assert_int_equal(wrong, 0);
}

static void
references_first_and_in_reply_to_only_without_them(void **state)
{
    char *references[] = {"<1>", "<2>", "<3>"}, *in_reply_to[] = {"<8>", "<9>"}, *ids[6];

    (void)state;
    assert_int_equal(email_thread_ids(references, 3, in_reply_to, 2, NULL, ids), 3);
    assert_string_equal(ids[0], "<3>");
    assert_string_equal(ids[2], "<1>");
    assert_int_equal(email_thread_ids(NULL, 0, in_reply_to, 2, NULL, ids), 2);
    assert_string_equal(ids[0], "<8>");
    assert_int_equal(email_thread_ids(references, 3, in_reply_to, 2, "<7>", ids), 4);
    assert_string_equal(ids[0], "<7>");
    assert_string_equal(ids[1], "<3>");
    assert_int_equal(email_thread_ids(NULL, 0, NULL, 0, NULL, ids), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mails_find_their_thread),
        cmocka_unit_test(references_first_and_in_reply_to_only_without_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
