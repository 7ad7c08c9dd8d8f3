/* Subnormal numbers (below 2^-126 in float32) count as zero while a program runs, as in TensorFlow
 * (core/platform/denormal.h): a gradient that dies away through time or a moment of an optimizer
 * that is no longer fed passes through them, and on many processors each costs a hundred times as
 * much as another number. The setting belongs to a thread: a pool's own threads have it for good,
 * the caller's has it for the time of a run and then what it had before. Processors that are
 * neither x86 nor ARM keep subnormal numbers. */
#ifndef ANT_CORE_SUBNORMAL_H
#define ANT_CORE_SUBNORMAL_H
#include <stdint.h>

#if defined __SSE2__
#include <xmmintrin.h>
#endif

/* Of this thread, to be given back to ant__float_mode_set. */
static inline uint64_t ant__float_mode(void) {
#if defined __SSE2__
    return _mm_getcsr();
#elif defined __aarch64__
    uint64_t mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    return mode;
#else
    return 0;
#endif
}

static inline void ant__float_mode_set(uint64_t mode) {
#if defined __SSE2__
    _mm_setcsr((unsigned)mode);
#elif defined __aarch64__
    __asm__ volatile("msr fpcr, %0" : : "r"(mode));
#else
    (void)mode;
#endif
}

/* `mode` with results and operands that are subnormal taken for zero. */
static inline uint64_t ant__without_subnormals(uint64_t mode) {
#if defined __SSE2__
    enum { FLUSH_TO_ZERO = 0x8000, DENORMALS_ARE_ZERO = 0x40 };
    return mode | FLUSH_TO_ZERO | DENORMALS_ARE_ZERO;
#elif defined __aarch64__
    enum { FLUSH_TO_ZERO = 1 << 24 };
    return mode | FLUSH_TO_ZERO;
#else
    return mode;
#endif
}
#endif
