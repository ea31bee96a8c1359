/* value.c - one function per type of value, and how values are written.
 *
 * A value is what its key says and nothing else: "no" is a text where a text is due and an error
 * where a bool is; nothing is guessed from its looks.
 */
#include "common/config/value.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "common/config/suggest.h"

#define COMPLAIN(...) config_node_complain(&config->source, node, __VA_ARGS__)
#define SOCKET_PATH_MAX 107 /* sockaddr_un's, less its NUL */

/* Numbers have a dot in a file, whatever language the terminal speaks. */
static locale_t c_locale;

static void
make_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static locale_t
plain_locale(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, make_c_locale);
    return c_locale;
}

bool
config_value_is_scalar(enum fr_config_type type)
{
    return type != FR_CONFIG_STRINGS && type != FR_CONFIG_SECTION && type != FR_CONFIG_LIST &&
           type != FR_CONFIG_MAP;
}

bool
config_in_range(const struct fr_config_key *key, int64_t value)
{
    if (key->min == 0 && key->max == 0)
        return true;
    return value >= key->min && (key->max < key->min || value <= key->max);
}

/* ---- sizes -------------------------------------------------------------------------------------
 */

static const struct size_unit {
    const char *name;
    int64_t size;
} size_units[] = {
    {"TiB", INT64_C(1) << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"", 1},
};
#define SIZE_UNIT_COUNT (sizeof(size_units) / sizeof(size_units[0]))

static void
size_format(int64_t size, char *text, size_t text_size)
{
    size_t i = 0;

    while (i + 1 < SIZE_UNIT_COUNT && (size == 0 || size % size_units[i].size != 0))
        i++;
    snprintf(text, text_size, "%" PRId64 "%s", size / size_units[i].size, size_units[i].name);
}

/* Decimal digits without leading zeros, which YAML 1.1 would take for octal. */
static bool
whole_number(const char **p, int64_t *out)
{
    bool negative = **p == '-';
    int64_t value = 0;

    *p += negative;
    if (**p < '0' || **p > '9' || (**p == '0' && (*p)[1] >= '0' && (*p)[1] <= '9'))
        return false;
    for (; **p >= '0' && **p <= '9'; (*p)++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, negative ? '0' - **p : **p - '0', &value))
            return false;
    *out = value;
    return true;
}

static bool
size_parse(const char *text, int64_t *out)
{
    int64_t count;

    if (!whole_number(&text, &count) || count < 0)
        return false;
    for (size_t i = 0; i < SIZE_UNIT_COUNT; i++)
        if (strcmp(text, size_units[i].name) == 0)
            return !__builtin_mul_overflow(count, size_units[i].size, out);
    return false;
}

/* ---- ranges ------------------------------------------------------------------------------------
 */

static void
bound_format(const struct fr_config_key *key, int64_t bound, char *text, size_t size)
{
    char span[FR_TIME_TEXT_SIZE];

    if (key->type == FR_CONFIG_SPAN)
        snprintf(text, size, "%s", fr_span_format((struct fr_span){bound}, span));
    else if (key->type == FR_CONFIG_SIZE)
        size_format(bound, text, size);
    else
        snprintf(text, size, "%" PRId64, bound);
}

static const char *
counted(enum fr_config_type type)
{
    if (type == FR_CONFIG_STRING)
        return " bytes";
    return config_value_is_scalar(type) ? "" : " entries";
}

char *
config_range(const struct fr_config_key *key, char *range)
{
    char low[40], high[40];

    range[0] = '\0';
    if (key->min == 0 && key->max == 0)
        return range;
    bound_format(key, key->min, low, sizeof(low));
    bound_format(key, key->max, high, sizeof(high));
    if (key->max < key->min)
        snprintf(range, CONFIG_RANGE_SIZE, "at least %s%s", low, counted(key->type));
    else if (key->min == 0 && key->type != FR_CONFIG_INT && key->type != FR_CONFIG_REAL)
        snprintf(range, CONFIG_RANGE_SIZE, "at most %s%s", high, counted(key->type));
    else
        snprintf(range, CONFIG_RANGE_SIZE, "from %s to %s%s", low, high, counted(key->type));
    return range;
}

