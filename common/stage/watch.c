/* watch.c - the clock of a running service: what a step does, says and leaves behind.
 *
 * The offset of bus time to the steady clock is noted in the journal, with the name of that steady
 * clock (the machine's boot, and the time namespace).  So the next run knows how late it is even if
 * somebody has set the wall clock meanwhile, and a service that holds a step goes on holding it.
 */
#include "common/stage/process.h"

#include <fcntl.h>
#include <unistd.h>
#include "common/base/hash.h"
#include "proto/stage.pb-c.h"

/* 0: this system does not tell. */
static uint64_t
steady_clock_name(void)
{
    char text[128];
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, text, 64), more;

    if (fd >= 0)
        close(fd);
    if (size <= 0)
        return 0;
    more = readlink("/proc/self/ns/time", text + size, sizeof(text) - (size_t)size);
    return fr_hash(text, (size_t)(size + (more > 0 ? more : 0)));
}

void
fr_watch_begin(struct fr_process *process, struct fr_time last_journalled)
{
    const struct fr_stage_options *stage = &process->options->stage;
    struct fr_own_clock noted = {0};

    process->steady_name = steady_clock_name();
    fr_own_clock(process->engine.turn.view, &noted);
    if (process->steady_name == 0 || noted.steady_name != process->steady_name ||
        fr_sabotage("clock_not_kept"))
        noted.steady_name = 0;
    fr_clock_init(&process->clock, last_journalled,
                  noted.steady_name == 0 ? NULL : &noted.offset_us, stage->clock_step_max,
                  stage->clock_hold);
}

/* Noted when it has moved by more than ordinary drift: once per run, and after each step. */
static void
note_offset(struct fr_process *process)
{
    Fr__ClockNoted note = FR__CLOCK_NOTED__INIT;
    int64_t offset_us = fr_clock_offset(&process->clock);
    int64_t moved_us = offset_us - process->noted_offset_us;

    if (process->clock_noted && moved_us < process->clock.step_max.us / 2 &&
        -moved_us < process->clock.step_max.us / 2)
        return;
    note.steady_name = process->steady_name;
    note.offset_us = offset_us;
    if (fr_engine_own(&process->engine, NULL, &note.base) != FR_OK)
        return; /* tried again at the next turn */
    process->clock_noted = true;
    process->noted_offset_us = offset_us;
}

static void
tell_step(struct fr_process *process)
{
    Fr__ClockStepped stepped = FR__CLOCK_STEPPED__INIT;

    stepped.step_us = process->clock.step_us;
    stepped.held = fr_clock_held(&process->clock);
    fr_engine_own(&process->engine, NULL, &stepped.base);
    if (stepped.step_us == 0) {
        fr_log(FR_WARN, "clock_agrees", "offset_ms=%lld",
               (long long)(fr_clock_offset(&process->clock) - process->noted_offset_us) / 1000);
        return;
    }
    fr_log(FR_ERROR, "clock_stepped", "by_ms=%lld held=%s next=\"%s\"",
           (long long)(stepped.step_us / 1000), stepped.held ? "true" : "false",
           stepped.held
               ? "fil clock confirm, if the wall clock is right; else set it right"
               : "nothing fires twice; fil clock confirm, if timers shall wait for the wall clock");
}

static bool
check(struct fr_clock *clock)
{
    if (fr_sabotage("clock_in_process"))
        return fr_clock_compare(clock, fr_time_wall().unix_us, fr_clock_steady().us);
    return fr_clock_check(clock);
}

void
fr_watch_clock(struct fr_process *process)
{
    process->clock.step_max = process->options->stage.clock_step_max;
    process->clock.hold = process->options->stage.clock_hold;
    if (fr_sabotage("clock_believed"))
        process->clock.step_max = fr_seconds(365 * 86400);
    if (fr_sabotage("clock_goes_back") && process->clock.step_us < 0) {
        fr_clock_confirm(&process->clock);
        process->clock.last_us = 0;
    }
    if (check(&process->clock))
        tell_step(process);
    note_offset(process);
}

void
fr_watch_confirm(struct fr_process *process)
{
    int64_t step_us = process->clock.step_us;

    if (step_us == 0)
        return;
    fr_clock_confirm(&process->clock);
    fr_log(FR_WARN, "clock_confirmed", "by_ms=%lld timers=%s", (long long)(step_us / 1000),
           step_us > 0 ? "\"go by it now\"" : "\"stand still until it has caught up\"");
    tell_step(process);
}
