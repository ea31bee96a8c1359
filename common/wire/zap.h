/* zap.h - the thread that ZeroMQ asks who a CURVE key is (RFC 27, ZAP). */
#ifndef FR_WIRE_ZAP_H
#define FR_WIRE_ZAP_H

#include <stddef.h>
#include "common/base/error.h"

#define WIRE_ZAP_DOMAIN "filrouge"

struct wire_key;
struct wire_zap; /* opaque */

/* Starts to answer for all sockets of `context`; `keys` stay the caller's and must not change. */
enum fr_error wire_zap_new(void *context, const struct wire_key *keys, size_t key_count,
                           struct wire_zap **out);
/* zmq_ctx_shutdown(context) first: that ends the thread. */
void wire_zap_free(struct wire_zap **zap);

#endif
