/* bot_work.h - what a scripted agent has in hand; private to bot*.c. */
#ifndef FR_FIL_BOT_WORK_H
#define FR_FIL_BOT_WORK_H

#include "common/base/id.h"
#include "services/fil/bot.h"

#define BOT_ID_SIZE 65
#define BOT_SAY_AGAIN_US 2000000 /* when neither an answer nor the end of the connection came */

struct bot_action { /* said to the desk, until it answers */
    struct bot_action *next;
    char id[BOT_ID_SIZE];
    char verb[12];
    char conversation[FR_ID_TEXT_SIZE]; /* or "" */
    int64_t again_us;                   /* when it is said again */
    char *text;                         /* the whole message */
};

enum bot_matter_state { BOT_OFFERED, BOT_HELD, BOT_FINISHING };

struct bot_matter { /* an offer that becomes a conversation */
    struct bot_matter *next;
    char conversation[FR_ID_TEXT_SIZE], offer[FR_ID_TEXT_SIZE];
    enum bot_matter_state state;
    bool loaded;       /* the conversation itself has come */
    bool unanswered;   /* the customer said something after our last reply */
    bool replying;     /* a reply is under way */
    int64_t newest_ms; /* of the customer's entries that were seen, with its id */
    char newest[FR_ID_TEXT_SIZE];
    int64_t due_us; /* when to reply or to finish; 0: nothing is due */
    char last_words[81];
};

enum bot_step { BOT_CLOSED, BOT_SIGNING_IN, BOT_UPGRADING, BOT_OPEN };

struct fil_bot {
    struct fil_bot_options options;
    struct fil_net net;
    struct fil_ws_reader reader;
    enum bot_step step;
    bool joined, refused;
    char cookie[512];
    int64_t next_try_us, stuck_us, heard_us;
    struct fr_span back_off;
    struct bot_matter *matters;
    struct bot_action *actions, **last_action;
    uint64_t numbers; /* of our ids */
    struct fil_bot_stats stats;
};

/* bot_work.c: what came over the WebSocket, and what is due. */
void bot_hear(struct fil_bot *bot, const json_t *event, int64_t now_us);
void bot_work(struct fil_bot *bot, int64_t now_us);
int64_t bot_work_due(const struct fil_bot *bot);
/* Everything that was not answered is said again on a new connection. */
void bot_say_all_again(struct fil_bot *bot, int64_t now_us);
void bot_work_free(struct fil_bot *bot);

void bot_tell(const struct fil_bot *bot, const char *verb, const char *conversation,
              const char *detail);

#endif
