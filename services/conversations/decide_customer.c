/* decide_customer.c - what customers do: they write, turn out to be one person, become known by a
 * key. */
#include "proto/identity.pb-c.h"
#include "services/conversations/place.h"
#include "services/conversations/refer.h"
#include "services/conversations/say.h"

/* ---- a customer wrote ---- */

static enum fr_error
facts_of(struct fr_turn *turn, const char *brand, const Fr__MessageIdentified *identified,
         struct conversations_facts *facts)
{
    const struct conversations_config *config = turn->config;
    const conversations_customer *customer;
    const conversations_matter *resolved;
    bool unverified = identified->unverified;
    enum fr_error err = conversations_customer_get(turn->view, identified->customer_id, brand,
                                                   turn->arena, &customer);

    *facts = (struct conversations_facts){
        .unverified = unverified, .now = turn->now, .reopen_for = config->reopen_for};
    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err;
    facts->open_count = unverified ? customer->n_open_unverified : customer->n_open;
    if (facts->open_count > 0) {
        facts->open = unverified ? customer->open_unverified[0] : customer->open[0];
        return FR_OK;
    }
    facts->resolved = unverified ? customer->resolved_unverified : customer->resolved;
    facts->resolved_at.unix_us =
        unverified ? customer->resolved_unverified_us : customer->resolved_us;
    if (facts->resolved == 0)
        return FR_OK;
    err = conversations_get(turn->view, facts->resolved, turn->arena, &resolved);
    if (err == FR_OK)
        facts->resolved_as_spam = resolved->outcome == FR__OUTCOME__SPAM;
    return err;
}

static enum fr_error
open_new(struct conversations_talk *talk, const Fr__MessageIdentified *identified,
         const struct conversations_facts *facts, const char *reason)
{
    const Fr__MessageReceived *message = identified->message;
    Fr__ConversationOpened opened = FR__CONVERSATION_OPENED__INIT;
    enum fr_error err;

    talk->conversation = fr_next_id(talk->turn);
    talk->brand = talk->input->head->brand;
    opened.conversation_id = talk->conversation;
    opened.customer_id = identified->customer_id;
    opened.channel = message->channel;
    opened.account = message->account;
    opened.subject = message->subject;
    opened.has_complaint = message->has_complaint;
    opened.complaint = message->complaint;
    opened.has_unverified = identified->unverified;
    opened.unverified = identified->unverified;
    opened.has_origin = identified->has_origin;
    opened.origin = identified->origin;
    opened.reason = (char *)reason;
    opened.has_linked = facts->referred != 0 || facts->foreign != 0;
    opened.linked = facts->referred != 0 ? facts->referred : facts->foreign;
    fr_count(talk->turn, CONVERSATIONS_OPENED, 1);
    err = conversations_say(talk, &opened.base, NULL);
    return err == FR_OK ? conversations_talk_reload(talk) : err;
}

static enum fr_error
go_on(struct conversations_talk *talk, const struct conversations_choice *choice, bool automatic,
      const char *channel)
{
    Fr__ChannelSwitched switched = FR__CHANNEL_SWITCHED__INIT;
    enum fr_error err =
        conversations_talk_begin(talk, talk->turn, talk->input, choice->conversation);

    if (err == FR_OK && choice->move == CONVERSATIONS_REOPEN)
        err = conversations_say_reopened(talk, choice->reason);
    if (err != FR_OK || automatic || strcmp(talk->matter->channel, channel) == 0)
        return err;
    switched.conversation_id = talk->conversation;
    switched.from = talk->matter->channel;
    switched.to = (char *)channel;
    switched.by_customer = true;
    fr_count(talk->turn, CONVERSATIONS_SWITCHES, 1);
    return conversations_say(talk, &switched.base, NULL);
}

static void
entry_of(const Fr__MessageIdentified *identified, bool automatic, struct fr_time now,
         Fr__Entry *entry)
{
    const Fr__MessageReceived *message = identified->message;
    int64_t received_us = message->received_us > 0 ? message->received_us : now.unix_us;

    fr__entry__init(entry);
    entry->message_id = identified->message_id;
    entry->direction = automatic ? FR__DIRECTION__AUTOMATIC : FR__DIRECTION__FROM_CUSTOMER;
    entry->channel = message->channel;
    entry->account = message->account;
    entry->address = message->address;
    entry->text = message->text;
    entry->at_us = received_us;
    entry->author = message->name;
    entry->subject = message->subject;
    entry->external_id = message->external_id;
    entry->has_unverified = identified->unverified;
    entry->unverified = identified->unverified;
    entry->attachments = message->attachments;
    entry->n_attachments = message->n_attachments;
    entry->has_received_us = true;
    entry->received_us = received_us;
    entry->language = message->language;
    entry->full_text = message->full_text;
}

/* The agent decides whether a stranger who quotes another customer's conversation takes part in
 * it. */
static enum fr_error
point_out(const struct conversations_talk *talk, uint64_t foreign, const Fr__Entry *about)
{
    char id[FR_ID_TEXT_SIZE], name[FR_ID_TEXT_SIZE + 8];
    const conversations_matter *matter;
    Fr__Entry note = FR__ENTRY__INIT;
    enum fr_error err = conversations_get(talk->turn->view, foreign, talk->turn->arena, &matter);

    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err;
    snprintf(name, sizeof(name), "link-%s", fr_id_format(foreign, id));
    note.message_id = fr_next_id(talk->turn);
    note.direction = FR__DIRECTION__NOTE;
    note.channel = about->channel;
    note.account = about->account;
    note.address = about->address;
    note.at_us = talk->turn->now.unix_us;
    note.client_id = name;
    note.text = fr_arena_printf(
        talk->turn->arena,
        "This message refers to conversation %s%s%s%s, where nothing proves its sender to take "
        "part. It was not added there, and he was told nothing of it. Please find out.",
        id, matter->customer_name != NULL ? " (" : "",
        matter->customer_name != NULL ? matter->customer_name : "",
        matter->customer_name != NULL ? ")" : "");
    return note.text == NULL
               ? FR_NO_MEMORY
               : conversations_say_added(talk, &note, 0, "a hint for the agent, from us");
}

