/* source.c - the records of any journal, for looking only. */
#include "services/fil/source.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "services/fil/source_wire.h"

#define LOOK_EVERY_US 5000
#define BATCH_SIZE (256 << 10)

struct fil_source {
    char name[FR_NAME_SIZE];
    struct fr_journal *journal; /* NULL: read over the wire */
    struct fr_reader *reader;
    struct fr_batch batch;
    struct fr_slice rest;
    struct fil_remote *remote;
    const struct fr_record_head *held; /* remote: found by seek, not yet given */
};

static bool
open_files(struct fil_source *source, const struct fil_install *install, char *complaint,
           size_t complaint_size)
{
    char dir[FIL_PATH_SIZE];
    struct fr_journal_options options = {.dir = dir, .name = source->name, .read_only = true};

    if (install->state == NULL)
        return false;
    snprintf(dir, sizeof(dir), "%s/%s/journal", install->state, source->name);
    if (access(dir, R_OK | X_OK) != 0)
        return false;
    if (fr_journal_open(&options, &source->journal, complaint, complaint_size) != FR_OK)
        return false;
    return fil_source_seek(source, 0) == FR_OK;
}

struct fil_source *
fil_source_open(struct fil *fil, const char *journal, char *complaint, size_t complaint_size)
{
    const struct fil_install *install = fil_install_get(fil);
    struct fil_source *source;
    char why[300] = "";

    complaint[0] = '\0';
    if (install == NULL)
        return NULL;
    source = calloc(1, sizeof(*source));
    fr_assert(source != NULL);
    snprintf(source->name, sizeof(source->name), "%s", journal);
    if (!open_files(source, install, complaint, complaint_size)) {
        fr_journal_free(&source->journal);
        source->remote = fil_remote_open(fil, journal, why, sizeof(why));
        if (source->remote == NULL) {
            if (complaint[0] == '\0')
                snprintf(complaint, complaint_size, "no journal below %s, and %s",
                         install->state != NULL ? install->state : "any state directory", why);
            fil_source_free(&source);
        }
    }
    return source;
}

static void
let_go(struct fil_source *source)
{
    if (source->batch.hold != NULL)
        fr_hold_release(source->batch.hold);
    source->batch = (struct fr_batch){.hold = NULL};
    source->rest = fr_slice(NULL, 0);
}

void
fil_source_free(struct fil_source **source)
{
    if (*source == NULL)
        return;
    let_go(*source);
    fr_reader_free(&(*source)->reader);
    fr_journal_free(&(*source)->journal);
    fil_remote_free(&(*source)->remote);
    free(*source);
    *source = NULL;
}

const char *
fil_source_journal(const struct fil_source *source)
{
    return source->name;
}

uint64_t
fil_source_first(const struct fil_source *source)
{
    return source->remote != NULL ? fil_remote_first(source->remote)
                                  : fr_journal_first_seq(source->journal);
}

uint64_t
fil_source_end(const struct fil_source *source)
{
    return source->remote != NULL ? fil_remote_end(source->remote)
                                  : fr_journal_end(source->journal).seq;
}

/* ---- one after the other ---- */

static enum fr_error
next_in_files(struct fil_source *source, struct fr_span wait, const struct fr_record_head **record)
{
    int64_t until_us = fr_time_monotonic().us + wait.us;

    while ((*record = fr_records_next(&source->rest)) == NULL) {
        enum fr_error err;

        let_go(source);
        err = fr_reader_next(source->reader, BATCH_SIZE, NULL, 0, &source->batch);
        if (err == FR_OK) {
            source->rest = source->batch.bytes;
            continue;
        }
        if (err != FR_END || fr_time_monotonic().us >= until_us)
            return err;
        usleep(LOOK_EVERY_US);
    }
    return FR_OK;
}

enum fr_error
fil_source_next(struct fil_source *source, struct fr_span wait,
                const struct fr_record_head **record)
{
    if (source->remote == NULL)
        return next_in_files(source, wait, record);
    if (source->held != NULL) {
        *record = source->held;
        source->held = NULL;
        return FR_OK;
    }
    return fil_remote_next(source->remote, wait, record);
}

/* ---- finding a place ---- */

static enum fr_error
seek_in_files(struct fil_source *source, uint64_t seq)
{
    struct fr_cursor from = fr_journal_start(source->journal);
    const struct fr_record_head *record;
    enum fr_error err = FR_OK;

    let_go(source);
    fr_reader_free(&source->reader);
    if (seq > from.seq) {
        err = fr_journal_get(source->journal, seq, &record);
        if (err != FR_OK)
            return err;
        from.incarnation = fr_journal_incarnation(source->journal);
        from.seq = record->seq;
        from.hash = record->hash;
    }
    return fr_reader_new(source->journal, &from, &source->reader);
}

