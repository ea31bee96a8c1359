/* apply.c - what each of conversations' events writes; nothing is judged here. */
#include "services/conversations/apply.h"

/* ---- a conversation as it stands: copied out, changed, put back ---- */

enum fr_error
conversations_load(struct fr_tables *tables, uint64_t conversation, conversations_matter *matter)
{
    const conversations_matter *stored;
    enum fr_error err =
        conversations_get(fr_tables_view(tables), conversation, fr_tables_arena(tables), &stored);

    if (err == FR_OK)
        *matter = *stored;
    return err;
}

void
conversations_set_id(protobuf_c_boolean *has, uint64_t *field, uint64_t value)
{
    *has = value != 0;
    *field = value;
}

void
conversations_set_us(protobuf_c_boolean *has, int64_t *field, int64_t value)
{
    *has = value != 0;
    *field = value;
}

static enum fr_error
set_timer(struct fr_tables *tables, uint32_t kind, uint64_t conversation, protobuf_c_boolean *has,
          int64_t *field, int64_t due_us)
{
    int64_t armed_us = *has ? *field : 0;

    conversations_set_us(has, field, due_us);
    if (due_us != 0)
        return fr_timer_arm(tables, kind, conversation, (struct fr_time){due_us});
    return armed_us != 0 ? fr_timer_disarm(tables, kind, conversation) : FR_OK;
}

static enum fr_error
set_quiet(struct fr_tables *tables, uint64_t conversation, conversations_matter *matter,
          int64_t due_us)
{
    return set_timer(tables, CONVERSATIONS_QUIET, conversation, &matter->has_quiet_us,
                     &matter->quiet_us, due_us);
}

static enum fr_error
set_look_again(struct fr_tables *tables, uint64_t conversation, conversations_matter *matter,
               int64_t due_us)
{
    return set_timer(tables, CONVERSATIONS_LOOK_AGAIN, conversation, &matter->has_look_again_us,
                     &matter->look_again_us, due_us);
}

static void
release_task(conversations_matter *matter)
{
    if (matter->task_id != 0)
        conversations_set_id(&matter->has_last_task_id, &matter->last_task_id, matter->task_id);
    conversations_set_id(&matter->has_task_id, &matter->task_id, 0);
    matter->agent = NULL;
    matter->site = NULL;
}

/* ---- a customer at one brand: what is open ---- */

enum fr_error
conversations_load_customer(struct fr_tables *tables, uint64_t customer, const char *brand,
                            conversations_customer *row)
{
    const conversations_customer *stored;
    enum fr_error err = conversations_customer_get(fr_tables_view(tables), customer, brand,
                                                   fr_tables_arena(tables), &stored);

    if (err == FR_OK)
        *row = *stored;
    else
        fr__conversations_state_customer__init(row);
    return err == FR_NOT_FOUND ? FR_OK : err;
}

/* The union of two lists of ids, ascending (ids grow with age), without `left_out`. */
enum fr_error
conversations_join_ids(struct fr_arena *arena, uint64_t **list, size_t *count, const uint64_t *more,
                       size_t more_count, uint64_t left_out)
{
    uint64_t *joined = fr_arena_zalloc(arena, *count + more_count + 1, sizeof(*joined));
    size_t used = 0, a = 0, b = 0;

    if (joined == NULL)
        return FR_NO_MEMORY;
    while (a < *count || b < more_count) {
        bool first = b == more_count || (a < *count && (*list)[a] <= more[b]);
        uint64_t id = first ? (*list)[a++] : more[b++];

        if (id != left_out && (used == 0 || joined[used - 1] != id))
            joined[used++] = id;
    }
    *list = joined;
    *count = used;
    return FR_OK;
}

static enum fr_error
list_open(struct fr_tables *tables, uint64_t conversation, const conversations_matter *matter,
          bool open)
{
    conversations_customer row;
    uint64_t **list;
    size_t *count;
    enum fr_error err =
        conversations_load_customer(tables, matter->customer_id, matter->brand, &row);

    list = matter->unverified ? &row.open_unverified : &row.open;
    count = matter->unverified ? &row.n_open_unverified : &row.n_open;
    if (err == FR_OK)
        err = conversations_join_ids(fr_tables_arena(tables), list, count, &conversation, open,
                                     open ? 0 : conversation);
    if (!open && matter->unverified) {
        conversations_set_id(&row.has_resolved_unverified, &row.resolved_unverified, conversation);
        conversations_set_us(&row.has_resolved_unverified_us, &row.resolved_unverified_us,
                             matter->resolved_us);
    } else if (!open) {
        conversations_set_id(&row.has_resolved, &row.resolved, conversation);
        conversations_set_us(&row.has_resolved_us, &row.resolved_us, matter->resolved_us);
    }
    if (err == FR_OK)
        err = conversations_customer_put(tables, matter->customer_id, matter->brand, &row);
    if (err == FR_OK)
        err = open ? conversations_open_put(tables, conversation)
                   : conversations_open_del(tables, conversation);
    return err;
}