/* A machine's message is shown where it belongs; nobody is asked to answer it, and what it opened
 * is over. */
static enum fr_error
leave_it(struct conversations_talk *talk, Fr__Entry *entry, enum conversations_move move)
{
    enum fr_error err = conversations_say_shared(talk, talk->matter->site, entry);

    if (err != FR_OK || move != CONVERSATIONS_OPEN)
        return err;
    return conversations_say_resolved(talk, FR__OUTCOME__NO_ANSWER_NEEDED, NULL, NULL,
                                      "a machine wrote it: nobody waits for an answer");
}

/* MessageIdentified: which matter is it?
 *
 * Reads messages, customers, conversations, externals.  Emits ConversationOpened or
 * ConversationReopened where needed, ChannelSwitched, MessageAdded; EntryShared to the site that
 * has the conversation, or TaskRequested when nobody works on it.  What a machine wrote asks for
 * nobody, and what it opened is resolved at once. Sent twice: its message_id is known, and nothing
 * happens.
 */
enum fr_error
conversations_decide_message_identified(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__MessageIdentified *identified =
        fr_unpack(turn, input, &fr__message_identified__descriptor);
    struct conversations_talk talk = {.turn = turn, .input = input, .config = turn->config};
    struct conversations_choice choice;
    struct conversations_facts facts;
    struct conversations_place place;
    int64_t arrived_us;
    Fr__Entry entry;
    enum fr_error err;

    if (identified == NULL)
        return fr_reject(turn, input, "MessageIdentified does not decode");
    err = conversations_message_get(turn->view, identified->message_id, &place);
    if (err == FR_OK)
        fr_count(turn, CONVERSATIONS_REPEATED, 1);
    if (err != FR_NOT_FOUND)
        return err;
    err = facts_of(turn, input->head->brand, identified, &facts);
    if (err == FR_OK)
        err = conversations_refer(turn, input->head->brand, identified, &facts);
    if (err != FR_OK)
        return err;
    choice = conversations_place(&facts);
    err = choice.move == CONVERSATIONS_OPEN
              ? open_new(&talk, identified, &facts, choice.reason)
              : go_on(&talk, &choice, facts.automatic, identified->message->channel);
    if (err != FR_OK)
        return err;
    entry_of(identified, facts.automatic, turn->now, &entry);
    arrived_us = talk.matter->unanswered_us != 0 ? talk.matter->unanswered_us : entry.at_us;
    fr_count(turn, CONVERSATIONS_RECEIVED, 1);
    err = conversations_say_added(&talk, &entry, 0, choice.reason);
    if (err == FR_OK && facts.automatic)
        return leave_it(&talk, &entry, choice.move);
    if (err == FR_OK && choice.move == CONVERSATIONS_OPEN && facts.foreign != 0)
        err = point_out(&talk, facts.foreign, &entry);
    if (err != FR_OK || talk.matter->site != NULL)
        return err == FR_OK ? conversations_say_shared(&talk, talk.matter->site, &entry) : err;
    if (talk.matter->task_id != 0)
        return FR_OK; /* its task waits already, from the first unanswered message on */
    err = conversations_talk_reload(&talk);
    return err == FR_OK ? conversations_say_task(&talk, entry.text, arrived_us) : err;
}

/* KeyAttached: an identifier to show beside the history.  Device keys say nothing to an agent.
 *
 * Reads nothing.  Emits IdentifierNoted.
 * Sent twice: noted twice, with the same effect.
 */
enum fr_error
conversations_decide_key_attached(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__KeyAttached *attached = fr_unpack(turn, input, &fr__key_attached__descriptor);
    Fr__IdentifierNoted noted = FR__IDENTIFIER_NOTED__INIT;

    if (attached == NULL)
        return fr_reject(turn, input, "KeyAttached does not decode");
    if (strcmp(attached->type, "device") == 0)
        return FR_OK;
    if (strlen(attached->type) + strlen(attached->value) > 400)
        return fr_reject(turn, input, "KeyAttached carries a key that is too long to keep");
    noted.customer_id = attached->customer_id;
    noted.type = attached->type;
    noted.value = attached->value;
    noted.unverified = attached->unverified;
    noted.has_origin = attached->has_origin;
    noted.origin = attached->origin;
    return fr_emit(turn, input, &noted.base);
}

/* KeyDetached: the identifier is his no more.
 *
 * Reads nothing.  Emits IdentifierNoted.
 * Sent twice: noted twice, with the same effect.
 */
enum fr_error
conversations_decide_key_detached(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__KeyDetached *detached = fr_unpack(turn, input, &fr__key_detached__descriptor);
    Fr__IdentifierNoted noted = FR__IDENTIFIER_NOTED__INIT;

    if (detached == NULL)
        return fr_reject(turn, input, "KeyDetached does not decode");
    if (strcmp(detached->type, "device") == 0 ||
        strlen(detached->type) + strlen(detached->value) > 400)
        return FR_OK;
    noted.customer_id = detached->customer_id;
    noted.type = detached->type;
    noted.value = detached->value;
    noted.has_gone = noted.gone = true;
    return fr_emit(turn, input, &noted.base);
}
