/* reply.c - HTTP/1.1 as a client speaks it. */
#include "services/fil/reply.h"

#include <ctype.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define HEAD_SIZE_MAX (64 << 10)
#define BODY_SIZE_MAX (64u << 20)

bool
fil_reply_header(const struct fil_reply *reply, const char *name, char *text, size_t size)
{
    const char *line = reply->head.data, *end = line + reply->head.size;
    size_t name_size = strlen(name);

    while (line < end) {
        const char *stop = memchr(line, '\r', (size_t)(end - line));

        stop = stop != NULL ? stop : end;
        if ((size_t)(stop - line) > name_size && line[name_size] == ':' &&
            strncasecmp(line, name, name_size) == 0) {
            const char *value = line + name_size + 1;

            while (value < stop && (*value == ' ' || *value == '\t'))
                value++;
            snprintf(text, size, "%.*s", (int)(stop - value), value);
            return true;
        }
        line = stop + 2;
    }
    return false;
}

static enum fr_error
read_body(const struct fil_reply *reply, const char *behind, size_t left, struct fr_slice *body)
{
    char text[32];
    unsigned long long size = 0;

    if (fil_reply_header(reply, "content-length", text, sizeof(text))) {
        char *end;

        size = strtoull(text, &end, 10);
        if (!isdigit((unsigned char)text[0]) || *end != '\0' || size > BODY_SIZE_MAX)
            return FR_INVALID;
    } else if (reply->status != 101 && reply->status != 204 && reply->status != 304) {
        return FR_INVALID; /* until the end of the connection, or chunked: our services do neither
                            */
    }
    if (left < size)
        return FR_AGAIN;
    *body = fr_slice(behind, (size_t)size);
    return FR_OK;
}

enum fr_error
fil_reply_read(const char *data, size_t size, struct fil_reply *reply)
{
    const char *end, *lines;
    char connection[40] = "";
    enum fr_error err;

    if (size == 0)
        return FR_AGAIN;
    end = memmem(data, size, "\r\n\r\n", 4);
    if (end == NULL)
        return size > HEAD_SIZE_MAX ? FR_INVALID : FR_AGAIN;
    if (size < 12 || strncmp(data, "HTTP/1.1 ", 9) != 0 || !isdigit((unsigned char)data[9]) ||
        !isdigit((unsigned char)data[10]) || !isdigit((unsigned char)data[11]))
        return FR_INVALID;
    lines = memmem(data, size, "\r\n", 2);
    lines += 2;
    reply->status = atoi(data + 9);
    reply->head = fr_slice(lines, lines < end ? (size_t)(end - lines) : 0);
    err = read_body(reply, end + 4, size - (size_t)(end + 4 - data), &reply->body);
    if (err != FR_OK)
        return err;
    reply->size = (size_t)(end + 4 - data) + reply->body.size;
    fil_reply_header(reply, "connection", connection, sizeof(connection));
    reply->closes = strcasecmp(connection, "close") == 0;
    return FR_OK;
}

void
fil_request_write(struct fil_buffer *out, const char *method, const char *host, const char *path,
                  const char *headers, const char *body)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    fr_assert(stream != NULL);
    fprintf(stream, "%s %s HTTP/1.1\r\nhost: %s\r\naccept: application/json\r\n%s", method, path,
            host, headers != NULL ? headers : "");
    if (body != NULL)
        fprintf(stream, "content-type: application/json\r\ncontent-length: %zu\r\n\r\n%s",
                strlen(body), body);
    else
        fprintf(stream, "\r\n");
    fclose(stream);
    fil_buffer_add(out, text, size);
    free(text);
}

/* ---- one request, waited for ---- */

static enum fr_error
await(struct fil_net *net, int64_t until_us, struct fil_reply *reply)
{
    for (;;) {
        int64_t left_us = until_us - fr_time_monotonic().us;
        struct pollfd polled = {net->fd, fil_net_events(net), 0};
        enum fr_error gone, err;

        if (left_us <= 0)
            return FR_AGAIN;
        if (poll(&polled, 1, (int)(left_us / 1000 + 1)) <= 0)
            continue;
        gone = fil_net_turn(net, polled.revents);
        err = fil_reply_read(net->in.bytes, net->in.size, reply);
        if (err != FR_AGAIN)
            return err;
        if (gone != FR_OK)
            return FR_GONE;
    }
}

enum fr_error
fil_http_ask(const struct fil_address *address, const char *method, const char *path,
             const char *headers, const char *body, struct fr_span patience, int *status,
             json_t **json)
{
    int64_t until_us = fr_time_monotonic().us + patience.us;
    struct fil_reply reply;
    struct fil_net net;
    enum fr_error err;

    fil_net_init(&net);
    err = fil_net_connect(&net, address);
    if (err == FR_OK) {
        fil_request_write(&net.out, method, address->text, path, headers, body);
        err = await(&net, until_us, &reply);
    }
    if (err == FR_OK) {
        *status = reply.status;
        *json = json_loadb(reply.body.data, reply.body.size, 0, NULL);
    }
    fil_net_fini(&net);
    return err == FR_INVALID ? FR_GONE : err;
}
