/* up.c - fil up: runs every service of the configuration, and starts again what ends.
 *
 *     start --> children (one process each, in any order) --stderr--> one log
 *                   | ended                                          SIGHUP:  read again, passed on
 *                   +--> back-off --> start                          SIGTERM: all drain, then the
 * end
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>
#include "services/fil/check.h"
#include "services/fil/child.h"

#define DRAIN_US 20000000
#define ASK_EVERY_US 30000 /* until they are ready */
#define LOOK_EVERY_US 1000000

struct given {
    bool check;
};
static const struct fil_option options[] = {
    {"--check", FIL_FLAG, offsetof(struct given, check), NULL,
     "Only say what is wrong with the configuration, as fil check does.", NULL},
    {NULL},
};

struct up {
    struct fil *fil;
    const struct fil_install *install;
    struct fil_logline_style style;
    struct fil_child *children[FIL_SERVICE_MAX];
    size_t child_count;
    int signals, lock;
    void *zmq;
    struct timespec config_changed;
    int64_t started_us, drain_us, asked_us, looked_us;
    bool draining, killed, all_ready, was_ready;
};

/* ---- one at a time ---- */

static bool
make_run_directory(const char *path)
{
    char partial[FIL_PATH_SIZE];

    for (size_t i = 1; i <= strlen(path) && i < sizeof(partial); i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(partial, path, i);
        partial[i] = '\0';
        if (mkdir(partial, 0700) != 0 && errno != EEXIST) {
            fil_complain("%s: %s", partial, strerror(errno));
            return false;
        }
    }
    return true;
}

static bool
take_lock(struct up *up)
{
    char path[FIL_PATH_SIZE], holder[32] = "";
    ssize_t size;

    if (!make_run_directory(up->install->run))
        return false;
    snprintf(path, sizeof(path), "%s/fil.lock", up->install->run);
    up->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (up->lock < 0) {
        fil_complain("%s: %s", path, strerror(errno));
        return false;
    }
    if (flock(up->lock, LOCK_EX | LOCK_NB) != 0) {
        size = read(up->lock, holder, sizeof(holder) - 1);
        holder[size > 0 ? size : 0] = '\0';
        holder[strcspn(holder, "\n")] = '\0';
        fil_complain("another 'fil up' (process %s) runs on %s; 'fil status' shows it", holder,
                     up->install->run);
        return false;
    }
    if (ftruncate(up->lock, 0) == 0)
        dprintf(up->lock, "%d\n", (int)getpid());
    return true;
}

/* ---- children ---- */

static struct fil_child *
find_child(struct up *up, const char *journal)
{
    for (size_t i = 0; i < up->child_count; i++)
        if (strcmp(up->children[i]->service.journal, journal) == 0)
            return up->children[i];
    return NULL;
}

static bool
add_child(struct up *up, const struct fil_service *service, int64_t now_us)
{
    char program[FIL_PATH_SIZE];
    struct fil_child *child;

    if (!fil_program_path(up->fil, service->name, program)) {
        fil_complain("the program of '%s' is not installed: neither beside fil nor at %s",
                     service->name, program);
        return false;
    }
    child = malloc(sizeof(*child));
    fr_assert(child != NULL && up->child_count < FIL_SERVICE_MAX);
    fil_child_init(child, service, program, now_us);
    up->children[up->child_count++] = child;
    return true;
}

static void
start_due(struct up *up, int64_t now_us)
{
    for (size_t i = 0; i < up->child_count && !up->draining; i++) {
        struct fil_child *child = up->children[i];

        if (child->state == FIL_CHILD_WAITING && child->start_us <= now_us)
            fil_child_start(child, up->install->config_path, now_us);
    }
}

static void
reap(struct up *up, int64_t now_us)
{
    for (size_t i = 0; i < up->child_count; i++) {
        struct fil_child *child = up->children[i];
        int status;

        if (child->pid <= 0 || waitpid(child->pid, &status, WNOHANG) != child->pid)
            continue;
        if (child->log >= 0) /* its last words come before ours */
            fil_child_read_log(child, up->style);
        fil_child_ended(child, status, up->install->config_path, now_us, up->draining);
    }
}

static void
forget_ended(struct up *up)
{
    size_t kept = 0;

    for (size_t i = 0; i < up->child_count; i++) {
        struct fil_child *child = up->children[i];

        if (child->state == FIL_CHILD_ENDED && child->leaving) {
            if (child->log >= 0)
                close(child->log);
            free(child);
        } else {
            up->children[kept++] = child;
        }
    }
    up->child_count = kept;
}

/* ---- ready ---- */

static void
say_all_ready(struct up *up, int64_t now_us)
{
    long long ms = (now_us - up->started_us) / 1000;

    if (up->was_ready) {
        fr_log(FR_INFO, "ready_again", "services=%zu", up->child_count);
        return;
    }
    up->was_ready = true;
    if (up->style.json)
        printf("{\"ready\":true,\"services\":%zu,\"ms\":%lld}\n", up->child_count, ms);
    else
        printf("ready: %zu services in %lld ms\n", up->child_count, ms);
    fflush(stdout);
}

