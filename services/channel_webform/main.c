/* main.c - wiring, nothing else. */
#include "services/channel_webform/webform.h"

int
main(int argc, char **argv)
{
    return fr_stage_main(argc, argv, &webform_stage);
}
