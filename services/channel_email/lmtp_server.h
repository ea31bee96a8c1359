/* lmtp_server.h - LMTP on a socket: connections in one loop, mails in the hands of a few workers.
 *
 *      sockets -- epoll loop -- lmtp.c --mail--> queue --> workers: child, submit
 *                     ^                                            |
 *                     +---- eventfd <---- on_done (stage's thread) +
 */
#ifndef FR_EMAIL_LMTP_SERVER_H
#define FR_EMAIL_LMTP_SERVER_H

#include <stdio.h>
#include "services/channel_email/intake.h"

struct email_server; /* opaque */

/* Listens where the configuration says; later changes of it are looked at for new connections,
 * `listen` aside. */
enum fr_error email_server_start(struct email_intake *intake, const struct email_config *config,
                                 struct email_server **server);
/* Closes connections: what was not answered is sent again by the MTA. */
void email_server_stop(struct email_server **server);
void email_server_reload(struct email_server *server, const struct email_config *config);
/* Prometheus text. */
void email_server_metrics(struct email_server *server, FILE *out);

#endif
