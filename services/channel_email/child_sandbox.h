/* child_sandbox.h - the end of all privileges, for a process that reads what strangers wrote. */
#ifndef FR_EMAIL_CHILD_SANDBOX_H
#define FR_EMAIL_CHILD_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

struct email_sandbox {
    bool landlock; /* the kernel has it and it is on */
    bool seccomp;  /* always on, but in builds with a sanitizer, which needs its own system calls */
};

/* From here on the process may compute, use its memory up to `memory_max` bytes of address space,
 * read and write descriptors that it has or is given over a socket, and end.  Opening a file fails
 * with EACCES; anything else (a socket, a process, a signal to others) kills it.  False: it could
 * not be had, *why says what; the process must not go on. */
bool email_sandbox_enter(size_t memory_max, struct email_sandbox *sandbox, const char **why);

#endif
