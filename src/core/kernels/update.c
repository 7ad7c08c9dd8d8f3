/* Adam's update of many weights. */
#include "core/kernels/update.h"
#include "core/kernels/gemm.h"
#include "core/kernels/simd.h"
#if defined __x86_64__
#include <immintrin.h>
#else
#include <math.h>
#endif

typedef struct adam {
    R rate, decay, new_1, new_2, epsilon;
} adam;

/* Where one weight's numbers are, and where the new ones go. */
typedef struct places {
    const R *w, *g, *m, *v;
    R *new_w, *new_m, *new_v;
} places;

typedef struct line {
    vec w, g, m, v;
} line;

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

ALWAYS_INLINE line updated(line x, const adam *a) {
    const vec mean = vec_fma(x.g - x.m, vec_all(a->new_1), x.m);
    const vec square = vec_fma(vec_fma(x.g, x.g, -x.v), vec_all(a->new_2), x.v);
    const vec size = root(square) + vec_all(a->epsilon);
    const vec w = vec_fma(x.w, vec_all(a->decay), -(mean * vec_all(a->rate) / size));
    return (line){w, x.g, mean, square};
}

ALWAYS_INLINE line read_line(const places *p, int64_t i) {
    return (line){vec_load(p->w + i), vec_load(p->g + i), vec_load(p->m + i), vec_load(p->v + i)};
}

ALWAYS_INLINE void write_line(const places *p, line x, int64_t i) {
    vec_store(p->new_w + i, x.w);
    vec_store(p->new_m + i, x.m);
    vec_store(p->new_v + i, x.v);
}

/* Fewer than LANES entries. */
static void update_part(const adam *a, const places *p, int64_t i, int64_t n) {
    line x = {vec_load_part(p->w + i, n), vec_load_part(p->g + i, n), vec_load_part(p->m + i, n),
              vec_load_part(p->v + i, n)};
    x = updated(x, a);
    vec_store_part(p->new_w + i, x.w, n);
    vec_store_part(p->new_m + i, x.m, n);
    vec_store_part(p->new_v + i, x.v, n);
}

/* Reads two lines before it writes the two ahead of them: where arrays begin at nearly the same
 * place of a page, a processor takes a line to read for one that was just written elsewhere, and
 * waits for its root and its quotient. Shorter vectors do not wait that long, and have no registers
 * to spare. Gives where it ends. */
static int64_t update_pairs(const adam *a, const places *p, int64_t i, int64_t to) {
    enum { PAIR = 2 * LANES };
    if (ANT__VECTOR_BYTES < 64 || to - i < PAIR)
        return i;
    line x = read_line(p, i), y = read_line(p, i + LANES);
    for (; to - i >= 2 * PAIR; i += PAIR) {
        const line next_x = read_line(p, i + PAIR), next_y = read_line(p, i + PAIR + LANES);
        write_line(p, updated(x, a), i);
        write_line(p, updated(y, a), i + LANES);
        x = next_x;
        y = next_y;
    }
    write_line(p, updated(x, a), i);
    write_line(p, updated(y, a), i + LANES);
    return i + PAIR;
}

/* One weight's entries [from, to). */
static void update(const adam *a, const places *p, int64_t from, int64_t to) {
    int64_t i = update_pairs(a, p, from, to);
    for (; to - i >= LANES; i += LANES)
        write_line(p, updated(read_line(p, i), a), i);
    if (i < to)
        update_part(a, p, i, to - i);
}

static int64_t between(int64_t x, int64_t low, int64_t high) {
    return x < low ? low : x > high ? high : x;
}

/* scalars: the rate and the decay. */
static adam adam_of(void *const *scalars, const ant_num *n) {
    return (adam){*(const R *)scalars[0], *(const R *)scalars[1], (R)n[ANT__ADAM_NEW_1].f,
                  (R)n[ANT__ADAM_NEW_2].f, (R)n[ANT__ADAM_EPSILON].f};
}

void K(adam)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    const adam a = adam_of(at, n);
    const int64_t weights = n[ANT__ADAM_WEIGHTS].i;
    void *const *in = at + 2, *const *out = in + 4 * weights;
    from *= ANT__ADAM_CELL, to *= ANT__ADAM_CELL;
    for (int64_t k = 0, first = 0; k < weights && first < to; k++, in += 4, out += 3) {
        const int64_t count = n[ANT__ADAM_COUNTS + k].i;
        const places p = {in[0], in[1], in[2], in[3], out[0], out[1], out[2]};
        if (first + count > from)
            update(&a, &p, between(from - first, 0, count), between(to - first, 0, count));
        first += count;
    }
}

/* Some rows of the gradient, and with them the same rows of the weight: the gradient never leaves a
 * cache that is near. */
void K(dense_adam)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    enum { A, B, SCALARS, W = SCALARS + 2, M, V, NEW_W, NEW_M, NEW_V, WORKSPACE };
    const int64_t rows = n[ANT__DENSE_ADAM_ROWS].i, all = n[ANT__DENSE_ADAM_M].i,
                  columns = n[ANT__DENSE_ADAM_N].i;
    const adam a = adam_of(at + SCALARS, n);
    R *g = (R *)at[WORKSPACE] + from * n[ANT__DENSE_ADAM_WORKSPACE].i;
    gemm product = {.n = columns, .k = n[ANT__DENSE_ADAM_K].i, .c = g, .c_row = columns};
    product.b = (gemm_matrix){at[B], columns, 1};
    product.packed = n[ANT__DENSE_ADAM_PACKED].i ? at[B] : NULL;
    for (int64_t i = from; i < to; i++) {
        const int64_t first = i * rows, start = first * columns;
        const places p = {(const R *)at[W] + start, g,
                          (const R *)at[M] + start, (const R *)at[V] + start,
                          (R *)at[NEW_W] + start,   (R *)at[NEW_M] + start,
                          (R *)at[NEW_V] + start};
        product.m = all - first < rows ? all - first : rows;
        product.a = (gemm_matrix){(const R *)at[A] + first, 1, all};
        product.workspace = g + ant__gemm_copy(rows, columns);
        K(gemm_part_rows)(&product);
        K(gemm)(&product);
        update(&a, &p, 0, product.m * columns);
    }
}