static bool
refuse_range(struct fr_config *config, const struct fr_config_key *key,
             const struct config_node *node, int64_t value)
{
    char range[CONFIG_RANGE_SIZE];

    if (config_in_range(key, value))
        return false;
    COMPLAIN("must be %s", config_range(key, range));
    return true;
}

/* ---- reading -----------------------------------------------------------------------------------
 */

static void
read_string(struct fr_config *config, const struct fr_config_key *key,
            const struct config_node *node, const char **target)
{
    if (!refuse_range(config, key, node, (int64_t)strlen(node->text)))
        *target = node->text;
}

static void
read_bool(struct fr_config *config, const struct config_node *node, bool *target)
{
    if (strcmp(node->text, "true") == 0)
        *target = true;
    else if (strcmp(node->text, "false") == 0)
        *target = false;
    else
        COMPLAIN("must be true or false, and not `%s`", node->text);
}

static void
read_int(struct fr_config *config, const struct fr_config_key *key, const struct config_node *node,
         int64_t *target)
{
    const char *p = node->text;
    int64_t value;

    if (!whole_number(&p, &value) || *p != '\0')
        COMPLAIN("must be a whole number, and not `%s`", node->text);
    else if (!refuse_range(config, key, node, value))
        *target = value;
}

static void
read_real(struct fr_config *config, const struct fr_config_key *key, const struct config_node *node,
          double *target)
{
    char *end;
    double value = strtod_l(node->text, &end, plain_locale());
    char range[CONFIG_RANGE_SIZE];

    /* strtod also knows inf, nan and 0x1p3, and skips blanks before the number. */
    if (node->text[0] == '\0' || *end != '\0' || !isfinite(value) ||
        strspn(node->text, "+-.0123456789eE") != strlen(node->text)) {
        COMPLAIN("must be a number like 0.75, and not `%s`", node->text);
        return;
    }
    if ((key->min != 0 || key->max != 0) &&
        (value < (double)key->min || (key->max >= key->min && value > (double)key->max)))
        COMPLAIN("must be %s", config_range(key, range));
    else
        *target = value;
}

static void
read_size(struct fr_config *config, const struct fr_config_key *key, const struct config_node *node,
          int64_t *target)
{
    int64_t value;

    if (!size_parse(node->text, &value))
        COMPLAIN("must be a size like 4096, 64KiB, 16MiB or 1GiB, and not `%s`", node->text);
    else if (!refuse_range(config, key, node, value))
        *target = value;
}

static void
read_span(struct fr_config *config, const struct fr_config_key *key, const struct config_node *node,
          struct fr_span *target)
{
    struct fr_span value;
    bool bare = node->text[0] != '\0' && strspn(node->text, "0123456789.") == strlen(node->text);

    if (fr_span_parse(fr_slice_str(node->text), &value) == FR_OK) {
        if (!refuse_range(config, key, node, value.us))
            *target = value;
    } else if (bare) {
        COMPLAIN("has no unit: write %sms, %ss, %sm or %sh", node->text, node->text, node->text,
                 node->text);
    } else {
        COMPLAIN("must be a time like 250ms, 60s, 5m, 2h or 1h30m, and not `%s`", node->text);
    }
}

/* The next of "auto|text|json" into name; false at the end. */
static bool
next_choice(const char **choices, char *name, size_t size)
{
    size_t length = strcspn(*choices, "|");

    if (**choices == '\0')
        return false;
    snprintf(name, size, "%.*s", (int)length, *choices);
    *choices += length + ((*choices)[length] == '|');
    return true;
}

static void
read_choice(struct fr_config *config, const struct fr_config_key *key,
            const struct config_node *node, int *target)
{
    const char *rest = key->choices;
    char name[64], nearest[64] = "";
    size_t distance = SIZE_MAX;

    for (int position = 0; next_choice(&rest, name, sizeof(name)); position++) {
        struct config_suggestion suggestion = {.word = node->text};

        if (strcmp(name, node->text) == 0) {
            *target = position;
            return;
        }
        config_suggest(&suggestion, name);
        if (suggestion.best != NULL && suggestion.distance < distance) {
            memcpy(nearest, name, sizeof(nearest)); /* `name` is written over by the next one */
            distance = suggestion.distance;
        }
    }
    if (nearest[0] != '\0')
        COMPLAIN("must be one of %s; did you mean %s?", key->choices, nearest);
    else
        COMPLAIN("must be one of %s, and not `%s`", key->choices, node->text);
}

