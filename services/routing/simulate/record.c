/* record.c - last week's traffic, from routing's own journal, as a trace for a scenario. */
#include "services/routing/simulate/record.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "common/journal/journal.h"
#include "proto/kinds.h"
#include "proto/routing.pb-c.h"
#include "services/routing/routing.h"

#define DAY_US INT64_C(86400000000)

struct open_task { /* from its entry to its end */
    uint64_t task_id;
    int64_t arrived_us, served_us; /* served_us 0: not yet */
    char agent[ROUTING_AGENT_SIZE];
    char brand[FR_BRAND_SIZE];
    char channel[FR_NAME_SIZE], language[36], queue[ROUTING_QUEUE_SIZE];
};
struct recording {
    FILE *out;
    void *open; /* tsearch's tree */
};

static int
by_id(const void *a, const void *b)
{
    const struct open_task *left = a, *right = b;

    return (left->task_id > right->task_id) - (left->task_id < right->task_id);
}

static struct open_task *
find(struct recording *recording, uint64_t task_id)
{
    const struct open_task key = {.task_id = task_id};
    struct open_task **found = tfind(&key, &recording->open, by_id);

    return found == NULL ? NULL : *found;
}

static void
copy(char *to, size_t size, const char *text)
{
    snprintf(to, size, "%s", text == NULL ? "" : text);
}

static struct open_task *
enter(struct recording *recording, const struct fr_record_head *head, uint64_t task_id)
{
    struct open_task *task = find(recording, task_id);

    if (task != NULL)
        return task;
    task = calloc(1, sizeof(*task));
    fr_assert(task != NULL);
    task->task_id = task_id;
    copy(task->brand, sizeof(task->brand), head->brand);
    fr_assert(tsearch(task, &recording->open, by_id) != NULL);
    return task;
}

static void
enter_request(struct recording *recording, const struct fr_record_head *head,
              const Fr__TaskRequested *request, const char *queue)
{
    struct open_task *task;

    if (request == NULL)
        return; /* it was in line before */
    task = enter(recording, head, request->task_id);
    task->arrived_us = request->arrived_us;
    copy(task->channel, sizeof(task->channel), request->channel);
    copy(task->language, sizeof(task->language), request->language);
    copy(task->queue, sizeof(task->queue), queue);
}

static void
note_offered(struct recording *recording, const struct fr_record_head *head,
             const Fr__TaskOffered *offered)
{
    struct open_task *task;

    if (offered->entered) {
        task = enter(recording, head, offered->task_id);
        task->arrived_us = offered->arrived_us;
        copy(task->channel, sizeof(task->channel), offered->channel);
        copy(task->language, sizeof(task->language), offered->language);
    }
    task = find(recording, offered->task_id);
    if (task != NULL)
        copy(task->queue, sizeof(task->queue), offered->queue);
}

static void
note_accepted(struct recording *recording, const struct fr_record_head *head,
              const Fr__OfferAccepted *accepted)
{
    struct open_task *task = find(recording, accepted->task_id);

    if (task == NULL)
        return;
    task->served_us = head->time_us;
    copy(task->agent, sizeof(task->agent), accepted->agent);
}

static double
seconds(int64_t us)
{
    return (double)us / 1e6;
}

static void
note_ended(struct recording *recording, const struct fr_record_head *head, uint64_t task_id)
{
    struct open_task *task = find(recording, task_id);
    int64_t midnight, end_us;
    char day[FR_TIME_TEXT_SIZE];

    if (task == NULL)
        return; /* it came in before the journal's first record */
    midnight = task->arrived_us - task->arrived_us % DAY_US;
    end_us = task->served_us != 0 ? task->served_us : head->time_us;
    fprintf(recording->out, "%.10s,%.6f,%.6f,",
            fr_time_format((struct fr_time){task->arrived_us}, day),
            seconds(task->arrived_us - midnight), seconds(end_us - task->arrived_us));
    if (task->served_us != 0)
        fprintf(recording->out, "%.6f,%.6f,%s", seconds(task->served_us - midnight),
                seconds(head->time_us - task->served_us), task->agent);
    else
        fprintf(recording->out, ",,");
    fprintf(recording->out, ",%s,%s,%s,%s\n", task->brand, task->channel, task->language,
            task->queue);
    tdelete(task, &recording->open, by_id);
    free(task);
}

static void
note(struct recording *recording, const struct fr_record_head *head)
{
    const ProtobufCMessageDescriptor *type = fr_kind_descriptor(head->kind);
    ProtobufCMessage *body = NULL;

    if (type != NULL && head->kind >= FR_TASK_QUEUED && head->kind <= FR_TASK_ENDED)
        body = protobuf_c_message_unpack(type, NULL, head->body_size, (const uint8_t *)(head + 1));
    if (body == NULL)
        return;
    if (head->kind == FR_TASK_QUEUED)
        enter_request(recording, head, ((const Fr__TaskQueued *)body)->task,
                      ((const Fr__TaskQueued *)body)->queue);
    else if (head->kind == FR_TASK_PARKED)
        enter_request(recording, head, ((const Fr__TaskParked *)body)->task, "");
    else if (head->kind == FR_TASK_OFFERED)
        note_offered(recording, head, (const Fr__TaskOffered *)body);
    else if (head->kind == FR_OFFER_ACCEPTED)
        note_accepted(recording, head, (const Fr__OfferAccepted *)body);
    else if (head->kind == FR_TASK_ENDED)
        note_ended(recording, head, ((const Fr__TaskEnded *)body)->task_id);
    protobuf_c_message_free_unpacked(body, NULL);
}

static enum fr_error
walk(struct fr_journal *journal, struct recording *recording)
{
    struct fr_cursor from = fr_journal_start(journal);
    struct fr_reader *reader;
    struct fr_batch batch;
    enum fr_error err = fr_reader_new(journal, &from, &reader);

    if (err != FR_OK)
        return err;
    while ((err = fr_reader_next(reader, 1 << 20, NULL, 0, &batch)) == FR_OK) {
        struct fr_slice rest = batch.bytes;
        const struct fr_record_head *head;

        while ((head = fr_records_next(&rest)) != NULL)
            note(recording, head);
        fr_hold_release(batch.hold);
    }
    fr_reader_free(&reader);
    return err == FR_END ? FR_OK : err;
}

enum fr_error
sim_record(const char *dir, FILE *out)
{
    const struct fr_journal_options options = {
        .dir = dir, .name = routing_stage.name, .read_only = true};
    struct recording recording = {.out = out};
    struct fr_journal *journal;
    char complaint[256] = "";
    enum fr_error err = fr_journal_open(&options, &journal, complaint, sizeof(complaint));

    if (err == FR_OK) {
        fprintf(out, "day,arrived,waited,served,service,agent,brand,channel,language,queue\n");
        err = walk(journal, &recording);
        fr_journal_free(&journal);
    }
    tdestroy(recording.open, free);
    if (err != FR_OK)
        fprintf(stderr,
                "fil simulate: %s: %s %s\n(give the folder of routing's journal: "
                "<state>/routing/journal)\n",
                dir, fr_error_name(err), complaint);
    return err;
}
