/* child_test.c - a child that does evil costs one mail, and never more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "services/channel_email/child.h"
#include "services/channel_email/child_sandbox.h"
#include "services/channel_email/child_wire.h"

#define GOOD_MAIL "From: ann@mail.example\nSubject: s\n\nHello\n"

static struct fr_arena *arena;
static char self[4096], store_dir[] = "/tmp/filrouge-child-test-XXXXXX";
static bool sandboxed;

/* ---- the evil child: this very program, started as a parser
 * --------------------------------------
 */

static enum fr_error
lie(const struct email_sink *sink, struct fr_arena *memory, Fr__EmailParsed **parsed,
    uint64_t offset, const char *name)
{
    static const uint8_t zeros[EMAIL_SHA256_SIZE];
    static Fr__EmailAttachment attachment, *list[1] = {&attachment};
    Fr__EmailParsed *made = fr_arena_alloc(memory, sizeof(*made));

    fr__email_parsed__init(made);
    fr__email_attachment__init(&attachment);
    sink->write(sink->context, "bytes", 5);
    attachment.name = (char *)(uintptr_t)name;
    attachment.type = (char *)(uintptr_t) "text/plain";
    attachment.size = 5;
    attachment.has_offset = 1;
    attachment.offset = offset;
    attachment.sha256.len = sizeof(zeros);
    attachment.sha256.data = (uint8_t *)(uintptr_t)zeros;
    made->class_ = FR__EMAIL_CLASS__EMAIL_MESSAGE;
    made->attachments = list;
    made->n_attachments = 1;
    *parsed = made;
    return FR_OK;
}

static enum fr_error
tell(const char **why, const char *what)
{
    *why = what;
    return FR_INVALID;
}

static enum fr_error
take_memory(void)
{
    for (;;) {
        char *more = malloc(16 * 1024 * 1024);

        if (more == NULL)
            abort();
        memset(more, 1, 16 * 1024 * 1024);
    }
}

static enum fr_error
evil(struct fr_slice mail, const Fr__EmailOptions *options, const struct email_sink *sink,
     struct fr_arena *memory, Fr__EmailParsed **parsed, const char **why)
{
    char deed[32] = "";

    memcpy(deed, mail.data, mail.size < sizeof(deed) - 1 ? mail.size : sizeof(deed) - 1);
    if (strcmp(deed, "crash") == 0)
        abort();
    if (strcmp(deed, "exit") == 0)
        _exit(3);
    if (strcmp(deed, "hang") == 0)
        for (;;)
            sched_yield();
    if (strcmp(deed, "memory") == 0)
        return take_memory();
    if (strcmp(deed, "open") == 0)
        return tell(why,
                    open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES ? "refused" : "opened");
    if (strcmp(deed, "create") == 0)
        return tell(why, open("/tmp/evil", O_WRONLY | O_CREAT, 0600) < 0 ? "refused" : "created");
    if (strcmp(deed, "socket") == 0)
        return tell(why, socket(AF_INET, SOCK_STREAM, 0) < 0 ? "refused" : "connected");
    if (strcmp(deed, "fork") == 0)
        return tell(why, fork() < 0 ? "refused" : "forked");
    if (strcmp(deed, "code") == 0)
        return tell(why, mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                              0) == MAP_FAILED
                             ? "refused"
                             : "mapped");
    if (strcmp(deed, "parent") == 0)
        return tell(why, kill(getppid(), SIGKILL) < 0 ? "refused" : "killed");
    if (strcmp(deed, "garble") == 0) {
        fr_assert(write(EMAIL_CHILD_SOCKET, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
                        12) == 12);
        return tell(why, "garbled");
    }
    if (strcmp(deed, "wrong hash") == 0)
        return lie(sink, memory, parsed, 0, "a.txt");
    if (strcmp(deed, "outside") == 0)
        return lie(sink, memory, parsed, 1u << 30, "a.txt");
    if (strcmp(deed, "path") == 0)
        return lie(sink, memory, parsed, 0, "../../a.txt");
    return email_parse(mail, options, sink, memory, parsed, why);
}

