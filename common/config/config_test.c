/* config_test.c - what a good file gives, and how it is asked and written again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "common/config/shop_schema_fixture.h"

static const char full[] = "# an installation\n"
                           "run: /run/filrouge\n"
                           "sites: [tana, 'lyon sud']\n"
                           "stage:\n"
                           "  flush: 250ms\n"
                           "insight: {anything: [goes, here], deep: {er: 1}}\n"
                           "routing:\n"
                           "  offer_time: 1m30s\n"
                           "  sticky: false\n"
                           "  tries: 10\n"
                           "  share: 1.25e2\n"
                           "  cache: 16MiB\n"
                           "  log: json\n"
                           "  label: \"caf\\u00e9 \\\"1\\\"\"\n"
                           "  upstream: tcp://hub.example:5555\n"
                           "  tags: []\n"
                           "  queues:\n"
                           "    - name: sales\n"
                           "      skills: [fr, en]\n"
                           "      share: 0.25\n"
                           "    - {name: rest}\n"
                           "  brands:\n"
                           "    acme:\n"
                           "      title: \"yes\"\n"
                           "      weight: -5\n"
                           "    shop.example:\n"
                           "  stage:\n"
                           "    listen: ipc:///run/routing.sock\n";

static struct fr_config *
parse(const char *text)
{
    struct fr_config *config = NULL;
    enum fr_error err = fr_config_parse(text, strlen(text), "shop.yaml", shop_sections,
                                        SHOP_SECTION_COUNT, stderr, &config);

    assert_int_equal(err, FR_OK);
    return config;
}

static void
every_type_arrives(void **state)
{
    struct fr_config *config = parse(full);
    const struct shop_top *top = fr_config_get(config, "");
    const struct shop_routing *routing = fr_config_get(config, "routing");
    const struct shop_queue *queues = routing->queues.items;
    const struct shop_brand *brands = routing->brands.items;

    (void)state;
    assert_string_equal(top->run, "/run/filrouge");
    assert_int_equal(top->sites.count, 2);
    assert_string_equal(((const char **)top->sites.items)[1], "lyon sud");
    assert_int_equal(top->stage.flush.us, 250000);
    assert_int_equal(routing->offer_time.us, 90000000);
    assert_false(routing->sticky);
    assert_int_equal(routing->tries, 10);
    assert_true(routing->share == 125.0);
    assert_int_equal(routing->cache, 16 << 20);
    assert_int_equal(routing->log, 2);
    assert_string_equal(routing->label, "caf\xc3\xa9 \"1\"");
    assert_string_equal(routing->upstream, "tcp://hub.example:5555");
    assert_null(routing->token);
    assert_int_equal(routing->tags.count, 0);
    assert_null(routing->tags.items);
    assert_int_equal(routing->queues.count, 2);
    assert_string_equal(queues[0].name, "sales");
    assert_string_equal(((const char **)queues[0].skills.items)[1], "en");
    assert_true(queues[0].share == 0.25);
    assert_string_equal(queues[1].name, "rest");
    assert_true(queues[1].share == 1.0);
    assert_int_equal(routing->brands.count, 2);
    assert_string_equal(brands[0].name, "acme");
    assert_string_equal(brands[0].title, "yes");
    assert_int_equal(brands[0].weight, -5);
    assert_string_equal(brands[1].name, "shop.example");
    assert_string_equal(brands[1].title, "");
    assert_string_equal(routing->stage.listen, "ipc:///run/routing.sock");
    assert_int_equal(routing->stage.flush.us, 1000000);
    assert_null(fr_config_get(config, "insight"));
    fr_config_free(&config);
    assert_null(config);
    fr_config_free(&config);
}

static void
nothing_gives_the_defaults(void **state)
{
    static const char *const texts[] = {
        "", "# only words\n", "---\n", "~x: {}\n", "routing:\n", "\xef\xbb\xbfrouting: {}\r\n"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct fr_config *config = parse(texts[i]);
        const struct shop_top *top = fr_config_get(config, "");
        const struct shop_routing *routing = fr_config_get(config, "routing");

        assert_string_equal(top->run, "run");
        assert_string_equal(((const char **)top->sites.items)[0], "home");
        assert_int_equal(top->stage.batch_max, 100);
        assert_int_equal(routing->offer_time.us, 20000000);
        assert_true(routing->sticky);
        assert_int_equal(routing->cache, 65536);
        assert_int_equal(routing->tags.count, 2);
        assert_int_equal(routing->queues.count, 0);
        assert_string_equal(routing->stage.listen, "ipc://run/it.sock");
        fr_config_free(&config);
    }
}

static void
what_was_set_is_known_key_by_key(void **state)
{
    struct fr_config *config = parse(full);
    static const struct {
        const char *section, *path;
        bool set;
    } cases[] = {
        {"", "run", true},
        {"", "stage", true},
        {"", "stage.flush", true},
        {"", "stage.listen", false},
        {"", "offer_time", false},
        {"routing", "", true},
        {"routing", "stage.listen", true},
        {"routing", "stage.flush", false},
        {"routing", "stage.listen.deeper", false},
        {"routing", "queues[0].share", true},
        {"routing", "queues[1].share", false},
        {"routing", "queues[2].name", false},
        {"routing", "queues[1", false},
        {"routing", "queues[0].skills[1]", true},
        {"routing", "queues[0].skills[2]", false},
        {"routing", "brands.acme.weight", true},
        {"routing", "brands.shop.example", true},
        {"routing", "brands.shop", false},
        {"sla", "", false},
        {"sla", "stage.listen", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (fr_config_is_set(config, cases[i].section, cases[i].path) != cases[i].set)
            fail_msg("[%s] %s", cases[i].section, cases[i].path);
    fr_config_free(&config);
}

static void
the_longest_name_that_fits_a_path_is_taken(void **state)
{
    struct fr_config *config =
        parse("routing: {brands: {shop: {}, shop.example: {weight: 2}, shop.ex: {}}}\n");

    (void)state;
    assert_true(fr_config_is_set(config, "routing", "brands.shop.example.weight"));
    assert_true(fr_config_is_set(config, "routing", "brands.shop"));
    assert_false(fr_config_is_set(config, "routing", "brands.shop.ex.weight"));
    fr_config_free(&config);
}

static void
the_top_level_is_listed_in_order(void **state)
{
    struct fr_config *config = parse(full);
    const char **names;

    (void)state;
    assert_int_equal(fr_config_top_level(config, &names), 5);
    assert_string_equal(names[0], "run");
    assert_string_equal(names[3], "insight");
    assert_string_equal(names[4], "routing");
    fr_config_free(&config);
}

/* Both sections as text; the caller frees. */
static char *
printed(const struct fr_config *config)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    fr_config_print(config, "", out);
    fr_config_print(config, "routing", out);
    fclose(out);
    return text;
}

