/* queue.h - what goes out: from something said to a mail that is worth sending. */
#ifndef FR_EMAIL_QUEUE_H
#define FR_EMAIL_QUEUE_H

#include "proto/conversation.pb-c.h"
#include "services/channel_email/judge.h"

/* EmailQueued for an agent's answer or a notice: what it answers (by request->in_reply_to) gives
 * In-Reply-To, References, the subject and the quote. */
enum fr_error email_queue_answer(struct fr_turn *turn, const struct fr_record *input,
                                 const struct email_account *account,
                                 const Fr__OutboundRequested *request);

/* EmailQueued for the acknowledgement of a mail that has just been taken. */
enum fr_error email_queue_acknowledgement(const struct email_mail *mail,
                                          const uint8_t about[EMAIL_ABOUT_SIZE]);

/* `text` with {agent}, {brand} and {subject} filled in; arena memory, NULL when it is spent. */
struct email_words {
    const char *agent, *brand, *subject; /* NULL: nothing stands there */
};
char *email_fill_in(struct fr_arena *arena, const char *text, const struct email_words *words);

/* Without the Re:, AW: and so on that mail programs put before a subject; borrowed from it. */
const char *email_bare_subject(const char *subject);

#endif
