/* token.h - the customer token: how a brand's shop tells us who is signed in, without a call to the
 * shop.
 *
 *     base64url({"sub": "ann", "brand": "acme", "exp": 1800000600, ...}) "." base64url(HMAC-SHA256)
 *
 * The shop's server makes it with the secret that it shares with us (brands.<brand>.token_secret)
 * and gives it to the page; the page hands it to the chat widget or the contact form.  base64url is
 * that of RFC 4648 without padding; the HMAC (RFC 2104) is over the first part as it is written.
 *
 * Why no JWT: the header of a JWT says how it wants to be checked, and that is the shop's business
 * to forge.  Here there is one algorithm, and one way to write a token down.
 */
#ifndef FR_TOKEN_TOKEN_H
#define FR_TOKEN_TOKEN_H

#include <stdbool.h>
#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/base/time.h"

#define FR_TOKEN_TEXT_SIZE 3072 /* with its NUL; longer ones are refused unread */

struct fr_token {     /* who the shop says it is; absent texts are "" */
    char sub[129];    /* the log-in: required */
    char account[65]; /* customer number */
    char name[201];
    char email[255];
    bool email_verified; /* by the shop */
    char brand[16];      /* required */
    int64_t expires_s;   /* "exp", unix seconds: required */
};

/* Checks signature (in constant time), form, brand and time, in this order.
 *
 *   FR_OK       *out is filled.
 *   FR_DENIED   *why is a constant phrase that completes "the customer token ...": "is not signed
 * by this brand's shop", "has expired"...  *out is untouched. */
enum fr_error fr_token_check(struct fr_slice text, const char *secret, const char *brand,
                             struct fr_time now, struct fr_token *out, const char **why);

/* Writes the signed token into text[size]; FR_TOKEN_TEXT_SIZE is always enough.  FR_INVALID: what
 * fr_token_check would refuse (no log-in or brand, no time, not UTF-8); FR_TOO_BIG: size. */
enum fr_error fr_token_sign(const struct fr_token *token, const char *secret, char *text,
                            size_t size);

#endif
