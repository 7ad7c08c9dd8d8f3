#include "core/kernels/lines.h"
#include "core/kernels/vec_math.h"

enum {
    PIECE = 256, /* of a long row, where the exponentials themselves are not kept */
    QUAD = 4
};

/* LANES lines side by side. */
static void softmax_vec(R *y, R *top, R *sum, const R *x, int64_t n, int64_t stride) {
    vec high = vec_load(x), total = {0};
    for (int64_t i = 1; i < n; i++) {
        vec v = vec_load(x + i * stride);
        high = vec_select(v > high, v, high);
    }
    for (int64_t i = 0; i < n; i++) {
        vec e = vec_exp_down(vec_load(x + i * stride) - high);
        vec_store(y + i * stride, e);
        total += e;
    }
    for (int64_t i = 0; i < n; i++)
        vec_store(y + i * stride, vec_load(y + i * stride) / total);
    vec_store(top, high);
    vec_store(sum, total);
}

void K(softmax_lanes)(R *y, R *top, R *sum, const R *x, int64_t n, int64_t stride) {
    for (int l = 0; l < LINE_GROUP; l += LANES)
        softmax_vec(y + l, top + l, sum + l, x + l, n, stride);
}

/* --- short rows, turned --- */
/* A quad at p, which may begin up to 3 numbers behind `last`, after whose quad no memory is
 * read. */
ALWAYS_INLINE void quad_until(quad *q, const R *p, const R *last) {
    if (p <= last) {
        memcpy(q, p, sizeof *q);
        return;
    }
    memcpy(q, last, sizeof *q);
    *q = p == last + 1   ? SHUFFLE(*q, *q, 1, 2, 3, 3)
         : p == last + 2 ? SHUFFLE(*q, *q, 2, 3, 3, 3)
                         : SHUFFLE(*q, *q, 3, 3, 3, 3);
}

ALWAYS_INLINE void turn_quads(quad *a) {
    const quad b0 = SHUFFLE(a[0], a[1], 0, 4, 1, 5), b1 = SHUFFLE(a[0], a[1], 2, 6, 3, 7);
    const quad b2 = SHUFFLE(a[2], a[3], 0, 4, 1, 5), b3 = SHUFFLE(a[2], a[3], 2, 6, 3, 7);
    a[0] = SHUFFLE(b0, b2, 0, 1, 4, 5);
    a[1] = SHUFFLE(b0, b2, 2, 3, 6, 7);
    a[2] = SHUFFLE(b1, b3, 0, 1, 4, 5);
    a[3] = SHUFFLE(b1, b3, 2, 3, 6, 7);
}

/* LINE_GROUP rows. Quads reach beyond the ends of rows; those columns of `turned` mean nothing. */
static void turn_in(R *turned, const R *x, int64_t n) {
    const R *last = x + LINE_GROUP * n - QUAD;
    for (int64_t c = 0; c < n; c += QUAD)
        for (int r = 0; r < LINE_GROUP; r += QUAD) {
            quad a[QUAD];
            UNROLL
            for (int k = 0; k < QUAD; k++)
                quad_until(&a[k], x + (r + k) * n + c, last);
            turn_quads(a);
            UNROLL
            for (int k = 0; k < QUAD; k++)
                memcpy(turned + (c + k) * LINE_GROUP + r, &a[k], sizeof a[k]);
        }
}

/* The last columns first: their quads reach into the next rows, which are written after them. */
static void turn_out(R *y, const R *turned, int64_t n) {
    const R *last = y + LINE_GROUP * n - QUAD;
    for (int64_t c = (n - 1) / QUAD * QUAD; c >= 0; c -= QUAD)
        for (int r = 0; r < LINE_GROUP; r += QUAD) {
            quad a[QUAD];
            UNROLL
            for (int k = 0; k < QUAD; k++)
                memcpy(&a[k], turned + (c + k) * LINE_GROUP + r, sizeof a[k]);
            turn_quads(a);
            UNROLL
            for (int k = 0; k < QUAD; k++) {
                R *to = y + (r + k) * n + c;
                if (to <= last)
                    memcpy(to, &a[k], sizeof a[k]);
                else
                    for (int64_t i = 0; i < n - c; i++)
                        to[i] = a[k][i];
            }
        }
}

