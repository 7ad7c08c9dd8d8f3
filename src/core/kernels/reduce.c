/* Reductions over one axis (reduce.h). Sums go in pieces that are added in double, in order, so
 * that long float32 sums stay close. */
#include "core/kernels/reduce.h"
#include "antler/types.h"
#include "core/kernels/simd.h"
#include <math.h>

enum { PIECE = 1024 }; /* entries added in type R before the sum goes on in double */

typedef struct job {
    int kind, dtype;
    int64_t outer, length, inner, blocks;
} job;

static job read_job(const ant_num *n) {
    job j = {.kind = (int)n[ANT__REDUCE_KIND].i,
             .dtype = (int)n[ANT__REDUCE_DTYPE].i,
             .outer = n[ANT__REDUCE_OUTER].i,
             .length = n[ANT__REDUCE_LENGTH].i,
             .inner = n[ANT__REDUCE_INNER].i};
    j.blocks = j.inner == 1 ? 1 : (j.inner + ANT__REDUCE_WIDTH - 1) / ANT__REDUCE_WIDTH;
    return j;
}

static int64_t shorter(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* --- sums --- */
static R sum_piece(const R *x, int64_t n) {
    vec s[4] = {{0}};
    int64_t i = 0;
    for (; i + 4 * LANES <= n; i += 4 * LANES)
        for (int k = 0; k < 4; k++)
            s[k] += vec_load(x + i + k * LANES);
    vec joint = (s[0] + s[1]) + (s[2] + s[3]);
    R sum = 0;
    for (int k = 0; k < LANES; k++)
        sum += joint[k];
    for (; i < n; i++)
        sum += x[i];
    return sum;
}

static R sum_line(const R *x, int64_t n) {
    if (n <= PIECE)
        return sum_piece(x, n);
    double sum = 0;
    for (int64_t i = 0; i < n; i += PIECE)
        sum += (double)sum_piece(x + i, shorter(PIECE, n - i));
    return (R)sum;
}

static void add_lines(R *restrict y, const R *x, int64_t lines, int64_t stride, int64_t width) {
    int64_t r = 0;
    for (; r + 4 <= lines; r += 4, x += 4 * stride)
        for (int64_t i = 0; i < width; i++)
            y[i] += (x[i] + x[i + stride]) + (x[i + 2 * stride] + x[i + 3 * stride]);
    for (; r < lines; r++, x += stride)
        for (int64_t i = 0; i < width; i++)
            y[i] += x[i];
}

static void sum_piece_of_columns(R *y, const R *x, int64_t lines, int64_t stride, int64_t width) {
    for (int64_t i = 0; i < width; i++)
        y[i] = 0;
    add_lines(y, x, lines, stride, width);
}

static void sum_columns(R *y, const R *x, int64_t lines, int64_t stride, int64_t width) {
    R piece[ANT__REDUCE_WIDTH];
    double sum[ANT__REDUCE_WIDTH];
    if (lines <= PIECE) {
        sum_piece_of_columns(y, x, lines, stride, width);
        return;
    }
    for (int64_t i = 0; i < width; i++)
        sum[i] = 0;
    for (int64_t r = 0; r < lines; r += PIECE) {
        sum_piece_of_columns(piece, x + r * stride, shorter(PIECE, lines - r), stride, width);
        for (int64_t i = 0; i < width; i++)
            sum[i] += (double)piece[i];
    }
    for (int64_t i = 0; i < width; i++)
        y[i] = (R)sum[i];
}

/* --- the other kinds; NaN goes through --- */
ALWAYS_INLINE R join(int kind, R a, R b) {
    return kind == ANT__REDUCE_MAX   ? (b > a || b != b ? b : a)
           : kind == ANT__REDUCE_MIN ? (b < a || b != b ? b : a)
                                     : a * b;
}

static R start_of(int kind) {
    return kind == ANT__REDUCE_MAX ? -(R)INFINITY : kind == ANT__REDUCE_MIN ? (R)INFINITY : 1;
}

/* One line, in lanes that are joined at the end. */
ALWAYS_INLINE R join_line(int kind, const R *x, int64_t n) {
    enum { WIDE = 16 };
    R lane[WIDE], joint = start_of(kind);
    int64_t i = 0;
    for (int k = 0; k < WIDE; k++)
        lane[k] = joint;
    for (; i + WIDE <= n; i += WIDE)
        for (int k = 0; k < WIDE; k++)
            lane[k] = join(kind, lane[k], x[i + k]);
    for (int k = 0; k < WIDE && i; k++)
        joint = join(kind, joint, lane[k]);
    for (; i < n; i++)
        joint = join(kind, joint, x[i]);
    return joint;
}

ALWAYS_INLINE void join_columns(int kind, R *restrict y, const R *x, int64_t lines, int64_t stride,
                                int64_t width) {
    for (int64_t i = 0; i < width; i++)
        y[i] = start_of(kind);
    for (int64_t r = 0; r < lines; r++, x += stride)
        for (int64_t i = 0; i < width; i++)
            y[i] = join(kind, y[i], x[i]);
}

ALWAYS_INLINE void join_all(int kind, const job *j, R *y, const R *x, int64_t width) {
    if (j->inner == 1)
        *y = join_line(kind, x, j->length);
    else
        join_columns(kind, y, x, j->length, j->inner, width);
}

static void reduce_real(const job *j, R *y, const R *x, int64_t width) {
    if (j->kind == ANT__REDUCE_MAX)
        join_all(ANT__REDUCE_MAX, j, y, x, width);
    else if (j->kind == ANT__REDUCE_MIN)
        join_all(ANT__REDUCE_MIN, j, y, x, width);
    else if (j->kind == ANT__REDUCE_PROD)
        join_all(ANT__REDUCE_PROD, j, y, x, width);
    else if (j->inner == 1)
        *y = sum_line(x, j->length);
    else
        sum_columns(y, x, j->length, j->inner, width);
}

/* --- ints and bools, in int64 --- */
static int64_t get_int(const void *x, int dtype, int64_t i) {
    return dtype == ANT_INT64   ? ((const int64_t *)x)[i]
           : dtype == ANT_INT32 ? ((const int32_t *)x)[i]
                                : ((const uint8_t *)x)[i];
}

static void put_int(void *y, int dtype, int64_t i, int64_t v) {
    if (dtype == ANT_INT64)
        ((int64_t *)y)[i] = v;
    else if (dtype == ANT_INT32)
        ((int32_t *)y)[i] = (int32_t)v;
    else
        ((uint8_t *)y)[i] = (uint8_t)v;
}

/* What an empty axis gives. */
static int64_t int_start(int kind, int dtype) {
    int64_t least = dtype == ANT_INT64 ? INT64_MIN : dtype == ANT_INT32 ? INT32_MIN : 0;
    int64_t most = dtype == ANT_INT64 ? INT64_MAX : dtype == ANT_INT32 ? INT32_MAX : 1;
    return kind == ANT__REDUCE_MAX    ? least
           : kind == ANT__REDUCE_MIN  ? most
           : kind == ANT__REDUCE_PROD ? 1
                                      : 0;
}

/* Sums and products wrap around, as unsigned ones do. */
static int64_t int_join(int kind, int64_t a, int64_t b) {
    switch (kind) {
    case ANT__REDUCE_MAX:
        return b > a ? b : a;
    case ANT__REDUCE_MIN:
        return b < a ? b : a;
    case ANT__REDUCE_PROD:
        return (int64_t)((uint64_t)a * (uint64_t)b);
    default:
        return (int64_t)((uint64_t)a + (uint64_t)b);
    }
}

static void reduce_ints(const job *j, void *y, const void *x, int64_t to, int64_t at,
                        int64_t width) {
    for (int64_t i = 0; i < width; i++) {
        int64_t v = int_start(j->kind, j->dtype);
        for (int64_t r = 0; r < j->length; r++)
            v = int_join(j->kind, v, get_int(x, j->dtype, at + i + r * j->inner));
        put_int(y, j->dtype, to + i, v);
    }
}

static void reduce_unit(const job *j, void *y, const void *x, int64_t unit) {
    int64_t o = unit / j->blocks, column = unit % j->blocks * ANT__REDUCE_WIDTH;
    int64_t width = shorter(ANT__REDUCE_WIDTH, j->inner - column);
    int64_t to = o * j->inner + column, at = o * j->length * j->inner + column;
    if (j->dtype == ANT_FLOAT32 || j->dtype == ANT_FLOAT64)
        reduce_real(j, (R *)y + to, (const R *)x + at, width);
    else
        reduce_ints(j, y, x, to, at, width);
}

void K(reduce)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    job j = read_job(n);
    int64_t cell = n[ANT__REDUCE_CELL].i, end = shorter(to * cell, j.outer * j.blocks);
    for (int64_t unit = from * cell; unit < end; unit++)
        reduce_unit(&j, at[1], at[0], unit);
}

