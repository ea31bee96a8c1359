/* options.c - one row per knob that all services share, and the overlay of `<service>.stage` on
 * `stage`. */
#include "common/stage/options.h"

#include <stdlib.h>

#define SECOND 1000000
#define KIB 1024
#define MIB (1024 * KIB)
#define GIB ((int64_t)1024 * MIB)

/* clang-format off */
static const struct fr_config_key peer_keys[] = {
    { "name", FR_CONFIG_STRING, offsetof(struct fr_peer_config, name), .required = true, .min = 1, .max = FR_NAME_SIZE - 1,
      .doc = "The journal that the key stands for: desk.tana." },
    { "key", FR_CONFIG_STRING, offsetof(struct fr_peer_config, key), .required = true, .min = 40, .max = 40,
      .doc = "Its CURVE public key, 40 characters of Z85 (fil keys new)." },
    { "routes", FR_CONFIG_STRINGS, offsetof(struct fr_peer_config, routes),
      .doc = "What it may read of this service: site.tana." },
    { NULL },
};

#define ROW(field) offsetof(struct fr_stage_options, field)
static const struct fr_config_key stage_keys[] = {
    { "listen", FR_CONFIG_STRINGS, ROW(listen), .max = 3,
      .doc = "Further endpoints for links, tcp://HOST:PORT; the ipc socket in `run` is always there." },
    { "admin", FR_CONFIG_STRING, ROW(admin), .max = 100,
      .doc = "HOST:PORT for /health, /ready and /metrics; absent: none." },
    { "secret_key", FR_CONFIG_SECRET, ROW(secret_key),
      .doc = "CURVE secret key (Z85) of this service; needed for any tcp link." },
    { "public_key", FR_CONFIG_STRING, ROW(public_key), .min = 40, .max = 40,
      .doc = "The public key that belongs to secret_key." },
    { "peers", FR_CONFIG_LIST, ROW(peers), .keys = peer_keys, .item_size = sizeof(struct fr_peer_config),
      .doc = "Who may connect by tcp, by key; nobody else is talked to." },
    { "segment_size", FR_CONFIG_SIZE, ROW(segment_size), "16MiB", .min = 1 * MIB, .max = GIB,
      .doc = "Bytes of one journal segment file, allocated ahead." },
    { "journal_size_max", FR_CONFIG_SIZE, ROW(journal_size_max), "64GiB", .min = 4 * MIB,
      .doc = "Bytes of all segments; when only the reserve is left, nothing new is taken from outside." },
    { "journal_reserve", FR_CONFIG_SIZE, ROW(journal_reserve), "64MiB", .min = 1 * MIB,
      .doc = "Kept free, of journal_size_max and of the disk, for work under way." },
    { "retention", FR_CONFIG_SPAN, ROW(retention), "7d", .min = 0,
      .doc = "Records younger than this are kept even when every reader has passed them." },
    { "checkpoint_every", FR_CONFIG_SPAN, ROW(checkpoint_every), "2s", .min = 10000, .max = 600LL * SECOND,
      .doc = "How often the tables are committed under load; a restart replays what came after." },
    { "checkpoint_idle", FR_CONFIG_SPAN, ROW(checkpoint_idle), "100ms", .min = 1000, .max = 60LL * SECOND,
      .doc = "The same when there is nothing else to do." },
    { "dirty_size_max", FR_CONFIG_SIZE, ROW(dirty_size_max), "64MiB", .min = 1 * MIB, .max = 4 * GIB,
      .doc = "Bytes of changed rows in memory at which a checkpoint starts at once." },
    { "map_size_max", FR_CONFIG_SIZE, ROW(map_size_max), "64GiB", .min = 1 * MIB,
      .doc = "Largest size of the tables on disk; when it is reached, intake stops and an alarm is raised." },
    { "query_workers", FR_CONFIG_INT, ROW(query_workers), "1", .min = 1, .max = 16,
      .doc = "OS threads that answer queries." },
    { "effect_workers", FR_CONFIG_INT, ROW(effect_workers), "2", .min = 1, .max = 64,
      .doc = "OS threads that perform effects (web calls, mails), where a service has any." },
    { "batch_max", FR_CONFIG_INT, ROW(batch_max), "4096", .min = 1, .max = 65536,
      .doc = "Inputs in one frame at most." },
    { "waiting_max", FR_CONFIG_INT, ROW(waiting_max), "20000", .min = 1, .max = 1000000,
      .doc = "Submitted inputs that may wait; over it customers are told to come back (503)." },
    { "credit", FR_CONFIG_SIZE, ROW(credit), "2MiB", .min = 64 * KIB, .max = 256 * MIB,
      .doc = "Bytes that may be under way to us from each upstream." },
    { "clock_step_max", FR_CONFIG_SPAN, ROW(clock_step_max), "60s", .min = 1 * SECOND,
      .doc = "A larger step of the wall clock against the monotonic clock holds the timers." },
    { "clock_hold", FR_CONFIG_SPAN, ROW(clock_hold), "10m", .min = 0,
      .doc = "How long timers are held after such a step forward, unless an operator confirms it before (fil clock confirm)." },
    { "log_level", FR_CONFIG_CHOICE, ROW(log_level), "info", .choices = "debug|info|warn|error",
      .doc = "The least important line that is logged." },
    { "log_format", FR_CONFIG_CHOICE, ROW(log_format), "auto", .choices = "auto|text|json",
      .doc = "auto: text on a terminal, else JSON." },
    { NULL },
};

