/* door_test.c - who may not come in, and what comes in and is not believed. */
#include "common/wire/trial_test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <zmq.h>
#include "common/wire/parse.h"
#include "proto/kinds.h"

static char *folder, tcp_endpoint[64], ipc_endpoint[300], fake_endpoint[300];
static uint16_t tcp_port;
static struct pair {
    char open[41], secret[41];
} hub_keys, tana_keys, oslo_keys, stranger_keys;
static void *context; /* of the hostile sockets */

/* ---- a hub with one journal, and its peers ----------------------------------------------------
 */

/* New ones for each test: a test that fails leaves its hub behind. */
static void
choose_endpoints(void)
{
    static unsigned count;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int probe = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(probe, (struct sockaddr *)&address, sizeof(address)), 0);
    getsockname(probe, (struct sockaddr *)&address, &size);
    close(probe);
    tcp_port = ntohs(address.sin_port);
    snprintf(tcp_endpoint, sizeof(tcp_endpoint), "tcp://127.0.0.1:%d", tcp_port);
    snprintf(ipc_endpoint, sizeof(ipc_endpoint), "ipc://%s/hub%u", folder, ++count);
    snprintf(fake_endpoint, sizeof(fake_endpoint), "ipc://%s/fake%u", folder, count);
}

static void
open_hub(struct trial_side *hub)
{
    static const char *const tana[] = {"site.tana", "news"}, *const all[] = {"*"};
    const struct fr_wire_key keys[] = {
        {"desk.tana", tana_keys.open, tana, 2},
        {"desk.oslo", oslo_keys.open, all, 1},
    };

    choose_endpoints();
    hub->journal = trial_journal(NULL, "hub");
    trial_open(hub, (struct fr_wire_options){.name = "hub",
                                             .listen = {tcp_endpoint, ipc_endpoint},
                                             .secret_key = hub_keys.secret,
                                             .keys = keys,
                                             .key_count = 2});
}

static void
open_desk(struct trial_side *desk, const char *name, const struct pair *keys, const char *hub_open)
{
    trial_open(desk, (struct fr_wire_options){.name = name, .secret_key = keys->secret});
    assert_int_equal(fr_wire_dial(desk->wire, "hub", tcp_endpoint, hub_open), FR_OK);
}

static struct fr_wire_counters
counted(const struct trial_side *side)
{
    return fr_wire_counters(side->wire);
}

static void
the_key_says_who_it_is_and_what_it_may_read(void **state)
{
    static const char *const own[] = {"site.tana"}, *const foreign[] = {"site.tana", "site.oslo"};
    static const struct {
        const char *claim, *name, *journal;
        const struct pair *keys;
        const char *const *routes;
        size_t route_count;
        unsigned flags;
        enum fr_error expected; /* FR_OK: it is served */
    } cases[] = {
        /* clang-format off */
        {"its own route is served", "desk.tana", "hub", &tana_keys, own, 1, 0, FR_OK},
        {"a foreign route is denied", "desk.tana", "hub", &tana_keys, foreign, 2, 0, FR_DENIED},
        {"everything is denied", "desk.tana", "hub", &tana_keys, NULL, 0, 0, FR_DENIED},
        {"whole frames are denied", "desk.tana", "hub", &tana_keys, own, 1, FR_WIRE_FRAMES, FR_DENIED},
        {"a star reads everything", "desk.oslo", "hub", &oslo_keys, NULL, 0, 0, FR_OK},
        {"another's name is denied", "desk.oslo", "hub", &tana_keys, own, 1, 0, FR_DENIED},
        {"a foreign journal is not found", "desk.oslo", "identity", &oslo_keys, NULL, 0, 0, FR_NOT_FOUND},
        {"an unknown key is denied", "desk.oslo", "hub", &stranger_keys, NULL, 0, 0, FR_DENIED},
        /* clang-format on */
    };
    struct trial_side hub = {0};

    (void)state;
    open_hub(&hub);
    trial_publish(&hub, 3, 50, "site.tana");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fr_wire_counters before = counted(&hub);
        struct trial_side desk = {0};

        open_desk(&desk, cases[i].name, cases[i].keys, hub_keys.open);
        fr_wire_read(desk.wire, "hub", cases[i].journal, cases[i].routes, cases[i].route_count,
                     cases[i].flags);
        trial_until(&desk, &hub, desk.count > 0 || desk.refused_count > 0);
        if (desk.refused != cases[i].expected || (desk.count > 0) != (cases[i].expected == FR_OK))
            fail_msg("%s: %s", cases[i].claim, fr_error_name(desk.refused));
        if (cases[i].expected == FR_DENIED)
            trial_until(&desk, &hub,
                        counted(&hub).denied + counted(&hub).keys_refused >
                            before.denied + before.keys_refused);
        trial_close(&desk);
    }
    assert_true(counted(&hub).keys_refused > 0);
    trial_close(&hub);
}

