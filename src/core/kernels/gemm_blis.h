/* BLIS's micro-kernels, driven over memory of ours. The only door to BLIS: gemm_blis.c alone knows
 * its header, and is the same object for every instruction set.
 *
 * BLIS's own products take memory from its pool and abort the process when there is none; its
 * kernels touch nothing but what they are given. Only its set-up allocates (some 100 kB, once), and
 * is not begun when that much memory is not there. */
#ifndef ANT_CORE_KERNELS_GEMM_BLIS_H
#define ANT_CORE_KERNELS_GEMM_BLIS_H
#include <stdbool.h>
#include <stdint.h>

/* The processor that BLIS chose its kernels for ("zen3", "generic"); NULL when Antler was built
 * without BLIS, or when there is no memory to set it up. Any thread. */
const char *ant__blis_arch(void);

/* A micro-kernel: C (m <= rows, n <= columns) = A x B [+ C], from packed operands, 64-byte aligned:
 * A is k columns of `rows` entries, B is k rows of `columns` entries. It may read one such column
 * or row past their ends. */
typedef struct ant_blis_kernel {
    bool is_double;
    int rows, columns;
    bool by_columns;        /* it is fast where C's columns, not its rows, are contiguous */
    void *kernel, *context; /* BLIS's own */
} ant_blis_kernel;

/* false when there is none worth using: no BLIS, or only its generic C. Any thread. */
bool ant__blis_kernel(ant_blis_kernel *out, bool is_double);
/* Entry (i, j) of C is at c[i * c_row + j * c_column]. */
void ant__blis_tile(const ant_blis_kernel *b, void *c, int64_t c_row, int64_t c_column, bool add,
                    const void *a_packed, const void *b_packed, const int64_t size[3]);
#endif
