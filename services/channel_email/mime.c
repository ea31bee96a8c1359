/* mime.c - the only file that knows GMime. */
#include "services/channel_email/mime.h"

#include <ctype.h>
#include <gmime/gmime.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>
#include "services/channel_email/charset.h"
#include "services/channel_email/charset_text.h"
#include "services/channel_email/parse.h"

#define PIECE_SIZE (16u * 1024)
#define NAME_SIZE_MAX 512
#define PREAMBLE_LINES 30

static pthread_once_t once = PTHREAD_ONCE_INIT;

static char *
lower(struct fr_arena *arena, const char *text)
{
    char *copy = text == NULL ? NULL : fr_arena_strdup(arena, text);

    for (char *c = copy; c != NULL && *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    return copy;
}

static char *
type_name(struct fr_arena *arena, GMimeContentType *type)
{
    char *name = g_mime_content_type_get_mime_type(type);
    char *copy = lower(arena, name);
    char *clean =
        copy == NULL ? NULL : email_utf8_clean(arena, fr_slice_str(copy), NAME_SIZE_MAX, NULL);

    g_free(name);
    return clean;
}

/* GMime's answer, unless words were left undecoded in it; as valid UTF-8. */
static char *
clean_name(struct fr_arena *arena, const char *name)
{
    if (name == NULL || name[0] == '\0')
        return NULL;
    return email_words_decode(arena, fr_slice_str(name), NULL);
}

static const char *
clean(struct fr_arena *arena, const char *text)
{
    return text == NULL ? NULL : email_utf8_clean(arena, fr_slice_str(text), NAME_SIZE_MAX, NULL);
}

static enum email_container
container_of(GMimeObject *object)
{
    static const struct {
        const char *subtype;
        enum email_container container;
    } known[] = {
        {"alternative", EMAIL_IN_ALTERNATIVE},
        {"related", EMAIL_IN_RELATED},
        {"report", EMAIL_IN_REPORT},
        {"signed", EMAIL_IN_SIGNED},
    };
    GMimeContentType *type = g_mime_object_get_content_type(object);

    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (g_mime_content_type_is_type(type, "multipart", known[i].subtype))
            return known[i].container;
    return EMAIL_IN_MIXED;
}

/* An enclosed mail is called by its subject, when nobody described it. */
static char *
title_of(struct fr_arena *arena, GMimeObject *object)
{
    const char *title = g_mime_object_get_header(object, "Content-Description");
    GMimeMessage *message = GMIME_IS_MESSAGE_PART(object)
                                ? g_mime_message_part_get_message(GMIME_MESSAGE_PART(object))
                                : NULL;
    GMimeHeader *subject =
        message == NULL ? NULL
                        : g_mime_header_list_get_header(
                              g_mime_object_get_header_list(GMIME_OBJECT(message)), "Subject");

    if (title == NULL && subject != NULL)
        title = g_mime_header_get_raw_value(subject);
    return clean_name(arena, title);
}

static void
add_leaf(struct email_mime *mime, GMimeObject *object, enum email_container container,
         bool in_alternative)
{
    struct email_part *part = &mime->parts[mime->part_count];
    GMimeContentType *type = g_mime_object_get_content_type(object);
    const char *name = GMIME_IS_PART(object) ? g_mime_part_get_filename(GMIME_PART(object)) : NULL;

    if (mime->part_count == EMAIL_PARTS_MAX)
        return;
    if (name == NULL)
        name = g_mime_object_get_content_type_parameter(object, "name");
    *part = (struct email_part){
        .type = type_name(mime->arena, type),
        .charset = clean(mime->arena, g_mime_content_type_get_parameter(type, "charset")),
        .name = clean_name(mime->arena, name),
        .title = title_of(mime->arena, object),
        .content_id = clean(mime->arena, g_mime_object_get_content_id(object)),
        .disposition = lower(mime->arena, g_mime_object_get_disposition(object)),
        .method = clean(mime->arena, g_mime_content_type_get_parameter(type, "method")),
        .container = container,
        .in_alternative = in_alternative,
        .enclosed_mail = GMIME_IS_MESSAGE_PART(object),
        .object = object,
    };
    if (part->type == NULL)
        part->type = "application/octet-stream";
    mime->part_count++;
}

/* The limits were checked: this goes at most EMAIL_LEVELS_MAX deep. */
static void
walk(struct email_mime *mime, GMimeObject *object, enum email_container container,
     bool in_alternative, unsigned level)
{
    if (object == NULL || level > EMAIL_LEVELS_MAX)
        return;
    if (GMIME_IS_MULTIPART(object)) {
        enum email_container inner = container_of(object);
        int count = g_mime_multipart_get_count(GMIME_MULTIPART(object));

        for (int i = 0; i < count; i++)
            walk(mime, g_mime_multipart_get_part(GMIME_MULTIPART(object), i), inner,
                 in_alternative || inner == EMAIL_IN_ALTERNATIVE, level + 1);
        return;
    }
    add_leaf(mime, object, container, in_alternative);
}

/* What stands before the header: blank lines, the line that mailboxes put between mails, the words
 * of a program that passed the mail on.  Not found within PREAMBLE_LINES: the mail as it is. */
static struct fr_slice
skip_preamble(struct fr_slice mail)
{
    const char *at = mail.data, *end = email_slice_end(mail);

    for (int lines = 0; mail.size > 0 && at < end && lines < PREAMBLE_LINES; lines++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));

        if (email_header_line(at, stop == NULL ? end : stop))
            return fr_slice(at, (size_t)(end - at));
        at = stop == NULL ? end : stop + 1;
    }
    return mail;
}

