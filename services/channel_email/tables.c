/* tables.c - every table of e-mail: key layout, get and put; nothing else touches the store. */
#include "services/channel_email/tables.h"

#include <sodium.h>
#include "common/base/hash.h"

enum { MAILS, NAMES, SENT, CURSORS, ACKED, HOURS };

/* clang-format off */
const struct fr_table email_tables[] = {
    [MAILS]   = { "mails",   true,  "u64 record (so oldest first) -> EmailTaken" },
    [NAMES]   = { "names",   false, "hash of account, kind, name -> struct email_known" },
    [SENT]    = { "sent",    true,  "u64 message -> EmailStateSent" },
    [CURSORS] = { "cursors", false, "mailbox -> struct email_cursor" },
    [ACKED]   = { "acked",   false, "hash of account, sender, what it was about -> struct email_acked" },
    [HOURS]   = { "hours",   false, "hash of account, sender, hour -> u32 acknowledgements" },
    FR_TABLE_END,
};
/* clang-format on */

#define TABLE(number) (&email_tables[number])
#define HASH_SIZE 20 /* 160 bits: names are chosen by strangers */

static struct fr_slice
id_key(struct fr_key *key, uint64_t id)
{
    return fr_key_slice(fr_key_u64(fr_key_init(key), id));
}

/* Names are long and of any length; their hash is neither. */
static struct fr_slice
hash_key(struct fr_key *key, const char *account, const char *middle, struct fr_slice name)
{
    crypto_generichash_state state;
    uint8_t hash[HASH_SIZE];

    crypto_generichash_init(&state, NULL, 0, sizeof(hash));
    crypto_generichash_update(&state, (const uint8_t *)account, strlen(account) + 1);
    crypto_generichash_update(&state, (const uint8_t *)middle, strlen(middle) + 1);
    crypto_generichash_update(&state, name.data, name.size);
    crypto_generichash_final(&state, hash, sizeof(hash));
    return fr_key_slice(fr_key_bytes(fr_key_init(key), hash, sizeof(hash)));
}

/* ---- mails ---- */

uint64_t
email_text_hash(const char *text)
{
    return text == NULL ? 0 : fr_hash(text, strlen(text));
}

static struct fr_slice
name_key(struct fr_key *key, const char *account, enum email_name kind, struct fr_slice name)
{
    const char letter[2] = {(char)kind, '\0'};

    return hash_key(key, account, letter, name);
}

enum fr_error
email_known_get(const struct fr_view *view, const char *account, enum email_name kind,
                struct fr_slice name, struct email_known *known)
{
    struct fr_key key;

    return fr_get_copy(view, TABLE(NAMES), name_key(&key, account, kind, name), known,
                       sizeof(*known));
}

enum fr_error
email_mail_get(const struct fr_view *view, uint64_t mail, struct fr_arena *arena,
               const Fr__EmailTaken **taken)
{
    const void *message;
    struct fr_key key;
    enum fr_error err = fr_get_message(view, TABLE(MAILS), id_key(&key, mail),
                                       &fr__email_taken__descriptor, arena, &message);

    if (err == FR_OK)
        *taken = message;
    return err;
}

static struct fr_slice
bytes_name(const Fr__EmailTaken *taken)
{
    return fr_slice(taken->sha256.data, taken->sha256.len);
}

enum fr_error
email_mail_put(struct fr_tables *tables, uint64_t mail, const Fr__EmailTaken *taken,
               struct fr_slice packed)
{
    const struct email_known known = {.mail = mail,
                                      .from_hash = email_text_hash(taken->from),
                                      .text_hash = taken->text_hash,
                                      .date_us = taken->date_us,
                                      .fate = taken->fate};
    struct fr_slice value = fr_slice(&known, sizeof(known));
    struct fr_key key;
    enum fr_error err = fr_put(tables, TABLE(MAILS), id_key(&key, mail), packed);

    if (err == FR_OK)
        err = fr_put(
            tables, TABLE(NAMES),
            name_key(&key, taken->account, EMAIL_NAME_OUTSIDE, fr_slice_str(taken->external_id)),
            value);
    if (err == FR_OK)
        err = fr_put(tables, TABLE(NAMES),
                     name_key(&key, taken->account, EMAIL_NAME_BYTES, bytes_name(taken)), value);
    return err;
}

/* A name that leads to another mail by now stays. */
static enum fr_error
forget_name(struct fr_tables *tables, const Fr__EmailTaken *taken, enum email_name kind,
            struct fr_slice name, uint64_t mail)
{
    struct email_known known;
    struct fr_key key;
    enum fr_error err = email_known_get(fr_tables_view(tables), taken->account, kind, name, &known);

    if (err != FR_OK || known.mail != mail)
        return err == FR_NOT_FOUND ? FR_OK : err;
    return fr_del(tables, TABLE(NAMES), name_key(&key, taken->account, kind, name));
}

enum fr_error
email_mail_del(struct fr_tables *tables, uint64_t mail)
{
    const Fr__EmailTaken *taken;
    struct fr_key key;
    enum fr_error err =
        email_mail_get(fr_tables_view(tables), mail, fr_tables_arena(tables), &taken);

    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err;
    err = forget_name(tables, taken, EMAIL_NAME_OUTSIDE, fr_slice_str(taken->external_id), mail);
    if (err == FR_OK)
        err = forget_name(tables, taken, EMAIL_NAME_BYTES, bytes_name(taken), mail);
    return err == FR_OK ? fr_del(tables, TABLE(MAILS), id_key(&key, mail)) : err;
}

