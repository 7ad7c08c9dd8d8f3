/* What the kernels of recurrent ops share: the samples of a cell, masks, activations and slopes. */
#ifndef ANT_CORE_KERNELS_WALK_H
#define ANT_CORE_KERNELS_WALK_H
#include "core/kernels/vec_math.h"
#include "core/kernels/walk_numbers.h"

typedef struct walk {
    int64_t first, rows; /* the cell's samples */
    int64_t steps, units;
    ant_gate activation, gate;
    bool reverse;
    const bool *mask; /* (rows, steps) of these samples; NULL: every step counts */
} walk;

static inline walk walk_of(const ant_num *n, int64_t cell) {
    walk w = {.first = cell * ANT__WALK_ROWS,
              .steps = n[ANT__WALK_STEPS].i,
              .units = n[ANT__WALK_UNITS].i,
              .activation = (ant_gate)n[ANT__WALK_ACTIVATION].i,
              .gate = (ant_gate)n[ANT__WALK_GATE].i,
              .reverse = n[ANT__WALK_REVERSE].i};
    int64_t left = n[ANT__WALK_BATCH].i - w.first;
    w.rows = left < ANT__WALK_ROWS ? left : ANT__WALK_ROWS;
    return w;
}

/* The next pointer where the input is there, else NULL. */
static inline void *walk_next(void *const **at, const ant_num *n, int64_t input) {
    return n[ANT__WALK_HAS].i & input ? *(*at)++ : NULL;
}

/* Moves a pointer on to the cell's first sample; an output that nobody uses stays NULL. */
static inline R *walk_sample(const walk *w, void *at, int64_t entries) {
    return at ? (R *)at + w->first * entries : NULL;
}

/* The place in the input of the walk's s-th step. */
static inline int64_t walk_time(const walk *w, int64_t s) {
    return w->reverse ? w->steps - 1 - s : s;
}

static inline void walk_mask(walk *w, const void *mask) {
    w->mask = mask ? (const bool *)mask + w->first * w->steps : NULL;
}

static inline bool walk_counts(const walk *w, int64_t row, int64_t time) {
    return !w->mask || w->mask[row * w->steps + time];
}

/* --- states: (rows, units) of the cell, inside an array of all samples --- */
/* From the array, or zeros where there is none. */
static inline void walk_start(const walk *w, R *state, const void *all) {
    const size_t bytes = (size_t)(w->rows * w->units) * sizeof(R);
    if (all)
        memcpy(state, (const R *)all + w->first * w->units, bytes);
    else
        memset(state, 0, bytes);
}

/* Into the array, if it is wanted. */
static inline void walk_end(const walk *w, void *all, const R *state) {
    if (all)
        memcpy((R *)all + w->first * w->units, state, (size_t)(w->rows * w->units) * sizeof(R));
}

/* The state becomes step s of the sequence y, if that is wanted. */
static inline void walk_put_step(const walk *w, R *y, const R *state, int64_t s) {
    for (int64_t row = 0; y && row < w->rows; row++)
        memcpy(y + (row * w->steps + s) * w->units, state + row * w->units,
               (size_t)w->units * sizeof(R));
}

/* Adds step s of the sequence's gradient, if there is one. */
static inline void walk_add_step(const walk *w, R *restrict d, const R *restrict dy, int64_t s) {
    for (int64_t row = 0; dy && row < w->rows; row++)
        for (int64_t j = 0; j < w->units; j++)
            d[row * w->units + j] += dy[(row * w->steps + s) * w->units + j];
}

/* (rows, steps, wide) numbers of the cell; where nobody wants them, room for one step's. */
typedef struct walk_rows {
    R *at;
    int64_t row, step; /* entries from one sample and from one step to the next */
} walk_rows;

static inline walk_rows walk_rows_of(const walk *w, void *all, int64_t wide, R *room) {
    if (!all)
        return (walk_rows){room, wide, 0};
    return (walk_rows){walk_sample(w, all, w->steps * wide), w->steps * wide, wide};
}

static inline R *walk_row(const walk_rows *r, int64_t row, int64_t time) {
    return r->at + row * r->row + time * r->step;
}

/* --- activations --- */
/* Those without functions. */
ALWAYS_INLINE vec cut(ant_gate code, vec x) {
    const vec zero = {0}, one = vec_all(1);
    switch (code) {
    case ANT__GATE_RELU:
        return vec_select(x < zero, zero, x);
    case ANT__GATE_HARD_SIGMOID:
        x = x / vec_all(6) + vec_all((R)0.5);
        x = vec_select(x < zero, zero, x);
        return vec_select(x > one, one, x);
    default:
        return x;
    }
}

/* Of n vectors. */
ALWAYS_INLINE void activate(ant_gate code, vec *x, const int n) {
    if (code == ANT__GATE_TANH) {
        vec_tanhs(x, n);
    } else if (code == ANT__GATE_SIGMOID) {
        vec_sigmoids(x, n);
    } else {
        UNROLL
        for (int k = 0; k < n; k++)
            x[k] = cut(code, x[k]);
    }
}

ALWAYS_INLINE vec activated(ant_gate code, vec x) {
    activate(code, &x, 1);
    return x;
}

/* The slope of an activation where it gave y. */
ALWAYS_INLINE vec slope(ant_gate code, vec y) {
    const vec one = vec_all(1);
    switch (code) {
    case ANT__GATE_TANH:
        return one - y * y;
    case ANT__GATE_SIGMOID:
        return y * (one - y);
    case ANT__GATE_RELU:
        return (vec)((vec_int)one & (y > 0));
    case ANT__GATE_HARD_SIGMOID:
        return (vec)((vec_int)vec_all((R)(1.0 / 6)) & (y > 0) & (y < 1));
    default:
        return one;
    }
}

/* Whole vectors or the first n lanes of one. */
ALWAYS_INLINE vec lanes(const R *p, int64_t n) {
    return n == LANES ? vec_load(p) : vec_load_part(p, n);
}

ALWAYS_INLINE void set_lanes(R *p, vec v, int64_t n) {
    if (n == LANES)
        vec_store(p, v);
    else
        vec_store_part(p, v, n);
}
#endif