static int
evil_main(const char *memory_max)
{
    struct email_sandbox sandbox;
    const char *why;

    Fr__EmailParsed *parsed;

    if (strtoull(memory_max, NULL, 10) == 1)
        return 1; /* cannot set itself up */
    arena = fr_arena_new(65536, EMAIL_PARSE_BUDGET);
    if (email_parse(fr_slice_str(GOOD_MAIL), NULL, NULL, arena, &parsed, &why) != FR_OK)
        return 1; /* GMime's own preparations need files */
    if (!email_sandbox_enter(strtoull(memory_max, NULL, 10), &sandbox, &why))
        return 1;
    return email_child_serve(evil);
}

/* ---- the tests
 * -----------------------------------------------------------------------------------
 */

static struct email_child *
child_of(const char *program, struct email_child_config config)
{
    struct email_child *child;

    config.program = program;
    assert_int_equal(email_child_new(&config, &child), FR_OK);
    return child;
}

static enum fr_error
ask(struct email_child *child, const char *mail, struct email_cas *store, const char **why,
    const Fr__EmailParsed **parsed)
{
    *why = "";
    fr_arena_reset(arena);
    return email_child_parse(child, fr_slice_str(mail), NULL, store, arena, parsed, why);
}

struct deed {
    const char *claim, *mail, *why;
    enum fr_error err;
    bool needs_seccomp;
};

/* clang-format off */
static const struct deed deeds[] = {
    { "a crash", "crash", "crashed over it: signal 6", FR_REJECTED, false },
    { "an end", "exit", "exit status 3", FR_REJECTED, false },
    { "more memory than it may have", "memory", "crashed over it", FR_REJECTED, true },
    { "opening a file", "open", "refused", FR_INVALID, true },
    { "making a file", "create", "refused", FR_INVALID, true },
    { "a socket", "socket", "what it may not do", FR_REJECTED, true },
    { "a new process", "fork", "what it may not do", FR_REJECTED, true },
    { "new code", "code", "what it may not do", FR_REJECTED, true },
    { "a signal to the service", "parent", "what it may not do", FR_REJECTED, true },
    { "an answer that is none", "garble", "", FR_REJECTED, false },
    { "an attachment that is not what it says", "wrong hash", "not what it named", FR_REJECTED, false },
    { "an attachment outside of what was handed over", "outside", "cannot be of an attachment", FR_REJECTED, false },
    { "an attachment with a path", "path", "cannot be of an attachment", FR_REJECTED, false },
};
/* clang-format on */

static void
evil_costs_one_mail(void **state)
{
    struct email_child *child = child_of(self, (struct email_child_config){0});
    const Fr__EmailParsed *parsed;
    struct email_cas *store;
    const char *why;
    uint64_t mails = 0;

    (void)state;
    assert_int_equal(email_cas_open(store_dir, &store), FR_OK);
    for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
        if (deeds[i].needs_seccomp && !sandboxed)
            continue;
        assert_int_equal(ask(child, GOOD_MAIL, store, &why, &parsed), FR_OK);
        assert_int_equal(ask(child, deeds[i].mail, store, &why, &parsed), deeds[i].err);
        if (strstr(why, deeds[i].why) == NULL)
            fail_msg("%s: %s", deeds[i].claim, why);
        assert_int_equal(ask(child, GOOD_MAIL, store, &why, &parsed), FR_OK);
        assert_string_equal(parsed->visible, "Hello");
        mails += 3;
    }
    assert_int_equal(email_child_figures(child).mails, mails);
    email_cas_close(&store);
    email_child_free(&child);
}

