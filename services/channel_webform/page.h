/* page.h - the few pages that a browser without a script gets to see. */
#ifndef FR_WEBFORM_PAGE_H
#define FR_WEBFORM_PAGE_H

#include <jansson.h>

/* Each is malloc'ed, NULL without memory.  The ticket is what webform_ticket_json made. */
char *webform_page_ticket(const json_t *ticket, const char *brand_title);
char *webform_page_error(const char *title, const char *message);

#endif
