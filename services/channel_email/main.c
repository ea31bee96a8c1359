/* main.c - wiring, nothing else. */
#include "services/channel_email/email.h"

int
main(int argc, char **argv)
{
    return fr_stage_main(argc, argv, &email_stage);
}
