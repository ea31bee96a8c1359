/* doctor_machine.c - disk, clock and limits of this machine. */
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <protobuf-c/protobuf-c.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <zmq.h>
#include "common/base/time.h"
#include "services/fil/doctor.h"
#include "services/fil/show.h"

#define SYNC_COUNT 40
#define SYNC_SIZE 4096
#define FREE_WANTED (1ull << 30)
#define FILES_WANTED 4096
#define FILES_LEAST 1024

static void
libraries(struct fil_doctor *doctor)
{
    int major, minor, patch;
    const char *lmdb = mdb_version(NULL, NULL, NULL);

    zmq_version(&major, &minor, &patch);
    fil_find(doctor, "libraries",
             major == ZMQ_VERSION_MAJOR && (major > 4 || minor >= 3) ? FIL_FINE : FIL_BAD,
             "install libzmq 4.3 or later",
             "filrouge %s, libzmq %d.%d.%d (built with %d.%d.%d), %s, protobuf-c %s",
             FR_VERSION_TEXT, major, minor, patch, ZMQ_VERSION_MAJOR, ZMQ_VERSION_MINOR,
             ZMQ_VERSION_PATCH, lmdb, protobuf_c_version());
}

/* ---- the disk ---- */

static const char *
file_system(const char *path, enum fil_finding *finding)
{
    static const struct {
        unsigned long type;
        const char *name;
        enum fil_finding finding;
    } known[] = {
        {0xef53, "ext4", FIL_FINE},      {0x58465342, "xfs", FIL_FINE},
        {0x9123683e, "btrfs", FIL_FINE}, {0x2fc12fc1, "zfs", FIL_FINE},
        {0x01021994, "tmpfs", FIL_BAD},  {0x794c7630, "overlay", FIL_WARN},
        {0x6969, "nfs", FIL_BAD},        {0xff534d42, "cifs", FIL_BAD},
        {0x65735546, "fuse", FIL_WARN},  {0x858458f6, "ramfs", FIL_BAD},
    };
    struct statfs status;

    *finding = FIL_WARN;
    if (statfs(path, &status) != 0)
        return "unknown";
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if ((unsigned long)status.f_type == known[i].type) {
            *finding = known[i].finding;
            return known[i].name;
        }
    return "unknown";
}

static void
space(struct fil_doctor *doctor, const char *state)
{
    struct statvfs status;
    enum fil_finding finding;
    const char *kind = file_system(state, &finding);
    char text[16];
    uint64_t bytes;

    fil_find(doctor, "file system", finding,
             finding == FIL_BAD
                 ? "put `state` on a local disk: journals must survive a power cut, and "
                   "LMDB maps its file"
                 : "is it a local disk that keeps what fdatasync says?",
             "%s is on %s", state, kind);
    if (statvfs(state, &status) != 0)
        return;
    bytes = (uint64_t)status.f_bavail * status.f_frsize;
    fil_find(
        doctor, "free space", bytes >= FREE_WANTED ? FIL_FINE : FIL_WARN,
        "intake stops when journal_reserve is reached: free space, or give `state` a larger disk",
        "%s free at %s", fil_bytes_format(bytes, text), state);
}

static int
by_length(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

static void
syncs(struct fil_doctor *doctor, const char *state)
{
    char path[FIL_PATH_SIZE + 20], block[SYNC_SIZE];
    int64_t took[SYNC_COUNT], median;
    int count = 0, fd;

    snprintf(path, sizeof(path), "%s/.doctor.%d", state, (int)getpid());
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        fil_find(doctor, "writable", FIL_BAD, "run as the user that owns it", "%s: %s", state,
                 strerror(errno));
        return;
    }
    memset(block, 'd', sizeof(block));
    for (; count < SYNC_COUNT; count++) {
        struct fr_span begun = fr_time_monotonic();

        if (write(fd, block, sizeof(block)) != (ssize_t)sizeof(block) || fdatasync(fd) != 0)
            break;
        took[count] = fr_time_monotonic().us - begun.us;
    }
    close(fd);
    unlink(path);
    if (count < SYNC_COUNT) {
        fil_find(doctor, "sync", FIL_BAD, "look at the disk (dmesg)", "fdatasync failed: %s",
                 strerror(errno));
        return;
    }
    qsort(took, SYNC_COUNT, sizeof(took[0]), by_length);
    median = took[SYNC_COUNT / 2];
    fil_find(doctor, "sync", median > 20000 || median < 8 ? FIL_WARN : FIL_FINE,
             median < 8 ? "nothing durable is so quick: does this disk keep what it says?"
                        : "each batch waits for one of these: a faster disk answers faster",
             "fdatasync takes %lld us, at worst %lld us", (long long)median,
             (long long)took[SYNC_COUNT - 1]);
}

/* ---- clock and limits ---- */

static void
wall_clock(struct fil_doctor *doctor)
{
    struct timex timex = {0};
    int state = adjtimex(&timex);
    char text[FR_TIME_TEXT_SIZE];
    bool good = state != TIME_ERROR && (timex.status & STA_UNSYNC) == 0;

    fil_find(doctor, "clock", good ? FIL_FINE : FIL_WARN,
             "promises are kept by the wall clock: run chrony or systemd-timesyncd", "%s, %s",
             fr_time_format(fr_time_wall(), text),
             good ? "synchronized" : "not known to be synchronized");
}

static void
limits(struct fil_doctor *doctor)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        fil_find(doctor, "open files",
                 files.rlim_cur >= FILES_WANTED  ? FIL_FINE
                 : files.rlim_cur >= FILES_LEAST ? FIL_WARN
                                                 : FIL_BAD,
                 "each chat window is one: raise LimitNOFILE (ulimit -n)", "at most %llu",
                 (unsigned long long)files.rlim_cur);
}

static void
sockets(struct fil_doctor *doctor)
{
    struct stat status;

    if (doctor->install->run == NULL || stat(doctor->install->run, &status) != 0)
        return; /* made at the first start */
    fil_find(doctor, "sockets", (status.st_mode & 077) == 0 ? FIL_FINE : FIL_BAD,
             "whoever can enter it may command the services: chmod 700", "%s has mode %03o",
             doctor->install->run, status.st_mode & 0777);
}

void
fil_doctor_machine(struct fil_doctor *doctor)
{
    const char *state = doctor->install->state;

    libraries(doctor);
    if (state != NULL && access(state, F_OK) == 0) {
        space(doctor, state);
        syncs(doctor, state);
    } else if (state != NULL) {
        fil_find(doctor, "state", FIL_WARN, "the first start makes it, if its parent is there",
                 "%s is not there yet", state);
    }
    sockets(doctor);
    wall_clock(doctor);
    limits(doctor);
}
