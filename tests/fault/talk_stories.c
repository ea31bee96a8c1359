/* talk_stories.c - `fault-talk NAME`: stories of errands, in which operators have a say. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/error.h"
#include "common/base/time.h"
#include "tests/fault/source.h"
#include "tests/fault/talk.h"
#include "tests/fault/world.h"

#define NAME "errands"

static struct world world;
static char run_dir[300], log_path[300];
static unsigned breaches;

static void
claim(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "not so: %s\n", what);
    breaches++;
}

/* ---- the stage of the stories ---- */

static void
write_config(const char *errands)
{
    FILE *out = fopen(world.config, "w");

    fr_assert(out != NULL);
    fprintf(out,
            "state: %s\nrun: %s/run\n"
            "stage: {segment_size: 1MiB, checkpoint_every: 10ms, checkpoint_idle: 3ms, "
            "retention: 0s, log_level: error, effect_workers: 3}\n"
            "errands: {%s}\n",
            world.state, world.dir, errands);
    fclose(out);
}

static bool
set_up(int numbers)
{
    if (!world_init(&world, numbers, NULL))
        return false;
    snprintf(world.ledger, sizeof(world.ledger), "%s/fault-errands", getenv("FR_BUILD_DIR"));
    world_fresh(&world);
    write_config("word: first");
    snprintf(run_dir, sizeof(run_dir), "%.250s/run", world.dir);
    snprintf(log_path, sizeof(log_path), "%.250s/log", world.dir);
    setenv("ERRAND_LOG", log_path, 1);
    mkdir(run_dir, 0700);
    return true;
}

static int
verdict(const char *story)
{
    if (breaches == 0)
        world_remove(world.dir);
    printf("%s: %s\n", story, breaches == 0 ? "holds" : "BROKEN");
    return breaches == 0 ? 0 : 1;
}

static json_t *
submit(uint64_t number)
{
    return talk(run_dir, NAME,
                "{\"submit\": \"BenchMessage\", \"message\": {\"key\": %llu, \"sent_us\": 0, "
                "\"filler\": \"\"}}",
                (unsigned long long)number);
}

static int
times_added(uint64_t number)
{
    json_t *answer = talk(run_dir, NAME, "{\"ask\": \"number\", \"args\": {\"number\": %llu}}",
                          (unsigned long long)number);
    int count = (int)json_integer_value(json_object_get(answer, "answer"));

    json_decref(answer);
    return count;
}

static bool
word_is(const char *word)
{
    json_t *answer = talk(run_dir, NAME, "{\"ask\": \"word\"}");
    const char *told = json_string_value(json_object_get(answer, "answer"));
    bool same = told != NULL && strcmp(told, word) == 0;

    json_decref(answer);
    return same;
}

/* ---- effects: kill -9 again and again ---- */

struct runs {
    unsigned tries[CHECK_NUMBER_MAX], last[CHECK_NUMBER_MAX];
};

static void
read_log(struct runs *runs)
{
    char what[16];
    unsigned number, attempt;
    FILE *in = fopen(log_path, "r");

    memset(runs, 0, sizeof(*runs));
    while (in != NULL && fscanf(in, "%15s %u %u", what, &number, &attempt) == 3) {
        claim(strcmp(what, "crowded") != 0, "at most as many in hand as there are workers");
        if (strcmp(what, "run") != 0 || number >= CHECK_NUMBER_MAX)
            continue;
        claim(attempt > runs->last[number], "every try is counted before it is made");
        runs->last[number] = attempt;
        runs->tries[number]++;
    }
    if (in != NULL)
        fclose(in);
}

static bool
all_done(void)
{
    static struct check_counts counts;

    if (!world_all_acknowledged(&world) || !check_read(world.state, NAME, &counts))
        return false;
    for (int n = 1; n <= world.numbers; n++)
        if (counts.alarms[n] == 0)
            return false;
    return true;
}

