/* life_test.c - random lives of customers and agents beside a naive model of conversations.
 *
 * The model keeps plain arrays and looks through all of them.  After each step both must agree on
 * which conversation it is, who is asked, and what is open; at the end every message is found once,
 * nobody is ignored, and the tables follow from the journal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include "services/conversations/play.h"

#define CUSTOMERS 12
#define CONVERSATIONS_MAX 2000
#define MESSAGES_MAX 4000
#define STEPS 1500

struct matter { /* the naive conversation */
    uint64_t id, customer, task, last_answer;
    bool open, unverified, assigned, spam, unanswered;
    unsigned brand;
    double resolved_at;
};

struct life {
    struct fr_given *given;
    uint32_t seed, dice;
    double now;
    struct matter matters[CONVERSATIONS_MAX];
    size_t matter_count;
    uint64_t redirect[CUSTOMERS + 1];
    struct play_message messages[MESSAGES_MAX];
    uint64_t found_in[MESSAGES_MAX];
    size_t message_count;
    unsigned replies, opened, joined, reopened, asked_again, merged, repeated, quiet;
};

static const char *const brands[] = {"acme", "other"};

static uint32_t
next(struct life *life, uint32_t below)
{
    life->dice = life->dice * 1664525u + 1013904223u;
    return (life->dice >> 16) % below;
}

static uint64_t
who_is(const struct life *life, uint64_t customer)
{
    while (life->redirect[customer] != 0)
        customer = life->redirect[customer];
    return customer;
}

static struct matter *
matter_of(struct life *life, uint64_t id)
{
    for (size_t i = 0; i < life->matter_count; i++)
        if (life->matters[i].id == id)
            return &life->matters[i];
    return NULL;
}

static struct matter *
any_matter(struct life *life, bool (*fits)(const struct matter *))
{
    size_t start;

    if (life->matter_count == 0)
        return NULL;
    start = next(life, (uint32_t)life->matter_count);
    for (size_t i = 0; i < life->matter_count; i++) {
        struct matter *matter = &life->matters[(start + i) % life->matter_count];

        if (fits(matter))
            return matter;
    }
    return NULL;
}

/* Where the next message of that customer belongs; NULL: a new conversation. */
static struct matter *
naive_place(struct life *life, uint64_t customer, unsigned brand, bool unverified)
{
    struct matter *oldest = NULL, *last = NULL;

    for (size_t i = 0; i < life->matter_count; i++) {
        struct matter *matter = &life->matters[i];

        if (who_is(life, matter->customer) != customer || matter->brand != brand ||
            matter->unverified != unverified)
            continue;
        if (matter->open && (oldest == NULL || matter->id < oldest->id))
            oldest = matter;
        if (!matter->open && (last == NULL || matter->resolved_at > last->resolved_at))
            last = matter;
    }
    if (oldest != NULL)
        return oldest;
    return last != NULL && !last->spam && life->now - last->resolved_at <= 72 * PLAY_HOUR ? last
                                                                                          : NULL;
}

static void
write_message(struct life *life)
{
    struct play_message *message = &life->messages[life->message_count];
    unsigned brand = next(life, 2);
    struct matter *matter;
    uint64_t conversation;

    *message =
        (struct play_message){.id = 100000 + life->message_count,
                              .customer = who_is(life, 1 + next(life, CUSTOMERS)),
                              .brand = brands[brand],
                              .channel = next(life, 2) ? "channel_webchat" : "channel_webform",
                              .unverified = next(life, 4) == 0};
    matter = naive_place(life, message->customer, brand, message->unverified);
    play_write(life->given, message);
    conversation = play_conversation(life->given);
    if (matter != NULL && matter->id != conversation)
        fail_msg("seed %u message %zu: another conversation than the model's", life->seed,
                 life->message_count);
    if (matter == NULL) {
        assert_null(matter_of(life, conversation));
        assert_int_equal(fr_given_count_of(life->given, FR_CONVERSATION_OPENED), 1);
        matter = &life->matters[life->matter_count++];
        *matter = (struct matter){.id = conversation,
                                  .customer = message->customer,
                                  .brand = brand,
                                  .unverified = message->unverified};
        life->opened++;
    } else {
        assert_int_equal(fr_given_count_of(life->given, FR_CONVERSATION_REOPENED), !matter->open);
        life->joined += matter->open;
        life->reopened += !matter->open;
    }
    assert_int_equal(fr_given_count_of(life->given, FR_TASK_REQUESTED), matter->task == 0);
    assert_int_equal(fr_given_count_of(life->given, FR_ENTRY_SHARED), matter->assigned);
    matter->open = matter->unanswered = true;
    if (matter->task == 0)
        matter->task = play_task(life->given);
    life->found_in[life->message_count++] = conversation;
}

