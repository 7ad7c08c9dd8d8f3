/* Winograd's F(2x2, 3x3): four results of a 3 x 3 kernel by 16 multiplications in place of 36.
 *
 *     y = A' [(G g G') * (B' d B)] A        g: 3 x 3 taps, d: 4 x 4 pixels, y: 2 x 2
 *     dg = G' [(A dy A') * (B' d B)] G      its transpose in g
 *
 * (*: entry by entry, ': transposed.) Summed over channels, each of the 16 entries is a matrix
 * product of its own, over many tiles. Source: Lavin and Gray, "Fast algorithms for convolutional
 * neural networks", 2016. The shorter sums make it no less exact than the direct way.
 *
 * All transforms work on vectors of channels; the arrays are row-major. Each is written once for one
 * direction and used on columns, then rows.
 */
#ifndef ANT_CORE_KERNELS_WINOGRAD_H
#define ANT_CORE_KERNELS_WINOGRAD_H
#include "core/kernels/conv_size.h"
#include "core/kernels/simd.h"

enum { PLANES = 16 };

/* v (4 entries, `step` apart) becomes B' v. */
ALWAYS_INLINE void winograd_in(vec *v, const int step) {
    vec a = v[0] - v[2 * step], b = v[step] + v[2 * step];
    vec c = v[2 * step] - v[step], d = v[step] - v[3 * step];
    v[0] = a, v[step] = b, v[2 * step] = c, v[3 * step] = d;
}

/* The first 2 of v (4 entries) become A' v. */
ALWAYS_INLINE void winograd_out(vec *v, const int step) {
    vec a = v[0] + v[step] + v[2 * step], b = v[step] - v[2 * step] - v[3 * step];
    v[0] = a, v[step] = b;
}

/* v (2 entries, room for 4) becomes A v. */
ALWAYS_INLINE void winograd_map(vec *v, const int step) {
    vec a = v[0], b = v[step];
    v[step] = a + b, v[2 * step] = a - b, v[3 * step] = -b;
}

/* v (3 entries, room for 4) becomes G v. */
ALWAYS_INLINE void winograd_kernel(vec *v, const int step) {
    vec ends = (v[0] + v[2 * step]) * (R)0.5, middle = v[step] * (R)0.5;
    v[3 * step] = v[2 * step];
    v[step] = ends + middle, v[2 * step] = ends - middle;
}

/* The first 3 of v (4 entries) become G' v. */
ALWAYS_INLINE void winograd_sum(vec *v, const int step) {
    vec sum = (v[step] + v[2 * step]) * (R)0.5, difference = (v[step] - v[2 * step]) * (R)0.5;
    v[0] += sum, v[2 * step] = sum + v[3 * step], v[step] = difference;
}

/* One plane for each entry of a transformed tile: a row of channels for each of many tiles. */
typedef struct planes {
    R *at;
    int64_t size, pitch; /* from plane to plane, from tile to tile */
    int64_t channels;
} planes;

static inline planes planes_at(R *at, int64_t tiles, int64_t channels) {
    int64_t pitch = ant__winograd_pitch(channels);
    return (planes){at, tiles * pitch, pitch, channels};
}

/* The lanes at channel c; whole vectors are to be told by the constant LANES. */
ALWAYS_INLINE void planes_store(const planes *p, int64_t tile, int64_t c, int64_t lanes,
                                const vec *v) {
    R *to = p->at + tile * p->pitch + c;
    const int64_t size = p->size;
    UNROLL
    for (int k = 0; k < PLANES; k += 2, to += 2 * size) {
        vec_store_some(to, v[k], lanes);
        vec_store_some(to + size, v[k + 1], lanes);
    }
}

ALWAYS_INLINE void planes_load(const planes *p, int64_t tile, int64_t c, int64_t lanes, vec *v) {
    const R *from = p->at + tile * p->pitch + c;
    const int64_t size = p->size;
    UNROLL
    for (int k = 0; k < PLANES; k += 2, from += 2 * size) {
        v[k] = vec_load_some(from, lanes);
        v[k + 1] = vec_load_some(from + size, lanes);
    }
}

ALWAYS_INLINE void planes_take_lanes(const planes *p, int64_t tile, const R *from, int64_t pitch,
                                     int64_t c, int64_t lanes) {
    vec v[PLANES];
    const int64_t step = p->channels;
    from += c;
    UNROLL
    for (int i = 0; i < 4; i++, from += pitch) {
        v[4 * i] = vec_load_some(from, lanes);
        v[4 * i + 1] = vec_load_some(from + step, lanes);
        v[4 * i + 2] = vec_load_some(from + 2 * step, lanes);
        v[4 * i + 3] = vec_load_some(from + 3 * step, lanes);
    }
    UNROLL
    for (int j = 0; j < 4; j++)
        winograd_in(v + j, 4);
    UNROLL
    for (int i = 0; i < 4; i++)
        winograd_in(v + 4 * i, 1);
    planes_store(p, tile, c, lanes, v);
}

/* The 4 x 4 pixels from `from` on (rows `pitch` apart) become tile number `tile`. */
static inline void planes_take(const planes *p, int64_t tile, const R *from, int64_t pitch) {
    int64_t c = 0;
    for (; c + LANES <= p->channels; c += LANES)
        planes_take_lanes(p, tile, from, pitch, c, LANES);
    if (c < p->channels)
        planes_take_lanes(p, tile, from, pitch, c, p->channels - c);
}
#endif
