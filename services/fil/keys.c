/* keys.c - fil keys: CURVE key pairs for tcp links. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "common/wire/wire.h"
#include "services/fil/show.h"

struct given {
    const char *out;
};
static const struct fil_option options[] = {
    {"--out", FIL_TEXT, offsetof(struct given, out), "FILE",
     "Write the secret key there, readable by its owner only.", NULL},
    {NULL},
};

/* Never over an older key: somebody's links depend on it. */
static bool
write_secret(const char *path, const char *secret)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool good = fd >= 0 && dprintf(fd, "%s\n", secret) > 0 && fsync(fd) == 0;

    if (!good)
        fil_complain("%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return good;
}

static int
run_new(struct fil *fil, const void *given_options, int argc, char **argv)
{
    const struct given *given = given_options;
    char public_key[41], secret_key[41];
    json_t *json;

    (void)argc;
    (void)argv;
    fr_wire_new_keys(public_key, secret_key);
    if (given->out != NULL && !write_secret(given->out, secret_key))
        return FIL_FAILED;
    if (fil->json) {
        json = json_pack("{s:s}", "public_key", public_key);
        if (given->out == NULL)
            json_object_set_new(json, "secret_key", json_string(secret_key));
        else
            json_object_set_new(json, "secret_file", json_string(given->out));
        return fil_show_json(json);
    }
    printf("public_key: \"%s\"\n", public_key);
    if (given->out == NULL)
        printf("secret key, for a file of its own that secret_key: file:... names:\n%s\n",
               secret_key);
    else
        printf("secret_key: file:%s\n", given->out);
    return FIL_OK;
}

const struct fil_command fil_keys_commands[] = {
    {.noun = "keys",
     .verb = "new",
     .doc = "A new key pair for a service with a tcp link.",
     .examples = "  fil keys new\n"
                 "  fil keys new --out /etc/filrouge/desk.tana.key\n",
     .options = options,
     .given_size = sizeof(struct given),
     .run = run_new},
    {.noun = NULL},
};
