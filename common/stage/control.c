/* control.c - queries and commands: JSON requests over ipc://<run>/<name>.ctl, on worker threads.
 *
 *   {"ask": "customer.show", "args": {...}}                        -> {"answer": ...}
 *   {"submit": "AgentPresence", "key": "..", "brand": "..", "message": {...}}
 *                                            -> {"done": true, "id": "..", "answer": ...}
 *   anything wrong                           -> {"error": "not_found", "message": "..."}
 *
 * A query reads the last checkpoint; so that people see what they have just done, the worker asks
 * the loop for a checkpoint and waits for it, but not for long.  The socket lies in `run`, which
 * only its owner may enter: whoever can open it may do what it offers.
 */
#include "common/stage/process.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>
#include "proto/stage.pb-c.h"

#define REQUEST_SIZE_MAX (1 << 20)
#define FRESH_WAIT_MS 500
#define SUBMIT_WAIT_S 10
#define LIST_MAX 1000

struct fr_control {
    struct fr_process *process;
    void *context;
    pthread_t proxy;
    pthread_t *workers;
    size_t worker_count, started_count; /* of the workers */
    bool proxy_started;
    pthread_mutex_t lock;
    pthread_cond_t checkpointed;
    void *front, *back;
};

static json_t *
complain(const char *code, const char *message)
{
    return json_pack("{s:s, s:s}", "error", code, "message", message);
}

static char *
hex(uint64_t id, char *text)
{
    return fr_id_format(id, text);
}

static uint64_t
id_argument(const json_t *args, const char *name)
{
    const char *text = json_string_value(json_object_get(args, name));
    uint64_t id = 0;

    if (text != NULL)
        fr_id_parse(fr_slice_str(text), &id);
    return id;
}

/* ---- freshness ---- */

void
fr_control_checkpointed(struct fr_process *process)
{
    struct fr_control *control = process->control;

    if (control == NULL)
        return;
    pthread_mutex_lock(&control->lock);
    pthread_cond_broadcast(&control->checkpointed);
    pthread_mutex_unlock(&control->lock);
}

static void
wake_loop(struct fr_process *process)
{
    uint64_t one = 1;
    ssize_t written = write(process->mailbox.fd, &one, sizeof(one));

    (void)written;
}

static void
wait_until_fresh(struct fr_control *control)
{
    struct fr_process *process = control->process;
    uint64_t end_seq = atomic_load_explicit(&process->end_seq, memory_order_acquire);
    struct timespec until;

    if (atomic_load_explicit(&process->checkpoint_seq, memory_order_acquire) >= end_seq)
        return;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += FRESH_WAIT_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    atomic_store_explicit(&process->want_checkpoint, true, memory_order_release);
    wake_loop(process);
    pthread_mutex_lock(&control->lock);
    while (atomic_load_explicit(&process->checkpoint_seq, memory_order_acquire) < end_seq)
        if (pthread_cond_timedwait(&control->checkpointed, &control->lock, &until) == ETIMEDOUT)
            break;
    pthread_mutex_unlock(&control->lock);
}

/* ---- submissions from outside, waited for ---- */

struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t told;
    bool done, abandoned;
    enum fr_error error;
    char reason[256];
    char *answer;
    uint64_t first_id;
};

static void
waiter_free(struct waiter *waiter)
{
    free(waiter->answer);
    free(waiter);
}

static void
waiter_told(void *context, const struct fr_outcome *outcome)
{
    struct waiter *waiter = context;
    bool abandoned;

    pthread_mutex_lock(&waiter->lock);
    waiter->done = true;
    waiter->error = outcome->error;
    waiter->first_id = outcome->first_id;
    snprintf(waiter->reason, sizeof(waiter->reason), "%s", outcome->reason);
    if (outcome->answer.size > 0)
        waiter->answer = strndup(outcome->answer.data, outcome->answer.size);
    abandoned = waiter->abandoned;
    pthread_cond_signal(&waiter->told);
    pthread_mutex_unlock(&waiter->lock);
    if (abandoned)
        waiter_free(waiter);
}

