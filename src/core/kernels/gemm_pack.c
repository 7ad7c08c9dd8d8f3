/* Panels: pieces of an operand as the micro-kernels read them, row by row without gaps. */
#include "core/kernels/gemm.h"
#include "core/kernels/simd.h"

static void copy_rows(R *panel, int64_t width, gemm_matrix x, int64_t depth, int64_t used) {
    for (int64_t p = 0; p < depth; p++, panel += width, x.at += x.row) {
        int64_t j = 0;
        for (; j + LANES <= used; j += LANES)
            vec_store(panel + j, vec_load(x.at + j));
        if (j < used)
            vec_store_part(panel + j, vec_load_part(x.at + j, used - j), used - j);
    }
}

/* Four rows of a panel from four columns of x, whose entries are adjacent. */
static void turn_quads(R *panel, int64_t width, const R *x, int64_t column) {
    quad a[4], b[4];
    for (int j = 0; j < 4; j++)
        memcpy(&a[j], x + j * column, sizeof a[j]);
    b[0] = SHUFFLE(a[0], a[1], 0, 4, 1, 5);
    b[1] = SHUFFLE(a[0], a[1], 2, 6, 3, 7);
    b[2] = SHUFFLE(a[2], a[3], 0, 4, 1, 5);
    b[3] = SHUFFLE(a[2], a[3], 2, 6, 3, 7);
    a[0] = SHUFFLE(b[0], b[2], 0, 1, 4, 5);
    a[1] = SHUFFLE(b[0], b[2], 2, 3, 6, 7);
    a[2] = SHUFFLE(b[1], b[3], 0, 1, 4, 5);
    a[3] = SHUFFLE(b[1], b[3], 2, 3, 6, 7);
    for (int p = 0; p < 4; p++)
        memcpy(panel + p * width, &a[p], sizeof a[p]);
}

/* The last four of a line: they may have been turned before, which does no harm. */
static int64_t clamp(int64_t i, int64_t size) {
    return i < size - 4 ? i : size - 4;
}

static void turn_columns(R *panel, int64_t width, gemm_matrix x, int64_t depth, int64_t used) {
    for (int64_t i = 0; i < depth; i += 4) {
        const int64_t p = clamp(i, depth);
        for (int64_t l = 0; l < used; l += 4) {
            const int64_t j = clamp(l, used);
            turn_quads(panel + p * width + j, width, x.at + p + j * x.column, x.column);
        }
    }
}

static void copy_entries(R *panel, int64_t width, gemm_matrix x, int64_t depth, int64_t used) {
    for (int64_t p = 0; p < depth; p++)
        for (int64_t j = 0; j < used; j++)
            panel[p * width + j] = x.at[p * x.row + j * x.column];
}

void K(gemm_pack_panel)(R *panel, int64_t width, gemm_matrix x, int64_t depth, int64_t used) {
    if (used < width)
        memset(panel, 0, (size_t)(depth * width) * sizeof *panel);
    if (x.column == 1)
        copy_rows(panel, width, x, depth, used);
    else if (x.row == 1 && depth >= 4 && used >= 4)
        turn_columns(panel, width, x, depth, used);
    else
        copy_entries(panel, width, x, depth, used);
}
