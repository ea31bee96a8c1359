/* main.c - filrouge-bench-routing: how fast routing decides; `fil bench routing` runs it.
 *
 *     decide    the two judgements alone: which agent for this task, which task for this agent
 *     apply     decide and apply of whole inputs, in memory, as the house grows by 10 and 100
 *     commit    at a fixed rate, on a disk: an agent is freed --> his next offer is synced
 *
 * The house: every agent has three of the skills and takes one conversation at a time, and is busy;
 * each customer who waits asks for one skill.  A cycle is three inputs: a conversation ends (and
 * the agent is offered what waits first for him), he accepts, another customer comes.  So the line
 * stays as long as it is.  CPU time, not time on the wall, where the disk plays no part.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/stage/engine.h"
#include "proto/conversation.pb-c.h"
#include "proto/site.pb-c.h"
#include "services/routing/pick.h"

#define START_US INT64_C(1800000000000000)
#define SAMPLES_MAX 2000000

struct size {
    uint32_t agents, waiting, skills;
};
struct bench {
    struct fr_engine engine;
    struct fr_journal *journal;
    struct fr_store *store;
    struct routing_config config;
    int conversations, sites;
    uint64_t seq;       /* of inputs */
    uint64_t next_task; /* ids grow */
    uint64_t dice;
    uint64_t *task_of; /* by agent's number: what he is busy with */
    struct size size;
};

static void
must(enum fr_error err, const char *what)
{
    if (err == FR_OK)
        return;
    fprintf(stderr, "bench: %s: %s\n", what, fr_error_name(err));
    exit(1);
}

static double
seconds(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint64_t
roll(struct bench *bench, uint64_t sides)
{
    bench->dice ^= bench->dice << 13; /* xorshift64, Marsaglia 2003 */
    bench->dice ^= bench->dice >> 7;
    bench->dice ^= bench->dice << 17;
    return bench->dice % sides;
}

/* ---- the house ---- */

static char *
named(char letter, uint32_t number)
{
    char *text = NULL;

    if (asprintf(&text, "%c%u", letter, number) < 0)
        must(FR_NO_MEMORY, "names");
    return text;
}

static struct routing_agent_config *
make_agents(struct bench *bench)
{
    uint32_t count = bench->size.agents, skill_count = bench->size.skills;
    struct routing_agent_config *agents = calloc(count, sizeof(*agents));
    struct routing_skill *skills = calloc((size_t)count * 3, sizeof(*skills));

    if (agents == NULL || skills == NULL)
        must(FR_NO_MEMORY, "agents");
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t s = 0; s < 3; s++)
            skills[i * 3 + s] = (struct routing_skill){
                named('s', (i + s * (1 + i / skill_count)) % skill_count), 1 + (i + s) % 5};
        agents[i] = (struct routing_agent_config){.name = named('a', i),
                                                  .site = "inhouse",
                                                  .room = ROUTING_FULL,
                                                  .skills = {&skills[i * 3], 3}};
    }
    return agents;
}

static void
open_house(struct bench *bench, const char *dir, struct size size)
{
    struct fr_journal_options journal = {.name = "routing",
                                         .segment_size = dir != NULL ? 64 << 20 : 1 << 20};
    struct fr_store_options store = {.tables = routing_stage.tables,
                                     .more_tables = fr_own_tables,
                                     .map_size_first = 64 << 20,
                                     .map_size_max = (size_t)16 << 30,
                                     .dirty_size_max = SIZE_MAX / 2};
    struct fr_store_position position;
    char complaint[256] = "", path[2][400];

    *bench = (struct bench){.next_task = 1, .dice = 88172645463325252u, .size = size};
    if (dir != NULL) {
        snprintf(path[0], sizeof(path[0]), "%s/journal", dir);
        snprintf(path[1], sizeof(path[1]), "%s/tables", dir);
        mkdir(path[0], 0700);
        mkdir(path[1], 0700);
        journal.dir = path[0];
        store.dir = path[1];
    }
    bench->config = (struct routing_config){
        .offer_time = fr_seconds(600), .declined_for = fr_seconds(60), .continuity_most = 2};
    bench->config.agents = (struct fr_config_list){make_agents(bench), size.agents};
    bench->task_of = calloc(size.agents + 1, sizeof(uint64_t));
    must(fr_journal_open(&journal, &bench->journal, complaint, sizeof(complaint)), complaint);
    must(fr_store_open(&store, &bench->store, &position), "tables");
    must(fr_engine_init(&bench->engine, &routing_stage, bench->journal, bench->store,
                        &bench->config),
         "engine");
    bench->conversations = fr_engine_role(&bench->engine, "conversations");
    bench->sites = fr_engine_role(&bench->engine, "sites");
    bench->engine.turn.now.unix_us = START_US;
    must(fr_engine_config(&bench->engine, &bench->config), "configuration");
    must(fr_journal_sync(bench->journal), "journal");
}

