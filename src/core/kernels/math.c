#include "core/kernels/math.h"
#include "core/kernels/philox_vec.h"
#include "core/philox.h"

#define X(f)                                                                                       \
    void K(f##_n)(R * y, const R *x, int64_t n) {                                                  \
        EACH_ALONE                                                                                 \
        for (int64_t i = 0; i < n; i++)                                                            \
            y[i] = f##_1(x[i]);                                                                    \
    }
#include "core/kernels/math_list.h"
#undef X

/* --- random numbers --- */
enum {
    BATCH = 64, /* blocks of Philox whose words are made, then used: a multiple of PHILOX_BLOCKS */
#if ANT__DOUBLE
    PER_BLOCK = 2
#else
    PER_BLOCK = 4
#endif
};

static R number_of(const uint32_t *word, int64_t k) {
#if ANT__DOUBLE
    return ant__words_double(word[2 * k], word[2 * k + 1]);
#else
    return ant__word_float(word[k]);
#endif
}

/* The numbers of `count` whole blocks, at least one. */
static void blocks_n(R *y, uint64_t key, uint64_t counter, uint64_t block, int count) {
    uint32_t word[BATCH * 4];
    const philox_keys keys = philox_keys_of(key);
    int i = 0;
    do
        philox_blocks(word + 4 * i, &keys, counter, block + (uint64_t)i);
    while ((i += PHILOX_BLOCKS) < count);
    for (int k = 0; k < count * PER_BLOCK; k++)
        y[k] = number_of(word, k);
}

/* Numbers [first, first + n) of one block. */
static void part_n(R *y, uint64_t key, uint64_t counter, uint64_t first, int64_t n) {
    uint32_t word[4];
    ant__philox_block(key, counter, first / PER_BLOCK, word);
    for (int64_t i = 0; i < n; i++)
        y[i] = number_of(word, (int64_t)(first % PER_BLOCK) + i);
}

void K(uniform_n)(R *y, uint64_t key, uint64_t counter, uint64_t first, int64_t n) {
    int64_t ahead = (int64_t)(-first % PER_BLOCK);
    if (ahead > 0 && n > 0) {
        int64_t part = ahead < n ? ahead : n;
        part_n(y, key, counter, first, part);
        y += part;
        first += (uint64_t)part;
        n -= part;
    }
    while (n >= PER_BLOCK) {
        int count = n / PER_BLOCK < BATCH ? (int)(n / PER_BLOCK) : BATCH;
        blocks_n(y, key, counter, first / PER_BLOCK, count);
        y += count * PER_BLOCK;
        first += (uint64_t)(count * PER_BLOCK);
        n -= count * PER_BLOCK;
    }
    if (n > 0)
        part_n(y, key, counter, first, n);
}
