/* softmax and log_softmax along any axis. */
#include "core/kernels/softmax.h"
#include "core/kernels/lines.h"
#include "core/kernels/math.h"

/* --- the last axis: rows --- */

static void log_rows(R *y, const R *x, const R *top, const R *sum, int64_t rows, int64_t n) {
    for (int64_t r = 0; r < rows; r++) {
        R log_sum = log_1(sum[r]);
        for (int64_t i = 0; i < n; i++)
            y[r * n + i] = (x[r * n + i] - top[r]) - log_sum;
    }
}

static void run_rows(R *y, const R *x, int64_t rows, int64_t n, bool log) {
    R top[LINE_GROUP], sum[LINE_GROUP];
    for (int64_t r = 0; r < rows; r += LINE_GROUP, x += LINE_GROUP * n, y += LINE_GROUP * n) {
        int64_t group = rows - r < LINE_GROUP ? rows - r : LINE_GROUP;
        K(softmax_rows)(log ? NULL : y, top, sum, x, group, n);
        if (log)
            log_rows(y, x, top, sum, group, n);
    }
}

/* --- another axis: lines beside each other --- */

static void run_lanes(R *y, const R *x, int64_t n, int64_t stride, bool log) {
    R top[LINE_GROUP], sum[LINE_GROUP], log_sum[LINE_GROUP];
    K(softmax_lanes)(y, top, sum, x, n, stride);
    for (int l = 0; log && l < LINE_GROUP; l++)
        log_sum[l] = log_1(sum[l]);
    for (int64_t i = 0; log && i < n; i++)
        for (int l = 0; l < LINE_GROUP; l++)
            y[i * stride + l] = (x[i * stride + l] - top[l]) - log_sum[l];
}

/* One line of entries that lie apart. */
static void run_line(R *y, const R *x, int64_t n, int64_t stride, bool log) {
    R top = x[0], sum = 0;
    for (int64_t i = 1; i < n; i++)
        top = x[i * stride] > top ? x[i * stride] : top;
    for (int64_t i = 0; i < n; i++)
        sum += y[i * stride] = exp_1(x[i * stride] - top);
    R log_sum = log_1(sum);
    for (int64_t i = 0; i < n; i++)
        y[i * stride] = log ? (x[i * stride] - top) - log_sum : y[i * stride] / sum;
}

void K(softmax)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    const int64_t outer = n[ANT__SOFTMAX_OUTER].i, length = n[ANT__SOFTMAX_LENGTH].i;
    const int64_t inner = n[ANT__SOFTMAX_INNER].i, block = n[ANT__SOFTMAX_BLOCK].i;
    const bool log = n[ANT__SOFTMAX_LOG].i;
    int64_t end = to * block < outer ? to * block : outer;
    const R *x = at[0];
    R *y = at[1];
    if (length == 0)
        return;
    if (inner == 1) {
        run_rows(y + from * block * length, x + from * block * length, end - from * block, length,
                 log);
        return;
    }
    for (int64_t o = from * block; o < end; o++) {
        const int64_t start = o * length * inner;
        int64_t i = 0;
        for (; i + LINE_GROUP <= inner; i += LINE_GROUP)
            run_lanes(y + start + i, x + start + i, length, inner, log);
        for (; i < inner; i++)
            run_line(y + start + i, x + start + i, length, inner, log);
    }
}
