/* apply.h - what apply.c and apply_target.c share. */
#ifndef FR_SLA_APPLY_H
#define FR_SLA_APPLY_H

#include "services/sla/tables.h"

#define TRY(call)                                                                                  \
    do {                                                                                           \
        enum fr_error try_error = (call);                                                          \
        if (try_error != FR_OK)                                                                    \
            return try_error;                                                                      \
    } while (0)

#endif
