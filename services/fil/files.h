/* files.h - copying folders durably, with a sum of every file. */
#ifndef FR_FIL_FILES_H
#define FR_FIL_FILES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define FIL_SUM_SIZE 65 /* SHA-256 in hex, with NUL */

/* These complain (fil_complain) about what does not work, with the path, and return false. */
bool fil_make_dir(const char *path);             /* 0700; there already: fine */
bool fil_dir_is_empty(const char *path);         /* also when it is not there */
bool fil_sync_dir(const char *path);             /* fsync */
bool fil_move(const char *from, const char *to); /* rename, and both directories durable */
bool fil_remove_all(const char *path);           /* a whole folder */
/* A regular file, made durable; `to` must not be there.  Its sum and size as they were read. */
bool fil_copy_file(const char *from, const char *to, char sum[FIL_SUM_SIZE], uint64_t *size);
bool fil_sum_file(const char *path, char sum[FIL_SUM_SIZE], uint64_t *size);

/* Regular files below `dir`, as paths relative to it, directories whose name `skip` refuses left
 * out at the top.  For each `each`; false from it ends the walk. */
typedef bool fil_file_fn(void *context, const char *relative);
bool fil_walk(const char *dir, bool (*skip)(const char *name), fil_file_fn *each, void *context);

#endif
