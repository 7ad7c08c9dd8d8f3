#include "core/kernels/kernel.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* --- the sets that were built, best first --- */
#define DECLARE(set)                                                                               \
    extern ant_kernel *const ant__kernel_table_##set##_f32[ANT__KERNELS];                          \
    extern ant_kernel *const ant__kernel_table_##set##_f64[ANT__KERNELS];
#define SET(set, bytes)                                                                            \
    {                                                                                              \
#set, bytes, {                                                                             \
            ant__kernel_table_##set##_f32, ant__kernel_table_##set##_f64                           \
        }                                                                                          \
    }

DECLARE(baseline)
static const ant_kernel_set baseline = SET(baseline, 16);

#ifdef ANT__X86_KERNELS
DECLARE(avx2)
DECLARE(avx512)
static const ant_kernel_set avx2 = SET(avx2, 32);
static const ant_kernel_set avx512 = SET(avx512, 64);

/* Each set needs what the next needs and more, so those that run are the end of this list. */
static const ant_kernel_set *const sets[] = {&avx512, &avx2, &baseline, NULL};

/* The compiler's own CPUID code, which also asks whether the system saves the wide registers. */
static int first_runnable(void) {
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return 2;
    bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    return wide ? 0 : 1;
}
#else
static const ant_kernel_set *const sets[] = {&baseline, NULL};

static int first_runnable(void) {
    return 0;
}
#endif

const ant_kernel_set *const *ant__kernel_sets(void) {
    return sets + first_runnable();
}

static const ant_kernel_set *choose(void) {
    const ant_kernel_set *const *runnable = ant__kernel_sets();
    const char *wish = getenv("ANTLER_KERNELS");
    for (int i = 0; wish && runnable[i]; i++)
        if (strcmp(runnable[i]->name, wish) == 0)
            return runnable[i];
    return runnable[0];
}

/* Every thread that comes first finds the same answer, so a race between them does no harm. */
const ant_kernel_set *ant__kernels(void) {
    static _Atomic(const ant_kernel_set *) chosen;
    const ant_kernel_set *set = atomic_load_explicit(&chosen, memory_order_acquire);
    if (!set) {
        set = choose();
        atomic_store_explicit(&chosen, set, memory_order_release);
    }
    return set;
}
