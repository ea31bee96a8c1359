/* parse_header.c - who, to whom, about what, in answer to what. */
#include <string.h>
#include <strings.h>
#include "services/channel_email/address.h"
#include "services/channel_email/authres.h"
#include "services/channel_email/charset.h"
#include "services/channel_email/parse_private.h"

static char *
decoded(struct email_parsing *parsing, const char *name)
{
    struct fr_slice raw = email_mime_field(&parsing->mime, name);

    return raw.size == 0 ? NULL : email_words_decode(parsing->arena, raw, parsing->charset);
}

/* All fields of that name together: some senders repeat To. */
static struct email_addresses
addresses(struct email_parsing *parsing, const char *name)
{
    struct email_addresses all = {
        fr_arena_zalloc(parsing->arena, EMAIL_ADDRESSES_MAX, sizeof(*all.list)), 0, false};

    for (size_t i = 0; all.list != NULL && i < parsing->mime.header.count; i++) {
        const struct email_field *field = &parsing->mime.header.fields[i];
        struct email_addresses some;

        if (field->name.size != strlen(name) ||
            strncasecmp(field->name.data, name, field->name.size) != 0 ||
            all.count == EMAIL_ADDRESSES_MAX)
            continue;
        some = email_address_parse(parsing->arena, field->value, parsing->charset,
                                   EMAIL_ADDRESSES_MAX - all.count);
        for (size_t n = 0; n < some.count; n++)
            all.list[all.count++] = some.list[n];
        if (some.cut)
            email_warn(parsing, "more than 5000 addresses in a field: the rest was left out");
    }
    return all;
}

/* Where one of the addresses has a domain, what has none is only noise. */
static void
drop_local(struct email_addresses *found)
{
    size_t kept = 0;

    for (size_t i = 0; i < found->count; i++)
        if (strchr(found->list[i]->address, '@') != NULL)
            found->list[kept++] = found->list[i];
    if (kept > 0)
        found->count = kept;
}

/* A mail without a sender is answered where it asks for it, or where it came from; that it does
 * not say who wrote it is noted, and nobody vouches for it. */
static void
read_from(struct email_parsing *parsing)
{
    static const char *const instead[] = {"reply-to", "sender", "return-path"};
    struct email_addresses found = addresses(parsing, "from");

    drop_local(&found);
    parsing->from_count = found.count;
    if (found.count == 0)
        email_warn(parsing, "no sender in From");
    for (size_t i = 0; found.count == 0 && i < sizeof(instead) / sizeof(instead[0]); i++)
        found = addresses(parsing, instead[i]);
    parsing->parsed->from = found.list;
    parsing->parsed->n_from = found.count;
}

static void
read_people(struct email_parsing *parsing)
{
    Fr__EmailParsed *parsed = parsing->parsed;
    struct email_addresses found;

    read_from(parsing);
    found = addresses(parsing, "to");
    parsed->to = found.list;
    parsed->n_to = found.count;
    found = addresses(parsing, "cc");
    parsed->cc = found.list;
    parsed->n_cc = found.count;
    found = addresses(parsing, "reply-to");
    parsed->reply_to = found.list;
    parsed->n_reply_to = found.count;
    found = addresses(parsing, "sender");
    if (found.count > 0)
        parsed->sender = found.list[0];
}

static size_t
ids(struct email_parsing *parsing, const char *name, char ***list, size_t max)
{
    *list = fr_arena_zalloc(parsing->arena, max, sizeof(**list));
    return *list == NULL ? 0
                         : email_ids_parse(parsing->arena, email_mime_field(&parsing->mime, name),
                                           *list, max);
}

static void
read_ids(struct email_parsing *parsing)
{
    Fr__EmailParsed *parsed = parsing->parsed;
    char **own;

    if (ids(parsing, "message-id", &own, 2) > 0)
        parsed->message_id = own[0];
    parsed->n_in_reply_to = ids(parsing, "in-reply-to", &parsed->in_reply_to, 10);
    parsed->n_references = ids(parsing, "references", &parsed->references, EMAIL_REFERENCES_MAX);
}

/* Nearest first: the last Delivered-To that was added stands on top. */
static void
read_delivered_to(struct email_parsing *parsing)
{
    static const char *const names[] = {"delivered-to", "x-original-to", "envelope-to",
                                        "x-envelope-to", "x-delivered-to"};
    Fr__EmailParsed *parsed = parsing->parsed;
    size_t max = 20;

    parsed->delivered_to = fr_arena_zalloc(parsing->arena, max, sizeof(*parsed->delivered_to));
    for (size_t n = 0; parsed->delivered_to != NULL && n < sizeof(names) / sizeof(names[0]); n++) {
        struct email_addresses found = addresses(parsing, names[n]);

        for (size_t i = 0; i < found.count && parsed->n_delivered_to < max; i++)
            parsed->delivered_to[parsed->n_delivered_to++] = found.list[i]->address;
    }
}

void
email_parse_header(struct email_parsing *parsing)
{
    Fr__EmailParsed *parsed = parsing->parsed;
    struct fr_slice date = email_mime_field(&parsing->mime, "date");

    read_people(parsing);
    read_ids(parsing);
    read_delivered_to(parsing);
    parsed->subject = decoded(parsing, "subject");
    parsed->language = decoded(parsing, "content-language");
    parsed->list_id = decoded(parsing, "list-id");
    if (email_date_parse(date, parsing->arena, &parsed->date_us))
        parsed->has_date_us = 1;
    else
        email_warn(parsing, date.size == 0 ? "no Date" : "a Date that is none");
    if (parsed->message_id == NULL)
        email_warn(parsing, "no Message-ID");
    parsed->authentication = email_authres(&parsing->mime, parsing->options,
                                           parsed->n_from > 0 ? parsed->from[0]->address : "",
                                           parsing->from_count, parsing->arena);
}
