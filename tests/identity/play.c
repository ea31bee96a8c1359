/* play.c - one scenario, through identity's real decide and apply; what is true is asked by
 * identity's own queries. */
#include "tests/identity/scenario.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "common/stage/given.h"
#include "proto/identity.pb-c.h"
#include "services/identity/identity.h"

#define KEYS_MAX 32
#define NAME_SIZE 80
#define TEXT_SIZE 512
#define DAY_S 86400.0

struct seen { /* one observation that was made */
    char name[NAME_SIZE];
    uint64_t observation;
    uint64_t first; /* the customer id first given for it */
};

struct scene { /* one scenario being played */
    const struct document *document;
    const struct policy *policy;
    struct verdict *verdict;
    struct fr_given *given;
    struct fr_arena *texts; /* of the step at hand: the given's own memory ends with each input */
    struct seen *seen;
    size_t count, room;
    double day;
    unsigned ops;
    unsigned number; /* of the copy that a gen makes; 0: no gen */
};

/* ---- complaints ---- */

static bool fail(struct scene *scene, const yaml_node_t *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool
fail(struct scene *scene, const yaml_node_t *node, const char *format, ...)
{
    va_list args;

    fprintf(scene->verdict->out, "    %s:%zu: ", scene->document->path,
            node != NULL ? node->start_mark.line + 1 : 0);
    va_start(args, format);
    vfprintf(scene->verdict->out, format, args);
    va_end(args);
    fputc('\n', scene->verdict->out);
    scene->verdict->failed = true;
    return false;
}

static bool
knows_members(struct scene *scene, const yaml_node_t *map, const char *known)
{
    const yaml_node_t *where = map;
    const char *unknown;

    if (map->type != YAML_MAPPING_NODE)
        return fail(scene, map, "a mapping is expected here (%s)", known);
    unknown = unknown_member(scene->document, map, known, &where);
    return unknown == NULL || fail(scene, where, "\"%s\" is not known here (%s)", unknown, known);
}

/* ---- the configuration that a policy means ---- */

static bool
put_own_keys(struct scene *scene, const struct policy *policy, const struct fr_given *bare,
             FILE *out)
{
    for (size_t i = 0; i < list_size(policy->own_keys); i++) {
        const yaml_node_t *pair = list_item(scene->document, policy->own_keys, i);
        const char *type, *value;
        json_t *args, *key, *quoted;
        char *text;

        if (list_size(pair) < 2)
            return fail(scene, pair, "own_keys: [type, value] pairs");
        type = text_of(list_item(scene->document, pair, 0));
        value = text_of(list_item(scene->document, pair, 1));
        args = json_pack("{s:s?, s:s?, s:s}", "type", type, "value", value, "region",
                         policy->default_region);
        key = fr_given_query((struct fr_given *)bare, "identity.key", args);
        json_decref(args);
        if (key == NULL) /* it gives no key anyway */
            continue;
        quoted = json_incref(json_object_get(key, "value"));
        text = json_dumps(quoted, JSON_ENCODE_ANY);
        fprintf(out, "    - {type: \"%s\", value: %s}\n", type, text);
        free(text);
        json_decref(quoted);
        json_decref(key);
    }
    return true;
}

static char *
configuration(struct scene *scene, const struct policy *policy, const struct fr_given *bare)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    bool good = true;

    fprintf(out,
            "identity:\n"
            "  fan_out: %ld\n"
            "  dormancy: %.0fs\n"
            "  one_account_space: true\n"
            "  channels:\n"
            "    channel_email: {answers_to: email}\n"
            "    channel_form: {answers_to: email}\n"
            "    channel_chat: {live: true}\n"
            "    channel_phone: {live: true}\n"
            "    channel_sms: {answers_to: phone}\n"
            "    channel_social: {answers_to: social}\n"
            "    channel_forum: {live: false}\n",
            policy->fan_out, policy->dormancy_days * DAY_S);
    if (bare != NULL && list_size(policy->own_keys) > 0) {
        fputs("  own_keys:\n", out);
        good = put_own_keys(scene, policy, bare, out);
    }
    fclose(out);
    if (good)
        return text;
    free(text);
    return NULL;
}

static bool
begin(struct scene *scene)
{
    char *yaml = configuration(scene, scene->policy, NULL);
    struct fr_given *bare = fr_given_new(&identity_stage, yaml);

    free(yaml);
    if (list_size(scene->policy->own_keys) == 0) {
        scene->given = bare;
        return true;
    }
    yaml = configuration(scene, scene->policy, bare);
    fr_given_free(&bare);
    if (yaml == NULL)
        return false;
    scene->given = fr_given_new(&identity_stage, yaml);
    free(yaml);
    return true;
}

/* ---- time ---- */

