/* shop_schema_fixture.h - a schema with every type of key in it, for the tests and the fuzzer. */
#ifndef FR_CONFIG_SHOP_SCHEMA_FIXTURE_H
#define FR_CONFIG_SHOP_SCHEMA_FIXTURE_H

#include "common/config/config.h"

struct shop_stage {
    const char *listen;
    struct fr_span flush;
    int64_t batch_max;
};

struct shop_queue {
    const char *name;
    struct fr_config_list skills;
    double share;
};

struct shop_brand {
    const char *name;
    const char *title;
    int64_t weight;
};

struct shop_top {
    const char *run;
    struct fr_config_list sites;
    struct shop_stage stage;
};

struct shop_routing {
    struct fr_span offer_time;
    bool sticky;
    int64_t tries;
    double share;
    int64_t cache;
    int log;
    const char *label;
    const char *token;
    const char *upstream;
    struct fr_config_list tags;
    struct fr_config_list queues;
    struct fr_config_list brands;
    struct shop_stage stage;
};

#define OF(type, field) offsetof(struct type, field)

/* clang-format off */
static const struct fr_config_key shop_stage_keys[] = {
    { "listen", FR_CONFIG_ENDPOINT, OF(shop_stage, listen), "ipc://run/it.sock", .doc = "Where readers connect." },
    { "flush", FR_CONFIG_SPAN, OF(shop_stage, flush), "1s", .min = 1000, .max = 60000000, .doc = "How long a checkpoint may wait." },
    { "batch_max", FR_CONFIG_INT, OF(shop_stage, batch_max), "100", .min = 1, .doc = "Records in one batch." },
    { NULL },
};
static const struct fr_config_key shop_queue_keys[] = {
    { "name", FR_CONFIG_STRING, OF(shop_queue, name), NULL, .required = true, .min = 1, .max = 16, .doc = "What people call it." },
    { "skills", FR_CONFIG_STRINGS, OF(shop_queue, skills), NULL, .min = 0, .max = 3, .doc = "What an agent must be able to do." },
    { "share", FR_CONFIG_REAL, OF(shop_queue, share), "1", .min = 0, .max = 1, .doc = "How much of the agents' time it may take." },
    { NULL },
};
static const struct fr_config_key shop_brand_keys[] = {
    { "name", FR_CONFIG_STRING, OF(shop_brand, name), NULL, .min = 1, .max = 16, .doc = "Its short name." },
    { "title", FR_CONFIG_STRING, OF(shop_brand, title), "", .doc = "What customers read." },
    { "weight", FR_CONFIG_INT, OF(shop_brand, weight), "1", .min = -5, .max = 5, .doc = "Before others or behind them." },
    { NULL },
};
static const struct fr_config_key shop_top_keys[] = {
    { "run", FR_CONFIG_STRING, OF(shop_top, run), "run", .doc = "Directory of the sockets." },
    { "sites", FR_CONFIG_STRINGS, OF(shop_top, sites), "[home]", .doc = "Names of the sites." },
    { "stage", FR_CONFIG_SECTION, OF(shop_top, stage), NULL, .keys = shop_stage_keys, .doc = "What every service has." },
    { NULL },
};
static const struct fr_config_key shop_routing_keys[] = {
    { "offer_time", FR_CONFIG_SPAN, OF(shop_routing, offer_time), "20s", .min = 1000000, .max = 600000000, .doc = "How long an agent has to answer." },
    { "sticky", FR_CONFIG_BOOL, OF(shop_routing, sticky), "true", .doc = "Prefer the last agent." },
    { "tries", FR_CONFIG_INT, OF(shop_routing, tries), "3", .min = 1, .max = 10, .doc = "Offers before a task is raised." },
    { "share", FR_CONFIG_REAL, OF(shop_routing, share), "0.5", .doc = "A number." },
    { "cache", FR_CONFIG_SIZE, OF(shop_routing, cache), "64KiB", .min = 1024, .max = 1073741824, .doc = "Memory for it." },
    { "log", FR_CONFIG_CHOICE, OF(shop_routing, log), "auto", .choices = "auto|text|json", .doc = "Form of the log." },
    { "label", FR_CONFIG_STRING, OF(shop_routing, label), NULL, .min = 2, .max = 9, .doc = "A short text." },
    { "token", FR_CONFIG_SECRET, OF(shop_routing, token), NULL, .doc = "What it logs in with." },
    { "upstream", FR_CONFIG_ENDPOINT, OF(shop_routing, upstream), NULL, .doc = "Where it connects." },
    { "tags", FR_CONFIG_STRINGS, OF(shop_routing, tags), "[a, b]", .doc = "Texts." },
    { "queues", FR_CONFIG_LIST, OF(shop_routing, queues), NULL, .min = 0, .max = 3, .keys = shop_queue_keys, .item_size = sizeof(struct shop_queue), .doc = "Queues in order." },
    { "brands", FR_CONFIG_MAP, OF(shop_routing, brands), NULL, .keys = shop_brand_keys, .item_size = sizeof(struct shop_brand), .doc = "Brands by name." },
    { "stage", FR_CONFIG_SECTION, OF(shop_routing, stage), NULL, .keys = shop_stage_keys, .doc = "Overrides the top level's." },
    { NULL },
};
/* clang-format on */

/* What a row cannot say: a queue may not take more than the whole house. */
static void
shop_check(struct fr_config *config, const void *section)
{
    const struct shop_routing *routing = section;
    const struct shop_queue *queues = routing->queues.items;
    char path[40];

    for (size_t i = 0; i < routing->queues.count; i++) {
        snprintf(path, sizeof(path), "queues[%zu].share", i);
        if (queues[i].share > routing->share)
            fr_config_complain(config, "routing", path, "is more than routing.share (%g)",
                               routing->share);
    }
}

static const struct fr_config_section shop_sections[] = {
    {"", shop_top_keys, sizeof(struct shop_top), NULL},
    {"routing", shop_routing_keys, sizeof(struct shop_routing), shop_check},
};
#define SHOP_SECTION_COUNT 2

#endif
