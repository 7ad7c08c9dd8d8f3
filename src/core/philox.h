/* Philox 4x32-10 as plain inline C: shared by random.c and by kernels, which make many blocks at
 * once by kernels/philox_vec.h. Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1,
 * 2, 3 (SC 2011). */
#ifndef ANT_CORE_PHILOX_H
#define ANT_CORE_PHILOX_H
#include <stdint.h>

/* One block of four words. The 128-bit counter is (block, counter), low words first. */
static inline void ant__philox_block(uint64_t key, uint64_t counter, uint64_t block,
                                     uint32_t out[4]) {
    uint32_t x0 = (uint32_t)block, x1 = (uint32_t)(block >> 32);
    uint32_t x2 = (uint32_t)counter, x3 = (uint32_t)(counter >> 32);
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)0xD2511F53u * x0, b = (uint64_t)0xCD9E8D57u * x2;
        x0 = (uint32_t)(b >> 32) ^ x1 ^ k0;
        x1 = (uint32_t)b;
        x2 = (uint32_t)(a >> 32) ^ x3 ^ k1;
        x3 = (uint32_t)a;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = x0;
    out[1] = x1;
    out[2] = x2;
    out[3] = x3;
}

/* [0, 1) from a word (24 bits) and from two (53 bits): exact, so the same everywhere.
 * Number i of a stream of floats is word i % 4 of block i / 4; of doubles words 2 (i % 2) and
 * 2 (i % 2) + 1 of block i / 2, the low word first. */
static inline float ant__word_float(uint32_t w) {
    return (float)(int32_t)(w >> 8) * 0x1p-24f;
}
static inline double ant__words_double(uint32_t low, uint32_t high) {
    return (double)(((uint64_t)high << 32 | low) >> 11) * 0x1p-53;
}
#endif
