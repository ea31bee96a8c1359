/* child_wire.h - what passes between the service and its parser child; both are of one build. */
#ifndef FR_EMAIL_CHILD_WIRE_H
#define FR_EMAIL_CHILD_WIRE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "services/channel_email/parse.h"

#define EMAIL_CHILD_SOCKET 3 /* the descriptor by which the child hears and answers */
#define EMAIL_CHILD_OPTIONS_MAX (256u * 1024)
#define EMAIL_CHILD_WHY_MAX 512u

struct email_child_request { /* with two descriptors: the mail, and where attachments go */
    uint64_t mail_size;
    uint32_t options_size; /* EmailOptions packed, follows */
    uint32_t time_max_s;   /* the child ends itself after it: its parent may be gone */
};

struct email_child_answer {
    uint32_t err;         /* enum fr_error */
    uint32_t why_size;    /* follows, without NUL */
    uint32_t parsed_size; /* EmailParsed packed, follows that */
};

typedef enum fr_error email_child_work(struct fr_slice mail, const Fr__EmailOptions *options,
                                       const struct email_sink *sink, struct fr_arena *arena,
                                       Fr__EmailParsed **parsed, const char **why);

/* The child: answers requests over EMAIL_CHILD_SOCKET with `work` until the other side closes it.
 * Returns an exit status. */
int email_child_serve(email_child_work *work);

#endif