static void
a_server_with_another_key_is_not_believed(void **state)
{
    struct trial_side hub = {0}, desk = {0};

    (void)state;
    open_hub(&hub);
    trial_publish(&hub, 3, 50, "");
    open_desk(&desk, "desk.oslo", &oslo_keys, stranger_keys.open);
    fr_wire_read(desk.wire, "hub", "hub", NULL, 0, 0);
    trial_while(&desk, &hub, 300);
    assert_int_equal(desk.count + desk.up_count + hub.up_count, 0);
    trial_close(&desk);
    trial_close(&hub);
}

/* ---- raw sockets: peers with keys but without manners
 * --------------------------------------------- */

static void *
raw_socket(int type, const struct pair *keys, const char *routing_id)
{
    void *socket = zmq_socket(context, type);
    int linger = 0, patience = 50;

    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof(linger));
    zmq_setsockopt(socket, ZMQ_RCVTIMEO, &patience, sizeof(patience));
    if (keys != NULL) {
        zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, hub_keys.open, 41);
        zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, keys->open, 41);
        zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys->secret, 41);
    }
    if (routing_id != NULL)
        zmq_setsockopt(socket, ZMQ_ROUTING_ID, routing_id, strlen(routing_id));
    return socket;
}

static void *
raw_client(const char *endpoint, const struct pair *keys, const char *routing_id)
{
    void *socket = raw_socket(ZMQ_DEALER, keys, routing_id);

    assert_int_equal(zmq_connect(socket, endpoint), 0);
    return socket;
}

static void
raw_say(void *socket, enum wire_type type, const ProtobufCMessage *message, const void *records,
        size_t size)
{
    uint8_t header[WIRE_HEADER_SIZE_MAX];
    size_t header_size = wire_pack(type, message, header);

    zmq_send(socket, header, header_size, records == NULL ? 0 : ZMQ_SNDMORE);
    if (records != NULL)
        zmq_send(socket, records, size, 0);
}

static void
raw_hello(void *socket, const char *name)
{
    Fr__Hello hello = FR__HELLO__INIT;

    hello.protocol = FR_WIRE_PROTOCOL;
    hello.schema = FR_SCHEMA;
    hello.name = (char *)name;
    raw_say(socket, WIRE_HELLO, &hello.base, NULL, 0);
}

static void
raw_read(void *socket, char *journal, uint64_t credit)
{
    Fr__Read read = FR__READ__INIT;

    read.reading = 0x10001;
    read.journal = journal;
    read.credit = credit;
    raw_say(socket, WIRE_READ, &read.base, NULL, 0);
}

/* The types of all messages that come within a while, records left out: "HB". */
static const char *
raw_heard(void *socket, struct trial_side *hub)
{
    static char types[64];
    char bytes[4096];
    size_t count = 0, more_size = sizeof(int);
    int more = 0, size;

    for (int quiet = 0; quiet < 3 && count < sizeof(types) - 1;) {
        trial_while(hub, NULL, 10);
        size = zmq_recv(socket, bytes, sizeof(bytes), 0);
        quiet = size < 0 ? quiet + 1 : 0;
        if (size > 0 && !more && bytes[0] != WIRE_PING)
            types[count++] = bytes[0];
        zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &more_size);
    }
    types[count] = '\0';
    return types;
}

static void
routing_ids_are_ours_to_give(void **state)
{
    struct trial_side hub = {0};
    uint64_t denied;
    void *owner, *thief;

    (void)state;
    open_hub(&hub);
    trial_publish(&hub, 3, 50, "");

    /* An id of its own choice, even the first to ask for it, starts no conversation. */
    owner = raw_client(tcp_endpoint, &oslo_keys, "oslo");
    raw_hello(owner, "desk.oslo");
    raw_read(owner, "hub", 100000);
    assert_string_equal(raw_heard(owner, &hub), "");
    denied = counted(&hub).denied;
    assert_true(denied >= 2);

    /* Nor does it when somebody else, with another valid key, comes with the same one. */
    thief = raw_client(tcp_endpoint, &tana_keys, "oslo");
    raw_hello(thief, "desk.oslo");
    assert_string_equal(raw_heard(thief, &hub), "");
    zmq_close(owner);
    raw_hello(thief, "desk.tana");
    trial_publish(&hub, 3, 50, "");
    assert_string_equal(raw_heard(thief, &hub), "");
    zmq_close(thief);
    trial_close(&hub);
}

