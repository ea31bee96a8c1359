/* reply_lines.h - what a single line of a mail looks like, in many languages. */
#ifndef FR_EMAIL_REPLY_LINES_H
#define FR_EMAIL_REPLY_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include "common/base/slice.h"

enum email_role { /* of a copied header line: a set */
                  EMAIL_ROLE_FROM = 1,
                  EMAIL_ROLE_DATE = 2,
                  EMAIL_ROLE_TO = 4,
                  EMAIL_ROLE_CC = 8,
                  EMAIL_ROLE_SUBJECT = 16,
                  EMAIL_ROLE_REPLY_TO = 32,
};

/* "Von: ...", "*Sent:* ...": the roles that the name before the colon may have; 0: none. */
unsigned email_line_role(struct fr_slice line);

/* "> ..." and "AB> ...". */
bool email_line_quoted(struct fr_slice line);

/* "| ...", which is a quote only in company. */
bool email_line_barred(struct fr_slice line);

/* "-----Original Message-----", "Anfang der weitergeleiteten Nachricht:"; where only the dashes
 * tell, *sure is false. */
bool email_line_divider(struct fr_slice line, bool *sure);

/* "On ... wrote:" in one line (joined by the caller).  `quote_follows`: the next line is quoted,
 * which makes up for a missing date or address. */
bool email_line_attribution(struct fr_slice line, bool quote_follows);

/* "-- " and its kin: how sure we may be that a signature begins. */
enum email_rule { EMAIL_RULE_NONE, EMAIL_RULE_WEAK, EMAIL_RULE_STRONG };
enum email_rule email_line_rule(struct fr_slice line);

/* "Sent from my iPhone". */
bool email_line_mobile(struct fr_slice line);

/* Contains one of the words, without regard to the case of ASCII letters. */
bool email_line_has(struct fr_slice line, const char *const *words, size_t word_count);

#endif
