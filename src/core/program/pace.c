#include "core/program/pace.h"
#include <math.h>

enum { LEAST = 20, MOST = 2000 }; /* microseconds to share */
enum { TRIALS = 8, ROUND = 4096 };

static void begin_round(ant_pace *p) {
    p->runs = 0;
    p->best[0] = p->best[1] = INFINITY;
}

ant_pace ant__pace_of(double seconds) {
    ant_pace p = {.way = ANT__TRY};
    if (seconds < 1e-6 * LEAST)
        p.way = ANT__ALONE;
    else if (seconds >= 1e-6 * MOST)
        p.way = ANT__SHARE;
    begin_round(&p);
    return p;
}

/* First those alone, then those that are shared: threads that were just needed are awake. */
bool ant__pace_tries(const ant_pace *p) {
    return p->way == ANT__TRY && p->runs < 2 * TRIALS;
}

bool ant__pace_shares(const ant_pace *p) {
    if (ant__pace_tries(p))
        return p->runs >= TRIALS;
    return p->way == ANT__TRY ? p->shared : p->way == ANT__SHARE;
}

void ant__pace_note(ant_pace *p, double seconds) {
    if (ant__pace_tries(p)) {
        double *best = &p->best[ant__pace_shares(p)];
        *best = fmin(*best, seconds);
    }
    p->runs++;
    if (p->runs == 2 * TRIALS)
        p->shared = p->best[1] < p->best[0];
    if (p->runs == ROUND)
        begin_round(p);
}
