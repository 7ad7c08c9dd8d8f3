/* GRU (the reset gate acting after the product) over a whole sequence, and its gradient. h: the
 * state; g: the gates z, r and the candidate n of one sample, side by side; inner: h U + its bias.
 *
 * Numbers and cells: walk_numbers.h. */
#include "core/kernels/gemm.h"
#include "core/kernels/row_gates.h"
#include "core/kernels/walk.h"

enum { GATES = 3 };

typedef struct gru {
    walk w;
    void *const *out; /* the op's outputs, then its workspace */
    const R *x;       /* x W + b: (rows, steps, 3 units) */
    gemm product;     /* inner of a step */
    walk_rows g;
    bool active;               /* does anybody want the gates? */
    R *y, *h_before, *inner_n; /* NULL where nobody wants them */
    R *h, *inner;              /* (rows, units), (rows, 3 units) */
    R *next;                   /* of a single sample; NULL: there are more */
} gru;

/* --- forward --- */
/* One sample at one step. */
typedef struct forth_row {
    const R *x, *inner;
    R *g; /* NULL where nobody wants the gates */
    const R *h;
    R *next; /* the new h, which may be h */
    int64_t units;
} forth_row;

/* h = z h + (1 - z) n, for `count` units from j on, whose part of inner is given. g may stand where
 * x stood. */
ALWAYS_INLINE void update_lanes(const forth_row *r, const vec *inner, int64_t j, int64_t count,
                                ant_gate activation, ant_gate gate) {
    const int64_t u = r->units;
    const R *x = r->x + j;
    vec h = lanes(r->h + j, count), n = lanes(x + 2 * u, count);
    vec gates[] = {lanes(x, count) + inner[0], lanes(x + u, count) + inner[1]};
    activate(gate, gates, 2);
    n = activated(activation, n + gates[1] * inner[2]);
    set_lanes(r->next + j, gates[0] * h + (vec_all(1) - gates[0]) * n, count);
    if (!r->g)
        return;
    set_lanes(r->g + j, gates[0], count);
    set_lanes(r->g + u + j, gates[1], count);
    set_lanes(r->g + 2 * u + j, n, count);
}

ALWAYS_INLINE void update_some(const forth_row *r, int64_t j, int64_t count, ant_gate activation,
                               ant_gate gate) {
    vec inner[GATES];
    UNROLL
    for (int k = 0; k < GATES; k++)
        inner[k] = lanes(r->inner + k * r->units + j, count);
    update_lanes(r, inner, j, count, activation, gate);
}

ALWAYS_INLINE void update_units(const forth_row *r, ant_gate activation, ant_gate gate) {
    int64_t j = 0;
    for (; j + LANES <= r->units; j += LANES)
        update_some(r, j, LANES, activation, gate);
    if (j < r->units)
        update_some(r, j, r->units - j, activation, gate);
}

/* The usual pair is compiled with its activations melted in. */
static void update(const forth_row *r, ant_gate activation, ant_gate gate) {
    if (activation == ANT__GATE_TANH && gate == ANT__GATE_SIGMOID)
        update_units(r, ANT__GATE_TANH, ANT__GATE_SIGMOID);
    else
        update_units(r, activation, gate);
}

static void put_before(const gru *l, int64_t sample, int64_t time) {
    const int64_t units = l->w.units, at = (sample * l->w.steps + time) * units;
    if (l->h_before)
        memcpy(l->h_before + at, l->h + sample * units, (size_t)units * sizeof(R));
}

static void step_sample(const gru *l, int64_t sample, int64_t time) {
    const int64_t units = l->w.units, at = (sample * l->w.steps + time) * units;
    forth_row r = {.x = l->x + 3 * at,
                   .inner = l->inner + 3 * sample * units,
                   .g = walk_row(&l->g, sample, time),
                   .h = l->h + sample * units,
                   .next = l->h + sample * units,
                   .units = units};
    put_before(l, sample, time);
    if (l->inner_n)
        memcpy(l->inner_n + at, r.inner + 2 * units, (size_t)units * sizeof(R));
    if (walk_counts(&l->w, sample, time))
        update(&r, l->w.activation, l->w.gate);
}

