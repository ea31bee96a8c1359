/* child.c - the parent's side: starts the child, asks it, believes nothing, replaces it. */
#include "services/channel_email/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/stage/stage.h"
#include "services/channel_email/charset_text.h"
#include "services/channel_email/child_wire.h"

#define MEMORY_MAX ((size_t)256 * 1024 * 1024)
#define RESIDENT_MAX ((size_t)96 * 1024 * 1024)
#define TIME_MAX_S 20
#define MAILS_MAX 1000
#define SPOOL_EXTRA                                                                                \
    (1024u * 1024) /* decoded attachments are shorter than the mail; nearly always */

struct email_child {
    struct email_child_config config;
    char program[4096];
    pid_t pid; /* 0: none runs */
    int socket;
    unsigned mails; /* of this process */
    struct email_child_figures figures;
};

static void
stop(struct email_child *child)
{
    if (child->pid == 0)
        return;
    close(child->socket);
    kill(child->pid, SIGKILL);
    while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    child->pid = 0;
}

/* Beside the running program. */
static bool
find_program(struct email_child *child)
{
    ssize_t size;
    char *slash;

    if (child->config.program != NULL)
        return snprintf(child->program, sizeof(child->program), "%s", child->config.program) <
               (int)sizeof(child->program);
    size = readlink("/proc/self/exe", child->program, sizeof(child->program) - 64);
    if (size <= 0)
        return false;
    child->program[size] = '\0';
    slash = strrchr(child->program, '/');
    strcpy(slash == NULL ? child->program : slash + 1, "filrouge-email-parser");
    return true;
}

enum fr_error
email_child_new(const struct email_child_config *config, struct email_child **child)
{
    struct email_child *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return FR_NO_MEMORY;
    made->config = *config;
    if (made->config.memory_max == 0)
        made->config.memory_max = MEMORY_MAX;
    if (made->config.resident_max == 0)
        made->config.resident_max = RESIDENT_MAX;
    if (made->config.time_max.us == 0)
        made->config.time_max = fr_seconds(TIME_MAX_S);
    if (made->config.mails_max == 0)
        made->config.mails_max = MAILS_MAX;
    if (!find_program(made)) {
        free(made);
        return FR_IO;
    }
    *child = made;
    return FR_OK;
}

void
email_child_free(struct email_child **child)
{
    if (*child == NULL)
        return;
    stop(*child);
    free(*child);
    *child = NULL;
}

struct email_child_figures
email_child_figures(const struct email_child *child)
{
    return child->figures;
}

/* posix_spawn and not fork: the service has threads, and a lot of memory. */
static enum fr_error
start(struct email_child *child, const char **why)
{
    posix_spawn_file_actions_t actions;
    char memory[32], *argv[] = {child->program, memory, NULL}, *none[] = {NULL};
    int pair[2], failed;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        *why = "no socket for the mail parser";
        return FR_IO;
    }
    snprintf(memory, sizeof(memory), "%zu", child->config.memory_max);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    if (pair[1] == EMAIL_CHILD_SOCKET) /* dup2 onto itself would leave it close-on-exec */
        fcntl(pair[1], F_SETFD, 0);
    else
        posix_spawn_file_actions_adddup2(&actions, pair[1], EMAIL_CHILD_SOCKET);
    failed = posix_spawn(&child->pid, child->program, &actions, NULL, argv, none);
    posix_spawn_file_actions_destroy(&actions);
    close(pair[1]);
    if (failed != 0) {
        close(pair[0]);
        child->pid = 0;
        *why = "filrouge-email-parser cannot be started: is it installed beside this program?";
        return FR_IO;
    }
    child->socket = pair[0];
    child->mails = 0;
    child->figures.starts++;
    return FR_OK;
}

struct asking {      /* one mail under way */
    int mail, spool; /* memory files */
    size_t spool_size;
    struct fr_span deadline;
    struct fr_arena *arena;
};

static bool
write_file(int fd, struct fr_slice bytes)
{
    const char *at = bytes.data;

    while (bytes.size > 0) {
        ssize_t done = write(fd, at, bytes.size);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return false;
        at += done;
        bytes.size -= (size_t)done;
    }
    return true;
}

