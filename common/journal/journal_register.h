/* journal_register.h - who still has to read the journal, and how far each has come. */
#ifndef FR_JOURNAL_REGISTER_H
#define FR_JOURNAL_REGISTER_H

#include "common/journal/journal.h"

#define FR_REGISTER_MAX 256                                /* readers of one journal */
#define FR_REGISTER_TEXT_SIZE (FR_REGISTER_MAX * 96 + 256) /* bytes of the file, NUL included */

struct fr_register {
    struct fr_journal_reader_info infos[FR_REGISTER_MAX];
    size_t count;
};

/* FR_EXISTS, FR_INVALID (the name), FR_TOO_BIG (too many). */
enum fr_error fr_register_add(struct fr_register *readers, const char *name);
enum fr_error fr_register_remove(struct fr_register *readers, const char *name);
/* Never goes back.  FR_NOT_FOUND. */
enum fr_error fr_register_acknowledge(struct fr_register *readers, const char *name, uint64_t seq);
/* What every reader has passed; UINT64_MAX without readers. */
uint64_t fr_register_least(const struct fr_register *readers);

/* Lines of text with a checksum, see README.md; text[FR_REGISTER_TEXT_SIZE].  first_seq: segments
 * wholly below it may be gone. */
size_t fr_register_print(const struct fr_register *readers, const char *journal, uint64_t first_seq,
                         char *text);
/* FR_CORRUPT when the text is not exactly what fr_register_print wrote for this journal. */
enum fr_error fr_register_parse(struct fr_register *readers, const char *journal,
                                uint64_t *first_seq, const char *text, size_t size);

/* 1 to FR_NAME_SIZE - 1 of [a-z0-9_.-]; journals' and readers' names. */
bool fr_journal_name_valid(const char *name);

#endif
