/* child.c - one supervised service: its process, its log, when it is started again. */
#include "services/fil/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>
#include "services/fil/ask.h"

#define STATUS_LOCKED 75 /* another process runs on its state (common/stage/main.c) */

void
fil_child_init(struct fil_child *child, const struct fil_service *service, const char *program,
               int64_t now_us)
{
    memset(child, 0, sizeof(*child));
    child->service = *service;
    snprintf(child->program, sizeof(child->program), "%s", program);
    child->log = -1;
    child->start_us = now_us;
}

/* ---- starting ---- */

/* It must not outlive us: a second `fil up` would find its state taken. */
static _Noreturn void
become(const struct fil_child *child, const char *config, int log, pid_t parent)
{
    int null = open("/dev/null", O_RDONLY);
    sigset_t none;

    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(0);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    dup2(null, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    execl(child->program, child->program, "--config", config, (char *)NULL);
    dprintf(STDERR_FILENO, "%s: %s\n", child->program, strerror(errno));
    _exit(127);
}

static void
wait_for_another_start(struct fil_child *child, int64_t now_us)
{
    struct fr_span lived = {now_us - child->started_us};

    child->state = FIL_CHILD_WAITING;
    child->start_us = now_us + fil_backoff_ended(&child->backoff, lived).us;
}

enum fr_error
fil_child_start(struct fil_child *child, const char *config, int64_t now_us)
{
    pid_t parent = getpid();
    int log[2];

    child->started_us = now_us;
    if (pipe2(log, O_CLOEXEC) != 0)
        goto failed;
    child->pid = fork();
    if (child->pid == 0)
        become(child, config, log[1], parent);
    close(log[1]);
    if (child->pid < 0) {
        close(log[0]);
        goto failed;
    }
    fcntl(log[0], F_SETFL, O_NONBLOCK);
    if (child->log >= 0) /* what its predecessor's helpers still hold open is of no use */
        close(child->log);
    child->log = log[0];
    child->line_size = 0;
    child->state = FIL_CHILD_RUNNING;
    child->ready = false;
    return FR_OK;
failed:
    fr_log(FR_ERROR, "start_failed", "child=%s error=\"%s\"", child->service.journal,
           strerror(errno));
    child->pid = 0;
    wait_for_another_start(child, now_us);
    return FR_IO;
}

/* ---- its log ---- */

static void
say_line(struct fil_child *child, struct fil_logline_style style)
{
    if (child->line_size > 0)
        fil_logline(stderr, fr_slice(child->line, child->line_size), child->service.journal,
                    fr_time_wall().unix_us, style);
    child->line_size = 0;
    child->line_too_long = false;
}

static void
take_log(struct fil_child *child, const char *bytes, size_t size, struct fil_logline_style style)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == '\n')
            say_line(child, style);
        else if (child->line_size < sizeof(child->line))
            child->line[child->line_size++] = bytes[i];
    }
}

bool
fil_child_read_log(struct fil_child *child, struct fil_logline_style style)
{
    char bytes[16384];
    ssize_t n;

    while ((n = read(child->log, bytes, sizeof(bytes))) > 0)
        take_log(child, bytes, (size_t)n, style);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    say_line(child, style);
    close(child->log);
    child->log = -1;
    return false;
}

/* ---- its end ---- */

/* Would it refuse its configuration again?  Its own words about it are in the log already. */
static bool
refuses_configuration(const struct fil_child *child, const char *config)
{
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);

        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execl(child->program, child->program, "--check", "--config", config, (char *)NULL);
        _exit(127);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

static void
say_how_it_ended(const struct fil_child *child, int status, struct fr_span again)
{
    char wait[FR_TIME_TEXT_SIZE];

    fr_span_format(again, wait);
    if (WIFSIGNALED(status))
        fr_log(FR_ERROR, "child_killed", "child=%s signal=%s again_in=%s", child->service.journal,
               sigabbrev_np(WTERMSIG(status)), wait);
    else if (WEXITSTATUS(status) == STATUS_LOCKED)
        fr_log(FR_ERROR, "child_locked",
               "child=%s why=\"another process runs on its state\" again_in=%s",
               child->service.journal, wait);
    else
        fr_log(FR_ERROR, "child_ended", "child=%s status=%d again_in=%s", child->service.journal,
               WEXITSTATUS(status), wait);
}

void
fil_child_ended(struct fil_child *child, int status, const char *config, int64_t now_us,
                bool draining)
{
    bool was_ready = child->ready;

    child->pid = 0;
    child->ready = false;
    fil_child_stop_asking(child);
    if (draining || child->leaving) {
        child->state = FIL_CHILD_ENDED;
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            fr_log(FR_WARN, "child_ended", "child=%s status=%d signal=%d", child->service.journal,
                   WIFEXITED(status) ? WEXITSTATUS(status) : 0,
                   WIFSIGNALED(status) ? WTERMSIG(status) : 0);
        return;
    }
    child->restarts++;
    if (!was_ready && WIFEXITED(status) && WEXITSTATUS(status) == 1 &&
        refuses_configuration(child, config)) {
        child->state = FIL_CHILD_REFUSED;
        fr_log(FR_ERROR, "child_refused",
               "child=%s why=\"its configuration is wrong, as it says above\" "
               "next=\"it is started again when %s has changed\"",
               child->service.journal, config);
        return;
    }
    wait_for_another_start(child, now_us);
    say_how_it_ended(child, status, child->backoff.next);
}

void
fil_child_signal(const struct fil_child *child, int signal)
{
    if (child->pid > 0)
        kill(child->pid, signal);
}

/* ---- is it ready? ---- */

void
fil_child_ask_ready(struct fil_child *child, void *zmq_context, const char *run)
{
    static const char question[] = "{\"ask\":\"status\"}";
    char path[FIL_PATH_SIZE], endpoint[FIL_PATH_SIZE + 8];
    int linger = 0;

    if (child->question != NULL || child->state != FIL_CHILD_RUNNING ||
        !fil_control_path(run, child->service.journal, path, sizeof(path)) ||
        !fil_socket_alive(path))
        return;
    snprintf(endpoint, sizeof(endpoint), "ipc://%s", path);
    child->question = zmq_socket(zmq_context, ZMQ_REQ);
    if (child->question == NULL)
        return;
    zmq_setsockopt(child->question, ZMQ_LINGER, &linger, sizeof(linger));
    if (zmq_connect(child->question, endpoint) != 0 ||
        zmq_send(child->question, question, sizeof(question) - 1, ZMQ_DONTWAIT) < 0)
        fil_child_stop_asking(child);
}

/* Who answers must be this very process: an older one may still be draining. */
void
fil_child_hear_ready(struct fil_child *child)
{
    char text[65536];
    int size = zmq_recv(child->question, text, sizeof(text), ZMQ_DONTWAIT);
    json_t *reply, *answer;

    if (size < 0)
        return;
    reply = json_loadb(text, (size_t)size < sizeof(text) ? (size_t)size : sizeof(text), 0, NULL);
    answer = json_object_get(reply, "answer");
    child->ready = json_is_true(json_object_get(answer, "ready")) &&
                   json_integer_value(json_object_get(answer, "pid")) == child->pid;
    json_decref(reply);
    fil_child_stop_asking(child);
}

void
fil_child_stop_asking(struct fil_child *child)
{
    if (child->question != NULL)
        zmq_close(child->question);
    child->question = NULL;
}
