/* main.c - filrouge-bench SUBCOMMAND: what `fil bench` runs. */
#include "tests/bench/timers.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
usage(FILE *out)
{
    fprintf(out,
            "usage: fil bench pipeline [--messages N] [--keys N] [--rate PER_S] [--stages 1..4]\n"
            "                          [--no-tables] [--runs N] [--journal-mib N] [--json]\n"
            "       fil bench path --config FILE [--messages N] [--rate PER_S] [--json]\n"
            "       fil bench mail [--messages N (4000)] [--json]\n"
            "       fil bench timers [--timers N (10000000)] [--batch N (1000)] [--storm N] "
            "[--rate PER_S]\n"
            "                        [--seconds S] [--scattered] [--json]\n"
            "       fil bench sla [--seconds S] [--json]\n"
            "       fil bench identity [--customers N (50000)] [--messages N (50000)] [--json]\n"
            "       fil bench routing [--help]\n"
            "       fil bench yardsticks [--seconds S] [--json]\n"
            "examples:\n"
            "  fil bench pipeline --messages 2000000 --keys 100000 --runs 3\n"
            "  fil bench pipeline --messages 10000 --rate 500\n"
            "  fil bench timers --batch 100\n"
            "Every run measures the disk, LMDB and ZeroMQ beside it and prints the ratios.\n");
}

/* `filrouge-bench identity ...` is a program of its own, beside this one: it holds a service's
 * code, which the others measure from outside. */
static int
bench_beside(char **argv)
{
    char path[4096] = "/proc/self/exe", self[4000];
    ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);

    if (size > 0) {
        self[size] = '\0';
        snprintf(path, sizeof(path), "%s-%s", self, argv[1]);
        argv[1] = path;
        execv(path, argv + 1);
    }
    perror(path);
    return 1;
}

int
main(int argc, char **argv)
{
    static const struct option long_options[] = {{"messages", required_argument, NULL, 'm'},
                                                 {"keys", required_argument, NULL, 'k'},
                                                 {"rate", required_argument, NULL, 'r'},
                                                 {"stages", required_argument, NULL, 's'},
                                                 {"no-tables", no_argument, NULL, 't'},
                                                 {"runs", required_argument, NULL, 'n'},
                                                 {"seconds", required_argument, NULL, 'S'},
                                                 {"json", no_argument, NULL, 'j'},
                                                 {"dir", required_argument, NULL, 'd'},
                                                 {"journal-mib", required_argument, NULL, 'J'},
                                                 {"config", required_argument, NULL, 'c'},
                                                 {"credit", required_argument, NULL, 'C'},
                                                 {"bin", required_argument, NULL, 'b'},
                                                 {"timers", required_argument, NULL, 'M'},
                                                 {"batch", required_argument, NULL, 'B'},
                                                 {"storm", required_argument, NULL, 'T'},
                                                 {"scattered", no_argument, NULL, 'x'},
                                                 {"help", no_argument, NULL, 'h'},
                                                 {0}};
    struct bench_options options = {.messages = 1000000,
                                    .keys = 100000,
                                    .stages = 4,
                                    .runs = 1,
                                    .batch = 1000,
                                    .storm = 1000000,
                                    .timers = 10000000,
                                    .tables = true};
    uint64_t said = 0; /* --messages */
    int option;

    if (argc > 1 && (strcmp(argv[1], "identity") == 0 || strcmp(argv[1], "routing") == 0))
        return bench_beside(argv);
    if (argc > 2 && strcmp(argv[1], "stage") == 0)
        return bench_stage(argc - 1, argv + 1);
    if (argc > 2 && strcmp(argv[1], "timer-stage") == 0)
        return bench_timer_stage(argc - 1, argv + 1);
    while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
        switch (option) {
        case 'm':
            options.messages = said = strtoull(optarg, NULL, 10);
            break;
        case 'k':
            options.keys = strtoull(optarg, NULL, 10);
            break;
        case 'r':
            options.rate = strtod(optarg, NULL);
            break;
        case 's':
            options.stages = atoi(optarg);
            break;
        case 't':
            options.tables = false;
            break;
        case 'n':
            options.runs = atoi(optarg);
            break;
        case 'S':
            options.seconds = strtod(optarg, NULL);
            break;
        case 'j':
            options.json = true;
            break;
        case 'd':
            options.dir = optarg;
            break;
        case 'J':
            options.trim_after = strtoull(optarg, NULL, 10);
            break;
        case 'c':
            options.config = optarg;
            break;
        case 'C':
            options.credit = strtoull(optarg, NULL, 10);
            break;
        case 'b':
            options.bin = optarg;
            break;
        case 'M':
            options.timers = strtoull(optarg, NULL, 10);
            break;
        case 'B':
            options.batch = atoi(optarg);
            break;
        case 'T':
            options.storm = strtoull(optarg, NULL, 10);
            break;
        case 'x':
            options.scattered = true;
            break;
        case 'h':
            usage(stdout);
            return 0;
        default:
            usage(stderr);
            return 64;
        }
    }
    if (optind != argc - 1 || options.messages == 0 || options.keys == 0 || options.runs < 1 ||
        options.batch < 1 || options.storm == 0 || options.timers == 0 || options.stages < 1 ||
        options.stages > BENCH_STAGE_MAX) {
        usage(stderr);
        return 64;
    }
    if (strcmp(argv[optind], "pipeline") == 0)
        return bench_pipeline(&options);
    if (strcmp(argv[optind], "yardsticks") == 0)
        return bench_yardsticks(&options);
    if (strcmp(argv[optind], "path") == 0)
        return bench_path(&options);
    if (strcmp(argv[optind], "mail") == 0) {
        options.messages = said != 0 ? said : 4000;
        return bench_mail(&options);
    }
#ifdef FR_BENCH_SLA
    if (strcmp(argv[optind], "sla") == 0)
        return bench_sla(&options);
#endif
    if (strcmp(argv[optind], "timers") == 0) {
        options.messages = options.timers;
        options.seconds = options.seconds > 0 ? options.seconds : 20;
        return bench_timers(&options);
    }
    usage(stderr);
    return 64;
}
