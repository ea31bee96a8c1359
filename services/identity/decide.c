/* decide.c - an observation arrives: who is it?  One event says so, after everything that follows
 * from it. */
#include "services/identity/follow_alike.h"
#include "services/identity/sight.h"

/* Keys to evidence to verdict to events, up to the point where the customer is known. */
static enum fr_error
resolve(struct identity_sight *sight, Fr__Key **keys, size_t key_count, const char *address)
{
    enum fr_error err = FR_OK;

    for (size_t i = 0; err == FR_OK && i < key_count; i++)
        err = identity_sight_take(sight, keys[i], address);
    if (err == FR_OK)
        err = identity_sight_judge(sight);
    if (err == FR_OK)
        err = identity_sight_follow(sight);
    fr_count(sight->turn, IDENTITY_OBSERVATIONS, 1);
    fr_count(sight->turn, IDENTITY_UNVERIFIED, sight->verdict.unverified);
    return err;
}

/* The observation's own event; then what follows from its having been added, and (I8) whom what it
 * says of the person may mean as well: a name alone nobody. */
static enum fr_error
say_and_finish(struct identity_sight *sight, const ProtobufCMessage *message, bool link_alike)
{
    const struct identity_alike_order order = {.link = link_alike};
    enum fr_error err = identity_say(sight->turn, sight->input, sight->customer, message);

    if (err == FR_OK)
        err = identity_sight_finish(sight);
    return err == FR_OK && sight->said != NULL
               ? identity_follow_alike(sight->turn, sight->input, sight->origin, &order,
                                       &sight->customer)
               : err;
}

/* MessageReceived: who said it?
 *
 * Reads keys, holders, customers; groups only where they can matter.  Emits CustomerCreated,
 * CustomersMerged, KeyAttached, KeyDetached, KeyRemembered, SuggestionMade, ConflictFound as it
 * follows, exactly one MessageIdentified, and KeyShared where a key had one customer or name too
 * many.
 * Sent twice: the channel writes it once per external id; another copy would resolve to the same
 * customer under the same message_id, by which conversations knows it.
 */
enum fr_error
identity_decide_message_received(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__MessageReceived *received = fr_unpack(turn, input, &fr__message_received__descriptor);
    Fr__MessageIdentified identified = FR__MESSAGE_IDENTIFIED__INIT;
    struct identity_sight sight;
    enum fr_error err;

    if (received == NULL)
        return fr_reject(turn, input, "MessageReceived does not decode");
    identity_sight_begin(&sight, turn, input, received->channel, received->attributes,
                         received->name);
    err = resolve(&sight, received->keys, received->n_keys, received->address);
    if (err != FR_OK)
        return err;
    identified.customer_id = sight.customer;
    identified.has_origin = sight.origin != sight.customer;
    identified.origin = sight.origin;
    identified.unverified = sight.verdict.unverified;
    identified.message = (Fr__MessageReceived *)received;
    identified.message_id = input->head->id;
    identified.reasons = sight.reason_list;
    identified.n_reasons = sight.reason_count;
    return say_and_finish(&sight, &identified.base, false);
}

/* VisitorIdentified: somebody proved who he is without saying anything.
 *
 * Reads and emits as above, and exactly one VisitorRecognized instead of MessageIdentified.
 * Sent twice: nothing is attached twice; the channel hears the same answer again.
 */
enum fr_error
identity_decide_visitor_identified(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__VisitorIdentified *visitor =
        fr_unpack(turn, input, &fr__visitor_identified__descriptor);
    Fr__VisitorRecognized recognized = FR__VISITOR_RECOGNIZED__INIT;
    struct identity_sight sight;
    enum fr_error err;

    if (visitor == NULL)
        return fr_reject(turn, input, "VisitorIdentified does not decode");
    identity_sight_begin(&sight, turn, input, visitor->channel, visitor->attributes, visitor->name);
    err = resolve(&sight, visitor->keys, visitor->n_keys, visitor->address);
    if (err != FR_OK)
        return err;
    recognized.customer_id = sight.customer;
    recognized.has_origin = sight.origin != sight.customer;
    recognized.origin = sight.origin;
    recognized.has_unverified = sight.verdict.unverified;
    recognized.unverified = sight.verdict.unverified;
    recognized.channel = visitor->channel;
    recognized.account = visitor->account;
    recognized.address = visitor->address;
    recognized.name = visitor->name;
    recognized.attributes = visitor->attributes;
    recognized.has_observation_id = true;
    recognized.observation_id = input->head->id;
    recognized.reasons = sight.reason_list;
    recognized.n_reasons = sight.reason_count;
    return say_and_finish(&sight, &recognized.base, false);
}

/* ---- a register's row ---- */

/* The row was imported before: its customer as he is known now. */
static enum fr_error
known_before(struct fr_turn *turn, const struct identity_imported *imported,
             struct identity_import *import)
{
    const Fr__IdentityStateObservation *known;
    struct identity_customer customer;
    enum fr_error err =
        identity_observation_get(turn->view, imported->observation, turn->arena, &known);

    import->known = true;
    import->observation = imported->observation;
    return err == FR_OK ? identity_root_get(turn->view, known->origin, &import->customer, &customer)
                        : err;
}

enum fr_error
identity_import_row(struct fr_turn *turn, const struct fr_record *input,
                    const Fr__ObservationImported *row, struct identity_import *import)
{
    Fr__ObservationResolved resolved = FR__OBSERVATION_RESOLVED__INIT;
    struct identity_imported imported;
    struct identity_sight sight;
    const Fr__Attributes *said;
    Fr__Attributes room;
    enum fr_error err = FR_NOT_FOUND;

    *import = (struct identity_import){0};
    if ((row->source == NULL) != (row->external_id == NULL) ||
        (row->source != NULL && strlen(row->source) + strlen(row->external_id) > 400)) {
        import->why = "a row is known by its source and its id there, at most 400 bytes";
        return FR_OK;
    }
    if (row->source != NULL)
        err = identity_imported_get(turn->view, row->source, row->external_id, &imported);
    if (err != FR_NOT_FOUND)
        return err == FR_OK ? known_before(turn, &imported, import) : err;
    said = identity_register_says(turn, row->attributes, row->birth_formats, &room);
    identity_sight_begin(&sight, turn, input, "import", said, NULL);
    sight.observation =
        fr_next_id(turn); /* named after its first record: one input may carry many */
    err = resolve(&sight, row->keys, row->n_keys, "");
    if (err != FR_OK)
        return err;
    resolved.customer_id = sight.customer;
    resolved.observation_id = sight.observation;
    resolved.has_origin = sight.origin != sight.customer;
    resolved.origin = sight.origin;
    resolved.unverified = sight.verdict.unverified;
    resolved.source = row->source;
    resolved.external_id = row->external_id;
    resolved.attributes = (Fr__Attributes *)said;
    resolved.reasons = sight.reason_list;
    resolved.n_reasons = sight.reason_count;
    import->created = sight.verdict.root == 0;
    err = say_and_finish(&sight, &resolved.base, row->has_link_alike && row->link_alike);
    import->created = import->created && sight.customer == sight.origin;
    import->customer = sight.customer;
    import->observation = resolved.observation_id;
    return err;
}