static bool
move_to(struct scene *scene, const yaml_node_t *where, double day)
{
    if (day < scene->day)
        return fail(scene, where, "day %g is before day %g: days never decrease", day, scene->day);
    scene->day = day;
    fr_given_at(scene->given, day * DAY_S);
    return true;
}

/* What identity put off to another turn is done now. */
static void
settle(struct scene *scene)
{
    fr_given_at(scene->given, scene->day * DAY_S);
}

/* ---- observations ---- */

static struct seen *
find(struct scene *scene, const yaml_node_t *node)
{
    const char *name = text_of(node);

    for (size_t i = 0; name != NULL && i < scene->count; i++)
        if (strcmp(scene->seen[i].name, name) == 0)
            return &scene->seen[i];
    fail(scene, node, "no observation is named \"%s\" up to here", name != NULL ? name : "?");
    return NULL;
}

/* The text, with every %d replaced by the number of the copy, until the next observation. */
static char *
expand(struct scene *scene, const char *text)
{
    char *out = fr_arena_alloc(scene->texts, TEXT_SIZE);
    size_t used = 0;

    if (text == NULL || out == NULL)
        return NULL;
    while (*text != '\0' && used + 12 < TEXT_SIZE) {
        if (scene->number > 0 && text[0] == '%' && text[1] == 'd') {
            used += (size_t)snprintf(out + used, 12, "%u", scene->number);
            text += 2;
        } else {
            out[used++] = *text++;
        }
    }
    out[used] = '\0';
    return out;
}

static bool
read_assurance(struct scene *scene, const yaml_node_t *node, Fr__Assurance *assurance)
{
    static const struct {
        const char *word;
        Fr__Assurance assurance;
    } words[] = {{"verified", FR__ASSURANCE__VERIFIED},
                 {"network", FR__ASSURANCE__NETWORK},
                 {"claimed", FR__ASSURANCE__CLAIMED},
                 {"failed", FR__ASSURANCE__FAILED}};
    const char *text = text_of(node);

    for (size_t i = 0; text != NULL && i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(words[i].word, text) == 0) {
            *assurance = words[i].assurance;
            return true;
        }
    return fail(scene, node, "assurance is verified, network, claimed or failed, not \"%s\"",
                text != NULL ? text : "?");
}

static bool
known_type(const char *type)
{
    static const char *const types[] = {"account", "login", "forum", "email", "phone", "device"};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(types[i], type) == 0)
            return true;
    return strncmp(type, "social:", 7) == 0 && type[7] != '\0';
}

static bool
read_key(struct scene *scene, const yaml_node_t *node, bool with_assurance, Fr__Key *key)
{
    size_t size = list_size(node), least = with_assurance ? 3 : 2;
    const char *type;

    fr__key__init(key);
    key->assurance = FR__ASSURANCE__CLAIMED;
    if (size < least || size > least + 1)
        return fail(scene, node, "a key is [type, value%s] or [type, value%s, region]",
                    with_assurance ? ", assurance" : "", with_assurance ? ", assurance" : "");
    type = text_of(list_item(scene->document, node, 0));
    if (type == NULL || !known_type(type))
        return fail(scene, node,
                    "key types are account, login, social:<platform>, forum, email, phone and "
                    "device, not \"%s\"",
                    type != NULL ? type : "?");
    key->type = (char *)type;
    key->value = expand(scene, text_of(list_item(scene->document, node, 1)));
    if (key->value == NULL)
        return fail(scene, node, "a key's value is a text");
    key->region = (char *)scene->policy->default_region;
    if (size > least)
        key->region = (char *)text_of(list_item(scene->document, node, least));
    return !with_assurance ||
           read_assurance(scene, list_item(scene->document, node, 2), &key->assurance);
}

static bool
read_keys(struct scene *scene, const yaml_node_t *list, Fr__Key *keys, Fr__Key **pointers,
          size_t *count)
{
    *count = list_size(list);
    if (list != NULL && list->type != YAML_SEQUENCE_NODE)
        return fail(scene, list, "keys is a list of [type, value, assurance]");
    if (*count > KEYS_MAX)
        return fail(scene, list, "more than %d keys", KEYS_MAX);
    for (size_t i = 0; i < *count; i++) {
        if (!read_key(scene, list_item(scene->document, list, i), true, &keys[i]))
            return false;
        pointers[i] = &keys[i];
    }
    return true;
}

