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
      .max = 2000, .doc = "What the customer reads, with {reason}, {time} and {from} where they apply; empty: such customers are told nothing." },
    { NULL },
};
static const struct fr_config_key reason_keys[] = {
    { "cause", FR_CONFIG_CHOICE, offsetof(struct conversations_reason, cause), NULL, .required = true,
      .choices = "no_time|queue|agent|site|calendar", .doc = "Where the delay lies." },
    { "language", FR_CONFIG_STRING, offsetof(struct conversations_reason, language), "", .max = 35,
      .doc = "Only for customers who write in it; empty: for any." },
    { "text", FR_CONFIG_STRING, offsetof(struct conversations_reason, text), NULL, .required = true, .min = 1, .max = 300,
      .doc = "Its words." },
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
      "[{text: \"Thank you for waiting. Your answer takes longer than we promised: {reason}. You will hear from us by {time}.\"},"
      " {language: fr, text: \"Merci de votre patience. La réponse prend plus de temps que promis : {reason}. Vous aurez de nos nouvelles au plus tard : {time}.\"}]",
      .keys = notice_keys, .item_size = sizeof(struct conversations_notice), .max = 500,
      .doc = "What customers read before their promise breaks, once per promise; brand and language fit best first." },
    { "promise_notices", FR_CONFIG_LIST, AT(promise_notices),
      "[{text: \"You will hear from us by {time}.\"}, {language: fr, text: \"Vous aurez de nos nouvelles au plus tard : {time}.\"}]",
      .keys = notice_keys, .item_size = sizeof(struct conversations_notice), .max = 500,
      .doc = "What customers read when an agent has promised something by a time." },
    { "call_notices", FR_CONFIG_LIST, AT(call_notices),
      "[{text: \"We will call you back between {from} and {time}.\"}, {language: fr, text: \"Nous vous rappellerons entre {from} et {time}.\"}]",
      .keys = notice_keys, .item_size = sizeof(struct conversations_notice), .max = 500,
      .doc = "The same for a call-back." },
    { "parked_notices", FR_CONFIG_LIST, AT(parked_notices),
      "[{text: \"Nobody can look at it right now. We will, from {time} on.\"},"
      " {language: fr, text: \"Personne n’est disponible pour le moment. Nous nous en occuperons à partir de : {time}.\"}]",
      .keys = notice_keys, .item_size = sizeof(struct conversations_notice), .max = 500,
      .doc = "What customers read when they write outside of opening hours, or nobody could serve them yet." },
    { "reasons", FR_CONFIG_LIST, AT(reasons),
      "[{cause: queue, text: many people are writing to us right now}, {cause: agent, text: the colleague who looks into it needs more time},"
      " {cause: site, text: the colleagues who can help are not there at the moment}, {cause: calendar, text: we are closed at the moment},"
      " {cause: no_time, text: as soon as we can},"
      " {cause: queue, language: fr, text: beaucoup de personnes nous écrivent en ce moment},"
      " {cause: agent, language: fr, text: le conseiller qui s’en occupe a besoin de plus de temps},"
      " {cause: site, language: fr, text: les conseillers qui peuvent vous aider ne sont pas là en ce moment},"
      " {cause: calendar, language: fr, text: nous sommes fermés en ce moment}, {cause: no_time, language: fr, text: dès que possible}]",
      .keys = reason_keys, .item_size = sizeof(struct conversations_reason), .max = 500,
      .doc = "The words for {reason} in a notice; no_time stands for {time} when no new time is known." },
    { "bots", FR_CONFIG_STRINGS, AT(bots), NULL, .max = 100,
      .doc = "Agents that are no people: their answers are a first response only where a policy of sla says so." },
    { "self_service", FR_CONFIG_LIST, AT(self_service), NULL,
      .keys = notice_keys, .item_size = sizeof(struct conversations_notice), .max = 500,
      .doc = "Who is expected to wait long is offered this instead, a text with an address; brand and language fit best first." },
    { NULL },
};
/* clang-format on */
