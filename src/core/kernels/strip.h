/* Recurrences with samples in the lanes: a strip, one or two vectors of samples, walks through all
 * steps by itself. Its states, inputs and gates are (numbers, lanes), so that the gates of a few
 * units are a tile of sums in registers, on which the step's formulas then work. What is computed
 * for a sample does not depend on the strip that it is in.
 *
 * Weights are packed for it (pack_gates.c): for each tile of units a row of biases and a row for
 * each number that the weights meet; a row is (gates, units of the tile), zeros where a tile has
 * more units than there are. */
#ifndef ANT_CORE_KERNELS_STRIP_H
#define ANT_CORE_KERNELS_STRIP_H
#include "core/kernels/turn.h"
#include "core/kernels/walk.h"

enum {
    STRIP_VECS = 2,
    STRIP_GATES = 4,
    STRIP_UNITS = ANT__STRIP_WIDE,
    STRIP_LINE = 64 / (int)sizeof(R), /* weights of a line of the cache */
    STRIP_AHEAD = 16                  /* rows of weights from one to the one asked for meanwhile */
};

/* What kinds of walks differ in. The gradient of their gates' sums is in blocks: more than gates
 * where x W and h U have other gradients. */
typedef struct strip_kind {
    int gates, blocks, states;
    int of_x[STRIP_GATES], of_h[STRIP_GATES]; /* the block of each gate of x W, of h U */
    int saved;                                /* rows of a unit, saved for the gradient */
} strip_kind;

typedef struct strip {
    walk w; /* its samples, steps, units … */
    int64_t features;
    int64_t lanes; /* of its arrays: one or two vectors */
    R *memory;
    bool choosy; /* not all lanes count at all steps: masked ones, those without sample */
    vec_int counts[STRIP_VECS]; /* then: those that do at this step */
} strip;

/* The strip that begins with sample `first` of those before `end`. */
static inline strip strip_at(const ant_num *n, int64_t first, int64_t end, R *memory) {
    const int64_t most = (int64_t)STRIP_VECS * LANES;
    strip s = {.w = walk_of(n, 0), .features = n[ANT__WALK_FEATURES].i};
    s.w.first = first;
    s.w.rows = end - first < most ? end - first : most;
    s.lanes = s.w.rows > LANES ? most : LANES;
    s.choosy = n[ANT__WALK_HAS].i & ANT__WALK_MASK || s.w.rows < s.lanes;
    s.memory = memory;
    return s;
}

/* The pointers after those inputs of a forward walk that may be missing. */
static inline void *const *strip_outputs(void *const *at, const ant_num *n, walk *w) {
    walk_mask(w, walk_next(&at, n, ANT__WALK_MASK));
    walk_next(&at, n, ANT__WALK_BIAS);
    walk_next(&at, n, ANT__WALK_BIAS_H);
    return at;
}

/* How many inputs there are of those that may be missing. */
static inline int strip_optional(const ant_num *n) {
    int count = 0;
    for (int64_t has = n[ANT__WALK_HAS].i; has; has &= has - 1)
        count++;
    return count;
}

/* A zeroed (rows, lanes) array from *room on, which moves behind it. */
static inline R *strip_array(const strip *s, R **room, int64_t rows) {
    R *at = *room;
    *room += rows * s->lanes;
    memset(at, 0, (size_t)(rows * s->lanes) * sizeof *at);
    return at;
}

/* (samples, columns) of this strip, `row` entries apart, into an array and back; NULL: nobody has
 * it or wants it. */
static inline void strip_take(const strip *s, R *to, const R *from, int64_t row, int64_t columns) {
    if (from)
        K(turn)(to, s->lanes, from, row, s->w.rows, columns);
}

static inline void strip_give(const strip *s, R *to, int64_t row, const R *from, int64_t columns) {
    if (to)
        K(turn)(to, row, from, s->lanes, columns, s->w.rows);
}

/* For each vector of lanes, where its numbers of an array (cells, steps, rows, ANT__WALK_ROWS)
 * begin. */
static inline void strip_saved(const strip *s, R **saved, void *all, int64_t rows) {
    for (int v = 0; v < STRIP_VECS; v++) {
        int64_t sample = s->w.first + v * LANES, cell = sample / ANT__WALK_ROWS;
        saved[v] =
            all ? (R *)all + cell * s->w.steps * rows * ANT__WALK_ROWS + sample % ANT__WALK_ROWS
                : NULL;
    }
}