static void
what_is_in_force_can_be_loaded_again(void **state)
{
    struct fr_config *first = parse(full), *second;
    char *once = printed(first), *twice;
    const struct shop_routing *routing;

    (void)state;
    assert_non_null(strstr(once, "run: /run/filrouge\n"));
    assert_non_null(strstr(once, "  batch_max: 100 # default\n"));
    assert_non_null(strstr(once, "  label: \"caf\xc3\xa9 \\\"1\\\"\"\n"));
    assert_non_null(strstr(once, "    - name: sales\n      skills: [fr, en]\n"));
    assert_non_null(strstr(once, "    shop.example:\n      title: \"\" # default\n"));
    assert_non_null(strstr(once, "  share: 125\n"));
    assert_null(strstr(once, "token"));
    second = parse(once);
    routing = fr_config_get(second, "routing");
    assert_int_equal(routing->offer_time.us, 90000000);
    assert_int_equal(routing->tags.count, 0);
    assert_string_equal(((const struct shop_brand *)routing->brands.items)[0].title, "yes");

    /* And all that was said is said again, but that now nothing is a default. */
    twice = printed(second);
    assert_null(strstr(twice, "# default"));
    free(once);
    fr_config_free(&first);
    first = parse(twice);
    once = printed(first);
    assert_string_equal(once, twice);
    free(once);
    free(twice);
    fr_config_free(&first);
    fr_config_free(&second);
}

static void
numbers_have_a_dot_in_every_language(void **state)
{
    static const char *const languages[] = {"fr_FR.UTF-8", "de_DE.UTF-8", "de_DE"};
    struct fr_config *config;
    const struct shop_routing *routing;
    bool found = false;

    (void)state;
    for (size_t i = 0; !found && i < 3; i++)
        found = setlocale(LC_ALL, languages[i]) != NULL;
    if (!found) /* none of them is installed here */
        skip();
    config = parse("routing: {share: 0.75}\n");
    routing = fr_config_get(config, "routing");
    assert_true(routing->share == 0.75);
    fr_config_free(&config);
    setlocale(LC_ALL, "C");
}

