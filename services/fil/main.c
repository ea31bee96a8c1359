/* main.c - fil: wiring, nothing else. */
#include "services/fil/fil.h"

int
main(int argc, char **argv)
{
    return fil_main(argc, argv);
}
