/* replay.c - fil replay: recorded conversations through the running system, and what became of
 * every message.
 *
 *     script --> crowd (customers) --HTTP--> web form ... desk <--WebSocket-- bots (agents)
 *                  |                            journals (watch)                |
 *                  +------ acknowledged ------> judge <------ shown ------------+
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "services/fil/bots.h"
#include "services/fil/crowd.h"
#include "services/fil/show.h"
#include "services/fil/watch.h"

#define LOOK_EVERY_US 10000     /* at the journals */
#define AGENTS_WAIT_US 30000000 /* for them to sign in */
#define REASONS_MAX 20          /* refused, ended, lost and doubled ones that are named */

struct given {
    double speed, rate;
    int64_t agents, limit, connections;
    const char *account, *prefix, *password, *answer, *run;
    struct fr_span think, wrap_up, patience;
};
#define GIVEN(field) offsetof(struct given, field)
static const struct fil_option options[] = {
    {"--rate", FIL_REAL, GIVEN(rate), "N", "Messages per second.", NULL},
    {"--speed", FIL_REAL, GIVEN(speed), "X",
     "Or X times as fast as it was recorded. Neither: 100 per second.", NULL},
    {"--limit", FIL_INT, GIVEN(limit), "N", "Only the first N messages.", NULL},
    {"--agents", FIL_INT, GIVEN(agents), "N", "Scripted agents that answer; 0: none.", "4"},
    {"--as", FIL_TEXT, GIVEN(prefix), "PREFIX", "... whose names begin like this.", "robo"},
    {"--password", FIL_TEXT, GIVEN(password), "TEXT",
     "Theirs, where the configuration has only a hash; {} becomes the name.", "demo-{}"},
    {"--think", FIL_SPAN, GIVEN(think), "SPAN", "From reading to answering.", "50ms"},
    {"--wrap-up", FIL_SPAN, GIVEN(wrap_up), "SPAN", "From answering to finishing.", "50ms"},
    {"--answer", FIL_TEXT, GIVEN(answer), "TEXT", "What they answer.",
     "We have looked into it: {}"},
    {"--account", FIL_TEXT, GIVEN(account), "ACCOUNT", "Which form; else the first one.", NULL},
    {"--connections", FIL_INT, GIVEN(connections), "N", "To the form.", "32"},
    {"--run-name", FIL_TEXT, GIVEN(run), "NAME",
     "Makes the keys of this replay its own; the same name again sends the same keys.", NULL},
    {"--patience", FIL_SPAN, GIVEN(patience), "SPAN",
     "Wait so long for the last answers, while nothing changes.", "30s"},
    {NULL},
};

static volatile sig_atomic_t stopped;

/* Asked once: nothing more is said, and what was said is waited for. Asked again: at once. */
static void
stop(int signal)
{
    (void)signal;
    stopped++;
}

struct replay {
    struct fil *fil;
    const struct given *given;
    struct fil_script script;
    char **keys;
    char run[32];
    struct fil_form form;
    struct fil_bots bots;
    struct fil_crowd *crowd;
    struct fil_watch *watch;
    struct fil_judge *judge;
    struct fil_progress progress;
    struct pollfd polled[FIL_ROSTER_MAX + FIL_CROWD_CONNECTION_MAX];
    int64_t looked_us, started_us, sent_us;
    size_t refusals_said;
    bool looking, looked; /* at the tickets */
};

/* ---- what each side says ---- */

static void
on_acknowledged(void *context, size_t index, uint64_t message_id)
{
    fil_judge_acknowledged(((struct replay *)context)->judge, index, message_id);
}

static void
on_refused(void *context, size_t index, int status, const char *why)
{
    struct replay *replay = context;

    fil_judge_refused(replay->judge, index);
    if (replay->refusals_said++ < REASONS_MAX) {
        fil_progress_end(&replay->progress);
        fil_complain("message %s was refused (%d): %s", replay->keys[index], status, why);
    }
}

static void
on_answer(void *context, size_t index, uint64_t answer_id)
{
    fil_judge_got_answer(((struct replay *)context)->judge, index, answer_id);
}

