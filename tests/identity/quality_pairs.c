/* quality_pairs.c - counting pairs of records that two partitions have. */
#include "tests/identity/quality.h"

#include <stdlib.h>

struct cell { /* one record: its group here and there */
    uint64_t a, b;
};

static int
by_both(const void *x, const void *y)
{
    const struct cell *p = x, *q = y;

    if (p->a != q->a)
        return p->a < q->a ? -1 : 1;
    return p->b < q->b ? -1 : p->b > q->b;
}

static uint64_t
pairs_of(uint64_t size)
{
    return size * (size - 1) / 2;
}

/* Pairs in the groups of `a`, and those of them that are in one group of `b` as well. */
static void
count(struct cell *cells, size_t size, uint64_t *all, uint64_t *both, size_t *largest)
{
    size_t group = 0, cell = 0;

    *all = *both = *largest = 0;
    qsort(cells, size, sizeof(*cells), by_both);
    for (size_t i = 1; i <= size; i++) {
        bool end = i == size || cells[i].a != cells[i - 1].a;

        if (end || cells[i].b != cells[i - 1].b) {
            *both += pairs_of(i - cell);
            cell = i;
        }
        if (end) {
            *all += pairs_of(i - group);
            *largest = i - group > *largest ? i - group : *largest;
            group = i;
        }
    }
}

void
quality_count(const struct quality_rows *rows, const uint64_t *found, struct quality_pairs *pairs)
{
    struct cell *cells = calloc(rows->count + 1, sizeof(*cells));
    uint64_t right;
    size_t largest;

    fr_assert(cells != NULL);
    for (size_t i = 0; i < rows->count; i++)
        cells[i] = (struct cell){found[i], rows->rows[i].person};
    count(cells, rows->count, &pairs->found, &pairs->right, &pairs->largest);
    for (size_t i = 0; i < rows->count; i++)
        cells[i] = (struct cell){rows->rows[i].person, found[i]};
    count(cells, rows->count, &pairs->real, &right, &largest);
    free(cells);
}

double
quality_agreement(const uint64_t *a, const uint64_t *b, size_t size)
{
    struct cell *cells = calloc(size + 1, sizeof(*cells));
    uint64_t ours, theirs, both;
    size_t largest;

    fr_assert(cells != NULL);
    for (size_t i = 0; i < size; i++)
        cells[i] = (struct cell){b[i], a[i]};
    count(cells, size, &theirs, &both, &largest);
    for (size_t i = 0; i < size; i++)
        cells[i] = (struct cell){a[i], b[i]};
    count(cells, size, &ours, &both, &largest);
    free(cells);
    return ours + theirs == both ? 1 : (double)both / (double)(ours + theirs - both);
}
