/* What depthwise kernels share: their numbers, and rows of a source with zeros around.
 *
 * Each channel stands for itself, so a block of ANT__DEPTHWISE_BLOCK channels is worked on at a time,
 * a channel per lane. Rows of the block are copied together: then all taps read adjacent memory, no
 * window reaches beyond an edge, and a source whose rows are a power of two apart costs no more than
 * any other. A row is copied once for all windows that have it. */
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

/* Some rows of one block of an image's channels: row r is in slot r modulo `depth`. Entries behind
 * the last real one of a pixel hold anything: lanes have nothing to do with each other. */
typedef struct ring {
    const R *image, *end;            /* of all images: nothing is read behind it */
    int64_t rows, columns, channels; /* of the image */
    int64_t repeat;                  /* so many entries of the block have the same channel */
    int64_t first, lanes;            /* entries of the block: (first + i) / repeat is the channel */
    int64_t from, width;             /* columns from on; what is outside is zero */
    int64_t depth, next;             /* the first row that is not there yet */
    R *at;
} ring;

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

static inline void copy_repeated(const ring *r, R *to, const R *from) {
    int64_t channel = r->first / r->repeat, done = r->first % r->repeat;
    memset(to, 0, BLOCK * sizeof *to);
    for (int64_t i = 0; i < r->lanes; i++) {
        to[i] = from[channel];
        channel += ++done == r->repeat;
        done = done == r->repeat ? 0 : done;
    }
}

static inline void copy_row(const ring *r, int64_t row) {
    R *to = r->at + ring_slot(r, row) * r->width * BLOCK;
    int64_t start = r->from < 0 ? -r->from : 0, end = r->columns - r->from;
    end = end < r->width ? end : r->width;
    if (row < 0 || row >= r->rows || start >= end)
        start = end = r->width;
    const R *from = r->image + (row * r->columns + r->from) * r->channels;
    memset(to, 0, (size_t)(start * BLOCK) * sizeof *to);
    for (int64_t k = start; k < end; k++)
        if (r->repeat == 1)
            copy_block(to + k * BLOCK, from + k * r->channels + r->first, r->lanes, r->end);
        else
            copy_repeated(r, to + k * BLOCK, from + k * r->channels);
    memset(to + end * BLOCK, 0, (size_t)((r->width - end) * BLOCK) * sizeof *to);
}

/* Rows [from, to) are there afterwards; calls go forward. */
static inline void ring_need(ring *r, int64_t from, int64_t to) {
    for (int64_t row = r->next > from ? r->next : from; row < to; row++)
        copy_row(r, row);
    r->next = r->next > to ? r->next : to;
}
#endif
