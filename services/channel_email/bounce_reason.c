/* bounce_reason.c - what the other side said, as one word. */
#include "services/channel_email/bounce.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct words {
    const char *reason;
    const char *words; /* separated by |, lower case; + joins what must all be there */
};

/* From the special to the general: the first row that fits is the answer. */
/* clang-format off */
static const struct words said[] = {
    { "notaccept",      "null mx|nullmx|no mx found|does not accept mail|does not accept any|no mx record|unable to find mx|domain does not receive|mail server does not exist|not accept any e-mail|unrouteable mail domain+null" },
    { "hasmoved",       "has moved|no longer on server|user not local|not our user|not our customer|please try <|address has been changed|account has been moved" },
    { "requireptr",     "reverse dns|reverse lookup|ptr record|no ptr|rdns|does not resolve to|name lookup failed|not have a ptr|fcrdns|cannot resolve your address|unresolvable|reverse mapping|does not have a valid dns|cannot find your hostname|client host rejected: cannot find|reverse hostname" },
    { "badreputation",  "reputation|user complaints|[tss|senderbase|low sender score|unsolicited mail originating from your ip" },
    { "authfailure",    "spf record|spf fail|spf check|sender policy framework|dmarc|dkim|per it's spf|unauthenticated|not pass authentication|not authenticate|unaligned|spf.pobox" },
    { "toomanyconn",    "too many connections|connection rate limit|too many concurrent|rate limit|too many sessions|too many emails|throttl|too frequent" },
    { "mailboxfull",    "mailbox full|mailbox is full|mailbox for+is full|mailbox has exceeded|quota exceeded|over quota|overquota|exceeded storage|exceeded the+quota|disk quota|insufficient disk|insufficient storage|not enough storage|not enough disk|out of storage|exceeded his/her quota|user has too many messages|shutoffquota|mailbox is over|account is full|inbox is full|storage quota|is over quota|maildir over|exceeded email quota|mail box is full|mbox full|exceeds disk" },
    { "spamdetected",   "scored as spam|spam content|looks like spam|identified as spam|classified as spam|considered spam|detected as spam|is spam|spam message|appears to be unsolicited|spamassassin|rejected as spam|high spam|bulk mail+rejected|probable spam|spam detected|spam score" },
    { "virusdetected",  "virus|malware|infected" },
    { "exceedlimit",    "size exceeds fixed|size exceeds maximum|exceeds the size limit|exceeds size limit|message size exceeds|exceeds maximum message size|exceeded maximum" },
    { "mesgtoobig",     "message too large|message is too large|too big|message length exceeds|exceeds the maximum message|exceeds size|too large for this recipient|recipsizelimit|file too big" },
    { "norelaying",     "relay access denied|relaying denied|relay denied|not permitted to relay|unable to relay|relaying is prohibited|not configured to relay|relay not permitted|no relaying|cannot relay|unauthorized relay|relaying not allowed|must authenticate before" },
    { "notcompliantrfc", "multiple addresses in from|addresses in from|rfc 5322|rfc5322|rfc 2822|not rfc|rfc 822|duplicate header|bare lf|missing from header|messages with multiple" },
    { "securityerror",  "authentication required|authrequired|authentication failed|auth failure|starttls|encryption|tls required|need to authenticate|only authenticated|please authenticate|password|not authorized to send+group|authentification" },
    { "contenterror",   "improper use of 8-bit|8-bit data|contains invalid|mime error|unsupported content|bad content|content rejected|blocked attachment|executable|invalid character in header" },
    { "rejected",       "sender address rejected|domain of sender|sender rejected|sender domain|sender denied|sender verify failed|sender is not|sender not|invalid sender|from address|envelope sender|not accept mail from|sender address|backscatter|returned mail is not accepted|domain not found+sender|not a registered gateway user|access denied+sender|rejected by recipient|mailfrom" },
    { "hostunknown",    "host unknown|unknown host|host not found|host or domain name not found|domain not found|no such domain|domain name not found|unknown domain|illegal host/domain|unrouteable mail domain|non-existent domain|nonexistent domain|nxdomain|recipient's domain+not|name or service not known|no such host|could not resolve|couldn't find any host named|domain does not exist|no valid ip addresses|unresolvable domain|destination host is unreachable|hostunknown|all relevant mx records point to non-existent|couldn't find a mail exchanger or ip address|no a, aaaa or mx" },
    { "userunknown",    "user unknown|unknown user|no such user|no such recipient|no such mailbox|no such address|no such person|no such account|no such local|recipient unknown|unknown recipient|unknown address|unknown mailbox|user not found|recipient not found|recipientnotfound|recipnotfound|address not found|mailbox not found|mailbox unavailable|does not exist|doesn't exist|do not exist|not a valid|invalid recipient|invalid mailbox|invalid address|invalid user|user doesn't have|account that you tried to reach|unrouteable address|address unknown|unknown or illegal|no mailbox here|not listed in|address rejected|bad destination|recipient address rejected|not a known user|user is unknown|account is disabled|account disabled|mailbox disabled|account has been disabled|account inactive|user disabled|deactivated|is not active|undeliverable address|undeliverable: |not our local|address is invalid|rcpt verify|dirnotfound|adresse+introuvable|account+closed|this user doesn|recipient rejected|unknown local|user+suspended|is a deactivated mailbox|destination address unknown|is not known|existiert nicht|nicht bekannt|unbekannt|n'existe pas|no existe|non esiste" },
    { "expired",        "message expired|expired|timed out|timeout|time out|retry time|retry timeout|could not send message for|could not be delivered for|not delivered for|been in the queue|in queue too long|giving up|too old|delivery delayed|has been delayed|not been delivered|still being retried|will be retried|connection refused|socket error|accept our requests to connect|connection dropped|unable to contact|couldn't establish an smtp connection|not connect|delivery temporarily suspended|warning message only|was not able to deliver after|failed+attempts|delivery time expired|retries exhausted|problème temporaire|vorübergehendes problem" },
    { "networkerror",   "dns query failed|dns lookup failure|name server+malformed|name service error|network is unreachable|no route to host|too many hops|hop count|mail loop|mail loops|loops back|loop detected|routing loop|connection lost|lost connection|network error|mail forwarding loop|malformed or unexpected name server reply|connection reset|host is unreachable|could not find a gateway|tls handshake|dns error" },
    { "policyviolation", "policy|protocol violation|header error|denied by|prohibited|violat|not permitted|administrative prohibition|local policy" },
    { "blocked",        "blocked|block list|blocklist|blacklist|black list|spamhaus|spamcop|dnsbl|rbl|barracuda|client host rejected|your ip|invalid ip|smtp server of your isp|ip address+rejected|access denied|listed in|listed at|connection refused by|banned|(bl)|not allowed to connect|may not be mail exchanger|refused to talk to me|connection rejected|denied access" },
    { "systemfull",     "mail system full|system full|disk full|no space left" },
    { "syntaxerror",    "improper sequence|syntax error|command unrecognized|bad sequence|unrecognized command|command rejected" },
    { "onhold",         "recipient error|unknown error|temporarily deferred|try again later" },
    { "systemerror",    "could not load|configuration error|local error|internal error|internal server error|system config|mail server configuration|service unavailable|server error|can't create|temporary lookup failure|system error|resources temporarily|cannot allocate|operating system error|local configuration" },
    { "mailererror",    "x-unix|command died|mailer error|procmail|pipe to|exit status|unknown mailer error|process failed|error in command||command failed" },
    { "filtered",       "filtered|refused to accept|rejected by user|recipient refused|is not accepting|not accepting messages|content filter|message rejected" },
};

