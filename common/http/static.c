/* static.c - files of one directory, for the pages that belong to a service.
 *
 * Nothing above the directory is ever opened: the path was normalized (head.c), names that begin
 * with a dot do not exist here, and a symbolic link counts only when it leads to a file inside
 * (Kubernetes mounts configuration that way, so links cannot be refused altogether).
 */
#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "common/http/private.h"

/* clang-format off */
static const struct type {
    const char *ending, *name;
} types[] = {
    {".html", "text/html; charset=utf-8"}, {".htm", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"}, {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"}, {".json", "application/json"},
    {".map", "application/json"}, {".webmanifest", "application/manifest+json"},
    {".txt", "text/plain; charset=utf-8"}, {".md", "text/markdown; charset=utf-8"},
    {".xml", "application/xml"}, {".pdf", "application/pdf"}, {".wasm", "application/wasm"},
    {".svg", "image/svg+xml"}, {".png", "image/png"}, {".jpg", "image/jpeg"},
    {".jpeg", "image/jpeg"}, {".gif", "image/gif"}, {".webp", "image/webp"},
    {".avif", "image/avif"}, {".ico", "image/x-icon"}, {".woff", "font/woff"},
    {".woff2", "font/woff2"}, {".ttf", "font/ttf"}, {".otf", "font/otf"},
    {".mp3", "audio/mpeg"}, {".ogg", "audio/ogg"}, {".wav", "audio/wav"}, {".mp4", "video/mp4"},
    {".webm", "video/webm"},
};
/* clang-format on */

static const char *
type_of(const char *path)
{
    const char *dot = strrchr(path, '.');

    for (size_t i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]); i++)
        if (strcasecmp(dot, types[i].ending) == 0)
            return types[i].name;
    return "application/octet-stream";
}

/* "app-DiwrgTda.js", "main.0a1b2c3d.css": a bundler put a hash of the contents between the name and
 * its ending, so this name never means other bytes.  8 characters that no word is made of, or
 * hexadecimal digits; when in doubt the answer is no, which costs a revalidation and not a stale
 * page. */
static bool
has_hash(const char *path)
{
    const char *name = strrchr(path, '/') + 1, *dot = strrchr(name, '.'), *hash;
    size_t digits = 0, uppers = 0, hexes = 0, size;

    for (hash = dot; hash != NULL && hash > name && hash[-1] != '-' && hash[-1] != '.';)
        hash--;
    if (hash == NULL || hash == name)
        return false;
    size = (size_t)(dot - hash);
    for (size_t i = 0; i < size; i++) {
        if (!isalnum((unsigned char)hash[i]) && hash[i] != '_')
            return false;
        digits += isdigit((unsigned char)hash[i]) != 0;
        uppers += isupper((unsigned char)hash[i]) != 0;
        hexes += isxdigit((unsigned char)hash[i]) != 0;
    }
    return (size == 8 && (digits > 0 || uppers >= 2)) || (size > 8 && hexes == size && digits > 0);
}

static bool
is_hidden(const char *path)
{
    for (const char *slash = path; slash != NULL; slash = strchr(slash + 1, '/'))
        if (slash[1] == '.' && strncmp(slash, "/.well-known/", 13) != 0)
            return true;
    return strchr(path, '\\') != NULL;
}

/* -1: no such file, or not one of ours. */
static int
open_inside(const char *directory, const char *path, struct stat *status)
{
    size_t size = strlen(path), directory_size = strlen(directory);
    char wanted[PATH_MAX], real[PATH_MAX];
    int n, fd;

    n = snprintf(wanted, sizeof(wanted), "%s%s%s", directory, path,
                 path[size - 1] == '/' ? "index.html" : "");
    if (n < 0 || (size_t)n >= sizeof(wanted) || realpath(wanted, real) == NULL ||
        strncmp(real, directory, directory_size) != 0 || real[directory_size] != '/')
        return -1;
    fd = open(real, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd >= 0 && (fstat(fd, status) != 0 || !S_ISREG(status->st_mode))) {
        close(fd);
        return -1;
    }
    return fd;
}

/* If-None-Match: a list of tags, weak ones too, or "*". */
static bool
is_known(const char *known, const char *tag)
{
    size_t size = strlen(tag);

    if (known == NULL)
        return false;
    if (strcmp(known, "*") == 0)
        return true;
    for (const char *at = strstr(known, tag); at != NULL; at = strstr(at + 1, tag))
        if ((at == known || strchr(" ,/", at[-1]) != NULL) && strchr(" \t,", at[size]) != NULL)
            return true;
    return false;
}

bool
fr_http_static_find(struct connection *connection, const char *path, const char *head)
{
    struct fr_http *http = connection->http;
    const char *directory = http->options.static_dir;
    char tag[64], headers[192];
    struct letter *letter;
    struct stat status;
    bool known;
    int fd;

    if (directory == NULL || path[0] != '/' || is_hidden(path))
        return false;
    fd = open_inside(directory, path, &status);
    if (fd < 0)
        return false;
    snprintf(tag, sizeof(tag), "\"%llx-%llx%05lx\"", (unsigned long long)status.st_size,
             (unsigned long long)status.st_mtim.tv_sec,
             (unsigned long)status.st_mtim.tv_nsec / 1000);
    snprintf(headers, sizeof(headers), "etag: %s\r\ncache-control: %s\r\n", tag,
             has_hash(path) ? "public, max-age=31536000, immutable" : "no-cache");
    known = is_known(fr_http_head_value(head, &connection->head, "if-none-match"), tag);
    letter = fr_http_answer_file(http, connection->id, known ? 304 : 200,
                                 type_of(path[strlen(path) - 1] == '/' ? ".html" : path), headers,
                                 (size_t)status.st_size);
    if (known || connection->head_only || letter == NULL || status.st_size == 0) {
        close(fd);
    } else {
        connection->file = fd;
        connection->file_offset = 0;
        connection->file_left = status.st_size;
    }
    if (connection->head.content_length > 0 || connection->head.chunked)
        connection->close_after = true;
    connection->state = CONNECTION_WAITING;
    fr_http_wait(http, &connection->deadline, WAIT_IDLE);
    if (letter == NULL)
        fr_http_connection_close(connection);
    else
        fr_http_letters_add(&http->outbox, letter);
    return true;
}
