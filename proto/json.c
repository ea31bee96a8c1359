/* json.c - any message as JSON and back, by what protobuf-c knows of its own structs. */
#include "proto/kinds.h"

#include <inttypes.h>
#include <math.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "common/base/id.h"

/* Ids are 64 bits wide and their high bits are in use: as JSON numbers they would be rounded by
 * every reader that holds numbers in doubles.  Customers are named by role in a few records. */
static bool
names_an_id(const char *name)
{
    static const char *const roles[] = {"id",          "survivor",   "merged",    "from_customer",
                                        "to_customer", "customer_a", "customer_b"};
    size_t size = strlen(name);

    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (strcmp(name, roles[i]) == 0)
            return true;
    }
    return size > 3 && strcmp(name + size - 3, "_id") == 0;
}

/* Bytes of one value of that type inside the generated struct. */
static size_t
value_size(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_ENUM:
        return 4;
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    default:
        return 8;
    }
}

/* ---- message to JSON --------------------------------------------------------------------------
 */

static json_t *
id_json(uint64_t id)
{
    char text[FR_ID_TEXT_SIZE];

    return json_string(fr_id_format(id, text));
}

/* What a customer typed is kept as it came; a byte that is not UTF-8 is shown as U+FFFD. */
static json_t *
text_json(const char *text)
{
    json_t *json = json_string(text);
    size_t size = strlen(text), used = 0;
    char *clean;

    if (json != NULL || (clean = malloc(3 * size + 1)) == NULL)
        return json;
    for (size_t at = 0, step; at < size; at += step) {
        step = 1;
        while (step <= 4 && at + step <= size && !fr_utf8_valid(fr_slice(text + at, step)))
            step++;
        if (step <= 4 && at + step <= size) {
            memcpy(clean + used, text + at, step);
            used += step;
        } else {
            memcpy(clean + used, "\xef\xbf\xbd", 3);
            used += 3;
            step = 1;
        }
    }
    json = json_stringn(clean, used);
    free(clean);
    return json;
}

static json_t *
bytes_json(const ProtobufCBinaryData *bytes)
{
    size_t size = sodium_base64_ENCODED_LEN(bytes->len, sodium_base64_VARIANT_ORIGINAL);
    char *text = malloc(size);
    json_t *json = NULL;

    if (text != NULL)
        json = json_string(
            sodium_bin2base64(text, size, bytes->data, bytes->len, sodium_base64_VARIANT_ORIGINAL));
    free(text);
    return json;
}

static json_t *
enum_json(const ProtobufCEnumDescriptor *descriptor, int value)
{
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(descriptor, value);

    return known == NULL ? json_integer(value) : json_string(known->name);
}

/* A uint64 that is no id is a JSON integer, unless it would not fit into one (a fingerprint). */
static json_t *
u64_json(const ProtobufCFieldDescriptor *field, uint64_t value)
{
    if (names_an_id(field->name) || value > INT64_MAX)
        return id_json(value);
    return json_integer((json_int_t)value);
}

static json_t *
real_json(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *
value_json(const ProtobufCFieldDescriptor *field, const void *value)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return json_integer(*(const int32_t *)value);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return json_integer(*(const uint32_t *)value);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return json_integer(*(const int64_t *)value);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return u64_json(field, *(const uint64_t *)value);
    case PROTOBUF_C_TYPE_FLOAT:
        return real_json((double)*(const float *)value);
    case PROTOBUF_C_TYPE_DOUBLE:
        return real_json(*(const double *)value);
    case PROTOBUF_C_TYPE_BOOL:
        return json_boolean(*(const protobuf_c_boolean *)value);
    case PROTOBUF_C_TYPE_ENUM:
        return enum_json(field->descriptor, *(const int *)value);
    case PROTOBUF_C_TYPE_STRING:
        return text_json(*(char *const *)value);
    case PROTOBUF_C_TYPE_BYTES:
        return bytes_json(value);
    case PROTOBUF_C_TYPE_MESSAGE:
        return fr_message_json(*(ProtobufCMessage *const *)value);
    }
    return NULL;
}

static json_t *
list_json(const ProtobufCFieldDescriptor *field, const char *items, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; list != NULL && i < count; i++) {
        json_t *item = value_json(field, items + i * value_size(field->type));

        if (item == NULL || json_array_append_new(list, item) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static bool
is_present(const ProtobufCFieldDescriptor *field, const char *message)
{
    const char *value = message + field->offset, *quantifier = message + field->quantifier_offset;

    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return *(const size_t *)quantifier > 0;
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) && *(const uint32_t *)quantifier != field->id)
        return false;
    if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE)
        return *(void *const *)value != NULL;
    if (field->label == PROTOBUF_C_LABEL_REQUIRED || (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF))
        return true;
    return *(const protobuf_c_boolean *)quantifier;
}

