/* main.c - the conversations service. */
#include "services/conversations/conversations.h"

int
main(int argc, char **argv)
{
    return fr_stage_main(argc, argv, &conversations_stage);
}
