/* gelu and its slope, of a vector in registers (ops/gelu.c has the formulas).
 *
 * float: a few ulp off, and results keep their digits until they are tiny; what is not a number
 * stays so. A number's bits depend on it alone. double: by the C library, lane by lane. */
#ifndef ANT_CORE_KERNELS_GELU_H
#define ANT_CORE_KERNELS_GELU_H
#include "core/kernels/vec_math.h"

/* z = 2 sqrt(2 / pi) (x + 0.044715 x^3) = x (STEEP + CUBIC x^2) */
#define GELU_STEEP ((R)1.5957691216057308)
#define GELU_CUBIC ((R)0.07135481627260025)
#define GELU_DENSITY ((R)0.39894228040143267794) /* the normal distribution's, at 0 */

#if ANT__DOUBLE
/* The normal distribution's probability of less than x, and its density. */
ALWAYS_INLINE double normal_1(double x, double *density) {
    *density = GELU_DENSITY * exp(-0.5 * x * x);
    return 0.5 * erfc(-0.70710678118654752440 * x);
}

ALWAYS_INLINE double gelu_1(double x) {
    double density;
    return x * normal_1(x, &density);
}

ALWAYS_INLINE double gelu_slope_1(double x) {
    double density, below = normal_1(x, &density);
    return below + x * density;
}

ALWAYS_INLINE double gelu_tanh_1(double x) {
    return x * sigmoid_1(x * (GELU_STEEP + GELU_CUBIC * x * x));
}

/* s + x s (1 - s) z'; beyond 50 nothing is left of 1 - s, and x^3 stays finite. With e = exp(-|z|)
 * both s and s (1 - s) keep their digits. */
ALWAYS_INLINE double gelu_tanh_slope_1(double x) {
    double t = x > 50 ? 50 : x < -50 ? -50 : x, square = t * t;
    double z = t * (GELU_STEEP + GELU_CUBIC * square);
    double e = exp(z < 0 ? z : -z), part = 1 / (1 + e);
    double slope = GELU_STEEP + 3 * GELU_CUBIC * square;
    return (z < 0 ? e : 1) * part + t * (e * part * part) * slope;
}

#define EACH_LANE(name)                                                                            \
    ALWAYS_INLINE vec vec_##name(vec x) {                                                          \
        for (int l = 0; l < LANES; l++)                                                            \
            x[l] = name##_1(x[l]);                                                                 \
        return x;                                                                                  \
    }
EACH_LANE(gelu)
EACH_LANE(gelu_slope)
EACH_LANE(gelu_tanh)
EACH_LANE(gelu_tanh_slope)
#undef EACH_LANE
#else

/* 2^(c x), for -126 <= c x <= 127: c x is not rounded before its whole part is off. */
ALWAYS_INLINE vec vec_exp2_times(vec x, float c) {
    const vec factor = vec_all(c);
#if ANT__VECTOR_BYTES == 64
    vec whole = (vec)_mm512_roundscale_ps((__m512)(x * factor), 0);
#else
    vec rounded = vec_fma(x, factor, vec_all(ROUNDER)), whole = rounded - vec_all(ROUNDER);
#endif
    const vec p = vec_exp2_part(vec_fma(x, factor, -whole));
#if ANT__VECTOR_BYTES == 64
    return (vec)_mm512_scalef_ps((__m512)p, (__m512)whole);
#else
    return p * (vec)(((vec_int)rounded << 23) + (vec_int)vec_all(1));
#endif
}

/* For t >= 0, at most 13: e = exp(-t^2 / 2), and the normal distribution's probability of more than
 * t, which is e times a polynomial in 1 / (1 + 0.35 t), fitted to 4e-8 of it. */
ALWAYS_INLINE vec vec_beyond(vec t, vec *e) {
    const vec one = vec_all(1);
    vec u = one / vec_fma(vec_all(0.35f), t, one), p = vec_all(-2.914679187e-2f);
    p = vec_fma(p, u, vec_all(1.439757693e-1f));
    p = vec_fma(p, u, vec_all(-2.557223709e-1f));
    p = vec_fma(p, u, vec_all(1.591830340e-1f));
    p = vec_fma(p, u, vec_all(-2.311562276e-2f));
    p = vec_fma(p, u, vec_all(1.055102958e-1f));
    p = vec_fma(p, u, vec_all(1.198323332e-1f));
    p = vec_fma(p, u, vec_all(1.398619363e-1f));
    p = vec_fma(p, u, vec_all(1.396214009e-1f));
    *e = vec_exp2_times(t * t, -0.72134752044448170f);
    return p * u * *e;
}

ALWAYS_INLINE vec vec_size(vec x) {
    const vec sign = vec_all(-0.0f);
    return (vec)((vec_int)x & ~(vec_int)sign);
}

/* x's tail is taken off, so that small results keep their digits. */
ALWAYS_INLINE vec vec_gelu(vec x) {
    vec e, t = vec_clamp(vec_size(x), 0, 13.0f);
    return vec_fma(-t, vec_beyond(t, &e), vec_clamp(x, 0, INFINITY));
}

ALWAYS_INLINE vec vec_gelu_slope(vec x) {
    vec e, t = vec_clamp(x, -13.0f, 13.0f), tail = vec_beyond(vec_size(t), &e);
    vec below = vec_select(x < (vec){0}, tail, vec_all(1) - tail);
    return vec_fma(vec_all(GELU_DENSITY) * t, e, below);
}

/* s, the sigmoid of z(t), and the slope of t s, which is s + t s (1 - s) z'; |t| <= 10, where
 * exp(-z) is neither subnormal nor infinite. */
ALWAYS_INLINE vec vec_gate_tanh(vec t, vec *slope) {
    const vec one = vec_all(1), steep = vec_all(GELU_STEEP);
    vec square = t * t, z = t * vec_fma(vec_all(GELU_CUBIC), square, steep);
    vec e = vec_exp2_times(z, -1.44269504088896341f), s = one / (one + e);
    *slope = vec_fma(t * ((e * s) * s), vec_fma(vec_all(3 * GELU_CUBIC), square, steep), s);
    return s;
}

ALWAYS_INLINE vec vec_gelu_tanh(vec x) {
    vec slope, bounded = vec_clamp(x, -10.0f, INFINITY);
    return bounded * vec_gate_tanh(vec_clamp(x, -10.0f, 10.0f), &slope);
}

ALWAYS_INLINE vec vec_gelu_tanh_slope(vec x) {
    vec slope;
    vec_gate_tanh(vec_clamp(x, -10.0f, 10.0f), &slope);
    return slope;
}
#endif
#endif
