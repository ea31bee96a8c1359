/* identity.c - fil identity: who is it, and who is the same. */
#include "services/fil/identity_import.h"

const struct fil_command fil_identity_commands[] = {
    {.noun = "identity",
     .verb = "import",
     .args = "FILE.csv[.gz]",
     .arg_min = 1,
     .arg_max = 1,
     .doc = "Customers of a register: each row becomes known; sent again after an end of any kind, "
            "it goes on where it was.",
     .examples =
         "  fil identity import crm.csv --mapping crm.yaml\n"
         "  fil identity import crm.csv.gz --mapping crm.yaml --link-alike --rejects bad.txt\n",
     .options = fil_import_options,
     .given_size = sizeof(struct fil_import_given),
     .run = fil_run_identity_import},
    {.noun = "identity",
     .verb = "dedupe",
     .doc = "Customers that are alike in what is said of them: shows what would merge and why; "
            "--apply does it.",
     .examples = "  fil identity dedupe\n"
                 "  fil identity dedupe --json > would-merge.json\n"
                 "  fil identity dedupe --apply --who ann --why 'ticket 4711: shops joined'\n",
     .options = fil_dedupe_options,
     .given_size = sizeof(struct fil_dedupe_given),
     .run = fil_run_identity_dedupe},
    {.noun = "identity",
     .verb = "train",
     .doc = "Weights learned from what is known, as YAML to review and to put into the "
            "configuration.",
     .examples = "  fil identity train > weights.yaml\n"
                 "  fil identity train --seed 7 --sample 5000 --output weights.yaml\n",
     .options = fil_train_options,
     .given_size = sizeof(struct fil_train_given),
     .run = fil_run_identity_train},
    {.noun = NULL},
};
