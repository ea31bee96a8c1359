/* lmtp_data.h - the bytes of one mail between DATA and <CRLF>.<CRLF> (RFC 5321, 4.5.2). */
#ifndef FR_EMAIL_LMTP_DATA_H
#define FR_EMAIL_LMTP_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum email_lmtp_data_trouble {
    EMAIL_LMTP_DATA_FINE,
    EMAIL_LMTP_DATA_TOO_BIG, /* the rest is swallowed */
    EMAIL_LMTP_DATA_NO_ROOM, /* likewise */
};

struct email_lmtp_data {
    char *bytes;
    size_t size, room;
    uint64_t size_max;
    bool (*more)(void *context, size_t bytes); /* may so many bytes more be allocated? */
    void *context;
    enum email_lmtp_data_trouble trouble;
    enum { AT_LINE, IN_LINE, AFTER_CR, AFTER_DOT, AFTER_DOT_CR } where;
    bool ended;
};

/* A buffer that is left from before is not freed: email_lmtp_data_fini first. */
void email_lmtp_data_init(struct email_lmtp_data *data, uint64_t size_max,
                          bool (*more)(void *context, size_t bytes), void *context);
/* Frees the bytes. */
void email_lmtp_data_fini(struct email_lmtp_data *data);

/* Says how many bytes were used: up to the end of the mail, which sets `ended`. */
size_t email_lmtp_data_feed(struct email_lmtp_data *data, const char *bytes, size_t size);

#endif
