/* head.c - the request line and headers of HTTP/1.x, parsed strictly and in place. */
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "common/base/slice.h"
#include "common/http/head.h"

struct cursor {
    char *base, *at, *end; /* end is behind the empty line */
    struct head *head;
};

bool
fr_http_is_token(unsigned char c)
{
    return isalnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static int
hex_digit(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
fr_http_decode(const char *text, size_t size, bool plus, char *out)
{
    size_t n = 0;

    for (size_t i = 0; i < size; i++) {
        char c = text[i];

        if (c == '%') {
            int high = size - i < 3 ? -1 : hex_digit((unsigned char)text[i + 1]);
            int low = high < 0 ? -1 : hex_digit((unsigned char)text[i + 2]);

            if (low < 0 || (high == 0 && low == 0))
                return -1;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        out[n++] = c;
    }
    out[n] = '\0';
    return (int)n;
}

bool
fr_http_list_has(const char *list, const char *token)
{
    size_t token_size = strlen(token);

    while (*list != '\0') {
        size_t size;

        list += strspn(list, ", \t");
        size = strcspn(list, ", \t");
        if (size == token_size && strncasecmp(list, token, size) == 0)
            return true;
        list += size;
    }
    return false;
}

/* "//" becomes "/", "." and ".." are resolved.  false: ".." would leave the root. */
static bool
normalize(char *path)
{
    char *out = path;
    const char *in = path;

    while (*in != '\0') {
        size_t size;

        in += strspn(in, "/");
        size = strcspn(in, "/");
        if (size == 2 && in[0] == '.' && in[1] == '.') {
            if (out == path)
                return false;
            do
                out--;
            while (*out != '/');
        } else if (size > 0 && !(size == 1 && in[0] == '.')) {
            *out++ = '/';
            memmove(out, in, size);
            out += size;
        }
        in += size;
        /* "/a/b/" stays a directory. */
        if (*in == '/' && in[strspn(in, "/")] == '\0') {
            *out++ = '/';
            break;
        }
    }
    if (out == path)
        *out++ = '/';
    *out = '\0';
    return true;
}

static int
decode_path(char *path, size_t size)
{
    int decoded = fr_http_decode(path, size, false, path);

    if (decoded < 0 || !fr_utf8_valid(fr_slice(path, (size_t)decoded)))
        return 400;
    for (const char *c = path; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return 400;
    return normalize(path) ? 0 : 400;
}

/* The query stays encoded, but what will be asked of it later is checked now. */
static int
check_query(const char *query)
{
    unsigned count = 1;

    for (const char *c = query; *c != '\0'; c++) {
        if (*c == '&' && ++count > ARGUMENT_COUNT_MAX)
            return 414;
        if (*c != '%')
            continue;
        if (hex_digit((unsigned char)c[1]) < 0 || hex_digit((unsigned char)c[2]) < 0 ||
            (c[1] == '0' && c[2] == '0'))
            return 400;
    }
    return 0;
}

/* origin-form, absolute-form (its authority is dropped: the Host header is compared instead) or
 * "*". */
static int
parse_target(struct cursor *in, char *target, size_t size)
{
    char *question;
    int status;

    if (size == 1 && *target == '*' && strcmp(in->base + in->head->method, "OPTIONS") == 0) {
        in->head->path = (uint16_t)(target - in->base);
        return 0;
    }
    if (*target != '/' && strncasecmp(target, "http://", 7) == 0) {
        char *slash = memchr(target + 7, '/', size - 7);

        if (slash == NULL || memchr(target, '?', (size_t)(slash - target)) != NULL)
            return 400;
        size -= (size_t)(slash - target);
        target = slash;
    }
    if (*target != '/')
        return 400;
    question = memchr(target, '?', size);
    if (question != NULL) {
        *question = '\0';
        in->head->query = (uint16_t)(question + 1 - in->base);
        status = check_query(question + 1);
        if (status != 0)
            return status;
        size = (size_t)(question - target);
    }
    in->head->path = (uint16_t)(target - in->base);
    return decode_path(target, size);
}

static int
parse_version(struct cursor *in, const char *version)
{
    if (strncmp(version, "HTTP/", 5) != 0 || !isdigit((unsigned char)version[5]) ||
        version[6] != '.' || !isdigit((unsigned char)version[7]) || version[8] != '\0')
        return 400;
    if (version[5] != '1')
        return 505;
    in->head->minor_version = (uint8_t)(version[7] > '0' ? 1 : 0);
    return 0;
}

/* The next line without its CRLF, NUL-terminated; NULL: bare CR or LF, or a NUL inside. */
static char *
take_line(struct cursor *in)
{
    char *line = in->at, *end = memchr(line, '\n', (size_t)(in->end - line));

    if (end == NULL || end == line || end[-1] != '\r')
        return NULL;
    end[-1] = '\0';
    in->at = end + 1;
    return strlen(line) == (size_t)(end - 1 - line) && strchr(line, '\r') == NULL ? line : NULL;
}

static int
parse_request_line(struct cursor *in)
{
    static const char *const methods[] = {"GET", "POST",   "HEAD", "OPTIONS",
                                          "PUT", "DELETE", "PATCH"};
    char *line = take_line(in), *target, *version;
    size_t method_size = 0;
    int status;

    if (line == NULL)
        return 400;
    while (fr_http_is_token((unsigned char)line[method_size]))
        method_size++;
    target = line + method_size + 1;
    if (method_size == 0 || line[method_size] != ' ')
        return 400;
    line[method_size] = '\0';
    for (version = target; *version > 0x20 && *version < 0x7f; version++)
        if (*version == '#')
            return 400;
    if (version == target || *version != ' ')
        return 400;
    *version = '\0';
    if ((size_t)(version - target) > TARGET_SIZE_MAX)
        return 414;
    status = parse_version(in, version + 1);
    if (status != 0)
        return status;
    in->head->method = (uint16_t)(line - in->base);
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (strcmp(line, methods[i]) == 0)
            return parse_target(in, target, (size_t)(version - target));
    return 501;
}

/* 1 to 18 digits and nothing else: neither "+5", nor "5, 5", nor what overflows. */
static int64_t
parse_length(const char *text)
{
    int64_t length = 0;
    size_t size = strlen(text);

    if (size == 0 || size > 18)
        return -1;
    for (; *text != '\0'; text++) {
        if (!isdigit((unsigned char)*text))
            return -1;
        length = length * 10 + (*text - '0');
    }
    return length;
}

struct meaning { /* what the headers said so far */
    unsigned host_count;
    bool transfer_encoding, close, keep_alive, connection_upgrade, upgrade_websocket;
};

static int
understand(struct head *head, struct meaning *said, const char *name, const char *value)
{
    if (strcmp(name, "host") == 0) {
        if (++said->host_count > 1 || strpbrk(value, "/?#@ \t,") != NULL)
            return 400;
    } else if (strcmp(name, "content-length") == 0) {
        if (head->content_length >= 0)
            return 400;
        head->content_length = parse_length(value);
        if (head->content_length < 0)
            return 400;
    } else if (strcmp(name, "transfer-encoding") == 0) {
        if (said->transfer_encoding)
            return 400;
        said->transfer_encoding = true;
        head->chunked = strcasecmp(value, "chunked") == 0;
    } else if (strcmp(name, "connection") == 0) {
        said->close |= fr_http_list_has(value, "close");
        said->keep_alive |= fr_http_list_has(value, "keep-alive");
        said->connection_upgrade |= fr_http_list_has(value, "upgrade");
    } else if (strcmp(name, "upgrade") == 0) {
        said->upgrade_websocket |= fr_http_list_has(value, "websocket");
    } else if (strcmp(name, "expect") == 0) {
        head->expect_continue = strcasecmp(value, "100-continue") == 0;
        if (!head->expect_continue)
            return 417;
    }
    return 0;
}

static int
parse_header(struct cursor *in, char *line, struct meaning *said)
{
    struct head *head = in->head;
    char *colon = line, *value, *end;

    while (fr_http_is_token((unsigned char)*colon)) {
        *colon = (char)tolower((unsigned char)*colon);
        colon++;
    }
    if (colon == line || *colon != ':') /* also obs-fold: it starts with a blank */
        return 400;
    *colon = '\0';
    value = colon + 1 + strspn(colon + 1, " \t");
    end = value + strlen(value);
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *end = '\0';
    for (const char *c = value; c < end; c++)
        if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f)
            return 400;
    if (head->header_count == HEADER_COUNT_MAX)
        return 431;
    head->headers[head->header_count].name = (uint16_t)(line - in->base);
    head->headers[head->header_count++].value = (uint16_t)(value - in->base);
    return understand(head, said, line, value);
}

static int
conclude(struct head *head, const struct meaning *said)
{
    if (head->minor_version >= 1 && said->host_count != 1)
        return 400;
    if (said->transfer_encoding) {
        if (head->content_length >= 0 || head->minor_version == 0)
            return 400;
        if (!head->chunked)
            return 501;
    }
    head->keep_alive = !said->close && (head->minor_version >= 1 || said->keep_alive);
    head->expect_continue &= head->minor_version >= 1;
    head->upgrade_websocket =
        head->minor_version >= 1 && said->connection_upgrade && said->upgrade_websocket;
    return 0;
}

int
fr_http_head_parse(char *text, size_t size, struct head *head)
{
    struct cursor in = {text, text, text + size, head};
    struct meaning said = {0};
    int status;

    memset(head, 0, offsetof(struct head, headers));
    head->content_length = -1;
    if (size > HEAD_SIZE_MAX)
        return 431;
    head->size = (uint16_t)size;
    status = parse_request_line(&in);
    while (status == 0) {
        char *line = take_line(&in);

        if (line == NULL)
            return 400;
        if (*line == '\0')
            return in.at == in.end ? conclude(head, &said) : 400;
        status = parse_header(&in, line, &said);
    }
    return status;
}

const char *
fr_http_head_value(const char *text, const struct head *head, const char *name)
{
    for (unsigned i = 0; i < head->header_count; i++)
        if (strcmp(text + head->headers[i].name, name) == 0)
            return text + head->headers[i].value;
    return NULL;
}