static const struct {
    const char *status; /* the class digit left out: ".1.1" */
    const char *reason;
} by_status[] = {
    { ".1.1", "userunknown" }, { ".1.0", "userunknown" },  { ".1.2", "hostunknown" },  { ".1.3", "userunknown" },     { ".1.4", "userunknown" },
    { ".1.6", "hasmoved" },    { ".1.7", "rejected" },     { ".1.8", "rejected" },     { ".1.9", "systemerror" },     { ".1.10", "userunknown" },
    { ".2.0", "filtered" },    { ".2.1", "userunknown" },  { ".2.2", "mailboxfull" },  { ".2.3", "exceedlimit" },     { ".2.4", "filtered" },
    { ".3.0", "systemerror" }, { ".3.1", "systemfull" },   { ".3.2", "notaccept" },    { ".3.4", "mesgtoobig" },      { ".3.5", "systemerror" },
    { ".4.0", "networkerror" }, { ".4.1", "expired" },     { ".4.2", "networkerror" }, { ".4.3", "systemerror" },     { ".4.4", "hostunknown" },
    { ".4.5", "expired" },     { ".4.6", "networkerror" }, { ".4.7", "expired" },      { ".4.14", "networkerror" },   { ".5.0", "syntaxerror" },
    { ".5.1", "syntaxerror" }, { ".5.2", "syntaxerror" },  { ".5.3", "toomanyconn" },  { ".6.0", "contenterror" },    { ".6.3", "contenterror" },
    { ".6.9", "contenterror" }, { ".7.0", "securityerror" }, { ".7.1", "filtered" },   { ".7.8", "securityerror" },   { ".7.9", "securityerror" },
    { ".7.20", "authfailure" }, { ".7.23", "authfailure" }, { ".7.25", "requireptr" }, { ".7.26", "authfailure" },    { ".7.27", "notaccept" },
    { ".1.351", "filtered" },
};
/* clang-format on */

