/* Winograd's F(s x s, 3 x 3): s x s results of a 3 x 3 kernel at once, by (s + 2) x (s + 2)
 * multiplications: 16 in place of 36 for s = 2, and for s = 4, 36 in place of 144.
 *
 *     y = A' [(G g G') * (B' d B)] A        g: 3 x 3 taps, d: (s + 2) x (s + 2) pixels, y: s x s
 *     dg = G' [(A dy A') * (B' d B)] G      its transpose in g
 *
 * (*: entry by entry, ': transposed.) Summed over channels, each entry of a transformed tile is a
 * matrix product of its own, over many tiles. Source: Lavin and Gray, "Fast algorithms for
 * convolutional neural networks", 2016. With s = 2 the shorter sums make it no less exact than the
 * direct way. With s = 4, whose matrices hold numbers from 1/24 to 8, errors are about five times
 * as large: it is only for who asks for it.
 *
 * All transforms work on vectors of channels; the arrays are row-major, `side` (s) is a constant
 * wherever a body is made. Each is written once for one direction and used on columns, then
 * rows. */
#ifndef ANT_CORE_KERNELS_WINOGRAD_H
#define ANT_CORE_KERNELS_WINOGRAD_H
#include "core/kernels/conv_size.h"
#include "core/kernels/simd.h"

/* Functions that need all registers for themselves. */
#define APART static __attribute__((noinline))

enum { MOST_EDGE = 6, MOST_PLANES = MOST_EDGE * MOST_EDGE };

/* v (side + 2 entries, `step` apart) becomes B' v. */
ALWAYS_INLINE void winograd_in(vec *v, const int step, const int side) {
    vec x[MOST_EDGE];
    UNROLL
    for (int k = 0; k < MOST_EDGE; k++)
        x[k] = k < side + 2 ? v[k * step] : (vec){0};
    if (side == 2) {
        v[0] = x[0] - x[2], v[step] = x[1] + x[2];
        v[2 * step] = x[2] - x[1], v[3 * step] = x[1] - x[3];
        return;
    }
    const vec four = vec_all(4), five = vec_all(5);
    vec a = vec_fma(-four, x[2], x[4]), b = vec_fma(-four, x[1], x[3]);
    vec c = x[4] - x[2], d = (R)2 * (x[3] - x[1]);
    v[0] = vec_fma(four, x[0], vec_fma(-five, x[2], x[4]));
    v[step] = a + b, v[2 * step] = a - b;
    v[3 * step] = c + d, v[4 * step] = c - d;
    v[5 * step] = vec_fma(four, x[1], vec_fma(-five, x[3], x[5]));
}

/* The first `side` of v (side + 2 entries) become A' v. */
ALWAYS_INLINE void winograd_out(vec *v, const int step, const int side) {
    if (side == 2) {
        vec a = v[0] + v[step] + v[2 * step], b = v[step] - v[2 * step] - v[3 * step];
        v[0] = a, v[step] = b;
        return;
    }
    vec a = v[step] + v[2 * step], b = v[step] - v[2 * step];
    vec c = v[3 * step] + v[4 * step], d = v[3 * step] - v[4 * step];
    v[0] += a + c;
    v[step] = vec_fma(vec_all(2), d, b);
    v[2 * step] = vec_fma(vec_all(4), c, a);
    v[3 * step] = vec_fma(vec_all(8), d, b) + v[5 * step];
}

/* v (3 entries, room for side + 2) becomes G v. */
ALWAYS_INLINE void winograd_kernel(vec *v, const int step, const int side) {
    vec first = v[0], middle = v[step], last = v[2 * step];
    if (side == 2) {
        vec ends = (first + last) * (R)0.5, half = middle * (R)0.5;
        v[step] = ends + half, v[2 * step] = ends - half;
        v[3 * step] = last;
        return;
    }
    vec ends = (first + last) * ((R)-1 / 6), sixth = middle * ((R)1 / 6);
    vec far = first * ((R)1 / 24) + last * ((R)1 / 6), twelfth = middle * ((R)1 / 12);
    v[0] = first * (R)0.25;
    v[step] = ends - sixth, v[2 * step] = ends + sixth;
    v[3 * step] = far + twelfth, v[4 * step] = far - twelfth;
    v[5 * step] = last;
}

