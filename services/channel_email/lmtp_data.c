/* lmtp_data.c - the bytes of one mail: where it ends, and which dots are not part of it. */
#include "services/channel_email/lmtp_data.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST ((size_t)16 << 10)

void
email_lmtp_data_init(struct email_lmtp_data *data, uint64_t size_max,
                     bool (*more)(void *context, size_t bytes), void *context)
{
    *data = (struct email_lmtp_data){.size_max = size_max, .more = more, .context = context};
}

void
email_lmtp_data_fini(struct email_lmtp_data *data)
{
    free(data->bytes);
    data->bytes = NULL;
    data->size = data->room = 0;
}

/* What is in trouble keeps nothing more, but goes on to the mail's end. */
static void
give_up(struct email_lmtp_data *data, enum email_lmtp_data_trouble trouble)
{
    data->trouble = trouble;
    email_lmtp_data_fini(data);
}

static bool
make_room(struct email_lmtp_data *data, size_t size)
{
    size_t room = data->room == 0 ? ROOM_FIRST : data->room;
    char *bytes;

    while (room < data->size + size)
        room *= 2;
    if (room == data->room)
        return true;
    if (!data->more(data->context, room - data->room))
        return false;
    bytes = realloc(data->bytes, room);
    if (bytes == NULL)
        return false;
    data->bytes = bytes;
    data->room = room;
    return true;
}

static void
keep(struct email_lmtp_data *data, const char *bytes, size_t size)
{
    if (data->trouble != EMAIL_LMTP_DATA_FINE || size == 0)
        return;
    if (data->size + size > data->size_max) {
        give_up(data, EMAIL_LMTP_DATA_TOO_BIG);
    } else if (!make_room(data, size)) {
        give_up(data, EMAIL_LMTP_DATA_NO_ROOM);
    } else {
        memcpy(data->bytes + data->size, bytes, size);
        data->size += size;
    }
}

/* Everything up to and with the next CR goes in as it is. */
static size_t
rest_of_line(struct email_lmtp_data *data, const char *bytes, size_t size)
{
    const char *cr = memchr(bytes, '\r', size);
    size_t used = cr == NULL ? size : (size_t)(cr - bytes) + 1;

    keep(data, bytes, used);
    data->where = cr == NULL ? IN_LINE : AFTER_CR;
    return used;
}

size_t
email_lmtp_data_feed(struct email_lmtp_data *data, const char *bytes, size_t size)
{
    size_t used = 0;

    while (used < size && !data->ended) {
        char c = bytes[used];

        switch (data->where) {
        case AT_LINE:
            if (c == '.') { /* stuffed, or the end: either way not part of the mail */
                data->where = AFTER_DOT;
                used++;
                break;
            }
            used += rest_of_line(data, bytes + used, size - used);
            break;
        case IN_LINE:
            used += rest_of_line(data, bytes + used, size - used);
            break;
        case AFTER_CR:
            if (c == '\n') {
                keep(data, "\n", 1);
                data->where = AT_LINE;
                used++;
            } else {
                used += rest_of_line(data, bytes + used, size - used);
            }
            break;
        case AFTER_DOT:
            if (c == '\r') {
                data->where = AFTER_DOT_CR;
                used++;
            } else {
                used += rest_of_line(data, bytes + used, size - used);
            }
            break;
        case AFTER_DOT_CR:
            if (c == '\n') {
                data->ended = true;
                used++;
            } else {
                keep(data, "\r", 1);
                used += rest_of_line(data, bytes + used, size - used);
            }
            break;
        }
    }
    return used;
}
