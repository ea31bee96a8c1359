/* identity.c - fil identity: who is it, and who is the same. */
#include "services/fil/identity_act.h"
#include "services/fil/identity_import.h"

#define ACT(verb_, args_, count, doc_, examples_, options_, run_)                                  \
    {                                                                                              \
        .noun = "identity", .verb = verb_, .args = args_, .arg_min = count, .arg_max = count,      \
        .doc = doc_, .examples = examples_, .options = options_,                                   \
        .given_size = sizeof(struct fil_act_given), .run = run_                                    \
    }
#define LIST(verb_, doc_, examples_, options_, run_)                                               \
    {                                                                                              \
        .noun = "identity", .verb = verb_, .doc = doc_, .examples = examples_,                     \
        .options = options_, .given_size = sizeof(struct fil_list_given), .run = run_              \
    }

/* clang-format off */
const struct fil_command fil_identity_commands[] = {
    ACT("explain", "OBSERVATION", 1, "Why a message belongs to this customer: rules, keys, weights, merges.",
        "  fil identity explain 3b1c000000000004\n", NULL, fil_run_identity_explain),
    LIST("suggestions", "Pairs of customers that a person should look at.",
        "  fil identity suggestions\n  fil identity suggestions --customer 2a51000000000003 --all --json\n",
        fil_pairs_options, fil_run_identity_suggestions),
    LIST("conflicts", "Evidence that contradicts: other accounts, failed checks, lines with a new owner.",
        "  fil identity conflicts --limit 20\n", fil_pairs_options, fil_run_identity_conflicts),
    LIST("shared", "Keys that too many share: they neither link nor suggest.",
        "  fil identity shared --json\n", fil_page_options, fil_run_identity_shared),
    ACT("confirm", "CUSTOMER OTHER", 2, "A suggested pair is one customer.",
        "  fil identity confirm 2a51000000000003 2a51000000000009 --why 'said so on the phone'\n", fil_merge_options, fil_run_identity_confirm),
    ACT("reject", "CUSTOMER OTHER", 2, "A suggested pair is not: it is never suggested again.",
        "  fil identity reject 2a51000000000003 2a51000000000009 --why 'mother and daughter'\n", fil_act_options, fil_run_identity_reject),
    ACT("merge", "CUSTOMER OTHER", 2, "Two customers are one; the older id stays, the other leads to it.",
        "  fil identity merge 2a51000000000003 2a51000000000009 --why 'ticket 4711'\n", fil_merge_options, fil_run_identity_merge),
    ACT("unmerge", "CUSTOMER | OBSERVATION", 1, "Takes a merge back: each has what is his again.",
        "  fil identity unmerge 2a51000000000009 --why 'two people of one name'\n", fil_act_options, fil_run_identity_unmerge),
    ACT("lift", "CUSTOMER OTHER", 2, "Two who were taken apart may be merged by evidence again.",
        "  fil identity lift 2a51000000000003 2a51000000000009 --why 'it was a mistake'\n", fil_act_options, fil_run_identity_lift),
    ACT("verify", "CUSTOMER TYPE VALUE", 3, "A claimed key is proven: called back, shown a document.",
        "  fil identity verify 2a51000000000003 phone '020 7946 0000' --region GB --why 'called back'\n", fil_verify_options, fil_run_identity_verify),
    ACT("erase", "CUSTOMER", 1, "Removes everything that is known of a customer; his ids answer \"erased\".",
        "  fil identity erase 2a51000000000003 --why 'request 17 of 2026-11-20'\n", fil_act_options, fil_run_identity_erase),
    ACT("export", "CUSTOMER", 1, "All that is held on a person, conversations included, as one JSON.",
        "  fil identity export 2a51000000000003 > ann.json\n", NULL, fil_run_identity_export),
    /* clang-format on */
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