static void
ask_ready(struct up *up, int64_t now_us)
{
    bool all = true;

    if (now_us - up->asked_us >= ASK_EVERY_US) {
        up->asked_us = now_us;
        for (size_t i = 0; i < up->child_count; i++)
            if (!up->children[i]->ready)
                fil_child_ask_ready(up->children[i], up->zmq, up->install->run);
    }
    for (size_t i = 0; i < up->child_count; i++)
        all = all && up->children[i]->ready;
    if (all && !up->all_ready && !up->draining)
        say_all_ready(up, now_us);
    up->all_ready = all;
}

/* ---- the configuration has changed ---- */

static struct timespec
changed(const char *path)
{
    struct stat info = {0};

    stat(path, &info);
    return info.st_mtim;
}

/* Those whose configuration was wrong get another try. */
static void
retry_refused(struct up *up, int64_t now_us)
{
    for (size_t i = 0; i < up->child_count; i++)
        if (up->children[i]->state == FIL_CHILD_REFUSED) {
            up->children[i]->state = FIL_CHILD_WAITING;
            up->children[i]->start_us = now_us;
        }
}

static void
look_at_config(struct up *up, int64_t now_us)
{
    struct timespec now;

    if (now_us - up->looked_us < LOOK_EVERY_US)
        return;
    up->looked_us = now_us;
    now = changed(up->install->config_path);
    if (memcmp(&now, &up->config_changed, sizeof(now)) == 0)
        return;
    up->config_changed = now;
    retry_refused(up, now_us);
}

static void
drop_missing(struct up *up)
{
    for (size_t i = 0; i < up->child_count; i++) {
        struct fil_child *child = up->children[i];

        if (fil_service_find(up->install, child->service.journal) != NULL)
            continue;
        fr_log(FR_INFO, "child_dropped", "child=%s why=\"not in the configuration any more\"",
               child->service.journal);
        child->leaving = true;
        if (child->pid > 0)
            child->state = FIL_CHILD_STOPPING;
        else
            child->state = FIL_CHILD_ENDED;
        fil_child_signal(child, SIGTERM);
    }
}

/* SIGHUP: services that came or went are started or ended; the others read the file themselves, and
 * refuse it themselves when it is wrong. */
static void
reload(struct up *up, int64_t now_us)
{
    char run[FIL_PATH_SIZE];
    const struct fil_install *fresh;

    snprintf(run, sizeof(run), "%s", up->install->run);
    fr_log(FR_INFO, "reloading", "config=%s", up->install->config_path);
    fresh = fil_install_again(up->fil);
    if (fresh == NULL) {
        fr_log(FR_ERROR, "reload_refused", "why=\"the file is wrong, as said above\" in_force=old");
        return;
    }
    up->install = fresh;
    if (strcmp(run, fresh->run) != 0)
        fr_log(FR_WARN, "reload_partly", "why=\"run has changed: that needs a restart of fil up\"");
    drop_missing(up);
    for (size_t i = 0; i < fresh->service_count; i++)
        if (find_child(up, fresh->services[i].journal) == NULL)
            add_child(up, &fresh->services[i], now_us);
    for (size_t i = 0; i < up->child_count; i++)
        if (up->children[i]->state == FIL_CHILD_RUNNING)
            fil_child_signal(up->children[i], SIGHUP);
    retry_refused(up, now_us);
    up->config_changed = changed(fresh->config_path);
}

/* ---- the end ---- */

static void
drain(struct up *up, int64_t now_us)
{
    if (up->draining) { /* asked again: it is urgent */
        for (size_t i = 0; i < up->child_count; i++)
            fil_child_signal(up->children[i], SIGKILL);
        return;
    }
    up->draining = true;
    up->drain_us = now_us;
    fr_log(FR_INFO, "draining", "services=%zu", up->child_count);
    for (size_t i = 0; i < up->child_count; i++) {
        struct fil_child *child = up->children[i];

        fil_child_signal(child, SIGTERM);
        child->state = child->pid > 0 ? FIL_CHILD_STOPPING : FIL_CHILD_ENDED;
    }
}

static bool
drained(struct up *up, int64_t now_us)
{
    bool all = true;

    for (size_t i = 0; i < up->child_count; i++)
        all = all && up->children[i]->pid <= 0;
    if (all || now_us - up->drain_us < DRAIN_US || up->killed)
        return all;
    up->killed = true;
    for (size_t i = 0; i < up->child_count; i++)
        if (up->children[i]->pid > 0) {
            fr_log(FR_ERROR, "child_stuck", "child=%s after=20s next=kill",
                   up->children[i]->service.journal);
            fil_child_signal(up->children[i], SIGKILL);
        }
    return false;
}

/* ---- the loop ---- */

