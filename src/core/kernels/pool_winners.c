/* Max pooling that notes which entry of each window is the largest, in a byte, so that its gradient
 * needs the map no more; and that gradient. Windows are next to each other and leave no gaps: (N,
 * I, J, C) of them over (N, I rows, J columns, C).
 *
 * Numbers of pool_spread: windows (window.h). A cell is an image. */
#include "core/kernels/pool.h"

ALWAYS_INLINE vec_int load_bytes(const unsigned char *from, int64_t lanes) {
#if ANT__VECTOR_BYTES == 64 && !ANT__DOUBLE
    if (lanes >= LANES)
        return (vec_int)_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)from));
#elif ANT__VECTOR_BYTES == 32 && !ANT__DOUBLE
    if (lanes >= LANES)
        return (vec_int)_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)from));
#endif
    vec_int v = {0};
    for (int l = 0; l < LANES && l < lanes; l++)
        v[l] = from[l];
    return v;
}

/* One window, whose first entry is at x. */
typedef struct place {
    const windows *w;
    int64_t pitch; /* from row to row of x */
} place;

/* Not a number is larger than all, so that it is not lost; the first of equals wins. */
ALWAYS_INLINE void find(const place *p, const R *x, bool positive, R *y, unsigned char *which,
                        int64_t lanes) {
    const windows *w = p->w;
    vec best = vec_load_some(x, lanes);
    vec_int winner = {0}, k = {0};
    for (int64_t i = 0; i < w->row.size; i++)
        for (int64_t j = 0; j < w->column.size; j++, k += 1) {
            vec e = vec_load_some(x + i * p->pitch + j * w->channels, lanes);
            vec_int wins = beats(e, best);
            best = vec_select(wins, e, best);
            winner = (wins & k) | (winner & ~wins);
        }
    vec_int counts = best > (vec){0};
    if (positive)
        winner = (counts & winner) | (~counts & NO_WINNER);
    vec_store_some(y, best, lanes);
    store_bytes(which, winner, lanes);
}

void K(max_pool_winners)(const windows *w, const R *x, bool positive, R *y, unsigned char *which) {
    const place p = {w, w->column.in * w->channels};
    for (int64_t i = 0; i < w->row.out; i++)
        for (int64_t j = 0; j < w->column.out; j++, y += w->channels, which += w->channels) {
            const R *first = x + i * w->row.size * p.pitch + j * w->column.size * w->channels;
            for (int64_t c = 0; c < w->channels; c += LANES)
                find(&p, first + c, positive, y + c, which + c, w->channels - c);
        }
}

/* --- the gradient --- */

ALWAYS_INLINE void spread(const place *p, const unsigned char *which, const R *dy, R *dx,
                          int64_t lanes) {
    const windows *w = p->w;
    vec d = vec_load_some(dy, lanes);
    vec_int winner = load_bytes(which, lanes), k = {0};
    for (int64_t i = 0; i < w->row.size; i++)
        for (int64_t j = 0; j < w->column.size; j++, k += 1)
            vec_store_some(dx + i * p->pitch + j * w->channels, (vec)((vec_int)d & (winner == k)),
                           lanes);
}

void K(max_pool_spread)(const windows *w, const unsigned char *which, const R *dy, R *dx) {
    const place p = {w, w->column.in * w->channels};
    for (int64_t i = 0; i < w->row.out; i++)
        for (int64_t j = 0; j < w->column.out; j++, dy += w->channels, which += w->channels) {
            R *first = dx + i * w->row.size * p.pitch + j * w->column.size * w->channels;
            for (int64_t c = 0; c < w->channels; c += LANES)
                spread(&p, which + c, dy + c, first + c, w->channels - c);
        }
}

void K(max_pool_sums)(const windows *w, const unsigned char *which, const R *dy, R *sums) {
    const int64_t count = w->row.out * w->column.out, channels = w->channels;
    for (int64_t c = 0; c < channels; c += LANES) {
        const int64_t lanes = channels - c;
        vec sum = vec_load_some(sums + c, lanes);
        for (int64_t i = c; i < count * channels; i += channels) {
            const vec_int winner = load_bytes(which + i, lanes);
            sum += (vec)((vec_int)vec_load_some(dy + i, lanes) & (winner != NO_WINNER));
        }
        vec_store_some(sums + c, sum, lanes);
    }
}

/* winners, dy -> dx */
void K(pool_spread)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    const windows w = read_windows(n);
    const int64_t pooled = w.row.out * w.column.out * w.channels;
    const int64_t map = w.row.in * w.column.in * w.channels;
    const int64_t last = to < w.images ? to : w.images;
    for (int64_t k = from; k < last; k++)
        K(max_pool_spread)
    (&w, (const unsigned char *)at[0] + k * pooled, (const R *)at[1] + k * pooled,
     (R *)at[2] + k * map);
}