json_t *
fr_message_json(const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    const char *base = (const char *)message;
    json_t *object = json_object();

    for (unsigned i = 0; object != NULL && i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        json_t *value;

        if (!is_present(field, base))
            continue;
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            value = list_json(field, *(char *const *)(base + field->offset),
                              *(const size_t *)(base + field->quantifier_offset));
        else
            value = value_json(field, base + field->offset);
        if (value == NULL || json_object_set_new(object, field->name, value) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

/* ---- JSON to message --------------------------------------------------------------------------
 */

struct reading {
    ProtobufCAllocator *allocator;
    char *error;
    size_t error_size;
    const char *field; /* the innermost field under way */
};

__attribute__((format(printf, 2, 3))) static bool
refuse(struct reading *reading, const char *format, ...)
{
    va_list args;
    int used = snprintf(reading->error, reading->error_size, "%s: ", reading->field);

    va_start(args, format);
    if (used >= 0 && (size_t)used < reading->error_size)
        vsnprintf(reading->error + used, reading->error_size - (size_t)used, format, args);
    va_end(args);
    return false;
}

static void *
take_memory(struct reading *reading, size_t size)
{
    void *memory = reading->allocator->alloc(reading->allocator->allocator_data, size);

    if (memory == NULL)
        refuse(reading, "does not fit into memory");
    return memory;
}

static bool
integer_in(struct reading *reading, const json_t *json, int64_t least, int64_t most, int64_t *out)
{
    if (!json_is_integer(json))
        return refuse(reading, "must be an integer");
    if (json_integer_value(json) < least || json_integer_value(json) > most)
        return refuse(reading, "must be between %" PRId64 " and %" PRId64, least, most);
    *out = json_integer_value(json);
    return true;
}

static bool
read_32(struct reading *reading, const json_t *json, bool is_signed, void *value)
{
    int64_t number;

    if (!integer_in(reading, json, is_signed ? INT32_MIN : 0, is_signed ? INT32_MAX : UINT32_MAX,
                    &number))
        return false;
    *(uint32_t *)value = (uint32_t)number;
    return true;
}

static bool
read_u64(struct reading *reading, const json_t *json, uint64_t *value)
{
    int64_t number;

    bool is_id = names_an_id(reading->field);

    /* A string in a field that is no id is one of the big ones, all 16 digits: "12" would be read
     * as hexadecimal and was meant as a dozen. */
    if (json_is_string(json) && (is_id || json_string_length(json) == FR_ID_TEXT_SIZE - 1) &&
        fr_id_parse(fr_slice(json_string_value(json), json_string_length(json)), value) == FR_OK)
        return true;
    if (is_id)
        return refuse(reading, "must be an id: a string of up to 16 hexadecimal digits");
    if (!integer_in(reading, json, 0, INT64_MAX, &number))
        return false;
    *value = (uint64_t)number;
    return true;
}

static bool
read_enum(struct reading *reading, const json_t *json, const ProtobufCEnumDescriptor *descriptor,
          int *value)
{
    const ProtobufCEnumValue *known;
    int64_t number;

    if (json_is_integer(json)) { /* a value that a newer build has written */
        if (!integer_in(reading, json, INT32_MIN, INT32_MAX, &number))
            return false;
        *value = (int)number;
        return true;
    }
    if (!json_is_string(json))
        return refuse(reading, "must be the name of a %s", descriptor->short_name);
    known = protobuf_c_enum_descriptor_get_value_by_name(descriptor, json_string_value(json));
    if (known == NULL)
        return refuse(reading, "is no %s that we know: \"%.40s\"", descriptor->short_name,
                      json_string_value(json));
    *value = known->value;
    return true;
}

static bool
read_text(struct reading *reading, const json_t *json, char **value)
{
    size_t size = json_string_length(json);
    char *text;

    if (!json_is_string(json))
        return refuse(reading, "must be a string");
    if (memchr(json_string_value(json), '\0', size) != NULL)
        return refuse(reading, "must not hold a NUL");
    if ((text = take_memory(reading, size + 1)) == NULL)
        return false;
    memcpy(text, json_string_value(json), size + 1);
    *value = text;
    return true;
}

static bool
read_bytes(struct reading *reading, const json_t *json, ProtobufCBinaryData *value)
{
    size_t size = json_string_length(json), used;
    uint8_t *bytes;

    if (!json_is_string(json))
        return refuse(reading, "must be a string of base64");
    if ((bytes = take_memory(reading, size / 4 * 3 + 1)) == NULL)
        return false;
    if (sodium_base642bin(bytes, size / 4 * 3 + 1, json_string_value(json), size, NULL, &used, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0) {
        reading->allocator->free(reading->allocator->allocator_data, bytes);
        return refuse(reading, "must be base64");
    }
    value->data = bytes;
    value->len = used;
    return true;
}

static bool
read_real(struct reading *reading, const json_t *json, double *value)
{
    if (!json_is_number(json))
        return refuse(reading, "must be a number");
    *value = json_number_value(json);
    return true;
}

static ProtobufCMessage *read_message(struct reading *reading,
                                      const ProtobufCMessageDescriptor *descriptor,
                                      const json_t *json);

static bool
read_value(struct reading *reading, const ProtobufCFieldDescriptor *field, const json_t *json,
           void *value)
{
    double real;

    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return read_32(reading, json, true, value);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return read_32(reading, json, false, value);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return integer_in(reading, json, INT64_MIN, INT64_MAX, value);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return read_u64(reading, json, value);
    case PROTOBUF_C_TYPE_FLOAT:
        if (!read_real(reading, json, &real))
            return false;
        *(float *)value = (float)real;
        return true;
    case PROTOBUF_C_TYPE_DOUBLE:
        return read_real(reading, json, value);
    case PROTOBUF_C_TYPE_BOOL:
        if (!json_is_boolean(json))
            return refuse(reading, "must be true or false");
        *(protobuf_c_boolean *)value = json_is_true(json);
        return true;
    case PROTOBUF_C_TYPE_ENUM:
        return read_enum(reading, json, field->descriptor, value);
    case PROTOBUF_C_TYPE_STRING:
        return read_text(reading, json, value);
    case PROTOBUF_C_TYPE_BYTES:
        return read_bytes(reading, json, value);
    case PROTOBUF_C_TYPE_MESSAGE:
        *(void **)value = read_message(reading, field->descriptor, json);
        return *(void **)value != NULL;
    }
    return refuse(reading, "has a type that we do not know");
}

/* The count grows with every item that is whole, so that a half-read list can be freed. */
static bool
read_list(struct reading *reading, const ProtobufCFieldDescriptor *field, const json_t *json,
          char *message)
{
    size_t *count = (size_t *)(message + field->quantifier_offset);
    size_t size = value_size(field->type);
    char *items;

    if (!json_is_array(json))
        return refuse(reading, "must be a list");
    if (json_array_size(json) == 0)
        return true;
    if ((items = take_memory(reading, json_array_size(json) * size)) == NULL)
        return false;
    *(char **)(message + field->offset) = items;
    for (size_t i = 0; i < json_array_size(json); i++) {
        reading->field = field->name;
        if (!read_value(reading, field, json_array_get(json, i), items + i * size))
            return false;
        (*count)++;
    }
    return true;
}

static bool
read_field(struct reading *reading, const ProtobufCFieldDescriptor *field, const json_t *json,
           char *message)
{
    bool chosen = field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;

    reading->field = field->name;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return read_list(reading, field, json, message);
    if (chosen && *(uint32_t *)(message + field->quantifier_offset) != 0)
        return refuse(reading, "excludes another field that is present");
    if (!read_value(reading, field, json, message + field->offset))
        return false;
    if (chosen)
        *(uint32_t *)(message + field->quantifier_offset) = field->id;
    else if (field->label == PROTOBUF_C_LABEL_OPTIONAL && field->quantifier_offset != 0)
        *(protobuf_c_boolean *)(message + field->quantifier_offset) = true;
    return true;
}

/* Known fields only, and all that are required. */
static bool
names_fit(struct reading *reading, const ProtobufCMessageDescriptor *descriptor, const json_t *json)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)json, name, value)
    {
        if (protobuf_c_message_descriptor_get_field_by_name(descriptor, name) == NULL) {
            reading->field = descriptor->short_name;
            return refuse(reading, "has no field \"%.40s\"", name);
        }
    }
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        if (descriptor->fields[i].label == PROTOBUF_C_LABEL_REQUIRED &&
            json_object_get(json, descriptor->fields[i].name) == NULL) {
            reading->field = descriptor->short_name;
            return refuse(reading, "needs the field \"%s\"", descriptor->fields[i].name);
        }
    }
    return true;
}