/* The s-th step of the walk for all samples of the cell. */
static void step(const gru *l, int64_t s) {
    const int64_t time = walk_time(&l->w, s);
    K(gemm)(&l->product);
    for (int64_t k = 0; k < l->w.rows; k++)
        step_sample(l, k, time);
    walk_put_step(&l->w, l->y, l->h, s);
}

/* --- a single sample --- */
/* States and inner in whole tiles; x, bias, inner_n and gates are unpadded. */
typedef struct alone {
    forth_row r;
    const R *bias;
    R *inner_n; /* NULL where nobody wants it, as r.g */
} alone;

/* The sums of all gates of some tiles, from the unit j on; the candidate's without x. */
ALWAYS_INLINE void load_sums(const alone *a, vec g[GATES][ROW_TOGETHER], int64_t j,
                             const int tiles) {
    const int64_t units = a->r.units, n = units - j;
    UNROLL
    for (int k = 0; k < GATES; k++) {
        row_load(g[k], a->r.inner + k * row_padded(units) + j, tiles);
        if (a->bias)
            row_add_entries(g[k], a->bias + k * units + j, n, tiles);
        if (k < 2)
            row_add_entries(g[k], a->r.x + k * units + j, n, tiles);
    }
    if (a->inner_n)
        row_store_entries(a->inner_n + j, g[2], n, tiles);
}

ALWAYS_INLINE void update_tiles(const alone *a, int64_t j, ant_gate activation, ant_gate gate,
                                const int tiles) {
    const forth_row *r = &a->r;
    vec g[GATES][ROW_TOGETHER], h[ROW_TOGETHER];
    load_sums(a, g, j, tiles);
    row_load(h, r->h + j, tiles);
    activate(gate, g[1], tiles);
    UNROLL
    for (int t = 0; t < tiles; t++)
        g[2][t] *= g[1][t];
    row_add_entries(g[2], r->x + 2 * r->units + j, r->units - j, tiles);
    activate(gate, g[0], tiles);
    activate(activation, g[2], tiles);
    UNROLL
    for (int t = 0; t < tiles; t++)
        h[t] = g[0][t] * h[t] + (vec_all(1) - g[0][t]) * g[2][t];
    row_store(r->next + j, h, tiles);
    if (!r->g)
        return;
    UNROLL
    for (int k = 0; k < GATES; k++)
        row_store_entries(r->g + k * r->units + j, g[k], r->units - j, tiles);
}

ALWAYS_INLINE void update_all(const alone *a, ant_gate activation, ant_gate gate) {
    int64_t j = 0;
    for (; a->r.units - j > (ROW_TOGETHER - 1) * LANES; j += ROW_TOGETHER * LANES)
        update_tiles(a, j, activation, gate, ROW_TOGETHER);
    for (; j < a->r.units; j += LANES)
        update_tiles(a, j, activation, gate, 1);
}

/* The usual pair is compiled with its activations melted in. */
static void update_alone(const alone *a, ant_gate activation, ant_gate gate) {
    if (activation == ANT__GATE_TANH && gate == ANT__GATE_SIGMOID)
        update_all(a, ANT__GATE_TANH, ANT__GATE_SIGMOID);
    else
        update_all(a, activation, gate);
}

static void step_alone(gru *l, int64_t s) {
    const int64_t time = walk_time(&l->w, s), units = l->w.units;
    R *h = l->h;
    put_before(l, 0, time);
    if (walk_counts(&l->w, 0, time)) {
        const row_product product = {l->product.packed, h, l->inner, units};
        const alone a = {{.x = l->x + GATES * time * units,
                          .inner = l->inner,
                          .g = l->active ? walk_row(&l->g, 0, time) : NULL,
                          .h = h,
                          .next = l->next,
                          .units = units},
                         l->product.bias,
                         l->inner_n ? l->inner_n + time * units : NULL};
        row_gates(&product, time, GATES);
        update_alone(&a, l->w.activation, l->w.gate);
        l->h = l->next;
        l->next = h;
    }
    walk_put_step(&l->w, l->y, l->h, s);
}

