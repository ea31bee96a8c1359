/* lmtp_private.h - what the files of the LMTP server share: lmtp_server.c (the loop's thread),
 * lmtp_work.c (workers, outcomes, life). */
#ifndef FR_EMAIL_LMTP_PRIVATE_H
#define FR_EMAIL_LMTP_PRIVATE_H

#include <stdatomic.h>
#include "services/channel_email/intake.h"
#include "services/channel_email/lmtp.h"

#define EMAIL_WORKERS_MAX 64

struct email_job { /* one whole mail on its way */
    struct email_job *next;
    struct email_connection *connection;
    struct email_intake_mail mail;
    struct email_delivery *deliveries; /* one per account */
    unsigned *delivery_of;             /* recipient -> index in deliveries */
    const char **recipients;           /* the deliveries' slices of it */
    size_t recipient_count;
    char (*lines)[EMAIL_OUTCOME_SIZE + 40]; /* one per recipient */
    const char **line_list;
};

struct email_connection {
    struct email_server *server;
    struct email_connection *next, **at;
    int fd; /* -1: closed, and its mail is still under way */
    struct email_lmtp *lmtp;
    struct email_rules *rules; /* held while a mail is being addressed or under way */
    struct email_job *job;     /* under way */
    char *input;
    size_t input_start, input_end;
    int64_t heard_us, data_since_us; /* monotonic */
};

struct email_server {
    struct email_intake *intake;
    int listener, epoll, wake;
    bool is_unix;
    char unix_path[128], hostname[201], peers[1001];
    struct email_lmtp_limits limits;
    int64_t memory, memory_max; /* the loop's */
    unsigned connection_count, connections_max;
    _Atomic int64_t idle_us, mail_us;
    struct email_connection *connections;
    _Atomic bool stopping;
    pthread_t loop;
    bool loop_started;
    pthread_t workers[EMAIL_WORKERS_MAX];
    struct email_reader readers[EMAIL_WORKERS_MAX];
    size_t worker_count, reader_count;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t more;
    struct email_job *todo, **todo_last, *done;
    size_t under_way; /* jobs given and not yet done */
    pthread_cond_t quiet;
};

void *email_server_loop(void *context);
bool email_server_peer_allowed(struct email_server *server, int fd);

/* On the loop's thread. */
struct email_job *email_server_job(struct email_connection *connection,
                                   const struct email_lmtp_mail *mail);
void email_server_job_free(struct email_job **job);
void email_server_give(struct email_server *server, struct email_job *job);
struct email_job *email_server_done(struct email_server *server); /* a list, taken */
/* A reply for each recipient; borrowed from the job. */
const char *const *email_server_lines(struct email_server *server, struct email_job *job);

#endif
