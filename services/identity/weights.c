/* weights.c - the weights that ship, and how they are read, written and looked up. */
#include "services/identity/weights.h"

#include <math.h>
#include <string.h>

/* As many observed values weigh as much as the field's own u. */
#define PRIOR_VALUES 500.0
/* No value is taken for rarer than the field's u by more than this: a register is never that large.
 */
#define RAREST 8.0

/* m, then u, of exact, near, close; the rest differs. */
#define FIELD(em, nm, cm, eu, nu, cu, terms)                                                       \
    {                                                                                              \
        .m = {em, nm, cm, 1.0 - (em) - (nm) - (cm)}, .u = {eu, nu, cu, 1.0 - (eu) - (nu) - (cu)},  \
        .by_value = terms                                                                          \
    }

/* From common knowledge of registers with some errors; rounded, and not fitted to any one of them.
 */
/* clang-format off */
const struct identity_weights identity_weights_default = {
    .fields = {
        [IDENTITY_GIVEN]        = FIELD(0.78, 0.11, 0.05, 0.008,   0.006,  0.040, true),
        [IDENTITY_FAMILY]       = FIELD(0.80, 0.10, 0.04, 0.004,   0.003,  0.030, true),
        [IDENTITY_MAIDEN]       = FIELD(0.80, 0.08, 0.03, 0.004,   0.003,  0.030, true),
        [IDENTITY_SUFFIX]       = FIELD(0.95, 0.00, 0.00, 0.350,   0.000,  0.000, false),
        [IDENTITY_BIRTH]        = FIELD(0.82, 0.10, 0.05, 0.00006, 0.0015, 0.050, false),
        [IDENTITY_GENDER]       = FIELD(0.97, 0.00, 0.00, 0.500,   0.000,  0.000, false),
        [IDENTITY_HOUSE]        = FIELD(0.82, 0.07, 0.00, 0.012,   0.080,  0.000, true),
        [IDENTITY_STREET]       = FIELD(0.78, 0.12, 0.04, 0.002,   0.002,  0.030, true),
        [IDENTITY_UNIT]         = FIELD(0.70, 0.12, 0.06, 0.004,   0.003,  0.030, true),
        [IDENTITY_LOCALITY]     = FIELD(0.78, 0.10, 0.03, 0.015,   0.005,  0.030, true),
        [IDENTITY_POSTCODE]     = FIELD(0.82, 0.08, 0.03, 0.003,   0.008,  0.080, true),
        [IDENTITY_REGION]       = FIELD(0.93, 0.02, 0.00, 0.200,   0.010,  0.010, true),
        [IDENTITY_COUNTY]       = FIELD(0.85, 0.05, 0.02, 0.020,   0.005,  0.050, true),
        [IDENTITY_EMAIL]        = FIELD(0.74, 0.14, 0.05, 0.0002,  0.0004, 0.020, true),
        [IDENTITY_PHONE]        = FIELD(0.80, 0.06, 0.00, 0.0003,  0.0010, 0.000, true),
        [IDENTITY_ORGANISATION] = FIELD(0.60, 0.20, 0.12, 0.001,   0.001,  0.020, true),
        [IDENTITY_BIRTH_PLACE]  = FIELD(0.72, 0.10, 0.04, 0.020,   0.005,  0.030, true),
        [IDENTITY_OCCUPATION]   = FIELD(0.55, 0.08, 0.05, 0.050,   0.010,  0.040, true),
    },
    .swapped = 4.0,
    .link = 3.0,
    .group = -3.0,
    .suggest = -2.0,
    .contradicted = 8.0,
    .personal = 0.0,
};
/* clang-format on */

#define AT(field) offsetof(struct identity_matching, field)
#define ROW(field) offsetof(struct identity_weights_row, field)

