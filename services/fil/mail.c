/* mail.c - fil mail: what is on its way out, and how far mailboxes are read. */
#include "services/fil/list.h"

/* clang-format off */
static const struct fil_column outbox_columns[] = {
    { "MESSAGE",  "message",  FIL_COLUMN_TEXT,    0  },
    { "ACCOUNT",  "account",  FIL_COLUMN_TEXT,    0  },
    { "TO",       "to",       FIL_COLUMN_TEXT,    40 },
    { "QUEUED",   "queued",   FIL_COLUMN_TIME_US, 0  },
    { "TRIES",    "tries",    FIL_COLUMN_NUMBER,  0  },
    { "NEXT TRY", "next_try", FIL_COLUMN_TIME_US, 0  },
    { "STATE",    "state",    FIL_COLUMN_TEXT,    0  },
    { NULL },
};
static const struct fil_column box_columns[] = {
    { "MAILBOX",     "mailbox",     FIL_COLUMN_TEXT,   0 },
    { "ACCOUNT",     "account",     FIL_COLUMN_TEXT,   0 },
    { "UIDVALIDITY", "uidvalidity", FIL_COLUMN_NUMBER, 0 },
    { "READ TO UID", "uid",         FIL_COLUMN_NUMBER, 0 },
    { NULL },
};
static const struct fil_option options[] = {
    FIL_LIST_LIMIT,
    { NULL },
};
/* clang-format on */

static int
run_outbox(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return fil_list(fil, "channel_email", "outbox.ls", fil_list_args(given), outbox_columns,
                    "no mail waits to be sent");
}

static int
run_boxes(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return fil_list(fil, "channel_email", "mailbox.ls", fil_list_args(given), box_columns,
                    "no mailbox is polled");
}

const struct fil_command fil_mail_commands[] = {
    {.noun = "mail",
     .verb = "outbox",
     .doc = "Mails that are on their way out: tries so far, and when the next one is.",
     .examples = "  fil mail outbox\n  fil mail outbox --json\n",
     .options = options,
     .given_size = sizeof(struct fil_list_given),
     .run = run_outbox},
    {.noun = "mail",
     .verb = "boxes",
     .doc = "How far each mailbox that is polled has been read.",
     .examples = "  fil mail boxes\n",
     .options = options,
     .given_size = sizeof(struct fil_list_given),
     .run = run_boxes},
    {.noun = NULL},
};
