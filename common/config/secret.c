/* secret.c - secrets are never in the file, only where to find them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "common/config/loaded.h"

#define SECRET_SIZE_MAX (64 * 1024)

/* The line stays hidden in every complaint here: people do write the secret itself. */
#define COMPLAIN(...) config_node_complain_hidden(&config->source, node, __VA_ARGS__)

/* At most SECRET_SIZE_MAX + 1 bytes of the file; the size, or -1 after a complaint. */
static ssize_t
read_file(struct fr_config *config, const struct config_node *node, const char *path, char *buffer)
{
    /* O_NONBLOCK: a named pipe that nobody writes must not hold up a start. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    ssize_t size = 0, part = 1;

    if (fd < 0) {
        COMPLAIN("cannot open %s: %s", path, strerror(errno));
        return -1;
    }
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        COMPLAIN("%s is no regular file", path);
        close(fd);
        return -1;
    }
    while (part > 0 && size <= SECRET_SIZE_MAX) {
        part = read(fd, buffer + size, SECRET_SIZE_MAX + 1 - size);
        if (part < 0 && errno == EINTR)
            part = 1;
        else if (part > 0)
            size += part;
    }
    if (part < 0)
        COMPLAIN("cannot read %s: %s", path, strerror(errno));
    close(fd);
    return part < 0 ? -1 : size;
}

/* A copy that will be wiped; NULL after a complaint. */
static const char *
keep(struct fr_config *config, const struct config_node *node, const char *text, size_t size)
{
    struct config_secret *secret;

    if (size == 0 || memchr(text, '\0', size) != NULL) {
        COMPLAIN(size == 0 ? "the secret is empty" : "the secret holds a NUL byte");
        return NULL;
    }
    secret = config_alloc(config, 1, sizeof(*secret));
    if (secret == NULL)
        return NULL;
    secret->text = config_alloc(config, size + 1, 1);
    if (secret->text == NULL)
        return NULL;
    memcpy(secret->text, text, size);
    secret->size = size;
    secret->next = config->secrets;
    config->secrets = secret;
    return secret->text;
}

static const char *
from_file(struct fr_config *config, const struct config_node *node, const char *path)
{
    char buffer[SECRET_SIZE_MAX + 1];
    char *full = path[0] == '/' ? fr_arena_strdup(config->arena, path)
                                : fr_arena_printf(config->arena, "%s/%s", config->dir, path);
    const char *secret = NULL;
    ssize_t size;

    if (full == NULL) {
        config->spent = true;
        return NULL;
    }
    size = read_file(config, node, full, buffer);
    if (size > SECRET_SIZE_MAX) {
        COMPLAIN("%s is larger than %d bytes", full, SECRET_SIZE_MAX);
    } else if (size >= 0) {
        if (size > 0 && buffer[size - 1] == '\n') /* the one that editors and echo put there */
            size--;
        secret = keep(config, node, buffer, size);
    }
    explicit_bzero(buffer, sizeof(buffer));
    return secret;
}

const char *
config_secret(struct fr_config *config, const struct config_node *node)
{
    const char *value;

    if (strncmp(node->text, "file:", 5) == 0 && node->text[5] != '\0')
        return from_file(config, node, node->text + 5);
    if (strncmp(node->text, "env:", 4) == 0 && node->text[4] != '\0') {
        value = getenv(node->text + 4);
        if (value != NULL)
            return keep(config, node, value, strlen(value));
        COMPLAIN("the environment variable %s is not set", node->text + 4);
        return NULL;
    }
    COMPLAIN("must say where the secret is, file:PATH or env:NAME, and not the secret itself");
    return NULL;
}

void
config_secrets_wipe(struct fr_config *config)
{
    for (struct config_secret *secret = config->secrets; secret != NULL; secret = secret->next)
        explicit_bzero(secret->text, secret->size);
}
