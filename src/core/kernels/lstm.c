/* LSTM over a whole sequence, and its gradient. h, c: the states; g: the four gates i, f, k, o of
 * one sample, side by side; before: what a state was when the step began.
 *
 * Numbers and cells: walk_numbers.h. */
#include "core/kernels/gemm.h"
#include "core/kernels/row_gates.h"
#include "core/kernels/walk.h"

enum { GATES = 4 };

typedef struct lstm {
    walk w;
    void *const *out; /* the op's outputs, then its workspace */
    const R *z;       /* x W + b: (rows, steps, 4 units) */
    gemm product;     /* the step's h U, its sum with z written over z's copy */
    walk_rows g;
    bool active;                /* does anybody want the gates? */
    R *y, *h_before, *c_before; /* NULL where nobody wants them */
    R *h, *c;                   /* (rows, units) */
    R *next, *sums;             /* of a single sample; NULL: there are more */
} lstm;

/* The c of a step, forwards and backwards with the same bits. */
ALWAYS_INLINE vec next_state(vec f, vec c, vec i, vec k) {
    return f * c + i * k;
}

/* --- forward --- */

/* One sample at one step. */
typedef struct forth_row {
    R *g; /* NULL where nobody wants the gates */
    R *h, *c;
    int64_t units;
} forth_row;

/* c = f c + i k; h = o act(c), for n units from j on, whose gates' sums are g. */
ALWAYS_INLINE void update_lanes(const forth_row *r, const vec *g, int64_t j, int64_t n,
                                ant_gate activation, ant_gate gate) {
    const int64_t u = r->units;
    vec k = activated(activation, g[2]), gates[] = {g[0], g[1], g[3]};
    activate(gate, gates, 3);
    vec c = next_state(gates[1], lanes(r->c + j, n), gates[0], k);
    set_lanes(r->h + j, gates[2] * activated(activation, c), n);
    set_lanes(r->c + j, c, n);
    if (!r->g)
        return;
    set_lanes(r->g + j, gates[0], n);
    set_lanes(r->g + u + j, gates[1], n);
    set_lanes(r->g + 2 * u + j, k, n);
    set_lanes(r->g + 3 * u + j, gates[2], n);
}

ALWAYS_INLINE void update_some(const forth_row *r, int64_t j, int64_t n, ant_gate activation,
                               ant_gate gate) {
    vec g[GATES];
    UNROLL
    for (int k = 0; k < GATES; k++)
        g[k] = lanes(r->g + k * r->units + j, n);
    update_lanes(r, g, j, n, activation, gate);
}

ALWAYS_INLINE void update_units(const forth_row *r, ant_gate activation, ant_gate gate) {
    int64_t j = 0;
    for (; j + LANES <= r->units; j += LANES)
        update_some(r, j, LANES, activation, gate);
    if (j < r->units)
        update_some(r, j, r->units - j, activation, gate);
}

/* The usual pairs are compiled with their activations melted in. */
static void update(const forth_row *r, ant_gate activation, ant_gate gate) {
    if (activation == ANT__GATE_TANH && gate == ANT__GATE_SIGMOID)
        update_units(r, ANT__GATE_TANH, ANT__GATE_SIGMOID);
    else if (activation == ANT__GATE_RELU && gate == ANT__GATE_SIGMOID)
        update_units(r, ANT__GATE_RELU, ANT__GATE_SIGMOID);
    else
        update_units(r, activation, gate);
}

/* What h and c were, for the gradient. */
static void put_before(const lstm *l, int64_t sample, int64_t time) {
    const int64_t units = l->w.units, at = (sample * l->w.steps + time) * units;
    const size_t bytes = (size_t)units * sizeof(R);
    if (l->h_before)
        memcpy(l->h_before + at, l->h + sample * units, bytes);
    if (l->c_before)
        memcpy(l->c_before + at, l->c + sample * units, bytes);
}

