/* watch.c - the journals' testimony for the judge. */
#include "services/fil/watch.h"

#include <stdlib.h>
#include <string.h>
#include "proto/conversation.pb-c.h"
#include "proto/message.pb-c.h"
#include "proto/site.pb-c.h"
#include "services/fil/map.h"

#define FORM "channel_webform"
#define RECORD_MAX 20000 /* of one journal in one turn */

enum { AT_FORM, AT_CONVERSATIONS, AT_DESK, SOURCE_COUNT };

struct fil_watch {
    struct fil_source *sources[SOURCE_COUNT]; /* the desk's may be NULL: no desk in this file */
    struct fil_judge *judge;
    const char *account;
    bool (*ours)(const void *context, const char *agent);
    const void *context;
    struct fil_map caused; /* id of what conversations took in -> the message that it was */
    char trouble[300];
};

static void *
unpack(const struct fr_record_head *head)
{
    struct fr_slice body = fr_record_body(head);

    return protobuf_c_message_unpack(fr_kind_descriptor(head->kind), NULL, body.size, body.data);
}

static void
let_go(void *message)
{
    if (message != NULL)
        protobuf_c_message_free_unpacked(message, NULL);
}

/* ---- one journal each ---- */

static void
hear_form(struct fil_watch *watch, const struct fr_record_head *head)
{
    Fr__MessageReceived *received;

    if (head->kind != FR_MESSAGE_RECEIVED || (received = unpack(head)) == NULL)
        return;
    if (strcmp(received->account, watch->account) == 0)
        fil_judge_received(watch->judge, received->external_id, head->id, head->time_us);
    let_go(received);
}

static bool
is_ours(const struct fil_watch *watch, const Fr__Entry *entry)
{
    return strcmp(entry->channel, FORM) == 0 && strcmp(entry->account, watch->account) == 0;
}

static void
hear_added(struct fil_watch *watch, const struct fr_record_head *head,
           const Fr__MessageAdded *added)
{
    const Fr__Entry *entry = added->entry;
    uint64_t address = 0;

    if (!is_ours(watch, entry))
        return;
    if (entry->direction == FR__DIRECTION__FROM_CUSTOMER && entry->external_id != NULL) {
        fil_judge_added(watch->judge, entry->external_id, entry->message_id,
                        added->conversation_id);
        if (head->cause != 0)
            fil_map_set(&watch->caused, head->cause, entry->message_id);
    } else if (entry->direction == FR__DIRECTION__TO_CUSTOMER) {
        fr_id_parse(fr_slice_str(entry->address), &address);
        fil_judge_answered(watch->judge, added->conversation_id, entry->message_id, address,
                           entry->client_id != NULL ? entry->client_id : "");
    }
}

/* The task that was asked for when the message came in has the same cause. */
static void
hear_requested(struct fil_watch *watch, const struct fr_record_head *head,
               const Fr__TaskRequested *requested)
{
    uint64_t message_id;

    if (fil_map_get(&watch->caused, head->cause, &message_id))
        fil_judge_task(watch->judge, requested->task_id, message_id);
}

static void
hear_conversations(struct fil_watch *watch, const struct fr_record_head *head)
{
    void *body;

    switch (head->kind) {
    case FR_MESSAGE_ADDED:
        if ((body = unpack(head)) != NULL)
            hear_added(watch, head, body);
        break;
    case FR_TASK_REQUESTED:
        if ((body = unpack(head)) != NULL)
            hear_requested(watch, head, body);
        break;
    case FR_CONVERSATION_RESOLVED:
    case FR_CONVERSATION_REOPENED:
        fil_judge_ended(watch->judge, head->key, head->kind == FR_CONVERSATION_RESOLVED);
        return;
    default:
        return;
    }
    let_go(body);
}

static void
hear_desk(struct fil_watch *watch, const struct fr_record_head *head)
{
    Fr__LeaseGranted *granted;

    if (head->kind != FR_LEASE_GRANTED || (granted = unpack(head)) == NULL)
        return;
    fil_judge_offered(watch->judge, granted->offer->task_id, head->time_us);
    if (!watch->ours(watch->context, granted->offer->agent))
        fil_judge_foreign(watch->judge, granted->offer->conversation_id);
    let_go(granted);
}

/* ---- all of them ---- */

static void (*const hearers[SOURCE_COUNT])(struct fil_watch *, const struct fr_record_head *) = {
    hear_form, hear_conversations, hear_desk};

static bool
open_at_end(struct fil *fil, struct fil_watch *watch, int which, const char *journal)
{
    char complaint[400];

    watch->sources[which] = fil_source_open(fil, journal, complaint, sizeof(complaint));
    if (watch->sources[which] == NULL ||
        fil_source_seek(watch->sources[which], fil_source_end(watch->sources[which])) != FR_OK) {
        fil_complain(
            "the journal of %s cannot be followed: %s\n     is it running? 'fil up' starts it",
            journal, complaint);
        return false;
    }
    return true;
}

struct fil_watch *
fil_watch_new(struct fil *fil, const char *account, struct fil_judge *judge,
              bool (*ours)(const void *context, const char *agent), const void *context)
{
    const struct fil_install *install = fil_install_get(fil);
    struct fil_watch *watch = calloc(1, sizeof(*watch));

    fr_assert(watch != NULL);
    watch->account = account;
    watch->judge = judge;
    watch->ours = ours;
    watch->context = context;
    if (!open_at_end(fil, watch, AT_FORM, FORM) ||
        !open_at_end(fil, watch, AT_CONVERSATIONS, "conversations") ||
        (install->desk[0] != '\0' && !open_at_end(fil, watch, AT_DESK, install->desk)))
        fil_watch_free(&watch);
    return watch;
}

void
fil_watch_free(struct fil_watch **watch)
{
    if (*watch == NULL)
        return;
    for (int i = 0; i < SOURCE_COUNT; i++)
        fil_source_free(&(*watch)->sources[i]);
    fil_map_fini(&(*watch)->caused);
    free(*watch);
    *watch = NULL;
}

static bool
drain(struct fil_watch *watch, int which)
{
    struct fil_source *source = watch->sources[which];
    const struct fr_record_head *head;
    enum fr_error err = FR_END;
    size_t count = 0;

    while (source != NULL && count < RECORD_MAX &&
           (err = fil_source_next(source, (struct fr_span){0}, &head)) == FR_OK) {
        hearers[which](watch, head);
        count++;
    }
    if (err != FR_OK && err != FR_END && watch->trouble[0] == '\0')
        snprintf(watch->trouble, sizeof(watch->trouble), "%s: %s", fil_source_journal(source),
                 fr_error_name(err));
    return count > 0;
}

bool
fil_watch_turn(struct fil_watch *watch)
{
    bool news = false;

    for (int i = 0; i < SOURCE_COUNT; i++)
        news = drain(watch, i) || news;
    return news;
}

const char *
fil_watch_trouble(const struct fil_watch *watch)
{
    return watch->trouble[0] != '\0' ? watch->trouble : NULL;
}
