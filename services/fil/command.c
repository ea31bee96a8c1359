/* command.c - reading the options of a command, and its help. */
#include "services/fil/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "common/config/suggest.h"

#define FIL(field) offsetof(struct fil, field)
static const struct fil_option common_options[] = {
    {"--config", FIL_TEXT, FIL(config), "FILE",
     "Default: $FILROUGE_CONFIG, ./filrouge.yaml, /etc/filrouge/filrouge.yaml.", NULL},
    {"--run", FIL_TEXT, FIL(run), "DIR", "Directory of the sockets; stands for a configuration.",
     NULL},
    {"--json", FIL_FLAG, FIL(json), NULL, "Every field, for programs.", NULL},
    {NULL},
};

static const struct fil_option *
find(const struct fil_option *options, const char *name, size_t size)
{
    for (; options != NULL && options->name != NULL; options++)
        if (strlen(options->name) == size && strncmp(options->name, name, size) == 0)
            return options;
    return NULL;
}

static bool
read_number(const struct fil_option *option, const char *text, void *at)
{
    char *end;

    errno = 0;
    if (option->type == FIL_REAL) {
        double value = strtod(text, &end);

        memcpy(at, &value, sizeof(value));
    } else {
        int64_t value = strtoll(text, &end, 10);

        memcpy(at, &value, sizeof(value));
    }
    return errno == 0 && end != text && *end == '\0';
}

static enum fr_error
store(const struct fil_option *option, const char *text, void *base, char *error, size_t error_size)
{
    char *at = (char *)base + option->offset;
    struct fil_texts *texts = (struct fil_texts *)(void *)at;
    bool good = true;

    switch (option->type) {
    case FIL_FLAG:
        *(bool *)at = true;
        break;
    case FIL_TEXT:
        memcpy(at, &text, sizeof(text));
        break;
    case FIL_INT:
    case FIL_REAL:
        good = read_number(option, text, at);
        break;
    case FIL_SPAN:
        good = fr_span_parse(fr_slice_str(text), (struct fr_span *)(void *)at) == FR_OK;
        break;
    case FIL_TEXTS:
        good = texts->count < FIL_TEXTS_MAX;
        if (good)
            texts->items[texts->count++] = text;
        break;
    }
    if (good)
        return FR_OK;
    snprintf(error, error_size, "%s: '%s' is not %s", option->name, text,
             option->type == FIL_SPAN    ? "a length of time (20s, 5m, 250ms)"
             : option->type == FIL_TEXTS ? "allowed so many times"
                                         : "a number");
    return FR_INVALID;
}

static void
unknown(const struct fil_command *command, const char *word, char *error, size_t error_size)
{
    struct config_suggestion suggestion = {.word = word};

    for (const struct fil_option *o = common_options; o->name != NULL; o++)
        config_suggest(&suggestion, o->name);
    for (const struct fil_option *o = command->options; o != NULL && o->name != NULL; o++)
        config_suggest(&suggestion, o->name);
    if (suggestion.best != NULL)
        snprintf(error, error_size, "there is no option %s; did you mean %s?", word,
                 suggestion.best);
    else
        snprintf(error, error_size, "there is no option %s", word);
}

/* One word that begins with "--"; *used says how many words it took. */
static enum fr_error
read_option(const struct fil_command *command, struct fil *fil, void *given, char **words, int left,
            int *used, char *error, size_t error_size)
{
    const char *word = words[0], *equals = strchr(word, '=');
    size_t size = equals != NULL ? (size_t)(equals - word) : strlen(word);
    const struct fil_option *option = find(command->options, word, size);
    void *base = given;
    const char *value = equals != NULL ? equals + 1 : NULL;

    if (option == NULL) {
        option = find(common_options, word, size);
        base = fil;
    }
    *used = 1;
    if (option == NULL) {
        unknown(command, word, error, error_size);
        return FR_INVALID;
    }
    if (option->type == FIL_FLAG && value != NULL) {
        snprintf(error, error_size, "%s takes no value", option->name);
        return FR_INVALID;
    }
    if (option->type != FIL_FLAG && value == NULL) {
        if (left < 2) {
            snprintf(error, error_size, "%s needs a value: %s", option->name, option->value);
            return FR_INVALID;
        }
        value = words[1];
        *used = 2;
    }
    return store(option, value, base, error, error_size);
}

static void
set_usual(const struct fil_command *command, void *given)
{
    char error[100];

    for (const struct fil_option *o = command->options; o != NULL && o->name != NULL; o++)
        if (o->usual != NULL)
            fr_assert(store(o, o->usual, given, error, sizeof(error)) == FR_OK);
}

static enum fr_error
check_count(const struct fil_command *command, int count, char *error, size_t error_size)
{
    if (count >= command->arg_min && (command->arg_max < 0 || count <= command->arg_max))
        return FR_OK;
    if (command->arg_max == 0)
        snprintf(error, error_size, "it takes no arguments");
    else
        snprintf(error, error_size, "%s: %s",
                 count < command->arg_min ? "what is missing" : "too many words", command->args);
    return FR_INVALID;
}

enum fr_error
fil_command_read(const struct fil_command *command, struct fil *fil, void *given, int argc,
                 char **argv, int *rest, char *error, size_t error_size)
{
    bool options_over = false;
    int count = 0, used;

    set_usual(command, given);
    for (int i = 0; i < argc; i += used) {
        used = 1;
        if (options_over || argv[i][0] != '-' || argv[i][1] == '\0') {
            argv[count++] = argv[i];
        } else if (strcmp(argv[i], "--") == 0) {
            options_over = true;
        } else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return FR_END;
        } else {
            enum fr_error err =
                read_option(command, fil, given, argv + i, argc - i, &used, error, error_size);

            if (err != FR_OK)
                return err;
        }
    }
    *rest = count;
    return check_count(command, count, error, error_size);
}

/* ---- help ---- */

static void
help_options(const struct fil_option *options, FILE *out)
{
    for (; options != NULL && options->name != NULL; options++) {
        char head[64];

        snprintf(head, sizeof(head), "%s %s", options->name,
                 options->value != NULL ? options->value : "");
        fprintf(out, "  %-20s %s", head, options->doc);
        if (options->usual != NULL)
            fprintf(out, " [%s]", options->usual);
        fputc('\n', out);
    }
}

void
fil_command_help(const struct fil_command *command, FILE *out)
{
    fprintf(out, "usage: fil %s%s%s", command->noun, command->verb != NULL ? " " : "",
            command->verb != NULL ? command->verb : "");
    if (command->args != NULL)
        fprintf(out, " %s", command->args);
    fprintf(out, "%s\n\n%s\n", command->raw ? "" : " [options]", command->doc);
    if (command->options != NULL) {
        fprintf(out, "\noptions:\n");
        help_options(command->options, out);
    }
    if (!command->raw) {
        fprintf(out, "\nevery command has:\n");
        help_options(common_options, out);
    }
    fprintf(out, "\nexamples:\n%s", command->examples);
}
