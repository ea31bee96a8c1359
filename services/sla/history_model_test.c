/* history_model_test.c - incremental bookkeeping against a recomputation from the whole history.
 *
 * The model walks through the history from its beginning, minute by minute, with one counter for
 * each target: open time passes, or it does not.  It knows no deadlines, no stretches, no timers.
 *
 *     FR_SLA_ROUNDS=100000 FR_SLA_SEED=1 svc_sla_history_model_test
 */
#include "services/sla/sla_testing.h"

#include "services/sla/history.h"
#include "services/sla/say.h"

#define TARGETS_MAX 200

struct counter { /* one target, as the model sees it */
    Fr__TargetKind kind;
    enum sla_state state;
    bool answered;
    int64_t started_us, since_us;
    int64_t promised_us, before_us, elapsed_us; /* before: in stretches that have ended */
    int policy, calendar;
    bool paused;
};
struct model {
    const struct history *history;
    const struct history_version *version;
    struct fr_calendars *calendars;
    struct fr_config *config;
    int64_t now_us;
    struct counter counters[TARGETS_MAX];
    size_t count;
    struct counter *running[SLA_KIND_COUNT + 1]; /* not met, not cancelled; missed ones wait */
    struct counter *resolution;
    /* what is known of the conversation */
    bool closed, answered, acknowledged, complaint, urgent;
    int priority, waiting;
    int64_t opened_us, first_us, unanswered_us, message_us, reply_us, complained_us;
};

/* ---- calendars, only asked whether they are open ---- */

struct only_calendars {
    struct fr_config_list rows;
};
static const struct fr_config_key calendar_keys[] = {
    {"calendars", FR_CONFIG_MAP, 0, .keys = fr_calendar_keys,
     .item_size = sizeof(struct fr_calendar_config), .doc = "x"},
    {NULL},
};

static void
load_version(struct model *model, int number)
{
    const struct fr_config_section section = {"", calendar_keys, sizeof(struct only_calendars),
                                              NULL};
    char *text = history_yaml(&model->history->versions[number]), *end = strstr(text, "sla:");

    fr_calendars_free(&model->calendars);
    fr_config_free(&model->config);
    assert_int_equal(
        fr_config_parse(text, (size_t)(end - text), "m", &section, 1, stderr, &model->config),
        FR_OK);
    assert_int_equal(
        fr_calendars_new(model->config,
                         &((const struct only_calendars *)fr_config_get(model->config, ""))->rows,
                         &model->calendars),
        FR_OK);
    model->version = &model->history->versions[number];
    free(text);
}

static bool
is_open(const struct model *model, int calendar, int64_t at_us)
{
    if (calendar == 0)
        return true;
    return fr_calendar_open(fr_calendars_find(model->calendars, calendar == 1 ? "a" : "b"),
                            (struct fr_time){at_us});
}

static int64_t
next_minute(int64_t at_us, int64_t end_us)
{
    int64_t next_us = (at_us / HISTORY_MINUTE + 1) * HISTORY_MINUTE;

    return next_us < end_us ? next_us : end_us;
}

/* ---- what a policy says ---- */

static int
policy_of(const struct model *model)
{
    const struct history_policy *policies = model->version->policies;

    for (int i = 0; i < HISTORY_POLICIES; i++)
        if ((!policies[i].complaints || model->complaint) && (!policies[i].urgent || model->urgent))
            return i;
    return -1;
}

static int64_t
promised(const struct model *model, Fr__TargetKind kind)
{
    const struct history_policy *policy = &model->version->policies[policy_of(model)];
    int64_t minutes = 0;

    if (kind == FR__TARGET_KIND__FIRST_RESPONSE)
        minutes =
            model->priority >= 2 && policy->first_high > 0 ? policy->first_high : policy->first;
    if (kind == FR__TARGET_KIND__NEXT_RESPONSE)
        minutes = policy->next;
    if (kind == FR__TARGET_KIND__ACKNOWLEDGEMENT)
        minutes = policy->acknowledgement;
    if (kind == FR__TARGET_KIND__PERIODIC_UPDATE)
        minutes = policy->update;
    if (kind == FR__TARGET_KIND__RESOLUTION)
        minutes = policy->resolution;
    if (kind == FR__TARGET_KIND__CHANNEL_CLOSES)
        minutes = model->version->window;
    return minutes * HISTORY_MINUTE;
}