/* --- place of the largest or smallest, the first of equals; NaN only where all are --- */
static int32_t place_of(int kind, const R *x, int64_t n, int64_t stride) {
    int64_t best = 0;
    for (int64_t i = 1; i < n; i++) {
        R a = x[best * stride], b = x[i * stride];
        bool better = kind == ANT__REDUCE_MAX ? b > a : b < a;
        if (better || (a != a && b == b))
            best = i;
    }
    return (int32_t)best;
}

static int32_t int_place_of(int kind, const void *x, int dtype, int64_t at, int64_t n,
                            int64_t stride) {
    int64_t best = 0;
    for (int64_t i = 1; i < n; i++) {
        int64_t a = get_int(x, dtype, at + best * stride), b = get_int(x, dtype, at + i * stride);
        if (kind == ANT__REDUCE_MAX ? b > a : b < a)
            best = i;
    }
    return (int32_t)best;
}

/* Units are lines of the outer axis. */
void K(reduce_place)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    job j = read_job(n);
    int64_t cell = n[ANT__REDUCE_CELL].i, end = shorter(to * cell, j.outer);
    for (int64_t o = from * cell; o < end; o++)
        for (int64_t i = 0; i < j.inner; i++) {
            int64_t start = o * j.length * j.inner + i;
            ((int32_t *)at[1])[o * j.inner + i] =
                j.dtype == ANT_FLOAT32 || j.dtype == ANT_FLOAT64
                    ? place_of(j.kind, (const R *)at[0] + start, j.length, j.inner)
                    : int_place_of(j.kind, at[0], j.dtype, start, j.length, j.inner);
        }
}

