/* bench_path.c - the real path: accepted by the web form to offered at a desk, through the real
 * services. */
#include "tests/bench/bench.h"

int
bench_path(const struct bench_options *options)
{
    (void)options;
    return 1;
}