/* "host:port", the port a number or * (any free one). */
static bool
tcp_address_valid(const char *address)
{
    const char *colon = strrchr(address, ':'), *p = colon == NULL ? "" : colon + 1;
    int64_t port;

    if (colon == NULL || colon == address)
        return false;
    if (strcmp(p, "*") == 0)
        return true;
    return whole_number(&p, &port) && *p == '\0' && port >= 1 && port <= 65535;
}

static void
read_endpoint(struct fr_config *config, const struct config_node *node, const char **target)
{
    const char *text = node->text;
    bool ipc = strncmp(text, "ipc://", 6) == 0, tcp = strncmp(text, "tcp://", 6) == 0;

    if (!ipc && !tcp && strncmp(text, "inproc://", 9) != 0)
        COMPLAIN("must begin with ipc://, tcp:// or inproc://");
    else if (tcp && !tcp_address_valid(text + 6))
        COMPLAIN("must be tcp://HOST:PORT, the port from 1 to 65535 or *");
    else if (ipc && strlen(text + 6) > SOCKET_PATH_MAX)
        COMPLAIN("is too long for a socket: at most %d bytes after ipc://", SOCKET_PATH_MAX);
    else if (text[strcspn(text, "/") + 2] == '\0')
        COMPLAIN("names no address");
    else
        *target = text;
}

static void
read_secret(struct fr_config *config, const struct config_node *node, const char **target)
{
    const char *content = config_secret(config, node);

    if (content != NULL)
        *target = content;
}

/* True after a complaint: there is no single value here. */
static bool
refuse_shape(struct fr_config *config, const struct fr_config_key *key,
             const struct config_node *node)
{
    if (node->kind != CONFIG_SCALAR)
        COMPLAIN("must be one value: %s", config_type_name(key->type));
    else if (config_node_empty(node))
        COMPLAIN("has no value; leave the key out for its default%s",
                 key->type == FR_CONFIG_STRING ? ", write \"\" for an empty text" : "");
    else if (!node->quoted && (strcmp(node->text, "null") == 0 || strcmp(node->text, "~") == 0))
        COMPLAIN("null is no value here; leave the key out for its default");
    else
        return false;
    return true;
}

void
config_value_read(struct fr_config *config, const struct fr_config_key *key,
                  const struct config_node *node, void *target)
{
    if (refuse_shape(config, key, node))
        return;
    switch (key->type) {
    case FR_CONFIG_STRING:
        read_string(config, key, node, target);
        break;
    case FR_CONFIG_BOOL:
        read_bool(config, node, target);
        break;
    case FR_CONFIG_INT:
        read_int(config, key, node, target);
        break;
    case FR_CONFIG_REAL:
        read_real(config, key, node, target);
        break;
    case FR_CONFIG_SIZE:
        read_size(config, key, node, target);
        break;
    case FR_CONFIG_SPAN:
        read_span(config, key, node, target);
        break;
    case FR_CONFIG_CHOICE:
        read_choice(config, key, node, target);
        break;
    case FR_CONFIG_SECRET:
        read_secret(config, node, target);
        break;
    case FR_CONFIG_ENDPOINT:
        read_endpoint(config, node, target);
        break;
    default:
        fr_assert(config_value_is_scalar(key->type));
    }
}

/* ---- writing -----------------------------------------------------------------------------------
 */

/* Words that some reader of YAML takes for a bool or for nothing. */
static bool
is_loaded_word(const char *text)
{
    static const char *const words[] = {"true", "false", "yes", "no", "on",
                                        "off",  "null",  "y",   "n"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcasecmp(text, words[i]) == 0)
            return true;
    return false;
}

