/* Softmax along one axis. Numbers: outer, n, inner (the array is outer x n x inner); cells: outer. */
#include "core/kernels/build.h"
#include <math.h>

static void softmax_line(R *y, const R *x, int64_t n, int64_t stride) {
    R top = x[0], sum = 0;
    for (int64_t i = 1; i < n; i++)
        top = x[i * stride] > top ? x[i * stride] : top;
    for (int64_t i = 0; i < n; i++)
        sum += y[i * stride] = (R)exp((double)(x[i * stride] - top));
    for (int64_t i = 0; i < n; i++)
        y[i * stride] /= sum;
}

void K(softmax)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    int64_t length = n[1].i, inner = n[2].i;
    for (int64_t o = from; o < to; o++)
        for (int64_t i = 0; i < inner && length > 0; i++) {
            int64_t start = o * length * inner + i;
            softmax_line((R *)at[1] + start, (const R *)at[0] + start, length, inner);
        }
}
