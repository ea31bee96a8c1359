/* bench_tools.c - histogram, directories, clocks. */
#include "tests/bench/bench.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned
bucket(uint64_t us)
{
    unsigned top;

    if (us < 16)
        return (unsigned)us;
    top = 63 - (unsigned)__builtin_clzll(us);
    return (top - 3) * 16 + (unsigned)((us >> (top - 4)) & 15);
}

static uint64_t
bucket_value(unsigned index)
{
    if (index < 16)
        return index;
    return (uint64_t)(16 + index % 16) << (index / 16 - 1);
}

void
bench_histogram_add(struct bench_histogram *histogram, uint64_t us)
{
    histogram->counts[bucket(us)]++;
    histogram->count++;
    if (us > histogram->max)
        histogram->max = us;
}

uint64_t
bench_histogram_quantile(const struct bench_histogram *histogram, double q)
{
    uint64_t want = (uint64_t)(q * (double)histogram->count), seen = 0;

    for (unsigned i = 0; i < 64 * 16; i++) {
        seen += histogram->counts[i];
        if (seen > want)
            return bucket_value(i);
    }
    return histogram->max;
}

uint64_t
bench_histogram_between(const struct bench_histogram *histogram, uint64_t low, uint64_t high)
{
    uint64_t count = 0;

    for (unsigned i = bucket(low); i < bucket(high); i++)
        count += histogram->counts[i];
    return count;
}

double
bench_now(void)
{
    return (double)fr_time_monotonic().us / 1e6;
}

double
bench_cpu(const struct rusage *usage)
{
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
           (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

void
bench_directory(const char *below, char *text, size_t size)
{
    const char *tmp = getenv("TMPDIR");

    snprintf(text, size, "%s/fr-bench-XXXXXX", below != NULL ? below : tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(text) == NULL) {
        perror(text);
        exit(1);
    }
}

static int
remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

void
bench_remove(const char *dir)
{
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void
bench_settle(const char *dir, double seconds_max)
{
    double until = bench_now() + seconds_max, best = 0;
    int calm = 0;

    while (bench_now() < until && calm < 3) {
        double rate = bench_fdatasync_rate(dir, 0.1, 4096);

        if (rate > best)
            best = rate;
        calm = rate > 0.7 * best ? calm + 1 : 0;
    }
}