/* --- one plane for each entry of a transformed tile: a row of channels for each of many tiles
 * --- */
typedef struct planes {
    R *at;
    int64_t size, pitch; /* from plane to plane, from tile to tile */
    int64_t channels;
} planes;

static inline planes planes_at(R *at, int64_t tiles, int64_t channels) {
    int64_t pitch = ant__winograd_pitch(channels);
    return (planes){at, ant__winograd_plane(tiles, channels), pitch, channels};
}

/* The lanes at channel c; whole vectors are to be told by the constant LANES. */
ALWAYS_INLINE void planes_store(const planes *p, int64_t tile, int64_t c, int64_t lanes,
                                const vec *v, const int side) {
    R *to = p->at + tile * p->pitch + c;
    const int64_t size = p->size;
    UNROLL
    for (int i = 0; i < side + 2; i++) {
        UNROLL
        for (int j = 0; j < side + 2; j++, to += size)
            vec_store_some(to, v[i * (side + 2) + j], lanes);
    }
}

ALWAYS_INLINE void planes_load(const planes *p, int64_t tile, int64_t c, int64_t lanes, vec *v,
                               const int side) {
    const R *from = p->at + tile * p->pitch + c;
    const int64_t size = p->size;
    UNROLL
    for (int i = 0; i < side + 2; i++) {
        UNROLL
        for (int j = 0; j < side + 2; j++, from += size)
            v[i * (side + 2) + j] = vec_load_some(from, lanes);
    }
}

/* The pixels in v become a tile. */
ALWAYS_INLINE void planes_put(const planes *p, int64_t tile, vec *v, int64_t c, int64_t lanes,
                              const int side) {
    const int edge = side + 2;
    UNROLL
    for (int i = 0; i < edge; i++)
        winograd_in(v + i * edge, 1, side);
    UNROLL
    for (int j = 0; j < edge; j++)
        winograd_in(v + j, edge, side);
    planes_store(p, tile, c, lanes, v, side);
}

ALWAYS_INLINE void planes_take_lanes(const planes *p, int64_t tile, const R *from, int64_t pitch,
                                     int64_t c, int64_t lanes, const int side) {
    vec v[MOST_PLANES];
    const int64_t step = p->channels;
    const int edge = side + 2;
    from += c;
    UNROLL
    for (int i = 0; i < edge; i++, from += pitch) {
        UNROLL
        for (int j = 0; j < edge; j++)
            v[i * edge + j] = vec_load_some(from + j * step, lanes);
    }
    planes_put(p, tile, v, c, lanes, side);
}

/* The (side + 2) x (side + 2) pixels from `from` on (rows `pitch` apart) become tile number
 * `tile`. */
ALWAYS_INLINE void planes_take(const planes *p, int64_t tile, const R *from, int64_t pitch,
                               const int side) {
    int64_t c = 0;
    for (; c + LANES <= p->channels; c += LANES)
        planes_take_lanes(p, tile, from, pitch, c, LANES, side);
    if (c < p->channels)
        planes_take_lanes(p, tile, from, pitch, c, p->channels - c, side);
}

ALWAYS_INLINE void planes_take_pixel_lanes(const planes *p, int64_t tile, const R *const *pixel,
                                           int64_t c, int64_t lanes, const int side) {
    vec v[MOST_PLANES];
    const int edge = side + 2;
    UNROLL
    for (int i = 0; i < edge; i++) {
        UNROLL
        for (int j = 0; j < edge; j++)
            v[i * edge + j] = vec_load_some(pixel[i * edge + j] + c, lanes);
    }
    planes_put(p, tile, v, c, lanes, side);
}

/* The same of pixels that lie anywhere. */
ALWAYS_INLINE void planes_take_pixels(const planes *p, int64_t tile, const R *const *pixel,
                                      const int side) {
    int64_t c = 0;
    for (; c + LANES <= p->channels; c += LANES)
        planes_take_pixel_lanes(p, tile, pixel, c, LANES, side);
    if (c < p->channels)
        planes_take_pixel_lanes(p, tile, pixel, c, p->channels - c, side);
}
#endif
