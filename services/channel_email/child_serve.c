/* child_serve.c - the child's loop: a mail comes in, its EmailParsed goes out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include "services/channel_email/child_wire.h"

#define ARENA_BLOCK (1024u * 1024)

struct task { /* one request with what came along */
    struct email_child_request request;
    int mail_fd, spool_fd;
    struct fr_slice mail;
    const Fr__EmailOptions *options;
};

static bool
read_all(void *data, size_t size)
{
    char *at = data;

    while (size > 0) {
        ssize_t got = read(EMAIL_CHILD_SOCKET, at, size);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += got;
        size -= (size_t)got;
    }
    return true;
}

static bool
write_all(int fd, const void *data, size_t size)
{
    const char *at = data;

    while (size > 0) {
        ssize_t done = write(fd, at, size);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return false;
        at += done;
        size -= (size_t)done;
    }
    return true;
}

static bool
receive(struct task *task)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(2 * sizeof(int))];
    } control;
    struct iovec iov = {&task->request, sizeof(task->request)};
    struct msghdr message = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    struct cmsghdr *head;
    int fds[2];

    if (recvmsg(EMAIL_CHILD_SOCKET, &message, MSG_WAITALL) != (ssize_t)sizeof(task->request))
        return false;
    head = CMSG_FIRSTHDR(&message);
    if (head == NULL || head->cmsg_type != SCM_RIGHTS || head->cmsg_len != CMSG_LEN(sizeof(fds)))
        return false;
    memcpy(fds, CMSG_DATA(head), sizeof(fds));
    task->mail_fd = fds[0];
    task->spool_fd = fds[1];
    return true;
}

static bool
read_options(struct task *task, struct fr_arena *arena)
{
    uint8_t *bytes;

    if (task->request.options_size > EMAIL_CHILD_OPTIONS_MAX)
        return false;
    bytes = fr_arena_alloc(arena, task->request.options_size + 1);
    if (bytes == NULL || !read_all(bytes, task->request.options_size))
        return false;
    task->options = fr__email_options__unpack(NULL, task->request.options_size, bytes);
    return task->options != NULL;
}

static enum fr_error
spool(void *context, const void *data, size_t size)
{
    const struct task *task = context;

    return write_all(task->spool_fd, data, size) ? FR_OK : FR_IO;
}

static bool
answer(enum fr_error err, const char *why, const Fr__EmailParsed *parsed, struct fr_arena *arena)
{
    struct email_child_answer head = {.err = (uint32_t)err};
    uint8_t *packed = NULL;

    if (err == FR_OK) {
        size_t size = fr__email_parsed__get_packed_size(parsed);

        packed = size > EMAIL_PARSED_MAX ? NULL : fr_arena_alloc(arena, size);
        if (packed == NULL) {
            head.err = FR_TOO_BIG;
            why = "what the mail says is too long to be handed on";
        } else {
            head.parsed_size = (uint32_t)fr__email_parsed__pack(parsed, packed);
        }
    }
    if (head.err != FR_OK)
        head.why_size = (uint32_t)strnlen(why, EMAIL_CHILD_WHY_MAX);
    return write_all(EMAIL_CHILD_SOCKET, &head, sizeof(head)) &&
           write_all(EMAIL_CHILD_SOCKET, why, head.why_size) &&
           write_all(EMAIL_CHILD_SOCKET, packed, head.parsed_size);
}

static void
set_timer(unsigned seconds)
{
    struct itimerval timer = {.it_value.tv_sec = seconds};

    setitimer(ITIMER_REAL, &timer, NULL);
}

static bool
serve_one(struct task *task, email_child_work *work, struct fr_arena *arena)
{
    struct email_sink sink = {spool, task};
    void *mapped = task->request.mail_size == 0 ? NULL
                                                : mmap(NULL, task->request.mail_size, PROT_READ,
                                                       MAP_PRIVATE, task->mail_fd, 0);
    Fr__EmailParsed *parsed = NULL;
    const char *why = "";
    enum fr_error err;
    bool told;

    if (mapped == MAP_FAILED)
        return answer(FR_NO_MEMORY, "the mail does not fit into memory", NULL, arena);
    task->mail = fr_slice(mapped, task->request.mail_size);
    set_timer(task->request.time_max_s);
    err = work(task->mail, task->options, &sink, arena, &parsed, &why);
    set_timer(0);
    told = answer(err, why, parsed, arena);
    if (mapped != NULL)
        munmap(mapped, task->request.mail_size);
    return told;
}

int
email_child_serve(email_child_work *work)
{
    struct fr_arena *arena = fr_arena_new(ARENA_BLOCK, EMAIL_PARSE_BUDGET);
    struct task task = {0};
    bool going = arena != NULL;

    while (going && receive(&task)) {
        fr_arena_reset(arena);
        going = read_options(&task, arena) && serve_one(&task, work, arena);
        if (task.options != NULL)
            fr__email_options__free_unpacked((Fr__EmailOptions *)(uintptr_t)task.options, NULL);
        close(task.mail_fd);
        close(task.spool_fd);
        task = (struct task){0};
    }
    fr_arena_free(&arena);
    return 0;
}
