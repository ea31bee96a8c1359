/* post.c - one try to hand an answer to the account's answer_url, on a worker thread.
 *
 * The peer gets the message id as Idempotency-Key, so a try that is made again after a crash or a
 * broken connection is harmless if it keeps to that; when it does not answer to the end, we say
 * UNCERTAIN.
 */
#include "services/channel_webform/webform.h"

#include <curl/curl.h>
#include <stdlib.h>

#define REASON_SIZE 200

static size_t
ignore(char *data, size_t size, size_t count, void *context)
{
    size_t *heard = context;

    (void)data;
    *heard += size * count;
    return *heard > 65536 ? 0 : size * count; /* nobody has that much to say to us */
}

static char *
body_text(const Fr__AnswerKept *kept)
{
    char id[FR_ID_TEXT_SIZE], conversation[FR_ID_TEXT_SIZE], at[FR_TIME_TEXT_SIZE];
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s*, s:s*}", "id",
                  fr_id_format(kept->message_id, id), "ticket", kept->address, "account",
                  kept->account, "conversation", fr_id_format(kept->conversation_id, conversation),
                  "text", kept->text, "at", fr_time_format((struct fr_time){kept->at_us}, at),
                  "notice", kept->direction == FR__DIRECTION__NOTICE, "author", kept->author,
                  "in_reply_to", kept->in_reply_to);
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);

    json_decref(json);
    return text;
}

/* Troubles in which nothing of the request can have reached the other side. */
static bool
never_arrived(CURLcode code)
{
    return code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_CONNECT ||
           code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION;
}

static void
judge(CURLcode code, long status, Fr__AnswerTried *tried, char reason[REASON_SIZE])
{
    if (code != CURLE_OK && !(code == CURLE_WRITE_ERROR && status != 0)) {
        tried->again = true;
        tried->state =
            never_arrived(code) ? FR__DELIVERY_STATE__UNDELIVERED : FR__DELIVERY_STATE__UNCERTAIN;
        snprintf(reason, REASON_SIZE, "%s", curl_easy_strerror(code));
        return;
    }
    snprintf(reason, REASON_SIZE, "answer_url said %ld", status);
    tried->again = status >= 500 || status == 408 || status == 425 || status == 429;
    tried->state = status >= 200 && status < 300 ? FR__DELIVERY_STATE__DELIVERED
                                                 : FR__DELIVERY_STATE__UNDELIVERED;
}

static struct curl_slist *
headers_of(uint64_t id)
{
    struct curl_slist *headers = curl_slist_append(NULL, "content-type: application/json");
    char key[64], text[FR_ID_TEXT_SIZE];

    snprintf(key, sizeof(key), "idempotency-key: %s", fr_id_format(id, text));
    return curl_slist_append(headers, key);
}

static enum fr_error
try_it(const struct webform_config *config, const char *url, uint64_t id, const char *body,
       Fr__AnswerTried *tried, char reason[REASON_SIZE])
{
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = headers_of(id);
    size_t heard = 0;
    long status = 0;
    CURLcode code;

    if (curl == NULL || headers == NULL) {
        curl_slist_free_all(headers);
        curl_easy_cleanup(curl);
        return FR_NO_MEMORY;
    }
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(config->answer_timeout.us / 1000));
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "filrouge/" FR_VERSION_TEXT);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &heard);
    code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    judge(code, status, tried, reason);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return FR_OK;
}

static enum fr_error
pack(const Fr__AnswerTried *tried, struct fr_arena *arena, struct fr_slice *outcome)
{
    size_t size = fr__answer_tried__get_packed_size(tried);
    uint8_t *bytes = fr_arena_alloc(arena, size + 1);

    if (bytes == NULL)
        return FR_NO_MEMORY;
    fr__answer_tried__pack(tried, bytes);
    *outcome = fr_slice(bytes, size);
    return FR_OK;
}

enum fr_error
webform_post(const void *config, uint64_t id, struct fr_slice body, unsigned attempt,
             struct fr_arena *arena, struct fr_slice *outcome)
{
    const Fr__AnswerKept *kept = fr_unpack_in(arena, &fr__answer_kept__descriptor, body);
    const struct webform_account *account;
    Fr__AnswerTried tried = FR__ANSWER_TRIED__INIT;
    char reason[REASON_SIZE] = "the account has no answer_url any more", *text;
    enum fr_error err = FR_OK;

    (void)attempt; /* the same key each time: the peer need not know */
    fr_assert(kept != NULL);
    account = webform_account_find(config, kept->account);
    tried.message_id = id;
    tried.state = FR__DELIVERY_STATE__UNDELIVERED;
    tried.reason = reason;
    if (account != NULL && account->answer_url != NULL) {
        text = body_text(kept);
        if (text == NULL)
            return FR_NO_MEMORY;
        err = try_it(config, account->answer_url, id, text, &tried, reason);
        free(text);
    }
    return err == FR_OK ? pack(&tried, arena, outcome) : err;
}
