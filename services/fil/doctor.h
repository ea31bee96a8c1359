/* doctor.h - one finding after the other: what was looked at, what was found, what to do. */
#ifndef FR_FIL_DOCTOR_H
#define FR_FIL_DOCTOR_H

#include "services/fil/install.h"

enum fil_finding { FIL_FINE, FIL_WARN, FIL_BAD };

struct fil_doctor {
    struct fil *fil;
    const struct fil_install *install;
    json_t *items; /* {"about", "state", "found", "next"} */
    bool bad;
};

void fil_find(struct fil_doctor *doctor, const char *about, enum fil_finding finding,
              const char *next, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* doctor_machine.c: the machine, whether anything runs or not. */
void fil_doctor_machine(struct fil_doctor *doctor);
/* doctor_install.c: programs, keys, ports, services. */
void fil_doctor_install(struct fil_doctor *doctor);

#endif
