/* Counter-based random numbers (Philox 4x32-10; Salmon et al., SC 2011): the number at (key,
 * counter, index) is a pure function, so nothing depends on the order of draws. */
#ifndef ANT_CORE_RANDOM_H
#define ANT_CORE_RANDOM_H
#include <stddef.h>
#include <stdint.h>

void ant__philox(uint64_t key, uint64_t counter, uint64_t index, uint32_t out[4]);
/* A key from a seed and a path: "encoder/dense_1/kernel". */
uint64_t ant__random_key(uint64_t seed, const char *path);
uint64_t ant__random_mix(uint64_t key, uint64_t ordinal);
/* [0, 1), 24 (53) bits; standard normal (Box-Muller). For initial weights and shuffling, in C;
 * kernels have the same functions vectorised and give the same bits. */
float ant__random_float(uint64_t key, uint64_t counter, uint64_t index);
double ant__random_double(uint64_t key, uint64_t counter, uint64_t index);
double ant__random_gauss(uint64_t key, uint64_t counter, uint64_t index);
/* A permutation of 0 … n-1. */
void ant__random_shuffle(uint64_t key, uint64_t counter, int64_t *order, int64_t n);
#endif