static json_t *
waiter_answer(const struct waiter *waiter)
{
    char id[FR_ID_TEXT_SIZE];
    json_t *answer;

    if (waiter->error != FR_OK)
        return complain(fr_error_name(waiter->error), waiter->reason);
    answer = json_pack("{s:b, s:s}", "done", 1, "id", hex(waiter->first_id, id));
    if (waiter->answer != NULL) {
        json_t *inner = json_loads(waiter->answer, 0, NULL);

        json_object_set_new(answer, "answer", inner != NULL ? inner : json_string(waiter->answer));
    }
    return answer;
}

static json_t *
submit_and_wait(struct fr_control *control, struct fr_submission *submission, bool forced)
{
    struct waiter *waiter = calloc(1, sizeof(*waiter));
    struct timespec until;
    json_t *answer;
    enum fr_error err;

    fr_assert(waiter != NULL);
    pthread_mutex_init(&waiter->lock, NULL);
    pthread_cond_init(&waiter->told, NULL);
    submission->done = waiter_told;
    submission->context = waiter;
    err = forced ? fr_submit_forced(control->process, submission)
                 : fr_submit(control->process, submission);
    if (err != FR_OK) {
        waiter_free(waiter);
        return complain(fr_error_name(err), err == FR_BUSY   ? "under pressure: come back later"
                                            : err == FR_GONE ? "a standby, or ending: not taken"
                                                             : "not taken");
    }
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += SUBMIT_WAIT_S;
    pthread_mutex_lock(&waiter->lock);
    while (!waiter->done)
        if (pthread_cond_timedwait(&waiter->told, &waiter->lock, &until) == ETIMEDOUT)
            break;
    if (!waiter->done) {
        waiter->abandoned = true;
        pthread_mutex_unlock(&waiter->lock);
        return complain("busy", "no answer in time; it may still be done");
    }
    pthread_mutex_unlock(&waiter->lock);
    answer = waiter_answer(waiter);
    waiter_free(waiter);
    return answer;
}

static json_t *
submit_message(struct fr_control *control, const json_t *request)
{
    const char *name = json_string_value(json_object_get(request, "submit"));
    const ProtobufCMessageDescriptor *descriptor;
    uint32_t kind = fr_kind_by_name(name);
    struct fr_submission submission = {.kind = kind,
                                       .key = id_argument(request, "key"),
                                       .brand =
                                           json_string_value(json_object_get(request, "brand"))};
    ProtobufCMessage *message;
    char error[256] = "";
    uint8_t *body;
    json_t *answer;

    descriptor = kind == FR_KIND_END ? NULL : fr_kind_descriptor(kind);
    if (descriptor == NULL)
        return complain("invalid", "no record is called that");
    message = fr_message_from_json(descriptor, json_object_get(request, "message"), NULL, error,
                                   sizeof(error));
    if (message == NULL)
        return complain("invalid", error);
    submission.body.size = protobuf_c_message_get_packed_size(message);
    body = malloc(submission.body.size + 1);
    fr_assert(body != NULL);
    protobuf_c_message_pack(message, body);
    protobuf_c_message_free_unpacked(message, NULL);
    submission.body.data = body;
    answer = submit_and_wait(control, &submission, false);
    free(body);
    return answer;
}

/* ---- what every service answers ---- */

static json_t *
upstreams_json(struct fr_process *process)
{
    const struct fr_snapshot *snapshot = &process->snapshot;
    json_t *list = json_array();

    for (size_t i = 0; i < snapshot->upstream_count; i++)
        json_array_append_new(
            list, json_pack("{s:s, s:I, s:b, s:s}", "journal", snapshot->cursors[i].journal, "seq",
                            (json_int_t)snapshot->cursors[i].seq, "up", snapshot->up[i], "state",
                            fr_error_name(snapshot->refused[i])));
    return list;
}

