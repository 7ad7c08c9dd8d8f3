/* layer_norm, rms_norm and their gradients (ops/norm.c has the formulas). Numbers: rows, n, chunks,
 * epsilon, and 1 where the mean counts as 0; a cell is a chunk of rows. Every row is read from
 * memory once: its sums, its result and its share of the parameters' gradients are made while it is
 * in the cache. Short rows overlap: while a row's result is written, the variance of the next
 * and the mean of the one after it are summed up, which hides the latency of all three. */
#include "core/kernels/simd.h"
#include <math.h>
#include <string.h>

enum {
    CHAINS = 4,         /* sums that run side by side */
    PIECE = 64 * LANES, /* of a row, whose sums stay close: they are added up piece by piece */
    SHORT_BYTES = 4096, /* of a row of which several stay in the first-level cache */
    RING = 4            /* more rows than are under way */
};

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

static int64_t shorter(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* --- forward --- */
ALWAYS_INLINE vec next_sum(bool squared, vec d, vec sum) {
    return squared ? vec_fma(d, d, sum) : sum + d;
}

/* The first n lanes of x - away, zeros behind. */
ALWAYS_INLINE vec last_part(const R *x, int64_t n, R away) {
    R lanes[LANES];
    vec_store(lanes, vec_all(away));
    return vec_load_part(x, n) - vec_load_part(lanes, n);
}

ALWAYS_INLINE vec sum_piece(bool squared, const R *x, int64_t n, R away) {
    vec chains[CHAINS] = {{0}};
    int64_t i = 0;
    for (; i + CHAINS * LANES <= n; i += CHAINS * LANES) {
        UNROLL
        for (int k = 0; k < CHAINS; k++)
            chains[k] = next_sum(squared, vec_load(x + i + k * LANES) - away, chains[k]);
    }
    for (; i + LANES <= n; i += LANES)
        chains[0] = next_sum(squared, vec_load(x + i) - away, chains[0]);
    if (i < n)
        chains[1] = next_sum(squared, last_part(x + i, n - i, away), chains[1]);
    return (chains[0] + chains[1]) + (chains[2] + chains[3]);
}

/* Sum of x - away, or of its squares. */
ALWAYS_INLINE R sum_row(bool squared, const R *x, int64_t n, R away) {
    vec sum = {0};
    for (int64_t i = 0; i < n; i += PIECE)
        sum += sum_piece(squared, x + i, shorter(PIECE, n - i), away);
    return vec_sum(sum);
}

ALWAYS_INLINE void write_part(const R *x, const R *gamma, const R *beta, R *y, vec mean, vec rstd,
                              int64_t part) {
    vec h = (vec_load_some(x, part) - mean) * rstd;
    vec_store_some(y, vec_fma(h, vec_load_some(gamma, part), vec_load_some(beta, part)), part);
}

static void write_row(int64_t n, const R *x, const R *gamma, const R *beta, R *y, R mean, R rstd) {
    const vec m = vec_all(mean), s = vec_all(rstd);
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        write_part(x + i, gamma + i, beta + i, y + i, m, s, LANES);
    if (i < n)
        write_part(x + i, gamma + i, beta + i, y + i, m, s, n - i);
}

/* y, mean and rstd may be NULL: not wanted. */
typedef struct forth {
    const layer *l;
    const R *x, *gamma, *beta;
    R *y, *mean, *rstd;
    R means[RING], rstds[RING]; /* of the rows under way */
} forth;

static void find_mean(forth *f, int64_t r) {
    const int64_t n = f->l->n;
    R mean = f->l->rms ? 0 : sum_row(false, f->x + r * n, n, 0) / (R)n;
    f->means[r % RING] = mean;
    if (f->mean)
        f->mean[r] = mean;
}

static void find_rstd(forth *f, int64_t r) {
    const int64_t n = f->l->n;
    R variance = sum_row(true, f->x + r * n, n, f->means[r % RING]) / (R)n;
    R rstd = (R)(1 / sqrt((double)variance + f->l->epsilon));
    f->rstds[r % RING] = rstd;
    if (f->rstd)
        f->rstd[r] = rstd;
}

static void find_result(const forth *f, int64_t r) {
    const int64_t n = f->l->n;
    write_row(n, f->x + r * n, f->gamma, f->beta, f->y + r * n, f->means[r % RING],
              f->rstds[r % RING]);
}

/* x, gamma, beta -> y, mean, rstd */
void K(layer_norm)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    layer l = read_layer(n);
    forth f = {&l, at[0], at[1], at[2], at[3], at[4], at[5], {0}, {0}};
    const int64_t first = first_row(&l, from), end = first_row(&l, to);
    const int64_t late = l.n * (int64_t)sizeof(R) <= SHORT_BYTES;
    for (int64_t r = first; r < end + 2 * late; r++) {
        if (r < end)
            find_mean(&f, r);
        if (r - late >= first && r - late < end)
            find_rstd(&f, r - late);
        if (f.y && r - 2 * late >= first)
            find_result(&f, r - 2 * late);
    }
}

