/* Sigmoid, tanh and exp of a vector in registers, for kernels in which they are a part of the
 * whole.
 *
 * float: at most 4 ulp off, as math.h's; what is not a number stays so. A number's bits depend on
 * it alone. double: the C library's. The forms are math.h's with ranges that serve these two:
 * nothing overflows, and 2^n is applied at once; where a vector holds 16 numbers, sigmoid and tanh
 * take powers of 2^(1/16) from a table instead. */
#ifndef ANT_CORE_KERNELS_VEC_MATH_H
#define ANT_CORE_KERNELS_VEC_MATH_H
#include "core/kernels/math.h"

/* Functions of several vectors take a step for all of them before the next one: else each step
 * would wait for the one before. */
enum { VEC_TOGETHER = 8 };

#if ANT__DOUBLE
ALWAYS_INLINE void vec_sigmoids(vec *x, const int n) {
    R y[VEC_TOGETHER * LANES];
    memcpy(y, x, (size_t)n * sizeof *x);
    for (int l = 0; l < n * LANES; l++)
        y[l] = sigmoid_1(y[l]);
    memcpy(x, y, (size_t)n * sizeof *x);
}

ALWAYS_INLINE void vec_tanhs(vec *x, const int n) {
    R y[VEC_TOGETHER * LANES];
    memcpy(y, x, (size_t)n * sizeof *x);
    for (int l = 0; l < n * LANES; l++)
        y[l] = tanh_1(y[l]);
    memcpy(x, y, (size_t)n * sizeof *x);
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

/* The next step of n polynomials in r. */
ALWAYS_INLINE void vec_horner(vec *p, const vec_power *x, float c, const int n) {
    UNROLL
    for (int k = 0; k < n; k++)
        p[k] = vec_fma(p[k], x[k].r, vec_all(c));
}

/* e^r - 1 for |r| <= ln 2 / 2, of n numbers. */
ALWAYS_INLINE void vec_expm1_small(vec *p, const vec_power *x, const int n) {
    UNROLL
    for (int k = 0; k < n; k++)
        p[k] = vec_all(1.9875691500e-4f);
    vec_horner(p, x, 1.3981999507e-3f, n);
    vec_horner(p, x, 8.3334519073e-3f, n);
    vec_horner(p, x, 4.1665795894e-2f, n);
    vec_horner(p, x, 1.6666665459e-1f, n);
    vec_horner(p, x, 5.0000001201e-1f, n);
    UNROLL
    for (int k = 0; k < n; k++)
        p[k] = vec_fma(p[k], x[k].r * x[k].r, x[k].r);
}

/* e^x for x <= 0, and 0 below -87, where it would be subnormal. */
ALWAYS_INLINE vec vec_exp_down(vec x) {
    const vec one = vec_all(1);
    vec q;
#if ANT__VECTOR_BYTES == 64
    vec_power p = vec_reduce((vec)_mm512_max_ps(_mm512_set1_ps(-110.0f), (__m512)x));
    vec_expm1_small(&q, &p, 1);
    return vec_raise(p, one + q);
#else
    vec_int over = x < vec_all(-87.0f);
    vec_power p = vec_reduce(vec_select(over, vec_all(-87.0f), x));
    vec_expm1_small(&q, &p, 1);
    return vec_select(over, (vec){0}, vec_raise(p, one + q));
#endif
}

/* 2^f for |f| <= 1/2 */
ALWAYS_INLINE vec vec_exp2_part(vec f) {
    vec p = vec_fma(vec_all(1.545318283e-4f), f, vec_all(1.339088633e-3f));
    p = vec_fma(p, f, vec_all(9.618082520e-3f));
    p = vec_fma(p, f, vec_all(5.550357071e-2f));
    p = vec_fma(p, f, vec_all(2.402265076e-1f));
    p = vec_fma(p, f, vec_all(6.931471880e-1f));
    return vec_fma(p, f, vec_all(1));
}

/* 2^x for x <= 0, and 0 below -126: in fewer steps than e^x. */
ALWAYS_INLINE vec vec_exp2_down(vec x) {
#if ANT__VECTOR_BYTES == 64
    enum { NEAREST = 8 };
    vec f = (vec)_mm512_reduce_ps((__m512)x, NEAREST); /* 0 for what is infinite */
    return (vec)_mm512_scalef_ps((__m512)vec_exp2_part(f), (__m512)(x - f));
#else
    const vec_int under = x < vec_all(-126.0f);
    const vec rounded = x + vec_all(ROUNDER), p = vec_exp2_part(x - (rounded - vec_all(ROUNDER)));
    const vec power = (vec)(((vec_int)rounded << 23) + (vec_int)vec_all(1));
    return vec_select(under, (vec){0}, p * power);
#endif
}

#if ANT__VECTOR_BYTES == 64
/* A vector holds 2^(j / 16) for all j, and what was lost of them: with steps that small short
 * polynomials do, and multiplications are what kernels are short of. */
static const float vec_roots[] = {1.0f,        1.04427373f, 1.09050775f, 1.13878858f,
                                  1.18920708f, 1.24185777f, 1.29683959f, 1.35425556f,
                                  1.41421354f, 1.47682619f, 1.54221082f, 1.61049032f,
                                  1.68179286f, 1.75625217f, 1.8340081f,  1.91520655f};
static const float vec_roots_lost[] = {0.0f,         4.8335e-08f,  -1.3078e-08f, 5.3862e-08f,
                                       3.7976e-08f,  4.4968e-08f,  -4.0190e-08f, -1.0123e-08f,
                                       2.4203e-08f,  -4.5009e-08f, 8.0709e-09f,  9.8362e-09f,
                                       -2.4755e-08f, -9.2358e-09f, -1.1239e-08f, 9.8453e-09f};
#define ROOT_HIGH 4.33216989e-2f /* ln 2 / 16 in two pieces */
#define ROOT_LOW -1.190408937e-10f

/* The entry j, where j stands in the low bits. */
ALWAYS_INLINE vec vec_entry(const float *table, vec j) {
    return (vec)_mm512_permutexvar_ps((__m512i)j, _mm512_loadu_ps(table));
}

/* 2^(n / 16) where n was added to ROUNDER. */
ALWAYS_INLINE vec vec_root_power(vec n) {
    return (vec)((vec_int)vec_entry(vec_roots, n) + (((vec_int)n & ~15) << 19));
}

/* 1 / b and a / b for b whose inverse is no subnormal number: an estimate of 14 bits, whose error
 * is then squared. As exact as a division, which takes longer. */
ALWAYS_INLINE vec vec_inverse(vec b) {
    const vec guess = (vec)_mm512_rcp14_ps((__m512)b);
    return vec_fma(guess, vec_fma(-guess, b, vec_all(1)), guess);
}

ALWAYS_INLINE vec vec_ratio(vec a, vec b) {
    const vec guess = (vec)_mm512_rcp14_ps((__m512)b), ratio = a * guess;
    return vec_fma(guess, vec_fma(-ratio, b, a), ratio);
}

/* x[k] = 1 / (1 + e^-x[k]); e^-x = 2^(n / 16) e^-r, r = x + n ln 2 / 16 */
ALWAYS_INLINE void vec_sigmoids(vec *x, const int n) {
    vec whole[VEC_TOGETHER], r[VEC_TOGETHER], p[VEC_TOGETHER];
    UNROLL
    for (int k = 0; k < n; k++) {
        r[k] = vec_clamp(x[k], -87.0f, 87.0f);
        whole[k] = vec_fma(r[k], vec_all(-23.0831203f), vec_all(ROUNDER));
    }
    UNROLL
    for (int k = 0; k < n; k++) {
        p[k] = whole[k] - vec_all(ROUNDER);
        r[k] = vec_fma(p[k], vec_all(ROOT_LOW), vec_fma(p[k], vec_all(ROOT_HIGH), r[k]));
    }
    UNROLL
    for (int k = 0; k < n; k++)
        p[k] = vec_fma(r[k], vec_all(-1.66666667e-1f), vec_all(0.5f));
    UNROLL
    for (int k = 0; k < n; k++)
        p[k] = vec_fma(p[k], r[k], vec_all(-1));
    UNROLL
    for (int k = 0; k < n; k++) {
        const vec power = vec_root_power(whole[k]);
        x[k] = vec_inverse(vec_fma(p[k], power * r[k], power + vec_all(1)));
    }
}

/* x[k] = tanh(x[k]): e / (e + 2) for e = e^2|x| - 1; e^2|x| = 2^(n / 16) 2^(r / 16) */
ALWAYS_INLINE void vec_tanhs(vec *x, const int n) {
    const vec_int sign = (vec_int)vec_all(-0.0f);
    vec whole[VEC_TOGETHER], r[VEC_TOGETHER], p[VEC_TOGETHER];
    UNROLL
    for (int k = 0; k < n; k++) {
        const vec size = (vec)((vec_int)x[k] & ~sign);
        r[k] = (vec)_mm512_min_ps(_mm512_set1_ps(9.5f), (__m512)size) * vec_all(46.1662407f);
        whole[k] = r[k] + vec_all(ROUNDER);
    }
    UNROLL
    for (int k = 0; k < n; k++)
        r[k] -= whole[k] - vec_all(ROUNDER);
    UNROLL
    for (int k = 0; k < n; k++)
        p[k] = vec_fma(r[k], vec_all(1.46761003e-7f), vec_all(1.35508078e-5f));
    UNROLL
    for (int k = 0; k < n; k++)
        p[k] = vec_fma(p[k], r[k], vec_all(9.38384793e-4f));
    UNROLL
    for (int k = 0; k < n; k++)
        p[k] = vec_fma(p[k], r[k], vec_all(ROOT_HIGH));
    UNROLL
    for (int k = 0; k < n; k++) {
        const vec power = vec_root_power(whole[k]), lost = vec_entry(vec_roots_lost, whole[k]);
        const vec e = vec_fma(p[k], power * r[k], (power - vec_all(1)) + lost);
        x[k] = (vec)((vec_int)vec_ratio(e, e + vec_all(2)) | ((vec_int)x[k] & sign));
    }
}
#else
/* x[k] = 1 / (1 + e^-x[k]) */
ALWAYS_INLINE void vec_sigmoids(vec *x, const int n) {
    const vec one = vec_all(1);
    vec_power p[VEC_TOGETHER];
    vec q[VEC_TOGETHER];
    UNROLL
    for (int k = 0; k < n; k++)
        p[k] = vec_reduce(-vec_clamp(x[k], -87.0f, 87.0f));
    vec_expm1_small(q, p, n);
    UNROLL
    for (int k = 0; k < n; k++)
        x[k] = one / (one + vec_raise(p[k], one + q[k]));
}

/* x[k] = tanh(x[k]): e / (e + 2) for e = e^2x - 1 = 2^n q + (2^n - 1) */
ALWAYS_INLINE void vec_tanhs(vec *x, const int n) {
    const vec one = vec_all(1);
    vec_power p[VEC_TOGETHER];
    vec q[VEC_TOGETHER];
    UNROLL
    for (int k = 0; k < n; k++) {
        vec in = vec_clamp(x[k], -9.5f, 9.5f);
        p[k] = vec_reduce(in + in);
    }
    vec_expm1_small(q, p, n);
    UNROLL
    for (int k = 0; k < n; k++) {
        vec scale = vec_raise(p[k], one), e = vec_fma(scale, q[k], scale - one);
        x[k] = e / (e + vec_all(2));
    }
}
#endif
#endif
#endif
