/* address.h - address fields (RFC 5322, 3.4) as people and programs really write them.
 *
 * Forgiven: commas and dots in display names without quotes, ; between addresses, missing > or <,
 * mailto:, comments as names, encoded words inside quotes or around the whole, routes, groups.
 */
#ifndef FR_EMAIL_ADDRESS_H
#define FR_EMAIL_ADDRESS_H

#include <stdbool.h>
#include "common/base/arena.h"
#include "common/base/slice.h"
#include "proto/email_parsed.pb-c.h"

struct email_addresses { /* all borrowed from the arena */
    Fr__EmailAddress **list;
    size_t count;
    bool cut; /* there were more than `max` */
};

/* The addresses of a raw field value; `otherwise` is the charset of bytes that have none.  Names
 * are decoded, addresses as written.  What holds no address gives none. */
struct email_addresses email_address_parse(struct fr_arena *arena, struct fr_slice raw,
                                           const char *otherwise, size_t max);

/* The part of an address before, and behind its last @ (empty when there is none). */
struct fr_slice email_address_local(const char *address);
struct fr_slice email_address_domain(const char *address);

/* The ids (with <>) of Message-ID, In-Reply-To or References, in order, each once.  Blank space
 * inside an id is taken out; ids without <> are taken when the field has no other. */
size_t email_ids_parse(struct fr_arena *arena, struct fr_slice raw, char **ids, size_t max);

#endif