/* Sealed: the child cannot change what it was given, nor write more than there is room. */
static enum fr_error
prepare(struct asking *asking, struct fr_slice mail, const char **why)
{
    asking->spool_size = mail.size + SPOOL_EXTRA;
    asking->mail = memfd_create("mail", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    asking->spool = memfd_create("attachments", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (asking->mail >= 0 && asking->spool >= 0 && write_file(asking->mail, mail) &&
        fcntl(asking->mail, F_ADD_SEALS,
              F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0 &&
        ftruncate(asking->spool, (off_t)asking->spool_size) == 0 &&
        fcntl(asking->spool, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW) == 0)
        return FR_OK;
    *why = "no memory to hand the mail to the parser";
    return FR_IO;
}

static void
release(struct asking *asking)
{
    if (asking->mail >= 0)
        close(asking->mail);
    if (asking->spool >= 0)
        close(asking->spool);
}

/* Ready for `events`, before the time is over? */
static bool
wait_for(const struct email_child *child, const struct asking *asking, short events)
{
    struct pollfd poll_for = {.fd = child->socket, .events = events};

    for (;;) {
        int64_t left = asking->deadline.us - fr_time_monotonic().us;
        int ready = left <= 0 ? 0 : poll(&poll_for, 1, (int)(left / 1000) + 1);

        if (ready > 0)
            return true;
        if (ready == 0 || errno != EINTR)
            return false;
    }
}

static bool
send_all(struct email_child *child, const struct asking *asking, const void *data, size_t size)
{
    const char *at = data;

    while (size > 0) {
        ssize_t done;

        if (!wait_for(child, asking, POLLOUT))
            return false;
        done = send(child->socket, at, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (done < 0 && errno != EINTR && errno != EAGAIN)
            return false;
        at += done < 0 ? 0 : done;
        size -= done < 0 ? 0 : (size_t)done;
    }
    return true;
}

static bool
receive_all(struct email_child *child, const struct asking *asking, void *data, size_t size)
{
    char *at = data;

    while (size > 0) {
        ssize_t got;

        if (!wait_for(child, asking, POLLIN))
            return false;
        got = recv(child->socket, at, size, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
            return false;
        at += got < 0 ? 0 : got;
        size -= got < 0 ? 0 : (size_t)got;
    }
    return true;
}

static bool
send_request(struct email_child *child, const struct asking *asking, size_t mail_size,
             const Fr__EmailOptions *options)
{
    static const Fr__EmailOptions nothing = FR__EMAIL_OPTIONS__INIT;
    const Fr__EmailOptions *given = options == NULL ? &nothing : options;
    size_t options_size = fr__email_options__get_packed_size(given);
    uint8_t *packed = fr_arena_alloc(asking->arena, options_size + 1);
    struct email_child_request request = {
        .mail_size = mail_size,
        .options_size = (uint32_t)options_size,
        .time_max_s = (uint32_t)(child->config.time_max.us / 1000000) + 1,
    };
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(2 * sizeof(int))];
    } control = {0};
    struct iovec iov = {&request, sizeof(request)};
    struct msghdr message = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    int fds[2] = {asking->mail, asking->spool};

    if (packed == NULL || options_size > EMAIL_CHILD_OPTIONS_MAX)
        return false;
    fr__email_options__pack(given, packed);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(fds));
    memcpy(CMSG_DATA(head), fds, sizeof(fds));
    return sendmsg(child->socket, &message, MSG_NOSIGNAL) == (ssize_t)sizeof(request) &&
           send_all(child, asking, packed, options_size);
}

/* Why did it not answer?  It is waited for, and gone after this.  One that ends of its own accord
 * before its first mail could not set itself up: FR_IO, and not the mail's fault. */
static enum fr_error
post_mortem(struct email_child *child, const struct asking *asking, const char **why)
{
    bool late = fr_time_monotonic().us >= asking->deadline.us;
    int status = 0;

    if (late)
        kill(child->pid, SIGKILL);
    close(child->socket);
    for (int i = 0; i < 100 && !late && waitpid(child->pid, &status, WNOHANG) == 0; i++)
        usleep(1000); /* the socket closes a moment before the process ends */
    if (status == 0) {
        kill(child->pid, SIGKILL);
        while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
            ;
    }
    child->pid = 0;
    if (!late && WIFEXITED(status) && WEXITSTATUS(status) != 0 && child->mails == 0) {
        *why = "filrouge-email-parser cannot work here: its message is on standard error";
        return FR_IO;
    }
    child->figures.crashes++;
    if (late || (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM))
        *why = "the parser needed too long for it";
    else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        *why = "the parser tried what it may not do";
    else if (WIFSIGNALED(status))
        *why = fr_arena_printf(asking->arena, "the parser crashed over it: signal %d, %s",
                               WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        *why = fr_arena_printf(asking->arena, "the parser ended over it: exit status %d",
                               WEXITSTATUS(status));
    if (*why == NULL)
        *why = "the parser crashed over it";
    return FR_REJECTED;
}

/* How much memory it has now, and had at most (proc_pid_status(5)). */
static size_t
resident(struct email_child *child)
{
    char path[64], line[256];
    size_t now = 0, peak = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)child->pid);
    file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0)
            peak = strtoull(line + 6, NULL, 10) * 1024;
        if (strncmp(line, "VmRSS:", 6) == 0)
            now = strtoull(line + 6, NULL, 10) * 1024;
    }
    if (file != NULL)
        fclose(file);
    if (peak > child->figures.resident_peak)
        child->figures.resident_peak = peak;
    return now;
}

