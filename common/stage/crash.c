/* crash.c - did we crash, or were we killed?  And at which record?
 *
 * Who is killed from outside (kill -9, a power cut, the kernel short of memory) may die at the same
 * innocent input again and again, when he does not live long enough to get past it.  So a crash of
 * our own leaves a file, and only then is the input under way suspected after FR_ATTEMPT_MAX tries.
 * Everything here may be called from a signal's handler.
 */
#include "common/stage/process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define STACK_SIZE (64u << 10)

static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
#define SIGNAL_COUNT (sizeof(signals) / sizeof(signals[0]))

static struct sigaction before[SIGNAL_COUNT]; /* a sanitizer's, or the default */
static char path[600];                        /* of the file; "": none is left */
static volatile uint64_t replayed_seq;
static volatile uint32_t replayed_kind;

static void
say(const char *text)
{
    ssize_t written = write(STDERR_FILENO, text, strlen(text));

    (void)written;
}

static void
say_number(uint64_t number)
{
    char digits[24];
    size_t at = sizeof(digits) - 1;

    digits[at] = '\0';
    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    say(digits + at);
}

/* Applying it again will crash again: whoever reads the log must know which record it is. */
static void
name_record(void)
{
    say("{\"level\":\"error\",\"verb\":\"apply_crashed\",\"seq\":\"");
    say_number(replayed_seq);
    say("\",\"kind\":\"");
    say_number(replayed_kind);
    say("\",\"next\":\"an older or newer program may apply it; else restore a backup, or take a "
        "standby, from before it\"}\n");
}

static void
crashed(int number)
{
    if (replayed_seq != 0)
        name_record();
    if (path[0] != '\0') {
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        if (fd >= 0)
            fsync(fd);
    }
    for (size_t i = 0; i < SIGNAL_COUNT; i++)
        if (signals[i] == number)
            sigaction(number, &before[i], NULL);
    raise(number); /* delivered when we return */
}

void
fr_crash_watch(void)
{
    static char stack[STACK_SIZE]; /* the other one may be what overflowed */
    const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
    struct sigaction action = {.sa_handler = crashed, .sa_flags = SA_ONSTACK};

    sigaltstack(&alternate, NULL);
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < SIGNAL_COUNT; i++)
        sigaction(signals[i], &action, &before[i]);
}

bool
fr_crash_was_ours(const char *state_dir)
{
    snprintf(path, sizeof(path), "%s/crashed", state_dir);
    return unlink(path) == 0;
}

void
fr_crash_replaying(uint64_t seq, uint32_t kind)
{
    replayed_kind = kind;
    replayed_seq = seq;
}
