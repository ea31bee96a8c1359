/* mime_sniff.c - magic numbers, as their formats' specifications give them. */
#include "services/channel_email/mime_sniff.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct magic {
    size_t offset;
    const char *bytes;
    size_t size;
    const char *type;
};

#define AT(offset, bytes, type)                                                                    \
    {                                                                                              \
        offset, bytes, sizeof(bytes) - 1, type                                                     \
    }

/* clang-format off */
static const struct magic magics[] = {
    AT(0, "\x89PNG\r\n\x1a\n", "image/png"),           AT(0, "\xff\xd8\xff", "image/jpeg"),
    AT(0, "GIF87a", "image/gif"),                      AT(0, "GIF89a", "image/gif"),
    AT(8, "WEBP", "image/webp"),                       AT(0, "BM", "image/bmp"),
    AT(0, "II*\0", "image/tiff"),                      AT(0, "MM\0*", "image/tiff"),
    AT(4, "ftypheic", "image/heic"),                   AT(4, "ftypheix", "image/heic"),
    AT(4, "ftypmif1", "image/heic"),                   AT(4, "ftypavif", "image/avif"),
    AT(4, "ftypqt", "video/quicktime"),                AT(4, "ftyp", "video/mp4"),
    AT(0, "\0\0\1\0", "image/x-icon"),                 AT(0, "%PDF-", "application/pdf"),
    AT(0, "%!PS", "application/postscript"),           AT(0, "{\\rtf", "application/rtf"),
    AT(0, "\x1f\x8b", "application/gzip"),             AT(0, "BZh", "application/x-bzip2"),
    AT(0, "\xfd" "7zXZ\0", "application/x-xz"),        AT(0, "7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    AT(0, "Rar!\x1a\x07", "application/vnd.rar"),      AT(257, "ustar", "application/x-tar"),
    AT(0, "\x78\x9f\x3e\x22", "application/ms-tnef"),  AT(0, "MZ", "application/vnd.microsoft.portable-executable"),
    AT(0, "\x7f" "ELF", "application/x-executable"),   AT(0, "ID3", "audio/mpeg"),
    AT(0, "\xff\xfb", "audio/mpeg"),                   AT(0, "OggS", "audio/ogg"),
    AT(0, "fLaC", "audio/flac"),                       AT(8, "WAVE", "audio/wav"),
    AT(8, "AVI ", "video/x-msvideo"),                  AT(0, "#!AMR", "audio/amr"),
    AT(0, "\x1a\x45\xdf\xa3", "video/webm"),           AT(0, "wOFF", "font/woff"),
    AT(0, "BEGIN:VCALENDAR", "text/calendar"),         AT(0, "BEGIN:VCARD", "text/vcard"),
    AT(0, "-----BEGIN PGP", "application/pgp-encrypted"), AT(0, "SQLite format 3\0", "application/vnd.sqlite3"),
};

static const struct { const char *type, *extension; } extensions[] = {
    { "image/png", "png" }, { "image/jpeg", "jpg" }, { "image/gif", "gif" }, { "image/webp", "webp" }, { "image/bmp", "bmp" },
    { "image/tiff", "tif" }, { "image/heic", "heic" }, { "image/svg+xml", "svg" }, { "application/pdf", "pdf" },
    { "application/zip", "zip" }, { "application/gzip", "gz" }, { "text/plain", "txt" }, { "text/html", "html" },
    { "text/calendar", "ics" }, { "text/vcard", "vcf" }, { "text/csv", "csv" }, { "message/rfc822", "eml" },
    { "message/delivery-status", "txt" }, { "message/feedback-report", "txt" }, { "text/rfc822-headers", "txt" },
    { "application/ms-tnef", "dat" }, { "application/pkcs7-signature", "p7s" }, { "application/pgp-signature", "asc" },
    { "application/rtf", "rtf" }, { "video/mp4", "mp4" }, { "audio/mpeg", "mp3" }, { "audio/wav", "wav" }, { "audio/ogg", "ogg" },
    { "application/json", "json" }, { "application/xml", "xml" }, { "text/xml", "xml" },
    { "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx" },
    { "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx" },
    { "application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx" },
    { "application/msword", "doc" }, { "application/vnd.ms-excel", "xls" }, { "application/vnd.ms-outlook", "msg" },
};
/* clang-format on */

static bool
holds(struct fr_slice begin, const char *word)
{
    return begin.size > 0 && memmem(begin.data, begin.size, word, strlen(word)) != NULL;
}

/* A ZIP: the names of its first members tell whether it is a document. */
static const char *
zip_type(struct fr_slice begin)
{
    if (holds(begin, "word/"))
        return "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    if (holds(begin, "xl/"))
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    if (holds(begin, "ppt/"))
        return "application/vnd.openxmlformats-officedocument.presentationml.presentation";
    if (holds(begin, "mimetypeapplication/vnd.oasis.opendocument.text"))
        return "application/vnd.oasis.opendocument.text";
    if (holds(begin, "mimetypeapplication/vnd.oasis.opendocument.spreadsheet"))
        return "application/vnd.oasis.opendocument.spreadsheet";
    if (holds(begin, "mimetypeapplication/epub+zip"))
        return "application/epub+zip";
    if (holds(begin, "META-INF/MANIFEST.MF"))
        return "application/java-archive";
    return "application/zip";
}

static bool
name_ends(const char *name, const char *end)
{
    size_t size = name == NULL ? 0 : strlen(name), end_size = strlen(end);

    return size > end_size && strcasecmp(name + size - end_size, end) == 0;
}

/* OLE compound files differ far behind their beginning: the name decides. */
static const char *
ole_type(const char *name)
{
    if (name_ends(name, ".doc") || name_ends(name, ".dot"))
        return "application/msword";
    if (name_ends(name, ".xls"))
        return "application/vnd.ms-excel";
    if (name_ends(name, ".ppt"))
        return "application/vnd.ms-powerpoint";
    if (name_ends(name, ".msg"))
        return "application/vnd.ms-outlook";
    return "application/x-ole-storage";
}

static bool
is_text(struct fr_slice begin)
{
    const unsigned char *data = begin.data;

    for (size_t i = 0; i < begin.size; i++)
        if (data[i] < 0x20 && data[i] != '\t' && data[i] != '\n' && data[i] != '\r' &&
            data[i] != '\f' && data[i] != 0x1b)
            return false;
    return true;
}

static const char *
text_type(struct fr_slice begin, const char *declared)
{
    static const char *const kept[] = {"text/csv",
                                       "text/css",
                                       "text/calendar",
                                       "text/vcard",
                                       "text/xml",
                                       "text/markdown",
                                       "text/rfc822-headers",
                                       "application/json",
                                       "application/xml",
                                       "message/rfc822",
                                       "message/delivery-status",
                                       "message/feedback-report",
                                       "application/pgp-signature",
                                       "application/pgp-encrypted",
                                       "text/html",
                                       "message/global",
                                       "message/disposition-notification",
                                       "application/pgp-keys",
                                       "text/richtext",
                                       "text/enriched"};
    char head[513];
    size_t size = begin.size < sizeof(head) - 1 ? begin.size : sizeof(head) - 1;

    memcpy(head, begin.data, size);
    head[size] = '\0';
    if (strcasestr(head, "<svg") != NULL)
        return "image/svg+xml";
    if (strcasestr(head, "<!doctype html") != NULL || strcasestr(head, "<html") != NULL)
        return "text/html";
    for (size_t i = 0; declared != NULL && i < COUNT(kept); i++)
        if (strcmp(declared, kept[i]) == 0)
            return kept[i];
    return strncmp(head, "<?xml", 5) == 0 ? "application/xml" : "text/plain";
}

const char *
email_sniff(struct fr_slice begin, const char *declared, const char *name)
{
    const char *data = begin.data;

    if (begin.size > EMAIL_SNIFF_SIZE)
        begin.size = EMAIL_SNIFF_SIZE;
    if (declared != NULL && strcmp(declared, "message/rfc822") == 0)
        return "message/rfc822";
    if (begin.size >= 4 && memcmp(data, "PK\3\4", 4) == 0)
        return zip_type(begin);
    if (begin.size >= 8 && memcmp(data, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8) == 0)
        return ole_type(name);
    for (size_t i = 0; i < COUNT(magics); i++)
        if (begin.size >= magics[i].offset + magics[i].size &&
            memcmp(data + magics[i].offset, magics[i].bytes, magics[i].size) == 0)
            return magics[i].type;
    if (begin.size > 0 && is_text(begin))
        return text_type(begin, declared);
    if (declared != NULL && strcmp(declared, "application/pkcs7-signature") == 0)
        return "application/pkcs7-signature";
    if (declared != NULL && strcmp(declared, "application/pkcs7-mime") == 0)
        return "application/pkcs7-mime";
    return "application/octet-stream";
}

const char *
email_extension(const char *type)
{
    for (size_t i = 0; i < COUNT(extensions); i++)
        if (strcmp(type, extensions[i].type) == 0)
            return extensions[i].extension;
    return "bin";
}
