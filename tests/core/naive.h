/* Plain twins of the fast kernels, in double, and memory that a kernel cannot overrun unseen. */
#ifndef TESTS_NAIVE_H
#define TESTS_NAIVE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A matrix by two strides, in entries of double. */
typedef struct naive_matrix {
    const double *at;
    int64_t row, column;
} naive_matrix;

/* c (m, n) = a (m, k) x b (k, n) + bias (NULL: none). */
void naive_matmul(double *c, naive_matrix a, naive_matrix b, const double *bias, int64_t m,
                  int64_t n, int64_t k);

/* y (rows, n): softmax of each row of x, or its logarithm. */
void naive_softmax(double *y, const double *x, bool logarithm, int64_t rows, int64_t n);

/* Numbers in [-1, 1) that depend on seed and place only. */
double naive_number(uint64_t seed, int64_t i);
/* `count` of them as float (real 0) or double (real 1). */
void naive_fill(void *out, int real, uint64_t seed, int64_t count);
double naive_get(const void *at, int real, int64_t i);
/* How far a and b may lie apart when k terms of size 1 were added up in this type. */
double naive_tolerance(int real, int64_t k);
#endif
