/* main.c - the program filrouge-routing: wiring, nothing else. */
#include "services/routing/routing.h"

int
main(int argc, char **argv)
{
    return fr_stage_main(argc, argv, &routing_stage);
}