static void
on_shown(void *context, const char *agent, const char *conversation, const json_t *entry)
{
    struct replay *replay = context;
    const char *key = json_string_value(json_object_get(entry, "external_id"));
    const char *id = json_string_value(json_object_get(entry, "id"));
    uint64_t message_id;

    (void)agent;
    (void)conversation;
    if (id != NULL && fr_id_parse(fr_slice_str(id), &message_id) == FR_OK && message_id != 0)
        fil_judge_shown(replay->judge, message_id, key);
}

static void
on_left_out(void *context, const char *conversation)
{
    uint64_t id;

    if (fr_id_parse(fr_slice_str(conversation), &id) == FR_OK)
        fil_judge_left_out(((struct replay *)context)->judge, id);
}

static bool
is_ours(const void *context, const char *agent)
{
    const struct replay *replay = context;

    for (size_t i = 0; i < replay->bots.roster.count; i++)
        if (strcmp(replay->bots.roster.agents[i].name, agent) == 0)
            return true;
    return false;
}

/* ---- preparing ---- */

static bool
read_script(struct replay *replay, const char *path)
{
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    char error[300];
    enum fr_error err;

    if (in == NULL) {
        fil_complain("%s: %s", path, strerror(errno));
        return false;
    }
    err = fil_script_read(in, (size_t)replay->given->limit, &replay->script, error, sizeof(error));
    if (in != stdin)
        fclose(in);
    if (err != FR_OK) {
        fil_complain("%s: %s\n     what it must look like: tests/fixtures/threads.jsonl", path,
                     error);
        return false;
    }
    if (replay->script.count == 0) {
        fil_complain("%s holds no message of a customer", path);
        return false;
    }
    return true;
}

static void
make_keys(struct replay *replay)
{
    if (replay->given->run != NULL)
        snprintf(replay->run, sizeof(replay->run), "%.24s", replay->given->run);
    else
        snprintf(replay->run, sizeof(replay->run), "%llx",
                 (unsigned long long)fr_time_wall().unix_us);
    replay->keys = calloc(replay->script.count + 1, sizeof(*replay->keys));
    fr_assert(replay->keys != NULL);
    for (size_t i = 0; i < replay->script.count; i++)
        fr_assert(asprintf(&replay->keys[i], "%s-%s", replay->run, replay->script.items[i].id) > 0);
}

static bool
open_doors(struct replay *replay)
{
    if (!fil_form_load(replay->fil, replay->given->account, &replay->form))
        return false;
    if (replay->form.token_secret == NULL) {
        fil_complain("brands.%s.token_secret is needed: each customer of the file is signed in",
                     replay->form.brand);
        return false;
    }
    return replay->given->agents == 0 ||
           fil_roster_load(replay->fil, (size_t)replay->given->agents, replay->given->prefix,
                           replay->given->password, &replay->bots.roster);
}

static void
start_bots(struct replay *replay)
{
    const struct fil_bot_options bot = {
        .answer = replay->given->answer,
        .think = replay->given->think,
        .wrap_up = replay->given->wrap_up,
        .outcome = "solved",
        .run = replay->run,
        .calls = {.context = replay, .shown = on_shown, .left_out = on_left_out}};

    fil_bots_start(&replay->bots, &bot);
}

static bool
start_crowd(struct replay *replay)
{
    const struct given *given = replay->given;
    struct fil_crowd_options crowd = {.form = &replay->form,
                                      .script = &replay->script,
                                      .keys = (const char *const *)replay->keys,
                                      .connections = (size_t)given->connections,
                                      .rate = given->rate,
                                      .speed = given->speed,
                                      .calls = {.context = replay,
                                                .acknowledged = on_acknowledged,
                                                .refused = on_refused,
                                                .answer = on_answer}};

    if (crowd.rate <= 0 && crowd.speed <= 0)
        crowd.rate = 100;
    replay->started_us = fr_time_monotonic().us;
    replay->crowd = fil_crowd_new(&crowd, replay->started_us);
    return replay->crowd != NULL;
}

/* ---- the loop ---- */