/* A child of its own, so that a slow machine is not taken for an evil mail. */
static void
a_loop_without_end_ends(void **state)
{
    struct email_child *child =
        child_of(self, (struct email_child_config){.time_max = fr_millis(500)});
    const Fr__EmailParsed *parsed;
    const char *why;

    (void)state;
    assert_int_equal(ask(child, "hang", NULL, &why, &parsed), FR_REJECTED);
    assert_non_null(strstr(why, "too long"));
    assert_int_equal(email_child_figures(child).crashes, 1);
    email_child_free(&child);
}

static void
one_that_cannot_start_is_not_the_mails_fault(void **state)
{
    struct email_child *child = child_of("/nowhere/parser", (struct email_child_config){0});
    const Fr__EmailParsed *parsed;
    const char *why;

    (void)state;
    assert_int_equal(ask(child, GOOD_MAIL, NULL, &why, &parsed), FR_IO);
    assert_non_null(strstr(why, "cannot be started"));
    email_child_free(&child);
    child = child_of(self, (struct email_child_config){.memory_max = 1});
    assert_int_equal(ask(child, GOOD_MAIL, NULL, &why, &parsed), FR_IO);
    assert_non_null(strstr(why, "cannot work here"));
    assert_int_equal(email_child_figures(child).crashes, 0);
    email_child_free(&child);
}

static void
replaced_after_so_many_mails(void **state)
{
    struct email_child *child = child_of(self, (struct email_child_config){.mails_max = 3});
    const Fr__EmailParsed *parsed;
    const char *why;

    (void)state;
    for (int i = 0; i < 10; i++)
        assert_int_equal(ask(child, GOOD_MAIL, NULL, &why, &parsed), FR_OK);
    assert_int_equal(email_child_figures(child).starts, 4);
    assert_int_equal(email_child_figures(child).crashes, 0);
    email_child_free(&child);
}

static void
replaced_when_it_grew(void **state)
{
    struct email_child *child = child_of(self, (struct email_child_config){.resident_max = 4096});
    const Fr__EmailParsed *parsed;
    const char *why;

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(ask(child, GOOD_MAIL, NULL, &why, &parsed), FR_OK);
    assert_int_equal(email_child_figures(child).starts, 3);
    assert_true(email_child_figures(child).resident_peak > 4096);
    email_child_free(&child);
}

static char *
real_parser(void)
{
    static char path[4096];
    const char *build = getenv("FR_BUILD_DIR");

    snprintf(path, sizeof(path), "%s/bin/filrouge-email-parser", build == NULL ? "build" : build);
    if (access(path, X_OK) != 0) {
        print_message("skipped: %s is not built\n", path);
        skip();
    }
    return path;
}

static void
attachments_are_in_the_store_when_it_returns(void **state)
{
    static const char mail[] =
        "From: ann@mail.example\nContent-Type: multipart/mixed; boundary=b\n\n"
        "--b\n\nSee it.\n--b\nContent-Type: image/png; name=\"../p.png\"\n"
        "Content-Transfer-Encoding: base64\n\niVBORw0KGgo=\n--b\n"
        "Content-Type: application/octet-stream\n\nabc\n--b--\n";
    struct email_child *child = child_of(real_parser(), (struct email_child_config){0});
    const Fr__EmailParsed *parsed;
    struct email_cas *store;
    const char *why;
    uint64_t size;
    char bytes[16];
    int fd;

    (void)state;
    assert_int_equal(email_cas_open(store_dir, &store), FR_OK);
    assert_int_equal(ask(child, mail, store, &why, &parsed), FR_OK);
    assert_int_equal(parsed->n_attachments, 2);
    assert_string_equal(parsed->attachments[0]->name, "p.png");
    assert_string_equal(parsed->attachments[0]->type, "image/png");
    assert_int_equal(parsed->attachments[0]->size, 8);
    assert_int_equal(email_cas_get(store, parsed->attachments[1]->sha256.data, &fd, &size), FR_OK);
    assert_int_equal(size, 3);
    assert_int_equal(read(fd, bytes, sizeof(bytes)), 3);
    assert_memory_equal(bytes, "abc", 3);
    close(fd);
    email_cas_close(&store);
    email_child_free(&child);
}

