/* Vectors of the build's instruction set: `vec` holds LANES numbers of type R. Arithmetic on whole
 * vectors is the compiler's own (+, *, …); what it has no word for is here. */
#ifndef ANT_CORE_KERNELS_SIMD_H
#define ANT_CORE_KERNELS_SIMD_H
#include "core/kernels/build.h"
#include <string.h>
#if ANT__VECTOR_BYTES > 16
#include <immintrin.h>
#endif

typedef R vec __attribute__((vector_size(ANT__VECTOR_BYTES)));
typedef R_int vec_int __attribute__((vector_size(ANT__VECTOR_BYTES)));

/* Four numbers, and the four among those of two quads (0 … 3 and 4 … 7) that one picks. */
typedef R quad __attribute__((vector_size(4 * sizeof(R))));
typedef R_int quad_int __attribute__((vector_size(4 * sizeof(R))));
#ifdef __clang__
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (quad_int){__VA_ARGS__})
#endif

/* Bodies written once and made for several constant arguments must melt into their callers. */
#define ALWAYS_INLINE static inline __attribute__((always_inline))
/* Before a loop over registers: without it they would be an array in memory. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

/* Before a loop whose result may lie exactly over an operand: no turn depends on another. */
#ifdef __clang__
#define EACH_ALONE _Pragma("clang loop vectorize(assume_safety)")
#else
#define EACH_ALONE _Pragma("GCC ivdep")
#endif

ALWAYS_INLINE vec vec_load(const R *p) {
    vec v;
    memcpy(&v, p, sizeof v);
    return v;
}

ALWAYS_INLINE void vec_store(R *p, vec v) {
    memcpy(p, &v, sizeof v);
}

/* x in every lane; x - 0 keeps the sign of zero. */
ALWAYS_INLINE vec vec_all(R x) {
    return x - (vec){0};
}

