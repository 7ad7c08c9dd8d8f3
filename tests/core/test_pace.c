/* Whether the runs of a program are shared: by its size, and between by trials. */
#include "core/program/pace.h"
#include "core/program/program.h"
#include "runner.h"
#include "support.h"

/* Small products are done by one thread, large ones by all; between, both ways are tried. */
START_TEST(threads_by_size) {
    static const struct {
        int64_t rows, depth, columns;
        int way;
    } cases[] = {{64, 64, 64, ANT__ALONE}, {32, 784, 128, ANT__TRY}, {1024, 1024, 512, ANT__SHARE}};
    for (int k = 0; k < 3; k++) {
        ant_program *p = ant__program_new(ANT_FLOAT32);
        ant_value *x = ant__input(p, ANT_FLOAT32, &ANT__DIMS(cases[k].rows, cases[k].depth));
        ant_value *w = ant__input(p, ANT_FLOAT32, &ANT__DIMS(cases[k].depth, cases[k].columns));
        ant__output(p, ant_op_matmul(p, x, w, false, false));
        machine m = machine_of(p, ANT__ALL_PASSES);
        ck_assert_int_eq(ant__program_pace(p)->way, cases[k].way);
        machine_free(&m);
    }
}
END_TEST

/* Runs `p` until a round is over; true when it was shared after the trials. */
static bool round_of(ant_pace *p, double alone, double shared) {
    const int expected = shared > 1.25 * alone ? ANT__PACE_FEW : ANT__PACE_TRIALS;
    int shares = 0, runs = 0;
    for (; ant__pace_tries(p); runs++) {
        bool now = ant__pace_shares(p);
        shares += now;
        double odd = runs % 4 == 1 ? 100 : runs % 4 == 3 ? -1 : 0; /* interrupted, lucky */
        ant__pace_note(p, (now ? shared : alone) + odd, true);
    }
    ck_assert_int_eq(shares, expected);
    ck_assert_int_eq(runs, ANT__PACE_TRIALS + expected);
    bool found = ant__pace_shares(p);
    for (; !ant__pace_tries(p); ant__pace_note(p, 0, true))
        ck_assert_int_eq(ant__pace_shares(p), found);
    return found;
}

START_TEST(threads_by_trial) {
    ant_pace p = ant__pace_of(100e-6);
    ck_assert(!round_of(&p, 2, 3));
    ck_assert(round_of(&p, 3, 2));
    ck_assert(!round_of(&p, 2, 2.5));
    ck_assert(!round_of(&p, 2, 2.1));
    ck_assert(!round_of(&p, 2, 1.95)); /* hardly faster */
    p = ant__pace_of(1e-6);
    ck_assert(!ant__pace_tries(&p) && !ant__pace_shares(&p));
    p = ant__pace_of(1);
    ck_assert(!ant__pace_tries(&p) && ant__pace_shares(&p));
}
END_TEST

/* Rounds grow up to a limit, and are short again once one finds what the last did not. */
START_TEST(rounds_of_trials) {
    ant_pace p = ant__pace_of(100e-6);
    ck_assert(round_of(&p, 3, 2));
    ck_assert_int_eq(p.round, ANT__PACE_FIRST);
    for (int k = 0; k < 9; k++)
        ck_assert(round_of(&p, 3, 2));
    ck_assert_int_eq(p.round, ANT__PACE_MOST);
    ck_assert(!round_of(&p, 2, 3));
    ck_assert_int_eq(p.round, ANT__PACE_FIRST);
}
END_TEST

/* Shared runs that nobody helped with do not count; where none ever helps, one thread stays. */
START_TEST(trials_without_help) {
    enum { BUSY = 20, PATIENCE = 1000 };
    ant_pace p = ant__pace_of(100e-6);
    int shares = 0;
    for (int k = 0; ant__pace_tries(&p); k++) {
        const bool now = ant__pace_shares(&p), helped = !now || shares++ >= BUSY;
        ant__pace_note(&p, now && helped ? 2 : 3, helped);
    }
    ck_assert(ant__pace_shares(&p));
    ck_assert_int_eq(shares, BUSY + ANT__PACE_TRIALS);

    p = ant__pace_of(100e-6);
    int runs = 0;
    for (; ant__pace_tries(&p) && runs < PATIENCE; runs++)
        ant__pace_note(&p, ant__pace_shares(&p) ? 2 : 3, !ant__pace_shares(&p));
    ck_assert_int_lt(runs, PATIENCE);
    ck_assert(!ant__pace_shares(&p));
}
END_TEST

ANT_TEST_MAIN("pace", {threads_by_size}, {threads_by_trial}, {rounds_of_trials},
              {trials_without_help})
