/* child_sandbox.c - limits, Landlock (landlock(7)), then seccomp (seccomp_rule_add(3)), in this
 * order, because each needs system calls that the next one takes away.
 */
#include "services/channel_email/child_sandbox.h"

#include <errno.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILE_SIZE_MAX (64u * 1024 * 1024) /* bytes that one descriptor may be filled to */

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static bool
limit(int what, rlim_t value)
{
    struct rlimit both = {value, value};

    return setrlimit((__rlimit_resource_t)what, &both) == 0;
}

/* A ruleset that handles every kind of access and allows none. */
static bool
landlock(void)
{
    struct landlock_ruleset_attr rules = {
        .handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                             LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
                             LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                             LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
                             LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                             LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                             LANDLOCK_ACCESS_FS_MAKE_SYM,
    };
    int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0);
    bool on = fd >= 0 && syscall(SYS_landlock_restrict_self, fd, 0) == 0;

    if (fd >= 0)
        close(fd);
    return on;
}

/* New memory that could be executed would be a way back in. */
static int
allow_memory(scmp_filter_ctx filter)
{
    struct scmp_arg_cmp no_code = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    int failed = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, &no_code);

    failed |= seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, &no_code);
    return failed;
}

static bool
filter_calls(void)
{
    static const int allowed[] = {
        SCMP_SYS(read),          SCMP_SYS(write),           SCMP_SYS(pread64),
        SCMP_SYS(pwrite64),      SCMP_SYS(writev),          SCMP_SYS(recvmsg),
        SCMP_SYS(sendmsg),       SCMP_SYS(recvfrom),        SCMP_SYS(sendto),
        SCMP_SYS(munmap),        SCMP_SYS(mremap),          SCMP_SYS(brk),
        SCMP_SYS(madvise),       SCMP_SYS(futex),           SCMP_SYS(exit),
        SCMP_SYS(exit_group),    SCMP_SYS(rt_sigreturn),    SCMP_SYS(rt_sigprocmask),
        SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday),    SCMP_SYS(getrandom),
        SCMP_SYS(lseek),         SCMP_SYS(close),           SCMP_SYS(fstat),
        SCMP_SYS(getpid),        SCMP_SYS(gettid),          SCMP_SYS(sched_yield),
        SCMP_SYS(setitimer),     SCMP_SYS(restart_syscall),
    };
    static const int refused[] = {SCMP_SYS(openat), SCMP_SYS(open),   SCMP_SYS(newfstatat),
                                  SCMP_SYS(stat),   SCMP_SYS(access), SCMP_SYS(readlink),
                                  SCMP_SYS(ioctl)};
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int failed = filter == NULL ? -1 : allow_memory(filter);

    for (size_t i = 0; failed == 0 && i < sizeof(allowed) / sizeof(allowed[0]); i++)
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    /* the C library looks for files it can do without */
    for (size_t i = 0; failed == 0 && i < sizeof(refused) / sizeof(refused[0]); i++)
        failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), refused[i], 0);
    /* abort() */
    if (failed == 0)
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                                  SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
    if (failed == 0)
        failed = seccomp_load(filter);
    if (filter != NULL)
        seccomp_release(filter);
    return failed == 0;
}

bool
email_sandbox_enter(size_t memory_max, struct email_sandbox *sandbox, const char **why)
{
    *sandbox = (struct email_sandbox){false, !SANITIZED};
    *why = "the limits of the process could not be set";
    if (!limit(RLIMIT_CORE, 0) || !limit(RLIMIT_FSIZE, FILE_SIZE_MAX) ||
        (!SANITIZED && !limit(RLIMIT_AS, memory_max)))
        return false;
    *why = "new privileges could not be given up";
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return false;
    sandbox->landlock = landlock();
    *why = "the seccomp filter could not be loaded";
    return !sandbox->seccomp || filter_calls();
}