static bool
pauses(const struct model *model, Fr__TargetKind kind)
{
    const struct history_policy *policy = &model->version->policies[policy_of(model)];

    if (kind == FR__TARGET_KIND__RESOLUTION)
        return (model->waiting == 2 && policy->pause_customer) ||
               (model->waiting == 3 && policy->pause_third);
    return kind == FR__TARGET_KIND__PERIODIC_UPDATE && model->waiting == 2 &&
           policy->pause_customer;
}

static int64_t
wanted_since(const struct model *model, Fr__TargetKind kind)
{
    if (model->closed)
        return 0;
    if (kind == FR__TARGET_KIND__FIRST_RESPONSE)
        return model->answered ? 0 : model->first_us;
    if (kind == FR__TARGET_KIND__NEXT_RESPONSE)
        return model->answered ? model->unanswered_us : 0;
    if (kind == FR__TARGET_KIND__ACKNOWLEDGEMENT)
        return model->acknowledged ? 0 : model->complaint ? model->complained_us : model->first_us;
    if (kind == FR__TARGET_KIND__PERIODIC_UPDATE)
        return model->reply_us;
    if (kind == FR__TARGET_KIND__RESOLUTION)
        return model->opened_us;
    if (kind == FR__TARGET_KIND__CHANNEL_CLOSES)
        return model->unanswered_us == 0 ? 0 : model->message_us;
    return 0;
}

/* ---- time passes ---- */

/* Open time of the present stretch until `to_us`, minute by minute. */
static int64_t
present_stretch(const struct model *model, const struct counter *counter, int64_t to_us)
{
    int64_t sum_us = 0;

    for (int64_t at_us = counter->since_us; !counter->paused && at_us < to_us;) {
        int64_t next_us = next_minute(at_us, to_us);

        sum_us += is_open(model, counter->calendar, at_us) ? next_us - at_us : 0;
        at_us = next_us;
    }
    return sum_us;
}

static void
tick(struct model *model, int64_t to_us)
{
    for (int kind = 1; kind <= SLA_KIND_COUNT; kind++) {
        struct counter *counter = model->running[kind];

        if (counter == NULL || counter->state != SLA_OPEN)
            continue;
        if (!counter->paused && is_open(model, counter->calendar, model->now_us))
            counter->elapsed_us += to_us - model->now_us;
        if (!counter->paused && counter->elapsed_us >= counter->promised_us)
            counter->state = SLA_BREACHED;
    }
    model->now_us = to_us;
}

static void
pass_time(struct model *model, int64_t to_us)
{
    while (model->now_us < to_us)
        tick(model, next_minute(model->now_us, to_us));
}

/* ---- what must hold after each event ---- */

static void
turn_stretch(const struct model *model, struct counter *counter, bool paused)
{
    counter->before_us = counter->elapsed_us;
    counter->since_us = model->now_us;
    counter->promised_us = promised(model, counter->kind);
    counter->policy = policy_of(model);
    counter->calendar = counter->kind == FR__TARGET_KIND__CHANNEL_CLOSES
                            ? 0
                            : model->version->policies[counter->policy].calendar;
    counter->paused = paused;
}

static void
start(struct model *model, Fr__TargetKind kind, int64_t since_us)
{
    struct counter *counter = &model->counters[model->count];
    struct counter *before = kind == FR__TARGET_KIND__RESOLUTION ? model->resolution : NULL;

    if (before != NULL && before->state == SLA_BREACHED)
        return;
    assert_true(model->count < TARGETS_MAX);
    *counter = (struct counter){.kind = kind, .state = SLA_OPEN, .started_us = since_us};
    counter->elapsed_us = before == NULL ? 0 : before->elapsed_us;
    turn_stretch(model, counter, pauses(model, kind));
    if (counter->elapsed_us == 0)
        counter->since_us = since_us;
    counter->elapsed_us += present_stretch(model, counter, model->now_us);
    model->count++;
    model->running[kind] = counter;
    if (kind == FR__TARGET_KIND__RESOLUTION)
        model->resolution = counter;
}

