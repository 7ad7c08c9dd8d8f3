/* Whether the runs of a program are shared among threads. To wake threads takes 30 us or more, and
 * numbers that another core has just written come slowly, so small programs are never shared and
 * large ones always. Between, it depends on the processor, and on who else uses it: some runs are
 * made alone and some are shared, which is kept where it was clearly faster; now and then both are
 * tried again, and soon where the last two rounds did not agree. Results are the same bits either
 * way.
 *
 * Runs that the other threads hardly took part in, as their cores were not free, say nothing of how
 * fast shared runs are, and do not count. Who finds those cores taken by a process that waits awake
 * for some milliseconds would else stay alone for long.
 *
 * Measured on two cores, alone and shared: 40 us to share, 61 and 69 us; 64 us, 57 and 30; a step
 * of 165 us took 130 or 330 us, by where the host had put the two cores. */
#ifndef ANT_CORE_PROGRAM_PACE_H
#define ANT_CORE_PROGRAM_PACE_H
#include <stdbool.h>

enum {
    ANT__PACE_TRIALS = 9, /* each way */
    ANT__PACE_FEW = 3,    /* shared ones, enough to see that they are much slower */
    ANT__PACE_FIRST = 64,
    ANT__PACE_MOST = 1024
};

typedef struct ant_pace {
    enum { ANT__ALONE, ANT__TRY, ANT__SHARE } way;
    int round;                           /* how many runs it has, PACE_FIRST up to PACE_MOST */
    int runs;                            /* of the present round, those that count */
    int unhelped;                        /* trials of this round that do not */
    double seconds[2][ANT__PACE_TRIALS]; /* of its trials: alone, shared */
    bool shared;                         /* what the last trials found */
} ant_pace;

/* seconds: what one core would take for what threads may share, about. From shapes only. */
ant_pace ant__pace_of(double seconds);
/* Is the next run to be shared? */
bool ant__pace_shares(const ant_pace *p);
/* Is it a trial? Then ant__pace_note wants to know how long it took, and of a shared one whether
 * the other threads helped. */
bool ant__pace_tries(const ant_pace *p);
void ant__pace_note(ant_pace *p, double seconds, bool helped);
#endif
