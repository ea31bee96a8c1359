/* play.c - one scenario, through identity's real decide and apply; what is true is asked by
 * identity's own queries. */
#include "tests/identity/play.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "services/identity/identity.h"

/* ---- complaints ---- */

bool
scene_fail(struct scene *scene, const yaml_node_t *node, const char *format, ...)
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

bool
scene_knows(struct scene *scene, const yaml_node_t *map, const char *known)
{
    const yaml_node_t *where = map;
    const char *unknown;

    if (map->type != YAML_MAPPING_NODE)
        return scene_fail(scene, map, "a mapping is expected here (%s)", known);
    unknown = unknown_member(scene->document, map, known, &where);
    return unknown == NULL ||
           scene_fail(scene, where, "\"%s\" is not known here (%s)", unknown, known);
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
            return scene_fail(scene, pair, "own_keys: [type, value] pairs");
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
        return scene_fail(scene, where, "day %g is before day %g: days never decrease", day,
                          scene->day);
    scene->day = day;
    fr_given_at(scene->given, day * DAY_S);
    return true;
}

/* What identity put off to another turn is done now. */
void
scene_settle(struct scene *scene)
{
    fr_given_at(scene->given, scene->day * DAY_S);
}

/* ---- observations ---- */

struct seen *
scene_find(struct scene *scene, const yaml_node_t *node)
{
    const char *name = text_of(node);

    for (size_t i = 0; name != NULL && i < scene->count; i++)
        if (strcmp(scene->seen[i].name, name) == 0)
            return &scene->seen[i];
    scene_fail(scene, node, "no observation is named \"%s\" up to here", name != NULL ? name : "?");
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
    return scene_fail(scene, node, "assurance is verified, network, claimed or failed, not \"%s\"",
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

bool
scene_key(struct scene *scene, const yaml_node_t *node, bool with_assurance, Fr__Key *key)
{
    size_t size = list_size(node), least = with_assurance ? 3 : 2;
    const char *type;

    fr__key__init(key);
    key->assurance = FR__ASSURANCE__CLAIMED;
    if (size < least || size > least + 1)
        return scene_fail(scene, node, "a key is [type, value%s] or [type, value%s, region]",
                          with_assurance ? ", assurance" : "", with_assurance ? ", assurance" : "");
    type = text_of(list_item(scene->document, node, 0));
    if (type == NULL || !known_type(type))
        return scene_fail(
            scene, node,
            "key types are account, login, social:<platform>, forum, email, phone and "
            "device, not \"%s\"",
            type != NULL ? type : "?");
    key->type = (char *)type;
    key->value = expand(scene, text_of(list_item(scene->document, node, 1)));
    if (key->value == NULL)
        return scene_fail(scene, node, "a key's value is a text");
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
        return scene_fail(scene, list, "keys is a list of [type, value, assurance]");
    if (*count > KEYS_MAX)
        return scene_fail(scene, list, "more than %d keys", KEYS_MAX);
    for (size_t i = 0; i < *count; i++) {
        if (!scene_key(scene, list_item(scene->document, list, i), true, &keys[i]))
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
    if (!scene_knows(scene, map, "name given_name family_name dob addr postcode city state gender"))
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
    return scene_fail(scene, node,
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
            return scene_fail(scene, where, "two observations are named \"%s\"", seen->name);
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
        return channel != NULL || scene_fail(scene, step, "ch is missing");
    snprintf(seen.name, sizeof(seen.name), "%s", expand(scene, name));
    if (!read_keys(scene, member(scene->document, step, "keys"), told.keys, told.pointers,
                   &told.key_count) ||
        (attributes != NULL && !read_attributes(scene, attributes, &told.attributes)))
        return false;
    if (!(strcmp(told.channel, "crm") == 0 ? tell_import(scene, &told, &seen)
                                           : tell_message(scene, &told, &seen)))
        return scene_fail(scene, step, "identity gave no customer for %s: %s", seen.name,
                          fr_given_rejected(scene->given));
    scene_settle(scene);
    return remember(scene, step, &seen);
}

static bool
step_day(struct scene *scene, const yaml_node_t *step, double *day)
{
    const yaml_node_t *node = member(scene->document, step, "d");

    *day = scene->day;
    return node == NULL || number_of(node, day) || scene_fail(scene, node, "d is a number of days");
}

static bool
play_obs(struct scene *scene, const yaml_node_t *step)
{
    double day;

    return scene_knows(scene, step, "obs d ch keys attr") && step_day(scene, step, &day) &&
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

    if (!scene_knows(scene, step, "gen") || !scene_knows(scene, gen, "n obs d d_step ch keys attr"))
        return false;
    if (!number_of(member(scene->document, gen, "n"), &n) || n < 0 || n > 1e6)
        return scene_fail(scene, gen, "gen: n is a number");
    if (name == NULL || strstr(name, "%d") == NULL)
        return scene_fail(scene, gen, "gen: obs is a name with %%d in it");
    if (member(scene->document, gen, "d_step") != NULL &&
        !number_of(member(scene->document, gen, "d_step"), &step_days))
        return scene_fail(scene, gen, "gen: d_step is a number of days");
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
    scene_settle(scene);
    return true;
}

static bool
name_observation(struct scene *scene, const yaml_node_t *step, const yaml_node_t *node,
                 const char *what, protobuf_c_boolean *has, uint64_t *id)
{
    struct seen *seen;

    if (node == NULL)
        return scene_fail(scene, step, "%s is missing", what);
    seen = scene_find(scene, node);
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
            return scene_fail(scene, step, "key is missing");
        if (!scene_key(scene, key, false, &given))
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
        return op != NULL || scene_fail(scene, step, "op is a word");
    if (strcmp(op, "merge") == 0)
        return scene_knows(scene, step, "op d into from") &&
               play_pair(scene, step, FR__IDENTITY_ACTION__MERGE, member(document, step, "into"),
                         member(document, step, "from"));
    if (strcmp(op, "confirm") == 0 || strcmp(op, "reject") == 0) {
        if (!scene_knows(scene, step, "op d pair"))
            return false;
        if (list_size(pair) != 2)
            return scene_fail(scene, step, "pair: [a, b] is missing");
        return play_pair(scene, step,
                         op[0] == 'c' ? FR__IDENTITY_ACTION__CONFIRM : FR__IDENTITY_ACTION__REJECT,
                         list_item(document, pair, 0), list_item(document, pair, 1));
    }
    if (strcmp(op, "unmerge") == 0)
        return scene_knows(scene, step, "op d of") &&
               play_of(scene, step, FR__IDENTITY_ACTION__UNMERGE, NULL);
    if (strcmp(op, "erase") == 0)
        return scene_knows(scene, step, "op d of") &&
               play_of(scene, step, FR__IDENTITY_ACTION__ERASE, NULL);
    if (strcmp(op, "verify") == 0)
        return scene_knows(scene, step, "op d of key") &&
               play_of(scene, step, FR__IDENTITY_ACTION__VERIFY, member(document, step, "key"));
    return scene_fail(scene, step,
                      "op is merge, unmerge, verify, confirm, reject or erase, not \"%s\"", op);
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
        return scene_expect(scene, step);
    return scene_fail(scene, step, "a step is obs, gen, op or expect");
}

void
play(const struct document *document, const yaml_node_t *scenario, const struct policy *policy,
     bool rebuild, struct verdict *verdict)
{
    const yaml_node_t *steps = member(document, scenario, "steps");
    struct policy own = *policy;
    struct scene scene = {.document = document, .policy = &own, .verdict = verdict};
    bool good;

    if (!scene_knows(&scene, scenario, "id title trap steps policy") ||
        !read_policy(document, member(document, scenario, "policy"), &own)) {
        verdict->failed = true;
        return;
    }
    if (steps == NULL || steps->type != YAML_SEQUENCE_NODE) {
        scene_fail(&scene, scenario, "steps: a list is missing");
        return;
    }
    scene.texts = fr_arena_new(1 << 14, 1 << 24);
    good = begin(&scene) || scene_fail(&scene, scenario, "the policy gives no configuration");
    for (size_t i = 0; good && i < list_size(steps); i++)
        good = play_step(&scene, list_item(document, steps, i));
    if (good && rebuild && !fr_given_rebuilds(scene.given))
        scene_fail(&scene, scenario, "the tables do not rebuild from the journal");
    if (scene.given != NULL)
        fr_given_free(&scene.given);
    fr_arena_free(&scene.texts);
    free(scene.seen);
}