static json_t *
readers_json(struct fr_process *process)
{
    const struct fr_snapshot *snapshot = &process->snapshot;
    json_t *list = json_array();

    for (size_t i = 0; i < snapshot->reader_count; i++)
        json_array_append_new(
            list, json_pack("{s:s, s:I, s:I}", "name", snapshot->readers[i].name, "seq",
                            (json_int_t)snapshot->readers[i].acknowledged, "behind",
                            (json_int_t)(snapshot->end.seq - snapshot->readers[i].acknowledged)));
    return list;
}

static json_t *
status_json(struct fr_process *process)
{
    static const char *const pressures[] = {"none", "reserve", "full"};
    struct fr_snapshot *snapshot = &process->snapshot;
    json_t *status;

    pthread_mutex_lock(&snapshot->lock);
    status = json_pack(
        "{s:s, s:s, s:s, s:i, s:b, s:b, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:I, s:b, "
        "s:b, "
        "s:b}",
        "service", process->stage->name, "journal", process->name, "version", FR_VERSION_TEXT,
        "pid", (int)getpid(), "ready", atomic_load(&process->ready), "standby", process->following,
        "pressure", pressures[atomic_load(&process->pressure)], "incarnation",
        (json_int_t)snapshot->end.incarnation, "first_seq", (json_int_t)snapshot->first_seq, "seq",
        (json_int_t)snapshot->end.seq, "checkpoint_seq",
        (json_int_t)atomic_load(&process->checkpoint_seq), "journal_bytes",
        (json_int_t)snapshot->journal.size, "tables_bytes", (json_int_t)snapshot->store.map_used,
        "timers", (json_int_t)snapshot->timer_count, "clock_held", snapshot->clock_held,
        "clock_step_us", (json_int_t)snapshot->clock_step_us, "disk_full", snapshot->stuck,
        "tables_full", snapshot->tables_full, "journal_corrupt", snapshot->journal_corrupt);
    json_object_set_new(
        status, "loop_age_ms",
        json_integer((fr_time_monotonic().us - atomic_load(&process->tick_us)) / 1000));
    json_object_set_new(status, "upstreams", upstreams_json(process));
    json_object_set_new(status, "readers", readers_json(process));
    pthread_mutex_unlock(&snapshot->lock);
    return json_pack("{s:o}", "answer", status);
}

static json_t *
dead_row(struct fr_slice row, struct fr_arena *arena, bool whole)
{
    const struct fr_record_head *head = row.data, *inner;
    const Fr__InputRejected *rejected;
    char id[FR_ID_TEXT_SIZE], time[FR_TIME_TEXT_SIZE];
    json_t *json;
    const ProtobufCMessageDescriptor *descriptor;
    const ProtobufCMessage *message = NULL;
    struct fr_record_head copy;

    memcpy(&copy, head, sizeof(copy));
    rejected = fr_unpack_in(arena, fr_kind_descriptor(FR_INPUT_REJECTED),
                            fr_slice((const char *)row.data + sizeof(copy), copy.body_size));
    if (rejected == NULL)
        return NULL;
    json = json_pack("{s:s, s:s, s:s, s:I, s:s, s:s}", "id", hex(copy.id, id), "time",
                     fr_time_format((struct fr_time){copy.time_us}, time), "upstream",
                     rejected->upstream, "seq", (json_int_t)rejected->upstream_seq, "kind",
                     fr_kind_name(rejected->input_kind), "reason", rejected->reason);
    if (!whole || json == NULL || rejected->record.len < sizeof(*inner))
        return json;
    memcpy(&copy, rejected->record.data, sizeof(copy));
    descriptor = fr_kind_descriptor(copy.kind);
    if (descriptor != NULL && rejected->record.len >= sizeof(copy) + copy.body_size)
        message = fr_unpack_in(arena, descriptor,
                               fr_slice(rejected->record.data + sizeof(copy), copy.body_size));
    json_object_set_new(json, "body", message != NULL ? fr_message_json(message) : json_null());
    json_object_set_new(json, "record_bytes", json_integer((json_int_t)rejected->record.len));
    return json;
}

