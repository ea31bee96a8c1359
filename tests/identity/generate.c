/* generate.c - people who do not exist, in households, and records of them with errors: our own
 * fixture.
 *
 *   identity-generate PEOPLE ERRORS MISSING SEED RECORDS.csv TRUTH.csv
 *
 * ERRORS is the chance of a slip in each value, MISSING of a value left out.  Households share
 * surname, address and telephone; one in sixty has twins, one in thirty a son of his father's name;
 * people move and marry. Everything follows from SEED.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const givens[] = {
    "Ada",    "Adam",   "Agnes",  "Alan",   "Albert",  "Alice",  "Amelia",  "Amir",    "Andrea",
    "Anna",   "Anton",  "Arthur", "Aysha",  "Barbara", "Ben",    "Bernard", "Carla",   "Carlos",
    "Cecil",  "Clara",  "Daniel", "David",  "Diana",   "Dora",   "Edgar",   "Edith",   "Elena",
    "Emil",   "Emma",   "Erik",   "Eva",    "Fatima",  "Felix",  "Fiona",   "Frank",   "George",
    "Greta",  "Hanna",  "Hassan", "Helen",  "Henry",   "Hugo",   "Ida",     "Igor",    "Irene",
    "Ivan",   "Jack",   "Jane",   "Jasper", "Joan",    "Jonas",  "Judith",  "Julia",   "Karim",
    "Karl",   "Kate",   "Laura",  "Leo",    "Linda",   "Louis",  "Lucy",    "Magda",   "Marco",
    "Maria",  "Martin", "Mary",   "Max",    "Mei",     "Mira",   "Nadia",   "Nina",    "Noah",
    "Nora",   "Olaf",   "Olga",   "Oscar",  "Paul",    "Peter",  "Petra",   "Philip",  "Rita",
    "Robert", "Rosa",   "Rupert", "Ruth",   "Sam",     "Sara",   "Sophie",  "Stefan",  "Susan",
    "Thomas", "Tina",   "Ursula", "Vera",   "Victor",  "Walter", "Wanda",   "William", "Yusuf",
    "Zoe"};
static const char *const beginnings[] = {
    "Ash",   "Bak",   "Bar",  "Beck", "Ber",   "Black", "Brad", "Brown", "Cam",   "Car",  "Clay",
    "Cole",  "Coop",  "Dal",  "Dun",  "East",  "Ell",   "Far",  "Field", "Fisch", "Ford", "Fox",
    "Free",  "Gal",   "Gar",  "Gra",  "Gries", "Hal",   "Ham",  "Har",   "Hart",  "Hoff", "Holm",
    "Hor",   "Jack",  "Jan",  "Kauf", "Kell",  "Lang",  "Lind", "Lock",  "Mar",   "Mill", "Mor",
    "Nor",   "Oak",   "Par",  "Pet",  "Reed",  "Rich",  "Rob",  "Rose",  "Schul", "Shaw", "Smith",
    "Stein", "Stone", "Thom", "Wag",  "Wat",   "Web",   "West", "Wil",   "Wood"};
static const char *const endings[] = {"",     "son", "er", "man",  "ton",   "ley", "ford", "berg",
                                      "well", "ing", "s",  "more", "stein", "ard", "low",  "sen"};
static const char *const streets[] = {"High",   "Mill",   "Church", "Station", "Park",
                                      "Bridge", "Garden", "School", "Queen",   "Victoria",
                                      "Green",  "North",  "South",  "Market",  "Orchard",
                                      "River",  "Castle", "Spring", "Forest",  "Hill"};
static const char *const kinds[] = {"Street", "Road", "Lane", "Avenue", "Close"};
static const char *const towns[] = {"Ambridge",  "Borchester", "Darrington", "Felpersham",
                                    "Hollerton", "Layton",     "Loxley",     "Penny Hassett",
                                    "Waterley",  "Edgeley",    "Norbury",    "Little Croxley",
                                    "Heydon",    "Perivale",   "Westbury"};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static uint64_t state;

static uint64_t
draw(uint64_t below)
{
    state = state * 6364136223846793005u + 1442695040888963407u; /* Knuth, MMIX */
    return (state >> 33) % below;
}

static int
happens(double chance)
{
    return (double)draw(1000000) < chance * 1000000;
}

/* Few names are common and many are rare. */
static size_t
skewed(size_t count)
{
    size_t a = (size_t)draw(count), b = (size_t)draw(count);

    return a < b ? a : b;
}

struct person {
    char given[24], family[32];
    int year, month, day;
    char line[64], town[32], postcode[8], mail[80], phone[16];
};

struct household {
    char family[32], line[64], town[32], postcode[8], phone[16];
};

static void
settle(struct household *home)
{
    size_t town = skewed(COUNT(towns));

    snprintf(home->family, sizeof(home->family), "%s%s", beginnings[skewed(COUNT(beginnings))],
             endings[skewed(COUNT(endings))]);
    snprintf(home->line, sizeof(home->line), "%d %s %s", (int)draw(180) + 1,
             streets[draw(COUNT(streets))], kinds[draw(COUNT(kinds))]);
    snprintf(home->town, sizeof(home->town), "%s", towns[town]);
    snprintf(home->postcode, sizeof(home->postcode), "%d", 10000 + (int)(town * 100 + draw(40)));
    snprintf(home->phone, sizeof(home->phone), "01632%06d", (int)draw(1000000));
}

