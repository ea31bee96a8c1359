/* program.c - running a service's program for what it says of its configuration. */
#include "services/fil/install.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "services/fil/tree.h"

bool
fil_program_path(const struct fil *fil, const char *service, char path[FIL_PATH_SIZE])
{
    static const char *const places[] = {"", "/../libexec/filrouge"};
    char name[FR_NAME_SIZE];

    snprintf(name, sizeof(name), "%s", service);
    for (char *c = name; *c != '\0'; c++)
        if (*c == '_')
            *c = '-';
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        snprintf(path, FIL_PATH_SIZE, "%s%s/filrouge-%s", fil->program_dir, places[i], name);
        if (access(path, X_OK) == 0)
            return true;
    }
    return false;
}

/* ---- what it prints ---- */

struct stream {
    int fd; /* -1: at its end */
    char *text;
    size_t size, room;
};

static void
read_some(struct stream *stream)
{
    ssize_t n;

    if (stream->room - stream->size < 4096) {
        stream->room = stream->room * 2 + 16384;
        stream->text = realloc(stream->text, stream->room);
        fr_assert(stream->text != NULL);
    }
    n = read(stream->fd, stream->text + stream->size, stream->room - stream->size - 1);
    if (n < 0 && errno == EINTR)
        return;
    if (n <= 0) {
        close(stream->fd);
        stream->fd = -1;
    } else {
        stream->size += (size_t)n;
    }
    stream->text[stream->size] = '\0';
}

static void
read_both(struct stream streams[2])
{
    while (streams[0].fd >= 0 || streams[1].fd >= 0) {
        struct pollfd polled[2] = {{streams[0].fd, POLLIN, 0}, {streams[1].fd, POLLIN, 0}};

        if (poll(polled, 2, -1) < 0)
            continue;
        for (int i = 0; i < 2; i++)
            if (streams[i].fd >= 0 && polled[i].revents != 0)
                read_some(&streams[i]);
    }
}

static _Noreturn void
become(const char *path, const char *flag, const char *config, const int out[2], const int err[2])
{
    dup2(out[1], STDOUT_FILENO);
    if (err[1] >= 0)
        dup2(err[1], STDERR_FILENO);
    execl(path, path, flag, "--config", config, (char *)NULL);
    dprintf(STDERR_FILENO, "%s: %s\n", path, strerror(errno));
    _exit(127);
}

char *
fil_program_output(struct fil *fil, const char *service, const char *flag, int *status,
                   char **errors)
{
    const struct fil_install *install = fil_install_get(fil);
    struct stream streams[2] = {{.fd = -1}, {.fd = -1}};
    int out[2], err[2] = {-1, -1}, ended;
    char path[FIL_PATH_SIZE];
    pid_t pid;

    if (install == NULL)
        return NULL;
    if (!fil_program_path(fil, service, path)) {
        fil_complain("the program of '%s' is not installed: %s is not there", service, path);
        return NULL;
    }
    if (pipe2(out, O_CLOEXEC) != 0 || (errors != NULL && pipe2(err, O_CLOEXEC) != 0)) {
        fil_complain("pipe: %s", strerror(errno));
        return NULL;
    }
    pid = fork();
    if (pid == 0)
        become(path, flag, install->config_path, out, err);
    close(out[1]);
    streams[0].fd = out[0];
    if (errors != NULL) {
        close(err[1]);
        streams[1].fd = err[0];
    }
    read_both(streams);
    while (pid > 0 && waitpid(pid, &ended, 0) < 0 && errno == EINTR)
        ;
    *status = pid > 0 && WIFEXITED(ended) ? WEXITSTATUS(ended) : 127;
    if (errors != NULL)
        *errors = streams[1].text;
    return streams[0].text;
}

/* ---- what is in force ---- */

struct fil_in_force {
    struct fil_tree *tree;
    char service[FR_NAME_SIZE];
};

struct fil_in_force *
fil_in_force_new(struct fil *fil, const char *service)
{
    struct fil_in_force *in_force;
    int status = 1;
    char *text = fil_program_output(fil, service, "--print-config", &status, NULL);

    if (text == NULL || status != 0) {
        free(text);
        return NULL;
    }
    in_force = calloc(1, sizeof(*in_force));
    fr_assert(in_force != NULL);
    snprintf(in_force->service, sizeof(in_force->service), "%s", service);
    in_force->tree = fil_tree_parse(text);
    free(text);
    return in_force;
}

void
fil_in_force_free(struct fil_in_force **in_force)
{
    if (*in_force == NULL)
        return;
    fil_tree_free(&(*in_force)->tree);
    free(*in_force);
    *in_force = NULL;
}

bool
fil_in_force_text(const struct fil_in_force *in_force, const char *path, char *text, size_t size)
{
    char whole[300];

    snprintf(whole, sizeof(whole), "%s.%s", in_force->service, path);
    return fil_tree_text(in_force->tree, whole, text, size);
}

bool
fil_in_force_name(const struct fil_in_force *in_force, const char *path, size_t i, char *text,
                  size_t size)
{
    char whole[300];

    snprintf(whole, sizeof(whole), "%s.%s", in_force->service, path);
    return fil_tree_name(in_force->tree, whole, i, text, size);
}
