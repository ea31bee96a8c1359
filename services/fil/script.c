/* script.c - recorded conversations: what customers said, in which order. */
#include "services/fil/script.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "common/base/hash.h"
#include "services/fil/map.h"

struct reading {
    struct fil_script *script;
    struct fil_map
        customers; /* hash of the name -> index + 1; names with equal hashes follow one another */
    char *error;
    size_t error_size;
};

/* ---- texts ---- */

/* What the form refuses becomes a blank: the recordings hold it, and it says nothing. */
static char *
clean_text(const char *text)
{
    size_t size = strlen(text);
    char *clean;

    if (size > FIL_SAID_TEXT_MAX)
        for (size = FIL_SAID_TEXT_MAX; size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80;)
            size--;
    clean = strndup(text, size);
    fr_assert(clean != NULL);
    for (char *c = clean; *c != '\0'; c++)
        if (((unsigned char)*c < 0x20 && *c != '\n' && *c != '\t') || *c == 0x7f)
            *c = ' ';
    return clean;
}

static bool
is_blank(const char *text)
{
    return text[strspn(text, " \t\n")] == '\0';
}

static char *
clean_id(const json_t *value)
{
    char *id = json_is_string(value) ? strdup(json_string_value(value))
                                     : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

    for (char *c = id; c != NULL && *c != '\0'; c++)
        if (*c <= 0x20 || (unsigned char)*c >= 0x7f)
            *c = '_';
    if (id != NULL && strlen(id) > 80)
        id[80] = '\0';
    return id;
}

/* ---- customers ---- */

static size_t
customer_of(struct reading *reading, const char *name)
{
    struct fil_script *script = reading->script;
    uint64_t key = fr_hash(name, strlen(name)) | 1, index;

    while (fil_map_get(&reading->customers, key, &index)) {
        if (strcmp(script->names[index], name) == 0)
            return index;
        key += 2;
    }
    if (script->customer_count == script->customer_room) {
        script->customer_room = script->customer_room * 2 + 64;
        script->names = realloc(script->names, script->customer_room * sizeof(*script->names));
        fr_assert(script->names != NULL);
    }
    script->names[script->customer_count] = strdup(name);
    fil_map_set(&reading->customers, key, script->customer_count);
    return script->customer_count++;
}

/* ---- messages ---- */

static enum fr_error
take_message(struct reading *reading, const json_t *message)
{
    struct fil_script *script = reading->script;
    const char *text = json_string_value(json_object_get(message, "text"));
    const json_t *from = json_object_get(message, "from"), *id = json_object_get(message, "id");
    char *name;

    if (text == NULL || from == NULL || id == NULL ||
        !json_is_number(json_object_get(message, "t"))) {
        snprintf(reading->error, reading->error_size,
                 "a message needs \"id\", \"t\", \"from\" and \"text\"");
        return FR_INVALID;
    }
    if (is_blank(text)) {
        script->skipped++;
        return FR_OK;
    }
    if (script->count == script->room) {
        script->room = script->room * 2 + 256;
        script->items = realloc(script->items, script->room * sizeof(*script->items));
        fr_assert(script->items != NULL);
    }
    name = clean_id(from);
    script->items[script->count++] =
        (struct fil_said){.id = clean_id(id),
                          .text = clean_text(text),
                          .t = json_number_value(json_object_get(message, "t")),
                          .customer = customer_of(reading, name)};
    free(name);
    return FR_OK;
}

static enum fr_error
take_line(struct reading *reading, const json_t *line)
{
    const json_t *messages = json_object_get(line, "messages"), *message;
    enum fr_error err = FR_OK;
    size_t i;

    if (!json_is_object(line)) {
        snprintf(reading->error, reading->error_size, "is no JSON object");
        return FR_INVALID;
    }
    if (messages == NULL)
        return take_message(reading, line);
    json_array_foreach((json_t *)messages, i, message)
    {
        if (err == FR_OK && json_is_true(json_object_get(message, "in")))
            err = take_message(reading, message);
    }
    return err;
}

/* ---- order ---- */

struct ordered {
    struct fil_said said;
    size_t place;
};

static int
earlier(const void *left, const void *right)
{
    const struct ordered *a = left, *b = right;

    if (a->said.t != b->said.t)
        return a->said.t < b->said.t ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

static void
free_said(struct fil_said *said)
{
    free(said->id);
    free(said->text);
}

static void
sort_and_cut(struct fil_script *script, size_t limit)
{
    struct ordered *all = calloc(script->count + 1, sizeof(*all));

    fr_assert(all != NULL);
    for (size_t i = 0; i < script->count; i++)
        all[i] = (struct ordered){script->items[i], i};
    qsort(all, script->count, sizeof(*all), earlier);
    for (size_t i = 0; i < script->count; i++)
        script->items[i] = all[i].said;
    free(all);
    while (limit > 0 && script->count > limit)
        free_said(&script->items[--script->count]);
}

enum fr_error
fil_script_read(FILE *in, size_t limit, struct fil_script *script, char *error, size_t error_size)
{
    struct reading reading = {.script = script, .error = error, .error_size = error_size};
    enum fr_error err = FR_OK;
    char *text = NULL, why[200];
    size_t room = 0;
    ssize_t size;

    *script = (struct fil_script){.items = NULL};
    reading.error = why;
    reading.error_size = sizeof(why);
    while (err == FR_OK && (size = getline(&text, &room, in)) > 0) {
        json_error_t fault = {.text = ""};
        json_t *line;

        script->line_count++;
        if (is_blank(text))
            continue;
        line = json_loadb(text, (size_t)size, 0, &fault);
        snprintf(why, sizeof(why), "%s", fault.text);
        err = line != NULL ? take_line(&reading, line) : FR_INVALID;
        json_decref(line);
        if (err != FR_OK)
            snprintf(error, error_size, "line %zu: %s", script->line_count, why);
    }
    free(text);
    fil_map_fini(&reading.customers);
    if (err == FR_OK)
        sort_and_cut(script, limit);
    else
        fil_script_free(script);
    return err;
}

void
fil_script_free(struct fil_script *script)
{
    for (size_t i = 0; i < script->count; i++)
        free_said(&script->items[i]);
    for (size_t i = 0; i < script->customer_count; i++)
        free(script->names[i]);
    free(script->items);
    free(script->names);
    *script = (struct fil_script){.items = NULL};
}