enum fr_error
fil_source_seek(struct fil_source *source, uint64_t seq)
{
    enum fr_error err;

    if (source->remote == NULL)
        return seek_in_files(source, seq);
    if (seq < fil_remote_at(source->remote)) /* a link only goes forward */
        fil_remote_rewind(source->remote);
    source->held = NULL;
    if (seq == fil_remote_at(source->remote) || seq < fil_remote_first(source->remote))
        return FR_OK;
    do {
        err = fil_remote_next(source->remote, (struct fr_span){0}, &source->held);
    } while (err == FR_OK && source->held->seq <= seq);
    if (err != FR_OK)
        source->held = NULL;
    return err == FR_END ? FR_OK : err;
}

enum fr_error
fil_source_get(struct fil_source *source, uint64_t seq, const struct fr_record_head **record)
{
    enum fr_error err;

    if (source->remote == NULL)
        return fr_journal_get(source->journal, seq, record);
    if (seq == 0 || seq > fil_remote_end(source->remote))
        return FR_NOT_FOUND;
    err = fil_source_seek(source, seq - 1);
    if (err == FR_OK)
        err = fil_source_next(source, (struct fr_span){0}, record);
    if (err == FR_OK && (*record)->seq != seq)
        return FR_NOT_FOUND;
    return err == FR_END ? FR_NOT_FOUND : err;
}

/* Time never goes back inside a journal: halve the distance. */
static enum fr_error
seek_time_in_files(struct fil_source *source, int64_t time_us)
{
    uint64_t low = fr_journal_first_seq(source->journal), high = fil_source_end(source) + 1;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        const struct fr_record_head *record;
        enum fr_error err = fr_journal_get(source->journal, middle, &record);

        if (err != FR_OK)
            return err;
        if (record->time_us < time_us)
            low = middle + 1;
        else
            high = middle;
    }
    return seek_in_files(source, low - 1);
}

enum fr_error
fil_source_seek_time(struct fil_source *source, int64_t time_us)
{
    enum fr_error err;

    if (source->remote == NULL)
        return seek_time_in_files(source, time_us);
    err = fil_source_seek(source, 0);
    while (err == FR_OK) {
        err = fil_remote_next(source->remote, (struct fr_span){0}, &source->held);
        if (err == FR_OK && source->held->time_us >= time_us)
            return FR_OK;
    }
    source->held = NULL;
    return err == FR_END ? FR_OK : err;
}

/* ---- as JSON ---- */

json_t *
fil_body_json(const struct fr_record_head *head)
{
    const ProtobufCMessageDescriptor *descriptor = fr_kind_descriptor(head->kind);
    struct fr_slice body = fr_record_body(head);
    ProtobufCMessage *message;
    json_t *json;

    if (descriptor == NULL)
        return NULL;
    message = protobuf_c_message_unpack(descriptor, NULL, body.size, body.data);
    if (message == NULL)
        return NULL;
    json = fr_message_json(message);
    protobuf_c_message_free_unpacked(message, NULL);
    return json;
}

static json_t *
base64_json(struct fr_slice body)
{
    size_t size = sodium_base64_ENCODED_LEN(body.size, sodium_base64_VARIANT_ORIGINAL);
    char *text = malloc(size);
    json_t *json;

    fr_assert(text != NULL);
    sodium_bin2base64(text, size, body.data, body.size, sodium_base64_VARIANT_ORIGINAL);
    json = json_string(text);
    free(text);
    return json;
}

static void
set_id(json_t *json, const char *key, uint64_t id)
{
    char text[FR_ID_TEXT_SIZE];

    if (id != 0)
        json_object_set_new(json, key, json_string(fr_id_format(id, text)));
}

json_t *
fil_record_json(const char *journal, const struct fr_record_head *head)
{
    char time[FR_TIME_TEXT_SIZE];
    json_t *body = fil_body_json(head);
    json_t *json = json_pack("{s:s, s:I, s:s, s:s, s:I}", "journal", journal, "seq",
                             (json_int_t)head->seq, "kind", fr_kind_name(head->kind), "time",
                             fr_time_format((struct fr_time){head->time_us}, time), "time_us",
                             (json_int_t)head->time_us);

    set_id(json, "id", head->id);
    set_id(json, "cause", head->cause);
    set_id(json, "key", head->key);
    if (head->brand[0] != '\0')
        json_object_set_new(json, "brand", json_string(head->brand));
    if (head->route[0] != '\0')
        json_object_set_new(json, "route", json_string(head->route));
    if (body != NULL)
        json_object_set_new(json, "body", body);
    else
        json_object_set_new(json, "body_base64", base64_json(fr_record_body(head)));
    return json;
}
