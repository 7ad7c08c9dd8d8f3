/* layer_norm, rms_norm and their gradients (ops/norm.c has the formulas). Numbers: rows, n, chunks,
 * epsilon, and 1 where the mean counts as 0; a cell is a chunk of rows. Every row is read from memory
 * once: its sums, its result and its share of the parameters' gradients are made while it is in the
 * cache. */
#include "core/kernels/simd.h"
#include <math.h>
#include <string.h>

enum { CHAINS = 4 }; /* sums that run side by side */

typedef struct layer {
    int64_t rows, n, chunks;
    double epsilon;
    bool rms;
} layer;

static layer read_layer(const ant_num *n) {
    return (layer){.rows = n[0].i, .n = n[1].i, .chunks = n[2].i, .epsilon = n[3].f, .rms = n[4].i};
}

static int64_t first_row(const layer *l, int64_t chunk) {
    return l->rows * chunk / l->chunks;
}

/* Sum of x - away, or of its squares. */
ALWAYS_INLINE R sum_row(bool squared, const R *x, int64_t n, R away) {
    vec chains[CHAINS] = {{0}};
    int64_t i = 0;
    for (; i + CHAINS * LANES <= n; i += CHAINS * LANES) {
        UNROLL
        for (int k = 0; k < CHAINS; k++) {
            vec d = vec_load(x + i + k * LANES) - away;
            chains[k] = squared ? vec_fma(d, d, chains[k]) : chains[k] + d;
        }
    }
    R sum = vec_sum((chains[0] + chains[1]) + (chains[2] + chains[3]));
    for (; i < n; i++)
        sum += squared ? (x[i] - away) * (x[i] - away) : x[i] - away;
    return sum;
}

/* y may be NULL: only the moments are wanted. */
static void forward_row(const layer *l, const R *x, const R *gamma, const R *beta, R *y, R *mean,
                        R *rstd) {
    R m = l->rms ? 0 : sum_row(false, x, l->n, 0) / (R)l->n;
    R variance = sum_row(true, x, l->n, m) / (R)l->n;
    R scale = (R)(1 / sqrt((double)variance + l->epsilon));
    for (int64_t i = 0; y && i < l->n; i++)
        y[i] = (x[i] - m) * scale * gamma[i] + beta[i];
    *mean = m;
    *rstd = scale;
}

/* x, gamma, beta -> y, mean, rstd */
void K(layer_norm)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    layer l = read_layer(n);
    R unused[2];
    for (int64_t r = first_row(&l, from); r < first_row(&l, to); r++)
        forward_row(&l, (const R *)at[0] + r * l.n, at[1], at[2],
                    at[3] ? (R *)at[3] + r * l.n : NULL, at[4] ? (R *)at[4] + r : unused,
                    at[5] ? (R *)at[5] + r : unused + 1);
}

typedef struct row_sums {
    R plain, along; /* of g = gamma dy, of g (x - mean) rstd */
} row_sums;

static row_sums sum_gradients(const layer *l, const R *x, const R *gamma, const R *dy, R mean,
                              R rstd) {
    enum { WIDTH = CHAINS * LANES };
    R plain[WIDTH] = {0}, along[WIDTH] = {0};
    for (int64_t i = 0; i < l->n; i += WIDTH) {
        int64_t count = l->n - i < WIDTH ? l->n - i : WIDTH;
        for (int64_t k = 0; k < count; k++) {
            R g = gamma[i + k] * dy[i + k];
            plain[k] += g;
            along[k] += g * ((x[i + k] - mean) * rstd);
        }
    }
    row_sums s = {0, 0};
    for (int k = 0; k < WIDTH; k++) {
        s.plain += plain[k];
        s.along += along[k];
    }
    return s;
}

static void backward_row(const layer *l, const R *x, const R *gamma, const R *dy, R mean, R rstd,
                         row_sums s, R *dx) {
    R plain = l->rms ? 0 : s.plain / (R)l->n, along = s.along / (R)l->n;
    for (int64_t i = 0; i < l->n; i++)
        dx[i] = rstd * (gamma[i] * dy[i] - plain - (x[i] - mean) * rstd * along);
}

/* Where a chunk's sums for gamma and beta go; NULL: not wanted. */
typedef struct parameters {
    R *dgamma, *dbeta;
} parameters;

static void begin_sums(const parameters *p, int64_t n) {
    if (p->dgamma)
        memset(p->dgamma, 0, (size_t)n * sizeof(R));
    if (p->dbeta)
        memset(p->dbeta, 0, (size_t)n * sizeof(R));
}

static void add_row(const parameters *p, const R *x, const R *dy, R mean, R rstd, int64_t n) {
    for (int64_t i = 0; p->dgamma && i < n; i++)
        p->dgamma[i] += dy[i] * ((x[i] - mean) * rstd);
    for (int64_t i = 0; p->dbeta && i < n; i++)
        p->dbeta[i] += dy[i];
}

static void backward_chunk(const layer *l, void *const *at, int64_t chunk) {
    const R *gamma = at[1], *mean = at[2], *rstd = at[3];
    R *dx = at[5], *dgamma = at[6], *dbeta = at[7];
    const parameters p = {dgamma ? dgamma + chunk * l->n : NULL,
                          dbeta ? dbeta + chunk * l->n : NULL};
    begin_sums(&p, l->n);
    for (int64_t r = first_row(l, chunk); r < first_row(l, chunk + 1); r++) {
        const R *x = (const R *)at[0] + r * l->n, *dy = (const R *)at[4] + r * l->n;
        add_row(&p, x, dy, mean[r], rstd[r], l->n);
        if (!dx)
            continue;
        row_sums s = sum_gradients(l, x, gamma, dy, mean[r], rstd[r]);
        backward_row(l, x, gamma, dy, mean[r], rstd[r], s, dx + r * l->n);
    }
}

/* x, gamma, mean, rstd, dy -> dx, and per chunk dgamma, dbeta */
void K(layer_norm_grad)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    layer l = read_layer(n);
    for (int64_t k = from; k < to; k++)
        backward_chunk(&l, at, k);
}
