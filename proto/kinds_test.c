/* kinds_test.c - every kind has its message, its name and its JSON, and comes back from each. */
#include "proto/kinds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include "proto/conversation.pb-c.h"
#include "proto/identity.pb-c.h"
#include "proto/stage.pb-c.h"

#define NUMBER(number, name, message) number,
static const uint32_t kinds[] = {FR_KINDS(NUMBER)};
#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

/* ---- numbers and names ------------------------------------------------------------------------
 */

static void
every_kind_leads_to_its_message_and_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        const ProtobufCMessageDescriptor *descriptor = fr_kind_descriptor(kinds[i]);

        assert_non_null(descriptor);
        assert_int_equal(fr_kind_of(descriptor), kinds[i]);
        assert_string_equal(fr_kind_name(kinds[i]), descriptor->short_name);
        assert_int_equal(fr_kind_by_name(descriptor->short_name), kinds[i]);
    }
    assert_string_equal(fr_kind_name(FR_TASK_OFFERED), "TaskOffered");
}

static void
strangers_have_no_message_but_a_name(void **state)
{
    static const uint32_t strangers[] = {0, 1u << 8, 0x0999, 0x0140, 0x1000, FR_KIND_ANY};

    (void)state;
    for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++)
        assert_null(fr_kind_descriptor(strangers[i]));
    assert_string_equal(fr_kind_name(0x0999), "kind-0x0999");
    assert_string_equal(fr_kind_name(FR_KIND_ANY), "kind-0xffffffff");
    assert_int_equal(fr_kind_by_name("TaskOffere"), FR_KIND_END);
    assert_int_equal(fr_kind_of(&fr__entry__descriptor), FR_KIND_END);
}

/* ---- JSON: a random message of every kind comes back as it was ----------------------------------
 */

static uint64_t
dice(uint64_t *seed)
{
    *seed += 0x9e3779b97f4a7c15u;
    uint64_t x = *seed;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static char *
random_text(uint64_t *seed)
{
    static const char *const texts[] = {
        "", "Bonjour", "d\xc3\xa9j\xc3\xa0 vu", "\"quoted\"\n\t\\", "\xf0\x9f\xa7\xb5", "0"};

    return strdup(texts[dice(seed) % 6]);
}

static ProtobufCMessage *random_message(const ProtobufCMessageDescriptor *descriptor,
                                        uint64_t *seed);

static void
random_value(const ProtobufCFieldDescriptor *field, void *value, uint64_t *seed)
{
    const ProtobufCEnumDescriptor *names = field->descriptor;
    ProtobufCBinaryData *bytes = value;

    switch (field->type) {
    case PROTOBUF_C_TYPE_ENUM:
        *(int *)value = names->values[dice(seed) % names->n_values].value;
        break;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)value = dice(seed) & 1;
        break;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_UINT32:
        *(uint32_t *)value = (uint32_t)dice(seed);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        *(double *)value = (double)(int64_t)dice(seed) / 1024;
        break;
    case PROTOBUF_C_TYPE_STRING:
        *(char **)value = random_text(seed);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        bytes->len = dice(seed) % 20;
        bytes->data = malloc(bytes->len + 1);
        for (size_t i = 0; i < bytes->len; i++)
            bytes->data[i] = (uint8_t)dice(seed);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        *(ProtobufCMessage **)value = random_message(field->descriptor, seed);
        break;
    default: /* the 64-bit integers */
        *(uint64_t *)value = dice(seed) >> (dice(seed) % 64);
    }
}

static size_t
item_size(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_ENUM ? sizeof(int) : sizeof(void *);
}

static ProtobufCMessage *
random_message(const ProtobufCMessageDescriptor *descriptor, uint64_t *seed)
{
    ProtobufCMessage *message = malloc(descriptor->sizeof_message);
    char *base = (char *)message;

    protobuf_c_message_init(descriptor, message);
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];

        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            size_t count = dice(seed) % 4, size = item_size(field);
            char *items = count == 0 ? NULL : calloc(count, size);

            for (size_t item = 0; item < count; item++)
                random_value(field, items + item * size, seed);
            *(char **)(base + field->offset) = items;
            *(size_t *)(base + field->quantifier_offset) = count;
        } else if (field->label == PROTOBUF_C_LABEL_REQUIRED || (dice(seed) & 1)) {
            random_value(field, base + field->offset, seed);
            if (field->quantifier_offset != 0)
                *(protobuf_c_boolean *)(base + field->quantifier_offset) = true;
        }
    }
    return message;
}