enum fr_error
conversations_count_up(struct fr_tables *tables, size_t field)
{
    struct conversations_totals totals;
    enum fr_error err = conversations_totals_get(fr_tables_view(tables), &totals);

    if (err != FR_OK)
        return err;
    (*(uint64_t *)((char *)&totals + field))++;
    return conversations_totals_put(tables, &totals);
}

/* ---- the events ---- */

/* ConversationOpened.  Writes conversations, customers, open, by_customer. */
enum fr_error
conversations_apply_opened(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__ConversationOpened *opened = fr_body(event);
    conversations_matter matter = FR__CONVERSATIONS_STATE_CONVERSATION__INIT;
    enum fr_error err;

    matter.customer_id = opened->customer_id;
    matter.brand = (char *)event->head->brand;
    matter.has_origin = true; /* kept when the customer is merged into another */
    matter.origin = opened->has_origin ? opened->origin : opened->customer_id;
    matter.open = true;
    matter.unverified = opened->unverified;
    matter.channel = opened->channel;
    matter.account = opened->account;
    matter.address = (char *)""; /* MessageAdded follows */
    matter.opened_us = matter.changed_us = event->head->time_us;
    matter.subject = opened->subject;
    matter.has_complaint = opened->has_complaint;
    matter.complaint = opened->complaint;
    matter.reason = opened->reason;
    conversations_set_id(&matter.has_linked, &matter.linked, opened->linked);
    err = conversations_put(tables, opened->conversation_id, &matter);
    if (err == FR_OK)
        err = list_open(tables, opened->conversation_id, &matter, true);
    if (err == FR_OK)
        err = conversations_timeline_put(tables, opened->customer_id, opened->conversation_id);
    return err == FR_OK ? COUNT(tables, opened) : err;
}

/* The customer's word: from now on answers go there, and one is due. */
static enum fr_error
hear(struct fr_tables *tables, uint64_t conversation, conversations_matter *matter,
     const Fr__Entry *entry)
{
    matter->channel = entry->channel;
    matter->account = entry->account;
    matter->address = entry->address;
    matter->external_id = entry->external_id;
    if (matter->subject == NULL)
        matter->subject = entry->subject;
    if (entry->author != NULL)
        matter->customer_name = entry->author;
    if (entry->language != NULL)
        matter->language = entry->language;
    if (matter->unanswered_us == 0)
        conversations_set_us(&matter->has_unanswered_us, &matter->unanswered_us, entry->at_us);
    return set_quiet(tables, conversation, matter, 0);
}

static enum fr_error
name_message(struct fr_tables *tables, const Fr__Entry *entry, struct conversations_place place)
{
    enum fr_error err = conversations_message_put(tables, entry->message_id, place);

    if (err == FR_OK && entry->external_id != NULL)
        err = conversations_external_put(tables, entry->channel, entry->account, entry->external_id,
                                         entry->message_id);
    if (err == FR_OK && entry->client_id != NULL)
        err =
            conversations_said_put(tables, place.conversation, entry->client_id, entry->message_id);
    return err;
}

static size_t
total_of(Fr__Direction direction)
{
    switch (direction) {
    case FR__DIRECTION__FROM_CUSTOMER:
    case FR__DIRECTION__AUTOMATIC:
        return offsetof(struct conversations_totals, received);
    case FR__DIRECTION__TO_CUSTOMER:
        return offsetof(struct conversations_totals, answers);
    case FR__DIRECTION__NOTE:
        return offsetof(struct conversations_totals, notes);
    default:
        return offsetof(struct conversations_totals, notices);
    }
}

/* MessageAdded.  Writes entries, messages, externals, said, conversations; arms or disarms QUIET.
 */
