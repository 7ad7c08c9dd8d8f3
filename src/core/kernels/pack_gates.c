/* Recurrent weights as tiles: of strips (strip.h) and, at the end, for a single sample
 * (row_gates.h). Numbers of strips: rows, units, gates, the matrix's two strides, whether there is
 * a bias. One cell. */
#include "core/kernels/row_gates.h"
#include "core/kernels/turn.h"
#include "core/kernels/walk_numbers.h"
#include <string.h>

typedef struct weights {
    const R *at, *bias;
    int64_t rows, units, gates, row, column;
} weights;

/* A gate's part of a row of a tile: the first `count` of `wide` numbers that are `step` apart. */
static void pack_units(R *to, const R *x, int64_t step, int64_t count, int64_t wide) {
    enum { NARROW = ANT__STRIP_NARROW };
    if (step == 1 && count == NARROW && wide == NARROW) {
        memcpy(to, x, NARROW * sizeof *to);
        return;
    }
    for (int64_t u = 0; u < count; u++)
        to[u] = x[u * step];
    for (int64_t u = count; u < wide; u++)
        to[u] = 0;
}

/* One row of a tile, whose first unit is `unit`: x holds (gates, units), `step` apart. */
static R *pack_row(R *to, const weights *w, const R *x, int64_t step, int64_t unit) {
    const int64_t wide = ant__strip_wide(w->gates), left = w->units - unit;
    const int64_t count = left < wide ? left : wide;
    for (int64_t g = 0; g < w->gates; g++, to += wide) {
        if (x)
            pack_units(to, x + (g * w->units + unit) * step, step, count, wide);
        else
            memset(to, 0, (size_t)wide * sizeof *to);
    }
    return to;
}

/* All rows of a tile. Those of one gate whose rows are the matrix's columns are turned together. */
static R *pack_tile(R *to, const weights *w, int64_t unit) {
    enum { WIDE = ANT__STRIP_WIDE };
    if (w->gates == 1 && w->row == 1 && w->units - unit >= WIDE) {
        K(turn)(to, WIDE, w->at + unit * w->column, w->column, WIDE, w->rows);
        return to + w->rows * WIDE;
    }
    for (int64_t k = 0; k < w->rows; k++)
        to = pack_row(to, w, w->at + k * w->row, w->column, unit);
    return to;
}

void K(pack_gates)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    const weights w = {at[0], n[5].i ? at[1] : NULL, n[0].i, n[1].i, n[2].i, n[3].i, n[4].i};
    R *out = at[n[5].i ? 2 : 1];
    for (int64_t unit = 0; from < to && unit < w.units; unit += ant__strip_wide(w.gates)) {
        out = pack_row(out, &w, w.bias, 1, unit);
        out = pack_tile(out, &w, unit);
    }
}

/* Numbers: units, gates. The matrix is (units, gates, units). */
void K(pack_row_gates)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    const int64_t units = n[0].i, gates = n[1].i;
    R *out = at[1];
    for (int64_t j = 0; from < to && j < units; j += LANES) {
        const int64_t left = units - j, wide = row_wide(left), count = left < wide ? left : wide;
        const int64_t row = row_vecs(wide, gates) * LANES;
        for (int64_t k = 0; k < units; k++, out += row) {
            memset(out, 0, (size_t)row * sizeof *out);
            for (int64_t g = 0; g < gates; g++)
                memcpy(out + g * wide, (const R *)at[0] + (k * gates + g) * units + j,
                       (size_t)count * sizeof *out);
        }
    }
}
