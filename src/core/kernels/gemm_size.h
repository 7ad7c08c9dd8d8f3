/* What ops know of products: activations, and the memory that they need, from shapes only: the same
 * for every instruction set. */
#ifndef ANT_CORE_KERNELS_GEMM_SIZE_H
#define ANT_CORE_KERNELS_GEMM_SIZE_H
#include <math.h>
#include <stdbool.h>
#include <stdint.h>

/* GEMM_BOUND: relu, and no result above a limit. */
typedef enum gemm_activation { GEMM_LINEAR, GEMM_RELU, GEMM_BOUND } gemm_activation;

/* limit: INFINITY where there is none. */
static inline gemm_activation ant__gemm_activation(bool relu, double limit) {
    return !relu ? GEMM_LINEAR : isinf(limit) ? GEMM_RELU : GEMM_BOUND;
}

/* Is a B with adjacent columns read where it is? Few rows of A do not repay a copy of it. */
enum { ANT__GEMM_ROWS_WORTH_PACKING = 96 };
static inline bool ant__gemm_in_place(int64_t m) {
    return m < ANT__GEMM_ROWS_WORTH_PACKING;
}

/* Do rows `apart` bytes from each other fight for the same lines of a cache, as there are as many
 * as it has room for, or more? */
static inline bool ant__gemm_fights(int64_t apart, int64_t rows) {
    enum { PAGE = 4096, MANY = 256 };
    return apart % PAGE == 0 && rows >= MANY;
}

/* Do those of a transposed A? A tile takes a few entries of a line from each row and the next tile
 * takes the next ones, so the lines of all rows should stay in the nearest cache: of rows that are
 * 1024 bytes apart, one with 64 sets of lines holds 32 to 48. */
static inline bool ant__gemm_fights_down(int64_t apart, int64_t rows) {
    enum { QUARTER = 1024, MANY = 256 };
    return apart % QUARTER == 0 && rows >= MANY;
}

/* Entries of a copy of so many rows: whole lines. */
static inline int64_t ant__gemm_copy(int64_t m, int64_t k) {
    enum { LINE = 16 };
    return (m * k + LINE - 1) / LINE * LINE;
}

/* Rows of a tile of one panel; who cuts products by rows cuts them by whole tiles. */
#define ANT__GEMM_TILE_ROWS(VECTOR_BYTES) ((VECTOR_BYTES) == 64 ? 8 : 6)

/* Columns of a panel are a divisor of this on every set and for both types. */
enum { ANT__GEMM_WIDEST = 32 };
/* So many are best multiplied at once. */
enum { ANT__GEMM_TOGETHER = 2 * ANT__GEMM_WIDEST };

/* Entries of one product's workspace: two panels, and slack for kernels that read ahead. */
static inline int64_t ant__gemm_workspace(int64_t k) {
    enum { SLACK = 64 };
    return k * ANT__GEMM_TOGETHER + SLACK;
}

/* Entries of B (k, n) as panels. */
static inline int64_t ant__gemm_packed(int64_t k, int64_t n) {
    return k * ((n + ANT__GEMM_WIDEST - 1) / ANT__GEMM_WIDEST * ANT__GEMM_WIDEST);
}
#endif
