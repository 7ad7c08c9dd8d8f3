/* The steps of batch normalization (ops/batch_norm.c has the formulas), for x (rows, channels).
 *
 * What sums over rows works on chunks of rows, whose results a later op joins; strips of a few
 * vectors of channels walk down a run of rows that stays in a cache. Moments of a run are taken in
 * two passes over it and joined by Chan's formula, so that they cost one read of memory and no
 * digits. (Chan, Golub and LeVeque, "Algorithms for computing the sample variance", 1983.)
 *
 * Moments and the last step of the gradient begin with the last chunk, the others with the first:
 * each finds in a cache what the op before it touched last. */
#include "core/kernels/batch_norm.h"
#include "core/kernels/simd.h"
#include <math.h>

enum {
    STRIP = 8, /* vectors side by side */
    RUN = 64   /* rows that are summed before they join the total */
};

typedef struct batch {
    int64_t rows, channels, chunks;
    const R *x, *dy, *mean, *rstd, *gamma, *beta, *sums;
    int64_t gated;  /* ant_batch_gate */
    const R *gate;  /* the one that is given */
    int64_t repeat; /* rows that have the same row of dy */
    bool cut;       /* results within [0, limit] */
    R limit;
} batch;

/* No limit is one that nothing compares with. */
static R limit_of(double x) {
    return isinf(x) ? (R)NAN : (R)x;
}

static batch read_batch(const ant_num *n) {
    return (batch){.rows = n[ANT__BATCH_ROWS].i,
                   .channels = n[ANT__BATCH_CHANNELS].i,
                   .chunks = n[ANT__BATCH_CHUNKS].i,
                   .repeat = n[ANT__BATCH_REPEAT].i,
                   .cut = n[ANT__BATCH_CUT].i,
                   .gated = n[ANT__BATCH_GATED].i,
                   .limit = limit_of(n[ANT__BATCH_LIMIT].f)};
}

static int64_t first_row(const batch *b, int64_t chunk) {
    return b->rows * chunk / b->chunks;
}

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

/* --- the moments of a chunk: mean (C), then the sum of squares away from it (C) --- */

/* Sum over rows [from, to) of x - away, or of its square. */
ALWAYS_INLINE void sum_run(int vectors, bool squared, vec *sum, const vec *away, const batch *b,
                           const strip *s, int64_t from, int64_t to) {
    UNROLL
    for (int v = 0; v < vectors; v++)
        sum[v] = (vec){0};
    for (int64_t r = from; r < to; r++) {
        UNROLL
        for (int v = 0; v < vectors; v++) {
            vec d = load(b->x + r * b->channels, s, v) - away[v];
            sum[v] = squared ? vec_fma(d, d, sum[v]) : sum[v] + d;
        }
    }
}

ALWAYS_INLINE void moments_of_strip(int vectors, const batch *b, const strip *s, int64_t from,
                                    int64_t to, R *out) {
    vec mean[STRIP] = {{0}}, squares[STRIP] = {{0}}, part[STRIP], away[STRIP];
    for (int64_t r = from; r < to; r += RUN) {
        int64_t end = to - r < RUN ? to : r + RUN;
        const R count = (R)(end - r), share = count / (R)(end - from);
        sum_run(vectors, false, part, (vec[STRIP]){{0}}, b, s, r, end);
        for (int v = 0; v < vectors; v++)
            part[v] *= 1 / count;
        sum_run(vectors, true, away, part, b, s, r, end);
        for (int v = 0; v < vectors; v++) {
            vec d = part[v] - mean[v];
            mean[v] = vec_fma(d, vec_all(share), mean[v]);
            squares[v] += away[v] + d * d * ((R)(r - from) * share);
        }
    }
    for (int v = 0; v < vectors; v++) {
        store(out, s, v, mean[v]);
        store(out + b->channels, s, v, squares[v]);
    }
}

static void moments_of_chunk(const batch *b, int64_t chunk, R *out) {
    int64_t from = first_row(b, chunk), to = first_row(b, chunk + 1), at = 0;
    for (; b->channels - at >= STRIP * LANES; at += STRIP * LANES)
        moments_of_strip(STRIP, b, &(strip){at, LANES}, from, to, out);
    for (; at < b->channels; at += LANES)
        moments_of_strip(1, b, &(strip){at, b->channels - at}, from, to, out);
}

