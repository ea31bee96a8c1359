/* bench_yardsticks.c - what disk, LMDB and ZeroMQ can do by themselves, on this machine, now. */
#include "tests/bench/bench.h"

#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

double
bench_fdatasync_rate(const char *dir, double seconds, size_t size)
{
    char path[600], *block = calloc(1, size);
    size_t area = 4 << 20, at = 0, count = 0;
    double start, spent;
    int fd;

    snprintf(path, sizeof(path), "%s/fdatasync", dir);
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    for (size_t filled = 0; fd >= 0 && filled < area; filled += size)
        if (pwrite(fd, block, size, (off_t)filled) < 0)
            break;
    fsync(fd);
    start = bench_now();
    do {
        if (pwrite(fd, block, size, (off_t)at) < 0 || fdatasync(fd) != 0)
            break;
        at = (at + size) % area;
        count++;
        spent = bench_now() - start;
    } while (spent < seconds);
    close(fd);
    unlink(path);
    free(block);
    return (double)count / (bench_now() - start);
}

double
bench_lmdb_put_rate(const char *dir, double seconds, size_t batch, uint64_t keys)
{
    char path[600], value_bytes[64] = {0};
    MDB_env *env;
    MDB_dbi dbi = 0;
    uint64_t count = 0, state = 88172645463325252u;
    double start, spent;

    snprintf(path, sizeof(path), "%s/lmdb.mdb", dir);
    mdb_env_create(&env);
    mdb_env_set_mapsize(env, (size_t)4 << 30);
    if (mdb_env_open(env, path, MDB_NOSUBDIR, 0600) != 0)
        return 0;
    start = bench_now();
    do {
        MDB_txn *txn;

        mdb_txn_begin(env, NULL, 0, &txn);
        if (count == 0)
            mdb_dbi_open(txn, NULL, 0, &dbi);
        for (size_t i = 0; i < batch; i++) {
            uint64_t key_bytes;
            MDB_val key = {sizeof(key_bytes), &key_bytes};
            MDB_val value = {sizeof(value_bytes), value_bytes};

            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            key_bytes = __builtin_bswap64(state % keys);
            mdb_put(txn, dbi, &key, &value, 0);
        }
        if (mdb_txn_commit(txn) != 0)
            break;
        count += batch;
        spent = bench_now() - start;
    } while (spent < seconds);
    spent = bench_now() - start;
    mdb_env_close(env);
    unlink(path);
    return (double)count / spent;
}

struct zmq_side {
    void *context;
    char endpoint[64]; /* of this process alone: two benches may run at once */
    size_t size, per_message;
    double seconds;
    uint64_t received;
};

static void *
zmq_receiver(void *argument)
{
    struct zmq_side *side = argument;
    void *socket = zmq_socket(side->context, ZMQ_PULL);
    zmq_msg_t message;

    zmq_bind(socket, side->endpoint);
    zmq_msg_init(&message);
    while (zmq_msg_recv(&message, socket, 0) > 1)
        side->received += zmq_msg_size(&message) / side->size;
    zmq_msg_close(&message);
    zmq_close(socket);
    return NULL;
}

/* `per_message` messages of `size` bytes in each ZeroMQ frame: 1 is libzmq's own rate, more what a
 * batch can reach. */
double
bench_zmq_rate(double seconds, size_t size, size_t per_message)
{
    struct zmq_side side = {
        .context = zmq_ctx_new(), .size = size, .per_message = per_message, .seconds = seconds};
    void *socket = zmq_socket(side.context, ZMQ_PUSH);
    char *frame = calloc(per_message, size);
    pthread_t thread;
    double start;

    snprintf(side.endpoint, sizeof(side.endpoint), "ipc://@fr-bench-yardstick-%d", (int)getpid());
    pthread_create(&thread, NULL, zmq_receiver, &side);
    zmq_connect(socket, side.endpoint);
    start = bench_now();
    do {
        for (int i = 0; i < 100; i++)
            zmq_send(socket, frame, size * per_message, 0);
    } while (bench_now() - start < seconds);
    zmq_send(socket, "", 0, 0);
    pthread_join(thread, NULL);
    seconds = bench_now() - start;
    zmq_close(socket);
    zmq_ctx_term(side.context);
    free(frame);
    return (double)side.received / seconds;
}

int
bench_yardsticks(const struct bench_options *options)
{
    double seconds = options->seconds > 0 ? options->seconds : 2;
    double fdatasync_rate, lmdb_100, lmdb_1000, zmq_1, zmq_400;
    char dir[512];

    bench_directory(options->dir, dir, sizeof(dir));
    bench_settle(dir, 5 * seconds);
    fdatasync_rate = bench_fdatasync_rate(dir, seconds, 4096);
    lmdb_100 = bench_lmdb_put_rate(dir, seconds, 100, options->keys);
    lmdb_1000 = bench_lmdb_put_rate(dir, seconds, 1000, options->keys);
    zmq_1 = bench_zmq_rate(seconds, BENCH_BODY_SIZE, 1);
    zmq_400 = bench_zmq_rate(seconds, BENCH_BODY_SIZE, 400);
    bench_remove(dir);
    if (options->json) {
        printf("{\"fdatasync_per_s\": %.0f, \"lmdb_puts_per_s_batch_100\": %.0f, "
               "\"lmdb_puts_per_s_batch_1000\": %.0f, \"zmq_messages_per_s\": %.0f, "
               "\"zmq_messages_per_s_batched\": %.0f}\n",
               fdatasync_rate, lmdb_100, lmdb_1000, zmq_1, zmq_400);
        return 0;
    }
    printf("yardsticks of this machine, now\n");
    printf("  fdatasync of 4 KiB                 %12.0f /s\n", fdatasync_rate);
    printf("  LMDB puts, 100 per commit          %12.0f /s\n", lmdb_100);
    printf("  LMDB puts, 1000 per commit         %12.0f /s\n", lmdb_1000);
    printf("  ZeroMQ ipc, %d bytes               %12.0f /s\n", BENCH_BODY_SIZE, zmq_1);
    printf("  ZeroMQ ipc, 400 of them per frame  %12.0f /s\n", zmq_400);
    return 0;
}
