/* lmtp_fuzz.c - the LMTP dialogue under anything: its first byte says how the rest is cut. */
#include <stdlib.h>
#include "services/channel_email/lmtp.h"
#include "services/channel_email/token.h"

static int64_t promised;

static bool
on_recipient(void *context, const char *address, unsigned *account)
{
    (void)context;
    *account = 0;
    return email_sendable(address) || address[0] == 's';
}

static bool
on_room(void *context, int64_t bytes)
{
    (void)context;
    if (promised + bytes > 1 << 20)
        return false;
    promised += bytes;
    return true;
}

static bool
on_pressed(void *context)
{
    (void)context;
    return false;
}

static void
on_mail(void *context, const struct email_lmtp_mail *mail)
{
    size_t *recipients = context;

    fr_assert(mail->recipient_count > 0 && mail->bytes.size <= 65536);
    *recipients = mail->recipient_count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct email_lmtp_calls calls = {on_recipient, on_room, on_pressed, on_mail};
    static const struct email_lmtp_limits limits = {"us.example", 65536, 8};
    static const char *lines[8] = {"250 a", "451 b", "250 c", "250 d",
                                   "250 e", "250 f", "250 g", "250 h"};
    size_t recipients = 0, piece = size == 0 || data[0] == 0 ? SIZE_MAX : data[0];
    struct email_lmtp *lmtp = email_lmtp_new(&calls, &recipients, &limits);

    fr_assert(lmtp != NULL);
    email_lmtp_greet(lmtp, NULL);
    email_lmtp_feed(lmtp, fr_slice_str("LHLO x\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<support@x.y>\r\n"));
    for (size_t at = size > 0; at < size;) {
        size_t take = size - at < piece ? size - at : piece;
        size_t used = email_lmtp_feed(lmtp, fr_slice(data + at, take));

        at += used;
        if (email_lmtp_waits(lmtp)) {
            fr_assert(recipients > 0 && recipients <= 8);
            email_lmtp_answered(lmtp, lines);
        } else if (email_lmtp_over(lmtp)) {
            break;
        } else {
            fr_assert(used == take);
        }
        email_lmtp_sent(lmtp, email_lmtp_output(lmtp).size);
    }
    email_lmtp_free(&lmtp);
    fr_assert(promised == 0);
    return 0;
}
