#include "core/program/pace.h"
#include "core/clock.h"

enum { LEAST = 20, MOST = 2000 }; /* microseconds to share */
enum { TRIALS = ANT__PACE_TRIALS, ROUND = 1024 };

ant_pace ant__pace_of(double seconds) {
    ant_pace p = {.way = ANT__TRY};
    if (seconds < 1e-6 * LEAST)
        p.way = ANT__ALONE;
    else if (seconds >= 1e-6 * MOST)
        p.way = ANT__SHARE;
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
    if (ant__pace_tries(p))
        p->seconds[p->runs / TRIALS][p->runs % TRIALS] = seconds;
    p->runs++;
    if (p->runs == 2 * TRIALS)
        p->shared = ant__median(p->seconds[1], TRIALS) < ant__median(p->seconds[0], TRIALS);
    if (p->runs == ROUND)
        p->runs = 0;
}
