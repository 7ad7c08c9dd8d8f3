/* Philox (core/philox.h) for as many blocks as a vector has lanes of 64 bits: a word is in the low
 * half of its lane, what is above does not matter. Then a round is two products, two shifts and two
 * sums by xor of whole vectors. */
#ifndef ANT_CORE_KERNELS_PHILOX_VEC_H
#define ANT_CORE_KERNELS_PHILOX_VEC_H
#include "core/kernels/simd.h"
#if ANT__VECTOR_BYTES == 16 && defined __SSE2__
#include <emmintrin.h>
#endif

typedef uint64_t vec_words __attribute__((vector_size(ANT__VECTOR_BYTES)));
enum { PHILOX_LANES = ANT__VECTOR_BYTES / 8 };

ALWAYS_INLINE vec_words words_all(uint64_t x) {
    return x - (vec_words){0};
}

/* The products of the low halves. */
ALWAYS_INLINE vec_words words_times(vec_words a, vec_words b) {
#if ANT__VECTOR_BYTES == 64
    return (vec_words)_mm512_mul_epu32((__m512i)a, (__m512i)b);
#elif ANT__VECTOR_BYTES == 32
    return (vec_words)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#elif defined __SSE2__
    return (vec_words)_mm_mul_epu32((__m128i)a, (__m128i)b);
#else
    return (a & 0xFFFFFFFFu) * (b & 0xFFFFFFFFu);
#endif
}

/* Two words as they lie in memory one after the other. */
ALWAYS_INLINE vec_words words_pair(vec_words first, vec_words second) {
    const vec_words low = words_all(0xFFFFFFFFu);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return first << 32 | (second & low);
#else
    return (first & low) | second << 32;
#endif
}

/* Lanes of a and b in turn, from the front half of both and from the back half. */
#ifdef __clang__
#define WORDS_SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define WORDS_SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (vec_words){__VA_ARGS__})
#endif
ALWAYS_INLINE void words_zip(vec_words out[2], vec_words a, vec_words b) {
#if ANT__VECTOR_BYTES == 64
    out[0] = WORDS_SHUFFLE(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
    out[1] = WORDS_SHUFFLE(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
#elif ANT__VECTOR_BYTES == 32
    out[0] = WORDS_SHUFFLE(a, b, 0, 4, 1, 5);
    out[1] = WORDS_SHUFFLE(a, b, 2, 6, 3, 7);
#else
    out[0] = WORDS_SHUFFLE(a, b, 0, 2);
    out[1] = WORDS_SHUFFLE(a, b, 1, 3);
#endif
}

enum {
    PHILOX_ROUNDS = 10,
    PHILOX_VECS = 2, /* side by side: each step of a round waits for the one before */
    PHILOX_BLOCKS = PHILOX_VECS * PHILOX_LANES
};

/* The two keys of each round. */
typedef struct philox_keys {
    uint64_t of[PHILOX_ROUNDS][2];
} philox_keys;

static inline philox_keys philox_keys_of(uint64_t key) {
    philox_keys keys;
    uint32_t low = (uint32_t)key, high = (uint32_t)(key >> 32);
    for (int i = 0; i < PHILOX_ROUNDS; i++, low += 0x9E3779B9u, high += 0xBB67AE85u) {
        keys.of[i][0] = low;
        keys.of[i][1] = high;
    }
    return keys;
}

ALWAYS_INLINE void philox_round(vec_words x[4], const uint64_t key[2]) {
    const vec_words a = words_times(x[0], words_all(0xD2511F53u));
    const vec_words b = words_times(x[2], words_all(0xCD9E8D57u));
    x[0] = (b >> 32) ^ x[1] ^ words_all(key[0]);
    x[1] = b;
    x[2] = (a >> 32) ^ x[3] ^ words_all(key[1]);
    x[3] = a;
}

/* The words of PHILOX_BLOCKS blocks from `block` on, in their order: four of each. */
ALWAYS_INLINE void philox_blocks(uint32_t *out, const philox_keys *keys, uint64_t counter,
                                 uint64_t block) {
    static const uint64_t counting[] = {0, 1, 2, 3, 4, 5, 6, 7};
    vec_words x[PHILOX_VECS][4], lines[2], lane;
    memcpy(&lane, counting, sizeof lane);
    UNROLL
    for (int v = 0; v < PHILOX_VECS; v++) {
        x[v][0] = words_all(block + (uint64_t)(v * PHILOX_LANES)) + lane;
        x[v][1] = x[v][0] >> 32;
        x[v][2] = words_all(counter);
        x[v][3] = words_all(counter >> 32);
    }
    for (int i = 0; i < PHILOX_ROUNDS; i++) {
        UNROLL
        for (int v = 0; v < PHILOX_VECS; v++)
            philox_round(x[v], keys->of[i]);
    }
    UNROLL
    for (int v = 0; v < PHILOX_VECS; v++) {
        words_zip(lines, words_pair(x[v][0], x[v][1]), words_pair(x[v][2], x[v][3]));
        memcpy(out + v * 4 * PHILOX_LANES, lines, sizeof lines);
    }
}
#endif
