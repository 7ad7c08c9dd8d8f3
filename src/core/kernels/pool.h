/* Pooling of one image, for kernels that have just made it. */
#ifndef ANT_CORE_KERNELS_POOL_H
#define ANT_CORE_KERNELS_POOL_H
#include "core/kernels/simd.h"
#include "core/kernels/window.h"

/* Among the numbers of winners: no entry of the window gets anything. */
enum { NO_WINNER = 255 };

/* Not a number is larger than all, so that it is not lost. */
ALWAYS_INLINE vec_int beats(vec x, vec best) {
    return (x > best) | (x != x); /* NOLINT: NaN is unlike itself */
}

ALWAYS_INLINE vec larger(vec x, vec best) {
#if ANT__VECTOR_BYTES == 64 && !ANT__DOUBLE
    __m512 b = (__m512)best; /* the instruction gives x where one of both is not a number */
    __mmask16 lost = _mm512_cmp_ps_mask(b, b, _CMP_UNORD_Q);
    return (vec)_mm512_mask_mov_ps(_mm512_max_ps(b, (__m512)x), lost, b);
#else
    return vec_select(beats(x, best), x, best);
#endif
}

/* The largest of four, in fewer steps: where one of two is not a number, their sum is none. */
ALWAYS_INLINE vec largest_of(vec a, vec b, vec c, vec d) {
#if ANT__VECTOR_BYTES == 64 && !ANT__DOUBLE
    const __m512 p = (__m512)a, q = (__m512)b, r = (__m512)c, s = (__m512)d;
    const __mmask16 first = _mm512_cmp_ps_mask(p, q, _CMP_UNORD_Q);
    const __mmask16 last = _mm512_cmp_ps_mask(r, s, _CMP_UNORD_Q);
    __m512 most = _mm512_max_ps(_mm512_max_ps(p, q), _mm512_max_ps(r, s));
    most = _mm512_mask_add_ps(most, first, p, q);
    return (vec)_mm512_mask_add_ps(most, last, r, s);
#else
    return larger(larger(d, c), larger(b, a));
#endif
}

ALWAYS_INLINE void store_bytes(unsigned char *to, vec_int v, int64_t lanes) {
#if ANT__VECTOR_BYTES == 64 && !ANT__DOUBLE
    if (lanes >= LANES) {
        _mm_storeu_si128((__m128i *)(void *)to, _mm512_cvtepi32_epi8((__m512i)v));
        return;
    }
#endif
    for (int l = 0; l < LANES && l < lanes; l++)
        to[l] = (unsigned char)v[l];
}

void K(max_pool_image)(const windows *w, const R *x, R *y);
/* The same, noting the number of the largest entry of each window, which are next to each other;
 * 255 where only positive ones count and it is none. */
void K(max_pool_winners)(const windows *w, const R *x, bool positive, R *y, unsigned char *which);
/* The gradient of such a pooling: each of dy goes to its window's winner, all else of dx becomes
 * 0. */
void K(max_pool_spread)(const windows *w, const unsigned char *which, const R *dy, R *dx);
/* Adds to the sums of such a dx over all pixels, one for each channel. */
void K(max_pool_sums)(const windows *w, const unsigned char *which, const R *dy, R *sums);
#endif
