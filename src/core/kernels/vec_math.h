/* Sigmoid, tanh and exp of a vector in registers, for kernels in which they are a part of the
 * whole.
 *
 * float: at most 4 ulp off, as math.h's; what is not a number stays so. A number's bits depend on
 * it alone. double: the C library's. The forms are math.h's with ranges that serve these two:
 * nothing overflows, and 2^n is applied at once. */
#ifndef ANT_CORE_KERNELS_VEC_MATH_H
#define ANT_CORE_KERNELS_VEC_MATH_H
#include "core/kernels/math.h"

#if ANT__DOUBLE
ALWAYS_INLINE vec vec_sigmoid(vec x) {
    R y[LANES];
    vec_store(y, x);
    for (int l = 0; l < LANES; l++)
        y[l] = sigmoid_1(y[l]);
    return vec_load(y);
}

ALWAYS_INLINE vec vec_tanh(vec x) {
    R y[LANES];
    vec_store(y, x);
    for (int l = 0; l < LANES; l++)
        y[l] = tanh_1(y[l]);
    return vec_load(y);
}

ALWAYS_INLINE vec vec_exp_down(vec x) {
    R y[LANES];
    vec_store(y, x);
    for (int l = 0; l < LANES; l++)
        y[l] = exp_1(y[l]);
    return vec_load(y);
}
#else
/* x inside [low, high]; not a number stays. */
ALWAYS_INLINE vec vec_clamp(vec x, float low, float high) {
#if ANT__VECTOR_BYTES == 64
    return (vec)_mm512_max_ps(_mm512_set1_ps(low), _mm512_min_ps(_mm512_set1_ps(high), (__m512)x));
#elif ANT__VECTOR_BYTES == 32
    return (vec)_mm256_max_ps(_mm256_set1_ps(low), _mm256_min_ps(_mm256_set1_ps(high), (__m256)x));
#else
    x = vec_select(x > high, vec_all(high), x);
    return vec_select(x < low, vec_all(low), x);
#endif
}

/* x = n ln 2 + r, for |x| < 2^21: 2^n q for any q near 1, as n itself would take one step more. */
typedef struct vec_power {
    vec r;
#if ANT__VECTOR_BYTES == 64
    vec n;
#else
    vec_int n; /* in the place of a float's exponent */
#endif
} vec_power;

ALWAYS_INLINE vec_power vec_reduce(vec x) {
    vec_power p;
    const vec log2_e = vec_all(1.44269504088896341f);
#if ANT__VECTOR_BYTES == 64
    vec n = (vec)_mm512_roundscale_ps((__m512)(x * log2_e), 0);
    p.n = n;
#else
    vec t = vec_fma(x, log2_e, vec_all(ROUNDER)), n = t - vec_all(ROUNDER);
    p.n = (vec_int)t << 23;
#endif
    p.r = vec_fma(n, vec_all(-LN2_LOW), vec_fma(n, vec_all(-LN2_HIGH), x));
    return p;
}

/* q 2^n */
ALWAYS_INLINE vec vec_raise(vec_power p, vec q) {
#if ANT__VECTOR_BYTES == 64
    return (vec)_mm512_scalef_ps((__m512)q, (__m512)p.n);
#else
    const vec_int one = (vec_int)vec_all(1);
    return q * (vec)(one + p.n);
#endif
}

/* e^r - 1 for |r| <= ln 2 / 2. */
ALWAYS_INLINE vec vec_expm1_small(vec r) {
    vec p = vec_all(1.9875691500e-4f);
    p = vec_fma(p, r, vec_all(1.3981999507e-3f));
    p = vec_fma(p, r, vec_all(8.3334519073e-3f));
    p = vec_fma(p, r, vec_all(4.1665795894e-2f));
    p = vec_fma(p, r, vec_all(1.6666665459e-1f));
    p = vec_fma(p, r, vec_all(5.0000001201e-1f));
    return vec_fma(p, r * r, r);
}

/* 1 / (1 + e^-x) */
ALWAYS_INLINE vec vec_sigmoid(vec x) {
    const vec one = vec_all(1);
    vec_power p = vec_reduce(-vec_clamp(x, -87.0f, 87.0f));
    return one / (one + vec_raise(p, one + vec_expm1_small(p.r)));
}

/* e^x for x <= 0, and 0 below -87, where it would be subnormal. */
ALWAYS_INLINE vec vec_exp_down(vec x) {
    const vec one = vec_all(1);
#if ANT__VECTOR_BYTES == 64
    vec_power p = vec_reduce((vec)_mm512_max_ps(_mm512_set1_ps(-110.0f), (__m512)x));
    return vec_raise(p, one + vec_expm1_small(p.r));
#else
    vec_int over = x < vec_all(-87.0f);
    vec_power p = vec_reduce(vec_select(over, vec_all(-87.0f), x));
    return vec_select(over, (vec){0}, vec_raise(p, one + vec_expm1_small(p.r)));
#endif
}

/* e / (e + 2) for e = e^2x - 1 = 2^n q + (2^n - 1) */
ALWAYS_INLINE vec vec_tanh(vec x) {
    const vec one = vec_all(1);
    x = vec_clamp(x, -9.5f, 9.5f);
    vec_power p = vec_reduce(x + x);
    vec scale = vec_raise(p, one), e = vec_fma(scale, vec_expm1_small(p.r), scale - one);
    return e / (e + vec_all(2));
}
#endif
#endif
