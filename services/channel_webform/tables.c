/* tables.c - every table of the form: key layout, get and put; nothing else touches the store. */
#include "services/channel_webform/tables.h"

enum { SUBMISSIONS, SEEN, ANSWERS, PLACES };

/* clang-format off */
const struct fr_table webform_tables[] = {
    [SUBMISSIONS] = { "submissions", true,  "u64 ticket (so oldest first) -> struct webform_submission, idempotency key" },
    [SEEN]        = { "seen",        false, "account, idempotency key -> u64 ticket" },
    [ANSWERS]     = { "answers",     false, "u64 ticket, u32 position -> WebformStateAnswer" },
    [PLACES]      = { "places",      false, "u64 message -> struct place" },
    FR_TABLE_END,
};
/* clang-format on */

#define TABLE(number) (&webform_tables[number])
#define EXTERNAL_ID_MAX 255

struct place {
    uint64_t ticket;
    uint32_t position, spare;
};

static struct fr_slice
id_key(struct fr_key *key, uint64_t id)
{
    return fr_key_slice(fr_key_u64(fr_key_init(key), id));
}

static struct fr_slice
seen_key(struct fr_key *key, const char *account, struct fr_slice external_id)
{
    return fr_key_slice(
        fr_key_bytes(fr_key_str(fr_key_init(key), account), external_id.data, external_id.size));
}

static struct fr_slice
answer_key(struct fr_key *key, uint64_t ticket, uint32_t position)
{
    return fr_key_slice(fr_key_u32(fr_key_u64(fr_key_init(key), ticket), position));
}

/* ---- submissions ---- */

static enum fr_error
read_submission(struct fr_slice value, struct webform_submission *out)
{
    if (value.size < sizeof(*out))
        return FR_CORRUPT;
    memcpy(out, value.data, sizeof(*out));
    return FR_OK;
}

enum fr_error
webform_submission_get(const struct fr_view *view, uint64_t ticket, struct webform_submission *out)
{
    struct fr_slice value;
    struct fr_key key;
    enum fr_error err = fr_get(view, TABLE(SUBMISSIONS), id_key(&key, ticket), &value);

    return err == FR_OK ? read_submission(value, out) : err;
}

static enum fr_error
put_submission(struct fr_tables *tables, uint64_t ticket,
               const struct webform_submission *submission, struct fr_slice external_id)
{
    uint8_t value[sizeof(*submission) + EXTERNAL_ID_MAX];
    struct fr_key key;

    if (external_id.size > EXTERNAL_ID_MAX)
        return FR_TOO_BIG;
    memcpy(value, submission, sizeof(*submission));
    memcpy(value + sizeof(*submission), external_id.data, external_id.size);
    return fr_put(tables, TABLE(SUBMISSIONS), id_key(&key, ticket),
                  fr_slice(value, sizeof(*submission) + external_id.size));
}

enum fr_error
webform_submission_add(struct fr_tables *tables, uint64_t ticket,
                       const struct webform_submission *submission, const char *external_id)
{
    struct fr_slice id = fr_slice_str(external_id);
    enum fr_error err = put_submission(tables, ticket, submission, id);
    struct fr_key key;

    if (err != FR_OK)
        return err;
    return fr_put(tables, TABLE(SEEN), seen_key(&key, submission->account, id),
                  fr_slice(&ticket, sizeof(ticket)));
}

/* The idempotency key behind the struct, copied out: the row is about to change. */
static enum fr_error
stored_external_id(struct fr_tables *tables, uint64_t ticket, struct webform_submission *submission,
                   char external_id[EXTERNAL_ID_MAX], size_t *size)
{
    struct fr_slice value;
    struct fr_key key;
    enum fr_error err =
        fr_get(fr_tables_view(tables), TABLE(SUBMISSIONS), id_key(&key, ticket), &value);

    if (err == FR_OK)
        err = read_submission(value, submission);
    if (err != FR_OK)
        return err;
    *size = value.size - sizeof(*submission);
    if (*size > EXTERNAL_ID_MAX)
        return FR_CORRUPT;
    memcpy(external_id, (const uint8_t *)value.data + sizeof(*submission), *size);
    return FR_OK;
}

