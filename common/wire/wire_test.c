/* wire_test.c - records cross a link as they are stored, within their credit, over every transport.
 */
#include "common/wire/trial_test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

/* The address sanitizer keeps freed memory on purpose: what is resident then says nothing. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#define SANITIZED __has_feature(address_sanitizer)
#else
#define SANITIZED 0
#endif

static char *folder;
static char server_public[41], server_secret[41], client_public[41], client_secret[41];

enum transport { IPC, TCP, INPROC };

static const char *
endpoint_of(enum transport transport)
{
    static char endpoint[300];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int probe;

    switch (transport) {
    case IPC:
        snprintf(endpoint, sizeof(endpoint), "ipc://%s/server", folder);
        break;
    case INPROC:
        snprintf(endpoint, sizeof(endpoint), "inproc://wire-test");
        break;
    case TCP: /* a port that is free now */
        probe = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(bind(probe, (struct sockaddr *)&address, sizeof(address)), 0);
        getsockname(probe, (struct sockaddr *)&address, &size);
        snprintf(endpoint, sizeof(endpoint), "tcp://127.0.0.1:%d", ntohs(address.sin_port));
        close(probe);
    }
    return endpoint;
}

static void
open_server(struct trial_side *server, const char *endpoint)
{
    static const char *const everything[] = {"*"};
    struct fr_wire_key key = {"client", client_public, everything, 1};
    bool tcp = strncmp(endpoint, "tcp", 3) == 0;

    trial_open(server, (struct fr_wire_options){.name = "server",
                                                .listen = {endpoint},
                                                .secret_key = tcp ? server_secret : NULL,
                                                .public_key = tcp ? server_public : NULL,
                                                .keys = &key,
                                                .key_count = tcp ? 1 : 0});
}

static void
open_client(struct trial_side *client, const char *endpoint, size_t credit)
{
    bool tcp = strncmp(endpoint, "tcp", 3) == 0;

    trial_open(client, (struct fr_wire_options){.name = "client",
                                                .credit = credit,
                                                .secret_key = tcp ? client_secret : NULL});
    assert_int_equal(fr_wire_dial(client->wire, "server", endpoint, tcp ? server_public : NULL),
                     FR_OK);
}

/* ---- records arrive ---------------------------------------------------------------------------
 */

/* Frames of random numbers of records of random sizes, some as big as a record may be. */
static void
publish_at_random(struct trial_side *server, uint64_t *seed, struct trial_side *client)
{
    for (int frame = 0; frame < 60; frame++) {
        unsigned count = 1 + trial_dice(seed) % 40;
        size_t size = trial_dice(seed) % 2000;

        if (trial_dice(seed) % 12 == 0) {
            size = FR_RECORD_SIZE_MAX - sizeof(struct fr_record_head) - trial_dice(seed) % 9;
            count = 1 + trial_dice(seed) % 3;
        }
        trial_publish(server, count, size, "");
        if (trial_dice(seed) % 3 == 0)
            trial_turn(client);
    }
}

static void
records_arrive_as_stored(enum transport transport)
{
    struct trial_side server = {0}, client = {0};
    const char *endpoint = endpoint_of(transport);
    uint64_t seed = (uint64_t)time(NULL);

    print_message("seed %llu\n", (unsigned long long)seed);
    server.journal = trial_journal(NULL, "server");
    open_server(&server, endpoint);
    open_client(&client, endpoint, 256 << 10); /* smaller than some records */
    assert_int_equal(fr_wire_read(client.wire, "server", "server", NULL, 0, FR_WIRE_REGISTERED), 1);
    publish_at_random(&server, &seed, &client);
    trial_until(&client, &server, client.cursors[1].seq == fr_journal_end(server.journal).seq);
    trial_assert_same(&client, server.journal, 1, NULL);
    trial_until(&client, &server, server.acknowledged == client.cursors[1].seq);
    assert_int_equal(client.refused_count, 0);
    assert_int_equal(fr_wire_counters(client.wire).broken, 0);
    trial_close(&client);
    trial_close(&server);
}

