/* The table of one build: the kernels of list.h by their row (enum ant_kernel_row). */
#include "core/kernels/build.h"

extern ant_kernel *const K(table)[ANT__KERNELS];

ant_kernel *const K(table)[ANT__KERNELS] = {
    NULL,
#define X(name) K(name),
#include "core/kernels/list.h"
#undef X
};
