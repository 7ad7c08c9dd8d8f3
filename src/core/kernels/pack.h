/* What the op `pack` and its kernel agree on. */
#ifndef ANT_CORE_KERNELS_PACK_H
#define ANT_CORE_KERNELS_PACK_H
#include "core/kernels/gemm_size.h"

/* Columns of a cell: whole panels on every set. */
enum { ANT__PACK_COLUMNS = 2 * ANT__GEMM_WIDEST };
#endif