static int
effects(void)
{
    static struct check_counts counts;
    static struct runs runs;
    struct fr_span begun = fr_time_monotonic();
    unsigned seed = (unsigned)getpid();
    pid_t pid = 0;

    if (!set_up(300))
        return 64;
    printf("seed %u\n", seed);
    srand(seed);
    for (int deaths = 0; deaths < 30; deaths++) {
        struct fr_span born = fr_time_monotonic();
        int life_ms = 10 + rand() % 60;

        pid = world_start(&world, 1, NULL);
        while (fr_time_monotonic().us - born.us < life_ms * INT64_C(1000))
            world_read_acks(&world, 5);
        world_finish(&pid, SIGKILL);
        world_read_acks(&world, 0);
    }
    pid = world_start(&world, 1, NULL);
    while (!all_done() && fr_time_monotonic().us - begun.us < 40000000)
        world_read_acks(&world, 20);
    world_finish(&pid, SIGTERM);
    check_read(world.state, NAME, &counts);
    read_log(&runs);
    for (int n = 1; n <= world.numbers; n++) {
        claim(runs.tries[n] >= 1, "every errand was run");
        claim(counts.numbers[n] == 1 && counts.alarms[n] == 1, "one number, one outcome");
    }
    claim(world_same_dump(&world, 1), "the tables are what the journal says");
    return verdict("effects");
}

/* ---- the control socket and what people send to it ---- */

static void
hostile(const char *what, const void *bytes, size_t size, int part_count)
{
    json_t *answer = talk_bytes(run_dir, NAME, bytes, size, part_count, 2000);

    if (json_object_get(answer, "error") == NULL) {
        fprintf(stderr, "%s was %s\n", what, answer == NULL ? "not answered" : "taken");
        breaches++;
    }
    json_decref(answer);
}

static void
hostile_requests(void)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "null",
        "7",
        "\"ask\"",
        "{}",
        "{\"ask\": 5}",
        "{\"ask\": \"nobody\"}",
        "{\"ask\": \"status\", \"ask\": \"status\"}",
        "{\"ask\": \"sta\\u0000tus\"}",
        "{\"ask\": \"dead.show\", \"args\": {\"id\": \"zz\"}}",
        "{\"ask\": \"dead.retry\"}",
        "{\"ask\": \"dead.discard\", \"args\": [1]}",
        "{\"ask\": \"journal.forget\", \"args\": 3}",
        "{\"ask\": \"journal.forget\", \"args\": {\"name\": \"nobody\"}}",
        "{\"ask\": \"dead.retry\", \"args\": {\"id\": \"00000000000000ff\"}}",
        "{\"submit\": 5}",
        "{\"submit\": \"Nothing\"}",
        "{\"submit\": \"BenchMessage\"}",
        "{\"submit\": \"BenchMessage\", \"message\": {\"key\": \"x\"}}",
        "{\"submit\": \"BenchMessage\", \"message\": []}",
        "{\"submit\": \"TimerFired\", \"message\": {\"kind\": 1, \"id\": \"1\", \"due_us\": "
        "\"1\"}}",
        "{\"submit\": \"BenchMessage\", \"brand\": \"much too long for a brand\", \"message\": "
        "{\"key\": 1, \"sent_us\": 0, \"filler\": \"\"}}",
    };
    size_t deep = 900000;
    char *nested = malloc(deep);

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        hostile(texts[i], texts[i], strlen(texts[i]), 1);
    fr_assert(nested != NULL);
    memset(nested, '[', deep);
    hostile("deep nesting", nested, deep, 1);
    hostile("bytes that are not UTF-8", "{\"ask\": \"\xff\xfe\"}", 13, 1);
    hostile("a NUL", "{\"ask\": \"status\"}\0\0", 19, 1);
    hostile("many parts", "{\"ask\": \"status\"}", 17, 5);
    json_decref(talk_bytes(run_dir, NAME, nested, deep, 3, 2000));
    nested = realloc(nested, 3 * deep);
    fr_assert(nested != NULL);
    json_decref(talk_bytes(run_dir, NAME, nested, 3 * deep, 1, 300)); /* too big: hung up on */
    free(nested);
}

