/* identity_act.h - fil identity: looking at who is who, and deciding about it. */
#ifndef FR_FIL_IDENTITY_ACT_H
#define FR_FIL_IDENTITY_ACT_H

#include "services/fil/list.h"

struct fil_act_given {
    const char *who, *why, *region, *brand;
    bool yes, lift;
};
extern const struct fil_option fil_act_options[], fil_merge_options[], fil_verify_options[],
    fil_pairs_options[], fil_page_options[];

typedef int fil_run_fn(struct fil *fil, const void *given, int argc, char **argv);

fil_run_fn fil_run_identity_merge, fil_run_identity_unmerge, fil_run_identity_confirm,
    fil_run_identity_reject, fil_run_identity_lift, fil_run_identity_verify,
    fil_run_identity_erase; /* identity_act.c */
fil_run_fn fil_run_identity_explain, fil_run_identity_suggestions, fil_run_identity_conflicts,
    fil_run_identity_shared, fil_run_identity_export; /* identity_look.c */

#endif