static ProtobufCMessage *
read_message(struct reading *reading, const ProtobufCMessageDescriptor *descriptor,
             const json_t *json)
{
    ProtobufCMessage *message;

    if (!json_is_object(json)) {
        refuse(reading, "must be an object");
        return NULL;
    }
    if (!names_fit(reading, descriptor, json) ||
        (message = take_memory(reading, descriptor->sizeof_message)) == NULL)
        return NULL;
    protobuf_c_message_init(descriptor, message);
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        const json_t *value = json_object_get(json, field->name);

        if (value != NULL && !read_field(reading, field, value, (char *)message)) {
            protobuf_c_message_free_unpacked(message, reading->allocator);
            return NULL;
        }
    }
    return message;
}

static void *
heap_alloc(void *data, size_t size)
{
    (void)data;
    return malloc(size);
}

static void
heap_free(void *data, void *memory)
{
    (void)data;
    free(memory);
}

ProtobufCMessage *
fr_message_from_json(const ProtobufCMessageDescriptor *descriptor, const json_t *json,
                     ProtobufCAllocator *allocator, char *error, size_t error_size)
{
    ProtobufCAllocator heap = {heap_alloc, heap_free, NULL};
    struct reading reading = {.allocator = allocator == NULL ? &heap : allocator,
                              .error = error,
                              .error_size = error_size,
                              .field = descriptor->short_name};

    return read_message(&reading, descriptor, json);
}
