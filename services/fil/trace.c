/* trace.c - fil trace: the way of a message, service by service, with times. */
#include <endian.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "services/fil/path.h"
#include "services/fil/show.h"
#include "services/fil/source.h"
#include "services/fil/summary.h"

#define EARLIER_US 1000000 /* another machine's clock may be behind by so much */
#define PROGRESS_EVERY 4096
#define TICKET_SIZE 24 /* its id and a signature (common/token/seal.h) */

struct trace {
    struct fil *fil;
    const struct fil_install *install;
    struct fil_source *sources[FIL_SERVICE_MAX]; /* NULL: not readable now */
    struct fil_step *steps;
    size_t count, room;
    uint64_t message; /* what is traced: one of the two */
    uint64_t conversation;
    int64_t from_us;
};

/* ---- sources ---- */

static struct fil_source *
open_source(struct trace *trace, size_t i)
{
    char complaint[400];

    if (trace->sources[i] == NULL) {
        trace->sources[i] = fil_source_open(trace->fil, trace->install->services[i].journal,
                                            complaint, sizeof(complaint));
        if (trace->sources[i] == NULL)
            fil_complain("without %s: %s", trace->install->services[i].journal, complaint);
    }
    return trace->sources[i];
}

/* The record with that id; borrowed until the next call. */
static const struct fr_record_head *
record_of(struct trace *trace, uint64_t id)
{
    const struct fil_service *service = fil_service_of_id(trace->install, id);
    const struct fr_record_head *head;
    struct fil_source *source;

    if (service == NULL)
        return NULL;
    source = open_source(trace, (size_t)(service - trace->install->services));
    if (source == NULL || fil_source_get(source, fr_id_seq(id), &head) != FR_OK || head->id != id)
        return NULL;
    return head;
}

/* ---- what is meant ---- */

static void
mean_conversation(struct trace *trace, const struct fr_record_head *head, uint64_t conversation)
{
    trace->conversation = conversation;
    trace->from_us = head->time_us - EARLIER_US;
}

/* Any record's id will do: up its causes to the message that it all began with, or else its
 * conversation. */
static bool
mean_record(struct trace *trace, uint64_t id)
{
    const struct fr_record_head *head = record_of(trace, id), *opened;
    uint64_t key;

    if (head == NULL)
        return false;
    if (head->kind == FR_CONVERSATION_OPENED) {
        mean_conversation(trace, head, id);
        return true;
    }
    key = head->key;
    while (head->kind != FR_MESSAGE_RECEIVED && head->cause != 0) {
        const struct fr_record_head *cause = record_of(trace, head->cause);

        if (cause == NULL)
            break;
        head = cause;
    }
    if (head->kind == FR_MESSAGE_RECEIVED) {
        trace->message = head->id;
        trace->from_us = head->time_us - EARLIER_US;
        return true;
    }
    opened = key != 0 ? record_of(trace, key) : NULL;
    if (opened == NULL || opened->kind != FR_CONVERSATION_OPENED)
        return false;
    mean_conversation(trace, opened, key);
    return true;
}

