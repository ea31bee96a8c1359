/* decide_arrived.c - a mail came: once, and to the right place. */
#include "proto/message.pb-c.h"
#include "services/channel_email/counters.h"
#include "services/channel_email/judge.h"
#include "services/channel_email/queue.h"
#include "services/channel_email/token.h"

#define REFERENCES_MAX 40 /* that an answer repeats: the first and the newest ones */
#define REFERS_TO_MAX 20

/* ---- what is remembered of it ---- */

static struct fr_slice
quotable(const struct email_mail *mail)
{
    const Fr__EmailParsed *parsed = mail->parsed;
    const char *text =
        parsed->visible != NULL && parsed->visible[0] != '\0' ? parsed->visible : parsed->text;
    size_t size = text == NULL ? 0 : strlen(text);

    if (size > EMAIL_QUOTE_SIZE_MAX)
        for (size = EMAIL_QUOTE_SIZE_MAX; size > 0 && ((uint8_t)text[size] & 0xc0) == 0x80; size--)
            continue;
    return fr_slice(text, size);
}

/* Long chains keep their beginning, which clients thread by, and what is nearest. */
static enum fr_error
shorten_references(const struct email_mail *mail, Fr__EmailTaken *taken)
{
    const Fr__EmailParsed *parsed = mail->parsed;
    size_t all = parsed->n_references, kept = all > REFERENCES_MAX ? REFERENCES_MAX : all;
    char **list = fr_arena_zalloc(mail->turn->arena, kept + 1, sizeof(*list));

    if (list == NULL)
        return FR_NO_MEMORY;
    for (size_t i = 0; i < kept; i++)
        list[i] = parsed->references[i == 0 ? 0 : all - kept + i];
    if (kept == 0 && parsed->n_in_reply_to == 1) /* RFC 5322, 3.6.4 */
        list[kept++] = parsed->in_reply_to[0];
    taken->references = list;
    taken->n_references = kept;
    return FR_OK;
}

static enum fr_error
remember(const struct email_mail *mail, Fr__EmailFate fate)
{
    const Fr__EmailArrived *arrived = mail->arrived;
    const Fr__EmailParsed *parsed = mail->parsed;
    Fr__EmailTaken taken = FR__EMAIL_TAKEN__INIT;

    taken.account = (char *)mail->account->name;
    taken.fate = fate;
    taken.external_id = (char *)mail->external_id;
    taken.sha256 = arrived->sha256;
    taken.received_us = arrived->received_us;
    taken.place = arrived->again ? NULL : arrived->place; /* read long ago */
    taken.raw_path = arrived->raw_path;
    if (parsed != NULL) {
        struct fr_slice quote = quotable(mail);

        taken.message_id = parsed->message_id;
        taken.from = (char *)mail->from;
        taken.subject = parsed->subject;
        taken.name = parsed->n_from > 0 ? parsed->from[0]->name : NULL;
        taken.has_date_us = parsed->has_date_us;
        taken.date_us = parsed->date_us;
        taken.has_text_hash = true;
        taken.text_hash = email_text_hash(parsed->text);
        taken.text = fr_arena_printf(mail->turn->arena, "%.*s", (int)quote.size,
                                     quote.size == 0 ? "" : (const char *)quote.data);
        if (taken.text == NULL || shorten_references(mail, &taken) != FR_OK)
            return FR_NO_MEMORY;
    }
    return fr_emit(mail->turn, mail->input, &taken.base);
}

static enum fr_error
read_on(const struct email_mail *mail, const char *reason)
{
    Fr__MailboxRead read = FR__MAILBOX_READ__INIT;

    read.place = mail->arrived->place;
    read.reason = (char *)reason;
    return mail->arrived->place == NULL ? FR_OK : fr_emit(mail->turn, mail->input, &read.base);
}

/* ---- it becomes a message ---- */

static Fr__Writer
writer_of(const Fr__EmailParsed *parsed)
{
    switch (parsed->class_) {
    case FR__EMAIL_CLASS__EMAIL_MESSAGE:
        return FR__WRITER__PERSON;
    case FR__EMAIL_CLASS__EMAIL_BOUNCE:
    case FR__EMAIL_CLASS__EMAIL_RECEIPT:
        return FR__WRITER__BOUNCE;
    case FR__EMAIL_CLASS__EMAIL_COMPLAINT:
        return FR__WRITER__ABUSE_REPORT;
    case FR__EMAIL_CLASS__EMAIL_LIST:
        return FR__WRITER__MAILING_LIST;
    default:
        return FR__WRITER__AUTO_REPLY;
    }
}

