/* journal_register.c - who still has to read the journal, and how far each has come. */
#include "common/journal/journal_register.h"

#include <inttypes.h>
#include <stdlib.h>
#include "common/base/hash.h"

bool
fr_journal_name_valid(const char *name)
{
    size_t size = name == NULL ? 0 : strlen(name);

    return size > 0 && size < FR_NAME_SIZE &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.-") == size;
}

static struct fr_journal_reader_info *
find(struct fr_register *readers, const char *name)
{
    for (size_t i = 0; i < readers->count; i++)
        if (strcmp(readers->infos[i].name, name) == 0)
            return &readers->infos[i];
    return NULL;
}

enum fr_error
fr_register_add(struct fr_register *readers, const char *name)
{
    struct fr_journal_reader_info *info;

    if (!fr_journal_name_valid(name))
        return FR_INVALID;
    if (find(readers, name) != NULL)
        return FR_EXISTS;
    if (readers->count == FR_REGISTER_MAX)
        return FR_TOO_BIG;
    info = &readers->infos[readers->count++];
    *info = (struct fr_journal_reader_info){0};
    strcpy(info->name, name);
    return FR_OK;
}

enum fr_error
fr_register_remove(struct fr_register *readers, const char *name)
{
    struct fr_journal_reader_info *info = find(readers, name);

    if (info == NULL)
        return FR_NOT_FOUND;
    *info = readers->infos[--readers->count];
    return FR_OK;
}

enum fr_error
fr_register_acknowledge(struct fr_register *readers, const char *name, uint64_t seq)
{
    struct fr_journal_reader_info *info = find(readers, name);

    if (info == NULL)
        return FR_NOT_FOUND;
    if (seq > info->acknowledged)
        info->acknowledged = seq;
    return FR_OK;
}

uint64_t
fr_register_least(const struct fr_register *readers)
{
    uint64_t least = UINT64_MAX;

    for (size_t i = 0; i < readers->count; i++)
        if (readers->infos[i].acknowledged < least)
            least = readers->infos[i].acknowledged;
    return least;
}

size_t
fr_register_print(const struct fr_register *readers, const char *journal, uint64_t first_seq,
                  char *text)
{
    size_t size = (size_t)sprintf(
        text, "filrouge journal register 1\njournal %s\nfirst %" PRIu64 "\nreaders %zu\n", journal,
        first_seq, readers->count);

    for (size_t i = 0; i < readers->count; i++)
        size += (size_t)sprintf(text + size, "%s %" PRIu64 "\n", readers->infos[i].name,
                                readers->infos[i].acknowledged);
    size += (size_t)sprintf(text + size, "crc %08" PRIx32 "\n", fr_crc32c(0, text, size));
    return size;
}

static bool
parse_readers(struct fr_register *readers, const char *text, size_t count)
{
    char name[FR_NAME_SIZE];
    uint64_t acknowledged;
    int used;

    for (size_t i = 0; i < count; i++, text += used) {
        if (sscanf(text, "%39s %" SCNu64 "%n", name, &acknowledged, &used) != 2 ||
            fr_register_add(readers, name) != FR_OK)
            return false;
        fr_register_acknowledge(readers, name, acknowledged);
    }
    return true;
}

/* The checksum says that these are the bytes once printed; printing again what was understood must
 * give the same bytes, so nothing can be misread. */
enum fr_error
fr_register_parse(struct fr_register *readers, const char *journal, uint64_t *first_seq,
                  const char *text, size_t size)
{
    char *copy = malloc(2 * FR_REGISTER_TEXT_SIZE), *again = copy + FR_REGISTER_TEXT_SIZE;
    enum fr_error err = FR_CORRUPT;
    char name[FR_NAME_SIZE];
    size_t count;
    int used = 0;

    if (copy == NULL)
        return FR_NO_MEMORY;
    if (size >= FR_REGISTER_TEXT_SIZE)
        goto out;
    memcpy(copy, text, size);
    copy[size] = '\0';
    readers->count = 0;
    if (sscanf(copy,
               "filrouge journal register 1\njournal %39s\nfirst %" SCNu64 "\nreaders %zu\n%n",
               name, first_seq, &count, &used) != 3 ||
        strcmp(name, journal) != 0 || count > FR_REGISTER_MAX ||
        !parse_readers(readers, copy + used, count))
        goto out;
    if (fr_register_print(readers, journal, *first_seq, again) == size &&
        memcmp(again, copy, size) == 0)
        err = FR_OK;
out:
    free(copy);
    return err;
}
