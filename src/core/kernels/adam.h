/* Adam's formulas for one vector of weights: what the kernels of its updates share. */
#ifndef ANT_CORE_KERNELS_ADAM_H
#define ANT_CORE_KERNELS_ADAM_H
#include "core/kernels/simd.h"
#include "core/kernels/update.h"
#if defined __x86_64__
#include <immintrin.h>
#else
#include <math.h>
#endif

typedef struct adam {
    R rate, decay, new_1, new_2, epsilon;
} adam;

/* Where one weight's numbers are, and where the new ones go. */
typedef struct adam_places {
    const R *w, *g, *m, *v;
    R *new_w, *new_m, *new_v;
} adam_places;

typedef struct adam_line {
    vec w, g, m, v;
} adam_line;

#if ANT__VECTOR_BYTES == 64 && !ANT__DOUBLE
/* By multiplications, from a first guess of 14 bits, as a processor has one unit for roots and
 * quotients. One step of Newton's, with an error below a unit in the last place. Zero and infinity
 * are their own roots. */
ALWAYS_INLINE vec root(vec a) {
    enum { ZEROS_AND_INFINITY = 0x02 | 0x04 | 0x08 };
    const __m512 x = (__m512)a, half = _mm512_set1_ps(0.5f), guess = _mm512_rsqrt14_ps(x);
    const __m512 y = _mm512_mul_ps(x, guess);
    const __m512 error = _mm512_fnmadd_ps(_mm512_mul_ps(guess, half), y, half);
    const __mmask16 own = _mm512_fpclass_ps_mask(x, ZEROS_AND_INFINITY);
    return (vec)_mm512_mask_mov_ps(_mm512_fmadd_ps(y, error, y), own, x);
}
#else
ALWAYS_INLINE vec root(vec a) {
#if ANT__VECTOR_BYTES == 64
    return (vec)_mm512_sqrt_pd((__m512d)a);
#elif ANT__VECTOR_BYTES == 32 && ANT__DOUBLE
    return (vec)_mm256_sqrt_pd((__m256d)a);
#elif ANT__VECTOR_BYTES == 32
    return (vec)_mm256_sqrt_ps((__m256)a);
#elif defined __x86_64__ && ANT__DOUBLE
    return (vec)_mm_sqrt_pd((__m128d)a);
#elif defined __x86_64__
    return (vec)_mm_sqrt_ps((__m128)a);
#else
    for (int l = 0; l < LANES; l++)
        a[l] = (R)sqrt((double)a[l]);
    return a;
#endif
}
#endif

ALWAYS_INLINE adam_line updated(adam_line x, const adam *a) {
    const vec mean = vec_fma(x.g - x.m, vec_all(a->new_1), x.m);
    const vec square = vec_fma(vec_fma(x.g, x.g, -x.v), vec_all(a->new_2), x.v);
    const vec size = root(square) + vec_all(a->epsilon);
    const vec w = vec_fma(x.w, vec_all(a->decay), -(mean * vec_all(a->rate) / size));
    return (adam_line){w, x.g, mean, square};
}

ALWAYS_INLINE adam_line read_line(const adam_places *p, int64_t i) {
    return (adam_line){vec_load(p->w + i), vec_load(p->g + i), vec_load(p->m + i),
                       vec_load(p->v + i)};
}

ALWAYS_INLINE void write_line(const adam_places *p, adam_line x, int64_t i) {
    vec_store(p->new_w + i, x.w);
    vec_store(p->new_m + i, x.m);
    vec_store(p->new_v + i, x.v);
}

/* scalars: the rate and the decay. */
static inline adam adam_of(void *const *scalars, const ant_num *n) {
    return (adam){*(const R *)scalars[0], *(const R *)scalars[1], (R)n[ANT__ADAM_NEW_1].f,
                  (R)n[ANT__ADAM_NEW_2].f, (R)n[ANT__ADAM_EPSILON].f};
}

/* One weight's entries [from, to). */
void K(adam_update)(const adam *a, const adam_places *p, int64_t from, int64_t to);
#endif