static const struct fr_config_key brand_keys[] = {
    { "name", FR_CONFIG_STRING, offsetof(struct fr_brand_config, name), .min = 1, .max = FR_BRAND_SIZE - 1,
      .doc = "Short name, in records and rules." },
    { "title", FR_CONFIG_STRING, offsetof(struct fr_brand_config, title), "", .max = 200,
      .doc = "What customers read." },
    { "token_secret", FR_CONFIG_SECRET, offsetof(struct fr_brand_config, token_secret),
      .doc = "Key with which the brand's shop signs customer tokens (HMAC-SHA256)." },
    { NULL },
};
static const struct fr_config_key endpoint_keys[] = {
    { "name", FR_CONFIG_STRING, offsetof(struct fr_endpoint_config, name), .min = 1, .max = FR_NAME_SIZE - 1,
      .doc = "Service or journal." },
    { "endpoint", FR_CONFIG_ENDPOINT, offsetof(struct fr_endpoint_config, endpoint), .required = true,
      .doc = "Where it listens: ipc:// or tcp://." },
    { "key", FR_CONFIG_STRING, offsetof(struct fr_endpoint_config, key), .min = 40, .max = 40,
      .doc = "Its CURVE public key, for tcp." },
    { NULL },
};

struct top_level {
    struct fr_common_config common;
    struct fr_stage_options stage;
};
#define TOP(field) offsetof(struct top_level, common.field)
const struct fr_config_key fr_common_keys[] = {
    { "state", FR_CONFIG_STRING, TOP(state), "/var/lib/filrouge", .min = 1, .max = 400,
      .doc = "Directory of journals and tables, one folder per service." },
    { "run", FR_CONFIG_STRING, TOP(run), "/run/filrouge", .min = 1, .max = 80,
      .doc = "Directory of the sockets between services of one machine (short: a socket's path has at most 107 bytes)." },
    { "channels", FR_CONFIG_STRINGS, TOP(channels), .max = 24,
      .doc = "Channel services that identity listens to: channel_webchat, channel_webform." },
    { "desks", FR_CONFIG_STRINGS, TOP(sites), .max = 40,
      .doc = "Sites whose desks connect to this hub; each has the journal desk.<site> and a contract under sites." },
    { "brands", FR_CONFIG_MAP, TOP(brands), .keys = brand_keys, .item_size = sizeof(struct fr_brand_config),
      .doc = "Whom customers think they talk to." },
    { "calendars", FR_CONFIG_MAP, TOP(calendar_rows), .max = 500, .keys = fr_calendar_keys,
      .item_size = sizeof(struct fr_calendar_config),
      .doc = "When we are open: business time for promises, queues and sites, by name; 24/7 is always there." },
    { "endpoints", FR_CONFIG_MAP, TOP(endpoints), .keys = endpoint_keys, .item_size = sizeof(struct fr_endpoint_config),
      .doc = "Where services listen that are not on this machine's `run` directory." },
    { "stage", FR_CONFIG_SECTION, offsetof(struct top_level, stage), .keys = stage_keys,
      .doc = "How stages run; each service may override keys in its own `stage`." },
    { NULL },
};
/* clang-format on */

void
fr_common_check(struct fr_config *config, const void *section)
{
    const struct top_level *top = section;

    fr_calendars_check(config, &top->common.calendar_rows);
}

/* Bytes that a row's value takes in the struct. */
static size_t
value_size(const struct fr_config_key *key)
{
    switch (key->type) {
    case FR_CONFIG_BOOL:
        return sizeof(bool);
    case FR_CONFIG_CHOICE:
        return sizeof(int);
    case FR_CONFIG_STRINGS:
    case FR_CONFIG_LIST:
    case FR_CONFIG_MAP:
        return sizeof(struct fr_config_list);
    default:
        return 8; /* pointers, int64_t, double, spans */
    }
}