static void
turn(struct replay *replay)
{
    int64_t now_us = fr_time_monotonic().us, due_us = now_us + LOOK_EVERY_US;
    size_t bots = replay->bots.count, lines = 0;

    fil_bots_wait(&replay->bots, replay->polled, &due_us);
    if (replay->crowd != NULL)
        lines = fil_crowd_wait(replay->crowd, replay->polled + bots, &due_us);
    poll(replay->polled, bots + lines, due_us > now_us ? (int)((due_us - now_us + 999) / 1000) : 0);
    now_us = fr_time_monotonic().us;
    fil_bots_turn(&replay->bots, replay->polled, now_us);
    if (replay->crowd != NULL)
        fil_crowd_turn(replay->crowd, replay->polled + bots, now_us);
    if (now_us - replay->looked_us >= LOOK_EVERY_US) {
        fil_watch_turn(replay->watch);
        replay->looked_us = now_us;
    }
}

static bool
agents_come(struct replay *replay)
{
    int64_t until_us = fr_time_monotonic().us + AGENTS_WAIT_US;

    while (fil_bots_here(&replay->bots) < replay->bots.count && !stopped) {
        turn(replay);
        if (fil_bots_refused(&replay->bots) > 0) {
            fil_complain(
                "the desk at %s refused an agent's name and password; --password says what "
                "they are",
                replay->bots.roster.desk.text);
            return false;
        }
        if (fr_time_monotonic().us > until_us) {
            fil_complain(
                "%zu of %zu agents could sign in at %s: is the desk running? 'fil up' starts it",
                fil_bots_here(&replay->bots), replay->bots.count, replay->bots.roster.desk.text);
            return false;
        }
    }
    return !stopped;
}

static void
draw(struct replay *replay)
{
    size_t open = fil_judge_open_count(replay->judge);
    uint64_t acknowledged = fil_crowd_stats(replay->crowd).acknowledged;

    fil_progress_at(&replay->progress,
                    acknowledged + acknowledged - (open < acknowledged ? open : acknowledged),
                    2 * replay->script.count);
}

/* Everything is said; then everything is answered, or nothing has changed for a while. */
static void
run(struct replay *replay)
{
    uint64_t news = 0;
    int64_t changed_us = fr_time_monotonic().us;

    fil_progress_start(&replay->progress, "replay");
    while (stopped < 2) {
        int64_t now_us;

        if (stopped == 1)
            fil_crowd_stop(replay->crowd);
        turn(replay);
        draw(replay);
        now_us = fr_time_monotonic().us;
        if (fil_judge_news(replay->judge) != news || !fil_crowd_done(replay->crowd)) {
            news = fil_judge_news(replay->judge);
            changed_us = now_us;
        }
        if (!fil_crowd_done(replay->crowd))
            continue;
        if (replay->sent_us == 0)
            replay->sent_us = now_us;
        if (fil_judge_open_count(replay->judge) == 0 && fil_bots_holding(&replay->bots) == 0 &&
            now_us - changed_us > 300000)
            break;
        if (now_us - changed_us > replay->given->patience.us)
            break;
    }
    fil_progress_end(&replay->progress);
    fil_crowd_stop(replay->crowd);
}

/* The customers look at their tickets, until nobody there is left to ask. */
static void
look_at_tickets(struct replay *replay)
{
    int64_t until_us = fr_time_monotonic().us + replay->given->patience.us;
    uint64_t news = fil_judge_news(replay->judge);

    fil_crowd_look(replay->crowd, fr_time_monotonic().us);
    while (!fil_crowd_done(replay->crowd) && stopped < 2 && fr_time_monotonic().us < until_us) {
        turn(replay);
        if (fil_judge_news(replay->judge) != news) {
            news = fil_judge_news(replay->judge);
            until_us = fr_time_monotonic().us + replay->given->patience.us;
        }
    }
    replay->looked = fil_crowd_done(replay->crowd);
    while (fil_watch_turn(replay->watch))
        ;
}

/* ---- the verdict ---- */

static const char *const fates[FIL_FATE_COUNT] = {
    [FIL_UNSENT] = "not sent",   [FIL_REFUSED] = "refused", [FIL_OPEN] = "open",
    [FIL_ANSWERED] = "answered", [FIL_ENDED] = "ended",     [FIL_LOST] = "lost",
    [FIL_DOUBLED] = "doubled"};

