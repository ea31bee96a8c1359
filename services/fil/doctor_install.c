/* doctor_install.c - programs, keys, ports and services of this installation. */
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "services/fil/ask.h"
#include "services/fil/doctor.h"
#include "services/fil/show.h"

/* ---- programs ---- */

static void
program(struct fil_doctor *doctor, const char *service)
{
    char *errors = NULL, *out;
    int status = 0;

    out = fil_program_output(doctor->fil, service, "--version", &status, &errors);
    if (out == NULL || strstr(out, FR_VERSION_TEXT) == NULL)
        fil_find(doctor, service, FIL_BAD, "install all programs of one version",
                 "filrouge-%s says '%.40s', fil is %s", service, out == NULL ? "nothing" : out,
                 FR_VERSION_TEXT);
    free(out);
    free(errors);
}

/* ---- keys and secrets: files that only their owner may read ---- */

static void
secret(struct fil_doctor *doctor, const char *service, const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0)
        fil_find(doctor, service, FIL_BAD, "create it, readable by the service's user only",
                 "%s cannot be read", path);
    else if ((status.st_mode & 077) != 0)
        fil_find(doctor, service, FIL_WARN, "chmod 600", "%s can be read by others (mode %03o)",
                 path, status.st_mode & 0777);
}

static size_t
secrets(struct fil_doctor *doctor, const char *service, const char *config)
{
    size_t count = 0;

    for (const char *at = config; (at = strstr(at, "file:")) != NULL; at++) {
        char path[512];
        size_t size = strcspn(at + 5, "\"' ,}\n");

        if (at[5] != '/' || size >= sizeof(path))
            continue;
        memcpy(path, at + 5, size);
        path[size] = '\0';
        secret(doctor, service, path);
        count++;
    }
    return count;
}

/* ---- ports ---- */

static bool
can_listen(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM}, *found;
    bool good = false;
    int one = 1, fd;

    if (getaddrinfo(host, port, &hints, &found) != 0)
        return false;
    fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
        good = bind(fd, found->ai_addr, found->ai_addrlen) == 0;
        close(fd);
    }
    freeaddrinfo(found);
    return good;
}

static void
port(struct fil_doctor *doctor, const char *service, const char *key, char *address)
{
    char *host = strncmp(address, "tcp://", 6) == 0 ? address + 6 : address;
    char *colon = strrchr(host, ':');

    if (colon == NULL || strchr(host, '/') != NULL) /* a socket in the file system */
        return;
    *colon = '\0';
    if (!can_listen(host[0] == '*' ? NULL : host, colon + 1))
        fil_find(doctor, service, FIL_BAD, "end who has it (ss -ltnp), or configure another",
                 "%s %s:%s cannot be listened on", key, host, colon + 1);
}

static void
ports(struct fil_doctor *doctor, const struct fil_service *service)
{
    static const char *const keys[] = {"listen", "stage.admin"};
    struct fil_in_force *in_force = fil_in_force_new(doctor->fil, service->name);
    char address[200];

    if (in_force == NULL)
        return;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (fil_in_force_text(in_force, keys[i], address, sizeof(address)))
            port(doctor, service->name, keys[i], address);
    for (size_t i = 0; fil_in_force_name(in_force, "stage.listen", i, address, sizeof(address));
         i++)
        port(doctor, service->name, "stage.listen", address);
    fil_in_force_free(&in_force);
}

/* ---- services that run ---- */

static size_t
dead_letters(struct fil_doctor *doctor, const char *journal)
{
    struct fil_asked asked;
    json_t *dead = fil_ask_quietly(doctor->fil, journal, "dead.ls", NULL, fr_seconds(5), &asked);
    size_t count = json_array_size(json_object_get(dead, "items"));

    json_decref(dead);
    return count;
}

static void
refused(struct fil_doctor *doctor, const char *journal, const json_t *status)
{
    const json_t *upstream;
    size_t i;

    json_array_foreach(json_object_get(status, "upstreams"), i, upstream)
    {
        const char *state = json_string_value(json_object_get(upstream, "state"));

        if (state != NULL && strcmp(state, "ok") != 0)
            fil_find(doctor, journal, FIL_BAD,
                     strcmp(state, "denied") == 0
                         ? "its key is not among the other side's `peers`"
                         : "its copy and the other's have parted: restore both of one backup",
                     "%s refuses it: %s", json_string_value(json_object_get(upstream, "journal")),
                     state);
    }
}

static void
running(struct fil_doctor *doctor, const char *journal, const json_t *status)
{
    const char *pressure = json_string_value(json_object_get(status, "pressure"));
    size_t dead = dead_letters(doctor, journal);

    if (!json_is_true(json_object_get(status, "ready")) &&
        !json_is_true(json_object_get(status, "standby")))
        fil_find(doctor, journal, FIL_WARN, "look at its log", "is not ready yet");
    if (json_is_true(json_object_get(status, "journal_corrupt")))
        fil_find(doctor, journal, FIL_BAD, "restore it from a backup or a standby",
                 "its journal is damaged");
    if (json_is_true(json_object_get(status, "clock_held")))
        fil_find(doctor, journal, FIL_WARN, "fil clock confirm, if the wall clock is right",
                 "its timers are held: the clock jumped");
    if (json_is_true(json_object_get(status, "tables_full")))
        fil_find(doctor, journal, FIL_BAD, "raise map_size_max or free space",
                 "its tables are full");
    if (pressure != NULL && strcmp(pressure, "none") != 0)
        fil_find(doctor, journal, FIL_WARN, "free space, or bring back who reads it (fil status)",
                 "takes nothing new: its reserve is reached");
    if (dead > 0)
        fil_find(doctor, journal, FIL_WARN, "fil dead ls", "%zu inputs were set aside", dead);
    refused(doctor, journal, status);
}

static bool
service(struct fil_doctor *doctor, const struct fil_service *service)
{
    struct fil_asked asked;
    json_t *status =
        fil_ask_quietly(doctor->fil, service->journal, "status", NULL, fr_seconds(5), &asked);
    char *config, *errors = NULL;
    int ended = 0;

    program(doctor, service->name);
    config = fil_program_output(doctor->fil, service->name, "--print-config", &ended, &errors);
    if (config != NULL)
        secrets(doctor, service->name, config);
    free(config);
    free(errors);
    if (status != NULL)
        running(doctor, service->journal, status);
    else if (asked.error == FR_GONE)
        ports(doctor, service);
    else
        fil_find(doctor, service->journal, FIL_BAD, "look at its log; 'fil up' starts what ended",
                 "runs and does not answer");
    json_decref(status);
    return status != NULL;
}

void
fil_doctor_install(struct fil_doctor *doctor)
{
    size_t before = json_array_size(doctor->items), run = 0;

    for (size_t i = 0; i < doctor->install->service_count; i++)
        run += service(doctor, &doctor->install->services[i]);
    fil_find(doctor, "services", FIL_FINE, "", "%zu of %zu run%s", run,
             doctor->install->service_count,
             json_array_size(doctor->items) == before
                 ? "; versions, keys, ports and what they say of themselves are fine"
                 : "");
}