/* The identity contract, I3: only a trusted MTA's word raises or lowers what a From is worth. */
static Fr__Assurance
assurance_of(const Fr__EmailParsed *parsed)
{
    if (parsed->authentication == NULL)
        return FR__ASSURANCE__CLAIMED;
    switch (parsed->authentication->verdict) {
    case FR__EMAIL_VERDICT__AUTH_PASS:
        return FR__ASSURANCE__VERIFIED;
    case FR__EMAIL_VERDICT__AUTH_FAIL:
        return FR__ASSURANCE__FAILED;
    default:
        return FR__ASSURANCE__CLAIMED;
    }
}

struct draft { /* a MessageReceived being made */
    Fr__MessageReceived message;
    Fr__Key keys[2];
    Fr__Key *key_list[2];
};

static void
add_key(struct draft *draft, const struct email_account *account, const char *address,
        Fr__Assurance assurance)
{
    Fr__Key *key = &draft->keys[draft->message.n_keys];

    fr__key__init(key);
    key->type = "email";
    key->value = (char *)address;
    key->assurance = assurance;
    key->region = (char *)account->region;
    draft->key_list[draft->message.n_keys++] = key;
    draft->message.keys = draft->key_list;
}

static enum fr_error
attach(const struct email_mail *mail, Fr__MessageReceived *message)
{
    const Fr__EmailParsed *parsed = mail->parsed;
    size_t count = parsed->n_attachments;
    Fr__Attachment *rows = fr_arena_zalloc(mail->turn->arena, count + 1, sizeof(*rows));
    Fr__Attachment **list = fr_arena_zalloc(mail->turn->arena, count + 1, sizeof(Fr__Attachment *));

    if (rows == NULL || list == NULL)
        return FR_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        const Fr__EmailAttachment *attachment = parsed->attachments[i];

        fr__attachment__init(&rows[i]);
        rows[i].name = attachment->name;
        rows[i].type = attachment->type;
        rows[i].size = attachment->size;
        rows[i].sha256 = attachment->sha256;
        list[i] = &rows[i];
    }
    message->attachments = list;
    message->n_attachments = count;
    return FR_OK;
}

static void
set_text(const Fr__EmailParsed *parsed, Fr__MessageReceived *message)
{
    bool visible = parsed->visible != NULL && parsed->visible[0] != '\0';
    bool text = parsed->text != NULL && parsed->text[0] != '\0';

    message->text = visible ? parsed->visible : text ? parsed->text : "(no text)";
    if (visible && text && strcmp(parsed->visible, parsed->text) != 0)
        message->full_text = parsed->text;
}

/* Answers go to Reply-To where there is one.  It is a claim like any other: the author's own proof
 * does not cover it. */
static void
set_people(const struct email_mail *mail, struct draft *draft)
{
    const Fr__EmailParsed *parsed = mail->parsed;
    const Fr__EmailAddress *author = parsed->n_from > 0 ? parsed->from[0] : parsed->sender;
    const Fr__EmailAddress *reply = parsed->n_reply_to > 0 ? parsed->reply_to[0] : author;

    draft->message.address = reply != NULL ? reply->address : "";
    if (author != NULL) {
        draft->message.name = author->name;
        add_key(draft, mail->account, author->address, assurance_of(parsed));
    }
    if (reply != NULL && reply != author && strcasecmp(reply->address, mail->from) != 0)
        add_key(draft, mail->account, reply->address, FR__ASSURANCE__CLAIMED);
}

static enum fr_error
say_received(const struct email_mail *mail)
{
    const Fr__EmailParsed *parsed = mail->parsed;
    const struct fr_labels labels = {.brand = mail->account->brand};
    const Fr__EmailStateSent *sent;
    struct draft draft;
    Fr__MessageReceived *message = &draft.message;
    enum fr_error err;

    fr__message_received__init(message);
    message->channel = EMAIL_CHANNEL;
    message->account = (char *)mail->account->name;
    message->external_id = (char *)mail->external_id;
    message->received_us = mail->arrived->received_us;
    message->subject = parsed->subject;
    message->language = parsed->language;
    message->has_writer = parsed->class_ != FR__EMAIL_CLASS__EMAIL_MESSAGE;
    message->writer = writer_of(parsed);
    message->refers_to = parsed->threading;
    message->n_refers_to =
        parsed->n_threading > REFERS_TO_MAX ? REFERS_TO_MAX : parsed->n_threading;
    message->has_proven_conversation = mail->proven != 0;
    message->proven_conversation = mail->proven;
    /* A report knows of a mail of ours only who had it in hand. */
    if (mail->proven == 0 && parsed->class_ == FR__EMAIL_CLASS__EMAIL_COMPLAINT &&
        mail->about != 0 &&
        email_sent_get(mail->turn->view, mail->about, mail->turn->arena, &sent) == FR_OK &&
        sent->queued->has_conversation_id) {
        message->has_proven_conversation = true;
        message->proven_conversation = sent->queued->conversation_id;
    }
    set_text(parsed, message);
    set_people(mail, &draft);
    err = attach(mail, message);
    return err == FR_OK ? fr_emit_as(mail->turn, mail->input, &message->base, &labels) : err;
}

