/* error.h - the outcomes a function can have, and the assertion that stays on in release builds. */
#ifndef FR_BASE_ERROR_H
#define FR_BASE_ERROR_H

enum fr_error {
    FR_OK = 0,
    FR_NOT_FOUND, /* an answer, not trouble: the caller branches and nobody logs */
    FR_EXISTS,    /* likewise: it is there already */
    FR_END,       /* likewise: nothing more to read here */
    FR_AGAIN,     /* not now; what would change that is said by the function */
    FR_INVALID,   /* bad input from outside; the function says what was wrong with it */
    FR_REJECTED,  /* decide set the input aside with its reason */
    FR_TOO_BIG,   /* over a declared limit */
    FR_NO_MEMORY, /* an arena's or an allocator's budget is spent */
    FR_BUSY,      /* back-pressure: come back later */
    FR_FULL,      /* the disk, the map or the journal's budget is full */
    FR_IO,        /* the operating system said EIO or the like; errno tells */
    FR_CORRUPT,   /* stored bytes are not what was stored */
    FR_TRUNCATED, /* the journal no longer holds what the cursor asks for */
    FR_AHEAD,    /* the cursor is beyond the journal's end: the journal was cut short or restored */
    FR_DIVERGED, /* the record at the cursor's sequence is another one than the reader saw */
    FR_DENIED,   /* the peer's key or role does not allow it */
    FR_VERSION,  /* protocol or schema version that we do not speak */
    FR_LOCKED,   /* another process owns this state */
    FR_GONE,     /* the other side, or the thing asked for, has ended */
    FR_ERROR_COUNT
};

/* A constant lower-case name: "ok", "not_found"...  Never NULL, also for values out of range. */
const char *fr_error_name(enum fr_error err);

/* Our own invariant.  When it is false this is a bug: say where, then abort.  The restart resumes
 * from the last synced frame, and a record that does it three times is set aside. */
#define fr_assert(condition)                                                                       \
    ((condition) ? (void)0 : fr_assert_failed(#condition, __FILE__, __LINE__))

_Noreturn void fr_assert_failed(const char *condition, const char *file, int line);

#endif