static void step_sample(const lstm *l, int64_t sample, int64_t time) {
    const int64_t units = l->w.units;
    forth_row r = {walk_row(&l->g, sample, time), l->h + sample * units, l->c + sample * units,
                   units};
    put_before(l, sample, time);
    if (walk_counts(&l->w, sample, time))
        update(&r, l->w.activation, l->w.gate);
}

/* z of the step to where the gates will be, which may be the same place. */
static void copy_inputs(const lstm *l, int64_t time) {
    const int64_t wide = GATES * l->w.units;
    for (int64_t k = 0; k < l->w.rows; k++) {
        const R *z = l->z + (k * l->w.steps + time) * wide;
        R *g = walk_row(&l->g, k, time);
        if (g != z)
            memcpy(g, z, (size_t)wide * sizeof(R));
    }
}

/* The s-th step of the walk for all samples of the cell. */
static void step(const lstm *l, int64_t s) {
    const int64_t time = walk_time(&l->w, s);
    gemm product = l->product;
    product.c = walk_row(&l->g, 0, time);
    copy_inputs(l, time);
    K(gemm)(&product);
    for (int64_t k = 0; k < l->w.rows; k++)
        step_sample(l, k, time);
    walk_put_step(&l->w, l->y, l->h, s);
}

/* --- a single sample --- */
/* States in whole tiles; z: the step's inputs, unpadded, as its gates are. */
typedef struct alone {
    const R *z, *sums;
    forth_row r;
} alone;

/* The units of some tiles, from j on. */
ALWAYS_INLINE void update_tiles(const alone *a, int64_t j, ant_gate activation, ant_gate gate,
                                const int tiles) {
    const int64_t units = a->r.units, n = units - j;
    vec g[GATES][ROW_TOGETHER], c[ROW_TOGETHER];
    UNROLL
    for (int k = 0; k < GATES; k++) {
        row_load(g[k], a->sums + k * row_padded(units) + j, tiles);
        row_add_entries(g[k], a->z + k * units + j, n, tiles);
    }
    row_load(c, a->r.c + j, tiles);
    activate(gate, g[0], tiles);
    activate(gate, g[1], tiles);
    activate(activation, g[2], tiles);
    UNROLL
    for (int t = 0; t < tiles; t++)
        c[t] = next_state(g[1][t], c[t], g[0][t], g[2][t]);
    row_store(a->r.c + j, c, tiles);
    activate(gate, g[3], tiles);
    activate(activation, c, tiles);
    UNROLL
    for (int t = 0; t < tiles; t++)
        c[t] *= g[3][t];
    row_store(a->r.h + j, c, tiles);
    if (!a->r.g)
        return;
    UNROLL
    for (int k = 0; k < GATES; k++)
        row_store_entries(a->r.g + k * units + j, g[k], n, tiles);
}

ALWAYS_INLINE void update_all(const alone *a, ant_gate activation, ant_gate gate) {
    int64_t j = 0;
    for (; a->r.units - j > (ROW_TOGETHER - 1) * LANES; j += ROW_TOGETHER * LANES)
        update_tiles(a, j, activation, gate, ROW_TOGETHER);
    for (; j < a->r.units; j += LANES)
        update_tiles(a, j, activation, gate, 1);
}

static void update_alone(const alone *a, ant_gate activation, ant_gate gate) {
    if (activation == ANT__GATE_TANH && gate == ANT__GATE_SIGMOID)
        update_all(a, ANT__GATE_TANH, ANT__GATE_SIGMOID);
    else if (activation == ANT__GATE_RELU && gate == ANT__GATE_SIGMOID)
        update_all(a, ANT__GATE_RELU, ANT__GATE_SIGMOID);
    else
        update_all(a, activation, gate);
}

static void step_alone(lstm *l, int64_t s) {
    const int64_t time = walk_time(&l->w, s), units = l->w.units;
    R *h = l->h;
    put_before(l, 0, time);
    if (walk_counts(&l->w, 0, time)) {
        const row_product product = {l->product.packed, h, l->sums, units};
        const alone a = {l->z + time * GATES * units,
                         l->sums,
                         {l->active ? walk_row(&l->g, 0, time) : NULL, l->next, l->c, units}};
        row_gates(&product, time, GATES);
        update_alone(&a, l->w.activation, l->w.gate);
        l->h = l->next;
        l->next = h;
    }
    walk_put_step(&l->w, l->y, l->h, s);
}