static void
assert_same(const ProtobufCMessage *a, const ProtobufCMessage *b)
{
    size_t size = protobuf_c_message_get_packed_size(a);
    uint8_t *bytes_a = malloc(size + 1), *bytes_b = malloc(size + 1);

    assert_int_equal(protobuf_c_message_get_packed_size(b), size);
    protobuf_c_message_pack(a, bytes_a);
    protobuf_c_message_pack(b, bytes_b);
    assert_memory_equal(bytes_a, bytes_b, size);
    free(bytes_a);
    free(bytes_b);
}

static void
any_message_survives_json_and_its_text(void **state)
{
    uint64_t seed = (uint64_t)time(NULL);

    (void)state;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (int round = 0; round < 40; round++) {
        for (size_t i = 0; i < KIND_COUNT; i++) {
            const ProtobufCMessageDescriptor *descriptor = fr_kind_descriptor(kinds[i]);
            ProtobufCMessage *message = random_message(descriptor, &seed), *back;
            json_t *json = fr_message_json(message), *parsed;
            char error[200] = "", *text;

            assert_non_null(json);
            text = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(17));
            parsed = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
            back = fr_message_from_json(descriptor, parsed, NULL, error, sizeof(error));
            if (back == NULL)
                fail_msg("%s: %s", text, error);
            assert_same(message, back);
            protobuf_c_message_free_unpacked(message, NULL);
            protobuf_c_message_free_unpacked(back, NULL);
            json_decref(json);
            json_decref(parsed);
            free(text);
        }
    }
}

/* ---- JSON: what it looks like, and what is refused
 * ------------------------------------------------ */

static void
ids_are_hex_strings_and_counts_are_numbers(void **state)
{
    Fr__CustomersMerged merged = FR__CUSTOMERS_MERGED__INIT;
    Fr__InputRejected rejected = FR__INPUT_REJECTED__INIT;
    json_t *json;

    (void)state;
    merged.survivor = 0xfedcba9876543210u;
    merged.merged = 1;
    json = fr_message_json(&merged.base);
    assert_string_equal(json_string_value(json_object_get(json, "survivor")), "fedcba9876543210");
    assert_string_equal(json_string_value(json_object_get(json, "merged")), "0000000000000001");
    assert_null(json_object_get(json, "reasons"));
    json_decref(json);

    rejected.upstream = (char *)"identity";
    rejected.upstream_seq = 12;
    rejected.input_kind = 7;
    rejected.reason = (char *)"typed \xff\xc3\xa9";
    rejected.record = (ProtobufCBinaryData){4, (uint8_t *)"\0\1\2\3"};
    json = fr_message_json(&rejected.base);
    assert_int_equal(json_integer_value(json_object_get(json, "upstream_seq")), 12);
    assert_string_equal(json_string_value(json_object_get(json, "record")), "AAECAw==");
    assert_string_equal(json_string_value(json_object_get(json, "reason")),
                        "typed \xef\xbf\xbd\xc3\xa9");
    json_decref(json);
}

static const struct refusal {
    const char *claim;
    uint32_t kind;
    const char *json;
    const char *error;
} refusals[] = {
    /* clang-format off */
    {"an unknown field is named", FR_DEAD_ENDED,
     "{\"dead_id\": \"1\", \"how\": \"retried\", \"who\": \"ann\", \"why\": 1}", "DeadEnded: has no field \"why\""},
    {"a missing field is named", FR_DEAD_ENDED,
     "{\"dead_id\": \"1\", \"how\": \"retried\"}", "DeadEnded: needs the field \"who\""},
    {"a list is no message", FR_DEAD_ENDED, "[]", "DeadEnded: must be an object"},
    {"an id is no number", FR_DEAD_ENDED,
     "{\"dead_id\": 1, \"how\": \"retried\", \"who\": \"ann\"}", "dead_id: must be an id: a string of up to 16 hexadecimal digits"},
    {"an id has hexadecimal digits only", FR_DEAD_ENDED,
     "{\"dead_id\": \"g\", \"how\": \"retried\", \"who\": \"ann\"}", "dead_id: must be an id: a string of up to 16 hexadecimal digits"},
    {"a text is no number", FR_DEAD_ENDED,
     "{\"dead_id\": \"1\", \"how\": 2, \"who\": \"ann\"}", "how: must be a string"},
    {"a text holds no NUL", FR_DEAD_ENDED,
     "{\"dead_id\": \"1\", \"how\": \"a\\u0000b\", \"who\": \"ann\"}", "how: must not hold a NUL"},
    {"a short string of digits is not taken for hexadecimal", FR_TIMER_FIRED,
     "{\"kind\": 1, \"id\": \"1\", \"due_us\": \"12\"}", "due_us: must be an integer"},
    {"a real is no integer", FR_TIMER_FIRED,
     "{\"kind\": 1.5, \"id\": \"1\", \"due_us\": 12}", "kind: must be an integer"},
    {"an unsigned 32-bit number is not negative", FR_TIMER_FIRED,
     "{\"kind\": -1, \"id\": \"1\", \"due_us\": 12}", "kind: must be between 0 and 4294967295"},
    {"a boolean is no number", FR_STAGE_STARTED,
     "{\"version\": \"1\", \"careful\": 1}", "careful: must be true or false"},
    {"null is not absence", FR_STAGE_STARTED,
     "{\"version\": null, \"careful\": true}", "version: must be a string"},
    {"an enum is one of its names", FR_TARGET_MET,
     "{\"target_id\": \"1\", \"kind\": \"THIRD\", \"conversation_id\": \"2\", \"elapsed_us\": 3, \"reason\": \"\"}",
     "kind: is no TargetKind that we know: \"THIRD\""},
    {"bytes are base64", FR_BENCH_MESSAGE,
     "{\"key\": 1, \"sent_us\": 2, \"filler\": \"?\"}", "filler: must be base64"},
    {"a list is a list", FR_CUSTOMER_CREATED,
     "{\"customer_id\": \"1\", \"reasons\": {}}", "reasons: must be a list"},
    {"an error inside the second item names its field, and the first is freed", FR_CUSTOMER_CREATED,
     "{\"customer_id\": \"1\", \"reasons\": [{\"rule\": \"I4\", \"text\": \"t\"}, {\"rule\": \"I4\"}]}",
     "Reason: needs the field \"text\""},
    /* clang-format on */
};

