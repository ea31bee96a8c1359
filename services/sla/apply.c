/* apply.c - what records say of conversations, places and promises; targets are in apply_target.c.
 */
#include "services/sla/apply.h"

#include "services/sla/place.h"
#include "services/sla/target.h"

#define SET(field)                                                                                 \
    if (marked->has_##field)                                                                       \
        row->field = marked->field;
#define SET_BOOL(field)                                                                            \
    if (marked->has_##field)                                                                       \
        row->field = marked->field != 0;
#define SET_TEXT(field)                                                                            \
    if (marked->field != NULL)                                                                     \
        sla_copy(row->field, sizeof(row->field), marked->field);

static void
set_tags(struct sla_conversation *row, const Fr__ConversationMarked *marked)
{
    memset(row->tags, 0, sizeof(row->tags));
    row->tag_count = 0;
    for (size_t i = 0; i < marked->n_tags && row->tag_count < SLA_TAGS_MAX; i++)
        sla_copy(row->tags[row->tag_count++], SLA_TAG_SIZE, marked->tags[i]);
}

static void
set_all(struct sla_conversation *row, const Fr__ConversationMarked *marked)
{
    SET_BOOL(complaint)
    SET_BOOL(answered)
    SET_BOOL(closed)
    SET(customer_id)
    SET(opened_us)
    SET_TEXT(channel)
    SET_TEXT(language)
    SET_TEXT(tier)
    SET(priority)
    SET(waiting)
    SET(unanswered_us)
    SET(unanswered_id)
    SET(last_message_us)
    SET(last_reply_us)
    SET(complained_us)
    SET_BOOL(acknowledged)
    SET(record)
    SET(message_id)
    SET(first_us)
    SET(first_id)
    SET(forget_us)
    if (marked->has_tagged)
        set_tags(row, marked);
}

/* ConversationMarked.  Writes conversations, open; arms or disarms the timer of forgetting.  A
 * closed one waits for nothing. */
enum fr_error
sla_apply_conversation_marked(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__ConversationMarked *marked = fr_body(event);
    struct sla_conversation row;

    TRY(sla_conversation_get(fr_tables_view(tables), marked->conversation_id, &row));
    if (event->head->brand[0] != '\0')
        memcpy(row.brand, event->head->brand, sizeof(row.brand));
    set_all(&row, marked);
    if (marked->has_closed && marked->closed)
        memset(row.open, 0, sizeof(row.open));
    TRY(sla_conversation_put(tables, marked->conversation_id, &row));
    if (!marked->has_forget_us)
        return FR_OK;
    return marked->forget_us == 0
               ? fr_timer_disarm(tables, SLA_TIMER_FORGET, marked->conversation_id)
               : fr_timer_arm(tables, SLA_TIMER_FORGET, marked->conversation_id,
                              (struct fr_time){marked->forget_us});
}

/* TargetRekeyed.  Writes conversations. */
enum fr_error
sla_apply_target_rekeyed(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TargetRekeyed *rekeyed = fr_body(event);
    struct sla_conversation row;

    TRY(sla_conversation_get(fr_tables_view(tables), rekeyed->conversation_id, &row));
    row.customer_id = rekeyed->customer_id;
    return sla_conversation_put(tables, rekeyed->conversation_id, &row);
}

/* ConversationForgotten.  Writes targets, promises (removed), conversations: removed when done,
 * else the chain is cut where it was forgotten and the timer goes on at once. */
enum fr_error
sla_apply_conversation_forgotten(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__ConversationForgotten *forgotten = fr_body(event);
    const struct fr_view *view = fr_tables_view(tables);
    struct sla_conversation row;

    TRY(sla_conversation_get(view, forgotten->conversation_id, &row));
    for (size_t i = 0; i < forgotten->n_target_id; i++) {
        const Fr__SlaStatePromise *promise;
        struct sla_target target;
        enum fr_error err;

        TRY(sla_target_get(view, forgotten->target_id[i], &target));
        row.newest = target.previous;
        TRY(sla_target_drop(tables, &target));
        err = sla_promise_get(view, forgotten->target_id[i], fr_tables_arena(tables), &promise);
        if (err == FR_OK)
            err = sla_promise_drop(tables, forgotten->target_id[i], promise);
        if (err != FR_OK && err != FR_NOT_FOUND)
            return err;
    }
    if (forgotten->done)
        return sla_conversation_drop(tables, forgotten->conversation_id);
    TRY(sla_conversation_put(tables, forgotten->conversation_id, &row));
    return fr_timer_arm(tables, SLA_TIMER_FORGET, forgotten->conversation_id,
                        (struct fr_time){event->head->time_us});
}

/* PlaceNoted.  Writes places. */
enum fr_error
sla_apply_place_noted(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__PlaceNoted *noted = fr_body(event);
    struct sla_place place;

    if (noted->place == FR__PLACE__NOWHERE)
        return sla_place_drop(tables, noted->conversation_id);
    sla_place_of(noted, &place);
    place.since_us = event->head->time_us;
    return sla_place_put(tables, noted->conversation_id, &place);
}

/* RecountStepped.  Arms the timer for the next slice. */
enum fr_error
sla_apply_recount_stepped(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__RecountStepped *stepped = fr_body(event);

    if (stepped->done)
        return FR_OK;
    return fr_timer_arm(tables, SLA_TIMER_RECOUNT, stepped->after_id,
                        (struct fr_time){event->head->time_us});
}

/* ---- promises ---- */

/* PromiseTold.  Writes promises. */
enum fr_error
sla_apply_promise_told(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__PromiseTold *told = fr_body(event);
    struct fr_arena *arena = fr_tables_arena(tables);
    const Fr__SlaStatePromise *known;
    Fr__SlaStatePromise promise;
    Fr__PromiseTold **list;

    TRY(sla_promise_get(fr_tables_view(tables), told->promise_id, arena, &known));
    list = fr_arena_zalloc(arena, known->n_told + 1, sizeof(*list));
    if (list == NULL)
        return FR_NO_MEMORY;
    promise = *known;
    for (size_t i = 0; i < known->n_told; i++)
        list[i] = known->told[i];
    list[promise.n_told++] = (Fr__PromiseTold *)(uintptr_t)told;
    promise.told = list;
    return sla_promise_put(tables, told->promise_id, &promise);
}

/* SupervisorAlerted only tells others. */
enum fr_error
sla_apply_nothing(struct fr_tables *tables, const struct fr_record *event)
{
    (void)tables;
    (void)event;
    return FR_OK;
}