static void
converters_work_without_files(void **state)
{
    static const char mail[] = "From: ann@mail.example\nSubject: =?koi8-r?Q?=F0?= =?gb2312?B?xOM=?="
                               " =?shift_jis?B?g2M=?= =?euc-kr?B?vsg=?= =?big5?B?p0E=?=\n"
                               "Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$B-!\x1b(B\n";
    struct email_child *child = child_of(real_parser(), (struct email_child_config){0});
    const Fr__EmailParsed *parsed;
    const char *why;

    (void)state;
    assert_int_equal(ask(child, mail, NULL, &why, &parsed), FR_OK);
    assert_string_equal(parsed->subject, "П你ツ안你");
    assert_string_equal(parsed->visible, "①");
    email_child_free(&child);
}

/* The largest mail there may be, in one attachment: the child stays within its memory. */
static void
the_largest_mail_fits(void **state)
{
    static const char head[] = "From: ann@mail.example\nContent-Type: application/octet-stream\n"
                               "Content-Transfer-Encoding: base64\n\n";
    struct email_child *child = child_of(real_parser(), (struct email_child_config){0});
    char *mail = malloc(EMAIL_SIZE_MAX + 1);
    const Fr__EmailParsed *parsed;
    const char *why = "";

    (void)state;
    memset(mail, 'A', EMAIL_SIZE_MAX + 1);
    for (size_t i = 76; i < EMAIL_SIZE_MAX; i += 77)
        mail[i] = '\n';
    memcpy(mail, head, sizeof(head) - 1);
    fr_arena_reset(arena);
    assert_int_equal(
        email_child_parse(child, fr_slice(mail, EMAIL_SIZE_MAX), NULL, NULL, arena, &parsed, &why),
        FR_OK);
    assert_true(parsed->attachments[0]->size > EMAIL_SIZE_MAX / 4 * 2);
    assert_int_equal(email_child_parse(child, fr_slice(mail, EMAIL_SIZE_MAX + 1), NULL, NULL, arena,
                                       &parsed, &why),
                     FR_TOO_BIG);
    if (sandboxed)
        assert_true(email_child_figures(child).resident_peak < 64u * 1024 * 1024);
    free(mail);
    email_child_free(&child);
}

static int
setup(void **state)
{
    struct email_sandbox sandbox = {.seccomp = true};

    (void)state;
    (void)sandbox;
#if defined(__SANITIZE_ADDRESS__)
    sandboxed = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
    sandboxed = false;
#else
    sandboxed = true;
#endif
#else
    sandboxed = true;
#endif
    arena = fr_arena_new(65536, 2 * EMAIL_PARSE_BUDGET);
    return readlink("/proc/self/exe", self, sizeof(self) - 1) <= 0 || mkdtemp(store_dir) == NULL;
}

static int
teardown(void **state)
{
    char command[sizeof(store_dir) + 16];

    (void)state;
    fr_arena_free(&arena);
    snprintf(command, sizeof(command), "rm -r %s", store_dir);
    return system(command);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evil_costs_one_mail),
        cmocka_unit_test(a_loop_without_end_ends),
        cmocka_unit_test(one_that_cannot_start_is_not_the_mails_fault),
        cmocka_unit_test(replaced_after_so_many_mails),
        cmocka_unit_test(replaced_when_it_grew),
        cmocka_unit_test(attachments_are_in_the_store_when_it_returns),
        cmocka_unit_test(converters_work_without_files),
        cmocka_unit_test(the_largest_mail_fits),
    };

    if (argc == 2)
        return evil_main(argv[1]);
    return cmocka_run_group_tests(tests, setup, teardown);
}