static void
close_house(struct bench *bench)
{
    fr_engine_fini(&bench->engine);
    fr_store_free(&bench->store);
    fr_journal_free(&bench->journal);
    free(bench->task_of);
}

/* ---- inputs ---- */

static void
input(struct bench *bench, int role, uint64_t key, const char *brand,
      const ProtobufCMessage *message)
{
    struct {
        struct fr_record_head head;
        uint8_t body[1000];
    } record = {0};
    size_t size = protobuf_c_message_get_packed_size(message);

    fr_assert(size <= sizeof(record.body));
    record.head.kind = fr_kind_of(message->descriptor);
    record.head.size = (uint32_t)(sizeof(record.head) + ((size + 7) & ~(size_t)7));
    record.head.body_size = (uint32_t)size;
    record.head.id = record.head.seq = ++bench->seq;
    record.head.key = key;
    record.head.time_us = bench->engine.turn.now.unix_us;
    if (brand != NULL)
        snprintf(record.head.brand, sizeof(record.head.brand), "%s", brand);
    protobuf_c_message_pack(message, record.body);
    must(fr_engine_input(&bench->engine, role, &record.head, bench->engine.roles[role].name),
         "an input");
    if (bench->engine.rejected) {
        fprintf(stderr, "bench: set aside: %s\n", bench->engine.reason);
        exit(1);
    }
}

static void
customer_comes(struct bench *bench)
{
    Fr__TaskRequested request = FR__TASK_REQUESTED__INIT;
    const struct routing_agent_config *agents = bench->config.agents.items;
    const struct routing_skill *known = agents[roll(bench, bench->size.agents)].skills.items;
    char *skills[] = {(char *)known[roll(bench, 3)].name};

    request.task_id = bench->next_task++;
    request.conversation_id = request.task_id + (UINT64_C(1) << 40);
    request.customer_id = 1;
    request.channel = "channel_webchat";
    request.arrived_us = bench->engine.turn.now.unix_us;
    request.preview = "Where is my parcel? It should have been here on Monday.";
    request.n_skills = 1;
    request.skills = skills;
    input(bench, bench->conversations, request.conversation_id, "acme", &request.base);
}

static const char *
agent_name(struct bench *bench, uint32_t number)
{
    return ((const struct routing_agent_config *)bench->config.agents.items)[number - 1].name;
}

/* What he is offered becomes what he is busy with. */
static void
agent_accepts(struct bench *bench, uint32_t number)
{
    Fr__OfferAnswered answered = FR__OFFER_ANSWERED__INIT;
    struct routing_task task;
    size_t count;

    must(routing_tasks_with(bench->engine.turn.view, number, ROUTING_OFFERED, 1,
                            &bench->task_of[number], &count),
         "his offer");
    if (count == 0) {
        bench->task_of[number] = 0;
        return; /* nothing waits for his skills */
    }
    must(routing_task_get(bench->engine.turn.view, bench->task_of[number], &task), "his offer");
    answered.offer_id = task.offer_id;
    answered.task_id = task.task_id;
    answered.agent = (char *)agent_name(bench, number);
    answered.site = "inhouse";
    answered.accepted = 1;
    input(bench, bench->sites, task.conversation_id, "acme", &answered.base);
}

/* Somebody was free, so that he is offered the customer who has just come. */
static void
take_at_once(struct bench *bench)
{
    struct routing_task task;

    must(routing_task_get(bench->engine.turn.view, bench->next_task - 1, &task), "the customer");
    if (task.state == ROUTING_OFFERED)
        agent_accepts(bench, task.agent);
}

