/* snapshot.c - how things stand for one agent, exactly: asked through decide, so that it holds
 * everything that was decided before it and nothing that comes after.
 *
 * "seq" is the number of the first record that the snapshot does not know; the edge passes on
 * events from there.
 */
#include "services/desk/show.h"

#include "services/desk/counters.h"

/* A lease that is still an offer, or one that has become a conversation. */
static bool
is_offer(const Fr__DeskStateLease *lease)
{
    return lease->state == FR__DESK_LEASE_STATE__DESK_OFFERED ||
           lease->state == FR__DESK_LEASE_STATE__DESK_ACCEPTED;
}

static enum fr_error
add_entries(const struct fr_view *view, struct fr_arena *arena, uint64_t conversation_id,
            json_t *entries)
{
    struct fr_scan scan;
    const Fr__Entry *entry;
    enum fr_error err;

    desk_entries(&scan, view, conversation_id);
    for (;;) {
        struct fr_arena_mark mark = fr_arena_mark(arena); /* many entries, one at a time */

        err = desk_entries_next(&scan, arena, &entry);
        if (err != FR_OK)
            break;
        json_array_append_new(entries, desk_show_entry(entry));
        fr_arena_release(arena, mark);
    }
    fr_scan_fini(&scan);
    return err == FR_NOT_FOUND ? FR_OK : err;
}

/* A conversation whose history has not come yet is shown with what the offer said. */
static enum fr_error
add_conversation(const struct fr_view *view, struct fr_arena *arena, uint64_t lease_id,
                 const Fr__DeskStateLease *lease, json_t *list)
{
    uint64_t conversation_id = lease->offer->conversation_id;
    const Fr__ConversationShared *conversation;
    json_t *json, *entries = json_array();
    enum fr_error err = desk_conversation_get(view, arena, conversation_id, &conversation);

    if (err == FR_OK)
        json = desk_show_conversation(conversation, false);
    else
        json = desk_show_offer(lease_id, lease->brand, lease->offer, lease->state);
    json_object_set_new(json, "loading", json_boolean(err != FR_OK));
    json_object_set_new(json, "offer", desk_show_id(lease_id));
    json_object_set_new(json, "brand", json_string(lease->brand));
    json_object_set_new(json, "arrived_ms", json_integer(lease->offer->arrived_us / 1000));
    json_object_set_new(json, "finished",
                        json_boolean(lease->state == FR__DESK_LEASE_STATE__DESK_FINISHED));
    if (lease->has_runs_out_us)
        json_object_set_new(json, "runs_out_ms", json_integer(lease->runs_out_us / 1000));
    json_object_set_new(json, "entries", entries);
    json_array_append_new(list, json);
    return add_entries(view, arena, conversation_id, entries);
}

static enum fr_error
add_leases(const struct fr_view *view, struct fr_arena *arena, const char *agent, json_t *snapshot)
{
    json_t *offers = json_array(), *conversations = json_array();
    struct fr_scan scan;
    const Fr__DeskStateLease *lease;
    uint64_t lease_id;
    enum fr_error err;

    json_object_set_new(snapshot, "offers", offers);
    json_object_set_new(snapshot, "conversations", conversations);
    desk_agent_leases(&scan, view, agent);
    while ((err = desk_agent_leases_next(&scan, &lease_id)) == FR_OK) {
        err = desk_lease_get(view, arena, lease_id, &lease);
        if (err != FR_OK)
            break;
        if (is_offer(lease))
            json_array_append_new(
                offers, desk_show_offer(lease_id, lease->brand, lease->offer, lease->state));
        else if (lease->state != FR__DESK_LEASE_STATE__DESK_DECLINED)
            err = add_conversation(view, arena, lease_id, lease, conversations);
        if (err != FR_OK)
            break;
    }
    fr_scan_fini(&scan);
    return err == FR_NOT_FOUND ? FR_OK : err;
}

static enum fr_error
add_pending(const struct fr_view *view, struct fr_arena *arena, const char *agent, json_t *snapshot)
{
    json_t *pending = json_array();
    struct fr_scan scan;
    struct desk_reply_key key;
    const Fr__DeskStateReply *reply;
    enum fr_error err;

    json_object_set_new(snapshot, "pending", pending);
    desk_replies(&scan, view, agent, 0);
    while ((err = desk_replies_next(&scan, arena, &key, &reply)) == FR_OK)
        json_array_append_new(pending, desk_show_pending(&key, reply->text, reply->note,
                                                         reply->written_us, reply->taken));
    fr_scan_fini(&scan);
    return err == FR_NOT_FOUND ? FR_OK : err;
}