/* a * b + c: rounded once where the set can, else twice. */
ALWAYS_INLINE vec vec_fma(vec a, vec b, vec c) {
#if ANT__VECTOR_BYTES == 64 && ANT__DOUBLE
    return (vec)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif ANT__VECTOR_BYTES == 64
    return (vec)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif ANT__VECTOR_BYTES == 32 && ANT__DOUBLE
    return (vec)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#elif ANT__VECTOR_BYTES == 32
    return (vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
    return a * b + c;
#endif
}

/* a where the mask is set (a comparison gives one), else b. */
ALWAYS_INLINE vec vec_select(vec_int mask, vec a, vec b) {
    return (vec)(((vec_int)a & mask) | ((vec_int)b & ~mask));
}

/* 0 for zero and less; what is not a number stays. */
ALWAYS_INLINE vec vec_relu(vec a) {
    vec_int cut = a <= (vec){0};
    return (vec)((vec_int)a & ~cut);
}

/* Within [0, limit]; a limit that is not a number is none, and what is not a number stays: where an
 * operand is none, or both are zero, x86 gives the second. -0 + 0 is 0. */
ALWAYS_INLINE vec vec_bound(vec a, vec limit) {
#if ANT__VECTOR_BYTES == 64 && ANT__DOUBLE
    a = (vec)_mm512_max_pd(_mm512_setzero_pd(), _mm512_min_pd((__m512d)limit, (__m512d)a));
#elif ANT__VECTOR_BYTES == 64
    a = (vec)_mm512_max_ps(_mm512_setzero_ps(), _mm512_min_ps((__m512)limit, (__m512)a));
#elif ANT__VECTOR_BYTES == 32 && ANT__DOUBLE
    a = (vec)_mm256_max_pd(_mm256_setzero_pd(), _mm256_min_pd((__m256d)limit, (__m256d)a));
#elif ANT__VECTOR_BYTES == 32
    a = (vec)_mm256_max_ps(_mm256_setzero_ps(), _mm256_min_ps((__m256)limit, (__m256)a));
#else
    a = vec_select(a > limit, limit, vec_relu(a));
#endif
    return a + (vec){0};
}

/* a where the gate is above 0, else 0. */
ALWAYS_INLINE vec vec_open(vec a, vec gate) {
    return (vec)((vec_int)a & (gate > (vec){0}));
}

/* Sum of all lanes, by halves. */
ALWAYS_INLINE R vec_sum(vec v) {
#if ANT__VECTOR_BYTES == 64 && ANT__DOUBLE
    __m256d half = _mm512_castpd512_pd256((__m512d)v) + _mm512_extractf64x4_pd((__m512d)v, 1);
#elif ANT__VECTOR_BYTES == 64
    __m256 half = _mm512_castps512_ps256((__m512)v) + _mm512_extractf32x8_ps((__m512)v, 1);
#elif ANT__VECTOR_BYTES == 32 && ANT__DOUBLE
    __m256d half = (__m256d)v;
#elif ANT__VECTOR_BYTES == 32
    __m256 half = (__m256)v;
#endif
#if ANT__VECTOR_BYTES > 16 && ANT__DOUBLE
    __m128d pair = _mm256_castpd256_pd128(half) + _mm256_extractf128_pd(half, 1);
    return pair[0] + pair[1];
#elif ANT__VECTOR_BYTES > 16
    __m128 four = _mm256_castps256_ps128(half) + _mm256_extractf128_ps(half, 1);
    return (four[0] + four[2]) + (four[1] + four[3]);
#elif ANT__DOUBLE
    return v[0] + v[1];
#else
    return (v[0] + v[2]) + (v[1] + v[3]);
#endif
}

/* The larger one, lane by lane; b where either is not a number. */
ALWAYS_INLINE vec vec_max(vec a, vec b) {
#if ANT__VECTOR_BYTES == 64 && ANT__DOUBLE
    return (vec)_mm512_max_pd((__m512d)a, (__m512d)b);
#elif ANT__VECTOR_BYTES == 64
    return (vec)_mm512_max_ps((__m512)a, (__m512)b);
#elif ANT__VECTOR_BYTES == 32 && ANT__DOUBLE
    return (vec)_mm256_max_pd((__m256d)a, (__m256d)b);
#elif ANT__VECTOR_BYTES == 32
    return (vec)_mm256_max_ps((__m256)a, (__m256)b);
#else
    return vec_select(a > b, a, b);
#endif
}

ALWAYS_INLINE R lane_max(R a, R b) {
    return a > b ? a : b;
}

/* The largest lane, by halves; what is not a number is lost, or all there is. */
ALWAYS_INLINE R vec_largest(vec v) {
#if ANT__VECTOR_BYTES == 64 && ANT__DOUBLE
    __m256d half =
        _mm256_max_pd(_mm512_extractf64x4_pd((__m512d)v, 1), _mm512_castpd512_pd256((__m512d)v));
#elif ANT__VECTOR_BYTES == 64
    __m256 half =
        _mm256_max_ps(_mm512_extractf32x8_ps((__m512)v, 1), _mm512_castps512_ps256((__m512)v));
#elif ANT__VECTOR_BYTES == 32 && ANT__DOUBLE
    __m256d half = (__m256d)v;
#elif ANT__VECTOR_BYTES == 32
    __m256 half = (__m256)v;
#endif
#if ANT__VECTOR_BYTES > 16 && ANT__DOUBLE
    __m128d pair = _mm_max_pd(_mm256_extractf128_pd(half, 1), _mm256_castpd256_pd128(half));
    return lane_max(pair[1], pair[0]);
#elif ANT__VECTOR_BYTES > 16
    __m128 four = _mm_max_ps(_mm256_extractf128_ps(half, 1), _mm256_castps256_ps128(half));
    return lane_max(lane_max(four[3], four[1]), lane_max(four[2], four[0]));
#elif ANT__DOUBLE
    return lane_max(v[1], v[0]);
#else
    return lane_max(lane_max(v[3], v[1]), lane_max(v[2], v[0]));
#endif
}

/* The first n lanes of a vector, chosen once for many loads; 0 <= n <= LANES. */
#if ANT__VECTOR_BYTES == 64 && ANT__DOUBLE
typedef __mmask8 vec_mask;
#elif ANT__VECTOR_BYTES == 64
typedef __mmask16 vec_mask;
#elif ANT__VECTOR_BYTES == 32
typedef __m256i vec_mask;
#else
typedef int64_t vec_mask;
#endif
/* Where it is 0, a load by a mask is slow: many lines are better copied together first. */
enum { VEC_MASKS = ANT__VECTOR_BYTES > 16 };

ALWAYS_INLINE vec_mask vec_mask_first(int64_t n) {
#if ANT__VECTOR_BYTES == 64
    return (vec_mask)((1u << n) - 1);
#elif ANT__VECTOR_BYTES == 32 && ANT__DOUBLE
    return (vec_mask)((vec_int){0, 1, 2, 3} < (vec_int){0} + n);
#elif ANT__VECTOR_BYTES == 32
    return (vec_mask)((vec_int){0, 1, 2, 3, 4, 5, 6, 7} < (vec_int){0} + (R_int)n);
#else
    return n;
#endif
}

/* Lanes outside of the mask are zero, and their memory is not touched. */
ALWAYS_INLINE vec vec_load_mask(const R *p, vec_mask m) {
#if ANT__VECTOR_BYTES == 64 && ANT__DOUBLE
    return (vec)_mm512_maskz_loadu_pd(m, p);
#elif ANT__VECTOR_BYTES == 64
    return (vec)_mm512_maskz_loadu_ps(m, p);
#elif ANT__VECTOR_BYTES == 32 && ANT__DOUBLE
    return (vec)_mm256_maskload_pd(p, m);
#elif ANT__VECTOR_BYTES == 32
    return (vec)_mm256_maskload_ps(p, m);
#else
    vec v = {0};
    memcpy(&v, p, (size_t)m * sizeof(R));
    return v;
#endif
}

ALWAYS_INLINE vec vec_load_part(const R *p, int64_t n) {
    return vec_load_mask(p, vec_mask_first(n));
}

/* AVX2's stores by a mask are slow: halves, quarters … instead. */
ALWAYS_INLINE void vec_store_part(R *p, vec v, int64_t n) {
#if ANT__VECTOR_BYTES == 64 && ANT__DOUBLE
    _mm512_mask_storeu_pd(p, (__mmask8)((1u << n) - 1), (__m512d)v);
#elif ANT__VECTOR_BYTES == 64
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)v);
#else
    const char *from = (const char *)&v;
    char *to = (char *)p;
    UNROLL
    for (int half = LANES; half > 0; half /= 2) {
        if (!(n & half))
            continue;
        memcpy(to, from, (size_t)half * sizeof(R));
        to += (size_t)half * sizeof(R);
        from += (size_t)half * sizeof(R);
    }
#endif
}

/* A whole vector, or what is left of a line: n lanes, more than LANES count as LANES. */
ALWAYS_INLINE vec vec_load_some(const R *p, int64_t n) {
    return n >= LANES ? vec_load(p) : vec_load_part(p, n);
}

ALWAYS_INLINE void vec_store_some(R *p, vec v, int64_t n) {
    if (n >= LANES)
        vec_store(p, v);
    else
        vec_store_part(p, v, n);
}

/* Keeps a vector in a register: else GCC reads it again from memory in every multiplication. */
ALWAYS_INLINE void vec_keep(vec *v) {
#if ANT__VECTOR_BYTES == 64
    __asm__("" : "+v"(*v));
#elif defined __x86_64__
    __asm__("" : "+x"(*v));
#else
    (void)v;
#endif
}
#endif
