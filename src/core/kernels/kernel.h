/* Kernels: one source built for several instruction sets and for float and double.
 *
 * The kernel files of src/core/meson.build are compiled once per set and type with R the real type
 * and K(name) the function's name (build.h). A kernel is listed once, in list.h; the table of each
 * build is filled from that list, and one table is chosen at start from the processor.
 */
#ifndef ANT_CORE_KERNEL_H
#define ANT_CORE_KERNEL_H
#include "core/memory.h"

typedef union ant_num {
    int64_t i;
    double f;
    const void *p;
} ant_num;

/* Numbers for a kernel, pushed by an op's prep. */
typedef struct ant_nums {
    ant_num *at;
    int n, room;
    bool failed; /* out of memory */
} ant_nums;
void ant__num_int(ant_nums *n, int64_t x);
void ant__num_real(ant_nums *n, double x);
void ant__num_pointer(ant_nums *n, const void *p);

/* at: inputs, outputs (NULL when unused), workspace, report. The work is cut into cells (see prep);
 * the call does cells [from, to). What a cell writes never depends on from and to, so that any
 * number of threads gives the same bits. */
typedef void ant_kernel(void *const *at, const ant_num *n, int64_t from, int64_t to);

/* The list: kernels/list.h holds one X(name) per kernel. */
enum ant_kernel_row {
    ANT__K_none = 0,
#define X(name) ANT__K_##name,
#include "core/kernels/list.h"
#undef X
    ANT__KERNELS
};

typedef struct ant_kernel_set {
    const char *name;           /* "baseline", "avx2", "avx512" */
    int vector_bytes;           /* 16, 32, 64 */
    ant_kernel *const *real[2]; /* [0] float, [1] double; ANT__KERNELS entries each */
} ant_kernel_set;

/* The set for this processor, chosen once from CPUID (ANTLER_KERNELS=baseline|avx2|avx512 asks for
 * a lesser one). Any thread. */
const ant_kernel_set *ant__kernels(void);
/* Every set that this processor can run, best first, NULL at the end: for tests. */
const ant_kernel_set *const *ant__kernel_sets(void);
#endif
