#include "core/program/pace.h"
#include <stdlib.h>

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

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* The median: an interrupted run says nothing, and nor does a lucky one. */
static double usual(double seconds[TRIALS]) {
    qsort(seconds, TRIALS, sizeof *seconds, by_size);
    return seconds[TRIALS / 2];
}

void ant__pace_note(ant_pace *p, double seconds) {
    if (ant__pace_tries(p))
        p->seconds[p->runs / TRIALS][p->runs % TRIALS] = seconds;
    p->runs++;
    if (p->runs == 2 * TRIALS)
        p->shared = usual(p->seconds[1]) < usual(p->seconds[0]);
    if (p->runs == ROUND)
        p->runs = 0;
}