static void
without_a_key_there_is_no_conversation(void **state)
{
    struct trial_side hub = {0};
    void *client;

    (void)state;
    open_hub(&hub);
    client = raw_client(tcp_endpoint, NULL, NULL);
    raw_hello(client, "desk.oslo");
    assert_string_equal(raw_heard(client, &hub), "");
    assert_true(counted(&hub).keys_refused > 0);
    zmq_close(client);
    trial_close(&hub);
}

static void
a_link_keeps_its_name(void **state)
{
    struct trial_side hub = {0};
    void *client;

    (void)state;
    open_hub(&hub);
    client = raw_client(ipc_endpoint, NULL, NULL);
    raw_hello(client, "conversations");
    assert_string_equal(raw_heard(client, &hub), "H");
    raw_hello(client, "routing");
    assert_string_equal(raw_heard(client, &hub), "E");
    raw_read(client, "hub", 1000);
    assert_string_equal(raw_heard(client, &hub), "E"); /* the link is gone: say HELLO */
    zmq_close(client);
    trial_close(&hub);
}

static void
nothing_is_said_before_hello(void **state)
{
    struct trial_side hub = {0};
    void *client;

    (void)state;
    open_hub(&hub);
    trial_publish(&hub, 3, 50, "");
    client = raw_client(tcp_endpoint, &oslo_keys, NULL);
    raw_read(client, "hub", 1000);
    assert_string_equal(raw_heard(client, &hub), "E");
    raw_hello(client, "desk.oslo");
    raw_read(client, "hub", 1000);
    assert_string_equal(raw_heard(client, &hub), "HB");
    zmq_close(client);
    trial_close(&hub);
}

/* What the peer is told, and what our own reading of it is told. */
static void
another_protocol_is_refused_and_a_newer_schema_is_not_read(void **state)
{
    struct trial_side hub = {0};
    Fr__Hello hello = FR__HELLO__INIT;
    void *client;

    (void)state;
    open_hub(&hub);
    trial_publish(&hub, 3, 50, "");
    client = raw_client(ipc_endpoint, NULL, NULL);
    hello.name = (char *)"client";
    hello.protocol = FR_WIRE_PROTOCOL + 1;
    hello.schema = FR_SCHEMA;
    raw_say(client, WIRE_HELLO, &hello.base, NULL, 0);
    assert_string_equal(raw_heard(client, &hub), "E");
    hello.protocol = FR_WIRE_PROTOCOL;
    hello.schema = FR_SCHEMA + 1;
    fr_wire_read(hub.wire, "client", "client", NULL, 0, 0);
    raw_say(client, WIRE_HELLO, &hello.base, NULL, 0);
    raw_read(client, "hub", 1000);
    assert_string_equal(raw_heard(client, &hub), "HB"); /* served, but no READ from us */
    assert_int_equal(hub.refused, FR_VERSION);
    zmq_close(client);
    trial_close(&hub);
}

static void
messages_that_break_the_grammar_end_the_link(void **state)
{
    static const struct {
        const char *claim, *bytes;
        size_t size;
    } cases[] = {
        {"nothing at all", "", 0},
        {"an unknown type", "Z", 1},
        {"a body that does not decode", "R\xff\xff\xff", 4},
        {"required fields are missing", "A", 1},
        {"an ACK of what was never sent", "A\x08\x81\x80\x04\x10\x00\x18\xff\xff\x03", 11},
        {"more credit than was used", "A\x08\x81\x80\x04\x10\xff\xff\xff\x1f\x18\x00", 12},
        {"more credit than there is", "A\x08\x81\x80\x04\x10\xff\xff\xff\xff\xff\x0f\x18\x00", 14},
    };
    struct trial_side hub = {0};

    (void)state;
    open_hub(&hub);
    trial_publish(&hub, 3, 50, "");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        void *client = raw_client(ipc_endpoint, NULL, NULL);
        uint64_t before = counted(&hub).invalid;

        raw_hello(client, "conversations");
        raw_read(client, "hub", 64 << 20);
        assert_string_equal(raw_heard(client, &hub), "HB");
        zmq_send(client, cases[i].bytes, cases[i].size, 0);
        if (strcmp(raw_heard(client, &hub), "E") != 0 || counted(&hub).invalid != before + 1)
            fail_msg("%s: invalid=%d", cases[i].claim, (int)counted(&hub).invalid);
        zmq_close(client);
    }
    trial_close(&hub);
}