static enum fr_error
acknowledge(struct email_mail *mail)
{
    uint8_t about[EMAIL_ABOUT_SIZE];
    bool should;
    enum fr_error err = email_judge_acknowledge(mail, about, &should);

    if (err != FR_OK || !should)
        return err;
    fr_count(mail->turn, EMAIL_COUNT_ACKED, 1);
    return email_queue_acknowledgement(mail, about);
}

/* ---- it tells what became of a mail of ours ---- */

static const Fr__EmailBounced *
worst_of(const Fr__EmailReport *report)
{
    const Fr__EmailBounced *worst = NULL;

    for (size_t i = 0; report != NULL && i < report->n_recipients; i++)
        if (!report->recipients[i]->delayed)
            worst = report->recipients[i];
    return worst;
}

static char *
bounce_reason(const struct email_mail *mail, const Fr__EmailBounced *bounced)
{
    if (bounced == NULL)
        return "it came back";
    return fr_arena_printf(
        mail->turn->arena, "it came back: %s%s%s%s%s",
        bounced->status != NULL ? bounced->status : "", bounced->status != NULL ? " " : "",
        bounced->reason != NULL ? bounced->reason : "", bounced->diagnostic != NULL ? ": " : "",
        bounced->diagnostic != NULL ? bounced->diagnostic : "");
}

static enum fr_error
say_delivery(const struct email_mail *mail)
{
    const Fr__EmailReport *report = mail->parsed->report;
    bool bounce = mail->parsed->class_ == FR__EMAIL_CLASS__EMAIL_BOUNCE;
    const Fr__EmailBounced *worst = worst_of(report);
    Fr__DeliveryChanged changed = FR__DELIVERY_CHANGED__INIT;
    const Fr__EmailStateSent *sent;
    enum fr_error err = email_sent_get(mail->turn->view, mail->about, mail->turn->arena, &sent);

    if (err != FR_OK || !sent->queued->has_conversation_id)
        return err;
    if (bounce && report != NULL && report->n_recipients > 0 && worst == NULL)
        return FR_OK; /* delayed, and still being tried */
    fr_count(mail->turn, EMAIL_COUNT_RETURNED, bounce);
    changed.message_id = mail->about;
    changed.conversation_id = sent->queued->conversation_id;
    changed.state = bounce ? FR__DELIVERY_STATE__UNDELIVERED : FR__DELIVERY_STATE__DELIVERED;
    changed.at_us = mail->arrived->received_us;
    changed.reason = bounce ? bounce_reason(mail, worst) : NULL;
    return fr_emit(mail->turn, mail->input, &changed.base);
}

/* ---- one mail ---- */

static enum fr_error
take(struct email_mail *mail)
{
    Fr__EmailFate fate = email_judge_fate(mail);
    enum fr_error err = remember(mail, fate);

    if (err != FR_OK)
        return err;
    switch (fate) {
    case FR__EMAIL_FATE__EMAIL_TAKEN:
        fr_count(mail->turn, EMAIL_COUNT_TAKEN, 1);
        err = say_received(mail);
        return err == FR_OK ? acknowledge(mail) : err;
    case FR__EMAIL_FATE__EMAIL_OF_MACHINE:
        fr_count(mail->turn, EMAIL_COUNT_MACHINE, 1);
        return say_received(mail);
    case FR__EMAIL_FATE__EMAIL_TOLD_DELIVERY:
        return say_delivery(mail);
    default:
        fr_count(mail->turn, EMAIL_COUNT_OWN, 1);
        return FR_OK;
    }
}

/* Its place was read before: the poller asks again after a crash. */
static bool
behind_cursor(const struct email_mail *mail)
{
    const Fr__EmailPlace *place = mail->arrived->place;
    struct email_cursor cursor;

    return place != NULL && email_cursor_get(mail->turn->view, place->mailbox, &cursor) == FR_OK &&
           cursor.uidvalidity == place->uidvalidity && place->uid <= cursor.uid;
}

