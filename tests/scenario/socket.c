/* socket.c - a WebSocket for shell scripts: each line of stdin is sent as a text, each text that
 * comes is a line of stdout.  It says what it is told to say and judges nothing, so that a story
 * can say what no page would.
 *
 *     scenario-socket HOST:PORT PATH SUBPROTOCOL ["Header: value"]
 *
 * After the end of stdin it goes on listening.  When the other side ends it says {"closed":true},
 * when it would not even begin {"refused":STATUS}, and ends.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "services/fil/websocket.h"

#define LINE_SIZE_MAX (1 << 20)

struct talk {
    struct fil_net net;
    struct fil_ws_reader reader;
    const char *subprotocol;
    bool joined, heard_all; /* the handshake is over; stdin is */
    char line[LINE_SIZE_MAX];
    size_t line_size;
};

static void
say_lines(struct talk *talk)
{
    char *newline;

    while ((newline = memchr(talk->line, '\n', talk->line_size)) != NULL) {
        size_t size = (size_t)(newline - talk->line);

        fil_ws_write(&talk->net.out, FIL_WS_TEXT, fr_slice(talk->line, size));
        talk->line_size -= size + 1;
        memmove(talk->line, newline + 1, talk->line_size);
    }
}

static void
hear_stdin(struct talk *talk)
{
    ssize_t size =
        read(STDIN_FILENO, talk->line + talk->line_size, LINE_SIZE_MAX - talk->line_size);

    if (size <= 0)
        talk->heard_all = true;
    else
        talk->line_size += (size_t)size;
    say_lines(talk);
}

/* False: the other side did not want us. */
static bool
join(struct talk *talk)
{
    struct fil_reply reply;

    if (fil_reply_read(talk->net.in.bytes, talk->net.in.size, &reply) != FR_OK)
        return true;
    if (!fil_ws_accepted(&reply, talk->subprotocol)) {
        printf("{\"refused\":%d}\n", reply.status);
        return false;
    }
    talk->joined = true;
    fil_net_drop(&talk->net, reply.size);
    return true;
}

static bool
print_texts(struct talk *talk)
{
    enum fil_ws_kind kind;
    struct fr_slice payload;
    size_t used;

    while (talk->net.in.size > 0 &&
           fil_ws_read(&talk->reader, talk->net.in.bytes, talk->net.in.size, &used, &kind,
                       &payload) == FR_OK) {
        if (kind == FIL_WS_TEXT)
            printf("%.*s\n", (int)payload.size, (const char *)payload.data);
        else if (kind == FIL_WS_PING)
            fil_ws_write(&talk->net.out, FIL_WS_PONG, payload);
        else if (kind == FIL_WS_CLOSE)
            return false;
        fil_net_drop(&talk->net, used);
    }
    fflush(stdout);
    return true;
}

static void
talk_until_closed(struct talk *talk)
{
    for (;;) {
        struct pollfd wait[2] = {
            {.fd = talk->net.fd, .events = fil_net_events(&talk->net)},
            {.fd = talk->joined && !talk->heard_all ? STDIN_FILENO : -1, .events = POLLIN}};
        enum fr_error err;

        if (poll(wait, 2, -1) < 0)
            return;
        if (wait[1].revents != 0)
            hear_stdin(talk);
        err = fil_net_turn(&talk->net, wait[0].revents);
        if (!talk->joined && !join(talk))
            return;
        if ((talk->joined && !print_texts(talk)) || err != FR_OK) {
            printf("{\"closed\":true}\n");
            return;
        }
    }
}

int
main(int argc, char **argv)
{
    static struct talk talk;
    struct fil_address address;
    char headers[4096] = "";

    if (argc < 4 || !fil_address_parse(argv[1], &address)) {
        fprintf(stderr, "usage: socket HOST:PORT PATH SUBPROTOCOL [\"Header: value\"]\n");
        return 64;
    }
    if (argc > 4)
        snprintf(headers, sizeof(headers), "%s\r\n", argv[4]);
    talk.subprotocol = argv[3];
    fil_net_init(&talk.net);
    fil_ws_reader_init(&talk.reader);
    if (fil_net_connect(&talk.net, &address) == FR_OK) {
        fil_ws_handshake(&talk.net.out, address.text, argv[2], argv[3], headers);
        talk_until_closed(&talk);
    } else {
        printf("{\"refused\":0}\n");
    }
    fil_net_fini(&talk.net);
    fil_ws_reader_fini(&talk.reader);
    return 0;
}