static void
records_that_nobody_asked_for_are_refused(void **state)
{
    struct trial_side hub = {0};
    Fr__Batch batch = FR__BATCH__INIT;
    char records[512] = {0};
    void *client;

    (void)state;
    open_hub(&hub);
    client = raw_client(tcp_endpoint, &tana_keys, NULL);
    raw_hello(client, "desk.tana");
    fr_wire_read(hub.wire, "desk.oslo", "desk.oslo", NULL, 0, 0); /* of somebody else */
    batch.count = 1;
    for (uint32_t reading = 0; reading < 4; reading++) {
        batch.reading = reading == 3 ? 0x10001 : reading;
        raw_say(client, WIRE_BATCH, &batch.base, records, sizeof(records));
    }
    raw_heard(client, &hub);
    assert_int_equal(hub.count, 0);
    assert_true(counted(&hub).invalid >= 1);
    zmq_close(client);
    trial_close(&hub);
}

/* ---- raw bytes --------------------------------------------------------------------------------
 */

static int
raw_connection(bool tcp)
{
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_port = htons(tcp_port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int fd = socket(tcp ? AF_INET : AF_UNIX, SOCK_STREAM, 0);

    fr_assert(strlen(ipc_endpoint + 6) < sizeof(un.sun_path));
    memcpy(un.sun_path, ipc_endpoint + 6, strlen(ipc_endpoint + 6));
    assert_int_equal(tcp ? connect(fd, (struct sockaddr *)&in, sizeof(in))
                         : connect(fd, (struct sockaddr *)&un, sizeof(un)),
                     0);
    return fd;
}

static void
noise_on_the_doorstep_disturbs_nobody(void **state)
{
    struct trial_side hub = {0}, desk = {0};
    uint64_t seed = (uint64_t)time(NULL);
    char noise[2000];

    (void)state;
    print_message("seed %llu\n", (unsigned long long)seed);
    open_hub(&hub);
    open_desk(&desk, "desk.oslo", &oslo_keys, hub_keys.open);
    fr_wire_read(desk.wire, "hub", "hub", NULL, 0, 0);
    for (unsigned round = 0; round < 40; round++) {
        int fd = raw_connection(round % 2);
        size_t size = trial_dice(&seed) % sizeof(noise);

        for (size_t i = 0; i < size; i++)
            noise[i] = (char)trial_dice(&seed);
        if (round % 4 < 2 && size > 12) /* as far as the greeting it looks like ZMTP 3 */
            memcpy(noise, "\xff\0\0\0\0\0\0\0\1\x7f\3\0", 12);
        if (send(fd, noise, size, MSG_NOSIGNAL) < 0)
            print_message("closed early\n");
        trial_publish(&hub, 1, 100, "");
        trial_turn(&hub);
        trial_turn(&desk);
        close(fd);
    }
    trial_until(&desk, &hub, desk.count == 40);
    trial_assert_same(&desk, hub.journal, 1, NULL);
    assert_int_equal(desk.down_count, 0);
    trial_close(&desk);
    trial_close(&hub);
}

static void
an_oversized_frame_ends_its_connection_only(void **state)
{
    size_t size = FR_RECORD_SIZE_MAX + 8192;
    struct trial_side hub = {0};
    char *frame = calloc(1, size);
    void *giant, *client;

    (void)state;
    open_hub(&hub);
    trial_publish(&hub, 3, 50, "");
    giant = raw_client(ipc_endpoint, NULL, NULL);
    client = raw_client(ipc_endpoint, NULL, NULL);
    raw_hello(giant, "giant");
    raw_hello(client, "small");
    assert_string_equal(raw_heard(giant, &hub), "H");
    zmq_send(giant, frame, size, 0);
    trial_until(&hub, NULL, hub.down_count == 1);
    assert_int_equal(counted(&hub).invalid, 0); /* ZeroMQ did not even take it in */
    raw_read(client, "hub", 1000);
    assert_string_equal(raw_heard(client, &hub), "HB");
    zmq_close(giant);
    zmq_close(client);
    free(frame);
    trial_close(&hub);
}

/* ---- a server that lies -----------------------------------------------------------------------
 */

/* What a lying server sends: the journal's first three records, changed by `lie`. */
struct lie {
    const char *claim;
    size_t cut;    /* bytes left out at the end */
    size_t flip;   /* byte to flip, + 1 */
    uint32_t more; /* added to the count */
    uint64_t skip; /* records left out at the start */
    size_t repeat; /* bytes of zero behind: more than the credit */
};

static void
say_lie(void *server, const zmq_msg_t *id, uint32_t reading, const struct lie *lie,
        struct fr_journal *journal)
{
    const struct fr_record_head *head;
    Fr__Batch batch = FR__BATCH__INIT;
    size_t size = 0, all = (2u << 20);
    char *bytes = calloc(1, all);

    for (uint64_t seq = 1 + lie->skip; seq <= 3; seq++) {
        assert_int_equal(fr_journal_get(journal, seq, &head), FR_OK);
        memcpy(bytes + size, head, head->size);
        size += head->size;
        batch.last_seq = head->seq;
        batch.last_hash = head->hash;
        batch.count++;
    }
    size -= lie->cut;
    batch.count += lie->more;
    batch.reading = reading;
    if (lie->flip > 0)
        bytes[lie->flip - 1] ^= 0x40;
    zmq_send(server, zmq_msg_data((zmq_msg_t *)id), zmq_msg_size(id), ZMQ_SNDMORE);
    raw_say(server, WIRE_BATCH, &batch.base, bytes, size);
    free(bytes);
}

/* Plays the server until the client has asked; answers its HELLO; returns the number of its
 * reading. */
static uint32_t
await_read(void *server, struct trial_side *client, zmq_msg_t *id)
{
    struct fr_arena *arena = fr_arena_new(4096, WIRE_PARSE_BUDGET);
    int64_t end = fr_time_monotonic().us + TRIAL_PATIENCE * 1000000ll;
    uint32_t reading = 0;
    char bytes[1000];

    while (reading == 0 && fr_time_monotonic().us < end) {
        struct wire_message message;
        const char *what;
        int size;

        trial_turn(client);
        if (zmq_msg_recv(id, server, ZMQ_DONTWAIT) < 0)
            continue;
        size = zmq_recv(server, bytes, sizeof(bytes), 0);
        assert_int_equal(wire_parse(fr_slice(bytes, (size_t)size), arena, &message, &what), FR_OK);
        if (message.type == WIRE_READ)
            reading = message.read->reading;
        if (message.type == WIRE_HELLO) {
            zmq_send(server, zmq_msg_data(id), zmq_msg_size(id), ZMQ_SNDMORE);
            raw_hello(server, "hub");
        }
    }
    fr_arena_free(&arena);
    assert_int_not_equal(reading, 0);
    return reading;
}

static void
records_that_are_not_as_stored_are_never_handed_over(void **state)
{
    static const struct lie lies[] = {
        {"the last record is cut", .cut = 8},
        {"a record is missing at the start", .skip = 1},
        {"more were announced", .more = 1},
        {"a record's size is wrong", .flip = 1},
        {"the hash chain is broken", .flip = offsetof(struct fr_record_head, hash) + 3},
        {"a sequence number is wrong", .flip = offsetof(struct fr_record_head, seq) + 1},
    };
    struct fr_journal *journal = trial_journal(NULL, "hub");

    (void)state;
    choose_endpoints();
    for (int i = 0; i < 3; i++)
        trial_write(journal, 200, "");
    assert_int_equal(fr_journal_sync(journal), FR_OK);
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        void *server = raw_socket(ZMQ_ROUTER, NULL, NULL);
        struct trial_side client = {0};
        struct fr_wire_counters counters;
        uint32_t reading;
        zmq_msg_t id;

        zmq_msg_init(&id);
        assert_int_equal(zmq_bind(server, fake_endpoint), 0);
        trial_open(&client, (struct fr_wire_options){.name = "client", .credit = 64 << 10});
        fr_wire_dial(client.wire, "hub", fake_endpoint, NULL);
        fr_wire_read(client.wire, "hub", "hub", NULL, 0, 0);
        reading = await_read(server, &client, &id);
        say_lie(server, &id, reading, &lies[i], journal);
        reading = await_read(server, &client, &id); /* the wire asks again by itself */
        counters = counted(&client);
        if (client.count != 0 || counters.broken != 1)
            fail_msg("%s: count=%d", lies[i].claim, (int)client.count);
        say_lie(server, &id, reading - 0x10000, &(struct lie){0},
                journal); /* of the first asking */
        say_lie(server, &id, reading, &(struct lie){0}, journal);
        trial_until(&client, NULL, client.count == 3);
        assert_int_equal(counted(&client).stale, 1);
        trial_close(&client);
        zmq_msg_close(&id);
        zmq_close(server);
    }
    fr_journal_free(&journal);
}

