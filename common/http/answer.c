/* answer.c - status line and headers of an answer, written in the thread that answers. */
#include <stdio.h>
#include <stdlib.h>
#include "common/base/log.h"
#include "common/http/private.h"

struct status {
    int code;
    const char *reason;
};

/* clang-format off */
static const struct status statuses[] = {
    {200, "OK"}, {201, "Created"}, {202, "Accepted"}, {204, "No Content"},
    {301, "Moved Permanently"}, {302, "Found"}, {303, "See Other"}, {304, "Not Modified"},
    {307, "Temporary Redirect"}, {308, "Permanent Redirect"},
    {400, "Bad Request"}, {401, "Unauthorized"}, {403, "Forbidden"}, {404, "Not Found"},
    {405, "Method Not Allowed"}, {406, "Not Acceptable"}, {408, "Request Timeout"},
    {409, "Conflict"}, {410, "Gone"}, {411, "Length Required"}, {412, "Precondition Failed"},
    {413, "Content Too Large"}, {414, "URI Too Long"}, {415, "Unsupported Media Type"},
    {417, "Expectation Failed"}, {422, "Unprocessable Content"}, {423, "Locked"},
    {426, "Upgrade Required"}, {428, "Precondition Required"}, {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"}, {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"}, {501, "Not Implemented"}, {502, "Bad Gateway"},
    {503, "Service Unavailable"}, {504, "Gateway Timeout"}, {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

/* Ours to write: two of them in one answer is how answers get split. */
static const char *const reserved[] = {"content-length", "transfer-encoding", "connection",
                                       "keep-alive", "upgrade", "date", "trailer", "te"};
/* clang-format on */

static const char *
reason_phrase(int code)
{
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        if (statuses[i].code == code)
            return statuses[i].reason;
    return "Unnamed";
}

/* Visible text, blanks and tabs: no CR, LF, NUL or other control character. */
static bool
is_value(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (((unsigned char)text[i] < 0x20 && text[i] != '\t') || text[i] == 0x7f)
            return false;
    return true;
}

static bool
is_header(const char *line, size_t size)
{
    size_t name_size = 0;

    while (name_size < size && fr_http_is_token((unsigned char)line[name_size]))
        name_size++;
    if (name_size == 0 || name_size == size || line[name_size] != ':')
        return false;
    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
        if (strlen(reserved[i]) == name_size && strncasecmp(line, reserved[i], name_size) == 0)
            return false;
    return is_value(line + name_size, size - name_size);
}

char *
fr_http_header_lines(const char *lines)
{
    size_t size = strlen(lines), count = 1;
    char *out, *at;

    for (const char *c = lines; *c != '\0'; c++)
        count += *c == '\n';
    out = at = malloc(size + count + 2);
    if (out == NULL)
        return NULL;
    while (*lines != '\0') {
        size_t line_size = strcspn(lines, "\n");

        if (line_size > 0 && !is_header(lines, line_size)) {
            free(out);
            return NULL;
        }
        if (line_size > 0) {
            at = mempcpy(at, lines, line_size);
            at = mempcpy(at, "\r\n", 2);
        }
        lines += line_size + (lines[line_size] == '\n');
    }
    *at = '\0';
    return out;
}

struct parts { /* of an answer, measured and then written */
    int status;
    const char *type, *headers; /* headers: with CRLF */
    struct fr_slice body;
    size_t claimed_size;
    bool page, stored; /* stored: it says itself how it may be cached */
};

static bool
has_name(const char *headers, const char *name)
{
    size_t size = strlen(name);

    for (const char *line = headers; line != NULL && *line != '\0';) {
        if (strncasecmp(line, name, size) == 0 && line[size] == ':')
            return true;
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
    }
    return false;
}

static struct letter *
write_answer(struct fr_http *http, uint64_t id, const struct parts *parts)
{
    const char *page = parts->page && http->page_headers != NULL ? http->page_headers : "";
    const char *cache = parts->stored ? "" : "cache-control: no-store\r\n";
    bool has_length = parts->status != 204 && parts->status != 304;
    char line[64], type[256] = "", length[48] = "";
    size_t size;
    struct letter *letter;
    char *at;

    snprintf(line, sizeof(line), "HTTP/1.1 %d %s\r\n", parts->status, reason_phrase(parts->status));
    if (parts->type != NULL && has_length)
        snprintf(type, sizeof(type), "content-type: %s\r\n", parts->type);
    if (has_length)
        snprintf(length, sizeof(length), "content-length: %zu\r\n", parts->claimed_size);
    size = strlen(line) + strlen(type) + strlen(length) + strlen(http->common_headers) +
           strlen(page) + strlen(cache) + strlen(parts->headers);
    letter = fr_http_letter_new(LETTER_ANSWER, id, size + parts->body.size + 1);
    if (letter == NULL)
        return NULL;
    at = stpcpy(stpcpy(stpcpy(letter->bytes, line), type), length);
    at = stpcpy(stpcpy(stpcpy(stpcpy(at, http->common_headers), page), cache), parts->headers);
    letter->answer.status = parts->status;
    letter->answer.head_size = (size_t)(at - letter->bytes);
    letter->answer.body_size = has_length ? parts->body.size : 0;
    if (letter->answer.body_size > 0)
        memcpy(at, parts->body.data, letter->answer.body_size);
    return letter;
}

static bool
is_page(const char *type)
{
    return type != NULL && strncasecmp(type, "text/html", 9) == 0;
}

struct letter *
fr_http_answer_new(struct fr_http *http, uint64_t id, int status, const char *type,
                   const char *headers, struct fr_slice body)
{
    char *lines = headers == NULL ? NULL : fr_http_header_lines(headers);
    struct parts parts = {status,    type,          lines == NULL ? "" : lines,      body,
                          body.size, is_page(type), has_name(lines, "cache-control")};
    struct letter *letter;

    if (status < 200 || status > 599 || (headers != NULL && lines == NULL) ||
        (type != NULL && (!is_value(type, strlen(type)) || strlen(type) > 200))) {
        free(lines);
        fr_log(FR_ERROR, "refused", "what=answer status=%d why=\"malformed header\"", status);
        return fr_http_error_new(http, id, 500, "internal",
                                 "The answer could not be sent as it was written.", NULL);
    }
    letter = write_answer(http, id, &parts);
    free(lines);
    return letter;
}

struct letter *
fr_http_answer_file(struct fr_http *http, uint64_t id, int status, const char *type,
                    const char *headers, size_t size)
{
    const struct parts parts = {status, type, headers, {NULL, 0}, size, true, true};

    return write_answer(http, id, &parts);
}

struct letter *
fr_http_error_new(struct fr_http *http, uint64_t id, int status, const char *code,
                  const char *message, const char *headers)
{
    json_t *body = json_pack("{s:s, s:s}", "error", code, "message", message);
    struct letter *letter;
    char *text;

    if (body == NULL) /* not UTF-8: the status must do */
        body = json_pack("{s:s, s:s}", "error", "error", "message", "");
    text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    json_decref(body);
    if (text == NULL)
        return NULL;
    if (headers == NULL && (status == 503 || status == 429))
        headers = "retry-after: 1";
    letter = fr_http_answer_new(http, id, status, "application/json", headers, fr_slice_str(text));
    free(text);
    return letter;
}

/* ---- what only the loop knows ---- */

/* RFC 9110 5.6.7, whatever the locale. */
static void
write_date(struct fr_http *http)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t now = (time_t)(fr_time_wall().unix_us / 1000000);
    struct tm t;

    if (now == http->date_second)
        return;
    http->date_second = now;
    gmtime_r(&now, &t);
    snprintf(http->date, sizeof(http->date), "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
             days + 3 * t.tm_wday, t.tm_mday % 100, months + 3 * t.tm_mon,
             (t.tm_year + 1900) % 10000, t.tm_hour % 100, t.tm_min % 100, t.tm_sec % 100);
}

size_t
fr_http_tail(struct connection *connection, char *tail, size_t size)
{
    const char *said = connection->close_after               ? "connection: close\r\n"
                       : connection->head.minor_version == 0 ? "connection: keep-alive\r\n"
                                                             : "";

    write_date(connection->http);
    return (size_t)snprintf(tail, size, "date: %s\r\n%s\r\n", connection->http->date, said);
}

/* ---- the contract ---- */

static void
post(struct fr_http *http, struct letter *letter)
{
    if (letter != NULL) /* no memory: the answer time-out will speak */
        fr_http_post(http, letter);
}

void
fr_http_answer(struct fr_http *http, uint64_t request, int status, const char *type,
               const char *headers, struct fr_slice body)
{
    post(http, fr_http_answer_new(http, request, status, type, headers, body));
}

void
fr_http_answer_json(struct fr_http *http, uint64_t request, int status, const json_t *body)
{
    char *text = json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY);

    if (text == NULL) {
        fr_http_answer_error(http, request, 500, "internal", "The answer is not JSON.");
        return;
    }
    fr_http_answer(http, request, status, "application/json", NULL, fr_slice_str(text));
    free(text);
}

void
fr_http_answer_error(struct fr_http *http, uint64_t request, int status, const char *code,
                     const char *message)
{
    post(http, fr_http_error_new(http, request, status, code, message, NULL));
}

enum fr_error
fr_ws_send_json(struct fr_http *http, uint64_t id, const json_t *message)
{
    char *text = json_dumps(message, JSON_COMPACT | JSON_ENCODE_ANY);
    enum fr_error err;

    if (text == NULL)
        return FR_INVALID;
    err = fr_ws_send(http, id, fr_slice_str(text));
    free(text);
    return err;
}