enum fr_error
conversations_apply_message_added(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__MessageAdded *added = fr_body(event);
    const Fr__Entry *entry = added->entry;
    struct conversations_place place = {.conversation = added->conversation_id};
    conversations_matter matter;
    enum fr_error err = conversations_load(tables, added->conversation_id, &matter);

    if (err != FR_OK)
        return err;
    place.number = matter.entry_count++;
    matter.changed_us = event->head->time_us;
    if (entry->direction == FR__DIRECTION__FROM_CUSTOMER)
        err = hear(tables, added->conversation_id, &matter, entry);
    if (entry->direction == FR__DIRECTION__TO_CUSTOMER && matter.open) {
        conversations_set_us(&matter.has_unanswered_us, &matter.unanswered_us,
                             added->unanswered_us);
        err = set_quiet(tables, added->conversation_id, &matter, added->quiet_us);
    }
    if (err == FR_OK)
        err = conversations_entry_put(tables, place, event->body);
    if (err == FR_OK)
        err = name_message(tables, entry, place);
    if (err == FR_OK)
        err = conversations_put(tables, added->conversation_id, &matter);
    return err == FR_OK ? conversations_count_up(tables, total_of(entry->direction)) : err;
}

/* ConversationClassified.  Writes conversations. */
enum fr_error
conversations_apply_classified(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__ConversationClassified *classified = fr_body(event);
    conversations_matter matter;
    enum fr_error err = conversations_load(tables, classified->conversation_id, &matter);

    if (err != FR_OK)
        return err;
    matter.has_priority = matter.has_complaint = true;
    matter.priority = classified->priority;
    matter.complaint = classified->complaint;
    matter.tags = classified->tags;
    matter.n_tags = classified->n_tags;
    matter.tier = classified->tier;
    if (classified->has_waiting) {
        matter.has_waiting = true;
        matter.waiting = classified->waiting;
    }
    return conversations_put(tables, classified->conversation_id, &matter);
}

/* ChannelSwitched.  Writes conversations (how often). */
enum fr_error
conversations_apply_channel_switched(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__ChannelSwitched *switched = fr_body(event);
    conversations_matter matter;
    enum fr_error err = conversations_load(tables, switched->conversation_id, &matter);

    if (err != FR_OK)
        return err;
    matter.has_switches = true;
    matter.switches++;
    err = conversations_put(tables, switched->conversation_id, &matter);
    return err == FR_OK ? COUNT(tables, switches) : err;
}

/* TaskRequested: somebody is asked, because an answer is due.  Writes conversations; disarms QUIET
 * and LOOK_AGAIN. */
enum fr_error
conversations_apply_task_requested(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TaskRequested *task = fr_body(event);
    conversations_matter matter;
    enum fr_error err = conversations_load(tables, task->conversation_id, &matter);

    if (err != FR_OK)
        return err;
    conversations_set_id(&matter.has_task_id, &matter.task_id, task->task_id);
    if (matter.unanswered_us == 0)
        conversations_set_us(&matter.has_unanswered_us, &matter.unanswered_us, task->arrived_us);
    err = set_quiet(tables, task->conversation_id, &matter, 0);
    if (err == FR_OK)
        err = set_look_again(tables, task->conversation_id, &matter, 0);
    return err == FR_OK ? conversations_put(tables, task->conversation_id, &matter) : err;
}

/* TaskEndNoted.  Writes conversations; arms LOOK_AGAIN. */
enum fr_error
conversations_apply_task_end_noted(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TaskEndNoted *noted = fr_body(event);
    conversations_matter matter;
    enum fr_error err = conversations_load(tables, noted->conversation_id, &matter);

    if (err != FR_OK)
        return err;
    release_task(&matter);
    err = set_look_again(tables, noted->conversation_id, &matter, noted->look_again_us);
    return err == FR_OK ? conversations_put(tables, noted->conversation_id, &matter) : err;
}

/* ConversationAssigned.  Writes conversations, customers (who served him last). */
enum fr_error
conversations_apply_assigned(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__ConversationAssigned *assigned = fr_body(event);
    conversations_customer row;
    conversations_matter matter;
    enum fr_error err = conversations_load(tables, assigned->conversation_id, &matter);

    if (err != FR_OK)
        return err;
    matter.agent = assigned->agent;
    matter.site = assigned->site;
    matter.last_agent = assigned->agent;
    err = conversations_put(tables, assigned->conversation_id, &matter);
    if (err == FR_OK)
        err = conversations_load_customer(tables, matter.customer_id, matter.brand, &row);
    row.last_agent = assigned->agent;
    conversations_set_us(&row.has_served_us, &row.served_us, event->head->time_us);
    return err == FR_OK ? conversations_customer_put(tables, matter.customer_id, matter.brand, &row)
                        : err;
}

/* WaitTold.  Writes conversations (what stands before him). */
enum fr_error
conversations_apply_wait_told(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__WaitTold *told = fr_body(event);
    conversations_matter matter;
    enum fr_error err = conversations_load(tables, told->conversation_id, &matter);

    if (err != FR_OK)
        return err;
    matter.has_wait_task_id = !told->over;
    matter.wait_task_id = told->over ? 0 : told->task_id;
    matter.has_wait_choice = !told->over && told->has_choice;
    matter.wait_choice = told->choice;
    return conversations_put(tables, told->conversation_id, &matter);
}