/* A single sample's states in whole tiles, its next h and its sums take the place of all others. */
static void make_room_alone(lstm *l) {
    const int64_t padded = row_padded(l->w.units);
    l->next = l->h + padded;
    l->c = l->next + padded;
    l->sums = l->c + padded;
    memset(l->h, 0, (size_t)(3 * padded) * sizeof *l->h);
}

/* at: z, U, U packed, h, c [, mask]; y, last h, last c, gates, h before, c before; workspace. */
static lstm forward_cell(void *const *at, const ant_num *n, int64_t cell) {
    lstm l = {.w = walk_of(n, cell)};
    const int64_t units = l.w.units, sequence = l.w.steps * units;
    l.out = at + 5;
    walk_mask(&l.w, walk_next(&l.out, n, ANT__WALK_MASK));
    l.z = walk_sample(&l.w, at[0], 4 * sequence);
    l.y = walk_sample(&l.w, l.out[0], sequence);
    l.h_before = walk_sample(&l.w, l.out[4], sequence);
    l.c_before = walk_sample(&l.w, l.out[5], sequence);
    R *room = (R *)l.out[6] + cell * ant__lstm_workspace(units);
    l.h = room + ant__gemm_workspace(units);
    l.c = l.h + ANT__WALK_ROWS * units;
    l.g = walk_rows_of(&l.w, l.out[3], 4 * units, l.c + ANT__WALK_ROWS * units);
    if (n[ANT__WALK_HAS].i & ANT__WALK_ALONE)
        make_room_alone(&l);
    walk_start(&l.w, l.h, at[3]);
    walk_start(&l.w, l.c, at[4]);
    l.product = (gemm){.m = l.w.rows, .n = 4 * units, .k = units, .a = {l.h, units, 1}};
    l.product.packed = at[2];
    l.active = l.out[3];
    l.product.workspace = room;
    l.product.c_row = l.g.row;
    l.product.add = true;
    return l;
}

void K(lstm)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    for (int64_t cell = from; cell < to; cell++) {
        lstm l = forward_cell(at, n, cell);
        for (int64_t s = 0; s < l.w.steps; s++)
            if (l.next)
                step_alone(&l, s);
            else
                step(&l, s);
        walk_end(&l.w, l.out[1], l.h);
        walk_end(&l.w, l.out[2], l.c);
    }
}

/* --- backward --- */
typedef struct lstm_back {
    walk w;
    void *const *out;
    const R *gates, *c_before, *dy; /* dy: (rows, steps, units) in the order of the walk, or NULL */
    gemm product;                   /* dh += dz U^T */
    walk_rows dz;
    R *dh, *dc; /* (rows, units) */
} lstm_back;

/* One sample at one step: what the lanes below read and write. */
typedef struct back_row {
    const R *g, *c_before;
    R *dz, *dh, *dc;
    int64_t units;
} back_row;

/* n lanes from column j on. dz may stand where g stood: all is read before the first write. */
ALWAYS_INLINE void back_lanes(const back_row *r, int64_t j, int64_t n, ant_gate activation,
                              ant_gate gate) {
    const int64_t u = r->units;
    vec i = lanes(r->g + j, n), f = lanes(r->g + u + j, n), k = lanes(r->g + 2 * u + j, n);
    vec o = lanes(r->g + 3 * u + j, n), before = lanes(r->c_before + j, n);
    vec y = activated(activation, next_state(f, before, i, k));
    vec dh = lanes(r->dh + j, n);
    vec dc = lanes(r->dc + j, n) + dh * o * slope(activation, y);
    set_lanes(r->dz + j, dc * k * slope(gate, i), n);
    set_lanes(r->dz + u + j, dc * before * slope(gate, f), n);
    set_lanes(r->dz + 2 * u + j, dc * i * slope(activation, k), n);
    set_lanes(r->dz + 3 * u + j, dh * y * slope(gate, o), n);
    set_lanes(r->dc + j, dc * f, n);
    set_lanes(r->dh + j, (vec){0}, n);
}

