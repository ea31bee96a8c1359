/* apply_who.c - whose a conversation is, what is shown beside his name, and what is forgotten. */
#include "services/conversations/apply.h"

/* It is no longer among what the one has open, or resolved last... */
static enum fr_error
leave(struct fr_tables *tables, uint64_t customer, const char *brand, uint64_t conversation)
{
    struct fr_arena *arena = fr_tables_arena(tables);
    conversations_customer row;
    enum fr_error err = conversations_load_customer(tables, customer, brand, &row);

    if (err == FR_OK)
        err = conversations_join_ids(arena, &row.open, &row.n_open, NULL, 0, conversation);
    if (err == FR_OK)
        err = conversations_join_ids(arena, &row.open_unverified, &row.n_open_unverified, NULL, 0,
                                     conversation);
    if (row.resolved == conversation) {
        conversations_set_id(&row.has_resolved, &row.resolved, 0);
        conversations_set_us(&row.has_resolved_us, &row.resolved_us, 0);
    }
    if (row.resolved_unverified == conversation) {
        conversations_set_id(&row.has_resolved_unverified, &row.resolved_unverified, 0);
        conversations_set_us(&row.has_resolved_unverified_us, &row.resolved_unverified_us, 0);
    }
    return err == FR_OK ? conversations_customer_put(tables, customer, brand, &row) : err;
}

/* ... but among the other's. */
static enum fr_error
join(struct fr_tables *tables, uint64_t conversation, const conversations_matter *matter)
{
    struct fr_arena *arena = fr_tables_arena(tables);
    conversations_customer row;
    enum fr_error err =
        conversations_load_customer(tables, matter->customer_id, matter->brand, &row);

    if (err == FR_OK && matter->open)
        err = matter->unverified
                  ? conversations_join_ids(arena, &row.open_unverified, &row.n_open_unverified,
                                           &conversation, 1, 0)
                  : conversations_join_ids(arena, &row.open, &row.n_open, &conversation, 1, 0);
    if (!matter->open && matter->unverified && matter->resolved_us > row.resolved_unverified_us) {
        conversations_set_id(&row.has_resolved_unverified, &row.resolved_unverified, conversation);
        conversations_set_us(&row.has_resolved_unverified_us, &row.resolved_unverified_us,
                             matter->resolved_us);
    }
    if (!matter->open && !matter->unverified && matter->resolved_us > row.resolved_us) {
        conversations_set_id(&row.has_resolved, &row.resolved, conversation);
        conversations_set_us(&row.has_resolved_us, &row.resolved_us, matter->resolved_us);
    }
    return err == FR_OK
               ? conversations_customer_put(tables, matter->customer_id, matter->brand, &row)
               : err;
}

/* After a merge all that is laid over at once already (CustomerRekeyed). */
static enum fr_error
move_state(struct fr_tables *tables, const Fr__ConversationRekeyed *rekeyed,
           const conversations_matter *matter)
{
    enum fr_error err;

    if (conversations_redirect_get(fr_tables_view(tables), rekeyed->from_customer) != 0)
        return FR_OK;
    err = leave(tables, rekeyed->from_customer, matter->brand, rekeyed->conversation_id);
    return err == FR_OK ? join(tables, rekeyed->conversation_id, matter) : err;
}

/* ConversationRekeyed.  Writes conversations, by_customer, customers. */
enum fr_error
conversations_apply_rekeyed(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__ConversationRekeyed *rekeyed = fr_body(event);
    conversations_matter matter;
    enum fr_error err = conversations_load(tables, rekeyed->conversation_id, &matter);

    if (err != FR_OK)
        return err;
    matter.customer_id = rekeyed->to_customer;
    if (rekeyed->has_origin) {
        matter.has_origin = true;
        matter.origin = rekeyed->origin;
    }
    err = conversations_put(tables, rekeyed->conversation_id, &matter);
    if (err == FR_OK)
        err = move_state(tables, rekeyed, &matter);
    if (err == FR_OK)
        err = conversations_timeline_del(tables, rekeyed->from_customer, rekeyed->conversation_id);
    if (err == FR_OK)
        err = conversations_timeline_put(tables, rekeyed->to_customer, rekeyed->conversation_id);
    return err == FR_OK ? COUNT(tables, rekeyed) : err;
}

/* What was kept of one customer at one brand, laid over what is kept of the other: all that is
 * open, and the later of what there can be only one of. */