/* clang-format off */
static const struct fr_config_key row_keys[] = {
    { "field", FR_CONFIG_STRING, ROW(field), NULL, .required = true, .doc = "The field: given_name, birth..." },
    { "exact_m", FR_CONFIG_REAL, ROW(exact_m), "-1", .min = -1, .max = 1,
      .doc = "How often two records of one person agree exactly; below 0: as it ships." },
    { "exact_u", FR_CONFIG_REAL, ROW(exact_u), "-1", .min = -1, .max = 1,
      .doc = "How often records of two persons agree exactly; below 0: as it ships." },
    { "near_m", FR_CONFIG_REAL, ROW(near_m), "-1", .min = -1, .max = 1, .doc = "The same for a slip of the pen." },
    { "near_u", FR_CONFIG_REAL, ROW(near_u), "-1", .min = -1, .max = 1, .doc = "The same for a slip of the pen." },
    { "close_m", FR_CONFIG_REAL, ROW(close_m), "-1", .min = -1, .max = 1, .doc = "The same for likeness." },
    { "close_u", FR_CONFIG_REAL, ROW(close_u), "-1", .min = -1, .max = 1, .doc = "The same for likeness." },
    { NULL },
};
const struct fr_config_key identity_matching_keys[] = {
    { "link", FR_CONFIG_REAL, AT(link), "3", .min = -50, .max = 100,
      .doc = "Bits of evidence, prior odds included, from which import mode links two records by what they say." },
    { "group", FR_CONFIG_REAL, AT(group), "-3", .min = -50, .max = 100,
      .doc = "Bits that the mean over all members of two groups needs before they become one." },
    { "suggest", FR_CONFIG_REAL, AT(suggest), "-2", .min = -50, .max = 100,
      .doc = "Bits from which a person is asked to look at the pair." },
    { "contradicted", FR_CONFIG_REAL, AT(contradicted), "8", .min = -50, .max = 100,
      .doc = "Bits from which another given name, or another date of birth, is outweighed by everything else." },
    { "personal", FR_CONFIG_REAL, AT(personal), "0", .min = -50, .max = 100,
      .doc = "Bits that names, date of birth, e-mail and telephone have to bring: an address alone is a household." },
    { "careful", FR_CONFIG_BOOL, AT(careful), "false",
      .doc = "Whether a link also needs given name and surname that agree as written, and one date of birth: for "
             "records that arrive one by one with nobody looking." },
    { "swapped", FR_CONFIG_REAL, AT(swapped), "4", .min = 0, .max = 50,
      .doc = "Bits lost where given name and surname have changed places." },
    { "fields", FR_CONFIG_MAP, AT(fields), NULL, .keys = row_keys, .item_size = sizeof(struct identity_weights_row),
      .max = IDENTITY_FIELD_COUNT, .doc = "How much each field counts; `fil identity train` writes these." },
    { NULL },
};
/* clang-format on */

static void
take(double *value, double given)
{
    if (given >= 0)
        *value = given;
}

static double
rest_of(const double levels[IDENTITY_LEVEL_COUNT])
{
    return 1 - levels[IDENTITY_LEVEL_EXACT] - levels[IDENTITY_LEVEL_NEAR] -
           levels[IDENTITY_LEVEL_CLOSE];
}

static void
take_row(const struct identity_weights_row *row, struct identity_field_weights *field)
{
    take(&field->m[IDENTITY_LEVEL_EXACT], row->exact_m);
    take(&field->u[IDENTITY_LEVEL_EXACT], row->exact_u);
    take(&field->m[IDENTITY_LEVEL_NEAR], row->near_m);
    take(&field->u[IDENTITY_LEVEL_NEAR], row->near_u);
    take(&field->m[IDENTITY_LEVEL_CLOSE], row->close_m);
    take(&field->u[IDENTITY_LEVEL_CLOSE], row->close_u);
    field->m[IDENTITY_LEVEL_DIFFERS] = rest_of(field->m);
    field->u[IDENTITY_LEVEL_DIFFERS] = rest_of(field->u);
}

void
identity_weights_from(const struct identity_matching *matching, struct identity_weights *weights)
{
    const struct identity_weights_row *rows = matching->fields.items;

    *weights = identity_weights_default;
    weights->link = matching->link;
    weights->group = matching->group;
    weights->suggest = matching->suggest;
    weights->contradicted = matching->contradicted;
    weights->personal = matching->personal;
    weights->swapped = matching->swapped;
    weights->careful = matching->careful;
    for (size_t i = 0; i < matching->fields.count; i++) {
        enum identity_field field = identity_field_find(rows[i].field);

        if (field != IDENTITY_FIELD_COUNT)
            take_row(&rows[i], &weights->fields[field]);
    }
}