static bool
is_content_field(struct fr_slice name)
{
    return name.size > 8 && strncasecmp(name.data, "content-", 8) == 0;
}

static bool
repeated(const struct email_header *header, size_t i)
{
    for (size_t n = 0; n < i; n++)
        if (header->fields[n].name.size == header->fields[i].name.size &&
            strncasecmp(header->fields[n].name.data, header->fields[i].name.data,
                        header->fields[i].name.size) == 0)
            return true;
    return false;
}

/* A header that GMime would misread: a line that is no field ends it for GMime, and of two
 * Content-Types it takes the second. */
static bool
misleading(const struct email_header *header)
{
    for (size_t i = 0; i < header->count; i++)
        if (is_content_field(header->fields[i].name) && repeated(header, i))
            return true;
    return header->broken;
}

/* The mail again with the fields that we read, the Content- ones once each.  The empty slice: arena
 * spent. */
static struct fr_slice
rewrite(struct fr_arena *arena, struct fr_slice mail, const struct email_header *header)
{
    char *copy = fr_arena_alloc(arena, mail.size + header->count * 2 + 2), *out = copy;

    if (copy == NULL)
        return fr_slice("", 0);
    for (size_t i = 0; i < header->count; i++) {
        const struct email_field *field = &header->fields[i];
        const char *end = (const char *)field->value.data + field->value.size;
        size_t size = (size_t)(end - (const char *)field->name.data);

        if (is_content_field(field->name) && repeated(header, i))
            continue;
        memcpy(out, field->name.data, size);
        out += size;
        *out++ = '\n';
    }
    *out++ = '\n';
    if (header->body.size > 0)
        memcpy(out, header->body.data, header->body.size);
    return fr_slice(copy, (size_t)(out - copy) + header->body.size);
}

static void
start_gmime(void)
{
    g_mime_init();
}

/* GMime reads the mail where it lies: the array borrows it, and gives it back in the end. */
static enum fr_error
parse(struct email_mime *mime, const char **why)
{
    GMimeParser *parser;

    pthread_once(&once, start_gmime);
    mime->array = g_byte_array_new_take((guint8 *)(uintptr_t)mime->mail.data, mime->mail.size);
    mime->stream = g_mime_stream_mem_new_with_byte_array(mime->array);
    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(mime->stream), FALSE);
    parser = g_mime_parser_new_with_stream(mime->stream);
    g_mime_parser_set_persist_stream(parser, TRUE);
    mime->message = g_mime_parser_construct_message(parser, NULL);
    g_object_unref(parser);
    if (mime->message == NULL) {
        email_mime_close(mime);
        *why = "no mail: it has no header";
        return FR_INVALID;
    }
    return FR_OK;
}

enum fr_error
email_mime_open(struct fr_slice mail, struct fr_arena *arena, struct email_mime *mime,
                const char **why)
{
    GMimeObject *top;
    enum fr_error err;

    *mime = (struct email_mime){.arena = arena, .mail = skip_preamble(mail)};
    err = email_mime_limits(mime->mail, why);
    if (err != FR_OK)
        return err;
    mime->header = email_header_read(arena, mime->mail);
    mime->parts = fr_arena_zalloc(arena, EMAIL_PARTS_MAX, sizeof(*mime->parts));
    *why = "out of memory";
    if (mime->header.fields == NULL || mime->parts == NULL)
        return FR_NO_MEMORY;
    if (mime->header.count == 0) {
        *why = "no mail: it has no header field";
        return FR_INVALID;
    }
    if (misleading(&mime->header)) {
        mime->mail = rewrite(arena, mime->mail, &mime->header);
        if (mime->mail.size == 0)
            return FR_NO_MEMORY;
        mime->header = email_header_read(arena, mime->mail);
        err = email_mime_limits(mime->mail, why);
        if (err != FR_OK)
            return err;
    }
    err = parse(mime, why);
    if (err != FR_OK)
        return err;
    top = g_mime_message_get_mime_part(mime->message);
    mime->type = "text/plain";
    if (top != NULL) {
        GMimeContentType *type = g_mime_object_get_content_type(top);

        mime->type = type_name(arena, type);
        mime->report_type = lower(arena, g_mime_content_type_get_parameter(type, "report-type"));
        walk(mime, top, EMAIL_IN_NOTHING, false, 0);
    }
    if (mime->type == NULL)
        mime->type = "text/plain";
    return FR_OK;
}

