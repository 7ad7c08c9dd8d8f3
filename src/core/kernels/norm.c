/* batch_norm and its gradient (ops/norm.c has the formulas). Numbers: rows, channels, channels of a
 * cell, epsilon. A cell is a block of channels; strips of a few vectors of channels walk down all
 * rows. Sums are taken over runs of rows first, so that long columns lose no digits. */
#include "core/kernels/simd.h"
#include <math.h>

enum {
    STRIP = 4, /* vectors side by side */
    RUN = 128  /* rows that are summed before they join the total */
};

typedef struct batch {
    int64_t rows, channels;
    double epsilon;
    const R *x, *gamma, *beta, *dy, *mean, *rstd;
    R *out, *out_mean, *out_variance, *out_rstd; /* NULL where nobody wants it */
    R *dgamma, *dbeta;
} batch;

/* A strip begins at channel `at`; its vectors are full, but a strip of one may have fewer lanes. */
typedef struct strip {
    int64_t at, lanes;
} strip;

ALWAYS_INLINE vec load(const R *p, const strip *s, int v) {
    return vec_load_some(p + s->at + v * LANES, s->lanes);
}

ALWAYS_INLINE void store(R *p, const strip *s, int v, vec x) {
    vec_store_some(p + s->at + v * LANES, x, s->lanes);
}

ALWAYS_INLINE void load_all(int vectors, vec *out, const R *p, const strip *s) {
    UNROLL
    for (int v = 0; v < vectors; v++)
        out[v] = load(p, s, v);
}

/* Does nothing where the output is NULL. */
ALWAYS_INLINE void store_all(int vectors, R *p, const strip *s, const vec *x) {
    for (int v = 0; p && v < vectors; v++)
        store(p, s, v, x[v]);
}

/* total = sum over the rows of x - away, or of its square. */
ALWAYS_INLINE void sum_rows(int vectors, bool squared, vec *total, const vec *away, const batch *b,
                            const strip *s) {
    for (int v = 0; v < vectors; v++)
        total[v] = vec_all(0);
    for (int64_t start = 0; start < b->rows; start += RUN) {
        int64_t end = b->rows - start < RUN ? b->rows : start + RUN;
        vec part[STRIP] = {{0}};
        for (int64_t r = start; r < end; r++) {
            UNROLL
            for (int v = 0; v < vectors; v++) {
                vec d = load(b->x + r * b->channels, s, v) - away[v];
                part[v] = squared ? vec_fma(d, d, part[v]) : part[v] + d;
            }
        }
        for (int v = 0; v < vectors; v++)
            total[v] += part[v];
    }
}

ALWAYS_INLINE vec reciprocal_root(vec x, double epsilon) {
    R lanes[LANES];
    vec_store(lanes, x);
    for (int k = 0; k < LANES; k++)
        lanes[k] = (R)(1 / sqrt((double)lanes[k] + epsilon));
    return vec_load(lanes);
}

ALWAYS_INLINE void forward_strip(int vectors, const batch *b, const strip *s) {
    vec mean[STRIP], rstd[STRIP], scale[STRIP], beta[STRIP], zero[STRIP] = {{0}};
    const R part = 1 / (R)b->rows;
    sum_rows(vectors, false, mean, zero, b, s);
    for (int v = 0; v < vectors; v++)
        mean[v] *= part;
    sum_rows(vectors, true, rstd, mean, b, s);
    for (int v = 0; v < vectors; v++)
        rstd[v] *= part;
    store_all(vectors, b->out_mean, s, mean);
    store_all(vectors, b->out_variance, s, rstd);
    load_all(vectors, scale, b->gamma, s);
    load_all(vectors, beta, b->beta, s);
    for (int v = 0; v < vectors; v++) {
        rstd[v] = reciprocal_root(rstd[v], b->epsilon);
        scale[v] *= rstd[v];
    }
    store_all(vectors, b->out_rstd, s, rstd);
    for (int64_t r = 0; b->out && r < b->rows; r++) {
        UNROLL
        for (int v = 0; v < vectors; v++) {
            vec d = load(b->x + r * b->channels, s, v) - mean[v];
            store(b->out + r * b->channels, s, v, vec_fma(d, scale[v], beta[v]));
        }
    }
}

