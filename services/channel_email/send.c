/* send.c - one try to hand a mail to the smarthost, on a worker thread.
 *
 * The mail is the same at each try, and so is its Message-ID.  When the connection breaks after the
 * last byte of the mail and before the answer, nobody knows whether it was taken: EMAIL_UNKNOWN.  A
 * try that a crash cut off left no outcome; the next one is told so by `attempt`.
 */
#include <curl/curl.h>
#include <stdio.h>
#include "services/channel_email/compose.h"
#include "services/channel_email/token.h"

#define REASON_SIZE 300
#define SENTENCE_SIZE 200

struct upload {
    struct fr_slice mail;
    size_t sent;
    char said[SENTENCE_SIZE]; /* the smarthost's last reply */
};

static size_t
give(char *data, size_t size, size_t count, void *context)
{
    struct upload *upload = context;
    size_t left = upload->mail.size - upload->sent, piece = size * count;

    if (piece > left)
        piece = left;
    if (piece > 0)
        memcpy(data, (const char *)upload->mail.data + upload->sent, piece);
    upload->sent += piece;
    return piece;
}

/* Every reply of the smarthost passes here, line by line. */
static size_t
hear(char *data, size_t size, size_t count, void *context)
{
    struct upload *upload = context;
    size_t all = size * count, end = all;

    if (end >= 3 && memcmp(data, "221", 3) == 0)
        return all; /* it says goodbye: the reply before is the one that counts */
    while (end > 0 && (unsigned char)data[end - 1] <= ' ')
        end--;
    snprintf(upload->said, sizeof(upload->said), "%.*s", (int)(end > 180 ? 180 : end), data);
    for (char *c = upload->said; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f)
            *c = '?';
    return all;
}

static void
judge(CURLcode code, long reply, const struct upload *upload, Fr__EmailTried *tried,
      char reason[REASON_SIZE])
{
    if (code == CURLE_OK) {
        tried->result = FR__EMAIL_RESULT__EMAIL_SENT;
        snprintf(reason, REASON_SIZE, "%s", upload->said);
    } else if (reply >= 500 && reply < 600) {
        tried->result = FR__EMAIL_RESULT__EMAIL_REFUSED;
        snprintf(reason, REASON_SIZE, "%s", upload->said);
    } else if (reply >= 400 && reply < 500) {
        tried->result = FR__EMAIL_RESULT__EMAIL_LATER;
        snprintf(reason, REASON_SIZE, "%s", upload->said);
    } else {
        /* 354 stands as the last reply while the mail is handed over. */
        tried->result = reply == 354 && upload->sent == upload->mail.size
                            ? FR__EMAIL_RESULT__EMAIL_UNKNOWN
                            : FR__EMAIL_RESULT__EMAIL_LATER;
        snprintf(reason, REASON_SIZE, "%s", curl_easy_strerror(code));
    }
}

/* A refused log-in is the operator's to mend, not the mail's fate: libcurl has a code of its own
 * for it, and the mail waits. */
static bool
is_ours_to_mend(CURLcode code)
{
    return code == CURLE_LOGIN_DENIED || code == CURLE_USE_SSL_FAILED ||
           code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CONNECT_ERROR;
}

static void
set_up(CURL *curl, const struct email_config *config, const struct email_smarthost *host,
       struct upload *upload)
{
    static const long tls[] = {CURLUSESSL_ALL, CURLUSESSL_TRY, CURLUSESSL_NONE};
    char url[600];

    snprintf(url, sizeof(url), "%s/%s", host->url, config->hostname);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    if (host->user != NULL) {
        curl_easy_setopt(curl, CURLOPT_USERNAME, host->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, host->password);
    }
    curl_easy_setopt(curl, CURLOPT_USE_SSL, tls[host->tls]);
    if (config->ca_file != NULL)
        curl_easy_setopt(curl, CURLOPT_CAINFO, config->ca_file);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
    curl_easy_setopt(curl, CURLOPT_READDATA, upload);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, hear);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, upload);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 60L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(config->send_timeout.us / 1000));
}

static enum fr_error
hand_over(const struct email_config *config, const struct email_letter *letter,
          struct upload *upload, Fr__EmailTried *tried, char reason[REASON_SIZE])
{
    const struct email_smarthost *host =
        letter->account->smarthost.url != NULL ? &letter->account->smarthost : &config->smarthost;
    struct curl_slist *to = curl_slist_append(NULL, letter->queued->to);
    char sender[EMAIL_ADDRESS_SIZE];
    CURL *curl = curl_easy_init();
    long reply = 0;
    CURLcode code;

    if (curl == NULL || to == NULL) {
        curl_slist_free_all(to);
        curl_easy_cleanup(curl);
        return FR_NO_MEMORY;
    }
    email_envelope_sender(letter, sender);
    set_up(curl, config, host, upload);
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, sender);
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
    code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply);
    judge(code, reply, upload, tried, reason);
    if (is_ours_to_mend(code)) {
        tried->result = FR__EMAIL_RESULT__EMAIL_LATER;
        snprintf(reason, REASON_SIZE, "%s: %s", curl_easy_strerror(code), upload->said);
    }
    curl_slist_free_all(to);
    curl_easy_cleanup(curl);
    return FR_OK;
}

static enum fr_error
pack(const Fr__EmailTried *tried, struct fr_arena *arena, struct fr_slice *outcome)
{
    size_t size = fr__email_tried__get_packed_size(tried);
    uint8_t *bytes = fr_arena_alloc(arena, size + 1);

    if (bytes == NULL)
        return FR_NO_MEMORY;
    fr__email_tried__pack(tried, bytes);
    *outcome = fr_slice(bytes, size);
    return FR_OK;
}

static enum fr_error
try_it(const struct email_config *config, const Fr__EmailQueued *queued, struct fr_arena *arena,
       Fr__EmailTried *tried, char reason[REASON_SIZE])
{
    struct email_letter letter = {.account = email_account_find(config, queued->account),
                                  .secret = config->reply_secret,
                                  .queued = queued};
    struct upload upload = {.sent = 0};
    const char *why = "the account is not configured any more";
    enum fr_error err = letter.account == NULL ? FR_INVALID : FR_OK;

    if (err == FR_OK)
        err = email_compose(&letter, arena, &upload.mail, &why);
    if (err == FR_OK)
        return hand_over(config, &letter, &upload, tried, reason);
    if (err != FR_INVALID)
        return err;
    tried->result = FR__EMAIL_RESULT__EMAIL_REFUSED;
    snprintf(reason, REASON_SIZE, "%s", why);
    return FR_OK;
}

enum fr_error
email_send(const void *config, uint64_t id, struct fr_slice body, unsigned attempt,
           struct fr_arena *arena, struct fr_slice *outcome)
{
    const Fr__EmailQueued *queued = fr_unpack_in(arena, &fr__email_queued__descriptor, body);
    Fr__EmailTried tried = FR__EMAIL_TRIED__INIT;
    char reason[REASON_SIZE] = "";
    enum fr_error err;

    fr_assert(queued != NULL);
    tried.message_id = id;
    tried.reason = reason;
    tried.has_broken_off = tried.broken_off = attempt > 1;
    err = try_it(config, queued, arena, &tried, reason);
    return err == FR_OK ? pack(&tried, arena, outcome) : err;
}