/* What no honest child would say. */
static const char *
lie_in(const Fr__EmailParsed *parsed, size_t spool_size)
{
    for (size_t i = 0; i < parsed->n_attachments; i++) {
        const Fr__EmailAttachment *one = parsed->attachments[i];

        if (one->sha256.len != EMAIL_SHA256_SIZE || one->offset > spool_size ||
            one->size > spool_size - one->offset || one->name[0] == '\0' ||
            strchr(one->name, '/') != NULL)
            return "the parser said what cannot be of an attachment";
    }
    return NULL;
}

static enum fr_error
store_all(const struct asking *asking, const Fr__EmailParsed *parsed, struct email_cas *store,
          const char **why)
{
    for (size_t i = 0; store != NULL && i < parsed->n_attachments; i++) {
        const Fr__EmailAttachment *one = parsed->attachments[i];
        enum fr_error err =
            email_cas_put_file(store, asking->spool, one->offset, one->size, one->sha256.data);

        if (err == FR_CORRUPT) {
            *why = "the parser gave an attachment that is not what it named";
            return FR_REJECTED;
        }
        if (err != FR_OK) {
            *why = err == FR_FULL ? "the attachment store is full"
                                  : "the attachment store cannot be written";
            return err;
        }
    }
    return FR_OK;
}

static enum fr_error
take_answer(struct email_child *child, const struct asking *asking, struct email_cas *store,
            const Fr__EmailParsed **parsed, const char **why)
{
    struct email_child_answer answer;
    const Fr__EmailParsed *said;
    enum fr_error err;
    char *text;

    if (!receive_all(child, asking, &answer, sizeof(answer)) ||
        answer.why_size > EMAIL_CHILD_WHY_MAX || answer.parsed_size > EMAIL_PARSED_MAX)
        goto broken; /* post_mortem ends a child that talks nonsense, too */
    text = fr_arena_alloc(asking->arena, answer.why_size + answer.parsed_size + 1);
    if (text == NULL || !receive_all(child, asking, text, answer.why_size + answer.parsed_size))
        goto broken;
    if (answer.err != FR_OK) {
        *why = email_utf8_clean(asking->arena, fr_slice(text, answer.why_size), EMAIL_CHILD_WHY_MAX,
                                NULL);
        return answer.err == FR_TOO_BIG || answer.err == FR_INVALID || answer.err == FR_NO_MEMORY
                   ? (enum fr_error)answer.err
                   : FR_REJECTED;
    }
    said = fr_unpack_in(asking->arena, &fr__email_parsed__descriptor,
                        fr_slice(text, answer.parsed_size));
    *why = said == NULL ? "the parser's answer does not decode" : lie_in(said, asking->spool_size);
    if (*why != NULL)
        return FR_REJECTED;
    err = store_all(asking, said, store, why);
    if (err == FR_OK)
        *parsed = said;
    return err;
broken:
    return post_mortem(child, asking, why);
}

enum fr_error
email_child_parse(struct email_child *child, struct fr_slice mail, const Fr__EmailOptions *options,
                  struct email_cas *store, struct fr_arena *arena, const Fr__EmailParsed **parsed,
                  const char **why)
{
    struct asking asking = {.mail = -1, .spool = -1, .arena = arena};
    enum fr_error err;

    if (mail.size > EMAIL_SIZE_MAX) {
        *why = "a mail of more than 25 MiB";
        return FR_TOO_BIG;
    }
    err = child->pid == 0 ? start(child, why) : FR_OK;
    if (err == FR_OK)
        err = prepare(&asking, mail, why);
    if (err == FR_OK) {
        asking.deadline.us = fr_time_monotonic().us + child->config.time_max.us;
        child->figures.mails++;
        if (send_request(child, &asking, mail.size, options)) {
            err = take_answer(child, &asking, store, parsed, why);
        } else {
            err = post_mortem(child, &asking, why);
        }
    }
    release(&asking);
    if (child->pid != 0 && (err == FR_REJECTED || ++child->mails >= child->config.mails_max ||
                            resident(child) > child->config.resident_max))
        stop(child);
    return err;
}