/* ---- all of it --------------------------------------------------------------------------------
 */

static void
credit_is_a_limit_and_not_a_wish(void **state)
{
    struct fr_journal *journal = trial_journal(NULL, "hub");
    struct trial_side client = {.keeps = true};
    void *server = raw_socket(ZMQ_ROUTER, NULL, NULL);
    uint32_t reading;
    zmq_msg_t id;

    (void)state;
    choose_endpoints();
    for (int i = 0; i < 3; i++)
        trial_write(journal, 40000, "");
    assert_int_equal(fr_journal_sync(journal), FR_OK);
    zmq_msg_init(&id);
    assert_int_equal(zmq_bind(server, fake_endpoint), 0);
    trial_open(&client, (struct fr_wire_options){.name = "client", .credit = 64 << 10});
    fr_wire_dial(client.wire, "hub", fake_endpoint, NULL);
    fr_wire_read(client.wire, "hub", "hub", NULL, 0, 0);
    reading = await_read(server, &client, &id);
    for (uint64_t seq = 1; seq <= 3;
         seq++) { /* the second one overdraws, the third has nothing left */
        const struct fr_record_head *head;
        Fr__Batch batch = FR__BATCH__INIT;

        assert_int_equal(fr_journal_get(journal, seq, &head), FR_OK);
        batch.reading = reading;
        batch.count = 1;
        batch.last_seq = seq;
        batch.last_hash = head->hash;
        zmq_send(server, zmq_msg_data(&id), zmq_msg_size(&id), ZMQ_SNDMORE);
        raw_say(server, WIRE_BATCH, &batch.base, head, head->size);
    }
    trial_until(&client, NULL, counted(&client).invalid == 1);
    assert_int_equal(client.count, 2);
    trial_close(&client);
    zmq_msg_close(&id);
    zmq_close(server);
    fr_journal_free(&journal);
}

