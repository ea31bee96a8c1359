/* expect.c - what must be true at a checkpoint, asked by identity's own queries. */
#include "tests/identity/play.h"

#include <string.h>

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
    scene_fail(scene, where, "%s: expected %s and %s to be %s; found %s and %s",
               same ? "same" : "different", a->name, b->name,
               same ? "one customer" : "two customers", shown(one, one_text),
               shown(other, other_text));
}

/* Every two of each list. */
static void
expect_partition(struct scene *scene, const yaml_node_t *lists, bool same)
{
    for (size_t l = 0; l < list_size(lists); l++) {
        const yaml_node_t *list = list_item(scene->document, lists, l);

        if (list_size(list) < 2)
            scene_fail(scene, list, "a list of at least two observations is expected");
        for (size_t i = 0; i < list_size(list); i++)
            for (size_t j = i + 1; j < list_size(list); j++) {
                struct seen *a = scene_find(scene, list_item(scene->document, list, i));
                struct seen *b = scene_find(scene, list_item(scene->document, list, j));

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
            scene_fail(scene, pair, "a pair [a, b] is expected");
            continue;
        }
        a = scene_find(scene, list_item(scene->document, pair, 0));
        b = scene_find(scene, list_item(scene->document, pair, 1));
        if (a == NULL || b == NULL)
            continue;
        one = customer_of(scene, a, NULL);
        other = customer_of(scene, b, NULL);
        stands = one != 0 && other != 0 && one != other && suggestion_stands(scene, one, other);
        if (stands != wanted)
            scene_fail(scene, pair, "%s: expected %s suggestion between %s and %s; found %s",
                       wanted ? "suggest" : "no_suggest", wanted ? "an open" : "no", a->name,
                       b->name,
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

    if (!scene_knows(scene, limit, "of n") || of == NULL ||
        !number_of(member(scene->document, limit, "n"), &n)) {
        scene_fail(scene, limit, "max_suggest is {of: an observation, n: a number}");
        return;
    }
    seen = scene_find(scene, of);
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
        scene_fail(scene, limit, "max_suggest: expected at most %g suggestions of %s; found %zu", n,
                   seen->name, count);
}

/* ---- keys and conflicts ---- */

/* What identity knows of a key; NULL: the value gives no key. */
static json_t *
key_now(struct scene *scene, const yaml_node_t *node)
{
    json_t *args, *answer;
    Fr__Key key;

    if (!scene_key(scene, node, false, &key))
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
            scene_fail(scene, node, "%s: expected %s to be %s; found %lld holders, %lld names",
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

    if (!scene_knows(scene, node, "kind pair key"))
        return;
    if (kind == NULL || (strcmp(kind, "spoof_suspect") != 0 && strcmp(kind, "exclusive_key") != 0 &&
                         strcmp(kind, "key_reassigned") != 0 && strcmp(kind, "cannot_link") != 0 &&
                         strcmp(kind, "birth_date") != 0)) {
        scene_fail(
            scene, node,
            "kind is spoof_suspect, exclusive_key, key_reassigned, cannot_link or birth_date");
        return;
    }
    if (list_size(pair) == 2) {
        a = scene_find(scene, list_item(document, pair, 0));
        b = scene_find(scene, list_item(document, pair, 1));
        if (a == NULL || b == NULL)
            return;
    }
    key_node = member(document, node, "key");
    if (key_node != NULL)
        key = key_now(scene, key_node);
    if ((a == NULL && key_node == NULL) || (key_node != NULL && key == NULL))
        scene_fail(scene, node, "a conflict is named by pair: [a, b] or key: [type, value]");
    else if (conflict_stands(scene, kind, a != NULL ? customer_of(scene, a, NULL) : 0,
                             b != NULL ? customer_of(scene, b, NULL) : 0, key) != wanted)
        scene_fail(scene, node, "conflict: expected %s %s between %s and %s; found %s",
                   wanted ? "a" : "no", kind, a != NULL ? a->name : "any",
                   b != NULL ? b->name : "any", wanted ? "none" : "one");
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
            scene_fail(scene, pair, "redirect: [x, y] is expected");
            continue;
        }
        x = scene_find(scene, list_item(scene->document, pair, 0));
        y = scene_find(scene, list_item(scene->document, pair, 1));
        if (x == NULL || y == NULL)
            continue;
        now = answers_as(scene, x->first);
        wanted = customer_of(scene, y, NULL);
        if (now == 0 || now != wanted)
            scene_fail(
                scene, pair,
                "redirect: expected the id given for %s to answer as %s's customer %s; found %s",
                x->name, y->name, shown(wanted, wanted_text), shown(now, now_text));
    }
}

static void
expect_gone(struct scene *scene, const yaml_node_t *names)
{
    for (size_t i = 0; i < list_size(names); i++) {
        const yaml_node_t *node = list_item(scene->document, names, i);
        struct seen *seen = scene_find(scene, node);
        char text[FR_ID_TEXT_SIZE];
        uint64_t now = seen != NULL ? answers_as(scene, seen->first) : 0;

        if (now != 0)
            scene_fail(scene, node,
                       "gone: expected the id given for %s to answer \"erased\"; found %s",
                       seen->name, shown(now, text));
    }
}

static void
expect_unverified(struct scene *scene, const yaml_node_t *names, bool wanted)
{
    for (size_t i = 0; i < list_size(names); i++) {
        const yaml_node_t *node = list_item(scene->document, names, i);
        struct seen *seen = scene_find(scene, node);
        bool unverified = false;

        if (seen == NULL)
            continue;
        customer_of(scene, seen, &unverified);
        if (unverified != wanted)
            scene_fail(scene, node, "expected %s to be %s; found %s", seen->name,
                       wanted ? "unverified" : "verified", unverified ? "unverified" : "verified");
    }
}

static bool
expect_list(struct scene *scene, const yaml_node_t *expect, const char *name,
            const yaml_node_t **list)
{
    *list = member(scene->document, expect, name);
    return *list == NULL || (*list)->type == YAML_SEQUENCE_NODE ||
           scene_fail(scene, *list, "%s is a list", name);
}

bool
scene_expect(struct scene *scene, const yaml_node_t *step)
{
    const yaml_node_t *expect = member(scene->document, step, "expect"), *list;

    if (!scene_knows(scene, step, "expect d") ||
        !scene_knows(scene, expect,
                     "same different suggest no_suggest conflict no_conflict shared not_shared "
                     "max_suggest redirect gone unverified verified"))
        return false;
    scene_settle(scene);
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
