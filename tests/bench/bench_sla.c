/* bench_sla.c - what business time and its bookkeeping cost: CPU time of one thread, no disk. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "common/stage/given.h"
#include "proto/conversation.pb-c.h"
#include "services/sla/sla.h"
#include "tests/bench/bench.h"

#define SECOND INT64_C(1000000)
#define EPOCH (INT64_C(1800000000) * SECOND)
#define DAY_S 86400

static const char yaml[] =
    "calendars:\n"
    "  support:\n"
    "    zone: Europe/Paris\n"
    "    hours: {mon: [\"09:00-12:30\", \"13:30-18:00\"], tue: [\"09:00-12:30\", "
    "\"13:30-18:00\"],\n"
    "            wed: [\"09:00-12:30\", \"13:30-18:00\"], thu: [\"09:00-12:30\", "
    "\"13:30-18:00\"],\n"
    "            fri: [\"09:00-12:30\", \"13:30-18:00\"], sat: [\"10:00-16:00\"]}\n"
    "    holidays: [2027-05-01, 2027-07-14, 2027-12-25]\n"
    "sla:\n"
    "  policies:\n"
    "    - {name: complaints, complaint: \"yes\", first_response: 1h}\n"
    "    - {name: usual, calendar: support, first_response: 4h, next_response: 8h, resolution: "
    "40h,\n"
    "       pause_for: [customer], steps: [{at: 50%, do: [raise]}, {at: due-15m, do: [tell, "
    "alert]}]}\n";

struct rates { /* per second of CPU time */
    double add, within, open, localtime, inputs;
};

static double
cpu_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t
draw(uint64_t *seed, uint64_t below)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed % below;
}

static struct fr_time
some_time(uint64_t *seed)
{
    return (struct fr_time){EPOCH + (int64_t)draw(seed, UINT64_C(365) * DAY_S) * SECOND};
}

/* ---- the calendar ---- */

static int64_t
add_once(const struct fr_calendar *calendar, uint64_t *seed)
{
    struct fr_calendar_deadline deadline = {{0}, {0}};

    fr_calendar_add(calendar, some_time(seed), fr_seconds((int64_t)draw(seed, 80 * 3600)),
                    &deadline);
    return deadline.first.unix_us;
}

static int64_t
within_once(const struct fr_calendar *calendar, uint64_t *seed)
{
    struct fr_time from = some_time(seed);

    return fr_calendar_within(calendar, from, fr_time_add(from, fr_seconds(365 * DAY_S))).us;
}

static int64_t
open_once(const struct fr_calendar *calendar, uint64_t *seed)
{
    return fr_calendar_open(calendar, some_time(seed));
}

static int64_t
localtime_once(const struct fr_calendar *calendar, uint64_t *seed)
{
    time_t t = some_time(seed).unix_us / SECOND;
    struct tm local;

    (void)calendar;
    localtime_r(&t, &local);
    return local.tm_hour;
}

static double
rate_of(int64_t (*once)(const struct fr_calendar *calendar, uint64_t *seed),
        const struct fr_calendar *calendar, double seconds)
{
    volatile int64_t sink = 0;
    uint64_t seed = 88172645463325252u, count = 0;
    double start = cpu_s(), took;

    do {
        for (int i = 0; i < 1000; i++)
            sink += once(calendar, &seed);
        count += 1000;
        took = cpu_s() - start;
    } while (took < seconds);
    (void)sink;
    return (double)count / took;
}

/* ---- decide and apply ---- */

static void
said(struct fr_given *given, uint64_t conversation, Fr__Direction direction, uint64_t message)
{
    Fr__MessageAdded added = FR__MESSAGE_ADDED__INIT;
    Fr__Entry entry = FR__ENTRY__INIT;

    entry.message_id = message;
    entry.direction = direction;
    entry.channel = "channel_webchat";
    entry.account = entry.address = entry.text = "x";
    added.conversation_id = conversation;
    added.customer_id = conversation + 1;
    added.entry = &entry;
    added.reason = "bench";
    fr_given_input(given, "conversations", conversation, "acme", &added.base);
}

