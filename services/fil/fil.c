/* fil.c - from words to a command: nouns, verbs, help. */
#include "services/fil/fil.h"

#include <libgen.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "common/config/suggest.h"
#include "services/fil/command.h"
#include "services/fil/install.h"

/* clang-format off */
static const struct {
    const char *title;
    const struct fil_command *commands[12];
} groups[] = {
    { "run it",            { fil_up_commands, fil_run_commands, fil_status_commands, fil_check_commands, fil_config_commands, fil_keys_commands,
                             fil_token_commands, fil_metrics_commands, fil_clock_commands } },
    { "follow a customer", { fil_send_commands, fil_trace_commands, fil_customer_commands, fil_identity_commands,
                             fil_conversation_commands } },
    { "watch the work",    { fil_queue_commands, fil_routing_commands, fil_agent_commands, fil_site_commands, fil_sla_commands, fil_promise_commands,
                             fil_calendar_commands, fil_mail_commands } },
    { "keep it safe",      { fil_doctor_commands, fil_health_commands, fil_backup_commands, fil_restore_commands, fil_bundle_commands } },
    { "look inside",       { fil_journal_commands, fil_dead_commands } },
    { "try it hard",       { fil_replay_commands, fil_agent_bot_commands, fil_bench_commands, fil_simulate_commands } },
};
/* clang-format on */
#define GROUP_COUNT (sizeof(groups) / sizeof(groups[0]))

int
fil_complain(const char *format, ...)
{
    va_list args;

    fputs("fil: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return FIL_FAILED;
}

/* ---- help ---- */

static void
say_command(const struct fil_command *command, FILE *out)
{
    char head[48];

    snprintf(head, sizeof(head), "%s%s%s", command->noun, command->verb != NULL ? " " : "",
             command->verb != NULL ? command->verb : "");
    fprintf(out, "  %-20s %s\n", head, command->doc);
}

static void
help_all(FILE *out)
{
    fprintf(out, "usage: fil NOUN [VERB] [options]      (fil NOUN --help tells more)\n");
    for (size_t g = 0; g < GROUP_COUNT; g++) {
        fprintf(out, "\n%s:\n", groups[g].title);
        for (const struct fil_command *const *noun = groups[g].commands; *noun != NULL; noun++)
            for (const struct fil_command *c = *noun; c->noun != NULL; c++)
                say_command(c, out);
    }
    fprintf(out, "\nexit status: 0 done, 1 it did not work, 64 the command was not understood\n");
}

static int
help_noun(const struct fil_command *noun, FILE *out, int status)
{
    fprintf(out, "usage: fil %s VERB [options]\n\n", noun->noun);
    for (const struct fil_command *c = noun; c->noun != NULL; c++)
        say_command(c, out);
    fprintf(out, "\nexamples:\n");
    for (const struct fil_command *c = noun; c->noun != NULL; c++)
        fputs(c->examples, out);
    return status;
}

/* ---- finding the command ---- */

static const struct fil_command *
find_noun(const char *word)
{
    struct config_suggestion suggestion = {.word = word};

    for (size_t g = 0; g < GROUP_COUNT; g++)
        for (const struct fil_command *const *noun = groups[g].commands; *noun != NULL; noun++) {
            if (strcmp((*noun)->noun, word) == 0)
                return *noun;
            config_suggest(&suggestion, (*noun)->noun);
        }
    if (suggestion.best != NULL)
        fil_complain("there is no '%s'; did you mean '%s'?", word, suggestion.best);
    else
        fil_complain("there is no '%s'; 'fil --help' lists what there is", word);
    return NULL;
}

static const struct fil_command *
find_verb(const struct fil_command *noun, const char *word)
{
    struct config_suggestion suggestion = {.word = word};

    for (const struct fil_command *c = noun; c->noun != NULL; c++) {
        if (strcmp(c->verb, word) == 0)
            return c;
        config_suggest(&suggestion, c->verb);
    }
    if (suggestion.best != NULL)
        fil_complain("'%s' has no '%s'; did you mean '%s'?", noun->noun, word, suggestion.best);
    else
        fil_complain("'%s' has no '%s'; 'fil %s --help' lists what it has", noun->noun, word,
                     noun->noun);
    return NULL;
}

/* ---- running it ---- */

static int
run(struct fil *fil, const struct fil_command *command, int argc, char **argv)
{
    char error[300] = "";
    void *given = calloc(1, command->given_size + 1);
    int count = argc, status;
    enum fr_error err = FR_OK;

    fr_assert(given != NULL);
    if (!command->raw)
        err = fil_command_read(command, fil, given, argc, argv, &count, error, sizeof(error));
    if (err == FR_END) {
        fil_command_help(command, stdout);
        status = FIL_OK;
    } else if (err != FR_OK) {
        fil_complain("%s\nusage: fil %s%s%s %s\n('fil %s%s%s --help' tells more)", error,
                     command->noun, command->verb != NULL ? " " : "",
                     command->verb != NULL ? command->verb : "",
                     command->args != NULL ? command->args : "", command->noun,
                     command->verb != NULL ? " " : "", command->verb != NULL ? command->verb : "");
        status = FIL_USAGE;
    } else {
        status = command->run(fil, given, count, argv);
    }
    free(given);
    return status;
}

static bool
is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

static void
find_program_dir(struct fil *fil)
{
    char path[sizeof(fil->program_dir)];
    ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 1);

    path[size > 0 ? size : 0] = '\0';
    snprintf(fil->program_dir, sizeof(fil->program_dir), "%s", size > 0 ? dirname(path) : ".");
}

static bool
wants_colour(void)
{
    const char *term = getenv("TERM");

    return isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL && term != NULL &&
           strcmp(term, "dumb") != 0;
}

int
fil_main(int argc, char **argv)
{
    struct fil fil = {.colour = wants_colour()};
    const struct fil_command *noun, *command;
    int status;

    fr_log_init("fil", FR_WARN, FR_LOG_TEXT);
    if (argc < 2 || is_help(argv[1])) {
        help_all(argc < 2 ? stderr : stdout);
        return argc < 2 ? FIL_USAGE : FIL_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("filrouge %s\n", FR_VERSION_TEXT);
        return FIL_OK;
    }
    noun = find_noun(argv[1]);
    if (noun == NULL)
        return FIL_USAGE;
    command = noun;
    argc -= 2;
    argv += 2;
    if (noun->verb != NULL) {
        if (argc == 0 || is_help(argv[0]))
            return help_noun(noun, argc == 0 ? stderr : stdout, argc == 0 ? FIL_USAGE : FIL_OK);
        command = find_verb(noun, argv[0]);
        if (command == NULL)
            return FIL_USAGE;
        argc--;
        argv++;
    }
    find_program_dir(&fil);
    status = run(&fil, command, argc, argv);
    fil_install_free(&fil.install);
    return fflush(stdout) == 0 ? status : FIL_FAILED;
}
