/* Vector math for kernels.
 *
 *     K(tanh_n)(y, x, n);            y[i] = tanh(x[i]); y may be x, else they must not overlap
 *     for (…) y[i] = exp_1(x[i] - top);      the same number alone: such loops are vectorised
 *
 * float: own polynomials, at most 4 ulp off over all floats (tests/core/test_math.c); infinities,
 * NaN, subnormal numbers and the sign of zero come out as C's math.h has them. double: the C
 * library's. A number's bits depend on it alone, never on its place in the array.
 *
 * Everything is free of branches and of calls, so that compilers vectorise loops around it. Ranges
 * are cut with comparisons that leave NaN as it is. Source of the exp, log and expm1 forms: Cephes
 * (Moshier); erf: Giles' form 1 - exp(p(x)), coefficients fitted for float.
 */
#ifndef ANT_CORE_KERNELS_MATH_H
#define ANT_CORE_KERNELS_MATH_H
#include "core/kernels/simd.h"
#include <math.h>

/* y[i] = f(x[i]) for each f of math_list.h, i < n. */
#define X(f) void K(f##_n)(R * y, const R *x, int64_t n);
#include "core/kernels/math_list.h"
#undef X
/* y[i] = the number first + i of the stream of uniform numbers in [0, 1) that ant__random_float
 * (double: ant__random_double) gives. */
void K(uniform_n)(R *y, uint64_t key, uint64_t counter, uint64_t first, int64_t n);

#if ANT__DOUBLE
ALWAYS_INLINE double exp_1(double x) {
    return exp(x);
}
ALWAYS_INLINE double expm1_1(double x) {
    return expm1(x);
}
ALWAYS_INLINE double log_1(double x) {
    return log(x);
}
ALWAYS_INLINE double log1p_1(double x) {
    return log1p(x);
}
ALWAYS_INLINE double log1p_finite(double x) {
    return log1p(x);
}
ALWAYS_INLINE double tanh_1(double x) {
    return tanh(x);
}
ALWAYS_INLINE double erf_1(double x) {
    return erf(x);
}
#else
/* a * b + c, rounded once where the set can. */
ALWAYS_INLINE float fma_1(float a, float b, float c) {
#ifdef __FMA__
    return __builtin_fmaf(a, b, c);
#else
    return a * b + c;
#endif
}

ALWAYS_INLINE int32_t bits_of(float x) {
    int32_t i;
    memcpy(&i, &x, sizeof i);
    return i;
}

ALWAYS_INLINE float float_of(int32_t i) {
    float x;
    memcpy(&x, &i, sizeof x);
    return x;
}

/* 2^n for n in [-126, 127]; nonsense, but no harm, for the n of what is not a number. */
ALWAYS_INLINE float power_of_two(int32_t n) {
    return float_of((int32_t)((uint32_t)(n + 127) << 23));
}

/* Adding it rounds to a whole number, which then stands in the low bits. */
#define ROUNDER 12582912.0f
/* ln 2 in two pieces: products of the first with whole numbers are exact. */
#define LN2_HIGH 0.693359375f
#define LN2_LOW -2.12194440e-4f

/* x = n ln 2 + r with |r| <= ln 2 / 2; returns r. n stops at 128, beyond the largest float: r then
 * grows with x, and all polynomials in it up to infinity. */
ALWAYS_INLINE float reduce(float x, int32_t *n) {
    const int32_t zero = bits_of(ROUNDER), most = bits_of(ROUNDER + 128.0f);
    int32_t bits = bits_of(fma_1(x, 1.44269504088896341f, ROUNDER));
    bits = bits < most ? bits : most;
    float t = float_of(bits) - ROUNDER;
    *n = bits - zero;
    return fma_1(t, -LN2_LOW, fma_1(t, -LN2_HIGH, x));
}

/* e^r - 1 for |r| <= ln 2 / 2. */
ALWAYS_INLINE float expm1_small(float r) {
    float p = 1.9875691500e-4f;
    p = fma_1(p, r, 1.3981999507e-3f);
    p = fma_1(p, r, 8.3334519073e-3f);
    p = fma_1(p, r, 4.1665795894e-2f);
    p = fma_1(p, r, 1.6666665459e-1f);
    p = fma_1(p, r, 5.0000001201e-1f);
    return fma_1(p, r * r, r);
}

/* The scale is applied in two steps, so that results may be subnormal or infinite. */
ALWAYS_INLINE float exp_1(float x) {
    int32_t n;
    x = x < -104.0f ? -104.0f : x;
    float p = expm1_small(reduce(x, &n)) + 1.0f;
    int32_t half = n >> 1;
    return p * power_of_two(half) * power_of_two(n - half);
}