/* x -> (chunks, 2, C) */
void K(batch_moments)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    batch b = read_batch(n);
    b.x = at[0];
    for (int64_t k = to; k-- > from;)
        moments_of_chunk(&b, k, (R *)at[1] + k * 2 * b.channels);
}

enum { TOGETHER = 16 }; /* channels that are joined side by side */

/* Chunks join one by one: `count` channels from parts on. */
static void join_some(const batch *b, const R *parts, int64_t count, double *mean,
                      double *squares) {
    for (int64_t k = 0; k < b->chunks; k++, parts += 2 * b->channels) {
        double before = (double)first_row(b, k), all = (double)first_row(b, k + 1);
        double share = (all - before) / all, both = before * share;
        for (int64_t c = 0; c < count; c++) {
            double d = (double)parts[c] - mean[c];
            mean[c] += d * share;
            squares[c] += (double)parts[b->channels + c] + d * d * both;
        }
    }
}

/* (chunks, 2, C), x (not read) -> mean, variance, 1 / sqrt(variance + epsilon) */
void K(batch_join)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    batch b = read_batch(n);
    R *mean = at[2], *variance = at[3], *rstd = at[4];
    for (int64_t c = 0; c < b.channels && from < to; c += TOGETHER) {
        double m[TOGETHER] = {0}, squares[TOGETHER] = {0};
        int64_t count = b.channels - c < TOGETHER ? b.channels - c : TOGETHER;
        join_some(&b, (const R *)at[0] + c, count, m, squares);
        for (int64_t i = 0; i < count; i++) {
            double v = squares[i] / (double)b.rows;
            if (mean)
                mean[c + i] = (R)m[i];
            if (variance)
                variance[c + i] = (R)v;
            if (rstd)
                rstd[c + i] = (R)(1 / sqrt(v + n[ANT__BATCH_EPSILON].f));
        }
    }
}

/* --- y = (x - mean) rstd gamma + beta --- */

ALWAYS_INLINE vec within_bounds(const batch *b, vec y) {
    return b->cut ? vec_bound(y, vec_all(b->limit)) : y;
}

ALWAYS_INLINE vec normal(const batch *b, const R *x, int64_t c, int64_t lanes) {
    vec scale = vec_load_some(b->rstd + c, lanes) * vec_load_some(b->gamma + c, lanes);
    vec away = vec_load_some(x + c, lanes) - vec_load_some(b->mean + c, lanes);
    return within_bounds(b, vec_fma(away, scale, vec_load_some(b->beta + c, lanes)));
}

static void normalize_row(const batch *b, const R *x, R *y) {
    int64_t c = 0;
    for (; c + LANES <= b->channels; c += LANES)
        vec_store(y + c, normal(b, x, c, LANES));
    if (c < b->channels)
        vec_store_part(y + c, normal(b, x, c, b->channels - c), b->channels - c);
}

/* x, mean, rstd, gamma, beta -> y */
void K(normalize)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    batch b = read_batch(n);
    b.x = at[0], b.mean = at[1], b.rstd = at[2], b.gamma = at[3], b.beta = at[4];
    for (int64_t r = first_row(&b, from); r < first_row(&b, to); r++)
        normalize_row(&b, b.x + r * b.channels, (R *)at[5] + r * b.channels);
}

/* --- what walks down channels --- */

/* A row of dy, which serves `repeat` rows of x, of which `left` are to come. */
typedef struct dy_row {
    const R *at;
    int64_t left;
} dy_row;

static dy_row dy_of(const batch *b, int64_t r) {
    return (dy_row){b->dy + r / b->repeat * b->channels, b->repeat - r % b->repeat};
}

ALWAYS_INLINE void next_row(const batch *b, dy_row *dy) {
    if (--dy->left == 0)
        *dy = (dy_row){dy->at + b->channels, b->repeat};
}

/* What a channel needs, for the vectors of a strip. */
typedef struct factors {
    vec mean[STRIP], scale[STRIP], beta[STRIP], plain[STRIP], along[STRIP];
} factors;

