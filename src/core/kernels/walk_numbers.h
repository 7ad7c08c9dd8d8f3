/* What the recurrent ops tell their kernels: codes of activations, and where each number stands.
 *
 * A kernel walks over all steps of some samples: cell k does the samples [k * ANT__WALK_ROWS,
 * (k + 1) * ANT__WALK_ROWS), so threads never wait for each other within a sequence. */
#ifndef ANT_CORE_KERNELS_WALK_NUMBERS_H
#define ANT_CORE_KERNELS_WALK_NUMBERS_H
#include "core/kernels/gemm_size.h"

/* Activations whose slope is a function of their result. */
typedef enum ant_gate {
    ANT__GATE_LINEAR,
    ANT__GATE_TANH,
    ANT__GATE_SIGMOID,
    ANT__GATE_RELU,
    ANT__GATE_HARD_SIGMOID,
    ANT__GATES
} ant_gate;

enum { ANT__WALK_ROWS = 16 };

enum ant_walk_number {
    ANT__WALK_BATCH,
    ANT__WALK_STEPS,
    ANT__WALK_UNITS,
    ANT__WALK_ACTIVATION, /* ant_gate: of the candidate and the output */
    ANT__WALK_GATE,       /* ant_gate: of the gates */
    ANT__WALK_REVERSE,    /* 1: from the last step to the first */
    ANT__WALK_HAS,        /* set of the inputs that are there */
    ANT__WALK_NUMBERS,
    /* strips only: */
    ANT__WALK_FEATURES = ANT__WALK_NUMBERS, /* of a step's input */
    ANT__WALK_GROUP                         /* cells whose gradients are one sum */
};

/* Inputs that an op may lack; those that are there follow the others in this order. */
enum ant_walk_has {
    ANT__WALK_MASK = 1, /* bool (batch, steps) */
    ANT__WALK_BIAS = 2, /* of the recurrent product */
    ANT__WALK_DY = 4,   /* gradients of the sequence, of the last h and of the last c */
    ANT__WALK_DH = 8,
    ANT__WALK_DC = 16,
    ANT__WALK_ALONE = 32, /* no input: the batch is one sample, and U packed for it */
    ANT__WALK_BIAS_H = 64 /* strips: of the recurrent product, while ANT__WALK_BIAS is of x W */
};

/* Entries of one cell's workspace, a multiple of a cache line. Products' room comes first. */
static inline int64_t ant__walk_workspace(int64_t units, int64_t rows) {
    return ant__gemm_workspace(units) + (units * rows + 15) / 16 * 16;
}

/* h, c, the gates; or a single sample's h, next h, c and gates in whole vectors. */
static inline int64_t ant__lstm_workspace(int64_t units) {
    return ant__walk_workspace(units, (2 + 1 + 4) * ANT__WALK_ROWS);
}

/* h, its products with the three kernels, the gates; a single sample needs less. */
static inline int64_t ant__gru_workspace(int64_t units) {
    return ant__walk_workspace(units, (1 + 3 + 3) * ANT__WALK_ROWS);
}

/* --- strips (strip.h) --- */
/* Units of a tile of weights, where these have several gates and where they have one. */
enum { ANT__STRIP_NARROW = 4, ANT__STRIP_WIDE = 8 };

static inline int64_t ant__strip_wide(int64_t gates) {
    return gates > 1 ? ANT__STRIP_NARROW : ANT__STRIP_WIDE;
}

/* Units in whole tiles. */
static inline int64_t ant__strip_units(int64_t units, int64_t gates) {
    const int64_t wide = ant__strip_wide(gates);
    return (units + wide - 1) / wide * wide;
}

/* Entries of one cell's workspace: inputs, h twice, c. */
static inline int64_t ant__strip_workspace(int64_t features, int64_t units) {
    return (features + 3 * ant__strip_units(units, 1)) * ANT__WALK_ROWS;
}

/* --- the way back of strips (strip_back.h): so many `rows` of gradients for each sample --- */
enum { ANT__STRIP_CHUNK = 8, ANT__STRIP_TOGETHER = 1 << 15 };

/* Steps whose gradients are kept at once: those of a cell fit into a cache. */
static inline int64_t ant__strip_steps(int64_t rows) {
    const int64_t fit = ANT__STRIP_TOGETHER / (rows * ANT__WALK_ROWS);
    return fit > ANT__STRIP_CHUNK ? ANT__STRIP_CHUNK : fit < 1 ? 1 : fit;
}

/* Columns that are left of a product behind whole vectors, and are so few that they are summed
 * lane by lane. A product for x W, and where its gradient differs another one for h U. */
enum { ANT__STRIP_TAIL = 4, ANT__STRIP_TERMS = 2 };

/* Entries of one cell's workspace. */
static inline int64_t ant__strip_back_workspace(int64_t features, int64_t units, int64_t rows) {
    const int64_t samples = ant__strip_steps(rows) * ANT__WALK_ROWS;
    const int64_t arrays = 3 * ant__strip_units(units, 1) + ant__strip_units(features, 1);
    return samples * (rows + features + units + ANT__STRIP_TERMS * ANT__STRIP_TAIL) +
           ant__gemm_workspace(samples) + arrays * ANT__WALK_ROWS;
}

/* Cells of a group that have a workspace: two are a strip of two vectors. */
static inline int64_t ant__strip_slots(int64_t group) {
    return group > 1 ? 2 : 1;
}

/* Entries of a group's sums, for weights that are `columns` wide. */
static inline int64_t ant__strip_sums(int64_t features, int64_t units, int64_t columns,
                                      int64_t rows) {
    const int64_t tails = ANT__STRIP_TERMS * ANT__STRIP_TAIL * columns;
    return columns * (features + units) + (rows + tails) * ANT__WALK_ROWS;
}
#endif