static void
records_arrive_as_stored_over_ipc(void **state)
{
    (void)state;
    records_arrive_as_stored(IPC);
}

static void
records_arrive_as_stored_over_tcp(void **state)
{
    (void)state;
    records_arrive_as_stored(TCP);
}

static void
records_arrive_as_stored_within_a_process(void **state)
{
    (void)state;
    records_arrive_as_stored(INPROC);
}

static void
only_the_routes_asked_for_arrive_and_the_position_moves_on(void **state)
{
    static const char *const routes[] = {"site.tana"};
    struct trial_side server = {0}, client = {0};
    const char *endpoint = endpoint_of(IPC);

    (void)state;
    server.journal = trial_journal(NULL, "server");
    open_server(&server, endpoint);
    open_client(&client, endpoint, 0);
    fr_wire_read(client.wire, "server", "server", routes, 1, FR_WIRE_REGISTERED);
    for (int i = 0; i < 50; i++)
        trial_publish(&server, 3, 100, i % 5 == 0 ? "site.tana" : "site.oslo");
    trial_until(&client, &server, client.cursors[1].seq == 150);
    trial_assert_same(&client, server.journal, 1, "site.tana");
    assert_int_equal(client.count, 30);
    trial_until(&client, &server, server.acknowledged == 150);
    trial_close(&client);
    trial_close(&server);
}

static void
either_side_reads_the_other_over_one_link(void **state)
{
    struct trial_side hub = {0}, desk = {0};
    const char *endpoint = endpoint_of(TCP);

    (void)state;
    hub.journal = trial_journal(NULL, "server");
    desk.journal = trial_journal(NULL, "client");
    open_server(&hub, endpoint);
    open_client(&desk, endpoint, 0);
    fr_wire_read(desk.wire, "server", "server", NULL, 0, 0);
    fr_wire_read(hub.wire, "client", "client", NULL, 0, FR_WIRE_REGISTERED);
    for (int i = 0; i < 20; i++) {
        trial_publish(&hub, 10, 500, "");
        trial_publish(&desk, 7, 300, "");
        trial_turn(&hub);
        trial_turn(&desk);
    }
    trial_until(&desk, &hub, desk.cursors[1].seq == 200 && hub.cursors[1].seq == 140);
    trial_assert_same(&desk, hub.journal, 1, NULL);
    trial_assert_same(&hub, desk.journal, 1, NULL);
    trial_close(&desk);
    trial_close(&hub);
}

static void
a_standby_gets_whole_frames_however_big(void **state)
{
    struct trial_side server = {0}, client = {0};
    const char *endpoint = endpoint_of(IPC);
    struct fr_cursor cursor = {.journal = "upstream", .incarnation = 1, .seq = 7, .hash = 9}, found;

    (void)state;
    server.journal = trial_journal(NULL, "server");
    client.copy = trial_journal(NULL, "server");
    open_server(&server, endpoint);
    open_client(&client, endpoint, 0);
    fr_wire_read(client.wire, "server", "server", NULL, 0, FR_WIRE_FRAMES);
    trial_publish(&server, 5, 900, "");
    trial_publish(&server, 7, 1000000, "a"); /* more than six ZeroMQ frames may hold */
    fr_journal_set_cursor(server.journal, &cursor);
    trial_publish(&server, 0, 0, ""); /* a frame without a record */
    trial_publish(&server, 1, 10, "b");
    trial_until(&client, &server, client.frames == 4);
    assert_int_equal(fr_journal_end(client.copy).hash, fr_journal_end(server.journal).hash);
    assert_int_equal(fr_journal_get_cursor(client.copy, "upstream", &found), FR_OK);
    assert_int_equal(found.seq, 7);
    trial_close(&client);
    trial_close(&server);
}

