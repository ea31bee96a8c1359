/* main.c - the identity service. */
#include "services/identity/identity.h"

int
main(int argc, char **argv)
{
    return fr_stage_main(argc, argv, &identity_stage);
}