static int
control(void)
{
    pid_t pid;

    if (!set_up(0))
        return 64;
    pid = world_start(&world, 1, NULL);
    claim(word_is("first"), "it answers");
    hostile_requests();
    claim(word_is("first"), "it still answers");
    for (uint64_t n = 1; n <= 60; n++) {
        json_t *answer = submit(n);

        claim(json_is_true(json_object_get(answer, "done")), "what is right is taken");
        json_decref(answer);
        claim(times_added(n) == 1, "a query sees what was just done");
    }
    claim(kill(pid, 0) == 0 && waitpid(pid, NULL, WNOHANG) == 0, "it never ended");
    world_finish(&pid, SIGTERM);
    return verdict("control");
}

/* ---- dead inputs ---- */

/* The only dead input's id, "" when there is not exactly one. */
static const char *
only_dead(void)
{
    static char id[64];
    json_t *answer = talk(run_dir, NAME, "{\"ask\": \"dead.ls\"}");
    json_t *items = json_object_get(json_object_get(answer, "answer"), "items");
    const char *text = json_string_value(json_object_get(json_array_get(items, 0), "id"));

    snprintf(id, sizeof(id), "%s", json_array_size(items) == 1 && text != NULL ? text : "");
    json_decref(answer);
    return id;
}

static json_t *
about_dead(const char *what, const char *id)
{
    return talk(run_dir, NAME, "{\"ask\": \"dead.%s\", \"args\": {\"id\": \"%s\"}}", what, id);
}

static void
wait_for(struct source *source, bool (*holds)(void), const char *what)
{
    for (int tries = 0; tries < 100; tries++) {
        if (holds())
            return;
        if (source != NULL)
            source_serve(source, 50);
        else
            usleep(50000);
    }
    claim(false, what);
}

static bool
one_is_dead(void)
{
    return only_dead()[0] != '\0';
}

static int
dead(void)
{
    char path[600], id[64];
    struct source *source;
    json_t *answer;
    pid_t pid;

    if (!set_up(0))
        return 64;
    snprintf(path, sizeof(path), "%s/source", world.dir);
    source = source_open(path, run_dir);
    if (source == NULL)
        return 1;
    pid = world_start(&world, 1, NULL);
    source_add_broken(source);
    wait_for(source, one_is_dead, "what does not decode is set aside");
    snprintf(id, sizeof(id), "%s", only_dead());
    answer = about_dead("show", id);
    claim(json_object_get(answer, "answer") != NULL, "it can be shown");
    json_decref(answer);
    claim(talk_failed_with(about_dead("retry", id), "rejected"), "tried again it is refused again");
    claim(one_is_dead() && strcmp(only_dead(), id) != 0, "and is kept, under a new id");
    claim(talk_failed_with(about_dead("retry", id), "not_found"), "the old id has ended");
    write_config("word: second, lenient: true");
    kill(pid, SIGHUP);
    for (int tries = 0; tries < 100 && !word_is("second"); tries++)
        usleep(20000);
    snprintf(id, sizeof(id), "%s", only_dead());
    claim(talk_failed_with(about_dead("retry", id), ""), "a service that knows better takes it");
    claim(times_added(500) == 1, "and it counts");
    write_config("word: third");
    kill(pid, SIGHUP);
    for (int tries = 0; tries < 100 && !word_is("third"); tries++)
        usleep(20000);
    source_add_broken(source);
    wait_for(source, one_is_dead, "a second one is set aside");
    snprintf(id, sizeof(id), "%s", only_dead());
    claim(talk_failed_with(about_dead("discard", id), ""), "it can be discarded");
    claim(!one_is_dead(), "and is gone");
    source_add(source, 77);
    source_serve(source, 500);
    claim(times_added(77) == 1, "the rest goes on");
    world_finish(&pid, SIGTERM);
    claim(world_same_dump(&world, 1), "the tables are what the journal says");
    source_close(&source);
    return verdict("dead inputs");
}