/* ---- credit -----------------------------------------------------------------------------------
 */

static size_t
resident_size(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long pages = 0, resident = 0;

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu %lu", &pages, &resident), 2);
    fclose(file);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

/* The journal is in files here, so that memory is what the link needs, on both sides. */
static void
a_stopped_reader_costs_its_credit_and_loses_nothing(void **state)
{
    struct trial_side server = {0}, client = {0};
    const char *endpoint = endpoint_of(IPC);
    char dir[300];
    size_t before;

    (void)state;
    snprintf(dir, sizeof(dir), "%s/stopped", folder);
    server.journal = trial_journal(dir, "server");
    open_server(&server, endpoint);
    open_client(&client, endpoint, 1 << 20);
    client.keeps = true;
    fr_wire_read(client.wire, "server", "server", NULL, 0, FR_WIRE_REGISTERED);
    trial_publish(&server, 1000, 1000, "");
    trial_until(&client, &server, client.count > 900);
    free(client.bytes); /* the test's own copy is not what is measured */
    client.bytes = NULL;
    client.size = 0;
    before = resident_size();
    for (int i = 0; i < 48; i++) { /* 48 MB that nobody takes */
        trial_publish(&server, 1000, 1000, "");
        trial_turn(&client);
        trial_turn(&server);
    }
    trial_while(&client, &server, 50);
    assert_true(client.kept_size <= (1 << 20) + FR_RECORD_SIZE_MAX);
    if (!SANITIZED)
        assert_true(resident_size() < before + (24u << 20));
    client.keeps = false;
    trial_consume(&client);
    trial_until(&client, &server, client.count == 49000);
    assert_int_equal(client.cursors[1].hash, fr_journal_end(server.journal).hash);
    trial_close(&client);
    trial_close(&server);
}

static void
what_is_under_way_never_exceeds_the_credit(void **state)
{
    struct trial_side server = {0}, client = {0};
    const char *endpoint = endpoint_of(IPC);
    struct fr_wire_peer_info info;

    (void)state;
    server.journal = trial_journal(NULL, "server");
    open_server(&server, endpoint);
    open_client(&client, endpoint, 100 << 10);
    client.keeps = true;
    fr_wire_read(client.wire, "server", "server", NULL, 0, 0);
    trial_publish(&server, 5000, 500, "");
    for (int round = 0; round < 20; round++) {
        trial_while(&client, &server, 5);
        assert_true(client.kept_size <= (100 << 10) + 700);
        trial_consume(&client);
    }
    assert_int_equal(fr_wire_peers(server.wire, &info, 1), 1);
    assert_true(info.bytes_out >= client.size);
    client.keeps = false;
    trial_until(&client, &server, client.count == 5000);
    trial_assert_same(&client, server.journal, 1, NULL);
    trial_close(&client);
    trial_close(&server);
}

static void
a_held_wire_takes_nothing_in_but_still_serves(void **state)
{
    struct trial_side server = {0}, client = {0};
    const char *endpoint = endpoint_of(IPC);

    (void)state;
    server.journal = trial_journal(NULL, "server");
    client.journal = trial_journal(NULL, "client");
    open_server(&server, endpoint);
    open_client(&client, endpoint, 0);
    fr_wire_read(client.wire, "server", "server", NULL, 0, 0);
    fr_wire_read(server.wire, "client", "client", NULL, 0, 0);
    trial_until(&client, &server, client.up_count == 1 && server.up_count == 1);
    fr_wire_hold(client.wire, true);
    for (int i = 0; i < 20; i++) {
        trial_publish(&server, 10, 400, "");
        trial_publish(&client, 10, 400, "");
        trial_turn(&server);
        trial_turn(&client);
    }
    trial_until(&client, &server, server.count == 200);
    assert_int_equal(client.count, 0);
    fr_wire_hold(client.wire, false);
    trial_until(&client, &server, client.count == 200);
    trial_assert_same(&client, server.journal, 1, NULL);
    trial_close(&client);
    trial_close(&server);
}

/* ---- coming back ------------------------------------------------------------------------------
 */

static void
a_restarted_server_is_found_and_read_on(enum transport transport)
{
    struct trial_side server = {0}, client = {0};
    const char *endpoint = endpoint_of(transport);
    struct fr_journal *journal = trial_journal(NULL, "server");

    server.journal = journal;
    open_client(&client, endpoint, 64 << 10); /* before there is anybody */
    fr_wire_read(client.wire, "server", "server", NULL, 0, FR_WIRE_REGISTERED);
    for (int round = 0; round < 4; round++) {
        trial_publish(&server, 300, 700, "");
        open_server(&server, endpoint);
        trial_publish(&server, 300, 700, "");
        trial_until(&client, &server, client.count > 600u * (unsigned)round + 150);
        fr_wire_free(&server.wire); /* in the middle of it */
        if (round % 2 == 1)
            trial_until(&client, NULL, client.down_count == (unsigned)round + 1);
    }
    open_server(&server, endpoint);
    trial_until(&client, &server, client.count == 2400);
    trial_assert_same(&client, journal, 1, NULL);
    assert_true(client.up_count >= 3);
    trial_close(&client);
    trial_close(&server);
}

static void
a_restarted_server_is_found_over_ipc(void **state)
{
    (void)state;
    a_restarted_server_is_found_and_read_on(IPC);
}

static void
a_restarted_server_is_found_over_tcp(void **state)
{
    (void)state;
    a_restarted_server_is_found_and_read_on(TCP);
}

static void
a_restarted_client_goes_on_from_its_cursor(void **state)
{
    struct trial_side server = {0}, client = {0};
    const char *endpoint = endpoint_of(TCP);

    (void)state;
    server.journal = trial_journal(NULL, "server");
    open_server(&server, endpoint);
    for (unsigned round = 0; round < 6; round++) {
        open_client(&client, endpoint, 64 << 10);
        fr_wire_read(client.wire, "server", "server", NULL, 0, FR_WIRE_REGISTERED);
        trial_publish(&server, 300, 700, "");
        trial_until(&client, &server, client.count > 300 * round + 150);
        fr_wire_free(&client.wire);
    }
    open_client(&client, endpoint, 0);
    fr_wire_read(client.wire, "server", "server", NULL, 0, FR_WIRE_REGISTERED);
    trial_until(&client, &server, client.count == 1800);
    trial_assert_same(&client, server.journal, 1, NULL);
    trial_close(&client);
    trial_close(&server);
}

/* What was kept during the hold is dropped with the link and comes again: once. */
static void
a_held_wire_survives_a_restarted_server(void **state)
{
    struct trial_side server = {0}, client = {0};
    const char *endpoint = endpoint_of(IPC);

    (void)state;
    server.journal = trial_journal(NULL, "server");
    open_server(&server, endpoint);
    open_client(&client, endpoint, 0);
    fr_wire_read(client.wire, "server", "server", NULL, 0, 0);
    trial_until(&client, &server, client.up_count == 1);
    fr_wire_hold(client.wire, true);
    for (unsigned round = 1; round <= 3; round++) {
        trial_publish(&server, 50, 700, "");
        trial_while(&client, &server, 30);
        fr_wire_free(&server.wire);
        trial_until(&client, NULL, client.down_count == round);
        open_server(&server, endpoint);
        trial_until(&client, &server, client.up_count == round + 1);
    }
    assert_int_equal(client.count, 0);
    fr_wire_hold(client.wire, false);
    trial_until(&client, &server, client.count >= 150);
    trial_while(&client, &server, 20);
    trial_assert_same(&client, server.journal, 1, NULL);
    assert_int_equal(fr_wire_counters(client.wire).broken, 0);
    trial_close(&client);
    trial_close(&server);
}

/* ---- refusals ---------------------------------------------------------------------------------
 */

static void
a_cursor_that_does_not_fit_is_named(void **state)
{
    static const struct {
        const char *claim;
        uint64_t seq;
        bool wrong_hash;
        enum fr_error expected;
    } cases[] = {
        {"what was trimmed is TRUNCATED", 1, false, FR_TRUNCATED},
        {"beyond the end is AHEAD", 4000, true, FR_AHEAD},
        {"another record there is DIVERGED", 1190, true, FR_DIVERGED},
    };
    struct trial_side server = {0};
    const char *endpoint = endpoint_of(IPC);

    (void)state;
    server.journal = trial_journal(NULL, "server");
    for (int i = 0; i < 1200; i++)
        trial_publish(&server, 1, 60000, "");
    fr_journal_trim(server.journal, 1200, (struct fr_time){INT64_MAX / 2});
    assert_true(fr_journal_first_seq(server.journal) > 2);
    open_server(&server, endpoint);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct trial_side client = {0};

        client.cursors[1] = fr_journal_end(server.journal);
        client.cursors[1].seq = cases[i].seq;
        client.cursors[1].hash = cases[i].wrong_hash ? 1 : client.cursors[1].hash;
        open_client(&client, endpoint, 0);
        fr_wire_read(client.wire, "server", "server", NULL, 0, 0);
        trial_until(&client, &server, client.refused_count > 0);
        if (client.refused != cases[i].expected)
            fail_msg("%s: %s", cases[i].claim, fr_error_name(client.refused));
        client.cursors[1] = fr_journal_end(server.journal); /* dealt with: ask again */
        fr_wire_retry(client.wire, 1);
        trial_publish(&server, 1, 10, "");
        trial_until(&client, &server, client.count == 1);
        assert_int_equal(client.refused_count, 1);
        trial_close(&client);
    }
    trial_close(&server);
}