void
email_mime_close(struct email_mime *mime)
{
    g_clear_object((GObject **)&mime->message);
    g_clear_object((GObject **)&mime->stream);
    if (mime->array != NULL) {
        g_byte_array_steal(mime->array, NULL);
        g_byte_array_unref(mime->array);
        mime->array = NULL;
    }
}

static enum fr_error
decode_content(GMimePart *part, enum fr_error (*take)(void *, const void *, size_t), void *context)
{
    GMimeDataWrapper *content = g_mime_part_get_content(part);
    GMimeStream *stream = content == NULL ? NULL : g_mime_data_wrapper_get_stream(content);
    GMimeEncoding state;
    char in[PIECE_SIZE], out[PIECE_SIZE * 3 + 64];
    enum fr_error err = FR_OK;
    gint64 left;
    ssize_t got;

    if (stream == NULL)
        return FR_OK;
    g_mime_encoding_init_decode(&state, g_mime_data_wrapper_get_encoding(content));
    g_mime_stream_reset(stream);
    left = g_mime_stream_length(stream);
    while (err == FR_OK && (got = g_mime_stream_read(stream, in, sizeof(in))) > 0) {
        size_t size = g_mime_encoding_step(&state, in, (size_t)got, out);

        left -= got;
        if (left == 0 && size > 0 && out[size - 1] == '\r' && in[got - 1] == '\r')
            size--; /* of the line end before the delimiter, which is not the part's; GMime leaves
                       it */
        err = size == 0 ? FR_OK : take(context, out, size);
    }
    return err;
}

/* An enclosed mail as it came: GMime keeps the original header and the stream of the body, and
 * writes both into a stream of ours, so that nothing is held twice. */
struct outlet {
    GMimeStream stream;
    enum fr_error (*take)(void *context, const void *data, size_t size);
    void *context;
    enum fr_error err;
};
struct outlet_class {
    GMimeStreamClass stream;
};
typedef struct outlet Outlet;
typedef struct outlet_class OutletClass;
static GType outlet_get_type(void);
G_DEFINE_TYPE(Outlet, outlet, GMIME_TYPE_STREAM)

static ssize_t
outlet_write(GMimeStream *stream, const char *data, size_t size)
{
    Outlet *outlet = (Outlet *)stream;

    if (outlet->err == FR_OK && size > 0)
        outlet->err = outlet->take(outlet->context, data, size);
    return outlet->err == FR_OK ? (ssize_t)size : -1;
}

static int
outlet_flush(GMimeStream *stream)
{
    (void)stream;
    return 0;
}

static void
outlet_class_init(OutletClass *class)
{
    class->stream.write = outlet_write;
    class->stream.flush = outlet_flush;
}

static void
outlet_init(Outlet *outlet)
{
    g_mime_stream_construct(&outlet->stream, 0, -1);
}

static enum fr_error
write_mail(GMimeMessage *message, enum fr_error (*take)(void *, const void *, size_t),
           void *context)
{
    Outlet *outlet = g_object_new(outlet_get_type(), NULL);
    enum fr_error err;

    outlet->take = take;
    outlet->context = context;
    g_mime_object_write_to_stream(GMIME_OBJECT(message), NULL, &outlet->stream);
    err = outlet->err;
    g_object_unref(outlet);
    return err;
}

enum fr_error
email_mime_decode(const struct email_part *part,
                  enum fr_error (*take)(void *context, const void *data, size_t size),
                  void *context)
{
    if (GMIME_IS_PART(part->object))
        return decode_content(GMIME_PART(part->object), take, context);
    if (GMIME_IS_MESSAGE_PART(part->object)) {
        GMimeMessage *message = g_mime_message_part_get_message(GMIME_MESSAGE_PART(part->object));

        return message == NULL ? FR_OK : write_mail(message, take, context);
    }
    return FR_OK;
}

struct gathered {
    char *data;
    size_t size, max, capacity;
    struct fr_arena *arena;
    bool cut;
};

static enum fr_error
gather(void *context, const void *data, size_t size)
{
    struct gathered *all = context;

    if (size > all->max - all->size) {
        size = all->max - all->size;
        all->cut = true;
    }
    if (all->size + size > all->capacity) {
        size_t capacity = all->capacity == 0 ? PIECE_SIZE : all->capacity;
        char *bigger;

        while (capacity < all->size + size)
            capacity *= 2;
        bigger = fr_arena_alloc(all->arena, capacity);
        if (bigger == NULL) {
            all->cut = true;
            return FR_END;
        }
        if (all->size > 0)
            memcpy(bigger, all->data, all->size);
        all->data = bigger;
        all->capacity = capacity;
    }
    if (size > 0)
        memcpy(all->data + all->size, data, size);
    all->size += size;
    return all->cut ? FR_END : FR_OK;
}

struct fr_slice
email_mime_bytes(const struct email_part *part, struct fr_arena *arena, size_t max, bool *cut)
{
    struct gathered all = {.arena = arena, .max = max};

    email_mime_decode(part, gather, &all);
    if (cut != NULL)
        *cut = all.cut;
    return fr_slice(all.data == NULL ? "" : all.data, all.size);
}