static uint64_t
one_conversation(struct fr_given *given, uint64_t conversation)
{
    Fr__ConversationOpened opened = FR__CONVERSATION_OPENED__INIT;
    Fr__ConversationResolved resolved = FR__CONVERSATION_RESOLVED__INIT;

    opened.conversation_id = conversation;
    opened.customer_id = conversation + 1;
    opened.channel = opened.account = "channel_webchat";
    opened.reason = "bench";
    fr_given_input(given, "conversations", conversation, "acme", &opened.base);
    said(given, conversation, FR__DIRECTION__FROM_CUSTOMER, conversation + 2);
    said(given, conversation, FR__DIRECTION__TO_CUSTOMER, conversation + 3);
    said(given, conversation, FR__DIRECTION__FROM_CUSTOMER, conversation + 4);
    said(given, conversation, FR__DIRECTION__TO_CUSTOMER, conversation + 5);
    resolved.conversation_id = conversation;
    resolved.customer_id = conversation + 1;
    resolved.outcome = FR__OUTCOME__SOLVED;
    resolved.reason = "bench";
    fr_given_input(given, "conversations", conversation, "acme", &resolved.base);
    return 6;
}

static double
inputs_per_s(uint64_t conversations)
{
    struct fr_given *given = fr_given_new(&sla_stage, yaml);
    double start = cpu_s(), took;
    uint64_t inputs = 0;

    for (uint64_t i = 0; i < conversations; i++)
        inputs += one_conversation(given, 1000 + i * 100);
    took = cpu_s() - start;
    fr_given_free(&given);
    return (double)inputs / took;
}

/* ---- the report ---- */

struct top {
    struct fr_config_list calendars;
};
static const struct fr_config_key top_keys[] = {
    {"calendars", FR_CONFIG_MAP, 0, .keys = fr_calendar_keys,
     .item_size = sizeof(struct fr_calendar_config), .doc = "x"},
    {NULL},
};

static struct fr_calendars *
load_calendars(struct fr_config **config)
{
    const struct fr_config_section section = {"", top_keys, sizeof(struct top), NULL};
    const char *end = strstr(yaml, "sla:");
    struct fr_calendars *calendars = NULL;

    fr_assert(fr_config_parse(yaml, (size_t)(end - yaml), "bench", &section, 1, stderr, config) ==
              FR_OK);
    fr_assert(fr_calendars_new(*config,
                               &((const struct top *)fr_config_get(*config, ""))->calendars,
                               &calendars) == FR_OK);
    return calendars;
}

static int
print(const struct rates *rates, bool json)
{
    if (json) {
        json_t *all = json_pack("{s:f, s:f, s:f, s:f, s:f}", "add_per_s", rates->add,
                                "within_year_per_s", rates->within, "open_per_s", rates->open,
                                "localtime_per_s", rates->localtime, "inputs_per_s", rates->inputs);

        json_dumpf(all, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(all);
        return 0;
    }
    printf("calendar  add, up to 80 h       %10.0f /s\n", rates->add);
    printf("          within a year         %10.0f /s\n", rates->within);
    printf("          open                  %10.0f /s\n", rates->open);
    printf("yardstick localtime_r           %10.0f /s\n", rates->localtime);
    printf("sla       inputs, decide+apply  %10.0f /s   %.1f us each, test harness and its memory "
           "journal included\n",
           rates->inputs, 1e6 / rates->inputs);
    return 0;
}

int
bench_sla(const struct bench_options *options)
{
    double seconds = options->seconds > 0 ? options->seconds : 1;
    struct fr_config *config;
    struct fr_calendars *calendars = load_calendars(&config);
    const struct fr_calendar *calendar = fr_calendars_find(calendars, "support");
    struct rates rates;

    setenv("TZ", "Europe/Paris", 1);
    tzset();
    rates.add = rate_of(add_once, calendar, seconds);
    rates.within = rate_of(within_once, calendar, seconds);
    rates.open = rate_of(open_once, calendar, seconds);
    rates.localtime = rate_of(localtime_once, calendar, seconds);
    rates.inputs = inputs_per_s(seconds < 1 ? 1000 : 10000);
    fr_calendars_free(&calendars);
    fr_config_free(&config);
    return print(&rates, options->json);
}