/* 2^n (q + 1) - 1 with half the scale, which is finite for every result. */
ALWAYS_INLINE float expm1_1(float x) {
    int32_t n;
    float q = expm1_small(reduce(x < -18.0f ? -18.0f : x, &n));
    float half = power_of_two(n - 1);
    float y = 2.0f * (half * q + (half - 0.5f));
    return fabsf(x) < 0x1p-25f ? x : y;
}

/* log of a finite, positive, normal x = m 2^e with m in [sqrt(1/2), sqrt(2)): e ln 2 + log(1 + r)
 * by a polynomial in r = m - 1; `shift` is added to e. */
ALWAYS_INLINE float log_normal(float x, float shift) {
    const uint32_t bits = (uint32_t)bits_of(x), root_half = 0x3f3504f3;
    const int32_t e = (int32_t)(bits - root_half) >> 23;
    float r = float_of((int32_t)(bits - ((uint32_t)e << 23))) - 1.0f, square = r * r;
    float whole = (float)e + shift;
    float p = 7.0376836292e-2f;
    p = fma_1(p, r, -1.1514610310e-1f);
    p = fma_1(p, r, 1.1676998740e-1f);
    p = fma_1(p, r, -1.2420140846e-1f);
    p = fma_1(p, r, 1.4249322787e-1f);
    p = fma_1(p, r, -1.6668057665e-1f);
    p = fma_1(p, r, 2.0000714765e-1f);
    p = fma_1(p, r, -2.4999993993e-1f);
    p = fma_1(p, r, 3.3333331174e-1f);
    float y = fma_1(whole, LN2_LOW, p * (r * square));
    return fma_1(whole, LN2_HIGH, r + fma_1(-0.5f, square, y));
}

ALWAYS_INLINE float log_1(float x) {
    bool subnormal = x < 0x1p-126f;
    float y = log_normal(subnormal ? x * 0x1p25f : x, subnormal ? -25.0f : 0.0f);
    y = x < INFINITY ? y : x; /* infinity and NaN */
    y = x == 0.0f ? -INFINITY : y;
    return x < 0.0f ? NAN : y;
}

/* log(u) and what u = 1 + x has lost of x (Kahan); for x in (-1, infinity), or NaN. */
ALWAYS_INLINE float log1p_finite(float x) {
    float u = 1.0f + x;
    float y = log_normal(u, 0.0f) + (x - (u - 1.0f)) / u;
    return u == 1.0f ? x : y;
}

ALWAYS_INLINE float log1p_1(float x) {
    float y = log1p_finite(x);
    y = x == INFINITY ? x : y;
    y = x == -1.0f ? -INFINITY : y;
    return x < -1.0f ? NAN : y;
}

ALWAYS_INLINE float tanh_1(float x) {
    float t = fabsf(x);
    float e = expm1_1(2.0f * (t > 9.5f ? 9.5f : t));
    return copysignf(e / (e + 2.0f), x);
}

ALWAYS_INLINE float erf_small(float x) {
    float s = x * x, p = -5.96761703e-4f;
    p = fma_1(p, s, 4.99119423e-3f);
    p = fma_1(p, s, -2.67681349e-2f);
    p = fma_1(p, s, 1.12819925e-1f);
    p = fma_1(p, s, -3.76125336e-1f);
    p = fma_1(p, s, 1.28379166e-1f);
    return fma_1(p, x, x);
}

ALWAYS_INLINE float erf_large(float t) {
    float p = -1.72853470e-5f;
    p = fma_1(p, t, 3.83197126e-4f);
    p = fma_1(p, t, -3.88396438e-3f);
    p = fma_1(p, t, 2.42546219e-2f);
    p = fma_1(p, t, -1.06777877e-1f);
    p = fma_1(p, t, -6.34846687e-1f);
    p = fma_1(p, t, -1.28717512e-1f);
    return 1.0f - exp_1(fma_1(p, t, -t));
}

ALWAYS_INLINE float erf_1(float x) {
    float t = fabsf(x);
    t = t > 4.0f ? 4.0f : t;
    return t > 0.9277f ? copysignf(erf_large(t), x) : erf_small(x);
}
#endif

/* --- the same in both types --- */

/* e = exp(-|x|) never overflows, and small results keep their digits. */
ALWAYS_INLINE R sigmoid_1(R x) {
    R e = exp_1(x < 0 ? x : -x);
    return (x < 0 ? e : (R)1) / ((R)1 + e);
}

/* log(1 + e^x) */
ALWAYS_INLINE R softplus_1(R x) {
    return (x > 0 ? x : (R)0) + log1p_finite(exp_1(x < 0 ? x : -x));
}
#endif