static bool
read_attributes(struct scene *scene, const yaml_node_t *map, Fr__Attributes *attributes)
{
    const struct {
        const char *name;
        char **field;
    } fields[] = {
        {"name", &attributes->name},
        {"given_name", &attributes->given_name},
        {"family_name", &attributes->family_name},
        {"dob", &attributes->birth_date},
        {"addr", &attributes->street},
        {"postcode", &attributes->postcode},
        {"city", &attributes->city},
        {"state", &attributes->state},
        {"gender", &attributes->gender},
    };

    fr__attributes__init(attributes);
    if (!knows_members(scene, map,
                       "name given_name family_name dob addr postcode city state gender"))
        return false;
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const yaml_node_t *node = member(scene->document, map, fields[i].name);

        if (node != NULL)
            *fields[i].field = expand(scene, text_of(node));
    }
    return true;
}

/* Where the answer goes: the first key of the kind that the channel answers to. */
static const char *
address_of(const char *channel, const Fr__Key *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool mail = strcmp(channel, "email") == 0 || strcmp(channel, "form") == 0;

        if ((mail && strcmp(keys[i].type, "email") == 0) ||
            (strcmp(channel, "sms") == 0 && strcmp(keys[i].type, "phone") == 0) ||
            (strcmp(channel, "social") == 0 && strncmp(keys[i].type, "social:", 7) == 0))
            return keys[i].value;
    }
    return "";
}

static bool
known_channel(struct scene *scene, const yaml_node_t *node)
{
    static const char *const channels[] = {"email", "form",   "chat",  "phone",
                                           "sms",   "social", "forum", "crm"};
    const char *name = text_of(node);

    for (size_t i = 0; name != NULL && i < sizeof(channels) / sizeof(channels[0]); i++)
        if (strcmp(channels[i], name) == 0)
            return true;
    return fail(scene, node,
                "ch is email, form, chat, phone, sms, social, forum or crm, not \"%s\"",
                name != NULL ? name : "?");
}

struct told { /* an observation as it is told to identity */
    const char *channel;
    Fr__Key keys[KEYS_MAX], *pointers[KEYS_MAX];
    size_t key_count;
    Fr__Attributes attributes;
    bool says;
};

static bool
tell_import(struct scene *scene, struct told *told, struct seen *seen)
{
    Fr__ObservationImported row = FR__OBSERVATION_IMPORTED__INIT;
    const Fr__ObservationResolved *resolved;

    row.keys = told->pointers;
    row.n_keys = told->key_count;
    row.attributes = told->says ? &told->attributes : NULL;
    fr_given_input(scene->given, FR_LOCAL, 0, "", &row.base);
    resolved = fr_given_find(scene->given, FR_OBSERVATION_RESOLVED);
    if (resolved == NULL)
        return false;
    seen->observation = resolved->observation_id;
    seen->first = resolved->customer_id;
    return true;
}

static bool
tell_message(struct scene *scene, struct told *told, struct seen *seen)
{
    Fr__MessageReceived received = FR__MESSAGE_RECEIVED__INIT;
    const Fr__MessageIdentified *identified;
    char channel[32];

    snprintf(channel, sizeof(channel), "channel_%s", told->channel);
    received.channel = channel;
    received.account = (char *)"account";
    received.external_id = seen->name;
    received.address = (char *)address_of(told->channel, told->keys, told->key_count);
    received.keys = told->pointers;
    received.n_keys = told->key_count;
    received.text = (char *)"hello";
    received.attributes = told->says ? &told->attributes : NULL;
    fr_given_input(scene->given, "channel", 0, "", &received.base);
    identified = fr_given_find(scene->given, FR_MESSAGE_IDENTIFIED);
    if (identified == NULL || fr_given_count_of(scene->given, FR_MESSAGE_IDENTIFIED) != 1)
        return false;
    seen->observation = identified->message_id;
    seen->first = identified->customer_id;
    return true;
}

static bool
remember(struct scene *scene, const yaml_node_t *where, const struct seen *seen)
{
    for (size_t i = 0; i < scene->count; i++)
        if (strcmp(scene->seen[i].name, seen->name) == 0)
            return fail(scene, where, "two observations are named \"%s\"", seen->name);
    if (scene->count == scene->room) {
        scene->room = scene->room * 2 + 64;
        scene->seen = realloc(scene->seen, scene->room * sizeof(*scene->seen));
        if (scene->seen == NULL)
            abort();
    }
    scene->seen[scene->count++] = *seen;
    return true;
}

static bool
observe(struct scene *scene, const yaml_node_t *step, const char *name)
{
    const yaml_node_t *attributes = member(scene->document, step, "attr");
    const yaml_node_t *channel = member(scene->document, step, "ch");
    struct told told = {.channel = text_of(channel), .says = attributes != NULL};
    struct seen seen = {.observation = 0};

    fr_arena_reset(scene->texts);
    if (channel == NULL || !known_channel(scene, channel))
        return channel != NULL || fail(scene, step, "ch is missing");
    snprintf(seen.name, sizeof(seen.name), "%s", expand(scene, name));
    if (!read_keys(scene, member(scene->document, step, "keys"), told.keys, told.pointers,
                   &told.key_count) ||
        (attributes != NULL && !read_attributes(scene, attributes, &told.attributes)))
        return false;
    if (!(strcmp(told.channel, "crm") == 0 ? tell_import(scene, &told, &seen)
                                           : tell_message(scene, &told, &seen)))
        return fail(scene, step, "identity gave no customer for %s: %s", seen.name,
                    fr_given_rejected(scene->given));
    settle(scene);
    return remember(scene, step, &seen);
}

