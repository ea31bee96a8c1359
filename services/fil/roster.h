/* roster.h - who may sign in at the desk of this configuration, with which password, and where. */
#ifndef FR_FIL_ROSTER_H
#define FR_FIL_ROSTER_H

#include "services/fil/install.h"
#include "services/fil/net.h"

#define FIL_ROSTER_MAX 256

struct fil_roster {
    struct fil_address desk;
    struct {
        char name[64];
        char password[256];
    } agents[FIL_ROSTER_MAX];
    size_t count;
};

/* The first `wanted` agents of the desk section whose names begin with `prefix` ("": all).  A
 * password is what the configuration refers to (password: file:... or env:...); where it only has a
 * hash, it is `password`, in which {} becomes the name.  False after saying what is wrong. */
bool fil_roster_load(struct fil *fil, size_t wanted, const char *prefix, const char *password,
                     struct fil_roster *roster);

/* Where the contact form of this configuration listens, its account (the first one when *account is
 * empty), and the brand of that account.  False after saying what is wrong. */
struct fil_form {
    struct fil_address address;
    char account[64];
    char brand[FR_BRAND_SIZE];
    const char *token_secret; /* of the brand; NULL: its shop signs nothing */
};
bool fil_form_load(struct fil *fil, const char *account, struct fil_form *form);

#endif