/* --- backward --- */
/* A row, and where a chunk's sums for gamma and beta go; NULL: not wanted. */
typedef struct back {
    int64_t n;
    bool rms;
    const R *x, *gamma, *dy;
    R *dx, *dgamma, *dbeta;
} back;

typedef struct numbers {
    vec mean, rstd;
    vec plain, along; /* sums of g = gamma dy, of g h, h = (x - mean) rstd; then they over n */
} numbers;

/* `part` entries from i on: of the parameters' gradients, and of the row's sums. */
ALWAYS_INLINE void sum_part(const back *b, numbers *s, int64_t i, int64_t part) {
    vec dy = vec_load_some(b->dy + i, part), g = vec_load_some(b->gamma + i, part) * dy;
    vec h = (vec_load_some(b->x + i, part) - s->mean) * s->rstd;
    s->plain += g;
    s->along = vec_fma(g, h, s->along);
    if (b->dgamma)
        vec_store_some(b->dgamma + i, vec_fma(dy, h, vec_load_some(b->dgamma + i, part)), part);
    if (b->dbeta)
        vec_store_some(b->dbeta + i, dy + vec_load_some(b->dbeta + i, part), part);
}

ALWAYS_INLINE void sum_piece_back(const back *b, numbers *all, int64_t i, int64_t end) {
    numbers s = {.mean = all->mean, .rstd = all->rstd};
    for (; i + LANES <= end; i += LANES)
        sum_part(b, &s, i, LANES);
    if (i < end)
        sum_part(b, &s, i, end - i);
    all->plain += s.plain;
    all->along += s.along;
}

ALWAYS_INLINE void write_back_part(const back *b, const numbers *s, int64_t i, int64_t part) {
    vec g = vec_load_some(b->gamma + i, part) * vec_load_some(b->dy + i, part) - s->plain;
    vec h = (vec_load_some(b->x + i, part) - s->mean) * s->rstd;
    vec_store_some(b->dx + i, s->rstd * (g - h * s->along), part);
}

/* Row by row: several at once would fetch several from memory at once, which is slower. */
static void backward_row(const back *b, R mean, R rstd) {
    numbers s = {.mean = vec_all(mean), .rstd = vec_all(rstd)};
    for (int64_t i = 0; i < b->n; i += PIECE)
        sum_piece_back(b, &s, i, shorter(i + PIECE, b->n));
    s.plain = vec_all(b->rms ? 0 : vec_sum(s.plain) / (R)b->n);
    s.along = vec_all(vec_sum(s.along) / (R)b->n);
    int64_t i = 0;
    for (; b->dx && i + LANES <= b->n; i += LANES)
        write_back_part(b, &s, i, LANES);
    if (b->dx && i < b->n)
        write_back_part(b, &s, i, b->n - i);
}

static void begin_sums(R *sums, int64_t n) {
    if (sums)
        memset(sums, 0, (size_t)n * sizeof(R));
}

static void backward_chunk(const layer *l, void *const *at, int64_t chunk) {
    const R *mean = at[2], *rstd = at[3];
    R *dx = at[5], *dgamma = at[6], *dbeta = at[7];
    back b = {.n = l->n, .rms = l->rms, .gamma = at[1]};
    b.dgamma = dgamma ? dgamma + chunk * l->n : NULL;
    b.dbeta = dbeta ? dbeta + chunk * l->n : NULL;
    begin_sums(b.dgamma, l->n);
    begin_sums(b.dbeta, l->n);
    for (int64_t r = first_row(l, chunk); r < first_row(l, chunk + 1); r++) {
        b.x = (const R *)at[0] + r * l->n;
        b.dy = (const R *)at[4] + r * l->n;
        b.dx = dx ? dx + r * l->n : NULL;
        backward_row(&b, mean[r], rstd[r]);
    }
}

/* x, gamma, mean, rstd, dy -> dx, and per chunk dgamma, dbeta */
void K(layer_norm_grad)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    layer l = read_layer(n);
    for (int64_t k = from; k < to; k++)
        backward_chunk(&l, at, k);
}
