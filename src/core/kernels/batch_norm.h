/* What the ops of batch normalization tell their kernels: where each number stands. */
#ifndef ANT_CORE_KERNELS_BATCH_NORM_H
#define ANT_CORE_KERNELS_BATCH_NORM_H

/* x is (rows, channels). A cell is a chunk of rows. */
enum ant_batch_number {
    ANT__BATCH_ROWS,
    ANT__BATCH_CHANNELS,
    ANT__BATCH_CHUNKS,
    ANT__BATCH_EPSILON,
    ANT__BATCH_CUT,   /* 1: results within [0, limit] */
    ANT__BATCH_GATED, /* ant_batch_gate */
    ANT__BATCH_LIMIT,
    ANT__BATCH_REPEAT, /* rows of x for each row of dy */
    ANT__BATCH_NUMBERS
};

/* What dy went through: it counts where the gate is within (0, limit). */
enum ant_batch_gate {
    ANT__GATE_NONE,  /* it counts everywhere */
    ANT__GATE_GIVEN, /* the last input */
    ANT__GATE_OWN    /* x normalized, which is computed once more rather than read again */
};
#endif
