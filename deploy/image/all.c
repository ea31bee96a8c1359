/* all.c - every program of Filrouge in one file: it is the one that it is called as. */
#include <stdio.h>
#include <string.h>

#define PROGRAM(name, function) int function(int argc, char **argv);
#include "programs.inc"
#undef PROGRAM

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} programs[] = {
#define PROGRAM(name, function) {name, function},
#include "programs.inc"
#undef PROGRAM
};

int
main(int argc, char **argv)
{
    const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
    const char *called = argc == 0 ? "" : slash == NULL ? argv[0] : slash + 1;

    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
        if (strcmp(programs[i].name, called) == 0)
            return programs[i].run(argc, argv);
    fprintf(stderr, "filrouge-all: there is no program '%s' in it\n", called);
    return 64;
}