static bool
step_day(struct scene *scene, const yaml_node_t *step, double *day)
{
    const yaml_node_t *node = member(scene->document, step, "d");

    *day = scene->day;
    return node == NULL || number_of(node, day) || fail(scene, node, "d is a number of days");
}

static bool
play_obs(struct scene *scene, const yaml_node_t *step)
{
    double day;

    return knows_members(scene, step, "obs d ch keys attr") && step_day(scene, step, &day) &&
           move_to(scene, step, day) &&
           observe(scene, step, text_of(member(scene->document, step, "obs")));
}

static bool
play_gen(struct scene *scene, const yaml_node_t *step)
{
    const yaml_node_t *gen = member(scene->document, step, "gen");
    const char *name = text_of(member(scene->document, gen, "obs"));
    double n = 0, step_days = 0, day;
    bool good;

    if (!knows_members(scene, step, "gen") ||
        !knows_members(scene, gen, "n obs d d_step ch keys attr"))
        return false;
    if (!number_of(member(scene->document, gen, "n"), &n) || n < 0 || n > 1e6)
        return fail(scene, gen, "gen: n is a number");
    if (name == NULL || strstr(name, "%d") == NULL)
        return fail(scene, gen, "gen: obs is a name with %%d in it");
    if (member(scene->document, gen, "d_step") != NULL &&
        !number_of(member(scene->document, gen, "d_step"), &step_days))
        return fail(scene, gen, "gen: d_step is a number of days");
    good = step_day(scene, gen, &day);
    for (unsigned i = 1; good && i <= (unsigned)n; i++) {
        scene->number = i;
        good = move_to(scene, gen, day + (i - 1) * step_days) && observe(scene, gen, name);
    }
    scene->number = 0;
    return good;
}

/* ---- the operator's actions ---- */

static bool
submit(struct scene *scene, const yaml_node_t *step, Fr__IdentityActionAsked *asked)
{
    char client_id[32];
    struct fr_slice answer;
    json_t *json;

    snprintf(client_id, sizeof(client_id), "scenario-%u", ++scene->ops);
    asked->who = (char *)"operator";
    asked->why = (char *)"the scenario says so";
    asked->client_id = client_id;
    fr_given_input(scene->given, FR_LOCAL, 0, "", &asked->base);
    answer = fr_given_answer(scene->given);
    json = json_loadb(answer.data, answer.size, 0, NULL);
    if (!json_is_true(json_object_get(json, "done")))
        fprintf(scene->verdict->out, "    %s:%zu: refused: %s\n", scene->document->path,
                step->start_mark.line + 1,
                json != NULL ? json_string_value(json_object_get(json, "reason"))
                             : fr_given_rejected(scene->given));
    json_decref(json);
    settle(scene);
    return true;
}

static bool
name_observation(struct scene *scene, const yaml_node_t *step, const yaml_node_t *node,
                 const char *what, protobuf_c_boolean *has, uint64_t *id)
{
    struct seen *seen;

    if (node == NULL)
        return fail(scene, step, "%s is missing", what);
    seen = find(scene, node);
    if (seen == NULL)
        return false;
    *has = true;
    *id = seen->observation;
    return true;
}

static bool
play_pair(struct scene *scene, const yaml_node_t *step, Fr__IdentityAction action,
          const yaml_node_t *a, const yaml_node_t *b)
{
    Fr__IdentityActionAsked asked = FR__IDENTITY_ACTION_ASKED__INIT;

    asked.action = action;
    asked.has_lift = asked.lift = true;
    return name_observation(scene, step, a, "the first of the pair", &asked.has_observation_id,
                            &asked.observation_id) &&
           name_observation(scene, step, b, "the second of the pair",
                            &asked.has_other_observation_id, &asked.other_observation_id) &&
           submit(scene, step, &asked);
}

static bool
play_of(struct scene *scene, const yaml_node_t *step, Fr__IdentityAction action,
        const yaml_node_t *key)
{
    Fr__IdentityActionAsked asked = FR__IDENTITY_ACTION_ASKED__INIT;
    Fr__Key given;

    asked.action = action;
    if (action == FR__IDENTITY_ACTION__VERIFY) {
        if (key == NULL)
            return fail(scene, step, "key is missing");
        if (!read_key(scene, key, false, &given))
            return false;
        asked.key_type = given.type;
        asked.key_value = given.value;
        asked.key_region = given.region;
    }
    return name_observation(scene, step, member(scene->document, step, "of"), "of",
                            &asked.has_observation_id, &asked.observation_id) &&
           submit(scene, step, &asked);
}

