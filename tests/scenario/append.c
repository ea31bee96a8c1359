/* append.c - writes one record into the journal of a stopped service: what a broken or newer
 * service might have written.
 *
 *     scenario-append DIR JOURNAL KIND '{"agent": "dee", ...}'    a body that decodes
 *     scenario-append DIR JOURNAL KIND raw:TEXT                   one that does not
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "common/journal/journal.h"
#include "proto/kinds.h"

struct body {
    uint8_t *bytes;
    size_t size;
};

static bool
pack_json(uint32_t kind, const char *text, struct body *body)
{
    json_t *json = json_loads(text, 0, NULL);
    char error[256] = "this is no JSON";
    ProtobufCMessage *message = json == NULL ? NULL
                                             : fr_message_from_json(fr_kind_descriptor(kind), json,
                                                                    NULL, error, sizeof(error));

    json_decref(json);
    if (message == NULL) {
        fprintf(stderr, "append: %s\n", error);
        return false;
    }
    body->size = protobuf_c_message_get_packed_size(message);
    body->bytes = malloc(body->size + 1);
    if (body->bytes != NULL)
        protobuf_c_message_pack(message, body->bytes);
    protobuf_c_message_free_unpacked(message, NULL);
    return body->bytes != NULL;
}

static bool
read_body(uint32_t kind, const char *text, struct body *body)
{
    if (strncmp(text, "raw:", 4) != 0)
        return pack_json(kind, text, body);
    body->bytes = (uint8_t *)strdup(text + 4);
    body->size = strlen(text + 4);
    return body->bytes != NULL;
}

static enum fr_error
append(struct fr_journal *journal, uint32_t kind, const struct body *body)
{
    struct fr_record_head *head = fr_journal_reserve(journal, body->size);

    if (head == NULL)
        return FR_TOO_BIG;
    head->kind = kind;
    head->time_us = fr_time_wall().unix_us;
    memcpy(head + 1, body->bytes, body->size);
    fr_journal_seal(journal, head, body->size);
    return fr_journal_sync(journal);
}

int
main(int argc, char **argv)
{
    struct fr_journal_options options = {.segment_size = 1 << 20};
    struct fr_journal *journal = NULL;
    struct body body = {NULL, 0};
    char complaint[300] = "";
    uint32_t kind = argc == 5 ? fr_kind_by_name(argv[3]) : FR_KIND_END;
    enum fr_error err;

    if (kind == FR_KIND_END) {
        fprintf(stderr, "usage: append DIR JOURNAL KIND JSON|raw:TEXT\n");
        return 64;
    }
    options.dir = argv[1];
    options.name = argv[2];
    if (!read_body(kind, argv[4], &body))
        return 1;
    err = fr_journal_open(&options, &journal, complaint, sizeof(complaint));
    if (err == FR_OK)
        err = append(journal, kind, &body);
    if (err != FR_OK)
        fprintf(stderr, "append: %s %s\n", fr_error_name(err), complaint);
    fr_journal_free(&journal);
    free(body.bytes);
    return err == FR_OK ? 0 : 1;
}
