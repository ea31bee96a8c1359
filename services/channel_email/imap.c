/* imap.c - one mailbox over IMAP, by libcurl. */
#include "services/channel_email/imap.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define URL_SIZE 1600
#define SILENCE_S 60 /* a connection on which nothing moves for so long is given up */

struct email_imap {
    const struct email_mailbox *mailbox;
    CURL *curl;
    _Atomic bool *stopping;
    char why[CURL_ERROR_SIZE + 64];
    char error[CURL_ERROR_SIZE];
    char *folder; /* for URLs */
    char *bytes;
    size_t size, room, size_max;
    uint64_t whole; /* bytes that came, kept or not */
};

/* ---- answers ---- */

static enum fr_error
number_behind(const char *text, const char *word, uint32_t *number)
{
    const char *at = strcasestr(text, word);
    unsigned long value;
    char *end;

    if (at == NULL)
        return FR_INVALID;
    value = strtoul(at + strlen(word), &end, 10);
    if (end == at + strlen(word) || value == 0 || value > UINT32_MAX)
        return FR_INVALID;
    *number = (uint32_t)value;
    return FR_OK;
}

enum fr_error
email_imap_read_status(const char *text, uint32_t *uidvalidity, uint32_t *uidnext)
{
    uint32_t validity, next;

    /* Behind the mailbox's name, which may be called like anything. */
    for (const char *at = strchr(text, '('); at != NULL; at = strchr(at + 1, '('))
        text = at;
    if (number_behind(text, "UIDVALIDITY ", &validity) != FR_OK ||
        number_behind(text, "UIDNEXT ", &next) != FR_OK)
        return FR_INVALID;
    *uidvalidity = validity;
    *uidnext = next;
    return FR_OK;
}

static int
ascending(const void *a, const void *b)
{
    uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;

    return one < other ? -1 : one > other;
}

enum fr_error
email_imap_read_search(const char *text, uint32_t first, uint32_t last, uint32_t *uids, size_t max,
                       size_t *count)
{
    size_t used = 0;

    while ((text = strcasestr(text, "* SEARCH")) != NULL) {
        text += 8;
        while (*text == ' ') {
            char *end;
            unsigned long uid = strtoul(text, &end, 10);

            if (end == text || end == text + 1)
                break;
            text = end;
            if (uid < first || uid > last) /* n:* names the last mail, whatever n is */
                continue;
            if (used == max)
                return FR_INVALID;
            uids[used++] = (uint32_t)uid;
        }
    }
    qsort(uids, used, sizeof(*uids), ascending);
    *count = used;
    return FR_OK;
}

/* ---- libcurl ---- */

static size_t
take(char *data, size_t one, size_t count, void *context)
{
    struct email_imap *imap = context;
    size_t size = one * count, kept = size;

    imap->whole += size;
    if (imap->size + kept > imap->size_max)
        kept = imap->size_max - imap->size;
    if (imap->size + kept + 1 > imap->room) {
        size_t room = 2 * (imap->size + kept) + 16384;
        char *more = realloc(imap->bytes, room);

        if (more == NULL)
            return 0;
        imap->bytes = more;
        imap->room = room;
    }
    memcpy(imap->bytes + imap->size, data, kept);
    imap->size += kept;
    imap->bytes[imap->size] = '\0';
    return size;
}

static int
look_up_sometimes(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct email_imap *imap = context;

    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return atomic_load(imap->stopping) ? 1 : 0;
}

static void
set_up(struct email_imap *imap, const char *ca_file)
{
    static const long tls[] = {CURLUSESSL_ALL, CURLUSESSL_TRY, CURLUSESSL_NONE};
    CURL *curl = imap->curl;

    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "imap,imaps");
    curl_easy_setopt(curl, CURLOPT_USERNAME, imap->mailbox->user);
    curl_easy_setopt(curl, CURLOPT_PASSWORD, imap->mailbox->password);
    curl_easy_setopt(curl, CURLOPT_USE_SSL, tls[imap->mailbox->tls]);
    if (ca_file != NULL)
        curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, imap);
    curl_easy_setopt(curl, CURLOPT_MAXCONNECTS, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_up_sometimes);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, imap);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 30L);
    curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)SILENCE_S);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)SILENCE_S);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, imap->error);
}

enum fr_error
email_imap_new(const struct email_mailbox *mailbox, const char *ca_file, uint64_t size_max,
               _Atomic bool *stopping, struct email_imap **out)
{
    struct email_imap *imap = calloc(1, sizeof(*imap));

    if (imap == NULL)
        return FR_NO_MEMORY;
    imap->mailbox = mailbox;
    imap->stopping = stopping;
    imap->size_max = size_max;
    imap->curl = curl_easy_init();
    imap->folder = imap->curl == NULL ? NULL : curl_easy_escape(imap->curl, mailbox->folder, 0);
    if (imap->folder == NULL) {
        email_imap_free(&imap);
        return FR_NO_MEMORY;
    }
    set_up(imap, ca_file);
    *out = imap;
    return FR_OK;
}