static void
what_does_not_fit_is_refused_in_a_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        const struct refusal *refusal = &refusals[i];
        json_t *json = json_loads(refusal->json, JSON_ALLOW_NUL, NULL);
        char error[200] = "";

        assert_non_null(json);
        if (fr_message_from_json(fr_kind_descriptor(refusal->kind), json, NULL, error,
                                 sizeof(error)) != NULL)
            fail_msg("%s: was taken", refusal->claim);
        if (strcmp(error, refusal->error) != 0)
            fail_msg("%s: said \"%s\"", refusal->claim, error);
        json_decref(json);
    }
}

/* An allocator with a budget: whatever runs out of it must free what it had. */
struct budget {
    int left, alive;
};

static void *
budget_alloc(void *data, size_t size)
{
    struct budget *budget = data;

    if (budget->left-- <= 0)
        return NULL;
    budget->alive++;
    return malloc(size);
}

static void
budget_free(void *data, void *memory)
{
    if (memory != NULL)
        ((struct budget *)data)->alive--;
    free(memory);
}

static void
a_spent_budget_leaves_nothing_behind(void **state)
{
    json_t *json =
        json_loads("{\"customer_id\": \"1\", \"name\": \"Ann\", \"reasons\": ["
                   "{\"rule\": \"I4\", \"text\": \"t\"}, {\"rule\": \"I5\", \"text\": \"u\"}]}",
                   0, NULL);
    ProtobufCMessage *message = NULL;
    int needed = 0;

    (void)state;
    for (; message == NULL && needed < 100; needed++) {
        struct budget budget = {.left = needed};
        ProtobufCAllocator allocator = {budget_alloc, budget_free, &budget};
        char error[100] = "";

        message = fr_message_from_json(&fr__customer_created__descriptor, json, &allocator, error,
                                       sizeof(error));
        if (message == NULL)
            assert_non_null(strstr(error, "memory"));
        else
            protobuf_c_message_free_unpacked(message, &allocator);
        assert_int_equal(budget.alive, 0);
    }
    assert_int_equal(needed - 1, 9); /* the message, its name, the list, and 3 for each reason */
    json_decref(json);
}

static void
every_kind_stands_in_the_read_me_page(void **state)
{
#define KIND_NUMBER(number, name, message) number,
    static const uint32_t numbers[] = {FR_KINDS(KIND_NUMBER)};
    static char page[1 << 18];
    char path[512], row[80];
    FILE *in;

    (void)state;
    snprintf(path, sizeof(path), "%s/proto/README.md", getenv("FR_SOURCE_DIR"));
    in = fopen(path, "r");
    assert_non_null(in);
    page[fread(page, 1, sizeof(page) - 1, in)] = '\0';
    fclose(in);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        snprintf(row, sizeof(row), "| `%04x` | %s |", numbers[i], fr_kind_name(numbers[i]));
        if (strstr(page, row) == NULL)
            fail_msg("proto/README.md has no row %s", row);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_leads_to_its_message_and_back),
        cmocka_unit_test(strangers_have_no_message_but_a_name),
        cmocka_unit_test(any_message_survives_json_and_its_text),
        cmocka_unit_test(ids_are_hex_strings_and_counts_are_numbers),
        cmocka_unit_test(what_does_not_fit_is_refused_in_a_sentence),
        cmocka_unit_test(a_spent_budget_leaves_nothing_behind),
        cmocka_unit_test(every_kind_stands_in_the_read_me_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
