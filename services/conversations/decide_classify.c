/* decide_classify.c - what agents and operators say the matter is: priority, tags, complaint, tier,
 * for whom it waits. */
#include "proto/desk.pb-c.h"
#include "services/conversations/say.h"

#define TAGS_MAX 8
#define TAG_SIZE_MAX 23

static bool
is_tag(const char *text)
{
    size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-");

    return size > 0 && size <= TAG_SIZE_MAX && text[size] == '\0';
}

static bool
holds(char **tags, size_t count, const char *tag)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(tags[i], tag) == 0)
            return true;
    return false;
}

/* The tags as they are afterwards; false: one is none, or there are too many. */
static bool
change_tags(const conversations_matter *matter, const Fr__MatterMarked *marked, char **tags,
            size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < matter->n_tags; i++)
        if (!holds(marked->drop_tags, marked->n_drop_tags, matter->tags[i]))
            tags[(*count)++] = matter->tags[i];
    for (size_t i = 0; i < marked->n_add_tags; i++) {
        if (!is_tag(marked->add_tags[i]))
            return false;
        if (holds(tags, *count, marked->add_tags[i]))
            continue;
        if (*count == TAGS_MAX)
            return false;
        tags[(*count)++] = marked->add_tags[i];
    }
    return true;
}

static bool
same_text(const char *a, const char *b)
{
    return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

/* Is it what it was? */
static bool
is_known(const conversations_matter *matter, const Fr__ConversationClassified *classified)
{
    if (matter->n_tags != classified->n_tags)
        return false;
    for (size_t i = 0; i < matter->n_tags; i++)
        if (strcmp(matter->tags[i], classified->tags[i]) != 0)
            return false;
    return matter->priority == classified->priority &&
           (matter->complaint != 0) == (classified->complaint != 0) &&
           same_text(matter->tier, classified->tier) &&
           (!classified->has_waiting || matter->waiting == classified->waiting);
}

/* MatterMarked: somebody says what the matter is.
 *
 * Reads conversations.  Emits ConversationClassified, all of it as it stands now.
 * Sent twice: it is so already.
 */
enum fr_error
conversations_decide_matter_marked(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__MatterMarked *marked = fr_unpack(turn, input, &fr__matter_marked__descriptor);
    Fr__ConversationClassified classified = FR__CONVERSATION_CLASSIFIED__INIT;
    struct conversations_talk talk;
    char *tags[TAGS_MAX + 1];
    enum fr_error err;

    if (marked == NULL)
        return fr_reject(turn, input, "MatterMarked does not decode");
    err = conversations_talk_begin(&talk, turn, input, marked->conversation_id);
    if (err == FR_NOT_FOUND)
        return fr_reject(turn, input, "no such conversation");
    if (err != FR_OK)
        return err;
    if (marked->tier != NULL && strlen(marked->tier) > 31)
        return fr_reject(turn, input, "a tier has at most 31 bytes");
    if (marked->has_priority && (marked->priority < -100 || marked->priority > 100))
        return fr_reject(turn, input, "a priority lies between -100 and 100");
    if (!change_tags(talk.matter, marked, tags, &classified.n_tags))
        return fr_reject(turn, input,
                         "a tag has 1 to 23 of a-z 0-9 _ -, and a conversation at most 8 of them");
    classified.conversation_id = talk.conversation;
    classified.customer_id = talk.matter->customer_id;
    classified.priority = marked->has_priority ? marked->priority : talk.matter->priority;
    classified.complaint = marked->has_complaint ? marked->complaint : talk.matter->complaint;
    classified.tags = tags;
    classified.tier = marked->tier != NULL ? marked->tier : talk.matter->tier;
    classified.has_waiting = marked->has_waiting;
    classified.waiting = marked->waiting;
    if (is_known(talk.matter, &classified)) {
        fr_count(turn, CONVERSATIONS_REPEATED, 1);
        return FR_OK;
    }
    classified.reason = fr_arena_printf(turn->arena, "%s said so", marked->agent);
    return classified.reason == NULL ? FR_NO_MEMORY
                                     : conversations_say(&talk, &classified.base, NULL);
}
