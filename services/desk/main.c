/* main.c - wiring, nothing else. */
#include "services/desk/desk.h"

int
main(int argc, char **argv)
{
    return fr_stage_main(argc, argv, &desk_stage);
}