/* Does it lie at another place than when it was set aside: in a mailbox that was renumbered? */
static bool
lies_elsewhere(const struct email_mail *mail)
{
    const Fr__EmailPlace *place = mail->arrived->place;
    const Fr__EmailTaken *before;

    return place != NULL &&
           (email_mail_get(mail->turn->view, mail->known.mail, mail->turn->arena, &before) !=
                FR_OK ||
            before->place == NULL || strcmp(before->place->mailbox, place->mailbox) != 0 ||
            before->place->uidvalidity != place->uidvalidity || before->place->uid != place->uid);
}

/* It cannot be understood.  The first time it is set aside, once for all copies of it; when it
 * comes from there (`fil dead retry`), its bytes are read again. */
static enum fr_error
set_aside(struct email_mail *mail, bool known)
{
    const char *why = mail->arrived->trouble != NULL ? mail->arrived->trouble : "no reason given";
    Fr__EmailRetried retried = FR__EMAIL_RETRIED__INIT;
    enum fr_error err;

    if (known && !mail->arrived->again) {
        if (lies_elsewhere(mail))
            return read_on(mail, "it was set aside before");
        retried.arrived.data = (uint8_t *)mail->input->body.data;
        retried.arrived.len = mail->input->body.size;
        return fr_emit(mail->turn, mail->input, &retried.base);
    }
    fr_count(mail->turn, EMAIL_COUNT_SET_ASIDE, 1);
    err = known ? FR_OK : remember(mail, FR__EMAIL_FATE__EMAIL_SET_ASIDE);
    return err == FR_OK ? fr_set_aside(mail->turn, mail->input, "%s", why) : err;
}

static enum fr_error
say_reread(struct fr_turn *turn, const struct fr_record *input)
{
    Fr__EmailReread reread = FR__EMAIL_REREAD__INIT;

    reread.retried = input->head->key; /* the outcome's key is its effect's id */
    return fr_emit(turn, input, &reread.base);
}

/* EmailArrived, submitted by the LMTP server or a poller: a mail for one account.
 *
 * Reads names, cursors, sent, acked, hours.  Emits EmailTaken (with the mailbox's cursor), and what
 * follows from what it is: MessageReceived, perhaps EmailQueued (an acknowledgement);
 * DeliveryChanged; nothing.  One that cannot be understood is set aside.
 * Sent twice: it is known by one of its names; only the cursor moves.
 */
enum fr_error
email_decide_arrived(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__EmailArrived *arrived = fr_unpack(turn, input, &fr__email_arrived__descriptor);
    struct email_mail mail = {.turn = turn, .input = input, .config = turn->config};
    bool known;
    enum fr_error err;

    if (arrived == NULL || arrived->sha256.len != 32)
        return fr_reject(turn, input, "EmailArrived does not decode");
    mail.account = email_account_find(mail.config, arrived->account);
    if (mail.account == NULL)
        return fr_reject(turn, input, "there is no account %s any more", arrived->account);
    mail.arrived = arrived;
    mail.parsed = arrived->parsed;
    if (arrived->again) {
        err = say_reread(turn, input);
        if (err != FR_OK)
            return err;
    } else if (mail.parsed != NULL && behind_cursor(&mail)) {
        fr_count(turn, EMAIL_COUNT_REPEATED, 1);
        return FR_OK;
    }
    err = email_judge_known(&mail, &known);
    if (err != FR_OK)
        return err;
    if (mail.parsed == NULL)
        return set_aside(&mail, known);
    if (known && mail.known.fate != FR__EMAIL_FATE__EMAIL_SET_ASIDE) {
        fr_count(turn, EMAIL_COUNT_REPEATED, 1);
        return read_on(&mail, "it was taken before");
    }
    err = email_judge_relations(&mail);
    return err == FR_OK ? take(&mail) : err;
}

/* MailboxAsked: a poller begins.  Answers with struct email_cursor. */
enum fr_error
email_decide_asked(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__MailboxAsked *asked = fr_unpack(turn, input, &fr__mailbox_asked__descriptor);
    struct email_cursor cursor = {0};
    enum fr_error err;

    if (asked == NULL)
        return fr_reject(turn, input, "MailboxAsked does not decode");
    err = email_cursor_get(turn->view, asked->mailbox, &cursor);
    if (err == FR_OK || err == FR_NOT_FOUND)
        fr_answer(turn, &cursor, sizeof(cursor));
    return err == FR_NOT_FOUND ? FR_OK : err;
}
