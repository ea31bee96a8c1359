/* main.c - wiring, nothing else. */
#include "services/channel_webchat/webchat.h"

int
main(int argc, char **argv)
{
    return fr_stage_main(argc, argv, &webchat_stage);
}