static json_t *
dead_list(struct fr_control *control, const json_t *args, struct fr_arena *arena)
{
    const struct fr_view *view;
    struct fr_store_position position;
    struct fr_slice key, value, from = {NULL, 0};
    struct fr_scan scan;
    struct fr_key only;
    uint64_t id = id_argument(args, "id");
    json_t *list;

    if (json_object_get(args, "id") != NULL && id == 0)
        return complain("invalid", "an id is 16 hexadecimal digits");
    list = json_array();
    wait_until_fresh(control);
    if (fr_store_read_begin(control->process->store, &view, &position) != FR_OK) {
        json_decref(list);
        return complain("busy", "the tables cannot be read now");
    }
    if (id != 0)
        from = fr_key_slice(fr_key_u64(fr_key_init(&only), id));
    fr_scan_init(&scan, view, &fr_own_tables[FR_OWN_DEAD], from, fr_slice(NULL, 0));
    while (json_array_size(list) < LIST_MAX && fr_scan_next(&scan, &key, &value) == FR_OK) {
        struct fr_arena_mark mark = fr_arena_mark(arena);
        json_t *row = dead_row(value, arena, id != 0);

        fr_arena_release(arena, mark); /* a thousand of a MiB each would not fit */
        if (row != NULL)
            json_array_append_new(list, row);
    }
    fr_scan_fini(&scan);
    fr_store_read_end(control->process->store, &view);
    if (id != 0 && json_array_size(list) == 0) {
        json_decref(list);
        return complain("not_found", "no dead input has that id");
    }
    return json_pack("{s:{s:o, s:b}}", "answer", "items", list, "more",
                     json_array_size(list) == LIST_MAX);
}

static json_t *
command(struct fr_control *control, uint32_t kind, const json_t *args)
{
    const char *name = json_string_value(json_object_get(args, "name"));
    struct fr_submission submission = {.kind = kind, .key = id_argument(args, "id")};

    if ((kind == FR_COMMAND_DEAD_RETRY || kind == FR_COMMAND_DEAD_DISCARD) && submission.key == 0)
        return complain("invalid", "which one?  args: {\"id\": \"16 hexadecimal digits\"}");
    if (kind == FR_COMMAND_FORGET_READER) {
        if (name == NULL)
            return complain("invalid", "which reader?  args: {\"name\": ...}");
        submission.body = fr_slice(name, strlen(name) + 1);
    }
    return submit_and_wait(control, &submission, true);
}

static json_t *
help(const struct fr_stage *stage)
{
    json_t *list = json_array();

    for (const struct fr_query *query = stage->queries; query != NULL && query->name != NULL;
         query++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "name", query->name, "args",
                                              query->args == NULL ? "" : query->args, "doc",
                                              query->doc == NULL ? "" : query->doc));
    return json_pack("{s:{s:o, s:b}}", "answer", "items", list, "more", 0);
}

static json_t *
metrics(struct fr_process *process)
{
    char *text = fr_admin_metrics(process);
    json_t *answer = json_pack("{s:s}", "answer", text);

    free(text);
    return answer;
}

static json_t *
ask_service(struct fr_control *control, const struct fr_query *query, const json_t *args,
            struct fr_arena *arena)
{
    struct fr_process *process = control->process;
    struct fr_store_position position;
    struct fr_query_turn turn = {.arena = arena, .now = fr_time_wall(), .process = process};
    struct fr_options *options;
    const char *error = NULL;
    json_t *answer;

