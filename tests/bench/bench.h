/* bench.h - what the files of the bench share. */
#ifndef FR_BENCH_H
#define FR_BENCH_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include "common/base/time.h"

#define BENCH_BODY_SIZE 512
#define BENCH_STAGE_MAX 4

struct bench_options {
    uint64_t messages;
    uint64_t keys;
    double rate;    /* messages/s; 0: as fast as it goes */
    double seconds; /* for yardsticks, per measurement */
    int stages;     /* 1 to 4 */
    int runs;
    uint64_t trim_after; /* journal_size of each stage in MiB; 0: keep everything */
    uint64_t credit;     /* bytes; 0: default */
    uint64_t timers;     /* armed, for `timers` */
    uint64_t storm;      /* timers due at once */
    int batch;           /* inputs in a frame, for `timers` */
    bool scattered;      /* ids of timers in no order */
    bool tables;         /* false: no get and put */
    bool json;
    const char *dir;    /* where to work; NULL: a new directory below $TMPDIR or /tmp */
    const char *config; /* of the installation to measure, for `path` */
    const char *bin;    /* directory of the programs */
};

/* Latencies in microseconds: buckets of 1/16 of a power of two, so a value is at most 6 % off. */
struct bench_histogram {
    uint64_t counts[64 * 16];
    uint64_t count, max;
};
void bench_histogram_add(struct bench_histogram *histogram, uint64_t us);
uint64_t bench_histogram_quantile(const struct bench_histogram *histogram, double q);
/* How many lie in low <= us < high; both are powers of two, or 0. */
uint64_t bench_histogram_between(const struct bench_histogram *histogram, uint64_t low,
                                 uint64_t high);

int bench_pipeline(const struct bench_options *options);
int bench_yardsticks(const struct bench_options *options);
int bench_path(const struct bench_options *options);
int bench_mail(const struct bench_options *options);
int bench_timers(const struct bench_options *options);
int bench_sla(const struct bench_options *options); /* only where services are built */
int bench_stage(int argc, char **argv);             /* one process of the pipeline */

double bench_fdatasync_rate(const char *dir, double seconds, size_t size);
double bench_lmdb_put_rate(const char *dir, double seconds, size_t batch, uint64_t keys);
double bench_zmq_rate(double seconds, size_t size, size_t per_message);

/* Waits until the disk's fdatasync is as fast as its best of late, at most `seconds_max`. */
void bench_settle(const char *dir, double seconds_max);
/* A fresh directory, in text[size]; removed with bench_remove. */
void bench_directory(const char *below, char *text, size_t size);
void bench_remove(const char *dir);
double bench_now(void); /* seconds, monotonic */
double bench_cpu(const struct rusage *usage);

#endif
