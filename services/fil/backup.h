/* backup.h - what a backup on disk is, for those who take, verify and restore it.
 *
 *     DIR/manifest.json         version, time, and of every journal: how far, its files and their
 * sums DIR/filrouge.yaml         the configuration as it was (it holds no secrets)
 *     DIR/<journal>/journal/    its journal, up to the cut (cut.h)
 *     DIR/<journal>/tables/     its tables, of a checkpoint before the cut
 *     DIR/<journal>/...         whatever else the service keeps in its folder
 */
#ifndef FR_FIL_BACKUP_H
#define FR_FIL_BACKUP_H

#include <jansson.h>
#include "services/fil/fil.h"

#define FIL_BACKUP_FORMAT 1

/* The manifest, checked for shape (names and paths that lead nowhere else included); NULL after
 * complaining. */
json_t *fil_manifest_load(const char *dir);
/* Sums of all files, every journal's chain, and that no journal has read beyond another's end.
 * False after complaining about each. */
bool fil_backup_verify(const char *dir, const json_t *manifest);
/* {"path", "size", "sum"} of every file below dir/name; NULL after complaining. */
json_t *fil_manifest_files(const char *dir, const char *name);

#endif
