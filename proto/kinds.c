/* kinds.c - from a record's number to its message and name, and back. */
#include "proto/kinds.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "proto/bench.pb-c.h"
#include "proto/channel.pb-c.h"
#include "proto/conversation.pb-c.h"
#include "proto/desk.pb-c.h"
#include "proto/email.pb-c.h"
#include "proto/identity.pb-c.h"
#include "proto/message.pb-c.h"
#include "proto/routing.pb-c.h"
#include "proto/site.pb-c.h"
#include "proto/sla.pb-c.h"
#include "proto/stage.pb-c.h"

/* A number is (block, place): high and low byte.  The table is dense, because every record of every
 * batch is looked up in it; it is the only list, so that a kind cannot be in one table and not in
 * another. */
#define BLOCK_COUNT 0x10u
#define PLACE_COUNT 0x40u

/* clang-format off */
#define FITS(number, name, message) \
    _Static_assert((number) >> 8 < BLOCK_COUNT && ((number) & 0xff) < PLACE_COUNT, "raise the table's bounds");
#define ROW(number, name, message) \
    [(number) >> 8][(number) & 0xff] = &fr__##message##__descriptor,

FR_KINDS(FITS)
static const ProtobufCMessageDescriptor *const descriptors[BLOCK_COUNT][PLACE_COUNT] = {FR_KINDS(ROW)};
/* clang-format on */

const ProtobufCMessageDescriptor *
fr_kind_descriptor(uint32_t kind)
{
    uint32_t block = kind >> 8, place = kind & 0xff;

    return block < BLOCK_COUNT && place < PLACE_COUNT ? descriptors[block][place] : NULL;
}

/* The way back runs once per emitted event, so it hashes the descriptor's address.  Addresses are
 * known only at run time (PIE): the slots are filled on first use. */
#define SLOT_COUNT 256u /* a power of two, several times the number of kinds */

static struct {
    const ProtobufCMessageDescriptor *descriptor;
    uint32_t kind;
} slots[SLOT_COUNT];
static pthread_once_t slots_once = PTHREAD_ONCE_INIT;

static uint32_t
slot_of(const ProtobufCMessageDescriptor *descriptor)
{
    return (uint32_t)(((uintptr_t)descriptor * 0x9e3779b97f4a7c15u) >> 56) & (SLOT_COUNT - 1);
}

static void
fill_slots(void)
{
    for (uint32_t kind = 0; kind < BLOCK_COUNT << 8; kind++) {
        const ProtobufCMessageDescriptor *descriptor = fr_kind_descriptor(kind);
        uint32_t slot = slot_of(descriptor);

        if (descriptor == NULL)
            continue;
        while (slots[slot].descriptor != NULL)
            slot = (slot + 1) & (SLOT_COUNT - 1);
        slots[slot].descriptor = descriptor;
        slots[slot].kind = kind;
    }
}

uint32_t
fr_kind_of(const ProtobufCMessageDescriptor *descriptor)
{
    uint32_t slot = slot_of(descriptor);

    pthread_once(&slots_once, fill_slots);
    for (; slots[slot].descriptor != NULL; slot = (slot + 1) & (SLOT_COUNT - 1)) {
        if (slots[slot].descriptor == descriptor)
            return slots[slot].kind;
    }
    return FR_KIND_END;
}

const char *
fr_kind_name(uint32_t kind)
{
    static _Thread_local char stranger[sizeof("kind-0xffffffff")];
    const ProtobufCMessageDescriptor *descriptor = fr_kind_descriptor(kind);

    if (descriptor != NULL)
        return descriptor->short_name;
    snprintf(stranger, sizeof(stranger), "kind-0x%04x", (unsigned)kind);
    return stranger;
}

uint32_t
fr_kind_by_name(const char *name)
{
    for (uint32_t kind = 0; kind < BLOCK_COUNT << 8; kind++) {
        const ProtobufCMessageDescriptor *descriptor = fr_kind_descriptor(kind);

        if (descriptor != NULL && strcmp(descriptor->short_name, name) == 0)
            return kind;
    }
    return FR_KIND_END;
}
