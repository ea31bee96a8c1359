/* running.h - the real process for tests: fr_stage_main in a child, its own state, ports of its
 * own choice.
 *
 * fdatasync is the test's (below): while `held` is set, nothing becomes durable in any child.
 */
#ifndef FR_STAGE_RUNNING_H
#define FR_STAGE_RUNNING_H

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/http/client_test.h"
#include "common/stage/stage.h"

static atomic_int *held; /* shared with the children */

int
fdatasync(int fd)
{
    while (held != NULL && atomic_load(held))
        usleep(1000);
    return (int)syscall(SYS_fdatasync, fd);
}

struct run { /* one process */
    pid_t pid;
    int port, admin;
    char log[128];
};

static char run_dir[64]; /* state, sockets, configuration of all processes of one test */

static int
run_setup(void **state)
{
    char path[128];
    int fd;

    (void)state;
    if (held == NULL)
        held = mmap(NULL, sizeof(*held), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    atomic_store(held, 0);
    strcpy(run_dir, "/tmp/filrouge-edge-XXXXXX");
    if (mkdtemp(run_dir) == NULL)
        return -1;
    snprintf(path, sizeof(path), "%s/acme.secret", run_dir);
    fd = open(path, O_WRONLY | O_CREAT, 0600);
    return fd < 0 || write(fd, "the secret of acme", 18) != 18 || close(fd) != 0 ? -1 : 0;
}

static int
remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

static int
run_teardown(void **state)
{
    (void)state;
    return nftw(run_dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Top level and one section; `section` is indented by two. */
static void
run_configure(const char *top, const char *service, const char *section)
{
    char path[128];
    FILE *out;

    snprintf(path, sizeof(path), "%s/filrouge.yaml", run_dir);
    out = fopen(path, "w");
    assert_non_null(out);
    fprintf(out,
            "state: %s/state\nrun: %s/run\n"
            "brands: {acme: {title: Acme, token_secret: \"file:acme.secret\"}, bolt: {}}\n"
            "%s\n%s:\n%s",
            run_dir, run_dir, top, service, section);
    fclose(out);
}

/* The value behind `"key":"` in the n-th line (from 0) that holds `line`; NULL: not there (yet). */
static char *
log_value(const char *path, const char *line, int n, const char *key)
{
    static char text[65536], pattern[64];
    FILE *in = fopen(path, "r");
    char *found = NULL;

    snprintf(pattern, sizeof(pattern), "\"%s\":\"", key);
    while (found == NULL && in != NULL && fgets(text, sizeof(text), in) != NULL)
        if (strstr(text, line) != NULL && n-- == 0)
            found = strstr(text, pattern);
    if (in != NULL)
        fclose(in);
    if (found == NULL)
        return NULL;
    found += strlen(pattern);
    found[strcspn(found, "\"")] = '\0';
    return found;
}

static void
print_log(const char *path)
{
    char text[4096];
    FILE *in = fopen(path, "r");

    while (in != NULL && fgets(text, sizeof(text), in) != NULL)
        fputs(text, stderr);
    if (in != NULL)
        fclose(in);
}

static void
wait_ready(struct run *run)
{
    for (int waited = 0; log_value(run->log, "\"verb\":\"ready\"", 0, "verb") == NULL; waited++) {
        if (waited > PATIENCE_MS / 10 || waitpid(run->pid, NULL, WNOHANG) != 0) {
            print_log(run->log);
            fail_msg("the process did not become ready");
        }
        usleep(10000);
    }
}

/* Starts the stage and waits until it is ready.  Its edge and its admin page listen on port 0; the
 * admin page comes first. */
static struct run
run_start(const struct fr_stage *stage, bool has_edge)
{
    static int count;
    struct run run = {.pid = 0};
    char config[128];

    snprintf(run.log, sizeof(run.log), "%s/log.%d", run_dir, count++);
    snprintf(config, sizeof(config), "%s/filrouge.yaml", run_dir);
    fflush(NULL);
    run.pid = fork();
    if (run.pid == 0) {
        char *argv[] = {(char *)stage->name, "--config", config, NULL};
        int fd;

        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nobody behind */
        fd = open(run.log, O_WRONLY | O_CREAT | O_APPEND, 0600);

        dup2(fd, 2);
        _exit(fr_stage_main(3, argv, stage));
    }
    wait_ready(&run);
    if (has_edge) {
        run.admin = atoi(log_value(run.log, "\"verb\":\"listening\"", 0, "port"));
        run.port = atoi(log_value(run.log, "\"verb\":\"listening\"", 1, "port"));
    }
    return run;
}

/* Returns the exit status, or minus the signal. */
static int
run_end(struct run *run, int with_signal)
{
    int status;

    kill(run->pid, with_signal);
    assert_true(waitpid(run->pid, &status, 0) == run->pid);
    run->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void
run_stop(struct run *run)
{
    int status = run_end(run, SIGTERM);

    if (status != 0) {
        print_log(run->log);
        fail_msg("the process ended with %d", status);
    }
}

/* A counter's value on the admin page. */
__attribute__((unused)) static long
run_metric(const struct run *run, const char *name)
{
    struct client *client = client_open(run->admin);
    struct reply *reply = calloc(1, sizeof(*reply));
    long value = -1;
    char *line;

    client_say(client, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    client_reply(client, reply, false);
    assert_int_equal(reply->status, 200);
    for (line = reply->body; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, strlen(name)) == 0 && strchr("{ ", line[strlen(name)]) != NULL) {
            value = atol(strchr(line, ' ') + 1);
            break;
        }
    }
    free(reply);
    client_close(client);
    return value;
}

#endif