static enum fr_error
add_refused(const struct fr_view *view, struct fr_arena *arena, const char *agent, json_t *snapshot)
{
    json_t *refused = json_array();
    struct fr_scan scan;
    const Fr__WorkRefused *refusal;
    uint64_t refusal_id;
    enum fr_error err;

    json_object_set_new(snapshot, "refused", refused);
    desk_refusals(&scan, view, agent);
    while ((err = desk_refusals_next(&scan, arena, &refusal_id, &refusal)) == FR_OK)
        json_array_append_new(refused, desk_show_refusal(refusal_id, refusal));
    fr_scan_fini(&scan);
    return err == FR_NOT_FOUND ? FR_OK : err;
}

static enum fr_error
add_promises(const struct fr_view *view, struct fr_arena *arena, const char *agent,
             json_t *snapshot)
{
    json_t *promises = json_array();
    const Fr__PromiseMade *made;
    struct fr_scan scan;
    enum fr_error err;

    json_object_set_new(snapshot, "promises", promises);
    desk_promises(&scan, view, agent);
    while ((err = desk_promises_next(&scan, arena, &made)) == FR_OK)
        json_array_append_new(promises, desk_show_promise(made));
    fr_scan_fini(&scan);
    return err == FR_NOT_FOUND ? FR_OK : err;
}

static enum fr_error
add_alerts(const struct fr_view *view, struct fr_arena *arena, const char *agent, json_t *snapshot)
{
    const Fr__SupervisorAlerted *alerted;
    json_t *alerts = json_array();
    struct fr_scan scan;
    enum fr_error err;

    json_object_set_new(snapshot, "alerts", alerts);
    desk_alerts(&scan, view, agent);
    while ((err = desk_alerts_next(&scan, arena, &alerted)) == FR_OK)
        json_array_append_new(alerts, desk_show_alert(alerted));
    fr_scan_fini(&scan);
    return err == FR_NOT_FOUND ? FR_OK : err;
}

static json_t *
agent_json(const char *name, const Fr__DeskStateAgent *row, const struct desk_config *config)
{
    const struct desk_agent_config *configured = desk_config_agent(config, name);
    const char *title = configured != NULL && configured->title != NULL ? configured->title
                        : row->title != NULL                            ? row->title
                                                                        : name;

    return json_pack("{s:s, s:s, s:s, s:o}", "name", name, "title", title, "site", config->site,
                     "presence", desk_show_presence(row));
}

/* StateAsked: everything that a new window shows.
 *
 * Reads agents, agent_leases, leases, conversations, entries, replies, refusals, promises, alerts.
 * Emits nothing; answers.
 */
enum fr_error
desk_decide_asked(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__StateAsked *asked = fr_unpack(turn, input, &fr__state_asked__descriptor);
    Fr__DeskStateAgent row;
    json_t *snapshot;
    enum fr_error err;

    if (asked == NULL)
        return fr_reject(turn, input, "StateAsked does not decode");
    err = desk_agent_get(turn->view, turn->arena, asked->agent, &row);
    if (err != FR_OK)
        return err;
    snapshot = json_object();
    json_object_set_new(snapshot, "event", json_string("snapshot"));
    json_object_set_new(snapshot, "seq", json_integer((json_int_t)fr_id_seq(fr_next_id(turn))));
    json_object_set_new(snapshot, "now_ms", json_integer(turn->now.unix_us / 1000));
    json_object_set_new(snapshot, "agent", agent_json(asked->agent, &row, turn->config));
    err = add_leases(turn->view, turn->arena, asked->agent, snapshot);
    if (err == FR_OK)
        err = add_pending(turn->view, turn->arena, asked->agent, snapshot);
    if (err == FR_OK)
        err = add_refused(turn->view, turn->arena, asked->agent, snapshot);
    if (err == FR_OK)
        err = add_promises(turn->view, turn->arena, asked->agent, snapshot);
    if (err == FR_OK)
        err = add_alerts(turn->view, turn->arena, asked->agent, snapshot);
    if (err != FR_OK) {
        json_decref(snapshot);
        return err;
    }
    fr_answer_json(turn, snapshot);
    return FR_OK;
}
