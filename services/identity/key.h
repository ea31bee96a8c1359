/* key.h - identifiers in normal form: which class they are of (I2), and what value they have.
 *
 * Pure.  An account number or a log-in means something only within its brand's shop, so it is kept
 * as "brand/value", unless the operator says that all brands share them.
 */
#ifndef FR_IDENTITY_KEY_H
#define FR_IDENTITY_KEY_H

#include "services/identity/email.h"

enum identity_class {                     /* in the order in which they lead to a customer */
                      IDENTITY_EXCLUSIVE, /* account, login: one value per customer */
                      IDENTITY_PERSON,    /* social:<platform>, forum, email */
                      IDENTITY_LINE,      /* phone, device: a household may share them */
                      IDENTITY_UNKNOWN,
};

enum identity_class identity_key_class(const char *type);

/* FR_INVALID: this value gives no key, and *why is a constant phrase that says so. */
enum fr_error identity_key_normal(const char *type, const char *raw, const char *region,
                                  const char *brand, const struct identity_config *config,
                                  char out[IDENTITY_VALUE_SIZE], const char **why);

/* The brand part of an exclusive value, with its slash; "" (size 0) when it has none: two values of
 * one type and one brand exclude each other. */
struct fr_slice identity_key_space(const char *value);

#endif
