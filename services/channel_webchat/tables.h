/* tables.h - what the chat remembers: sessions, what was said in them, and what must not happen
 * twice. */
#ifndef FR_WEBCHAT_TABLES_H
#define FR_WEBCHAT_TABLES_H

#include "services/channel_webchat/webchat.h"

extern const struct fr_table webchat_tables[];

/* ---- sessions ---- */

/* FR_NOT_FOUND: nothing was ever said or proved in it. */
enum fr_error webchat_session_get(const struct fr_view *view, struct fr_arena *arena,
                                  const char *session, const Fr__WebchatStateSession **out);
/* Also keeps the order of age; `old_day` is the stored row's day, 0 when there is none. */
enum fr_error webchat_session_put(struct fr_tables *tables, const char *session,
                                  const Fr__WebchatStateSession *row, uint32_t old_day);
/* The row alone; its entries are the caller's to delete. */
enum fr_error webchat_session_del(struct fr_tables *tables, const char *session, uint32_t day);

/* The longest quiet first. */
void webchat_session_scan(struct fr_scan *scan, const struct fr_view *view);
enum fr_error webchat_session_next(struct fr_scan *scan, uint32_t *day, const char **session);

/* ---- entries ---- */

enum fr_error webchat_entry_get(const struct fr_view *view, struct fr_arena *arena,
                                const char *session, uint32_t position,
                                const Fr__WebchatStateEntry **out);
enum fr_error webchat_entry_put(struct fr_tables *tables, const char *session, uint32_t position,
                                const Fr__WebchatStateEntry *entry);
enum fr_error webchat_entry_del(struct fr_tables *tables, const char *session, uint32_t position);

/* The position of a message that the browser gave that id. */
enum fr_error webchat_said_get(const struct fr_view *view, const char *external_id,
                               uint32_t *position);
enum fr_error webchat_said_put(struct fr_tables *tables, const char *external_id,
                               uint32_t position);
enum fr_error webchat_said_del(struct fr_tables *tables, const char *external_id);

/* The position of an answer, by its name. */
enum fr_error webchat_kept_get(const struct fr_view *view, uint64_t message_id, uint32_t *position);
enum fr_error webchat_kept_put(struct fr_tables *tables, uint64_t message_id, uint32_t position);
enum fr_error webchat_kept_del(struct fr_tables *tables, uint64_t message_id);

#endif
