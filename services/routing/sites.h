/* sites.h - what a site is allowed now, said as SiteChanged. */
#ifndef FR_ROUTING_SITES_H
#define FR_ROUTING_SITES_H

#include "services/routing/hours.h"

/* The row as a record, to be changed and emitted; strings are the row's. */
void routing_site_record(const struct routing_site *site, Fr__SiteChanged *out);
enum fr_error routing_say_site(struct fr_turn *turn, const struct fr_record *input,
                               Fr__SiteChanged *changed);
/* Its hours as its calendar has them now. */
void routing_site_hours(const struct fr_turn *turn, const char *name, Fr__SiteChanged *changed);

/* The row of a queue as a record, likewise. */
void routing_queue_record(const struct routing_queue_row *row, Fr__QueueChanged *out);
void routing_queue_hours(const struct fr_turn *turn, const char *name, Fr__QueueChanged *changed);
enum fr_error routing_say_queue(struct fr_turn *turn, const struct fr_record *input,
                                Fr__QueueChanged *changed);
/* Its waiting tasks are gone through, from the first on. */
void routing_queue_walk(Fr__QueueChanged *changed);

#endif
