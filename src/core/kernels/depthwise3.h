/* Depthwise convolution of 3 x 3 taps next to each other, without strides and with one entry for
 * each channel: what nearly all networks have. Images are read in place.
 *
 * A strip is up to STRIP_ROWS rows of the map at a vector of channels. It walks along the columns:
 * an entry of the source is loaded once and meets all taps that it has while it is in a register,
 * so that there are up to six multiplications for each load. Three columns of the map are under way
 * at a time, column t in place t % 3. */
#ifndef ANT_CORE_KERNELS_DEPTHWISE3_H
#define ANT_CORE_KERNELS_DEPTHWISE3_H
#include "core/kernels/depthwise.h"
#include "core/kernels/window_line.h"

enum { TAPS = 3, STRIP_ROWS = 4, STRIP_SOURCES = STRIP_ROWS + TAPS - 1 };

/* A source (images, rows, columns, channels) and the map (images, map_rows, map_columns, channels)
 * that is made of it: entry (i, j) has source entries from (i + row, j + column) on. */
typedef struct depthwise3 {
    const R *x, *end; /* the source */
    bool far;         /* as a ring's */
    int64_t channels, rows, columns, map_rows, map_columns;
    int64_t row, column;
} depthwise3;

typedef struct strip3 {
    const R *x[STRIP_SOURCES]; /* the source's rows at the vector; NULL: outside of the image */
    int64_t columns, column, map_columns, channels;
    int64_t ahead; /* so far behind entries are those of the next strip; 0: need not be asked for */
} strip3;

static inline bool depthwise3_takes(const line *row, const line *column, int64_t channels) {
    return channels >= LANES && row->taps == TAPS && column->taps == TAPS && row->walk == 1 &&
           column->walk == 1 && row->step == 1 && column->step == 1 && row->reach == 1 &&
           column->reach == 1;
}

static inline depthwise3 depthwise3_of(const ring *r, const R *x, const line *row,
                                       const line *column) {
    return (depthwise3){.x = x,
                        .end = r->end,
                        .far = r->far,
                        .channels = r->channels,
                        .rows = r->rows,
                        .columns = r->columns,
                        .map_rows = row->count,
                        .map_columns = column->count,
                        .row = row->shift,
                        .column = column->shift};
}

/* The last vector begins earlier where it would not be full: channels may be worked on twice. */
ALWAYS_INLINE int64_t vector3(const depthwise3 *d, int64_t channel) {
    return channel + LANES <= d->channels ? channel : d->channels - LANES;
}

/* Rows i, i + 1, … of image k of the map. */
static inline strip3 strip3_at(const depthwise3 *d, int64_t k, int64_t i, int64_t channel) {
    const int64_t row = d->columns * d->channels;
    const R *image = d->x + k * d->rows * row + channel;
    strip3 s = {.columns = d->columns,
                .column = d->column,
                .map_columns = d->map_columns,
                .channels = d->channels};
    for (int a = 0; a < STRIP_SOURCES; a++) {
        int64_t at = i + d->row + a;
        s.x[a] = at >= 0 && at < d->rows ? image + at * row : NULL;
    }
    int64_t last = k * d->rows + i + d->row + STRIP_SOURCES + STRIP_ROWS;
    s.ahead = d->far && last * row <= d->end - d->x ? STRIP_ROWS * row : 0;
    return s;
}

/* What makes the map: each channel's taps in the order of their source entries, where channel 0 has
 * its own, and the bias or NULL. */
typedef struct depthwise3_map {
    const R *tap[TAPS * TAPS], *bias;
    bool cut; /* results within [0, limit] */
    R limit;
    R *y;
} depthwise3_map;

/* Rows [from, to) of the maps of all images. */
void K(depthwise3)(const depthwise3 *d, const depthwise3_map *m, int64_t from, int64_t to);
/* dw (TAPS x TAPS, channels) of images [from, to) and their maps dy. `total` has room for the taps
 * of a group of channels. */
void K(depthwise3_kernel)(const depthwise3 *d, const R *dy, R *dw, R *total, int64_t from,
                          int64_t to);
#endif