static bool
may_stand_bare(const char *text)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "_-./@:";
    size_t size = strlen(text);

    if (size == 0 || strspn(text, safe) != size || text[size - 1] == ':')
        return false;
    return (strchr("-.@:", text[0]) == NULL) && (text[0] < '0' || text[0] > '9') &&
           !is_loaded_word(text);
}

void
config_text_print(const char *text, FILE *out)
{
    if (may_stand_bare(text)) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\')
            fprintf(out, "\\%c", *p);
        else if (*p == '\n')
            fputs("\\n", out);
        else if (*p < 0x20 || *p == 0x7f)
            fprintf(out, "\\x%02x", *p);
        else if (*p == 0xc2 && p[1] >= 0x80 &&
                 p[1] < 0xa0) /* C1 controls, among them a line break */
            fprintf(out, "\\x%02x", *++p);
        else if (*p == 0xe2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9)) /* two more */
            fputs(p[2] == 0xa8 ? "\\L" : "\\P", out), p += 2;
        else if (*p == 0xef && p[1] == 0xbb && p[2] == 0xbf) /* a byte order mark */
            fputs("\\uFEFF", out), p += 2;
        else if (*p == 0xef && p[1] == 0xbf && p[2] >= 0xbe) /* no characters at all to YAML */
            fprintf(out, "\\uFFF%c", p[2] == 0xbe ? 'E' : 'F'), p += 2;
        else
            fputc(*p, out);
    }
    fputc('"', out);
}

/* The shortest form that reads back as the same number. */
static void
real_print(double value, FILE *out)
{
    locale_t before = uselocale(plain_locale());
    char text[40];

    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    fputs(text, out);
    uselocale(before);
}

static void
choice_print(const struct fr_config_key *key, int position, FILE *out)
{
    const char *rest = key->choices;
    char name[64] = "";

    for (int i = 0; i <= position && next_choice(&rest, name, sizeof(name)); i++)
        ;
    config_text_print(name, out);
}

void
config_value_print(const struct fr_config_key *key, const void *target, const char *reference,
                   FILE *out)
{
    char text[FR_TIME_TEXT_SIZE];

    switch (key->type) {
    case FR_CONFIG_STRING:
    case FR_CONFIG_ENDPOINT:
        config_text_print(*(const char *const *)target, out);
        break;
    case FR_CONFIG_SECRET:
        config_text_print(reference, out);
        break;
    case FR_CONFIG_BOOL:
        fputs(*(const bool *)target ? "true" : "false", out);
        break;
    case FR_CONFIG_INT:
        fprintf(out, "%" PRId64, *(const int64_t *)target);
        break;
    case FR_CONFIG_REAL:
        real_print(*(const double *)target, out);
        break;
    case FR_CONFIG_SIZE:
        size_format(*(const int64_t *)target, text, sizeof(text));
        fputs(text, out);
        break;
    case FR_CONFIG_SPAN:
        fputs(fr_span_format(*(const struct fr_span *)target, text), out);
        break;
    case FR_CONFIG_CHOICE:
        choice_print(key, *(const int *)target, out);
        break;
    default:
        fr_assert(config_value_is_scalar(key->type));
    }
}

const char *
config_type_name(enum fr_config_type type)
{
    static const char *const names[] = {
        [FR_CONFIG_STRING] = "text",
        [FR_CONFIG_BOOL] = "true or false",
        [FR_CONFIG_INT] = "whole number",
        [FR_CONFIG_REAL] = "number",
        [FR_CONFIG_SIZE] = "size in bytes, like 64KiB",
        [FR_CONFIG_SPAN] = "time, like 250ms or 5m",
        [FR_CONFIG_CHOICE] = "choice",
        [FR_CONFIG_SECRET] = "secret, file:PATH or env:NAME",
        [FR_CONFIG_ENDPOINT] = "address, ipc://, tcp:// or inproc://",
        [FR_CONFIG_STRINGS] = "list of texts",
        [FR_CONFIG_SECTION] = "section",
        [FR_CONFIG_LIST] = "list",
        [FR_CONFIG_MAP] = "map by name",
    };

    return names[type];
}