static void
agent_is_done(struct bench *bench, uint32_t number)
{
    Fr__WorkFinished finished = FR__WORK_FINISHED__INIT;

    finished.task_id = bench->task_of[number];
    finished.conversation_id = finished.task_id + (UINT64_C(1) << 40);
    finished.agent = (char *)agent_name(bench, number);
    finished.site = "inhouse";
    finished.outcome = FR__OUTCOME__SOLVED;
    input(bench, bench->sites, finished.conversation_id, "acme", &finished.base);
}

static void
publish(struct bench *bench)
{
    if (fr_journal_pending(bench->journal) > 0)
        must(fr_journal_sync(bench->journal), "journal");
    must(fr_journal_trim(bench->journal, UINT64_MAX, bench->engine.turn.now), "journal");
}

/* A long line, then everybody signs in and takes something of it. */
static void
fill_house(struct bench *bench)
{
    for (uint32_t i = 0; i < bench->size.waiting + bench->size.agents; i++) {
        bench->engine.turn.now.unix_us += 100;
        customer_comes(bench);
        if (i % 256 == 0)
            publish(bench);
    }
    for (uint32_t number = 1; number <= bench->size.agents; number++) {
        Fr__AgentPresence presence = FR__AGENT_PRESENCE__INIT;

        bench->engine.turn.now.unix_us += 100;
        presence.agent = (char *)agent_name(bench, number);
        presence.site = "inhouse";
        presence.state = FR__AGENT_STATE__AVAILABLE;
        presence.reason = "bench";
        input(bench, bench->sites, 0, NULL, &presence.base);
        agent_accepts(bench, number);
        if (number % 256 == 0)
            publish(bench);
    }
    publish(bench);
}

/* One who is busy. */
static uint32_t
somebody(struct bench *bench)
{
    uint32_t number;

    do
        number = 1 + (uint32_t)roll(bench, bench->size.agents);
    while (bench->task_of[number] == 0);
    return number;
}

/* ---- decide alone ---- */

static struct routing_look
look_of(struct bench *bench)
{
    return (struct routing_look){bench->engine.turn.view, &bench->config,           NULL,
                                 bench->engine.turn.now,  bench->engine.turn.arena, 0};
}

/* Agents as they would be when they are freed: their rows say that they have room. */
static double
rate_of_tasks_for_agents(struct bench *bench, uint32_t count)
{
    struct routing_look look = look_of(bench);
    uint32_t found = 0;
    double start = seconds(CLOCK_PROCESS_CPUTIME_ID);

    for (uint32_t i = 0; i < count; i++) {
        struct routing_agent agent;
        struct routing_task task;

        must(routing_agent_get(look.view, 1 + (uint32_t)roll(bench, bench->size.agents), &agent),
             "agent");
        agent.free = 1;
        found += routing_pick_task(&look, &agent, &task) == FR_OK;
    }
    if (found == 0)
        fprintf(stderr, "bench: nothing was found\n");
    return count / (seconds(CLOCK_PROCESS_CPUTIME_ID) - start);
}

/* In a house where half of the agents are free. */
static double
rate_of_agents_for_tasks(struct size size, uint32_t count)
{
    struct bench bench;
    struct routing_look look;
    struct routing_task task = {0};
    uint32_t found = 0;
    double start, rate;

    open_house(&bench, NULL, size);
    for (uint32_t i = 0; i < 20 * size.skills; i++) { /* a lane for each skill */
        customer_comes(&bench);
        if (i % 256 == 0)
            publish(&bench);
    }
    publish(&bench);
    for (uint32_t number = 1; number <= size.agents; number++) {
        struct routing_agent agent;

        must(routing_agent_get(bench.engine.turn.view, number, &agent), "agent");
        agent.state = number % 2 == 0 ? FR__AGENT_STATE__AVAILABLE : FR__AGENT_STATE__AWAY;
        agent.idle_us = START_US + (int64_t)roll(&bench, 1000000);
        must(routing_agent_put(fr_store_tables(bench.store), &agent), "agent");
    }
    look = look_of(&bench);
    start = seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (uint32_t i = 0; i < count; i++) {
        struct routing_lane lane;
        struct routing_pick pick;
        struct routing_numbers numbers;

        must(routing_numbers_get(look.view, &numbers), "numbers");
        must(routing_lane_get(look.view, 1 + (uint32_t)roll(&bench, numbers.lanes), &lane), "lane");
        found += routing_pick_agent(&look, &lane, "all", &task, &pick) == FR_OK;
    }
    rate = count / (seconds(CLOCK_PROCESS_CPUTIME_ID) - start);
    if (found == 0)
        fprintf(stderr, "bench: nobody was found\n");
    close_house(&bench);
    return rate;
}