void
email_mail_scan(struct fr_scan *scan, const struct fr_view *view)
{
    fr_scan_init(scan, view, TABLE(MAILS), fr_slice(NULL, 0), fr_slice(NULL, 0));
}

enum fr_error
email_mail_next(struct fr_scan *scan, struct fr_arena *arena, uint64_t *mail,
                const Fr__EmailTaken **taken)
{
    struct fr_slice key, value;
    enum fr_error err = fr_scan_next(scan, &key, &value);

    if (err == FR_OK)
        err = fr_key_take_u64(&key, mail);
    if (err != FR_OK)
        return err;
    *taken = fr_unpack_in(arena, &fr__email_taken__descriptor, value);
    return *taken == NULL ? FR_CORRUPT : FR_OK;
}

/* ---- mailboxes ---- */

static struct fr_slice
mailbox_key(struct fr_key *key, const char *mailbox)
{
    return fr_key_slice(fr_key_str(fr_key_init(key), mailbox));
}

enum fr_error
email_cursor_get(const struct fr_view *view, const char *mailbox, struct email_cursor *cursor)
{
    struct fr_key key;

    return fr_get_copy(view, TABLE(CURSORS), mailbox_key(&key, mailbox), cursor, sizeof(*cursor));
}

enum fr_error
email_cursor_put(struct fr_tables *tables, const char *mailbox, struct email_cursor cursor)
{
    struct fr_key key;

    return fr_put(tables, TABLE(CURSORS), mailbox_key(&key, mailbox),
                  fr_slice(&cursor, sizeof(cursor)));
}

/* ---- what goes out ---- */

enum fr_error
email_sent_get(const struct fr_view *view, uint64_t message, struct fr_arena *arena,
               const Fr__EmailStateSent **sent)
{
    const void *value;
    struct fr_key key;
    enum fr_error err = fr_get_message(view, TABLE(SENT), id_key(&key, message),
                                       &fr__email_state_sent__descriptor, arena, &value);

    if (err == FR_OK)
        *sent = value;
    return err;
}

enum fr_error
email_sent_put(struct fr_tables *tables, const Fr__EmailStateSent *sent)
{
    struct fr_key key;

    return fr_put_message(tables, TABLE(SENT), id_key(&key, sent->queued->message_id), &sent->base);
}

enum fr_error
email_sent_del(struct fr_tables *tables, uint64_t message)
{
    struct fr_key key;

    return fr_del(tables, TABLE(SENT), id_key(&key, message));
}

void
email_sent_scan(struct fr_scan *scan, const struct fr_view *view)
{
    fr_scan_init(scan, view, TABLE(SENT), fr_slice(NULL, 0), fr_slice(NULL, 0));
}

enum fr_error
email_sent_next(struct fr_scan *scan, struct fr_arena *arena, uint64_t *message,
                const Fr__EmailStateSent **sent)
{
    struct fr_slice key, value;
    enum fr_error err = fr_scan_next(scan, &key, &value);

    if (err == FR_OK)
        err = fr_key_take_u64(&key, message);
    if (err != FR_OK)
        return err;
    *sent = fr_unpack_in(arena, &fr__email_state_sent__descriptor, value);
    return *sent == NULL ? FR_CORRUPT : FR_OK;
}

/* ---- acknowledgements ---- */

enum fr_error
email_acked_get(const struct fr_view *view, const char *account, const char *sender,
                struct fr_slice about, struct email_acked *acked)
{
    struct fr_key key;

    return fr_get_copy(view, TABLE(ACKED), hash_key(&key, account, sender, about), acked,
                       sizeof(*acked));
}

enum fr_error
email_acked_put(struct fr_tables *tables, const char *account, const char *sender,
                struct fr_slice about, const struct email_acked *acked)
{
    struct fr_key key;

    return fr_put(tables, TABLE(ACKED), hash_key(&key, account, sender, about),
                  fr_slice(acked, sizeof(*acked)));
}

enum fr_error
email_acked_del(struct fr_tables *tables, const char *account, const char *sender,
                struct fr_slice about)
{
    struct fr_key key;

    return fr_del(tables, TABLE(ACKED), hash_key(&key, account, sender, about));
}

static struct fr_slice
hour_key(struct fr_key *key, const char *account, const char *sender, int64_t at_us)
{
    int64_t hour = at_us / (3600 * INT64_C(1000000));

    return hash_key(key, account, sender, fr_slice(&hour, sizeof(hour)));
}

uint32_t
email_hour_get(const struct fr_view *view, const char *account, const char *sender, int64_t at_us)
{
    uint32_t count = 0;
    struct fr_key key;

    if (fr_get_copy(view, TABLE(HOURS), hour_key(&key, account, sender, at_us), &count,
                    sizeof(count)) != FR_OK)
        return 0;
    return count;
}

enum fr_error
email_hour_put(struct fr_tables *tables, const char *account, const char *sender, int64_t at_us,
               uint32_t count)
{
    struct fr_key key;

    return fr_put(tables, TABLE(HOURS), hour_key(&key, account, sender, at_us),
                  fr_slice(&count, sizeof(count)));
}

enum fr_error
email_hour_del(struct fr_tables *tables, const char *account, const char *sender, int64_t at_us)
{
    struct fr_key key;

    return fr_del(tables, TABLE(HOURS), hour_key(&key, account, sender, at_us));
}