static void
be_born(struct person *person, const struct household *home, int year)
{
    snprintf(person->given, sizeof(person->given), "%s", givens[skewed(COUNT(givens))]);
    snprintf(person->family, sizeof(person->family), "%s", home->family);
    snprintf(person->line, sizeof(person->line), "%s", home->line);
    snprintf(person->town, sizeof(person->town), "%s", home->town);
    snprintf(person->postcode, sizeof(person->postcode), "%s", home->postcode);
    snprintf(person->phone, sizeof(person->phone), "%s", home->phone);
    person->year = year;
    person->month = (int)draw(12) + 1;
    person->day = (int)draw(28) + 1;
    snprintf(person->mail, sizeof(person->mail), "%c.%s%d@mail%d.example", person->given[0],
             person->family, (int)draw(90), (int)draw(40));
}

/* ---- records with errors ---- */

static double errors, missing;

static void
slip(char *text, size_t size)
{
    size_t length = strlen(text), at = length > 0 ? (size_t)draw(length) : 0;
    char letter = (char)('a' + draw(26));

    if (text[at] >= '0' && text[at] <= '9')
        letter = (char)('0' + draw(10));
    if (length < 3)
        return;
    switch (draw(4)) {
    case 0:
        text[at] = letter;
        break;
    case 1:
        memmove(text + at, text + at + 1, length - at);
        break;
    case 2:
        if (length + 2 < size) {
            memmove(text + at + 1, text + at, length - at + 1);
            text[at] = letter;
        }
        break;
    default:
        if (at + 1 < length) {
            char swapped = text[at];

            text[at] = text[at + 1];
            text[at + 1] = swapped;
        }
    }
}

static void
write_value(FILE *out, const char *value, char end)
{
    char text[128];

    snprintf(text, sizeof(text), "%s", value);
    while (happens(errors))
        slip(text, sizeof(text));
    fprintf(out, "%s%c", happens(missing) ? "" : text, end);
}

static void
write_record(FILE *out, const struct person *person, size_t number)
{
    char born[16];
    int swapped = happens(errors / 4), moved = happens(errors / 4);
    struct household elsewhere;

    settle(&elsewhere);
    snprintf(born, sizeof(born), "%02d/%02d/%04d", person->day, person->month, person->year);
    fprintf(out, "n%zu,", number);
    write_value(out, swapped ? person->family : person->given, ',');
    write_value(out, swapped ? person->given : person->family, ',');
    write_value(out, born, ',');
    write_value(out, moved ? elsewhere.line : person->line, ',');
    write_value(out, moved ? elsewhere.town : person->town, ',');
    write_value(out, moved ? elsewhere.postcode : person->postcode, ',');
    write_value(out, person->mail, ',');
    write_value(out, moved ? elsewhere.phone : person->phone, '\n');
}

struct line { /* of the shuffled file */
    size_t person;
    uint64_t order;
};

static int
by_order(const void *a, const void *b)
{
    const struct line *x = a, *y = b;

    return x->order < y->order ? -1 : x->order > y->order;
}

static size_t
populate(struct person *people, size_t count)
{
    size_t made = 0;

    while (made < count) {
        size_t size = 1 + (size_t)draw(4), first = made;
        struct household home;
        int year = 1930 + (int)draw(70);

        settle(&home);
        for (size_t i = 0; i < size && made < count; i++)
            be_born(&people[made++], &home,
                    i < 2 ? year + (int)draw(6) : year + 20 + (int)draw(15));
        if (made - first >= 3 && happens(1.0 / 30)) /* a son of his father's name */
            memcpy(people[made - 1].given, people[first].given, sizeof(people[0].given));
        if (made - first >= 4 && happens(1.0 / 15)) { /* twins */
            people[made - 1].year = people[made - 2].year;
            people[made - 1].month = people[made - 2].month;
            people[made - 1].day = people[made - 2].day;
        }
    }
    return made;
}

int
main(int argc, char **argv)
{
    size_t count = argc == 7 ? strtoul(argv[1], NULL, 10) : 0, lines = 0;
    struct person *people = calloc(count + 1, sizeof(*people));
    struct line *list = calloc(count * 6 + 1, sizeof(*list));
    FILE *records, *truth;

    if (count == 0 || people == NULL || list == NULL) {
        fprintf(stderr,
                "usage: identity-generate PEOPLE ERRORS MISSING SEED RECORDS.csv TRUTH.csv\n");
        return 64;
    }
    errors = strtod(argv[2], NULL);
    missing = strtod(argv[3], NULL);
    state = strtoull(argv[4], NULL, 10) * 2654435761u + 1;
    records = fopen(argv[5], "w");
    truth = fopen(argv[6], "w");
    if (records == NULL || truth == NULL) {
        perror("identity-generate");
        return 1;
    }
    populate(people, count);
    for (size_t i = 0; i < count; i++) {
        do
            list[lines++] = (struct line){i, state ^ draw(UINT64_MAX >> 33)};
        while (lines < count * 6 && draw(10) < 5);
    }
    for (size_t i = 0; i < lines; i++)
        list[i].order = draw(UINT64_MAX >> 33);
    qsort(list, lines, sizeof(*list), by_order);
    fputs("no,forename,family,born,line,town,zip,mail,tel\n", records);
    fputs("id,cluster\n", truth);
    for (size_t i = 0; i < lines; i++) {
        write_record(records, &people[list[i].person], i);
        fprintf(truth, "n%zu,p%zu\n", i, list[i].person);
    }
    free(list);
    free(people);
    return fclose(records) != 0 || fclose(truth) != 0;
}