ALWAYS_INLINE void back_units(const back_row *r, ant_gate activation, ant_gate gate) {
    int64_t j = 0;
    for (; j + LANES <= r->units; j += LANES)
        back_lanes(r, j, LANES, activation, gate);
    if (j < r->units)
        back_lanes(r, j, r->units - j, activation, gate);
}

/* The usual pairs are compiled with their slopes melted in. */
static void back_gates(const back_row *r, ant_gate activation, ant_gate gate) {
    if (activation == ANT__GATE_TANH && gate == ANT__GATE_SIGMOID)
        back_units(r, ANT__GATE_TANH, ANT__GATE_SIGMOID);
    else if (activation == ANT__GATE_RELU && gate == ANT__GATE_SIGMOID)
        back_units(r, ANT__GATE_RELU, ANT__GATE_SIGMOID);
    else
        back_units(r, activation, gate);
}

static void back_sample(const lstm_back *l, int64_t row, int64_t time) {
    const walk *w = &l->w;
    const int64_t units = w->units, at = row * w->steps + time;
    back_row r = {.g = l->gates + 4 * at * units,
                  .c_before = l->c_before + at * units,
                  .dz = walk_row(&l->dz, row, time),
                  .dh = l->dh + row * units,
                  .dc = l->dc + row * units,
                  .units = units};
    if (!walk_counts(w, row, time)) {
        memset(r.dz, 0, (size_t)(4 * units) * sizeof(R));
        return;
    }
    back_gates(&r, w->activation, w->gate);
}

static void back_step(const lstm_back *l, int64_t s) {
    const walk *w = &l->w;
    const int64_t time = walk_time(w, s);
    walk_add_step(w, l->dh, l->dy, s);
    for (int64_t row = 0; row < w->rows; row++)
        back_sample(l, row, time);
    gemm product = l->product;
    product.a = (gemm_matrix){walk_row(&l->dz, 0, time), l->dz.row, 1};
    K(gemm)(&product);
}

/* at: gates, U transposed and packed, c before [, mask, dy, dh, dc]; dz, dh, dc; workspace. */
static lstm_back back_cell(void *const *at, const ant_num *n, int64_t cell) {
    lstm_back l = {.w = walk_of(n, cell), .out = at + 3};
    const int64_t units = l.w.units, sequence = l.w.steps * units;
    walk_mask(&l.w, walk_next(&l.out, n, ANT__WALK_MASK));
    l.dy = walk_sample(&l.w, walk_next(&l.out, n, ANT__WALK_DY), sequence);
    void *dh = walk_next(&l.out, n, ANT__WALK_DH), *dc = walk_next(&l.out, n, ANT__WALK_DC);
    l.gates = walk_sample(&l.w, at[0], 4 * sequence);
    l.c_before = walk_sample(&l.w, at[2], sequence);
    l.dh = (R *)l.out[3] + cell * ant__lstm_workspace(units);
    l.dc = l.dh + ANT__WALK_ROWS * units;
    l.dz = walk_rows_of(&l.w, l.out[0], 4 * units, l.dc + ANT__WALK_ROWS * units);
    walk_start(&l.w, l.dh, dh);
    walk_start(&l.w, l.dc, dc);
    l.product = (gemm){.m = l.w.rows, .n = units, .k = 4 * units, .add = true};
    l.product.packed = at[1];
    l.product.c = l.dh;
    l.product.c_row = units;
    return l;
}

void K(lstm_gradient)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    for (int64_t cell = from; cell < to; cell++) {
        lstm_back l = back_cell(at, n, cell);
        for (int64_t s = l.w.steps - 1; s >= 0; s--)
            back_step(&l, s);
        walk_end(&l.w, l.out[1], l.dh);
        walk_end(&l.w, l.out[2], l.dc);
    }
}