static bool
play_op(struct scene *scene, const yaml_node_t *step)
{
    const struct document *document = scene->document;
    const char *op = text_of(member(document, step, "op"));
    const yaml_node_t *pair = member(document, step, "pair");
    double day;

    if (op == NULL || !step_day(scene, step, &day) || !move_to(scene, step, day))
        return op != NULL || fail(scene, step, "op is a word");
    if (strcmp(op, "merge") == 0)
        return knows_members(scene, step, "op d into from") &&
               play_pair(scene, step, FR__IDENTITY_ACTION__MERGE, member(document, step, "into"),
                         member(document, step, "from"));
    if (strcmp(op, "confirm") == 0 || strcmp(op, "reject") == 0) {
        if (!knows_members(scene, step, "op d pair"))
            return false;
        if (list_size(pair) != 2)
            return fail(scene, step, "pair: [a, b] is missing");
        return play_pair(scene, step,
                         op[0] == 'c' ? FR__IDENTITY_ACTION__CONFIRM : FR__IDENTITY_ACTION__REJECT,
                         list_item(document, pair, 0), list_item(document, pair, 1));
    }
    if (strcmp(op, "unmerge") == 0)
        return knows_members(scene, step, "op d of") &&
               play_of(scene, step, FR__IDENTITY_ACTION__UNMERGE, NULL);
    if (strcmp(op, "erase") == 0)
        return knows_members(scene, step, "op d of") &&
               play_of(scene, step, FR__IDENTITY_ACTION__ERASE, NULL);
    if (strcmp(op, "verify") == 0)
        return knows_members(scene, step, "op d of key") &&
               play_of(scene, step, FR__IDENTITY_ACTION__VERIFY, member(document, step, "key"));
    return fail(scene, step, "op is merge, unmerge, verify, confirm, reject or erase, not \"%s\"",
                op);
}

/* ---- what is true now ---- */

static json_t *
ask(struct scene *scene, const char *query, const char *name, uint64_t id, bool all)
{
    char text[FR_ID_TEXT_SIZE];
    json_t *args = json_pack("{s:s, s:i}", name, fr_id_format(id, text), "limit", 1000);
    json_t *answer;

    if (all)
        json_object_set_new(args, "all", json_true());
    answer = fr_given_query(scene->given, query, args);
    json_decref(args);
    return answer;
}

static uint64_t
id_in(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    uint64_t id = 0;

    if (text != NULL)
        fr_id_parse(fr_slice_str(text), &id);
    return id;
}

/* Who an id answers as; 0: erased. */
static uint64_t
answers_as(struct scene *scene, uint64_t id)
{
    json_t *answer = ask(scene, "customer.show", "customer", id, false);
    uint64_t now =
        json_is_true(json_object_get(answer, "erased")) ? 0 : id_in(answer, "customer_id");

    json_decref(answer);
    return now;
}

/* Whose an observation is now; 0: erased. */
static uint64_t
customer_of(struct scene *scene, const struct seen *seen, bool *unverified)
{
    json_t *answer = ask(scene, "identity.explain", "observation", seen->observation, false);
    uint64_t now;

    now = json_is_true(json_object_get(answer, "erased")) ? 0 : id_in(answer, "customer_id");
    if (unverified != NULL)
        *unverified = json_is_true(json_object_get(answer, "unverified"));
    json_decref(answer);
    return now;
}

static const char *
shown(uint64_t id, char *text)
{
    return id == 0 ? "erased" : fr_id_format(id, text);
}

static void
expect_pair(struct scene *scene, const yaml_node_t *where, const struct seen *a,
            const struct seen *b, bool same)
{
    uint64_t one = customer_of(scene, a, NULL), other = customer_of(scene, b, NULL);
    char one_text[FR_ID_TEXT_SIZE], other_text[FR_ID_TEXT_SIZE];
    bool are = one != 0 && one == other;

    if (are == same)
        return;
    scene->verdict->over_merges += !same;
    scene->verdict->under_merges += same;
    fail(scene, where, "%s: expected %s and %s to be %s; found %s and %s",
         same ? "same" : "different", a->name, b->name, same ? "one customer" : "two customers",
         shown(one, one_text), shown(other, other_text));
}