static enum fr_error
lay_over(struct fr_tables *tables, conversations_customer *to, const conversations_customer *from)
{
    struct fr_arena *arena = fr_tables_arena(tables);
    enum fr_error err =
        conversations_join_ids(arena, &to->open, &to->n_open, from->open, from->n_open, 0);

    if (err == FR_OK)
        err = conversations_join_ids(arena, &to->open_unverified, &to->n_open_unverified,
                                     from->open_unverified, from->n_open_unverified, 0);
    if (from->resolved_us > to->resolved_us) {
        conversations_set_id(&to->has_resolved, &to->resolved, from->resolved);
        conversations_set_us(&to->has_resolved_us, &to->resolved_us, from->resolved_us);
    }
    if (from->resolved_unverified_us > to->resolved_unverified_us) {
        conversations_set_id(&to->has_resolved_unverified, &to->resolved_unverified,
                             from->resolved_unverified);
        conversations_set_us(&to->has_resolved_unverified_us, &to->resolved_unverified_us,
                             from->resolved_unverified_us);
    }
    if (from->served_us > to->served_us) {
        to->last_agent = from->last_agent;
        conversations_set_us(&to->has_served_us, &to->served_us, from->served_us);
    }
    return err;
}

static enum fr_error
move_identifiers(struct fr_tables *tables, uint64_t from, uint64_t to)
{
    enum { CHUNK = 64 };
    size_t count = CHUNK;
    enum fr_error err = FR_OK;

    while (err == FR_OK && count == CHUNK) {
        struct conversations_identifier *identifiers;

        err = conversations_identifiers(fr_tables_view(tables), from, CHUNK,
                                        fr_tables_arena(tables), &identifiers, &count);
        for (size_t i = 0; err == FR_OK && i < count; i++) {
            err = conversations_identifier_put(tables, to, &identifiers[i]);
            if (err == FR_OK)
                err = conversations_identifier_del(tables, from, &identifiers[i]);
        }
    }
    return err;
}

/* CustomerRekeyed.  Writes redirects, customers, identifiers. */
enum fr_error
conversations_apply_customer_rekeyed(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__CustomerRekeyed *rekeyed = fr_body(event);
    const char **brands;
    size_t count;
    enum fr_error err =
        conversations_redirect_put(tables, rekeyed->from_customer, rekeyed->to_customer);

    if (err == FR_OK)
        err = move_identifiers(tables, rekeyed->from_customer, rekeyed->to_customer);
    if (err == FR_OK)
        err = conversations_brands(fr_tables_view(tables), rekeyed->from_customer,
                                   fr_tables_arena(tables), &brands, &count);
    for (size_t i = 0; err == FR_OK && i < count; i++) {
        conversations_customer from, to;

        err = conversations_load_customer(tables, rekeyed->from_customer, brands[i], &from);
        if (err == FR_OK)
            err = conversations_load_customer(tables, rekeyed->to_customer, brands[i], &to);
        if (err == FR_OK)
            err = lay_over(tables, &to, &from);
        if (err == FR_OK)
            err = conversations_customer_put(tables, rekeyed->to_customer, brands[i], &to);
        if (err == FR_OK)
            err = conversations_customer_del(tables, rekeyed->from_customer, brands[i]);
    }
    return err;
}

/* IdentifierNoted.  Writes identifiers. */
enum fr_error
conversations_apply_identifier_noted(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__IdentifierNoted *noted = fr_body(event);
    const struct conversations_identifier identifier = {
        .type = noted->type,
        .value = noted->value,
        .unverified = noted->unverified,
        .origin = noted->has_origin ? noted->origin : noted->customer_id};

    return noted->gone ? conversations_identifier_del(tables, noted->customer_id, &identifier)
                       : conversations_identifier_put(tables, noted->customer_id, &identifier);
}

/* ---- one is two again ---- */

/* CustomerParted.  Writes redirects, identifiers. */
enum fr_error
conversations_apply_customer_parted(struct fr_tables *tables, const struct fr_record *event)
{
    enum { MAX = 1000 }; /* identifiers that are looked at: nobody has as many */
    const Fr__CustomerParted *parted = fr_body(event);
    struct conversations_identifier *identifiers;
    size_t count;
    enum fr_error err = conversations_redirect_del(tables, parted->origin);

    if (err == FR_OK)
        err = conversations_identifiers(fr_tables_view(tables), parted->from_customer, MAX,
                                        fr_tables_arena(tables), &identifiers, &count);
    for (size_t i = 0; err == FR_OK && i < count; i++) {
        bool his = false;

        for (size_t n = 0; n < parted->n_origins; n++)
            his = his || parted->origins[n] == identifiers[i].origin;
        if (!his)
            continue;
        err = conversations_identifier_put(tables, parted->origin, &identifiers[i]);
        if (err == FR_OK)
            err = conversations_identifier_del(tables, parted->from_customer, &identifiers[i]);
    }
    return err;
}

