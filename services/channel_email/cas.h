/* cas.h - a store of bytes named by their SHA-256: attachments, and mails as they came.
 *
 *   <dir>/ab/cdef0123...   64 hex digits in all; written as .new-*, fsync'ed, renamed, folder
 * fsync'ed
 *
 * What is named is complete and durable; the same bytes twice are one file.  A crash leaves at most
 * a .new-* file, which the next email_cas_open removes.  Safe with several writers and processes.
 */
#ifndef FR_EMAIL_CAS_H
#define FR_EMAIL_CAS_H

#include <stdint.h>
#include "common/base/error.h"
#include "common/base/slice.h"

#define EMAIL_SHA256_SIZE 32
#define EMAIL_CAS_PATH_SIZE 72 /* "ab/cdef..." with its NUL */

struct email_cas; /* opaque */

/* Makes the folder when it is missing.  FR_OK, FR_IO, FR_NO_MEMORY. */
enum fr_error email_cas_open(const char *dir, struct email_cas **cas);
void email_cas_close(struct email_cas **cas);

/* Durable when it returns.  FR_OK (also when it was there: its modification time becomes now),
 * FR_FULL, FR_IO. */
enum fr_error email_cas_put(struct email_cas *cas, struct fr_slice bytes,
                            uint8_t sha256[EMAIL_SHA256_SIZE]);

/* The same from `size` bytes of an open file at `offset`, in pieces.  FR_CORRUPT when they are not
 * what `sha256` names. */
enum fr_error email_cas_put_file(struct email_cas *cas, int fd, uint64_t offset, uint64_t size,
                                 const uint8_t sha256[EMAIL_SHA256_SIZE]);

/* Open for reading; *fd is the caller's to close.  FR_OK, FR_NOT_FOUND, FR_IO. */
enum fr_error email_cas_get(struct email_cas *cas, const uint8_t sha256[EMAIL_SHA256_SIZE], int *fd,
                            uint64_t *size);

/* FR_OK, FR_NOT_FOUND, FR_IO. */
enum fr_error email_cas_remove(struct email_cas *cas, const uint8_t sha256[EMAIL_SHA256_SIZE]);

/* Visit every file, in no order, with its size and modification time (seconds since 1970), until
 * `each` returns something else than FR_OK, which is then returned.  Retention walks with it. */
enum fr_error email_cas_walk(struct email_cas *cas,
                             enum fr_error (*each)(void *context,
                                                   const uint8_t sha256[EMAIL_SHA256_SIZE],
                                                   uint64_t size, int64_t modified_s),
                             void *context);

/* "ab/cdef..." below the folder. */
void email_cas_path(const uint8_t sha256[EMAIL_SHA256_SIZE], char path[EMAIL_CAS_PATH_SIZE]);

#endif
