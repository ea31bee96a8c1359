/* journal.c - opening and closing, and what does not depend on how a journal is stored. */
#include "common/journal/journal_backend.h"

#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>
#include "common/base/id.h"
#include "common/base/log.h"

#define SEGMENT_SIZE_USUAL (64u << 20)
#define SEGMENT_SIZE_MIN (16u << 10)
#define LOOK_TRIES_MAX 100
#define TAIL_SIZE_MAX (8u << 20) /* frames kept in memory while it is busy */
#define REST_AFTER_US 1000000    /* without a sync, and that memory is given back */

void
fr_complain(struct fr_complaint complaint, const char *format, ...)
{
    va_list arguments;

    if (complaint.text == NULL || complaint.size == 0)
        return;
    va_start(arguments, format);
    vsnprintf(complaint.text, complaint.size, format, arguments);
    va_end(arguments);
}

void
fr_place_init(struct fr_place *place)
{
    *place = (struct fr_place){.fd = -1};
}

void
fr_place_fini(struct fr_place *place)
{
    if (place->fd >= 0)
        close(place->fd);
    fr_hold_release(place->chunk);
    fr_place_init(place);
}

static enum fr_error
check_options(const struct fr_journal_options *options, struct fr_complaint complaint)
{
    if (!fr_journal_name_valid(options->name)) {
        fr_complain(complaint, "a journal's name is 1 to %d of [a-z0-9_.-]", FR_NAME_SIZE - 1);
        return FR_INVALID;
    }
    if (options->segment_size != 0 && options->segment_size < SEGMENT_SIZE_MIN) {
        fr_complain(complaint, "segment size %zu is less than %u", options->segment_size,
                    SEGMENT_SIZE_MIN);
        return FR_INVALID;
    }
    return FR_OK;
}

static struct fr_journal *
journal_new(const struct fr_journal_options *options, size_t segment_size)
{
    struct fr_journal *journal = calloc(1, sizeof(*journal));
    size_t frame_max = segment_size - FR_SEGMENT_HEAD_SIZE - sizeof(struct fr_slot);
    bool in_memory = options->dir == NULL;

    if (journal == NULL)
        return NULL;
    journal->backend = in_memory ? &fr_backend_memory : &fr_backend_file;
    strcpy(journal->name, options->name);
    journal->number = fr_id_journal_number(options->name);
    journal->incarnation = 1;
    journal->read_only = options->read_only;
    journal->frame_size_max = frame_max < FR_FRAME_SIZE_MAX ? frame_max : FR_FRAME_SIZE_MAX;
    journal->size_max = options->size_max;
    journal->reserve = options->reserve;
    journal->retention = options->retention;
    fr_place_init(&journal->got_place);
    journal->pool = fr_pool_new();
    if (journal->pool == NULL) {
        free(journal);
        return NULL;
    }
    fr_tail_init(&journal->tail, journal->pool,
                 in_memory && segment_size < FR_SLAB_FILL ? segment_size : FR_SLAB_FILL,
                 in_memory ? SIZE_MAX : TAIL_SIZE_MAX);
    return journal;
}

static enum fr_error
open_once(const struct fr_journal_options *options, struct fr_journal **out,
          struct fr_complaint complaint)
{
    struct fr_journal *journal = journal_new(options, options->segment_size);
    enum fr_error err;

    if (journal == NULL)
        return FR_NO_MEMORY;
    err = journal->backend->open(journal, options, complaint);
    if (err != FR_OK) {
        fr_journal_free(&journal);
        return err;
    }
    journal->last_sync = fr_time_monotonic();
    *out = journal;
    return FR_OK;
}

/* Who only looks on may find files renamed and recycled by their owner between one look and the
 * next. Damage is the same when looked at again. */
enum fr_error
fr_journal_open(const struct fr_journal_options *options, struct fr_journal **out, char *text,
                size_t text_size)
{
    struct fr_complaint complaint = {text, text_size};
    struct fr_journal_options rounded = *options;
    enum fr_error err;
    int tries = options->read_only ? LOOK_TRIES_MAX : 1;

    fr_complain(complaint, "%s", "");
    err = check_options(options, complaint);
    if (err != FR_OK)
        return err;
    if (rounded.segment_size == 0)
        rounded.segment_size = SEGMENT_SIZE_USUAL;
    rounded.segment_size = (rounded.segment_size + 4095) / 4096 * 4096;
    do {
        err = open_once(&rounded, out, complaint);
    } while (--tries > 0 && (err == FR_CORRUPT || err == FR_NOT_FOUND));
    return err;
}

static void
forget_got(struct fr_journal *journal)
{
    fr_hold_release(journal->got_hold);
    journal->got_hold = NULL;
    journal->got = NULL;
}

void
fr_journal_free(struct fr_journal **journal)
{
    if (*journal == NULL)
        return;
    forget_got(*journal);
    fr_place_fini(&(*journal)->got_place);
    (*journal)->backend->close(*journal);
    fr_tail_fini(&(*journal)->tail);
    fr_pool_close(&(*journal)->pool);
    free(*journal);
    *journal = NULL;
}

const char *
fr_journal_name(const struct fr_journal *journal)
{
    return journal->name;
}

uint16_t
fr_journal_number(const struct fr_journal *journal)
{
    return journal->number;
}

