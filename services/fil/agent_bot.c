/* agent_bot.c - fil agent-bot: scripted agents at the desk, until Ctrl-C or until their work is
 * done. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "services/fil/bots.h"
#include "services/fil/show.h"

struct given {
    const char *name, *password, *desk, *text, *outcome, *prefix;
    int64_t agents, count;
    struct fr_span think, wrap_up, patience;
};
#define GIVEN(field) offsetof(struct given, field)
static const struct fil_option options[] = {
    {"--name", FIL_TEXT, GIVEN(name), "NAME", "Sign in as this agent.", NULL},
    {"--agents", FIL_INT, GIVEN(agents), "N", "Or as the first N of the desk's agents.", "1"},
    {"--as", FIL_TEXT, GIVEN(prefix), "PREFIX", "... whose names begin like this.", "robo"},
    {"--password", FIL_TEXT, GIVEN(password), "TEXT",
     "Where the configuration has only a hash; {} becomes the name.", "demo-{}"},
    {"--desk", FIL_TEXT, GIVEN(desk), "HOST:PORT", "Where the desk is; else as configured.", NULL},
    {"--text", FIL_TEXT, GIVEN(text), "TEXT", "What to answer; {} becomes what the customer wrote.",
     "Thank you for your message. We have looked into it: {}"},
    {"--think", FIL_SPAN, GIVEN(think), "SPAN", "From reading to answering.", "500ms"},
    {"--wrap-up", FIL_SPAN, GIVEN(wrap_up), "SPAN", "From answering to finishing.", "500ms"},
    {"--outcome", FIL_TEXT, GIVEN(outcome), "OUTCOME", "How the work ends.", "solved"},
    {"--count", FIL_INT, GIVEN(count), "N", "Leave after N finished conversations.", "0"},
    {"--for", FIL_SPAN, GIVEN(patience), "SPAN",
     "Leave after this time; 1 if --count was not reached.", NULL},
    {NULL},
};

static volatile sig_atomic_t stopped;

static void
stop(int signal)
{
    (void)signal;
    stopped = 1;
}

static void
say(void *context, const char *agent, const char *verb, const char *conversation,
    const char *detail)
{
    const struct fil *fil = context;
    char time[32], *words = fil_text_cut(detail, 70);
    int64_t now_us = fr_time_wall().unix_us;

    if (fil->json) {
        json_t *line =
            json_pack("{s:I, s:s, s:s, s:s, s:s}", "time_us", (json_int_t)now_us, "agent", agent,
                      "verb", verb, "conversation", conversation, "detail", detail);

        json_dumpf(line, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(line);
    } else {
        printf("%s %s %s%s%s%s%s\n", fil_clock_format(now_us, true, time), agent, verb,
               conversation[0] != '\0' ? " conversation=" : "", conversation,
               words[0] != '\0' ? " " : "", words);
    }
    fflush(stdout);
    free(words);
}

static bool
find_who(struct fil *fil, const struct given *given, struct fil_roster *roster)
{
    if (given->desk == NULL) {
        if (given->name != NULL)
            return fil_roster_load(fil, 1, given->name, given->password, roster);
        return fil_roster_load(fil, (size_t)given->agents, given->prefix, given->password, roster);
    }
    if (given->name == NULL) {
        fil_complain("with --desk say who signs in: --name NAME");
        return false;
    }
    if (strstr(given->password, "{}") != NULL && /* as configured, at another address */
        !fil_roster_load(fil, 1, given->name, given->password, roster))
        return false;
    if (!fil_address_parse(given->desk, &roster->desk)) {
        fil_complain("--desk: '%s' is no HOST:PORT", given->desk);
        return false;
    }
    if (strstr(given->password, "{}") != NULL)
        return true;
    snprintf(roster->agents[0].name, sizeof(roster->agents[0].name), "%s", given->name);
    snprintf(roster->agents[0].password, sizeof(roster->agents[0].password), "%s", given->password);
    roster->count = 1;
    return true;
}

static uint64_t
finished(const struct fil_bots *bots)
{
    uint64_t count = 0;

    for (size_t i = 0; i < bots->count; i++)
        count += fil_bot_stats(bots->bots[i]).finished;
    return count;
}

static int
work(struct fil_bots *bots, const struct given *given)
{
    int64_t end_us =
        given->patience.us > 0 ? fr_time_monotonic().us + given->patience.us : INT64_MAX;
    struct pollfd polled[FIL_ROSTER_MAX];

    while (!stopped) {
        int64_t now_us = fr_time_monotonic().us, due_us = now_us + 1000000;

        fil_bots_wait(bots, polled, &due_us);
        poll(polled, bots->count, due_us > now_us ? (int)((due_us - now_us + 999) / 1000) : 0);
        now_us = fr_time_monotonic().us;
        fil_bots_turn(bots, polled, now_us);
        if (given->count > 0 && finished(bots) >= (uint64_t)given->count)
            return FIL_OK;
        if (fil_bots_refused(bots) == bots->count)
            return fil_complain(
                "the desk refused every name and password; 'fil agent-bot --help' says "
                "where they come from");
        if (now_us >= end_us)
            return given->count > 0
                       ? fil_complain("%llu of %lld conversations were finished in time",
                                      (unsigned long long)finished(bots), (long long)given->count)
                       : FIL_OK;
    }
    return FIL_OK;
}

static int
run_bot(struct fil *fil, const void *given_options, int argc, char **argv)
{
    const struct given *given = given_options;
    struct fil_bots *bots = calloc(1, sizeof(*bots));
    char run[32];
    struct fil_bot_options bot = {.answer = given->text,
                                  .think = given->think,
                                  .wrap_up = given->wrap_up,
                                  .outcome = given->outcome,
                                  .run = run,
                                  .calls = {.context = fil, .event = say}};
    int status = FIL_FAILED;

    (void)argc;
    (void)argv;
    fr_assert(bots != NULL);
    snprintf(run, sizeof(run), "b%llx.%d", (unsigned long long)fr_time_wall().unix_us,
             (int)getpid());
    if (given->agents < 1 || given->agents > FIL_ROSTER_MAX) {
        status = FIL_USAGE;
        fil_complain("--agents: 1 to %d", FIL_ROSTER_MAX);
    } else if (find_who(fil, given, &bots->roster)) {
        signal(SIGINT, stop);
        signal(SIGTERM, stop);
        fil_bots_start(bots, &bot);
        status = work(bots, given);
        fil_bots_free(bots);
    }
    free(bots);
    return status;
}

const struct fil_command fil_agent_bot_commands[] = {
    {.noun = "agent-bot",
     .doc = "Scripted agents: sign in at the desk, accept, answer, finish.",
     .examples = "  fil agent-bot --name ann --password demo-ann\n"
                 "  fil agent-bot --agents 4 --think 2s\n"
                 "  fil agent-bot --desk 127.0.0.1:8070 --name robo1 --password demo-robo1 --count "
                 "1 --for 30s\n",
     .options = options,
     .given_size = sizeof(struct given),
     .run = run_bot},
    {.noun = NULL},
};
