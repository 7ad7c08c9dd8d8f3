/* Panels: pieces of an operand as the micro-kernels read them, row by row without gaps. */
#include "core/kernels/gemm.h"
#include "core/kernels/simd.h"
#include "core/kernels/turn.h"

static void copy_rows(R *panel, int64_t width, gemm_matrix x, int64_t depth, int64_t used) {
    for (int64_t p = 0; p < depth; p++, panel += width, x.at += x.row) {
        int64_t j = 0;
        for (; j + LANES <= used; j += LANES)
            vec_store(panel + j, vec_load(x.at + j));
        if (j < used)
            vec_store_part(panel + j, vec_load_part(x.at + j, used - j), used - j);
    }
}

/* Strip by strip, so that whole cache lines are read and written. */
static void turn_columns(R *panel, int64_t width, gemm_matrix x, int64_t depth, int64_t used) {
    enum { STRIP = 16 };
    for (int64_t i = 0; i < depth; i += STRIP) {
        /* The last one may begin in the one before, which does no harm. */
        const int64_t p = i + STRIP <= depth || depth < STRIP ? i : depth - STRIP;
        K(turn)
        (panel + p * width, width, x.at + p, x.column, used, depth - p < STRIP ? depth : STRIP);
    }
}

static void copy_entries(R *panel, int64_t width, gemm_matrix x, int64_t depth, int64_t used) {
    for (int64_t p = 0; p < depth; p++)
        for (int64_t j = 0; j < used; j++)
            panel[p * width + j] = x.at[p * x.row + j * x.column];
}

/* Do the rows of a transposed A fight with each other? */
static bool fights(const gemm *g) {
    return ANT__VECTOR_BYTES > 16 && g->a.row == 1 &&
           ant__gemm_fights_down(g->a.column * (int64_t)sizeof(R), g->k);
}

void K(gemm_part_rows)(gemm *g) {
    if (!fights(g))
        return;
    R *copy = g->workspace;
    K(gemm_pack_panel)(copy, g->m, (gemm_matrix){g->a.at, g->a.column, 1}, g->k, g->m);
    g->a = (gemm_matrix){copy, 1, g->m};
    g->workspace += ant__gemm_copy(g->m, g->k);
}

void K(gemm_pack_panel)(R *panel, int64_t width, gemm_matrix x, int64_t depth, int64_t used) {
    if (used < width)
        memset(panel, 0, (size_t)(depth * width) * sizeof *panel);
    if (x.column == 1)
        copy_rows(panel, width, x, depth, used);
    else if (x.row == 1)
        turn_columns(panel, width, x, depth, used);
    else
        copy_entries(panel, width, x, depth, used);
}