static void
a_journal_that_is_not_there_yet_is_asked_for_again(void **state)
{
    struct trial_side server = {0}, client = {0};
    const char *endpoint = endpoint_of(IPC);

    (void)state;
    open_server(&server, endpoint); /* has no journal at all */
    open_client(&client, endpoint, 0);
    fr_wire_read(client.wire, "server", "server", NULL, 0, 0);
    trial_until(&client, &server, client.refused_count >= 2);
    assert_int_equal(client.refused, FR_NOT_FOUND);
    fr_wire_free(&server.wire);
    server.journal = trial_journal(NULL, "server");
    open_server(&server, endpoint);
    trial_publish(&server, 3, 10, "");
    trial_until(&client, &server, client.count == 3);
    trial_close(&client);
    trial_close(&server);
}

static void
a_stopped_reading_brings_nothing_more_and_its_number_is_used_again(void **state)
{
    struct trial_side server = {0}, client = {0};
    const char *endpoint = endpoint_of(IPC);
    uint32_t first, second;

    (void)state;
    server.journal = trial_journal(NULL, "server");
    open_server(&server, endpoint);
    open_client(&client, endpoint, 0);
    first = fr_wire_read(client.wire, "server", "server", NULL, 0, 0);
    second = fr_wire_read(client.wire, "server", "server", NULL, 0, FR_WIRE_REGISTERED);
    trial_publish(&server, 10, 10, "");
    trial_until(&client, &server, client.count == 20);
    fr_wire_stop_reading(client.wire, first);
    trial_publish(&server, 10, 10, "");
    trial_until(&client, &server, client.cursors[second].seq == 20);
    trial_while(&client, &server, 20);
    assert_int_equal(client.count, 30);
    assert_int_equal(fr_wire_read(client.wire, "server", "server", NULL, 0, 0), first);
    trial_until(&client, &server, client.cursors[first].seq == 20);
    assert_int_equal(client.count, 40);
    trial_close(&client);
    trial_close(&server);
}

