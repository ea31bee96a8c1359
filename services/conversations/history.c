/* history.c - what an agent sees of a customer when he takes a conversation. */
#include "services/conversations/history.h"

#include "services/conversations/text.h"

#define LOOKED_AT_MAX 50 /* of the timeline, to find ten of the same brand */

struct room { /* what may still be told */
    size_t entries;
    size_t bytes;
};

/* A text larger than everything that may be told is shown from its beginning. */
static enum fr_error
shorten(struct fr_arena *arena, Fr__Entry *entry, const struct room *room)
{
    static const char cut_here[] = " [...]";
    size_t over = protobuf_c_message_get_packed_size(&entry->base) + sizeof(cut_here) - room->bytes;
    size_t size = strlen(entry->text),
           kept = size > over ? conversations_cut(entry->text, size - over) : 0;

    entry->text = fr_arena_printf(arena, "%.*s%s", (int)kept, entry->text, cut_here);
    return entry->text == NULL ? FR_NO_MEMORY : FR_OK;
}

/* The newest entries that there is room for, oldest first. */
static enum fr_error
take_entries(const struct fr_view *view, struct fr_arena *arena, uint64_t conversation,
             uint32_t entry_count, struct room *room, Fr__PastConversation *past)
{
    size_t max = entry_count < room->entries ? entry_count : room->entries;
    Fr__Entry **entries = fr_arena_zalloc(arena, max + 1, sizeof(*entries));
    size_t count = 0;

    if (entries == NULL)
        return FR_NO_MEMORY;
    for (; count < max; count++) {
        struct conversations_place place = {.conversation = conversation,
                                            .number = entry_count - 1 - (uint32_t)count};
        Fr__Entry **entry = &entries[max - 1 - count];
        enum fr_error err = conversations_entry_get(view, place, arena, entry, NULL);
        size_t size;

        if (err != FR_OK)
            return err;
        size = protobuf_c_message_get_packed_size(&(*entry)->base);
        if (size > room->bytes && (*entry)->full_text != NULL) {
            (*entry)->full_text = NULL; /* what is new in it goes before what it quotes */
            size = protobuf_c_message_get_packed_size(&(*entry)->base);
        }
        if (size > room->bytes && room->bytes == CONVERSATIONS_HISTORY_SIZE_MAX) {
            err = shorten(arena, *entry, room); /* the very newest is always told */
            size = protobuf_c_message_get_packed_size(&(*entry)->base);
        }
        if (err != FR_OK)
            return err;
        if (size > room->bytes)
            break;
        room->bytes -= size;
    }
    /* What does not fit ends the telling: older entries after a gap would mislead. */
    room->entries = count < max ? 0 : room->entries - count;
    past->entries = entries + (max - count);
    past->n_entries = count;
    past->has_entries_left_out = count < entry_count;
    past->entries_left_out = entry_count - (uint32_t)count;
    return FR_OK;
}

static enum fr_error
take_conversation(const struct fr_view *view, struct fr_arena *arena, uint64_t conversation,
                  const conversations_matter *matter, struct room *room,
                  Fr__ConversationShared *shared)
{
    Fr__PastConversation *past = fr_arena_alloc(arena, sizeof(*past));

    if (past == NULL)
        return FR_NO_MEMORY;
    fr__past_conversation__init(past);
    past->conversation_id = conversation;
    past->channel = matter->channel;
    past->opened_us = matter->opened_us;
    past->subject = matter->subject;
    past->has_outcome = !matter->open && matter->has_outcome;
    past->outcome = matter->outcome;
    past->last_agent = matter->last_agent;
    shared->history[shared->n_history++] = past;
    return take_entries(view, arena, conversation, matter->entry_count, room, past);
}

/* An account or log-in is kept as "brand/value".  The conversation's own brand is not shown; *other
 * says that the value belongs to another one. */
static const char *
without_brand(const struct conversations_identifier *known, const char *brand, bool *other)
{
    const char *slash = strchr(known->value, '/');
    size_t size = strlen(brand);

    *other = false;
    if (slash == NULL || (strcmp(known->type, "login") != 0 && strcmp(known->type, "account") != 0))
        return known->value;
    *other = (size_t)(slash - known->value) != size || strncmp(known->value, brand, size) != 0;
    return *other ? known->value : slash + 1;
}

/* "login ann (verified)" */
static enum fr_error
take_identifiers(const struct fr_view *view, struct fr_arena *arena, bool across_brands,
                 const conversations_matter *matter, Fr__ConversationShared *shared)
{
    struct conversations_identifier *known;
    size_t count;
    enum fr_error err = conversations_identifiers(
        view, matter->customer_id, CONVERSATIONS_IDENTIFIERS_MAX, arena, &known, &count);

    if (err != FR_OK)
        return err;
    shared->identifiers = fr_arena_zalloc(arena, count + 1, sizeof(*shared->identifiers));
    if (shared->identifiers == NULL)
        return FR_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        bool other;
        const char *value = without_brand(&known[i], matter->brand, &other);
        char *line;

        if (other && !across_brands)
            continue;
        line = fr_arena_printf(arena, "%s %s (%s)", known[i].type, value,
                               known[i].unverified ? "unverified" : "verified");
        if (line == NULL)
            return FR_NO_MEMORY;
        shared->identifiers[shared->n_identifiers++] = line;
    }
    return FR_OK;
}

static enum fr_error
take_past(const struct fr_view *view, struct fr_arena *arena, bool across_brands,
          uint64_t conversation, const conversations_matter *matter, struct room *room,
          Fr__ConversationShared *shared)
{
    uint64_t *others;
    size_t count;
    bool more;
    enum fr_error err = conversations_timeline(view, matter->customer_id, 0, LOOKED_AT_MAX, arena,
                                               &others, &count, &more);

    for (size_t i = 0; err == FR_OK && i < count && shared->n_history <= CONVERSATIONS_PAST_MAX;
         i++) {
        const conversations_matter *past;

        if (others[i] == conversation)
            continue;
        err = conversations_get(view, others[i], arena, &past);
        if (err != FR_OK || (!across_brands && strcmp(past->brand, matter->brand) != 0))
            continue;
        if (shared->customer_name == NULL && !past->unverified) /* who has just proved who he is */
            shared->customer_name = past->customer_name;
        err = take_conversation(view, arena, others[i], past, room, shared);
    }
    return err;
}

enum fr_error
conversations_history(const struct fr_view *view, struct fr_arena *arena, bool across_brands,
                      uint64_t conversation, const conversations_matter *matter,
                      Fr__ConversationShared *shared)
{
    struct room room = {.entries = CONVERSATIONS_ENTRIES_MAX,
                        .bytes = CONVERSATIONS_HISTORY_SIZE_MAX};
    enum fr_error err;

    shared->customer_name = matter->customer_name;
    shared->history = fr_arena_zalloc(arena, CONVERSATIONS_PAST_MAX + 1, sizeof(*shared->history));
    if (shared->history == NULL)
        return FR_NO_MEMORY;
    err = take_conversation(view, arena, conversation, matter, &room, shared);
    if (err != FR_OK || matter->unverified)
        return err;
    err = take_identifiers(view, arena, across_brands, matter, shared);
    if (err == FR_OK)
        err = take_past(view, arena, across_brands, conversation, matter, &room, shared);
    return err;
}