static void
go_on(struct model *model, Fr__TargetKind kind, int64_t since_us)
{
    struct counter *counter = model->running[kind];
    bool paused = pauses(model, kind);
    int calendar = kind == FR__TARGET_KIND__CHANNEL_CLOSES
                       ? 0
                       : model->version->policies[policy_of(model)].calendar;

    if (counter->state != SLA_OPEN)
        return;
    if (since_us == 0 || promised(model, kind) == 0) {
        counter->state = SLA_CANCELLED;
        model->running[kind] = NULL;
    } else if (kind == FR__TARGET_KIND__CHANNEL_CLOSES && since_us > counter->started_us) {
        counter->started_us = counter->since_us = since_us;
        counter->before_us = 0;
        counter->elapsed_us = present_stretch(model, counter, model->now_us);
    } else if (counter->policy != policy_of(model) || counter->calendar != calendar ||
               counter->promised_us != promised(model, kind) || counter->paused != paused) {
        turn_stretch(model, counter, paused);
    }
}

static void
follow(struct model *model)
{
    for (int number = 1; number <= SLA_KIND_COUNT; number++) {
        Fr__TargetKind kind = (Fr__TargetKind)number;
        int64_t since_us = wanted_since(model, kind);

        if (sla_kind_is_promise(kind))
            continue;
        if (model->running[kind] != NULL)
            go_on(model, kind, since_us);
        else if (since_us != 0 && promised(model, kind) > 0)
            start(model, kind, since_us);
    }
    tick(model, model->now_us); /* what is over at once is missed at once */
}

static void
meet(struct model *model, Fr__TargetKind kind)
{
    struct counter *counter = model->running[kind];

    if (counter == NULL)
        return;
    if (counter->state == SLA_OPEN)
        counter->state = SLA_MET;
    else
        counter->answered = true;
    model->running[kind] = NULL;
}

/* ---- events ---- */

static void
model_heard(struct model *model)
{
    model->message_us = model->now_us;
    if (model->waiting == 2)
        model->waiting = 1;
    if (model->unanswered_us == 0)
        model->unanswered_us = model->now_us;
    if (!model->answered && model->first_us == 0)
        model->first_us = model->now_us;
}

static void
model_spoke(struct model *model, bool bot, bool unseen)
{
    bool counts = !bot || model->version->policies[policy_of(model)].bots_count;
    int64_t waits_us = unseen ? model->message_us : 0;

    if (counts)
        meet(model, FR__TARGET_KIND__FIRST_RESPONSE);
    meet(model, FR__TARGET_KIND__ACKNOWLEDGEMENT);
    meet(model, FR__TARGET_KIND__PERIODIC_UPDATE);
    for (int i = 0; i < 2; i++) {
        Fr__TargetKind kind =
            i == 0 ? FR__TARGET_KIND__NEXT_RESPONSE : FR__TARGET_KIND__CHANNEL_CLOSES;

        if (waits_us == 0 || model->running[kind] == NULL ||
            model->running[kind]->started_us < waits_us)
            meet(model, kind);
    }
    model->reply_us = model->now_us;
    model->acknowledged = true;
    model->unanswered_us = waits_us;
    if (model->waiting != 3)
        model->waiting = waits_us == 0 ? 2 : 1;
    if (counts) {
        model->answered = true;
        model->first_us = 0;
    }
}

static void
model_classified(struct model *model, const struct history_event *event)
{
    model->priority = event->priority;
    model->urgent = event->urgent;
    if (event->complaint && !model->complaint) {
        model->complained_us = model->now_us;
        model->acknowledged = false;
    }
    model->complaint = event->complaint;
    if (event->waiting > 0)
        model->waiting = event->waiting;
}

static void
model_resolved(struct model *model)
{
    if (model->closed)
        return;
    meet(model, FR__TARGET_KIND__RESOLUTION);
    for (int kind = 1; kind <= SLA_KIND_COUNT; kind++) {
        if (model->running[kind] != NULL && model->running[kind]->state == SLA_OPEN)
            model->running[kind]->state = SLA_CANCELLED;
        model->running[kind] = NULL;
    }
    model->closed = true;
    model->first_us = model->unanswered_us = 0;
    model->waiting = 0;
}