static void
the_reference_names_every_key(void **state)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    fr_config_reference(&shop_sections[0], out);
    fr_config_reference(&shop_sections[1], out);
    fclose(out);
    assert_non_null(strstr(text, "## Top level\n"));
    assert_non_null(strstr(text, "## `routing`\n"));
    assert_non_null(strstr(text,
                           "| `offer_time` | time, like 250ms or 5m | `20s` | from 1s to 10m | "
                           "How long an agent has to answer. |\n"));
    assert_non_null(strstr(text, "| `log` | one of auto, text, json | `auto` |  | "));
    assert_non_null(strstr(text, "| `queues[].name` | text | required | from 1 to 16 bytes | "));
    assert_non_null(strstr(text, "| `brands.NAME.weight` | whole number | `1` | from -5 to 5 | "));
    assert_null(strstr(text, "brands.NAME.name"));
    assert_non_null(strstr(text, "| `stage.batch_max` | whole number | `100` | at least 1 | "));
    free(text);
}

static void
write_file(const char *dir, const char *name, const char *content)
{
    char path[200];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

static void
secrets_come_from_files_beside_the_configuration(void **state)
{
    const char *tmp = getenv("TMPDIR");
    char dir[100], path[200], *text;
    struct fr_config *config = NULL;
    const struct shop_routing *routing;

    (void)state;
    snprintf(dir, sizeof(dir), "%s/config_test.XXXXXX", tmp == NULL ? "/tmp" : tmp);
    assert_non_null(mkdtemp(dir));
    write_file(dir, "token", "s3cret with a blank \n\n");
    write_file(dir, "shop.yaml", "routing: {token: 'file:token'}\n");
    snprintf(path, sizeof(path), "%s/shop.yaml", dir);
    assert_int_equal(fr_config_load(path, shop_sections, SHOP_SECTION_COUNT, stderr, &config),
                     FR_OK);
    routing = fr_config_get(config, "routing");
    assert_string_equal(routing->token, "s3cret with a blank \n");
    text = printed(config);
    assert_non_null(strstr(text, "  token: file:token\n"));
    assert_null(strstr(text, "s3cret"));
    free(text);
    fr_config_free(&config);

    setenv("CONFIG_TEST_TOKEN", "from outside", 1);
    config = parse("routing: {token: 'env:CONFIG_TEST_TOKEN'}\n");
    routing = fr_config_get(config, "routing");
    assert_string_equal(routing->token, "from outside");
    fr_config_free(&config);
    unsetenv("CONFIG_TEST_TOKEN");

    unlink(path);
    snprintf(path, sizeof(path), "%s/token", dir);
    unlink(path);
    rmdir(dir);
}

static void
a_file_that_cannot_be_read_is_named(void **state)
{
    char *said = NULL;
    size_t size = 0;
    FILE *complaints = open_memstream(&said, &size);
    struct fr_config *config = NULL;

    (void)state;
    assert_int_equal(fr_config_load("/nowhere/shop.yaml", shop_sections, 2, complaints, &config),
                     FR_NOT_FOUND);
    assert_int_equal(fr_config_load("/", shop_sections, 2, complaints, &config), FR_IO);
    assert_int_equal(fr_config_load("/nowhere/shop.yaml", shop_sections, 2, NULL, &config),
                     FR_NOT_FOUND);
    assert_null(config);
    fclose(complaints);
    assert_string_equal(said, "/nowhere/shop.yaml: cannot read it: No such file or directory\n"
                              "/: cannot read it: Is a directory\n");
    free(said);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_arrives),
        cmocka_unit_test(nothing_gives_the_defaults),
        cmocka_unit_test(what_was_set_is_known_key_by_key),
        cmocka_unit_test(the_longest_name_that_fits_a_path_is_taken),
        cmocka_unit_test(the_top_level_is_listed_in_order),
        cmocka_unit_test(what_is_in_force_can_be_loaded_again),
        cmocka_unit_test(numbers_have_a_dot_in_every_language),
        cmocka_unit_test(the_reference_names_every_key),
        cmocka_unit_test(secrets_come_from_files_beside_the_configuration),
        cmocka_unit_test(a_file_that_cannot_be_read_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