/* The same for one step. */
static inline void strip_saved_at(R **at, R *const *saved, int64_t step, int64_t rows) {
    for (int v = 0; v < STRIP_VECS; v++)
        at[v] = saved[v] ? saved[v] + step * rows * ANT__WALK_ROWS : NULL;
}

/* --- masks --- */
static inline void strip_look(strip *s, int64_t time) {
    R_int counts[STRIP_VECS * LANES] = {0};
    for (int64_t row = 0; s->choosy && row < s->w.rows; row++)
        counts[row] = -(R_int)walk_counts(&s->w, row, time);
    memcpy(s->counts, counts, sizeof counts);
}

/* `now` where the sample counts, else `before`. */
ALWAYS_INLINE vec strip_choose(const strip *s, int v, vec now, vec before) {
    return s->choosy ? vec_select(s->counts[v], now, before) : now;
}

/* --- tiles of sums --- */
/* What a piece of code works on: of a tile of `gates` x `wide` weights a row some units, for the
 * lanes of some vectors. Always constants. */
typedef struct strip_part {
    int gates, wide, units, vecs;
    int third; /* the place of gate 2's sums */
} strip_part;

typedef vec strip_sums[STRIP_GATES][STRIP_UNITS][STRIP_VECS];

/* Rows of weights of one tile: its biases are the first. */
static inline const R *strip_tile(const R *packed, int64_t tile, int64_t rows, int gates,
                                  int wide) {
    return packed + tile * (rows + 1) * gates * wide;
}

/* The sums of `gate` begin with the biases of the gate `from`. */
ALWAYS_INLINE void strip_begin(strip_sums sum, const R *bias, const strip_part p, const int gate) {
    UNROLL
    for (int u = 0; u < p.units; u++) {
        UNROLL
        for (int v = 0; v < p.vecs; v++)
            sum[gate][u][v] = vec_all(bias[u]);
    }
}

ALWAYS_INLINE void strip_add_bias(strip_sums sum, const R *bias, const strip_part p,
                                  const int gate) {
    UNROLL
    for (int u = 0; u < p.units; u++) {
        UNROLL
        for (int v = 0; v < p.vecs; v++)
            sum[gate][u][v] += vec_all(bias[u]);
    }
}

/* A column of numbers for each lane: vector v of number k is at[k * row + v * gap]. */
typedef struct strip_numbers {
    const R *at;
    int64_t row, gap;
} strip_numbers;

/* A row of weights that is due soon: they are more than the nearest cache holds. */
ALWAYS_INLINE void strip_ask(const R *w, const strip_part p) {
    UNROLL
    for (int g = 0; g < STRIP_GATES; g++)
        if (g < p.gates && g * p.wide % STRIP_LINE == 0)
            __builtin_prefetch(w + g * p.wide);
}

/* Adds the products of `rows` rows of weights with as many numbers. */
ALWAYS_INLINE void strip_multiply(strip_sums sum, const R *w, strip_numbers b, int64_t rows,
                                  const strip_part p) {
    for (; rows > 0; rows--, w += p.gates * p.wide, b.at += b.row) {
        vec line[STRIP_VECS];
        strip_ask(w + STRIP_AHEAD * p.gates * p.wide, p);
        UNROLL
        for (int v = 0; v < p.vecs; v++) {
            line[v] = vec_load(b.at + v * b.gap);
            vec_keep(&line[v]);
        }
        UNROLL
        for (int g = 0; g < p.gates; g++) {
            UNROLL
            for (int u = 0; u < p.units; u++) {
                vec x = vec_all(w[g * p.wide + u]);
                UNROLL
                for (int v = 0; v < p.vecs; v++) {
                    vec *to = &sum[g == 2 ? p.third : g][u][v];
                    *to = vec_fma(x, line[v], *to);
                }
            }
        }
    }
}

/* An array (rows, lanes). */
ALWAYS_INLINE strip_numbers strip_rows(const R *array, const int vecs) {
    return (strip_numbers){array, vecs * LANES, LANES};
}

/* Sums that fit into the registers beside what they are made of. */
#if ANT__VECTOR_BYTES == 64
enum { STRIP_SUMS = 16 };
#else
enum { STRIP_SUMS = 8 };
#endif

#endif