    wait_until_fresh(control);
    if (fr_store_read_begin(process->store, &turn.view, &position) != FR_OK)
        return complain("busy", "the tables cannot be read now");
    options = fr_process_hold_options(process);
    turn.config = options->service;
    turn.calendars = options->calendars;
    answer = query->answer(&turn, args, &error);
    fr_process_release_options(process, options);
    fr_store_read_end(process->store, &turn.view);
    if (answer == NULL)
        return complain("not_found", error != NULL ? error : "no answer");
    return json_pack("{s:o, s:I}", "answer", answer, "as_of_seq", (json_int_t)position.seq);
}

static json_t *
ask(struct fr_control *control, const char *name, const json_t *args, struct fr_arena *arena)
{
    const struct fr_stage *stage = control->process->stage;

    if (strcmp(name, "status") == 0)
        return status_json(control->process);
    if (strcmp(name, "metrics") == 0)
        return metrics(control->process);
    if (strcmp(name, "help") == 0)
        return help(stage);
    if (strcmp(name, "dead.ls") == 0 || strcmp(name, "dead.show") == 0)
        return dead_list(control, args, arena);
    if (strcmp(name, "dead.retry") == 0)
        return command(control, FR_COMMAND_DEAD_RETRY, args);
    if (strcmp(name, "dead.discard") == 0)
        return command(control, FR_COMMAND_DEAD_DISCARD, args);
    if (strcmp(name, "journal.forget") == 0)
        return command(control, FR_COMMAND_FORGET_READER, args);
    if (strncmp(name, "backup.", 7) == 0)
        return fr_backup_ask(control->process, name);
    if (strcmp(name, "clock.confirm") == 0)
        return command(control, FR_COMMAND_CLOCK_CONFIRM, args);
    for (const struct fr_query *query = stage->queries; query != NULL && query->name != NULL;
         query++)
        if (strcmp(query->name, name) == 0)
            return ask_service(control, query, args, arena);
    return complain("not_found", "no such query here; ask \"help\"");
}

static json_t *
serve(struct fr_control *control, const char *text, size_t size, struct fr_arena *arena)
{
    json_error_t error;
    json_t *request = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error), *answer;
    json_t *args, *none;
    const char *name;

    if (request == NULL)
        return complain("invalid", error.text);
    none = json_object();
    args = json_object_get(request, "args");
    if (args != NULL && !json_is_object(args))
        args = NULL;
    name = json_string_value(json_object_get(request, "ask"));
    if (name != NULL)
        answer = ask(control, name, args != NULL ? args : none, arena);
    else if (json_is_string(json_object_get(request, "submit")))
        answer = submit_message(control, request);
    else
        answer = complain("invalid", "a request has \"ask\" or \"submit\"");
    json_decref(none);
    json_decref(request);
    return answer != NULL ? answer : complain("invalid", "the answer holds text that is not UTF-8");
}

/* ---- threads ---- */

/* False after more than one part, which are all taken off the socket: it answers only then, and
 * would take the next part for a request. */
static bool
only_part(void *socket)
{
    bool only = true;
    int more = 0;
    size_t size = sizeof(more);

    while (zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size) == 0 && more != 0) {
        zmq_msg_t part;

        only = false;
        zmq_msg_init(&part);
        if (zmq_msg_recv(&part, socket, 0) < 0 && errno != EINTR)
            more = 0;
        zmq_msg_close(&part);
        if (more == 0)
            break;
    }
    return only;
}

