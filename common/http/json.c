/* json.c - JSON from outside: everything that a parser could choke on is checked before it runs. */
#include <stdio.h>
#include <stdlib.h>
#include "common/http/http.h"

/* The deepest nesting of [ and {, counted outside of strings; no recursion, whatever comes. */
static int
depth_of(struct fr_slice text)
{
    const char *at = text.data;
    int depth = 0, deepest = 0;
    bool in_string = false;

    for (size_t i = 0; i < text.size; i++) {
        if (in_string) {
            if (at[i] == '\\')
                i++;
            else if (at[i] == '"')
                in_string = false;
        } else if (at[i] == '"') {
            in_string = true;
        } else if (at[i] == '{' || at[i] == '[') {
            if (++depth > deepest)
                deepest = depth;
        } else if (at[i] == '}' || at[i] == ']') {
            depth--;
        }
    }
    return deepest;
}

/* The parser quotes what it stumbled over, perhaps up to the middle of a character. */
static void
cut_half_character(char *message)
{
    size_t size = strlen(message);

    while (size > 0 && !fr_utf8_valid(fr_slice(message, size)))
        size--;
    message[size] = '\0';
}

json_t *
fr_json_read(struct fr_slice text, size_t size_max, int depth_max, char *message,
             size_t message_size)
{
    json_error_t error;
    json_t *value;

    if (text.size == 0) {
        snprintf(message, message_size, "There is no JSON here.");
        return NULL;
    }
    if (text.size > size_max) {
        snprintf(message, message_size, "The JSON is longer than %zu bytes.", size_max);
        return NULL;
    }
    if (!fr_utf8_valid(text)) {
        snprintf(message, message_size, "The JSON is not valid UTF-8.");
        return NULL;
    }
    if (depth_of(text) > depth_max) {
        snprintf(message, message_size, "The JSON is nested deeper than %d levels.", depth_max);
        return NULL;
    }
    value = json_loadb(text.data, text.size, JSON_REJECT_DUPLICATES, &error);
    if (value == NULL) {
        snprintf(message, message_size, "Line %d, column %d: %s.", error.line, error.column,
                 error.text);
        cut_half_character(message);
        return NULL;
    }
    if (!json_is_object(value)) {
        snprintf(message, message_size, "The JSON is not an object.");
        json_decref(value);
        return NULL;
    }
    return value;
}

static bool
is_among(const char *key, const char *known)
{
    size_t key_size = strlen(key);

    while (*(known += strspn(known, " ")) != '\0') {
        size_t size = strcspn(known, " ");

        if (size == key_size && memcmp(known, key, size) == 0)
            return true;
        known += size;
    }
    return false;
}

/* At most 64 bytes of it, and no half character at the end. */
static int
shown_size(const char *key)
{
    size_t size = strlen(key);

    if (size > 64)
        for (size = 64; size > 0 && ((unsigned char)key[size] & 0xc0) == 0x80;)
            size--;
    return (int)size;
}

bool
fr_json_known(const json_t *object, const char *known, char *message, size_t message_size)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)object, key, value)
    {
        if (!is_among(key, known)) {
            snprintf(message, message_size, "The key \"%.*s\" is not known here.", shown_size(key),
                     key);
            return false;
        }
    }
    return true;
}
