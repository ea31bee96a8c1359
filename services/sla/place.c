/* place.c - the row that a PlaceNoted makes. */
#include "services/sla/place.h"

static void
copy_cut(char *out, size_t size, const char *text)
{
    if (text != NULL)
        memcpy(out, text, strnlen(text, size - 1));
}

void
sla_place_of(const Fr__PlaceNoted *noted, struct sla_place *out)
{
    memset(out, 0, sizeof(*out));
    out->task_id = noted->task_id;
    out->place = noted->place;
    copy_cut(out->queue, sizeof(out->queue), noted->queue);
    copy_cut(out->agent, sizeof(out->agent), noted->agent);
    copy_cut(out->site, sizeof(out->site), noted->site);
    copy_cut(out->why, sizeof(out->why), noted->why);
}

bool
sla_place_same(const struct sla_place *a, const struct sla_place *b)
{
    return a->task_id == b->task_id && a->place == b->place && strcmp(a->queue, b->queue) == 0 &&
           strcmp(a->agent, b->agent) == 0 && strcmp(a->site, b->site) == 0 &&
           strcmp(a->why, b->why) == 0;
}
