/* address.c - house number, street and unit out of one line. */
#include "services/identity/address.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "services/identity/names.h"

#define WORDS_MAX 16

/* The short form that everybody's spelling becomes. */
static const struct {
    const char *word, *written;
} street_words[] = {
    {"street", "st"},     {"str", "st"},      {"strasse", "st"},      {"avenue", "ave"},
    {"av", "ave"},        {"aven", "ave"},    {"road", "rd"},         {"drive", "dr"},
    {"drv", "dr"},        {"lane", "ln"},     {"court", "ct"},        {"crt", "ct"},
    {"place", "pl"},      {"square", "sq"},   {"boulevard", "blvd"},  {"boul", "blvd"},
    {"crescent", "cres"}, {"cr", "cres"},     {"close", "cl"},        {"terrace", "tce"},
    {"ter", "tce"},       {"terr", "tce"},    {"parkway", "pkwy"},    {"pky", "pkwy"},
    {"highway", "hwy"},   {"circuit", "cct"}, {"circle", "cir"},      {"grove", "gr"},
    {"gardens", "gdns"},  {"garden", "gdns"}, {"mount", "mt"},        {"saint", "st"},
    {"north", "n"},       {"south", "s"},     {"east", "e"},          {"west", "w"},
    {"parade", "pde"},    {"trail", "trl"},   {"expressway", "expy"}, {"freeway", "fwy"},
    {"esplanade", "esp"}, {"heights", "hts"}, {"junction", "jct"},    {"station", "stn"},
    {"first", "1st"},     {"second", "2nd"},  {"third", "3rd"},       {"fourth", "4th"},
    {"fifth", "5th"},     {"sixth", "6th"},   {"seventh", "7th"},     {"eighth", "8th"},
    {"ninth", "9th"},     {"tenth", "10th"},
};

static const char *const unit_words =
    " apt apartment suite ste unit flat room rm fl floor lot villa shop appt wohnung ";

/* Shortens the word in place where it ends in a street's type (Hauptstrasse, as in Hauptstr.). */
static const char *
one_spelling(char *word)
{
    char *ending = strstr(word, "strasse");

    if (ending != NULL && ending > word && ending[7] == '\0')
        ending[3] = '\0';
    for (size_t i = 0; i < sizeof(street_words) / sizeof(street_words[0]); i++)
        if (strcmp(street_words[i].word, word) == 0)
            return street_words[i].written;
    return word;
}

static bool
is_unit_word(const char *word)
{
    char padded[IDENTITY_ADDRESS_PART_SIZE + 2];

    snprintf(padded, sizeof(padded), " %s ", word);
    return strstr(unit_words, padded) != NULL;
}

static const char *
without_zeros(const char *word)
{
    while (word[0] == '0' && isalnum((unsigned char)word[1]))
        word++;
    return word;
}

static void
append(char out[IDENTITY_ADDRESS_PART_SIZE], const char *word)
{
    size_t used = strlen(out);

    snprintf(out + used, IDENTITY_ADDRESS_PART_SIZE - used, "%s%s", used > 0 ? " " : "", word);
}

static size_t
split(char *text, char *words[WORDS_MAX])
{
    size_t count = 0;

    for (char *word; count < WORDS_MAX && (word = strsep(&text, " ")) != NULL;)
        if (word[0] != '\0')
            words[count++] = word;
    return count;
}

void
identity_address_street(const char *raw, char out[IDENTITY_ADDRESS_PART_SIZE])
{
    char folded[4 * IDENTITY_ADDRESS_PART_SIZE], *words[WORDS_MAX];
    size_t count;

    out[0] = '\0';
    identity_fold_text(raw, folded, sizeof(folded));
    count = split(folded, words);
    for (size_t i = 0; i < count; i++)
        append(out, one_spelling(words[i]));
}

void
identity_address_number(const char *raw, char out[IDENTITY_ADDRESS_PART_SIZE])
{
    char folded[IDENTITY_ADDRESS_PART_SIZE];
    size_t used = 0;

    identity_fold_text(raw, folded, sizeof(folded));
    for (const char *c = without_zeros(folded); *c != '\0'; c++)
        if (*c != ' ')
            out[used++] = *c;
    out[used] = '\0';
}

/* The word that holds the house's number: the first with a digit in front, else the last one. */
static size_t
house_word(char *words[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (isdigit((unsigned char)words[i][0]) && !(i > 0 && is_unit_word(words[i - 1])) &&
            !(isalpha((unsigned char)words[i][strlen(words[i]) - 1]) && strlen(words[i]) > 3 &&
              strstr("st nd rd th", words[i] + strlen(words[i]) - 2) != NULL))
            return i;
    return count;
}

void
identity_address_read(const char *line, struct identity_address *address)
{
    char folded[4 * IDENTITY_ADDRESS_PART_SIZE], *words[WORDS_MAX];
    size_t count, house;

    memset(address, 0, sizeof(*address));
    if (identity_fold_text(line, folded, sizeof(folded)) == 0)
        return;
    count = split(folded, words);
    house = house_word(words, count);
    for (size_t i = 0; i < count; i++) {
        if (i == house)
            append(address->house, without_zeros(words[i]));
        else if (is_unit_word(words[i]) && i + 1 < count && i + 1 != house)
            append(address->unit, without_zeros(words[++i]));
        else if (!is_unit_word(words[i]) || i > 0)
            append(address->street, one_spelling(words[i]));
    }
}
