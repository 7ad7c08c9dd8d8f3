#include "core/program/pace.h"
#include "core/clock.h"

enum { LEAST = 32, MOST = 1000 }; /* microseconds to share */
enum { TRIALS = ANT__PACE_TRIALS, FEW = ANT__PACE_FEW, MOST_UNHELPED = 32 };

ant_pace ant__pace_of(double seconds) {
    ant_pace p = {.way = ANT__TRY, .round = ANT__PACE_FIRST};
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

/* Other cores are only asked for what is clearly faster with them: a gain that trials could owe to
 * chance is often none. */
static bool is_worth(double shared, double alone) {
    return shared < 0.95 * alone;
}

/* Rounds grow as long as each finds what the last one did. */
static void end_trials(ant_pace *p, bool shared) {
    const bool agree = shared == p->shared;
    if (!agree)
        p->round = ANT__PACE_FIRST;
    else if (p->round < ANT__PACE_MOST)
        p->round *= 2;
    p->shared = shared;
    p->runs = 2 * TRIALS;
}

/* A few trials tell what is much slower, which more of them would only delay. */
static bool is_hopeless(double shared, double alone) {
    return shared > 1.25 * alone;
}

static void decide(ant_pace *p) {
    const int shares = p->runs - TRIALS;
    if (shares != FEW && shares != TRIALS)
        return;
    const double alone = ant__median(p->seconds[0], TRIALS);
    const double shared = ant__median(p->seconds[1], shares);
    if (shares == TRIALS || is_hopeless(shared, alone))
        end_trials(p, is_worth(shared, alone));
}

static void note_trial(ant_pace *p, double seconds, bool helped) {
    if (ant__pace_shares(p) && !helped) {
        if (++p->unhelped == MOST_UNHELPED)
            end_trials(p, false);
        return;
    }
    p->seconds[p->runs / TRIALS][p->runs % TRIALS] = seconds;
    p->runs++;
    decide(p);
}

void ant__pace_note(ant_pace *p, double seconds, bool helped) {
    if (ant__pace_tries(p)) {
        note_trial(p, seconds, helped);
    } else if (p->way == ANT__TRY && ++p->runs >= p->round) {
        p->runs = 0;
        p->unhelped = 0;
    }
}