ALWAYS_INLINE void load_factors(factors *f, int vectors, const int gated, const batch *b,
                                const strip *s) {
    for (int v = 0; v < vectors; v++)
        f->mean[v] = load(b->mean, s, v);
    for (int v = 0; v < vectors && gated == ANT__GATE_OWN; v++) {
        f->scale[v] = load(b->rstd, s, v) * load(b->gamma, s, v);
        f->beta[v] = load(b->beta, s, v);
    }
}

/* The sums of y's rows [from, to). */
ALWAYS_INLINE void span_of_strip(int vectors, const batch *b, const strip *s, int64_t from,
                                 int64_t to, R *out) {
    vec total[STRIP] = {{0}};
    factors f;
    load_factors(&f, vectors, ANT__GATE_OWN, b, s);
    for (int64_t start = from; start < to; start += RUN) {
        int64_t end = to - start < RUN ? to : start + RUN;
        vec some[STRIP] = {{0}};
        for (int64_t r = start; r < end; r++) {
            UNROLL
            for (int v = 0; v < vectors; v++) {
                vec away = load(b->x + r * b->channels, s, v) - f.mean[v];
                some[v] += within_bounds(b, vec_fma(away, f.scale[v], f.beta[v]));
            }
        }
        for (int v = 0; v < vectors; v++)
            total[v] += some[v];
    }
    for (int v = 0; v < vectors; v++)
        store(out, s, v, total[v]);
}

/* x, mean, rstd, gamma, beta -> the sums of y over spans of rows, which are the chunks */
void K(normalize_spans)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    batch b = read_batch(n);
    b.x = at[0], b.mean = at[1], b.rstd = at[2], b.gamma = at[3], b.beta = at[4];
    for (int64_t k = from; k < to; k++) {
        int64_t first = first_row(&b, k), last = first_row(&b, k + 1), c = 0;
        R *out = (R *)at[5] + k * b.channels;
        for (; b.channels - c >= STRIP * LANES; c += STRIP * LANES)
            span_of_strip(STRIP, &b, &(strip){c, LANES}, first, last, out);
        for (; c < b.channels; c += LANES)
            span_of_strip(1, &b, &(strip){c, b.channels - c}, first, last, out);
    }
}

/* --- the gradient --- */

/* dy at row r where the gate lets it through. */
ALWAYS_INLINE vec come_back(const factors *f, const int gated, const batch *b, const strip *s,
                            int v, const dy_row *dy, int64_t r, vec away) {
    const vec d = load(dy->at, s, v);
    if (gated == ANT__GATE_NONE)
        return d;
    const vec g = gated == ANT__GATE_OWN ? vec_fma(away, f->scale[v], f->beta[v])
                                         : load(b->gate + r * b->channels, s, v);
    return (vec)((vec_int)d & (g > (vec){0}) & ~(g >= vec_all(b->limit)));
}

/* Sums of dy and of dy (x - mean) rstd over the chunk's rows. */
ALWAYS_INLINE void sums_of_strip(int vectors, const int gated, const batch *b, const strip *s,
                                 int64_t from, int64_t to, R *out) {
    vec plain[STRIP] = {{0}}, along[STRIP] = {{0}};
    factors f;
    load_factors(&f, vectors, gated, b, s);
    dy_row dy = dy_of(b, from);
    for (int64_t start = from; start < to; start += RUN) {
        int64_t end = to - start < RUN ? to : start + RUN;
        vec some[STRIP] = {{0}}, more[STRIP] = {{0}};
        for (int64_t r = start; r < end; r++, next_row(b, &dy)) {
            UNROLL
            for (int v = 0; v < vectors; v++) {
                vec away = load(b->x + r * b->channels, s, v) - f.mean[v];
                vec d = come_back(&f, gated, b, s, v, &dy, r, away);
                some[v] += d;
                more[v] = vec_fma(d, away, more[v]);
            }
        }
        for (int v = 0; v < vectors; v++) {
            plain[v] += some[v];
            along[v] += more[v];
        }
    }
    for (int v = 0; v < vectors; v++) {
        store(out, s, v, plain[v]);
        store(out + b->channels, s, v, along[v] * load(b->rstd, s, v));
    }
}