static void *
work(void *context)
{
    struct fr_control *control = context;
    struct fr_arena *arena = fr_arena_new(16 << 10, 256 << 20);
    void *socket = zmq_socket(control->context, ZMQ_REP);
    int linger = 0;

    fr_assert(arena != NULL);
    if (socket == NULL) { /* stopped before it began */
        fr_arena_free(&arena);
        return NULL;
    }
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof(linger));
    zmq_connect(socket, "inproc://work");
    for (;;) {
        zmq_msg_t request;
        json_t *answer;
        char *text;

        zmq_msg_init(&request);
        if (zmq_msg_recv(&request, socket, 0) < 0) {
            zmq_msg_close(&request);
            if (errno == EINTR)
                continue;
            break;
        }
        answer = only_part(socket)
                     ? serve(control, zmq_msg_data(&request), zmq_msg_size(&request), arena)
                     : complain("invalid", "a request has one part");
        zmq_msg_close(&request);
        text = json_dumps(answer, JSON_COMPACT);
        fr_assert(text != NULL);
        json_decref(answer);
        zmq_send(socket, text, strlen(text), 0);
        free(text);
        fr_arena_reset(arena);
    }
    zmq_close(socket);
    fr_arena_free(&arena);
    return NULL;
}

static void *
proxy(void *context)
{
    struct fr_control *control = context;

    zmq_proxy(control->front, control->back, NULL); /* until the context is shut down */
    zmq_close(control->front);
    zmq_close(control->back);
    return NULL;
}

static enum fr_error
bind_sockets(struct fr_control *control)
{
    char endpoint[200];
    int linger = 0;
    int64_t size_max = REQUEST_SIZE_MAX;

    control->front = zmq_socket(control->context, ZMQ_ROUTER);
    control->back = zmq_socket(control->context, ZMQ_DEALER);
    if (control->front == NULL || control->back == NULL)
        return FR_NO_MEMORY;
    zmq_setsockopt(control->front, ZMQ_LINGER, &linger, sizeof(linger));
    zmq_setsockopt(control->back, ZMQ_LINGER, &linger, sizeof(linger));
    zmq_setsockopt(control->front, ZMQ_MAXMSGSIZE, &size_max, sizeof(size_max));
    snprintf(endpoint, sizeof(endpoint), "ipc://%s/%s%s.ctl",
             control->process->options->common->run, control->process->name,
             control->process->following ? ".standby" : "");
    if (zmq_bind(control->front, endpoint) != 0) {
        fr_log(FR_ERROR, "bind_failed", "endpoint=%s error=\"%s\"", endpoint, zmq_strerror(errno));
        return FR_IO;
    }
    return zmq_bind(control->back, "inproc://work") == 0 ? FR_OK : FR_IO;
}

enum fr_error
fr_control_start(struct fr_process *process)
{
    struct fr_control *control = calloc(1, sizeof(*control));
    enum fr_error err;

    fr_assert(control != NULL);
    control->process = process;
    control->worker_count = (size_t)process->options->stage.query_workers;
    control->workers = calloc(control->worker_count, sizeof(*control->workers));
    control->context = zmq_ctx_new();
    fr_assert(control->workers != NULL && control->context != NULL);
    pthread_mutex_init(&control->lock, NULL);
    pthread_cond_init(&control->checkpointed, NULL);
    process->control = control;
    fr_backup_start(process);
    err = bind_sockets(control);
    if (err != FR_OK)
        return err;
    if (pthread_create(&control->proxy, NULL, proxy, control) != 0)
        return FR_NO_MEMORY;
    control->proxy_started = true;
    for (; control->started_count < control->worker_count; control->started_count++)
        if (pthread_create(&control->workers[control->started_count], NULL, work, control) != 0)
            return FR_NO_MEMORY;
    return FR_OK;
}

void
fr_control_stop(struct fr_process *process)
{
    struct fr_control *control = process->control;

    if (control == NULL)
        return;
    process->control = NULL;
    zmq_ctx_shutdown(control->context);
    for (size_t i = 0; i < control->started_count; i++)
        pthread_join(control->workers[i], NULL);
    if (control->proxy_started) {
        pthread_join(control->proxy, NULL);
    } else { /* it did not come to that: the sockets are still ours */
        zmq_close(control->front);
        zmq_close(control->back);
    }
    zmq_ctx_term(control->context);
    fr_backup_stop(process);
    free(control->workers);
    free(control);
}