uint32_t
fr_journal_incarnation(const struct fr_journal *journal)
{
    return journal->incarnation;
}

static struct fr_cursor
cursor_at(const struct fr_journal *journal, const struct fr_bound *bound)
{
    struct fr_cursor cursor = {
        .incarnation = journal->incarnation, .seq = bound->seq, .hash = bound->hash};

    strcpy(cursor.journal, journal->name);
    return cursor;
}

struct fr_cursor
fr_journal_end(const struct fr_journal *journal)
{
    return cursor_at(journal, &journal->end);
}

struct fr_cursor
fr_journal_start(const struct fr_journal *journal)
{
    return cursor_at(journal, &journal->start);
}

uint64_t
fr_journal_first_seq(const struct fr_journal *journal)
{
    return journal->start.seq + 1;
}

/* The frame found last is kept at hand: whoever asks for one record often asks for its neighbour.
 */
enum fr_error
fr_journal_get(struct fr_journal *journal, uint64_t seq, const struct fr_record_head **record)
{
    const struct fr_record_head *each;
    struct fr_slice rest;
    enum fr_error err;

    if (journal->read_only && seq > journal->end.seq)
        journal->backend->refresh(journal);
    if (seq == 0 || seq > journal->end.seq)
        return FR_NOT_FOUND;
    if (seq <= journal->start.seq)
        return FR_TRUNCATED;
    if (journal->got == NULL || seq < journal->got->first_seq ||
        seq > fr_frame_last_seq(journal->got)) {
        forget_got(journal);
        err = fr_journal_find(journal, seq, &journal->got_place, &journal->got, &journal->got_hold);
        if (err != FR_OK) {
            journal->got = NULL;
            journal->got_hold = NULL;
            return err;
        }
    }
    rest = fr_slice(fr_frame_records(journal->got), journal->got->records_size);
    do {
        each = fr_records_next(&rest);
        fr_assert(each != NULL);
    } while (each->seq < seq);
    *record = each;
    return FR_OK;
}

/* ---- keeping and trimming ---------------------------------------------------------------------
 */

enum fr_error
fr_journal_register(struct fr_journal *journal, const char *reader)
{
    enum fr_error err;

    if (journal->read_only)
        return FR_DENIED;
    err = fr_register_add(&journal->readers, reader);
    if (err == FR_EXISTS)
        return FR_OK;
    if (err != FR_OK)
        return err;
    err = journal->backend->keep_register(journal);
    if (err != FR_OK)
        fr_register_remove(&journal->readers, reader);
    return err;
}

void
fr_journal_acknowledge(struct fr_journal *journal, const char *reader, uint64_t seq)
{
    fr_register_acknowledge(&journal->readers, reader,
                            seq < journal->end.seq ? seq : journal->end.seq);
}

/* When the file cannot be written the reader is still in it and comes back at the next open: it
 * then holds too much, never too little. */
enum fr_error
fr_journal_forget(struct fr_journal *journal, const char *reader)
{
    enum fr_error err;

    if (journal->read_only)
        return FR_DENIED;
    err = fr_register_remove(&journal->readers, reader);
    return err == FR_OK ? journal->backend->keep_register(journal) : err;
}

size_t
fr_journal_readers(const struct fr_journal *journal, struct fr_journal_reader_info *infos,
                   size_t info_max)
{
    for (size_t i = 0; i < journal->readers.count && i < info_max; i++)
        infos[i] = journal->readers.infos[i];
    return journal->readers.count;
}

/* Pending records lie in the tail and stay there; all else can be read again. */
void
fr_journal_settle(struct fr_journal *journal)
{
    struct fr_tail *tail = &journal->tail;

    if (tail->keep_max == SIZE_MAX || tail->slab_count == 0 ||
        fr_time_monotonic().us - journal->last_sync.us < REST_AFTER_US)
        return;
    forget_got(journal);
    fr_place_fini(&journal->got_place);
    fr_tail_drop(tail, tail->slab_count - (journal->pending.slot != NULL ? 1 : 0));
    fr_pool_settle(journal->pool);
}

enum fr_error
fr_journal_trim(struct fr_journal *journal, uint64_t checkpoint_seq, struct fr_time now)
{
    uint64_t last_seq = fr_register_least(&journal->readers);

    if (journal->read_only)
        return FR_DENIED;
    fr_journal_settle(journal);
    if (checkpoint_seq < last_seq)
        last_seq = checkpoint_seq;
    return journal->backend->trim(journal, last_seq, now.unix_us - journal->retention.us);
}

enum fr_pressure
fr_journal_pressure(const struct fr_journal *journal)
{
    return journal->backend->pressure((struct fr_journal *)journal);
}

void
fr_journal_stats(const struct fr_journal *journal, struct fr_journal_stats *stats)
{
    *stats = journal->stats;
    journal->backend->stats(journal, stats);
}

enum fr_error
fr_journal_verify(struct fr_journal *journal, fr_progress_fn *each, void *context, char *text,
                  size_t text_size)
{
    return journal->backend->verify(journal, each, context, (struct fr_complaint){text, text_size});
}

enum fr_error
fr_journal_scrub(struct fr_journal *journal, size_t size_max, char *text, size_t text_size)
{
    return journal->backend->scrub(journal, size_max, (struct fr_complaint){text, text_size});
}
