/* parse_attachments.c - every leaf that is not the text: hashed, typed by content, handed on. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "services/channel_email/charset_text.h"
#include "services/channel_email/html.h"
#include "services/channel_email/mime_sniff.h"
#include "services/channel_email/parse_private.h"

#define NAME_SIZE_MAX 180 /* bytes; file systems take 255 */

struct reading { /* one attachment's bytes going by */
    const struct email_sink *sink;
    crypto_hash_sha256_state hash;
    uint64_t size;
    char begin[EMAIL_SNIFF_SIZE];
    size_t begin_size;
};

static enum fr_error
take(void *context, const void *data, size_t size)
{
    struct reading *reading = context;
    size_t room = sizeof(reading->begin) - reading->begin_size;
    size_t some = size < room ? size : room;

    memcpy(reading->begin + reading->begin_size, data, some);
    reading->begin_size += some;
    crypto_hash_sha256_update(&reading->hash, data, size);
    reading->size += size;
    return reading->sink == NULL ? FR_OK : reading->sink->write(reading->sink->context, data, size);
}

/* No folders, no control characters, not too long. */
static char *
safe_name(struct fr_arena *arena, const char *name)
{
    struct email_text out = email_text(arena, NAME_SIZE_MAX);
    const char *slash = strrchr(name, '/'), *end;

    if (slash != NULL)
        name = slash + 1;
    slash = strrchr(name, '\\');
    if (slash != NULL)
        name = slash + 1;
    name += strspn(name, " .");
    for (end = name + strlen(name); name < end;) {
        uint32_t code = email_utf8_next(&name, end);

        if (code < 0x20 || code == 0x7f || (code >= 0x202a && code <= 0x202e) ||
            (code >= 0x2066 && code <= 0x2069))
            continue; /* the bidi overrides make "exe.txt" of "txt.exe" */
        email_text_put(&out, code);
    }
    return out.size == 0 ? NULL : out.data;
}

static char *
name_of(struct email_parsing *parsing, const struct email_part *part, const char *type,
        size_t index)
{
    char *name = part->name == NULL ? NULL : safe_name(parsing->arena, part->name);

    if (name == NULL && part->title != NULL) {
        name = safe_name(parsing->arena, part->title);
        if (name != NULL)
            name = fr_arena_printf(parsing->arena, "%s.%s", name, email_extension(type));
    }
    if (name != NULL)
        return name;
    return fr_arena_printf(parsing->arena, "%s-%zu.%s",
                           strncmp(type, "image/", 6) == 0 ? "image"
                           : part->enclosed_mail           ? "mail"
                                                           : "part",
                           index + 1, email_extension(type));
}

static Fr__EmailAttachment *
attach(struct email_parsing *parsing, const struct email_part *part, size_t index,
       const struct reading *reading, const uint8_t *hash, uint64_t offset)
{
    Fr__EmailAttachment *made = fr_arena_alloc(parsing->arena, sizeof(*made));
    const char *type =
        email_sniff(fr_slice(reading->begin, reading->begin_size), part->type, part->name);

    if (made == NULL)
        return NULL;
    fr__email_attachment__init(made);
    made->type = (char *)(uintptr_t)type;
    made->name = name_of(parsing, part, type, index);
    made->size = reading->size;
    made->sha256.len = crypto_hash_sha256_BYTES;
    made->sha256.data = (uint8_t *)fr_arena_strndup(parsing->arena, hash, made->sha256.len);
    made->declared_type = (char *)(uintptr_t)part->type;
    made->content_id = (char *)(uintptr_t)part->content_id;
    made->has_offset = 1;
    made->offset = offset;
    made->has_inline_image = 1;
    made->inline_image = strncmp(type, "image/", 6) == 0 && part->content_id != NULL &&
                         parsing->parsed->html != NULL &&
                         email_html_shows(parsing->parsed->html, part->content_id);
    return made->name == NULL || made->sha256.data == NULL ? NULL : made;
}

enum fr_error
email_parse_attachments(struct email_parsing *parsing)
{
    Fr__EmailParsed *parsed = parsing->parsed;
    uint64_t offset = 0;

    parsed->attachments =
        fr_arena_zalloc(parsing->arena, EMAIL_PARTS_MAX, sizeof(*parsed->attachments));
    if (parsed->attachments == NULL)
        return FR_NO_MEMORY;
    for (size_t i = 0; i < parsing->mime.part_count; i++) {
        const struct email_part *part = &parsing->mime.parts[i];
        struct reading reading = {.sink = parsing->sink};
        uint8_t hash[crypto_hash_sha256_BYTES];
        Fr__EmailAttachment *made;
        enum fr_error err;

        if (email_is_body(part))
            continue;
        crypto_hash_sha256_init(&reading.hash);
        err = email_mime_decode(part, take, &reading);
        if (err != FR_OK)
            return err;
        crypto_hash_sha256_final(&reading.hash, hash);
        made = attach(parsing, part, i, &reading, hash, offset);
        if (made == NULL)
            return FR_NO_MEMORY;
        parsed->attachments[parsed->n_attachments++] = made;
        offset += reading.size;
    }
    return FR_OK;
}
