/* charset_text.c - see charset_text.h. */
#include "services/channel_email/charset_text.h"

#include <string.h>

#define REPLACEMENT 0xfffdu

static bool
room_for(struct email_text *text, size_t more)
{
    size_t capacity = text->capacity == 0 ? 256 : text->capacity;
    char *bigger;

    if (text->cut || more > text->max - text->size) {
        text->cut = true;
        return false;
    }
    while (capacity < text->size + more + 1)
        capacity *= 2;
    if (capacity == text->capacity)
        return true;
    bigger = fr_arena_alloc(text->arena, capacity);
    if (bigger == NULL) {
        text->cut = true;
        return false;
    }
    if (text->size > 0)
        memcpy(bigger, text->data, text->size);
    text->data = bigger;
    text->capacity = capacity;
    return true;
}

struct email_text
email_text_reserved(struct fr_arena *arena, size_t max)
{
    struct email_text text = email_text(arena, max);

    text.data = fr_arena_alloc(arena, max + 1);
    text.cut = text.data == NULL;
    if (text.data != NULL) {
        text.data[0] = '\0';
        text.capacity = max + 1;
    }
    return text;
}

static size_t
encode(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | (code >> 6));
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | (code >> 12));
        out[1] = (char)(0x80 | ((code >> 6) & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | (code >> 18));
    out[1] = (char)(0x80 | ((code >> 12) & 0x3f));
    out[2] = (char)(0x80 | ((code >> 6) & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

void
email_text_put(struct email_text *text, uint32_t code)
{
    char bytes[4];
    size_t size;

    if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        code = REPLACEMENT;
    size = encode(code, bytes);
    if (!room_for(text, size))
        return;
    memcpy(text->data + text->size, bytes, size);
    text->size += size;
    text->data[text->size] = '\0';
}

/* The bytes a character that begins with `lead` has; 0: nothing begins with it. */
static size_t
sequence_size(uint8_t lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead < 0xe0)
        return 2;
    if (lead >= 0xe0 && lead < 0xf0)
        return 3;
    if (lead >= 0xf0 && lead < 0xf5)
        return 4;
    return 0;
}

uint32_t
email_utf8_next(const char **at, const char *end)
{
    const uint8_t *s = (const uint8_t *)*at;
    size_t size = sequence_size(s[0]);
    uint32_t code;

    if (size == 1 || size == 0 || size > (size_t)(end - *at)) {
        (*at)++;
        return size == 1 ? s[0] : REPLACEMENT;
    }
    code = s[0] & (0xffu >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            (*at)++;
            return REPLACEMENT;
        }
        code = (code << 6) | (s[i] & 0x3fu);
    }
    if ((size == 3 && code < 0x800) || (size == 4 && code < 0x10000) || code > 0x10ffff ||
        (code >= 0xd800 && code < 0xe000)) {
        (*at)++;
        return REPLACEMENT;
    }
    *at += size;
    return code;
}

/* Whole runs are copied at once; a run is cut between characters, never inside one. */
void
email_text_add_slice(struct email_text *text, struct fr_slice utf8)
{
    const char *data = utf8.data;
    size_t size = utf8.size;

    if (size > text->max - text->size) {
        size = text->max - text->size;
        while (size > 0 && ((uint8_t)data[size] & 0xc0) == 0x80)
            size--;
    }
    if (size > 0 && room_for(text, size)) {
        memcpy(text->data + text->size, data, size);
        text->size += size;
        text->data[text->size] = '\0';
    }
    if (size < utf8.size)
        text->cut = true;
}

void
email_text_add(struct email_text *text, const char *utf8)
{
    email_text_add_slice(text, fr_slice_str(utf8));
}

char *
email_utf8_clean(struct fr_arena *arena, struct fr_slice bytes, size_t max, bool *cut)
{
    struct email_text text = email_text(arena, max);
    const char *at = bytes.data, *end = email_slice_end(bytes);

    while (bytes.size > 0 && at < end && !text.cut) {
        bool carriage = *at == '\r';
        uint32_t code = email_utf8_next(&at, end);

        if (carriage) {
            if (at < end && *at == '\n')
                continue;
            code = '\n';
        }
        if ((code < 0x20 && code != '\t' && code != '\n') || (code >= 0x7f && code < 0xa0))
            continue;
        email_text_put(&text, code);
    }
    if (cut != NULL)
        *cut = text.cut;
    return text.data == NULL ? fr_arena_strdup(arena, "") : text.data;
}

static bool
is_space(uint32_t code)
{
    return code <= 0x20 || code == 0x85 || code == 0xa0 || code == 0x1680 ||
           (code >= 0x2000 && code <= 0x200a) || code == 0x2028 || code == 0x2029 ||
           code == 0x202f || code == 0x205f || code == 0x3000;
}

char *
email_fold(struct fr_arena *arena, const char *utf8)
{
    struct email_text text = email_text(arena, SIZE_MAX / 4);
    const char *at = utf8, *end = utf8 + strlen(utf8);
    bool space = false;

    while (at < end) {
        uint32_t code = email_utf8_next(&at, end);

        if (is_space(code)) {
            space = true;
            continue;
        }
        if (space && text.size > 0)
            email_text_put(&text, ' ');
        space = false;
        email_text_put(&text, code);
    }
    return text.data == NULL ? fr_arena_strdup(arena, "") : text.data;
}
