/* Recurrent weights as tiles (strip.h). Numbers: rows, units, gates, the matrix's two strides,
 * whether there is a bias. One cell. */
#include "core/kernels/build.h"
#include "core/kernels/walk_numbers.h"

typedef struct weights {
    const R *at, *bias;
    int64_t rows, units, gates, row, column;
} weights;

/* One row of a tile, whose first unit is `unit`: x holds (gates, units), `step` apart. */
static R *pack_row(R *to, const weights *w, const R *x, int64_t step, int64_t unit) {
    const int64_t wide = ant__strip_wide(w->gates);
    for (int64_t g = 0; g < w->gates; g++)
        for (int64_t u = 0; u < wide; u++, to++)
            *to = x && unit + u < w->units ? x[(g * w->units + unit + u) * step] : 0;
    return to;
}

void K(pack_gates)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    const weights w = {at[0], n[5].i ? at[1] : NULL, n[0].i, n[1].i, n[2].i, n[3].i, n[4].i};
    R *out = at[n[5].i ? 2 : 1];
    for (int64_t unit = 0; from < to && unit < w.units; unit += ant__strip_wide(w.gates)) {
        out = pack_row(out, &w, w.bias, 1, unit);
        for (int64_t k = 0; k < w.rows; k++)
            out = pack_row(out, &w, w.at + k * w.row, w.column, unit);
    }
}