/* ---- chunks ---- */

/* What was kept of him beside his conversations. */
static enum fr_error
forget_customer(struct fr_tables *tables, uint64_t customer)
{
    enum { MAX = 1000 };
    struct conversations_identifier *identifiers;
    const char **brands;
    size_t count;
    enum fr_error err = conversations_identifiers(fr_tables_view(tables), customer, MAX,
                                                  fr_tables_arena(tables), &identifiers, &count);

    for (size_t i = 0; err == FR_OK && i < count; i++)
        err = conversations_identifier_del(tables, customer, &identifiers[i]);
    if (err == FR_OK)
        err = conversations_brands(fr_tables_view(tables), customer, fr_tables_arena(tables),
                                   &brands, &count);
    for (size_t i = 0; err == FR_OK && i < count; i++)
        err = conversations_customer_del(tables, customer, brands[i]);
    return err;
}

/* RekeyAdvanced.  Writes rekeys; arms REKEY.  After the last chunk of an erasure also identifiers
 * and customers. */
enum fr_error
conversations_apply_rekey_advanced(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__RekeyAdvanced *advanced = fr_body(event);
    Fr__ConversationsStateRekey state = FR__CONVERSATIONS_STATE_REKEY__INIT;
    enum fr_error err = FR_OK;

    if (!advanced->done) {
        state.at = (Fr__RekeyAdvanced *)advanced;
        err = conversations_rekey_put(tables, advanced->job_id, &state);
        return err == FR_OK ? fr_timer_arm(tables, CONVERSATIONS_REKEY, advanced->job_id,
                                           (struct fr_time){event->head->time_us})
                            : err;
    }
    for (size_t i = 0;
         err == FR_OK && advanced->kind == FR__REKEY_KIND__REKEY_ERASE && i < advanced->n_origins;
         i++)
        err = forget_customer(tables, advanced->origins[i]);
    return err == FR_OK ? conversations_rekey_del(tables, advanced->job_id) : err;
}

/* ---- forgetting ---- */

/* What was said is gone; that something was said, when, and by which side stays. */
static enum fr_error
erase_entry(struct fr_tables *tables, struct conversations_place place)
{
    static char nothing[] = "";
    Fr__MessageAdded added = FR__MESSAGE_ADDED__INIT;
    const char *reason;
    Fr__Entry *entry;
    uint8_t *bytes;
    enum fr_error err = conversations_entry_get(fr_tables_view(tables), place,
                                                fr_tables_arena(tables), &entry, &reason);

    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err;
    if (entry->external_id != NULL)
        err =
            conversations_external_del(tables, entry->channel, entry->account, entry->external_id);
    entry->text = entry->address = nothing;
    entry->subject = entry->external_id = NULL;
    entry->n_attachments = 0;
    entry->has_delivery = false;
    if (entry->direction == FR__DIRECTION__FROM_CUSTOMER)
        entry->author = NULL;
    added.conversation_id = place.conversation;
    added.entry = entry;
    added.reason = (char *)reason;
    bytes = fr_arena_alloc(fr_tables_arena(tables),
                           protobuf_c_message_get_packed_size(&added.base) + 1);
    if (err != FR_OK || bytes == NULL)
        return err != FR_OK ? err : FR_NO_MEMORY;
    return conversations_entry_put(tables, place,
                                   fr_slice(bytes, protobuf_c_message_pack(&added.base, bytes)));
}

/* TextsErased.  Writes entries, externals; conversations with the last of them. */
enum fr_error
conversations_apply_texts_erased(struct fr_tables *tables, const struct fr_record *event)
{
    static char nothing[] = "";
    const Fr__TextsErased *erased = fr_body(event);
    struct conversations_place place = {.conversation = erased->conversation_id};
    conversations_matter matter;
    enum fr_error err = FR_OK;

    for (uint32_t i = 0; err == FR_OK && i < erased->count; i++) {
        place.number = erased->first + i;
        err = erase_entry(tables, place);
    }
    if (err == FR_OK && erased->last)
        err = conversations_load(tables, erased->conversation_id, &matter);
    if (err != FR_OK || !erased->last)
        return err;
    matter.has_erased = matter.erased = true;
    matter.address = nothing;
    matter.subject = matter.customer_name = matter.external_id = matter.outcome_note = NULL;
    return conversations_put(tables, erased->conversation_id, &matter);
}