/* Are all of the words joined by + in the text? */
static bool
fits_all(const char *text, const char *from, const char *to)
{
    while (from < to) {
        const char *plus = memchr(from, '+', (size_t)(to - from));
        const char *end = plus == NULL ? to : plus;
        char word[80];

        snprintf(word, sizeof(word), "%.*s", (int)(end - from), from);
        if (strcasestr(text, word) == NULL)
            return false;
        from = plus == NULL ? to : plus + 1;
    }
    return true;
}

static bool
fits_one(const char *text, const char *words)
{
    while (*words != '\0') {
        const char *stop = strchrnul(words, '|');

        if (stop > words && fits_all(text, words, stop))
            return true;
        words = *stop == '\0' ? stop : stop + 1;
    }
    return false;
}

/* 550 after RCPT with no more words means that the address is refused. */
static const char *
reason_of_code(const char *status, const char *smtp)
{
    if (status != NULL && status[0] != '\0')
        for (size_t i = 0; i < COUNT(by_status); i++)
            if (strcmp(status + 1, by_status[i].status) == 0)
                return by_status[i].reason;
    if (smtp != NULL && strcmp(smtp, "552") == 0)
        return "mailboxfull";
    if (smtp != NULL && strcmp(smtp, "551") == 0)
        return "hasmoved";
    return "undefined";
}

const char *
email_bounce_reason(const char *diagnostic, const char *status, const char *smtp)
{
    for (size_t i = 0; diagnostic != NULL && i < COUNT(said); i++)
        if (fits_one(diagnostic, said[i].words))
            return said[i].reason;
    return reason_of_code(status, smtp);
}

bool
email_bounce_hard(const char *reason)
{
    return strcmp(reason, "userunknown") == 0 || strcmp(reason, "hostunknown") == 0 ||
           strcmp(reason, "hasmoved") == 0 || strcmp(reason, "notaccept") == 0;
}

bool
email_bounce_status(const char *text, char status[16])
{
    for (const char *at = text; *at != '\0'; at++) {
        int size = 0, subject, detail;

        if (strchr("245", *at) == NULL || at[1] != '.' ||
            (at > text && (isalnum((unsigned char)at[-1]) || at[-1] == '.' || at[-1] == '[')))
            continue;
        if (sscanf(at + 2, "%3d.%3d%n", &subject, &detail, &size) != 2 || size == 0 ||
            at[2 + size] == '.' || isdigit((unsigned char)at[2 + size]) || at[2] == '-' ||
            subject < 0 || subject > 7 || detail < 0)
            continue;
        snprintf(status, 16, "%c.%d.%d", *at, subject, detail);
        return true;
    }
    return false;
}

bool
email_bounce_smtp(const char *text, char smtp[4])
{
    for (const char *at = text; *at != '\0'; at++)
        if ((*at == '4' || *at == '5') && at[1] >= '0' && at[1] <= '5' &&
            isdigit((unsigned char)at[2]) && strchr(" -:\n#", at[3]) != NULL &&
            (at == text || strchr(" \n\t:;(<[\"'>", at[-1]) != NULL)) {
            memcpy(smtp, at, 3);
            smtp[3] = '\0';
            return true;
        }
    return false;
}