static json_t *
verdict_json(struct replay *replay, const struct fil_verdict *v)
{
    struct fil_crowd_stats crowd = fil_crowd_stats(replay->crowd);
    json_t *json = json_pack("{s:s, s:I, s:I}", "run", replay->run, "messages",
                             (json_int_t)v->messages, "received", (json_int_t)v->received);
    json_t *wrong = json_array(), *ended = json_array();

    for (int i = 0; i < FIL_FATE_COUNT; i++)
        json_object_set_new(json, i == FIL_UNSENT ? "not_sent" : fates[i],
                            json_integer((json_int_t)v->fates[i]));
    json_object_update_new(
        json, json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b}", "shown",
                        (json_int_t)v->shown, "answers", (json_int_t)v->answers, "answers_lost",
                        (json_int_t)v->answers_lost, "answers_doubled",
                        (json_int_t)v->answers_doubled, "offers", (json_int_t)v->offers, "p50_us",
                        (json_int_t)v->p50_us, "p99_us", (json_int_t)v->p99_us, "max_us",
                        (json_int_t)v->max_us, "tickets_looked_at", replay->looked));
    json_object_update_new(json,
                           json_pack("{s:I, s:I, s:I, s:I, s:f}", "customers",
                                     (json_int_t)replay->script.customer_count, "tries",
                                     (json_int_t)crowd.sent, "retries", (json_int_t)crowd.retries,
                                     "broken_connections", (json_int_t)crowd.broken, "seconds",
                                     (double)(replay->sent_us - replay->started_us) / 1e6));
    json_object_set_new(json, "wrong", wrong);
    json_object_set_new(json, "ended_unanswered", ended);
    for (size_t i = 0; i < replay->script.count; i++) {
        enum fil_fate fate = fil_judge_fate(replay->judge, i);
        char id[FR_ID_TEXT_SIZE];

        if (fate >= FIL_ENDED)
            json_array_append_new(
                fate == FIL_ENDED ? ended : wrong,
                json_pack("{s:s, s:s, s:s, s:s}", "key", replay->keys[i], "message_id",
                          fr_id_format(fil_judge_message(replay->judge, i), id), "fate",
                          fates[fate], "reason", fil_judge_reason(replay->judge, i)));
    }
    return json;
}

static void
print_line(const char *what, uint64_t count, const char *sense)
{
    printf("%-10s %8llu  %s\n", what, (unsigned long long)count, sense);
}

static void
print_verdict(struct replay *replay, const struct fil_verdict *v)
{
    printf("messages   %8llu  of %zu customers, keys %s-...\n", (unsigned long long)v->messages,
           replay->script.customer_count, replay->run);
    print_line("received", v->received, "acknowledged to the customer");
    print_line("answered", v->fates[FIL_ANSWERED], "");
    print_line("open", v->fates[FIL_OPEN], "in a conversation that waits");
    if (v->fates[FIL_ENDED] > 0)
        print_line("ended", v->fates[FIL_ENDED], "seen, and finished without an answer");
    if (v->fates[FIL_REFUSED] > 0)
        print_line("refused", v->fates[FIL_REFUSED], "the customer was told why");
    if (v->fates[FIL_UNSENT] > 0)
        print_line("not sent", v->fates[FIL_UNSENT], "never acknowledged");
    print_line("lost", v->fates[FIL_LOST] + v->answers_lost, "messages and answers");
    print_line("doubled", v->fates[FIL_DOUBLED] + v->answers_doubled, "messages and answers");
    print_line("answers", v->answers,
               replay->looked ? "each found at its ticket, but for the lost"
                              : "tickets not looked at");
    if (v->offers > 0)
        printf("accepted to offered: p50 %.1f ms, p99 %.1f ms, most %.1f ms (%llu tasks)\n",
               (double)v->p50_us / 1000, (double)v->p99_us / 1000, (double)v->max_us / 1000,
               (unsigned long long)v->offers);
}

