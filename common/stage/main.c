/* main.c - arguments and exit status of every service. */
#include "common/stage/process.h"

#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#ifdef FR_SABOTAGE
bool
fr_sabotage(const char *law)
{
    const char *broken = getenv("FILROUGE_SABOTAGE");

    return broken != NULL && strcmp(broken, law) == 0;
}
#endif

enum mode { RUN, CHECK, PRINT_CONFIG, REFERENCE, FOLLOW, DUMP, REBUILD };

struct arguments {
    const char *config;
    const char *primary; /* --follow */
    enum mode mode;
};

static void
usage(FILE *out, const char *program)
{
    fprintf(
        out,
        "usage: %s [--config FILE] [--check | --print-config | --reference | --dump | --rebuild |\n"
        "       --follow ENDPOINT]\n"
        "  --config FILE      default $FILROUGE_CONFIG, else /etc/filrouge/filrouge.yaml\n"
        "  --check            say what is wrong with the configuration, and end\n"
        "  --print-config     what is in force, as YAML\n"
        "  --reference        every key of this service's section, as Markdown\n"
        "  --dump             the tables as text: table, key, value (hexadecimal)\n"
        "  --rebuild          drop the tables, replay the journal through apply, and end\n"
        "  --follow ENDPOINT  standby: only apply what the primary at ENDPOINT has journalled\n",
        program);
}

static bool
parse(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"check", no_argument, NULL, CHECK},
                                            {"print-config", no_argument, NULL, PRINT_CONFIG},
                                            {"reference", no_argument, NULL, REFERENCE},
                                            {"dump", no_argument, NULL, DUMP},
                                            {"rebuild", no_argument, NULL, REBUILD},
                                            {"follow", required_argument, NULL, 'f'},
                                            {"help", no_argument, NULL, 'h'},
                                            {"version", no_argument, NULL, 'v'},
                                            {0}};
    int option;

    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            arguments->config = optarg;
            break;
        case 'f':
            arguments->mode = FOLLOW;
            arguments->primary = optarg;
            break;
        case 'h':
            usage(stdout, argv[0]);
            exit(0);
        case 'v':
            printf("filrouge %s\n", FR_VERSION_TEXT);
            exit(0);
        case '?':
            return false;
        default:
            arguments->mode = (enum mode)option;
        }
    }
    return optind == argc;
}

static void
dump_row(void *context, const struct fr_table *table, struct fr_slice key, struct fr_slice value)
{
    FILE *out = context;

    fprintf(out, "%s\t", table->name);
    for (size_t i = 0; i < key.size; i++)
        fprintf(out, "%02x", ((const uint8_t *)key.data)[i]);
    fputc('\t', out);
    for (size_t i = 0; i < value.size; i++)
        fprintf(out, "%02x", ((const uint8_t *)value.data)[i]);
    fputc('\n', out);
}

static int
checkpoint_and_end(struct fr_process *process)
{
    struct fr_cursor at = fr_journal_end(process->journal);
    enum fr_error err = fr_store_checkpoint(
        process->store,
        (struct fr_store_position){fr_journal_incarnation(process->journal), at.seq, at.hash});

    if (err != FR_OK)
        fprintf(stderr, "%s: checkpoint: %s\n", process->name, fr_error_name(err));
    return err == FR_OK ? 0 : 1;
}

static void
block_signals(struct fr_process *process)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    process->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    fr_assert(process->signals >= 0);
}

static int
with_state(struct fr_process *process, const struct arguments *arguments)
{
    char complaint[512] = "";
    enum fr_error err;
    int status;

    process->drop_tables = arguments->mode == REBUILD;
    block_signals(process);
    err = fr_process_open(process, complaint, sizeof(complaint));
    if (err != FR_OK) {
        char quoted[600];

        fr_log(FR_ERROR, "open_failed", "error=%s why=%s", fr_error_name(err),
               fr_log_quote(err == FR_LOCKED ? "another process runs on this state" : complaint,
                            quoted, sizeof(quoted)));
        return err == FR_LOCKED ? 75 : 1;
    }
    switch (arguments->mode) {
    case DUMP:
        status = fr_store_dump(process->store, dump_row, stdout) == FR_OK ? 0 : 1;
        break;
    case REBUILD:
        status = checkpoint_and_end(process);
        break;
    case FOLLOW:
        status = fr_follow(process, arguments->primary) == FR_OK ? 0 : 1;
        break;
    default:
        status = fr_process_run(process);
    }
    fr_process_close(process);
    close(process->signals);
    return status;
}

int
fr_stage_main(int argc, char **argv, const struct fr_stage *stage)
{
    struct arguments arguments = {.config = getenv("FILROUGE_CONFIG")};
    struct fr_process *process;
    const char *name;
    int status;

    mallopt(M_ARENA_MAX, 2); /* few threads allocate; more arenas only cost memory at rest */
    if (!parse(argc, argv, &arguments)) {
        usage(stderr, argv[0]);
        return 64;
    }
    if (arguments.config == NULL)
        arguments.config = "/etc/filrouge/filrouge.yaml";
    if (arguments.mode == REFERENCE) {
        fr_options_reference(stage, stdout);
        return 0;
    }
    process = calloc(1, sizeof(*process));
    fr_assert(process != NULL);
    pthread_mutex_init(&process->options_lock, NULL);
    process->stage = stage;
    process->config_path = arguments.config;
    if (fr_options_load(stage, arguments.config, stderr, &process->options) != FR_OK) {
        free(process);
        return 1;
    }
    if (arguments.mode == CHECK || arguments.mode == PRINT_CONFIG) {
        if (arguments.mode == PRINT_CONFIG)
            fr_options_print(process->options, stage, stdout);
        fr_options_free(&process->options);
        free(process);
        return 0;
    }
    name = stage->journal_name != NULL ? stage->journal_name(process->options->service) : NULL;
    snprintf(process->name, sizeof(process->name), "%s", name != NULL ? name : stage->name);
    fr_log_init(process->name, (enum fr_log_level)process->options->stage.log_level,
                (enum fr_log_format)process->options->stage.log_format);
    status = with_state(process, &arguments);
    free(process);
    return status;
}
