/* Matrix products for kernels: C (m, n) = A (m, k) x B (k, n), and in the same pass over C
 * [+ C] [+ bias] [+ rest] [then relu, or within [0, limit]] [then cut to 0 where the gate is not
 * above 0].
 *
 *     gemm g = {.m = m, .n = n, .k = k, .c = y, .c_row = n, .workspace = w,
 *               .a = {x, k, 1}, .b = {weights, n, 1}, .bias = bias, .activation = GEMM_RELU};
 *     K(gemm)(&g);
 *
 * Both strides of A and B are free: transposed operands are {p, 1, row}. C's columns are adjacent,
 * and so are those of rest and gate. m, n or k may be 0 (k = 0: zeros, then bias …). C must not
 * overlap the others, but rest and gate may be C itself.
 *
 * Bits depend on the sizes and strides of the call only; a row's bits do not depend on m, unless
 * `few` is said. Who cuts a product cuts it by a rule from shapes, never by the number of threads.
 *
 * A is read where it is, whatever its strides; rows that are a multiple of 4096 bytes apart fight
 * for the same lines of the cache, so give a kernel's own intermediate arrays another pitch. B is
 * read in panels, two vectors wide and k
 * deep: in place where its columns are adjacent and rows are few (ant__gemm_in_place), else copied
 * into `workspace`, one or two at a time. Who multiplies by the same B many times packs it once:
 *
 *     K(gemm_pack)(packed, (gemm_matrix){w, n, 1}, k, n);   then   .packed = packed
 *
 * Speed: 95 % of the processor's peak and more from 8 rows on with B packed or in place; one row
 * reads B as fast as the cache gives it.
 *
 * Sizes: gemm_size.h (for an op's `workspace` rule). Source: Goto and van de Geijn, "Anatomy of
 * High-Performance Matrix Multiplication", 2008, with A read in place and no blocking, as caches
 * are larger than a panel.
 */
#ifndef ANT_CORE_KERNELS_GEMM_H
#define ANT_CORE_KERNELS_GEMM_H
#include "core/kernels/build.h"
#include "core/kernels/gemm_size.h"

/* Entry (i, j) is at[i * row + j * column]. */
typedef struct gemm_matrix {
    const R *at;
    int64_t row, column;
} gemm_matrix;

/* `rows` rows of `columns` adjacent entries, `apart` from each other. */
typedef struct gemm_area {
    const R *at;
    int64_t apart, rows, columns;
} gemm_area;

typedef struct gemm {
    int64_t m, n, k;
    gemm_matrix a, b;
    const R *packed; /* B as panels, in place of b; NULL: b counts */
    R *c;
    int64_t c_row;
    bool add;      /* to what C holds */
    bool few;      /* may be cut into chains of sums where it has few rows, which is faster: a row's
                      bits then depend on m. Else they do not, whoever multiplies it with others */
    const R *bias; /* n entries, one per column; NULL: none */
    const R *rest; /* (m, n) entries more to add, rows rest_row apart; NULL: none */
    int64_t rest_row;
    gemm_activation activation;
    R limit;       /* GEMM_BOUND: the largest result; the least is 0 */
    const R *gate; /* (m, n): where it is not above 0, C becomes 0; NULL: none */
    int64_t gate_row;
    R *sums; /* the sums of B's columns go here, n entries; NULL: nowhere. B is not packed then, its
                columns are adjacent, and there are no runs */
    gemm_area
        next;     /* what is read after this product: it is asked for meanwhile; no rows: nothing */
    R *workspace; /* ant__gemm_workspace(k) entries, 64-byte aligned; not needed when B is packed,
                     or its columns are adjacent, there are no runs and ant__gemm_in_place(m) */
    int64_t runs; /* 0: A's k is even; else it is cut into so many of equal length, … */
    const int64_t *a_runs; /* … which begin at a.at + a_runs[r]: windows of images */
} gemm;

void K(gemm)(const gemm *g);
/* Columns [j, j + count) of B, or fewer where it ends, as a product's `next`; where B is packed, j
 * is where a panel begins. */
gemm_area K(gemm_columns)(const gemm *g, int64_t j, int64_t count);
/* Rows of a transposed A that fight for the cache (ant__gemm_fights_down) are copied to the
 * workspace, without gaps: ant__gemm_copy(m, k) entries of it, and the product has the others. */
void K(gemm_part_rows)(gemm *g);
/* The sums of B's columns, which are adjacent: n entries, each of k. */
void K(gemm_sums)(R *sums, gemm_matrix b, int64_t k, int64_t n);
/* One panel: `depth` rows of `width` entries, of which x has the first `used`; zeros behind. */
void K(gemm_pack_panel)(R *panel, int64_t width, gemm_matrix x, int64_t depth, int64_t used);
/* A product with one row or one column, by dot products where these are better; else false. K(gemm)
 * asks it. */
bool K(gemm_thin)(const gemm *g);
/* A product whose rows of C fit one vector, unless it asks for what is rare; else false, and
 * nothing is done. K(gemm) asks it. */
bool K(gemm_narrow)(const gemm *g);
bool K_AVX2(gemm_narrow)(const gemm *g);
/* A product through BLIS's kernels, where these are better; false when they are not, and nothing is
 * done. K(gemm) asks it. */
bool K(gemm_by_blis)(const gemm *g);
/* B (k, n) as panels: ant__gemm_packed(k, n) entries, 64-byte aligned. */
void K(gemm_pack)(R *packed, gemm_matrix b, int64_t k, int64_t n);
/* Only rows [from, from + count) of it, which are b's rows [0, count). */
void K(gemm_pack_rows)(R *packed, gemm_matrix b, int64_t from, int64_t count, int64_t k, int64_t n);
#endif