/* Another calendar measures the present stretch from its beginning. */
static void
model_reloaded(struct model *model, int version)
{
    load_version(model, version);
    for (int kind = 1; kind <= SLA_KIND_COUNT; kind++) {
        struct counter *counter = model->running[kind];

        if (counter != NULL && counter->state == SLA_OPEN)
            counter->elapsed_us =
                counter->before_us + present_stretch(model, counter, model->now_us);
    }
}

static void
model_event(struct model *model, const struct history_event *event)
{
    pass_time(model, event->at_us);
    if (event->what == HEARD)
        model_heard(model);
    if (event->what == SPOKE || event->what == BOT_SPOKE || event->what == SPOKE_UNSEEN)
        model_spoke(model, event->what == BOT_SPOKE,
                    event->what == SPOKE_UNSEEN && model->unanswered_us != 0);
    if (event->what == ACKNOWLEDGED && !model->acknowledged) {
        meet(model, FR__TARGET_KIND__ACKNOWLEDGEMENT);
        model->acknowledged = true;
        return; /* nothing else follows from it */
    }
    if (event->what == CLASSIFIED)
        model_classified(model, event);
    if (event->what == RESOLVED)
        model_resolved(model);
    if (event->what == REOPENED) {
        model->closed = false;
        model->reply_us = 0;
    }
    if (event->what == RELOADED)
        model_reloaded(model, event->version);
    if (event->what != NOTED && event->what != ACKNOWLEDGED && event->what != REKEYED)
        follow(model);
}

/* ---- the real thing ---- */

static uint64_t record_id;

/* As fr_given_at takes it: a little more, since it cuts what is behind the microsecond. */
static double
seconds_to(int64_t at_us)
{
    return ((double)(at_us - FR_GIVEN_EPOCH_S * SECOND) + 0.4) / 1e6;
}

static void
real_said(Fr__Direction direction, const char *client_id, bool bot, int64_t unanswered_us)
{
    Fr__MessageAdded added = FR__MESSAGE_ADDED__INIT;
    Fr__Entry entry = FR__ENTRY__INIT;

    entry.message_id = ++record_id;
    entry.direction = direction;
    entry.channel = "channel_webchat";
    entry.account = entry.address = entry.text = "x";
    entry.client_id = (char *)client_id;
    entry.has_bot = entry.bot = bot;
    added.conversation_id = CONVERSATION;
    added.customer_id = CUSTOMER;
    added.entry = &entry;
    added.reason = "test";
    added.has_unanswered_us = unanswered_us != 0;
    added.unanswered_us = unanswered_us;
    assert_int_equal(fr_given_input(g, "conversations", CONVERSATION, "acme", &added.base), FR_OK);
}

static void
real_classified(const struct history_event *event)
{
    Fr__ConversationClassified classified = FR__CONVERSATION_CLASSIFIED__INIT;
    char *tags[] = {"urgent"};

    classified.conversation_id = CONVERSATION;
    classified.customer_id = CUSTOMER;
    classified.priority = event->priority;
    classified.complaint = event->complaint;
    classified.tags = tags;
    classified.n_tags = event->urgent;
    classified.has_waiting = event->waiting > 0;
    classified.waiting = (Fr__WaitingFor)event->waiting;
    classified.reason = "test";
    fr_given_input(g, "conversations", CONVERSATION, "acme", &classified.base);
}

static void
real_rekeyed(uint64_t to)
{
    Fr__ConversationRekeyed rekeyed = FR__CONVERSATION_REKEYED__INIT;

    rekeyed.conversation_id = CONVERSATION;
    rekeyed.from_customer = CUSTOMER;
    rekeyed.to_customer = to;
    fr_given_input(g, "conversations", CONVERSATION, "acme", &rekeyed.base);
}