/* A single sample's states in whole tiles and its inner take the place of all others'. */
static void make_room_alone(gru *l) {
    const int64_t padded = row_padded(l->w.units);
    l->next = l->h + padded;
    l->inner = l->next + padded;
    memset(l->h, 0, (size_t)(2 * padded) * sizeof *l->h);
}

/* at: x, U, U packed, h [, mask, bias]; y, last h, gates, h before, inner n; workspace. */
static gru forward_cell(void *const *at, const ant_num *n, int64_t cell) {
    gru l = {.w = walk_of(n, cell), .out = at + 4};
    const int64_t units = l.w.units, sequence = l.w.steps * units;
    walk_mask(&l.w, walk_next(&l.out, n, ANT__WALK_MASK));
    const R *bias = walk_next(&l.out, n, ANT__WALK_BIAS);
    l.x = walk_sample(&l.w, at[0], 3 * sequence);
    l.y = walk_sample(&l.w, l.out[0], sequence);
    l.h_before = walk_sample(&l.w, l.out[3], sequence);
    l.inner_n = walk_sample(&l.w, l.out[4], sequence);
    R *room = (R *)l.out[5] + cell * ant__gru_workspace(units);
    l.h = room + ant__gemm_workspace(units);
    l.inner = l.h + ANT__WALK_ROWS * units;
    l.g = walk_rows_of(&l.w, l.out[2], 3 * units, l.inner + 3 * ANT__WALK_ROWS * units);
    if (n[ANT__WALK_HAS].i & ANT__WALK_ALONE)
        make_room_alone(&l);
    walk_start(&l.w, l.h, at[3]);
    l.product = (gemm){.m = l.w.rows, .n = 3 * units, .k = units, .a = {l.h, units, 1}};
    l.product.packed = at[2];
    l.active = l.out[2];
    l.product.workspace = room;
    l.product.bias = bias;
    l.product.c = l.inner;
    l.product.c_row = 3 * units;
    return l;
}

void K(gru)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    for (int64_t cell = from; cell < to; cell++) {
        gru l = forward_cell(at, n, cell);
        for (int64_t s = 0; s < l.w.steps; s++)
            if (l.next)
                step_alone(&l, s);
            else
                step(&l, s);
        walk_end(&l.w, l.out[1], l.h);
    }
}

/* --- backward --- */
typedef struct gru_back {
    walk w;
    void *const *out;
    const R *gates, *h_before, *inner_n, *dy; /* dy: in the order of the walk, or NULL */
    gemm product;                             /* dh += d inner U^T */
    walk_rows dx, dinner;                     /* 3 units wide */
    R *dh;                                    /* (rows, units) */
} gru_back;

/* One sample at one step: what the lanes below read and write. */
typedef struct back_row {
    const R *g, *h_before, *inner_n;
    R *dx, *dinner, *dh;
    int64_t units;
} back_row;

/* n lanes from column j on. dx may stand where g stood: all is read before the first write. */
ALWAYS_INLINE void back_lanes(const back_row *b, int64_t j, int64_t n, ant_gate activation,
                              ant_gate gate) {
    const int64_t u = b->units;
    const vec one = vec_all(1);
    vec z = lanes(b->g + j, n), r = lanes(b->g + u + j, n), c = lanes(b->g + 2 * u + j, n);
    vec dh = lanes(b->dh + j, n), before = lanes(b->h_before + j, n);
    vec dn = dh * (one - z) * slope(activation, c);
    vec dz = dh * (before - c) * slope(gate, z);
    vec dr = dn * lanes(b->inner_n + j, n) * slope(gate, r);
    set_lanes(b->dx + j, dz, n);
    set_lanes(b->dx + u + j, dr, n);
    set_lanes(b->dx + 2 * u + j, dn, n);
    set_lanes(b->dinner + j, dz, n);
    set_lanes(b->dinner + u + j, dr, n);
    set_lanes(b->dinner + 2 * u + j, dn * r, n);
    set_lanes(b->dh + j, dh * z, n);
}

