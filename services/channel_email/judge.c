/* judge.c - what a mail that came is: new or known, a person's or a machine's, about which of ours.
 */
#include "services/channel_email/judge.h"

#include <ctype.h>
#include <sodium.h>
#include "common/base/hash.h"
#include "services/channel_email/counters.h"
#include "services/channel_email/token.h"

#define LOOKED_AT_MAX 32 /* ids and addresses of one mail: what follows is padding */

/* ---- new or known? ---- */

static const char *
author_of(const struct email_mail *mail)
{
    const Fr__EmailParsed *parsed = mail->parsed;
    const Fr__EmailAddress *author = parsed->n_from > 0 ? parsed->from[0] : parsed->sender;
    char *lower = author == NULL ? "" : fr_arena_strdup(mail->turn->arena, author->address);

    for (char *c = lower; c != NULL && *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    return lower;
}

static bool
same_mail(const struct email_mail *mail, const struct email_known *known)
{
    const Fr__EmailParsed *parsed = mail->parsed;

    return known->from_hash == email_text_hash(mail->from) &&
           ((parsed->has_date_us && parsed->date_us == known->date_us) ||
            known->text_hash == email_text_hash(parsed->text));
}

static enum fr_error
look_up(struct email_mail *mail, const char *name, bool *known)
{
    enum fr_error err = email_known_get(mail->turn->view, mail->account->name, EMAIL_NAME_OUTSIDE,
                                        fr_slice_str(name), &mail->known);

    *known = err == FR_OK;
    mail->external_id = name;
    return err == FR_NOT_FOUND ? FR_OK : err;
}

static enum fr_error
known_by_message_id(struct email_mail *mail, bool *known)
{
    const char *id = mail->parsed->message_id;
    const char *another;
    enum fr_error err = look_up(mail, id, known);

    if (err != FR_OK || !*known || same_mail(mail, &mail->known))
        return err;
    another = fr_arena_printf(mail->turn->arena, "%s#%016llx%016llx", id,
                              (unsigned long long)email_text_hash(mail->from),
                              (unsigned long long)email_text_hash(mail->parsed->text));
    return another == NULL ? FR_NO_MEMORY : look_up(mail, another, known);
}

static enum fr_error
known_by_bytes(struct email_mail *mail, bool *known)
{
    const Fr__EmailArrived *arrived = mail->arrived;
    const Fr__EmailPlace *place = arrived->place;
    char hex[2 * crypto_hash_sha256_BYTES + 1];
    struct fr_slice bytes = fr_slice(arrived->sha256.data, arrived->sha256.len);
    enum fr_error err = email_known_get(mail->turn->view, mail->account->name, EMAIL_NAME_BYTES,
                                        bytes, &mail->known);

    *known = err == FR_OK;
    if (err != FR_NOT_FOUND)
        return err;
    sodium_bin2hex(hex, sizeof(hex), bytes.data, bytes.size);
    mail->external_id = place != NULL
                            ? fr_arena_printf(mail->turn->arena, "%s/%u/%u", place->mailbox,
                                              place->uidvalidity, place->uid)
                            : fr_arena_printf(mail->turn->arena, "sha256:%s", hex);
    return mail->external_id == NULL ? FR_NO_MEMORY : look_up(mail, mail->external_id, known);
}

enum fr_error
email_judge_known(struct email_mail *mail, bool *known)
{
    mail->from = mail->parsed == NULL ? "" : author_of(mail);
    if (mail->from == NULL)
        return FR_NO_MEMORY;
    return mail->parsed != NULL && mail->parsed->message_id != NULL
               ? known_by_message_id(mail, known)
               : known_by_bytes(mail, known);
}

/* ---- about which of ours? ---- */

/* A token behind one of our addresses. */
static void
read_token(struct email_mail *mail, const char *address)
{
    struct fr_slice extra, token;
    const char *letter;
    uint64_t id;

    if (!email_account_has(mail->account, address, &extra) || extra.size == 0)
        return;
    letter = extra.data;
    token = fr_slice(letter + 1, extra.size - 1);
    if (*letter == EMAIL_TOKEN_REPLY &&
        email_token_read(mail->config->reply_secret, EMAIL_TOKEN_REPLY, mail->account->name, token,
                         &id) == FR_OK)
        mail->proven = id;
    if (*letter == EMAIL_TOKEN_BOUNCE &&
        email_token_read(mail->config->reply_secret, EMAIL_TOKEN_BOUNCE, mail->account->name, token,
                         &id) == FR_OK)
        mail->about = id;
}

static void
read_tokens(struct email_mail *mail)
{
    const Fr__EmailArrived *arrived = mail->arrived;
    const Fr__EmailParsed *parsed = mail->parsed;

    for (size_t i = 0; i < arrived->n_recipients && i < LOOKED_AT_MAX; i++)
        read_token(mail, arrived->recipients[i]);
    for (size_t i = 0; i < parsed->n_delivered_to && i < LOOKED_AT_MAX; i++)
        read_token(mail, parsed->delivered_to[i]);
    for (size_t i = 0; i < parsed->n_to && i < LOOKED_AT_MAX; i++)
        read_token(mail, parsed->to[i]->address);
    for (size_t i = 0; i < parsed->n_cc && i < LOOKED_AT_MAX; i++)
        read_token(mail, parsed->cc[i]->address);
}

/* A Message-ID of ours, whichever account sent it. */
static bool
is_ours(const struct email_mail *mail, const char *message_id, uint64_t *id)
{
    const struct email_account *accounts = mail->config->accounts.items;

    if (strnlen(message_id, 19) < 19 || message_id[17] != '.')
        return false;
    for (size_t i = 0; i < mail->config->accounts.count; i++)
        if (email_message_id_read(mail->config->reply_secret, &accounts[i], message_id, id) ==
            FR_OK)
            return true;
    return false;
}

enum fr_error
email_judge_relations(struct email_mail *mail)
{
    const Fr__EmailParsed *parsed = mail->parsed;
    const Fr__EmailStateSent *sent;
    enum fr_error err = FR_OK;

    read_tokens(mail);
    if (mail->about == 0 && parsed->report != NULL && parsed->report->original_message_id != NULL)
        is_ours(mail, parsed->report->original_message_id, &mail->about);
    for (size_t i = 0; mail->about == 0 && i < parsed->n_threading && i < LOOKED_AT_MAX; i++)
        is_ours(mail, parsed->threading[i], &mail->about);
    if (mail->about != 0)
        err = email_sent_get(mail->turn->view, mail->about, mail->turn->arena, &sent);
    if (err == FR_NOT_FOUND) {
        mail->about = 0; /* forgotten */
        err = FR_OK;
    }
    fr_count(mail->turn, EMAIL_COUNT_PROVEN, mail->proven != 0);
    return err;
}

/* ---- whose is it? ---- */

Fr__EmailFate
email_judge_fate(const struct email_mail *mail)
{
    uint64_t id;

    if (mail->parsed == NULL)
        return FR__EMAIL_FATE__EMAIL_SET_ASIDE;
    if (mail->parsed->message_id != NULL && is_ours(mail, mail->parsed->message_id, &id))
        return FR__EMAIL_FATE__EMAIL_CAME_BACK;
    switch (mail->parsed->class_) {
    case FR__EMAIL_CLASS__EMAIL_MESSAGE:
        return FR__EMAIL_FATE__EMAIL_TAKEN;
    case FR__EMAIL_CLASS__EMAIL_OWN:
        return FR__EMAIL_FATE__EMAIL_CAME_BACK;
    case FR__EMAIL_CLASS__EMAIL_BOUNCE:
    case FR__EMAIL_CLASS__EMAIL_RECEIPT:
        return mail->about != 0 ? FR__EMAIL_FATE__EMAIL_TOLD_DELIVERY
                                : FR__EMAIL_FATE__EMAIL_OF_MACHINE;
    default:
        return FR__EMAIL_FATE__EMAIL_OF_MACHINE;
    }
}

/* ---- acknowledge? ---- */

/* What stays the same over a whole exchange: the conversation where it is proven, else the mail
 * that it began with. */
static void
name_matter(const struct email_mail *mail, uint8_t about[EMAIL_ABOUT_SIZE])
{
    const Fr__EmailParsed *parsed = mail->parsed;
    const char *root = parsed->n_references > 0    ? parsed->references[0]
                       : parsed->n_in_reply_to > 0 ? parsed->in_reply_to[0]
                                                   : mail->external_id;

    crypto_generichash(about, EMAIL_ABOUT_SIZE,
                       mail->proven != 0 ? (const uint8_t *)&mail->proven : (const uint8_t *)root,
                       mail->proven != 0 ? sizeof(mail->proven) : strlen(root), NULL, 0);
}

static bool
is_own_address(const struct email_config *config, const char *address)
{
    const struct email_account *accounts = config->accounts.items;
    struct fr_slice extra;

    for (size_t i = 0; i < config->accounts.count; i++)
        if (email_account_has(&accounts[i], address, &extra))
            return true;
    return false;
}

enum fr_error
email_judge_acknowledge(struct email_mail *mail, uint8_t about[EMAIL_ABOUT_SIZE], bool *should)
{
    const struct email_config *config = mail->config;
    const char *account = mail->account->name;
    int64_t now_us = mail->turn->now.unix_us;
    struct email_acked acked;
    enum fr_error err;

    *should = false;
    if (mail->account->acknowledgement[0] == '\0' || mail->parsed->n_no_autoanswer > 0 ||
        !email_sendable(mail->from) || is_own_address(config, mail->from) ||
        (mail->arrived->envelope_from != NULL && mail->arrived->envelope_from[0] == '\0'))
        return FR_OK;
    name_matter(mail, about);
    err = email_acked_get(mail->turn->view, account, mail->from, fr_slice(about, EMAIL_ABOUT_SIZE),
                          &acked);
    if (err != FR_OK && err != FR_NOT_FOUND)
        return err;
    *should = (err == FR_NOT_FOUND || now_us - acked.at_us >= config->acknowledge_again.us) &&
              email_hour_get(mail->turn->view, account, mail->from, now_us) <
                  (uint32_t)config->acknowledge_per_sender &&
              email_hour_get(mail->turn->view, account, "", now_us) <
                  (uint32_t)config->acknowledge_per_account;
    fr_count(mail->turn, EMAIL_COUNT_ACK_HELD, !*should);
    return FR_OK;
}