static void
take_signals(struct up *up, int64_t now_us)
{
    struct signalfd_siginfo info;

    while (read(up->signals, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo == SIGHUP)
            reload(up, now_us);
        else if (info.ssi_signo != SIGCHLD)
            drain(up, now_us);
    }
}

static long
wait_ms(const struct up *up, int64_t now_us)
{
    int64_t until_us = now_us + (up->all_ready ? LOOK_EVERY_US : ASK_EVERY_US);

    for (size_t i = 0; i < up->child_count; i++)
        if (up->children[i]->state == FIL_CHILD_WAITING && up->children[i]->start_us < until_us)
            until_us = up->children[i]->start_us;
    return until_us <= now_us ? 0 : (long)((until_us - now_us) / 1000 + 1);
}

static void
turn(struct up *up)
{
    zmq_pollitem_t items[2 * FIL_SERVICE_MAX + 1];
    struct fil_child *whose[2 * FIL_SERVICE_MAX + 1];
    int count = 0;

    items[count] = (zmq_pollitem_t){.fd = up->signals, .events = ZMQ_POLLIN};
    whose[count++] = NULL;
    for (size_t i = 0; i < up->child_count; i++) {
        struct fil_child *child = up->children[i];

        if (child->log >= 0) {
            items[count] = (zmq_pollitem_t){.fd = child->log, .events = ZMQ_POLLIN};
            whose[count++] = child;
        }
        if (child->question != NULL) {
            items[count] = (zmq_pollitem_t){.socket = child->question, .events = ZMQ_POLLIN};
            whose[count++] = child;
        }
    }
    zmq_poll(items, count, wait_ms(up, fr_time_monotonic().us));
    for (int i = 1; i < count; i++) {
        if (items[i].revents == 0)
            continue;
        if (items[i].socket != NULL)
            fil_child_hear_ready(whose[i]);
        else
            fil_child_read_log(whose[i], up->style);
    }
    take_signals(up, fr_time_monotonic().us);
}

static int
supervise(struct up *up)
{
    for (;;) {
        int64_t now_us = fr_time_monotonic().us;

        start_due(up, now_us);
        ask_ready(up, now_us);
        turn(up);
        now_us = fr_time_monotonic().us;
        reap(up, now_us);
        look_at_config(up, now_us);
        if (up->draining && drained(up, now_us))
            break;
        forget_ended(up);
    }
    fr_log(FR_INFO, "ended", "services=%zu", up->child_count);
    return FIL_OK;
}

static void
catch_signals(struct up *up)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    up->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    fr_assert(up->signals >= 0);
}

static void
finish(struct up *up)
{
    for (size_t i = 0; i < up->child_count; i++) {
        fil_child_stop_asking(up->children[i]);
        if (up->children[i]->log >= 0)
            close(up->children[i]->log);
        free(up->children[i]);
    }
    if (up->zmq != NULL)
        zmq_ctx_term(up->zmq);
    if (up->signals >= 0)
        close(up->signals);
    if (up->lock >= 0)
        close(up->lock);
}

static int
run_up(struct fil *fil, const void *given_options, int argc, char **argv)
{
    const struct given *given = given_options;
    struct up up = {.fil = fil, .signals = -1, .lock = -1};
    int status = FIL_FAILED;

    (void)argc;
    (void)argv;
    if (given->check)
        return fil_check(fil, true);
    up.install = fil_install_get(fil);
    if (up.install == NULL)
        return FIL_FAILED;
    if (up.install->options == NULL)
        return fil_complain("fil up needs a configuration: name one with --config FILE");
    if (fil_check(fil, false) != FIL_OK)
        return FIL_FAILED; /* later, at SIGHUP, a wrong file leaves the running one in force; now
                              there is none */
    setvbuf(stderr, NULL, _IOLBF, BUFSIZ); /* a line of the log is one write */
    up.style = (struct fil_logline_style){.json = fil->json,
                                          .colour = fil->colour && isatty(STDERR_FILENO)};
    if (!take_lock(&up))
        goto out;
    up.started_us = fr_time_monotonic().us;
    for (size_t i = 0; i < up.install->service_count; i++)
        if (!add_child(&up, &up.install->services[i], up.started_us))
            goto out;
    fr_log_init("fil", FR_INFO, fil->json ? FR_LOG_JSON : FR_LOG_TEXT);
    up.config_changed = changed(up.install->config_path);
    catch_signals(&up);
    up.zmq = zmq_ctx_new();
    fr_log(FR_INFO, "starting", "services=%zu config=%s run=%s", up.child_count,
           up.install->config_path, up.install->run);
    status = supervise(&up);
out:
    finish(&up);
    return status;
}

const struct fil_command fil_up_commands[] = {
    {.noun = "up",
     .doc = "Run every service of the configuration, and start again what ends.",
     .examples = "  fil up --config filrouge.yaml\n"
                 "  fil up --json 2>log.json\n"
                 "  fil up --check\n",
     .options = options,
     .given_size = sizeof(struct given),
     .run = run_up},
    {.noun = NULL},
};