void
email_imap_free(struct email_imap **imap)
{
    if (*imap == NULL)
        return;
    curl_free((*imap)->folder);
    curl_easy_cleanup((*imap)->curl);
    free((*imap)->bytes);
    free(*imap);
    *imap = NULL;
}

const char *
email_imap_why(const struct email_imap *imap)
{
    return imap->why;
}

static CURLcode
ask(struct email_imap *imap, const char *url, const char *command)
{
    CURLcode code;

    imap->size = 0;
    imap->whole = 0;
    imap->error[0] = '\0';
    curl_easy_setopt(imap->curl, CURLOPT_URL, url);
    curl_easy_setopt(imap->curl, CURLOPT_CUSTOMREQUEST, command);
    code = curl_easy_perform(imap->curl);
    if (code != CURLE_OK)
        snprintf(imap->why, sizeof(imap->why), "%s",
                 imap->error[0] != '\0' ? imap->error : curl_easy_strerror(code));
    return code;
}

static enum fr_error
misunderstood(struct email_imap *imap)
{
    snprintf(imap->why, sizeof(imap->why), "the server's answer makes no sense: %.80s",
             imap->bytes == NULL || imap->size == 0 ? "(nothing)" : imap->bytes);
    return FR_IO;
}

/* A string of the protocol: quoted, with what it must escape (RFC 3501, 4.3). */
static void
quote(const char *text, char *out, size_t size)
{
    size_t used = 0;

    out[used++] = '"';
    for (; *text != '\0' && used + 3 < size; text++) {
        if (*text == '"' || *text == '\\')
            out[used++] = '\\';
        if (*text != '\r' && *text != '\n')
            out[used++] = *text;
    }
    out[used++] = '"';
    out[used] = '\0';
}

enum fr_error
email_imap_status(struct email_imap *imap, uint32_t *uidvalidity, uint32_t *uidnext)
{
    char folder[512], command[600], url[URL_SIZE];
    CURLcode code;

    quote(imap->mailbox->folder, folder, sizeof(folder));
    snprintf(command, sizeof(command), "STATUS %s (UIDVALIDITY UIDNEXT)", folder);
    snprintf(url, sizeof(url), "%s/", imap->mailbox->url);
    /* A connection that has the mailbox selected need not be told what is new (RFC 3501, 6.3.10).
     */
    curl_easy_setopt(imap->curl, CURLOPT_FRESH_CONNECT, 1L);
    code = ask(imap, url, command);
    curl_easy_setopt(imap->curl, CURLOPT_FRESH_CONNECT, 0L);
    if (code != CURLE_OK)
        return FR_IO;
    return imap->size > 0 && email_imap_read_status(imap->bytes, uidvalidity, uidnext) == FR_OK
               ? FR_OK
               : misunderstood(imap);
}

enum fr_error
email_imap_search(struct email_imap *imap, uint32_t first, uint32_t last, uint32_t *uids,
                  size_t max, size_t *count)
{
    char command[80], url[URL_SIZE];

    if (last - first >= max) /* no more answers than there is room for */
        last = first + (uint32_t)max - 1;
    snprintf(command, sizeof(command), "UID SEARCH UID %u:%u", first, last);
    snprintf(url, sizeof(url), "%s/%s", imap->mailbox->url, imap->folder);
    if (ask(imap, url, command) != CURLE_OK)
        return FR_IO;
    if (imap->size == 0) {
        *count = 0;
        return FR_OK;
    }
    return email_imap_read_search(imap->bytes, first, last, uids, max, count) == FR_OK
               ? FR_OK
               : misunderstood(imap);
}

enum fr_error
email_imap_fetch(struct email_imap *imap, uint32_t uidvalidity, uint32_t uid,
                 struct email_imap_mail *mail)
{
    char url[URL_SIZE];
    CURLcode code;

    snprintf(url, sizeof(url), "%s/%s;UIDVALIDITY=%u/;UID=%u", imap->mailbox->url, imap->folder,
             uidvalidity, uid);
    code = ask(imap, url, NULL);
    if (code == CURLE_REMOTE_FILE_NOT_FOUND)
        return strstr(imap->why, "UIDVALIDITY") != NULL ? FR_INVALID : FR_NOT_FOUND;
    if (code != CURLE_OK)
        return FR_IO;
    if (imap->whole == 0)
        return FR_NOT_FOUND;
    mail->bytes = fr_slice(imap->bytes, imap->size);
    mail->size = imap->whole;
    return FR_OK;
}