/* The ticket of a contact form: the message's id, signed.  Only the id is of interest here. */
static bool
read_ticket(const char *text, uint64_t *id)
{
    unsigned char bytes[TICKET_SIZE + 8];
    uint64_t payload;
    size_t size;

    if (sodium_base642bin(bytes, sizeof(bytes), text, strlen(text), NULL, &size, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        size != TICKET_SIZE)
        return false;
    memcpy(&payload, bytes, sizeof(payload));
    *id = be64toh(payload);
    return true;
}

static bool
mean_argument(struct trace *trace, const char *text)
{
    uint64_t id;
    bool is_id = fr_id_parse(fr_slice_str(text), &id) == FR_OK;

    if (!is_id && !read_ticket(text, &id)) {
        fil_complain(
            "'%s' is neither an id (16 hexadecimal digits) nor a ticket; 'fil conversation ls' "
            "and 'fil send' show some",
            text);
        return false;
    }
    if (mean_record(trace, id))
        return true;
    fil_complain("no journal here holds %s: is it of another installation, or trimmed?", text);
    return false;
}

/* ---- all records from then on ---- */

static void
add_step(struct trace *trace, size_t journal, const struct fr_record_head *head)
{
    if (trace->count == trace->room) {
        trace->room = trace->room * 2 + 1024;
        trace->steps = realloc(trace->steps, trace->room * sizeof(*trace->steps));
        fr_assert(trace->steps != NULL);
    }
    trace->steps[trace->count++] = (struct fil_step){.id = head->id,
                                                     .cause = head->cause,
                                                     .key = head->key,
                                                     .seq = head->seq,
                                                     .time_us = head->time_us,
                                                     .kind = head->kind,
                                                     .journal = (uint16_t)journal};
}

static void
load(struct trace *trace, size_t journal)
{
    struct fil_source *source = open_source(trace, journal);
    const struct fr_record_head *head;
    struct fil_progress progress;
    enum fr_error err;

    if (source == NULL)
        return;
    fil_progress_start(&progress, fil_source_journal(source));
    err = fil_source_seek_time(source, trace->from_us);
    while (err == FR_OK && (err = fil_source_next(source, (struct fr_span){0}, &head)) == FR_OK) {
        add_step(trace, journal, head);
        if (head->seq % PROGRESS_EVERY == 0)
            fil_progress_at(&progress, head->seq, fil_source_end(source));
    }
    fil_progress_end(&progress);
    if (err != FR_END)
        fil_complain("%s could be read in part only: %s", fil_source_journal(source),
                     fr_error_name(err));
}

/* ---- telling ---- */

/* clang-format off */
static const struct fil_column columns[] = {
    { "AFTER",   "after",   FIL_COLUMN_TEXT,   0   },
    { "SERVICE", "journal", FIL_COLUMN_TEXT,   0   },
    { "SEQ",     "seq",     FIL_COLUMN_NUMBER, 0   },
    { "RECORD",  "kind",    FIL_COLUMN_TEXT,   0   },
    { "",        "summary", FIL_COLUMN_TEXT,   110 },
    { NULL },
};
/* clang-format on */

static json_t *
after_json(int64_t us)
{
    char text[32];

    if (us < 10000000)
        snprintf(text, sizeof(text), "%+.1f ms", (double)us / 1000);
    else
        snprintf(text, sizeof(text), "%+.1f s", (double)us / 1e6);
    return json_string(text);
}

static json_t *
step_json(struct trace *trace, const struct fil_step *step, int64_t first_us)
{
    const struct fr_record_head *head;
    char summary[FIL_SUMMARY_SIZE];
    json_t *json;

    if (fil_source_get(trace->sources[step->journal], step->seq, &head) != FR_OK)
        return NULL;
    json = fil_record_json(trace->install->services[step->journal].journal, head);
    json_object_set_new(json, "after", after_json(step->order_us - first_us));
    json_object_set_new(json, "after_us", json_integer(step->order_us - first_us));
    json_object_set_new(json, "summary", json_string(fil_record_summary(head, summary)));
    return json;
}

static int
tell(struct trace *trace, const char *what)
{
    json_t *items = json_array();
    size_t count = fil_path_order(trace->steps, trace->count), services = 0;
    bool seen[FIL_SERVICE_MAX] = {false};
    char id[FR_ID_TEXT_SIZE];

    for (size_t i = 0; i < count; i++) {
        json_array_append_new(items, step_json(trace, &trace->steps[i], trace->steps[0].order_us));
        services += !seen[trace->steps[i].journal];
        seen[trace->steps[i].journal] = true;
    }
    if (!trace->fil->json && count > 0)
        printf("%s %s: %zu records in %zu services\n", what,
               fr_id_format(trace->message != 0 ? trace->message : trace->conversation, id), count,
               services);
    return fil_show_list(trace->fil, json_pack("{s:o, s:b}", "items", items, "more", 0), columns,
                         "nothing is known of it");
}

static int
run_trace(struct fil *fil, const void *given, int argc, char **argv)
{
    struct trace trace = {.fil = fil, .install = fil_install_get(fil)};
    int status = FIL_FAILED;

    (void)given;
    (void)argc;
    if (trace.install == NULL)
        return FIL_FAILED;
    if (mean_argument(&trace, argv[0])) {
        for (size_t i = 0; i < trace.install->service_count; i++)
            load(&trace, i);
        if (trace.message != 0)
            fil_path_of_message(trace.steps, trace.count, trace.message, FR_MESSAGE_RECEIVED,
                                fr_id_journal_number("conversations"));
        else
            fil_path_of_conversation(trace.steps, trace.count, trace.conversation);
        status = tell(&trace, trace.message != 0 ? "message" : "conversation");
    }
    for (size_t i = 0; i < trace.install->service_count; i++)
        fil_source_free(&trace.sources[i]);
    free(trace.steps);
    return status;
}

const struct fil_command fil_trace_commands[] = {
    {.noun = "trace",
     .args = "MESSAGE | TICKET | CONVERSATION",
     .arg_min = 1,
     .arg_max = 1,
     .doc = "The way of a message through all services, with times; any record's id will do.",
     .examples =
         "  fil trace 36c4000000000002\n"
         "  fil send --text hello --json | jq -r .id | xargs fil trace\n"
         "  fil trace 05d9000000000007 --json | jq -r '.items[] | [.after_us, .kind] | @tsv'\n",
     .run = run_trace},
    {.noun = NULL},
};