static void
real_reopened(void)
{
    Fr__ConversationReopened reopened = FR__CONVERSATION_REOPENED__INIT;

    reopened.conversation_id = CONVERSATION;
    reopened.customer_id = CUSTOMER;
    reopened.reason = "test";
    fr_given_input(g, "conversations", CONVERSATION, "acme", &reopened.base);
}

static void
real_event(const struct history *history, const struct history_event *event,
           const struct model *model)
{
    char *yaml_text;

    fr_given_at(g, seconds_to(event->at_us));
    switch (event->what) {
    case HEARD:
        real_said(FR__DIRECTION__FROM_CUSTOMER, NULL, false, 0);
        break;
    case SPOKE:
    case BOT_SPOKE:
        real_said(FR__DIRECTION__TO_CUSTOMER, NULL, event->what == BOT_SPOKE, 0);
        break;
    case SPOKE_UNSEEN:
        real_said(FR__DIRECTION__TO_CUSTOMER, NULL, false,
                  model->unanswered_us == 0 ? 0 : model->message_us);
        break;
    case NOTED:
        real_said(FR__DIRECTION__NOTE, NULL, false, 0);
        break;
    case ACKNOWLEDGED:
        real_said(FR__DIRECTION__NOTICE, "acknowledge-1", false, 0);
        break;
    case CLASSIFIED:
        real_classified(event);
        break;
    case REKEYED:
        real_rekeyed(event->priority == 0 ? CUSTOMER : 0x111);
        break;
    case RESOLVED:
        resolved();
        break;
    case REOPENED:
        real_reopened();
        break;
    default:
        yaml_text = history_yaml(&history->versions[event->version]);
        fr_given_reload(g, yaml_text);
        free(yaml_text);
    }
}

/* ---- beside each other ---- */

static void
show_real(void)
{
    struct sla_conversation row;
    struct sla_target target;

    sla_conversation_get(fr_given_view(g), CONVERSATION, &row);
    for (uint64_t id = row.newest; id != 0; id = target.previous) {
        sla_target_get(fr_given_view(g), id, &target);
        fprintf(stderr, "  real:  %-16s from %9.3f min, state %d, %lld of %lld s (newest first)\n",
                sla_kind_text((Fr__TargetKind)target.kind),
                (double)(target.started_us - FR_GIVEN_EPOCH_S * SECOND) / 6e7, target.state,
                (long long)(target.elapsed_us / SECOND), (long long)(target.promised_us / SECOND));
    }
}

static void
complain(const struct history *history, const struct model *model, const char *what, size_t index)
{
    static const char *const names[] = {"heard",    "spoke",        "bot",        "unseen",
                                        "noted",    "acknowledged", "classified", "rekeyed",
                                        "resolved", "reopened",     "reloaded"};

    for (size_t i = 0; i < history->count; i++)
        fprintf(stderr, "  %9.3f min %s\n",
                (double)(history->events[i].at_us - FR_GIVEN_EPOCH_S * SECOND) / 6e7,
                names[history->events[i].what]);
    for (size_t i = 0; i < model->count; i++)
        fprintf(stderr, "  model: %-16s from %9.3f min, state %d, %lld of %lld s\n",
                sla_kind_text(model->counters[i].kind),
                (double)(model->counters[i].started_us - FR_GIVEN_EPOCH_S * SECOND) / 6e7,
                (int)model->counters[i].state, (long long)(model->counters[i].elapsed_us / SECOND),
                (long long)(model->counters[i].promised_us / SECOND));
    show_real();
    fail_msg("seed %llu, target %zu of %zu: %s differs", (unsigned long long)history->seed, index,
             model->count, what);
}

#define SAME(what, real, expected)                                                                 \
    if ((real) != (expected)) {                                                                    \
        fprintf(stderr, "%s: %lld, the model says %lld\n", what, (long long)(real),                \
                (long long)(expected));                                                            \
        complain(history, model, what, index);                                                     \
    }

