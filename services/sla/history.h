/* history.h - for sla's model test: a random history of a conversation, and the configurations that
 * it goes through. */
#ifndef FR_SLA_HISTORY_H
#define FR_SLA_HISTORY_H

#include "services/sla/tables.h"

#define HISTORY_EVENTS_MAX 24
#define HISTORY_VERSIONS 3
#define HISTORY_POLICIES 4
#define HISTORY_MINUTE INT64_C(60000000)

enum history_what {
    HEARD,
    SPOKE,
    BOT_SPOKE,
    SPOKE_UNSEEN,
    NOTED,
    ACKNOWLEDGED,
    CLASSIFIED,
    REKEYED,
    RESOLVED,
    REOPENED,
    RELOADED,
    WHAT_COUNT
};
struct history_event {
    int64_t at_us;
    enum history_what what;
    int priority, waiting, version;
    bool complaint, urgent;
};
struct history_policy {      /* minutes; 0: not promised */
    bool complaints, urgent; /* only these */
    int64_t first, first_high, next, acknowledgement, update, resolution;
    int calendar; /* 0: 24/7; 1, 2: its own */
    bool pause_customer, pause_third, bots_count;
};
struct history_version {
    struct history_policy policies[HISTORY_POLICIES]; /* the last one holds for all */
    int opens[2][7], closes[2][7];                    /* hours of its calendars; equal: closed */
    int64_t window;                                   /* channel_closes, minutes; 0: none */
};
struct history {
    uint64_t seed;
    struct history_version versions[HISTORY_VERSIONS];
    struct history_event events[HISTORY_EVENTS_MAX];
    size_t count;
    int64_t end_us;
};

static inline uint64_t
history_draw(uint64_t *seed, uint64_t below)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed % below;
}

static inline void
history_policy_make(uint64_t *seed, struct history_policy *policy)
{
    static const int64_t lengths[] = {0, 5, 30, 60, 240, 600, 1440};
    int64_t *fields[] = {&policy->first, &policy->next, &policy->acknowledgement, &policy->update,
                         &policy->resolution};

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        *fields[i] = lengths[history_draw(seed, 7)];
    policy->first_high = history_draw(seed, 2) == 0 ? 0 : lengths[1 + history_draw(seed, 4)];
    if (policy->first == 0)
        policy->first = 15; /* it must promise something */
    policy->calendar = (int)history_draw(seed, 3);
    policy->pause_customer = history_draw(seed, 2) == 0;
    policy->pause_third = history_draw(seed, 2) == 0;
    policy->bots_count = history_draw(seed, 3) == 0;
}

static inline void
history_version_make(uint64_t *seed, struct history_version *version)
{
    for (size_t i = 0; i < HISTORY_POLICIES; i++)
        history_policy_make(seed, &version->policies[i]);
    version->policies[0].complaints = true;
    version->policies[1].urgent = true;
    for (size_t c = 0; c < 2; c++)
        for (size_t day = 0; day < 7; day++) {
            version->opens[c][day] = (int)history_draw(seed, 12);
            version->closes[c][day] = history_draw(seed, 4) == 0 ? version->opens[c][day]
                                                                 : version->opens[c][day] + 1 +
                                                                       (int)history_draw(seed, 12);
        }
    version->window = history_draw(seed, 2) == 0 ? 0 : 120;
}

static inline void
history_make(struct history *history, uint64_t seed, int64_t start_us)
{
    uint64_t chance = seed * 0x9e3779b97f4a7c15u + 1;
    int64_t at_us = start_us;
    int version = 0;
    bool open = true;

    memset(history, 0, sizeof(*history));
    history->seed = seed;
    history_draw(&chance, 2);
    for (size_t i = 0; i < HISTORY_VERSIONS; i++)
        history_version_make(&chance, &history->versions[i]);
    history->count = 3 + history_draw(&chance, HISTORY_EVENTS_MAX - 3);
    for (size_t i = 0; i < history->count; i++) {
        struct history_event *event = &history->events[i];

        at_us += 1 + (int64_t)history_draw(&chance, 6) * 31 * HISTORY_MINUTE +
                 (int64_t)history_draw(&chance, UINT64_C(90) * 60000000);
        event->at_us = at_us;
        event->what = history_draw(&chance, 3) == 0
                          ? (enum history_what)(history_draw(&chance, 2))
                          : (enum history_what)history_draw(&chance, WHAT_COUNT);
        if (event->what == REOPENED && open)
            event->what = HEARD;
        if (!open && (event->what == HEARD || event->what == SPOKE || event->what == BOT_SPOKE ||
                      event->what == SPOKE_UNSEEN))
            event->what = REOPENED;
        if (event->what == RESOLVED || event->what == REOPENED)
            open = event->what == REOPENED;
        if (event->what == RELOADED)
            version = (version + 1) % HISTORY_VERSIONS;
        event->version = version;
        event->priority = (int)history_draw(&chance, 4);
        event->waiting = (int)history_draw(&chance, 4);
        event->complaint = history_draw(&chance, 4) == 0;
        event->urgent = history_draw(&chance, 3) == 0;
    }
    history->end_us = at_us + (int64_t)history_draw(&chance, 2 * 1440 * 60000000ull);
}

/* ---- the configuration as an operator would write it ---- */

static inline void
history_print_policy(FILE *out, size_t index, const struct history_policy *policy)
{
    static const char *const calendars[] = {"24/7", "a", "b"};

    fprintf(out,
            "    - {name: p%zu, calendar: %s, bots_count: %s, complaint: \"%s\", tags: [%s],\n",
            index, calendars[policy->calendar], policy->bots_count ? "true" : "false",
            policy->complaints ? "yes" : "any", policy->urgent ? "urgent" : "");
    fprintf(out, "       pause_for: [%s%s%s],\n", policy->pause_customer ? "customer" : "",
            policy->pause_customer && policy->pause_third ? ", " : "",
            policy->pause_third ? "third_party" : "");
    fprintf(out,
            "       first_response: %lldm, next_response: %lldm, acknowledgement: %lldm,\n"
            "       periodic_update: %lldm, resolution: %lldm",
            (long long)policy->first, (long long)policy->next, (long long)policy->acknowledgement,
            (long long)policy->update, (long long)policy->resolution);
    if (policy->first_high > 0)
        fprintf(out, ",\n       targets: [{kind: first_response, within: %lldm, priority: 2}]",
                (long long)policy->first_high);
    fprintf(out, ",\n       steps: [{at: 75%%, do: [raise, tell]}, {at: due+1h, do: [alert]}]}\n");
}

static inline char *
history_yaml(const struct history_version *version)
{
    static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    fprintf(out, "calendars:\n");
    for (int c = 0; c < 2; c++) {
        fprintf(out, "  %c:\n    zone: %s\n    hours:\n", 'a' + c,
                c == 0 ? "Australia/Lord_Howe" : "Europe/Paris");
        for (int day = 0; day < 7; day++)
            if (version->closes[c][day] > version->opens[c][day])
                fprintf(out, "      %s: [\"%02d:00-%02d:00\"]\n", days[day], version->opens[c][day],
                        version->closes[c][day]);
            else
                fprintf(out, "      %s: []\n", days[day]);
    }
    fprintf(out, "sla:\n");
    if (version->window > 0)
        fprintf(out, "  channel_closes: {channel_webchat: {after: %lldm}}\n",
                (long long)version->window);
    fprintf(out, "  policies:\n");
    for (size_t i = 0; i < HISTORY_POLICIES; i++)
        history_print_policy(out, i, &version->policies[i]);
    fclose(out);
    return text;
}

#endif
