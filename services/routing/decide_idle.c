/* decide_idle.c - a chat whose customer is silent takes nothing of its agent; one that wakes has to
 * find room like any other. */
#include "services/routing/place.h"

#define TASKS_MAX 64

/* How long this channel's customers may be silent; 0: for ever. */
static enum fr_error
idle_after(struct fr_turn *turn, const struct routing_task *task, struct fr_span *out)
{
    const Fr__RoutingStateTask *facts;
    const struct routing_class *class;
    enum fr_error err = routing_task_facts(turn->view, task->task_id, turn->arena, &facts);

    *out = fr_seconds(0);
    if (err != FR_OK)
        return err;
    class = routing_class_config(turn->config, facts->channel);
    if (class != NULL)
        *out = class->idle_after;
    return FR_OK;
}

/* ---- it wakes ---- */

/* Awake already: its silence is no longer timed.  Idle: taken in again, if he is there and has
 * room. */
static enum fr_error
wake(struct fr_turn *turn, const struct fr_record *input, const struct routing_task *task)
{
    const struct fr_labels labels = routing_labels(task);
    Fr__TaskWoken woken = FR__TASK_WOKEN__INIT;
    struct routing_capacities capacities;
    struct routing_agent agent;
    enum fr_error err = routing_agent_get(turn->view, task->agent, &agent);

    if (err == FR_OK)
        err = routing_capacities_get(turn->view, task->agent, &capacities);
    if (err != FR_OK)
        return err;
    if (task->idle && (agent.state != FR__AGENT_STATE__AVAILABLE || agent.removed ||
                       !routing_has_room(&agent, &capacities, task->class_number)))
        return routing_end(turn, input, task->task_id,
                           "the customer writes again, and his agent has no room", false);
    woken.task_id = task->task_id;
    woken.conversation_id = task->conversation_id;
    woken.agent = agent.name;
    return fr_emit_as(turn, input, &woken.base, &labels);
}

/* ---- it falls silent ---- */

static enum fr_error
say_idled(struct fr_turn *turn, const struct fr_record *input, const struct routing_task *task,
          int64_t idle_us)
{
    const struct fr_labels labels = routing_labels(task);
    Fr__TaskIdled idled = FR__TASK_IDLED__INIT;
    struct routing_agent agent;
    enum fr_error err = routing_agent_get(turn->view, task->agent, &agent);

    if (err != FR_OK)
        return err;
    idled.task_id = task->task_id;
    idled.conversation_id = task->conversation_id;
    idled.agent = agent.name;
    idled.has_idle_us = idle_us != 0;
    idled.idle_us = idle_us;
    return fr_emit_as(turn, input, &idled.base, &labels);
}

static enum fr_error
note(struct fr_turn *turn, const struct fr_record *input, uint64_t task_id, bool by_customer)
{
    struct fr_span silence;
    struct routing_task task;
    enum fr_error err = routing_task_get(turn->view, task_id, &task);

    if (err != FR_OK || task.state != ROUTING_ASSIGNED)
        return err;
    if (by_customer)
        return task.idle || task.idle_armed ? wake(turn, input, &task) : FR_OK;
    err = idle_after(turn, &task, &silence);
    if (err != FR_OK || silence.us == 0 || task.idle)
        return err;
    return say_idled(turn, input, &task, fr_time_add(turn->now, silence).unix_us);
}

static bool
any_class_idles(const struct routing_config *config)
{
    const struct routing_class *classes = config->classes.items;

    for (size_t i = 0; i < config->classes.count; i++)
        if (classes[i].idle_after.us > 0)
            return true;
    return false;
}

/* MessageAdded: somebody wrote.
 *
 * Reads tasks of the conversation, their agents.  The agent wrote: emits TaskIdled, to come into
 * force after the silence that its channel allows.  The customer wrote: emits TaskWoken, or
 * TaskEnded when it was idle and its agent has no room: conversations then asks for an agent anew,
 * him first. Sent twice: the same once more, to the same end.
 */
enum fr_error
routing_decide_message_added(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__MessageAdded *added;
    uint64_t task_ids[TASKS_MAX];
    Fr__Direction direction;
    size_t count;
    enum fr_error err;

    if (!any_class_idles(turn->config))
        return FR_OK;
    added = fr_unpack(turn, input, &fr__message_added__descriptor);
    if (added == NULL)
        return fr_reject(turn, input, "MessageAdded does not decode");
    direction = added->entry->direction;
    if (direction != FR__DIRECTION__FROM_CUSTOMER && direction != FR__DIRECTION__TO_CUSTOMER)
        return FR_OK;
    err = routing_tasks_of(turn->view, added->conversation_id, TASKS_MAX, task_ids, &count);
    for (size_t i = 0; err == FR_OK && i < count; i++)
        err = note(turn, input, task_ids[i], direction == FR__DIRECTION__FROM_CUSTOMER);
    return err;
}

/* The customer has been silent for long enough.
 *
 * Reads the task, its agent.  Emits TaskIdled, and TaskOffered for what waits.
 */
enum fr_error
routing_decide_idle_due(struct fr_turn *turn, const struct fr_record *input)
{
    struct routing_task task;
    enum fr_error err = routing_task_get(turn->view, input->head->key, &task);

    if (err != FR_OK || task.state != ROUTING_ASSIGNED || task.idle)
        return err == FR_NOT_FOUND ? FR_OK : err;
    err = say_idled(turn, input, &task, 0);
    return err != FR_OK ? err : routing_serve(turn, input, task.agent);
}
