/* compose_fuzz.c - whatever stands in an answer, no header of ours but those that we write. */
#include <stdlib.h>
#include "services/channel_email/compose.h"
#include "services/channel_email/token.h"

#define FIELDS 8

/* The input is cut at NULs. */
static void
cut(char *text, size_t size, char *fields[FIELDS])
{
    size_t used = 0;

    for (size_t i = 0; i < FIELDS; i++) {
        fields[i] = text + used;
        used += used < size ? strlen(text + used) + 1 : 0;
        used = used > size ? size : used;
    }
}

static bool
known_line(const char *line)
{
    static const char *const names[] = {"From: ",
                                        "To: ",
                                        "Reply-To: ",
                                        "Subject: ",
                                        "Date: ",
                                        "Message-ID: ",
                                        "In-Reply-To: ",
                                        "References: ",
                                        "Auto-Submitted: ",
                                        "X-Auto-Response-Suppress: ",
                                        "Precedence: ",
                                        "X-Filrouge-Loop: ",
                                        "MIME-Version: ",
                                        "Content-Type: ",
                                        " "};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strncmp(line, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static void
check(struct fr_slice mail)
{
    const char *text = mail.data, *line = text;

    fr_assert(memchr(text, '\0', mail.size) == NULL);
    for (size_t i = 0; i < mail.size; i++)
        fr_assert((text[i] == '\n') == (i > 0 && text[i - 1] == '\r'));
    while (strncmp(line, "\r\n", 2) != 0) {
        fr_assert(known_line(line));
        line = strstr(line, "\r\n") + 2;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct email_account account = {.name = "support",
                                                 .brand = "acme",
                                                 .from = "{agent} ({brand})",
                                                 .address = "support@acme.example",
                                                 .separator = "+",
                                                 .signature = "{agent}"};
    Fr__EmailQueued queued = FR__EMAIL_QUEUED__INIT;
    const struct email_letter letter = {&account, "0123456789abcdef0123456789abcdef", &queued};
    struct fr_arena *arena = fr_arena_new(4096, 64 << 20);
    char *text = calloc(1, size + 1), *fields[FIELDS], *references[2];
    struct fr_slice mail, extra;
    const char *why;
    uint64_t id;

    fr_assert(arena != NULL && text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    cut(text, size, fields);
    queued.account = "support";
    queued.to = fields[0];
    queued.subject = fields[1];
    queued.author = fields[2];
    queued.text = fields[3];
    queued.quote_text = fields[4];
    queued.quote_author = fields[5];
    queued.in_reply_to = references[0] = fields[6];
    references[1] = fields[7];
    queued.references = references;
    queued.n_references = 2;
    queued.automatic = size % 2 == 1;
    email_account_has(&account, fields[0], &extra);
    email_message_id_read(letter.secret, &account, fields[6], &id);
    if (email_compose(&letter, arena, &mail, &why) == FR_OK)
        check(mail);
    fr_arena_free(&arena);
    free(text);
    return 0;
}
