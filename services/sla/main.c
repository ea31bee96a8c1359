/* main.c - the program filrouge-sla: wiring, nothing else. */
#include "services/sla/sla.h"

int
main(int argc, char **argv)
{
    return fr_stage_main(argc, argv, &sla_stage);
}