/* Every two of each list. */
static void
expect_partition(struct scene *scene, const yaml_node_t *lists, bool same)
{
    for (size_t l = 0; l < list_size(lists); l++) {
        const yaml_node_t *list = list_item(scene->document, lists, l);

        if (list_size(list) < 2)
            fail(scene, list, "a list of at least two observations is expected");
        for (size_t i = 0; i < list_size(list); i++)
            for (size_t j = i + 1; j < list_size(list); j++) {
                struct seen *a = find(scene, list_item(scene->document, list, i));
                struct seen *b = find(scene, list_item(scene->document, list, j));

                if (a != NULL && b != NULL)
                    expect_pair(scene, list, a, b, same);
            }
    }
}

static bool
suggestion_stands(struct scene *scene, uint64_t one, uint64_t other)
{
    json_t *answer = ask(scene, "identity.suggestions", "customer", one, false), *item;
    bool stands = false;
    size_t index;

    json_array_foreach(json_object_get(answer, "items"), index, item) stands =
        stands || id_in(item, "customer_a_id") == other || id_in(item, "customer_b_id") == other;
    json_decref(answer);
    return stands;
}

static void
expect_suggestions(struct scene *scene, const yaml_node_t *pairs, bool wanted)
{
    for (size_t i = 0; i < list_size(pairs); i++) {
        const yaml_node_t *pair = list_item(scene->document, pairs, i);
        struct seen *a, *b;
        uint64_t one, other;
        bool stands;

        if (list_size(pair) != 2) {
            fail(scene, pair, "a pair [a, b] is expected");
            continue;
        }
        a = find(scene, list_item(scene->document, pair, 0));
        b = find(scene, list_item(scene->document, pair, 1));
        if (a == NULL || b == NULL)
            continue;
        one = customer_of(scene, a, NULL);
        other = customer_of(scene, b, NULL);
        stands = one != 0 && other != 0 && one != other && suggestion_stands(scene, one, other);
        if (stands != wanted)
            fail(scene, pair, "%s: expected %s suggestion between %s and %s; found %s",
                 wanted ? "suggest" : "no_suggest", wanted ? "an open" : "no", a->name, b->name,
                 one == other ? "one customer"
                 : stands     ? "one"
                              : "none");
    }
}

static void
expect_max_suggest(struct scene *scene, const yaml_node_t *limit)
{
    const yaml_node_t *of = member(scene->document, limit, "of");
    uint64_t others[1000], customer;
    size_t index, count = 0;
    json_t *answer, *item;
    struct seen *seen;
    double n;

    if (!knows_members(scene, limit, "of n") || of == NULL ||
        !number_of(member(scene->document, limit, "n"), &n)) {
        fail(scene, limit, "max_suggest is {of: an observation, n: a number}");
        return;
    }
    seen = find(scene, of);
    if (seen == NULL || (customer = customer_of(scene, seen, NULL)) == 0)
        return;
    answer = ask(scene, "identity.suggestions", "customer", customer, false);
    json_array_foreach(json_object_get(answer, "items"), index, item)
    {
        uint64_t a = id_in(item, "customer_a_id"), b = id_in(item, "customer_b_id");
        uint64_t other = a == customer ? b : a;
        size_t at = 0;

        while (at < count && others[at] != other)
            at++;
        if (at == count && count < sizeof(others) / sizeof(others[0]))
            others[count++] = other;
    }
    json_decref(answer);
    if ((double)count > n)
        fail(scene, limit, "max_suggest: expected at most %g suggestions of %s; found %zu", n,
             seen->name, count);
}

/* ---- keys and conflicts ---- */

/* What identity knows of a key; NULL: the value gives no key. */
static json_t *
key_now(struct scene *scene, const yaml_node_t *node)
{
    json_t *args, *answer;
    Fr__Key key;

    if (!read_key(scene, node, false, &key))
        return NULL;
    args = json_pack("{s:s, s:s, s:s}", "type", key.type, "value", key.value, "region",
                     key.region != NULL ? key.region : "");
    answer = fr_given_query(scene->given, "identity.key", args);
    json_decref(args);
    return answer;
}

static void
expect_shared(struct scene *scene, const yaml_node_t *keys, bool wanted)
{
    for (size_t i = 0; i < list_size(keys); i++) {
        const yaml_node_t *node = list_item(scene->document, keys, i);
        json_t *key = key_now(scene, node);

        if (json_is_true(json_object_get(key, "shared")) != wanted)
            fail(scene, node, "%s: expected %s to be %s; found %lld holders, %lld names",
                 wanted ? "shared" : "not_shared",
                 key != NULL ? json_string_value(json_object_get(key, "value")) : "it",
                 wanted ? "shared" : "not shared",
                 (long long)json_integer_value(json_object_get(key, "holders")),
                 (long long)json_integer_value(json_object_get(key, "names")));
        json_decref(key);
    }
}

static bool
same_text(const json_t *object, const char *name, const char *text)
{
    const char *value = json_string_value(json_object_get(object, name));

    return value != NULL && text != NULL && strcmp(value, text) == 0;
}