static int
prepare(void **state)
{
    (void)state;
    fr_log_init("door_test", FR_ERROR, FR_LOG_TEXT);
    folder = trial_folder();
    fr_wire_new_keys(hub_keys.open, hub_keys.secret);
    fr_wire_new_keys(tana_keys.open, tana_keys.secret);
    fr_wire_new_keys(oslo_keys.open, oslo_keys.secret);
    fr_wire_new_keys(stranger_keys.open, stranger_keys.secret);
    context = zmq_ctx_new();
    return 0;
}

static int
tidy(void **state)
{
    (void)state;
    zmq_ctx_term(context);
    trial_folder_remove(folder);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_key_says_who_it_is_and_what_it_may_read),
        cmocka_unit_test(a_server_with_another_key_is_not_believed),
        cmocka_unit_test(routing_ids_are_ours_to_give),
        cmocka_unit_test(without_a_key_there_is_no_conversation),
        cmocka_unit_test(a_link_keeps_its_name),
        cmocka_unit_test(nothing_is_said_before_hello),
        cmocka_unit_test(another_protocol_is_refused_and_a_newer_schema_is_not_read),
        cmocka_unit_test(messages_that_break_the_grammar_end_the_link),
        cmocka_unit_test(records_that_nobody_asked_for_are_refused),
        cmocka_unit_test(noise_on_the_doorstep_disturbs_nobody),
        cmocka_unit_test(an_oversized_frame_ends_its_connection_only),
        cmocka_unit_test(records_that_are_not_as_stored_are_never_handed_over),
        cmocka_unit_test(credit_is_a_limit_and_not_a_wish),
    };

    return cmocka_run_group_tests(tests, prepare, tidy);
}