/* --- running sums --- */
static void run_reals(R *y, const R *x, int64_t n, int64_t stride) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        y[i * stride] = (R)(sum += (double)x[i * stride]);
}

static void run_ints(void *y, const void *x, int dtype, int64_t at, int64_t n, int64_t stride) {
    int64_t sum = 0;
    for (int64_t i = 0; i < n; i++) {
        sum = int_join(ANT__REDUCE_SUM, sum, get_int(x, dtype, at + i * stride));
        put_int(y, dtype, at + i * stride, sum);
    }
}

/* Numbers: outer, length, inner, outer ones in a cell, reverse, type. */
void K(running_sum)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    int64_t length = n[1].i, inner = n[2].i, end = shorter(to * n[3].i, n[0].i);
    int64_t first = n[4].i && length ? (length - 1) * inner : 0;
    int64_t stride = n[4].i ? -inner : inner;
    int dtype = (int)n[5].i;
    for (int64_t o = from * n[3].i; o < end; o++)
        for (int64_t i = 0; i < inner; i++) {
            int64_t start = o * length * inner + i + first;
            if (dtype == ANT_FLOAT32 || dtype == ANT_FLOAT64)
                run_reals((R *)at[1] + start, (const R *)at[0] + start, length, stride);
            else
                run_ints(at[1], at[0], dtype, start, length, stride);
        }
}

/* --- gradient of products: dx = dy times the product of all others, zeros or not.
 * Numbers: outer, length, inner, outer ones in a cell --- */
void K(prod_gradient)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    int64_t length = n[1].i, inner = n[2].i, end = shorter(to * n[3].i, n[0].i);
    for (int64_t o = from * n[3].i; o < end; o++)
        for (int64_t i = 0; i < inner; i++) {
            const R *x = (const R *)at[0] + o * length * inner + i;
            R *dx = (R *)at[2] + o * length * inner + i;
            R before = ((const R *)at[1])[o * inner + i], after = 1;
            for (int64_t k = 0; k < length; k++) {
                dx[k * inner] = before;
                before *= x[k * inner];
            }
            for (int64_t k = length - 1; k >= 0; k--) {
                dx[k * inner] *= after;
                after *= x[k * inner];
            }
        }
}