static void
compare_target(const struct history *history, const struct model *model, size_t index,
               const struct sla_target *target, const struct fr_calendars *calendars)
{
    const struct counter *counter = &model->counters[index];
    struct sla_clock clock = sla_target_clock(target);

    SAME("kind", target->kind, counter->kind)
    SAME("state", target->state, counter->state)
    SAME("start", target->started_us, counter->started_us)
    SAME("promised", target->promised_us, counter->promised_us)
    SAME("answered", target->answered, counter->answered)
    if (counter->state == SLA_MET || counter->state == SLA_CANCELLED)
        SAME("elapsed at the end", target->elapsed_us, counter->elapsed_us)
    if (counter->state == SLA_OPEN) {
        SAME("paused", target->paused, counter->paused)
        SAME("elapsed",
             sla_clock_elapsed(&clock, sla_calendar(calendars, target->calendar), history->end_us),
             counter->elapsed_us)
    }
}

static uint64_t seen[SLA_KIND_COUNT + 1][5]; /* by kind and state: did the rare paths run? */

static void
compare(const struct history *history, const struct model *model)
{
    struct sla_target targets[TARGETS_MAX];
    struct sla_conversation row;
    uint64_t target_id;
    size_t count = 0;

    assert_int_equal(sla_conversation_get(fr_given_view(g), CONVERSATION, &row), FR_OK);
    for (target_id = row.newest; target_id != 0; target_id = targets[count++].previous)
        assert_int_equal(sla_target_get(fr_given_view(g), target_id, &targets[count]), FR_OK);
    if (count != model->count)
        complain(history, model, "number of targets", count);
    for (size_t i = 0; i < count; i++) {
        compare_target(history, model, i, &targets[count - 1 - i], model->calendars);
        seen[targets[i].kind][targets[i].state]++;
    }
}

static void
one_history(uint64_t seed, bool rebuild)
{
    static struct history history;
    static struct model model;
    char *text;

    history_make(&history, seed, FR_GIVEN_EPOCH_S * SECOND);
    memset(&model, 0, sizeof(model));
    model.history = &history;
    model.now_us = FR_GIVEN_EPOCH_S * SECOND;
    load_version(&model, 0);
    text = history_yaml(&history.versions[0]);
    g = fr_given_new(&sla_stage, text);
    free(text);
    opened(false);
    model.opened_us = model.now_us;
    follow(&model);
    for (size_t i = 0; i < history.count; i++) {
        real_event(&history, &history.events[i], &model);
        model_event(&model, &history.events[i]);
    }
    fr_given_at(g, seconds_to(history.end_us));
    pass_time(&model, history.end_us);
    compare(&history, &model);
    if (rebuild)
        assert_true(fr_given_rebuilds(g));
    fr_given_free(&g);
    fr_calendars_free(&model.calendars);
    fr_config_free(&model.config);
}

static void
bookkeeping_equals_recomputation(void **state)
{
    const char *rounds_text = getenv("FR_SLA_ROUNDS"), *seed_text = getenv("FR_SLA_SEED");
    uint64_t rounds = rounds_text == NULL ? 1000 : strtoull(rounds_text, NULL, 10);
    uint64_t seed = seed_text == NULL ? 1 : strtoull(seed_text, NULL, 10);

    (void)state;
    printf("%llu histories, seeds from %llu\n", (unsigned long long)rounds,
           (unsigned long long)seed);
    for (uint64_t i = 0; i < rounds; i++) {
        if (rounds >= 10000 && i % 1000 == 0)
            fprintf(stderr, "\r%llu of %llu", (unsigned long long)i, (unsigned long long)rounds);
        one_history(seed + i, i % 50 == 0);
    }
    for (int kind = 1; kind <= SLA_KIND_COUNT; kind++) {
        if (sla_kind_is_promise((Fr__TargetKind)kind))
            continue;
        printf("%-16s open %llu, met %llu, missed %llu, cancelled %llu\n",
               sla_kind_text((Fr__TargetKind)kind), (unsigned long long)seen[kind][SLA_OPEN],
               (unsigned long long)seen[kind][SLA_MET],
               (unsigned long long)seen[kind][SLA_BREACHED],
               (unsigned long long)seen[kind][SLA_CANCELLED]);
        assert_true(rounds < 300 || (seen[kind][SLA_OPEN] > 0 && seen[kind][SLA_BREACHED] > 0 &&
                                     seen[kind][SLA_MET] > 0));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bookkeeping_equals_recomputation)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
