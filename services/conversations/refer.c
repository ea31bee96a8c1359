/* refer.c - which conversation does a message name, and may it? */
#include "services/conversations/refer.h"

#include "services/conversations/tables.h"

#define LOOKED_AT_MAX 20 /* of what it refers to, nearest first */

static void
take(struct conversations_facts *facts, uint64_t conversation, const conversations_matter *matter,
     bool proven)
{
    facts->referred = conversation;
    facts->referred_proven = proven;
    facts->referred_open = matter->open;
    facts->referred_at.unix_us = matter->resolved_us;
    facts->referred_as_spam = !matter->open && matter->outcome == FR__OUTCOME__SPAM;
}

/* An unproven sender meets only what began unproven; a proven one also meets what he began before
 * he was. */
static bool
is_his(const Fr__MessageIdentified *identified, const conversations_matter *matter)
{
    return matter->customer_id == identified->customer_id &&
           (matter->unverified || !identified->unverified);
}

static enum fr_error
find_named(const struct fr_turn *turn, const Fr__MessageReceived *message, const char *name,
           uint64_t *conversation)
{
    struct conversations_place place;
    uint64_t id;
    enum fr_error err =
        conversations_external_get(turn->view, message->channel, message->account, name, &id);

    if (err == FR_OK)
        err = conversations_message_get(turn->view, id, &place);
    if (err == FR_OK)
        *conversation = place.conversation;
    return err;
}

/* One conversation that the message names in some way. */
static enum fr_error
weigh(struct fr_turn *turn, const char *brand, const Fr__MessageIdentified *identified,
      uint64_t conversation, bool proven, struct conversations_facts *facts)
{
    const conversations_matter *matter;
    enum fr_error err = conversations_get(turn->view, conversation, turn->arena, &matter);

    if (err != FR_OK || strcmp(matter->brand, brand) != 0)
        return err == FR_NOT_FOUND ? FR_OK : err;
    if (proven || is_his(identified, matter))
        take(facts, conversation, matter, proven);
    else if (facts->foreign == 0)
        facts->foreign = conversation;
    return FR_OK;
}

enum fr_error
conversations_refer(struct fr_turn *turn, const char *brand,
                    const Fr__MessageIdentified *identified, struct conversations_facts *facts)
{
    const Fr__MessageReceived *message = identified->message;
    enum fr_error err = FR_OK;

    facts->automatic = message->has_writer && message->writer != FR__WRITER__PERSON;
    if (message->proven_conversation != 0)
        err = weigh(turn, brand, identified, message->proven_conversation, true, facts);
    for (size_t i = 0;
         err == FR_OK && facts->referred == 0 && i < message->n_refers_to && i < LOOKED_AT_MAX;
         i++) {
        uint64_t conversation;

        err = find_named(turn, message, message->refers_to[i], &conversation);
        if (err == FR_OK)
            err = weigh(turn, brand, identified, conversation, false, facts);
        else if (err == FR_NOT_FOUND)
            err = FR_OK;
    }
    return err;
}
