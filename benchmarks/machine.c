#include "machine.h"
#include "core/program/program.h"
#include "jobs.h"
#include <stdlib.h>

enum { CHAINS = 12, TURNS = 20000, TRIES = 20 };
static volatile float sink; /* so that nothing is left out */

#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 12")
#endif

/* --- the loops of each set --- */
#define TARGET __attribute__((noinline))
#define LOOP(name) name##_16
#define BYTES 16
#include "machine_loops.h"
#undef TARGET
#undef LOOP
#undef BYTES

#ifdef __x86_64__
#define TARGET __attribute__((noinline, target("avx2,fma")))
#define LOOP(name) name##_32
#define BYTES 32
#include "machine_loops.h"
#undef TARGET
#undef LOOP
#undef BYTES

#define TARGET __attribute__((noinline, target("avx512f")))
#define LOOP(name) name##_64
#define BYTES 64
#include "machine_loops.h"
#else
#define flops_32 flops_16
#define flops_64 flops_16
#define read_32 read_16
#define read_64 read_16
#endif

double machine_flops(int vector_bytes) {
    double best = 0;
    for (int k = 0; k < TRIES; k++) {
        double now = vector_bytes == 64 ? flops_64() : vector_bytes == 32 ? flops_32() : flops_16();
        best = now > best ? now : best;
    }
    return best;
}

/* --- reading --- */
static double bandwidth(int vector_bytes, const char *at, size_t size, int passes) {
    const long long start = nanoseconds();
    for (int k = 0; k < passes; k++)
        vector_bytes == 64   ? read_64(at, size)
        : vector_bytes == 32 ? read_32(at, size)
                             : read_16(at, size);
    return 1e9 * (double)size * passes / (double)(nanoseconds() - start);
}

double machine_bandwidth(int vector_bytes, double footprint) {
    enum { LEAST = 8 << 10, MOST = 128 << 20, PER_TRY = 4 << 20, UNIT = 512 };
    size_t size = footprint < LEAST ? LEAST : footprint > MOST ? MOST : (size_t)footprint;
    size = (size + UNIT - 1) / UNIT * UNIT;
    char *memory = aligned_alloc(UNIT, size);
    double best = 0;
    for (size_t k = 0; memory && k < size; k++) /* every page is there before it is read */
        memory[k] = 0;
    for (int k = 0; memory && k < TRIES; k++) {
        const int passes = 1 + (int)(PER_TRY / size); /* NOLINT: it is UNIT at least */
        double now = bandwidth(vector_bytes, memory, size, passes);
        best = now > best ? now : best;
    }
    free(memory);
    return best;
}

/* --- exp --- */
static double run_exponentials(ant_program *p, int entries) {
    double best = 0;
    for (int k = 0; k < TRIES; k++) {
        const long long start = nanoseconds();
        ant__program_run(p, NULL, NULL);
        const double now = 1e9 * entries / (double)(nanoseconds() - start);
        best = now > best ? now : best;
    }
    return best;
}

double machine_exponentials(void) {
    enum { ENTRIES = 4096, SLACK = 256 };
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *x = ant__input(p, ANT_FLOAT32, &ANT__DIMS(ENTRIES));
    ant__output(p, ant_op_exp(p, x));
    float *in = calloc(ENTRIES + SLACK, sizeof *in);
    void *arena = NULL;
    double best = 0;
    if (in && !ant__program_lower(p, ANT__ALL_PASSES))
        arena = calloc(1, ant__program_arena(p) + SLACK);
    if (arena) {
        ant__program_bind_arena(p, arena);
        ant__program_bind_input(p, 0, in);
        best = run_exponentials(p, ENTRIES);
    }
    free(arena);
    free(in);
    ant__program_free(p);
    return best;
}
