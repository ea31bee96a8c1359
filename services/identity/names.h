/* names.h - are two names one person's?  Letter case, accents, titles, particles and order do not
 * count; short forms agree with what they stand for; what contradicts is said as firmly as what
 * agrees.
 *
 * Pure.  Folding: Unicode NFKD, combining marks dropped, case folded (libunistring), a few letters
 * that do not decompose written out (o with stroke: o, thorn: th), then split into words.  Spelling
 * variants of one sound (ue for u) agree.  Words are paired one to one, so that a name which only
 * adds parts to another stays compatible with it.
 */
#ifndef FR_IDENTITY_NAMES_H
#define FR_IDENTITY_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "services/identity/nicknames.h"

#define IDENTITY_NAME_WORDS_MAX 12
#define IDENTITY_NAME_SIZE 192 /* bytes of all folded words, each with its NUL */

struct identity_name_word {
    uint8_t at;    /* in text */
    uint8_t size;  /* bytes, without the NUL; 1: an initial (a single letter of any script) */
    bool initial;  /* one letter */
    bool particle; /* van, de, bin: may be missing on the other side */
};

enum identity_gender { IDENTITY_GENDER_UNKNOWN, IDENTITY_FEMALE, IDENTITY_MALE };

struct identity_name { /* a name in its folded form */
    char text[IDENTITY_NAME_SIZE];
    struct identity_name_word words[IDENTITY_NAME_WORDS_MAX];
    uint8_t count;               /* 0: no name */
    uint8_t generation;          /* 0: not said; 1 senior, 2 junior or II, 3, 4... */
    enum identity_gender gender; /* what a title says (Mrs), else unknown */
    bool titled;                 /* began with a title: a single word is then a surname */
};

/* Folds `raw` (UTF-8).  "Family, Given" is put in order.  count is 0 for NULL, "", for what is not
 * UTF-8, and for what people and programs write instead of a name (test, n/a, anonymous, an
 * address, "Ann and Bob"): such a name says nothing about anybody.  Words beyond the limits are
 * left out. */
void identity_name_fold(const char *raw, struct identity_name *name);

/* The folded word, NUL-terminated, borrowed from `name`. */
static inline const char *
identity_name_word(const struct identity_name *name, size_t index)
{
    return name->text + name->words[index].at;
}

enum identity_names {
    IDENTITY_NAMES_UNKNOWN,      /* one of them says nothing */
    IDENTITY_NAMES_INCOMPATIBLE, /* two persons: another given name or surname, Jr and Sr, Mr and
                                    Mrs */
    IDENTITY_NAMES_COMPATIBLE, /* one may be the other: initials, missing parts, one slip of the pen
                                */
    IDENTITY_NAMES_SAME,       /* at least given name and surname, and all of them agree */
};

/* "unknown", "incompatible", "compatible", "same". */
const char *identity_names_text(enum identity_names verdict);

/* `more` may be NULL.  Symmetric. */
enum identity_names identity_names_compare(const struct identity_name *a,
                                           const struct identity_name *b,
                                           const struct identity_nicknames *more);

/* Fold both and compare. */
enum identity_names identity_names_verdict(const char *a, const char *b,
                                           const struct identity_nicknames *more);

/* One folded word as people write it: for matching field by field.  Writes at most size - 1 bytes
 * and a NUL; returns the length, 0 when there is no letter or digit in it.  Words are joined with
 * one blank; digits stay. */
size_t identity_fold_text(const char *raw, char *out, size_t size);

#endif
