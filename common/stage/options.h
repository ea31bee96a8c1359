/* options.h - the configuration that every service shares: where things are, and how its stage
 * runs. */
#ifndef FR_STAGE_OPTIONS_H
#define FR_STAGE_OPTIONS_H

#include "common/stage/stage.h"

struct fr_stage_options { /* top-level `stage`, overridden key by key in `<service>.stage` */
    struct fr_config_list listen; /* const char *: further endpoints (tcp) for links */
    const char *admin;            /* host:port of /health, /ready and /metrics, or NULL */
    const char *secret_key;       /* CURVE, Z85; SECRET */
    const char *public_key;
    struct fr_config_list peers; /* struct fr_peer_config: who may connect by tcp */
    int64_t segment_size, journal_size_max, journal_reserve;
    struct fr_span retention;
    struct fr_span checkpoint_every, checkpoint_idle;
    int64_t dirty_size_max, map_size_max;
    int64_t query_workers, effect_workers;
    int64_t batch_max;   /* inputs per frame */
    int64_t waiting_max; /* submissions that may wait */
    int64_t credit;      /* bytes under way per upstream */
    struct fr_span clock_step_max, clock_hold;
    int log_level, log_format;
};
struct fr_peer_config {
    const char *name;
    const char *key;
    struct fr_config_list routes; /* const char * */
};

struct fr_options { /* everything a process was started with; one allocation per load, swapped at
                       reload */
    struct fr_config *loaded;
    const struct fr_common_config *common;
    struct fr_calendars *calendars;
    struct fr_stage_options stage;      /* the two levels laid over each other */
    const void *service;                /* the service's own struct, or an empty one */
    struct fr_config_key *service_keys; /* its rows and one more for `stage` */
    struct fr_config_section sections[2];
    struct fr_options *older; /* retired before it (process.c) */
    unsigned holders;         /* other threads that look at it now */
};

/* Complaints go to `complaints` as config.h says.  FR_INVALID, FR_NOT_FOUND, FR_IO. */
enum fr_error fr_options_load(const struct fr_stage *stage, const char *path, FILE *complaints,
                              struct fr_options **out);
enum fr_error fr_options_parse(const struct fr_stage *stage, const char *text, size_t size,
                               FILE *complaints, struct fr_options **out);
void fr_options_free(struct fr_options **options);

void fr_options_reference(const struct fr_stage *stage, FILE *out);
void fr_options_print(const struct fr_options *options, const struct fr_stage *stage, FILE *out);

/* Where `name` is reached: its row in `endpoints`, else ipc://<run>/<name>.sock; into text[size].
 * *key is the Z85 server key for tcp, else NULL. */
void fr_options_endpoint(const struct fr_common_config *common, const char *name, char *text,
                         size_t size, const char **key);

/* The top level's schema, for `fil`, which is no service. */
extern const struct fr_config_key fr_common_keys[];
fr_config_check_fn fr_common_check;

#endif
