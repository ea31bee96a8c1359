/* decide_forget.c - what is older than `keep` is forgotten, so many at a time, oldest first. */
#include "services/channel_email/counters.h"
#include "services/channel_email/tables.h"

#define SWEEP_MAX 300
#define SWEEP_EVERY_S 3600

/* At start: somebody has to make the first look. */
enum fr_error
email_decide_config(struct fr_turn *turn, const struct fr_record *input)
{
    Fr__EmailsForgotten forgotten = FR__EMAILS_FORGOTTEN__INIT;
    struct fr_time due;

    if (fr_timer_get(turn->view, EMAIL_TIMER_SWEEP, 0, &due) == FR_OK)
        return FR_OK;
    forgotten.again_us = fr_time_add(turn->now, fr_seconds(SWEEP_EVERY_S)).unix_us;
    return fr_emit(turn, input, &forgotten.base);
}

static int64_t
oldest_kept(const struct fr_turn *turn)
{
    const struct email_config *config = turn->config;

    return turn->now.unix_us - config->keep.us;
}

static enum fr_error
collect_mails(struct fr_turn *turn, uint64_t *mails, size_t *count)
{
    struct fr_scan scan;
    enum fr_error err = FR_OK;

    email_mail_scan(&scan, turn->view);
    while (*count < SWEEP_MAX && err == FR_OK) {
        struct fr_arena_mark mark = fr_arena_mark(turn->arena);
        const Fr__EmailTaken *taken;

        err = email_mail_next(&scan, turn->arena, &mails[*count], &taken);
        if (err == FR_OK && taken->received_us > oldest_kept(turn))
            err = FR_NOT_FOUND;
        fr_arena_release(turn->arena, mark);
        *count += err == FR_OK;
    }
    fr_scan_fini(&scan);
    return err == FR_NOT_FOUND ? FR_OK : err;
}

static enum fr_error
collect_sent(struct fr_turn *turn, uint64_t *messages, size_t *count)
{
    struct fr_scan scan;
    enum fr_error err = FR_OK;

    email_sent_scan(&scan, turn->view);
    while (*count < SWEEP_MAX && err == FR_OK) {
        struct fr_arena_mark mark = fr_arena_mark(turn->arena);
        const Fr__EmailStateSent *sent;

        err = email_sent_next(&scan, turn->arena, &messages[*count], &sent);
        if (err == FR_OK && (sent->first_us > oldest_kept(turn) || !sent->over))
            err = FR_NOT_FOUND;
        fr_arena_release(turn->arena, mark);
        *count += err == FR_OK;
    }
    fr_scan_fini(&scan);
    return err == FR_NOT_FOUND ? FR_OK : err;
}

/* The timer of the hourly look.
 *
 * Reads mails, sent.  Emits EmailsForgotten, which also says when the next look is.
 */
enum fr_error
email_decide_sweep(struct fr_turn *turn, const struct fr_record *input)
{
    Fr__EmailsForgotten forgotten = FR__EMAILS_FORGOTTEN__INIT;
    uint64_t mails[SWEEP_MAX], messages[SWEEP_MAX];
    size_t mail_count = 0, message_count = 0;
    bool full;
    enum fr_error err = collect_mails(turn, mails, &mail_count);

    if (err == FR_OK)
        err = collect_sent(turn, messages, &message_count);
    if (err != FR_OK)
        return err;
    full = mail_count == SWEEP_MAX || message_count == SWEEP_MAX;
    forgotten.mails = mails;
    forgotten.n_mails = mail_count;
    forgotten.sent = messages;
    forgotten.n_sent = message_count;
    forgotten.again_us = fr_time_add(turn->now, fr_seconds(full ? 1 : SWEEP_EVERY_S)).unix_us;
    fr_count(turn, EMAIL_COUNT_FORGOTTEN, mail_count + message_count);
    return fr_emit(turn, input, &forgotten.base);
}