/* WaitChoiceMade.  Writes conversations (what he chose). */
enum fr_error
conversations_apply_wait_choice_made(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__WaitChoiceMade *made = fr_body(event);
    conversations_matter matter;
    enum fr_error err = conversations_load(tables, made->conversation_id, &matter);

    if (err != FR_OK)
        return err;
    matter.has_wait_choice = true;
    matter.wait_choice = made->choice;
    return conversations_put(tables, made->conversation_id, &matter);
}

/* ConversationResolved.  Writes conversations, customers, open; disarms QUIET and LOOK_AGAIN. */
enum fr_error
conversations_apply_resolved(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__ConversationResolved *resolved = fr_body(event);
    conversations_matter matter;
    enum fr_error err = conversations_load(tables, resolved->conversation_id, &matter);

    if (err != FR_OK)
        return err;
    matter.open = false;
    matter.has_outcome = true;
    matter.outcome = resolved->outcome;
    matter.outcome_agent = resolved->agent;
    matter.outcome_note = resolved->note;
    matter.reason = resolved->reason;
    matter.changed_us = event->head->time_us;
    conversations_set_us(&matter.has_resolved_us, &matter.resolved_us, event->head->time_us);
    conversations_set_us(&matter.has_unanswered_us, &matter.unanswered_us, 0);
    release_task(&matter);
    err = set_quiet(tables, resolved->conversation_id, &matter, 0);
    if (err == FR_OK)
        err = set_look_again(tables, resolved->conversation_id, &matter, 0);
    if (err == FR_OK)
        err = conversations_put(tables, resolved->conversation_id, &matter);
    if (err == FR_OK)
        err = list_open(tables, resolved->conversation_id, &matter, false);
    if (err == FR_OK)
        err = COUNT(tables, resolved);
    return err == FR_OK ? conversations_count_up(
                              tables, offsetof(struct conversations_totals, outcomes) +
                                          ((size_t)resolved->outcome & 7) * sizeof(uint64_t))
                        : err;
}

/* ConversationReopened.  Writes conversations, customers, open. */
enum fr_error
conversations_apply_reopened(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__ConversationReopened *reopened = fr_body(event);
    conversations_matter matter;
    enum fr_error err = conversations_load(tables, reopened->conversation_id, &matter);

    if (err != FR_OK)
        return err;
    matter.open = true;
    matter.has_outcome = false;
    matter.outcome_agent = matter.outcome_note = NULL;
    conversations_set_us(&matter.has_resolved_us, &matter.resolved_us, 0);
    matter.reason = reopened->reason;
    matter.changed_us = event->head->time_us;
    err = conversations_put(tables, reopened->conversation_id, &matter);
    if (err == FR_OK)
        err = list_open(tables, reopened->conversation_id, &matter, true);
    return err == FR_OK ? COUNT(tables, reopened) : err;
}

/* The outside world has a name for what we sent: a reply may refer to it. */
static enum fr_error
name_outside(struct fr_tables *tables, const Fr__DeliveryNoted *noted)
{
    struct conversations_place place;
    Fr__Entry *entry;
    enum fr_error err =
        conversations_message_get(fr_tables_view(tables), noted->message_id, &place);

    if (err == FR_OK)
        err = conversations_entry_get(fr_tables_view(tables), place, fr_tables_arena(tables),
                                      &entry, NULL);
    return err == FR_OK ? conversations_external_put(tables, entry->channel, entry->account,
                                                     noted->external_id, noted->message_id)
                        : err;
}

/* DeliveryNoted.  Writes deliveries, externals. */
enum fr_error
conversations_apply_delivery_noted(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__DeliveryNoted *noted = fr_body(event);
    Fr__ConversationsStateDelivery delivery = FR__CONVERSATIONS_STATE_DELIVERY__INIT;
    enum fr_error err;

    delivery.state = noted->state;
    delivery.at_us = noted->at_us;
    delivery.external_id = noted->external_id;
    delivery.reason = noted->reason;
    err = conversations_delivery_put(tables, noted->message_id, &delivery);
    if (err == FR_OK && noted->external_id != NULL)
        err = name_outside(tables, noted);
    return err == FR_OK && noted->state == FR__DELIVERY_STATE__UNDELIVERED
               ? COUNT(tables, undelivered)
               : err;
}

/* OutboundRequested, ConversationShared, EntryShared: only others act on them. */
enum fr_error
conversations_apply_nothing(struct fr_tables *tables, const struct fr_record *event)
{
    (void)tables;
    (void)event;
    return FR_OK;
}
