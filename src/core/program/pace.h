/* Whether the runs of a program are shared among threads. To wake threads takes 30 us or more, and
 * numbers that another core has just written come slowly, so small programs are never shared and
 * large ones always. Between, it depends on the processor, and on who else uses it: some runs are
 * made alone and some are shared, and the way that was faster is kept; now and then both are tried
 * again. Results are the same bits either way.
 *
 * Measured on two cores, alone and shared: 40 us to share, 61 and 69 us; 64 us, 57 and 30; a step
 * of 165 us took 130 or 330 us, by where the host had put the two cores. */
#ifndef ANT_CORE_PROGRAM_PACE_H
#define ANT_CORE_PROGRAM_PACE_H
#include <stdbool.h>

enum { ANT__PACE_TRIALS = 9 }; /* each way */

typedef struct ant_pace {
    enum { ANT__ALONE, ANT__TRY, ANT__SHARE } way;
    int runs;                            /* of the present round */
    double seconds[2][ANT__PACE_TRIALS]; /* of its trials: alone, shared */
    bool shared;                         /* what the last trials found */
} ant_pace;

/* seconds: what one core would take for what threads may share, about. From shapes only. */
ant_pace ant__pace_of(double seconds);
/* Is the next run to be shared? */
bool ant__pace_shares(const ant_pace *p);
/* Is it a trial? Then ant__pace_note wants to know how long it took. */
bool ant__pace_tries(const ant_pace *p);
void ant__pace_note(ant_pace *p, double seconds);
#endif