static bool
conflict_matches(const json_t *item, const char *kind, uint64_t other, const json_t *key)
{
    return same_text(item, "kind", kind) &&
           (other == 0 || id_in(item, "customer_a_id") == other ||
            id_in(item, "customer_b_id") == other) &&
           (key == NULL ||
            (same_text(item, "type", json_string_value(json_object_get(key, "type"))) &&
             same_text(item, "value", json_string_value(json_object_get(key, "value")))));
}

static bool
conflict_stands(struct scene *scene, const char *kind, uint64_t one, uint64_t other,
                const json_t *key)
{
    json_t *args = json_pack("{s:i, s:b}", "limit", 1000, "all", 1), *item;
    bool found = false, more = true;
    char text[FR_ID_TEXT_SIZE];
    size_t index;

    if (one != 0)
        json_object_set_new(args, "customer", json_string(fr_id_format(one, text)));
    while (more && !found) {
        json_t *answer = fr_given_query(scene->given, "identity.conflicts", args);

        json_array_foreach(json_object_get(answer, "items"), index, item) found =
            found || conflict_matches(item, kind, other, key);
        more = one == 0 && json_is_true(json_object_get(answer, "more"));
        json_object_set(args, "after", json_object_get(answer, "after"));
        json_decref(answer);
    }
    json_decref(args);
    return found;
}

static void
expect_conflict(struct scene *scene, const yaml_node_t *node, bool wanted)
{
    const struct document *document = scene->document;
    const yaml_node_t *pair = member(document, node, "pair"), *key_node;
    const char *kind = text_of(member(document, node, "kind"));
    struct seen *a = NULL, *b = NULL;
    json_t *key = NULL;

    if (!knows_members(scene, node, "kind pair key"))
        return;
    if (kind == NULL || (strcmp(kind, "spoof_suspect") != 0 && strcmp(kind, "exclusive_key") != 0 &&
                         strcmp(kind, "key_reassigned") != 0 && strcmp(kind, "cannot_link") != 0 &&
                         strcmp(kind, "birth_date") != 0)) {
        fail(scene, node,
             "kind is spoof_suspect, exclusive_key, key_reassigned, cannot_link or birth_date");
        return;
    }
    if (list_size(pair) == 2) {
        a = find(scene, list_item(document, pair, 0));
        b = find(scene, list_item(document, pair, 1));
        if (a == NULL || b == NULL)
            return;
    }
    key_node = member(document, node, "key");
    if (key_node != NULL)
        key = key_now(scene, key_node);
    if ((a == NULL && key_node == NULL) || (key_node != NULL && key == NULL))
        fail(scene, node, "a conflict is named by pair: [a, b] or key: [type, value]");
    else if (conflict_stands(scene, kind, a != NULL ? customer_of(scene, a, NULL) : 0,
                             b != NULL ? customer_of(scene, b, NULL) : 0, key) != wanted)
        fail(scene, node, "conflict: expected %s %s between %s and %s; found %s",
             wanted ? "a" : "no", kind, a != NULL ? a->name : "any", b != NULL ? b->name : "any",
             wanted ? "none" : "one");
    json_decref(key);
}

/* ---- ids ---- */

static void
expect_redirects(struct scene *scene, const yaml_node_t *pairs)
{
    for (size_t i = 0; i < list_size(pairs); i++) {
        const yaml_node_t *pair = list_item(scene->document, pairs, i);
        char now_text[FR_ID_TEXT_SIZE], wanted_text[FR_ID_TEXT_SIZE];
        uint64_t now, wanted;
        struct seen *x, *y;

        if (list_size(pair) != 2) {
            fail(scene, pair, "redirect: [x, y] is expected");
            continue;
        }
        x = find(scene, list_item(scene->document, pair, 0));
        y = find(scene, list_item(scene->document, pair, 1));
        if (x == NULL || y == NULL)
            continue;
        now = answers_as(scene, x->first);
        wanted = customer_of(scene, y, NULL);
        if (now == 0 || now != wanted)
            fail(scene, pair,
                 "redirect: expected the id given for %s to answer as %s's customer %s; found %s",
                 x->name, y->name, shown(wanted, wanted_text), shown(now, now_text));
    }
}

static void
expect_gone(struct scene *scene, const yaml_node_t *names)
{
    for (size_t i = 0; i < list_size(names); i++) {
        const yaml_node_t *node = list_item(scene->document, names, i);
        struct seen *seen = find(scene, node);
        char text[FR_ID_TEXT_SIZE];
        uint64_t now = seen != NULL ? answers_as(scene, seen->first) : 0;

        if (now != 0)
            fail(scene, node, "gone: expected the id given for %s to answer \"erased\"; found %s",
                 seen->name, shown(now, text));
    }
}

