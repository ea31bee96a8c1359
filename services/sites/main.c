/* main.c - wiring, nothing else. */
#include "services/sites/sites.h"

int
main(int argc, char **argv)
{
    return fr_stage_main(argc, argv, &sites_stage);
}