/* dbeta = sum of dy, dgamma = sum of dy (x - mean) rstd. */
ALWAYS_INLINE void sum_gradients(int vectors, vec *dgamma, vec *dbeta, const batch *b,
                                 const strip *s, const vec *mean) {
    for (int v = 0; v < vectors; v++)
        dgamma[v] = dbeta[v] = vec_all(0);
    for (int64_t start = 0; start < b->rows; start += RUN) {
        int64_t end = b->rows - start < RUN ? b->rows : start + RUN;
        vec along[STRIP] = {{0}}, plain[STRIP] = {{0}};
        for (int64_t r = start; r < end; r++) {
            UNROLL
            for (int v = 0; v < vectors; v++) {
                vec d = load(b->dy + r * b->channels, s, v);
                vec away = load(b->x + r * b->channels, s, v) - mean[v];
                plain[v] += d;
                along[v] = vec_fma(d, away, along[v]);
            }
        }
        for (int v = 0; v < vectors; v++) {
            dgamma[v] += along[v];
            dbeta[v] += plain[v];
        }
    }
}

/* dx = gamma rstd (dy - dbeta / N - (x - mean) rstd dgamma / N) */
ALWAYS_INLINE void backward_strip(int vectors, const batch *b, const strip *s) {
    vec mean[STRIP], rstd[STRIP], scale[STRIP], slope[STRIP], dgamma[STRIP], dbeta[STRIP];
    const R part = 1 / (R)b->rows;
    load_all(vectors, mean, b->mean, s);
    load_all(vectors, rstd, b->rstd, s);
    load_all(vectors, scale, b->gamma, s);
    sum_gradients(vectors, dgamma, dbeta, b, s, mean);
    for (int v = 0; v < vectors; v++)
        dgamma[v] *= rstd[v];
    store_all(vectors, b->dgamma, s, dgamma);
    store_all(vectors, b->dbeta, s, dbeta);
    for (int v = 0; v < vectors; v++) {
        scale[v] *= rstd[v];
        slope[v] = dgamma[v] * rstd[v] * part;
        dbeta[v] *= part;
    }
    for (int64_t r = 0; b->out && r < b->rows; r++) {
        UNROLL
        for (int v = 0; v < vectors; v++) {
            vec away = load(b->x + r * b->channels, s, v) - mean[v];
            vec d = load(b->dy + r * b->channels, s, v) - dbeta[v];
            store(b->out + r * b->channels, s, v, (d - away * slope[v]) * scale[v]);
        }
    }
}

static void forward_wide(const batch *b, int64_t at) {
    forward_strip(STRIP, b, &(strip){at, LANES});
}

static void forward_narrow(const batch *b, int64_t at, int64_t lanes) {
    forward_strip(1, b, &(strip){at, lanes});
}

static void backward_wide(const batch *b, int64_t at) {
    backward_strip(STRIP, b, &(strip){at, LANES});
}

static void backward_narrow(const batch *b, int64_t at, int64_t lanes) {
    backward_strip(1, b, &(strip){at, lanes});
}

static void each_strip(const batch *b, const ant_num *n, int64_t from, int64_t to,
                       void (*wide)(const batch *, int64_t),
                       void (*narrow)(const batch *, int64_t, int64_t)) {
    int64_t cell = n[2].i, at = from * cell;
    int64_t end = to * cell < b->channels ? to * cell : b->channels;
    for (; end - at >= STRIP * LANES; at += STRIP * LANES)
        wide(b, at);
    for (; at < end; at += LANES)
        narrow(b, at, end - at < LANES ? end - at : LANES);
}

static batch read_batch(const ant_num *n) {
    return (batch){.rows = n[0].i, .channels = n[1].i, .epsilon = n[3].f};
}

/* x, gamma, beta -> y, mean, variance, rstd */
void K(batch_norm)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    batch b = read_batch(n);
    b.x = at[0], b.gamma = at[1], b.beta = at[2];
    b.out = at[3], b.out_mean = at[4], b.out_variance = at[5], b.out_rstd = at[6];
    each_strip(&b, n, from, to, forward_wide, forward_narrow);
}

/* x, gamma, mean, rstd, dy -> dx, dgamma, dbeta */
void K(batch_norm_grad)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    batch b = read_batch(n);
    b.x = at[0], b.gamma = at[1], b.mean = at[2], b.rstd = at[3], b.dy = at[4];
    b.out = at[5], b.dgamma = at[6], b.dbeta = at[7];
    each_strip(&b, n, from, to, backward_wide, backward_narrow);
}