/* Fewer rows than LINE_GROUP: the other lanes hold zeros. */
static void turn_in_some(R *turned, const R *x, int64_t rows, int64_t n) {
    memset(turned, 0, (size_t)n * LINE_GROUP * sizeof *turned);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < n; i++)
            turned[i * LINE_GROUP + r] = x[r * n + i];
}

static void turn_out_some(R *y, const R *turned, int64_t rows, int64_t n) {
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < n; i++)
            y[r * n + i] = turned[i * LINE_GROUP + r];
}

/* One row that a vector holds: the same steps as in softmax_vec, so that its bits do not depend on
 * how many rows there are. */
static void softmax_one_row(R *y, R *top, R *sum, const R *x, int64_t n) {
    R e[LANES], high = x[0], total = 0;
    for (int64_t i = 1; i < n; i++)
        high = x[i] > high ? x[i] : high;
    const vec v = vec_exp_down(vec_load_some(x, n) - vec_all(high));
    vec_store(e, v);
    for (int64_t i = 0; i < n; i++)
        total += e[i];
    if (y)
        vec_store_some(y, v / vec_all(total), n);
    *top = high;
    *sum = total;
}

void K(turn_rows)(R *turned, const R *x, int64_t rows, int64_t n) {
    memset(turned, 0, LINE_GROUP * sizeof *turned); /* even a row without entries has a first one */
    if (rows == LINE_GROUP)
        turn_in(turned, x, n);
    else
        turn_in_some(turned, x, rows, n);
}

void K(turn_rows_back)(R *y, const R *turned, int64_t rows, int64_t n) {
    if (rows == LINE_GROUP)
        turn_out(y, turned, n);
    else
        turn_out_some(y, turned, rows, n);
}

static void softmax_short_rows(R *y, R *top, R *sum, const R *x, int64_t rows, int64_t n) {
    R turned[LINE_TURNED];
    K(turn_rows)(turned, x, rows, n);
    K(softmax_lanes)(turned, top, sum, turned, n, LINE_GROUP);
    if (y)
        K(turn_rows_back)(y, turned, rows, n);
}

/* Lane by lane first and then across, in the same order for every row. What is not a number is lost
 * here, but the sum of the exponentials has it. */
static R largest(const R *x, int64_t n) {
    vec high = vec_all(x[0]);
    R lane[LANES], top = x[0];
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        vec v = vec_load(x + i);
        high = vec_select(v > high, v, high);
    }
    for (; i < n; i++)
        top = x[i] > top ? x[i] : top;
    vec_store(lane, high);
    for (int l = 0; l < LANES; l++)
        top = lane[l] > top ? lane[l] : top;
    return top;
}

static R total_of(const R *x, int64_t n) {
    vec all = {0};
    R lane[LANES], sum = 0;
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        all += vec_load(x + i);
    for (; i < n; i++)
        sum += x[i];
    vec_store(lane, all);
    for (int l = 0; l < LANES; l++)
        sum += lane[l];
    return sum;
}

static void exponentials(R *y, const R *x, R top, int64_t n) {
    EACH_ALONE
    for (int64_t i = 0; i < n; i++)
        y[i] = exp_1(x[i] - top);
}

static void softmax_long_row(R *y, R *top, R *sum, const R *x, int64_t n) {
    const R high = largest(x, n);
    R piece[PIECE], total = 0;
    for (int64_t i = 0; i < n; i += PIECE) {
        int64_t length = n - i < PIECE ? n - i : PIECE;
        R *to = y ? y + i : piece;
        exponentials(to, x + i, high, length);
        total += total_of(to, length);
    }
    for (int64_t i = 0; y && i < n; i++)
        y[i] /= total;
    *top = high;
    *sum = total;
}

void K(softmax_rows)(R *y, R *top, R *sum, const R *x, int64_t rows, int64_t n) {
    const bool one = rows == 1 && n > 0 && n <= LANES;
    if (n <= LINE_SHORT && !one) {
        softmax_short_rows(y, top, sum, x, rows, n);
        return;
    }
    for (int64_t r = 0; r < LINE_GROUP; r++) {
        top[r] = 0;
        sum[r] = 1;
    }
    if (one) {
        softmax_one_row(y, top, sum, x, n);
        return;
    }
    for (int64_t r = 0; r < rows; r++)
        softmax_long_row(y ? y + r * n : NULL, top + r, sum + r, x + r * n, n);
}
