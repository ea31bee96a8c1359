/* thread.c - a container for each id that anybody mentions, linked by what mails say of their own
 * ancestors.
 */
#include "services/channel_email/thread.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "common/base/hash.h"

#define NONE SIZE_MAX

struct container {
    const char *id;
    size_t mail;   /* index, or NONE: only mentioned */
    size_t parent; /* container */
    size_t next;   /* in its hash chain */
};

struct folder {
    struct container *list;
    size_t count;
    size_t *heads, head_count;
};

size_t
email_thread_ids(char *const *references, size_t reference_count, char *const *in_reply_to,
                 size_t in_reply_to_count, char *about, char **ids)
{
    size_t count = 0;

    if (about != NULL)
        ids[count++] = about;
    for (size_t i = reference_count; i-- > 0;)
        ids[count++] = references[i];
    for (size_t i = 0; reference_count == 0 && i < in_reply_to_count; i++)
        ids[count++] = in_reply_to[i];
    return count;
}

static size_t
add(struct folder *folder, const char *id)
{
    folder->list[folder->count] = (struct container){id, NONE, NONE, NONE};
    return folder->count++;
}

static size_t
find_or_add(struct folder *folder, const char *id)
{
    size_t head = fr_hash(id, strlen(id)) % folder->head_count, i;

    for (i = folder->heads[head]; i != NONE; i = folder->list[i].next)
        if (strcmp(folder->list[i].id, id) == 0)
            return i;
    i = add(folder, id);
    folder->list[i].next = folder->heads[head];
    folder->heads[head] = i;
    return i;
}

static bool
is_above(const struct folder *folder, size_t above, size_t below)
{
    for (; below != NONE; below = folder->list[below].parent)
        if (below == above)
            return true;
    return false;
}

/* What others say of an ancestor counts until that mail speaks for itself. */
static void
link_chain(struct folder *folder, const struct email_threaded *mail, size_t *last)
{
    size_t parent = NONE;

    for (size_t i = 0; i < mail->reference_count; i++) {
        size_t container = find_or_add(folder, mail->references[i]);

        if (parent != NONE && folder->list[container].parent == NONE &&
            !is_above(folder, container, parent))
            folder->list[container].parent = parent;
        parent = container;
    }
    *last = parent;
}

/* "Re: x" under the id of "x": a second mail that answers the first one with its own id. */
static bool
answers(const char *subject, const char *first)
{
    if (subject == NULL || first == NULL || strncasecmp(subject, "re:", 3) != 0)
        return false;
    subject += 3;
    subject += strspn(subject, " \t");
    return first[0] != '\0' && strcasecmp(subject, first) == 0;
}

static void
place(struct folder *folder, struct email_threaded *mails, size_t i, size_t *own)
{
    size_t last, container;

    link_chain(folder, &mails[i], &last);
    container =
        mails[i].message_id == NULL ? add(folder, "") : find_or_add(folder, mails[i].message_id);
    if (folder->list[container].mail !=
        NONE) { /* the id is taken: it counts as a mail without one */
        size_t first = container;

        container = add(folder, "");
        if (last == NONE && answers(mails[i].subject, mails[folder->list[first].mail].subject))
            last = first;
    }
    folder->list[container].mail = i;
    own[i] = container;
    folder->list[container].parent = NONE;
    if (last != NONE && !is_above(folder, container, last))
        folder->list[container].parent = last;
}

/* The nearest mail that is there, of those it names itself. */
static size_t
nearest(struct folder *folder, const struct email_threaded *mail, size_t own)
{
    size_t direct = folder->list[own].parent;

    if (direct != NONE && folder->list[direct].mail != NONE)
        return folder->list[direct].mail;
    for (size_t i = mail->reference_count; i-- > 0;) {
        size_t container = find_or_add(folder, mail->references[i]);

        if (container != own && folder->list[container].mail != NONE &&
            is_above(folder, container, own))
            return folder->list[container].mail;
    }
    return EMAIL_NO_PARENT;
}

enum fr_error
email_thread(struct fr_arena *arena, struct email_threaded *mails, size_t count)
{
    struct folder folder = {.head_count = count * 2 + 1};
    size_t containers = count * 2 + 1, *own = fr_arena_zalloc(arena, count + 1, sizeof(*own));

    for (size_t i = 0; i < count; i++)
        containers += mails[i].reference_count;
    folder.list = fr_arena_zalloc(arena, containers, sizeof(*folder.list));
    folder.heads = fr_arena_alloc(arena, folder.head_count * sizeof(*folder.heads));
    if (own == NULL || folder.list == NULL || folder.heads == NULL)
        return FR_NO_MEMORY;
    memset(folder.heads, 0xff, folder.head_count * sizeof(*folder.heads));
    for (size_t i = 0; i < count; i++)
        place(&folder, mails, i, own);
    for (size_t i = 0; i < count; i++) {
        size_t at, root = own[i];

        mails[i].parent = nearest(&folder, &mails[i], own[i]);
        for (at = own[i]; at != NONE; at = folder.list[at].parent)
            root = at;
        mails[i].root = root;
    }
    return FR_OK;
}
