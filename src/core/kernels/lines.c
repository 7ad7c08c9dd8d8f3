#include "core/kernels/lines.h"
#include "core/kernels/math.h"

enum {
    SHORT = 64, /* rows up to this length are turned, so that a vector holds an entry of each row */
    PIECE = 256 /* of a long row, where the exponentials themselves are not kept */
};

void K(softmax_lanes)(R *y, R *top, R *sum, const R *x, int64_t n, int64_t stride) {
    R high[LINE_GROUP], total[LINE_GROUP] = {0};
    memcpy(high, x, sizeof high);
    for (int64_t i = 1; i < n; i++)
        for (int l = 0; l < LINE_GROUP; l++)
            high[l] = x[i * stride + l] > high[l] ? x[i * stride + l] : high[l];
    for (int64_t i = 0; i < n; i++)
        for (int l = 0; l < LINE_GROUP; l++) {
            R e = exp_1(x[i * stride + l] - high[l]);
            y[i * stride + l] = e;
            total[l] += e;
        }
    for (int64_t i = 0; i < n; i++)
        for (int l = 0; l < LINE_GROUP; l++)
            y[i * stride + l] /= total[l];
    memcpy(top, high, sizeof high);
    memcpy(sum, total, sizeof total);
}

/* Short rows through a turned copy. Lanes without a row hold zeros. */
static void softmax_short_rows(R *y, R *top, R *sum, const R *x, int64_t rows, int64_t n) {
    R turned[SHORT * LINE_GROUP];
    if (rows < LINE_GROUP)
        memset(turned, 0, (size_t)n * LINE_GROUP * sizeof *turned);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < n; i++)
            turned[i * LINE_GROUP + r] = x[r * n + i];
    K(softmax_lanes)(turned, top, sum, turned, n, LINE_GROUP);
    for (int64_t r = 0; y && r < rows; r++)
        for (int64_t i = 0; i < n; i++)
            y[r * n + i] = turned[i * LINE_GROUP + r];
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
    if (n <= SHORT) {
        softmax_short_rows(y, top, sum, x, rows, n);
        return;
    }
    for (int64_t r = 0; r < LINE_GROUP; r++) {
        top[r] = 0;
        sum[r] = 1;
    }
    for (int64_t r = 0; r < rows; r++)
        softmax_long_row(y ? y + r * n : NULL, top + r, sum + r, x + r * n, n);
}
