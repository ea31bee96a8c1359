/* say.c - what decide functions say, in the form in which everybody else reads it. */
#include "services/conversations/say.h"

#include "services/conversations/history.h"
#include "services/conversations/text.h"

enum fr_error
conversations_talk_begin(struct conversations_talk *talk, struct fr_turn *turn,
                         const struct fr_record *input, uint64_t conversation)
{
    *talk = (struct conversations_talk){
        .turn = turn, .input = input, .config = turn->config, .conversation = conversation};
    return conversations_talk_reload(talk);
}

enum fr_error
conversations_talk_reload(struct conversations_talk *talk)
{
    enum fr_error err =
        conversations_get(talk->turn->view, talk->conversation, talk->turn->arena, &talk->matter);

    if (err == FR_OK)
        talk->brand = talk->matter->brand;
    return err;
}

enum fr_error
conversations_say(const struct conversations_talk *talk, const ProtobufCMessage *message,
                  const char *route)
{
    const struct fr_labels labels = {
        .key = talk->conversation, .brand = talk->brand, .route = route};

    return fr_emit_as(talk->turn, talk->input, message, &labels);
}

enum fr_error
conversations_say_added(const struct conversations_talk *talk, Fr__Entry *entry, int64_t quiet_us,
                        const char *reason)
{
    return conversations_say_answered(talk, entry, quiet_us, 0, reason);
}

enum fr_error
conversations_say_answered(const struct conversations_talk *talk, Fr__Entry *entry,
                           int64_t quiet_us, int64_t unanswered_us, const char *reason)
{
    Fr__MessageAdded added = FR__MESSAGE_ADDED__INIT;

    added.conversation_id = talk->conversation;
    added.customer_id = talk->matter->customer_id;
    added.entry = entry;
    added.reason = (char *)reason;
    added.has_quiet_us = quiet_us != 0;
    added.quiet_us = quiet_us;
    added.has_unanswered_us = unanswered_us != 0;
    added.unanswered_us = unanswered_us;
    return conversations_say(talk, &added.base, NULL);
}

enum fr_error
conversations_say_outbound(const struct conversations_talk *talk, const Fr__Entry *entry)
{
    Fr__OutboundRequested outbound = FR__OUTBOUND_REQUESTED__INIT;
    char route[FR_ROUTE_SIZE];

    snprintf(route, sizeof(route), "outbound.%s", entry->channel);
    outbound.message_id = entry->message_id;
    outbound.conversation_id = talk->conversation;
    outbound.customer_id = talk->matter->customer_id;
    outbound.channel = entry->channel;
    outbound.account = entry->account;
    outbound.address = entry->address;
    outbound.text = entry->text;
    outbound.direction = entry->direction;
    outbound.at_us = entry->at_us;
    outbound.author = entry->author;
    outbound.subject = talk->matter->subject;
    outbound.in_reply_to = talk->matter->external_id;
    return conversations_say(talk, &outbound.base, route);
}

enum fr_error
conversations_say_shared(const struct conversations_talk *talk, const char *site, Fr__Entry *entry)
{
    Fr__EntryShared shared = FR__ENTRY_SHARED__INIT;
    char route[FR_ROUTE_SIZE];

    if (site == NULL || site[0] == '\0')
        return FR_OK;
    snprintf(route, sizeof(route), "site.%s", site);
    shared.site = (char *)site;
    shared.conversation_id = talk->conversation;
    shared.entry = entry;
    return conversations_say(talk, &shared.base, route);
}

enum fr_error
conversations_say_history(const struct conversations_talk *talk)
{
    Fr__ConversationShared shared = FR__CONVERSATION_SHARED__INIT;
    char route[FR_ROUTE_SIZE];
    enum fr_error err;

    snprintf(route, sizeof(route), "site.%s", talk->matter->site);
    shared.site = talk->matter->site;
    shared.conversation_id = talk->conversation;
    shared.task_id = talk->matter->task_id;
    shared.customer_id = talk->matter->customer_id;
    shared.agent = talk->matter->agent;
    err = conversations_history(talk->turn->view, talk->turn->arena,
                                talk->config->history_across_brands, talk->conversation,
                                talk->matter, &shared);
    return err == FR_OK ? conversations_say(talk, &shared.base, route) : err;
}

enum fr_error
conversations_say_task(const struct conversations_talk *talk, const char *text, int64_t arrived_us)
{
    const conversations_matter *matter = talk->matter;
    Fr__TaskRequested task = FR__TASK_REQUESTED__INIT;
    char preview[CONVERSATIONS_PREVIEW_SIZE];
    const conversations_customer *customer;
    enum fr_error err = conversations_customer_get(talk->turn->view, matter->customer_id,
                                                   talk->brand, talk->turn->arena, &customer);

    if (err != FR_OK && err != FR_NOT_FOUND)
        return err;
    task.task_id = fr_next_id(talk->turn);
    task.conversation_id = talk->conversation;
    task.customer_id = matter->customer_id;
    task.channel = matter->channel;
    task.arrived_us = arrived_us;
    task.preview = conversations_preview(text, preview);
    task.preferred_agent = err == FR_OK ? customer->last_agent : NULL;
    task.language = matter->language;
    task.has_complaint = matter->has_complaint;
    task.complaint = matter->complaint;
    task.customer_name = matter->customer_name;
    task.has_priority = matter->has_priority;
    task.priority = matter->priority;
    task.tier = matter->tier;
    return conversations_say(talk, &task.base, NULL);
}

enum fr_error
conversations_say_resolved(const struct conversations_talk *talk, Fr__Outcome outcome,
                           const char *agent, const char *note, const char *reason)
{
    Fr__ConversationResolved resolved = FR__CONVERSATION_RESOLVED__INIT;

    resolved.conversation_id = talk->conversation;
    resolved.customer_id = talk->matter->customer_id;
    resolved.outcome = outcome;
    resolved.agent = (char *)agent;
    resolved.note = (char *)note;
    resolved.reason = (char *)reason;
    fr_count(talk->turn, CONVERSATIONS_RESOLVED, 1);
    return conversations_say(talk, &resolved.base, NULL);
}

enum fr_error
conversations_say_reopened(const struct conversations_talk *talk, const char *reason)
{
    Fr__ConversationReopened reopened = FR__CONVERSATION_REOPENED__INIT;

    reopened.conversation_id = talk->conversation;
    reopened.customer_id = talk->matter->customer_id;
    reopened.reason = (char *)reason;
    fr_count(talk->turn, CONVERSATIONS_REOPENED, 1);
    return conversations_say(talk, &reopened.base, NULL);
}