/* ---- decide and apply, as the house grows ---- */

static void
measure_growth(uint32_t cycles, struct size largest)
{
    static const uint32_t parts[] = {100, 10, 1};

    printf("decide and apply, no disk\n"
           "  %8s %9s %7s %14s %14s %12s\n",
           "agents", "waiting", "skills", "us per input", "us per freed", "inputs/s");
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        struct size size = {largest.agents / parts[i], largest.waiting / parts[i], largest.skills};
        double all, freed = 0, start;
        struct bench bench;
        uint64_t before;

        open_house(&bench, NULL, size);
        fill_house(&bench);
        before = bench.seq;
        start = seconds(CLOCK_PROCESS_CPUTIME_ID);
        for (uint32_t n = 0; n < cycles; n++) {
            uint32_t number = somebody(&bench);
            double from = seconds(CLOCK_PROCESS_CPUTIME_ID);

            bench.engine.turn.now.unix_us += 100;
            agent_is_done(&bench, number);
            freed += seconds(CLOCK_PROCESS_CPUTIME_ID) - from;
            agent_accepts(&bench, number);
            customer_comes(&bench);
            take_at_once(&bench);
            if (n % 64 == 0)
                publish(&bench);
        }
        all = seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
        printf("  %8u %9u %7u %14.2f %14.2f %12.0f\n", size.agents, size.waiting, size.skills,
               all * 1e6 / (double)(bench.seq - before), freed * 1e6 / cycles,
               (double)(bench.seq - before) / all);
        fflush(stdout);
        close_house(&bench);
    }
}

/* ---- on a disk ---- */

static int
by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

static void
print_quantiles(const char *what, double *samples, size_t count)
{
    qsort(samples, count, sizeof(double), by_value);
    printf("  %-44s p50 %8.3f ms   p99 %8.3f ms   p99.9 %8.3f ms   max %8.3f ms\n", what,
           samples[count / 2] * 1e3, samples[count * 99 / 100] * 1e3,
           samples[count * 999 / 1000] * 1e3, samples[count - 1] * 1e3);
}

/* The yardstick: half a KiB written and synced, one after the other, at its own pace. */
static void
measure_plain_put(const char *dir, size_t count, double *samples)
{
    char path[420], bytes[512] = {1};
    int file;

    snprintf(path, sizeof(path), "%s/yardstick", dir);
    file = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (file < 0 || posix_fallocate(file, 0, (off_t)(count * sizeof(bytes))) != 0)
        must(FR_IO, path);
    for (size_t i = 0; i < count; i++) {
        double start = seconds(CLOCK_MONOTONIC);

        if (pwrite(file, bytes, sizeof(bytes), (off_t)(i * sizeof(bytes))) != sizeof(bytes) ||
            fdatasync(file) != 0)
            must(FR_IO, path);
        samples[i] = seconds(CLOCK_MONOTONIC) - start;
    }
    close(file);
    print_quantiles("a plain committed put of 512 bytes", samples, count);
}

static void
keep_tables(struct bench *bench, double *last)
{
    struct fr_store_position position;
    struct fr_cursor end = fr_journal_end(bench->journal);
    enum fr_error err = fr_store_tick(bench->store, &position);

    if (err == FR_IO || err == FR_FULL)
        must(err, "checkpoint");
    if (err == FR_AGAIN || seconds(CLOCK_MONOTONIC) - *last < 1)
        return;
    *last = seconds(CLOCK_MONOTONIC);
    err = fr_store_freeze(bench->store,
                          (struct fr_store_position){end.incarnation, end.seq, end.hash});
    if (err != FR_AGAIN)
        must(err, "checkpoint");
}