static void
name_wrong(struct replay *replay)
{
    size_t named = 0;

    for (size_t i = 0; i < replay->script.count && named < REASONS_MAX; i++) {
        enum fil_fate fate = fil_judge_fate(replay->judge, i);
        char id[FR_ID_TEXT_SIZE];

        if (fate < FIL_ENDED)
            continue;
        printf("%s: %s, message %s: %s\n", fates[fate], replay->keys[i],
               fr_id_format(fil_judge_message(replay->judge, i), id),
               fil_judge_reason(replay->judge, i));
        named++;
    }
    if (named > 0)
        printf("'fil trace MESSAGE' shows the way of each\n");
}

static int
judge(struct replay *replay)
{
    struct fil_verdict verdict;
    const char *trouble = fil_watch_trouble(replay->watch);
    bool good;

    fil_judge_verdict(replay->judge, replay->looked, &verdict);
    good = verdict.fates[FIL_LOST] + verdict.fates[FIL_DOUBLED] + verdict.answers_lost +
                   verdict.answers_doubled ==
               0 &&
           trouble == NULL;
    if (replay->fil->json) {
        fil_show_json(verdict_json(replay, &verdict));
    } else {
        print_verdict(replay, &verdict);
        name_wrong(replay);
    }
    if (trouble != NULL)
        fil_complain("a journal could not be followed, so this is no verdict: %s", trouble);
    return good ? FIL_OK : FIL_FAILED;
}

/* ---- all of it ---- */

static int
work(struct replay *replay)
{
    replay->judge = fil_judge_new((const char *const *)replay->keys, replay->script.count,
                                  replay->given->agents > 0);
    replay->watch =
        fil_watch_new(replay->fil, replay->form.account, replay->judge, is_ours, replay);
    if (replay->watch == NULL)
        return FIL_FAILED;
    start_bots(replay);
    if (!agents_come(replay) || !start_crowd(replay))
        return FIL_FAILED;
    run(replay);
    look_at_tickets(replay);
    if (stopped >= 2)
        return fil_complain("interrupted: what was under way cannot be judged");
    return judge(replay);
}

static void
finish(struct replay *replay)
{
    fil_bots_free(&replay->bots);
    fil_crowd_free(&replay->crowd);
    fil_watch_free(&replay->watch);
    fil_judge_free(&replay->judge);
    for (size_t i = 0; replay->keys != NULL && i < replay->script.count; i++)
        free(replay->keys[i]);
    free(replay->keys);
    fil_script_free(&replay->script);
}

static bool
sensible(const struct given *given)
{
    if (given->rate > 0 && given->speed > 0)
        fil_complain("--rate and --speed exclude each other");
    else if (given->connections < 1 || given->connections > FIL_CROWD_CONNECTION_MAX)
        fil_complain("--connections: 1 to %d", FIL_CROWD_CONNECTION_MAX);
    else if (given->agents < 0 || given->agents > FIL_ROSTER_MAX)
        fil_complain("--agents: 0 to %d", FIL_ROSTER_MAX);
    else if (given->limit < 0 || given->rate < 0 || given->speed < 0)
        fil_complain("--limit, --rate and --speed are not negative");
    else
        return true;
    return false;
}

static int
run_replay(struct fil *fil, const void *given_options, int argc, char **argv)
{
    struct replay *replay = calloc(1, sizeof(*replay));
    int status = FIL_FAILED;

    (void)argc;
    fr_assert(replay != NULL);
    replay->fil = fil;
    replay->given = given_options;
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    if (!sensible(replay->given)) {
        status = FIL_USAGE;
    } else if (read_script(replay, argv[0])) {
        make_keys(replay);
        if (open_doors(replay))
            status = work(replay);
    }
    finish(replay);
    free(replay);
    return status;
}

const struct fil_command fil_replay_commands[] = {
    {.noun = "replay",
     .args = "FILE",
     .arg_min = 1,
     .arg_max = 1,
     .doc = "Recorded conversations as customer traffic; 1 when a message was lost or doubled.",
     .examples = "  fil replay tests/fixtures/threads.jsonl\n"
                 "  fil replay threads.jsonl --rate 500 --agents 10 --json\n"
                 "  fil replay threads.jsonl --speed 3600 --limit 1000 --agents 0\n",
     .options = options,
     .given_size = sizeof(struct given),
     .run = run_replay},
    {.noun = NULL},
};