/* An input from outside that crashed the service, tried again when the service was mended. */
static int
crashed(void)
{
    pid_t pid = 0;
    char id[64];

    if (!set_up(0))
        return 64;
    setenv("ERRAND_POISON", "1", 1);
    for (int crash = 0; crash < 5; crash++) {
        char text[200];

        if (world_ended(&pid))
            pid = world_start(&world, 1, NULL);
        claim(word_is("first"), "it starts");
        snprintf(text, sizeof(text),
                 "{\"submit\": \"BenchMessage\", \"message\": {\"key\": 13, \"sent_us\": 0, "
                 "\"filler\": \"\"}}");
        json_decref(talk_bytes(run_dir, NAME, text, strlen(text), 1, 300));
        usleep(100000);
    }
    claim(!world_ended(&pid), "the fifth time it stays up");
    claim(one_is_dead(), "what crashed it is kept");
    world_finish(&pid, SIGTERM);
    unsetenv("ERRAND_POISON");
    pid = world_start(&world, 1, NULL);
    snprintf(id, sizeof(id), "%s", only_dead());
    claim(talk_failed_with(about_dead("retry", id), ""), "a mended service takes it");
    claim(times_added(13) == 1 && !one_is_dead(), "and it is not lost");
    world_finish(&pid, SIGTERM);
    claim(world_same_dump(&world, 1), "the tables are what the journal says");
    return verdict("a crash, mended");
}

/* ---- reload ---- */

static int
reload(void)
{
    pid_t pid;
    FILE *out;

    if (!set_up(200))
        return 64;
    pid = world_start(&world, 1, NULL);
    claim(word_is("first"), "it starts");
    out = fopen(world.config, "w");
    fr_assert(out != NULL);
    fputs("errands: {word: [broken\n", out);
    fclose(out);
    kill(pid, SIGHUP);
    usleep(200000);
    claim(word_is("first"), "a bad configuration changes nothing");
    for (int i = 0; i < 100; i++) { /* while errands run and queries are answered */
        char words[40];

        snprintf(words, sizeof(words), "word: w%d", i);
        write_config(words);
        kill(pid, SIGHUP);
        json_decref(talk(run_dir, NAME, "{\"ask\": \"word\"}"));
        world_read_acks(&world, 0);
    }
    for (int tries = 0; tries < 100 && !word_is("w99"); tries++)
        usleep(20000);
    claim(word_is("w99"), "a good one is in force");
    for (int tries = 0; tries < 300 && !all_done(); tries++)
        world_read_acks(&world, 20);
    claim(all_done(), "and nothing was held up by it");
    world_finish(&pid, SIGTERM);
    return verdict("reload");
}

/* ---- an upstream restored to an older copy ---- */

static bool
is_ahead(void)
{
    json_t *answer = talk(run_dir, NAME, "{\"ask\": \"status\"}");
    json_t *upstreams = json_object_get(json_object_get(answer, "answer"), "upstreams");
    const char *state = json_string_value(json_object_get(json_array_get(upstreams, 0), "state"));
    bool ahead = state != NULL && strcmp(state, "ahead") == 0;

    json_decref(answer);
    return ahead;
}

static int
restored(void)
{
    char path[600], older[600], command[1400];
    struct source *source;
    json_t *answer;
    pid_t pid;

    if (!set_up(0))
        return 64;
    snprintf(path, sizeof(path), "%s/source", world.dir);
    snprintf(older, sizeof(older), "%s/older", world.dir);
    source = source_open(path, run_dir);
    if (source == NULL)
        return 1;
    for (uint64_t n = 1; n <= 10; n++)
        source_add(source, n);
    snprintf(command, sizeof(command), "cp -r %s %s", path, older);
    claim(system(command) == 0, "a copy is made");
    for (uint64_t n = 11; n <= 20; n++)
        source_add(source, n);
    pid = world_start(&world, 1, NULL);
    source_serve(source, 1000);
    claim(times_added(20) == 1, "it reads its upstream");
    source_close(&source);
    source = source_open(older, run_dir);
    if (source == NULL)
        return 1;
    wait_for(source, is_ahead, "status says by name that the upstream is an older copy");
    answer = talk(run_dir, NAME, "{\"ask\": \"metrics\"}");
    claim(json_string_value(json_object_get(answer, "answer")) != NULL &&
              strstr(json_string_value(json_object_get(answer, "answer")),
                     "upstream=\"source\",error=\"ahead\"} 1") != NULL,
          "and so do the metrics");
    json_decref(answer);
    json_decref(submit(900));
    claim(times_added(900) == 1, "intake of the rest goes on");
    source_close(&source);
    source = source_open(path, run_dir);
    if (source == NULL)
        return 1;
    source_add(source, 21);
    source_serve(source, 3000);
    claim(!is_ahead() && times_added(21) == 1, "with the right copy it goes on by itself");
    world_finish(&pid, SIGTERM);
    claim(world_same_dump(&world, 1), "nothing was taken twice");
    source_close(&source);
    return verdict("an upstream restored to an older copy");
}