enum fr_error
webform_submission_update(struct fr_tables *tables, uint64_t ticket,
                          const struct webform_submission *submission)
{
    struct webform_submission old;
    char external_id[EXTERNAL_ID_MAX];
    size_t size;
    enum fr_error err = stored_external_id(tables, ticket, &old, external_id, &size);

    return err == FR_OK ? put_submission(tables, ticket, submission, fr_slice(external_id, size))
                        : err;
}

enum fr_error
webform_submission_del(struct fr_tables *tables, uint64_t ticket)
{
    struct webform_submission submission;
    char external_id[EXTERNAL_ID_MAX];
    struct fr_key key;
    size_t size;
    enum fr_error err = stored_external_id(tables, ticket, &submission, external_id, &size);

    if (err == FR_NOT_FOUND)
        return FR_OK;
    if (err == FR_OK)
        err = fr_del(tables, TABLE(SEEN),
                     seen_key(&key, submission.account, fr_slice(external_id, size)));
    if (err == FR_OK)
        err = fr_del(tables, TABLE(SUBMISSIONS), id_key(&key, ticket));
    return err;
}

void
webform_submission_scan(struct fr_scan *scan, const struct fr_view *view)
{
    fr_scan_init(scan, view, TABLE(SUBMISSIONS), fr_slice(NULL, 0), fr_slice(NULL, 0));
}

enum fr_error
webform_submission_next(struct fr_scan *scan, uint64_t *ticket, struct webform_submission *out)
{
    struct fr_slice key, value;
    enum fr_error err = fr_scan_next(scan, &key, &value);

    if (err == FR_OK)
        err = fr_key_take_u64(&key, ticket);
    return err == FR_OK ? read_submission(value, out) : err;
}

enum fr_error
webform_seen_get(const struct fr_view *view, const char *account, const char *external_id,
                 uint64_t *ticket)
{
    struct fr_key key;

    return fr_get_copy(view, TABLE(SEEN), seen_key(&key, account, fr_slice_str(external_id)),
                       ticket, sizeof(*ticket));
}

/* ---- answers ---- */

enum fr_error
webform_answer_get(const struct fr_view *view, struct fr_arena *arena, uint64_t ticket,
                   uint32_t position, const Fr__WebformStateAnswer **out)
{
    struct fr_key key;
    const void *message;
    enum fr_error err = fr_get_message(view, TABLE(ANSWERS), answer_key(&key, ticket, position),
                                       &fr__webform_state_answer__descriptor, arena, &message);

    if (err == FR_OK)
        *out = message;
    return err;
}

enum fr_error
webform_answer_put(struct fr_tables *tables, uint64_t ticket, const Fr__WebformStateAnswer *answer)
{
    struct place place = {.ticket = ticket, .position = answer->kept->position};
    struct fr_key key;
    enum fr_error err = fr_put_message(
        tables, TABLE(ANSWERS), answer_key(&key, ticket, answer->kept->position), &answer->base);

    if (err != FR_OK)
        return err;
    return fr_put(tables, TABLE(PLACES), id_key(&key, answer->kept->message_id),
                  fr_slice(&place, sizeof(place)));
}

enum fr_error
webform_answer_del(struct fr_tables *tables, uint64_t ticket, uint32_t position,
                   uint64_t message_id)
{
    struct fr_key key;
    enum fr_error err = fr_del(tables, TABLE(ANSWERS), answer_key(&key, ticket, position));

    return err == FR_OK ? fr_del(tables, TABLE(PLACES), id_key(&key, message_id)) : err;
}

enum fr_error
webform_answer_find(const struct fr_view *view, uint64_t message_id, uint64_t *ticket,
                    uint32_t *position)
{
    struct place place;
    struct fr_key key;
    enum fr_error err =
        fr_get_copy(view, TABLE(PLACES), id_key(&key, message_id), &place, sizeof(place));

    if (err != FR_OK)
        return err;
    *ticket = place.ticket;
    *position = place.position;
    return FR_OK;
}
