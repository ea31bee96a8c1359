/* birth.h - dates of birth as people and programs write them.
 *
 * Pure.  A date may be known in part (a year, a year and month).  What is no date of the calendar,
 * can be read two ways, or is what programs write instead of one, is no date: it then neither
 * agrees nor contradicts.
 */
#ifndef FR_IDENTITY_BIRTH_H
#define FR_IDENTITY_BIRTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct identity_birth {
    int16_t year;       /* 0: no date at all */
    uint8_t month, day; /* 0: not known */
};

#define IDENTITY_BIRTH_SIZE 12 /* "1980-02-01", and its NUL */

/* Reads `text` (NULL and "" give no date).  `formats`: the ways to read it, first that fits, with
 * | between; letters Y M D are digits, MMM a month's English name or its first three letters,
 * anything else stands for itself, "YYYYMMDD|DD/MM/YYYY|YYYY".  A one-digit day or month also fits
 * DD and MM where something that is no digit follows.  YY is the year of the hundred years up to
 * 2030. NULL: the common ways that cannot be mistaken, and day and month with strokes between only
 * when one of them is above 12 or both are equal.  Returns whether there is a date. */
bool identity_birth_parse(const char *text, const char *formats, struct identity_birth *birth);

/* Both are known, and some part that both have differs. */
bool identity_births_differ(const struct identity_birth *a, const struct identity_birth *b);

/* Both are known to the day, and equal. */
bool identity_births_equal(const struct identity_birth *a, const struct identity_birth *b);

/* "1980-02-01", "1980-02", "1980", "". */
void identity_birth_text(const struct identity_birth *birth, char out[IDENTITY_BIRTH_SIZE]);

#endif
