/* apply.h - what the files of apply share. */
#ifndef FR_IDENTITY_APPLY_H
#define FR_IDENTITY_APPLY_H

#include "services/identity/key.h"
#include "services/identity/tables.h"

static inline enum fr_error
identity_count_up(struct fr_tables *tables, size_t field, uint64_t by)
{
    struct identity_totals totals;
    enum fr_error err = identity_totals_get(fr_tables_view(tables), &totals);

    if (err != FR_OK)
        return err;
    *(uint64_t *)((char *)&totals + field) += by;
    return identity_totals_put(tables, &totals);
}
#define COUNT(tables, field) identity_count_up(tables, offsetof(struct identity_totals, field), 1)

/* The origin no longer holds or claims the key, whose row is written back; what it had is put into
 * *was (NULL: nothing). */
enum fr_error identity_key_let_go(struct fr_tables *tables, uint64_t origin, const char *type,
                                  const char *value, struct identity_key_row *row,
                                  const Fr__IdentityStateHolding **was);

#endif
