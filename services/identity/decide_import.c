/* decide_import.c - rows of a register arrive, one or many at a time. */
#include "services/identity/identity.h"

/* What a submitter is told of one row. */
static json_t *
told(const struct identity_import *import)
{
    char customer[FR_ID_TEXT_SIZE], observation[FR_ID_TEXT_SIZE];

    if (import->why != NULL)
        return json_pack("{s:s, s:s}", "status", "refused", "why", import->why);
    return json_pack("{s:s, s:s, s:s}", "status",
                     import->known     ? "known"
                     : import->created ? "new"
                                       : "joined",
                     "customer_id", fr_id_format(import->customer, customer), "observation_id",
                     fr_id_format(import->observation, observation));
}

/* ObservationImported: a register's row.  Channel "import": not live, and no answer goes anywhere.
 *
 * Reads and emits as MessageReceived does, and exactly one ObservationResolved.
 * Sent twice: (source, external_id) is known, and the answer is given again.
 */
enum fr_error
identity_decide_observation_imported(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__ObservationImported *row =
        fr_unpack(turn, input, &fr__observation_imported__descriptor);
    struct identity_import import;
    enum fr_error err;

    if (row == NULL)
        return fr_reject(turn, input, "ObservationImported does not decode");
    err = identity_import_row(turn, input, row, &import);
    if (err != FR_OK)
        return err;
    if (import.why != NULL)
        return fr_reject(turn, input, "%s", import.why);
    fr_answer_json(turn, told(&import));
    return FR_OK;
}

/* ObservationsImported: many rows, in their order; each sees what those before it became.
 *
 * Reads and emits as above, for each.  The answer says of each what became of it.
 * Sent twice: all rows are known.
 */
enum fr_error
identity_decide_observations_imported(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__ObservationsImported *rows =
        fr_unpack(turn, input, &fr__observations_imported__descriptor);
    json_t *list;
    enum fr_error err = FR_OK;

    if (rows == NULL)
        return fr_reject(turn, input, "ObservationsImported does not decode");
    list = json_array();
    for (size_t i = 0; err == FR_OK && i < rows->n_rows; i++) {
        struct identity_import import;

        err = identity_import_row(turn, input, rows->rows[i], &import);
        if (err == FR_OK)
            json_array_append_new(list, told(&import));
    }
    if (err == FR_OK)
        fr_answer_json(turn, json_pack("{s:o}", "rows", list));
    else
        json_decref(list);
    return err;
}