static void
write_again(struct life *life)
{
    if (life->message_count == 0)
        return;
    assert_int_equal(
        play_write(life->given, &life->messages[next(life, (uint32_t)life->message_count)]), 0);
    life->repeated++;
}

static bool
waits(const struct matter *matter)
{
    return matter->open && matter->task != 0 && !matter->assigned;
}

static bool
is_served(const struct matter *matter)
{
    return matter->open && matter->assigned;
}

static bool
has_answer(const struct matter *matter)
{
    return matter->last_answer != 0;
}

static void
accept_offer(struct life *life)
{
    struct matter *matter = any_matter(life, waits);

    if (matter == NULL)
        return;
    assert_int_equal(play_accept(life->given, matter->id, matter->task, "ben", "tana"), 2);
    matter->assigned = true;
}

static void
reply(struct life *life)
{
    struct matter *matter = any_matter(life, is_served);
    bool note = next(life, 5) == 0;
    char client_id[24];

    if (matter == NULL)
        return;
    snprintf(client_id, sizeof(client_id), "c%u", ++life->replies);
    assert_int_equal(play_reply(life->given, matter->id, client_id, "answer", note), note ? 2 : 3);
    if (!note) {
        matter->unanswered = false;
        matter->last_answer =
            ((const Fr__MessageAdded *)fr_given_find(life->given, FR_MESSAGE_ADDED))
                ->entry->message_id;
    }
    assert_int_equal(play_reply(life->given, matter->id, client_id, "answer", note), 0);
}

static void
resolve(struct life *life, struct matter *matter, bool spam)
{
    matter->open = matter->assigned = matter->unanswered = false;
    matter->spam = spam;
    matter->task = 0;
    matter->resolved_at = life->now;
}

static void
finish(struct life *life)
{
    struct matter *matter = any_matter(life, is_served);
    bool spam = next(life, 6) == 0;
    uint64_t task;

    if (matter == NULL)
        return;
    task = matter->task;
    assert_int_equal(
        play_finish(life->given, matter->id, task, spam ? FR__OUTCOME__SPAM : FR__OUTCOME__SOLVED),
        1);
    resolve(life, matter, spam);
    assert_int_equal(play_finish(life->given, matter->id, task, FR__OUTCOME__SOLVED), 0);
}

static void
lose_task(struct life *life)
{
    struct matter *matter = any_matter(life, is_served);

    if (matter == NULL)
        return;
    assert_int_equal(play_task_ended(life->given, matter->id, matter->task), 1);
    matter->task = 0;
    matter->assigned = false;
}

static void
bounce(struct life *life)
{
    struct matter *matter = any_matter(life, has_answer);
    bool comes_back;

    if (matter == NULL)
        return;
    play_delivery(life->given, matter->id, matter->last_answer, FR__DELIVERY_STATE__UNDELIVERED,
                  NULL);
    matter->last_answer = 0;
    comes_back = matter->open || !matter->spam;
    assert_int_equal(fr_given_count_of(life->given, FR_CONVERSATION_REOPENED),
                     comes_back && !matter->open);
    assert_int_equal(fr_given_count_of(life->given, FR_TASK_REQUESTED),
                     comes_back && matter->task == 0);
    if (!comes_back)
        return;
    matter->open = true;
    if (matter->task == 0) {
        matter->task = play_task(life->given);
        matter->unanswered = true;
    }
}

