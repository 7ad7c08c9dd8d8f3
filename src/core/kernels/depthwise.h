/* What depthwise kernels share: their numbers, and rows of a source with zeros around.
 *
 * Each channel stands for itself, so a block of ANT__DEPTHWISE_BLOCK channels is worked on at a
 * time, a channel per lane. Rows of the block are copied together: then all taps read adjacent
 * memory, no window reaches beyond an edge, and a source whose rows are a power of two apart costs
 * no more than any other. A row is copied once for all windows that have it, and for a group of
 * blocks at once, as memory gives whole pixels faster than pieces of them. */
#ifndef ANT_CORE_KERNELS_DEPTHWISE_H
#define ANT_CORE_KERNELS_DEPTHWISE_H
#include "core/kernels/depthwise_size.h"
#include "core/kernels/simd.h"
#include "core/kernels/window.h"

enum { BLOCK = ANT__DEPTHWISE_BLOCK };

/* The numbers, as ops/depthwise.c pushes them. */
typedef struct depthwise {
    windows windows;
    int64_t multiplier; /* entries of the map for each channel of x */
    int64_t cells, slot;
    const ant_num *more; /* the numbers of one kernel only */
} depthwise;

static inline depthwise read_depthwise(const ant_num *n) {
    const ant_num *own = n + WINDOW_NUMBERS;
    return (depthwise){.windows = read_windows(n),
                       .multiplier = own[0].i,
                       .cells = own[1].i,
                       .slot = own[2].i,
                       .more = own + 3};
}

/* Some rows of a group of blocks of an image's channels, block by block: row r is in slot r modulo
 * `depth`. Entries behind the last real one of a pixel hold anything: lanes have nothing to do with
 * each other. */
typedef struct ring {
    const R *image, *end;            /* of all images: nothing is read behind it */
    int64_t rows, columns, channels; /* of the image */
    int64_t repeat;                  /* so many entries of a pixel have the same channel */
    int64_t first, lanes;            /* entries of the group: (first + i) / repeat is the channel */
    int64_t from, width;             /* columns from on; what is outside is zero */
    int64_t depth, next;             /* the first row that is not there yet */
    bool far;                        /* the images are too large for a cache that is near */
    R *at;
} ring;

/* Images of so many entries together. */
static inline void ring_reads(ring *r, const R *source, int64_t entries) {
    enum { NEAR = 1 << 19 };
    r->end = source + entries;
    r->far = entries * (int64_t)sizeof *source > NEAR;
}

/* One block of the group, the entries that it has, and its rows. */
typedef struct span {
    int64_t first, lanes;
    R *rows;
} span;

ALWAYS_INLINE int64_t ring_blocks(const ring *r) {
    return (r->lanes + BLOCK - 1) / BLOCK;
}

ALWAYS_INLINE span ring_block(const ring *r, int64_t k) {
    int64_t left = r->lanes - k * BLOCK;
    return (span){.first = r->first + k * BLOCK,
                  .lanes = left < BLOCK ? left : BLOCK,
                  .rows = r->at + k * r->depth * r->width * BLOCK};
}

ALWAYS_INLINE int64_t ring_slot(const ring *r, int64_t row) {
    int64_t slot = row % r->depth;
    return slot < 0 ? slot + r->depth : slot;
}

/* A whole block, also where the pixel has less, or what it has. */
ALWAYS_INLINE void copy_block(R *to, const R *from, int64_t lanes, const R *end) {
    if (end - from < BLOCK) {
        memcpy(to, from, (size_t)lanes * sizeof *to);
        memset(to + lanes, 0, (size_t)(BLOCK - lanes) * sizeof *to);
        return;
    }
    UNROLL
    for (int i = 0; i < BLOCK; i += LANES)
        vec_store(to + i, vec_load(from + i));
}

static inline void copy_repeated(const span *b, int64_t repeat, R *to, const R *from) {
    int64_t channel = b->first / repeat, done = b->first % repeat;
    memset(to, 0, BLOCK * sizeof *to);
    for (int64_t i = 0; i < b->lanes; i++) {
        to[i] = from[channel];
        channel += ++done == repeat;
        done = done == repeat ? 0 : done;
    }
}

/* Asks for a pixel's entries of the group: the processor's own guesses end with each row. */
ALWAYS_INLINE void ask_for(const R *pixel, int64_t lanes) {
    enum { LINE = 64 / sizeof(R) };
    for (int64_t i = 0; i < lanes; i += LINE)
        __builtin_prefetch(pixel + i, 0, 2);
}

/* A pixel for all blocks, which go to places `apart` from each other. */
ALWAYS_INLINE void copy_pixel(const ring *r, R *to, int64_t apart, const R *from) {
    for (int64_t k = 0; k < ring_blocks(r); k++, to += apart) {
        const span b = ring_block(r, k);
        if (r->repeat == 1)
            copy_block(to, from + b.first, b.lanes, r->end);
        else
            copy_repeated(&b, r->repeat, to, from);
    }
}

static inline void copy_row(const ring *r, int64_t row) {
    const int64_t apart = r->depth * r->width * BLOCK;
    R *to = r->at + ring_slot(r, row) * r->width * BLOCK;
    int64_t start = r->from < 0 ? -r->from : 0, end = r->columns - r->from;
    end = end < r->width ? end : r->width;
    if (row < 0 || row >= r->rows || start >= end)
        start = end = r->width;
    for (int64_t k = 0; k < ring_blocks(r); k++) {
        memset(to + k * apart, 0, (size_t)(start * BLOCK) * sizeof *to);
        memset(to + k * apart + end * BLOCK, 0, (size_t)((r->width - end) * BLOCK) * sizeof *to);
    }
    const R *from = r->image + (row * r->columns + r->from + start) * r->channels;
    const R *ahead = row + 1 < r->rows ? from + r->columns * r->channels : from;
    for (int64_t k = start; k < end; k++, from += r->channels, ahead += r->channels) {
        if (r->far)
            ask_for(ahead + r->first / r->repeat, r->lanes / r->repeat);
        copy_pixel(r, to + k * BLOCK, apart, from);
    }
}

/* Rows [from, to) are there afterwards; calls go forward. */
static inline void ring_need(ring *r, int64_t from, int64_t to) {
    for (int64_t row = r->next > from ? r->next : from; row < to; row++)
        copy_row(r, row);
    r->next = r->next > to ? r->next : to;
}
#endif