void
identity_matching_check(struct fr_config *config, const char *path,
                        const struct identity_matching *matching)
{
    const struct identity_weights_row *rows = matching->fields.items;

    for (size_t i = 0; i < matching->fields.count; i++) {
        enum identity_field field = identity_field_find(rows[i].field);
        struct identity_field_weights taken;
        char at[128];

        snprintf(at, sizeof(at), "%s.fields.%s", path, rows[i].field);
        if (field == IDENTITY_FIELD_COUNT) {
            fr_config_complain(config, "identity", at, "there is no field of that name");
            continue;
        }
        taken = identity_weights_default.fields[field];
        take_row(&rows[i], &taken);
        if (taken.m[IDENTITY_LEVEL_DIFFERS] < 0 || taken.u[IDENTITY_LEVEL_DIFFERS] < 0)
            fr_config_complain(config, "identity", at,
                               "exact, near and close together are more than certain");
    }
}

static void
print_field(enum identity_field field, const struct identity_field_weights *weights, FILE *out)
{
    static const char *const docs[] = {
#define IDENTITY_FIELD_DOC(id, number, name, doc) [number] = doc,
        IDENTITY_FIELDS(IDENTITY_FIELD_DOC)
#undef IDENTITY_FIELD_DOC
    };

    fprintf(out, "      # %s  Bits: exact %+.1f%s, near %+.1f, close %+.1f, differs %+.1f\n",
            docs[field], identity_level_weight(weights, IDENTITY_LEVEL_EXACT),
            weights->by_value ? " (a common value less, a rare one more)" : "",
            identity_level_weight(weights, IDENTITY_LEVEL_NEAR),
            identity_level_weight(weights, IDENTITY_LEVEL_CLOSE),
            identity_level_weight(weights, IDENTITY_LEVEL_DIFFERS));
    fprintf(out,
            "      %s: {exact_m: %.4f, exact_u: %.6f, near_m: %.4f, near_u: %.6f, close_m: %.4f, "
            "close_u: %.6f}\n",
            identity_field_name(field), weights->m[IDENTITY_LEVEL_EXACT],
            weights->u[IDENTITY_LEVEL_EXACT], weights->m[IDENTITY_LEVEL_NEAR],
            weights->u[IDENTITY_LEVEL_NEAR], weights->m[IDENTITY_LEVEL_CLOSE],
            weights->u[IDENTITY_LEVEL_CLOSE]);
}

void
identity_weights_print(const struct identity_weights *weights, FILE *out)
{
    fprintf(out,
            "identity:\n  matching:\n    link: %.1f\n    group: %.1f\n    suggest: %.1f\n"
            "    contradicted: %.1f\n    personal: %.1f\n    swapped: %.1f\n    careful: %s\n"
            "    fields:\n",
            weights->link, weights->group, weights->suggest, weights->contradicted,
            weights->personal, weights->swapped, weights->careful ? "true" : "false");
    for (int field = 0; field < IDENTITY_FIELD_COUNT; field++)
        print_field((enum identity_field)field, &weights->fields[field], out);
}

double
identity_level_weight(const struct identity_field_weights *field, enum identity_level level)
{
    double m, u;

    if (level >= IDENTITY_LEVEL_MISSING)
        return 0;
    m = field->m[level];
    u = field->u[level];
    if (m <= 0 && u <= 0)
        return 0;
    return log2((m > 1e-6 ? m : 1e-6) / (u > 1e-6 ? u : 1e-6));
}

double
identity_exact_weight(const struct identity_field_weights *field, double count, double total)
{
    double u = field->u[IDENTITY_LEVEL_EXACT], least = u / RAREST;

    if (field->by_value) {
        double others = count > 1 ? count - 1 : 0; /* who shares it with the one it was found at */

        u = (others + PRIOR_VALUES * u) / (total + PRIOR_VALUES);
        u = u < least ? least : u;
    }
    return log2(field->m[IDENTITY_LEVEL_EXACT] / (u > 1e-6 ? u : 1e-6));
}
