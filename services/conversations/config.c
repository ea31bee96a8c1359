/* config.c - conversations' knobs, one row each. */
#include "services/conversations/conversations.h"

#define AT(field) offsetof(struct conversations_config, field)

/* clang-format off */
static const struct fr_config_key notice_keys[] = {
    { "brand", FR_CONFIG_STRING, offsetof(struct conversations_notice, brand), "", .max = 15,
      .doc = "Only for this brand; empty: for any." },
    { "language", FR_CONFIG_STRING, offsetof(struct conversations_notice, language), "", .max = 35,
      .doc = "Only for customers who write in it (fr also serves fr-CA); empty: for any." },
    { "text", FR_CONFIG_STRING, offsetof(struct conversations_notice, text), NULL, .required = true,
      .max = 2000, .doc = "What the customer reads; empty: such customers are told nothing." },
    { NULL },
};

const struct fr_config_key conversations_config_keys[] = {
    { "reopen_for", FR_CONFIG_SPAN, AT(reopen_for), "72h", .min = 0, .max = INT64_C(31536000000000),
      .doc = "How long after its end a conversation goes on when the customer writes again." },
    { "quiet_after", FR_CONFIG_SPAN, AT(quiet_after), "72h", .min = 1000000, .max = INT64_C(31536000000000),
      .doc = "How long after an answer silence counts as the outcome ANSWERED." },
    { "look_again", FR_CONFIG_SPAN, AT(look_again), "5s", .min = 100000, .max = INT64_C(600000000),
      .doc = "How long after its task ended an open conversation waits for the agent's own word before it asks for another agent." },
    { "history_across_brands", FR_CONFIG_BOOL, AT(history_across_brands), "false",
      .doc = "Whether agents of one brand see what a customer said to another; leave it off when brands are different companies." },
    { "notices", FR_CONFIG_LIST, AT(notices),
      "[{text: \"Thank you for waiting. Your answer takes longer than we promised; an agent will write to you here.\"},"
      " {language: fr, text: \"Merci de votre patience. La réponse prend plus de temps que promis ; un conseiller vous écrira ici.\"}]",
      .keys = notice_keys, .item_size = sizeof(struct conversations_notice), .max = 500,
      .doc = "What customers read before their promise breaks, once per promise; brand and language fit best first." },
    { NULL },
};
/* clang-format on */