static void
expect_unverified(struct scene *scene, const yaml_node_t *names, bool wanted)
{
    for (size_t i = 0; i < list_size(names); i++) {
        const yaml_node_t *node = list_item(scene->document, names, i);
        struct seen *seen = find(scene, node);
        bool unverified = false;

        if (seen == NULL)
            continue;
        customer_of(scene, seen, &unverified);
        if (unverified != wanted)
            fail(scene, node, "expected %s to be %s; found %s", seen->name,
                 wanted ? "unverified" : "verified", unverified ? "unverified" : "verified");
    }
}

static bool
expect_list(struct scene *scene, const yaml_node_t *expect, const char *name,
            const yaml_node_t **list)
{
    *list = member(scene->document, expect, name);
    return *list == NULL || (*list)->type == YAML_SEQUENCE_NODE ||
           fail(scene, *list, "%s is a list", name);
}

static bool
play_expect(struct scene *scene, const yaml_node_t *step)
{
    const yaml_node_t *expect = member(scene->document, step, "expect"), *list;

    if (!knows_members(scene, step, "expect d") ||
        !knows_members(scene, expect,
                       "same different suggest no_suggest conflict no_conflict shared not_shared "
                       "max_suggest redirect gone unverified verified"))
        return false;
    settle(scene);
    if (expect_list(scene, expect, "same", &list))
        expect_partition(scene, list, true);
    if (expect_list(scene, expect, "different", &list))
        expect_partition(scene, list, false);
    if (expect_list(scene, expect, "suggest", &list))
        expect_suggestions(scene, list, true);
    if (expect_list(scene, expect, "no_suggest", &list))
        expect_suggestions(scene, list, false);
    if (expect_list(scene, expect, "conflict", &list))
        for (size_t i = 0; i < list_size(list); i++)
            expect_conflict(scene, list_item(scene->document, list, i), true);
    if (expect_list(scene, expect, "no_conflict", &list))
        for (size_t i = 0; i < list_size(list); i++)
            expect_conflict(scene, list_item(scene->document, list, i), false);
    if (expect_list(scene, expect, "shared", &list))
        expect_shared(scene, list, true);
    if (expect_list(scene, expect, "not_shared", &list))
        expect_shared(scene, list, false);
    if (expect_list(scene, expect, "redirect", &list))
        expect_redirects(scene, list);
    if (expect_list(scene, expect, "gone", &list))
        expect_gone(scene, list);
    if (expect_list(scene, expect, "unverified", &list))
        expect_unverified(scene, list, true);
    if (expect_list(scene, expect, "verified", &list))
        expect_unverified(scene, list, false);
    list = member(scene->document, expect, "max_suggest");
    if (list != NULL && list->type == YAML_MAPPING_NODE)
        expect_max_suggest(scene, list);
    for (size_t i = 0; i < list_size(list); i++)
        expect_max_suggest(scene, list_item(scene->document, list, i));
    return true;
}

static bool
play_step(struct scene *scene, const yaml_node_t *step)
{
    if (step->type == YAML_MAPPING_NODE && member(scene->document, step, "obs") != NULL)
        return play_obs(scene, step);
    if (member(scene->document, step, "gen") != NULL)
        return play_gen(scene, step);
    if (member(scene->document, step, "op") != NULL)
        return play_op(scene, step);
    if (member(scene->document, step, "expect") != NULL)
        return play_expect(scene, step);
    return fail(scene, step, "a step is obs, gen, op or expect");
}

void
play(const struct document *document, const yaml_node_t *scenario, const struct policy *policy,
     bool rebuild, struct verdict *verdict)
{
    const yaml_node_t *steps = member(document, scenario, "steps");
    struct policy own = *policy;
    struct scene scene = {.document = document, .policy = &own, .verdict = verdict};
    bool good;

    if (!knows_members(&scene, scenario, "id title trap steps policy") ||
        !read_policy(document, member(document, scenario, "policy"), &own)) {
        verdict->failed = true;
        return;
    }
    if (steps == NULL || steps->type != YAML_SEQUENCE_NODE) {
        fail(&scene, scenario, "steps: a list is missing");
        return;
    }
    scene.texts = fr_arena_new(1 << 14, 1 << 24);
    good = begin(&scene) || fail(&scene, scenario, "the policy gives no configuration");
    for (size_t i = 0; good && i < list_size(steps); i++)
        good = play_step(&scene, list_item(document, steps, i));
    if (good && rebuild && !fr_given_rebuilds(scene.given))
        fail(&scene, scenario, "the tables do not rebuild from the journal");
    if (scene.given != NULL)
        fr_given_free(&scene.given);
    fr_arena_free(&scene.texts);
    free(scene.seen);
}
