/* rules.h - a copy of what the edge's threads must know of the configuration: it outlives reloads,
 * for as long as somebody holds it. */
#ifndef FR_EMAIL_RULES_H
#define FR_EMAIL_RULES_H

#include "services/channel_email/token.h"

struct email_rules {
    struct fr_arena *arena;
    struct email_account *accounts; /* name, brand, address, aliases, separator only */
    size_t account_count;
    Fr__EmailOptions options; /* without envelope_from */
    int holders;              /* under the lock of whoever gives it out */
};

/* NULL: no memory.  Nobody holds it yet. */
struct email_rules *email_rules_new(const struct email_config *config);
void email_rules_free(struct email_rules **rules);

/* Whose address is it?  false: nobody's here. */
bool email_rules_account(const struct email_rules *rules, const char *address, unsigned *account);

/* The value of X-Filrouge-Loop on everything that this installation sends. */
#define EMAIL_LOOP_SIZE 21
void email_loop_name(const char *secret, char text[EMAIL_LOOP_SIZE]);

#endif
