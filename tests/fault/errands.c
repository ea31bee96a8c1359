/* errands.c - a little service that does something in the world: `fault-errands 1 --config FILE`.
 *
 * Each number up to ERRAND_MAX, from outside or from the journal `source`, is added and leaves an
 * errand to run. An errand is a line "number attempt" in $ERRAND_LOG; its outcome is 1,000,000 +
 * number.  Every seventeenth fails at its first try.
 *
 * `errands.word` is told by a query, `errands.lenient` takes what does not decode for number 500;
 * both change with a reload.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "common/stage/stage.h"
#include "proto/bench.pb-c.h"
#include "tests/fault/sender.h"

#define ERRAND 1
#define ERRAND_MAX 1000
#define OUTCOME 1000000
#define POISON 13 /* crashes decide while $ERRAND_POISON is set */
#define LENIENT 500

struct errands_config {
    const char *word;
    bool lenient;
};

/* clang-format off */
static const struct fr_config_key config_keys[] = {
    { "word", FR_CONFIG_STRING, offsetof(struct errands_config, word), "first", .doc = "Told by the query `word`." },
    { "lenient", FR_CONFIG_BOOL, offsetof(struct errands_config, lenient), "false",
      .doc = "Take what does not decode for number 500." },
    { NULL },
};
static const struct fr_table tables[] = {
    { "numbers", true, "number -> how often it was added" },
    FR_TABLE_END,
};
/* clang-format on */

static struct fr_slice
row(struct fr_key *key, uint64_t number)
{
    return fr_key_slice(fr_key_u64(fr_key_init(key), number));
}

static enum fr_error
decide_number(struct fr_turn *turn, const struct fr_record *input)
{
    const struct errands_config *config = turn->config;
    const Fr__BenchMessage *message = fr_unpack(turn, input, &fr__bench_message__descriptor);
    Fr__BenchMessage added = FR__BENCH_MESSAGE__INIT;
    struct fr_slice value;
    struct fr_key key;

    if (message == NULL && !config->lenient)
        return fr_reject(turn, input, "does not decode");
    added.key = message == NULL ? LENIENT : message->key;
    if (added.key == POISON && getenv("ERRAND_POISON") != NULL)
        abort();
    if (fr_get(turn->view, &tables[0], row(&key, added.key), &value) == FR_OK)
        return FR_OK;
    return fr_emit_as(turn, input, &added.base, &(struct fr_labels){.key = added.key});
}

static enum fr_error
apply_number(struct fr_tables *handle, const struct fr_record *event)
{
    const Fr__BenchMessage *message = fr_body(event);
    uint64_t count = 0;
    struct fr_key key;
    enum fr_error err;

    fr_get_copy(fr_tables_view(handle), &tables[0], row(&key, message->key), &count, sizeof(count));
    count++;
    err = fr_put(handle, &tables[0], fr_key_slice(&key), fr_slice(&count, sizeof(count)));
    if (err == FR_OK && message->key >= OUTCOME)
        err = fr_effect_done(handle, ERRAND, message->key - OUTCOME);
    else if (err == FR_OK && message->key <= ERRAND_MAX)
        err = fr_effect_put(handle, ERRAND, message->key, fr_slice(NULL, 0));
    return err;
}

/* ---- the world ---- */

static void
write_line(const char *what, uint64_t number, unsigned attempt)
{
    const char *path = getenv("ERRAND_LOG");
    char line[80];
    int fd, size = snprintf(line, sizeof(line), "%s %llu %u\n", what, (unsigned long long)number,
                            attempt);
    ssize_t written;

    if (path == NULL)
        return;
    fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    fr_assert(fd >= 0);
    written = write(fd, line, (size_t)size);
    fr_assert(written == size);
    close(fd);
}

static enum fr_error
run_errand(const void *config, uint64_t id, struct fr_slice body, unsigned attempt,
           struct fr_arena *arena, struct fr_slice *outcome)
{
    static _Atomic int under_way;
    Fr__BenchMessage done = FR__BENCH_MESSAGE__INIT;
    const char *word = ((const struct errands_config *)config)->word;
    uint8_t *bytes;
    size_t size;

    (void)body;
    if (++under_way > 3) /* effect_workers of the story */
        write_line("crowded", id, attempt);
    write_line("run", id, attempt);
    usleep(1000);
    fr_assert(word[0] !=
              '\0'); /* the configuration is still there, however often it was reloaded */
    under_way--;
    if (id % 17 == 0 && attempt == 1)
        return FR_IO;
    done.key = OUTCOME + id;
    size = protobuf_c_message_get_packed_size(&done.base);
    bytes = fr_arena_alloc(arena, size);
    fr_assert(bytes != NULL);
    protobuf_c_message_pack(&done.base, bytes);
    *outcome = fr_slice(bytes, size);
    return FR_OK;
}

/* ---- queries ---- */

static json_t *
ask_number(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    json_int_t number = json_integer_value(json_object_get(args, "number"));
    uint64_t count = 0;
    struct fr_key key;

    (void)error;
    fr_get_copy(turn->view, &tables[0], row(&key, (uint64_t)number), &count, sizeof(count));
    return json_integer((json_int_t)count);
}

static json_t *
ask_word(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    (void)args;
    (void)error;
    return json_string(((const struct errands_config *)turn->config)->word);
}

int
main(int argc, char **argv)
{
    static const struct fr_input inputs[] = {{FR_BENCH_MESSAGE, FR_LOCAL, decide_number},
                                             {FR_BENCH_MESSAGE, "source", decide_number},
                                             {FR_KIND_END, NULL, NULL}};
    static const struct fr_event events[] = {{FR_BENCH_MESSAGE, apply_number}, {FR_KIND_END, NULL}};
    static const struct fr_effect_kind effects[] = {{ERRAND, FR_BENCH_MESSAGE, run_errand},
                                                    {FR_KIND_END, 0, NULL}};
    static const struct fr_query queries[] = {{"number", "NUMBER", "How often.", ask_number},
                                              {"word", "", "The word in force.", ask_word},
                                              {NULL, NULL, NULL, NULL}};
    const struct fr_stage stage = {.name = "errands",
                                   .config = config_keys,
                                   .config_size = sizeof(struct errands_config),
                                   .tables = tables,
                                   .inputs = inputs,
                                   .events = events,
                                   .queries = queries,
                                   .effects = effects,
                                   .edge = &fault_sender};

    if (argc < 2)
        return 64;
    return fr_stage_main(argc - 1, argv + 1, &stage);
}
