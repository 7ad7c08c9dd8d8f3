#include "naive.h"
#include <float.h>
#include <math.h>

void naive_matmul(double *c, naive_matrix a, naive_matrix b, const double *bias, int64_t m,
                  int64_t n, int64_t k) {
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            double sum = 0;
            for (int64_t p = 0; p < k; p++)
                sum += a.at[i * a.row + p * a.column] * b.at[p * b.row + j * b.column];
            c[i * n + j] = bias ? sum + bias[j] : sum;
        }
}

void naive_softmax(double *y, const double *x, bool logarithm, int64_t rows, int64_t n) {
    for (int64_t r = 0; r < rows; r++, x += n, y += n) {
        double top = x[0], sum = 0;
        for (int64_t i = 0; i < n; i++)
            top = fmax(top, x[i]);
        for (int64_t i = 0; i < n; i++)
            sum += exp(x[i] - top);
        for (int64_t i = 0; i < n; i++)
            y[i] = logarithm ? x[i] - top - log(sum) : exp(x[i] - top) / sum;
    }
}

double naive_number(uint64_t seed, int64_t i) {
    uint64_t x = (seed + 1) * 0x9e3779b97f4a7c15u + (uint64_t)i * 0xd1b54a32d192ed03u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return (double)(x >> 40) / (1 << 23) - 1;
}

void naive_fill(void *out, int real, uint64_t seed, int64_t count) {
    for (int64_t i = 0; i < count; i++)
        if (real)
            ((double *)out)[i] = naive_number(seed, i);
        else
            ((float *)out)[i] = (float)naive_number(seed, i);
}

double naive_get(const void *at, int real, int64_t i) {
    return real ? ((const double *)at)[i] : (double)((const float *)at)[i];
}

double naive_tolerance(int real, int64_t k) {
    return (real ? DBL_EPSILON : (double)FLT_EPSILON) * 2 * ((double)k + 4);
}
