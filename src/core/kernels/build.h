/* What a kernel's source knows of the build that it is part of.
 *
 * Every kernel file is compiled once per instruction set and real type (src/core/meson.build), with
 * ANT__SET the set's name and ANT__DOUBLE 0 or 1. It says R for the real type and K(name) for the
 * names it shares with others; helpers that only it uses are plain static functions. K_AVX2(name)
 * is that of the build for AVX2, for AVX-512's where half a vector is enough. The file may
 * use any instruction of its set; what it includes must be static, so that no function built for
 * one set is ever linked into another.
 */
#ifndef ANT_CORE_KERNELS_BUILD_H
#define ANT_CORE_KERNELS_BUILD_H
#include "core/kernels/kernel.h"

#define ANT__GLUE_(name, set, type) ant__kernel_##name##_##set##_##type
#define ANT__GLUE(name, set, type) ANT__GLUE_(name, set, type)

#if ANT__DOUBLE
typedef double R;
typedef int64_t R_int; /* of the same width: bits, masks */
#define K(name) ANT__GLUE(name, ANT__SET, f64)
#define K_AVX2(name) ANT__GLUE(name, avx2, f64)
#else
typedef float R;
typedef int32_t R_int;
#define K(name) ANT__GLUE(name, ANT__SET, f32)
#define K_AVX2(name) ANT__GLUE(name, avx2, f32)
#endif

/* Bytes of a vector register, and how many R it holds. */
#if defined __AVX512F__
#define ANT__VECTOR_BYTES 64
#elif defined __AVX2__
#define ANT__VECTOR_BYTES 32
#else
#define ANT__VECTOR_BYTES 16
#endif
enum { LANES = ANT__VECTOR_BYTES / (int)sizeof(R) };

#define X(name) void K(name)(void *const *at, const ant_num *n, int64_t from, int64_t to);
#include "core/kernels/list.h"
#undef X
#endif