/* ---- two ledgers again: a trimmed journal, and a reader that never comes back ---- */

static bool
set_up_ledgers(int numbers, const char *options)
{
    if (!world_init(&world, numbers, NULL))
        return false;
    world.stage_options = options;
    world_fresh(&world);
    snprintf(run_dir, sizeof(run_dir), "%.250s/run", world.dir);
    setenv("LEDGER_FILL", "4000", 1);
    return true;
}

static int
trimmed(void)
{
    char command[4096];
    pid_t pid;

    if (!set_up_ledgers(1500, NULL))
        return 64;
    pid = world_start(&world, 1, NULL);
    while (!world_all_acknowledged(&world))
        world_read_acks(&world, 20);
    sleep(3); /* trimming is looked at once a second */
    world_finish(&pid, SIGTERM);
    snprintf(
        command, sizeof(command),
        "cd %s && '%.500s' 1 --config %s --dump > before && ! '%.500s' 1 --config %s --rebuild "
        "2> why && grep -q trimmed why && '%.500s' 1 --config %s --dump > after && "
        "test -s before && cmp before after",
        world.dir, world.ledger, world.config, world.ledger, world.config, world.ledger,
        world.config);
    claim(system(command) == 0, "tables that the journal cannot rebuild are not dropped");
    return verdict("a rebuild from a trimmed journal is refused");
}

static int
acknowledged_count(void)
{
    int count = 0;

    for (int n = 1; n <= world.numbers; n++)
        count += world.acknowledged[n];
    return count;
}

static bool
is_read(void)
{
    json_t *answer = talk(run_dir, "ledger1", "{\"ask\": \"status\"}");
    json_t *readers = json_object_get(json_object_get(answer, "answer"), "readers");
    bool read = json_array_size(readers) == 1;

    json_decref(answer);
    return read;
}

static int
forget(void)
{
    struct fr_span begun;
    pid_t pids[2];

    if (!set_up_ledgers(2000, ", journal_size_max: 6MiB, journal_reserve: 1MiB, waiting_max: 100"))
        return 64;
    setenv("LEDGER_FILL", "12000", 1); /* more than fits: it is trimmed once a second at most */
    pids[0] = world_start(&world, 1, NULL);
    pids[1] = world_start(&world, 2, NULL);
    wait_for(NULL, is_read, "the second ledger registers with the first");
    world_finish(&pids[1], SIGKILL);
    for (int quiet = 0; quiet < 100;) {
        int before = acknowledged_count();

        world_read_acks(&world, 20);
        quiet = acknowledged_count() == before ? quiet + 1 : 0;
    }
    claim(acknowledged_count() < world.numbers, "a reader that is away holds the journal");
    claim(talk_failed_with(talk(run_dir, "ledger1",
                                "{\"ask\": \"journal.forget\", \"args\": {\"name\": \"ledger2\"}}"),
                           ""),
          "an operator may forget it");
    begun = fr_time_monotonic();
    while (!world_all_acknowledged(&world) && fr_time_monotonic().us - begun.us < 40000000)
        world_read_acks(&world, 20);
    claim(world_all_acknowledged(&world), "and intake goes on");
    world_finish(&pids[0], SIGTERM);
    return verdict("a reader that never comes back");
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*tell)(void);
    } stories[] = {{"effects", effects}, {"control", control}, {"dead", dead},
                   {"crashed", crashed}, {"reload", reload},   {"restored", restored},
                   {"trimmed", trimmed}, {"forget", forget}};

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; argc > 1 && i < sizeof(stories) / sizeof(stories[0]); i++)
        if (strcmp(argv[1], stories[i].name) == 0)
            return stories[i].tell();
    fprintf(stderr, "usage: FR_BUILD_DIR=... fault-talk "
                    "effects|control|dead|crashed|reload|restored|trimmed|forget\n");
    return 64;
}