static void
merge(struct life *life)
{
    uint64_t a = who_is(life, 1 + next(life, CUSTOMERS)),
             b = who_is(life, 1 + next(life, CUSTOMERS));

    if (a == b || life->merged > CUSTOMERS / 2)
        return;
    play_merge(life->given, a < b ? a : b, a < b ? b : a);
    life->redirect[a < b ? b : a] = a < b ? a : b;
    life->merged++;
    assert_int_equal(play_merge(life->given, a < b ? a : b, a < b ? b : a), 0);
}

/* What the timers did on the way. */
static void
let_time_pass(struct life *life)
{
    life->now += next(life, 20) == 0 ? 40 * PLAY_HOUR : 1 + next(life, 20);
    fr_given_at(life->given, life->now);
    for (size_t i = 0; i < fr_given_count(life->given); i++) {
        const Fr__ConversationResolved *resolved =
            fr_given_body(life->given, i, FR_CONVERSATION_RESOLVED);
        const Fr__TaskRequested *task = fr_given_body(life->given, i, FR_TASK_REQUESTED);
        double at = (double)(fr_given_event(life->given, i)->time_us - PLAY_EPOCH_US) / 1e6;

        if (resolved != NULL) {
            struct matter *matter = matter_of(life, resolved->conversation_id);

            assert_true(matter->open && !matter->unanswered);
            resolve(life, matter, false);
            matter->resolved_at = at;
            life->quiet++;
        }
        if (task != NULL) {
            struct matter *matter = matter_of(life, task->conversation_id);

            assert_true(matter->open && matter->unanswered && matter->task == 0);
            matter->task = task->task_id;
            life->asked_again++;
        }
    }
}

static void
step(struct life *life)
{
    static void (*const steps[])(struct life *) = {
        write_message, write_message, write_message, write_message, write_again, accept_offer,
        accept_offer,  reply,         reply,         finish,        lose_task,   bounce};

    if (next(life, 100) == 0)
        merge(life);
    steps[next(life, sizeof(steps) / sizeof(steps[0]))](life);
    let_time_pass(life);
}

static void
judge(struct life *life)
{
    for (size_t i = 0; i < life->message_count; i++) {
        char id[FR_ID_TEXT_SIZE], conversation[FR_ID_TEXT_SIZE], customer[FR_ID_TEXT_SIZE];
        json_t *args = json_pack("{s:s}", "message", fr_id_format(life->messages[i].id, id));
        json_t *found = fr_given_query(life->given, "message.find", args);

        assert_non_null(found);
        assert_string_equal(json_string_value(json_object_get(found, "conversation_id")),
                            fr_id_format(life->found_in[i], conversation));
        fr_id_format(who_is(life, life->messages[i].customer), customer);
        assert_string_equal(json_string_value(json_object_get(found, "customer_id")), customer);
        json_decref(found);
        json_decref(args);
    }
}

static void
test_random_lives(void **state)
{
    struct life *life = calloc(1, sizeof(*life));
    unsigned opened = 0, joined = 0, reopened = 0, asked_again = 0, merged = 0, repeated = 0,
             quiet = 0;
    uint32_t seed = (uint32_t)time(NULL);

    (void)state;
    for (uint32_t round = 0; round < 6; round++) {
        memset(life, 0, sizeof(*life));
        life->seed = life->dice = seed + round;
        print_message("seed %u\n", life->seed);
        life->given = play_begin();
        for (int i = 0; i < STEPS; i++)
            step(life);
        life->now += 10; /* the last lost task is asked for again */
        judge(life);
        play_end(life->given);
        opened += life->opened;
        joined += life->joined;
        reopened += life->reopened;
        asked_again += life->asked_again;
        merged += life->merged;
        repeated += life->repeated;
        quiet += life->quiet;
    }
    /* The rare paths did run. */
    assert_true(opened && joined && reopened && asked_again && merged && repeated && quiet);
    free(life);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_lives)};

    return cmocka_run_group_tests_name("conversations: lives", tests, NULL, NULL);
}