/* ---- options ----------------------------------------------------------------------------------
 */

static void
endpoints_name_a_transport_and_something_behind_it(void **state)
{
    static const struct {
        const char *endpoint;
        bool valid;
    } cases[] = {
        {"ipc:///run/filrouge/identity.sock", true},
        {"ipc://", false},
        {"tcp://hub.example:5555", true},
        {"tcp://[::1]:5555", true},
        {"tcp://*:5555", true},
        {"tcp://hub.example", false},
        {"tcp://hub.example:0", false},
        {"tcp://hub.example:65536", false},
        {"tcp://:5555", false},
        {"inproc://cell", true},
        {"inproc://", false},
        {"udp://1.2.3.4:5", false},
        {"", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (fr_wire_endpoint_valid(cases[i].endpoint) != cases[i].valid)
            fail_msg("\"%s\"", cases[i].endpoint);
    }
}

static void
options_that_make_no_sense_are_refused_in_a_sentence(void **state)
{
    const char *routes[] = {"*"};
    struct fr_wire_key bad_key = {"desk.tana", "short", routes, 1};
    const struct fr_wire_options cases[] = {
        {.name = "Not A Name"},
        {.name = "a", .credit = 1},
        {.name = "a", .batch_size_max = 2u << 20},
        {.name = "a", .listen = {"tcp://127.0.0.1:1234"}},
        {.name = "a", .listen = {"http://127.0.0.1:1234"}},
        {.name = "a", .secret_key = "short"},
        {.name = "a", .secret_key = server_secret, .public_key = client_public},
        {.name = "a", .keys = &bad_key, .key_count = 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fr_wire *wire = NULL;
        char complaint[200] = "";

        assert_int_equal(fr_wire_new(&cases[i], &wire, complaint, sizeof(complaint)), FR_INVALID);
        assert_null(wire);
        assert_true(strlen(complaint) > 5);
    }
}

static int
prepare(void **state)
{
    (void)state;
    fr_log_init("wire_test", FR_ERROR, FR_LOG_TEXT);
    folder = trial_folder();
    fr_wire_new_keys(server_public, server_secret);
    fr_wire_new_keys(client_public, client_secret);
    return 0;
}

static int
tidy(void **state)
{
    (void)state;
    trial_folder_remove(folder);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_arrive_as_stored_over_ipc),
        cmocka_unit_test(records_arrive_as_stored_over_tcp),
        cmocka_unit_test(records_arrive_as_stored_within_a_process),
        cmocka_unit_test(only_the_routes_asked_for_arrive_and_the_position_moves_on),
        cmocka_unit_test(either_side_reads_the_other_over_one_link),
        cmocka_unit_test(a_standby_gets_whole_frames_however_big),
        cmocka_unit_test(a_stopped_reader_costs_its_credit_and_loses_nothing),
        cmocka_unit_test(what_is_under_way_never_exceeds_the_credit),
        cmocka_unit_test(a_held_wire_takes_nothing_in_but_still_serves),
        cmocka_unit_test(a_restarted_server_is_found_over_ipc),
        cmocka_unit_test(a_restarted_server_is_found_over_tcp),
        cmocka_unit_test(a_restarted_client_goes_on_from_its_cursor),
        cmocka_unit_test(a_held_wire_survives_a_restarted_server),
        cmocka_unit_test(a_cursor_that_does_not_fit_is_named),
        cmocka_unit_test(a_journal_that_is_not_there_yet_is_asked_for_again),
        cmocka_unit_test(a_stopped_reading_brings_nothing_more_and_its_number_is_used_again),
        cmocka_unit_test(endpoints_name_a_transport_and_something_behind_it),
        cmocka_unit_test(options_that_make_no_sense_are_refused_in_a_sentence),
    };

    return cmocka_run_group_tests(tests, prepare, tidy);
}
