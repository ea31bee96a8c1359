/* identity_act.c - fil identity merge, unmerge, confirm, reject, lift, verify, erase: a person
 * decides, and who and why stays on record. */
#include <pwd.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "services/fil/identity_act.h"

/* clang-format off */
#define WHO_AND_WHY \
    { "--why", FIL_TEXT, offsetof(struct fil_act_given, why), "TEXT", "The reason; it stays on record.",               NULL }, \
    { "--who", FIL_TEXT, offsetof(struct fil_act_given, who), "NAME", "Who decides, if not who is logged in here.",     NULL }, \
    { "--yes", FIL_FLAG, offsetof(struct fil_act_given, yes), NULL,   "Do not ask.",                                   NULL }

const struct fil_option fil_act_options[] = { WHO_AND_WHY, { NULL } };
const struct fil_option fil_merge_options[] = {
    WHO_AND_WHY,
    { "--lift", FIL_FLAG, offsetof(struct fil_act_given, lift), NULL, "Also when a person said before that they are not one.", NULL },
    { NULL },
};
const struct fil_option fil_verify_options[] = {
    WHO_AND_WHY,
    { "--region", FIL_TEXT, offsetof(struct fil_act_given, region), "COUNTRY", "Of a phone number without its country code.", NULL },
    { "--brand",  FIL_TEXT, offsetof(struct fil_act_given, brand),  "BRAND",   "Whose account number or log-in it is.",       NULL },
    { NULL },
};
/* clang-format on */

static const char *
operator(const struct fil_act_given *given)
{
    const struct passwd *user = getpwuid(getuid());
    const char *name = getenv("SUDO_USER");

    if (given->who != NULL)
        return given->who;
    return name != NULL ? name : user != NULL ? user->pw_name : "operator";
}

/* Asked only where somebody can answer; a script is taken at its word. */
static bool
confirmed(const struct fil_act_given *given, const char *question)
{
    char answer[16];

    if (given->yes || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return true;
    fprintf(stderr, "%s Go on? [y/N] ", question);
    return fgets(answer, sizeof(answer), stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

static void
put_client_id(json_t *message)
{
    uint8_t random[16];
    char text[2 * sizeof(random) + 1];

    fr_assert(sodium_init() >= 0);
    randombytes_buf(random, sizeof(random));
    sodium_bin2hex(text, sizeof(text), random, sizeof(random));
    json_object_set_new(message, "client_id", json_string(text));
}

static int
tell(struct fil *fil, json_t *answer)
{
    bool done = json_is_true(json_object_get(answer, "done"));
    const char *reason = json_string_value(json_object_get(answer, "reason"));
    const char *customer = json_string_value(json_object_get(answer, "customer_id"));
    const char *other = json_string_value(json_object_get(answer, "other_id"));

    if (fil->json) {
        fil_show_json(answer);
        return done ? FIL_OK : FIL_FAILED;
    }
    if (!done)
        fil_complain("refused: %s", reason != NULL ? reason : "no reason was given");
    else
        printf("%s: customer %s%s%s\n", reason, customer != NULL ? customer : "-",
               other != NULL ? ", and apart from it " : "", other != NULL ? other : "");
    json_decref(answer);
    return done ? FIL_OK : FIL_FAILED;
}

/* Takes message. */
static int
act(struct fil *fil, const struct fil_act_given *given, const char *action, json_t *message,
    const char *question)
{
    json_t *answer;

    if (given->why == NULL || given->why[0] == '\0') {
        json_decref(message);
        fil_complain("say --why: it stays on record");
        return FIL_USAGE;
    }
    if (!confirmed(given, question)) {
        json_decref(message);
        return FIL_FAILED;
    }
    json_object_set_new(message, "action", json_string(action));
    json_object_set_new(message, "who", json_string(operator(given)));
    json_object_set_new(message, "why", json_string(given->why));
    put_client_id(message);
    answer = fil_tell(fil, "identity", "IdentityActionAsked", message);
    return answer == NULL ? FIL_FAILED : tell(fil, answer);
}

static json_t *
pair(char **argv)
{
    return json_pack("{s:s, s:s}", "customer_id", argv[0], "other_id", argv[1]);
}

int
fil_run_identity_merge(struct fil *fil, const void *given, int argc, char **argv)
{
    const struct fil_act_given *act_given = given;
    json_t *message = pair(argv);

    (void)argc;
    if (act_given->lift)
        json_object_set_new(message, "lift", json_true());
    return act(fil, given, "MERGE", message, "They become one customer with one history.");
}

int
fil_run_identity_unmerge(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)argc;
    return act(fil, given, "UNMERGE", json_pack("{s:s}", "customer_id", argv[0]),
               "He goes apart with what is his, and stays so.");
}

int
fil_run_identity_confirm(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)argc;
    return act(fil, given, "CONFIRM", pair(argv), "They become one customer with one history.");
}

int
fil_run_identity_reject(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)argc;
    return act(fil, given, "REJECT", pair(argv), "The pair is never suggested again.");
}

int
fil_run_identity_lift(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)argc;
    return act(fil, given, "LIFT", pair(argv), "Verified evidence may then merge them again.");
}

int
fil_run_identity_verify(struct fil *fil, const void *given, int argc, char **argv)
{
    const struct fil_act_given *act_given = given;
    json_t *message = json_pack("{s:s, s:s, s:s}", "customer_id", argv[0], "key_type", argv[1],
                                "key_value", argv[2]);

    (void)argc;
    if (act_given->region != NULL)
        json_object_set_new(message, "key_region", json_string(act_given->region));
    if (act_given->brand != NULL)
        json_object_set_new(message, "key_brand", json_string(act_given->brand));
    return act(fil, given, "VERIFY", message,
               "Whoever proves that key is this customer from now on.");
}

int
fil_run_identity_erase(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)argc;
    return act(fil, given, "ERASE", json_pack("{s:s}", "customer_id", argv[0]),
               "Everything that is known of this customer is removed; there is no way back.");
}