ALWAYS_INLINE void sums_by_gate(int vectors, const batch *b, strip s, int64_t from, int64_t to,
                                R *out) {
    if (b->gated == ANT__GATE_OWN)
        sums_of_strip(vectors, ANT__GATE_OWN, b, &s, from, to, out);
    else if (b->gated == ANT__GATE_GIVEN)
        sums_of_strip(vectors, ANT__GATE_GIVEN, b, &s, from, to, out);
    else
        sums_of_strip(vectors, ANT__GATE_NONE, b, &s, from, to, out);
}

static void sums_of_chunk(const batch *b, int64_t chunk, R *out) {
    int64_t from = first_row(b, chunk), to = first_row(b, chunk + 1), at = 0;
    for (; b->channels - at >= STRIP * LANES; at += STRIP * LANES)
        sums_by_gate(STRIP, b, (strip){at, LANES}, from, to, out);
    for (; at < b->channels; at += LANES)
        sums_by_gate(1, b, (strip){at, b->channels - at}, from, to, out);
}

/* x, dy, mean, rstd, a gate or gamma and beta or nothing -> (chunks, 2, C) */
void K(normalize_sums)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    batch b = read_batch(n);
    b.x = *at++, b.dy = *at++, b.mean = *at++, b.rstd = *at++;
    b.gate = b.gated == ANT__GATE_GIVEN ? *at++ : NULL;
    b.gamma = b.gated == ANT__GATE_OWN ? *at++ : NULL;
    b.beta = b.gated == ANT__GATE_OWN ? *at++ : NULL;
    for (int64_t k = from; k < to; k++)
        sums_of_chunk(&b, k, (R *)*at + k * 2 * b.channels);
}

/* rstd gamma (dy - sums[0] / N - (x - mean) rstd sums[1] / N) */
ALWAYS_INLINE void slopes_of_strip(int vectors, const int gated, const batch *b, const strip *s,
                                   int64_t from, int64_t to, R *dx) {
    const R part = 1 / (R)b->rows;
    factors f;
    load_factors(&f, vectors, gated, b, s);
    for (int v = 0; v < vectors; v++) {
        const vec rstd = load(b->rstd, s, v);
        f.scale[v] = rstd * load(b->gamma, s, v);
        f.plain[v] = load(b->sums, s, v) * part;
        f.along[v] = load(b->sums + b->channels, s, v) * rstd * part;
    }
    dy_row dy = dy_of(b, from);
    for (int64_t r = from; r < to; r++, next_row(b, &dy)) {
        UNROLL
        for (int v = 0; v < vectors; v++) {
            vec away = load(b->x + r * b->channels, s, v) - f.mean[v];
            vec d = come_back(&f, gated, b, s, v, &dy, r, away);
            store(dx + r * b->channels, s, v, (d - f.plain[v] - away * f.along[v]) * f.scale[v]);
        }
    }
}

ALWAYS_INLINE void slopes_by_gate(int vectors, const batch *b, strip s, int64_t from, int64_t to,
                                  R *dx) {
    if (b->gated == ANT__GATE_OWN)
        slopes_of_strip(vectors, ANT__GATE_OWN, b, &s, from, to, dx);
    else if (b->gated == ANT__GATE_GIVEN)
        slopes_of_strip(vectors, ANT__GATE_GIVEN, b, &s, from, to, dx);
    else
        slopes_of_strip(vectors, ANT__GATE_NONE, b, &s, from, to, dx);
}

static void slopes_of_chunk(const batch *b, int64_t chunk, R *dx) {
    int64_t from = first_row(b, chunk), to = first_row(b, chunk + 1), at = 0;
    for (; b->channels - at >= STRIP * LANES; at += STRIP * LANES)
        slopes_by_gate(STRIP, b, (strip){at, LANES}, from, to, dx);
    for (; at < b->channels; at += LANES)
        slopes_by_gate(1, b, (strip){at, b->channels - at}, from, to, dx);
}

/* x, dy, mean, rstd, gamma, sums, a gate or beta or nothing -> dx */
void K(normalize_back)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    batch b = read_batch(n);
    b.x = *at++, b.dy = *at++, b.mean = *at++, b.rstd = *at++, b.gamma = *at++, b.sums = *at++;
    b.gate = b.gated == ANT__GATE_GIVEN ? *at++ : NULL;
    b.beta = b.gated == ANT__GATE_OWN ? *at++ : NULL;
    for (int64_t k = to; k-- > from;)
        slopes_of_chunk(&b, k, *at);
}