static void
measure_commit(const char *dir, struct size size, double rate, double how_long)
{
    size_t planned = (size_t)(rate / 3 * how_long), done = 0;
    double *samples = calloc(SAMPLES_MAX, sizeof(double)), last = 0, start, cpu;
    struct bench bench;
    uint64_t before;

    if (samples == NULL || planned > SAMPLES_MAX)
        must(FR_TOO_BIG, "samples");
    measure_plain_put(dir, 2000, samples);
    open_house(&bench, dir, size);
    fill_house(&bench);
    keep_tables(&bench, &last);
    before = bench.seq;
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    start = seconds(CLOCK_MONOTONIC);
    while (done < planned) {
        size_t first = done;

        /* What is due by now is one batch, as in a service. */
        while (done < planned && start + (double)done * 3 / rate <= seconds(CLOCK_MONOTONIC)) {
            uint32_t number = somebody(&bench);

            bench.engine.turn.now.unix_us += 100;
            agent_is_done(&bench, number);
            agent_accepts(&bench, number);
            customer_comes(&bench);
            take_at_once(&bench);
            done++;
            if (done - first == 64)
                break;
        }
        if (done == first) {
            usleep(100);
            continue;
        }
        publish(&bench);
        for (size_t i = first; i < done; i++)
            samples[i] = seconds(CLOCK_MONOTONIC) - (start + (double)i * 3 / rate);
        keep_tables(&bench, &last);
    }
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    print_quantiles("agent freed --> offer committed", samples, done);
    printf(
        "  %u agents, %u waiting, %u skills: %.0f inputs/s for %.0f s, %.0f %% of one processor\n",
        size.agents, size.waiting, size.skills,
        (double)(bench.seq - before) / (seconds(CLOCK_MONOTONIC) - start),
        seconds(CLOCK_MONOTONIC) - start, cpu * 100 / (seconds(CLOCK_MONOTONIC) - start));
    close_house(&bench);
    free(samples);
}

/* ---- all of it ---- */

static void
usage(FILE *out)
{
    fprintf(out, "usage: fil bench routing [--agents N] [--waiting N] [--skills N] [--cycles N]\n"
                 "                         [--rate INPUTS_PER_S] [--seconds S] [--dir DIR]\n"
                 "examples:\n"
                 "  fil bench routing\n"
                 "  fil bench routing --agents 50000 --waiting 500000 --cycles 100000\n");
}

static void
remove_dir(const char *dir)
{
    char command[500];

    snprintf(command, sizeof(command), "rm -rf -- '%s'", dir);
    if (system(command) != 0)
        fprintf(stderr, "bench: %s could not be removed\n", dir);
}

int
main(int argc, char **argv)
{
    static const struct option options[] = {{"agents", required_argument, NULL, 'a'},
                                            {"waiting", required_argument, NULL, 'w'},
                                            {"skills", required_argument, NULL, 's'},
                                            {"cycles", required_argument, NULL, 'c'},
                                            {"rate", required_argument, NULL, 'r'},
                                            {"seconds", required_argument, NULL, 'S'},
                                            {"dir", required_argument, NULL, 'd'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    struct size size = {5000, 50000, 200};
    double rate = 3000, how_long = 10;
    const char *below = getenv("TMPDIR");
    uint32_t cycles = 50000;
    char dir[300];
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (option) {
        case 'a':
            size.agents = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'w':
            size.waiting = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 's':
            size.skills = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'c':
            cycles = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'r':
            rate = strtod(optarg, NULL);
            break;
        case 'S':
            how_long = strtod(optarg, NULL);
            break;
        case 'd':
            below = optarg;
            break;
        default:
            usage(option == 'h' ? stdout : stderr);
            return option == 'h' ? 0 : 64;
        }
    }
    if (size.agents < 100 || size.waiting < 100 || size.skills == 0 || cycles == 0 || rate <= 0 ||
        how_long <= 0 || optind < argc) {
        usage(stderr);
        return 64;
    }
    snprintf(dir, sizeof(dir), "%s/filrouge-bench-XXXXXX", below != NULL ? below : "/tmp");
    if (mkdtemp(dir) == NULL)
        must(FR_IO, dir);
    measure_growth(cycles, size);
    {
        struct bench bench;

        open_house(&bench, NULL, size);
        fill_house(&bench);
        printf("decisions alone, one processor\n"
               "  which task for an agent who is freed   %10.0f /s\n",
               rate_of_tasks_for_agents(&bench, 4 * cycles));
        close_house(&bench);
    }
    printf("  which agent for a task, half are free  %10.0f /s\n",
           rate_of_agents_for_tasks(size, 4 * cycles));
    printf("on a disk (%s)\n", below != NULL ? below : "/tmp");
    fflush(stdout);
    measure_commit(dir, size, rate, how_long);
    remove_dir(dir);
    return 0;
}