static void
overlay(struct fr_options *options, const char *service, const struct fr_stage_options *over)
{
    for (const struct fr_config_key *key = stage_keys; key->name != NULL; key++) {
        char path[80];

        snprintf(path, sizeof(path), "stage.%s", key->name);
        if (fr_config_is_set(options->loaded, service, path))
            memcpy((char *)&options->stage + key->offset, (const char *)over + key->offset,
                   value_size(key));
    }
}

static size_t
stage_offset(const struct fr_stage *stage)
{
    return (stage->config_size + 15) & ~(size_t)15;
}

static struct fr_config_key *
keys_with_stage(const struct fr_stage *stage)
{
    struct fr_config_key *keys;
    size_t count = 0;

    while (stage->config != NULL && stage->config[count].name != NULL)
        count++;
    keys = calloc(count + 2, sizeof(*keys));
    if (keys == NULL)
        return NULL;
    if (count > 0)
        memcpy(keys, stage->config, count * sizeof(*keys));
    keys[count] = (struct fr_config_key){.name = "stage",
                                         .type = FR_CONFIG_SECTION,
                                         .offset = stage_offset(stage),
                                         .keys = stage_keys,
                                         .doc = "Overrides of the top-level `stage`."};
    return keys;
}

static struct fr_options *
options_new(const struct fr_stage *stage)
{
    struct fr_options *options = calloc(1, sizeof(*options));

    if (options == NULL)
        return NULL;
    options->service_keys = keys_with_stage(stage);
    if (options->service_keys == NULL) {
        free(options);
        return NULL;
    }
    options->sections[0] =
        (struct fr_config_section){"", fr_common_keys, sizeof(struct top_level), fr_common_check};
    options->sections[1] = (struct fr_config_section){
        stage->name, options->service_keys, stage_offset(stage) + sizeof(struct fr_stage_options),
        stage->config_check};
    return options;
}

static enum fr_error
finish(struct fr_options *options, const struct fr_stage *stage, enum fr_error err,
       struct fr_options **out)
{
    const struct top_level *top = err == FR_OK ? fr_config_get(options->loaded, "") : NULL;

    if (err == FR_OK)
        err = fr_calendars_new(options->loaded, &top->common.calendar_rows, &options->calendars);
    if (err != FR_OK) {
        fr_options_free(&options);
        return err;
    }
    options->common = &top->common;
    options->stage = top->stage;
    options->service = fr_config_get(options->loaded, stage->name);
    overlay(options, stage->name,
            (const struct fr_stage_options *)(const void *)((const char *)options->service +
                                                            stage_offset(stage)));
    *out = options;
    return FR_OK;
}

enum fr_error
fr_options_load(const struct fr_stage *stage, const char *path, FILE *complaints,
                struct fr_options **out)
{
    struct fr_options *options = options_new(stage);

    if (options == NULL)
        return FR_NO_MEMORY;
    return finish(options, stage,
                  fr_config_load(path, options->sections, 2, complaints, &options->loaded), out);
}

enum fr_error
fr_options_parse(const struct fr_stage *stage, const char *text, size_t size, FILE *complaints,
                 struct fr_options **out)
{
    struct fr_options *options = options_new(stage);

    if (options == NULL)
        return FR_NO_MEMORY;
    return finish(
        options, stage,
        fr_config_parse(text, size, "text", options->sections, 2, complaints, &options->loaded),
        out);
}

void
fr_options_free(struct fr_options **options)
{
    if (*options == NULL)
        return;
    fr_calendars_free(&(*options)->calendars);
    fr_config_free(&(*options)->loaded);
    free((*options)->service_keys);
    free(*options);
    *options = NULL;
}

void
fr_options_reference(const struct fr_stage *stage, FILE *out)
{
    struct fr_options *options = options_new(stage);

    fr_assert(options != NULL);
    fr_config_reference(&options->sections[1], out);
    fr_options_free(&options);
}

void
fr_options_print(const struct fr_options *options, const struct fr_stage *stage, FILE *out)
{
    fr_config_print(options->loaded, "", out);
    fr_config_print(options->loaded, stage->name, out);
}

void
fr_options_endpoint(const struct fr_common_config *common, const char *name, char *text,
                    size_t size, const char **key)
{
    const struct fr_endpoint_config *rows = common->endpoints.items;

    *key = NULL;
    for (size_t i = 0; i < common->endpoints.count; i++)
        if (strcmp(rows[i].name, name) == 0) {
            snprintf(text, size, "%s", rows[i].endpoint);
            *key = rows[i].key;
            return;
        }
    snprintf(text, size, "ipc://%s/%s.sock", common->run, name);
}