ALWAYS_INLINE void back_units(const back_row *b, ant_gate activation, ant_gate gate) {
    int64_t j = 0;
    for (; j + LANES <= b->units; j += LANES)
        back_lanes(b, j, LANES, activation, gate);
    if (j < b->units)
        back_lanes(b, j, b->units - j, activation, gate);
}

/* The usual pair is compiled with its slopes melted in. */
static void back_gates(const back_row *b, ant_gate activation, ant_gate gate) {
    if (activation == ANT__GATE_TANH && gate == ANT__GATE_SIGMOID)
        back_units(b, ANT__GATE_TANH, ANT__GATE_SIGMOID);
    else
        back_units(b, activation, gate);
}

static void back_sample(const gru_back *l, int64_t row, int64_t time) {
    const walk *w = &l->w;
    const int64_t units = w->units, at = (row * w->steps + time) * units;
    back_row b = {.g = l->gates + 3 * at,
                  .h_before = l->h_before + at,
                  .inner_n = l->inner_n + at,
                  .dx = walk_row(&l->dx, row, time),
                  .dinner = walk_row(&l->dinner, row, time),
                  .dh = l->dh + row * units,
                  .units = units};
    if (walk_counts(w, row, time)) {
        back_gates(&b, w->activation, w->gate);
        return;
    }
    memset(b.dx, 0, (size_t)(3 * units) * sizeof(R));
    memset(b.dinner, 0, (size_t)(3 * units) * sizeof(R));
}

static void back_step(const gru_back *l, int64_t s) {
    const walk *w = &l->w;
    const int64_t time = walk_time(w, s);
    walk_add_step(w, l->dh, l->dy, s);
    for (int64_t row = 0; row < w->rows; row++)
        back_sample(l, row, time);
    gemm product = l->product;
    product.a = (gemm_matrix){walk_row(&l->dinner, 0, time), l->dinner.row, 1};
    K(gemm)(&product);
}

/* at: gates, U transposed and packed, h before, inner n [, mask, dy, dh]; dx, d inner, dh;
 * workspace. */
static gru_back back_cell(void *const *at, const ant_num *n, int64_t cell) {
    gru_back l = {.w = walk_of(n, cell), .out = at + 4};
    const int64_t units = l.w.units, sequence = l.w.steps * units;
    walk_mask(&l.w, walk_next(&l.out, n, ANT__WALK_MASK));
    l.dy = walk_sample(&l.w, walk_next(&l.out, n, ANT__WALK_DY), sequence);
    void *dh = walk_next(&l.out, n, ANT__WALK_DH);
    l.gates = walk_sample(&l.w, at[0], 3 * sequence);
    l.h_before = walk_sample(&l.w, at[2], sequence);
    l.inner_n = walk_sample(&l.w, at[3], sequence);
    l.dh = (R *)l.out[3] + cell * ant__gru_workspace(units);
    R *room = l.dh + ANT__WALK_ROWS * units;
    l.dx = walk_rows_of(&l.w, l.out[0], 3 * units, room);
    l.dinner = walk_rows_of(&l.w, l.out[1], 3 * units, room + 3 * ANT__WALK_ROWS * units);
    walk_start(&l.w, l.dh, dh);
    l.product = (gemm){.m = l.w.rows, .n = units, .k = 3 * units, .add = true};
    l.product.packed = at[1];
    l.product.c = l.dh;
    l.product.c_row = units;
    return l;
}

void K(gru_gradient)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    for (int64_t cell = from; cell < to; cell++) {
        gru_back l = back_cell(at, n, cell);
        for (int64_t s = l.w.steps - 1; s >= 0; s--)
            back_step(&l, s);
        walk_end(&l.w, l.out[2], l.dh);
    }
}
